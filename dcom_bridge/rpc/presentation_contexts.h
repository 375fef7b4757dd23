#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/pdu/bind.h"
#include "dcom_bridge/rpc/service.h"

namespace ipam::rpc {

// The table of presentation contexts of a server's connection, [MS-RPCE] 3.3.3.1.1. One transfer syntax: NDR.
class PresentationContexts {
 public:
  struct Context {
    pdu::SyntaxId abstract_syntax;
    Service* service = nullptr;
  };

  PresentationContexts(const ServiceTable& services, std::size_t limit)
      : services_(services), limit_(limit) {}

  // Answers the list of a bind or alter_context, one result for each element, and adds what it accepts: of
  // contexts with the same abstract syntax one at most ([MS-RPCE] 3.3.1.5.6). Feature negotiation
  // ([MS-RPCE] 3.3.1.5.3) is understood where a context begins with such a transfer syntax, once in a list.
  // kInvalidArgument: an id that stands for something else, a context that offers nothing, two feature
  // negotiations. kResourceExhausted: beyond the limit. Then nothing was added.
  absl::StatusOr<std::vector<pdu::PresentationResult>> Negotiate(
      const std::vector<pdu::PresentationContext>& contexts);

  // Null: not negotiated.
  const Context* Find(std::uint16_t id) const;
  std::size_t size() const { return contexts_.size(); }
  // The features agreed on.
  std::uint16_t features() const { return features_; }

 private:
  absl::StatusOr<pdu::PresentationResult> Answer(const pdu::PresentationContext& context);

  const ServiceTable& services_;
  std::size_t limit_;
  absl::flat_hash_map<std::uint16_t, Context> contexts_;
  std::uint16_t features_ = 0;
};

}  // namespace ipam::rpc
