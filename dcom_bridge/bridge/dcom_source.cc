#include "dcom_bridge/bridge/dcom_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/bridge/canceller.h"
#include "dcom_bridge/bridge/server_account.h"

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
               .callback_account = CallerOf(server_),
               .call_timeout = options.call_timeout,
               .resume_timeout = options.resume_timeout,
               .connected =
                   [this] {
                     const event::SourceState state = State().state;
                     return state == event::SourceState::kConnected ||
                            state == event::SourceState::kConnectedNoCallbacks;
                   },
               .retry_after = [this](int failures) { return RetryAfter(failures); },
               .on_extension = [this](bool offered) { SetCanCancel(offered); },
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

void DcomSource::Resume(std::string operation, std::string server_operation_id,
                        std::uint64_t last_source_sequence, event::Done done) {
  const std::optional<base::Guid> id = base::Guid::Parse(server_operation_id);
  if (!id) return done(absl::UnimplementedError("no operation of a DCOM server: " + server_operation_id));
  loop_->Post([this, operation = std::move(operation), id = *id, last_source_sequence,
               done = std::move(done)]() mutable {
    if (stopped_) return done(absl::UnavailableError("the gateway is stopping"));
    auto session = std::make_shared<Session>(context_, std::move(operation), id, last_source_sequence);
    sessions_.emplace(session.get(), session);
    done(absl::OkStatus());
    session->Resume();
  });
}

void DcomSource::Cancel(std::string server_operation_id, event::Done done) {
  const std::optional<base::Guid> id = base::Guid::Parse(server_operation_id);
  if (!id) return done(absl::UnimplementedError("no operation of a DCOM server: " + server_operation_id));
  loop_->Post([this, id = *id, done = std::move(done)]() mutable {
    if (stopped_ || !context_.connected()) {
      return done(absl::UnavailableError(absl::StrCat(server_.name, " is not connected")));
    }
    std::shared_ptr<Session> session;
    for (const auto& [key, one] : sessions_) {
      if (one->server_operation_id() == id) session = one;
    }
    if (session) session->OnCancelAsked();
    CancelOperation(context_, id, [session, done = std::move(done)](absl::Status status) mutable {
      done(std::move(status));
      if (session) session->OnCancelAnswered();
    });
  });
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
  if (SetState(event::SourceState::kConnected, "")) {
    FindExtension(context_);
    for (const auto& session : Sessions()) session->OnServerConnected();
  }
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

// Sessions of a server that came back must not all come at the same moments.
absl::Duration DcomSource::RetryAfter(int failures) {
  constexpr absl::Duration kLongest = absl::Seconds(30);
  const absl::Duration delay =
      std::min(options_.min_backoff * (std::int64_t{1} << std::min(failures, 16)), kLongest);
  return delay * std::uniform_real_distribution<double>(0.5, 1.0)(random_);
}

void DcomSource::SetCanCancel(bool can_cancel) {
  base::MutexLock lock(mutex_);
  status_.can_cancel = can_cancel;
}

// False: it was so before.
bool DcomSource::SetState(event::SourceState state, const std::string& reason) {
  {
    base::MutexLock lock(mutex_);
    if (status_.state == state && status_.reason == reason) return false;
    if (status_.state != state) status_.since = clock_.Now();
    status_.state = state;
    status_.reason = reason;
  }
  if (state == event::SourceState::kConnected) {
    spdlog::info("{}: connected", server_.name);
  } else if (!stopped_) {
    spdlog::warn("{}: disconnected: {}", server_.name, reason);
  }
  return true;
}

void DcomSource::Stop() {
  if (stopped_) return;
  stopped_ = true;
  next_probe_.Cancel();
  SetState(event::SourceState::kDisconnected, "the gateway is stopping");
  for (const auto& session : Sessions()) session->Abandon();
}

}  // namespace ipam::bridge
