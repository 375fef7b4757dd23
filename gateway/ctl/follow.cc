#include "gateway/ctl/follow.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "gateway/ctl/text.h"

namespace ipam::ctl {
namespace {

using How = CallResult::How;

// An end that a new stream goes on from. CANCELLED is how a stream ends that was not read fast enough, and OK
// without until_done is no end that was asked for.
bool GoesOn(const CallResult& result, bool until_done) {
  if (result.how == How::kUnreachable) return true;
  switch (result.status.error_code()) {
    case grpc::StatusCode::OK:
      return !until_done;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::CANCELLED:
      return true;
    default:
      return false;
  }
}

absl::Duration RetryAfter(const v1::Drain& drain) {
  return absl::Seconds(drain.retry_after().seconds()) + absl::Nanoseconds(drain.retry_after().nanos());
}

}  // namespace

CallResult Follow(Client& client, v1::WatchOperationsRequest request, const Reconnect& reconnect,
                  bool was_reached, WatchState& state, Renderer& renderer) {
  std::mt19937 random{std::random_device{}()};
  absl::Time heard = absl::Now();
  absl::Duration wait = reconnect.first;
  bool broken = false;
  const auto tick = [&] { renderer.OnTick(state); };
  for (;;) {
    absl::Duration at_least = absl::ZeroDuration();  // as a drain asks
    const auto on_frame = [&](const v1::WatchOperationsResponse& frame) {
      heard = absl::Now();
      wait = reconnect.first;
      was_reached = true;
      if (broken) renderer.OnNotice("connected again");
      broken = false;
      if (frame.has_drain())
        at_least = std::clamp(RetryAfter(frame.drain()), absl::ZeroDuration(), reconnect.longest);
      state.Apply(frame);
      renderer.OnFrame(frame, state);
    };
    CallResult result =
        client.Stream(&v1::ProgressService::Stub::PrepareAsyncWatchOperations, request, on_frame, tick);
    if (result.how == How::kInterrupted || !GoesOn(result, request.until_done())) return result;
    const bool reached = was_reached || result.how == How::kAnswered;
    if (!reached) return result;
    if (absl::Now() - heard > reconnect.give_up) {
      return {How::kUnreachable, grpc::Status(grpc::StatusCode::UNAVAILABLE,
                                              absl::StrCat(result.status.error_message(), "; gave up after ",
                                                           absl::FormatDuration(reconnect.give_up)))};
    }
    if (!state.resume_token().empty()) request.set_resume_token(state.resume_token());

    // Between half and the whole of the wait: watchers that one restart cut off do not come back at one
    // instant.
    const double share = std::uniform_real_distribution<double>(0.5, 1.0)(random);
    const absl::Duration pause = at_least + wait * share;
    wait = std::min(wait * 2, reconnect.longest);
    broken = true;
    const std::string why =
        result.status.ok() ? "the gateway ended the stream" : result.status.error_message();
    renderer.OnNotice(
        absl::StrCat("connection lost: ", Harmless(why),
                     absl::StrFormat("; trying again in %.1f s", absl::ToDoubleSeconds(pause))));
    if (!client.Sleep(pause, tick))
      return {How::kInterrupted, grpc::Status(grpc::StatusCode::CANCELLED, "interrupted")};
  }
}

}  // namespace ipam::ctl
