#include "gateway/ctl/kinds.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "ipam/progress/v1/progress.pb.h"

namespace ipam::ctl {
namespace {

constexpr int kFirstMember = 101;

std::vector<OperationKind> MakeKinds() {
  std::vector<OperationKind> kinds;
  for (const model::Operation& operation : model::Operations()) {
    const auto* member = progress::v1::StartOperationRequest::descriptor()->FindFieldByNumber(
        kFirstMember + operation.ordinal);
    if (member != nullptr) kinds.push_back({member, &operation});
  }
  return kinds;
}

// What all spellings of a name have in common.
std::string Letters(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != '-' && c != '_') out += absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::string OperationKind::CommandName() const { return absl::StrReplaceAll(member->name(), {{"_", "-"}}); }

const std::vector<OperationKind>& Kinds() {
  static const std::vector<OperationKind> kinds = MakeKinds();  // immutable
  return kinds;
}

const OperationKind* FindKind(std::string_view name) {
  const std::string letters = Letters(name);
  const auto found = std::ranges::find_if(
      Kinds(), [&](const OperationKind& kind) { return Letters(kind.member->name()) == letters; });
  return found == Kinds().end() ? nullptr : &*found;
}

}  // namespace ipam::ctl
