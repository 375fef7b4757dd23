#include "dcom_bridge/rpc/presentation_contexts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::rpc {
namespace {

bool Offers(const pdu::PresentationContext& context, const pdu::SyntaxId& transfer) {
  return std::find(context.transfer_syntaxes.begin(), context.transfer_syntaxes.end(), transfer) !=
         context.transfer_syntaxes.end();
}

pdu::PresentationResult Rejected(std::uint16_t reason) {
  return {pdu::ContextResult::kProviderRejection, reason, {}};
}

}  // namespace

absl::StatusOr<std::vector<pdu::PresentationResult>> PresentationContexts::Negotiate(
    const std::vector<pdu::PresentationContext>& contexts) {
  if (contexts.empty()) return absl::InvalidArgumentError("no presentation context");
  const auto before = contexts_;
  const auto restore = [&](absl::Status status) {
    contexts_ = before;
    return status;
  };
  std::vector<pdu::PresentationResult> results;
  std::vector<pdu::SyntaxId> accepted;
  bool negotiated_features = false;
  for (const pdu::PresentationContext& context : contexts) {
    if (context.transfer_syntaxes.empty()) {
      return restore(absl::InvalidArgumentError(absl::StrFormat("context %d offers nothing", context.id)));
    }
    if (const auto features = pdu::FeaturesOf(context.transfer_syntaxes.front())) {
      if (std::exchange(negotiated_features, true)) {
        return restore(absl::InvalidArgumentError("two bind time feature negotiations"));
      }
      features_ = *features & pdu::kKnownFeatures;
      results.push_back({pdu::ContextResult::kNegotiateAck, features_, {}});
      continue;
    }
    if (std::find(accepted.begin(), accepted.end(), context.abstract_syntax) != accepted.end()) {
      results.push_back(Rejected(pdu::kReasonTransferSyntaxesNotSupported));
      continue;
    }
    auto result = Answer(context);
    if (!result.ok()) return restore(std::move(result).status());
    if (result->result == pdu::ContextResult::kAcceptance) accepted.push_back(context.abstract_syntax);
    results.push_back(*result);
  }
  return results;
}

absl::StatusOr<pdu::PresentationResult> PresentationContexts::Answer(
    const pdu::PresentationContext& context) {
  const auto known = contexts_.find(context.id);
  if (known != contexts_.end() && known->second.abstract_syntax != context.abstract_syntax) {
    return absl::InvalidArgumentError(absl::StrFormat("context %d stands for another interface", context.id));
  }
  Service* service = services_.Find(context.abstract_syntax);
  if (service == nullptr) return Rejected(pdu::kReasonAbstractSyntaxNotSupported);
  if (!Offers(context, pdu::kNdr)) {
    // Windows' answer to a known context that comes back with another encoding it knows.
    if (known != contexts_.end() && Offers(context, pdu::kNdr64)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("context %d stands for another encoding", context.id));
    }
    return Rejected(pdu::kReasonTransferSyntaxesNotSupported);
  }
  if (known == contexts_.end()) {
    if (contexts_.size() >= limit_) return absl::ResourceExhaustedError("too many presentation contexts");
    contexts_.emplace(context.id, Context{context.abstract_syntax, service});
  }
  return pdu::PresentationResult{pdu::ContextResult::kAcceptance, pdu::kReasonNotSpecified, pdu::kNdr};
}

const PresentationContexts::Context* PresentationContexts::Find(std::uint16_t id) const {
  const auto found = contexts_.find(id);
  return found == contexts_.end() ? nullptr : &found->second;
}

}  // namespace ipam::rpc
