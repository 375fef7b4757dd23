#include <string>
#include <thread>
#include <vector>

#include "server_fixture.h"

namespace ipam::web {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LimitsServer : public ServerTest {};

TEST_F(LimitsServer, RefusesMalformedRequests) {
  Start();
  const std::pair<const char*, int> cases[] = {
      {"garbage\r\n\r\n", 400},
      {"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 400},
      {"GET nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /?a=%f HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost localhost\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n", 400},
  };
  for (const auto& [request, status] : cases) {
    SCOPED_TRACE(request);
    RawClient client(port());
    client.Send(request);
    const auto response = client.ReadResponse();
    EXPECT_EQ(response.status, status);
    EXPECT_THAT(response.body, StartsWith("{\"code\":3,"));
    client.ShutdownSend();
    EXPECT_EQ(client.ReadToEnd(), "");
  }
}

TEST_F(LimitsServer, BoundsHeaderAndBody) {
  options_.limits.body_bytes = 1000;
  Start();
  RawClient header(port());
  header.Send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(header.ReadResponse().status, 431);
  RawClient endless(port());
  endless.Send("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
  while (endless.Send(std::string(10'000, 'x')) && endless.SilentFor(1)) {
  }
  EXPECT_EQ(endless.ReadResponse().status, 431);
  RawClient announced(port());
  announced.Send(
      "POST /v1/operations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\nExpect: "
      "100-continue\r\n\r\n");
  EXPECT_EQ(announced.ReadResponse().status, 413);
  RawClient chunked(port());
  chunked.Send("POST /v1/operations HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 11; ++i) chunked.Send("64\r\n" + std::string(100, 'x') + "\r\n");
  EXPECT_EQ(chunked.ReadResponse().status, 413);
}

TEST_F(LimitsServer, TakesALargeBodyInPieces) {
  Start();
  const std::string body = R"({"parametersXml":")" + std::string(3 << 20, 'x') + "\"}";
  RawClient client(port());
  client.Send(
      "POST /v1/operations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Expect: 100-continue\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send(body);
  EXPECT_EQ(client.ReadResponse().status, 200);
  EXPECT_EQ(hub_.started().at(0).parameters_xml().size(), 3u << 20);
}

TEST_F(LimitsServer, EndsASlowHeaderASlowBodyAndAnIdleConnection) {
  options_.timeouts.header = absl::Milliseconds(200);
  options_.timeouts.body = absl::Milliseconds(300);
  options_.timeouts.idle = absl::Milliseconds(250);
  Start();
  RawClient header(port());
  // Bytes that trickle in do not prolong it.
  const std::string request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n";
  for (std::size_t i = 0; i < request.size() && header.SilentFor(20); ++i) header.Send(request.substr(i, 1));
  EXPECT_EQ(header.ReadResponse().status, 408);
  RawClient body(port());
  body.Send("POST /v1/operations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
  while (body.SilentFor(20)) body.Send("x");
  EXPECT_EQ(body.ReadResponse().status, 408);
  RawClient idle(port());
  EXPECT_EQ(idle.ReadToEnd(), "");
}

TEST_F(LimitsServer, ResetsAReaderThatTakesNothing) {
  options_.timeouts.write_stall = absl::Milliseconds(200);
  options_.limits.send_buffer_bytes = 8 << 10;
  hub_.xml_ = std::string(8 << 20, 'x');
  Start();
  RawClient client(port(), 4 << 10);
  client.Send("GET /v1/operations/one/completion_status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  absl::SleepFor(absl::Milliseconds(600));
  bool reset = false;
  EXPECT_LT(client.ReadToEnd(&reset).size(), 8u << 20);
  EXPECT_TRUE(reset);
}

TEST_F(LimitsServer, SendsALargeAnswerToASlowReader) {
  options_.limits.send_buffer_bytes = 8 << 10;
  hub_.xml_ = std::string(2 << 20, 'x');
  Start();
  RawClient client(port(), 4 << 10);
  for (int i = 0; i < 2; ++i) {
    const auto response = client.Get("/v1/operations/one/completion_status");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body.size(), 2u << 20);
  }
}

TEST_F(LimitsServer, RefusesConnectionsBeyondTheLimit) {
  options_.limits.connections = 2;
  Start();
  RawClient first(port());
  EXPECT_EQ(first.Get("/livez").status, 200);
  RawClient second(port());
  EXPECT_EQ(second.Get("/livez").status, 200);
  RawClient third(port());
  EXPECT_THAT(third.ReadToEnd(), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(first.Get("/metrics").body, HasSubstr("ipamgw_http_connections_refused_total 1\n"));
}

TEST_F(LimitsServer, AnswersAPeerThatClosedItsHalf) {
  Start();
  RawClient client(port());
  client.Send("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  client.ShutdownSend();
  EXPECT_THAT(client.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\n\r\nok\n")));
}

TEST_F(LimitsServer, FinishesARequestUnderWayWhenItStops) {
  hub_.hold_starts_ = true;
  Start();
  RawClient client(port());
  client.Send(
      "POST /v1/operations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\n\r\n{}");
  while (hub_.started().empty()) absl::SleepFor(absl::Milliseconds(5));
  std::thread answer([&] {
    absl::SleepFor(absl::Milliseconds(200));
    hub_.TakeHeld()[0](v1::Operation());
  });
  std::thread reader([&] {
    const auto response = client.ReadResponse();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.Field("connection"), "close");
    client.ShutdownSend();
  });
  server_->Stop(absl::Seconds(5));
  answer.join();
  reader.join();
}

}  // namespace
}  // namespace ipam::web
