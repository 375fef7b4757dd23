// The table at the top of session.h: every state with every event, and each script with every step failing.
#include <map>
#include <set>

#include "dcom_bridge/bridge/decode_callback.h"
#include "session_fixture.h"

namespace ipam::bridge {
namespace {

using idl::EventKind;
using State = Session::State;

constexpr const char* kStates[] = {"activating", "initializing", "identifying", "naming",
                                   "accepting",  "starting",     "running",     "completed",
                                   "lost",       "reactivating", "resuming",    "ended"};
std::string Name(State state) { return kStates[static_cast<int>(state)]; }

// Fresh for each cell.
class Cell : public SessionTest {
 public:
  void TestBody() override {}

  void Reach(const std::string& state) {
    server_.extended = true;
    initiator_ = "alice";
    const std::map<std::string, std::string> held_steps = {{"initializing", "initialize"},
                                                           {"identifying", "identify"},
                                                           {"naming", "name"},
                                                           {"starting", "start"}};
    if (const auto step = held_steps.find(state); step != held_steps.end()) {
      HoldStep(step->second);
      Begin();
      RunUntil([&] { return !server_.held.empty(); });
    } else if (state == "activating") {
      Begin();
    } else if (state == "accepting") {
      sink_.hold = true;
      Begin();
      RunUntil([&] { return !sink_.held.empty(); });
    } else {
      BeginAndRun();
      if (state == "completed") Call(Report(2, {EventKind::kSetOverallStatus}));
      if (state == "ended") session_->Abandon();
      if (state == "lost" || state == "reactivating") {
        connected_ = false;
        session_->OnCallbackReleased("test");
        connected_ = true;
        if (state == "reactivating") session_->OnServerConnected();
      }
      if (state == "resuming") {
        HoldStep("resume");
        server_.held.clear();
        session_->OnCallbackReleased("test");
        RunUntil([&] { return !server_.held.empty(); });
      }
    }
    ASSERT_EQ(Name(session_->state()), state);
  }

  // The state after it; for a callback also what it was answered.
  std::string Do(const std::string& event) {
    const std::uint64_t next = session_->state() == State::kStarting ? 1 : 2;
    std::string result;
    if (event == "started") result = CallBack(Report(next, {EventKind::kStartProgressCallback}));
    if (event == "subtask") result = CallBack(Report(next, {EventKind::kAddSubTask}));
    if (event == "end") result = CallBack(Report(next, {EventKind::kSetOverallStatus}));
    if (event == "released") session_->OnCallbackReleased("test");
    if (event == "closed") session_->OnCallbackConnectionClosed(kAssociation);
    if (event == "other closed") session_->OnCallbackConnectionClosed(kAssociation + 1);
    if (event == "server lost") session_->OnServerLost("test");
    if (event == "connected") session_->OnServerConnected();
    if (event == "abandon") session_->Abandon();
    return Name(session_->state()) + result;
  }

 private:
  static constexpr std::uint64_t kAssociation = 4711;

  // As the callback object hands it on.
  std::string CallBack(const idl::ReportProgress& report) {
    Decoded decoded =
        DecodeCallback(idl::ReportProgress::kOpnum, ndr::Encode(report), base::Endian::kLittle, texts_);
    std::optional<base::HResult> answered;
    session_->OnCallbacks(std::get<std::vector<event::ProgressEvent>>(std::move(decoded)), kAssociation,
                          [&](base::HResult result) { answered = result; });
    RunUntil([&] { return answered.has_value(); });
    if (*answered == base::kOk) return "+";
    return *answered == base::kIllegalMethodCall ? "" : " " + base::ToString(*answered);
  }
};

TEST(SessionTable, WalksEveryStateAndEvent) {
  const std::vector<std::string> events = {"started",      "subtask",     "end",       "released", "closed",
                                           "other closed", "server lost", "connected", "abandon"};
  // "+": a callback that was taken; else it was E_ILLEGAL_METHOD_CALL. "=": the state stays.
  const std::map<std::string, std::vector<std::string>> expected = {
      {"activating", {"=", "=", "=", "=", "=", "=", "=", "=", "ended"}},
      {"initializing", {"=", "=", "=", "=", "=", "=", "=", "=", "ended"}},
      {"identifying", {"=", "=", "=", "=", "=", "=", "=", "=", "ended"}},
      {"naming", {"=", "=", "=", "=", "=", "=", "=", "=", "ended"}},
      {"accepting", {"=", "=", "=", "=", "=", "=", "=", "=", "ended"}},
      {"starting", {"running+", "=", "=", "=", "=", "=", "lost", "=", "ended"}},
      {"running", {"=", "running+", "completed+", "lost", "=", "=", "lost", "=", "ended"}},
      {"completed", {"=", "=", "=", "ended", "=", "=", "ended", "=", "ended"}},
      {"lost", {"=", "=", "=", "=", "=", "=", "=", "reactivating", "ended"}},
      {"reactivating", {"=", "=", "=", "=", "=", "=", "=", "=", "ended"}},
      {"resuming", {"=", "running+", "completed+", "lost", "=", "=", "=", "=", "ended"}},
      {"ended", {"=", "=", "=", "=", "=", "=", "=", "=", "="}},
  };
  EXPECT_EQ(expected.size(), std::size(kStates));
  for (const auto& [state, row] : expected) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      SCOPED_TRACE(state + " x " + events[i]);
      Cell cell;
      cell.Reach(state);
      EXPECT_EQ(cell.Do(events[i]), row[i] == "=" ? state : row[i]);
    }
  }
}

TEST(SessionTable, ALossIsThatOfTheConnectionByWhichCallbacksCome) {
  Cell cell;
  cell.Reach("running");
  EXPECT_EQ(cell.Do("subtask"), "running+");
  EXPECT_EQ(cell.Do("other closed"), "running");
  EXPECT_EQ(cell.Do("closed"), "lost");
}

// Each step of a start and of a resumption fails in turn: by a result, and by a connection that breaks before
// the answer. Once only, so that what may be tried again succeeds then.
class EachStep : public SessionTest {
 public:
  void TestBody() override {}
  enum class How { kResult, kNoAnswer };

  void FailOnce(const std::string& which, How how) {
    server_.on_step = [this, which, how, failed = false](const std::string& step) mutable {
      if (failed || step != which) return Step{};
      failed = true;
      if (how == How::kResult) return Step{.result = base::kFail};
      loop_->Post([this] { client_.rpc.Drop(context_.server, absl::UnavailableError("cut")); });
      return Step{.hold = true};
    };
  }
  void Start(const std::string& which, How how) {
    server_.extended = true;
    initiator_ = "alice";
    FailOnce(which, how);
    Begin();
    RunUntil([&] { return done_.has_value(); });
    if (which == "start" && how == How::kNoAnswer) {
      EXPECT_TRUE(done_->ok()) << *done_;
      EXPECT_EQ(sink_.Count<event::SessionResumed>(), 1);
      EXPECT_EQ(session_->state(), State::kStarting);
      session_->Abandon();
    } else {
      EXPECT_FALSE(done_->ok());
      EXPECT_EQ(sink_.Count<event::StartRefused>(), which == "start" ? 1 : 0);
      EXPECT_EQ(sink_.Count<event::Accepted>(), which == "start" ? 1 : 0);
    }
    EXPECT_EQ(session_->state(), State::kEnded);
    EXPECT_TRUE(ended_);
    Clean();
  }
  void Resume(const std::string& which, How how) {
    server_.extended = true;
    BeginAndRun();
    FailOnce(which, how);
    session_->OnServerLost("test");
    RunUntil([&] { return session_->state() == State::kRunning; });
    EXPECT_EQ(sink_.Count<event::SessionLost>(), 1);
    EXPECT_EQ(sink_.Count<event::SessionResumed>(), 1);
    EXPECT_EQ(Call(Report(2, {EventKind::kSetOverallStatus})), base::kOk);
    session_->Abandon();
    Clean();
  }
  // Nothing is left exported here. At the server, what a call was about that broke waits for its pings.
  void Clean() { EXPECT_EQ(client_.exporter.objects().size(), own_objects_); }

  const std::size_t own_objects_ = client_.exporter.objects().size();
};

TEST(SessionTable, EveryStepOfAStartMayFail) {
  for (const char* step : {"activate", "initialize", "identify", "name", "start"}) {
    for (const auto how : {EachStep::How::kResult, EachStep::How::kNoAnswer}) {
      SCOPED_TRACE(std::string(step) + (how == EachStep::How::kResult ? " fails" : " is not answered"));
      EachStep().Start(step, how);
    }
  }
}

TEST(SessionTable, EveryStepOfAResumptionMayFail) {
  for (const char* step : {"activate", "resume"}) {
    for (const auto how : {EachStep::How::kResult, EachStep::How::kNoAnswer}) {
      SCOPED_TRACE(std::string(step) + (how == EachStep::How::kResult ? " fails" : " is not answered"));
      EachStep().Resume(step, how);
    }
  }
}

}  // namespace
}  // namespace ipam::bridge
