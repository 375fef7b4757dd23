#include "dcom_bridge/bridge/diagnosis.h"

#include <gtest/gtest.h>

#include <thread>

#include "loop_fixture.h"
#include "silent_port.h"
#include "stub_server.h"
#include "tests/support/fake_clock.h"
#include "tests/support/matchers.h"

namespace ipam::bridge {
namespace {

using event::DiagnosisOutcome;
using event::DiagnosisReport;
using event::DiagnosisStep;
using test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Answers whatever comes on one connection with `text`.
class TalkingPort : public SilentPort {
 public:
  explicit TalkingPort(std::string text)
      : thread_([this, text = std::move(text)] {
          const int peer = accept(fd_, nullptr, nullptr);  // the one that tries the port
          close(peer);
          const int client = accept(fd_, nullptr, nullptr);
          char buffer[4096];
          if (recv(client, buffer, sizeof buffer, 0) > 0)
            send(client, text.data(), text.size(), MSG_NOSIGNAL);
          close(client);
        }) {}
  ~TalkingPort() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
  }

 private:
  std::thread thread_;
};

class DiagnosisTest : public LoopTest {
 protected:
  DiagnosisTest() {
    clock_.Set(absl::Now());
    options_.server = {"127.0.0.1", server_.port()};
    options_.account = "DOM\\gw";
    options_.new_initiator = [this](const net::Endpoint&, const std::string&) {
      return auth::NewInitiator(auth::AuthType::kSpnego, {"DOM", "gw", auth::NtHash::OfPassword(password_)},
                                "", clock_, random_);
    };
  }
  // Walks to the end, and gives the last report.
  DiagnosisReport Walk() {
    reports_.clear();
    const auto diagnosis =
        std::make_shared<Diagnosis>(options_,
                                    Diagnosis::Dependencies{.loop = *loop_,
                                                            .clock = clock_,
                                                            .steady = steady_,
                                                            .exporter = callbacks_.exporter,
                                                            .witness = callbacks_.witness,
                                                            .texts = texts_,
                                                            .callback_account = {"DOM", "gw"},
                                                            .fixed_callback_port = false},
                                    [this](const DiagnosisReport& report) {
                                      reports_.push_back(report);
                                      return !hang_up_;
                                    });
    done_.reset();
    diagnosis->Begin([this](absl::Status status) { done_ = std::move(status); });
    RunUntil([&] { return done_.has_value(); });
    return reports_.empty() ? DiagnosisReport{} : reports_.back();
  }
  void ExpectFailure(DiagnosisStep step, const std::string& detail, const std::string& advice) {
    const DiagnosisReport last = Walk();
    EXPECT_OK(*done_);
    EXPECT_EQ(last.step, step);
    EXPECT_EQ(last.outcome, DiagnosisOutcome::kFailed);
    EXPECT_THAT(last.detail, HasSubstr(detail));
    EXPECT_THAT(last.advice, HasSubstr(advice));
    for (std::size_t i = 0; i < reports_.size(); ++i) {
      EXPECT_EQ(static_cast<std::size_t>(reports_[i].step), i + 1) << "a step was left out";
      EXPECT_EQ(reports_[i].outcome == DiagnosisOutcome::kFailed, i + 1 == reports_.size());
    }
  }

  test_support::FakeClock clock_;
  base::SteadyClock steady_;
  auth::SystemRandom random_;
  StubServer server_{loop_};
  CallbackSide callbacks_{loop_};
  Texts texts_{.check = [](TextKind, const std::string&) { return absl::OkStatus(); },
               .error = [](const std::string&) { return std::string(); }};
  DiagnosisOptions options_;
  std::string password_ = "pw";
  bool hang_up_ = false;
  std::vector<DiagnosisReport> reports_;
  std::optional<absl::Status> done_;
};

TEST_F(DiagnosisTest, AllIsWellAndNothingIsLeft) {
  Walk();
  EXPECT_OK(*done_);
  ASSERT_EQ(reports_.size(), 8u);
  for (std::size_t i = 0; i < reports_.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(reports_[i].step), i + 1);
    EXPECT_EQ(reports_[i].outcome, DiagnosisOutcome::kOk) << reports_[i].detail;
    EXPECT_EQ(reports_[i].advice, "");
  }
  EXPECT_THAT(reports_[2].detail, HasSubstr("DCOM 5.7"));
  EXPECT_THAT(reports_[3].detail, HasSubstr("DOM\\gw"));
  EXPECT_THAT(reports_[7].detail, HasSubstr("reached the callback"));
  RunUntil([&] { return server_.released == 1 && server_.side.listener->connections() == 0; });
  EXPECT_EQ(callbacks_.exporter.objects().size(), 1u);  // its own IRemUnknown
}

TEST_F(DiagnosisTest, UnknownName) {
  options_.server.host = "no-such-host.invalid";
  ExpectFailure(DiagnosisStep::kName, "no-such-host.invalid", "DNS");
}

TEST_F(DiagnosisTest, ClosedPort) {
  server_.side.listener.reset();
  ExpectFailure(DiagnosisStep::kPort, "refused", "start the management server");
}

TEST_F(DiagnosisTest, APortThatAcceptsAndIsSilent) {
  SilentPort silent;
  options_.server.port = silent.port();
  options_.step_timeout = absl::Milliseconds(100);
  ExpectFailure(DiagnosisStep::kBind, "did not answer an RPC bind", "firewall");
}

TEST_F(DiagnosisTest, APortThatSpeaksHttp) {
  TalkingPort http("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  options_.server.port = http.port();
  ExpectFailure(DiagnosisStep::kBind, "does not speak RPC", "another program listens there");
}

TEST_F(DiagnosisTest, WrongPassword) {
  password_ = "wrong";
  ExpectFailure(DiagnosisStep::kAuthentication, "the server refused the logon of DOM\\gw", "password");
  EXPECT_THAT(reports_.back().detail, ::testing::Not(HasSubstr("wrong")));
}

TEST_F(DiagnosisTest, LevelRefused) {
  orpc::Activator strict({.minimum_level = auth::AuthLevel::kPrivacy}, server_.side.exporter);
  rpc::ServiceTable services;
  services.Add(server_.side.resolver);
  services.Add(strict);
  services.Add(server_.side.exporter);
  const auto listener =
      *net::RpcListener::Listen(*loop_, {}, services, server_.side.acceptors, server_.side.groups);
  options_.server.port = listener->port();
  options_.level = auth::AuthLevel::kIntegrity;
  ExpectFailure(DiagnosisStep::kLevel, "refuses activation with packet integrity: fault ERROR_ACCESS_DENIED",
                "dcom.protection to privacy");
}

TEST_F(DiagnosisTest, ClassNotRegistered) {
  Side bare(loop_);
  options_.server.port = bare.listener->port();
  ExpectFailure(DiagnosisStep::kActivation, "REGDB_E_CLASSNOTREG", "start ipam-dcom-server");
}

TEST_F(DiagnosisTest, ActivationDenied) {
  server_.side.activator.Register(idl::kClsidIpamOperationWithProgress,
                                  [](const auto&) -> orpc::Created { return base::kAccessDenied; });
  ExpectFailure(DiagnosisStep::kActivation, "E_ACCESSDENIED", "let DOM\\gw activate");
}

TEST_F(DiagnosisTest, TheServerNamesAnAddressThatLeadsNowhere) {
  server_.side.exporter.Advertise(
      {.hosts = {"127.0.0.1"}, .port = 1, .auth_types = {auth::AuthType::kSpnego}});
  ExpectFailure(DiagnosisStep::kExporter, "127.0.0.1[1]", "dcom.advertise at the server");
}

TEST_F(DiagnosisTest, CallbackAddressUnreachable) {
  callbacks_.Advertise(1);
  ExpectFailure(DiagnosisStep::kCallback, "cannot call back to 127.0.0.1[1]", "dcom.callback_advertise");
  EXPECT_THAT(reports_.back().detail, HasSubstr("RPC_S_SERVER_UNAVAILABLE (0x800706BA)"));
  RunUntil([&] { return server_.released == 1; });
}

TEST_F(DiagnosisTest, TheLogonOfTheServerIsRefusedHere) {
  server_.side.password = "other";
  ExpectFailure(DiagnosisStep::kCallback, "logon was refused here", "call back as DOM\\gw");
}

TEST_F(DiagnosisTest, ClocksThatAreApartAreAWarning) {
  clock_.Advance(absl::Minutes(10));
  Walk();
  ASSERT_EQ(reports_.size(), 8u);
  EXPECT_EQ(reports_[3].outcome, DiagnosisOutcome::kWarning);
  EXPECT_THAT(reports_[3].detail, HasSubstr("behind ours"));
  EXPECT_THAT(reports_[3].advice, HasSubstr("Kerberos"));
}

TEST_F(DiagnosisTest, TheWholeHasALimitToo) {
  server_.answers = false;
  options_.total_timeout = absl::Milliseconds(300);
  const DiagnosisReport last = Walk();
  EXPECT_EQ(last.outcome, DiagnosisOutcome::kFailed);
  EXPECT_THAT(last.detail, HasSubstr("no end of it within 300ms"));
}

TEST_F(DiagnosisTest, EndsWhereNobodyListens) {
  hang_up_ = true;
  Walk();
  EXPECT_THAT(*done_, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(reports_.size(), 1u);
}

}  // namespace
}  // namespace ipam::bridge
