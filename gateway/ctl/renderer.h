// Shows a watch as it goes: bars that move, one line a change, the frames as JSON, or nothing.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "gateway/ctl/watch_state.h"

namespace ipam::ctl {

enum class ProgressMode { kAuto, kTty, kPlain, kRawJson, kQuiet };

// One thread. OnFrame, OnTick and OnNotice in any order, OnEnd last.
class Renderer {
 public:
  virtual ~Renderer() = default;
  // After `state` took the frame.
  virtual void OnFrame(const v1::WatchOperationsResponse& frame, const WatchState& state) = 0;
  // A few times a second.
  virtual void OnTick(const WatchState&) {}
  // The connection: "connection lost: ...", "connected again". Harmless for a terminal.
  virtual void OnNotice(const std::string& text) = 0;
  virtual void OnEnd(const WatchState& state) = 0;
};

// kAuto: bars where `out` is a terminal, else one line a change. Notices of kRawJson go to `err`.
std::unique_ptr<Renderer> NewRenderer(ProgressMode mode, std::FILE* out, std::FILE* err);

}  // namespace ipam::ctl
