#include "dcom_bridge/server/metrics.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/server/metrics_listener.h"
#include "tests/support/fake_clock.h"
#include "tests/support/matchers.h"
#include "world.h"

namespace ipam::server {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

int Connect(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  return fd;
}

std::string Ask(std::uint16_t port, const std::string& request) {
  const int fd = Connect(port);
  EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(n));
  close(fd);
  return answer;
}

TEST(WriteMetrics, HasEveryFamilyWithItsPrefix) {
  const LoopFigures loop{.objects = 3,
                         .references = 15,
                         .ping_sets = 2,
                         .connections = 11,
                         .unauthenticated = 12,
                         .callbacks_held = 13,
                         .rpc = {.calls_in = 9, .faults_out = 14},
                         .callbacks = {.events_sent = 7}};
  const engine::OperationFigures operations{
      .running = 4, .waiting = 5, .ended = {{{"CreateDnsZone", true}, 6}, {{"CreateDnsZone", false}, 8}}};
  const std::string text = WriteMetrics(loop, {.failures = 10, .locks = 16}, operations);
  for (const char* line :
       {"ipamds_objects 3\n", "ipamds_references 15\n", "ipamds_ping_sets 2\n", "ipamds_connections 11\n",
        "ipamds_connections_unauthenticated 12\n", "ipamds_callbacks_held 13\n",
        "ipamds_calls_received_total 9\n", "ipamds_faults_sent_total 14\n",
        "ipamds_authentication_failures_total 10\n", "ipamds_authentication_locks_total 16\n",
        "ipamds_operations_running 4\n", "ipamds_operations_waiting 5\n",
        "ipamds_operations_ended_total{kind=\"CreateDnsZone\",status=\"CompletedWithSuccess\"} 6\n",
        "ipamds_operations_ended_total{kind=\"CreateDnsZone\",status=\"CompletedWithFailure\"} 8\n",
        "ipamds_events_sent_total 7\n", "# TYPE ipamds_events_sent_total counter\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(WriteMetrics(std::nullopt, {}, operations),
              AllOf(Not(HasSubstr("ipamds_objects")), HasSubstr("ipamds_operations_running 4\n")));
}

TEST(MetricsListener, ServesOnePageAndNothingElse) {
  auto listener = MetricsListener::Listen("127.0.0.1", 0, [] { return std::string("the page"); });
  ASSERT_OK(listener);
  const std::uint16_t port = (*listener)->port();
  EXPECT_THAT(
      Ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("version=0.0.4"), HasSubstr("\r\n\r\nthe page")));
  EXPECT_THAT(Ask(port, "GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Ask(port, "POST /metrics HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 405"));
  EXPECT_EQ(Ask(port, std::string(9'000, 'x')), "");
  EXPECT_THAT(MetricsListener::Listen("127.0.0.1", port, nullptr),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(MetricsListener::Listen("not an address", 0, nullptr),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(MetricsListener, EndsWhileAClientSaysNothing) {
  auto listener = MetricsListener::Listen("::1", 0, [] { return std::string(); });
  if (absl::IsUnavailable(listener.status()))
    listener = MetricsListener::Listen("127.0.0.1", 0, [] { return std::string(); });
  ASSERT_OK(listener);
  auto quiet = MetricsListener::Listen("127.0.0.1", 0, [] { return std::string(); });
  ASSERT_OK(quiet);
  const int fd = Connect((*quiet)->port());
  quiet->reset();
  close(fd);
}

class ServerFiguresTest : public World {
 protected:
  LoopFigures Figures() const {
    return ReadDcomFigures(server_->exporter, server_->resolver, *server_->listener, {});
  }
  std::string Page() const { return WriteMetrics(Figures(), {}, engine_->figures()); }
  // The timer as its owner drives it: each time that it is due, up to now.
  void Pass(absl::Duration time) {
    const absl::Time end = references_.Now() + time;
    orpc::OxidResolver& resolver = server_->resolver;
    while (resolver.NextDeadline() <= end) {
      references_.Advance(std::max(resolver.NextDeadline() - references_.Now(), absl::ZeroDuration()));
      resolver.OnTimer(references_.Now());
    }
    references_.Advance(end - references_.Now());
  }

  test_support::FakeClock references_;
};

// A client that activates and pings, and dies with its connections: it releases nothing.
struct MortalClient {
  MortalClient(net::Loop& loop, base::Clock& clock, auth::RandomSource& random)
      : rpc(std::make_unique<net::RpcClient>(
            loop, net::RpcClientOptions(),
            [&clock, &random](const net::Endpoint&, const std::string&) {
              return auth::NewInitiator(auth::AuthType::kSpnego,
                                        {"DOM", "gw", auth::NtHash::OfPassword("gw")}, "", clock, random);
            })),
        dcom(std::make_unique<net::DcomClient>(
            loop, *rpc, clock, net::DcomClientOptions{.pinger = {.period = absl::Milliseconds(100)}})) {}

  std::unique_ptr<net::RpcClient> rpc;
  std::unique_ptr<net::DcomClient> dcom;
};

TEST_F(ServerFiguresTest, NothingOfAThousandDeadClientsIsLeft) {
  constexpr std::size_t kClients = 1000;
  constexpr std::size_t kTogether = 50;
  server_references_ = &references_;
  Open();
  for (std::size_t born = 0; born < kClients; born += kTogether) {
    std::vector<MortalClient> clients;
    std::size_t activated = 0;
    for (std::size_t i = 0; i < kTogether; ++i) {
      clients.emplace_back(*loop_, gateway_->clock, gateway_->random);
      clients.back().dcom->CreateInstance({"127.0.0.1", server_->port}, idl::kClsidIpamOperationWithProgress,
                                          {idl::kIidOperationWithProgress}, [&](auto objects) {
                                            ASSERT_OK(objects);
                                            ++activated;
                                          });
    }
    RunUntil([&] { return activated == kTogether && Figures().ping_sets == born + kTogether; });
  }
  RunUntil([&] { return Figures().connections == 0; });
  const LoopFigures dead = Figures();
  EXPECT_EQ(dead.objects, kClients);
  EXPECT_EQ(dead.references, kClients * 5);
  EXPECT_EQ(dead.ping_sets, kClients);
  Pass(absl::Minutes(6));
  for (const char* line : {"ipamds_objects 0\n", "ipamds_references 0\n", "ipamds_ping_sets 0\n",
                           "ipamds_connections 0\n", "ipamds_connections_unauthenticated 0\n"}) {
    EXPECT_THAT(Page(), HasSubstr(line));
  }
  Initialized(*gateway_);
  EXPECT_THAT(Page(), AllOf(HasSubstr("ipamds_objects 1\n"), HasSubstr("ipamds_connections 1\n"),
                            HasSubstr("ipamds_connections_unauthenticated 0\n")));
}

TEST_F(ServerFiguresTest, CountWhatBecomesOfCallbacks) {
  Open();
  const CallbackCounters& counters = sessions_->counters();
  const auto callback = std::make_shared<Recorder>();
  const Session session = Initialized(*gateway_);
  EXPECT_EQ(Call(session, StartWith(*gateway_, callback)).result, base::kOk);
  const base::Guid id = Call(session, idl::GetOperationId{}).operation;
  RunUntil([&] { return callback->released == 1; });
  EXPECT_EQ(counters.events_sent, Events(id).size());
  EXPECT_EQ(counters.events_resent + counters.unanswered + counters.refused, 0u);

  const auto stumbling = std::make_shared<Recorder>();
  stumbling->faults = 1;
  EXPECT_EQ(Call(session, idl::ResumeCallback{id, 0, gateway_->Export(stumbling)}).result, base::kOk);
  RunUntil([&] { return stumbling->released == 1; });
  EXPECT_EQ(counters.unanswered, 1u);
  EXPECT_EQ(counters.events_resent, Events(id).size());
  EXPECT_EQ(counters.events_sent, 2 * Events(id).size());

  const auto refusing = std::make_shared<Recorder>();
  refusing->answer = base::kFail;
  EXPECT_EQ(Call(session, idl::ResumeCallback{id, 0, gateway_->Export(refusing)}).result, base::kOk);
  RunUntil([&] { return refusing->released == 1; });
  EXPECT_EQ(counters.refused, 1u);
  EXPECT_EQ(counters.resumed, 2u);
  EXPECT_EQ(sessions_->senders(), 0u);

  const auto foreign = std::make_shared<Recorder>(Recorder::Form::kNeither);
  const orpc::MInterfacePointer pointer = gateway_->Export(foreign, {}, foreign->Interfaces()[0].iid);
  EXPECT_FALSE(Call(session, idl::ResumeCallback{id, 0, pointer}).result.ok());
  EXPECT_EQ(counters.unreachable, 1u);
  const engine::OperationFigures figures = engine_->figures();
  EXPECT_EQ(figures.ended.at({"CreateDnsResourceRecords", true}), 1u);
  EXPECT_EQ(figures.running + figures.waiting, 0u);
}

}  // namespace
}  // namespace ipam::server
