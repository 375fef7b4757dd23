#include "dcom_bridge/orpc/obj_ref.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"
#include "wire_samples.h"

namespace ipam::orpc {
namespace {

using namespace samples;
using test_support::StatusIs;
using ::testing::HasSubstr;

struct GoldenCase {
  const char* name;
  ObjRef value;
};
class ObjRefGolden : public ::testing::TestWithParam<GoldenCase> {
 protected:
  base::Bytes golden() const {
    return test_support::GoldenBytes(std::string("orpc/objref.") + GetParam().name + ".hex");
  }
};

TEST_P(ObjRefGolden, DecodesAndEncodes) {
  const auto decoded = ObjRef::Decode(golden());
  ASSERT_OK(decoded);
  EXPECT_EQ(*decoded, GetParam().value);
  EXPECT_EQ(test_support::ToHex(GetParam().value.Encode()), test_support::ToHex(golden()));
}

TEST_P(ObjRefGolden, EveryStrictPrefixFailsUnlessItsDataIsTheRest) {
  const base::Bytes octets = golden();
  const std::size_t end = GetParam().value.std_ref() != nullptr ? octets.size() : 24 + 16 + 8;
  for (std::size_t size = 0; size < end; ++size) {
    const base::Bytes prefix(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(ObjRef::Decode(prefix).ok()) << size;
  }
}

TEST_P(ObjRefGolden, ChangedOctetsDoNoHarm) {
  for (std::size_t at = 0; at < golden().size(); ++at) {
    base::Bytes changed = golden();
    changed[at] ^= 0xFF;
    const auto decoded = ObjRef::Decode(changed);
    if (decoded.ok()) {
      EXPECT_OK(ObjRef::Decode(decoded->Encode()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ObjRefGolden,
    ::testing::Values(GoldenCase{"standard", Standard()},
                      GoldenCase{"handler", {kIid, HandlerRef{Std(StdObjRef::kNoPing), kClsid, Bindings()}}},
                      GoldenCase{"custom", {kIid, CustomRef{kClsid, {'h', 'e', 'l', 'l', 'o'}}}},
                      GoldenCase{"extended",
                                 {kIid, ExtendedRef{Std(), Resolver(), kClsid, {'e', 'n', 'v', 'o', 'y'}}}}),
    [](const auto& test) { return test.param.name; });

TEST(ObjRef, PassesOverOctetsBehindIt) {
  base::Bytes octets = Standard().Encode();
  octets.resize(octets.size() + 4);
  const auto decoded = ObjRef::Decode(octets);
  ASSERT_OK(decoded);
  EXPECT_EQ(*decoded, Standard());
}

struct BadCase {
  const char* name;
  std::size_t offset;
  const char* hex;
  const char* error;
};
class ObjRefBad : public ::testing::TestWithParam<BadCase> {};

TEST_P(ObjRefBad, IsRefused) {
  const bool extended = std::string(GetParam().name).starts_with("extended");
  base::Bytes octets =
      test_support::GoldenBytes(extended ? "orpc/objref.extended.hex" : "orpc/objref.standard.hex");
  const base::Bytes change = test_support::FromHex(GetParam().hex);
  std::copy(change.begin(), change.end(), octets.begin() + static_cast<std::ptrdiff_t>(GetParam().offset));
  EXPECT_THAT(ObjRef::Decode(octets),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(GetParam().error)));
}

INSTANTIATE_TEST_SUITE_P(
    All, ObjRefBad,
    ::testing::Values(BadCase{"signature", 0, "00", "signature"}, BadCase{"no_kind", 4, "00000000", "kind"},
                      BadCase{"two_kinds", 4, "03000000", "kind"},
                      BadCase{"nil_iid", 8, "00000000000000000000000000000000", "without interface"},
                      BadCase{"entries_beyond_end", 64, "ffff", "count 65535"},
                      BadCase{"security_beyond_end", 66, "ffff", "security offset"},
                      BadCase{"security_offset_inside", 66, "0300", "string binding without terminator"},
                      BadCase{"extended_first_signature", 64, "00", "first signature"},
                      BadCase{"extended_two_elements", 104, "02", "not 1"},
                      BadCase{"extended_second_signature", 108, "00", "second signature"},
                      BadCase{"extended_nil_id", 112, "00000000000000000000000000000000",
                              "without identifier"},
                      BadCase{"extended_empty", 128, "0000000000000000", "empty"},
                      BadCase{"extended_rounding", 132, "10", "rounded"},
                      BadCase{"extended_huge", 128, "ffffffffffffffff", "rounded"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace ipam::orpc
