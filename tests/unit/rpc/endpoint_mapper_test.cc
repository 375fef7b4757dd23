#include "dcom_bridge/rpc/endpoint_mapper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dcom_bridge/rpc/endpoint_messages.h"
#include "dcom_bridge/rpc/management.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::rpc {
namespace {

using test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr pdu::SyntaxId kService{{1, 2, 3, {4}}, 2, 5};
const base::Guid kObject{7, 7, 7, {}};

EndpointMapper Mapper() {
  EndpointMapper mapper;
  for (const std::uint16_t minor : {std::uint16_t{3}, std::uint16_t{5}}) {
    mapper.Register({{{kService.uuid, 2, minor}, pdu::kNdr, 135, {10, 0, 0, 1}}, {}, "a service"});
  }
  mapper.Register({{{kService.uuid, 3, 0}, pdu::kNdr, 136, {10, 0, 0, 1}}, kObject, ""});
  return mapper;
}

CallOutcome Call(Service& service, std::uint16_t opnum, base::Bytes stub) {
  CallOutcome result;
  IncomingCall call;
  call.opnum = opnum;
  call.stub = std::move(stub);
  service.Handle(std::move(call), [&](CallOutcome outcome) { result = std::move(outcome); });
  return result;
}

template <typename Response, typename Request>
Response Ask(Service& service, std::uint16_t opnum, const Request& request) {
  const CallOutcome outcome = Call(service, opnum, ndr::Encode(request));
  const auto* reply = std::get_if<CallReply>(&outcome);
  EXPECT_NE(reply, nullptr);
  const auto response = ndr::Decode<Response>(reply->stub, base::Endian::kLittle);
  EXPECT_OK(response);
  return *response;
}

EptLookupRequest Lookup(std::uint32_t inquiry, std::uint32_t option = 1, std::uint16_t major = 2,
                        std::uint16_t minor = 4) {
  EptLookupRequest request;
  request.inquiry_type = inquiry;
  request.interface = std::make_shared<InterfaceId>(InterfaceId{kService.uuid, major, minor});
  request.object = std::make_shared<base::Guid>(kObject);
  request.version_option = option;
  request.max_entries = 10;
  return request;
}

std::vector<std::string> Versions(const EptLookupResponse& response) {
  std::vector<std::string> versions;
  for (const EptEntry& entry : response.items) {
    const auto tower = DecodeTower(entry.tower->octets);
    EXPECT_OK(tower);
    versions.push_back(std::to_string(tower->interface.major) + "." + std::to_string(tower->interface.minor));
  }
  return versions;
}

TEST(EptLookup, MatchesByInquiryAndVersion) {
  EndpointMapper mapper = Mapper();
  const auto ask = [&](std::uint32_t inquiry, std::uint32_t option, std::uint16_t major = 2,
                       std::uint16_t minor = 4) {
    return Versions(Ask<EptLookupResponse>(mapper, 2, Lookup(inquiry, option, major, minor)));
  };
  EXPECT_THAT(ask(0, 1), ElementsAre("2.3", "2.5", "3.0"));
  EXPECT_THAT(ask(1, 1), ElementsAre("2.3", "2.5", "3.0"));
  EXPECT_THAT(ask(1, 2), ElementsAre("2.5"));
  EXPECT_THAT(ask(1, 3), ElementsAre());
  EXPECT_THAT(ask(1, 3, 2, 5), ElementsAre("2.5"));
  EXPECT_THAT(ask(1, 4), ElementsAre("2.3", "2.5"));
  EXPECT_THAT(ask(1, 5), ElementsAre("2.3"));
  EXPECT_THAT(ask(2, 1), ElementsAre("3.0"));
  EXPECT_THAT(ask(3, 4), ElementsAre());
  EXPECT_THAT(ask(3, 1), ElementsAre("3.0"));
}

TEST(EptLookup, LastBatchHasStatusZeroAndNullHandle) {
  EndpointMapper mapper = Mapper();
  EptLookupRequest request = Lookup(0);
  request.max_entries = 2;
  const auto first = Ask<EptLookupResponse>(mapper, 2, request);
  EXPECT_THAT(first.items, SizeIs(2));
  EXPECT_EQ(first.status, 0u);
  EXPECT_FALSE(first.handle.uuid.is_nil());
  EXPECT_EQ(first.items[0].annotation, "a service");
  request.handle = first.handle;
  const auto last = Ask<EptLookupResponse>(mapper, 2, request);
  EXPECT_THAT(last.items, SizeIs(1));
  EXPECT_EQ(last.status, 0u);
  EXPECT_TRUE(last.handle.uuid.is_nil());
  EXPECT_EQ(mapper.open_lookups(), 0u);
}

TEST(EptLookup, NothingThatMatchesHasItsStatus) {
  EndpointMapper mapper;
  const auto response = Ask<EptLookupResponse>(mapper, 2, Lookup(0));
  EXPECT_EQ(response.status, kEptNotRegistered);
  EXPECT_TRUE(response.handle.uuid.is_nil());
}

TEST(EptLookup, RefusesWhatItCannotDo) {
  EndpointMapper mapper = Mapper();
  EXPECT_EQ(Ask<EptLookupResponse>(mapper, 2, Lookup(4)).status, kEptCannotPerform);
  EXPECT_EQ(Ask<EptLookupResponse>(mapper, 2, Lookup(1, 6)).status, kEptCannotPerform);
  EptLookupRequest request = Lookup(1);
  request.interface = nullptr;
  EXPECT_EQ(Ask<EptLookupResponse>(mapper, 2, request).status, kEptCannotPerform);
  request = Lookup(0);
  request.max_entries = 0;
  EXPECT_EQ(Ask<EptLookupResponse>(mapper, 2, request).status, kEptCannotPerform);
}

TEST(EptLookup, UnknownHandleIsAContextMismatch) {
  EndpointMapper mapper = Mapper();
  EptLookupRequest request = Lookup(0);
  request.handle.uuid = base::Guid::Random();
  const CallOutcome outcome = Call(mapper, 2, ndr::Encode(request));
  EXPECT_EQ(std::get<CallFault>(outcome).status, pdu::kContextMismatch);
}

TEST(EptLookup, BoundsOpenHandles) {
  EndpointMapper mapper = Mapper();
  EptLookupRequest request = Lookup(0);
  request.max_entries = 1;
  const auto open = [&](std::uint64_t association) {
    IncomingCall call;
    call.opnum = 2;
    call.association = association;
    call.stub = ndr::Encode(request);
    mapper.Handle(std::move(call), [](CallOutcome) {});
  };
  const LookupHandle others = Ask<EptLookupResponse>(mapper, 2, request).handle;  // of association 0
  for (int i = 0; i < 1000; ++i) open(1);
  EXPECT_EQ(mapper.open_lookups(), 1u + 8u);
  request.handle = others;
  EXPECT_EQ(Ask<EptLookupResponse>(mapper, 2, request).items.size(), 1u);  // still there
  request.handle = {};
  for (std::uint64_t association = 2; association < 2000; ++association) open(association);
  EXPECT_EQ(mapper.open_lookups(), 1024u);
}

TEST(EptLookup, HandleIsFreed) {
  EndpointMapper mapper = Mapper();
  EptLookupRequest request = Lookup(0);
  request.max_entries = 1;
  const auto first = Ask<EptLookupResponse>(mapper, 2, request);
  const auto freed = Ask<EptHandleFreeResponse>(mapper, 4, EptHandleFreeRequest{first.handle});
  EXPECT_EQ(freed.status, 0u);
  EXPECT_TRUE(freed.handle.uuid.is_nil());
  EXPECT_EQ(mapper.open_lookups(), 0u);
}

TEST(EptMap, GivesTowersOfCompatibleVersions) {
  EndpointMapper mapper = Mapper();
  EptMapRequest request;
  request.tower = std::make_shared<TowerOctets>(TowerOctets{EncodeTower({{kService.uuid, 2, 4}})});
  request.max_towers = 4;
  const auto response = Ask<EptMapResponse>(mapper, 3, request);
  EXPECT_EQ(response.status, 0u);
  ASSERT_THAT(response.items, SizeIs(1));
  const auto tower = DecodeTower(response.items[0]->octets);
  ASSERT_OK(tower);
  EXPECT_EQ(tower->port, 135);
  EXPECT_THAT(tower->ipv4, ElementsAre(10, 0, 0, 1));
}

TEST(EptMap, OtherProtocolIsNotRegisteredAndGarbageIsRefused) {
  EndpointMapper mapper = Mapper();
  EptMapRequest request;
  base::Bytes named_pipe = EncodeTower({kService});
  named_pipe[2 + 2 * 25 + 2 + 1 + 2 + 2 + 2] = 0x0F;  // the fourth floor's protocol
  request.tower = std::make_shared<TowerOctets>(TowerOctets{named_pipe});
  request.max_towers = 4;
  EXPECT_EQ(Ask<EptMapResponse>(mapper, 3, request).status, kEptNotRegistered);
  request.tower = std::make_shared<TowerOctets>(TowerOctets{{1, 2, 3}});
  EXPECT_EQ(Ask<EptMapResponse>(mapper, 3, request).status, kEptCannotPerform);
  request.tower = nullptr;
  EXPECT_EQ(Ask<EptMapResponse>(mapper, 3, request).status, kEptCannotPerform);
}

TEST(EndpointMapper, RefusesWhatIsNotSupported) {
  EndpointMapper mapper = Mapper();
  for (const int opnum : {0, 1, 5, 6}) {
    EXPECT_EQ(std::get<CallFault>(Call(mapper, static_cast<std::uint16_t>(opnum), {})).status,
              pdu::kCannotSupport)
        << opnum;
  }
  EXPECT_EQ(std::get<CallFault>(Call(mapper, 7, {})).status, pdu::kOperationRange);
  EXPECT_EQ(std::get<CallFault>(Call(mapper, 2, {1})).status, pdu::kBadStubData);
}

TEST(Tower, IsReadAndWritten) {
  // [C706] appendix L: port and address big-endian.
  const base::Bytes octets = test_support::FromHex(
      "0500 1300 0d 01000000 0200 0300 0400000000000000 0200 0200 0500"
      "1300 0d 045d888aeb1cc9119fe808002b104860 0200 0200 0000"
      "0100 0b 0200 0000  0100 07 0200 0087  0100 09 0400 0a000001");
  const auto tower = DecodeTower(octets);
  ASSERT_OK(tower);
  EXPECT_EQ(*tower, (Tower{kService, pdu::kNdr, 135, {10, 0, 0, 1}}));
  EXPECT_EQ(EncodeTower(*tower), octets);
  for (std::size_t size = 0; size < octets.size(); ++size) {
    EXPECT_FALSE(DecodeTower(base::ByteView(octets).first(size)).ok()) << size;
  }
  EXPECT_THAT(DecodeTower(base::Bytes(2001)), StatusIs(absl::StatusCode::kInvalidArgument));
}

// --- management ---

TEST(Management, TellsItsInterfaces) {
  Management management({{kService}, {}});
  const CallOutcome outcome = Call(management, 0, {});
  EXPECT_EQ(test_support::ToHex(std::get<CallReply>(outcome).stub),
            "00000200"
            "01000000"
            "01000000"
            "04000200"
            "01000000020003000400000000000000"
            "02000500"
            "00000000");
}

TEST(Management, ListensAndIsNotStopped) {
  Management management({{}, {}});
  EXPECT_EQ(test_support::ToHex(std::get<CallReply>(Call(management, 2, {})).stub), "0000000001000000");
  EXPECT_EQ(test_support::ToHex(std::get<CallReply>(Call(management, 3, {})).stub), "05000000");
}

TEST(Management, TellsAsManyStatisticsAsAsked) {
  Management management({{}, {}});
  management.statistics() = {1, 2, 3, 4};
  EXPECT_EQ(test_support::ToHex(std::get<CallReply>(Call(management, 1, {2, 0, 0, 0})).stub),
            "02000000"
            "02000000"
            "01000000"
            "02000000"
            "00000000");
  EXPECT_EQ(std::get<CallFault>(Call(management, 1, {51, 0, 0, 0})).status.value, 0x1C000007u);
}

TEST(Management, TellsTheFirstPrincipalWhereNoServiceIsPreferred) {
  Management management({{}, {{auth::AuthType::kNtlm, "abc"}}});
  management.set_principals({{auth::AuthType::kSpnego, "x"}, {auth::AuthType::kNtlm, "y"}});
  EXPECT_EQ(test_support::ToHex(
                std::get<CallReply>(Call(management, 4, test_support::FromHex("ffffffff 04000000"))).stub),
            "04000000"
            "00000000"
            "02000000"
            "78000000"
            "00000000");
}

TEST(Management, WantsRoomForThePrincipalName) {
  Management management({{}, {{auth::AuthType::kNtlm, "abc"}}});
  EXPECT_EQ(std::get<CallFault>(Call(management, 4, test_support::FromHex("0a000000 00000000"))).status,
            pdu::kBadStubData);
}

TEST(Management, TellsItsPrincipalName) {
  Management management({{}, {{auth::AuthType::kNtlm, "abc"}}});
  EXPECT_EQ(test_support::ToHex(
                std::get<CallReply>(Call(management, 4, test_support::FromHex("0a000000 04000000"))).stub),
            "04000000"
            "00000000"
            "04000000"
            "61626300"
            "00000000");
  EXPECT_EQ(test_support::ToHex(
                std::get<CallReply>(Call(management, 4, test_support::FromHex("0a000000 03000000"))).stub),
            "03000000"
            "00000000"
            "01000000"
            "00000000"
            "7a000000");
  EXPECT_EQ(test_support::ToHex(
                std::get<CallReply>(Call(management, 4, test_support::FromHex("10000000 04000000"))).stub),
            "04000000"
            "00000000"
            "01000000"
            "00000000"
            "d3060000");
}

}  // namespace
}  // namespace ipam::rpc
