// Messages of a client, one a line, against the machine of /v1/ws: every action must be well formed, and
// nothing comes after a close.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "gateway/web/ws_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ipam::web::WsProtocol;
  WsProtocol protocol({.max_subscriptions = 3});
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const bool was_closed = protocol.state() == WsProtocol::State::kClosed;
    for (const WsProtocol::Action& action : protocol.OnText(rest.substr(0, end))) {
      if (was_closed) std::abort();
      if (const auto* send = std::get_if<WsProtocol::SendText>(&action)) {
        if (!nlohmann::json::accept(send->text)) std::abort();
      }
      if (const auto* open = std::get_if<WsProtocol::OpenWatch>(&action)) {
        if (!nlohmann::json::accept(WsProtocol::NextPrefix(open->id) + "{}}")) std::abort();
      }
    }
    if (protocol.subscriptions() > 3) std::abort();
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return 0;
}
