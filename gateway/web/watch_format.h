// :watch over plain HTTP: what was asked, and how frames are written as server-sent events or as NDJSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/hub/frame.h"
#include "gateway/web/http_message.h"
#include "gateway/web/routes.h"

namespace ipam::web {

enum class WatchFormat { kServerSentEvents, kNdjson };

// By Accept, RFC 9110 12.5.1; NDJSON where both are as good, unless event streams are named. Nothing: neither
// will do.
std::optional<WatchFormat> ChooseWatchFormat(const HttpRequest& request);

// The query and the path; Last-Event-ID goes before ?last_event_id=, and that before ?resume_token=.
absl::StatusOr<hub::v1::WatchOperationsRequest> WatchRequestOf(const HttpRequest& request,
                                                               const Route& route);

HttpResponse WatchHead(WatchFormat format);

// Appends all frames as one chunk of RFC 9112 7.1; not `chunked` for HTTP/1.0.
void AppendFrames(WatchFormat format, bool chunked, const std::vector<hub::FramePtr>& frames,
                  std::string* out);
// What ends a stream that is done: `event: done` for an EventSource, which would reconnect otherwise, and the
// last chunk.
void AppendEnd(WatchFormat format, bool chunked, bool done, std::string* out);

}  // namespace ipam::web
