#include "dcom_bridge/net/remote_exporter.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ipam::net {
namespace {

constexpr std::uint16_t kWellKnownPort = 135;
// Addresses of one resolver or exporter that are tried; more are somebody's mistake.
constexpr std::size_t kMaxAddresses = 8;

}  // namespace

std::vector<Endpoint> AddressesOf(const orpc::DualStringArray& bindings, const std::string& preferred) {
  std::vector<Endpoint> found;
  for (const orpc::StringBinding& binding : bindings.strings) {
    if (binding.tower_id != orpc::kProtseqTcp || found.size() == kMaxAddresses) continue;
    const auto address = orpc::NetworkAddress::Parse(binding.network_address);
    if (!address) continue;
    Endpoint endpoint{address->host, address->port.value_or(kWellKnownPort)};
    if (std::find(found.begin(), found.end(), endpoint) == found.end()) found.push_back(std::move(endpoint));
  }
  std::stable_partition(found.begin(), found.end(), [&](const Endpoint& e) { return e.host == preferred; });
  return found;
}

std::string PrincipalOf(const orpc::DualStringArray& bindings) {
  for (const orpc::SecurityBinding& binding : bindings.securities) {
    const bool takes_one = binding.authn_service == static_cast<std::uint16_t>(auth::AuthType::kKerberos) ||
                           binding.authn_service == static_cast<std::uint16_t>(auth::AuthType::kSpnego);
    if (takes_one && !binding.principal.empty()) return binding.principal;
  }
  return "";
}

std::string PrincipalFor(const ExporterInfo& exporter, const Endpoint& address) {
  // "class/host", and maybe ":port", "/name" and "@REALM", [MS-DCOM] 1.1.
  const std::vector<std::string> parts =
      absl::StrSplit(exporter.principal, absl::MaxSplits(absl::ByAnyChar("/:@"), 2));
  const std::size_t slash = exporter.principal.find_first_of("/:@");
  if (parts.size() < 2 || slash == 0 || exporter.principal[slash] != '/') return "";
  const bool known = absl::EqualsIgnoreCase(parts[1], address.host) ||
                     absl::EqualsIgnoreCase(parts[1], exporter.resolver.host);
  return known ? exporter.principal : "";
}

absl::StatusOr<orpc::ComVersion> Negotiate(orpc::ComVersion server) {
  constexpr orpc::ComVersion kOurs;
  if (server.major != kOurs.major) {
    return absl::FailedPreconditionError(
        absl::StrCat("the server speaks DCOM ", server.major, ".", server.minor, ", not 5"));
  }
  return orpc::ComVersion{kOurs.major, std::min(kOurs.minor, server.minor)};
}

RemoteExporter::RemoteExporter(Loop& loop, RpcClient& rpc, base::Clock& clock, absl::Duration stagger,
                               ExporterInfo info, orpc::ComVersion version, auth::AuthLevel own)
    : loop_(loop),
      rpc_(rpc),
      clock_(clock),
      stagger_(stagger),
      info_(std::move(info)),
      version_(version),
      level_(own) {
  if (info_.authn_hint <= static_cast<std::uint32_t>(auth::AuthLevel::kPrivacy))
    level_ = std::max(own, static_cast<auth::AuthLevel>(info_.authn_hint));
}

void RemoteExporter::Refresh(ExporterInfo info) {
  info_ = std::move(info);
  reached_ = false;
  unreachable_ = false;
}

void RemoteExporter::Call(rpc::CallRequest request, absl::Duration timeout, RpcDone done) {
  const absl::Time deadline = clock_.Now() + timeout;
  const bool several = info_.addresses.size() > 1;
  if (!several || (reached_ && !race_)) {
    return Send(std::move(request), deadline, /*again=*/several, std::move(done));
  }
  Choose([self = shared_from_this(), request = std::move(request), deadline,
          done = std::move(done)](const absl::Status& chosen) mutable {
    if (!chosen.ok()) return done({chosen, /*sent=*/false});
    self->Send(std::move(request), deadline, /*again=*/false, std::move(done));
  });
}

// `again`: a request that did not leave is sent once more, to the address that answers then.
void RemoteExporter::Send(rpc::CallRequest request, absl::Time deadline, bool again, RpcDone done) {
  const absl::Duration left = std::max(deadline - clock_.Now(), absl::ZeroDuration());
  std::optional<rpc::CallRequest> copy;
  if (again) copy = request;
  rpc_.Call(
      address(), std::move(request), left,
      [self = shared_from_this(), copy = std::move(copy), deadline,
       done = std::move(done)](RpcResult result) mutable {
        const bool lost = std::holds_alternative<absl::Status>(result.outcome) && !result.sent;
        self->reached_ = !lost;
        if (!lost || !copy || self->clock_.Now() >= deadline) {
          self->unreachable_ = lost;
          return done(std::move(result));
        }
        self->Choose([self, request = *std::move(copy), deadline,
                      done = std::move(done)](const absl::Status& chosen) mutable {
          if (!chosen.ok()) return done({chosen, /*sent=*/false});
          self->Send(std::move(request), deadline, /*again=*/false, std::move(done));
        });
      },
      level_, PrincipalFor(info_, address()));
}

void RemoteExporter::Choose(Chosen then) {
  waiting_.push_back(std::move(then));
  if (race_) return;
  ++races_;
  runners_ = info_.addresses;
  race_.emplace(runners_.size(), stagger_);
  Advance(race_->Start(clock_.Now()));
}

void RemoteExporter::Advance(const AddressRace::Step& step) {
  if (step.exhausted) return EndRace(failure_);
  if (step.attempt) {
    rpc_.Open(
        runners_[*step.attempt], {orpc::kIidIRemUnknown, 0, 0},
        [self = shared_from_this(), race = races_, address = *step.attempt](absl::Status status) {
          if (self->race_ && self->races_ == race) self->OnAttempt(address, status);
        },
        level_, PrincipalFor(info_, runners_[*step.attempt]));
  }
  const absl::Time due = race_->NextDeadline();
  if (due == absl::InfiniteFuture()) return race_timer_.Cancel();
  race_timer_ = loop_.After(std::max(due - clock_.Now(), absl::ZeroDuration()), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->race_) self->Advance(self->race_->OnTimer(self->clock_.Now()));
  });
}

void RemoteExporter::OnAttempt(std::size_t address, const absl::Status& status) {
  if (!status.ok()) {
    failure_ = status;
    return Advance(race_->OnFailed(address, clock_.Now()));
  }
  // Remembered: first in the order from now on.
  const auto winner = std::find(info_.addresses.begin(), info_.addresses.end(), runners_[address]);
  if (winner != info_.addresses.end()) std::rotate(info_.addresses.begin(), winner, winner + 1);
  reached_ = true;
  EndRace(absl::OkStatus());
}

void RemoteExporter::EndRace(const absl::Status& status) {
  race_.reset();
  race_timer_.Cancel();
  unreachable_ = !status.ok();
  const auto self = shared_from_this();
  for (Chosen& then : std::exchange(waiting_, {})) then(status);
}

}  // namespace ipam::net
