#include "dcom_bridge/ipam/actuators.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"

namespace ipam::engine {
namespace {

// Of a configuration that somebody else changes at the same time.
constexpr int kAttempts = 3;

// One request of a DNS server, with the fault of its failure.
struct Performer {
  ReadableDnsActuator& actuator;
  const bool read_back;
  Unexpressed& unexpressed;
  v1::IpamExceptionId failure = v1::IPAM_EXCEPTION_ID_IPAM_API_GENERIC_ERROR_OCCURRED;

  absl::Status Keep(absl::StatusOr<Unexpressed> done) const {
    if (done.ok()) unexpressed.insert(unexpressed.end(), done->begin(), done->end());
    return done.status();
  }
  absl::Status operator()(const PutZone& put) {
    failure = v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_ZONES_FAILED_TO_UPDATE_IN_REMOTE_SERVER;
    return Keep(actuator.PutZone(put.zone));
  }
  absl::Status operator()(const DeleteZone& gone) {
    failure = v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_ZONES_FAILED_TO_DELETE_IN_REMOTE_SERVER;
    return actuator.DeleteZone(gone.zone);
  }
  absl::Status operator()(const RecordSet& set) {
    failure = v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_RESOURCE_RECORD_FAILED_TO_UPDATE_IN_REMOTE_SERVER;
    if (read_back) {
      IPAM_ASSIGN_OR_RETURN(const bool there, actuator.HasRecords(set));
      if (there) return absl::OkStatus();
    }
    return Keep(actuator.PutRecords(set));
  }
  absl::Status operator()(const TransferZone& transfer) {
    failure = v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_ZONES_FAILED_TO_INVOKE_ZONE_TRANSFER_IN_REMOTE_SERVER;
    return actuator.TransferZone(transfer.zone);
  }
  absl::Status operator()(const ReloadZone& reload) {
    failure = v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_ZONES_FAILED_TO_RELOAD_IN_REMOTE_SERVER;
    return actuator.ReloadZone(reload.zone);
  }
  absl::Status operator()(const PutForwarder& put) {
    failure = v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_CONDITIONAL_FORWARDER_FAILED_TO_UPDATE_IN_REMOTE_SERVER;
    return Keep(actuator.PutForwarder(put.forwarder));
  }
  absl::Status operator()(const DeleteForwarder& gone) {
    failure = v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_CONDITIONAL_FORWARDER_FAILED_TO_DELETE_IN_REMOTE_SERVER;
    return actuator.DeleteForwarder(gone.zone);
  }
};

// `failure`, and what could not be changed back. Its code is that of `failure`.
absl::Status AndNotUndone(const absl::Status& failure, const absl::Status& undone) {
  if (undone.ok()) return failure;
  absl::Status both(failure.code(), absl::StrCat(std::string(failure.message()),
                                                 "; and what was done before could not be changed back: ",
                                                 std::string(undone.message())));
  failure.ForEachPayload([&both](auto name, const absl::Cord& payload) { both.SetPayload(name, payload); });
  return both;
}

ServerKey DhcpServer(std::int64_t id) { return {ServerKey::Role::kDhcp, id}; }
ServerKey DnsServer(std::int64_t id) { return {ServerKey::Role::kDns, id}; }

absl::Status DhcpFault(const absl::Status& status) {
  return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SERVER_FAILED_TO_UPDATE_IN_REMOTE_SERVER,
               std::string(status.message()));
}

void NoteSilence(const ServerKey& server, const absl::Status& status, const absl::Status& fault,
                 ActuationResult& result) {
  if (absl::IsUnavailable(status)) result.silent.try_emplace(server, fault);
}

// Newest first. The first error; the others are undone all the same.
absl::Status Undo(std::vector<std::pair<std::int64_t, std::unique_ptr<DhcpChange>>>& changes) {
  absl::Status first;
  for (; !changes.empty(); changes.pop_back()) {
    if (absl::Status undone = changes.back().second->Undo(); first.ok()) first = std::move(undone);
  }
  return first;
}

}  // namespace

Actuators::~Actuators() {
  std::vector<std::thread> threads;
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  wake_.notify_all();
  stop_.request_stop();
  for (std::thread& thread : threads) thread.join();
}

void Actuators::Add(std::int64_t dhcp_server, std::unique_ptr<DhcpActuator> actuator) {
  dhcp_[dhcp_server] = std::move(actuator);
}

void Actuators::Add(std::int64_t dns_server, std::unique_ptr<ReadableDnsActuator> actuator) {
  dns_[dns_server] = std::move(actuator);
}

bool Actuators::Has(const ServerKey& server) const {
  return server.role == ServerKey::Role::kDhcp ? dhcp_.contains(server.id) : dns_.contains(server.id);
}

std::vector<ServerKey> Actuators::servers() const {
  std::vector<ServerKey> keys;
  for (const auto& [id, actuator] : dhcp_) keys.push_back({ServerKey::Role::kDhcp, id});
  for (const auto& [id, actuator] : dns_) keys.push_back({ServerKey::Role::kDns, id});
  return keys;
}

bool Actuators::Reserve(const std::set<ServerKey>& servers) {
  if (std::ranges::any_of(servers, [this](const ServerKey& one) { return reserved_.contains(one); }))
    return false;
  reserved_.insert(servers.begin(), servers.end());
  return true;
}

void Actuators::Release(const std::set<ServerKey>& servers) {
  for (const ServerKey& server : servers) released_ = reserved_.erase(server) > 0 || released_;
}

void Actuators::Run(ActuationJob job, absl::AnyInvocable<void(ActuationResult)> done) {
  {
    base::MutexLock lock(mutex_);
    tasks_.push_back({std::move(job), std::move(done)});
    if (tasks_.size() > idle_) threads_.emplace_back([this] { Work(); });
  }
  wake_.notify_one();
}

void Actuators::Work() {
  while (true) {
    std::optional<Task> task;
    {
      base::MutexLock lock(mutex_);
      ++idle_;
      while (!stopping_ && tasks_.empty()) wake_.wait(mutex_);
      --idle_;
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task->done(Do(task->job));
  }
}

ActuationResult Actuators::Do(const ActuationJob& job) {
  ActuationResult result;
  DhcpChanges changes;
  result.status = ChangeDhcp(job, changes, result);
  if (result.status.ok()) {
    for (const auto& [server, change] : changes) {
      result.unexpressed.insert(result.unexpressed.end(), change->unexpressed().begin(),
                                change->unexpressed().end());
    }
    result.status = ChangeDns(job, result);
    if (!result.status.ok()) result.status = AndNotUndone(result.status, Undo(changes));
  }
  return result;
}

// Each is tested before the first is changed; where one does not take its change, those before it are undone.
absl::Status Actuators::ChangeDhcp(const ActuationJob& job, DhcpChanges& changes, ActuationResult& result) {
  absl::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    DhcpChanges tested;
    status = absl::OkStatus();
    for (const auto& [server, view] : job.dhcp) {
      absl::StatusOr<std::unique_ptr<DhcpChange>> change = dhcp_.at(server)->Test(view, job.read_back);
      status = change.status();
      NoteSilence(DhcpServer(server), status, DhcpFault(status), result);
      if (!status.ok()) break;
      tested.emplace_back(server, *std::move(change));
    }
    for (std::size_t i = 0; status.ok() && i < tested.size(); ++i) {
      status = tested[i].second->Commit();
      NoteSilence(DhcpServer(tested[i].first), status, DhcpFault(status), result);
      if (status.ok()) changes.push_back(std::move(tested[i]));
    }
    if (status.ok()) return status;
    const absl::Status undone = Undo(changes);
    status = AndNotUndone(status, undone);
    if (!undone.ok() || !absl::IsAborted(status)) break;
  }
  return DhcpFault(status);
}

absl::Status Actuators::Perform(const DnsWork& work, bool read_back, ActuationResult& result) {
  Performer performer{*dns_.at(work.server_id), read_back, result.unexpressed};
  const absl::Status status = std::visit(performer, work.action);
  if (status.ok()) return status;
  absl::Status fault = Fault(performer.failure, std::string(status.message()));
  NoteSilence(DnsServer(work.server_id), status, fault, result);
  return fault;
}

// The server that refused is put back with the others: a request may have been done in part. One that does not answer is not
// asked again.
absl::Status Actuators::ChangeDns(const ActuationJob& job, ActuationResult& result) {
  absl::Status status;
  std::set<std::int64_t> reached;
  for (const DnsWork& work : job.dns) {
    reached.insert(work.server_id);
    status = Perform(work, job.read_back, result);
    if (!status.ok()) break;
  }
  if (status.ok()) return status;
  absl::Status undone;
  ActuationResult back{.status = {}, .unexpressed = {}, .silent = result.silent};
  for (const DnsWork& work : job.dns_before) {
    if (!reached.contains(work.server_id)) continue;
    const auto silent = back.silent.find(DnsServer(work.server_id));
    absl::Status one = silent != back.silent.end() ? silent->second : Perform(work, job.read_back, back);
    if (undone.ok()) undone = std::move(one);
  }
  result.silent = std::move(back.silent);
  return AndNotUndone(status, undone);
}

}  // namespace ipam::engine
