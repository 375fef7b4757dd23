#include "dcom_bridge/bridge/checked_texts.h"

#include "dcom_bridge/base/status_macros.h"

namespace ipam::bridge {

absl::Status CheckedTexts::Check(TextKind kind, const std::string& xml) {
  Texts& valid = valid_.at(static_cast<std::size_t>(kind));
  if (valid.contains(xml)) return absl::OkStatus();
  IPAM_RETURN_IF_ERROR(check_(kind, xml));
  if (xml.size() > max_bytes_ / 16) return absl::OkStatus();  // a single one must not drive out all others
  oldest_first_.emplace_back(&valid, &*valid.insert(xml).first);
  bytes_ += xml.size();
  while (bytes_ > max_bytes_) {
    const auto [texts, oldest] = oldest_first_.front();
    oldest_first_.pop_front();
    bytes_ -= oldest->size();
    texts->erase(texts->find(*oldest));
  }
  return absl::OkStatus();
}

}  // namespace ipam::bridge
