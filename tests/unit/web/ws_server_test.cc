#include <string>
#include <thread>
#include <vector>

#include "server_fixture.h"

namespace ipam::web {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kSubscribe[] = R"({"type":"subscribe","id":"1","payload":{}})";

class WsServer : public ServerTest {
 protected:
  // The same end is told in a frame, then the connection ends.
  static void ExpectClose(RawClient& client, int code) {
    RawClient::Frame frame = client.ReadFrame();
    while (frame.opcode == 1 || frame.opcode == 9) frame = client.ReadFrame();
    EXPECT_EQ(frame.close_code(), code) << frame.payload;
    client.Send(ClientFrame(8, frame.payload));
    client.ShutdownSend();
    EXPECT_EQ(client.ReadToEnd(), "");
  }
};

TEST_F(WsServer, OpensWithTheSubprotocol) {
  Start();
  RawClient plain(port());
  EXPECT_THAT(
      plain.OpenWebSocket(),
      AllOf(StartsWith("HTTP/1.1 101 "), HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
            Not(HasSubstr("Protocol:")), Not(HasSubstr("Content-"))));
  RawClient known(port());
  EXPECT_THAT(
      known.OpenWebSocket("Sec-WebSocket-Protocol: graphql, ipam-progress.v1.json\r\n"),
      AllOf(StartsWith("HTTP/1.1 101 "), HasSubstr("Sec-WebSocket-Protocol: ipam-progress.v1.json\r\n")));
  RawClient unknown(port());
  EXPECT_THAT(unknown.OpenWebSocket("Sec-WebSocket-Protocol: graphql-ws\r\n"), StartsWith("HTTP/1.1 400 "));
  RawClient foreign(port());
  EXPECT_THAT(foreign.OpenWebSocket("Origin: http://evil.example\r\n"), StartsWith("HTTP/1.1 403 "));
  RawClient own(port());
  EXPECT_THAT(own.OpenWebSocket("Origin: http://localhost\r\n"), StartsWith("HTTP/1.1 101 "));
}

TEST_F(WsServer, RefusesBrokenHandshakes) {
  Start();
  RawClient client(port());
  const std::string upgrade = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
  EXPECT_EQ(client.Get("/v1/ws", upgrade + "Sec-WebSocket-Version: 8\r\n").Field("sec-websocket-version"),
            "13");
  EXPECT_EQ(client.Get("/v1/ws", upgrade + "Sec-WebSocket-Version: 13\r\n").status, 400);
  EXPECT_EQ(
      client.Get("/v1/ws", upgrade + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n").status,
      400);
  EXPECT_EQ(client.Get("/v1/ws", "Upgrade: websocket\r\n").status, 426);
}

TEST_F(WsServer, CarriesAWatchFromAckToComplete) {
  hub_.first_frames_ = {HeartbeatFrame("t1")};
  Start();
  RawClient client(port());
  client.OpenWebSocket();
  client.SendText(R"({"type":"connection_init","payload":{"token":"x"}})");
  EXPECT_EQ(client.ReadText(), R"({"type":"connection_ack","payload":{"heartbeat_ms":15000}})");
  client.SendText(
      R"({"type":"subscribe","id":"a\"b","payload":{"names":["operations/one"],"untilDone":true}})");
  EXPECT_EQ(client.ReadText(),
            R"({"type":"next","id":"a\"b","payload":{"resumeToken":"t1","heartbeat":{}}})");
  const auto watch = hub_.watches().at(0);
  EXPECT_EQ(watch.request.names(0), "operations/one");
  EXPECT_TRUE(watch.request.until_done());
  watch.outbox->Push(PercentFrame("t2", 50));
  EXPECT_EQ(client.ReadText(),
            R"({"type":"next","id":"a\"b","payload":{"resumeToken":"t2","events":{"events":)"
            R"([{"operation":"operations/one","percentage":{"percent":50}}]}}})");
  watch.outbox->FinishWhenEmpty(absl::OkStatus());
  EXPECT_EQ(client.ReadText(), R"({"type":"complete","id":"a\"b"})");
  client.SendText(R"({"type":"ping","payload":{"n":1}})");
  EXPECT_EQ(client.ReadText(), R"({"type":"pong","payload":{"n":1}})");
}

TEST_F(WsServer, NeedsNoInit) {
  Start();
  RawClient client(port());
  // The first message may come with the handshake in one packet.
  client.Send(
      "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
      ClientFrame(1, kSubscribe));
  client.ReadUntil("\r\n\r\n");
  ASSERT_TRUE(hub_.WaitForWatches(1));
  hub_.Push(PercentFrame("t", 1));
  EXPECT_THAT(client.ReadText(), HasSubstr(R"("percent":1)"));
}

TEST_F(WsServer, AnswersARefusedWatchWithAnErrorMessage) {
  Start();
  RawClient client(port());
  client.OpenWebSocket();
  client.SendText(R"({"type":"subscribe","id":"1","payload":{"names":["operations/none"]}})");
  EXPECT_EQ(client.ReadText(), R"({"type":"error","id":"1","payload":{"code":5,"message":"none"}})");
  client.SendText(R"({"type":"subscribe","id":"1","payload":{"name":"x"}})");
  EXPECT_THAT(client.ReadText(),
              AllOf(StartsWith(R"({"type":"error","id":"1","payload":{"code":3,)"), HasSubstr("name")));
  client.SendText(kSubscribe);
  ASSERT_TRUE(hub_.WaitForWatches(1));
}

TEST_F(WsServer, EndsAWatchThatTheClientCompletes) {
  Start();
  RawClient client(port());
  client.OpenWebSocket();
  client.SendText(kSubscribe);
  client.SendText(R"({"type":"subscribe","id":"2","payload":{}})");
  ASSERT_TRUE(hub_.WaitForWatches(2));
  client.SendText(R"({"type":"complete","id":"1"})");
  client.SendText(R"({"type":"ping"})");
  EXPECT_EQ(client.ReadText(), R"({"type":"pong"})");
  EXPECT_TRUE(hub_.watches()[0].outbox->ended());
  EXPECT_FALSE(hub_.watches()[1].outbox->ended());
  hub_.Push(PercentFrame("t", 1));
  EXPECT_THAT(client.ReadText(), StartsWith(R"({"type":"next","id":"2",)"));
  EXPECT_TRUE(client.SilentFor(50));
}

TEST_F(WsServer, LeavesTheHubWhenTheClientGoes) {
  Start();
  {
    RawClient client(port());
    client.OpenWebSocket();
    client.SendText(kSubscribe);
    ASSERT_TRUE(hub_.WaitForWatches(1));
  }
  for (int i = 0; i < 500 && !hub_.watches()[0].outbox->ended(); ++i) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_TRUE(hub_.watches()[0].outbox->ended());
}

TEST_F(WsServer, ClosesByTheCodesOfTheContract) {
  options_.limits.subscriptions_per_socket = 2;
  Start();
  const std::pair<std::vector<std::string>, int> cases[] = {
      {{ClientFrame(1, "{")}, 4400},
      {{ClientFrame(1, "[]")}, 4400},
      {{ClientFrame(1, R"({"type":"dance"})")}, 4400},
      {{ClientFrame(1, R"({"type":"subscribe"})")}, 4400},
      {{ClientFrame(1, std::string(1000, '['))}, 4400},
      {{ClientFrame(2, "binary")}, 4400},
      {{ClientFrame(1, kSubscribe), ClientFrame(1, kSubscribe)}, 4409},
      {{ClientFrame(1, R"({"type":"subscribe","id":"1"})"),
        ClientFrame(1, R"({"type":"subscribe","id":"2"})"),
        ClientFrame(1, R"({"type":"subscribe","id":"3"})")},
       4429},
      {{ClientFrame(1, R"({"type":"connection_init"})"), ClientFrame(1, R"({"type":"connection_init"})")},
       4429},
      {{ClientFrame(1, "{\"type\":\"\xff\"}")}, 1007},
      {{std::string("\x81\x02{}", 4)}, 1002},
      {{ClientFrame(3, "")}, 1002},
      {{ClientFrame(1, std::string((64 << 10) + 1, ' '))}, 1009},
      {{ClientFrame(8, std::string("\x03\xe8", 2))}, 1000},
      {{ClientFrame(8, "")}, 1000},
  };
  for (const auto& [frames, code] : cases) {
    SCOPED_TRACE(frames[0]);
    RawClient client(port());
    client.OpenWebSocket();
    for (const std::string& frame : frames) client.Send(frame);
    ExpectClose(client, code);
  }
}

TEST_F(WsServer, SurvivesGarbageAndServesTheOthers) {
  Start();
  RawClient good(port());
  good.OpenWebSocket();
  good.SendText(kSubscribe);
  ASSERT_TRUE(hub_.WaitForWatches(1));
  unsigned seed = 1;
  for (int round = 0; round < 100; ++round) {
    std::string garbage;
    for (int i = 0; i < 500; ++i)
      garbage.push_back(static_cast<char>((seed = seed * 1103515245 + 12345) >> 16));
    RawClient bad(port());
    if (round % 2 == 0) bad.OpenWebSocket();
    bad.Send(garbage);
    if (round % 3 == 0) bad.ShutdownSend();
  }
  hub_.Push(PercentFrame("t", 7));
  EXPECT_THAT(good.ReadText(), HasSubstr(R"("percent":7)"));
}

TEST_F(WsServer, ClosesASilentSocketAfterTheInitTimeout) {
  options_.timeouts.websocket_init = absl::Milliseconds(100);
  Start();
  RawClient client(port());
  client.OpenWebSocket();
  ExpectClose(client, 4408);
}

TEST_F(WsServer, PingsAndDropsAPeerThatDoesNotAnswer) {
  options_.timeouts.heartbeat = absl::Milliseconds(100);
  options_.timeouts.websocket_init = absl::Milliseconds(50);
  Start();
  RawClient alive(port());
  RawClient dead(port());
  for (RawClient* client : {&alive, &dead}) {
    client->OpenWebSocket();
    client->SendText(R"({"type":"connection_init"})");
    EXPECT_THAT(client->ReadText(), HasSubstr(R"("heartbeat_ms":100)"));
  }
  for (int beat = 0; beat < 8; ++beat) {
    EXPECT_EQ(alive.ReadFrame().opcode, 9);
    alive.Send(ClientFrame(10, ""));
  }
  bool reset = false;
  EXPECT_EQ(dead.ReadToEnd(&reset), std::string("\x89\0\x89\0\x89\0", 6));
  EXPECT_TRUE(reset);
}

TEST_F(WsServer, TellsSocketsBeyondTheLimitToTryLater) {
  options_.limits.websockets = 1;
  Start();
  RawClient first(port());
  first.OpenWebSocket();
  RawClient second(port());
  second.OpenWebSocket();
  ExpectClose(second, 1013);
  first.SendText(R"({"type":"ping"})");
  EXPECT_EQ(first.ReadText(), R"({"type":"pong"})");
}

TEST_F(WsServer, ResetsASlowConsumer) {
  options_.limits.send_buffer_bytes = 8 << 10;
  Start();
  RawClient slow(port(), 4 << 10);
  slow.OpenWebSocket();
  slow.SendText(kSubscribe);
  ASSERT_TRUE(hub_.WaitForWatches(1));
  const auto outbox = hub_.watches()[0].outbox;
  FillUp(*outbox);
  outbox->Abort(absl::ResourceExhaustedError("slow"));
  bool reset = false;
  slow.ReadToEnd(&reset);
  EXPECT_TRUE(reset);
}

TEST_F(WsServer, WritesAllThatIsPendingInOrder) {
  options_.limits.send_buffer_bytes = 8 << 10;
  Start();
  RawClient client(port(), 4 << 10);
  client.OpenWebSocket();
  client.SendText(kSubscribe);
  ASSERT_TRUE(hub_.WaitForWatches(1));
  const auto outbox = hub_.watches()[0].outbox;
  std::thread publisher([&] {
    for (int i = 0; i < 3000; ++i) {
      while (!outbox->Push(PercentFrame(std::to_string(i), i % 100))) absl::SleepFor(absl::Milliseconds(1));
    }
  });
  for (int i = 0; i < 3000; ++i) {
    ASSERT_THAT(client.ReadText(), HasSubstr("\"resumeToken\":\"" + std::to_string(i) + "\""));
  }
  publisher.join();
}

TEST_F(WsServer, StopsWithDrainAndRestart) {
  Start();
  RawClient watching(port());
  watching.OpenWebSocket();
  watching.SendText(kSubscribe);
  RawClient idle(port());
  idle.OpenWebSocket();
  RawClient keep_alive(port());
  keep_alive.Get("/livez");
  ASSERT_TRUE(hub_.WaitForWatches(1));
  std::thread client([&] {
    EXPECT_EQ(watching.ReadText(), R"({"type":"next","id":"1","payload":{"drain":{"reason":"update"}}})");
    ExpectClose(watching, 1012);
    ExpectClose(idle, 1012);
    EXPECT_EQ(keep_alive.ReadToEnd(), "");
    keep_alive.ShutdownSend();
  });
  hub_.Drain(absl::Seconds(1), "update");
  const absl::Time before = absl::Now();
  server_->Stop(absl::Seconds(8));
  EXPECT_LT(absl::Now() - before, absl::Seconds(4));
  client.join();
}

TEST_F(WsServer, StopsInTimeWithoutADrainAndWithPeersThatDoNotRead) {
  options_.limits.send_buffer_bytes = 8 << 10;
  Start();
  RawClient deaf(port(), 4 << 10);
  deaf.OpenWebSocket();
  deaf.SendText(kSubscribe);
  ASSERT_TRUE(hub_.WaitForWatches(1));
  FillUp(*hub_.watches()[0].outbox);
  RawClient listening(port());
  listening.OpenWebSocket();
  listening.SendText(kSubscribe);
  ASSERT_TRUE(hub_.WaitForWatches(2));
  const absl::Time before = absl::Now();
  server_->Stop(absl::Seconds(1));
  EXPECT_LT(absl::Now() - before, absl::Seconds(3));
  EXPECT_EQ(listening.ReadFrame().close_code(), 1012);
}

}  // namespace
}  // namespace ipam::web
