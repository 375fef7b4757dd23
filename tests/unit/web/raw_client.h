// A blocking socket that speaks bytes: what a test sends is what is sent. Reads end after 10 s.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ipam::web {

class RawClient {
 public:
  // Small `receive_buffer` (bytes): a client that soon takes nothing more.
  explicit RawClient(std::uint16_t port, int receive_buffer = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False where the peer has closed.
  bool Send(std::string_view bytes);
  void ShutdownSend();
  // Up to and with `end`; what was read where the peer ended before.
  std::string ReadUntil(std::string_view end);
  std::string ReadExactly(std::size_t size);
  // Whatever comes to the end; `*reset` where the end was a reset.
  std::string ReadToEnd(bool* reset = nullptr);
  // Nothing came for so long, and the peer is there.
  bool SilentFor(int milliseconds);

  struct Response {
    int status = 0;
    std::string head;
    std::string body;
    std::string Field(std::string_view name) const;
  };
  // One response with a Content-Length, or none of body. `head_only`: to HEAD.
  Response ReadResponse(bool head_only = false);
  Response Get(std::string_view target, std::string_view more_fields = "");

  // The upgrade of /v1/ws; the head of the answer.
  std::string OpenWebSocket(std::string_view more_fields = "");
  void SendText(std::string_view text);
  struct Frame {
    int opcode = -1;  // -1: the peer ended
    std::string payload;
    int close_code() const;
  };
  Frame ReadFrame();
  // The next text message; empty where another frame came.
  std::string ReadText();

 private:
  bool Fill();

  int fd_ = -1;
  bool was_reset_ = false;
  std::string buffer_;
};

// A masked client frame.
std::string ClientFrame(int opcode, std::string_view payload, bool fin = true);

}  // namespace ipam::web
