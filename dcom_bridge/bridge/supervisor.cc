#include "dcom_bridge/bridge/supervisor.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace ipam::bridge {

absl::Duration Jittered(absl::Duration delay, auth::RandomSource& random) {
  std::array<std::uint8_t, 2> octets{};
  random.Fill(octets);
  const double part = (octets[0] | octets[1] << 8) / 65535.0;
  return delay / 2 + delay / 2 * part;
}

absl::Duration Backoff::Next(auth::RandomSource& random) {
  const absl::Duration delay = Jittered(next_, random);
  next_ = std::min(next_ * 2, max_);
  return delay;
}

Supervisor::Supervisor(SupervisorOptions options, auth::RandomSource& random)
    : options_(options),
      random_(random),
      connect_(options.min_backoff, options.max_backoff),
      retest_(options.min_retest, options.max_retest) {}

SupervisorActions Supervisor::OnProbed(const absl::Status& status, bool busy) {
  switch (state_) {
    case State::kConnecting:
    case State::kDisconnected:
      if (!status.ok()) return Lost(std::string(status.message()));
      state_ = State::kTesting;
      reason_.clear();
      retest_.Reset();
      return {ProbeAfter{options_.probe_interval}, TestNow{}};
    case State::kTesting:
    case State::kConnected:
    case State::kNoCallbacks:
      break;
  }
  if (status.ok()) {
    connect_.Reset();
  } else if (!busy || status.code() != absl::StatusCode::kDeadlineExceeded) {
    return Lost(std::string(status.message()));
  }
  return {ProbeAfter{options_.probe_interval}};
}

SupervisorActions Supervisor::OnTested(const CallbackVerdict& verdict) {
  if (state_ != State::kTesting && state_ != State::kNoCallbacks) return {};
  switch (verdict.kind) {
    case CallbackVerdict::Kind::kWork:
      state_ = State::kConnected;
      reason_.clear();
      connect_.Reset();
      return {};
    case CallbackVerdict::Kind::kFail:
      state_ = State::kNoCallbacks;
      reason_ = verdict.advice.empty() ? verdict.reason : absl::StrCat(verdict.reason, "; ", verdict.advice);
      return {TestAfter{retest_.Next(random_)}};
    case CallbackVerdict::Kind::kNoSession:
      break;
  }
  return Lost(verdict.reason);
}

SupervisorActions Supervisor::OnConnectionClosed(const std::string& reason) {
  // A probe that was under way has failed before this and said so.
  if (state_ == State::kConnecting || state_ == State::kDisconnected) return {};
  return Lost(reason);
}

SupervisorActions Supervisor::Lost(const std::string& reason) {
  state_ = State::kDisconnected;
  reason_ = reason;
  return {Disconnect{reason}, ProbeAfter{connect_.Next(random_)}};
}

}  // namespace ipam::bridge
