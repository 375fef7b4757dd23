#include "dcom_bridge/server/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <utility>
#include <vector>

namespace ipam::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

class Page {
 public:
  void Counter(const char* name, const char* help, std::uint64_t value,
               std::vector<ClientMetric::Label> labels = {}) {
    Add(name, help, MetricType::Counter, std::move(labels)).counter.value = static_cast<double>(value);
  }
  void Gauge(const char* name, const char* help, std::uint64_t value) {
    Add(name, help, MetricType::Gauge, {}).gauge.value = static_cast<double>(value);
  }
  std::string Text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  ClientMetric& Add(const char* name, const char* help, MetricType type,
                    std::vector<ClientMetric::Label> labels) {
    if (families_.empty() || families_.back().name != name) families_.push_back({name, help, type, {}});
    ClientMetric& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }

  std::vector<MetricFamily> families_;
};

void AddDcom(const LoopFigures& loop, Page& page) {
  page.Gauge("ipamds_objects", "Objects that clients hold", loop.objects);
  page.Gauge("ipamds_references", "References of clients to interfaces of objects, public and private",
             loop.references);
  page.Gauge("ipamds_ping_sets", "Ping sets of clients", loop.ping_sets);
  page.Gauge("ipamds_connections", "Open connections of clients", loop.connections);
  page.Gauge("ipamds_connections_unauthenticated", "Those of them that had no authenticated call yet",
             loop.unauthenticated);
  page.Counter("ipamds_calls_received_total", "Calls of clients", loop.rpc.calls_in);
  page.Counter("ipamds_calls_sent_total", "Calls to clients, callbacks and pings among them",
               loop.rpc.calls_out);
  page.Counter("ipamds_faults_sent_total", "Faults to clients", loop.rpc.faults_out);
  page.Counter("ipamds_faults_received_total", "Faults that calls to clients got", loop.rpc.faults_in);
  page.Counter("ipamds_packets_received_total", "PDUs received", loop.rpc.packets_in);
  page.Counter("ipamds_packets_sent_total", "PDUs sent", loop.rpc.packets_out);
}

void AddCallbacks(const LoopFigures& loop, Page& page) {
  const CallbackCounters& callbacks = loop.callbacks;
  page.Gauge("ipamds_callbacks_held", "Callbacks that events are sent to", loop.callbacks_held);
  page.Counter("ipamds_events_sent_total", "Events that a callback took", callbacks.events_sent);
  page.Counter("ipamds_events_resent_total", "Events in calls that were sent again", callbacks.events_resent);
  page.Counter("ipamds_callbacks_refused_total", "Calls that a callback answered with a failure",
               callbacks.refused);
  page.Counter("ipamds_callbacks_unanswered_total", "Calls that a callback did not answer",
               callbacks.unanswered);
  page.Counter("ipamds_callbacks_unreachable_total", "Callbacks that could not be reached when they came",
               callbacks.unreachable);
  page.Counter("ipamds_callbacks_resumed_total", "Operations whose callbacks were taken over",
               callbacks.resumed);
}

}  // namespace

LoopFigures ReadDcomFigures(const orpc::Exporter& exporter, const orpc::OxidResolver& resolver,
                            const net::RpcListener& listener, const rpc::Statistics& rpc) {
  LoopFigures figures;
  figures.objects = exporter.objects().size() - exporter.objects().permanent();
  figures.references = exporter.objects().references();
  figures.ping_sets = resolver.ping_sets();
  figures.connections = listener.connections();
  figures.unauthenticated = listener.unauthenticated();
  figures.rpc = rpc;
  return figures;
}

std::string WriteMetrics(const std::optional<LoopFigures>& loop, const auth::LogonGuard::Counts& logons,
                         const engine::OperationFigures& operations) {
  Page page;
  if (loop) AddDcom(*loop, page);
  page.Counter("ipamds_authentication_failures_total", "Wrong passwords and unknown accounts",
               logons.failures);
  page.Counter("ipamds_authentication_locks_total", "Times that an account or an address was locked",
               logons.locks);
  page.Counter("ipamds_authentication_refused_total", "Logons refused while locked", logons.refused);
  page.Gauge("ipamds_operations_running", "Operations that take turns", operations.running);
  page.Gauge("ipamds_operations_waiting", "Operations that wait for their callback or for a turn",
             operations.waiting);
  for (const auto& [ended, count] : operations.ended) {
    page.Counter(
        "ipamds_operations_ended_total", "Operations that ended, by kind and overall status", count,
        {{"kind", ended.first}, {"status", ended.second ? "CompletedWithSuccess" : "CompletedWithFailure"}});
  }
  if (loop) AddCallbacks(*loop, page);
  return page.Text();
}

}  // namespace ipam::server
