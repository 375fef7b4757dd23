// Requests and responses as values, and how a response is written.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ipam::web {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string target;                                      // as sent
  std::string path;                                        // decoded
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  HttpFields fields;                                       // names in lower case, values trimmed
  std::string body;
  bool http_1_0 = false;
  bool keep_alive = true;

  // The first field of that name (in lower case), or empty.
  std::string_view Field(std::string_view name) const;
  bool HasField(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  HttpFields fields;  // Content-Type among them, no framing
  std::string body;
};

HttpResponse TextResponse(int status, std::string_view content_type, std::string body);

enum class Framing { kLength, kChunked, kUntilClose, kUpgrade };
// Status line and header, with Date, nosniff and what `framing` asks for. `body_size` counts for kLength.
std::string WriteHead(const HttpResponse& response, Framing framing, std::size_t body_size, bool keep_alive);

// "a, B ;q=1" has the token "b": names of Connection and Upgrade. Not case sensitive.
bool HasToken(std::string_view list, std::string_view token);
std::string LowerAscii(std::string_view text);
std::string_view TrimSpace(std::string_view text);

}  // namespace ipam::web
