#include "dcom_bridge/base/utf16.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"

namespace ipam::base {
namespace {

TEST(Utf16, CarriesEveryPlaneBothWays) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";  // a, e acute, euro, an emoji
  EXPECT_EQ(ToUtf16(text), u"a\u00e9\u20ac\U0001F600");
  bool well_formed = false;
  EXPECT_EQ(ToUtf8(ToUtf16(text), &well_formed), text);
  EXPECT_TRUE(well_formed);
}

TEST(Utf16, MarksEachIllFormedPart) {
  EXPECT_EQ(ToUtf16("\xC0\xAF"), u"\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(ToUtf16("\xED\xA0\x80"), u"\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(ToUtf16("\xF0\x9F\x98"), u"\uFFFD");              // cut short
  EXPECT_EQ(ToUtf16("\xF5z"), u"\uFFFDz");
  bool well_formed = true;
  EXPECT_EQ(ToUtf8(std::u16string{0xD800, u'x'}, &well_formed), "\xEF\xBF\xBDx");
  EXPECT_FALSE(well_formed);
}

TEST(Utf16, ReadsLittleEndianOctets) {
  EXPECT_EQ(FromLittleEndian(test_support::FromHex("4100 ac20")), u"A\u20ac");
}

}  // namespace
}  // namespace ipam::base
