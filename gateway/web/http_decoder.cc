#include "gateway/web/http_decoder.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "gateway/web/url.h"

namespace ipam::web {

namespace http = boost::beast::http;

struct HttpDecoder::Parser : http::request_parser<http::string_body> {};

HttpDecoder::HttpDecoder(std::size_t header_limit, std::size_t body_limit)
    : header_limit_(header_limit), body_limit_(body_limit) {}

HttpDecoder::~HttpDecoder() = default;

bool HttpDecoder::in_body() const { return parser_ != nullptr && parser_->is_header_done(); }

HttpDecoder::Event HttpDecoder::Fail(int status, std::string message) {
  error_status_ = status;
  error_ = std::move(message);
  parser_.reset();
  buffer_.clear();
  return Event::kError;
}

HttpDecoder::Event HttpDecoder::Next() {
  if (error_status_ != 0) return Event::kError;
  // RFC 9112 2.2: an empty line before the request line is skipped.
  if (parser_ == nullptr) {
    std::size_t skip = 0;
    while (buffer_.compare(skip, 2, "\r\n") == 0) skip += 2;
    buffer_.erase(0, skip);
    if (buffer_.empty() || buffer_ == "\r") return Event::kNeedMore;
    parser_ = std::make_unique<Parser>();
    parser_->eager(true);
    parser_->header_limit(static_cast<std::uint32_t>(header_limit_));
    parser_->body_limit(body_limit_);
    continue_asked_ = false;
  }
  std::size_t done = 0;
  while (!parser_->is_done() && done < buffer_.size()) {
    boost::beast::error_code ec;
    const std::size_t used =
        parser_->put(boost::asio::const_buffer(buffer_.data() + done, buffer_.size() - done), ec);
    done += used;
    if (ec == http::error::need_more) break;
    if (ec == http::error::body_limit) return Fail(413, "the body exceeds the limit");
    if (ec == http::error::header_limit) return Fail(431, "the header exceeds the limit");
    if (ec) return Fail(400, "malformed request: " + ec.message());
    if (used == 0) break;
  }
  buffer_.erase(0, done);
  if (parser_->is_done()) return TakeRequest();
  if (parser_->is_header_done() && !continue_asked_) {
    continue_asked_ = true;
    const auto expect = parser_->get().find(http::field::expect);
    if (expect != parser_->get().end()) {
      if (LowerAscii({expect->value().data(), expect->value().size()}) != "100-continue") {
        return Fail(400, "unknown expectation");
      }
      return Event::kContinue;
    }
  }
  return Event::kNeedMore;
}

HttpDecoder::Event HttpDecoder::TakeRequest() {
  auto message = parser_->release();
  const bool keep_alive = message.keep_alive();
  parser_.reset();
  if (message.version() != 10 && message.version() != 11) return Fail(400, "unknown HTTP version");

  HttpRequest request;
  request.http_1_0 = message.version() == 10;
  request.keep_alive = keep_alive;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.fields.emplace_back(LowerAscii({field.name_string().data(), field.name_string().size()}),
                                TrimSpace({field.value().data(), field.value().size()}));
  }
  request.body = std::move(message.body());

  // RFC 9112 3.2.2: the absolute form names the host itself.
  std::string_view target = request.target;
  if (target.starts_with("http://")) {
    target.remove_prefix(7);
    const std::size_t slash = target.find('/');
    const std::string authority(target.substr(0, slash));
    std::erase_if(request.fields, [](const auto& field) { return field.first == "host"; });
    request.fields.emplace_back("host", authority);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  if (!(target == "*" && request.method == "OPTIONS") && !target.starts_with('/')) {
    return Fail(400, "malformed request target");
  }
  const std::size_t mark = target.find('?');
  if (!PercentDecode(target.substr(0, mark), &request.path)) return Fail(400, "malformed escape in the path");
  if (mark != std::string_view::npos && !ParseQuery(target.substr(mark + 1), &request.query)) {
    return Fail(400, "malformed escape in the query");
  }
  request_ = std::move(request);
  return Event::kRequest;
}

}  // namespace ipam::web
