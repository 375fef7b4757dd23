#include "dcom_bridge/net/reclaimer.h"

#include <gtest/gtest.h>

#include "dcom_peer.h"
#include "tests/support/fake_clock.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

TEST(Reclaimer, ReclaimsAnObjectThatNobodyPings) {
  test_support::FakeClock clock;
  Loop loop;
  orpc::Exporter exporter({}, clock);
  exporter.Advertise({.hosts = {"127.0.0.1"}, .port = 1, .auth_types = {auth::AuthType::kSpnego}});
  orpc::OxidResolver resolver({}, exporter, clock);
  int released = 0;
  std::vector<orpc::OrpcResponder> kept;
  std::vector<orpc::CausalityId> causalities;
  ASSERT_OK(exporter.Export(std::make_shared<Echo>(released, kept, causalities), kIid).status());
  Reclaimer reclaimer(loop, resolver, clock, absl::Milliseconds(1));
  reclaimer.Start();
  int rounds = 0;
  Timer stop;
  std::function<void()> count = [&] {
    if (++rounds == 5) {
      EXPECT_EQ(released, 0);
      clock.Advance(absl::Minutes(15));
    }
    if (released == 1 || rounds == 10'000) return loop.Stop();
    stop = loop.After(absl::Milliseconds(1), [&] { count(); });
  };
  count();
  loop.Run();
  EXPECT_EQ(released, 1);
}

}  // namespace
}  // namespace ipam::net
