#include "gateway/web/ws_protocol.h"

#include <gmock/gmock.h>

#include <string>

#include "absl/strings/ascii.h"

namespace ipam::web {
namespace {

using ::testing::StartsWith;

// What an action does, in a word.
std::string Word(const WsProtocol::Actions& actions) {
  std::string out;
  for (const WsProtocol::Action& action : actions) {
    if (!out.empty()) out += "+";
    if (const auto* send = std::get_if<WsProtocol::SendText>(&action)) {
      const std::size_t start = send->text.find("\"type\":\"") + 8;
      out += send->text.substr(start, send->text.find('"', start) - start);
    } else if (const auto* open = std::get_if<WsProtocol::OpenWatch>(&action)) {
      out += "open " + open->id;
    } else if (const auto* close_watch = std::get_if<WsProtocol::CloseWatch>(&action)) {
      out += "end " + close_watch->id;
    } else if (const auto* close = std::get_if<WsProtocol::Close>(&action)) {
      out += std::to_string(static_cast<int>(close->code));
    }
  }
  return out;
}

using State = WsProtocol::State;

// A machine in `state`, with the subscription "1" where the state allows one.
WsProtocol In(State state) {
  WsProtocol protocol({.max_subscriptions = 2, .heartbeat = absl::Seconds(15)});
  if (state == State::kNew) return protocol;
  protocol.OnText(R"({"type":"subscribe","id":"1"})");
  if (state == State::kDraining) protocol.OnStop(false);
  if (state == State::kClosed) protocol.OnStop(true);
  EXPECT_EQ(protocol.state(), state);
  return protocol;
}

// The table in the header, every state against every event.
TEST(WsProtocol, WalksItsTable) {
  using Event = WsProtocol::Actions (*)(WsProtocol&);
  struct Row {
    const char* name;
    Event event;
    const char* in_new;
    const char* in_ready;
    const char* in_draining;
  };
  const Row rows[] = {
      {"connection_init", [](WsProtocol& p) { return p.OnText(R"({"type":"connection_init"})"); },
       "connection_ack", "connection_ack", "1012"},
      {"subscribe", [](WsProtocol& p) { return p.OnText(R"({"type":"subscribe","id":"2"})"); }, "open 2",
       "open 2", "1012"},
      {"subscribe, bad request",
       [](WsProtocol& p) { return p.OnText(R"({"type":"subscribe","id":"2","payload":{"x":1}})"); }, "error",
       "error", "1012"},
      {"subscribe, id in use", [](WsProtocol& p) { return p.OnText(R"({"type":"subscribe","id":"1"})"); },
       "open 1", "4409", "1012"},
      {"complete", [](WsProtocol& p) { return p.OnText(R"({"type":"complete","id":"1"})"); }, "", "end 1",
       "end 1+1012"},
      {"complete, unknown", [](WsProtocol& p) { return p.OnText(R"({"type":"complete","id":"9"})"); }, "", "",
       ""},
      {"ping", [](WsProtocol& p) { return p.OnText(R"({"type":"ping"})"); }, "pong", "pong", "pong"},
      {"pong", [](WsProtocol& p) { return p.OnText(R"({"type":"pong"})"); }, "", "", ""},
      {"refresh", [](WsProtocol& p) { return p.OnText(R"({"type":"refresh","payload":{"token":"t"}})"); }, "",
       "", ""},
      {"unknown", [](WsProtocol& p) { return p.OnText(R"({"type":"next","id":"1"})"); }, "4400", "4400",
       "4400"},
      {"binary", [](WsProtocol& p) { return p.OnBinary(); }, "4400", "4400", "4400"},
      {"init time-out", [](WsProtocol& p) { return p.OnInitTimeout(); }, "4408", "", ""},
      {"watch refused", [](WsProtocol& p) { return p.OnWatchRefused("1", absl::NotFoundError("x")); }, "",
       "error", "error"},
      {"watch done", [](WsProtocol& p) { return p.OnWatchFinished("1", absl::OkStatus()); }, "", "complete",
       "complete+1012"},
      {"watch broke", [](WsProtocol& p) { return p.OnWatchFinished("1", absl::InternalError("x")); }, "",
       "error", "error+1012"},
      {"watch drained", [](WsProtocol& p) { return p.OnWatchFinished("1", absl::UnavailableError("x")); }, "",
       "1012", "1012"},
      {"watch unread",
       [](WsProtocol& p) { return p.OnWatchFinished("1", absl::ResourceExhaustedError("x")); }, "", "4420",
       "4420"},
      {"stop", [](WsProtocol& p) { return p.OnStop(false); }, "1012", "", ""},
      {"stop now", [](WsProtocol& p) { return p.OnStop(true); }, "1012", "1012", "1012"},
  };
  for (const Row& row : rows) {
    const std::pair<State, std::string> expectations[] = {{State::kNew, row.in_new},
                                                          {State::kReady, row.in_ready},
                                                          {State::kDraining, row.in_draining},
                                                          {State::kClosed, ""}};
    for (const auto& [state, word] : expectations) {
      SCOPED_TRACE(std::string(row.name) + " in state " + std::to_string(static_cast<int>(state)));
      WsProtocol protocol = In(state);
      EXPECT_EQ(Word(row.event(protocol)), word);
      // A close is the last action, and nothing comes after it.
      const bool closed = !word.empty() && absl::ascii_isdigit(word.back()) && word.size() >= 4 &&
                          absl::ascii_isdigit(word[word.size() - 4]);
      EXPECT_EQ(protocol.state() == State::kClosed, closed || state == State::kClosed);
    }
  }
}

TEST(WsProtocol, AcknowledgesOnce) {
  WsProtocol protocol({});
  EXPECT_EQ(Word(protocol.OnText(R"({"type":"connection_init","payload":{"token":"t"}})")), "connection_ack");
  EXPECT_EQ(Word(protocol.OnText(R"({"type":"connection_init"})")), "4429");
}

TEST(WsProtocol, BoundsItsSubscriptions) {
  WsProtocol protocol({.max_subscriptions = 2});
  EXPECT_EQ(Word(protocol.OnText(R"({"type":"subscribe","id":"1"})")), "open 1");
  EXPECT_EQ(Word(protocol.OnText(R"({"type":"subscribe","id":"2"})")), "open 2");
  EXPECT_EQ(protocol.subscriptions(), 2u);
  EXPECT_EQ(Word(protocol.OnText(R"({"type":"complete","id":"1"})")), "end 1");
  EXPECT_EQ(Word(protocol.OnText(R"({"type":"subscribe","id":"1"})")), "open 1");
  EXPECT_EQ(Word(protocol.OnText(R"({"type":"subscribe","id":"3"})")), "4429");
}

TEST(WsProtocol, DrainsAfterTheLastWatch) {
  WsProtocol protocol({});
  protocol.OnText(R"({"type":"subscribe","id":"1"})");
  protocol.OnText(R"({"type":"subscribe","id":"2"})");
  EXPECT_EQ(Word(protocol.OnWatchFinished("1", absl::UnavailableError("drain"))), "");
  EXPECT_EQ(protocol.state(), State::kDraining);
  EXPECT_EQ(Word(protocol.OnWatchFinished("2", absl::UnavailableError("drain"))), "1012");
}

TEST(WsProtocol, ReadsTheRequestOfASubscription) {
  WsProtocol protocol({});
  const auto actions = protocol.OnText(
      R"({"type":"subscribe","id":"x","payload":{"names":["operations/a"],"resume_token":"t","untilDone":true,)"
      R"("delivery":"DELIVERY_LATEST","heartbeat":"5s"}})");
  ASSERT_EQ(actions.size(), 1u);
  const auto& request = std::get<WsProtocol::OpenWatch>(actions[0]).request;
  EXPECT_EQ(request.names(0), "operations/a");
  EXPECT_EQ(request.resume_token(), "t");
  EXPECT_TRUE(request.until_done());
  EXPECT_EQ(request.delivery(), ipam::progress::v1::DELIVERY_LATEST);
  EXPECT_EQ(request.heartbeat().seconds(), 5);
}

TEST(WsProtocol, ClosesOnWhatIsNoMessage) {
  const std::string deep =
      R"({"type":"ping","payload":{"a":)" + std::string(100, '[') + std::string(100, ']') + "}}";
  const std::string long_id = R"({"type":"subscribe","id":")" + std::string(129, 'x') + "\"}";
  for (const std::string& text :
       {std::string(""), std::string("{"), std::string("null"), std::string("\"ping\""), std::string("[{}]"),
        std::string("{}"), std::string(R"({"type":7})"), std::string(R"({"type":"ping","payload":[]})"),
        std::string(R"({"type":"ping"} {})"), std::string(R"({"type":"subscribe","id":1})"),
        std::string(R"({"type":"subscribe","id":""})"), std::string(R"({"type":"complete"})"),
        std::string(R"({"type":"refresh","payload":{"token":1}})"),
        std::string(R"({"type":"connection_init","payload":{"token":null}})"), deep, long_id}) {
    WsProtocol protocol({});
    EXPECT_EQ(Word(protocol.OnText(text)), "4400") << text;
  }
}

TEST(WsProtocol, WritesIdsAsJson) {
  EXPECT_EQ(WsProtocol::NextPrefix("a\"\n\xC3\xA9"),
            "{\"type\":\"next\",\"id\":\"a\\\"\\n\xC3\xA9\",\"payload\":");
  WsProtocol protocol({});
  const auto actions = protocol.OnText(R"({"type":"subscribe","id":"a\"b","payload":{"x":1}})");
  EXPECT_THAT(std::get<WsProtocol::SendText>(actions[0]).text,
              StartsWith(R"({"type":"error","id":"a\"b","payload":{"code":3,"message":)"));
}

}  // namespace
}  // namespace ipam::web
