#include "gateway/web/http_message.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/strings.h"

namespace ipam::web {
namespace {

std::string_view Reason(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

}  // namespace

std::string_view HttpRequest::Field(std::string_view name) const {
  for (const auto& [field, value] : fields) {
    if (field == name) return value;
  }
  return {};
}

bool HttpRequest::HasField(std::string_view name) const {
  for (const auto& [field, value] : fields) {
    if (field == name) return true;
  }
  return false;
}

HttpResponse TextResponse(int status, std::string_view content_type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.fields.emplace_back("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

std::string WriteHead(const HttpResponse& response, Framing framing, std::size_t body_size, bool keep_alive) {
  std::string head = absl::StrFormat("HTTP/1.1 %d %s\r\n", response.status, Reason(response.status));
  absl::StrAppendFormat(&head, "Date: %s\r\n",
                        absl::FormatTime("%a, %d %b %E4Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()));
  for (const auto& [name, value] : response.fields) absl::StrAppendFormat(&head, "%s: %s\r\n", name, value);
  switch (framing) {
    case Framing::kLength:
      // RFC 9110 8.6: none with 204.
      if (response.status != 204) absl::StrAppendFormat(&head, "Content-Length: %d\r\n", body_size);
      break;
    case Framing::kChunked:
      head += "Transfer-Encoding: chunked\r\n";
      break;
    case Framing::kUntilClose:
      break;
    case Framing::kUpgrade:
      head += "\r\n";
      return head;
  }
  head += "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";
  if (!keep_alive) head += "Connection: close\r\n";
  head += "\r\n";
  return head;
}

bool HasToken(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    item = TrimSpace(item.substr(0, item.find(';')));
    if (absl::EqualsIgnoreCase(base::ToAbsl(item), base::ToAbsl(token))) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::string LowerAscii(std::string_view text) { return absl::AsciiStrToLower(base::ToAbsl(text)); }

std::string_view TrimSpace(std::string_view text) {
  return base::ToStd(absl::StripAsciiWhitespace(base::ToAbsl(text)));
}

}  // namespace ipam::web
