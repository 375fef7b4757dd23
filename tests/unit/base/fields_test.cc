#include "dcom_bridge/base/fields.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::base {
namespace {

struct IdTag;
enum class Kind : std::uint16_t { kNone, kOne };
struct Inner {
  std::uint8_t a = 0;
  static void Fields(auto& io, auto& v) { io(v.a); }
};
struct Outer {
  Kind kind{};
  StrongId<IdTag, std::uint64_t> id;
  std::array<Inner, 2> inner{};
  Guid guid;
  static void Fields(auto& io, auto& v) { io(v.kind, v.id, v.inner, v.guid); }
};

TEST(Fields, OneListServesBothDirections) {
  const Bytes bytes = test_support::FromHex("0100 0807060504030201 aabb 33221100554477668899aabbccddeeff");
  ByteReader in(bytes);
  Outer value;
  ReadFields(in, value);
  ASSERT_OK(in.Finish());
  EXPECT_EQ(value.kind, Kind::kOne);
  EXPECT_EQ(value.id.value, 0x0102030405060708u);
  EXPECT_EQ(value.inner[1].a, 0xbb);
  EXPECT_EQ(value.guid.ToString(), "00112233-4455-6677-8899-aabbccddeeff");
  ByteWriter out;
  WriteFields(out, value);
  EXPECT_EQ(test_support::ToHex(out.view()), test_support::ToHex(bytes));
}

}  // namespace
}  // namespace ipam::base
