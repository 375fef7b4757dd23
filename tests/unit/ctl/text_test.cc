#include "gateway/ctl/text.h"

#include <gtest/gtest.h>

#include <limits>

#include "frames.h"

namespace ipam::ctl {
namespace {

TEST(Harmless, KeepsTextOfAnyScript) {
  EXPECT_EQ(Harmless("scope 10.0.0.0/8"), "scope 10.0.0.0/8");
  EXPECT_EQ(Harmless("Zürich 東京 🙂"), "Zürich 東京 🙂");
  EXPECT_EQ(Harmless(""), "");
}

TEST(Harmless, TakesTheForceFromControlCharacters) {
  EXPECT_EQ(Harmless("a\x1b[2Jb"), "a?[2Jb");
  EXPECT_EQ(Harmless("a\nb\tc\rd"), "a b c?d");
  EXPECT_EQ(Harmless("del\x7f"), "del?");
  EXPECT_EQ(Harmless(std::string("nul\0x", 5)), "nul?x");
  EXPECT_EQ(Harmless("\xc2\x9b"
                     "2J"),
            "?2J")
      << "CSI as a C1 control";
  EXPECT_EQ(Harmless("\xc2\xa0"), "\xc2\xa0") << "the first one behind C1";
  EXPECT_EQ(Harmless("x\u202Efdp.exe"), "x?fdp.exe") << "right-to-left override";
  EXPECT_EQ(Harmless("\u2066\u2069"), "??");
}

TEST(Harmless, ReplacesEachOctetThatIsNotUtf8) {
  EXPECT_EQ(Harmless("\xff"), "?");
  EXPECT_EQ(Harmless("a\x80z"), "a?z") << "a lone continuation";
  EXPECT_EQ(Harmless("\xc0\xaf"), "??") << "overlong";
  EXPECT_EQ(Harmless("\xe0\x80\xaf"), "???") << "overlong";
  EXPECT_EQ(Harmless("\xed\xa0\x80"), "???") << "a surrogate";
  EXPECT_EQ(Harmless("\xf4\x90\x80\x80"), "????") << "beyond U+10FFFF";
  EXPECT_EQ(Harmless("\xe2\x82"), "??") << "cut off";
  EXPECT_EQ(Harmless("\xe2\x82z"), "??z");
}

TEST(Columns, CountsWideAndCombiningCharacters) {
  EXPECT_EQ(Columns("abc"), 3u);
  EXPECT_EQ(Columns("東京"), 4u);
  EXPECT_EQ(Columns("e\u0301"), 1u);
  EXPECT_EQ(Columns("…"), 1u);
}

TEST(Shorten, CutsAtAColumn) {
  EXPECT_EQ(Shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(Shorten("abcdef", 5), "abcd…");
  EXPECT_EQ(Shorten("abcdef", 1), "…");
  EXPECT_EQ(Shorten("abcdef", 0), "");
  EXPECT_EQ(Shorten("東京都", 5), "東京…");
  EXPECT_EQ(Shorten("東京都", 4), "東…") << "half a wide character is none";
  EXPECT_EQ(Shorten("äöü", 3), "äöü");
}

TEST(Bar, FillsByWholeColumns) {
  EXPECT_EQ(Bar(true, 0, 10), "[..........]   0%");
  EXPECT_EQ(Bar(true, 50, 10), "[#####.....]  50%");
  EXPECT_EQ(Bar(true, 99.9, 10), "[#########.]  99%") << "full only at the end";
  EXPECT_EQ(Bar(true, 100, 10), "[##########] 100%");
  EXPECT_EQ(Bar(false, 0, 10), "[          ]     ");
}

TEST(Bar, StandsAnyNumber) {
  EXPECT_EQ(Bar(true, -5, 10), "[..........]   0%");
  EXPECT_EQ(Bar(true, 1e9, 10), "[##########] 100%");
  EXPECT_EQ(Bar(true, std::numeric_limits<double>::quiet_NaN(), 10), "[..........]   0%");
}

TEST(Words, AreThoseOfTheEnumerators) {
  EXPECT_EQ(Words(v1::OPERATION_STATE_SUCCEEDED_WITH_WARNINGS), "succeeded with warnings");
  EXPECT_EQ(Words(v1::SUBTASK_STATUS_NOT_RUN), "not run");
  EXPECT_EQ(Words(v1::SOURCE_STATE_CONNECTED_NO_CALLBACKS), "connected no callbacks");
}

TEST(Words, OfAStateThatANewerGatewayAddsAreItsNumber) {
  EXPECT_EQ(Words(static_cast<v1::OperationState>(77)), "77");
}

TEST(Reason, TellsTheErrorAndTheCounts) {
  v1::Operation operation = MakeOperation("a", v1::OPERATION_STATE_PARTIALLY_FAILED, 1);
  EXPECT_EQ(Reason(operation), "");
  operation.mutable_error()->set_message("no\x1bserver");
  EXPECT_EQ(Reason(operation), "no?server");
  operation.mutable_counts()->set_total(5);
  operation.mutable_counts()->set_failed(2);
  operation.mutable_counts()->set_not_run(1);
  EXPECT_EQ(Reason(operation), "no?server; of 5 subtasks 2 failed, 1 did not run");
  operation.clear_error();
  operation.mutable_counts()->set_not_run(0);
  EXPECT_EQ(Reason(operation), "of 5 subtasks 2 failed");
}

TEST(Describe, SaysWhatEachEventSays) {
  v1::Subtask failed = MakeSubtask(1,
                                   "add\x1b"
                                   "zone",
                                   v1::SUBTASK_STATUS_COMPLETED_WITH_ERROR);
  failed.mutable_error()->set_message("exists");
  v1::Subtask moving = MakeSubtask(1, "add zone", v1::SUBTASK_STATUS_IN_PROGRESS);
  moving.set_percent(41.7);
  v1::Event lost = MakeEvent("a", 1);
  lost.mutable_source_lost()->set_reason("pings\nexpired");
  v1::Event resumed = MakeEvent("a", 1);
  resumed.mutable_source_resumed();
  v1::Event cancel = MakeEvent("a", 1);
  cancel.mutable_cancel_requested();
  v1::Event overall = MakeEvent("a", 1);
  overall.mutable_overall()->set_status(v1::OVERALL_PROGRESS_STATUS_IN_PROGRESS);
  EXPECT_EQ(Describe(Accepted("a", 1)), "accepted");
  EXPECT_EQ(Describe(Started("a", 1)), "started");
  EXPECT_EQ(Describe(Added("a", 1, moving)), "subtask add zone");
  EXPECT_EQ(Describe(Changed("a", 1, moving)), "add zone: in progress 41%");
  EXPECT_EQ(Describe(Changed("a", 1, failed)), "add?zone: completed with error: exists");
  moving.set_status(v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS);
  EXPECT_EQ(Describe(Changed("a", 1, moving)), "add zone: completed with success");
  EXPECT_EQ(Describe(AtPercent("a", 1, 99.6)), "99%");
  EXPECT_EQ(Describe(Finished("a", 1, v1::OPERATION_STATE_FAILED)), "failed");
  EXPECT_EQ(Describe(lost), "session lost: pings expired");
  EXPECT_EQ(Describe(resumed), "session resumed");
  EXPECT_EQ(Describe(cancel), "cancel requested");
  EXPECT_EQ(Describe(overall), "in progress");
  EXPECT_EQ(Describe(MakeEvent("a", 1)), "(unknown to this version of ipamctl)");
}

TEST(Time, IsUtc) {
  google::protobuf::Timestamp time;
  EXPECT_EQ(Time(time), "");
  time.set_seconds(1'700'000'000);
  EXPECT_EQ(Time(time), "2023-11-14 22:13:20Z");
}

}  // namespace
}  // namespace ipam::ctl
