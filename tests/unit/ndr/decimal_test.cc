#include "dcom_bridge/ndr/decimal.h"

#include <gtest/gtest.h>

#include "dcom_bridge/ndr/codec.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::ndr {
namespace {

struct Message {
  Decimal decimal;
  static void Ndr(auto& io, auto& v) { io(v.decimal); }
};

TEST(Decimal, KeepsAllItsFieldsInBothByteOrders) {
  const base::Bytes little = test_support::FromHex("0100 1b 80 e4afb46b 55555535ee0726cf");
  const base::Bytes big = test_support::FromHex("0001 1b 80 6bb4afe4 cf2607ee35555555");
  const auto a = Decode<Message>(little, base::Endian::kLittle);
  const auto b = Decode<Message>(big, base::Endian::kBig);
  ASSERT_OK(a);
  ASSERT_OK(b);
  EXPECT_EQ(a->decimal, b->decimal);
  EXPECT_EQ(a->decimal, (Decimal{1, 27, 0x80, 0x6bb4afe4, 0xcf2607ee35555555}));
  EXPECT_EQ(test_support::ToHex(Encode(*a)), test_support::ToHex(little));
}

}  // namespace
}  // namespace ipam::ndr
