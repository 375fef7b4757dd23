// One HTTP request over libcurl, blocking for a bounded time. Any thread.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ipam::http {

struct Request {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  std::string user;  // basic authentication, with its password; empty: none
  std::string password;
  absl::Duration timeout = absl::Seconds(10);  // of the whole
  std::size_t max_response = std::size_t{64} << 20;
  std::stop_token stop;  // requested: the request soon ends as if there were no answer
};

struct Response {
  long status = 0;
  std::string body;
};

// Any status of the server is a response. kUnavailable: no connection, or no whole response in time;
// kInvalidArgument: the URL, which is http or https; kResourceExhausted: more than max_response. No redirection is
// followed and no proxy of the environment is used.
absl::StatusOr<Response> Send(const Request& request);

}  // namespace ipam::http
