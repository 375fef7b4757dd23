#include "dcom_bridge/server/metrics_listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ipam::server {
namespace {

constexpr std::size_t kMaxRequest = 8192;
constexpr std::int64_t kRequestTimeMs = 5000;
constexpr std::int64_t kFullPauseMs = 100;

std::int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string Response(const char* status, const char* type, const std::string& body) {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Type: ", type, "\r\nContent-Length: ", body.size(),
                      "\r\nConnection: close\r\n\r\n", body);
}

}  // namespace

class MetricsListener::Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::StatusOr<std::unique_ptr<MetricsListener>> MetricsListener::Listen(const std::string& address,
                                                                         std::uint16_t port, Page page) {
  const std::string where = absl::StrCat("metrics on ", address, ":", port, ": ");
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
      error != 0) {
    return absl::InvalidArgumentError(where + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> info(found, &freeaddrinfo);
  auto listener =
      std::make_unique<Fd>(socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  auto stop = std::make_unique<Fd>(eventfd(0, EFD_CLOEXEC));
  const int on = 1;
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (listener->get() < 0 || stop->get() < 0 ||
      setsockopt(listener->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(listener->get(), info->ai_addr, info->ai_addrlen) != 0 || listen(listener->get(), 16) != 0 ||
      getsockname(listener->get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return absl::Status(
        errno == EADDRINUSE ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kUnavailable,
        where + std::strerror(errno));
  }
  const std::uint16_t at = bound.ss_family == AF_INET6
                               ? ntohs(reinterpret_cast<const sockaddr_in6&>(bound).sin6_port)
                               : ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
  return std::unique_ptr<MetricsListener>(
      new MetricsListener(std::move(listener), std::move(stop), at, std::move(page)));
}

MetricsListener::MetricsListener(std::unique_ptr<Fd> listener, std::unique_ptr<Fd> stop, std::uint16_t port,
                                 Page page)
    : listener_(std::move(listener)), stop_(std::move(stop)), port_(port), page_(std::move(page)) {
  thread_ = std::thread([this] { Run(); });
}

MetricsListener::~MetricsListener() {
  const std::uint64_t one = 1;
  (void)!write(stop_->get(), &one, sizeof one);
  thread_.join();
}

bool MetricsListener::Await(int socket, short events, std::int64_t deadline_ms) const {
  for (;;) {
    const std::int64_t left = deadline_ms < 0 ? -1 : deadline_ms - NowMs();
    if (deadline_ms >= 0 && left <= 0) return false;
    pollfd waiting[] = {{socket, events, 0}, {stop_->get(), POLLIN, 0}};
    const int ready = poll(waiting, 2, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return false;
    if (waiting[1].revents != 0) return false;
    if (ready > 0 && waiting[0].revents != 0) return true;
  }
}

void MetricsListener::Run() {
  while (Await(listener_->get(), POLLIN, -1)) {
    const Fd socket(accept4(listener_->get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.get() >= 0) {
      Serve(socket.get());
    } else if (errno == EMFILE ||
               errno == ENFILE) {  // the queue waits in the kernel rather than spinning here
      Await(stop_->get(), 0, NowMs() + kFullPauseMs);
    }
  }
}

void MetricsListener::Serve(int socket) {
  const std::int64_t deadline = NowMs() + kRequestTimeMs;
  std::string request;
  char buffer[1024];
  while (!absl::StrContains(request, "\r\n\r\n")) {
    if (request.size() > kMaxRequest || !Await(socket, POLLIN, deadline)) return;
    const ssize_t count = recv(socket, buffer, sizeof buffer, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN)) return;
    if (count > 0) request.append(buffer, static_cast<std::size_t>(count));
  }
  std::string response;
  if (!absl::StartsWith(request, "GET ")) {
    response = Response("405 Method Not Allowed", "text/plain", "");
  } else if (absl::StartsWith(request, "GET /metrics ") || absl::StartsWith(request, "GET /metrics?")) {
    response = Response("200 OK", "text/plain; version=0.0.4; charset=utf-8", page_());
  } else {
    response = Response("404 Not Found", "text/plain", "");
  }
  for (std::size_t sent = 0; sent < response.size();) {
    if (!Await(socket, POLLOUT, deadline)) return;
    const ssize_t count = send(socket, response.data() + sent, response.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) return;
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  shutdown(socket, SHUT_WR);
}

}  // namespace ipam::server
