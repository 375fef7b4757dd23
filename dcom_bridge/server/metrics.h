// What /metrics of the server shows: the Prometheus text format, prefix ipamds_, no operation id in a label.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "dcom_bridge/auth/logon_guard.h"
#include "dcom_bridge/ipam/operation_counts.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_bridge/rpc/statistics.h"

namespace ipam::server {

// Of the callbacks, since the start. Loop thread only.
struct CallbackCounters {
  std::uint64_t events_sent = 0;    // and answered with success
  std::uint64_t events_resent = 0;  // in calls that were sent again
  std::uint64_t refused = 0;        // calls that were answered with a failure
  std::uint64_t unanswered = 0;     // calls, each repetition too
  std::uint64_t unreachable = 0;    // callbacks that could not be unmarshaled
  std::uint64_t resumed = 0;        // by ResumeCallback
};

// What belongs to the loop, read there.
struct LoopFigures {
  std::size_t objects = 0;
  std::uint64_t references = 0;
  std::size_t ping_sets = 0;
  std::size_t connections = 0;
  std::size_t unauthenticated = 0;
  std::size_t callbacks_held = 0;
  rpc::Statistics rpc;
  CallbackCounters callbacks;
};

// The part of them that DCOM has. Loop thread.
LoopFigures ReadDcomFigures(const orpc::Exporter& exporter, const orpc::OxidResolver& resolver,
                            const net::RpcListener& listener, const rpc::Statistics& rpc);

// `loop` is missing where the loop did not answer in time: its families are left out.
std::string WriteMetrics(const std::optional<LoopFigures>& loop, const auth::LogonGuard::Counts& logons,
                         const engine::OperationFigures& operations);

}  // namespace ipam::server
