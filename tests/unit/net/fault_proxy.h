// Stands between a client and a server and passes PDUs on, until one after which the peer is gone for both.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/pdu/framer.h"

namespace ipam::net {

enum class Fault {
  kClose,     // FIN after the PDU
  kReset,     // RST after the PDU
  kHalfPdu,   // half of the next PDU, then FIN
  kGoSilent,  // the connections stay, nothing passes
};

class FaultProxy {
 public:
  static constexpr int kNever = 1'000'000;

  FaultProxy(std::uint16_t target, int pass_pdus, Fault fault,
             std::function<void(base::Bytes&)> edit = nullptr)
      : target_(target), pass_pdus_(pass_pdus), fault_(fault), edit_(std::move(edit)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at = Loopback(0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof at;
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~FaultProxy() {
    stop_ = true;
    thread_.join();
    close(listener_);
  }
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  std::uint16_t port() const { return port_; }
  int accepted() const { return accepted_; }

 private:
  struct Side {
    int fd = -1;
    pdu::Framer framer{0xFFFF};
  };

  static sockaddr_in Loopback(std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
  }

  void Run() {
    while (!stop_) {
      pollfd waiting{listener_, POLLIN, 0};
      if (poll(&waiting, 1, 10) <= 0) continue;
      Side client, server;
      client.fd = accept(listener_, nullptr, nullptr);
      ++accepted_;
      server.fd = socket(AF_INET, SOCK_STREAM, 0);
      const sockaddr_in to = Loopback(target_);
      EXPECT_EQ(connect(server.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
      Serve(client, server);
      if (fault_ == Fault::kReset) {
        const linger hard{1, 0};
        setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        setsockopt(server.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
      }
      close(client.fd);
      close(server.fd);
    }
  }

  void Serve(Side& client, Side& server) {
    int left = pass_pdus_;
    while (!stop_) {
      const bool dead = left == 0 && fault_ != Fault::kHalfPdu;
      if (dead && fault_ != Fault::kGoSilent) return;
      pollfd waiting[2] = {{client.fd, POLLIN, 0}, {server.fd, POLLIN, 0}};
      if (dead || poll(waiting, 2, 10) <= 0) {
        if (dead) usleep(1000);
        continue;
      }
      if (waiting[0].revents != 0 && !Pass(client, server, left)) return;
      if (waiting[1].revents != 0 && !Pass(server, client, left)) return;
    }
  }

  // False: over.
  bool Pass(Side& from, Side& to, int& left) {
    std::uint8_t buffer[8192];
    const ssize_t got = recv(from.fd, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    from.framer.Append(base::ByteView(buffer, static_cast<std::size_t>(got)));
    for (;;) {
      auto pdu = from.framer.Next();
      EXPECT_TRUE(pdu.ok());
      if (!pdu.ok() || !*pdu) return pdu.ok();
      base::Bytes bytes = std::move(**pdu);
      if (edit_) edit_(bytes);
      if (left == 0) {
        if (fault_ != Fault::kHalfPdu) return fault_ == Fault::kGoSilent;
        (void)!send(to.fd, bytes.data(), bytes.size() / 2, MSG_NOSIGNAL);
        return false;
      }
      --left;
      (void)!send(to.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
  }

  const std::uint16_t target_;
  const int pass_pdus_;
  const Fault fault_;
  const std::function<void(base::Bytes&)> edit_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<int> accepted_ = 0;
  std::thread thread_;
};

}  // namespace ipam::net
