#include "dcom_bridge/model/values.h"

#include <gtest/gtest.h>

#include <string>

#include "dcom_bridge/model/operations.h"
#include "dcom_bridge/model/problem.h"
#include "dcom_bridge/model/xml_text.h"

namespace ipam::model {
namespace {

TEST(IpAddress, OfVersion4IsALittleEndianNumber) {
  const auto parts = ParseIpAddress("172.16.43.250");
  ASSERT_TRUE(parts.has_value());
  EXPECT_FALSE(parts->v6);
  EXPECT_EQ(parts->address, 4197126316U);  // as in the sample CreateDhcpScope
  EXPECT_EQ(FormatIpAddress(*parts), "172.16.43.250");
}

TEST(IpAddress, OfVersion6KeepsItsScope) {
  for (const char* text : {"2001:db8::1", "fe80::1%3", "::", "::ffff:192.0.2.1"}) {
    const auto parts = ParseIpAddress(text);
    ASSERT_TRUE(parts.has_value()) << text;
    EXPECT_TRUE(parts->v6);
    EXPECT_EQ(FormatIpAddress(*parts), text);
  }
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (const char* text :
       {"", "1.2.3", "1.2.3.256", "1.2.3.4%1", "::1%", "::1%x", "::1%99999999999", "host"}) {
    EXPECT_FALSE(ParseIpAddress(text).has_value()) << text;
  }
}

TEST(MacAddress, TakesThreeSpellingsAndWritesOne) {
  for (const char* text : {"00:0E:8C:9A:00:20", "00-0e-8c-9a-00-20", "000e8c9a0020"}) {
    const auto octets = ParseMacAddress(text);
    ASSERT_TRUE(octets.has_value()) << text;
    EXPECT_EQ(FormatMacAddress(*octets), "00:0e:8c:9a:00:20");
  }
  for (const char* text : {"0", "00:", ":00", "00:0g", "00::01"})
    EXPECT_FALSE(ParseMacAddress(text).has_value()) << text;
}

struct DurationCase {
  const char* text;
  std::int64_t seconds;
  std::int32_t nanos;
  const char* written;
};
class DurationTest : public ::testing::TestWithParam<DurationCase> {};

TEST_P(DurationTest, IsReadAndWritten) {
  const auto duration = ParseDuration(GetParam().text);
  ASSERT_TRUE(duration.has_value());
  EXPECT_EQ(duration->seconds(), GetParam().seconds);
  EXPECT_EQ(duration->nanos(), GetParam().nanos);
  EXPECT_EQ(FormatDuration(*duration), GetParam().written);
}

INSTANTIATE_TEST_SUITE_P(Durations, DurationTest,
                         ::testing::Values(DurationCase{"PT0S", 0, 0, "PT0S"},
                                           DurationCase{"PT12H", 43200, 0, "PT12H"},
                                           DurationCase{"P8D", 691200, 0, "P8D"},
                                           DurationCase{"PT90M", 5400, 0, "PT1H30M"},
                                           DurationCase{"P1DT2H3M4.5S", 93784, 500'000'000, "P1DT2H3M4.5S"},
                                           DurationCase{"-PT0.25S", 0, -250'000'000, "-PT0.25S"},
                                           DurationCase{"P10675199DT2H48M5.4775807S", 315'576'000'000,
                                                        999'999'999, "P10675199DT2H48M5.4775807S"},
                                           DurationCase{"-P10675199DT2H48M5.4775808S", -315'576'000'000,
                                                        -999'999'999, "-P10675199DT2H48M5.4775808S"}));

TEST(Duration, RefusesWhatIsNone) {
  for (const char* text : {"", "P", "PT", "12H", "PT12", "P1H", "PT1D", "PT1S1M", "P1Y", "PT1.5M", "PTS",
                           "PT1H ", "PT9999999999999999999S"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
}

TEST(Timestamp, IsReadWithAnyZoneAndWrittenInUtc) {
  const std::pair<const char*, const char*> cases[] = {
      {"2024-01-15T00:00:00Z", "2024-01-15T00:00:00Z"},
      {"2024-01-15T00:00:00", "2024-01-15T00:00:00Z"},
      {"2024-01-15T01:30:00.25+01:30", "2024-01-15T00:00:00.25Z"},
      {"2024-02-28T24:00:00-00:00", "2024-02-29T00:00:00Z"},
      {"0001-01-01T00:00:00", "0001-01-01T00:00:00Z"},
      {"0001-01-01T00:00:00+02:00", "0001-01-01T00:00:00Z"},
      {"9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59.9999999Z"}};
  for (const auto& [text, written] : cases) {
    const auto timestamp = ParseTimestamp(text);
    ASSERT_TRUE(timestamp.has_value()) << text;
    EXPECT_EQ(FormatTimestamp(*timestamp), written);
  }
}

TEST(Timestamp, RefusesWhatIsNone) {
  for (const char* text :
       {"", "2024-01-15", "2024-13-01T00:00:00", "2024-02-30T00:00:00", "2024-01-15T24:00:01",
        "2024-01-15T00:00:00+15:00", "2024-01-15T00:00:00z", "0000-01-01T00:00:00"}) {
    EXPECT_FALSE(ParseTimestamp(text).has_value()) << text;
  }
}

TEST(XmlText, KnowsWhatADocumentCanCarry) {
  EXPECT_TRUE(IsXmlText("a\t\r\n\xC3\xA9\xF0\x9F\x8C\x90"));
  for (const char* text : {"\x01", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xEF\xBF\xBF", "\xF4\x90\x80\x80"}) {
    EXPECT_FALSE(IsXmlText(text));
    EXPECT_TRUE(IsXmlText(ToXmlText(text)));
  }
}

TEST(Shorten, CutsBetweenCharacters) {
  EXPECT_EQ(Shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(Shorten("abcdef", 3), "abc...");
  EXPECT_EQ(Shorten("ab\xC3\xA9"
                    "f",
                    3),
            "ab...");
}

TEST(Operations, AreFoundByNameAndNumber) {
  ASSERT_EQ(Operations().size(), 49U);
  for (const Operation& operation : Operations()) {
    EXPECT_EQ(FindOperation(operation.name), &operation);
    EXPECT_EQ(FindOperation(operation.ordinal), &operation);
  }
  EXPECT_EQ(FindOperation("UpdateDnsResourceRecord")->ordinal, 40);
  EXPECT_EQ(FindOperation("EditDhcpServer")->ordinal, 0);
  EXPECT_EQ(FindOperation("editdhcpserver"), nullptr);
  EXPECT_EQ(FindOperation(-1), nullptr);
  EXPECT_EQ(FindOperation(49), nullptr);
}

}  // namespace
}  // namespace ipam::model
