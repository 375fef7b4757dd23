#include "dcom_bridge/ndr/reader.h"

#include <gtest/gtest.h>

#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/ndr/fault.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::ndr {
namespace {

using test_support::FromHex;
using test_support::StatusIs;
using ::testing::HasSubstr;

struct Item {
  std::uint8_t tag = 0;
  std::optional<std::u16string> name;
  std::uint64_t value = 0;

  static constexpr Layout kNdrLayout{.alignment = 8, .min_bytes = 16};
  static void Ndr(auto& io, auto& v) { io(v.tag, v.name, v.value); }
};

TEST(NdrReader, AlignsFromTheFirstOctet) {
  const base::Bytes octets = FromHex("01 cccccc 02000000 0300 cccc cccccccc 0400000000000000");
  Reader in(octets);
  std::uint8_t a = 0;
  std::uint32_t b = 0;
  std::uint16_t c = 0;
  std::uint64_t d = 0;
  in(a, b, c, d);
  ASSERT_OK(in.status());
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 2u);
  EXPECT_EQ(c, 3);
  // d lies at 16: the gap before it was 6 octets.
  EXPECT_EQ(d, 4u);
  EXPECT_EQ(in.remaining(), 0u);
}

TEST(NdrReader, ReadsBigEndian) {
  const base::Bytes octets = FromHex(
      "00000001 0102 0000 00112233 4455 6677 8899aabbccddeeff"
      "00000002 00000000 00000002 0041 0000");
  Reader in(octets, base::Endian::kBig);
  std::uint32_t a = 0;
  std::uint16_t b = 0;
  base::Guid guid;
  std::u16string text;
  in(a, b, guid, text);
  ASSERT_OK(in.status());
  EXPECT_EQ(a, 1u);
  EXPECT_EQ(b, 0x0102);
  EXPECT_EQ(guid.ToString(), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(text, u"A");
}

TEST(NdrReader, PointeesOfAnArrayFollowTheWholeArray) {
  const base::Bytes octets = FromHex(
      "02000000 00000000"                     // max_count, gap to 8
      "aa cccccc 01000000 0b00000000000000"   // tag, name, value
      "bb cccccc 02000000 0c00000000000000"   //
      "02000000 00000000 02000000 7800 0000"  // "x"
      "02000000 00000000 02000000 7900 0000"  // "y"
      "dd000000");                            // the next parameter
  Reader in(octets);
  std::vector<Item> items;
  std::uint32_t next = 0;
  in.Array(items, 2);
  in(next);
  ASSERT_OK(in.status());
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].name, u"x");
  EXPECT_EQ(items[1].name, u"y");
  EXPECT_EQ(items[1].value, 12u);
  EXPECT_EQ(next, 0xddu);
}

TEST(NdrReader, FullPointersWithOneIdentifierShareTheirObject) {
  const base::Bytes octets = FromHex("07000000 2a000000 07000000 00000000");
  Reader in(octets);
  std::shared_ptr<std::uint32_t> first;
  std::shared_ptr<std::uint32_t> second;
  std::shared_ptr<std::uint32_t> null;
  in(first, second, null);
  ASSERT_OK(in.status());
  EXPECT_EQ(first, second);
  EXPECT_EQ(*first, 42u);
  EXPECT_EQ(null, nullptr);
}

TEST(NdrReader, RefusesAFullPointerToAnotherType) {
  const base::Bytes octets = FromHex("07000000 2a000000 07000000");
  Reader in(octets);
  std::shared_ptr<std::uint32_t> number;
  std::shared_ptr<std::uint64_t> hyper;
  in(number, hyper);
  EXPECT_THAT(in.status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("another type")));
}

struct StringCase {
  const char* name;
  const char* hex;
  const char* error;
  std::uint32_t fault;
};

class NdrString : public ::testing::TestWithParam<StringCase> {};

TEST_P(NdrString, IsRefused) {
  const base::Bytes octets = FromHex(GetParam().hex);
  Reader in(octets);
  std::u16string text;
  in(text);
  EXPECT_THAT(std::string(in.status().message()), HasSubstr(GetParam().error));
  EXPECT_EQ(FaultStatus(in.status()), GetParam().fault);
  EXPECT_TRUE(text.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, NdrString,
    ::testing::Values(
        StringCase{"with_offset", "02000000 01000000 01000000 0000", "offset", kFaultInvalidBound},
        StringCase{"actual_over_max", "01000000 00000000 02000000 4100 0000", "longer", kFaultInvalidBound},
        StringCase{"no_terminator", "02000000 00000000 02000000 4100 4200", "terminator", kFaultBadStubData},
        StringCase{"empty", "00000000 00000000 00000000", "terminator", kFaultBadStubData},
        StringCase{"cut", "02000000 00000000 02000000 4100 00", "count 2", kFaultBadStubData},
        StringCase{"huge_count", "ffffffff 00000000 ffffffff 4100 0000", "count 4294967295",
                   kFaultBadStubData}),
    [](const auto& test) { return test.param.name; });

TEST(NdrReader, TakesAStringShorterThanItsMaximum) {
  const base::Bytes octets = FromHex("10000000 00000000 02000000 4100 0000");
  Reader in(octets);
  std::u16string text;
  in(text);
  ASSERT_OK(in.status());
  EXPECT_EQ(text, u"A");
}

TEST(NdrReader, RefusesConformanceThatDisagreesWithSizeIs) {
  const base::Bytes octets = FromHex("03000000 01000000 02000000 03000000");
  Reader in(octets);
  std::vector<std::uint32_t> values;
  in.Array(values, 2);
  EXPECT_THAT(in.status(), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("byte 4: conformance")));
  EXPECT_TRUE(values.empty());
}

TEST(NdrReader, RefusesACountThatTheOctetsCannotHoldBeforeItAllocates) {
  const base::Bytes octets = FromHex("ffffff7f 00000000");
  Reader in(octets);
  std::vector<Item> items;
  in.AnyArray(items);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(items.capacity(), 0u);
}

TEST(NdrReader, RefusesANullArrayWithASize) {
  const base::Bytes octets = FromHex("00000000");
  Reader in(octets);
  std::vector<std::uint32_t> values;
  in.UniqueArray(values, 1);
  EXPECT_THAT(in.status(), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST(NdrReader, TakesANullArrayWithoutConsistencyCheck) {
  const base::Bytes octets = FromHex("00000000");
  Reader in(octets);
  std::vector<std::uint32_t> values;
  in.UncheckedUniqueArray(values);
  EXPECT_OK(in.status());
}

TEST(NdrReader, NullReplacesWhatWasThereBefore) {
  const base::Bytes octets(16);
  Reader in(octets);
  std::vector<std::uint32_t> array = {1};
  std::vector<std::uint32_t> unchecked = {1};
  std::optional<std::uint32_t> unique = 1;
  auto full = std::make_shared<std::uint32_t>(1);
  in.UniqueArray(array, 0);
  in.UncheckedUniqueArray(unchecked);
  in(unique, full);
  ASSERT_OK(in.status());
  EXPECT_TRUE(array.empty());
  EXPECT_TRUE(unchecked.empty());
  EXPECT_FALSE(unique);
  EXPECT_EQ(full, nullptr);
}

TEST(NdrReader, HoldsIntegersToTheirRange) {
  for (const auto& [hex, valid] :
       {std::pair{"00000000", false}, {"01000000", true}, {"00040000", true}, {"01040000", false}}) {
    const base::Bytes octets = FromHex(hex);
    Reader in(octets);
    std::uint32_t count = 0;
    in.Range(count, std::uint32_t{1}, std::uint32_t{1024});
    EXPECT_EQ(in.ok(), valid) << hex;
  }
}

TEST(NdrReader, BoundsTheMemoryOfAMessage) {
  const base::Bytes octets(1024);
  Reader in(octets, base::Endian::kLittle, {.memory_bytes = 100});
  std::vector<std::uint8_t> first;
  std::vector<std::uint64_t> second;
  in.Elements(first, 50, 50);
  EXPECT_OK(in.status());
  in.Elements(second, 7, 7);
  EXPECT_THAT(in.status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("memory")));
}

struct Node {
  std::shared_ptr<Node> next;

  static constexpr Layout kNdrLayout{.alignment = 4, .min_bytes = 4};
  static void Ndr(auto& io, auto& v) { io(v.next); }
};

base::Bytes Chain(std::uint32_t nodes) {
  base::ByteWriter out;
  for (std::uint32_t i = 1; i <= nodes; ++i) out.U32(i);
  out.U32(0);
  return out.Take();
}

TEST(NdrReader, BoundsTheDepthOfPointers) {
  const base::Bytes shallow = Chain(60);
  Reader in(shallow);
  Node head;
  in(head);
  EXPECT_OK(in.status());
  const base::Bytes deep = Chain(100'000);
  Reader refused(deep);
  Node other;
  refused(other);
  EXPECT_THAT(refused.status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too deep")));
}

TEST(NdrReader, StopsAtTheFirstFailure) {
  const base::Bytes octets = FromHex("0100");
  Reader in(octets);
  std::uint32_t a = 7;
  std::uint16_t b = 7;
  std::optional<std::u16string> text;
  in(a, b, text);
  EXPECT_EQ(a, 0u);
  EXPECT_EQ(b, 0);
  EXPECT_FALSE(text);
  EXPECT_THAT(in.status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("byte 0")));
}

}  // namespace
}  // namespace ipam::ndr
