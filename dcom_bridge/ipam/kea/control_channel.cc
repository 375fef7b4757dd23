#include "dcom_bridge/ipam/kea/control_channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/http/http_client.h"

namespace ipam::kea {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;
constexpr int kMaxDepth = 64;
constexpr std::int64_t kStopLookMs = 200;

// The results of Kea's commands.
constexpr int kSuccess = 0;
constexpr int kNothingFound = 3;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

  absl::Status Wait(short events, absl::Time deadline, const std::stop_token& stop) const {
    pollfd wanted{.fd = fd_, .events = events, .revents = 0};
    while (true) {
      if (stop.stop_requested()) return absl::UnavailableError("stopped");
      const std::int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
      const int ready =
          left <= 0 ? 0 : poll(&wanted, 1, static_cast<int>(std::min<std::int64_t>(left, kStopLookMs)));
      if (ready > 0) return absl::OkStatus();
      if (left <= 0) return absl::UnavailableError("no answer in time");
      if (ready < 0 && errno != EINTR) return absl::UnavailableError(std::strerror(errno));
    }
  }

 private:
  const int fd_;
};

absl::Status Failure(const std::string& path, const std::string& what) {
  return absl::UnavailableError(absl::StrCat("control socket ", path, ": ", what));
}

absl::StatusOr<std::string> ExchangeBySocket(const std::string& path, const std::string& text,
                                             absl::Duration timeout, const std::stop_token& stop) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return absl::InvalidArgumentError(absl::StrCat(path, " is too long"));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return Failure(path, std::strerror(errno));
  if (connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Failure(path, std::strerror(errno));
  }
  const absl::Time deadline = absl::Now() + timeout;
  for (std::size_t sent = 0; sent < text.size();) {
    if (const absl::Status ready = socket.Wait(POLLOUT, deadline, stop); !ready.ok()) {
      return Failure(path, std::string(ready.message()));
    }
    const ssize_t count = send(socket.fd(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return Failure(path, std::strerror(errno));
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  // Kea closes the connection behind its answer.
  std::string answer;
  char buffer[65536];
  while (answer.size() <= kMaxAnswer) {
    if (const absl::Status ready = socket.Wait(POLLIN, deadline, stop); !ready.ok()) {
      return Failure(path, std::string(ready.message()));
    }
    const ssize_t count = recv(socket.fd(), buffer, sizeof(buffer), 0);
    if (count == 0) return answer;
    if (count < 0 && errno != EAGAIN && errno != EINTR) return Failure(path, std::strerror(errno));
    if (count > 0) answer.append(buffer, static_cast<std::size_t>(count));
  }
  return absl::ResourceExhaustedError(absl::StrCat("control socket ", path, ": the answer is too long"));
}

// Discarded where it is not JSON, or nested deeper than any configuration.
Json Parse(const std::string& text) {
  bool deep = false;
  const auto bounded = [&deep](int depth, Json::parse_event_t, Json&) {
    deep = deep || depth > kMaxDepth;
    return !deep;
  };
  Json parsed = Json::parse(text, bounded, false);
  return deep ? Json(Json::value_t::discarded) : parsed;
}

}  // namespace

absl::StatusOr<Json> ReadAnswer(const std::string& command, const std::string& text) {
  Json answer = Parse(text);
  if (answer.is_array() && answer.size() == 1) answer = Json(answer.front());
  const auto result = answer.is_object() ? answer.find("result") : answer.end();
  if (!answer.is_object() || result == answer.end() || !result->is_number_integer()) {
    return absl::InternalError(absl::StrCat(command, ": not the answer of a Kea server"));
  }
  const int code = result->get<int>();
  if (code != kSuccess && code != kNothingFound) {
    const auto words = answer.find("text");
    return absl::InvalidArgumentError(absl::StrCat(
        command, ": ", words != answer.end() && words->is_string() ? words->get<std::string>() : "refused"));
  }
  return answer.contains("arguments") ? Json(answer["arguments"]) : Json();
}

absl::StatusOr<std::string> ControlChannel::Exchange(const std::string& text) const {
  if (!options_.socket.empty())
    return ExchangeBySocket(options_.socket, text, options_.timeout, options_.stop);
  IPAM_ASSIGN_OR_RETURN(http::Response response, http::Send({.method = "POST",
                                                             .url = options_.url,
                                                             .headers = {"Content-Type: application/json"},
                                                             .body = text,
                                                             .user = options_.user,
                                                             .password = options_.password,
                                                             .timeout = options_.timeout,
                                                             .max_response = kMaxAnswer,
                                                             .stop = options_.stop}));
  if (response.status == 401) {
    return absl::PermissionDeniedError(
        absl::StrCat(options_.url, ": the control agent refuses user or password"));
  }
  if (response.status >= 500) {
    return absl::UnavailableError(absl::StrCat(options_.url, ": status ", response.status));
  }
  return std::move(response.body);
}

absl::StatusOr<Json> ControlChannel::Send(const std::string& command, const Json& arguments) const {
  Json request = {{"command", command}};
  if (!arguments.is_null()) request["arguments"] = arguments;
  if (options_.socket.empty()) request["service"] = {family_ == 4 ? "dhcp4" : "dhcp6"};
  const std::string text = request.dump(-1, ' ', false, Json::error_handler_t::replace);
  absl::Duration pause = options_.back_off;
  for (int attempt = 1;; ++attempt) {
    absl::StatusOr<std::string> answer = Exchange(text);
    if (answer.ok()) return ReadAnswer(command, *answer);
    if (!absl::IsUnavailable(answer.status()) || attempt >= options_.attempts ||
        options_.stop.stop_requested())
      return answer.status();
    absl::SleepFor(pause);
    pause *= 2;
  }
}

}  // namespace ipam::kea
