#include "dcom_bridge/net/reclaimer.h"

namespace ipam::net {

void Reclaimer::Start() {
  const absl::Time now = clock_.Now();
  if (resolver_.NextDeadline() <= now) resolver_.OnTimer(now);
  timer_ = loop_.After(interval_, [this] { Start(); });
}

}  // namespace ipam::net
