#include "dcom_bridge/orpc/activation_blob.h"

#include <gtest/gtest.h>

#include "dcom_bridge/ndr/type_serialization.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"
#include "wire_samples.h"

namespace ipam::orpc {
namespace {

using namespace samples;
using test_support::GoldenBytes;
using test_support::StatusIs;
using ::testing::HasSubstr;

MInterfacePointer Golden(const char* name) { return {GoldenBytes(std::string("orpc/") + name + ".hex")}; }

template <typename T>
absl::StatusOr<T> Serialized(base::ByteView octets) {
  base::ByteReader in(octets);
  return ndr::DecodeSerialized<T>(in);
}

TEST(ActivationRequest, ReadsWhatImpacketSends) {
  const auto request = ActivationRequest::Decode(Golden("activation_properties_in"));
  ASSERT_OK(request);
  const ActivationRequest expected = Activation();
  EXPECT_EQ(request->instantiation, expected.instantiation);
  EXPECT_EQ(request->scm_request, expected.scm_request);
  EXPECT_EQ(request->context, expected.context);
  EXPECT_FALSE(request->special);
  EXPECT_FALSE(request->instance);
}

TEST(ActivationRequest, ReadsWhatItWrites) {
  ActivationRequest request = Activation();
  request.special.emplace();
  request.special->session_id = 3;
  request.instance.emplace();
  request.instance->file_name = u"file";
  request.security.emplace();
  const auto back = ActivationRequest::Decode(request.Encode());
  ASSERT_OK(back);
  EXPECT_EQ(back->instantiation, request.instantiation);
  EXPECT_EQ(back->scm_request, request.scm_request);
  EXPECT_EQ(back->context, request.context);
  EXPECT_EQ(back->special, request.special);
  EXPECT_EQ(back->instance, request.instance);
}

TEST(ActivationReply, ReadsWhatImpacketWrites) {
  const auto reply = ActivationReply::Decode(Golden("activation_properties_out"));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->props_out, Reply().props_out);
  EXPECT_EQ(reply->scm_reply, Reply().scm_reply);
}

TEST(ActivationReply, EachPropertyIsWhatImpacketWrites) {
  const auto golden = ObjRef::Decode(Golden("activation_properties_out").objref);
  const auto ours = Reply().Encode().Parse();
  ASSERT_OK(golden);
  ASSERT_OK(ours);
  const auto golden_blob = ActivationBlob::Decode(std::get<CustomRef>(golden->ref).data);
  const auto our_blob = ActivationBlob::Decode(std::get<CustomRef>(ours->ref).data);
  ASSERT_OK(golden_blob);
  ASSERT_OK(our_blob);
  ASSERT_EQ(our_blob->properties.size(), 2u);
  // Clients assume this order.
  EXPECT_EQ(our_blob->properties[0].clsid, kClsidPropsOutInfo);
  EXPECT_EQ(our_blob->properties[1].clsid, kClsidScmReplyInfo);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(our_blob->properties[i].octets.size() % 8, 0u);
    // Behind the headers, whose fillers are the sender's choice.
    ExpectSameOctets(base::ByteView(our_blob->properties[i].octets).subspan(16),
                     base::ByteView(golden_blob->properties[i].octets).subspan(16));
  }
}

TEST(ActivationRequest, SizesAreTrue) {
  const auto objref = Activation().Encode().Parse();
  ASSERT_OK(objref);
  const auto& custom = std::get<CustomRef>(objref->ref);
  base::ByteReader in(custom.data);
  const std::uint32_t size = in.U32();
  EXPECT_EQ(size, custom.data.size() - 8);
  in.Skip(4 + 16);            // dwReserved, headers
  EXPECT_EQ(in.U32(), size);  // totalSize
  const std::uint32_t header_size = in.U32();
  const auto blob = ActivationBlob::Decode(custom.data);
  ASSERT_OK(blob);
  std::size_t sum = header_size;
  for (const auto& property : blob->properties) {
    EXPECT_EQ(property.octets.size() % 8, 0u);
    sum += property.octets.size();
  }
  EXPECT_EQ(sum, size);
  EXPECT_EQ(objref->iid, kIidActivationPropertiesIn);
  EXPECT_EQ(custom.unmarshaler_clsid, kClsidActivationPropertiesIn);
}

TEST(ActivationProperties, InstanceAndSecurityInfoReadWhatImpacketWrites) {
  const auto instance = Serialized<InstanceInfo>(GoldenBytes("orpc/instance_info.hex"));
  ASSERT_OK(instance);
  EXPECT_EQ(*instance, (InstanceInfo{u"file", 3, std::nullopt, MInterfacePointer::Of(Standard())}));
  const auto security = Serialized<SecurityInfo>(GoldenBytes("orpc/security_info.hex"));
  ASSERT_OK(security);
  ASSERT_TRUE(security->server_info);
  EXPECT_EQ(security->server_info->name, u"server");
  const auto back = Serialized<SecurityInfo>(ndr::EncodeSerialized(*security));
  ASSERT_OK(back);
  EXPECT_EQ(*back, *security);
  const base::Bytes golden = GoldenBytes("orpc/special_properties.hex");
  const auto special = Serialized<SpecialSystemProperties>(golden);
  ASSERT_OK(special);
  SpecialSystemProperties expected;
  expected.default_authn_level = 6;
  expected.flags = 2;
  EXPECT_EQ(*special, expected);
  const base::Bytes ours = ndr::EncodeSerialized(expected);
  // Behind the headers, whose filler is the sender's choice, [MS-RPCE] 2.2.6.2.
  EXPECT_EQ(base::Bytes(ours.begin() + 16, ours.end()), base::Bytes(golden.begin() + 16, golden.end()));
}

TEST(SpecialSystemProperties, BothDefinitionsAreRead) {
  SpecialSystemProperties special;
  special.flags = SpecialSystemProperties::kUseConsoleSession;
  base::Bytes first = ndr::EncodeSerialized(special);
  EXPECT_EQ(first.size(), 16u + 88u);  // 84 octets and padding
  const auto a = Serialized<SpecialSystemProperties>(first);
  // The alternate one has 80 octets.
  first.resize(16 + 80);
  first[8] = 80;
  const auto b = Serialized<SpecialSystemProperties>(first);
  ASSERT_OK(a);
  ASSERT_OK(b);
  EXPECT_EQ(*a, special);
  EXPECT_EQ(*b, special);
}

base::Bytes Wrapped(const base::Guid& clsid, const base::Bytes& blob) {
  return ObjRef{kIidActivationPropertiesIn, CustomRef{clsid, blob}}.Encode();
}

TEST(ActivationRequest, RefusesAnotherClass) {
  const auto objref = Activation().Encode().Parse();
  const auto& blob = std::get<CustomRef>(objref->ref).data;
  EXPECT_THAT(ActivationRequest::Decode({Wrapped(kClsid, blob)}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown class")));
  EXPECT_THAT(ActivationRequest::Decode(MInterfacePointer::Of(Standard())),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown class")));
}

TEST(ActivationRequest, RefusesMissingProperties) {
  ActivationBlob blob;
  blob.properties.push_back({kClsidScmRequestInfo, ndr::EncodeSerialized(Activation().scm_request)});
  EXPECT_THAT(ActivationRequest::Decode({Wrapped(kClsidActivationPropertiesIn, blob.Encode())}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no activation property 000001ab")));
}

TEST(ActivationBlob, RefusesMoreThanTenProperties) {
  ActivationBlob blob;
  for (int i = 0; i < 10; ++i) blob.properties.push_back({kClsid, base::Bytes(8)});
  EXPECT_OK(ActivationBlob::Decode(blob.Encode()));
  blob.properties.push_back({kClsid, {}});
  EXPECT_THAT(ActivationBlob::Decode(blob.Encode()), StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(ActivationBlob::Decode(ActivationBlob{}.Encode()), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST(ActivationBlob, EveryStrictPrefixFailsAndChangedOctetsDoNoHarm) {
  const MInterfacePointer golden = Golden("activation_properties_in");
  for (std::size_t size = 0; size < golden.objref.size(); ++size) {
    const MInterfacePointer prefix{
        {golden.objref.begin(), golden.objref.begin() + static_cast<std::ptrdiff_t>(size)}};
    EXPECT_FALSE(ActivationRequest::Decode(prefix).ok()) << size;
  }
  for (std::size_t at = 0; at < golden.objref.size(); ++at) {
    MInterfacePointer changed = golden;
    changed.objref[at] ^= 0xFF;
    const auto request = ActivationRequest::Decode(changed);
    if (request.ok()) {
      EXPECT_OK(ActivationRequest::Decode(request->Encode()));
    }
  }
}

}  // namespace
}  // namespace ipam::orpc
