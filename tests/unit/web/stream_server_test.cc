#include <string>
#include <vector>

#include "server_fixture.h"

namespace ipam::web {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kSse[] = "Accept: text/event-stream\r\n";

class StreamServer : public ServerTest {
 protected:
  static std::string Request(std::string_view target, std::string_view fields = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n";
  }
  // One chunk of RFC 9112 7.1; empty for the last.
  static std::string ReadChunk(RawClient& client) {
    const std::size_t size = std::stoul(client.ReadUntil("\r\n"), nullptr, 16);
    std::string chunk = client.ReadExactly(size);
    EXPECT_EQ(client.ReadUntil("\r\n"), "\r\n");
    return chunk;
  }
};

TEST_F(StreamServer, SendsServerSentEvents) {
  hub_.first_frames_ = {HeartbeatFrame("t1"), PercentFrame("t2", 10)};
  Start();
  RawClient client(port());
  client.Send(Request("/v1/operations/one:watch?until_done=true", kSse));
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Type: text/event-stream\r\n"),
                    HasSubstr("X-Accel-Buffering: no\r\n"), HasSubstr("Cache-Control: no-store\r\n"),
                    HasSubstr("Transfer-Encoding: chunked\r\n"), HasSubstr("nosniff")));
  EXPECT_EQ(ReadChunk(client), "id: t1\ndata: {\"resumeToken\":\"t1\",\"heartbeat\":{}}\n\n");
  EXPECT_THAT(ReadChunk(client), StartsWith("id: t2\ndata: {\"resumeToken\":\"t2\",\"events\":"));
  const auto watch = hub_.watches().at(0);
  EXPECT_EQ(watch.request.names(0), "operations/one");
  watch.outbox->FinishWhenEmpty(absl::OkStatus());
  EXPECT_EQ(ReadChunk(client), "event: done\ndata: {}\n\n");
  EXPECT_EQ(ReadChunk(client), "");
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(StreamServer, SendsLinesOfJsonByDefault) {
  hub_.first_frames_ = {HeartbeatFrame("t1")};
  hub_.finish_at_once_ = true;
  Start();
  for (const char* accept : {"", "Accept: */*\r\n", "Accept: application/x-ndjson\r\n",
                             "Accept: text/event-stream;q=0.5, */*\r\n", "Accept: application/*\r\n"}) {
    SCOPED_TRACE(accept);
    RawClient client(port());
    client.Send(Request("/v1/operations:watch?names=operations/one&names=operations/two", accept));
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("Content-Type: application/x-ndjson\r\n"));
    EXPECT_EQ(ReadChunk(client), "{\"resumeToken\":\"t1\",\"heartbeat\":{}}\n");
    EXPECT_EQ(ReadChunk(client), "");
  }
  EXPECT_EQ(hub_.watches()[0].request.names_size(), 2);
}

TEST_F(StreamServer, ChoosesByAccept) {
  Start();
  RawClient client(port());
  const std::pair<const char*, const char*> cases[] = {
      {"text/event-stream", "text/event-stream"},
      {"text/event-stream, */*;q=0.1", "text/event-stream"},
      {"text/event-stream, application/x-ndjson;q=0.9", "text/event-stream"},
      {"text/*", "text/event-stream"},
      {"application/x-ndjson, text/event-stream", "application/x-ndjson"},
  };
  for (const auto& [accept, type] : cases) {
    client.Send("HEAD /v1/operations:watch HTTP/1.1\r\nHost: localhost\r\nAccept: " + std::string(accept) +
                "\r\n\r\n");
    EXPECT_EQ(client.ReadResponse(/*head_only=*/true).Field("content-type"), type) << accept;
  }
  for (const char* accept :
       {"application/json", "text/event-stream;q=0", "image/png", "text/event-stream;q=nan"}) {
    EXPECT_EQ(client.Get("/v1/operations:watch", "Accept: " + std::string(accept) + "\r\n").status, 406)
        << accept;
  }
  EXPECT_TRUE(hub_.watches().empty());
}

TEST_F(StreamServer, ResumesFromTheLastEventId) {
  Start();
  const std::pair<std::string, const char*> cases[] = {
      {Request("/v1/operations:watch?last_event_id=query&resume_token=token",
               std::string(kSse) + "Last-Event-ID: field\r\n"),
       "field"},
      {Request("/v1/operations:watch?last_event_id=query&resume_token=token", kSse), "query"},
      {Request("/v1/operations:watch?lastEventId=query", kSse), "query"},
      {Request("/v1/operations:watch?resumeToken=token"), "token"},
      {Request("/v1/operations:watch"), ""},
  };
  std::size_t count = 0;
  for (const auto& [request, token] : cases) {
    RawClient client(port());
    client.Send(request);
    ASSERT_TRUE(hub_.WaitForWatches(++count));
    EXPECT_EQ(hub_.watches().back().request.resume_token(), token);
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));  // at once, before any frame
  }
}

TEST_F(StreamServer, TellsAnEventSourceOfADoneWatchToStayAway) {
  hub_.finish_at_once_ = true;
  Start();
  RawClient client(port());
  client.Send(Request("/v1/operations:watch?until_done=true", std::string(kSse) + "Last-Event-ID: t1\r\n"));
  const auto response = client.ReadResponse();
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.Field("content-length"), "");
  EXPECT_EQ(response.Field("transfer-encoding"), "");
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(StreamServer, SendsWhatADoneWatchHadLeftToSay) {
  hub_.first_frames_ = {HeartbeatFrame("t1"), PercentFrame("t2", 100)};
  hub_.finish_at_once_ = true;
  Start();
  RawClient client(port());
  client.Send(Request("/v1/operations:watch?until_done=true", std::string(kSse) + "Last-Event-ID: t0\r\n"));
  EXPECT_THAT(client.ReadToEnd(),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("id: t1\n"), HasSubstr("id: t2\n"),
                    EndsWith("event: done\ndata: {}\n\n\r\n0\r\n\r\n")));
}

TEST_F(StreamServer, SendsTheHeadOfAResumedWatchThatGoesOn) {
  hub_.first_frames_ = {HeartbeatFrame("t1")};
  Start();
  RawClient client(port());
  client.Send(Request("/v1/operations:watch?until_done=true&resume_token=t0", kSse));
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ReadChunk(client), StartsWith("id: t1\n"));
  hub_.Push(PercentFrame("t2", 10));
  EXPECT_THAT(ReadChunk(client), StartsWith("id: t2\n"));
}

TEST_F(StreamServer, AnswersARefusedWatchWithItsStatus) {
  Start();
  RawClient client(port());
  client.Send(Request("/v1/operations/none:watch", kSse));
  const auto response = client.ReadResponse();
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.Field("content-type"), "application/json");
  EXPECT_EQ(response.body, R"({"code":5,"message":"none"})");
}

TEST_F(StreamServer, CutsAWatchThatBrokeAndEndsOneThatDrained) {
  Start();
  RawClient broken(port());
  broken.Send(Request("/v1/operations:watch"));
  ASSERT_TRUE(hub_.WaitForWatches(1));
  hub_.watches()[0].outbox->FinishWhenEmpty(absl::InternalError("journal"));
  EXPECT_THAT(broken.ReadToEnd(), Not(HasSubstr("0\r\n\r\n")));

  RawClient drained(port());
  drained.Send(Request("/v1/operations:watch", kSse));
  ASSERT_TRUE(hub_.WaitForWatches(2));
  hub_.Drain(absl::Seconds(1), "update");
  EXPECT_THAT(drained.ReadToEnd(), AllOf(HasSubstr(R"({"drain":{"reason":"update"}})"),
                                         EndsWith("\r\n0\r\n\r\n"), Not(HasSubstr("event: done"))));
}

TEST_F(StreamServer, ResetsASlowReader) {
  options_.limits.send_buffer_bytes = 8 << 10;
  Start();
  RawClient slow(port(), 4 << 10);
  slow.Send(Request("/v1/operations:watch", kSse));
  ASSERT_TRUE(hub_.WaitForWatches(1));
  const auto outbox = hub_.watches()[0].outbox;
  FillUp(*outbox);
  outbox->Abort(absl::ResourceExhaustedError("slow"));
  bool reset = false;
  slow.ReadToEnd(&reset);
  EXPECT_TRUE(reset);
}

TEST_F(StreamServer, LeavesTheHubWhenTheReaderGoes) {
  Start();
  {
    RawClient client(port());
    client.Send(Request("/v1/operations:watch", kSse));
    ASSERT_TRUE(hub_.WaitForWatches(1));
  }
  for (int i = 0; i < 500 && !hub_.watches()[0].outbox->ended(); ++i) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_TRUE(hub_.watches()[0].outbox->ended());
}

TEST_F(StreamServer, SpeaksToHttp10WithoutChunks) {
  hub_.first_frames_ = {HeartbeatFrame("t1")};
  hub_.finish_at_once_ = true;
  Start();
  RawClient client(port());
  client.Send("GET /v1/operations:watch HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), AllOf(Not(HasSubstr("chunked")), HasSubstr("Connection: close\r\n"),
                                        EndsWith("\r\n\r\n{\"resumeToken\":\"t1\",\"heartbeat\":{}}\n")));
}

}  // namespace
}  // namespace ipam::web
