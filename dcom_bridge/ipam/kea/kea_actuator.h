// A Kea DHCP server as an actuator: config-get, config-test, config-set, config-write.
#pragma once

#include <memory>
#include <optional>

#include "dcom_bridge/ipam/dhcp_actuator.h"
#include "dcom_bridge/ipam/kea/config.h"
#include "dcom_bridge/ipam/kea/control_channel.h"

namespace ipam::kea {

struct KeaOptions {
  ChannelOptions channel;
  std::optional<Peers> peers;  // where the server takes part in a failover relationship
};

// kInvalidArgument of Test and Commit: Kea refuses, in its words. kAborted of Commit: somebody else changed the
// configuration since Test; nothing was changed, test again.
class KeaActuator final : public engine::DhcpActuator {
 public:
  KeaActuator(KeaOptions options, int family);
  absl::StatusOr<std::unique_ptr<engine::DhcpChange>> Test(const engine::DhcpView& view) override;

 private:
  const std::shared_ptr<const ControlChannel> channel_;
  const std::optional<Peers> peers_;
};

}  // namespace ipam::kea
