// A loop that runs until what a test waits for has come.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "absl/time/clock.h"
#include "dcom_bridge/net/loop.h"

namespace ipam::bridge {

class LoopTest : public ::testing::Test {
 protected:
  void RunUntil(std::function<bool()> condition) {
    loop_->Restart();
    const absl::Time end = absl::Now() + absl::Seconds(60);
    std::function<void()> check = [&] {
      if (condition()) return loop_->Stop();
      if (absl::Now() > end) {
        ADD_FAILURE() << "nothing came";
        return loop_->Stop();
      }
      poll_ = loop_->After(absl::Milliseconds(1), [&] { check(); });
    };
    check();
    loop_->Run();
  }

  std::shared_ptr<net::Loop> loop_ = std::make_shared<net::Loop>();

 private:
  net::Timer poll_;
};

}  // namespace ipam::bridge
