// Drives the one timer of a resolver and its exporter on the loop: drops ping sets that nobody pinged and
// objects that nobody needs.
#pragma once

#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/orpc/oxid_resolver.h"

namespace ipam::net {

class Reclaimer {
 public:
  // All outlive it. The deadline may become earlier through any call, so the resolver is asked once an
  // interval.
  Reclaimer(Loop& loop, orpc::OxidResolver& resolver, base::Clock& clock,
            absl::Duration interval = absl::Seconds(1))
      : loop_(loop), resolver_(resolver), clock_(clock), interval_(interval) {}

  // Loop thread, or before Run().
  void Start();
  void Stop() { timer_.Cancel(); }

 private:
  Loop& loop_;
  orpc::OxidResolver& resolver_;
  base::Clock& clock_;
  const absl::Duration interval_;
  Timer timer_;
};

}  // namespace ipam::net
