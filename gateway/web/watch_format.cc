#include "gateway/web/watch_format.h"

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/strings.h"
#include "gateway/web/json.h"

namespace ipam::web {
namespace {

constexpr std::string_view kSseType = "text/event-stream";
constexpr std::string_view kNdjsonType = "application/x-ndjson";
constexpr std::string_view kDone = "event: done\ndata: {}\n\n";

struct Preference {
  double q = -1;        // not mentioned
  int specificity = 0;  // of the range that says so: */* 1, text/* 2, whole 3
};

void Consider(std::string_view range, std::string_view type, double q, Preference* preference) {
  const std::string_view group = type.substr(0, type.find('/'));
  int specificity = 0;
  if (range == type) {
    specificity = 3;
  } else if (range.ends_with("/*") && range.substr(0, range.size() - 2) == group) {
    specificity = 2;
  } else if (range == "*/*") {
    specificity = 1;
  }
  if (specificity > preference->specificity) *preference = {q, specificity};
}

double Quality(std::string_view parameters) {
  const std::size_t at = parameters.find("q=");
  if (at == std::string_view::npos) return 1;
  std::string_view value = parameters.substr(at + 2);
  value = TrimSpace(value.substr(0, value.find(';')));
  double q = 0;
  return absl::SimpleAtod(base::ToAbsl(value), &q) && q >= 0 && q <= 1 ? q : 0;
}

std::size_t EncodedSize(WatchFormat format, const hub::Frame& frame) {
  if (format == WatchFormat::kNdjson) return frame.json().size() + 1;
  return frame.json().size() + frame.resume_token().size() + std::string_view("id: \ndata: \n\n").size();
}

}  // namespace

std::optional<WatchFormat> ChooseWatchFormat(const HttpRequest& request) {
  if (!request.HasField("accept")) return WatchFormat::kNdjson;
  Preference sse;
  Preference ndjson;
  for (const auto& [name, list] : request.fields) {
    if (name != "accept") continue;
    std::string_view rest = list;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string item = LowerAscii(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      const std::size_t semicolon = item.find(';');
      const std::string_view range = TrimSpace(std::string_view(item).substr(0, semicolon));
      const double q =
          semicolon == std::string::npos ? 1 : Quality(std::string_view(item).substr(semicolon + 1));
      Consider(range, kSseType, q, &sse);
      Consider(range, kNdjsonType, q, &ndjson);
    }
  }
  if (sse.q <= 0 && ndjson.q <= 0) return std::nullopt;
  const bool sse_named = sse.specificity > ndjson.specificity;
  return sse.q > ndjson.q || (sse.q == ndjson.q && sse_named) ? WatchFormat::kServerSentEvents
                                                              : WatchFormat::kNdjson;
}

absl::StatusOr<hub::v1::WatchOperationsRequest> WatchRequestOf(const HttpRequest& request,
                                                               const Route& route) {
  hub::v1::WatchOperationsRequest watch;
  std::vector<std::pair<std::string, std::string>> query;
  std::string last_event_id;
  for (const auto& entry : request.query) {
    if (entry.first == "last_event_id" || entry.first == "lastEventId") {
      last_event_id = entry.second;
    } else {
      query.push_back(entry);
    }
  }
  std::vector<std::string_view> bound;
  if (!route.operation.empty()) bound.push_back("names");
  if (absl::Status parsed = FromQuery(query, bound, &watch); !parsed.ok()) return parsed;
  if (!route.operation.empty()) watch.add_names(route.operation);
  // An EventSource adds the field by itself when it reconnects to the address it was first given.
  if (const std::string_view field = request.Field("last-event-id"); !field.empty())
    last_event_id = std::string(field);
  if (!last_event_id.empty()) watch.set_resume_token(last_event_id);
  return watch;
}

HttpResponse WatchHead(WatchFormat format) {
  HttpResponse head;
  head.fields = {
      {"Content-Type", std::string(format == WatchFormat::kServerSentEvents ? kSseType : kNdjsonType)},
      {"Cache-Control", "no-store"},
      {"X-Accel-Buffering", "no"}};
  return head;
}

void AppendFrames(WatchFormat format, bool chunked, const std::vector<hub::FramePtr>& frames,
                  std::string* out) {
  if (frames.empty()) return;  // a chunk of no bytes would be the last
  std::size_t size = 0;
  for (const hub::FramePtr& frame : frames) size += EncodedSize(format, *frame);
  if (chunked) absl::StrAppendFormat(out, "%x\r\n", size);
  for (const hub::FramePtr& frame : frames) {
    if (format == WatchFormat::kServerSentEvents) {
      out->append("id: ")
          .append(frame->resume_token())
          .append("\ndata: ")
          .append(frame->json())
          .append("\n\n");
    } else {
      out->append(frame->json()).append("\n");
    }
  }
  if (chunked) out->append("\r\n");
}

void AppendEnd(WatchFormat format, bool chunked, bool done, std::string* out) {
  if (done && format == WatchFormat::kServerSentEvents) {
    if (chunked) absl::StrAppendFormat(out, "%x\r\n", kDone.size());
    out->append(kDone);
    if (chunked) out->append("\r\n");
  }
  if (chunked) out->append("0\r\n\r\n");
}

}  // namespace ipam::web
