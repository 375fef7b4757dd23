#include "gateway/hub/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/hub/selector.h"
#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

bool MatchesRunningScope(const std::string& text) {
  OperationInfo info;
  info.kind = "CreateDhcpScope";
  info.source = "main office";
  info.initiator = "EXAMPLE\\alice";
  info.create_time = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z
  const auto filter = ParseOperationFilter(text);
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  return filter.ok() && Matches(*filter, info, v1::OPERATION_STATE_RUNNING);
}

TEST(Filter, MatchesAsWritten) {
  const struct {
    const char* text;
    bool matches;
  } kCases[] = {
      {"", true},
      {"  \t ", true},
      {"state = RUNNING", true},
      {"state=OPERATION_STATE_RUNNING", true},
      {"state != RUNNING", false},
      {"NOT state = RUNNING", false},
      {"-state = RUNNING", false},
      {"NOT NOT state = RUNNING", true},
      {"kind = CreateDhcpScope", true},
      {"kind = \"CreateDhcpScope\"", true},
      {"kind = 'createdhcpscope'", false},
      {"source = \"main office\"", true},
      {"initiator = EXAMPLE\\alice", true},
      {"initiator = \"EXAMPLE\\\\alice\"", true},
      {"kind < D", true},
      {"kind >= D", false},
      {"kind <= CreateDhcpScope AND kind >= CreateDhcpScope", true},
      {"kind > CreateDhcpScope OR kind < CreateDhcpScope", false},
      {"create_time = 2026-01-01T00:00:00Z", true},
      {"create_time = \"2026-01-01T01:00:00+01:00\"", true},
      {"create_time > 2025-12-31T23:59:59.999Z", true},
      {"create_time < 2026-01-01T00:00:00Z", false},
      {"state = FAILED OR state = RUNNING", true},
      // AIP-160: OR binds closer than AND.
      {"state = RUNNING OR state = FAILED AND kind = X", false},
      {"state = RUNNING OR (state = FAILED AND kind = X)", true},
      {"(((state = RUNNING)))", true},
      {"NOT (state = FAILED OR kind = X)", true},
  };
  for (const auto& c : kCases) EXPECT_EQ(MatchesRunningScope(c.text), c.matches) << c.text;
}

TEST(Filter, SaysWhereItIsWrong) {
  const struct {
    const char* text;
    const char* message;
  } kCases[] = {
      {"colour = red", "position 1, at 'colour': unknown field; known are state, kind"},
      {"state", "position 6, at the end: expected one of ="},
      {"state = ", "position 9, at the end: expected a value"},
      {"state = RUNING", "position 9, at 'RUNING': not a value of OperationState"},
      {"state < RUNNING", "position 7, at '<': an enumeration has = and != only"},
      {"create_time > yesterday", "position 15, at 'yesterday': expected a time"},
      {"(state = RUNNING", "position 17, at the end: expected )"},
      {"state = RUNNING)", "position 16, at ')': expected AND, OR or the end"},
      {"state = RUNNING kind = X", "position 17, at 'kind': expected AND, OR or the end"},
      {"state = RUNNING AND", "position 20, at the end: expected a field"},
      {"kind = \"open", "an unterminated string"},
      {"kind == X", "position 7, at '=': expected a value"},
      {"kind = #", "position 8, at '#': expected a value"},
      {"= X", "position 1, at '=': expected a field"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(ParseOperationFilter(c.text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.text;
  }
}

TEST(Filter, IsBounded) {
  EXPECT_THAT(ParseOperationFilter(std::string(200, '(') + "state = RUNNING"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too deep")));
  std::string nots;
  for (int i = 0; i < 200; ++i) nots += "NOT ";
  EXPECT_THAT(ParseOperationFilter(nots + "state = RUNNING"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too deep")));
  EXPECT_THAT(ParseOperationFilter("kind = " + std::string(5000, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("longer than")));
}

}  // namespace
}  // namespace ipam::hub
