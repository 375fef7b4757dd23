#include "dcom_bridge/base/guid.h"

#include <gtest/gtest.h>

namespace ipam::base {
namespace {

TEST(Guid, ReadsItsTextForms) {
  const auto guid = Guid::Parse("00112233-4455-6677-8899-AABBCCDDEEFF");
  ASSERT_TRUE(guid.has_value());
  EXPECT_EQ(guid->data1, 0x00112233u);
  EXPECT_EQ(guid->data4[7], 0xff);
  EXPECT_EQ(guid->ToString(), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(Guid::Parse("{00112233-4455-6677-8899-aabbccddeeff}"), guid);
}

TEST(Guid, RefusesAnythingElse) {
  for (const char* text : {"", "00112233", "00112233-4455-6677-8899-aabbccddeef",
                           "00112233-4455-6677-8899-aabbccddeefg", "00112233x4455-6677-8899-aabbccddeeff",
                           "{00112233-4455-6677-8899-aabbccddeeff", "-0112233-4455-6677-8899-aabbccddeeff"}) {
    EXPECT_FALSE(Guid::Parse(text).has_value()) << text;
  }
}

TEST(Guid, RandomOnesAreVersion4AndDiffer) {
  const Guid a = Guid::Random();
  EXPECT_EQ(a.data3 >> 12, 4);
  EXPECT_EQ(a.data4[0] >> 6, 2);
  EXPECT_NE(a, Guid::Random());
  EXPECT_FALSE(a.is_nil());
}

}  // namespace
}  // namespace ipam::base
