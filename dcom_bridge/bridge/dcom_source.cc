#include "dcom_bridge/bridge/dcom_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/bridge/canceller.h"
#include "dcom_bridge/bridge/diagnosis.h"
#include "dcom_bridge/bridge/server_account.h"
#include "dcom_bridge/bridge/watched_context.h"

namespace ipam::bridge {
namespace {

constexpr std::size_t kMaxDiagnoses = 2;  // at one time; each takes three connections

}  // namespace

DcomSource::DcomSource(ServerOptions server, const BridgeOptions& options, Dependencies dependencies)
    : server_(std::move(server)),
      options_(options),
      loop_(std::move(dependencies.loop)),
      clock_(dependencies.clock),
      steady_(dependencies.steady),
      random_(dependencies.random),
      new_initiator_(std::move(dependencies.new_initiator)),
      kdc_clock_(std::move(dependencies.kdc_clock)),
      level_(dependencies.level),
      witness_(dependencies.witness),
      rpc_(*loop_, {.level = level_},
           [this](const net::Endpoint& endpoint,
                  const std::string& principal) -> absl::StatusOr<std::unique_ptr<auth::SecurityContext>> {
             IPAM_ASSIGN_OR_RETURN(auto initiator, new_initiator_(endpoint, principal));
             return std::make_unique<WatchedContext>(
                 std::move(initiator), [this](const auto&, const auth::SecurityContext& context) {
                   if (const auto time = context.peer_time()) server_clock_ = *time - steady_.Now();
                 });
           }),
      dcom_(*loop_, rpc_, dependencies.steady, {.call_timeout = options.call_timeout}),
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
      check_context_{.dcom = dcom_,
                     .exporter = dependencies.exporter,
                     .witness = dependencies.witness,
                     .texts = dependencies.texts,
                     .callback_account = context_.callback_account,
                     .timeout = options.call_timeout,
                     .fixed_port = options.callback_port != 0},
      supervisor_({.probe_interval = options.probe_interval,
                   .min_backoff = options.min_backoff,
                   .max_backoff = options.max_backoff,
                   .min_retest = options.min_retest,
                   .max_retest = options.max_retest},
                  random_) {
  status_.source = server_.name;
  status_.address = context_.server.ToString();
  status_.account = server_.user.empty() ? server_.kerberos_principal
                                         : auth::Principal{server_.domain, server_.user}.Name();
  status_.since = clock_.Now();
  rpc_.set_on_closed([this](const net::Endpoint& endpoint, const absl::Status& status) {
    if (endpoint == context_.server) Perform(supervisor_.OnConnectionClosed(std::string(status.message())));
  });
}

DcomSource::~DcomSource() { EndCheck(); }

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
  // Nothing would be heard of an operation; the check of parameters needs no callback.
  if (now.state == event::SourceState::kConnectedNoCallbacks && !request.validate_only) {
    return done(absl::FailedPreconditionError(absl::StrCat(server_.name, ": ", now.reason)));
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

void DcomSource::Diagnose(event::OnReport on_report, event::Done done) {
  loop_->Post([this, on_report = std::move(on_report), done = std::move(done)]() mutable {
    DiagnoseOnLoop(std::move(on_report), std::move(done));
  });
}

void DcomSource::DiagnoseOnLoop(event::OnReport on_report, event::Done done) {
  if (stopped_) return done(absl::UnavailableError("the gateway is stopping"));
  if (diagnoses_.size() == kMaxDiagnoses) {
    return done(absl::ResourceExhaustedError(absl::StrCat(server_.name, " is being diagnosed already")));
  }
  const auto diagnosis =
      std::make_shared<Diagnosis>(DiagnosisOptions{.server = context_.server,
                                                   .new_initiator = new_initiator_,
                                                   .kdc_clock = kdc_clock_,
                                                   .level = level_,
                                                   .account = State().account,
                                                   .server_name = SpnOf(server_, server_.host)},
                                  Diagnosis::Dependencies{.loop = *loop_,
                                                          .clock = clock_,
                                                          .steady = steady_,
                                                          .exporter = context_.exporter,
                                                          .witness = witness_,
                                                          .texts = context_.texts,
                                                          .callback_account = context_.callback_account,
                                                          .fixed_callback_port = options_.callback_port != 0},
                                  std::move(on_report));
  diagnoses_.insert(diagnosis);
  diagnosis->Begin(
      [this, key = std::weak_ptr(diagnosis), done = std::move(done)](absl::Status status) mutable {
        diagnoses_.erase(key.lock());
        done(std::move(status));
      });
}

void DcomSource::Connect() { Probe(); }

void DcomSource::Probe() {
  if (stopped_) return;
  dcom_.Probe(context_.server, options_.unreachable_after,
              [this](const absl::Status& status) { OnProbed(status); });
}

void DcomSource::OnProbed(const absl::Status& status) {
  if (stopped_) return;
  const bool busy = check_ || std::any_of(sessions_.begin(), sessions_.end(), [](const auto& entry) {
                      return entry.second->state() == Session::State::kInitializing;
                    });
  CheckClocks();
  Perform(supervisor_.OnProbed(status, busy));
}

void DcomSource::TestCallbacks() {
  if (stopped_) return;
  EndCheck();
  check_ = std::make_shared<CallbackCheck>(check_context_);
  check_->Begin(context_.server, [this](CallbackVerdict verdict) {
    check_.reset();
    if (!stopped_) Perform(supervisor_.OnTested(verdict));
  });
}

void DcomSource::EndCheck() {
  next_test_.Cancel();
  if (const auto check = std::exchange(check_, nullptr)) check->Abandon();
}

void DcomSource::Perform(SupervisorActions actions) {
  if (stopped_) return;
  Publish();  // what the actions set off sees the new state
  if (std::exchange(told_, supervisor_.state()) != supervisor_.state()) OnStateChanged();
  for (const SupervisorAction& action : actions) {
    if (const auto* probe = std::get_if<ProbeAfter>(&action)) {
      next_probe_ = loop_->After(probe->delay, [this] { Probe(); });
    } else if (const auto* test = std::get_if<TestAfter>(&action)) {
      next_test_ = loop_->After(test->delay, [this] { TestCallbacks(); });
    } else if (std::holds_alternative<TestNow>(action)) {
      TestCallbacks();
    } else {
      OnDisconnected(std::get<Disconnect>(action).reason);
    }
  }
}

void DcomSource::OnStateChanged() {
  const Supervisor::State now = supervisor_.state();
  if (now != Supervisor::State::kConnected && now != Supervisor::State::kNoCallbacks) return;
  FindExtension(context_);
  if (now == Supervisor::State::kNoCallbacks) return;  // there is nothing to resume yet
  for (const auto& session : Sessions()) session->OnServerConnected();
}

void DcomSource::OnDisconnected(const std::string& reason) {
  EndCheck();
  for (const auto& session : Sessions()) session->OnServerLost(absl::StrCat("the server is gone: ", reason));
  // A server that does not answer in time keeps its connection open: the next attempt is a new one.
  rpc_.Drop(context_.server, absl::UnavailableError(reason));
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
  return Jittered(std::min(options_.min_backoff * (std::int64_t{1} << std::min(failures, 16)), kLongest),
                  random_);
}

void DcomSource::SetCanCancel(bool can_cancel) {
  base::MutexLock lock(mutex_);
  status_.can_cancel = can_cancel;
}

// Beyond five minutes Kerberos refuses (RFC 4120 section 3.2.3), and so do some servers for NTLM.
void DcomSource::CheckClocks() {
  clock_note_.clear();
  const bool of_kdc = !server_clock_;
  std::optional<absl::Duration> ahead;
  if (server_clock_) {
    ahead = steady_.Now() + *server_clock_ - clock_.Now();
  } else if (kdc_clock_) {
    ahead = kdc_clock_();
  }
  if (!ahead || absl::AbsDuration(*ahead) <= absl::Minutes(5)) return;
  clock_note_ = absl::StrCat(
      of_kdc ? "the KDC's" : "the server's", " clock is ",
      absl::FormatDuration(absl::Trunc(absl::AbsDuration(*ahead) + absl::Seconds(30), absl::Minutes(1))),
      *ahead > absl::ZeroDuration() ? " ahead of" : " behind",
      " ours: beyond 5m Kerberos refuses, and NTLM may; set one of them right");
}

void DcomSource::Publish() {
  const auto with_note = [this](const std::string& reason) {
    return clock_note_.empty() || reason.empty() ? absl::StrCat(reason, clock_note_)
                                                 : absl::StrCat(reason, "; ", clock_note_);
  };
  switch (supervisor_.state()) {
    case Supervisor::State::kConnecting:
      return;
    case Supervisor::State::kTesting:
      return SetState(event::SourceState::kConnecting,
                      with_note("it is being tested whether the server can call back"));
    case Supervisor::State::kConnected:
      return SetState(event::SourceState::kConnected, with_note(""));
    case Supervisor::State::kNoCallbacks:
      return SetState(event::SourceState::kConnectedNoCallbacks, with_note(supervisor_.reason()));
    case Supervisor::State::kDisconnected:
      return SetState(event::SourceState::kDisconnected, with_note(supervisor_.reason()));
  }
}

void DcomSource::SetState(event::SourceState state, const std::string& reason) {
  {
    base::MutexLock lock(mutex_);
    if (status_.state == state && status_.reason == reason) return;
    if (status_.state != state) status_.since = clock_.Now();
    status_.state = state;
    status_.reason = reason;
  }
  if (stopped_) return;
  switch (state) {
    case event::SourceState::kConnecting:
      return spdlog::debug("{}: {}", server_.name, reason);
    case event::SourceState::kConnected:
      if (reason.empty()) return spdlog::info("{}: connected", server_.name);
      return spdlog::warn("{}: connected: {}", server_.name, reason);
    case event::SourceState::kConnectedNoCallbacks:
      return spdlog::warn("{}: connected without callbacks: {}", server_.name, reason);
    case event::SourceState::kDisconnected:
      return spdlog::warn("{}: disconnected: {}", server_.name, reason);
  }
}

void DcomSource::Stop() {
  if (stopped_) return;
  stopped_ = true;
  next_probe_.Cancel();
  EndCheck();
  for (const auto& diagnosis : std::exchange(diagnoses_, {}))
    diagnosis->Abandon(absl::UnavailableError("the gateway is stopping"));
  SetState(event::SourceState::kDisconnected, "the gateway is stopping");
  for (const auto& session : Sessions()) session->Abandon();
}

}  // namespace ipam::bridge
