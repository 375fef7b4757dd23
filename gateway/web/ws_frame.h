// WebSocket frames, RFC 6455 section 5: a decoder of what a client sends, an encoder of what a server sends.
// No extension is ever negotiated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ipam::web {

enum class WsOpcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

// RFC 6455 7.4.1, and those of design.md section 2 from 4400.
enum class WsCloseCode : std::uint16_t {
  kNormal = 1000,
  kProtocolError = 1002,
  kNoStatus = 1005,  // never on the wire
  kInvalidData = 1007,
  kTooBig = 1009,
  kRestart = 1012,
  kTryLater = 1013,
  kBadMessage = 4400,
  kInitTimeout = 4408,
  kIdInUse = 4409,
  kSlowConsumer = 4420,
  kTooMany = 4429,
};

struct WsText {
  std::string data;  // UTF-8
};
struct WsBinary {};
struct WsPing {
  std::string data;
};
struct WsPong {};
struct WsPeerClose {
  WsCloseCode code = WsCloseCode::kNoStatus;  // any value of the valid ranges
};
struct WsViolation {  // close with this; nothing more is decoded
  WsCloseCode code = WsCloseCode::kProtocolError;
  std::string_view reason;
};
using WsItem = std::variant<WsText, WsBinary, WsPing, WsPong, WsPeerClose, WsViolation>;

// One connection. Holds no memory between messages.
class WsDecoder {
 public:
  explicit WsDecoder(std::size_t max_message) : max_message_(max_message) {}

  // Takes from the front of `input` up to the end of the next message or control frame; nothing: all was
  // taken. Not to be called after WsPeerClose or WsViolation.
  std::optional<WsItem> Next(std::string_view* input);

 private:
  std::optional<WsItem> OnHeader();
  std::optional<WsItem> OnFrameEnd();

  const std::size_t max_message_;
  std::uint8_t header_[14] = {};
  std::uint8_t header_size_ = 0;
  std::uint8_t mask_[4] = {};
  WsOpcode opcode_ = WsOpcode::kText;       // of the frame
  std::optional<WsOpcode> message_opcode_;  // of a message under way
  bool fin_ = false;
  bool in_payload_ = false;
  std::size_t payload_size_ = 0;
  std::size_t payload_done_ = 0;
  std::string message_;
  std::string control_;
};

// The header of an unmasked final frame.
void AppendWsHeader(WsOpcode opcode, std::size_t payload_size, std::string* out);
// Payload of one string, or of three parts that make one.
void AppendWsFrame(WsOpcode opcode, std::string_view payload, std::string* out);
void AppendWsText(std::string_view prefix, std::string_view payload, std::string_view suffix,
                  std::string* out);
// `reason` is cut to what a control frame holds.
void AppendWsClose(WsCloseCode code, std::string_view reason, std::string* out);

}  // namespace ipam::web
