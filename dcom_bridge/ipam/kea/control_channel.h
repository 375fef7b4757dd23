// Commands of a Kea server: to its control socket, or through its control agent over HTTP. Any thread; calls block for a
// bounded time.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/ipam/kea/json.h"

namespace ipam::kea {

struct ChannelOptions {
  std::string socket;  // path of the server's control socket; or
  std::string url;     // of the control agent
  std::string user;    // of the agent's basic authentication; empty: none
  std::string password;
  absl::Duration timeout = absl::Seconds(10);         // of one command
  int attempts = 3;                                   // of a command that gets no answer
  absl::Duration back_off = absl::Milliseconds(200);  // before the second attempt; it doubles
  std::stop_token stop;                               // requested: commands soon end without an answer
};

class ControlChannel {
 public:
  explicit ControlChannel(ChannelOptions options, int family)
      : options_(std::move(options)), family_(family) {}

  // The arguments of the answer; null: it has none. kUnavailable: no answer after all attempts. kInvalidArgument: the
  // server refused the command, in its words; kPermissionDenied: the agent refused our password. kInternal: not the answer of a Kea server.
  absl::StatusOr<Json> Send(const std::string& command, const Json& arguments) const;
  absl::StatusOr<Json> Send(const std::string& command) const { return Send(command, Json()); }

 private:
  absl::StatusOr<std::string> Exchange(const std::string& text) const;

  const ChannelOptions options_;
  const int family_;
};

// What the text of an answer says, as Send does. The agent's answers are lists of one.
absl::StatusOr<Json> ReadAnswer(const std::string& command, const std::string& text);

}  // namespace ipam::kea
