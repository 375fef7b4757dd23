// Messages against octets that impacket made: decode gives the value, encode gives the octets (referent
// identifiers masked), every strict prefix is refused, no changed octet does harm.
#include <gtest/gtest.h>

#include <functional>

#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/orpc/class_factory_messages.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"
#include "wire_samples.h"

namespace ipam::orpc {
namespace {

using namespace samples;

struct Case {
  std::string name;
  std::function<void(const base::Bytes&)> check;
};

template <typename T>
Case Of(std::string name, T value) {
  return {std::move(name), [value](const base::Bytes& golden) {
            std::size_t trailing = 99;
            const auto decoded = ndr::Decode<T>(golden, base::Endian::kLittle, &trailing);
            ASSERT_OK(decoded);
            EXPECT_EQ(trailing, 0u);
            EXPECT_TRUE(*decoded == value);
            ExpectSameOctets(ndr::Encode(value), golden);
            for (std::size_t size = 0; size < golden.size(); ++size) {
              const base::Bytes prefix(golden.begin(), golden.begin() + static_cast<std::ptrdiff_t>(size));
              EXPECT_FALSE(ndr::Decode<T>(prefix, base::Endian::kLittle).ok()) << size;
            }
            for (std::size_t at = 0; at < golden.size(); ++at) {
              base::Bytes changed = golden;
              changed[at] ^= 0xFF;
              const auto other = ndr::Decode<T>(changed, base::Endian::kLittle);
              if (other.ok()) {
                EXPECT_OK(ndr::Decode<T>(ndr::Encode(*other), base::Endian::kLittle));
              }
            }
          }};
}

class MessageGolden : public ::testing::TestWithParam<Case> {};

TEST_P(MessageGolden, DecodesAndEncodes) {
  GetParam().check(test_support::GoldenBytes("orpc/" + GetParam().name + ".hex"));
}

// What follows ORPCTHIS or ORPCTHAT, without extensions.
constexpr std::size_t kThisBytes = 32;
constexpr std::size_t kThatBytes = 8;

template <typename T>
Case OrpcRequest(std::string name, T value) {
  Case body = Of(name, value);
  return {name, [check = body.check](const base::Bytes& golden) {
            const auto parts = SplitRequest(golden, base::Endian::kLittle);
            ASSERT_OK(parts);
            EXPECT_EQ(parts->header, This());
            ASSERT_EQ(parts->body.size(), golden.size() - kThisBytes);
            check({parts->body.begin(), parts->body.end()});
            EXPECT_EQ(test_support::ToHex(JoinRequest(parts->header, parts->body)),
                      test_support::ToHex(golden));
          }};
}
template <typename T>
Case OrpcResponse(std::string name, T value) {
  Case body = Of(name, value);
  return {name, [check = body.check](const base::Bytes& golden) {
            const auto parts = SplitResponse(golden, base::Endian::kLittle);
            ASSERT_OK(parts);
            ASSERT_EQ(parts->body.size(), golden.size() - kThatBytes);
            check({parts->body.begin(), parts->body.end()});
            EXPECT_EQ(test_support::ToHex(JoinResponse(parts->header, parts->body)),
                      test_support::ToHex(golden));
          }};
}

std::vector<Case> Cases() {
  RemoteActivationRequest activation{This(1), kClsid, std::nullopt, std::nullopt, 2, 0, {kIid}, {7}};
  RemoteActivationRequest full = activation;
  full.object_name = u"name";
  full.object_storage = MInterfacePointer::Of(Standard());
  full.mode = RemoteActivationRequest::kModeClassFactory;
  full.iids = {kIid, kIid2};
  RemoteActivationResponse activated;
  activated.oxid = kOxid;
  activated.bindings = Bindings();
  activated.rem_unknown = kIpid2;
  activated.authn_hint = 5;
  activated.interfaces = {MInterfacePointer::Of(Standard())};
  activated.results = {base::kOk};
  const MInterfacePointer in{test_support::GoldenBytes("orpc/activation_properties_in.hex")};
  const MInterfacePointer out{test_support::GoldenBytes("orpc/activation_properties_out.hex")};
  return {
      Of("resolve_oxid.request", ResolveOxidRequest{kOxid, {7, 8}}),
      Of("resolve_oxid.response", ResolveOxidResponse{Bindings(), kIpid, 5, 0}),
      Of("resolve_oxid2.response", ResolveOxid2Response{Bindings(), kIpid, 6, {5, 7}, 0}),
      Of("resolve_oxid2.failed.response", ResolveOxid2Response{std::nullopt, {}, 0, {5, 7}, 0x776}),
      Of("simple_ping.request", SimplePingRequest{kSetId}),
      Of("simple_ping.response", StatusResponse{1912}),  // OR_INVALID_SET
      Of("server_alive.response", StatusResponse{0}),
      Of("complex_ping.request",
         ComplexPingRequest{kSetId, 3, {kOid, Oid{kOid.value + 1}}, {Oid{kOid.value + 2}}}),
      Of("complex_ping.empty.request", ComplexPingRequest{SetId{0}, 1, {}, {}}),
      Of("complex_ping.response", ComplexPingResponse{kSetId, 2, 5}),
      Of("server_alive2.response", ServerAlive2Response{{5, 7}, Resolver(), 0, 0}),
      OrpcRequest("rem_query_interface.request", RemQueryInterfaceRequest{kIpid, 5, {kIid, kIid2}}),
      OrpcRequest("rem_add_ref.request", RemRefsRequest{{{kIpid, 5, 0}, {kIpid2, 0, 1}}}),
      OrpcResponse("rem_add_ref.response",
                   RemAddRefResponse{{base::kOk, base::kObjectNotRegistered}, base::kFalse}),
      OrpcRequest("rem_release.request", RemRefsRequest{{{kIpid, 5, 0}}}),
      OrpcResponse("rem_release.response", RemReleaseResponse{base::kOk}),
      Of("remote_activation.request", activation),
      Of("remote_activation.full.request", full),
      Of("remote_activation.response", activated),
      Of("remote_create_instance.request", RemoteCreateInstanceRequest{This(1), std::nullopt, in}),
      Of("remote_get_class_object.request", RemoteGetClassObjectRequest{This(1), in}),
      Of("remote_create_instance.response", ScmActivatorResponse{{}, out, base::kOk}),
  };
}

INSTANTIATE_TEST_SUITE_P(All, MessageGolden, ::testing::ValuesIn(Cases()), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name) c = c == '.' ? '_' : c;
  return name;
});

TEST(OrpcThis, CarriesAnExtensionAsImpacketWritesIt) {
  const base::Bytes golden = test_support::GoldenBytes("orpc/rem_release.extension.request.hex");
  const auto parts = SplitRequest(golden, base::Endian::kLittle);
  ASSERT_OK(parts);
  OrpcThis expected = This();
  expected.extensions = OrpcExtentArray::Of({{kClsid, {'h', 'e', 'l', 'l', 'o'}}});
  EXPECT_EQ(parts->header, expected);
  ExpectSameOctets(JoinRequest(expected, parts->body), golden);
  const auto body =
      ndr::Decode<RemRefsRequest>({parts->body.begin(), parts->body.end()}, base::Endian::kLittle);
  ASSERT_OK(body);
  EXPECT_EQ(*body, (RemRefsRequest{{{kIpid, 5, 0}}}));
  for (std::size_t size = 0; size < golden.size() - parts->body.size(); ++size) {
    const base::Bytes prefix(golden.begin(), golden.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(SplitRequest(prefix, base::Endian::kLittle).ok()) << size;
  }
}

// By hand from unknwn.idl: no peer at hand marshals IClassFactory.
TEST(ClassFactory, HasTheOctetsOfItsIdl) {
  const CreateInstanceRequest create{kIid};
  EXPECT_EQ(test_support::ToHex(ndr::Encode(create)), "8ce56025d370dc4a872bd8a4d8604f84");
  const CreateInstanceResponse created{MInterfacePointer{{'a', 'b', 'c', 'd'}}, base::kOk};
  const base::Bytes golden = test_support::FromHex("00000200 04000000 04000000 61626364 00000000");
  EXPECT_EQ(test_support::ToHex(ndr::Encode(created)), test_support::ToHex(golden));
  const auto back = ndr::Decode<CreateInstanceResponse>(golden, base::Endian::kLittle);
  ASSERT_OK(back);
  EXPECT_EQ(back->object, created.object);
  EXPECT_EQ(test_support::ToHex(ndr::Encode(LockServerRequest{1})), "01000000");
  EXPECT_EQ(test_support::ToHex(ndr::Encode(LockServerResponse{base::kFalse})), "01000000");
}

// By hand from 3.1.1.5.7.1.1: IRemUnknown's request without the count of references.
TEST(RemQueryInterface2Request, HasTheOctetsOfItsIdl) {
  const RemQueryInterface2Request request{kIpid, {kIid, kIid2}};
  const base::Bytes golden = test_support::FromHex(
      "2b1a0000020c00008f3e5d6c7b8a9907 0200 0000 02000000"
      "8ce56025d370dc4a872bd8a4d8604f84 4ba00bd0b190e64cbb3b0e4dd216bc88");
  base::Bytes ours = ndr::Encode(request);
  EXPECT_EQ(test_support::ToHex(ours), test_support::ToHex(golden));
  const auto back = ndr::Decode<RemQueryInterface2Request>(golden, base::Endian::kLittle);
  ASSERT_OK(back);
  EXPECT_EQ(*back, request);
}

// By hand from [MS-DCOM] 2.2.24 and 3.1.1.5.6.1.1: impacket knows one result only.
TEST(RemQueryInterfaceResponse, HasResultsOf48OctetsAlignedTo8) {
  const base::Bytes golden = test_support::FromHex(
      "00000200 02000000"
      "00000000 cccccccc 00000000 05000000 00ffeeddccbbaa99 8877665544332211 2b1a0000020c00008f3e5d6c7b8a9907"
      "02400080 cccccccc 00000000 00000000 0000000000000000 0000000000000000 00000000000000000000000000000000"
      "00000000");
  const auto decoded = ndr::Decode<RemQueryInterfaceResponse>(golden, base::Endian::kLittle);
  ASSERT_OK(decoded);
  const RemQueryInterfaceResponse expected{{{base::kOk, Std()}, {base::kNoInterface, {}}}, base::kOk};
  EXPECT_EQ(*decoded, expected);
  base::Bytes ours = ndr::Encode(expected);
  for (const std::size_t gap : {12u, 60u}) {
    for (std::size_t i = gap; i < gap + 4; ++i) ours[i] = 0xcc;
  }
  EXPECT_EQ(test_support::ToHex(ours), test_support::ToHex(golden));
}

TEST(RemQueryInterfaceResponse, MayBeNullWhateverWasAsked) {
  const RemQueryInterfaceResponse failed{{}, base::kRpcInvalidObject};
  EXPECT_EQ(test_support::ToHex(ndr::Encode(failed)), "0000000014010180");
  const auto back = ndr::Decode<RemQueryInterfaceResponse>(ndr::Encode(failed), base::Endian::kLittle);
  ASSERT_OK(back);
  EXPECT_EQ(*back, failed);
}

// By hand from 3.1.1.5.7.1.1.
TEST(RemQueryInterface2Response, HoldsPointersBesideResults) {
  const base::Bytes golden = test_support::FromHex(
      "02000000 00000000 02400080"  // phr
      "02000000 00000200 00000000"  // ppMIF: one pointer, one NULL
      "04000000 04000000 61626364"  // MInterfacePointer
      "00000000");
  const RemQueryInterface2Response expected{
      {base::kOk, base::kNoInterface}, {MInterfacePointer{{'a', 'b', 'c', 'd'}}, std::nullopt}, base::kOk};
  EXPECT_EQ(test_support::ToHex(ndr::Encode(expected)), test_support::ToHex(golden));
  const auto back = ndr::Decode<RemQueryInterface2Response>(golden, base::Endian::kLittle);
  ASSERT_OK(back);
  EXPECT_EQ(*back, expected);
}

TEST(RemoteActivationRequest, HoldsTheNumberOfInterfacesToItsRange) {
  RemoteActivationRequest request;
  EXPECT_THAT(ndr::Decode<RemoteActivationRequest>(ndr::Encode(request), base::Endian::kLittle),
              test_support::StatusIs(absl::StatusCode::kOutOfRange));
  request.iids.resize(kMaxRequestedInterfaces);
  EXPECT_OK(ndr::Decode<RemoteActivationRequest>(ndr::Encode(request), base::Endian::kLittle));
  request.iids.resize(kMaxRequestedInterfaces + 1);
  EXPECT_THAT(ndr::Decode<RemoteActivationRequest>(ndr::Encode(request), base::Endian::kLittle),
              test_support::StatusIs(absl::StatusCode::kOutOfRange));
}

}  // namespace
}  // namespace ipam::orpc
