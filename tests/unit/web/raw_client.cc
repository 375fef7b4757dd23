#include "raw_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/ascii.h"

namespace ipam::web {

RawClient::RawClient(std::uint16_t port, int receive_buffer) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer != 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const timeval timeout{10, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << errno;
}

RawClient::~RawClient() { ::close(fd_); }

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::ShutdownSend() { ::shutdown(fd_, SHUT_WR); }

bool RawClient::Fill() {
  char chunk[16384];
  const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
  if (got < 0 && errno == ECONNRESET) was_reset_ = true;
  EXPECT_FALSE(got < 0 && errno == EAGAIN) << "nothing came for 10 s; so far: " << buffer_;
  if (got <= 0) return false;
  buffer_.append(chunk, static_cast<std::size_t>(got));
  return true;
}

std::string RawClient::ReadUntil(std::string_view end) {
  std::size_t at = buffer_.find(end);
  while (at == std::string::npos && Fill()) at = buffer_.find(end);
  const std::size_t size = at == std::string::npos ? buffer_.size() : at + end.size();
  std::string out = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return out;
}

std::string RawClient::ReadExactly(std::size_t size) {
  while (buffer_.size() < size && Fill()) {
  }
  std::string out = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return out;
}

std::string RawClient::ReadToEnd(bool* reset) {
  while (Fill()) {
  }
  if (reset != nullptr) *reset = was_reset_;
  return std::move(buffer_);
}

bool RawClient::SilentFor(int milliseconds) {
  pollfd poll{fd_, POLLIN, 0};
  return buffer_.empty() && ::poll(&poll, 1, milliseconds) == 0;
}

std::string RawClient::Response::Field(std::string_view name) const {
  const std::string lower = absl::AsciiStrToLower(head);
  const std::size_t at = lower.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return "";
  const std::size_t start = at + 2 + name.size() + 2;
  return head.substr(start, head.find("\r\n", start) - start);
}

RawClient::Response RawClient::ReadResponse(bool head_only) {
  Response response;
  response.head = ReadUntil("\r\n\r\n");
  if (response.head.size() > 12) response.status = std::atoi(response.head.c_str() + 9);
  const std::string length = response.Field("content-length");
  if (!head_only && response.status != 304)
    response.body = ReadExactly(static_cast<std::size_t>(std::atoll(length.c_str())));
  return response;
}

RawClient::Response RawClient::Get(std::string_view target, std::string_view more_fields) {
  Send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more_fields) + "\r\n");
  return ReadResponse();
}

std::string RawClient::OpenWebSocket(std::string_view more_fields) {
  Send(
      "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
      std::string(more_fields) + "\r\n");
  return ReadUntil("\r\n\r\n");
}

std::string ClientFrame(int opcode, std::string_view payload, bool fin) {
  constexpr unsigned char kMask[] = {0x37, 0xfa, 0x21, 0x3d};
  std::string out;
  out.push_back(static_cast<char>((fin ? 0x80 : 0) | opcode));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(0x80 | payload.size()));
  } else if (payload.size() < 0x10000) {
    out.push_back(static_cast<char>(0x80 | 126));
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size() & 0xFF));
  } else {
    out.push_back(static_cast<char>(0x80 | 127));
    for (int shift = 56; shift >= 0; shift -= 8)
      out.push_back(static_cast<char>(payload.size() >> shift & 0xFF));
  }
  for (const unsigned char c : kMask) out.push_back(static_cast<char>(c));
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(payload[i]) ^ kMask[i & 3]));
  }
  return out;
}

void RawClient::SendText(std::string_view text) { Send(ClientFrame(1, text)); }

RawClient::Frame RawClient::ReadFrame() {
  const auto byte = [this] {
    const std::string one = ReadExactly(1);
    return one.empty() ? -1 : static_cast<unsigned char>(one[0]);
  };
  Frame frame;
  const int first = byte();
  const int second = byte();
  if (first < 0 || second < 0) return frame;
  EXPECT_EQ(first & 0x70, 0);
  EXPECT_EQ(second & 0x80, 0) << "a server does not mask";
  std::size_t size = static_cast<std::size_t>(second);
  if (size >= 126) {
    const int bytes = size == 126 ? 2 : 8;
    size = 0;
    for (int i = 0; i < bytes; ++i) size = size << 8 | static_cast<std::size_t>(byte());
  }
  frame.opcode = first & 0x0F;
  frame.payload = ReadExactly(size);
  return frame;
}

std::string RawClient::ReadText() {
  const Frame frame = ReadFrame();
  EXPECT_EQ(frame.opcode, 1) << frame.payload;
  return frame.opcode == 1 ? frame.payload : "";
}

int RawClient::Frame::close_code() const {
  if (opcode != 8 || payload.size() < 2) return -1;
  return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
}

}  // namespace ipam::web
