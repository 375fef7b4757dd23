// A release that does not get through. [MS-DCOM] 3.2.4.4.2 asks for one call and says nothing of its failure: pings are
// what collects the references of a client that is gone or cut off, 3.1.1.6.2, and a second RemRelease could take
// away references that were got in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/orpc/rem_unknown_messages.h"
#include "dcom_node.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

constexpr base::Guid kClass{0xc1, 1, 2, {3}};

class DcomReleaseTest : public ::testing::Test {
 protected:
  DcomReleaseTest() {
    server_.activator.Register(kClass, [this](const auto&) -> orpc::Created {
      return std::make_shared<Echo>(released_, kept_, seen_);
    });
    server_.Listen();
    port_ = server_.port();
    server_.Advertise({"127.0.0.1"}, port_);
  }
  RemoteInterface Activate() {
    std::optional<absl::StatusOr<std::vector<Activated>>> activated;
    client_.dcom.CreateInstance({"127.0.0.1", port_}, kClass, {kIid},
                                [&](auto result) { activated = std::move(result); });
    RunUntil(loop_, [&] { return activated.has_value(); });
    EXPECT_OK(*activated);
    return (*activated)->at(0).interface;
  }
  void Release(const RemoteInterface& interface) {
    bool done = false;
    client_.dcom.Release(interface, [&] { done = true; });
    RunUntil(loop_, [&] { return done; });
  }
  auto Releases() const {
    const auto& seen = server_.exporter_calls.seen;
    return std::count_if(seen.begin(), seen.end(), [](const Recorder::Seen& call) {
      return call.interface == orpc::kIidIRemUnknown && call.opnum == orpc::RemRefsRequest::kReleaseOpnum;
    });
  }
  void Pass(absl::Duration time) {
    server_.clock.Advance(time);
    server_.resolver.OnTimer(server_.clock.Now());
  }

  Loop loop_;
  int released_ = 0;
  std::vector<orpc::OrpcResponder> kept_;
  std::vector<orpc::CausalityId> seen_;
  std::uint16_t port_ = 0;
  Node server_{loop_};
  Node client_{loop_};
};

TEST_F(DcomReleaseTest, IsLeftToThePingPeriodWhereTheServerIsCutOff) {
  const RemoteInterface lost = Activate();
  server_.listeners.clear();
  Release(lost);
  EXPECT_EQ(client_.dcom.references(), 0u);
  EXPECT_EQ(client_.dcom.pinged_objects(), 0u);

  // The server is there again: what was not released is neither released later nor pinged, and what is new works.
  server_.Listen({"127.0.0.1"}, port_);
  const RemoteInterface held = Activate();
  EXPECT_EQ(Releases(), 0);
  EXPECT_EQ(released_, 0);
  Pass(absl::Minutes(14));
  EXPECT_EQ(released_, 2);  // nobody pinged: the clock of the test is not that of the client's pings
  EXPECT_FALSE(server_.exporter.objects().Contains(lost.oid));
  client_.dcom.Forget(held);
}

TEST_F(DcomReleaseTest, IsLeftToThePingPeriodWhereTheServerRefuses) {
  const RemoteInterface refused = Activate();
  server_.exporter_calls.replace = [](const rpc::IncomingCall&) -> std::optional<rpc::CallOutcome> {
    return rpc::CallFault{pdu::kServerTooBusy, true};
  };
  Release(refused);
  server_.exporter_calls.replace = nullptr;
  EXPECT_EQ(Releases(), 1);
  EXPECT_EQ(client_.dcom.references(), 0u);
  EXPECT_EQ(client_.dcom.exporters(), 0u);
  EXPECT_EQ(released_, 0);
  Pass(absl::Minutes(14));
  EXPECT_EQ(released_, 1);
}

}  // namespace
}  // namespace ipam::net
