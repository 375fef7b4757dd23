#include "dcom_bridge/server/operation_object.h"

#include <gmock/gmock.h>

#include <utility>

#include "dcom_bridge/base/utf16.h"
#include "tests/support/matchers.h"
#include "world.h"

namespace ipam::server {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::HasSubstr;

constexpr base::HResult kIllegal = base::kIllegalMethodCall;

class OperationObjectTest : public World {
 protected:
  enum State { kSessionInitialized, kInitialized, kStarting, kStarted, kFailed, kClosed };
  static constexpr const char* kStates[] = {
      "SessionInitialized", "Initialized", "Starting", "Started", "Failed", "Closed"};

  // A session in that state. The callback of kStarting holds its answer.
  Session In(State state) {
    Session session = Activate(*gateway_);
    if (state == kSessionInitialized) return session;
    EXPECT_EQ(Call(session, Parameters(state == kClosed ? "nonsense" : "records 1")).result,
              state == kClosed ? base::kInvalidArgument : base::kOk);
    if (state == kInitialized || state == kClosed) return session;
    callback_ = std::make_shared<Recorder>();
    callback_->hold = state == kStarting;
    callback_->answer = state == kFailed ? base::kFail : base::kOk;
    starting_ = Send(session, StartWith(*gateway_, callback_));
    if (state == kStarting) {
      RunUntil([&] { return !callback_->held.empty(); });
    } else {
      RunUntil([&] { return starting_->done; });
      EXPECT_EQ(starting_->result, callback_->answer);
    }
    return session;
  }
  // Start with the stub's object reference changed.
  idl::StartOperationWithCallback StartAt(std::uint16_t port) {
    Peer nobody(loop_, "gw");
    nobody.listener.reset();
    nobody.exporter.Advertise(
        {.hosts = {"127.0.0.1"}, .port = port, .auth_types = {auth::AuthType::kSpnego}});
    return StartWith(nobody, std::make_shared<Recorder>());
  }

  std::shared_ptr<Recorder> callback_;
  std::shared_ptr<Outcome> starting_;
};

TEST_F(OperationObjectTest, EveryMethodInEveryState) {
  engine_options_.step_delay = absl::Hours(1);
  Open();
  using Method = std::function<base::HResult(const Session&)>;
  const base::Guid unknown = base::Guid::Random();
  const std::pair<const char*, Method> methods[] = {
      {"InitializeOperationParameters",
       [&](const Session& s) { return Call(s, Parameters("records 1")).result; }},
      {"StartOperationWithCallback",
       [&](const Session& s) { return Call(s, StartWith(*gateway_, std::make_shared<Recorder>())).result; }},
      {"GetOperationId", [&](const Session& s) { return Call(s, idl::GetOperationId{}).result; }},
      {"SetInitiator", [&](const Session& s) { return Call(s, idl::SetInitiator{u"DOM\\ann"}).result; }},
      {"ResumeCallback",
       [&](const Session& s) {
         return Call(s, idl::ResumeCallback{unknown, 0, gateway_->Export(std::make_shared<Recorder>())})
             .result;
       }},
      {"CancelOperation", [&](const Session& s) { return Call(s, idl::CancelOperation{unknown}).result; }},
  };
  constexpr base::HResult kOk = base::kOk, kNotFound = base::kNotFound;
  const base::HResult expected[6][6] = {
      // SessionInitialized, Initialized, Starting, Started, Failed, Closed
      {kOk, kIllegal, kIllegal, kIllegal, kIllegal, kIllegal},
      {kIllegal, kOk, kIllegal, kIllegal, kIllegal, kIllegal},
      {kIllegal, kOk, kOk, kOk, kOk, kIllegal},
      {kIllegal, kOk, kIllegal, kIllegal, kIllegal, kIllegal},
      {kNotFound, kNotFound, kNotFound, kNotFound, kNotFound, kIllegal},
      {kNotFound, kNotFound, kNotFound, kNotFound, kNotFound, kIllegal},
  };
  for (int state = kSessionInitialized; state <= kClosed; ++state) {
    for (int method = 0; method < 6; ++method) {
      SCOPED_TRACE(std::string(kStates[state]) + " " + methods[method].first);
      const Session session = In(static_cast<State>(state));
      EXPECT_EQ(methods[method].second(session), expected[method][state]);
      if (callback_) callback_->LetGo();
    }
  }
}

TEST_F(OperationObjectTest, RefusedCallsChangeNoState) {
  Open();
  const Session session = In(kSessionInitialized);
  EXPECT_EQ(Call(session, StartWith(*gateway_, std::make_shared<Recorder>())).result, kIllegal);
  EXPECT_EQ(Call(session, idl::StartOperationWithCallback{}).result, kIllegal);
  EXPECT_EQ(Call(session, idl::SetInitiator{u"ann"}).result, kIllegal);
  EXPECT_EQ(Call(session, Parameters("records 2")).result, base::kOk);
  EXPECT_EQ(Call(session, idl::StartOperationWithCallback{}).result, base::kInvalidArgument);
  const auto callback = std::make_shared<Recorder>();
  EXPECT_EQ(Call(session, StartWith(*gateway_, callback)).result, base::kOk);
  RunUntil([&] { return callback->Ended() && callback->released == 1; });
}

TEST_F(OperationObjectTest, GivesTheIdentityOfTheOperation) {
  Open();
  const Session session = In(kInitialized);
  const base::Guid id = Call(session, idl::GetOperationId{}).operation;
  EXPECT_NE(id, base::Guid());
  EXPECT_EQ(Call(In(kInitialized), idl::GetOperationId{}).operation == id, false);
  const auto callback = std::make_shared<Recorder>();
  EXPECT_EQ(Call(session, StartWith(*gateway_, callback)).result, base::kOk);
  EXPECT_EQ(Call(session, idl::GetOperationId{}).operation, id);
  RunUntil([&] { return callback->Ended(); });
  EXPECT_EQ(Events(id).size(), callback->kinds.size());
  EXPECT_EQ(Call(In(kSessionInitialized), idl::GetOperationId{}).operation, base::Guid());
}

TEST_F(OperationObjectTest, SwitchedOffItHasTheBaseInterfaceOnly) {
  session_options_.progress2 = false;
  Open();
  const Session session = Activate(*gateway_);
  EXPECT_FALSE(session.progress2.has_value());
  const auto callback = std::make_shared<Recorder>();
  EXPECT_EQ(Call(session, Parameters("records 2")).result, base::kOk);
  EXPECT_EQ(Call(session, StartWith(*gateway_, callback)).result, base::kOk);
  RunUntil([&] { return callback->Ended(); });
}

TEST_F(OperationObjectTest, ACallbackThatCannotBeReachedFailsTheCallAndIsToldInEveryState) {
  engine_options_.step_delay = absl::Hours(1);
  Open();
  const std::uint16_t closed = [&] {
    Peer gone(loop_, "gw");
    return gone.port;
  }();
  for (const State state : {kSessionInitialized, kInitialized, kStarted, kClosed}) {
    SCOPED_TRACE(kStates[state]);
    const Session session = In(state);
    const Outcome start = Call(session, StartAt(closed));
    EXPECT_EQ(start.result, state == kInitialized ? base::kServerUnavailable : kIllegal);
    EXPECT_THAT(start.exception_xml, HasSubstr("cannot be reached"));
    EXPECT_EQ(
        Call(session, idl::ResumeCallback{base::Guid::Random(), 0, StartAt(closed).progress_callback}).result,
        state == kClosed ? kIllegal : base::kNotFound);
    if (state == kInitialized) {  // as it was
      EXPECT_EQ(Call(session, StartWith(*gateway_, std::make_shared<Recorder>())).result, base::kOk);
    }
  }
}

TEST_F(OperationObjectTest, ACallbackThatRefusesTheServerIsAccessDenied) {
  Open();
  const idl::StartOperationWithCallback start{gateway_->Export(
      std::make_shared<Recorder>(), {.only_caller = auth::Principal{.domain = "DOM", .user = "admin"}})};
  EXPECT_EQ(Call(In(kInitialized), start).result, base::kAccessDenied);
}

TEST_F(OperationObjectTest, ACallbackWithoutTheInterfaceIsNoInterface) {
  Open();
  const idl::StartOperationWithCallback start{
      gateway_->Export(std::make_shared<Recorder>(Recorder::Form::kNeither), {}, {1, 2, 3, {4}})};
  EXPECT_EQ(Call(In(kInitialized), start).result, base::kNoInterface);
}

TEST_F(OperationObjectTest, ACallbackThatIsNotUsedIsGivenBack) {
  Open();
  const auto callback = std::make_shared<Recorder>();
  const std::size_t before = gateway_->exporter.objects().size();
  EXPECT_EQ(Call(In(kSessionInitialized), StartWith(*gateway_, callback)).result, kIllegal);
  RunUntil([&] { return callback->released == 1; });
  EXPECT_EQ(gateway_->exporter.objects().size(), before);
  EXPECT_EQ(callback->calls, 0);
}

TEST_F(OperationObjectTest, AMarshaledPointerThatIsNoneIsInvalid) {
  Open();
  const idl::StartOperationWithCallback start{orpc::MInterfacePointer{{1, 2, 3, 4}}};
  EXPECT_EQ(Call(In(kInitialized), start).result, base::kInvalidArgument);
}

TEST_F(OperationObjectTest, CallsWaitInTheirOrderForTheCheckAndOtherClientsDoNot) {
  Open();
  const Session slow = Activate(*gateway_);
  const auto initialize = Send(slow, Parameters("gate" + std::string(200, '.')));
  RunUntil([&] { return gate_->waiting() == 1; });
  const auto id = Send(slow, idl::GetOperationId{});
  const auto again = Send(slow, Parameters("records 1"));
  const auto callback = std::make_shared<Recorder>();
  const auto start = Send(slow, StartWith(*gateway_, callback));

  // Another client is served from one end to the other while the check stands still.
  const auto quick = std::make_shared<Recorder>();
  EXPECT_EQ(Call(Initialized(*admin_), StartWith(*admin_, quick)).result, base::kOk);
  RunUntil([&] { return quick->Ended(); });
  EXPECT_EQ(gate_->waiting(), 1);
  EXPECT_FALSE(initialize->done || id->done || again->done || start->done);

  gate_->Open();
  RunUntil([&] { return start->done; });
  EXPECT_EQ(initialize->result, base::kOk);
  EXPECT_EQ(id->result, base::kOk);
  EXPECT_EQ(again->result, kIllegal);
  EXPECT_EQ(start->result, base::kOk);
}

TEST_F(OperationObjectTest, CallsThatWaitForTheCheckAreBounded) {
  Open();
  const Session session = Activate(*gateway_);
  const auto initialize = Send(session, Parameters("gate"));
  RunUntil([&] { return gate_->waiting() == 1; });
  std::vector<std::shared_ptr<Outcome>> waiting;
  for (int i = 0; i < 16; ++i) waiting.push_back(Send(session, idl::GetOperationId{}));
  const auto excess = Send(session, idl::GetOperationId{});
  RunUntil([&] { return excess->done; });
  EXPECT_THAT(excess->fault, StatusIs(absl::StatusCode::kUnavailable));
  gate_->Open();
  RunUntil([&] { return waiting.back()->done; });
  for (const auto& outcome : waiting) EXPECT_EQ(outcome->result, base::kOk);
}

TEST_F(OperationObjectTest, AServerThatStopsDropsWhatWaitsForACheck) {
  Open();
  const Session session = Activate(*gateway_);
  (void)Send(session, Parameters("gate"));
  RunUntil([&] { return gate_->waiting() == 1; });
  (void)Send(session, idl::GetOperationId{});
  Settle();
  gate_->Open();
  Close();  // the leak checker looks at the rest
}

TEST_F(OperationObjectTest, OnlyTrustedAccountsNameAnInitiator) {
  session_options_.trusted_initiators = {"dom\\GW"};
  Open();
  EXPECT_EQ(Call(In(kInitialized), idl::SetInitiator{u"DOM\\ann"}).result, base::kOk);
  EXPECT_EQ(Call(Initialized(*other_), idl::SetInitiator{u"DOM\\ann"}).result, base::kAccessDenied);
  EXPECT_EQ(Call(Initialized(*admin_), idl::SetInitiator{u"DOM\\ann"}).result, base::kAccessDenied);
  const Session session = In(kInitialized);
  EXPECT_EQ(Call(session, idl::SetInitiator{}).result, base::kInvalidArgument);
  for (const std::u16string& name :
       {std::u16string(), std::u16string(u"DOM\\"), std::u16string(u"a\\b\\c"), std::u16string(u"a\nb"),
        std::u16string(513, u'a'), std::u16string(1, char16_t{0xD800})}) {
    EXPECT_EQ(Call(session, idl::SetInitiator{name}).result, base::kInvalidArgument) << base::ToUtf8(name);
  }
}

TEST_F(OperationObjectTest, TheInitiatorIsAuthorizedInsteadOfTheAccountAndIsKept) {
  Open();
  const Session denied = In(kInitialized);
  EXPECT_EQ(Call(denied, idl::SetInitiator{u"DOM\\other"}).result, base::kOk);
  const Outcome start = Call(denied, StartWith(*gateway_, std::make_shared<Recorder>()));
  EXPECT_EQ(start.result, base::kAccessDenied);
  EXPECT_THAT(start.exception_xml, HasSubstr("DOM\\other"));
  EXPECT_EQ(Query("SELECT count(*) FROM operations"), "0");

  const Session allowed = In(kInitialized);
  EXPECT_EQ(Call(allowed, idl::SetInitiator{u"other@DOM"}).result, base::kOk);
  EXPECT_EQ(Call(allowed, idl::SetInitiator{u"admin@DOM"}).result, base::kOk);  // the last one counts
  EXPECT_EQ(Call(allowed, StartWith(*gateway_, std::make_shared<Recorder>())).result, base::kOk);
  EXPECT_EQ(Query("SELECT account || ' for ' || initiator FROM operations"), "DOM\\gw for DOM\\admin");
}

TEST_F(OperationObjectTest, AnOperationSaidToBeUnknownNeverStarts) {
  Open();
  Query("INSERT INTO security_groups VALUES (1, 'IPAM Administrators')");
  Query("INSERT INTO security_group_members VALUES (1, 'DOM\\other')");
  const std::pair<Peer*, bool> cases[] = {
      {&*admin_, false}, {&*admin_, true}, {&*other_, false}, {&*other_, true}};
  for (const auto& [who, cancel] : cases) {
    const Session session = In(kInitialized);
    const base::Guid id = Call(session, idl::GetOperationId{}).operation;
    const Session asks = Activate(*who);
    if (cancel) {
      EXPECT_EQ(Call(asks, idl::CancelOperation{id}).result, base::kNotFound);
    } else {
      EXPECT_EQ(Call(asks, idl::ResumeCallback{id, 0, who->Export(std::make_shared<Recorder>())}).result,
                base::kNotFound);
    }
    const auto callback = std::make_shared<Recorder>();
    EXPECT_EQ(Call(session, StartWith(*gateway_, callback)).result, kIllegal);
    EXPECT_EQ(callback->calls, 0);
  }
  EXPECT_EQ(Query("SELECT count(*) FROM operations"), "0");
}

TEST_F(OperationObjectTest, AStrangerCannotKeepAnOperationFromStarting) {
  Open();
  const Session session = In(kInitialized);
  const base::Guid id = Call(session, idl::GetOperationId{}).operation;
  EXPECT_EQ(Call(Activate(*other_), idl::CancelOperation{id}).result, base::kAccessDenied);
  EXPECT_EQ(Call(session, StartWith(*gateway_, std::make_shared<Recorder>())).result, base::kOk);
}

TEST_F(OperationObjectTest, ASessionThatIsReleasedTakesItsIdentityAlong) {
  Open();
  const Session session = In(kInitialized);
  const base::Guid id = Call(session, idl::GetOperationId{}).operation;
  const std::size_t before = server_->exporter.objects().size();
  gateway_->dcom.Release(session.progress);
  gateway_->dcom.Release(*session.progress2);
  RunUntil([&] { return server_->exporter.objects().size() < before; });
  EXPECT_EQ(Call(Activate(*other_), idl::CancelOperation{id}).result, base::kNotFound);  // unknown to all
}

TEST_F(OperationObjectTest, TheFirstCallbackBelongsToTheCallThatBroughtIt) {
  Open();
  const auto callback = std::make_shared<Recorder>();
  EXPECT_EQ(Call(In(kInitialized), StartWith(*gateway_, callback)).result, base::kOk);
  RunUntil([&] { return callback->Ended(); });
  ASSERT_GE(callback->causalities.size(), 2u);
  EXPECT_NE(callback->causalities[0], callback->causalities[1]);
}

}  // namespace
}  // namespace ipam::server
