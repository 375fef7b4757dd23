// The endpoint mapper's stubs as Samba makes them: what is read from them, and that ours have the same octets but for
// referent identifiers.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "dcom_bridge/rpc/endpoint_mapper.h"
#include "dcom_bridge/rpc/endpoint_messages.h"
#include "dcom_bridge/rpc/management.h"
#include "dcom_bridge/rpc/tower.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::rpc {
namespace {

std::uint32_t WordAt(const base::Bytes& octets, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 4; i-- > 0;) word = word << 8 | octets[at + i];
  return word;
}

template <typename T>
T Read(const std::string& name) {
  const base::Bytes golden = test_support::GoldenBytes("rpc/" + name + ".hex");
  std::size_t trailing = 99;
  const auto decoded = ndr::Decode<T>(golden, base::Endian::kLittle, &trailing);
  EXPECT_OK(decoded);
  EXPECT_EQ(trailing, 0u);
  for (std::size_t size = 0; size < golden.size(); ++size) {
    const base::Bytes prefix(golden.begin(), golden.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(ndr::Decode<T>(prefix, base::Endian::kLittle).ok()) << size;
  }
  const base::Bytes ours = ndr::Encode(*decoded);
  EXPECT_EQ(ours.size(), golden.size());
  for (std::size_t at = 0; at + 4 <= std::min(ours.size(), golden.size()); at += 4) {
    const bool referent = WordAt(ours, at) >> 16 == 2 && WordAt(golden, at) != 0;
    EXPECT_TRUE(referent || WordAt(ours, at) == WordAt(golden, at)) << at;
  }
  return *decoded;
}

// What the management interface answers to the stub of `request`.
base::Bytes Manage(Management& management, std::uint16_t opnum, base::Bytes request) {
  IncomingCall call;
  call.interface = kManagementInterface;
  call.opnum = opnum;
  call.stub = std::move(request);
  base::Bytes reply;
  management.Handle(std::move(call), [&](CallOutcome outcome) {
    ASSERT_TRUE(std::holds_alternative<CallReply>(outcome));
    reply = std::get<CallReply>(std::move(outcome)).stub;
  });
  return reply;
}

TEST(ManagementGolden, AnswersAsSambaDoes) {
  const auto golden = [](const std::string& name) {
    return test_support::ToHex(test_support::GoldenBytes("rpc/mgmt_" + name + ".hex"));
  };
  const auto request = [](const std::string& name) {
    return test_support::GoldenBytes("rpc/mgmt_" + name + ".request.hex");
  };
  Management management(
      {{{*base::Guid::Parse("99fcfec4-5260-101b-bbcb-00aa0021347a"), 0, 0}, kEndpointMapperInterface}, {}});
  management.statistics() = {1, 2, 3, 4};
  EXPECT_EQ(test_support::ToHex(Manage(management, 1, request("inq_stats"))), golden("inq_stats.response"));
  EXPECT_EQ(test_support::ToHex(Manage(management, 2, {})), golden("is_server_listening.response"));
  EXPECT_EQ(test_support::ToHex(Manage(management, 3, {})), golden("stop_server_listening.response"));
  const base::Bytes ids = Manage(management, 0, {});
  const base::Bytes theirs = test_support::GoldenBytes("rpc/mgmt_inq_if_ids.response.hex");
  ASSERT_EQ(ids.size(), theirs.size());
  for (std::size_t at = 0; at < ids.size(); at += 4) {
    const bool referent = WordAt(ids, at) >> 16 == 2 && WordAt(theirs, at) >> 16 == 2;
    EXPECT_TRUE(referent || WordAt(ids, at) == WordAt(theirs, at)) << at;
  }
  management.set_principals({{auth::AuthType::kNtlm, "abc"}});
  EXPECT_EQ(test_support::ToHex(Manage(management, 4, request("inq_princ_name"))),
            "08000000000000000400000061626300"
            "00000000");
}

const base::Guid kHandle{0x11223344, 0x5566, 0x7788, {0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00}};
const Tower kTower{{{1, 2, 3, {4}}, 2, 5}, pdu::kNdr, 135, {10, 0, 0, 1}};

TEST(EndpointGolden, MapRequest) {
  const auto request = Read<EptMapRequest>("ept_map.request");
  ASSERT_NE(request.object, nullptr);
  EXPECT_EQ(*request.object, base::Guid{});
  ASSERT_NE(request.tower, nullptr);
  EXPECT_EQ(*DecodeTower(request.tower->octets), kTower);
  EXPECT_EQ(request.handle.uuid, base::Guid{});
  EXPECT_EQ(request.max_towers, 4u);
}

TEST(EndpointGolden, MapResponse) {
  const auto response = Read<EptMapResponse>("ept_map.response");
  EXPECT_EQ(response.max_count, 4u);
  ASSERT_EQ(response.items.size(), 1u);
  EXPECT_EQ(*DecodeTower(response.items[0]->octets), kTower);
  EXPECT_EQ(response.status, 0u);
}

TEST(EndpointGolden, LookupRequest) {
  const auto request = Read<EptLookupRequest>("ept_lookup.request");
  EXPECT_EQ(request.inquiry_type, 1u);
  EXPECT_EQ(request.object, nullptr);
  EXPECT_EQ(request.interface, nullptr);
  EXPECT_EQ(request.version_option, 1u);
  EXPECT_EQ(request.handle.uuid, kHandle);
  EXPECT_EQ(request.max_entries, 10u);
}

TEST(EndpointGolden, LookupResponse) {
  const auto response = Read<EptLookupResponse>("ept_lookup.response");
  EXPECT_EQ(response.handle.uuid, kHandle);
  EXPECT_EQ(response.max_count, 10u);
  ASSERT_EQ(response.items.size(), 1u);
  EXPECT_EQ(response.items[0].annotation, "abc");
  EXPECT_EQ(*DecodeTower(response.items[0].tower->octets), kTower);
}

TEST(EndpointGolden, LookupHandleFree) {
  EXPECT_EQ(Read<EptHandleFreeRequest>("ept_lookup_handle_free.request").handle.uuid, kHandle);
  const auto response = Read<EptHandleFreeResponse>("ept_lookup_handle_free.response");
  EXPECT_EQ(response.handle.uuid, base::Guid{});
  EXPECT_EQ(response.status, 0u);
}

}  // namespace
}  // namespace ipam::rpc
