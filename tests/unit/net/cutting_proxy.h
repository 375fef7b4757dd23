// Stands before a listener, passes PDUs on one by one, and vanishes when told after how many.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "dcom_bridge/net/loop.h"

namespace ipam::net {

// What the proxies of one conversation share.
struct Wire {
  int pdus = 0;  // that passed, both ways, over all connections
  int cut_after = std::numeric_limits<int>::max();
  bool stall = false;  // then PDUs are swallowed rather than connections closed
  std::vector<std::function<void()>> cut;

  bool gone() const { return pdus >= cut_after; }
  void Passed() {
    ++pdus;
    if (!gone() || stall) return;
    for (const auto& close : cut) close();
  }
  void Heal() { cut_after = std::numeric_limits<int>::max(); }
};

class CuttingProxy {
  using tcp = boost::asio::ip::tcp;

 public:
  // Both outlive the last run of the loop.
  CuttingProxy(Loop& loop, Wire& wire, std::uint16_t target)
      : wire_(wire),
        target_(boost::asio::ip::address_v4::loopback(), target),
        acceptor_(loop.io(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    wire_.cut.push_back([this] { CloseAll(); });
    Accept();
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void CloseAll() {
    for (const auto& weak : std::exchange(pairs_, {})) {
      if (const auto pair = weak.lock()) pair->Close();
    }
  }

 private:
  struct Pair {
    explicit Pair(const tcp::socket::executor_type& io) : client(io), server(io) {}
    void Close() {
      boost::system::error_code ignored;
      client.close(ignored);
      server.close(ignored);
    }
    tcp::socket client, server;
  };
  // One direction: what was read and is not yet a whole PDU.
  struct Pump {
    std::vector<std::uint8_t> held;
    std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(8192);
  };

  void Accept() {
    acceptor_.async_accept([this](auto error, tcp::socket socket) {
      if (error) return;
      if (!wire_.gone() || wire_.stall) {
        const auto pair = std::make_shared<Pair>(socket.get_executor());
        pair->client = std::move(socket);
        boost::system::error_code refused;
        pair->server.connect(target_, refused);
        if (!refused) {
          pairs_.push_back(pair);
          Read(pair, std::make_shared<Pump>(), true);
          Read(pair, std::make_shared<Pump>(), false);
        }
      }
      Accept();
    });
  }

  void Read(std::shared_ptr<Pair> pair, std::shared_ptr<Pump> pump, bool from_client) {
    tcp::socket& from = from_client ? pair->client : pair->server;
    from.async_read_some(
        boost::asio::buffer(pump->buffer), [this, pair, pump, from_client](auto error, std::size_t size) {
          if (error) return pair->Close();
          const auto end = pump->buffer.begin() + static_cast<std::ptrdiff_t>(size);
          pump->held.insert(pump->held.end(), pump->buffer.begin(), end);
          tcp::socket& to = from_client ? pair->server : pair->client;
          while (pump->held.size() >= 16) {
            const std::size_t length = pump->held[8] | static_cast<std::size_t>(pump->held[9])
                                                           << 8;  // frag_length
            if (length < 16 || pump->held.size() < length) break;
            if (!wire_.gone()) {
              boost::system::error_code failed;
              boost::asio::write(to, boost::asio::buffer(pump->held.data(), length), failed);
              wire_.Passed();
            }
            pump->held.erase(pump->held.begin(), pump->held.begin() + static_cast<std::ptrdiff_t>(length));
          }
          if (pair->client.is_open()) Read(pair, pump, from_client);
        });
  }

  Wire& wire_;
  const tcp::endpoint target_;
  tcp::acceptor acceptor_;
  std::vector<std::weak_ptr<Pair>> pairs_;
};

}  // namespace ipam::net
