#include "gateway/web/ws_handler.h"

#include <algorithm>
#include <utility>

namespace ipam::web {
namespace {

constexpr std::uint8_t kSilentBeats = 3;

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace

WsHandler::WsHandler(Transport& transport)
    : transport_(transport),
      protocol_({.max_subscriptions = transport.context().options.limits.subscriptions_per_socket,
                 .heartbeat = transport.context().options.timeouts.heartbeat}),
      decoder_(transport.context().options.limits.message_bytes) {
  transport_.context().counters.websockets.fetch_add(1, std::memory_order_relaxed);
}

WsHandler::~WsHandler() {
  DetachAll();
  transport_.context().counters.websockets.fetch_sub(1, std::memory_order_relaxed);
}

void WsHandler::OnStart() {
  const SessionContext& context = transport_.context();
  if (context.counters.websockets.load(std::memory_order_relaxed) >
      static_cast<std::int64_t>(context.options.limits.websockets)) {
    CloseWith(WsCloseCode::kTryLater, "too many connections");
    return;
  }
  transport_.SetDeadline(context.options.timeouts.websocket_init);
  transport_.ResumeReading();
  if (context.stopping) OnStop(false);
}

void WsHandler::OnBytes(std::string_view bytes) {
  silent_beats_ = 0;
  while (!closed_) {
    std::optional<WsItem> item = decoder_.Next(&bytes);
    if (!item) return;
    OnItem(*std::move(item));
  }
}

void WsHandler::OnItem(WsItem item) {
  std::visit(Overloaded{
                 [this](WsText& text) {
                   transport_.context().counters.websocket_messages.fetch_add(1, std::memory_order_relaxed);
                   Run(protocol_.OnText(text.data));
                 },
                 [this](WsBinary&) { Run(protocol_.OnBinary()); },
                 [this](WsPing& ping) { Send(WsOpcode::kPong, ping.data); },
                 [](WsPong&) {},
                 // RFC 6455 5.5.1: the code comes back; none is answered as a normal end.
                 [this](WsPeerClose& close) {
                   CloseWith(close.code == WsCloseCode::kNoStatus ? WsCloseCode::kNormal : close.code, "");
                 },
                 [this](WsViolation& violation) { CloseWith(violation.code, violation.reason); },
             },
             item);
}

void WsHandler::Run(WsProtocol::Actions actions) {
  for (WsProtocol::Action& action : actions) {
    std::visit(Overloaded{
                   [this](WsProtocol::SendText& send) { Send(WsOpcode::kText, send.text); },
                   [this](WsProtocol::OpenWatch& open) { OpenWatch(std::move(open)); },
                   [this](WsProtocol::CloseWatch& close) {
                     const auto it = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                                                  [&](const Subscription& s) { return s.id == close.id; });
                     if (it == subscriptions_.end()) return;
                     it->outbox->Detach();
                     subscriptions_.erase(it);
                   },
                   [this](WsProtocol::Close& close) { CloseWith(close.code, close.reason); },
               },
               action);
  }
}

void WsHandler::OpenWatch(WsProtocol::OpenWatch open) {
  const std::uint64_t watch = next_watch_++;
  auto outbox = transport_.context().hub.Watch(
      open.request, hub::Caller{}, std::make_shared<WatchWriter>(transport_.remote(), this, watch));
  if (!outbox.ok()) {
    Run(protocol_.OnWatchRefused(open.id, outbox.status()));
    return;
  }
  // Frames that are already under way come by the loop, after this.
  Subscription subscription;
  subscription.watch = watch;
  subscription.prefix = WsProtocol::NextPrefix(open.id);
  subscription.id = std::move(open.id);
  subscription.outbox = *std::move(outbox);
  subscriptions_.push_back(std::move(subscription));
}

WsHandler::Subscriptions::iterator WsHandler::Find(std::uint64_t watch) {
  return std::find_if(subscriptions_.begin(), subscriptions_.end(),
                      [watch](const Subscription& s) { return s.watch == watch; });
}

void WsHandler::OnFrames(std::uint64_t watch, std::vector<hub::FramePtr> frames) {
  const auto it = Find(watch);
  if (it == subscriptions_.end()) return;
  std::string* out = transport_.Scratch();
  for (const hub::FramePtr& frame : frames)
    AppendWsText(it->prefix, frame->json(), WsProtocol::kNextSuffix, out);
  transport_.context().counters.frames.fetch_add(frames.size(), std::memory_order_relaxed);
  if (transport_.Write(*out)) {
    it->outbox->WriteDone();
  } else {
    it->write_outstanding = true;
  }
}

void WsHandler::OnFlushed() {
  for (Subscription& subscription : subscriptions_) {
    if (std::exchange(subscription.write_outstanding, false)) subscription.outbox->WriteDone();
  }
  transport_.ResumeReading();
}

void WsHandler::OnFinish(std::uint64_t watch, absl::Status status) {
  const auto it = Find(watch);
  if (it == subscriptions_.end()) return;
  const std::string id = std::move(it->id);
  it->outbox->Detach();
  subscriptions_.erase(it);
  if (status.code() == absl::StatusCode::kResourceExhausted && transport_.has_unsent()) {
    // Not even a close frame passes a full window.
    closed_ = true;
    transport_.context().counters.resets.fetch_add(1, std::memory_order_relaxed);
    DetachAll();
    transport_.Reset();
    return;
  }
  Run(protocol_.OnWatchFinished(id, status));
}

void WsHandler::Send(WsOpcode opcode, std::string_view payload) {
  if (closed_) return;
  std::string* out = transport_.Scratch();
  AppendWsFrame(opcode, payload, out);
  // Answers to a client that does not read them must not pile up.
  if (!transport_.Write(*out)) transport_.PauseReading();
}

void WsHandler::CloseWith(WsCloseCode code, std::string_view reason) {
  if (closed_) return;
  closed_ = true;
  DetachAll();
  std::string* out = transport_.Scratch();
  AppendWsClose(code, reason, out);
  transport_.Write(*out);
  transport_.CloseGracefully();
}

void WsHandler::DetachAll() {
  // The hub may call back from inside Detach: the table is empty by then.
  Subscriptions all = std::move(subscriptions_);
  subscriptions_.clear();
  for (Subscription& subscription : all) subscription.outbox->Detach();
}

void WsHandler::OnPeerEnd() {
  closed_ = true;
  DetachAll();
  transport_.Reset();
}

void WsHandler::OnDeadline() {
  Run(protocol_.OnInitTimeout());
  if (closed_) return;
  // A peer answers pings (RFC 6455 5.5.2), so a silent one is gone.
  if (++silent_beats_ > kSilentBeats) {
    OnPeerEnd();
    return;
  }
  Send(WsOpcode::kPing, "");
  transport_.SetDeadline(transport_.context().options.timeouts.heartbeat);
}

void WsHandler::OnStop(bool now) { Run(protocol_.OnStop(now)); }

}  // namespace ipam::web
