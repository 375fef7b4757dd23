// The values that tests/golden/orpc/make_golden.py marshals, as ours.
#pragma once

#include <gtest/gtest.h>

#include "dcom_bridge/orpc/activation_blob.h"
#include "dcom_bridge/orpc/activation_messages.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/orpc/rem_unknown_messages.h"

namespace ipam::orpc::samples {

inline base::Guid G(const char* text) { return base::Guid::Parse(text).value(); }

inline const base::Guid kIid = G("2560e58c-70d3-4adc-872b-d8a4d8604f84");
inline const base::Guid kIid2 = G("d00ba04b-90b1-4ce6-bb3b-0e4dd216bc88");
inline const base::Guid kClsid = G("85315930-13de-4dc6-87ab-5f9d6ede69a6");
inline const Ipid kIpid{G("00001a2b-0c02-0000-8f3e-5d6c7b8a9907")};
inline const Ipid kIpid2{G("00002a2b-0c02-0000-8f3e-5d6c7b8a9907")};
inline constexpr Oxid kOxid{0x99AABBCCDDEEFF00};
inline constexpr Oid kOid{0x1122334455667788};
inline constexpr SetId kSetId{0x0807060504030201};

inline DualStringArray Bindings() {
  return {{{7, "127.0.0.1[49152]"}, {7, "gateway.example[49152]"}}, {{9, ""}, {10, "HOST/gateway"}}};
}
inline DualStringArray Resolver() { return {{{7, "127.0.0.1"}}, {{10, ""}}}; }
inline StdObjRef Std(std::uint32_t flags = 0) { return {flags, 5, kOxid, kOid, kIpid}; }
inline ObjRef Standard() { return {kIid, StandardRef{Std(), Resolver()}}; }
inline OrpcThis This(std::uint32_t flags = 0) {
  OrpcThis header;
  header.flags = flags;
  header.causality.value = G("7d3f9c1e-0b52-4a86-9e1d-c45a60f8b217");
  return header;
}

inline ActivationRequest Activation() {
  ActivationRequest request;
  request.instantiation.class_id = kClsid;
  request.instantiation.iids = {kIid, kIid2};
  request.instantiation.this_size = 104;
  request.scm_request.remote_request.emplace();
  request.context.emplace();
  request.context->client_context = MInterfacePointer::Of(Standard());
  return request;
}
inline ActivationReply Reply() {
  ActivationReply reply;
  reply.props_out.iids = {kIid, kIid2};
  reply.props_out.results = {base::kOk, base::kNoInterface};
  reply.props_out.interfaces = {MInterfacePointer::Of(Standard()), std::nullopt};
  reply.scm_reply.remote_reply = ScmReplyInfo::RemoteReply{kOxid, Bindings(), kIpid2, 6, {5, 7}};
  return reply;
}

// Equal, but for words that are referent identifiers in both.
inline void ExpectSameOctets(base::ByteView ours, base::ByteView golden) {
  ASSERT_EQ(ours.size(), golden.size());
  const auto is_referent = [](base::ByteView b, std::size_t at) {
    return at + 3 < b.size() && b[at + 2] == 2 && b[at + 3] == 0;
  };
  for (std::size_t at = 0; at < ours.size(); ++at) {
    if (ours[at] == golden[at]) continue;
    const std::size_t word = at / 4 * 4;
    EXPECT_TRUE(is_referent(ours, word) && is_referent(golden, word)) << "octet " << at;
  }
}

}  // namespace ipam::orpc::samples
