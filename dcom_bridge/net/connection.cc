#include "dcom_bridge/net/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ipam::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;  // a few PDUs of the usual 5840 octets
constexpr auto kLinger = std::chrono::seconds(5);

std::string NameOf(const asio::ip::tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? "unknown" : absl::StrCat(endpoint.address().to_string(), ":", endpoint.port());
}

// One that the kernel does not take leaves its own time-outs, which are longer.
void SetOption(asio::ip::tcp::socket& socket, int option, std::int64_t value) {
  const int number = static_cast<int>(value);
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &number, sizeof number);
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, const ConnectionLimits& limits)
    : socket_(std::move(socket)),
      linger_(socket_.get_executor()),
      max_queued_bytes_(limits.max_queued_bytes),
      peer_(NameOf(socket_)),
      buffer_(kReadBytes) {
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  SetOption(socket_, TCP_KEEPIDLE, absl::ToInt64Seconds(limits.keepalive_idle));
  SetOption(socket_, TCP_KEEPINTVL, absl::ToInt64Seconds(limits.keepalive_interval));
  SetOption(socket_, TCP_KEEPCNT, limits.keepalive_probes);
  SetOption(socket_, TCP_USER_TIMEOUT, absl::ToInt64Milliseconds(limits.user_timeout));
}

void Connection::Start(Handlers handlers) {
  handlers_ = std::make_shared<Handlers>(std::move(handlers));
  Read();
}

void Connection::Read() {
  socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](auto error, std::size_t size) {
    if (self->finished_) return;
    if (error) {
      self->Finish(absl::UnavailableError(
          error == asio::error::eof ? absl::StrCat(self->peer_, " closed the connection")
                                    : absl::StrCat("connection to ", self->peer_, ": ", error.message())));
      return;
    }
    if (!self->closing_) self->TakeBytes(base::ByteView(self->buffer_.data(), size));
    if (!self->finished_) self->Read();
  });
}

// A call is mostly answered from within: then its answer goes out at once, without an operation of the loop that has to
// be completed by another turn of it.
void Connection::TakeBytes(base::ByteView bytes) {
  in_on_bytes_ = true;
  may_send_now_ = queue_.empty() && writing_.empty();
  handlers_->on_bytes(bytes);
  in_on_bytes_ = may_send_now_ = false;
  if (!finished_ && !queue_.empty() && writing_.empty()) Write();
}

std::size_t Connection::SendNow(base::ByteView bytes) {
  const ssize_t sent =
      ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);  // Write() meets what was wrong
}

void Connection::Send(base::Bytes bytes) {
  if (closing_ || finished_ || bytes.empty()) return;
  if (std::exchange(may_send_now_, false)) {
    const std::size_t sent = SendNow(bytes);
    if (sent == bytes.size()) return;
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(sent));
  }
  queued_bytes_ += bytes.size();
  if (queued_bytes_ > max_queued_bytes_) {
    reason_ = absl::ResourceExhaustedError(absl::StrCat(peer_, " does not read its answers"));
    closing_ = true;
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->Finish(self->reason_); });
    return;
  }
  queue_.push_back(std::move(bytes));
  if (writing_.empty() && !in_on_bytes_) Write();
}

void Connection::Write() {
  writing_ = std::exchange(queue_, {});
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(writing_.size());
  for (const base::Bytes& bytes : writing_) buffers.push_back(asio::buffer(bytes));
  asio::async_write(socket_, buffers, [self = shared_from_this()](auto error, std::size_t size) {
    if (self->finished_) return;
    if (error) {
      self->Finish(
          absl::UnavailableError(absl::StrCat("connection to ", self->peer_, ": ", error.message())));
      return;
    }
    self->queued_bytes_ -= size;
    self->writing_.clear();
    if (!self->queue_.empty()) {
      self->Write();
    } else if (self->closing_) {
      self->Finish(self->reason_);
    }
  });
}

void Connection::Close(absl::Status reason) {
  if (closing_ || finished_) return;
  closing_ = true;
  reason_ = std::move(reason);
  if (writing_.empty() && queue_.empty()) {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->Finish(self->reason_); });
    return;
  }
  linger_.expires_after(kLinger);
  linger_.async_wait([self = shared_from_this()](auto error) {
    if (!error) self->Finish(self->reason_);
  });
}

void Connection::Abort() {
  if (finished_) return;
  Shut();
  // Later, for one of them may be running; dropped with the loop where that has stopped.
  asio::post(socket_.get_executor(), [handlers = std::move(handlers_)] {});
}

void Connection::Shut() {
  finished_ = true;
  closing_ = true;
  linger_.cancel();
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

void Connection::Finish(absl::Status reason) {
  if (finished_) return;
  Shut();
  const std::shared_ptr<Handlers> handlers =
      std::move(handlers_);  // its captures may own this connection's owner
  handlers->on_closed(std::move(reason));
}

}  // namespace ipam::net
