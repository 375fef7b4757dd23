#include "dcom_bridge/bridge/dcom_source.h"

#include <gtest/gtest.h>

#include "fixed_random.h"
#include "loop_fixture.h"
#include "silent_port.h"
#include "stub_server.h"
#include "tests/support/fake_clock.h"
#include "tests/support/matchers.h"

namespace ipam::bridge {
namespace {

using event::SourceState;
using test_support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

class DcomSourceTest : public LoopTest {
 protected:
  DcomSourceTest() {
    clock_.Set(absl::Now());
    options_.probe_interval = options_.min_backoff = options_.max_backoff = absl::Milliseconds(5);
    options_.min_retest = options_.max_retest = absl::Milliseconds(5);
  }
  std::unique_ptr<DcomSource> NewSource(std::uint16_t port, const std::string& name = "ipam1",
                                        const std::string& password = "pw") {
    const auth::Credentials credentials{"DOM", "gw", auth::NtHash::OfPassword(password)};
    auto source = std::make_unique<DcomSource>(
        ServerOptions{.name = name, .host = "127.0.0.1", .port = port, .domain = "DOM", .user = "gw"},
        options_,
        DcomSource::Dependencies{loop_,
                                 [this, credentials](const net::Endpoint&, const std::string&) {
                                   return auth::NewInitiator(auth::AuthType::kSpnego, credentials, "", clock_,
                                                             secrets_);
                                 },
                                 auth::AuthLevel::kPrivacy, callbacks_.exporter, callbacks_.witness, sink_,
                                 texts_, clock_, steady_, random_});
    source->Connect();
    return source;
  }
  using LoopTest::RunUntil;
  void RunUntil(DcomSource& source, SourceState state) {
    RunUntil([&] { return source.State().state == state; });
  }
  void RunFor(absl::Duration time) {
    const absl::Time end = absl::Now() + time;
    RunUntil([&] { return absl::Now() > end; });
  }
  absl::Status Start(DcomSource& source, bool validate_only) {
    std::optional<absl::Status> done;
    source.Start({.operation = "op-1", .parameters_xml = "<p/>", .validate_only = validate_only},
                 [&](absl::Status status) { done = std::move(status); });
    RunUntil([&] { return done.has_value(); });
    return done.value_or(absl::UnknownError("no answer"));
  }

  test_support::FakeClock clock_;
  base::SteadyClock steady_;
  FixedRandom random_;
  auth::SystemRandom secrets_;
  StubServer server_{loop_};
  CallbackSide callbacks_{loop_};
  FakeSink sink_;
  Texts texts_{.check = [](TextKind, const std::string&) { return absl::OkStatus(); },
               .error = [](const std::string& xml) { return "words of " + xml; }};
  BridgeOptions options_;
};

TEST_F(DcomSourceTest, ConnectsOnceTheServerCalledBackAndKeepsNothing) {
  const auto source = NewSource(server_.port());
  EXPECT_EQ(source->State().state, SourceState::kConnecting);
  RunUntil(*source, SourceState::kConnected);
  EXPECT_EQ(source->State().address, absl::StrCat("127.0.0.1:", server_.port()));
  EXPECT_EQ(source->State().account, "DOM\\gw");
  EXPECT_EQ(server_.checked, 1);
  RunUntil([&] { return server_.released == 1; });
  EXPECT_EQ(callbacks_.exporter.objects().size(), 1u);  // its own IRemUnknown
  RunFor(absl::Milliseconds(50));
  EXPECT_EQ(server_.checked, 1) << "tested again without need";
}

TEST_F(DcomSourceTest, TakesTheRefusalOfAServerThatDoesNotLookAtTheCallbackForGood) {
  server_.unmarshals = false;
  const auto source = NewSource(server_.port());
  RunUntil(*source, SourceState::kConnected);
}

TEST_F(DcomSourceTest, TakesAnyAnswerOfAServerThatWasSeenToReachUs) {
  server_.answer = base::kUnexpected;
  const auto source = NewSource(server_.port());
  RunUntil(*source, SourceState::kConnected);
}

TEST_F(DcomSourceTest, NamesTheAddressThatTheServerCannotReachAndRecovers) {
  callbacks_.Advertise(1);  // nobody listens there
  const auto source = NewSource(server_.port());
  RunUntil(*source, SourceState::kConnectedNoCallbacks);
  EXPECT_THAT(source->State().reason,
              AllOf(HasSubstr("127.0.0.1[1]"), HasSubstr("RPC_S_SERVER_UNAVAILABLE"),
                    HasSubstr("dcom.callback_advertise"), HasSubstr("fixed port"), HasSubstr("firewall")));
  EXPECT_THAT(Start(*source, false),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("dcom.callback_advertise")));
  EXPECT_EQ(server_.initialized, 0);
  EXPECT_OK(Start(*source, true));
  EXPECT_TRUE(sink_.events.empty());
  callbacks_.Advertise(callbacks_.listener->port());
  RunUntil(*source, SourceState::kConnected);
  EXPECT_EQ(source->State().reason, "");
}

TEST_F(DcomSourceTest, BelievesTheErrorInformationBesideTheOrderOfTheCalls) {
  callbacks_.Advertise(1);
  server_.answer = base::kIllegalMethodCall;
  server_.unreachable_xml = "<no way/>";
  const auto source = NewSource(server_.port());
  RunUntil(*source, SourceState::kConnectedNoCallbacks);
  EXPECT_THAT(source->State().reason,
              AllOf(HasSubstr("127.0.0.1[1] (words of <no way/>)"), HasSubstr("dcom.callback_advertise")));
}

TEST_F(DcomSourceTest, SaysThatTheServerLoggedOnWrongly) {
  server_.side.password = "wrong";
  const auto source = NewSource(server_.port());
  RunUntil(*source, SourceState::kConnectedNoCallbacks);
  EXPECT_THAT(source->State().reason, AllOf(HasSubstr("logon was refused"), HasSubstr("DOM\\gw")));
}

TEST_F(DcomSourceTest, AServerThatKeepsTheTestOpenHasNoCallbacks) {
  server_.answers = false;
  options_.call_timeout = absl::Milliseconds(50);
  const auto source = NewSource(server_.port());
  RunUntil(*source, SourceState::kConnectedNoCallbacks);
  EXPECT_THAT(source->State().reason, HasSubstr("no answer in time"));
}

TEST_F(DcomSourceTest, AServerWithoutTheClassIsOfNoUse) {
  StubServer other(loop_);
  other.side.activator.Register(idl::kClsidIpamOperationWithProgress,
                                [](const auto&) -> orpc::Created { return base::kClassNotRegistered; });
  const auto source = NewSource(other.port());
  RunUntil(*source, SourceState::kDisconnected);
  EXPECT_THAT(source->State().reason, HasSubstr("REGDB_E_CLASSNOTREG"));
  EXPECT_THAT(Start(*source, false),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("REGDB_E_CLASSNOTREG")));
}

TEST_F(DcomSourceTest, AWrongPasswordIsSaid) {
  const auto source = NewSource(server_.port(), "ipam1", "wrong");
  RunUntil(*source, SourceState::kDisconnected);
  EXPECT_THAT(source->State().reason, ::testing::ContainsRegex("denied|DENIED|refused"));
}

TEST_F(DcomSourceTest, AServerThatAcceptsAndIsSilentLeavesTheOtherOneAlone) {
  SilentPort silent;
  options_.unreachable_after = absl::Milliseconds(50);
  const auto dead = NewSource(silent.port(), "dead");
  const auto source = NewSource(server_.port());
  RunUntil(*source, SourceState::kConnected);
  RunUntil(*dead, SourceState::kDisconnected);
  EXPECT_THAT(dead->State().reason, HasSubstr("no answer in time"));
  EXPECT_THAT(Start(*dead, true), StatusIs(absl::StatusCode::kUnavailable));
  const absl::Time since = source->State().since;
  clock_.Advance(absl::Seconds(1));
  for (int i = 0; i < 3; ++i) EXPECT_OK(Start(*source, true));
  EXPECT_EQ(source->State().state, SourceState::kConnected);
  EXPECT_EQ(source->State().since, since) << "it went and came back";
}

TEST_F(DcomSourceTest, AServerThatRestartsIsFoundAgainAndTestedAgain) {
  const auto source = NewSource(server_.port());
  RunUntil(*source, SourceState::kConnected);
  const std::uint16_t port = server_.port();
  server_.side.listener.reset();
  RunUntil(*source, SourceState::kDisconnected);
  clock_.Advance(absl::Seconds(1));
  server_.side.listener = *net::RpcListener::Listen(*loop_, {.port = port}, server_.side.services,
                                                    server_.side.acceptors, server_.side.groups);
  RunUntil(*source, SourceState::kConnected);
  EXPECT_EQ(source->State().since, clock_.Now());
  EXPECT_EQ(server_.checked, 2);
}

TEST_F(DcomSourceTest, TheClocksAreComparedWheneverTheyAreSet) {
  clock_.Set(absl::Now() - absl::Minutes(7));  // ours is behind
  const auto source = NewSource(server_.port());
  RunUntil(*source, SourceState::kConnected);
  EXPECT_THAT(source->State().reason, AllOf(HasSubstr("7m ahead of ours"), HasSubstr("Kerberos")));
  const absl::Time since = source->State().since;
  clock_.Set(absl::Now());
  RunUntil([&] { return source->State().reason.empty(); });
  clock_.Set(absl::Now() + absl::Hours(1000));
  RunUntil([&] { return !source->State().reason.empty(); });
  EXPECT_THAT(source->State().reason, HasSubstr("1000h behind ours"));
  EXPECT_EQ(source->State().state, SourceState::kConnected);
  EXPECT_EQ(source->State().since, since) << "a clock that jumps is no loss";
}

TEST_F(DcomSourceTest, GivesEverythingBackWhereItIsStoppedDuringTheTest) {
  server_.answers = false;
  const auto source = NewSource(server_.port());
  RunUntil([&] { return server_.held.size() == 1; });
  source->Stop();
  EXPECT_EQ(callbacks_.exporter.objects().size(), 1u);
  EXPECT_EQ(source->State().state, SourceState::kDisconnected);
  server_.held.clear();
  RunUntil([&] { return server_.released == 1; });
}

}  // namespace
}  // namespace ipam::bridge
