#include "dcom_bridge/server/sessions.h"

#include <gmock/gmock.h>

#include <numeric>

#include "tests/support/matchers.h"
#include "world.h"

namespace ipam::server {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SessionsTest : public World {
 protected:
  // Runs, called back at `callback`; the identity.
  base::Guid Started(std::shared_ptr<Recorder> callback, const std::string& what = "records 3") {
    session_ = Initialized(*gateway_, what);
    EXPECT_EQ(Call(session_, StartWith(*gateway_, std::move(callback))).result, base::kOk);
    return Call(session_, idl::GetOperationId{}).operation;
  }
  idl::ResumeCallback Resume(Peer& client, const base::Guid& id, std::uint64_t last,
                             std::shared_ptr<Recorder> callback) {
    return {id, last, client.Export(std::move(callback))};
  }
  static std::vector<std::uint64_t> Range(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> all(last + 1 - first);
    std::iota(all.begin(), all.end(), first);
    return all;
  }

  Session session_;
};

TEST_F(SessionsTest, ResumeTakesTheCallbacksOverFromAnotherSession) {
  engine_options_.step_delay = absl::Milliseconds(1);
  Open();
  const auto first = std::make_shared<Recorder>();
  const base::Guid id = Started(first, "records 40");
  RunUntil([&] { return first->sequences.size() > 10; });
  first->hold = true;  // one call stays unanswered
  RunUntil([&] { return !first->held.empty(); });

  const auto second = std::make_shared<Recorder>();
  EXPECT_EQ(Call(Activate(*gateway_), Resume(*gateway_, id, 7, second)).result, base::kOk);
  const int calls = first->calls;
  first->LetGo();  // its answer is ignored
  RunUntil([&] { return second->Ended() && first->released == 1 && second->released == 1; });
  EXPECT_EQ(first->calls, calls);
  EXPECT_EQ(second->sequences, Range(8, Events(id).size()));
  EXPECT_EQ(second->overall, idl::OverallStatus::kCompletedWithSuccess);
}

TEST_F(SessionsTest, ResumeOfAnEndedOperationSendsTheRestAndGivesTheCallbackBack) {
  Open();
  const auto first = std::make_shared<Recorder>();
  const base::Guid id = Started(first);
  RunUntil([&] { return first->Ended(); });
  const std::uint64_t last = Events(id).size();
  for (const std::uint64_t from : {std::uint64_t{0}, last - 1, last}) {
    SCOPED_TRACE(from);
    const auto callback = std::make_shared<Recorder>();
    EXPECT_EQ(Call(Activate(*gateway_), Resume(*gateway_, id, from, callback)).result, base::kOk);
    RunUntil([&] { return callback->released == 1; });
    EXPECT_EQ(callback->sequences, from == last ? std::vector<std::uint64_t>() : Range(from + 1, last));
  }
}

TEST_F(SessionsTest, ResumeIsRefusedBeyondTheLastSequenceForStrangersAndForUnknownOperations) {
  Open();
  const auto first = std::make_shared<Recorder>();
  const base::Guid id = Started(first);
  RunUntil([&] { return first->Ended(); });
  const std::uint64_t last = Events(id).size();
  const auto callback = std::make_shared<Recorder>();
  const auto resume = [&](Peer& client, const base::Guid& operation, std::uint64_t from) {
    return Call(Activate(client), Resume(client, operation, from, callback)).result;
  };
  EXPECT_EQ(resume(*gateway_, id, last + 1), base::kInvalidArgument);
  EXPECT_EQ(resume(*gateway_, id, ~std::uint64_t{0}), base::kInvalidArgument);
  EXPECT_EQ(resume(*gateway_, base::Guid::Random(), 0), base::kNotFound);
  EXPECT_EQ(resume(*other_, id, last), base::kAccessDenied);
  EXPECT_EQ(Call(Activate(*gateway_), idl::ResumeCallback{id, 0, {}}).result, base::kInvalidArgument);
  RunUntil([&] { return callback->released == 4; });
  EXPECT_EQ(callback->calls, 0);
  EXPECT_EQ(resume(*admin_, id, last), base::kOk);
}

TEST_F(SessionsTest, ResumeIsForMembersOfTheGroupOfAdministratorsToo) {
  Open();
  const auto first = std::make_shared<Recorder>();
  const base::Guid id = Started(first);
  RunUntil([&] { return first->Ended(); });
  const auto callback = std::make_shared<Recorder>();
  EXPECT_EQ(Call(Activate(*other_), Resume(*other_, id, 0, callback)).result, base::kAccessDenied);
  Query("INSERT INTO security_groups VALUES (1, 'IPAM Administrators')");
  Query("INSERT INTO security_group_members VALUES (1, 'DOM\\other')");
  EXPECT_EQ(Call(Activate(*other_), Resume(*other_, id, 0, callback)).result, base::kOk);
  RunUntil([&] { return callback->Ended(); });
  EXPECT_EQ(callback->sequences, Range(1, Events(id).size()));
}

TEST_F(SessionsTest, ResumeWhileTheFirstCallbackIsUnansweredStartsTheOperation) {
  Open();
  const auto first = std::make_shared<Recorder>();
  first->hold = true;
  const Session session = Initialized(*gateway_);
  const base::Guid id = Call(session, idl::GetOperationId{}).operation;
  const auto start = Send(session, StartWith(*gateway_, first));
  RunUntil([&] { return !first->held.empty(); });
  EXPECT_THAT(Events(id), ::testing::SizeIs(1));

  const auto second = std::make_shared<Recorder>();
  EXPECT_EQ(Call(session, Resume(*gateway_, id, 0, second)).result, base::kOk);
  RunUntil([&] { return start->done && second->Ended(); });
  EXPECT_EQ(start->result, base::kOk);
  EXPECT_EQ(second->sequences, Range(1, Events(id).size()));
  EXPECT_THAT(first->sequences, ElementsAre(1));
  first->LetGo();
}

TEST_F(SessionsTest, ResumeByACallbackWithoutBatchesSendsEventByEvent) {
  Open();
  const auto first = std::make_shared<Recorder>();
  const base::Guid id = Started(first);
  RunUntil([&] { return first->Ended(); });
  const auto callback = std::make_shared<Recorder>(Recorder::Form::kBase);
  EXPECT_EQ(Call(session_, Resume(*gateway_, id, 2, callback)).result, base::kOk);
  RunUntil([&] { return callback->released == 1; });
  EXPECT_EQ(callback->kinds, std::vector(first->kinds.begin() + 2, first->kinds.end()));
}

TEST_F(SessionsTest, AServerStartedAgainGoesOnWithWhatItInterrupted) {
  engine_options_.step_delay = absl::Hours(1);
  Open();
  const auto first = std::make_shared<Recorder>();
  const base::Guid id = Started(first, "records 4");
  RunUntil([&] { return first->kinds.size() == 6; });  // 1, 4 subtasks, the first in progress
  Close();
  engine_options_.step_delay = absl::ZeroDuration();
  Open();
  const auto second = std::make_shared<Recorder>();
  EXPECT_EQ(Call(Activate(*gateway_), Resume(*gateway_, id, 6, second)).result, base::kOk);
  RunUntil([&] { return second->released == 1; });
  EXPECT_EQ(second->sequences, Range(7, 18));
  EXPECT_THAT(second->subtask_ends,
              ::testing::AllOf(::testing::SizeIs(4), Each(idl::SubTaskStatus::kCompletedWithSuccess)));
  EXPECT_EQ(second->overall, idl::OverallStatus::kCompletedWithSuccess);
}

TEST_F(SessionsTest, CancelStopsBeforeTheNextSubtaskFromAnySession) {
  engine_options_.step_delay = absl::Milliseconds(20);
  Open();
  const auto callback = std::make_shared<Recorder>();
  const base::Guid id = Started(callback, "records 500");
  RunUntil([&] { return !callback->subtask_ends.empty(); });
  const idl::CancelOperation cancel{id};
  EXPECT_EQ(Call(Activate(*other_), cancel).result, base::kAccessDenied);
  EXPECT_EQ(Call(Activate(*admin_), cancel).result, base::kOk);
  RunUntil([&] { return callback->released == 1; });
  EXPECT_EQ(callback->subtask_ends.size(), 500u);
  EXPECT_EQ(callback->subtask_ends.back(), idl::SubTaskStatus::kNotRun);
  EXPECT_EQ(callback->overall, idl::OverallStatus::kCompletedWithFailure);
  EXPECT_EQ(Call(session_, cancel).result, base::kFalse);
  EXPECT_EQ(Call(session_, idl::CancelOperation{base::Guid::Random()}).result, base::kNotFound);
}

TEST_F(SessionsTest, CancelAgainIsStillSuccess) {
  engine_options_.step_delay = absl::Hours(1);
  Open();
  const base::Guid id = Started(std::make_shared<Recorder>());
  EXPECT_EQ(Call(session_, idl::CancelOperation{id}).result, base::kOk);
  EXPECT_EQ(Call(session_, idl::CancelOperation{id}).result, base::kOk);
}

TEST_F(SessionsTest, AnOperationRunsToItsEndWithoutItsSession) {
  engine_options_.step_delay = absl::Milliseconds(5);
  Open();
  const auto callback = std::make_shared<Recorder>();
  const base::Guid id = Started(callback, "records 20");
  gateway_->dcom.Release(session_.progress);
  gateway_->dcom.Release(*session_.progress2);
  RunUntil([&] { return callback->released == 1; });
  EXPECT_EQ(callback->sequences, Range(1, Events(id).size()));
}

}  // namespace
}  // namespace ipam::server
