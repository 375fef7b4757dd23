#include "dcom_bridge/orpc/pinger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace ipam::orpc {
namespace {

using ::testing::IsEmpty;
using State = Pinger::State;

const ResolverAddress kResolver = "10.0.0.1[135]";
constexpr SetId kSet{0x5e7};

std::string Text(const std::vector<Oid>& oids) {
  return absl::StrJoin(oids, ",", [](std::string* out, Oid oid) { absl::StrAppend(out, oid.value); });
}
// "new #1 +1,2" "set #2 +3 -1" "simple" "lost 1,2", the pings of several actions joined by "; ".
std::string Text(const PingActions& actions) {
  std::vector<std::string> texts;
  for (const PingAction& action : actions) {
    if (const auto* lost = std::get_if<LostObjects>(&action)) {
      texts.push_back("lost " + Text(lost->oids));
    } else if (const auto* ping = std::get_if<ComplexPingRequest>(&std::get<SendPing>(action).ping)) {
      std::string text = absl::StrCat(ping->set_id == SetId{} ? "new" : "set", " #", ping->sequence);
      if (!ping->add.empty()) text += " +" + Text(ping->add);
      if (!ping->remove.empty()) text += " -" + Text(ping->remove);
      texts.push_back(text);
    } else {
      texts.push_back("simple");
    }
  }
  return absl::StrJoin(texts, "; ");
}

class PingerTest : public ::testing::Test {
 protected:
  void Add(std::uint64_t oid) { pinger_.AddOid(kResolver, Oid{oid}, now_); }
  void Remove(std::uint64_t oid) { pinger_.RemoveOid(kResolver, Oid{oid}); }
  // What is due when the next deadline comes.
  std::string Due() {
    now_ = pinger_.NextDeadline();
    return Text(pinger_.OnTimer(now_));
  }
  std::string Ok(SetId set = kSet) { return Answer(0, set); }
  std::string Answer(std::uint32_t status, SetId set = kSet) {
    return Text(pinger_.OnPingAnswer(kResolver, status, set, now_));
  }
  std::string Failed() { return Text(pinger_.OnPingFailed(kResolver, now_)); }
  State state() const { return pinger_.state(kResolver); }

  PingerOptions options_;
  Pinger pinger_{options_};
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

TEST_F(PingerTest, MakesASetAfterAPeriodAndKeepsItAlive) {
  Add(1);
  Add(2);
  EXPECT_EQ(pinger_.NextDeadline(), now_ + absl::Minutes(2));
  EXPECT_EQ(Text(pinger_.OnTimer(now_ + absl::Seconds(119))), "");
  EXPECT_EQ(Due(), "new #1 +1,2");
  EXPECT_EQ(pinger_.NextDeadline(), absl::InfiniteFuture());
  EXPECT_EQ(Ok(), "");
  EXPECT_EQ(pinger_.NextDeadline(), now_ + absl::Minutes(2));
  EXPECT_EQ(Due(), "simple");
  EXPECT_EQ(Answer(0, SetId{}), "");
  EXPECT_EQ(Due(), "simple");
}

TEST_F(PingerTest, TellsDifferencesWithRisingNumbers) {
  Add(1);
  Add(2);
  Due();
  Ok();
  Add(3);
  Remove(1);
  EXPECT_EQ(Due(), "set #2 +3 -1");
  EXPECT_EQ(Ok(), "");
  EXPECT_EQ(Due(), "simple");
  Ok();
  Remove(2);
  EXPECT_EQ(Due(), "set #3 -2");
  Ok();
  Remove(3);
  EXPECT_EQ(Due(), "set #4 -3");
  EXPECT_EQ(Ok(), "");
  EXPECT_EQ(state(), State::kAbsent);
  EXPECT_EQ(pinger_.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(PingerTest, CountsReferencesToOneObject) {
  Add(1);
  Add(1);
  Due();
  Ok();
  Remove(1);
  EXPECT_EQ(Due(), "simple");
  Ok();
  Remove(1);
  EXPECT_EQ(Due(), "set #2 -1");
}

TEST_F(PingerTest, ChangesWhileAPingIsUnderWayGoWithTheNext) {
  Add(1);
  Due();
  Add(2);
  Remove(1);
  Ok();
  EXPECT_EQ(Due(), "set #2 +2 -1");
  Remove(2);
  Add(1);
  Ok();
  EXPECT_EQ(Due(), "set #3 +1 -2");
}

TEST_F(PingerTest, AnObjectThatCameAndWentBetweenPingsIsNotTold) {
  Add(1);
  Due();
  Ok();
  Add(2);
  Remove(2);
  Remove(9);
  EXPECT_EQ(Due(), "simple");
}

TEST_F(PingerTest, RepeatsDifferencesThatGotNoAnswer) {
  Add(1);
  Due();
  Ok();
  Add(2);
  EXPECT_EQ(Due(), "set #2 +2");
  EXPECT_EQ(Failed(), "");
  EXPECT_EQ(pinger_.NextDeadline(), now_ + absl::Seconds(20));
  Remove(1);
  EXPECT_EQ(Due(), "set #3 +2 -1");
}

TEST_F(PingerTest, ThreeFailuresInARowLoseEverything) {
  Add(1);
  Add(2);
  Due();
  Failed();
  EXPECT_EQ(Due(), "new #1 +1,2");
  Failed();
  Due();
  EXPECT_EQ(Ok(), "");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Due(), "simple");
    EXPECT_EQ(Failed(), "");
  }
  EXPECT_EQ(Due(), "simple");
  EXPECT_EQ(Answer(5), "lost 1,2");
  EXPECT_EQ(state(), State::kAbsent);
}

TEST_F(PingerTest, ThreeFailuresEndBeforeTheServersTimeOut) {
  Add(1);
  Due();
  Ok();
  const absl::Time last = now_;
  for (int i = 0; i < 3; ++i) {
    Due();
    Failed();
  }
  EXPECT_EQ(state(), State::kAbsent);
  EXPECT_LT(now_ - last, absl::Minutes(6));
}

TEST_F(PingerTest, AForgottenSetIsMadeAgain) {
  Add(1);
  Due();
  Ok();
  Add(2);
  Due();
  EXPECT_EQ(Answer(kOrInvalidSet), "new #1 +1,2");
  EXPECT_EQ(Ok(SetId{8}), "");
  EXPECT_EQ(Due(), "simple");
}

TEST_F(PingerTest, SetsThatAreForgottenEachTimeAreNotMadeForEver) {
  Add(1);
  Due();
  int pings = 0;
  std::string actions;
  for (; pings < 100 && state() != State::kAbsent; ++pings) {
    if (state() == State::kCreating) Ok();
    if (state() == State::kForming || state() == State::kLive) Due();
    if (state() == State::kPinging) actions = Answer(kOrInvalidSet);
  }
  EXPECT_EQ(actions, "lost 1");
  EXPECT_LT(pings, 20);
}

TEST_F(PingerTest, FindsTheUnknownObject) {
  Add(100);
  Due();
  Ok();
  for (std::uint64_t oid = 1; oid <= 8; ++oid) Add(oid);
  PingActions actions = pinger_.OnTimer(now_ = pinger_.NextDeadline());
  EXPECT_EQ(Text(actions), "set #2 +1,2,3,4,5,6,7,8");
  // A server that knows all but 6.
  std::vector<std::string> lost;
  std::vector<Oid> known;
  int pings = 0;
  while (!actions.empty() && ++pings < 50) {
    PingActions next;
    for (const PingAction& action : actions) {
      if (std::holds_alternative<LostObjects>(action)) {
        lost.push_back(Text(PingActions{action}));
        continue;
      }
      const auto* ping = std::get_if<ComplexPingRequest>(&std::get<SendPing>(action).ping);
      ASSERT_NE(ping, nullptr) << Text(actions);
      const bool has_unknown = std::count(ping->add.begin(), ping->add.end(), Oid{6}) > 0;
      if (!has_unknown) known.insert(known.end(), ping->add.begin(), ping->add.end());
      next = pinger_.OnPingAnswer(kResolver, has_unknown ? kOrInvalidOid : 0, kSet, now_);
    }
    actions = next;
  }
  EXPECT_THAT(lost, ::testing::ElementsAre("lost 6"));
  EXPECT_LT(pings, 20);
  std::sort(known.begin(), known.end());
  EXPECT_EQ(Text(known), "1,2,3,4,5,7,8");
  EXPECT_EQ(state(), State::kLive);
  EXPECT_EQ(Due(), "simple");
}

TEST_F(PingerTest, ManyObjectsGoInSeveralPings) {
  options_.max_oids_per_ping = 3;
  pinger_ = Pinger(options_);
  for (std::uint64_t oid = 1; oid <= 7; ++oid) Add(oid);
  EXPECT_EQ(Due(), "new #1 +1,2,3");
  EXPECT_EQ(Ok(), "set #2 +4,5,6");
  EXPECT_EQ(Ok(), "set #3 +7");
  EXPECT_EQ(Ok(), "");
  for (std::uint64_t oid = 1; oid <= 7; ++oid) Remove(oid);
  EXPECT_EQ(Due(), "set #4 -1,2,3");
  EXPECT_EQ(Ok(), "set #5 -4,5,6");
  EXPECT_EQ(Ok(), "set #6 -7");
  EXPECT_EQ(Ok(), "");
  EXPECT_EQ(state(), State::kAbsent);
}

TEST_F(PingerTest, ANewSetComesWhenTheNumbersEnd) {
  Add(1);
  Due();
  Ok();
  PingActions actions;
  std::string last;
  for (int number = 2; number <= 0x10000; ++number) {
    // Comes and goes, so that each ping carries a difference.
    number % 2 == 0 ? Add(2) : Remove(2);
    if (number == 0x10000) last = Text(actions);
    actions = pinger_.OnTimer(now_ = pinger_.NextDeadline());
    pinger_.OnPingAnswer(kResolver, 0, kSet, now_);
  }
  EXPECT_EQ(last, "set #65535 -2");
  EXPECT_EQ(Text(actions), "new #1 +1,2");
}

TEST_F(PingerTest, PingsLessOftenWhereTheResolverAsksForIt) {
  const auto answer = [&](std::uint16_t backoff) {
    return Text(pinger_.OnPingAnswer(kResolver, 0, kSet, now_, backoff));
  };
  Add(1);
  Due();
  EXPECT_EQ(answer(1), "");
  EXPECT_EQ(pinger_.NextDeadline(), now_ + absl::Minutes(4));
  EXPECT_EQ(Due(), "simple");
  EXPECT_EQ(Answer(0, SetId{}), "");  // a SimplePing says nothing of it
  EXPECT_EQ(pinger_.NextDeadline(), now_ + absl::Minutes(4));
  Add(2);
  EXPECT_EQ(Due(), "set #2 +2");
  EXPECT_EQ(answer(9), "");
  EXPECT_EQ(pinger_.NextDeadline(), now_ + absl::Minutes(8));  // trusted up to 2^2
  EXPECT_EQ(pinger_.sets(), 1u);
  EXPECT_EQ(pinger_.oids(), 2u);
  // A set that is made anew begins anew.
  Due();
  EXPECT_EQ(Answer(kOrInvalidSet), "new #1 +1,2");
  EXPECT_EQ(Ok(), "");
  EXPECT_EQ(pinger_.NextDeadline(), now_ + absl::Minutes(2));
}

TEST_F(PingerTest, ResolversAreApart) {
  Add(1);
  pinger_.AddOid("other", Oid{1}, now_ + absl::Seconds(1));
  EXPECT_EQ(Due(), "new #1 +1");
  EXPECT_EQ(pinger_.state("other"), State::kForming);
  EXPECT_EQ(pinger_.NextDeadline(), now_ + absl::Seconds(1));
  pinger_.RemoveOid("other", Oid{1});
  EXPECT_EQ(pinger_.state("other"), State::kAbsent);
}

// Every state with every event, by the table in the header.
struct Case {
  State from;
  const char* event;
  State to;
  const char* actions;
};

class PingerTable : public PingerTest, public ::testing::WithParamInterface<Case> {
 protected:
  void Reach(State state_to_reach) {
    if (state_to_reach == State::kAbsent) return;
    Add(1);
    Add(2);
    if (state_to_reach == State::kForming) return;
    Due();
    if (state_to_reach == State::kCreating) return;
    Ok();
    if (state_to_reach == State::kLive) return;
    Due();
  }
  std::string Do(const std::string& event) {
    if (event == "add") return Add(3), "";
    if (event == "remove last") return Remove(1), Remove(2), "";
    if (event == "timer") {
      now_ += absl::Hours(1);
      return Text(pinger_.OnTimer(now_));
    }
    if (event == "ok") return Ok();
    if (event == "unknown set") return Answer(kOrInvalidSet);
    if (event == "unknown oid") return Answer(kOrInvalidOid);
    if (event == "failed") return Failed();
    ADD_FAILURE() << event;
    return "";
  }
};

TEST_P(PingerTable, DoesWhatTheTableSays) {
  const Case& c = GetParam();
  Reach(c.from);
  ASSERT_EQ(state(), c.from);
  EXPECT_EQ(Do(c.event), c.actions);
  EXPECT_EQ(state(), c.to);
  // In every state the machine either waits for an answer, has a deadline, or is gone.
  EXPECT_EQ(pinger_.NextDeadline() < absl::InfiniteFuture(), c.to == State::kForming || c.to == State::kLive);
}

std::string NameOf(const ::testing::TestParamInfo<Case>& tested) {
  const char* const states[] = {"Absent", "Forming", "Creating", "Live", "Pinging"};
  return absl::StrCat(states[static_cast<int>(tested.param.from)], "_",
                      absl::StrReplaceAll(tested.param.event, {{" ", "_"}}));
}

INSTANTIATE_TEST_SUITE_P(
    All, PingerTable,
    ::testing::Values(
        Case{State::kAbsent, "add", State::kForming, ""},
        Case{State::kAbsent, "remove last", State::kAbsent, ""},
        Case{State::kAbsent, "timer", State::kAbsent, ""}, Case{State::kAbsent, "ok", State::kAbsent, ""},
        Case{State::kAbsent, "unknown set", State::kAbsent, ""},
        Case{State::kAbsent, "unknown oid", State::kAbsent, ""},
        Case{State::kAbsent, "failed", State::kAbsent, ""},

        Case{State::kForming, "add", State::kForming, ""},
        Case{State::kForming, "remove last", State::kAbsent, ""},
        Case{State::kForming, "timer", State::kCreating, "new #1 +1,2"},
        Case{State::kForming, "ok", State::kForming, ""},
        Case{State::kForming, "unknown set", State::kForming, ""},
        Case{State::kForming, "unknown oid", State::kForming, ""},
        Case{State::kForming, "failed", State::kForming, ""},

        Case{State::kCreating, "add", State::kCreating, ""},
        Case{State::kCreating, "remove last", State::kCreating, ""},
        Case{State::kCreating, "timer", State::kCreating, ""}, Case{State::kCreating, "ok", State::kLive, ""},
        Case{State::kCreating, "unknown set", State::kForming, ""},
        Case{State::kCreating, "unknown oid", State::kPinging, "set #2 +1"},
        Case{State::kCreating, "failed", State::kForming, ""},

        Case{State::kLive, "add", State::kLive, ""}, Case{State::kLive, "remove last", State::kLive, ""},
        Case{State::kLive, "timer", State::kPinging, "simple"}, Case{State::kLive, "ok", State::kLive, ""},
        Case{State::kLive, "unknown set", State::kLive, ""},
        Case{State::kLive, "unknown oid", State::kLive, ""}, Case{State::kLive, "failed", State::kLive, ""},

        Case{State::kPinging, "add", State::kPinging, ""},
        Case{State::kPinging, "remove last", State::kPinging, ""},
        Case{State::kPinging, "timer", State::kPinging, ""}, Case{State::kPinging, "ok", State::kLive, ""},
        Case{State::kPinging, "unknown set", State::kCreating, "new #1 +1,2"},
        // Nothing was added, so this answer is only a refusal.
        Case{State::kPinging, "unknown oid", State::kLive, ""},
        Case{State::kPinging, "failed", State::kLive, ""}),
    NameOf);

// What comes of a ping that is under way when its last object goes.
TEST_F(PingerTest, AnEmptiedSetEndsHoweverThePingEnds) {
  for (const char* end : {"ok", "failed", "unknown set", "unknown oid"}) {
    pinger_ = Pinger(options_);
    Add(1);
    Due();
    Ok();
    Due();
    Remove(1);
    if (end == std::string("ok")) {
      EXPECT_EQ(Ok(), "");
      EXPECT_EQ(Due(), "set #2 -1");
      EXPECT_EQ(Ok(), "");
    } else if (end == std::string("failed")) {
      EXPECT_EQ(Failed(), "");
    } else if (end == std::string("unknown set")) {
      EXPECT_EQ(Answer(kOrInvalidSet), "");
    } else {
      EXPECT_EQ(Answer(kOrInvalidOid), "");
    }
    EXPECT_EQ(state(), State::kAbsent) << end;
  }
}

}  // namespace
}  // namespace ipam::orpc
