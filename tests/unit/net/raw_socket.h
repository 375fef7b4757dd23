// A blocking TCP client that knows no protocol.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "dcom_bridge/base/byte_reader.h"

namespace ipam::net {

class RawSocket {
 public:
  // `from`: an address of loopback.
  explicit RawSocket(std::uint16_t port, const char* from = "127.0.0.1")
      : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in ours{};
    ours.sin_family = AF_INET;
    inet_pton(AF_INET, from, &ours.sin_addr);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&ours), sizeof ours), 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~RawSocket() { close(fd_); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  void Send(base::ByteView bytes) { (void)!send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  // Waits for some octets, at most ten seconds; none where the peer closes.
  base::Bytes Receive() {
    pollfd waiting{fd_, POLLIN, 0};
    base::Bytes bytes(4096);
    const ssize_t got = poll(&waiting, 1, 10'000) > 0 ? recv(fd_, bytes.data(), bytes.size(), 0) : 0;
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  // Whether the peer closes within `milliseconds`; what it sends before is dropped.
  bool ClosedWithin(int milliseconds) {
    for (;;) {
      pollfd waiting{fd_, POLLIN, 0};
      if (poll(&waiting, 1, milliseconds) <= 0) return false;
      char buffer[4096];
      if (recv(fd_, buffer, sizeof buffer, 0) <= 0) return true;
    }
  }

 private:
  int fd_;
};

}  // namespace ipam::net
