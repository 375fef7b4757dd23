#include "gateway/ctl/follow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "captured.h"
#include "fake_gateway.h"
#include "frames.h"

namespace ipam::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using How = CallResult::How;

constexpr Reconnect kQuick = {absl::Milliseconds(1), absl::Milliseconds(5), absl::Seconds(30)};

Frame DrainFrame(const std::string& token) {
  Frame frame;
  frame.set_resume_token(token);
  frame.mutable_drain()->mutable_retry_after()->set_nanos(1'000'000);
  return frame;
}

class FollowTest : public testing::Test {
 protected:
  CallResult Run(bool until_done = true, bool was_reached = false) {
    Timing timing;
    timing.silence = silence_;
    timing.tick = absl::Milliseconds(5);
    Client client(gateway_.address(), timing, interrupted_);
    const auto renderer = NewRenderer(ProgressMode::kPlain, out_.file(), stderr);
    v1::WatchOperationsRequest request;
    request.add_names("operations/a");
    request.set_until_done(until_done);
    return Follow(client, request, reconnect_, was_reached, state_, *renderer);
  }

  // Streams that are played one after the other; a further one is refused.
  using Stream = std::function<grpc::Status(const v1::WatchOperationsRequest&, grpc::ServerContext*,
                                            FakeGateway::Writer*)>;
  void Play(std::vector<Stream> streams) {
    gateway_.watch = [this, streams = std::move(streams)](const v1::WatchOperationsRequest& request,
                                                          grpc::ServerContext* context,
                                                          FakeGateway::Writer* writer) {
      const int index = played_++;
      if (index >= static_cast<int>(streams.size()))
        return grpc::Status(grpc::StatusCode::INTERNAL, "one stream too many");
      tokens_.push_back(request.resume_token());
      return streams[index](request, context, writer);
    };
  }
  static Stream Sends(std::vector<Frame> frames, grpc::Status status) {
    return [frames = std::move(frames), status](const v1::WatchOperationsRequest&, grpc::ServerContext*,
                                                FakeGateway::Writer* writer) {
      for (const Frame& frame : frames) writer->Write(frame);
      return status;
    };
  }

  std::atomic<bool> interrupted_{false};
  absl::Duration silence_ = absl::Seconds(60);
  Reconnect reconnect_ = kQuick;
  FakeGateway gateway_;
  std::atomic<int> played_{0};
  std::vector<std::string> tokens_;  // of the requests
  WatchState state_;
  Captured out_;
};

TEST_F(FollowTest, EndsWithTheStream) {
  Play({Sends({EventFrame(Accepted("a", 1)), EventFrame(Finished("a", 2, v1::OPERATION_STATE_SUCCEEDED))},
              grpc::Status::OK)});
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(state_.operation("operations/a").state(), v1::OPERATION_STATE_SUCCEEDED);
}

TEST_F(FollowTest, GoesOnFromTheTokenOverEveryLoss) {
  Play({
      Sends({EventFrame(Accepted("a", 1)), EventFrame(Started("a", 2))},
            grpc::Status(grpc::StatusCode::UNAVAILABLE, "Socket closed")),
      Sends({EventFrame(Started("a", 2)), EventFrame(AtPercent("a", 3, 40))},
            grpc::Status(grpc::StatusCode::CANCELLED, "slow")),
      Sends({DrainFrame("t3d")}, grpc::Status(grpc::StatusCode::UNAVAILABLE, "the gateway is stopping")),
      Sends({}, grpc::Status(grpc::StatusCode::UNAVAILABLE, "the gateway is stopping")),
      Sends({EventFrame(Finished("a", 4, v1::OPERATION_STATE_FAILED))}, grpc::Status::OK),
  });
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(tokens_, ElementsAre("", "t2", "t3", "t3d", "t3d"));
  EXPECT_EQ(state_.operation("operations/a").state(), v1::OPERATION_STATE_FAILED);
  EXPECT_THAT(out_.text(),
              HasSubstr("connection lost: Socket closed; trying again in 0.0 s\nconnected again\n"));
}

TEST_F(FollowTest, OutlivesTheProcessOfTheGateway) {
  std::atomic<bool> first_sent{false};
  Play({[&](const v1::WatchOperationsRequest&, grpc::ServerContext* context, FakeGateway::Writer* writer) {
          writer->Write(EventFrame(Accepted("a", 1)));
          first_sent = true;
          return HoldOpen(context);
        },
        Sends({EventFrame(Finished("a", 2, v1::OPERATION_STATE_SUCCEEDED))}, grpc::Status::OK)});
  std::thread restart([&] {
    while (!first_sent) std::this_thread::yield();
    gateway_.Stop();
    gateway_.Restart();
  });
  const CallResult result = Run();
  restart.join();
  EXPECT_TRUE(result.ok()) << result.status.error_message();
  EXPECT_EQ(played_, 2);
  EXPECT_EQ(state_.operation("operations/a").state(), v1::OPERATION_STATE_SUCCEEDED);
}

TEST_F(FollowTest, StartsAnewWithAReset) {
  Frame reset;
  reset.mutable_reset()->set_reason("the token is too old");
  Play({Sends({EventFrame(Accepted("a", 5))}, grpc::Status(grpc::StatusCode::UNAVAILABLE, "")),
        Sends({reset, SnapshotFrame(MakeOperation("a", v1::OPERATION_STATE_SUCCEEDED, 3)),
               SnapshotEndFrame("t3")},
              grpc::Status::OK)});
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(state_.operation("operations/a").last_sequence(), 3u);
  EXPECT_THAT(out_.text(), HasSubstr("the stream starts anew: the token is too old\n"));
}

TEST_F(FollowTest, TakesAnEndWithoutUntilDoneAsALoss) {
  Play({Sends({EventFrame(Accepted("a", 1))}, grpc::Status::OK),
        Sends({}, grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no more"))});
  const CallResult result = Run(/*until_done=*/false);
  EXPECT_EQ(result.how, How::kAnswered);
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(out_.text(), HasSubstr("connection lost: the gateway ended the stream;"));
}

TEST_F(FollowTest, EndsAtOnceWithARefusal) {
  Play({Sends({}, grpc::Status(grpc::StatusCode::NOT_FOUND, "operations/a is not known"))});
  const CallResult result = Run();
  EXPECT_EQ(result.how, How::kAnswered);
  EXPECT_EQ(result.status.error_message(), "operations/a is not known");
  EXPECT_EQ(played_, 1);
}

TEST_F(FollowTest, EndsAtOnceWhereTheGatewayNeverWasReached) {
  gateway_.Stop();
  const CallResult result = Run();
  EXPECT_EQ(result.how, How::kUnreachable);
  EXPECT_EQ(result.status.error_message(),
            "cannot reach the gateway at " + gateway_.address() + ": Connection refused");
  EXPECT_EQ(out_.text(), "");
}

TEST_F(FollowTest, GivesUpInTheEnd) {
  reconnect_.give_up = absl::Milliseconds(200);
  gateway_.Stop();
  const CallResult result = Run(/*until_done=*/true, /*was_reached=*/true);
  EXPECT_EQ(result.how, How::kUnreachable);
  EXPECT_THAT(result.status.error_message(), HasSubstr("Connection refused; gave up after 200ms"));
  EXPECT_THAT(out_.text(), HasSubstr("trying again"));
}

TEST_F(FollowTest, LeavesAConnectionThatHasFallenSilent) {
  silence_ = absl::Seconds(1);
  Play({[&](const v1::WatchOperationsRequest&, grpc::ServerContext* context, FakeGateway::Writer* writer) {
          writer->Write(EventFrame(Accepted("a", 1)));
          return HoldOpen(context);
        },
        Sends({EventFrame(Finished("a", 2, v1::OPERATION_STATE_SUCCEEDED))}, grpc::Status::OK)});
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(tokens_, ElementsAre("", "t1"));
  EXPECT_THAT(out_.text(), HasSubstr("nothing heard for 1s"));
}

TEST_F(FollowTest, EndsWhenItIsInterrupted) {
  Play({[&](const v1::WatchOperationsRequest&, grpc::ServerContext* context, FakeGateway::Writer* writer) {
    writer->Write(EventFrame(Accepted("a", 1)));
    interrupted_ = true;
    return HoldOpen(context);
  }});
  EXPECT_EQ(Run(/*until_done=*/false).how, How::kInterrupted);
  EXPECT_EQ(played_, 1);
}

// Interrupts with the first notice, which comes when the stream has ended.
class InterruptingRenderer final : public Renderer {
 public:
  explicit InterruptingRenderer(std::atomic<bool>& interrupted) : interrupted_(interrupted) {}
  void OnFrame(const Frame&, const WatchState&) override {}
  void OnNotice(const std::string&) override { interrupted_ = true; }
  void OnEnd(const WatchState&) override {}

 private:
  std::atomic<bool>& interrupted_;
};

TEST_F(FollowTest, EndsWhenItIsInterruptedBetweenStreams) {
  Play({Sends({EventFrame(Accepted("a", 1))}, grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"))});
  Client client(gateway_.address(), Timing{}, interrupted_);
  InterruptingRenderer renderer(interrupted_);
  const Reconnect in_an_hour = {absl::Hours(1), absl::Hours(1), absl::Hours(2)};
  EXPECT_EQ(Follow(client, {}, in_an_hour, /*was_reached=*/false, state_, renderer).how, How::kInterrupted);
  EXPECT_EQ(played_, 1);
}

}  // namespace
}  // namespace ipam::ctl
