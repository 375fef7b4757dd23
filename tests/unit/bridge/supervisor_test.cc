#include "dcom_bridge/bridge/supervisor.h"

#include <gtest/gtest.h>

#include <map>

#include "fixed_random.h"

namespace ipam::bridge {
namespace {

using State = Supervisor::State;
using Kind = CallbackVerdict::Kind;

enum class Event { kAnswered, kFailed, kSilent, kSilentWhileBusy, kWork, kFail, kNoSession, kClosed };
constexpr Event kEvents[] = {Event::kAnswered, Event::kFailed, Event::kSilent,    Event::kSilentWhileBusy,
                             Event::kWork,     Event::kFail,   Event::kNoSession, Event::kClosed};

SupervisorActions Feed(Supervisor& machine, Event event) {
  switch (event) {
    case Event::kAnswered:
      return machine.OnProbed(absl::OkStatus(), false);
    case Event::kFailed:
      return machine.OnProbed(absl::UnavailableError("probe failed"), true);
    case Event::kSilent:
      return machine.OnProbed(absl::DeadlineExceededError("silent"), false);
    case Event::kSilentWhileBusy:
      return machine.OnProbed(absl::DeadlineExceededError("silent"), true);
    case Event::kWork:
      return machine.OnTested({});
    case Event::kFail:
      return machine.OnTested({Kind::kFail, "no way back"});
    case Event::kNoSession:
      return machine.OnTested({Kind::kNoSession, "no session"});
    case Event::kClosed:
      return machine.OnConnectionClosed("closed");
  }
  return {};
}

// "P" ProbeAfter, "T" TestNow, "A" TestAfter, "D" Disconnect, in their order.
std::string Letters(const SupervisorActions& actions) {
  std::string letters;
  for (const SupervisorAction& action : actions) letters += "PTAD"[action.index()];
  return letters;
}

struct Machine {
  FixedRandom random;
  Supervisor machine{{}, random};
};

void Reach(Supervisor& machine, State state) {
  const std::map<State, std::vector<Event>> ways = {
      {State::kConnecting, {}},
      {State::kTesting, {Event::kAnswered}},
      {State::kConnected, {Event::kAnswered, Event::kWork}},
      {State::kNoCallbacks, {Event::kAnswered, Event::kFail}},
      {State::kDisconnected, {Event::kFailed}},
  };
  for (const Event event : ways.at(state)) Feed(machine, event);
  ASSERT_EQ(machine.state(), state);
}

TEST(Supervisor, WalksEveryStateAndEvent) {
  struct Step {
    const char* letters;
    State next;
  };
  const State C = State::kConnecting, T = State::kTesting, K = State::kConnected, N = State::kNoCallbacks,
              D = State::kDisconnected;
  // In the order of kEvents.
  const std::map<State, std::vector<Step>> table = {
      {C, {{"PT", T}, {"DP", D}, {"DP", D}, {"DP", D}, {"", C}, {"", C}, {"", C}, {"", C}}},
      {T, {{"P", T}, {"DP", D}, {"DP", D}, {"P", T}, {"", K}, {"A", N}, {"DP", D}, {"DP", D}}},
      {K, {{"P", K}, {"DP", D}, {"DP", D}, {"P", K}, {"", K}, {"", K}, {"", K}, {"DP", D}}},
      {N, {{"P", N}, {"DP", D}, {"DP", D}, {"P", N}, {"", K}, {"A", N}, {"DP", D}, {"DP", D}}},
      {D, {{"PT", T}, {"DP", D}, {"DP", D}, {"DP", D}, {"", D}, {"", D}, {"", D}, {"", D}}},
  };
  for (const auto& [state, steps] : table) {
    for (std::size_t i = 0; i < std::size(kEvents); ++i) {
      SCOPED_TRACE(testing::Message() << "state " << static_cast<int>(state) << " event " << i);
      Machine m;
      Reach(m.machine, state);
      EXPECT_EQ(Letters(Feed(m.machine, kEvents[i])), steps[i].letters);
      EXPECT_EQ(m.machine.state(), steps[i].next);
    }
  }
}

TEST(Supervisor, SaysWhy) {
  Machine m;
  Feed(m.machine, Event::kFailed);
  EXPECT_EQ(m.machine.reason(), "probe failed");
  Feed(m.machine, Event::kAnswered);
  EXPECT_EQ(m.machine.reason(), "");
  Feed(m.machine, Event::kFail);
  EXPECT_EQ(m.machine.reason(), "no way back");
  Feed(m.machine, Event::kWork);
  EXPECT_EQ(m.machine.reason(), "");
  Feed(m.machine, Event::kClosed);
  EXPECT_EQ(m.machine.reason(), "closed");
}

absl::Duration DelayOf(const SupervisorActions& actions) {
  for (const SupervisorAction& action : actions) {
    if (const auto* probe = std::get_if<ProbeAfter>(&action)) return probe->delay;
    if (const auto* test = std::get_if<TestAfter>(&action)) return test->delay;
  }
  return absl::InfiniteDuration();
}

TEST(Supervisor, TriesToConnectLessAndLessOftenUpToTheLimit) {
  Machine m;
  m.random.octet = 0xFF;  // the whole delay
  std::vector<absl::Duration> delays;
  for (int i = 0; i < 7; ++i) delays.push_back(DelayOf(Feed(m.machine, Event::kFailed)));
  EXPECT_EQ(delays, (std::vector{absl::Milliseconds(200), absl::Milliseconds(400), absl::Milliseconds(800),
                                 absl::Milliseconds(1600), absl::Milliseconds(3200), absl::Seconds(5),
                                 absl::Seconds(5)}));
}

TEST(Supervisor, DrawsTheDelayFromItsUpperHalf) {
  Machine low, high;
  low.random.octet = 0;
  high.random.octet = 0xFF;
  EXPECT_EQ(DelayOf(Feed(low.machine, Event::kFailed)), absl::Milliseconds(100));
  EXPECT_EQ(DelayOf(Feed(high.machine, Event::kFailed)), absl::Milliseconds(200));
}

TEST(Supervisor, LeavesAServerThatClosesEachConnectionAloneForLongerAndLonger) {
  Machine m;
  m.random.octet = 0xFF;
  std::vector<absl::Duration> delays;
  for (int i = 0; i < 3; ++i) {
    Feed(m.machine, Event::kAnswered);
    delays.push_back(DelayOf(Feed(m.machine, Event::kClosed)));
  }
  EXPECT_EQ(delays, (std::vector{absl::Milliseconds(200), absl::Milliseconds(400), absl::Milliseconds(800)}));
  Feed(m.machine, Event::kAnswered);
  Feed(m.machine, Event::kAnswered);  // it lives
  EXPECT_EQ(DelayOf(Feed(m.machine, Event::kClosed)), absl::Milliseconds(200));
  Feed(m.machine, Event::kAnswered);
  EXPECT_EQ(DelayOf(Feed(m.machine, Event::kClosed)), absl::Milliseconds(400));
  Feed(m.machine, Event::kAnswered);
  Feed(m.machine, Event::kWork);  // it is of use
  EXPECT_EQ(DelayOf(Feed(m.machine, Event::kClosed)), absl::Milliseconds(200));
}

TEST(Supervisor, TestsCallbacksThatDoNotComeLessAndLessOften) {
  Machine m;
  m.random.octet = 0xFF;
  Feed(m.machine, Event::kAnswered);
  std::vector<absl::Duration> delays;
  for (int i = 0; i < 7; ++i) delays.push_back(DelayOf(Feed(m.machine, Event::kFail)));
  EXPECT_EQ(delays, (std::vector{absl::Seconds(1), absl::Seconds(2), absl::Seconds(4), absl::Seconds(8),
                                 absl::Seconds(16), absl::Seconds(30), absl::Seconds(30)}));
  // A new connection begins anew.
  Feed(m.machine, Event::kClosed);
  Feed(m.machine, Event::kAnswered);
  EXPECT_EQ(DelayOf(Feed(m.machine, Event::kFail)), absl::Seconds(1));
}

}  // namespace
}  // namespace ipam::bridge
