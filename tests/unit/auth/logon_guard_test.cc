#include "dcom_bridge/auth/logon_guard.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "peers.h"

namespace ipam::auth {
namespace {

using test_support::FakeClock;
using test_support::StatusIs;
using ::testing::HasSubstr;

constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;

struct Guard {
  explicit Guard(LogonGuardOptions options = {}) : guard(WithLog(std::move(options)), clock) {}
  LogonGuardOptions WithLog(LogonGuardOptions options) {
    options.log = [this](const std::string& line) { lines.push_back(line); };
    return options;
  }
  void Fail(int times, const std::string& account = "D\\a", const std::string& address = "10.0.0.1") {
    for (int i = 0; i < times; ++i) guard.OnFailure(account, address);
  }
  bool Locked(const std::string& account = "D\\a", const std::string& address = "10.0.0.1") {
    return !guard.Check(account, address).ok();
  }
  // Until it is let in again.
  absl::Duration LockTime() {
    absl::Duration time;
    for (; Locked(); time += absl::Seconds(1)) clock.Advance(absl::Seconds(1));
    return time;
  }

  FakeClock clock;
  std::vector<std::string> lines;
  LogonGuard guard;
};

TEST(LogonGuard, RefusesTheAccountAfterSomeFailuresAndLetsItInAgain) {
  Guard g;
  g.Fail(9);
  EXPECT_FALSE(g.Locked());
  g.Fail(1);
  EXPECT_THAT(g.guard.Check("D\\a", "10.0.0.1"),
              StatusIs(kUnauthenticated, HasSubstr("refused for another 30s")));
  EXPECT_FALSE(g.Locked("D\\b"));
  g.clock.Advance(absl::Seconds(29));
  EXPECT_TRUE(g.Locked());
  g.clock.Advance(absl::Seconds(1));
  EXPECT_FALSE(g.Locked());
  EXPECT_EQ(g.guard.counts().failures, 10u);
  EXPECT_EQ(g.guard.counts().locks, 1u);
  EXPECT_EQ(g.guard.counts().refused, 2u);
}

TEST(LogonGuard, NeverRefusesTheAccountElsewhere) {
  Guard g;
  for (int i = 0; i < 100; ++i) g.Fail(10, "D\\a", absl::StrCat("10.0.1.", i));
  EXPECT_FALSE(g.Locked("D\\a", "10.0.0.1"));
}

TEST(LogonGuard, DoublesTheTimeUpToALimit) {
  Guard g;
  g.Fail(10);
  std::vector<absl::Duration> times;
  for (int i = 0; i < 7; ++i) {
    times.push_back(g.LockTime());
    g.Fail(1);
  }
  EXPECT_THAT(times, ::testing::ElementsAre(absl::Seconds(30), absl::Seconds(60), absl::Seconds(120),
                                            absl::Seconds(240), absl::Seconds(480), absl::Seconds(900),
                                            absl::Seconds(900)));
}

TEST(LogonGuard, ForgetsWhatIsLongAgo) {
  Guard g;
  g.Fail(9);
  g.clock.Advance(absl::Minutes(11));
  g.Fail(9);
  EXPECT_FALSE(g.Locked());
  g.Fail(1);
  EXPECT_TRUE(g.Locked());
  g.clock.Advance(absl::Hours(2));
  g.Fail(9);
  EXPECT_FALSE(g.Locked());
}

TEST(LogonGuard, ASuccessClearsTheAccountButNotTheAddress) {
  Guard g({.account_failures = 3, .address_failures = 5});
  g.Fail(2);
  g.guard.OnSuccess("D\\a", "10.0.0.1");
  g.Fail(2);
  EXPECT_FALSE(g.Locked());
  g.Fail(1, "D\\b");
  EXPECT_TRUE(g.Locked("D\\c"));
  EXPECT_FALSE(g.Locked("D\\c", "10.0.0.2"));
}

TEST(LogonGuard, TakesA64OfIPv6AndAMappedIPv4ForOneAddress) {
  Guard g;
  for (int i = 0; i < 10; ++i) g.Fail(1, "D\\a", absl::StrCat("2001:db8::", i, ":1"));
  EXPECT_TRUE(g.Locked("D\\a", "2001:db8::ffff:2"));
  EXPECT_FALSE(g.Locked("D\\a", "2001:db8:0:1::1"));
  g.Fail(10, "D\\a", "::ffff:10.0.0.9");
  EXPECT_TRUE(g.Locked("D\\a", "10.0.0.9"));
  EXPECT_FALSE(g.Locked("D\\a", "10.0.0.10"));
  g.Fail(10, "D\\a", "fe80::1%eth0");
  EXPECT_TRUE(g.Locked("D\\a", "fe80::2"));
}

TEST(LogonGuard, AClockSetBackDoesNotLengthenALock) {
  Guard g({.account_failures = 1, .max_lock = absl::Minutes(1)});
  g.Fail(1);
  g.clock.Advance(absl::Hours(-100));
  EXPECT_LE(g.LockTime(), absl::Minutes(1));
  g.Fail(1);
  EXPECT_TRUE(g.Locked());
}

TEST(LogonGuard, KeepsItsMemoryBoundedAndItsLocks) {
  Guard g({.max_entries = 20});
  g.Fail(10, "D\\a", "10.0.0.1");
  for (int i = 0; i < 19; ++i) g.Fail(1, "D\\a", absl::StrCat("10.0.2.", i));
  EXPECT_EQ(g.guard.entries(), 20u);
  EXPECT_TRUE(g.Locked("D\\a", "10.0.0.1"));
}

TEST(LogonGuard, LogsALockOnceAndNotMoreThanOnceASecond) {
  Guard g;
  g.Fail(10);
  EXPECT_THAT(g.lines, ::testing::ElementsAre(
                           "account D\\\\a from 10.0.0.1 is refused for 30s after too many failed logons"));
  for (int i = 0; i < 5; ++i) g.Fail(10, absl::StrCat("D\\x\n", i), absl::StrCat("10.0.0.", 10 + i));
  EXPECT_EQ(g.lines.size(), 1u);
  g.clock.Advance(absl::Seconds(1));
  g.Fail(10, "D\\z", "10.0.0.99");
  ASSERT_EQ(g.lines.size(), 2u);
  EXPECT_THAT(g.lines[1], HasSubstr("(and 5 more)"));
}

TEST(LogonGuard, CanBeSwitchedOff) {
  Guard g({.account_failures = 0});
  g.Fail(1000);
  EXPECT_FALSE(g.Locked());
  EXPECT_EQ(g.guard.entries(), 0u);
}

// Through the acceptors, NTLM bare and in SPNEGO.
class GuardedLogon : public ::testing::TestWithParam<AuthType> {
 protected:
  absl::Status LogOn(std::string_view password, const std::string& address = "10.0.0.7",
                     std::string_view user = "Alice", std::string_view domain = "CONTOSO") {
    Credentials credentials = Alice(password);
    credentials.user = user;
    credentials.domain = domain;
    return Handshake(*world_.Initiator(GetParam(), credentials), **factory_.NewAcceptor(GetParam(), address));
  }

  World world_;
  AcceptorFactory factory_{Accounts(), ServerNames::FromHostName("server1"), {}, world_.clock, world_.random};
};

TEST_P(GuardedLogon, RefusesTheRightPasswordToo) {
  for (int i = 0; i < 10; ++i)
    EXPECT_THAT(LogOn("wrong"), StatusIs(kUnauthenticated, HasSubstr("wrong password")));
  EXPECT_THAT(LogOn("Pa55word"), StatusIs(kUnauthenticated, HasSubstr("too many failed logons")));
  EXPECT_OK(LogOn("Pa55word", "10.0.0.8"));
  world_.clock.Advance(absl::Seconds(31));
  EXPECT_OK(LogOn("Pa55word"));
  EXPECT_EQ(factory_.guard().counts().failures, 10u);
}

TEST_P(GuardedLogon, CountsAnAccountUnderAllItsSpellings) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(LogOn("wrong", "10.0.0.7", "aLiCe", "contoso").ok());
    EXPECT_FALSE(LogOn("wrong", "10.0.0.7", "alice", "").ok());
  }
  EXPECT_THAT(LogOn("Pa55word"), StatusIs(kUnauthenticated, HasSubstr("too many failed logons")));
}

TEST_P(GuardedLogon, UnknownAccountsShareOneEntry) {
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(LogOn("x", "10.0.0.7", absl::StrCat("user", i)).ok());
  EXPECT_EQ(factory_.guard().entries(), 2u);  // with the address
  EXPECT_THAT(LogOn("x", "10.0.0.7", "other"),
              StatusIs(kUnauthenticated, HasSubstr("too many failed logons")));
  EXPECT_OK(LogOn("Pa55word"));
}
INSTANTIATE_TEST_SUITE_P(Types, GuardedLogon, ::testing::Values(AuthType::kNtlm, AuthType::kSpnego));

}  // namespace
}  // namespace ipam::auth
