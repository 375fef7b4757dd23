#include "gateway/web/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "gateway/hub/service.h"

namespace ipam::web {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

class Page {
 public:
  void Counter(const char* name, const char* help, std::uint64_t value) {
    Add(name, help, MetricType::Counter).counter.value = static_cast<double>(value);
  }
  void Gauge(const char* name, const char* help, double value) {
    Add(name, help, MetricType::Gauge).gauge.value = value;
  }
  ClientMetric& Add(const char* name, const char* help, MetricType type) {
    if (families_.empty() || families_.back().name != name) {
      families_.emplace_back();
      families_.back().name = name;
      families_.back().help = help;
      families_.back().type = type;
    }
    return families_.back().metric.emplace_back();
  }
  std::vector<MetricFamily> Take() { return std::move(families_); }

 private:
  std::vector<MetricFamily> families_;
};

void AddWeb(const WebCounters& web, Page* page) {
  page->Gauge("ipamgw_http_connections", "Open HTTP connections, WebSockets and streams among them",
              static_cast<double>(web.connections.load()));
  page->Gauge("ipamgw_websockets", "Open WebSockets", static_cast<double>(web.websockets.load()));
  page->Gauge("ipamgw_http_streams", "Open SSE and NDJSON streams", static_cast<double>(web.streams.load()));
  for (int i = 1; i < 6; ++i) {
    ClientMetric& metric =
        page->Add("ipamgw_http_responses_total", "HTTP responses by class of status", MetricType::Counter);
    metric.label.push_back({"class", std::to_string(i) + "xx"});
    metric.counter.value = static_cast<double>(web.requests[i].load());
  }
  page->Counter("ipamgw_http_connections_refused_total", "Connections beyond the limit",
                web.refused_connections.load());
  page->Counter("ipamgw_websocket_messages_received_total", "Messages of WebSocket clients",
                web.websocket_messages.load());
  page->Counter("ipamgw_http_frames_sent_total", "Watch frames written to WebSockets and streams",
                web.frames.load());
  page->Counter("ipamgw_http_bytes_sent_total", "Bytes written to HTTP connections", web.bytes.load());
  page->Counter("ipamgw_http_resets_total", "Connections reset because the peer did not read",
                web.resets.load());
}

void AddHub(const hub::Counters& hub, Page* page) {
  page->Counter("ipamgw_events_total", "Events journaled", hub.events);
  page->Counter("ipamgw_events_duplicate_total", "Repeated callbacks passed over", hub.duplicates);
  page->Counter("ipamgw_events_refused_total", "Events against the state machine or a limit", hub.refused);
  page->Counter("ipamgw_journal_commits_total", "Journal commits", hub.commits);
  page->Counter("ipamgw_journal_flushes_total", "Journal flushes to the disk", hub.flushes);
  page->Gauge("ipamgw_journal_bytes", "Size of the journal", static_cast<double>(hub.journal_bytes));
  page->Counter("ipamgw_watch_frames_total", "Frames handed to outboxes", hub.frames);
  page->Counter("ipamgw_watch_slow_total", "Watchers cut off because they did not read", hub.slow_watchers);
  page->Counter("ipamgw_watch_resets_total", "Resume tokens that could not be continued", hub.resets);
  page->Gauge("ipamgw_watches", "Open watches of all transports", static_cast<double>(hub.watches));
  page->Gauge("ipamgw_operations", "Operations kept", static_cast<double>(hub.operations));
  page->Gauge("ipamgw_operations_running", "Operations that have not ended",
              static_cast<double>(hub.running_operations));
}

}  // namespace

std::string WriteMetrics(const WebCounters& web, const hub::Service& hub,
                         const std::vector<std::shared_ptr<prometheus::Collectable>>& others) {
  Page page;
  AddWeb(web, &page);
  AddHub(hub.counters(), &page);
  std::vector<MetricFamily> families = page.Take();
  for (const auto& other : others) {
    for (MetricFamily& family : other->Collect()) families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace ipam::web
