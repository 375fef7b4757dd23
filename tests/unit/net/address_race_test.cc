#include "dcom_bridge/net/address_race.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"

namespace ipam::net {
namespace {

using State = AddressRace::State;

constexpr absl::Duration kStagger = absl::Milliseconds(250);
const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// "try 1", "chosen 0", "exhausted" or "".
std::string Text(const AddressRace::Step& step) {
  std::string text;
  if (step.attempt) absl::StrAppend(&text, "try ", *step.attempt);
  if (step.chosen) absl::StrAppend(&text, "chosen ", *step.chosen);
  if (step.exhausted) absl::StrAppend(&text, "exhausted");
  return text;
}

TEST(AddressRace, TakesTheFirstThatAnswers) {
  AddressRace race(2, kStagger);
  EXPECT_EQ(Text(race.Start(kStart)), "try 0");
  EXPECT_EQ(race.NextDeadline(), kStart + kStagger);
  EXPECT_EQ(Text(race.OnAnswered(0)), "chosen 0");
  EXPECT_EQ(race.NextDeadline(), absl::InfiniteFuture());
}

TEST(AddressRace, AFailureGoesToTheNextAtOnce) {
  AddressRace race(3, kStagger);
  race.Start(kStart);
  EXPECT_EQ(Text(race.OnFailed(0, kStart)), "try 1");
  EXPECT_EQ(Text(race.OnFailed(1, kStart)), "try 2");
  EXPECT_EQ(race.NextDeadline(), absl::InfiniteFuture());
  EXPECT_EQ(Text(race.OnFailed(2, kStart)), "exhausted");
}

TEST(AddressRace, AnAddressThatSwallowsPacketsCostsTheStagger) {
  AddressRace race(3, kStagger);
  race.Start(kStart);
  EXPECT_EQ(Text(race.OnTimer(kStart + kStagger - absl::Nanoseconds(1))), "");
  EXPECT_EQ(Text(race.OnTimer(kStart + kStagger)), "try 1");
  EXPECT_EQ(race.NextDeadline(), kStart + 2 * kStagger);
  EXPECT_EQ(Text(race.OnAnswered(1)), "chosen 1");
}

TEST(AddressRace, ASlowAddressMayStillWin) {
  AddressRace race(2, kStagger);
  race.Start(kStart);
  race.OnTimer(kStart + kStagger);
  EXPECT_EQ(Text(race.OnFailed(1, kStart + kStagger)), "");
  EXPECT_EQ(race.state(), State::kRacing);
  EXPECT_EQ(Text(race.OnAnswered(0)), "chosen 0");
}

TEST(AddressRace, NoAddressIsExhaustedAtOnce) {
  AddressRace race(0, kStagger);
  EXPECT_EQ(Text(race.Start(kStart)), "exhausted");
  EXPECT_EQ(race.state(), State::kOver);
}

// Every state and event: two addresses, the first under way in Racing, both in RacingBoth.
TEST(AddressRace, EveryStateBearsEveryEvent) {
  const std::function<void(AddressRace&)> states[] = {
      [](AddressRace&) {},
      [](AddressRace& race) { race.Start(kStart); },
      [](AddressRace& race) {
        race.Start(kStart);
        race.OnTimer(kStart + kStagger);
      },
      [](AddressRace& race) {
        race.Start(kStart);
        race.OnAnswered(0);
      },
  };
  const char* const names[] = {"Ready", "Racing", "RacingBoth", "Over"};
  const std::function<std::string(AddressRace&)> events[] = {
      [](AddressRace& race) { return Text(race.Start(kStart)); },
      [](AddressRace& race) { return Text(race.OnAnswered(0)); },
      [](AddressRace& race) { return Text(race.OnAnswered(1)); },
      [](AddressRace& race) { return Text(race.OnFailed(0, kStart)); },
      [](AddressRace& race) { return Text(race.OnFailed(1, kStart)); },
      [](AddressRace& race) { return Text(race.OnTimer(kStart + absl::Hours(1))); },
  };
  const char* const expected[4][6] = {
      {"try 0", "", "", "", "", ""},
      {"", "chosen 0", "", "try 1", "", "try 1"},
      {"", "chosen 0", "chosen 1", "", "", ""},
      {"", "", "", "", "", ""},
  };
  for (int state = 0; state < 4; ++state) {
    for (int event = 0; event < 6; ++event) {
      AddressRace race(2, kStagger);
      states[state](race);
      EXPECT_EQ(events[event](race), expected[state][event]) << names[state] << ", event " << event;
    }
  }
}

}  // namespace
}  // namespace ipam::net
