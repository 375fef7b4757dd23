#include <gtest/gtest.h>

#include "dcom_bridge/ndr/codec.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::ndr {
namespace {

using test_support::FromHex;
using test_support::ToHex;

enum class Kind : std::uint16_t { kNone, kOne };
struct IdTag;

struct Leaf {
  std::optional<std::u16string> text;
  std::optional<std::uint64_t> number;

  static constexpr Layout kNdrLayout{.alignment = 4, .min_bytes = 8};
  static void Ndr(auto& io, auto& v) { io(v.text, v.number); }
  friend bool operator==(const Leaf&, const Leaf&) = default;
};

struct Message {
  Kind kind = Kind::kNone;
  base::StrongId<IdTag, std::uint64_t> id;
  base::HResult result;
  std::array<std::uint8_t, 3> octets{};
  std::vector<std::optional<Leaf>> leaves;
  std::vector<std::uint16_t> shorts;
  std::u16string text;

  static void Ndr(auto& io, auto& v) {
    auto count = static_cast<std::uint16_t>(v.leaves.size());
    io(v.kind, v.id, v.result, v.octets, count);
    io.UniqueArray(v.leaves, count);
    io.UncheckedUniqueArray(v.shorts);
    io(v.text);
  }
  friend bool operator==(const Message&, const Message&) = default;
};

Message Full() {
  Message m;
  m.kind = Kind::kOne;
  m.id.value = 0x0102030405060708;
  m.result = base::kInvalidArgument;
  m.octets = {1, 2, 3};
  m.leaves = {Leaf{u"a", std::nullopt}, std::nullopt, Leaf{std::nullopt, 9}};
  m.shorts = {5, 6, 7};
  m.text = u"end";
  return m;
}

// Written by hand from [C706] 14.3.
const char* const kFull =
    "0100 000000000000 0807060504030201 57000780 010203 00 0300 0000"  // kind, id, result, octets, count
    "00000200 03000000 04000200 00000000 08000200"                     // leaves: array of three pointers
    "0c000200 00000000"                                                // first leaf
    "02000000 00000000 02000000 6100 0000"                             // its text
    "00000000 10000200 0900000000000000"                               // third leaf, its number
    "14000200 03000000 0500 0600 0700 0000"                            // shorts, gap
    "04000000 00000000 04000000 6500 6e00 6400 0000";                  // text

TEST(NdrRoundTrip, GivesTheSameValue) {
  const Message m = Full();
  const base::Bytes octets = Encode(m);
  std::size_t trailing = 99;
  const auto back = Decode<Message>(octets, base::Endian::kLittle, &trailing);
  ASSERT_OK(back);
  EXPECT_EQ(*back, m);
  EXPECT_EQ(trailing, 0u);
}

TEST(NdrRoundTrip, PointeesGoDepthFirst) { EXPECT_EQ(ToHex(Encode(Full())), ToHex(FromHex(kFull))); }

TEST(NdrRoundTrip, EveryStrictPrefixFails) {
  const base::Bytes octets = Encode(Full());
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const base::Bytes prefix(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(Decode<Message>(prefix, base::Endian::kLittle).ok()) << size;
  }
}

TEST(NdrRoundTrip, TrailingOctetsAreCountedAndIgnored) {
  base::Bytes octets = Encode(Full());
  octets.resize(octets.size() + 5);
  std::size_t trailing = 0;
  EXPECT_OK(Decode<Message>(octets, base::Endian::kLittle, &trailing));
  EXPECT_EQ(trailing, 5u);
}

TEST(NdrRoundTrip, AnEmptyMessageKeepsItsNulls) {
  const base::Bytes octets = Encode(Message{});
  const auto back = Decode<Message>(octets, base::Endian::kLittle);
  ASSERT_OK(back);
  EXPECT_EQ(*back, Message{});
}

struct Pair {
  std::shared_ptr<std::u16string> first, second;
  static void Ndr(auto& io, auto& v) { io(v.first, v.second); }
};

TEST(NdrRoundTrip, FullPointersToOneObjectStaySo) {
  Pair pair;
  pair.first = pair.second = std::make_shared<std::u16string>(u"one");
  const auto back = Decode<Pair>(Encode(pair), base::Endian::kLittle);
  ASSERT_OK(back);
  EXPECT_EQ(back->first, back->second);
  EXPECT_EQ(*back->first, u"one");
}

}  // namespace
}  // namespace ipam::ndr
