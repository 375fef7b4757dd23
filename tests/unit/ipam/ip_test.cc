#include "dcom_bridge/ipam/ip.h"

#include <gmock/gmock.h>

namespace ipam::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Text(const IpInterval& interval) {
  return FormatIp(interval.start) + "-" + FormatIp(interval.end);
}

std::vector<std::string> Texts(const std::vector<IpInterval>& intervals) {
  std::vector<std::string> texts;
  for (const IpInterval& interval : intervals) texts.push_back(Text(interval));
  return texts;
}

IpInterval Interval(const char* start, const char* end) { return {*ParseIp(start), *ParseIp(end)}; }

TEST(Ip, ParsesAndFormatsBothFamilies) {
  EXPECT_EQ(FormatIp(*ParseIp("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(FormatIp(*ParseIp("2001:DB8::1")), "2001:db8::1");
  EXPECT_EQ(Family(*ParseIp("::")), 6);
  for (const char* text : {"", "1.2.3", "1.2.3.256", "x", "fe80::1%3", "01.2.3.4x"})
    EXPECT_FALSE(ParseIp(text)) << text;
}

TEST(Ip, StepsOverOctetBordersAndStopsAtTheEnds) {
  EXPECT_EQ(FormatIp(*Next(*ParseIp("10.0.0.255"))), "10.0.1.0");
  EXPECT_EQ(FormatIp(*Previous(*ParseIp("10.0.1.0"))), "10.0.0.255");
  EXPECT_FALSE(Next(*ParseIp("255.255.255.255")));
  EXPECT_FALSE(Previous(*ParseIp("::")));
}

TEST(Ip, MasksByPrefix) {
  EXPECT_EQ(FormatIp(PrefixMask(4, 22)), "255.255.252.0");
  EXPECT_EQ(FormatIp(Mask(*ParseIp("172.16.43.250"), PrefixMask(4, 22))), "172.16.40.0");
  EXPECT_EQ(FormatIp(PrefixMask(6, 0)), "::");
}

// The example of [MS-IPAMM2] 3.1.1.1.1.2.2.
TEST(Ip, LeavesWhatExclusionsDoNotTake) {
  EXPECT_THAT(Texts(Without(Interval("10.1.1.0", "10.1.1.255"),
                            {Interval("10.1.1.30", "10.1.1.40"), Interval("10.1.1.10", "10.1.1.20")})),
              ElementsAre("10.1.1.0-10.1.1.9", "10.1.1.21-10.1.1.29", "10.1.1.41-10.1.1.255"));
  EXPECT_THAT(Texts(Without(Interval("10.1.1.0", "10.1.1.9"), {Interval("10.1.1.0", "10.1.1.9")})),
              IsEmpty());
  EXPECT_THAT(Texts(Without(Interval("10.1.1.0", "10.1.1.9"), {Interval("10.2.0.0", "10.2.0.1")})),
              ElementsAre("10.1.1.0-10.1.1.9"));
  EXPECT_THAT(
      Texts(Without(Interval("0.0.0.0", "255.255.255.255"), {Interval("0.0.0.9", "255.255.255.255")})),
      ElementsAre("0.0.0.0-0.0.0.8"));
}

TEST(Ip, OverlapsAtASingleAddress) {
  EXPECT_TRUE(Overlap(Interval("10.0.0.1", "10.0.0.5"), Interval("10.0.0.5", "10.0.0.9")));
  EXPECT_FALSE(Overlap(Interval("10.0.0.1", "10.0.0.4"), Interval("10.0.0.5", "10.0.0.9")));
}

TEST(Ip, ReadsTheNameOfAPtrRecord) {
  EXPECT_EQ(FormatIp(*ReverseNameToIp("20.4", "99.10.in-addr.arpa")), "10.99.4.20");
  EXPECT_EQ(FormatIp(*ReverseNameToIp("20.4.99.10.IN-ADDR.ARPA.", "99.10.in-addr.arpa")), "10.99.4.20");
  EXPECT_EQ(FormatIp(*ReverseNameToIp("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
                                      "8.b.d.0.1.0.0.2.ip6.arpa")),
            "2001:db8::1");
  EXPECT_FALSE(ReverseNameToIp("4", "99.10.in-addr.arpa"));
  EXPECT_FALSE(ReverseNameToIp("www", "example.org"));
  EXPECT_FALSE(ReverseNameToIp("300.4", "99.10.in-addr.arpa"));
}

}  // namespace
}  // namespace ipam::engine
