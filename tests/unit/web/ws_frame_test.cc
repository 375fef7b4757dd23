#include "gateway/web/ws_frame.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "raw_client.h"
#include "tests/support/hex.h"

namespace ipam::web {
namespace {

std::string Golden(const std::string& name) {
  const base::Bytes bytes = test_support::GoldenBytes("web/" + name);
  return {bytes.begin(), bytes.end()};
}

std::string Describe(const WsItem& item) {
  if (const auto* text = std::get_if<WsText>(&item)) return "text " + text->data;
  if (std::holds_alternative<WsBinary>(item)) return "binary";
  if (const auto* ping = std::get_if<WsPing>(&item)) return "ping " + ping->data;
  if (std::holds_alternative<WsPong>(item)) return "pong";
  if (const auto* close = std::get_if<WsPeerClose>(&item))
    return "close " + std::to_string(static_cast<int>(close->code));
  return "violation " + std::to_string(static_cast<int>(std::get<WsViolation>(item).code));
}

// All items, the input cut into pieces of `step` bytes.
std::vector<std::string> Decode(const std::string& bytes, std::size_t step, std::size_t limit = 64 << 10) {
  WsDecoder decoder(limit);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::string_view piece = std::string_view(bytes).substr(at, step);
    while (auto item = decoder.Next(&piece)) {
      out.push_back(Describe(*item));
      if (out.back().starts_with("violation") || out.back().starts_with("close")) return out;
    }
  }
  return out;
}

struct Case {
  const char* file;
  std::vector<std::string> items;
};

TEST(WsDecoder, ReadsTheGoldenFramesInAnySplit) {
  const Case cases[] = {
      {"client_text_hello.hex", {"text Hello"}},
      {"client_fragmented_with_ping.hex", {"ping !", "text Hello"}},
      {"client_close_normal.hex", {"close 1000"}},
      {"client_close_empty.hex", {"close 1005"}},
      {"client_text_300.hex", {"text " + std::string(300, 'a')}},
      {"client_binary_then_pong.hex", {"binary", "pong"}},
      {"refused_unmasked.hex", {"violation 1002"}},
      {"refused_reserved_bit.hex", {"violation 1002"}},
      {"refused_reserved_opcode.hex", {"violation 1002"}},
      {"refused_long_ping.hex", {"violation 1002"}},
      {"refused_fragmented_ping.hex", {"violation 1002"}},
      {"refused_length_not_minimal.hex", {"violation 1002"}},
      {"refused_continuation_of_nothing.hex", {"violation 1002"}},
      {"refused_message_inside_message.hex", {"violation 1002"}},
      {"refused_close_1005.hex", {"violation 1002"}},
      {"refused_close_one_byte.hex", {"violation 1002"}},
      {"refused_bad_utf8.hex", {"violation 1007"}},
      {"refused_huge.hex", {"violation 1009"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file);
    const std::string bytes = Golden(c.file);
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, bytes.size()}) {
      EXPECT_EQ(Decode(bytes, step), c.items) << "in steps of " << step;
    }
    // A strict prefix has less to say, and never anything else.
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto items = Decode(bytes.substr(0, size), 3);
      ASSERT_LE(items.size(), c.items.size());
      for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(items[i], c.items[i]);
    }
  }
}

TEST(WsDecoder, BoundsAMessageOverItsFragments) {
  const std::string half(600, 'x');
  EXPECT_EQ(Decode(ClientFrame(1, half), 10, 1000).size(), 1u);
  EXPECT_THAT(Decode(ClientFrame(1, half, false) + ClientFrame(0, half), 10, 1000),
              ::testing::ElementsAre("violation 1009"));
  EXPECT_EQ(Decode(ClientFrame(1, std::string(1000, 'x')), 10, 1000).size(), 1u);
}

TEST(WsEncoder, WritesTheGoldenFrames) {
  std::string out;
  AppendWsText(R"({"type":"next","id":"1","payload":)", R"({"resumeToken":"t","heartbeat":{}})", "}", &out);
  EXPECT_EQ(out, Golden("server_next.hex"));
  out.clear();
  AppendWsClose(WsCloseCode::kRestart, "restart", &out);
  EXPECT_EQ(out, Golden("server_close_1012.hex"));
  out.clear();
  AppendWsFrame(WsOpcode::kPing, "", &out);
  EXPECT_EQ(out, Golden("server_ping.hex"));
}

TEST(WsEncoder, WritesTheLengthInItsThreeForms) {
  const auto header = [](std::size_t size) {
    std::string out;
    AppendWsHeader(WsOpcode::kText, size, &out);
    return out;
  };
  EXPECT_EQ(header(125), std::string("\x81\x7d", 2));
  EXPECT_EQ(header(126), std::string("\x81\x7e\x00\x7e", 4));
  EXPECT_EQ(header(65535), std::string("\x81\x7e\xff\xff", 4));
  EXPECT_EQ(header(65536), std::string("\x81\x7f\0\0\0\0\0\1\0\0", 10));
}

TEST(WsEncoder, CutsACloseReasonBetweenCharacters) {
  std::string out;
  std::string reason(122, 'x');
  reason += "\xC3\xA9";
  AppendWsClose(WsCloseCode::kRestart, reason, &out);
  EXPECT_EQ(out.size(), 2u + 2u + 122u);
}

}  // namespace
}  // namespace ipam::web
