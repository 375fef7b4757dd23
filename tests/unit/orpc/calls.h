// Requests as the RPC layer delivers them, and what came back.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <variant>

#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/orpc/orpc_header.h"
#include "dcom_bridge/rpc/service.h"

namespace ipam::orpc {

inline constexpr CausalityId kCausality{base::Guid{0xca, 0, 0, {1}}};

inline OrpcThis Header() {
  OrpcThis header;
  header.causality = kCausality;
  return header;
}

inline rpc::IncomingCall Request(const base::Guid& iid, std::uint16_t opnum, base::Bytes stub,
                                 std::optional<auth::Principal> caller = {}) {
  rpc::IncomingCall call;
  call.interface = {iid, 0, 0};
  call.opnum = opnum;
  call.stub = std::move(stub);
  call.level = auth::AuthLevel::kPrivacy;
  call.caller = std::move(caller);
  return call;
}

inline rpc::IncomingCall OrpcRequest(Ipid ipid, const base::Guid& iid, std::uint16_t opnum,
                                     const base::Bytes& body, std::optional<auth::Principal> caller = {},
                                     const OrpcThis& header = Header()) {
  rpc::IncomingCall call = Request(iid, opnum, JoinRequest(header, body), std::move(caller));
  call.object = ipid.value;
  return call;
}

// What a service answered; fails the test where it answers twice.
struct Answer {
  std::optional<rpc::CallOutcome> outcome;

  rpc::Responder Responder() {
    return [this](rpc::CallOutcome answer) {
      EXPECT_FALSE(outcome.has_value()) << "a second answer";
      outcome = std::move(answer);
    };
  }
  // 0: a reply. 0xffffffff: nothing yet.
  std::uint32_t fault() const {
    if (!outcome) return 0xffffffff;
    const auto* fault = std::get_if<rpc::CallFault>(&*outcome);
    return fault == nullptr ? 0 : fault->status.value;
  }
  const base::Bytes& stub() const { return std::get<rpc::CallReply>(*outcome).stub; }
};

inline Answer Ask(rpc::Service& service, rpc::IncomingCall call) {
  Answer answer;
  service.Handle(std::move(call), answer.Responder());
  return answer;
}

// The reply of a plain RPC method.
template <typename Response>
Response Reply(const Answer& answer) {
  EXPECT_EQ(answer.fault(), 0u);
  return ndr::Decode<Response>(answer.stub(), base::Endian::kLittle).value();
}

// The reply of an ORPC method.
template <typename Response>
Response OrpcReplyOf(const Answer& answer) {
  EXPECT_EQ(answer.fault(), 0u);
  const auto parts = SplitResponse(answer.stub(), base::Endian::kLittle).value();
  return ndr::Decode<Response>(parts.body, base::Endian::kLittle).value();
}

}  // namespace ipam::orpc
