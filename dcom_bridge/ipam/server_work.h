// What the servers have to do about the entity that an operation has at work: they come first, and the store follows. The
// engine's thread.
//
// clang-format off
//   state      event                                                    next      verdict
//   kNone      Apply: a fault, or no server is concerned                kNone     kDone
//              Apply: a server has other work                           kNone     kBusy
//              Apply                                                    kAtWork   kServers
//   kAtWork    Took: they did it                                        kDid
//              Took: they refused, and are as they were                 kRefused
//   kDid       Apply: the same as they did                              kDid      kDone
//              Apply: something else, because the store changed         kAtWork   kServers
//              Apply: a fault: they are to be put back                  kBack     kServers
//   kRefused   Apply: the fault that they refused with                  kRefused  kDone
//   kBack      Took, Apply: the fault for which they were put back      kBack     kDone
//   kNone      Resume: an earlier process had the entity at work        kDid
//   all        Committed, when the entity has ended                     kNone
// clang-format on
//
// Resumed, what they did is not known: the first Apply gives them work that leaves alone what a server has already.
// A server that did not answer is not asked again by entities of the next kSilence: they fail with the same fault at once.
//
// Each Apply stands in a savepoint of its own, `entity`, which kDone leaves to the caller and the others have undone. A transaction
// that is undone is told by Rollback, and its calls are made again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/ipam/actuators.h"
#include "dcom_bridge/ipam/change_log.h"
#include "dcom_bridge/ipam/store.h"

namespace ipam::engine {

// Where servers have actuators.
struct ServersAtWork {
  Actuators& actuators;
  ChangeLog& changes;
};

class ServerWork {
 public:
  // The entity stands as it was applied, or its fault does; the servers have something to do (TakeJob); they have other work.
  enum class Verdict { kDone, kServers, kBusy };
  using ApplyEntity = absl::FunctionRef<absl::StatusOr<std::int64_t>()>;
  using MoreWork = absl::FunctionRef<absl::StatusOr<Actuation>(std::int64_t)>;

  // How long an operation leaves a server alone that did not answer.
  static constexpr absl::Duration kSilence = absl::Seconds(30);

  explicit ServerWork(const ServersAtWork& servers) : servers_(servers) {}

  // Before all else; `saved` is what Save gave. False: no server is concerned, and nothing is resumed.
  bool Resume(const std::string& saved);

  // `apply` and `more` are Delegate::Apply and Actuate; `applied` is the record id or the fault, with kDone. An error: the store
  // failed.
  absl::StatusOr<Verdict> Apply(ApplyEntity apply, MoreWork more, Store& store, absl::Time now,
                                absl::StatusOr<std::int64_t>& applied);
  // What the servers could not express, with kDone.
  const Unexpressed& unexpressed() const { return unexpressed_; }

  // With kServers: what another process needs for Resume.
  std::string Save() const;
  // Behind the commit of a transaction with kServers; Took when they did it, or not.
  ActuationJob TakeJob();
  void Took(ActuationResult result, absl::Time now);

  // Of a transaction; `ended`: with it the entity has ended.
  void Committed(bool ended);
  // `at_work`: the servers had something to do before the transaction.
  void Rollback(bool at_work);

 private:
  enum class Phase { kNone, kAtWork, kDid, kRefused, kBack };
  // What the open transaction is to begin.
  struct Next {
    ActuationJob job;
    Phase phase = Phase::kAtWork;
    std::string wanted;
    absl::Status fault;
    std::optional<Touched> touched;  // by the job
  };

  absl::StatusOr<Verdict> Begin(const Actuation& more, Store& store, absl::Time now,
                                absl::StatusOr<std::int64_t>& applied);
  absl::StatusOr<ActuationJob> Collect(const Touched& touched, const Actuation& more, Store& store);
  // What takes the jobs back, and one that touches `also`. The savepoint is undone.
  absl::StatusOr<std::vector<DnsWork>> DnsBefore(const Touched* also, Store& store);
  absl::StatusOr<Verdict> PutBack(const absl::Status& fault, Store& store);
  static std::set<ServerKey> ServersOf(const ActuationJob& job);
  // The fault of one of the servers that did not answer lately.
  absl::Status SilenceOf(const ActuationJob& job, absl::Time now) const;
  bool Reserve(const ActuationJob& job);
  void Release();

  const ServersAtWork servers_;
  Phase phase_ = Phase::kNone;
  std::optional<Next> next_;
  std::set<ServerKey> reserved_;
  std::vector<Touched> touched_;  // by each job of the entity
  std::string wanted_;            // Fingerprint of the job that the servers did last; empty: not known
  absl::Status fault_;            // of kRefused and kBack
  Unexpressed unexpressed_;
  struct Silence {
    absl::Time since;
    absl::Status fault;
  };
  std::map<ServerKey, Silence> silent_;
};

}  // namespace ipam::engine
