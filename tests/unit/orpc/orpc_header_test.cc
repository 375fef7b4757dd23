#include "dcom_bridge/orpc/orpc_header.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"
#include "wire_samples.h"

namespace ipam::orpc {
namespace {

using namespace samples;
using test_support::FromHex;
using test_support::StatusIs;
using test_support::ToHex;

constexpr const char* kThisFields = "0500 0700 00000000 00000000 1e9c3f7d520b864a9e1dc45a60f8b217";

base::Bytes Request(const std::string& rest) { return FromHex(kThisFields + rest); }

// By hand from [MS-DCOM] 2.2.13: one extent of 3 octets, rounded to 8, in an array rounded to 2.
constexpr const char* kOneExtent =
    "00000200"                    // extensions
    "01000000 00000000 04000200"  // size, reserved, extent
    "02000000 08000200 00000000"  // array of two pointers
    "08000000 30593185de13c64d87ab5f9d6ede69a6 03000000 6162630000000000";

TEST(OrpcHeader, KeepsExtents) {
  const base::Bytes stub = Request(std::string(kOneExtent) + "ff");
  const auto parts = SplitRequest(stub, base::Endian::kLittle);
  ASSERT_OK(parts);
  OrpcThis expected = This();
  expected.extensions = OrpcExtentArray::Of({{kClsid, {'a', 'b', 'c'}}});
  EXPECT_EQ(parts->header, expected);
  EXPECT_EQ(ToHex(parts->body), "ff");
  EXPECT_EQ(ToHex(JoinRequest(expected, parts->body)), ToHex(stub));
  ASSERT_NE(parts->header.extensions->Find(kClsid), nullptr);
  EXPECT_EQ(parts->header.extensions->Find(kIid), nullptr);
}

TEST(OrpcHeader, TheBodyBeginsAtAMultipleOf8WhateverTheExtents) {
  for (std::size_t extents = 0; extents < 5; ++extents) {
    OrpcThis header = This();
    header.extensions =
        OrpcExtentArray::Of(std::vector<OrpcExtent>(extents, {kClsid, base::Bytes(extents * 3)}));
    const base::Bytes stub = JoinRequest(header, base::Bytes{1, 2});
    EXPECT_EQ((stub.size() - 2) % 8, 0u) << extents;
    if (extents == 0) continue;  // its array is NULL, which leaves 44 octets and the gap of 4
    const auto parts = SplitRequest(stub, base::Endian::kLittle);
    ASSERT_OK(parts);
    EXPECT_EQ(parts->header, header);
    EXPECT_EQ(ToHex(parts->body), "0102");
  }
}

TEST(OrpcHeader, BearsAnEmptyExtentArray) {
  for (const char* rest : {"00000200 00000000 00000000 00000000",              // NULL
                           "00000200 00000000 00000000 04000200 00000000"}) {  // no elements
    const auto parts = SplitRequest(Request(rest), base::Endian::kLittle);
    ASSERT_OK(parts);
    EXPECT_TRUE(parts->header.extensions->slots.empty());
    EXPECT_TRUE(parts->body.empty());
  }
}

TEST(OrpcHeader, ReadsTheResponseHeader) {
  const base::Bytes stub = FromHex("01000000 00000000 57000780");
  const auto parts = SplitResponse(stub, base::Endian::kLittle);
  ASSERT_OK(parts);
  EXPECT_EQ(parts->header.flags, 1u);
  EXPECT_FALSE(parts->header.extensions);
  EXPECT_EQ(ToHex(parts->body), "57000780");
}

struct BadCase {
  const char* name;
  const char* rest;
};
class OrpcHeaderDecode : public ::testing::TestWithParam<BadCase> {};

TEST_P(OrpcHeaderDecode, Refuses) {
  EXPECT_FALSE(SplitRequest(Request(GetParam().rest), base::Endian::kLittle).ok());
}

INSTANTIATE_TEST_SUITE_P(
    All, OrpcHeaderDecode,
    ::testing::Values(BadCase{"cut", "000002"},
                      BadCase{"array_not_rounded_to_2",
                              "00000200 01000000 00000000 04000200 01000000 00000000 00000000"},
                      BadCase{"size_without_array", "00000200 01000000 00000000 00000000"},
                      BadCase{"huge_size", "00000200 ffffffff 00000000 04000200 00000000 00000000"},
                      BadCase{"data_not_rounded_to_8",
                              "00000200 01000000 00000000 04000200 02000000 08000200 00000000"
                              "03000000 30593185de13c64d87ab5f9d6ede69a6 03000000 6162630000000000"},
                      BadCase{"data_size_overflows",
                              "00000200 01000000 00000000 04000200 02000000 08000200 00000000"
                              "00000000 30593185de13c64d87ab5f9d6ede69a6 ffffffff 6162630000000000"}),
    [](const auto& test) { return test.param.name; });

TEST(OrpcHeaderPrefix, EveryStrictPrefixFails) {
  const base::Bytes stub = Request(kOneExtent);
  for (std::size_t size = 0; size < stub.size(); ++size) {
    const base::Bytes prefix(stub.begin(), stub.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(SplitRequest(prefix, base::Endian::kLittle).ok()) << size;
  }
}

}  // namespace
}  // namespace ipam::orpc
