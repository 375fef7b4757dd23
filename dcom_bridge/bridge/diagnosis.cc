#include "dcom_bridge/bridge/diagnosis.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dcom_bridge/bridge/watched_context.h"
#include "dcom_bridge/idl/operation_with_progress.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/net/activation.h"
#include "dcom_bridge/net/reachability.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"

namespace ipam::bridge {
namespace {

constexpr std::size_t kMaxAddresses = 4;
constexpr absl::Duration kMaxClockDifference = absl::Minutes(5);  // RFC 4120 section 3.2.3

const rpc::CallFault* FaultOf(const net::RpcResult& result) {
  return std::get_if<rpc::CallFault>(&result.outcome);
}
const absl::Status* StatusOf(const net::RpcResult& result) {
  return std::get_if<absl::Status>(&result.outcome);
}

// Why there is no reply.
std::string WhyNot(const net::RpcResult& result) {
  if (const auto* fault = FaultOf(result)) return absl::StrCat("fault ", pdu::ToString(fault->status));
  if (const auto* status = StatusOf(result)) return std::string(status->message());
  return "";
}

std::string AddressesOf(const orpc::DualStringArray& bindings) {
  return absl::StrJoin(bindings.strings, ", ", [](std::string* out, const orpc::StringBinding& each) {
    absl::StrAppend(out, each.network_address);
  });
}

const char* LevelName(auth::AuthLevel level) {
  return level == auth::AuthLevel::kPrivacy ? "packet privacy" : "packet integrity";
}

std::string Apart(const char* whose, absl::Duration ahead) {
  return absl::StrCat(whose, " clock is ",
                      absl::FormatDuration(absl::Trunc(absl::AbsDuration(ahead), absl::Seconds(1))),
                      ahead > absl::ZeroDuration() ? " ahead of ours" : " behind ours");
}

}  // namespace

Diagnosis::Diagnosis(DiagnosisOptions options, Dependencies dependencies, event::OnReport on_report)
    : options_(std::move(options)),
      dependencies_(std::move(dependencies)),
      on_report_(std::move(on_report)) {}

void Diagnosis::Begin(event::Done done) {
  done_ = std::move(done);
  limit_ = dependencies_.loop.After(options_.total_timeout, [this] {
    Fail(absl::StrCat("no end of it within ", absl::FormatDuration(options_.total_timeout)),
         "find out what keeps the server from answering: its load, or a firewall that drops packets");
  });
  Name();
}

void Diagnosis::Abandon(absl::Status why) { Finish(std::move(why)); }

void Diagnosis::Enter(Step step) {
  step_ = step;
  step_began_ = dependencies_.steady.Now();
}

bool Diagnosis::Report(Outcome outcome, std::string detail, std::string advice) {
  if (!done_) return false;
  const bool wanted = on_report_({.step = step_,
                                  .outcome = outcome,
                                  .detail = std::move(detail),
                                  .advice = std::move(advice),
                                  .duration = dependencies_.steady.Now() - step_began_});
  if (!wanted) Finish(absl::CancelledError("nobody listens"));
  return wanted;
}

void Diagnosis::Fail(std::string detail, std::string advice) {
  if (Report(Outcome::kFailed, std::move(detail), std::move(advice))) Finish(absl::OkStatus());
}

// Gives everything back. The callbacks of what is under way hold this object, and find it finished.
void Diagnosis::Finish(absl::Status status) {
  event::Done done = std::exchange(done_, nullptr);
  if (!done) return;
  limit_.Cancel();
  if (const auto check = std::exchange(check_, nullptr)) check->Abandon();
  const auto self = shared_from_this();
  // The connections stay until the server has the session back, and for the rest of this callback.
  if (session_) dcom_->Release(*std::exchange(session_, std::nullopt), [self] {});
  dependencies_.loop.Post([self] {});
  done(std::move(status));
}

std::unique_ptr<net::RpcClient> Diagnosis::NewClient(auth::AuthLevel level) {
  const auto make = [weak = weak_from_this()](const net::Endpoint& endpoint, const std::string& principal)
      -> absl::StatusOr<std::unique_ptr<auth::SecurityContext>> {
    const auto self = weak.lock();
    if (!self) return absl::CancelledError("the diagnosis is over");
    auto made = self->options_.new_initiator(endpoint, principal);
    if (!made.ok()) {
      self->logon_failure_ = std::string(made.status().message());
      return made;
    }
    return std::make_unique<WatchedContext>(*std::move(made), [weak](const auto& token, const auto& context) {
      const auto watching = weak.lock();
      if (!watching) return;
      if (!token.ok()) watching->logon_failure_ = std::string(token.status().message());
      if (const auto time = context.peer_time())
        watching->server_clock_ = *time - watching->dependencies_.clock.Now();
    });
  };
  return std::make_unique<net::RpcClient>(
      dependencies_.loop, net::RpcClientOptions{.level = level, .connect_timeout = options_.step_timeout},
      make);
}

void Diagnosis::ServerAlive2(net::RpcClient& client, void (Diagnosis::*next)(const net::RpcResult&)) {
  client.Call(options_.server,
              {.interface = {orpc::kIidIObjectExporter, 0, 0}, .opnum = orpc::kServerAlive2Opnum},
              options_.step_timeout, [self = shared_from_this(), next](const net::RpcResult& result) {
                if (self->done_) (self.get()->*next)(result);
              });
}

void Diagnosis::Name() {
  Enter(Step::kName);
  const std::string& host = options_.server.host;
  if (net::IsAddress(host)) {
    if (Report(Outcome::kOk, absl::StrCat(host, " is an address"))) Port({host});
    return;
  }
  net::ResolveName(
      dependencies_.loop, host, options_.step_timeout, [self = shared_from_this(), host](auto addresses) {
        if (!self->done_) return;
        if (!addresses.ok()) {
          return self->Fail(
              absl::StrCat("this host finds no address for the name '", host,
                           "': ", std::string(addresses.status().message())),
              "correct the name of the server in the gateway's configuration, or make the name known "
              "to DNS or /etc/hosts here");
        }
        if (self->Report(Outcome::kOk, absl::StrCat(host, " is ", absl::StrJoin(*addresses, ", "))))
          self->Port(*std::move(addresses));
      });
}

void Diagnosis::Port(std::vector<std::string> addresses) {
  Enter(Step::kPort);
  if (addresses.size() > kMaxAddresses) addresses.resize(kMaxAddresses);
  TryNext(std::move(addresses), {});
}

// The first address that takes a connection will do; those before it are worth a warning.
void Diagnosis::TryNext(std::vector<std::string> rest, std::vector<std::string> failures) {
  if (rest.empty()) {
    const bool refused = absl::StrContains(failures.back(), "refused");
    return Fail(
        absl::StrJoin(failures, "; "),
        refused ? "start the management server there, or correct the port of the server in the gateway's "
                  "configuration"
                : "let the gateway through to that port: a firewall between the two, or a route, is in the "
                  "way; or the machine is off");
  }
  const net::Endpoint at{rest.front(), options_.server.port};
  rest.erase(rest.begin());
  net::TryConnect(dependencies_.loop, at.host, at.port, options_.step_timeout,
                  [self = shared_from_this(), at, rest = std::move(rest),
                   failures = std::move(failures)](const absl::Status& status) mutable {
                    if (!self->done_) return;
                    if (!status.ok()) {
                      failures.push_back(absl::StrCat(at.ToString(), ": ", std::string(status.message())));
                      return self->TryNext(std::move(rest), std::move(failures));
                    }
                    const std::string taken = absl::StrCat(at.ToString(), " takes connections");
                    const bool listened =
                        failures.empty()
                            ? self->Report(Outcome::kOk, taken)
                            : self->Report(
                                  Outcome::kWarning, absl::StrCat(taken, "; ", absl::StrJoin(failures, "; ")),
                                  "take the dead address out of DNS: each connection tries it first");
                    if (listened) self->Bind();
                  });
}

void Diagnosis::Bind() {
  Enter(Step::kBind);
  anonymous_ = NewClient(auth::AuthLevel::kNone);
  ServerAlive2(*anonymous_, &Diagnosis::OnBound);
}

void Diagnosis::OnBound(const net::RpcResult& result) {
  const std::string where = options_.server.ToString();
  if (const auto* status = StatusOf(result)) {
    if (status->code() == absl::StatusCode::kDeadlineExceeded) {
      return Fail(
          absl::StrCat(where, " took the connection and did not answer an RPC bind within ",
                       absl::FormatDuration(options_.step_timeout)),
          "look at what listens on that port: it is another program, a management server that hangs, or a "
          "firewall that answers in its place");
    }
    if (status->code() == absl::StatusCode::kInvalidArgument) {
      return Fail(
          absl::StrCat("what answers at ", where, " does not speak RPC: ", std::string(status->message())),
          "correct the port of the server in the gateway's configuration: another program listens there");
    }
    return Fail(absl::StrCat("the server refused the RPC bind: ", std::string(status->message())),
                "correct the port of the server in the gateway's configuration: DCOM is not offered there");
  }
  if (const auto* fault = FaultOf(result)) {
    if (fault->status == pdu::kUnknownInterface || fault->status == pdu::kOperationRange) {
      return Fail(absl::StrCat("the server has no object resolver there: ", WhyNot(result)),
                  "correct the port of the server in the gateway's configuration: DCOM is not offered there");
    }
    if (Report(Outcome::kOk, absl::StrCat("it speaks RPC; anonymous calls get ", WhyNot(result))))
      Authentication();
    return;
  }
  const auto& reply = std::get<rpc::CallReply>(result.outcome);
  const auto alive = ndr::Decode<orpc::ServerAlive2Response>(reply.stub, reply.endian);
  if (!alive.ok()) {
    return Fail(absl::StrCat("ServerAlive2 answered something else: ", std::string(alive.status().message())),
                "correct the port of the server in the gateway's configuration: this is no object resolver");
  }
  const std::string known = alive->resolver_bindings ? AddressesOf(*alive->resolver_bindings) : "";
  if (Report(Outcome::kOk, absl::StrCat("it speaks DCOM ", alive->version.major, ".", alive->version.minor,
                                        known.empty() ? "" : absl::StrCat(" and calls itself ", known)))) {
    Authentication();
  }
}

void Diagnosis::Authentication() {
  Enter(Step::kAuthentication);
  connect_level_ = NewClient(auth::AuthLevel::kConnect);
  ServerAlive2(*connect_level_, &Diagnosis::OnAuthenticated);
}

std::string Diagnosis::Clocks() const {
  const auto far = [](const std::optional<absl::Duration>& ahead) {
    return ahead && absl::AbsDuration(*ahead) > kMaxClockDifference;
  };
  if (far(server_clock_)) return Apart("its", *server_clock_);
  const std::optional<absl::Duration> kdc = options_.kdc_clock ? options_.kdc_clock() : std::nullopt;
  return far(kdc) ? Apart("the KDC's", *kdc) : "";
}

void Diagnosis::OnAuthenticated(const net::RpcResult& result) {
  const std::string& account = options_.account;
  const std::string clocks = Clocks();
  if (!std::holds_alternative<rpc::CallReply>(result.outcome)) {
    const std::string and_clocks = clocks.empty() ? "" : "; " + clocks;
    // What Kerberos refuses here has its advice behind it (auth/gss.h).
    if (const std::size_t advice = logon_failure_.find("; ");
        absl::StartsWith(logon_failure_, "Kerberos: ") && advice != std::string::npos) {
      return Fail(absl::StrCat("no logon from this side: ", logon_failure_.substr(0, advice), and_clocks),
                  logon_failure_.substr(advice + 2));
    }
    if (!logon_failure_.empty()) {
      return Fail(
          absl::StrCat("this side refused the server's part of the logon: ", logon_failure_, and_clocks),
          absl::StrCat("look whether the server offers the mechanism (dcom.mechanism) and, for Kerberos, "
                       "whether the KDC knows ",
                       options_.server_name, " (dcom.spn) and ", account, ", and the clocks agree"));
    }
    return Fail(absl::StrCat("the server refused the logon of ", account, ": ", WhyNot(result), and_clocks),
                absl::StrCat("check domain, user and password of this source, and that ", account,
                             " exists at the server and is not locked; the server's log says which it is",
                             clocks.empty() ? "" : "; set the clocks right"));
  }
  const bool listened =
      clocks.empty()
          ? Report(Outcome::kOk, absl::StrCat("the server took the logon of ", account))
          : Report(Outcome::kWarning, absl::StrCat("the server took the logon of ", account, "; ", clocks),
                   "set one of the clocks right: beyond 5m Kerberos refuses, and NTLM may");
  if (listened) Level();
}

void Diagnosis::Level() {
  Enter(Step::kLevel);
  rpc_ = NewClient(options_.level);
  dcom_ = std::make_unique<net::DcomClient>(dependencies_.loop, *rpc_, dependencies_.steady,
                                            net::DcomClientOptions{.call_timeout = options_.step_timeout});
  ServerAlive2(*rpc_, &Diagnosis::OnProtected);
}

void Diagnosis::OnProtected(const net::RpcResult& result) {
  if (!std::holds_alternative<rpc::CallReply>(result.outcome)) {
    return Fail(
        absl::StrCat("the server refused a call with ", LevelName(options_.level), ": ", WhyNot(result)),
        "set dcom.protection to the other level, or allow this one at the server");
  }
  rpc_->Call(options_.server, net::ActivationCall{.clsid = {}, .iids = {orpc::kIidIUnknown}}.ToRequest(),
             options_.step_timeout, [self = shared_from_this()](const net::RpcResult& answer) {
               if (self->done_) self->OnLevelKnown(answer);
             });
}

void Diagnosis::OnLevelKnown(const net::RpcResult& result) {
  const auto* fault = FaultOf(result);
  if (fault && fault->status == pdu::kAccessDenied) {
    const bool integrity = options_.level == auth::AuthLevel::kIntegrity;
    return Fail(
        absl::StrCat("the server refuses activation with ", LevelName(options_.level), ": ", WhyNot(result)),
        integrity ? "set dcom.protection to privacy: the server asks for more than packet integrity"
                  : absl::StrCat("let ", options_.account,
                                 " use DCOM at the server: there is no higher level than packet privacy"));
  }
  if (const auto* status = StatusOf(result)) {
    return Fail(absl::StrCat("no answer from the server's activator: ", std::string(status->message())),
                "look at the server's log");
  }
  if (Report(Outcome::kOk, absl::StrCat("the server takes ", LevelName(options_.level)))) Activation();
}

void Diagnosis::Activation() {
  Enter(Step::kActivation);
  dcom_->CreateInstance(
      options_.server, idl::kClsidIpamOperationWithProgress, {idl::kIidOperationWithProgress},
      [self = shared_from_this()](auto activated) { self->OnActivated(std::move(activated)); });
}

void Diagnosis::OnActivated(absl::StatusOr<std::vector<net::Activated>> activated) {
  absl::Status status = activated.status();
  if (status.ok() && !activated->front().result.ok()) {
    status = base::ToStatus(activated->front().result, "the session's interface");
  }
  if (status.ok()) session_ = activated->front().interface;
  if (!done_) {  // it ended meanwhile
    if (session_) dcom_->Release(*std::exchange(session_, std::nullopt));
    return;
  }
  if (status.ok()) {
    if (Report(Outcome::kOk, "the server made a session")) Exporter();
    return;
  }
  const std::string detail = absl::StrCat("the server made no session: ", std::string(status.message()));
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kUnimplemented:
      return Fail(detail,
                  "start ipam-dcom-server there: the class IpamOperationWithProgress is not registered at "
                  "the server that answers");
    case absl::StatusCode::kPermissionDenied:
      return Fail(detail, absl::StrCat("let ", options_.account, " activate the class at the server"));
    default:
      return Fail(detail, "look at the server's log");
  }
}

void Diagnosis::Exporter() {
  Enter(Step::kExporter);
  const orpc::ResolveOxidRequest request{.oxid = session_->oxid};
  rpc_->Call(options_.server,
             {.interface = {orpc::kIidIObjectExporter, 0, 0},
              .opnum = orpc::ResolveOxidRequest::kOpnum2,
              .stub = ndr::Encode(request)},
             options_.step_timeout, [self = shared_from_this()](const net::RpcResult& result) {
               if (self->done_) self->OnResolved(result);
             });
}

void Diagnosis::OnResolved(const net::RpcResult& result) {
  std::string why = WhyNot(result);
  std::string addresses;
  if (const auto* reply = std::get_if<rpc::CallReply>(&result.outcome)) {
    const auto response = ndr::Decode<orpc::ResolveOxid2Response>(reply->stub, reply->endian);
    if (!response.ok()) {
      why = std::string(response.status().message());
    } else if (response->status != 0 || !response->bindings) {
      why = absl::StrCat("status ", response->status);
    } else {
      addresses = AddressesOf(*response->bindings);
    }
  }
  if (!why.empty()) {
    return Fail(absl::StrCat("the server does not resolve the exporter of the session (ResolveOxid2): ", why),
                "look at the server's log: it made the session and does not know it");
  }
  dcom_->QueryInterface(*session_, idl::kIidOperationWithProgress,
                        [self = shared_from_this(), addresses](auto queried) {
                          self->OnQueried(std::move(queried), addresses);
                        });
}

void Diagnosis::OnQueried(absl::StatusOr<net::RemoteInterface> queried, const std::string& addresses) {
  if (queried.ok()) dcom_->Release(*queried);
  if (!done_) return;
  if (!queried.ok()) {
    return Fail(
        absl::StrCat("the server says that its objects are at ", addresses,
                     ", and a call there failed: ", std::string(queried.status().message())),
        "set dcom.advertise at the server to names or addresses under which this gateway reaches it, and "
        "let that port through the firewall");
  }
  if (Report(Outcome::kOk, absl::StrCat("the server's objects are at ", addresses))) Callback();
}

void Diagnosis::Callback() {
  Enter(Step::kCallback);
  check_context_.emplace(CallbackCheckContext{.dcom = *dcom_,
                                              .exporter = dependencies_.exporter,
                                              .witness = dependencies_.witness,
                                              .texts = dependencies_.texts,
                                              .callback_account = dependencies_.callback_account,
                                              .timeout = options_.callback_timeout,
                                              .fixed_port = dependencies_.fixed_callback_port});
  check_ = std::make_shared<CallbackCheck>(*check_context_);
  check_->Begin(*std::exchange(session_, std::nullopt),
                [self = shared_from_this()](const CallbackVerdict& verdict) { self->OnCallback(verdict); });
}

void Diagnosis::OnCallback(const CallbackVerdict& verdict) {
  check_.reset();
  if (verdict.kind != CallbackVerdict::Kind::kWork) return Fail(verdict.reason, verdict.advice);
  const std::string where = AdvertisedAddresses(dependencies_.exporter);
  if (Report(Outcome::kOk, verdict.reached
                               ? absl::StrCat("the server reached the callback at ", where)
                               : absl::StrCat("the server took the callback at ", where,
                                              " without calling it: it will when an operation starts"))) {
    Finish(absl::OkStatus());
  }
}

}  // namespace ipam::bridge
