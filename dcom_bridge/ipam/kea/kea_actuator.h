// A Kea DHCP server as an actuator: config-get, config-test, config-set, config-write.
#pragma once

#include <memory>
#include <utility>

#include "dcom_bridge/ipam/dhcp_actuator.h"
#include "dcom_bridge/ipam/kea/config.h"
#include "dcom_bridge/ipam/kea/control_channel.h"

namespace ipam::kea {

struct KeaOptions {
  ChannelOptions channel;
  Peers peers;  // of failover relationships
};

// kInvalidArgument of Test and Commit: Kea refuses, in its words. kAborted of Commit: somebody else changed the
// configuration since Test; nothing was changed, test again.
class KeaActuator final : public engine::DhcpActuator {
 public:
  explicit KeaActuator(KeaOptions options) : options_(std::move(options)) {}
  absl::StatusOr<std::unique_ptr<engine::DhcpChange>> Test(const engine::DhcpView& view,
                                                           bool read_back) override;

 private:
  const KeaOptions options_;
};

}  // namespace ipam::kea
