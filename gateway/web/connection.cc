#include "gateway/web/connection.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "gateway/web/http_handler.h"

namespace ipam::web {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

class LoopRemote final : public Remote {
 public:
  LoopRemote(std::shared_ptr<Loop> loop, std::weak_ptr<Connection> connection)
      : loop_(std::move(loop)), connection_(std::move(connection)) {}

  void Post(absl::AnyInvocable<void()> call) override {
    boost::asio::post(loop_->io(), [connection = connection_, call = std::move(call)]() mutable {
      const std::shared_ptr<Connection> alive = connection.lock();
      if (alive != nullptr && alive->open()) call();
    });
  }

 private:
  const std::shared_ptr<Loop> loop_;
  const std::weak_ptr<Connection> connection_;
};

std::string AddressText(const tcp::socket& socket) {
  error_code ec;
  const tcp::endpoint endpoint = socket.local_endpoint(ec);
  if (ec) return "";
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace

Connection::Connection(Loop& loop, tcp::socket socket)
    : loop_(loop), socket_(std::move(socket)), local_address_(AddressText(socket_)) {
  context().counters.connections.fetch_add(1, std::memory_order_relaxed);
}

Connection::~Connection() { context().counters.connections.fetch_sub(1, std::memory_order_relaxed); }

void Connection::Start() {
  error_code ec;
  socket_.non_blocking(true, ec);
  socket_.set_option(tcp::no_delay(true), ec);
  socket_.set_option(boost::asio::socket_base::keep_alive(true), ec);
  socket_.set_option(boost::asio::socket_base::send_buffer_size(context().options.limits.send_buffer_bytes),
                     ec);
  handler_ = std::make_unique<HttpHandler>(*this);
  handler_->OnStart();
  WaitRead();
}

std::shared_ptr<Remote> Connection::remote() {
  if (remote_ == nullptr) remote_ = std::make_shared<LoopRemote>(loop_.shared_from_this(), weak_from_this());
  return remote_;
}

void Connection::OnStop(bool now) {
  if (open_ && closing_ == Closing::kNo) handler_->OnStop(now);
}

void Connection::Tick(Loop::TimePoint now) {
  if (!open_) return;
  if (!out_.empty() &&
      now - last_progress_ > absl::ToChronoMilliseconds(context().options.timeouts.write_stall)) {
    context().counters.resets.fetch_add(1, std::memory_order_relaxed);
    Reset();
    return;
  }
  if (now < deadline_) return;
  ClearDeadline();
  if (closing_ == Closing::kLingering) {
    Drop();
  } else if (closing_ == Closing::kNo) {
    handler_->OnDeadline();
  }
}

void Connection::SetDeadline(absl::Duration from_now) {
  deadline_ = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(from_now);
}

void Connection::ResumeReading() {
  reading_ = true;
  WaitRead();
}

void Connection::WaitRead() {
  if (!open_ || !reading_ || read_waiting_) return;
  read_waiting_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code ec) {
    self->read_waiting_ = false;
    if (!self->open_) return;
    if (ec) {
      self->Drop();
    } else if (self->reading_) {
      self->OnReadable();
    }
  });
}

void Connection::OnReadable() {
  std::vector<char>& buffer = loop_.read_buffer();
  const ssize_t got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
  if (got < 0 && errno != EAGAIN && errno != EINTR) {
    Drop();
    return;
  }
  if (got == 0) {
    if (closing_ != Closing::kNo) {
      Drop();
    } else {
      reading_ = false;  // nothing more comes, and the wait would end at once
      handler_->OnPeerEnd();
      reading_ = reading_ && closing_ == Closing::kLingering;
    }
    return;
  }
  if (got > 0 && closing_ == Closing::kNo) handler_->OnBytes({buffer.data(), static_cast<std::size_t>(got)});
  WaitRead();
}

std::size_t Connection::SendSome(std::string_view bytes) {
  const ssize_t sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) Drop();
    return 0;
  }
  context().counters.bytes.fetch_add(static_cast<std::uint64_t>(sent), std::memory_order_relaxed);
  return static_cast<std::size_t>(sent);
}

bool Connection::Write(std::string_view bytes) {
  if (!open_ || closing_ != Closing::kNo) return false;
  if (!out_.empty()) {
    out_.append(bytes);
    return false;
  }
  const std::size_t sent = SendSome(bytes);
  if (!open_) return false;
  if (sent == bytes.size()) return true;
  out_.assign(bytes.substr(sent));
  out_sent_ = 0;
  last_progress_ = std::chrono::steady_clock::now();
  WaitWrite();
  return false;
}

void Connection::WaitWrite() {
  if (write_waiting_) return;
  write_waiting_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](error_code ec) {
    self->write_waiting_ = false;
    if (!self->open_) return;
    if (ec) {
      self->Drop();
    } else {
      self->OnWritable();
    }
  });
}

void Connection::OnWritable() {
  const std::size_t sent = SendSome(std::string_view(out_).substr(out_sent_));
  if (!open_) return;
  if (sent > 0) last_progress_ = std::chrono::steady_clock::now();
  out_sent_ += sent;
  if (out_sent_ < out_.size()) {
    WaitWrite();
    return;
  }
  out_ = std::string();
  out_sent_ = 0;
  if (closing_ == Closing::kFlushing) {
    Linger();
  } else {
    handler_->OnFlushed();
  }
}

void Connection::Become(std::unique_ptr<Handler> next, std::string rest) {
  // The old one is still in a call.
  boost::asio::post(loop_.io(), [old = std::exchange(handler_, std::move(next))] {});
  ClearDeadline();
  handler_->OnStart();
  if (!rest.empty() && open_ && closing_ == Closing::kNo) handler_->OnBytes(rest);
}

void Connection::CloseGracefully() {
  if (!open_ || closing_ != Closing::kNo) return;
  closing_ = Closing::kFlushing;
  ClearDeadline();
  if (out_.empty()) Linger();
}

// Closing a socket with unread input resets the connection, and the peer would lose what was sent last.
void Connection::Linger() {
  closing_ = Closing::kLingering;
  error_code ec;
  socket_.shutdown(tcp::socket::shutdown_send, ec);
  SetDeadline(context().options.timeouts.linger);
  ResumeReading();
}

void Connection::Reset() {
  if (!open_) return;
  error_code ec;
  socket_.set_option(boost::asio::socket_base::linger(true, 0), ec);
  Drop();
}

void Connection::Drop() {
  open_ = false;
  error_code ec;
  socket_.close(ec);
  loop_.Retire(shared_from_this());
}

}  // namespace ipam::web
