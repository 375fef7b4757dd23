#include "dcom_bridge/server/callback_sender.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/matchers.h"
#include "world.h"

namespace ipam::server {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class CallbackSenderTest : public World {
 protected:
  base::HResult Start(std::shared_ptr<Recorder> callback, const std::string& what = "records 3") {
    session_ = Initialized(*gateway_, what);
    id_ = Call(session_, idl::GetOperationId{}).operation;
    return Call(session_, StartWith(*gateway_, std::move(callback))).result;
  }
  bool EndedInStore() {
    const auto events = Events(id_);
    return std::holds_alternative<event::OverallStatusSet>(events.back().change);
  }

  Session session_;
  base::Guid id_;
};

TEST_F(CallbackSenderTest, OneCallIsOutstandingAndEventsComeInOrder) {
  Open();
  const auto callback = std::make_shared<Recorder>();
  ASSERT_EQ(Start(callback, "records 30"), base::kOk);
  callback->hold = true;
  int answered = 0;
  while (!callback->Ended()) {
    RunUntil([&] { return !callback->held.empty(); });
    Settle();
    ASSERT_THAT(callback->held, SizeIs(1));
    orpc::OrpcResponder respond = std::move(callback->held.front());
    callback->held.clear();
    respond(orpc::OrpcReply{ndr::Encode(idl::ResultResponse{base::kOk}), {}});
    ++answered;
  }
  EXPECT_GT(answered, 0);
  RunUntil([&] { return callback->released == 1; });
  EXPECT_TRUE(std::is_sorted(callback->sequences.begin(), callback->sequences.end()));
  EXPECT_EQ(callback->sequences.size(), Events(id_).size());
}

TEST_F(CallbackSenderTest, WithoutTheBatchedFormEachEventIsACall) {
  Open();
  const auto callback = std::make_shared<Recorder>(Recorder::Form::kBase);
  ASSERT_EQ(Start(callback), base::kOk);
  RunUntil([&] { return callback->released == 1; });
  EXPECT_EQ(static_cast<std::size_t>(callback->calls), Events(id_).size());
}

TEST_F(CallbackSenderTest, AFailedFirstCallbackFailsTheStartAndNothingRuns) {
  Open();
  const auto callback = std::make_shared<Recorder>();
  callback->answer = base::kOutOfMemory;
  EXPECT_EQ(Start(callback), base::kOutOfMemory);
  RunUntil([&] { return callback->released == 1 && EndedInStore(); });
  EXPECT_THAT(Events(id_), SizeIs(2));
  EXPECT_EQ(Query("SELECT count(*) FROM dns_resource_records"), "0");
}

TEST_F(CallbackSenderTest, AFailureEndsTheCallingAndNotTheOperation) {
  engine_options_.step_delay = absl::Milliseconds(1);
  Open();
  const auto callback = std::make_shared<Recorder>();
  ASSERT_EQ(Start(callback, "records 20"), base::kOk);
  callback->answer = base::kInvalidArgument;
  RunUntil([&] { return callback->released == 1; });
  const int calls = callback->calls;
  RunUntil([&] { return EndedInStore(); });
  Settle();
  EXPECT_EQ(callback->calls, calls);

  const auto second = std::make_shared<Recorder>();
  EXPECT_EQ(Call(session_, idl::ResumeCallback{id_, 1, gateway_->Export(second)}).result, base::kOk);
  RunUntil([&] { return second->Ended(); });
  EXPECT_EQ(second->sequences.size() + 1, Events(id_).size());
}

TEST_F(CallbackSenderTest, ACallWithoutAnAnswerIsSentAgainWhole) {
  Open();
  const auto callback = std::make_shared<Recorder>();
  callback->faults = 2;
  EXPECT_EQ(Start(callback), base::kOk);
  RunUntil([&] { return callback->released == 1; });
  EXPECT_THAT(std::vector(callback->sequences.begin(), callback->sequences.begin() + 4),
              ElementsAre(1, 1, 1, 2));
  EXPECT_TRUE(callback->Ended());
}

TEST_F(CallbackSenderTest, AnAnswerThatNeverComesEndsTheCallingAndWaitsForResume) {
  engine_options_.step_delay = absl::Milliseconds(1);
  Open();
  const auto callback = std::make_shared<Recorder>();
  ASSERT_EQ(Start(callback, "records 20"), base::kOk);
  callback->faults = 1'000;
  RunUntil([&] { return callback->released == 1; });
  EXPECT_EQ(callback->faults, 1'000 - 3);  // once, and twice again
  RunUntil([&] { return EndedInStore(); });
  const auto second = std::make_shared<Recorder>();
  EXPECT_EQ(Call(Activate(*gateway_), idl::ResumeCallback{id_, 0, gateway_->Export(second)}).result,
            base::kOk);
  RunUntil([&] { return second->Ended(); });
}

TEST_F(CallbackSenderTest, AClientThatComesBackAtItsAddressGetsTheCallAgain) {
  session_options_.pauses = std::vector(200, absl::Milliseconds(50));
  engine_options_.step_delay = absl::Milliseconds(1);
  Open();
  const auto callback = std::make_shared<Recorder>();
  callback->hold = true;
  const auto start = [&] {
    session_ = Initialized(*gateway_, "records 20");
    id_ = Call(session_, idl::GetOperationId{}).operation;
    return Send(session_, StartWith(*gateway_, callback));
  }();
  RunUntil([&] { return !callback->held.empty(); });
  const std::uint16_t port = gateway_->port;
  gateway_->listener.reset();  // the answer cannot come any more
  callback->LetGo();
  Settle();
  gateway_->Listen(port);
  RunUntil([&] { return start->done && callback->Ended(); });
  EXPECT_EQ(start->result, base::kOk);
  EXPECT_EQ(callback->sequences[0], callback->sequences[1]);
}

TEST_F(CallbackSenderTest, ByTheBaseInterfaceNothingIsRepeated) {
  engine_options_.step_delay = absl::Milliseconds(1);
  Open();
  const auto callback = std::make_shared<Recorder>(Recorder::Form::kBase);
  ASSERT_EQ(Start(callback, "records 20"), base::kOk);
  callback->faults = 1'000;
  RunUntil([&] { return callback->released == 1 && EndedInStore(); });
  EXPECT_EQ(callback->faults, 999);
}

TEST_F(CallbackSenderTest, SwitchedOffNothingIsRepeatedByBatchesEither) {
  session_options_.progress2 = false;
  Open();
  const auto callback = std::make_shared<Recorder>();
  callback->faults = 1;
  const Session session = Activate(*gateway_);
  ASSERT_EQ(Call(session, Parameters("records 3")).result, base::kOk);
  EXPECT_EQ(Call(session, StartWith(*gateway_, callback)).result, base::kServerUnavailable);
  EXPECT_EQ(callback->calls, 1);
}

}  // namespace
}  // namespace ipam::server
