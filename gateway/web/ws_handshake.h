// The opening handshake, RFC 6455 section 4.2.
#pragma once

#include <string>
#include <string_view>

#include "gateway/web/http_message.h"

namespace ipam::web {

inline constexpr std::string_view kWsSubprotocol = "ipam-progress.v1.json";

// 101 with what belongs to it, or the refusal: 426 where it is no upgrade to version 13, 400 where it is a
// broken one or offers unknown subprotocols only.
HttpResponse AnswerHandshake(const HttpRequest& request);

// base64(SHA-1(key + GUID)).
std::string WsAccept(std::string_view key);

}  // namespace ipam::web
