#include "gateway/web/ws_handshake.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "dcom_bridge/base/strings.h"
#include "gateway/web/json.h"

namespace ipam::web {
namespace {

HttpResponse Refuse(int status, const std::string& why) {
  return TextResponse(status, "application/json", StatusToJson(absl::InvalidArgumentError(why)));
}

bool IsKey(std::string_view key) {
  std::string bytes;
  return key.size() == 24 && absl::Base64Unescape(base::ToAbsl(key), &bytes) && bytes.size() == 16;
}

}  // namespace

std::string WsAccept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
}

HttpResponse AnswerHandshake(const HttpRequest& request) {
  if (!HasToken(request.Field("upgrade"), "websocket") || !HasToken(request.Field("connection"), "upgrade") ||
      request.http_1_0) {
    HttpResponse response = Refuse(426, "this path speaks WebSocket only");
    response.fields.emplace_back("Upgrade", "websocket");
    response.fields.emplace_back("Connection", "Upgrade");
    return response;
  }
  if (request.Field("sec-websocket-version") != "13") {
    HttpResponse response = Refuse(426, "Sec-WebSocket-Version must be 13");
    response.fields.emplace_back("Sec-WebSocket-Version", "13");
    return response;
  }
  if (!IsKey(request.Field("sec-websocket-key")))
    return Refuse(400, "Sec-WebSocket-Key is not 16 bytes of base64");

  bool offered = false;
  bool known = false;
  for (const auto& [name, value] : request.fields) {
    if (name != "sec-websocket-protocol") continue;
    offered = true;
    known = known || HasToken(value, kWsSubprotocol);
  }
  if (offered && !known)
    return Refuse(400, "no known subprotocol; this path speaks " + std::string(kWsSubprotocol));

  HttpResponse response;
  response.status = 101;
  response.fields = {{"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Accept", WsAccept(request.Field("sec-websocket-key"))}};
  if (known) response.fields.emplace_back("Sec-WebSocket-Protocol", kWsSubprotocol);
  return response;
}

}  // namespace ipam::web
