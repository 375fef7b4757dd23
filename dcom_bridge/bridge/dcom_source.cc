#include "dcom_bridge/bridge/dcom_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ipam::bridge {

DcomSource::DcomSource(ServerOptions server, const BridgeOptions& options, Dependencies dependencies)
    : server_(std::move(server)),
      options_(options),
      loop_(std::move(dependencies.loop)),
      clock_(dependencies.clock),
      rpc_(std::move(dependencies.rpc)),
      dcom_(*loop_, *rpc_, dependencies.steady, {.call_timeout = options.call_timeout}),
      context_{.loop = loop_,
               .dcom = dcom_,
               .exporter = dependencies.exporter,
               .sink = dependencies.sink,
               .texts = dependencies.texts,
               .server = {server_.host, server_.port},
               .callback_account = {server_.domain, server_.user},
               .call_timeout = options.call_timeout,
               .on_end = [this](Session& session) { sessions_.erase(&session); }},
      backoff_(options.min_backoff) {
  status_.source = server_.name;
  status_.since = clock_.Now();
  rpc_->set_on_closed([this](const net::Endpoint& endpoint, const absl::Status& status) {
    // A probe that was under way has failed before this and said so.
    if (endpoint == context_.server && State().state == event::SourceState::kConnected) {
      OnDisconnected(std::string(status.message()));
    }
  });
}

DcomSource::~DcomSource() = default;

void DcomSource::Start(event::StartRequest request, event::Done done) {
  loop_->Post([this, request = std::move(request), done = std::move(done)]() mutable {
    StartOnLoop(std::move(request), std::move(done));
  });
}

void DcomSource::StartOnLoop(event::StartRequest request, event::Done done) {
  const event::SourceStatus now = State();
  if (stopped_) return done(absl::UnavailableError("the gateway is stopping"));
  if (now.state == event::SourceState::kDisconnected || now.state == event::SourceState::kConnecting) {
    return done(absl::UnavailableError(
        absl::StrCat(server_.name, " is not connected", now.reason.empty() ? "" : ": ", now.reason)));
  }
  auto session = std::make_shared<Session>(context_, std::move(request), std::move(done));
  sessions_.emplace(session.get(), session);
  session->Begin();
}

void DcomSource::Resume(std::string, std::string, std::uint64_t, event::Done done) {
  done(absl::UnimplementedError("the server does not offer IIpamOperationWithProgress2"));
}

void DcomSource::Cancel(std::string, event::Done done) {
  done(absl::UnimplementedError("the server does not offer IIpamOperationWithProgress2"));
}

event::SourceStatus DcomSource::State() const {
  base::MutexLock lock(mutex_);
  return status_;
}

void DcomSource::Connect() { Probe(); }

void DcomSource::Probe() {
  if (stopped_) return;
  dcom_.Probe(context_.server, options_.unreachable_after,
              [this](const absl::Status& status) { OnProbed(status); });
}

void DcomSource::OnProbed(const absl::Status& status) {
  if (stopped_) return;
  const auto initializing = [](const auto& entry) {
    return entry.second->state() == Session::State::kInitializing;
  };
  if (status.code() == absl::StatusCode::kDeadlineExceeded &&
      std::any_of(sessions_.begin(), sessions_.end(), initializing)) {
    // Large parameters keep a server busy for seconds; their own call says when it was too long.
    next_probe_ = loop_->After(options_.probe_interval, [this] { Probe(); });
    return;
  }
  if (!status.ok()) {
    OnDisconnected(std::string(status.message()));
    // A server that does not answer in time is dropped, so that the next attempt is a new connection.
    rpc_->Drop(context_.server, status);
    return;
  }
  backoff_ = options_.min_backoff;
  SetState(event::SourceState::kConnected, "");
  next_probe_ = loop_->After(options_.probe_interval, [this] { Probe(); });
}

void DcomSource::OnDisconnected(const std::string& reason) {
  if (stopped_) return;
  SetState(event::SourceState::kDisconnected, reason);
  next_probe_ = loop_->After(backoff_, [this] { Probe(); });
  backoff_ = std::min(backoff_ * 2, options_.max_backoff);
  for (const auto& session : Sessions()) session->OnServerLost(absl::StrCat("the server is gone: ", reason));
}

void DcomSource::OnCallbackConnectionClosed(std::uint64_t association) {
  for (const auto& session : Sessions()) session->OnCallbackConnectionClosed(association);
}

// A copy: the table changes while sessions end.
std::vector<std::shared_ptr<Session>> DcomSource::Sessions() const {
  std::vector<std::shared_ptr<Session>> sessions;
  sessions.reserve(sessions_.size());
  for (const auto& [key, session] : sessions_) sessions.push_back(session);
  return sessions;
}

void DcomSource::SetState(event::SourceState state, const std::string& reason) {
  {
    base::MutexLock lock(mutex_);
    if (status_.state == state && status_.reason == reason) return;
    if (status_.state != state) status_.since = clock_.Now();
    status_.state = state;
    status_.reason = reason;
  }
  if (state == event::SourceState::kConnected) {
    spdlog::info("{}: connected", server_.name);
  } else if (!stopped_) {
    spdlog::warn("{}: disconnected: {}", server_.name, reason);
  }
}

void DcomSource::Stop() {
  if (stopped_) return;
  stopped_ = true;
  next_probe_.Cancel();
  SetState(event::SourceState::kDisconnected, "the gateway is stopping");
  for (const auto& session : Sessions()) session->Abandon();
}

}  // namespace ipam::bridge
