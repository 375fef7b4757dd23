// What all connections of a server share. Immutable but for the counters; any loop.
#pragma once

#include <atomic>

#include "gateway/hub/service.h"
#include "gateway/web/access.h"
#include "gateway/web/metrics.h"
#include "gateway/web/web_options.h"

namespace ipam::web {

struct SessionContext {
  SessionContext(WebOptions with, hub::Service& service)
      : options(std::move(with)), access(options.allowed_hosts, options.allowed_origins), hub(service) {}

  const WebOptions options;
  const AccessRules access;
  hub::Service& hub;
  WebCounters counters;
  std::atomic<bool> stopping{false};
};

}  // namespace ipam::web
