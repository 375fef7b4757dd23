#include "gateway/web/rest_api.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "dcom_bridge/base/mutex.h"
#include "gateway/web/dashboard_files.h"
#include "gateway/web/json.h"

namespace ipam::web {
namespace {

namespace v1 = ipam::progress::v1;

// No script but our own files, nothing from elsewhere, no frame around us.
constexpr char kContentSecurityPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

HttpResponse JsonResponse(std::string body) {
  HttpResponse response = TextResponse(200, "application/json", std::move(body));
  response.fields.emplace_back("Cache-Control", "no-store");
  return response;
}

template <typename Message>
HttpResponse ToResponse(const absl::StatusOr<Message>& result) {
  return result.ok() ? JsonResponse(ToJson(*result)) : ErrorResponse(result.status());
}

// One call of the hub for a GET: query to request, response to JSON. `bind` puts in what the path says.
template <typename Request, typename Bind, typename Call>
HttpResponse Get(const HttpRequest& http, std::vector<std::string_view> bound, Bind bind, Call call) {
  Request request;
  if (absl::Status parsed = FromQuery(http.query, bound, &request); !parsed.ok())
    return ErrorResponse(parsed);
  bind(&request);
  return ToResponse(call(request));
}

absl::Status CheckNoQuery(const HttpRequest& http) {
  if (http.query.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("query parameter '" + http.query.front().first + "': unknown");
}

HttpResponse CompletionStatus(SessionContext& context, const HttpRequest& http, const std::string& name) {
  if (absl::Status query = CheckNoQuery(http); !query.ok()) return ErrorResponse(query);
  absl::StatusOr<std::string> xml = context.hub.CompletionStatusXml(name);
  if (!xml.ok()) return ErrorResponse(xml.status());
  HttpResponse response = TextResponse(200, "application/xml; charset=utf-8", *std::move(xml));
  response.fields.emplace_back("Cache-Control", "no-store");
  // XML of others: a browser shows it, but runs nothing in it.
  response.fields.emplace_back("Content-Security-Policy", "default-src 'none'; sandbox");
  return response;
}

// Lists without spaces of entity tags; `*` matches any. RFC 9110 13.1.2: the weak comparison.
bool TagMatches(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view item = TrimSpace(list.substr(0, comma));
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == "*" || item == etag) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

HttpResponse File(const HttpRequest& http) {
  const DashboardFile* file = FindDashboardFile(http.path);
  if (file == nullptr) return ErrorResponse(absl::NotFoundError("no such path"));
  HttpResponse response;
  response.fields = {{"ETag", std::string(file->etag)},
                     {"Cache-Control", "no-cache"},
                     {"Content-Security-Policy", kContentSecurityPolicy},
                     {"Cross-Origin-Resource-Policy", "same-origin"}};
  if (TagMatches(http.Field("if-none-match"), file->etag)) {
    response.status = 304;
    return response;
  }
  response.fields.emplace_back("Content-Type", std::string(file->content_type));
  response.body = std::string(file->content);
  return response;
}

HttpResponse Ready(SessionContext& context) {
  absl::Status ready = context.stopping ? absl::UnavailableError("stopping") : absl::OkStatus();
  if (ready.ok() && context.options.ready) ready = context.options.ready();
  return TextResponse(ready.ok() ? 200 : 503, "text/plain; charset=utf-8",
                      ready.ok() ? "ok\n" : std::string(ready.message()) + "\n");
}

// application/json, whatever its parameters: a form of another site cannot send it.
bool IsJson(std::string_view content_type) {
  return LowerAscii(TrimSpace(content_type.substr(0, content_type.find(';')))) == "application/json";
}

// DiagnoseSource, its steps in one answer when the last one is taken.
void Diagnose(SessionContext& context, const HttpRequest& http, const Route& route, Respond respond) {
  v1::DiagnoseSourceRequest request;
  absl::Status parsed = absl::OkStatus();
  if (http.method == "GET") {
    parsed = FromQuery(http.query, {"source"}, &request);
  } else if (!http.body.empty()) {
    parsed = FromJson(http.body, &request);
  }
  if (parsed.ok() && !request.source().empty() && request.source() != route.source)
    parsed = absl::InvalidArgumentError("source: not that of the path");
  if (!parsed.ok()) {
    respond(ErrorResponse(parsed));
    return;
  }
  request.set_source(route.source);
  struct Walk {
    base::Mutex mutex;
    std::string steps IPAM_GUARDED_BY(mutex);
  };
  const auto walk = std::make_shared<Walk>();
  context.hub.DiagnoseSource(
      request,
      [walk](const v1::DiagnoseSourceResponse& step) {
        base::MutexLock lock(walk->mutex);
        walk->steps += (walk->steps.empty() ? "" : ",") + ToJson(step);
        return true;
      },
      [walk, respond = std::move(respond)](const absl::Status& status) mutable {
        std::string body = "{\"steps\":[";
        {
          base::MutexLock lock(walk->mutex);
          body += walk->steps + "]}";
        }
        respond(status.ok() ? JsonResponse(std::move(body)) : ErrorResponse(status));
      });
}

void Post(SessionContext& context, HttpRequest http, const Route& route, Respond respond) {
  if (!IsJson(http.Field("content-type"))) {
    respond(ErrorResponse(415, absl::InvalidArgumentError("Content-Type must be application/json")));
    return;
  }
  if (absl::Status query = CheckNoQuery(http); !query.ok()) {
    respond(ErrorResponse(query));
    return;
  }
  if (route.endpoint == Endpoint::kSourceDiagnose) {
    Diagnose(context, http, route, std::move(respond));
    return;
  }
  auto done = [respond = std::move(respond)](absl::StatusOr<v1::Operation> operation) mutable {
    respond(ToResponse(operation));
  };
  if (route.endpoint == Endpoint::kOperations) {
    v1::StartOperationRequest request;
    const absl::Status parsed = FromJson(http.body, &request);
    http.body = std::string();
    if (!parsed.ok()) {
      done(parsed);
      return;
    }
    context.hub.StartOperation(std::move(request), hub::Caller{}, std::move(done));
    return;
  }
  v1::CancelOperationRequest request;
  absl::Status parsed = http.body.empty() ? absl::OkStatus() : FromJson(http.body, &request);
  if (parsed.ok() && !request.name().empty() && request.name() != route.operation) {
    parsed = absl::InvalidArgumentError("name: not that of the path");
  }
  if (!parsed.ok()) {
    done(parsed);
    return;
  }
  request.set_name(route.operation);
  context.hub.CancelOperation(std::move(request), hub::Caller{}, std::move(done));
}

HttpResponse AnswerGet(SessionContext& context, const HttpRequest& http, const Route& route) {
  hub::Service& hub = context.hub;
  const auto set_parent = [&](auto* request) { request->set_parent(route.operation); };
  const auto nothing = [](auto*) {};
  switch (route.endpoint) {
    case Endpoint::kOperations:
      return Get<v1::ListOperationsRequest>(http, {}, nothing,
                                            [&](auto& r) { return hub.ListOperations(r); });
    case Endpoint::kOperation:
      return Get<v1::GetOperationRequest>(
          http, {"name"}, [&](auto* request) { request->set_name(route.operation); },
          [&](auto& r) { return hub.GetOperation(r); });
    case Endpoint::kOperationEvents:
      return Get<v1::ListEventsRequest>(http, {"parent"}, set_parent,
                                        [&](auto& r) { return hub.ListEvents(r); });
    case Endpoint::kOperationSubtasks:
      return Get<v1::ListSubtasksRequest>(http, {"parent"}, set_parent,
                                          [&](auto& r) { return hub.ListSubtasks(r); });
    case Endpoint::kSources:
      return Get<v1::ListSourcesRequest>(http, {}, nothing, [&](auto& r) { return hub.ListSources(r); });
    case Endpoint::kOperationCompletionStatus:
      return CompletionStatus(context, http, route.operation);
    case Endpoint::kLivez:
      return TextResponse(200, "text/plain; charset=utf-8", "ok\n");
    case Endpoint::kReadyz:
      return Ready(context);
    case Endpoint::kMetrics:
      return TextResponse(200, "text/plain; version=0.0.4; charset=utf-8",
                          WriteMetrics(context.counters, hub, context.options.metrics));
    case Endpoint::kFile:
      return File(http);
    case Endpoint::kOperationsWatch:
    case Endpoint::kOperationWatch:
    case Endpoint::kOperationCancel:
    case Endpoint::kSourceDiagnose:
    case Endpoint::kWebSocket:
      break;
  }
  return ErrorResponse(absl::InternalError("not a path that answers once"));
}

}  // namespace

HttpResponse ErrorResponse(int status, const absl::Status& error) {
  HttpResponse response = TextResponse(status, "application/json", StatusToJson(error));
  response.fields.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse ErrorResponse(const absl::Status& error) {
  return ErrorResponse(HttpStatus(error.code()), error);
}

void Answer(SessionContext& context, HttpRequest request, const Route& route, Respond respond) {
  if (request.method == "POST") {
    Post(context, std::move(request), route, std::move(respond));
  } else if (route.endpoint == Endpoint::kSourceDiagnose) {
    Diagnose(context, request, route, std::move(respond));
  } else {
    respond(AnswerGet(context, request, route));
  }
}

}  // namespace ipam::web
