#include "dcom_bridge/ipam/server_work.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/dhcp_view.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/saved_actuation.h"

namespace ipam::engine {
namespace {

// Jobs of one entity, each because the store changed beneath the one before it.
constexpr std::size_t kMaxJobs = 8;

template <typename Message>
void Put(const Message& message, std::string& out) {
  const std::string octets = message.SerializeAsString();
  absl::StrAppend(&out, octets.size(), ":", octets);
}

struct Printer {
  std::string& out;
  void operator()(const PutZone& put) const { Put(put.zone, out); }
  void operator()(const DeleteZone& gone) const { absl::StrAppend(&out, gone.zone); }
  void operator()(const RecordSet& set) const {
    absl::StrAppend(&out, set.zone, " ", set.name, " ", static_cast<int>(set.type));
    for (const v1::DnsResourceRecord& record : set.records) Put(record, out);
  }
  void operator()(const TransferZone& transfer) const { absl::StrAppend(&out, transfer.zone); }
  void operator()(const ReloadZone& reload) const { absl::StrAppend(&out, reload.zone); }
  void operator()(const PutForwarder& put) const { Put(put.forwarder, out); }
  void operator()(const DeleteForwarder& gone) const { absl::StrAppend(&out, gone.zone); }
};

// Two jobs with the same text are the same.
std::string Fingerprint(const ActuationJob& job) {
  std::string out;
  for (const auto& [server, view] : job.dhcp) {
    absl::StrAppend(&out, "dhcp ", server, " ");
    const auto all = [&out](const auto& messages) {
      absl::StrAppend(&out, messages.size(), " ");
      for (const auto& message : messages) Put(message, out);
    };
    Put(view.server, out);
    all(view.superscopes);
    all(view.scopes);
    all(view.reservations);
    all(view.policies);
    all(view.filters);
    all(view.failovers);
  }
  for (const DnsWork& work : job.dns) {
    absl::StrAppend(&out, "dns ", work.server_id, " ", work.action.index(), " ");
    std::visit(Printer{out}, work.action);
  }
  return out;
}

absl::Status Undo(Store& store) { return store.db.Execute("ROLLBACK TO entity; RELEASE entity"); }

absl::Status ChangedMeanwhile() {
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_OBJECT_STATE_IS_INVALID,
               "Not done, because other operations changed the same objects at the same time.");
}

}  // namespace

bool ServerWork::Resume(const std::string& saved) {
  std::optional<SavedActuation> left = ParseSavedActuation(saved);
  if (!left) return false;
  std::erase_if(left->servers, [this](const ServerKey& one) { return !servers_.actuators.Has(one); });
  if (left->servers.empty() || !servers_.actuators.Reserve(left->servers)) return false;
  reserved_ = std::move(left->servers);
  touched_ = std::move(left->touched);
  phase_ = Phase::kDid;
  return true;
}

std::string ServerWork::Save() const {
  SavedActuation saved{.servers = reserved_, .touched = touched_};
  if (next_->touched) saved.touched.push_back(*next_->touched);
  return ToText(saved);
}

absl::StatusOr<ServerWork::Verdict> ServerWork::Apply(ApplyEntity apply, MoreWork more, Store& store,
                                                      absl::Time now, absl::StatusOr<std::int64_t>& applied) {
  if (phase_ == Phase::kRefused && touched_.size() > 1) {
    IPAM_RETURN_IF_ERROR(Undo(store));
    return PutBack(fault_, store);  // they are as the job before it left them
  }
  if (phase_ == Phase::kRefused || phase_ == Phase::kBack) {
    applied = fault_;
    return Verdict::kDone;
  }
  IPAM_RETURN_IF_ERROR(servers_.changes.Clear());
  applied = apply();
  absl::StatusOr<Actuation> wanted = Actuation{};
  if (applied.ok()) wanted = more(*applied);
  if (!wanted.ok()) applied = wanted.status();
  if (!applied.ok() && !IsFault(applied.status())) return applied.status();
  if (applied.ok()) return Begin(*wanted, store, now, applied);
  if (phase_ == Phase::kNone) return Verdict::kDone;
  IPAM_RETURN_IF_ERROR(Undo(store));
  return PutBack(applied.status(), store);
}

absl::StatusOr<ServerWork::Verdict> ServerWork::Begin(const Actuation& more, Store& store, absl::Time now,
                                                      absl::StatusOr<std::int64_t>& applied) {
  IPAM_ASSIGN_OR_RETURN(Touched touched, servers_.changes.Read(servers_.actuators));
  absl::StatusOr<ActuationJob> job = Collect(touched, more, store);
  if (!job.ok() && !IsFault(job.status())) return job.status();
  std::string wanted = job.ok() ? Fingerprint(*job) : "";
  if (phase_ == Phase::kDid && job.ok() && wanted == wanted_) return Verdict::kDone;
  if (job.ok()) {
    if (absl::Status silence = SilenceOf(*job, now); !silence.ok()) job = std::move(silence);
  }
  const bool nothing = job.ok() && job->dhcp.empty() && job->dns.empty();
  if (phase_ == Phase::kNone && (nothing || !job.ok())) {
    if (!job.ok()) applied = job.status();
    return Verdict::kDone;
  }
  IPAM_RETURN_IF_ERROR(Undo(store));
  if (!job.ok()) return PutBack(job.status(), store);
  if (phase_ == Phase::kDid && (nothing || touched_.size() >= kMaxJobs)) {
    return PutBack(ChangedMeanwhile(), store);
  }
  if (!Reserve(*job)) {
    // Who has servers does not wait for others.
    return phase_ == Phase::kNone ? Verdict::kBusy : PutBack(ChangedMeanwhile(), store);
  }
  IPAM_ASSIGN_OR_RETURN(job->dns_before, DnsBefore(&touched, store));
  job->read_back = phase_ == Phase::kDid && wanted_.empty();
  next_ = Next{.job = *std::move(job),
               .phase = Phase::kAtWork,
               .wanted = std::move(wanted),
               .fault = {},
               .touched = std::move(touched)};
  return Verdict::kServers;
}

absl::StatusOr<ActuationJob> ServerWork::Collect(const Touched& touched, const Actuation& more,
                                                 Store& store) {
  ActuationJob job;
  std::set<std::int64_t> dhcp = touched.dhcp_servers;
  dhcp.insert(more.dhcp_servers.begin(), more.dhcp_servers.end());
  for (const std::int64_t id : dhcp) {
    if (!servers_.actuators.Has({ServerKey::Role::kDhcp, id})) continue;
    IPAM_ASSIGN_OR_RETURN(DhcpView view, ReadDhcpView(store, id));
    job.dhcp.emplace_back(id, std::move(view));
  }
  IPAM_ASSIGN_OR_RETURN(job.dns, servers_.changes.DnsStateOf(touched, false, store, servers_.actuators));
  for (const DnsWork& work : more.dns) {
    if (servers_.actuators.Has({ServerKey::Role::kDns, work.server_id})) job.dns.push_back(work);
  }
  return job;
}

absl::StatusOr<std::vector<DnsWork>> ServerWork::DnsBefore(const Touched* also, Store& store) {
  std::vector<DnsWork> all;
  const auto add = [&](const Touched& touched) -> absl::Status {
    IPAM_ASSIGN_OR_RETURN(std::vector<DnsWork> before,
                          servers_.changes.DnsStateOf(touched, true, store, servers_.actuators));
    std::ranges::move(before, std::back_inserter(all));
    return absl::OkStatus();
  };
  for (const Touched& touched : touched_) IPAM_RETURN_IF_ERROR(add(touched));
  if (also != nullptr) IPAM_RETURN_IF_ERROR(add(*also));
  return all;
}

// The savepoint is undone: what the store has now is what the servers are to have again.
absl::StatusOr<ServerWork::Verdict> ServerWork::PutBack(const absl::Status& fault, Store& store) {
  Next next{.job = {}, .phase = Phase::kBack, .wanted = {}, .fault = fault, .touched = {}};
  for (const ServerKey& server : reserved_) {
    if (server.role != ServerKey::Role::kDhcp) continue;
    absl::StatusOr<DhcpView> view = ReadDhcpView(store, server.id);
    if (absl::IsNotFound(view.status())) continue;  // the server's row has been removed meanwhile
    IPAM_RETURN_IF_ERROR(view.status());
    next.job.dhcp.emplace_back(server.id, *std::move(view));
  }
  IPAM_ASSIGN_OR_RETURN(next.job.dns, DnsBefore(nullptr, store));
  next.job.read_back = true;
  next_ = std::move(next);
  return Verdict::kServers;
}

std::set<ServerKey> ServerWork::ServersOf(const ActuationJob& job) {
  std::set<ServerKey> servers;
  for (const auto& [id, view] : job.dhcp) servers.insert({ServerKey::Role::kDhcp, id});
  for (const DnsWork& work : job.dns) servers.insert({ServerKey::Role::kDns, work.server_id});
  return servers;
}

absl::Status ServerWork::SilenceOf(const ActuationJob& job, absl::Time now) const {
  for (const ServerKey& server : ServersOf(job)) {
    const auto silent = silent_.find(server);
    if (silent == silent_.end()) continue;
    // A clock that was put back ends it too.
    if (now >= silent->second.since && now < silent->second.since + kSilence) return silent->second.fault;
  }
  return absl::OkStatus();
}

bool ServerWork::Reserve(const ActuationJob& job) {
  std::set<ServerKey> servers = ServersOf(job);
  for (const ServerKey& mine : reserved_) servers.erase(mine);
  if (!servers_.actuators.Reserve(servers)) return false;
  reserved_.merge(servers);
  return true;
}

void ServerWork::Release() {
  servers_.actuators.Release(std::exchange(reserved_, {}));
  touched_.clear();
}

ActuationJob ServerWork::TakeJob() {
  ActuationJob job = std::move(next_->job);
  next_.reset();
  return job;
}

void ServerWork::Took(ActuationResult result, absl::Time now) {
  for (auto& [server, fault] : result.silent) silent_[server] = {now, std::move(fault)};
  if (phase_ == Phase::kBack) {
    if (!result.status.ok()) {
      fault_ =
          Fault(FaultId(fault_),
                absl::StrCat(std::string(fault_.message()),
                             "; and a server could not be put back: ", std::string(result.status.message())));
    }
    return;
  }
  phase_ = result.status.ok() ? Phase::kDid : Phase::kRefused;
  fault_ = std::move(result.status);
  for (std::string& one : result.unexpressed) {
    if (std::ranges::find(unexpressed_, one) == unexpressed_.end()) unexpressed_.push_back(std::move(one));
  }
}

void ServerWork::Committed(bool ended) {
  if (next_) {
    phase_ = next_->phase;
    wanted_ = std::move(next_->wanted);
    fault_ = std::move(next_->fault);
    if (next_->touched) touched_.push_back(*std::move(next_->touched));
  } else if (ended) {
    Release();
    phase_ = Phase::kNone;
    unexpressed_.clear();
  }
}

void ServerWork::Rollback(bool at_work) {
  next_.reset();
  if (!at_work) Release();
}

}  // namespace ipam::engine
