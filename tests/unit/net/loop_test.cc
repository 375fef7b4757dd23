#include "dcom_bridge/net/loop.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ipam::net {
namespace {

TEST(Loop, RunsPostedTasksInOrderAndTimersByTheirTime) {
  Loop loop;
  std::vector<int> ran;
  const Timer second = loop.After(absl::Milliseconds(20), [&] {
    ran.push_back(4);
    loop.Stop();
  });
  const Timer first = loop.After(absl::Milliseconds(1), [&] { ran.push_back(3); });
  loop.Post([&] { ran.push_back(1); });
  std::thread([&] { loop.Post([&] { ran.push_back(2); }); }).join();
  loop.Run();
  EXPECT_EQ(ran, (std::vector{1, 2, 3, 4}));
}

TEST(Loop, ACancelledTimerNeverRuns) {
  Loop loop;
  bool ran = false;
  Timer timer = loop.After(absl::ZeroDuration(), [&] { ran = true; });
  timer.Cancel();
  EXPECT_FALSE(timer.pending());
  Timer replaced = loop.After(absl::ZeroDuration(), [&] { ran = true; });
  replaced = loop.After(absl::Milliseconds(5), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace ipam::net
