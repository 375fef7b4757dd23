// The messages of /v1/ws, design.md section 2, as a machine: text in, actions out; no I/O, no clock. Loop
// thread.
//
//   state      | connection_init | subscribe          | complete | ping | refresh | time-out   | finished |
//   stop
//   -----------+-----------------+--------------------+----------+------+---------+------------+-----------------+-----------
//   kNew       | ack -> kReady   | open -> kReady     | ignored  | pong | ignored | close 4408 | - | close
//   1012 kReady     | ack, twice 4429 | open, or see below | end it   | pong | ignored | -          |
//   complete, error | kDraining kDraining  | close 1012      | close 1012         | end it   | pong | ignored
//   | -          | last: 1012      | - kClosed    | nothing leads to an action
//
// subscribe: an id in use closes with 4409, one too many with 4429, a payload that is no
// WatchOperationsRequest is an `error` message. Anything that is not one of the messages closes with 4400. A
// stop with no subscription closes at once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/web/ws_frame.h"
#include "ipam/progress/v1/progress.pb.h"

namespace ipam::web {

class WsProtocol {
 public:
  enum class State { kNew, kReady, kDraining, kClosed };
  struct Options {
    std::size_t max_subscriptions = 32;
    absl::Duration heartbeat = absl::Seconds(15);
  };

  struct SendText {
    std::string text;
  };
  struct OpenWatch {  // answer with OnWatchRefused, or later with OnWatchFinished
    std::string id;
    ipam::progress::v1::WatchOperationsRequest request;
  };
  struct CloseWatch {  // by the client: nothing more is sent for it
    std::string id;
  };
  struct Close {
    WsCloseCode code = WsCloseCode::kNormal;
    std::string_view reason;
  };
  using Action = std::variant<SendText, OpenWatch, CloseWatch, Close>;
  using Actions = absl::InlinedVector<Action, 1>;

  explicit WsProtocol(const Options& options) : options_(options) {}

  Actions OnText(std::string_view text);
  Actions OnBinary();
  Actions OnWatchRefused(const std::string& id, const absl::Status& status);
  // kUnavailable: the gateway drains. kResourceExhausted: the client does not read.
  Actions OnWatchFinished(const std::string& id, const absl::Status& status);
  Actions OnInitTimeout();
  // The server goes away: once the watches have ended, or at once by `now`.
  Actions OnStop(bool now);

  State state() const { return state_; }
  std::size_t subscriptions() const { return ids_.size(); }

  // The envelope of `next` around a payload: prefix, payload, "}".
  static std::string NextPrefix(const std::string& id);
  static constexpr std::string_view kNextSuffix = "}";

 private:
  Actions CloseWith(WsCloseCode code, std::string_view reason);
  Actions Subscribe(std::string id, const std::string& payload);
  // True when it was there.
  bool Forget(const std::string& id);

  const Options options_;
  State state_ = State::kNew;
  bool acknowledged_ = false;
  std::vector<std::string> ids_;
};

}  // namespace ipam::web
