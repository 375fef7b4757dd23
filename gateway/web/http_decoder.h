// Bytes in, requests out; the one user of Beast. One connection, loop thread.
//
//   decoder.Feed(bytes);
//   switch (decoder.Next()) { kNeedMore: read on; kContinue: send 100 Continue, then Next(); kRequest: take
//   request();
//                             kError: answer error() and close }
//
// After kRequest what was pipelined stays, and Next() goes on with it. After kError nothing may follow.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/web/http_message.h"

namespace ipam::web {

class HttpDecoder {
 public:
  enum class Event { kNeedMore, kContinue, kRequest, kError };

  HttpDecoder(std::size_t header_limit, std::size_t body_limit);
  ~HttpDecoder();

  void Feed(std::string_view bytes) { buffer_.append(bytes); }
  Event Next();

  HttpRequest& request() { return request_; }
  int error_status() const { return error_status_; }
  const std::string& error() const { return error_; }

  // What came after the last request: of another protocol, after an upgrade.
  std::string TakeRest() { return std::move(buffer_); }
  std::size_t buffered() const { return buffer_.size(); }
  // Where in a request the input stands, for the deadlines.
  bool in_request() const { return in_body() || !buffer_.empty(); }
  bool in_body() const;

 private:
  struct Parser;

  Event Fail(int status, std::string message);
  Event TakeRequest();

  const std::size_t header_limit_;
  const std::size_t body_limit_;
  std::unique_ptr<Parser> parser_;  // none between requests
  bool continue_asked_ = false;
  std::string buffer_;
  HttpRequest request_;
  int error_status_ = 0;
  std::string error_;
};

}  // namespace ipam::web
