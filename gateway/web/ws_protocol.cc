#include "gateway/web/ws_protocol.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "gateway/web/json.h"

namespace ipam::web {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxId = 128;
constexpr int kMaxDepth = 32;

// nlohmann writes and destroys by recursion: a message of 64 KiB must not nest as deep.
bool TooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

// The string under `key`, or null.
const std::string* StringAt(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() ? nullptr : it->get_ptr<const std::string*>();
}

std::string Message(std::string_view type, const std::string& id, const std::string& payload) {
  std::string out = absl::StrFormat(R"({"type":"%s","id":%s)", type, Json(id).dump());
  if (!payload.empty()) absl::StrAppendFormat(&out, R"(,"payload":%s)", payload);
  out += "}";
  return out;
}

WsProtocol::Actions One(WsProtocol::Action action) {
  WsProtocol::Actions actions;
  actions.push_back(std::move(action));
  return actions;
}

}  // namespace

std::string WsProtocol::NextPrefix(const std::string& id) {
  return absl::StrFormat(R"({"type":"next","id":%s,"payload":)", Json(id).dump());
}

WsProtocol::Actions WsProtocol::CloseWith(WsCloseCode code, std::string_view reason) {
  state_ = State::kClosed;
  ids_.clear();
  return One(Close{code, reason});
}

bool WsProtocol::Forget(const std::string& id) { return std::erase(ids_, id) != 0; }

WsProtocol::Actions WsProtocol::Subscribe(std::string id, const std::string& payload) {
  if (std::find(ids_.begin(), ids_.end(), id) != ids_.end()) {
    return CloseWith(WsCloseCode::kIdInUse, "subscription id in use");
  }
  if (ids_.size() >= options_.max_subscriptions)
    return CloseWith(WsCloseCode::kTooMany, "too many subscriptions");
  ipam::progress::v1::WatchOperationsRequest request;
  if (absl::Status parsed = FromJson(payload, &request); !parsed.ok()) {
    return One(SendText{Message("error", id, StatusToJson(parsed))});
  }
  ids_.push_back(id);
  return One(OpenWatch{std::move(id), std::move(request)});
}

WsProtocol::Actions WsProtocol::OnText(std::string_view text) {
  if (state_ == State::kClosed) return {};
  if (TooDeep(text)) return CloseWith(WsCloseCode::kBadMessage, "nested too deep");
  const Json message = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!message.is_object()) return CloseWith(WsCloseCode::kBadMessage, "not a JSON object");
  const std::string* type = StringAt(message, "type");
  if (type == nullptr) return CloseWith(WsCloseCode::kBadMessage, "no type");
  const auto payload = message.find("payload");
  if (payload != message.end() && !payload->is_object() && !payload->is_null()) {
    return CloseWith(WsCloseCode::kBadMessage, "payload is not an object");
  }
  const bool has_payload = payload != message.end() && payload->is_object();

  if (*type == "ping") {
    return One(SendText{has_payload ? R"({"type":"pong","payload":)" + payload->dump() + "}"
                                    : R"({"type":"pong"})"});
  }
  if (*type == "pong") return {};
  if (*type == "refresh" || *type == "connection_init") {
    if (has_payload && payload->contains("token") && StringAt(*payload, "token") == nullptr) {
      return CloseWith(WsCloseCode::kBadMessage, "token is not a string");
    }
    if (*type == "refresh") return {};
    if (state_ == State::kDraining) return CloseWith(WsCloseCode::kRestart, "restart");
    if (acknowledged_) return CloseWith(WsCloseCode::kTooMany, "too many connection_init");
    acknowledged_ = true;
    state_ = State::kReady;
    return One(SendText{absl::StrFormat(R"({"type":"connection_ack","payload":{"heartbeat_ms":%d}})",
                                        absl::ToInt64Milliseconds(options_.heartbeat))});
  }

  const std::string* id = StringAt(message, "id");
  if (id == nullptr || id->empty() || id->size() > kMaxId) {
    return CloseWith(WsCloseCode::kBadMessage, "unknown type, or no id");
  }
  if (*type == "subscribe") {
    if (state_ == State::kDraining) return CloseWith(WsCloseCode::kRestart, "restart");
    state_ = State::kReady;
    return Subscribe(*id, has_payload ? payload->dump() : "{}");
  }
  if (*type == "complete") {
    // It may cross our own complete.
    if (!Forget(*id)) return {};
    Actions actions = One(CloseWatch{*id});
    if (state_ == State::kDraining && ids_.empty())
      actions.push_back(CloseWith(WsCloseCode::kRestart, "restart")[0]);
    return actions;
  }
  return CloseWith(WsCloseCode::kBadMessage, "unknown type");
}

WsProtocol::Actions WsProtocol::OnBinary() {
  if (state_ == State::kClosed) return {};
  return CloseWith(WsCloseCode::kBadMessage, "binary message");
}

WsProtocol::Actions WsProtocol::OnWatchRefused(const std::string& id, const absl::Status& status) {
  if (state_ == State::kClosed || !Forget(id)) return {};
  return One(SendText{Message("error", id, StatusToJson(status))});
}

WsProtocol::Actions WsProtocol::OnWatchFinished(const std::string& id, const absl::Status& status) {
  if (state_ == State::kClosed || !Forget(id)) return {};
  if (status.code() == absl::StatusCode::kResourceExhausted) {
    return CloseWith(WsCloseCode::kSlowConsumer, "slow consumer");
  }
  if (status.code() == absl::StatusCode::kUnavailable) state_ = State::kDraining;
  Actions actions;
  if (status.ok()) {
    actions.push_back(SendText{Message("complete", id, "")});
  } else if (status.code() != absl::StatusCode::kUnavailable) {
    actions.push_back(SendText{Message("error", id, StatusToJson(status))});
  }
  if (state_ == State::kDraining && ids_.empty())
    actions.push_back(CloseWith(WsCloseCode::kRestart, "restart")[0]);
  return actions;
}

WsProtocol::Actions WsProtocol::OnInitTimeout() {
  if (state_ != State::kNew) return {};
  return CloseWith(WsCloseCode::kInitTimeout, "neither connection_init nor subscribe");
}

WsProtocol::Actions WsProtocol::OnStop(bool now) {
  if (state_ == State::kClosed) return {};
  if (now || ids_.empty()) return CloseWith(WsCloseCode::kRestart, "restart");
  state_ = State::kDraining;
  return {};
}

}  // namespace ipam::web
