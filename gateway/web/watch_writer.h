// Brings the frames of one watch from the hub's threads to the loop of its connection.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "gateway/hub/outbox.h"
#include "gateway/web/transport.h"

namespace ipam::web {

// A handler with watches. Loop thread. `watch` is the number given to the writer: an end that was under way
// when the client ended the watch itself finds nobody.
class WatchUser {
 public:
  virtual void OnFrames(std::uint64_t watch, std::vector<hub::FramePtr> frames) = 0;
  virtual void OnFinish(std::uint64_t watch, absl::Status status) = 0;

 protected:
  ~WatchUser() = default;
};

class WatchWriter final : public hub::Writer {
 public:
  WatchWriter(std::shared_ptr<Remote> remote, WatchUser* user, std::uint64_t watch)
      : remote_(std::move(remote)), user_(user), watch_(watch) {}

  void StartWrite(std::vector<hub::FramePtr> frames) override {
    remote_->Post([user = user_, watch = watch_, frames = std::move(frames)]() mutable {
      user->OnFrames(watch, std::move(frames));
    });
  }
  void Finish(absl::Status status) override {
    remote_->Post(
        [user = user_, watch = watch_, status = std::move(status)] { user->OnFinish(watch, status); });
  }

 private:
  const std::shared_ptr<Remote> remote_;
  WatchUser* const user_;  // used on the loop only, while the connection is open
  const std::uint64_t watch_;
};

}  // namespace ipam::web
