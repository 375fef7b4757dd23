#include "dcom_bridge/orpc/dual_string_array.h"

#include <gtest/gtest.h>

#include "dcom_bridge/ndr/codec.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::orpc {
namespace {

using test_support::FromHex;
using test_support::StatusIs;
using test_support::ToHex;
using ::testing::HasSubstr;

base::Bytes Packed(const DualStringArray& array) {
  base::ByteWriter out;
  array.Write(out);
  return out.Take();
}

absl::StatusOr<DualStringArray> Unpacked(const char* hex) {
  const base::Bytes octets = FromHex(hex);
  base::ByteReader in(octets);
  DualStringArray array = DualStringArray::Read(in);
  if (const absl::Status status = in.Finish(); !status.ok()) return status;
  return array;
}

TEST(DualStringArray, TheEmptyOneIsTheSmallestPossible) {
  EXPECT_EQ(ToHex(Packed({})),
            "04000200"
            "0000000000000000");
  const auto back = Unpacked("0400 0200 0000 0000 0000 0000");
  ASSERT_OK(back);
  EXPECT_EQ(*back, DualStringArray{});
}

TEST(DualStringArray, BearsOneWithoutAnyEntry) { EXPECT_OK(Unpacked("0000 0000")); }

TEST(DualStringArray, KeepsOrderAndUnicode) {
  const DualStringArray array{{{7, "a[1]"}, {31, "\xC3\xBC"}}, {{16, "host/x"}, {9, ""}}};
  EXPECT_EQ(ToHex(Packed(array)),
            ToHex(FromHex("1700 0a00 0700 61005b0031005d000000 1f00 fc000000 0000"
                          "1000 ffff 68006f00730074002f0078000000 0900 ffff 0000 0000")));
  const base::Bytes octets = Packed(array);
  base::ByteReader again(octets);
  EXPECT_EQ(DualStringArray::Read(again), array);
}

struct Message {
  std::optional<DualStringArray> array;
  static void Ndr(auto& io, auto& v) { io(v.array); }
};

TEST(DualStringArray, TheIdlVersionIsAConformantStruct) {
  const base::Bytes octets = FromHex("00000200 07000000 0700 0500 0700 6100 0000 0000 0000 0000 0000");
  const auto decoded = ndr::Decode<Message>(octets, base::Endian::kLittle);
  ASSERT_OK(decoded);
  EXPECT_EQ(decoded->array, (DualStringArray{{{7, "a"}}, {}}));
}

TEST(DualStringArray, TheIdlVersionFollowsTheByteOrderOfTheCall) {
  const base::Bytes octets = FromHex("00020000 00000006 0006 0004 0007 0061 0000 0000 0000 0000");
  const auto decoded = ndr::Decode<Message>(octets, base::Endian::kBig);
  ASSERT_OK(decoded);
  EXPECT_EQ(decoded->array, (DualStringArray{{{7, "a"}}, {}}));
}

TEST(DualStringArray, TheIdlVersionMustAgreeWithItsCount) {
  const base::Bytes octets = FromHex("00020000 05000000 0400 0200 0000 0000 0000 0000 0000");
  EXPECT_THAT(ndr::Decode<Message>(octets, base::Endian::kLittle), StatusIs(absl::StatusCode::kOutOfRange));
}

struct BadCase {
  const char* name;
  const char* hex;
  const char* error;
};
class DualStringArrayDecode : public ::testing::TestWithParam<BadCase> {};

TEST_P(DualStringArrayDecode, Refuses) {
  EXPECT_THAT(Unpacked(GetParam().hex),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(GetParam().error)));
}

INSTANTIATE_TEST_SUITE_P(
    All, DualStringArrayDecode,
    ::testing::Values(BadCase{"string_without_terminator", "0500 0300 0700 6100 6200 0000 0000",
                              "string binding without"},
                      BadCase{"strings_without_terminator", "0500 0300 0700 6100 0000 0000 0000",
                              "string bindings without"},
                      BadCase{"no_strings_section", "0200 0000 0000 0000", "string bindings without"},
                      BadCase{"security_without_name", "0300 0200 0000 0000 0a00", "without name"},
                      BadCase{"security_without_terminator", "0500 0200 0000 0000 0a00 ffff 6100",
                              "security binding without"},
                      BadCase{"securities_without_terminator", "0500 0200 0000 0000 0a00 ffff 0000",
                              "security bindings without"},
                      BadCase{"offset_beyond_end", "0400 0500 0000 0000 0000 0000", "beyond the end"},
                      BadCase{"count_beyond_octets", "0500 0200 0000 0000 0000 0000", "count 5"}),
    [](const auto& test) { return test.param.name; });

struct AddressCase {
  const char* text;
  std::optional<NetworkAddress> address;
};
class ParseNetworkAddress : public ::testing::TestWithParam<AddressCase> {};

TEST_P(ParseNetworkAddress, Gives) { EXPECT_EQ(NetworkAddress::Parse(GetParam().text), GetParam().address); }

INSTANTIATE_TEST_SUITE_P(
    All, ParseNetworkAddress,
    ::testing::Values(AddressCase{"10.0.0.1[5000]", NetworkAddress{"10.0.0.1", 5000}},
                      AddressCase{"host", NetworkAddress{"host", std::nullopt}},
                      AddressCase{"fe80::1[135]", NetworkAddress{"fe80::1", 135}},
                      AddressCase{"fe80::1", NetworkAddress{"fe80::1", std::nullopt}},
                      AddressCase{"[fe80::1][135]", NetworkAddress{"fe80::1", 135}},
                      AddressCase{"[fe80::1]", NetworkAddress{"fe80::1", std::nullopt}},
                      AddressCase{"", std::nullopt}, AddressCase{"[135]x", std::nullopt},
                      AddressCase{"[", std::nullopt}, AddressCase{"[]", std::nullopt},
                      AddressCase{"[][1]", std::nullopt}, AddressCase{"h[0]", std::nullopt},
                      AddressCase{"h[65536]", std::nullopt}, AddressCase{"h[-1]", std::nullopt},
                      AddressCase{"h[ncacn]", std::nullopt}, AddressCase{"h[1", std::nullopt},
                      AddressCase{"h[1]x", std::nullopt}, AddressCase{"h[]", std::nullopt}));

TEST(NetworkAddress, FormatsAsItParses) {
  for (const char* text : {"10.0.0.1[5000]", "host", "fe80::1[135]"}) {
    EXPECT_EQ(NetworkAddress::Parse(text)->ToString(), text);
  }
}

}  // namespace
}  // namespace ipam::orpc
