#include "gateway/web/http_handler.h"

#include <utility>

#include "gateway/web/stream_handler.h"
#include "gateway/web/watch_format.h"
#include "gateway/web/ws_handler.h"
#include "gateway/web/ws_handshake.h"

namespace ipam::web {

HttpHandler::HttpHandler(Transport& transport)
    : transport_(transport),
      decoder_(transport.context().options.limits.header_bytes,
               transport.context().options.limits.body_bytes) {}

void HttpHandler::OnStart() { WatchTheClock(); }

void HttpHandler::OnBytes(std::string_view bytes) {
  decoder_.Feed(bytes);
  Process();
}

void HttpHandler::OnPeerEnd() {
  // A peer that has sent its request and closed its half still reads the answer.
  peer_ended_ = true;
  transport_.PauseReading();
  if (phase_ == Phase::kReading) {
    phase_ = Phase::kClosing;
    transport_.CloseGracefully();
  }
}

void HttpHandler::OnFlushed() {
  if (phase_ != Phase::kWriting) return;
  phase_ = Phase::kReading;
  Process();
}

void HttpHandler::OnDeadline() {
  if (phase_ != Phase::kReading) return;
  if (clock_ == Clock::kIdle) {
    phase_ = Phase::kClosing;
    transport_.CloseGracefully();
    return;
  }
  exchange_ = {};
  Send(ErrorResponse(408, absl::DeadlineExceededError("the request took too long")));
}

void HttpHandler::OnStop(bool now) {
  if (phase_ == Phase::kReading && (now || !decoder_.in_request())) {
    phase_ = Phase::kClosing;
    transport_.CloseGracefully();
  }
  // Else the answer goes out first: it says Connection: close.
}

void HttpHandler::WatchTheClock() {
  const WebTimeouts& timeouts = transport_.context().options.timeouts;
  const Clock wanted = decoder_.in_body()      ? Clock::kBody
                       : decoder_.in_request() ? Clock::kHeader
                                               : Clock::kIdle;
  if (wanted == clock_) return;  // each runs from its beginning: bytes that trickle in do not prolong it
  clock_ = wanted;
  switch (wanted) {
    case Clock::kNone:
      break;
    case Clock::kIdle:
      transport_.SetDeadline(timeouts.idle);
      break;
    case Clock::kHeader:
      transport_.SetDeadline(timeouts.header);
      break;
    case Clock::kBody:
      transport_.SetDeadline(timeouts.body);
      break;
  }
}

// Requests that came together are answered one by one: nothing is read meanwhile.
void HttpHandler::Process() {
  while (phase_ == Phase::kReading) {
    switch (decoder_.Next()) {
      case HttpDecoder::Event::kNeedMore:
        if (peer_ended_ || transport_.context().stopping) {
          // Between requests when stopping; a request under way is still read to its end.
          if (peer_ended_ || !decoder_.in_request()) {
            phase_ = Phase::kClosing;
            transport_.CloseGracefully();
            return;
          }
        }
        WatchTheClock();
        transport_.ResumeReading();
        return;
      case HttpDecoder::Event::kContinue:
        transport_.Write("HTTP/1.1 100 Continue\r\n\r\n");
        break;
      case HttpDecoder::Event::kRequest:
        OnRequest();
        break;
      case HttpDecoder::Event::kError:
        exchange_ = {};
        Send(ErrorResponse(decoder_.error_status(), absl::InvalidArgumentError(decoder_.error())));
        return;
    }
  }
}

void HttpHandler::OnRequest() {
  HttpRequest request = std::move(decoder_.request());
  clock_ = Clock::kNone;
  transport_.ClearDeadline();
  exchange_ = {};
  exchange_.head = request.method == "HEAD";
  exchange_.keep_alive = request.keep_alive && !request.http_1_0;
  if (RefuseAccess(request)) return;
  Dispatch(std::move(request));
}

bool HttpHandler::RefuseAccess(const HttpRequest& request) {
  const AccessRules& access = transport_.context().access;
  int hosts = 0;
  for (const auto& [name, value] : request.fields) hosts += name == "host" ? 1 : 0;
  // RFC 9112 3.2.
  if (hosts > 1 || (hosts == 0 && !request.http_1_0)) {
    exchange_.keep_alive = false;
    Send(ErrorResponse(400, absl::InvalidArgumentError("one Host is needed")));
    return true;
  }
  const std::string_view host = request.Field("host");
  if (!access.HostAllowed(host, transport_.local_address())) {
    Send(ErrorResponse(absl::PermissionDeniedError("unknown Host: see the allowed hosts of the gateway")));
    return true;
  }
  const std::string_view origin = request.Field("origin");
  if (!access.OriginAllowed(origin, host)) {
    Send(
        ErrorResponse(absl::PermissionDeniedError("foreign Origin: see the allowed origins of the gateway")));
    return true;
  }
  if (access.IsCrossOrigin(origin, host)) {
    exchange_.cors = {{"Access-Control-Allow-Origin", std::string(origin)}, {"Vary", "Origin"}};
  }
  return false;
}

void HttpHandler::Dispatch(HttpRequest request) {
  const Route route = FindRoute(request.path);
  if (request.method == "OPTIONS") {
    AnswerOptions(route);
    return;
  }
  if (!IsAllowed(route.endpoint, request.method)) {
    HttpResponse response =
        ErrorResponse(405, absl::UnimplementedError("method " + request.method + " is not for this path"));
    response.fields.emplace_back("Allow", AllowedMethods(route.endpoint));
    Send(std::move(response));
    return;
  }
  switch (route.endpoint) {
    case Endpoint::kOperationsWatch:
    case Endpoint::kOperationWatch:
      OpenWatch(request, route);
      return;
    case Endpoint::kWebSocket:
      OpenWebSocket(request);
      return;
    default:
      break;
  }
  phase_ = Phase::kAnswering;
  transport_.PauseReading();
  // The hub may answer from another thread: always by the loop, after this call.
  Answer(transport_.context(), std::move(request), route,
         [this, remote = transport_.remote()](HttpResponse response) {
           remote->Post([this, response = std::move(response)]() mutable {
             phase_ = Phase::kReading;
             Send(std::move(response));
             Process();
           });
         });
}

void HttpHandler::OpenWatch(const HttpRequest& request, const Route& route) {
  const std::optional<WatchFormat> format = ChooseWatchFormat(request);
  if (!format) {
    Send(ErrorResponse(
        406, absl::InvalidArgumentError("this path has text/event-stream and application/x-ndjson")));
    return;
  }
  auto watch = WatchRequestOf(request, route);
  if (!watch.ok()) {
    Send(ErrorResponse(watch.status()));
    return;
  }
  HttpResponse head = WatchHead(*format);
  if (exchange_.head) {
    Send(std::move(head));
    return;
  }
  for (auto& field : exchange_.cors) head.fields.push_back(std::move(field));
  phase_ = Phase::kHandedOver;
  transport_.Become(std::make_unique<StreamHandler>(transport_, *format, !request.http_1_0, std::move(head),
                                                    *std::move(watch)),
                    decoder_.TakeRest());
}

void HttpHandler::OpenWebSocket(const HttpRequest& request) {
  HttpResponse answer = AnswerHandshake(request);
  if (answer.status != 101) {
    Send(std::move(answer));
    return;
  }
  phase_ = Phase::kHandedOver;
  transport_.context().counters.requests[1].fetch_add(1, std::memory_order_relaxed);
  transport_.Write(WriteHead(answer, Framing::kUpgrade, 0, true));
  transport_.Become(std::make_unique<WsHandler>(transport_), decoder_.TakeRest());
}

void HttpHandler::AnswerOptions(const Route& route) {
  HttpResponse response;
  response.status = 204;
  const std::string methods(AllowedMethods(route.endpoint));
  response.fields.emplace_back("Allow", methods);
  if (!exchange_.cors.empty()) {
    response.fields.emplace_back("Access-Control-Allow-Methods", methods);
    response.fields.emplace_back("Access-Control-Allow-Headers", "Content-Type, Last-Event-ID");
    response.fields.emplace_back("Access-Control-Max-Age", "600");
  }
  Send(std::move(response));
}

void HttpHandler::Send(HttpResponse response) {
  SessionContext& context = transport_.context();
  context.counters.requests[response.status / 100].fetch_add(1, std::memory_order_relaxed);
  for (auto& field : exchange_.cors) response.fields.push_back(std::move(field));
  const bool keep_alive = exchange_.keep_alive && !peer_ended_ && !context.stopping;
  std::string out = WriteHead(response, Framing::kLength, response.body.size(), keep_alive);
  if (!exchange_.head && response.status != 304) out += response.body;
  response.body = std::string();
  const bool written = transport_.Write(out);
  if (!keep_alive) {
    phase_ = Phase::kClosing;
    transport_.CloseGracefully();
  } else if (!written) {
    phase_ = Phase::kWriting;
    transport_.PauseReading();
  }
}

}  // namespace ipam::web
