#include "gateway/hub/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

using test_support::StatusIs;
using ::testing::ElementsAre;

FramePtr FrameOf(const std::string& token, std::size_t bytes = 0) {
  v1::WatchOperationsResponse response;
  response.set_resume_token(token);
  response.mutable_reset()->set_reason(std::string(bytes, 'x'));
  return std::make_shared<const Frame>(response);
}

struct Recorder final : Writer {
  void StartWrite(std::vector<FramePtr> frames) override {
    writes.emplace_back();
    for (const FramePtr& frame : frames) writes.back().push_back(frame->resume_token());
  }
  void Finish(absl::Status status) override { finish.push_back(std::move(status)); }
  std::vector<std::vector<std::string>> writes;
  std::vector<absl::Status> finish;
};

class OutboxTest : public ::testing::Test {
 protected:
  std::shared_ptr<Recorder> writer_ = std::make_shared<Recorder>();
  Outbox outbox_{writer_, 1000};
};

TEST_F(OutboxTest, OneWriteAtATimeTakesAllThatWaits) {
  EXPECT_TRUE(outbox_.Push(FrameOf("a")));
  EXPECT_TRUE(outbox_.Push(FrameOf("b")));
  EXPECT_TRUE(outbox_.Push(FrameOf("c")));
  EXPECT_THAT(writer_->writes, ElementsAre(ElementsAre("a")));
  outbox_.WriteDone();
  EXPECT_THAT(writer_->writes, ElementsAre(ElementsAre("a"), ElementsAre("b", "c")));
  EXPECT_FALSE(outbox_.idle());
  outbox_.WriteDone();
  EXPECT_TRUE(outbox_.idle());
}

TEST_F(OutboxTest, WhatIsPushedUnderAHoldLeavesInOneWrite) {
  {
    const Outbox::Hold hold(outbox_);
    EXPECT_TRUE(outbox_.Push(FrameOf("a")));
    EXPECT_TRUE(outbox_.Push(FrameOf("b")));
    outbox_.FinishWhenEmpty(absl::OkStatus());
    EXPECT_TRUE(writer_->writes.empty());
  }
  EXPECT_THAT(writer_->writes, ElementsAre(ElementsAre("a", "b")));
  {
    const Outbox::Hold hold(outbox_);
    outbox_.WriteDone();
    EXPECT_TRUE(writer_->finish.empty());
  }
  EXPECT_EQ(writer_->finish.size(), 1u);
}

TEST_F(OutboxTest, AWriteHasAtMost64KiB) {
  Outbox large(writer_, std::size_t{1} << 20);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(large.Push(FrameOf(std::to_string(i), 30'000)));
  EXPECT_TRUE(large.Push(FrameOf("large", 100'000)));
  for (int i = 0; i < 4; ++i) large.WriteDone();
  EXPECT_THAT(writer_->writes, ElementsAre(ElementsAre("0"), ElementsAre("1", "2"), ElementsAre("3", "4"),
                                           ElementsAre("large")));
}

TEST_F(OutboxTest, FullMeansNotTakenAndCallsWhenHalfIsFree) {
  EXPECT_TRUE(outbox_.Push(FrameOf("a", 400)));
  EXPECT_TRUE(outbox_.Push(FrameOf("b", 400)));
  EXPECT_FALSE(outbox_.Push(FrameOf("c", 400)));
  int calls = 0;
  EXPECT_TRUE(outbox_.WaitForRoom(absl::UnixEpoch(), [&calls] { ++calls; }));
  EXPECT_EQ(outbox_.full_since(), absl::UnixEpoch());
  outbox_.WriteDone();  // "b" is being written: it still counts
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(outbox_.full_since(), absl::InfiniteFuture());
  EXPECT_FALSE(outbox_.WaitForRoom(absl::UnixEpoch(), [&calls] { ++calls; }));
  EXPECT_TRUE(outbox_.Push(FrameOf("c", 400)));
  outbox_.WriteDone();
  EXPECT_EQ(calls, 1);
}

TEST_F(OutboxTest, AFrameLargerThanAllIsTakenAlone) {
  EXPECT_TRUE(outbox_.Push(FrameOf("large", 5000)));
  EXPECT_FALSE(outbox_.Push(FrameOf("next")));
  outbox_.WriteDone();
  EXPECT_TRUE(outbox_.Push(FrameOf("next")));
}

TEST_F(OutboxTest, ANewerPercentageReplacesTheQueuedOneOfTheSameSubject) {
  const Outbox::Replaceable percent{1, -1, 0};
  EXPECT_TRUE(outbox_.Push(FrameOf("writing")));
  EXPECT_TRUE(outbox_.Push(FrameOf("10"), percent));
  EXPECT_TRUE(outbox_.Push(FrameOf("other"), Outbox::Replaceable{2, -1, 0}));
  EXPECT_TRUE(outbox_.Push(FrameOf("state")));
  EXPECT_TRUE(outbox_.Push(FrameOf("20"), percent));
  EXPECT_TRUE(outbox_.Push(FrameOf("30"), percent));
  outbox_.WriteDone();
  EXPECT_THAT(writer_->writes.back(), ElementsAre("other", "state", "30"));
}

TEST_F(OutboxTest, AChangeOfStatusIsNeverReplaced) {
  EXPECT_TRUE(outbox_.Push(FrameOf("writing")));
  EXPECT_TRUE(outbox_.Push(FrameOf("run 10"), Outbox::Replaceable{1, 5, 2}));
  EXPECT_TRUE(outbox_.Push(FrameOf("run 20"), Outbox::Replaceable{1, 5, 2}));
  EXPECT_TRUE(outbox_.Push(FrameOf("done"), Outbox::Replaceable{1, 5, 5}));
  EXPECT_TRUE(outbox_.Push(FrameOf("run 30"), Outbox::Replaceable{1, 5, 2}));
  outbox_.WriteDone();
  EXPECT_THAT(writer_->writes.back(), ElementsAre("run 20", "done", "run 30"));
}

TEST_F(OutboxTest, ReplacingFreesTheRoomOfAFullOutbox) {
  const Outbox::Replaceable percent{1, -1, 0};
  EXPECT_TRUE(outbox_.Push(FrameOf("writing", 500)));
  EXPECT_TRUE(outbox_.Push(FrameOf("10", 400), percent));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(outbox_.Push(FrameOf("n", 400), percent));
}

TEST_F(OutboxTest, KeepsTheOrderWhereMostFramesWereReplaced) {
  EXPECT_TRUE(outbox_.Push(FrameOf("writing")));
  EXPECT_TRUE(outbox_.Push(FrameOf("start")));
  for (int i = 0; i < 200; ++i) {
    for (const std::uint64_t operation : {1u, 2u, 3u}) {
      EXPECT_TRUE(outbox_.Push(FrameOf(std::to_string(operation) + " at " + std::to_string(i)),
                               Outbox::Replaceable{operation, -1, 0}));
    }
    if (i == 150) {
      EXPECT_TRUE(outbox_.Push(FrameOf("state")));
    }
  }
  EXPECT_TRUE(outbox_.Push(FrameOf("end")));
  outbox_.WriteDone();
  EXPECT_THAT(writer_->writes.back(),
              ElementsAre("start", "state", "1 at 199", "2 at 199", "3 at 199", "end"));
  outbox_.WriteDone();
  EXPECT_TRUE(outbox_.idle());
}

TEST_F(OutboxTest, AFrameThatIsBeingWrittenIsNotReplaced) {
  Outbox large(writer_, std::size_t{1} << 20);
  const Outbox::Replaceable first{1, -1, 0}, second{2, -1, 0};
  EXPECT_TRUE(large.Push(FrameOf("writing")));
  EXPECT_TRUE(large.Push(FrameOf("first 10", 40'000), first));
  EXPECT_TRUE(large.Push(FrameOf("second 10", 40'000), second));
  large.WriteDone();
  EXPECT_TRUE(large.Push(FrameOf("first 20"), first));
  EXPECT_TRUE(large.Push(FrameOf("second 20"), second));
  large.WriteDone();
  EXPECT_THAT(writer_->writes, ElementsAre(ElementsAre("writing"), ElementsAre("first 10"),
                                           ElementsAre("first 20", "second 20")));
}

TEST_F(OutboxTest, AnOutboxWhoseFramesWereAllReplacedIsEmpty) {
  const Outbox::Replaceable percent{1, -1, 0};
  EXPECT_TRUE(outbox_.Push(FrameOf("writing", 500)));
  EXPECT_TRUE(outbox_.Push(FrameOf("10"), percent));
  EXPECT_FALSE(outbox_.Push(FrameOf("20", 600), percent));
  outbox_.WriteDone();
  EXPECT_TRUE(outbox_.idle());
  EXPECT_EQ(writer_->writes.size(), 1u);
  EXPECT_TRUE(outbox_.Push(FrameOf("20", 600), percent));
  EXPECT_THAT(writer_->writes.back(), ElementsAre("20"));
}

TEST_F(OutboxTest, EndsOnceEverythingIsWritten) {
  EXPECT_TRUE(outbox_.Push(FrameOf("a")));
  EXPECT_TRUE(outbox_.Push(FrameOf("b")));
  outbox_.FinishWhenEmpty(absl::OkStatus());
  EXPECT_TRUE(outbox_.Push(FrameOf("too late")));
  outbox_.WriteDone();
  EXPECT_TRUE(writer_->finish.empty());
  outbox_.WriteDone();
  ASSERT_EQ(writer_->finish.size(), 1u);
  EXPECT_TRUE(writer_->finish[0].ok());
  EXPECT_TRUE(outbox_.ended());
  EXPECT_THAT(writer_->writes, ElementsAre(ElementsAre("a"), ElementsAre("b")));
  outbox_.Abort(absl::InternalError("again"));
  EXPECT_EQ(writer_->finish.size(), 1u);
}

TEST_F(OutboxTest, AbortsWhileAWriteIsOutstanding) {
  EXPECT_TRUE(outbox_.Push(FrameOf("a")));
  EXPECT_TRUE(outbox_.Push(FrameOf("b")));
  outbox_.Abort(absl::ResourceExhaustedError("slow"));
  ASSERT_EQ(writer_->finish.size(), 1u);
  EXPECT_THAT(writer_->finish[0], StatusIs(absl::StatusCode::kResourceExhausted));
  outbox_.WriteDone();
  EXPECT_EQ(writer_->writes.size(), 1u);
}

TEST_F(OutboxTest, AfterDetachTheWriterIsNotCalled) {
  EXPECT_TRUE(outbox_.Push(FrameOf("a")));
  int calls = 0;
  EXPECT_TRUE(outbox_.Push(FrameOf("b", 900)));
  EXPECT_TRUE(outbox_.WaitForRoom(absl::UnixEpoch(), [&calls] { ++calls; }));
  outbox_.Detach();
  EXPECT_EQ(calls, 1) << "the hub learns of it";
  EXPECT_EQ(writer_.use_count(), 1);
  outbox_.WriteDone();
  EXPECT_TRUE(outbox_.Push(FrameOf("c")));
  outbox_.FinishWhenEmpty(absl::OkStatus());
  outbox_.Abort(absl::InternalError("x"));
  EXPECT_EQ(writer_->writes.size(), 1u);
  EXPECT_TRUE(writer_->finish.empty());
}

TEST(Frame, EncodesAnEventAsItsMessageDoes) {
  v1::WatchOperationsResponse response;
  response.set_resume_token("token");
  response.mutable_server_time()->set_seconds(1'700'000'000);
  for (const std::size_t size : {0u, 1u, 100u, 200u, 20'000u}) {
    v1::Event event;
    event.set_operation(std::string(size, 'o'));
    event.set_sequence(3);
    response.mutable_events()->clear_events();
    *response.mutable_events()->add_events() = event;
    const Frame frame("token", response.server_time(), event.SerializeAsString());
    EXPECT_EQ(frame.proto(), response.SerializeAsString()) << size;
    EXPECT_TRUE(frame.is_event());
  }
  const Frame frame(response);
  EXPECT_NE(frame.json().find("\"resumeToken\":\"token\""), std::string::npos) << frame.json();
}

}  // namespace
}  // namespace ipam::hub
