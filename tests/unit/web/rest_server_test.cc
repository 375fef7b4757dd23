#include <absl/strings/str_format.h>

#include <string>
#include <thread>
#include <vector>

#include "server_fixture.h"
#include "tests/support/hub/fakes.h"

namespace ipam::web {
namespace {

using test_support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class RestServer : public ServerTest {};

TEST_F(RestServer, AnswersThePathsOfTheTable) {
  Start();
  struct Case {
    const char* target;
    int status;
    const char* type;
    const char* body;
  };
  const Case cases[] = {
      {"/v1/operations", 200, "application/json", R"({"nextPageToken":"/0"})"},
      {"/v1/operations?page_size=7&filter=a%20b", 200, "application/json", R"({"nextPageToken":"a b/7"})"},
      {"/v1/operations?pageSize=7", 200, "application/json", R"({"nextPageToken":"/7"})"},
      {"/v1/operations/one", 200, "application/json", R"({"name":"operations/one","percent":0})"},
      {"/v1/operations/one/events?after_sequence=41", 200, "application/json",
       R"({"events":[{"operation":"operations/one","sequence":"42"}]})"},
      {"/v1/operations/one/subtasks", 200, "application/json",
       R"({"subtasks":[{"name":"of operations/one"}]})"},
      {"/v1/operations/one/completion_status", 200, "application/xml; charset=utf-8", "<IpamObject/>"},
      {"/v1/sources", 200, "application/json", R"({"sources":[{"source":"ipam1"}]})"},
      {"/livez", 200, "text/plain; charset=utf-8", "ok\n"},
      {"/readyz", 200, "text/plain; charset=utf-8", "ok\n"},
      {"/v1/operations/two", 404, "application/json", R"({"code":5,"message":"no operations/two"})"},
      {"/v1/operations/UPPER", 404, "application/json", R"({"code":5,"message":"no such path"})"},
      {"/nothing", 404, "application/json", R"({"code":5,"message":"no such path"})"},
      {"/v1/ws", 426, "application/json", R"({"code":3,"message":"this path speaks WebSocket only"})"},
  };
  RawClient client(port());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.target);
    const RawClient::Response response = client.Get(c.target);
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(response.Field("content-type"), c.type);
    EXPECT_EQ(response.Field("x-content-type-options"), "nosniff");
    EXPECT_EQ(response.body, c.body);
  }
}

TEST_F(RestServer, RefusesQueriesByName) {
  Start();
  RawClient client(port());
  const std::pair<const char*, const char*> cases[] = {
      {"/v1/operations?colour=red", "query parameter 'colour': unknown"},
      {"/v1/operations?page_size=many", "query parameter 'page_size': not a number in range"},
      {"/v1/operations?page_size=1&pageSize=2", "query parameter 'pageSize': given twice"},
      {"/v1/operations/one?name=x", "query parameter 'name': unknown"},
      {"/v1/operations/one/events?parent=x", "query parameter 'parent': unknown"},
      {"/v1/operations/one/completion_status?x=1", "query parameter 'x': unknown"},
      {"/v1/operations:watch?start=LATER", "query parameter 'start': not a value of StartMode"},
      {"/v1/operations:watch?until_done=yes", "query parameter 'until_done': neither true nor false"},
      {"/v1/operations:watch?heartbeat=soon", "query parameter 'heartbeat': not a Duration"},
      {"/v1/operations/one:watch?names=x", "query parameter 'names': unknown"},
  };
  for (const auto& [target, message] : cases) {
    SCOPED_TRACE(target);
    const RawClient::Response response = client.Get(target);
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(response.body, AllOf(HasSubstr(R"("code":3)"), HasSubstr(message)));
  }
}

std::string Post(const std::string& target, const std::string& body,
                 const std::string& type = "application/json") {
  return absl::StrFormat(
      "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", target, type,
      body.size(), body);
}

TEST_F(RestServer, StartsAnOperation) {
  hub_.start_answer_->set_name("operations/new");
  Start();
  RawClient client(port());
  client.Send(Post("/v1/operations", R"({"source":"ipam1","requestId":"r","parameters_xml":"<x/>"})",
                   "Application/JSON; charset=utf-8"));
  const auto response = client.ReadResponse();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"name":"operations/new"})");
  ASSERT_EQ(hub_.started().size(), 1u);
  EXPECT_EQ(hub_.started()[0].request_id(), "r");
  EXPECT_EQ(hub_.started()[0].parameters_xml(), "<x/>");
}

TEST_F(RestServer, StartsAnOperationFromTypedParameters) {
  Start();
  RawClient client(port());
  client.Send(Post("/v1/operations",
                   R"({"createDhcpScope":{"scope":{"scopeName":"one","v4":{"leaseDuration":"3600s"}}}})"));
  EXPECT_EQ(client.ReadResponse().status, 200);
  ASSERT_EQ(hub_.started().size(), 1u);
  const auto scope = hub_.started()[0].create_dhcp_scope().scope();
  EXPECT_EQ(scope.scope_name(), "one");
  EXPECT_EQ(scope.v4().lease_duration().seconds(), 3600);

  client.Send(Post("/v1/operations", R"({"createDhcpScope":{"scope":{"prefixLength":"wide"}}})"));
  auto response = client.ReadResponse();
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("prefix"));
  client.Send(Post("/v1/operations", R"({"createDhcpScope":{"colour":1}})"));
  EXPECT_EQ(client.ReadResponse().status, 400);
  client.Send(Post("/v1/operations", R"({"createDhcpScope":{},"deleteDhcpScope":{}})"));
  EXPECT_EQ(client.ReadResponse().status, 400) << "two of one";
  EXPECT_EQ(hub_.started().size(), 1u);
}

TEST_F(RestServer, TellsWhyAnOperationWasNotStarted) {
  hub_.start_answer_ = absl::InvalidArgumentError("line 3");
  Start();
  RawClient client(port());
  client.Send(Post("/v1/operations", R"({"parametersXml":"<x"})"));
  auto response = client.ReadResponse();
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, R"({"code":3,"message":"line 3"})");

  for (const char* body :
       {"", "{", "[]", "7", R"({"colour":1})", R"({"validateOnly":"perhaps"})", "{\"source\":\"\xff\"}"}) {
    SCOPED_TRACE(body);
    client.Send(Post("/v1/operations", body));
    response = client.ReadResponse();
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(response.body, HasSubstr(R"("code":3)"));
  }
  EXPECT_EQ(hub_.started().size(), 1u);
}

TEST_F(RestServer, TakesJsonOnly) {
  Start();
  RawClient client(port());
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"}) {
    client.Send(Post("/v1/operations", "{}", type));
    EXPECT_EQ(client.ReadResponse().status, 415) << type;
  }
  client.Send("POST /v1/operations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(client.ReadResponse().status, 415);
  EXPECT_TRUE(hub_.started().empty());
}

TEST_F(RestServer, DiagnosesASource) {
  Start();
  RawClient client(port());
  const std::string steps =
      R"({"steps":[{"step":"DIAGNOSIS_STEP_NAME","outcome":"DIAGNOSIS_OUTCOME_OK"},)"
      R"({"step":"DIAGNOSIS_STEP_PORT","outcome":"DIAGNOSIS_OUTCOME_FAILED","detail":"refused"}]})";
  EXPECT_EQ(client.Get("/v1/sources/ipam1:diagnose").body, steps);
  for (const char* body : {"", "{}", R"({"source":"ipam1"})"}) {
    client.Send(Post("/v1/sources/ipam1:diagnose", body));
    EXPECT_EQ(client.ReadResponse().body, steps) << body;
  }
  client.Send(Post("/v1/sources/ipam1:diagnose", R"({"source":"ipam2"})"));
  EXPECT_EQ(client.ReadResponse().body, R"({"code":3,"message":"source: not that of the path"})");
  EXPECT_EQ(client.Get("/v1/sources/ipam1:diagnose?source=ipam1").status, 400);
  EXPECT_EQ(client.Get("/v1/sources/nobody:diagnose").body, R"({"code":5,"message":"no source nobody"})");
  client.Send("DELETE /v1/sources/ipam1:diagnose HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().Field("allow"), "GET, POST, OPTIONS");
}

TEST_F(RestServer, CancelsAnOperation) {
  Start();
  RawClient client(port());
  for (const char* body : {"", "{}", R"({"name":"operations/one"})"}) {
    client.Send(Post("/v1/operations/one:cancel", body));
    const auto response = client.ReadResponse();
    EXPECT_EQ(response.status, 501);
    EXPECT_EQ(response.body, R"({"code":12,"message":"cannot cancel operations/one"})");
  }
  client.Send(Post("/v1/operations/one:cancel", R"({"name":"operations/two"})"));
  EXPECT_EQ(client.ReadResponse().status, 400);
}

TEST_F(RestServer, KnowsItsMethods) {
  Start();
  RawClient client(port());
  client.Send("DELETE /v1/operations/one HTTP/1.1\r\nHost: localhost\r\n\r\n");
  auto response = client.ReadResponse();
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.Field("allow"), "GET, HEAD, OPTIONS");
  client.Send("get /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().status, 405);
  client.Send("GET /v1/operations/one:cancel HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().status, 405);

  client.Send("HEAD /v1/operations/one HTTP/1.1\r\nHost: localhost\r\n\r\n");
  response = client.ReadResponse(/*head_only=*/true);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Field("content-length"), "37");
  client.Send("OPTIONS /v1/operations HTTP/1.1\r\nHost: localhost\r\n\r\n");
  response = client.ReadResponse();
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.Field("allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(response.Field("access-control-allow-methods"), "");
}

TEST_F(RestServer, AnswersRequestsThatCameTogetherInTheirOrder) {
  Start();
  RawClient client(port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += absl::StrFormat("GET /v1/operations?page_size=%d HTTP/1.1\r\nHost: localhost\r\n\r\n", i);
  }
  client.Send(all);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(client.ReadResponse().body, absl::StrFormat(R"({"nextPageToken":"/%d"})", i));
}

TEST_F(RestServer, WaitsForTheHubWithoutAnsweringTheNextRequestFirst) {
  hub_.hold_starts_ = true;
  Start();
  RawClient client(port());
  client.Send(Post("/v1/operations", "{}") + "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(client.SilentFor(100));
  std::vector<hub::OperationCallback> held = hub_.TakeHeld();
  ASSERT_EQ(held.size(), 1u);
  v1::Operation operation;
  operation.set_name("operations/late");
  std::thread([&] { held[0](operation); }).join();
  EXPECT_EQ(client.ReadResponse().body, R"({"name":"operations/late"})");
  EXPECT_EQ(client.ReadResponse().body, "ok\n");
}

TEST_F(RestServer, OutlivedByAnAnswerOfTheHub) {
  hub_.hold_starts_ = true;
  Start();
  RawClient client(port());
  client.Send(Post("/v1/operations", "{}"));
  while (hub_.started().empty()) absl::SleepFor(absl::Milliseconds(5));
  std::vector<hub::OperationCallback> held = hub_.TakeHeld();
  server_.reset();
  held[0](v1::Operation());
  bool reset = false;
  EXPECT_EQ(client.ReadToEnd(&reset), "");
  EXPECT_TRUE(reset);
}

TEST_F(RestServer, RefusesUnknownHosts) {
  options_.allowed_hosts = {"gateway.example"};
  Start();
  RawClient client(port());
  const std::pair<const char*, int> cases[] = {
      {"localhost", 200},
      {"localhost:8080", 200},
      {"LOCALHOST.", 200},
      {"127.0.0.1:1", 200},
      {"127.8.8.8", 200},
      {"[::1]:80", 200},
      {"gateway.example", 200},
      {"Gateway.Example:443", 200},
      {"evil.example", 403},
      {"", 403},
      {"127.evil.example", 403},
      {"[::1", 403},
      {"localhost.evil.example", 403},
      {"10.0.0.1", 403},
  };
  for (const auto& [host, status] : cases) {
    client.Send(std::string("GET /livez HTTP/1.1\r\nHost: ") + host + "\r\n\r\n");
    EXPECT_EQ(client.ReadResponse().status, status) << host;
  }
  client.Send("GET http://evil.example/livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().status, 403);
  client.Send("GET http://localhost/livez HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().status, 200);
  client.Send("GET /livez HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().status, 400);
  RawClient twice(port());
  twice.Send("GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(twice.ReadResponse().status, 400);
}

TEST_F(RestServer, RefusesForeignOrigins) {
  options_.allowed_origins = {"https://portal.example"};
  Start();
  RawClient client(port());
  const std::pair<const char*, int> cases[] = {
      {"http://localhost", 200},
      {"https://localhost", 200},
      {"https://portal.example", 200},
      {"http://evil.example", 403},
      {"null", 403},
      {"http://localhost:1234", 403},
      {"https://portal.example.evil", 403},
      {"http://portal.example", 403},
  };
  for (const auto& [origin, status] : cases) {
    EXPECT_EQ(client.Get("/livez", std::string("Origin: ") + origin + "\r\n").status, status) << origin;
  }
  EXPECT_EQ(client.Get("/livez", "Origin: https://portal.example\r\n").Field("access-control-allow-origin"),
            "https://portal.example");
  EXPECT_EQ(client.Get("/livez", "Origin: http://localhost\r\n").Field("access-control-allow-origin"), "");
  client.Send("OPTIONS /v1/operations HTTP/1.1\r\nHost: localhost\r\nOrigin: https://portal.example\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().Field("access-control-allow-methods"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(RestServer, ServesTheDashboard) {
  Start();
  RawClient client(port());
  const auto page = client.Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.Field("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(
      page.Field("content-security-policy"),
      AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'"), Not(HasSubstr("unsafe"))));
  EXPECT_THAT(page.body, StartsWith("<!doctype html>"));
  EXPECT_THAT(page.body, Not(HasSubstr("://")));  // nothing from elsewhere
  const std::string etag = page.Field("etag");
  ASSERT_EQ(etag.size(), 18u);
  const auto again = client.Get("/", "If-None-Match: \"x\", W/" + etag + "\r\n");
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.Field("etag"), etag);
  EXPECT_EQ(client.Get("/", "If-None-Match: \"x\"\r\n").status, 200);
  for (const char* path : {"/app.js", "/feed.js", "/store.js", "/view.js"}) {
    EXPECT_EQ(client.Get(path).Field("content-type"), "text/javascript; charset=utf-8") << path;
  }
  EXPECT_EQ(client.Get("/style.css").Field("content-type"), "text/css; charset=utf-8");
  EXPECT_EQ(client.Get("/index.html").status, 404);
  EXPECT_EQ(client.Get("/../web_server.cc").status, 404);
}

TEST_F(RestServer, TellsItsReadinessAndItsMetrics) {
  options_.ready = [] { return absl::UnavailableError("no journal"); };
  Start();
  RawClient client(port());
  const auto ready = client.Get("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, "no journal\n");
  const auto metrics = client.Get("/metrics");
  EXPECT_EQ(metrics.Field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(metrics.body, AllOf(HasSubstr("\nipamgw_http_connections 1\n"),
                                  HasSubstr("ipamgw_http_responses_total{class=\"5xx\"} 1\n"),
                                  HasSubstr("# TYPE ipamgw_events_total counter\n")));
}

TEST(WebServerStart, NamesThePortInUse) {
  FakeHub hub;
  WebOptions options;
  options.port = 0;
  auto first = WebServer::Start(options, hub);
  ASSERT_OK(first);
  options.port = (*first)->port();
  EXPECT_THAT(WebServer::Start(options, hub).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("the port is in use")));
  options.address = "localhost";
  EXPECT_THAT(WebServer::Start(options, hub).status(), StatusIs(absl::StatusCode::kInvalidArgument));
}

// On the one loop that there is, with the hub that checks.
TEST(RestServerOnAHub, AnswersOthersWhileParametersAreChecked) {
  hub::TempDir dir;
  hub::Hub hub(dir.File("j"));
  WebOptions options;
  options.port = 0;
  options.threads = 1;
  auto server = WebServer::Start(options, *hub.service);
  ASSERT_OK(server);
  RawClient slow((*server)->port());
  const std::string body = R"({"parametersXml": "<Slow/>"})";
  slow.Send(
      "POST /v1/operations HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  hub.slow_checks.AwaitWaiting(1);
  EXPECT_EQ(RawClient((*server)->port()).Get("/v1/sources").status, 200);
  EXPECT_TRUE(slow.SilentFor(1));
  hub.slow_checks.Open();
  EXPECT_EQ(slow.ReadResponse().status, 200);
}

}  // namespace
}  // namespace ipam::web
