#include <gmock/gmock.h>

#include <string>

#include "absl/strings/cord.h"
#include "gateway/web/http_decoder.h"
#include "gateway/web/json.h"
#include "gateway/web/routes.h"
#include "gateway/web/url.h"
#include "google/rpc/error_details.pb.h"
#include "ipam/progress/v1/progress.pb.h"
#include "tests/support/matchers.h"

namespace ipam::web {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(Routes, FindsEachPathOfTheTable) {
  const struct {
    const char* path;
    Endpoint endpoint;
    const char* operation;
  } cases[] = {
      {"/v1/operations", Endpoint::kOperations, ""},
      {"/v1/operations:watch", Endpoint::kOperationsWatch, ""},
      {"/v1/operations/a-1", Endpoint::kOperation, "operations/a-1"},
      {"/v1/operations/a-1/events", Endpoint::kOperationEvents, "operations/a-1"},
      {"/v1/operations/a-1/subtasks", Endpoint::kOperationSubtasks, "operations/a-1"},
      {"/v1/operations/a-1/completion_status", Endpoint::kOperationCompletionStatus, "operations/a-1"},
      {"/v1/operations/a-1:watch", Endpoint::kOperationWatch, "operations/a-1"},
      {"/v1/operations/a-1:cancel", Endpoint::kOperationCancel, "operations/a-1"},
      {"/v1/sources", Endpoint::kSources, ""},
      {"/v1/sources/ipam1:diagnose", Endpoint::kSourceDiagnose, ""},
      {"/v1/sources/:diagnose", Endpoint::kFile, ""},
      {"/v1/sources/ipam1", Endpoint::kFile, ""},
      {"/v1/sources/a/b:diagnose", Endpoint::kFile, ""},
      {"/v1/ws", Endpoint::kWebSocket, ""},
      {"/livez", Endpoint::kLivez, ""},
      {"/readyz", Endpoint::kReadyz, ""},
      {"/metrics", Endpoint::kMetrics, ""},
      {"/", Endpoint::kFile, ""},
      {"/v1/operations/", Endpoint::kFile, ""},
      {"/v1/operationsx", Endpoint::kFile, ""},
      {"/v1/operations/A", Endpoint::kFile, ""},
      {"/v1/operations/a/b", Endpoint::kFile, ""},
      {"/v1/operations/:watch", Endpoint::kFile, ""},
      {"/v1/operations/a:stop", Endpoint::kFile, ""},
      {"/v1/operations/a/../b", Endpoint::kFile, ""},
  };
  for (const auto& c : cases) {
    const Route route = FindRoute(c.path);
    EXPECT_EQ(route.endpoint, c.endpoint) << c.path;
    EXPECT_EQ(route.operation, c.operation) << c.path;
  }
  EXPECT_EQ(FindRoute("/v1/sources/10.0.0.1:135:diagnose").source, "10.0.0.1:135");
  EXPECT_EQ(FindRoute("/v1/operations/" + std::string(63, 'a')).endpoint, Endpoint::kOperation);
  EXPECT_EQ(FindRoute("/v1/operations/" + std::string(64, 'a')).endpoint, Endpoint::kFile);
}

TEST(Json, WritesAnErrorWithTheDetailsThatAreKnown) {
  absl::Status status = absl::InvalidArgumentError("bad");
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_field("parameters_xml");
  status.SetPayload("type.googleapis.com/google.rpc.BadRequest", absl::Cord(bad.SerializeAsString()));
  status.SetPayload("type.googleapis.com/none.Such", absl::Cord("x"));
  EXPECT_EQ(StatusToJson(status),
            R"({"code":3,"message":"bad","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",)"
            R"("fieldViolations":[{"field":"parameters_xml"}]}]})");
  // A payload that is not what its type says must not cost the error.
  status.SetPayload("type.googleapis.com/google.rpc.BadRequest", absl::Cord("\xff\xff"));
  EXPECT_THAT(StatusToJson(status), HasSubstr(R"("message":"bad")"));
  EXPECT_THAT(StatusToJson(absl::InternalError("\xff")), HasSubstr(R"(\\xff)"));
}

TEST(Json, GivesEachCodeItsHttpStatus) {
  const int expected[] = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                          400, 409, 400, 501, 500, 503, 500, 401};
  for (int code = 0; code <= 16; ++code)
    EXPECT_EQ(HttpStatus(static_cast<absl::StatusCode>(code)), expected[code]) << code;
}

TEST(Json, FillsARequestFromAQuery) {
  ipam::progress::v1::WatchOperationsRequest request;
  EXPECT_OK(FromQuery({{"names", "operations/a"},
                       {"names", "operations/b"},
                       {"resumeToken", "t"},
                       {"start", "START_MODE_LIVE"},
                       {"delivery", "2"},
                       {"strict_resume", "true"},
                       {"heartbeat", "1.5s"}},
                      {}, &request));
  EXPECT_EQ(request.names_size(), 2);
  EXPECT_EQ(request.resume_token(), "t");
  EXPECT_EQ(request.start(), ipam::progress::v1::START_MODE_LIVE);
  EXPECT_EQ(request.delivery(), ipam::progress::v1::DELIVERY_LATEST);
  EXPECT_TRUE(request.strict_resume());
  EXPECT_EQ(request.heartbeat().nanos(), 500'000'000);
  EXPECT_THAT(FromQuery({{"heartbeat", "1s\""}}, {}, &request), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(FromQuery({{"start", "9"}}, {}, &request), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(Json, RefusesAnEndlessNesting) {
  ipam::progress::v1::StartOperationRequest request;
  EXPECT_THAT(FromJson(R"({"source":)" + std::string(100'000, '['), &request),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(Url, DecodesEscapes) {
  std::string out;
  EXPECT_TRUE(PercentDecode("/a%20%C3%A9+", &out));
  EXPECT_EQ(out, "/a \xC3\xA9+");
  for (const char* bad : {"%", "%1", "%g0", "%00", "%ff", "%C3"})
    EXPECT_FALSE(PercentDecode(bad, &out)) << bad;
  std::vector<std::pair<std::string, std::string>> query;
  EXPECT_TRUE(ParseQuery("a=1&&b=x+y%2B&c&=d&e=f=g", &query));
  EXPECT_EQ(query, (std::vector<std::pair<std::string, std::string>>{
                       {"a", "1"}, {"b", "x y+"}, {"c", ""}, {"", "d"}, {"e", "f=g"}}));
}

TEST(Url, KnowsUtf8) {
  for (const char* good : {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(IsUtf8(good));
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xC3", "\xE2\x82", "\xC3("}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(HttpDecoder, GivesTheSameRequestsInAnySplit) {
  const std::string bytes =
      "\r\nPOST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nX-Y:  z \r\nContent-Length: 3\r\n\r\nabc"
      "GET http://other/c HTTP/1.1\r\nHost: h\r\n\r\n"
      "PUT /d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: "
      "close\r\n\r\n2\r\nxy\r\n1;e\r\nz\r\n0\r\n\r\nrest";
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{13}, bytes.size()}) {
    SCOPED_TRACE(step);
    HttpDecoder decoder(16 << 10, 100);
    std::vector<HttpRequest> requests;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      decoder.Feed(std::string_view(bytes).substr(at, step));
      while (requests.size() < 3) {
        const auto event = decoder.Next();
        ASSERT_NE(event, HttpDecoder::Event::kError) << decoder.error();
        if (event != HttpDecoder::Event::kRequest) break;
        requests.push_back(std::move(decoder.request()));
      }
    }
    ASSERT_EQ(requests.size(), 3u);
    EXPECT_EQ(requests[0].method, "POST");
    EXPECT_EQ(requests[0].path, "/a b");
    EXPECT_EQ(requests[0].query[0].second, "1");
    EXPECT_EQ(requests[0].Field("x-y"), "z");
    EXPECT_EQ(requests[0].body, "abc");
    EXPECT_TRUE(requests[0].keep_alive);
    EXPECT_EQ(requests[1].path, "/c");
    EXPECT_EQ(requests[1].Field("host"), "other");
    EXPECT_EQ(requests[2].body, "xyz");
    EXPECT_FALSE(requests[2].keep_alive);
    EXPECT_EQ(decoder.TakeRest(), "rest");
  }
}

}  // namespace
}  // namespace ipam::web
