#include "gateway/web/ws_frame.h"

#include <algorithm>

#include "gateway/web/url.h"

namespace ipam::web {
namespace {

constexpr std::size_t kMaxControlPayload = 125;  // RFC 6455 5.5

bool IsControl(WsOpcode opcode) { return (static_cast<std::uint8_t>(opcode) & 0x8) != 0; }

// How many bytes of header this second byte announces; all client frames carry a mask.
std::size_t HeaderSize(std::uint8_t second) {
  const std::uint8_t length = second & 0x7F;
  return 2 + (length == 127 ? 8 : length == 126 ? 2 : 0) + ((second & 0x80) != 0 ? 4 : 0);
}

WsViolation Protocol(std::string_view reason) { return {WsCloseCode::kProtocolError, reason}; }

// RFC 6455 7.4: 1004 to 1006 and 1015 never travel; 1016 to 2999 are not given out.
bool IsValidCloseCode(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

WsItem PeerClose(std::string_view payload) {
  if (payload.empty()) return WsPeerClose{};
  if (payload.size() == 1) return Protocol("close frame of one byte");
  const auto code = static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8 |
                                               static_cast<std::uint8_t>(payload[1]));
  if (!IsValidCloseCode(code)) return Protocol("reserved close code");
  if (!IsUtf8(payload.substr(2))) return WsViolation{WsCloseCode::kInvalidData, "close reason is not UTF-8"};
  return WsPeerClose{static_cast<WsCloseCode>(code)};
}

}  // namespace

std::optional<WsItem> WsDecoder::OnHeader() {
  const std::uint8_t first = header_[0];
  const std::uint8_t second = header_[1];
  const std::size_t size_at = 2;
  std::uint64_t size = second & 0x7F;
  const std::size_t wide = size == 127 ? 8 : size == 126 ? 2 : 0;
  if (wide != 0) {
    size = 0;
    for (std::size_t i = 0; i < wide; ++i) size = size << 8 | header_[size_at + i];
    // RFC 6455 5.2: the minimal number of bytes MUST be used.
    if (size < (wide == 2 ? 126u : 0x10000u)) return Protocol("length not minimal");
  }
  std::copy_n(header_ + size_at + wide, 4, mask_);
  fin_ = (first & 0x80) != 0;
  opcode_ = static_cast<WsOpcode>(first & 0x0F);

  if (IsControl(opcode_)) {
    // RFC 6455 5.5.
    if (!fin_) return Protocol("fragmented control frame");
    if (size > kMaxControlPayload) return Protocol("control frame too long");
  } else if (opcode_ == WsOpcode::kContinuation) {
    if (!message_opcode_) return Protocol("continuation of nothing");
  } else {
    if (message_opcode_) return Protocol("message inside a message");
    message_opcode_ = opcode_;
  }
  if (!IsControl(opcode_) && size > max_message_ - message_.size()) {
    return WsViolation{WsCloseCode::kTooBig, "message too big"};
  }
  in_payload_ = true;
  payload_size_ = static_cast<std::size_t>(size);
  payload_done_ = 0;
  return std::nullopt;
}

std::optional<WsItem> WsDecoder::OnFrameEnd() {
  in_payload_ = false;
  header_size_ = 0;
  if (IsControl(opcode_)) {
    std::string payload = std::move(control_);
    control_ = std::string();
    if (opcode_ == WsOpcode::kPing) return WsPing{std::move(payload)};
    if (opcode_ == WsOpcode::kPong) return WsPong{};
    return PeerClose(payload);
  }
  if (!fin_) return std::nullopt;
  std::string message = std::move(message_);
  message_ = std::string();
  const WsOpcode opcode = *message_opcode_;
  message_opcode_.reset();
  if (opcode == WsOpcode::kBinary) return WsBinary{};
  if (!IsUtf8(message)) return WsViolation{WsCloseCode::kInvalidData, "text is not UTF-8"};
  return WsText{std::move(message)};
}

std::optional<WsItem> WsDecoder::Next(std::string_view* input) {
  while (true) {
    if (!in_payload_) {
      if (input->empty()) return std::nullopt;
      header_[header_size_++] = static_cast<std::uint8_t>(input->front());
      input->remove_prefix(1);
      if (header_size_ == 1) {
        if ((header_[0] & 0x70) != 0) return Protocol("reserved bits");
        const std::uint8_t opcode = header_[0] & 0x0F;
        if ((opcode > 0x2 && opcode < 0x8) || opcode > 0xA) return Protocol("unknown opcode");
        continue;
      }
      // RFC 6455 5.1: a client's frame without a mask closes the connection.
      if (header_size_ == 2 && (header_[1] & 0x80) == 0) return Protocol("frame without a mask");
      if (header_size_ < HeaderSize(header_[1])) continue;
      if (auto item = OnHeader()) return item;
    }
    std::string& target = IsControl(opcode_) ? control_ : message_;
    const std::size_t take = std::min(payload_size_ - payload_done_, input->size());
    const std::size_t start = target.size();
    target.append(input->substr(0, take));
    for (std::size_t i = 0; i < take; ++i) {
      target[start + i] =
          static_cast<char>(static_cast<std::uint8_t>(target[start + i]) ^ mask_[(payload_done_ + i) & 3]);
    }
    payload_done_ += take;
    input->remove_prefix(take);
    if (payload_done_ < payload_size_) return std::nullopt;
    if (auto item = OnFrameEnd()) return item;
  }
}

void AppendWsHeader(WsOpcode opcode, std::size_t payload_size, std::string* out) {
  out->push_back(static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode)));
  const auto push = [out](std::size_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      out->push_back(static_cast<char>(value >> shift & 0xFF));
  };
  if (payload_size < 126) {
    push(payload_size, 1);
  } else if (payload_size < 0x10000) {
    push(126, 1);
    push(payload_size, 2);
  } else {
    push(127, 1);
    push(payload_size, 8);
  }
}

void AppendWsFrame(WsOpcode opcode, std::string_view payload, std::string* out) {
  AppendWsHeader(opcode, payload.size(), out);
  out->append(payload);
}

void AppendWsText(std::string_view prefix, std::string_view payload, std::string_view suffix,
                  std::string* out) {
  AppendWsHeader(WsOpcode::kText, prefix.size() + payload.size() + suffix.size(), out);
  out->append(prefix);
  out->append(payload);
  out->append(suffix);
}

void AppendWsClose(WsCloseCode code, std::string_view reason, std::string* out) {
  std::string payload;
  payload.push_back(static_cast<char>(static_cast<std::uint16_t>(code) >> 8));
  payload.push_back(static_cast<char>(static_cast<std::uint16_t>(code) & 0xFF));
  reason = reason.substr(0, kMaxControlPayload - 2);
  while (!reason.empty() && !IsUtf8(reason)) reason.remove_suffix(1);
  payload.append(reason);
  AppendWsFrame(WsOpcode::kClose, payload, out);
}

}  // namespace ipam::web
