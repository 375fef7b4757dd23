#include "gateway/web/web_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "gateway/web/loop.h"

namespace ipam::web {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};  // out of descriptors, most likely
constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";

absl::Status ListenError(const WebOptions& options, const error_code& ec) {
  const std::string where = absl::StrFormat("cannot listen on %s:%d", options.address, options.port);
  if (ec == boost::asio::error::address_in_use) return absl::UnavailableError(where + ": the port is in use");
  if (ec == boost::asio::error::access_denied)
    return absl::PermissionDeniedError(where + ": " + ec.message());
  return absl::UnavailableError(where + ": " + ec.message());
}

}  // namespace

// The acceptor lives on the first loop; connections go to the loops in turn.
class WebServer::Impl {
 public:
  Impl(WebOptions options, hub::Service& service)
      : context_(std::make_shared<SessionContext>(std::move(options), service)) {
    for (int i = 0; i < std::max(1, context_->options.threads); ++i)
      loops_.push_back(std::make_shared<Loop>(context_));
    acceptor_ = std::make_unique<tcp::acceptor>(loops_[0]->io());
    pause_ = std::make_unique<boost::asio::steady_timer>(loops_[0]->io());
  }

  absl::Status Listen() {
    const WebOptions& options = context_->options;
    error_code ec;
    const auto address = boost::asio::ip::make_address(options.address, ec);
    if (ec) return absl::InvalidArgumentError("not a numeric address: " + options.address);
    const tcp::endpoint endpoint(address, options.port);
    acceptor_->open(endpoint.protocol(), ec);
    // Not SO_REUSEPORT: a second gateway on the same port must be told.
    if (!ec) acceptor_->set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec && address.is_v6()) acceptor_->set_option(boost::asio::ip::v6_only(false), ec);
    if (!ec) acceptor_->bind(endpoint, ec);
    if (!ec) acceptor_->listen(boost::asio::socket_base::max_listen_connections, ec);
    if (!ec) port_ = acceptor_->local_endpoint(ec).port();
    if (ec) return ListenError(options, ec);
    return absl::OkStatus();
  }

  void Run() {
    Accept();
    for (const auto& loop : loops_) loop->Start();
    running_ = true;
  }

  void Stop(absl::Duration grace) {
    if (!std::exchange(running_, false)) return;
    context_->stopping = true;
    std::promise<void> closed;
    boost::asio::post(loops_[0]->io(), [this, &closed] {
      error_code ec;
      acceptor_->close(ec);
      pause_->cancel();
      closed.set_value();
    });
    closed.get_future().wait();
    for (const auto& loop : loops_) loop->RequestStop(grace);
    for (const auto& loop : loops_) loop->Join();
  }

  std::uint16_t port() const { return port_; }

 private:
  void Accept() {
    const std::shared_ptr<Loop>& loop = loops_[next_loop_++ % loops_.size()];
    acceptor_->async_accept(loop->io(), [this, loop = loop.get()](error_code ec, tcp::socket socket) {
      OnAccept(*loop, ec, std::move(socket));
    });
  }

  void OnAccept(Loop& loop, const error_code& ec, tcp::socket socket) {
    if (!acceptor_->is_open()) return;
    if (ec) {
      pause_->expires_after(kAcceptPause);
      pause_->async_wait([this](const error_code& cancelled) {
        if (!cancelled) Accept();
      });
      return;
    }
    if (context_->counters.connections.load(std::memory_order_relaxed) >=
        static_cast<std::int64_t>(context_->options.limits.connections)) {
      context_->counters.refused_connections.fetch_add(1, std::memory_order_relaxed);
      // To a new socket it goes at once, or not at all.
      (void)::send(socket.native_handle(), kBusy.data(), kBusy.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      boost::asio::post(loop.io(),
                        [&loop, socket = std::move(socket)]() mutable { loop.Adopt(std::move(socket)); });
    }
    Accept();
  }

  const std::shared_ptr<SessionContext> context_;
  std::vector<std::shared_ptr<Loop>> loops_;
  std::unique_ptr<tcp::acceptor> acceptor_;           // the first loop's thread, once it runs
  std::unique_ptr<boost::asio::steady_timer> pause_;  // the same
  std::size_t next_loop_ = 0;                         // the same
  std::uint16_t port_ = 0;
  bool running_ = false;
};

absl::StatusOr<std::unique_ptr<WebServer>> WebServer::Start(WebOptions options, hub::Service& service) {
  auto impl = std::make_unique<Impl>(std::move(options), service);
  if (absl::Status listening = impl->Listen(); !listening.ok()) return listening;
  impl->Run();
  return std::unique_ptr<WebServer>(new WebServer(std::move(impl)));
}

WebServer::WebServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

WebServer::~WebServer() { impl_->Stop(absl::ZeroDuration()); }

std::uint16_t WebServer::port() const { return impl_->port(); }

void WebServer::Stop(absl::Duration grace) { impl_->Stop(grace); }

}  // namespace ipam::web
