// One TCP connection: bytes in to its owner, bytes out in as few writes as the socket takes. Internal to this
// folder (includes Asio).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/net/connection_limits.h"

namespace ipam::net {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Handlers {
    absl::AnyInvocable<void(base::ByteView)> on_bytes;
    // Once, last: the peer closed (kUnavailable), the owner closed, or the peer does not read
    // (kResourceExhausted).
    absl::AnyInvocable<void(absl::Status)> on_closed;
  };

  Connection(boost::asio::ip::tcp::socket socket, const ConnectionLimits& limits);

  void Start(Handlers handlers);
  // Queues; beyond max_queued_bytes the connection is closed.
  void Send(base::Bytes bytes);
  // After what is queued was sent, but for at most five seconds. on_closed follows, never from inside this
  // call.
  void Close(absl::Status reason);

  // At once and without a word to the owner, also from inside its handlers.
  void Abort();

  const std::string& peer() const { return peer_; }  // "address:port", for logs
  bool closing() const { return closing_; }

 private:
  void Read();
  void TakeBytes(base::ByteView bytes);
  // What of `bytes` the socket took at once.
  std::size_t SendNow(base::ByteView bytes);
  void Write();
  void Shut();
  void Finish(absl::Status reason);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer linger_;
  const std::size_t max_queued_bytes_;
  std::string peer_;
  std::shared_ptr<Handlers> handlers_;  // from Start() to the end
  std::vector<std::uint8_t> buffer_;
  std::vector<base::Bytes> queue_;    // not yet handed to the socket; without writing_ only within on_bytes
  std::vector<base::Bytes> writing_;  // one gathered write
  std::size_t queued_bytes_ = 0;      // both of them
  bool may_send_now_ = false;         // within on_bytes, for the first answer; those after it are gathered
  bool in_on_bytes_ = false;
  bool closing_ = false;
  bool finished_ = false;
  absl::Status reason_;
};

}  // namespace ipam::net
