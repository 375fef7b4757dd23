#include "dcom_bridge/auth/names.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"

namespace ipam::auth {
namespace {

TEST(UpperCase, FoldsLatinGreekAndCyrillicLetters) {
  EXPECT_EQ(UpperCase(u"aZ09-_{|}"), u"AZ09-_{|}");
  EXPECT_EQ(UpperCase(u"\u00e9\u00f8\u00f7\u00d7\u00ff\u00df"), u"\u00c9\u00d8\u00f7\u00d7\u0178\u00df");
  EXPECT_EQ(UpperCase(u"\u0105\u0142\u017a\u0131\u0138"), u"\u0104\u0141\u0179\u0131\u0138");
  EXPECT_EQ(UpperCase(u"\u03b1\u03c9\u03c2\u03ac\u03ad\u03cc\u03ce"),
            u"\u0391\u03a9\u03a3\u0386\u0388\u038c\u038f");
  EXPECT_EQ(UpperCase(u"\u0430\u044f\u0451\u04d9"), u"\u0410\u042f\u0401\u04d8");
  EXPECT_EQ(UpperCase(u"\u65e5\U0001F600"), u"\u65e5\U0001F600");
}

TEST(ToLittleEndian, WritesTheLowOctetFirst) {
  EXPECT_EQ(ToLittleEndian(u"A\u20ac"), test_support::FromHex("4100 ac20"));
}

TEST(Printable, EscapesAndCutsWhatAPeerSent) {
  EXPECT_EQ(Printable(u"CONTOSO", u"alice"), "CONTOSO\\alice");
  EXPECT_EQ(Printable(u"", u"alice"), "alice");
  EXPECT_EQ(Printable(u"", u"a\nb\x1b[31m"), "a\\nb\\x1b[31m");
  EXPECT_LT(Printable(std::u16string(30000, u'x'), std::u16string(30000, u'\u20ac')).size(), 150u);
}

}  // namespace
}  // namespace ipam::auth
