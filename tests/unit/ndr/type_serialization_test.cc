#include "dcom_bridge/ndr/type_serialization.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::ndr {
namespace {

using test_support::FromHex;
using test_support::StatusIs;
using test_support::ToHex;
using ::testing::HasSubstr;

struct Value {
  std::uint32_t number = 0;
  std::optional<std::u16string> text;

  static constexpr Layout kNdrLayout{.alignment = 4, .min_bytes = 8};
  static void Ndr(auto& io, auto& v) { io(v.number, v.text); }
};

TEST(TypeSerialization, PadsToEightAndCountsThePadding) {
  EXPECT_EQ(ToHex(EncodeSerialized(Value{7, u"A"})),
            ToHex(FromHex("01 10 0800 cccccccc 18000000 00000000"
                          "07000000 00000200 02000000 00000000 02000000 4100 0000")));
  EXPECT_EQ(EncodeSerialized(Value{7, u"AB"}).size(), 16u + 32u);
}

TEST(TypeSerialization, ReadsBigEndianBodies) {
  const base::Bytes octets = FromHex("01 00 0800 cccccccc 00000008 00000000 00000007 00000000 ff");
  base::ByteReader in(octets);
  const auto value = DecodeSerialized<Value>(in);
  ASSERT_OK(value);
  EXPECT_EQ(value->number, 7u);
  EXPECT_EQ(in.remaining(), 1u);
}

struct HeaderCase {
  const char* name;
  const char* hex;
  const char* error;
};
class TypeSerializationHeader : public ::testing::TestWithParam<HeaderCase> {};

TEST_P(TypeSerializationHeader, IsRefused) {
  const base::Bytes octets = FromHex(GetParam().hex);
  base::ByteReader in(octets);
  EXPECT_THAT(DecodeSerialized<Value>(in),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(GetParam().error)));
}

INSTANTIATE_TEST_SUITE_P(
    All, TypeSerializationHeader,
    ::testing::Values(
        HeaderCase{"version_2", "02 10 0800 cccccccc 08000000 00000000 0700000000000000", "version 1"},
        HeaderCase{"endianness", "01 20 0800 cccccccc 08000000 00000000 0700000000000000", "endianness"},
        HeaderCase{"header_length", "01 10 1000 cccccccc 08000000 00000000 0700000000000000", "8 bytes"},
        HeaderCase{"length_beyond_end", "01 10 0800 cccccccc 09000000 00000000 0700000000000000", "needs 9"},
        HeaderCase{"length_too_short", "01 10 0800 cccccccc 04000000 00000000 0700000000000000", "needs 4"},
        HeaderCase{"nothing", "", "needs 1"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace ipam::ndr
