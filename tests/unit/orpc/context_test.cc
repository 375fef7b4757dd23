#include "dcom_bridge/orpc/context.h"

#include <gtest/gtest.h>

#include "dcom_bridge/orpc/obj_ref.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::orpc {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

constexpr base::Guid kId{0x0b0a0908, 0x0d0c, 0x0f0e, {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17}};
constexpr base::Guid kPolicy{0x11111111, 0x2222, 0x3333, {0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb}};
constexpr base::Guid kClsid{0xc1, 2, 3, {4}};

Context Sample() {
  return {kId, {{{}, kPolicy, ContextProperty::kExpose, {1, 2, 3, 4, 5}}, {kClsid, kPolicy, 4, {}}}};
}
base::Bytes Golden() { return test_support::GoldenBytes("orpc/context.hex"); }

TEST(Context, IsTheLayoutOfTheSpecification) {
  EXPECT_EQ(test_support::ToHex(Sample().Encode()), test_support::ToHex(Golden()));
  const auto decoded = Context::Decode(Golden());
  ASSERT_OK(decoded);
  EXPECT_EQ(*decoded, Sample());
}

TEST(Context, EveryPrefixIsRefusedAndNoChangedOctetDoesHarm) {
  const base::Bytes golden = Golden();
  for (std::size_t size = 0; size < golden.size(); ++size) {
    EXPECT_FALSE(Context::Decode(base::ByteView(golden).first(size)).ok()) << size;
  }
  for (std::size_t at = 0; at < golden.size(); ++at) {
    base::Bytes changed = golden;
    changed[at] ^= 0xFF;
    const auto other = Context::Decode(changed);
    if (other.ok()) {
      EXPECT_OK(Context::Decode(other->Encode()));
    }
  }
}

TEST(Context, RefusesExtentsAndOtherVersionsAndReferences) {
  for (const std::size_t at : {0u, 2u, 20u, 28u, 32u}) {  // versions, Flags, dwNumExtents, cbExtents
    base::Bytes changed = Golden();
    changed[at] ^= 4;
    EXPECT_FALSE(Context::Decode(changed).ok()) << at;
  }
  for (const std::size_t at : {24u, 36u, 44u}) {  // Reserved, MshlFlags, Frozen: ignored
    base::Bytes changed = Golden();
    changed[at] ^= 4;
    EXPECT_OK(Context::Decode(changed)) << at;
  }
}

TEST(Context, TravelsAsACustomReferenceOfItsMarshaler) {
  const MInterfacePointer pointer = Sample().Marshal();
  const ObjRef ref = pointer.Parse().value();
  EXPECT_EQ(ref.iid, kIidIContext);
  EXPECT_EQ(std::get<CustomRef>(ref.ref).unmarshaler_clsid, kClsidContextMarshaler);
  const auto back = Context::Unmarshal(pointer);
  ASSERT_OK(back);
  EXPECT_EQ(*back, Sample());
  EXPECT_THAT(Context::Unmarshal(MInterfacePointer::Of({kIidIContext, CustomRef{kClsid, Golden()}})),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown class")));
  EXPECT_FALSE(Context::Unmarshal(MInterfacePointer{{1, 2, 3}}).ok());
}

TEST(Context, MarshalsAReferenceWithItsEnvoyOrAHandler) {
  const ObjRef standard{kPolicy,
                        StandardRef{{0, 5, Oxid{1}, Oid{2}, Ipid{kId}}, {{{kProtseqTcp, "10.0.0.1"}}, {}}}};
  const ObjRef envoy = WithEnvoy(standard, Sample());
  const ObjRef back = ObjRef::Decode(envoy.Encode()).value();
  EXPECT_EQ(back, envoy);
  EXPECT_EQ(*back.std_ref(), *standard.std_ref());
  EXPECT_EQ(*back.resolver(), *standard.resolver());
  EXPECT_EQ(Context::Decode(std::get<ExtendedRef>(back.ref).data).value(), Sample());
  const ObjRef handled = WithHandler(standard, kClsid);
  EXPECT_EQ(ObjRef::Decode(handled.Encode()).value(), handled);
  EXPECT_EQ(std::get<HandlerRef>(handled.ref).handler_clsid, kClsid);
  EXPECT_EQ(*handled.std_ref(), *standard.std_ref());
}

}  // namespace
}  // namespace ipam::orpc
