// Supervision of one management server: when to probe it, when to test its callbacks, and what state that
// makes. No clock, no loop, no socket: events in, actions out.
//
//   state          event                        actions                                 next
//   -------------  ---------------------------  --------------------------------------  ------------
//   Connecting,    probe answered               ProbeAfter(interval), TestNow           Testing
//   Disconnected   probe failed                 Disconnect, ProbeAfter(back-off)        Disconnected
//   Testing        callbacks work               none                                    Connected
//                  callbacks do not             TestAfter(retest back-off)              NoCallbacks
//   NoCallbacks    callbacks work               none                                    Connected
//                  callbacks do not             TestAfter(retest back-off)              same
//   Testing,       no session to be had         Disconnect, ProbeAfter(back-off)        Disconnected
//   NoCallbacks
//   Testing,       probe answered, or no        ProbeAfter(interval)                    same
//   NoCallbacks,   answer from a busy server
//   Connected      probe failed, connection     Disconnect, ProbeAfter(back-off)        Disconnected
//                  closed
//
// Everything else is passed over. Each back-off doubles up to its limit and is drawn from its upper half, so
// that many gateways do not come back at one moment. The one to connect starts anew once callbacks work, or
// the connection has lived to its second probe: a server that closes each at once is left alone for longer and
// longer.
#pragma once

#include <string>
#include <variant>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dcom_bridge/auth/random.h"

namespace ipam::bridge {

// Between half of `delay` and all of it.
absl::Duration Jittered(absl::Duration delay, auth::RandomSource& random);

// A delay that doubles.
class Backoff {
 public:
  Backoff(absl::Duration min, absl::Duration max) : min_(min), max_(max), next_(min) {}
  // The current delay, jittered.
  absl::Duration Next(auth::RandomSource& random);
  void Reset() { next_ = min_; }

 private:
  absl::Duration min_, max_, next_;
};

struct SupervisorOptions {
  absl::Duration probe_interval = absl::Seconds(1);
  absl::Duration min_backoff = absl::Milliseconds(200);
  absl::Duration max_backoff = absl::Seconds(5);
  absl::Duration min_retest = absl::Seconds(1);
  absl::Duration max_retest = absl::Seconds(30);
};

// What a test of the callbacks found.
struct CallbackVerdict {
  enum class Kind {
    kWork,
    kFail,       // the server could not reach us, or was refused
    kNoSession,  // there was no session to test with: the server is of no use
  };
  Kind kind = Kind::kWork;
  std::string reason = {};  // for an operator; empty where they work
  std::string advice = {};  // what to change
  bool reached = false;     // where they work: the server was seen to reach the callback
};

// A probe after `delay`; takes the place of one that waits.
struct ProbeAfter {
  absl::Duration delay;
};
struct TestNow {};
struct TestAfter {
  absl::Duration delay;
};
// Drop the connection, end a test that runs or waits, tell the sessions.
struct Disconnect {
  std::string reason;
};
using SupervisorAction = std::variant<ProbeAfter, TestNow, TestAfter, Disconnect>;
using SupervisorActions = absl::InlinedVector<SupervisorAction, 2>;

class Supervisor {
 public:
  enum class State { kConnecting, kTesting, kConnected, kNoCallbacks, kDisconnected };

  // `random` outlives it.
  Supervisor(SupervisorOptions options, auth::RandomSource& random);

  // `busy`: calls are under way that may keep a server from answering in time.
  SupervisorActions OnProbed(const absl::Status& status, bool busy);
  SupervisorActions OnTested(const CallbackVerdict& verdict);
  SupervisorActions OnConnectionClosed(const std::string& reason);

  State state() const { return state_; }
  // Of kNoCallbacks and kDisconnected.
  const std::string& reason() const { return reason_; }

 private:
  SupervisorActions Lost(const std::string& reason);

  const SupervisorOptions options_;
  auth::RandomSource& random_;
  State state_ = State::kConnecting;
  std::string reason_;
  Backoff connect_;
  Backoff retest_;
};

}  // namespace ipam::bridge
