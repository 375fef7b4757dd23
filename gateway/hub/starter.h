// StartOperation, CancelOperation and what asks a source to resume, design.md section 4: checks, idempotency by request_id, the source, and
// what the caller is told.
//
//   (on a worker:) check the request -> the same request_id: the operation it made, or the start under way -> limits, source
//   connected
//   -> reserve an id -> OperationSource::Start -> (Accepted is committed under that id) -> its answer answers
//   the caller
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/event/operation_source.h"
#include "gateway/hub/caller.h"
#include "gateway/hub/catalog.h"
#include "gateway/hub/journal.h"
#include "gateway/hub/options.h"
#include "gateway/hub/reader.h"
#include "gateway/hub/service.h"
#include "gateway/hub/workers.h"

namespace ipam::hub {

class Starter {
 public:
  Starter(const Options& options, const Dependencies& dependencies, Catalog& catalog, Journal& journal,
          Reader& reader)
      : options_(options),
        dependencies_(dependencies),
        catalog_(catalog),
        journal_(journal),
        reader_(reader),
        workers_(options.check_threads, options.max_checks_waiting, options.check_bytes) {}

  void AddSource(std::string name, event::OperationSource& source);
  // No source is called after this, and starts are kUnavailable, also those that wait for their check.
  void Close();
  // Any thread; `done` is called once, at once or from a thread of the source or of the workers.
  void Start(v1::StartOperationRequest request, Caller caller, OperationCallback done);
  void Cancel(const v1::CancelOperationRequest& request, OperationCallback done);

  // An operation of the last process.
  void Resume(const OperationState& state);

  // By name.
  std::vector<v1::SourceStatus> Sources() const;
  // Any thread; see Service.
  void Diagnose(const v1::DiagnoseSourceRequest& request,
                std::function<bool(v1::DiagnoseSourceResponse)> on_step,
                absl::AnyInvocable<void(absl::Status)> done) const;

 private:
  using Key = std::pair<std::string, std::string>;  // initiator, request_id
  struct Pending {                                  // a start under way
    std::string content_hash;
    std::vector<OperationCallback> waiting;
  };
  struct Checked {
    std::string source_name;
    std::string kind;
    std::string content_hash;
    std::string parameters_xml;
    bool has_secret = false;
  };

  // Takes the parameters out of `request`.
  absl::StatusOr<Checked> Check(v1::StartOperationRequest& request) const;
  absl::Status CheckParameters(v1::StartOperationRequest& request, Checked& checked) const;
  // What failed of another operation.
  absl::StatusOr<Checked> CheckRetry(const v1::StartOperationRequest& request) const;
  absl::StatusOr<std::string> ChooseSource(const std::string& wanted) const;
  event::OperationSource* FindSource(const std::string& name) const;
  void CheckAndStart(v1::StartOperationRequest request, Caller caller, OperationCallback done);
  // Counts the new one in; nothing else is done where it fails.
  absl::Status Admit();
  void Validate(Checked checked, const Caller& caller, OperationCallback done);
  void Answer(const Key& key, absl::StatusOr<v1::Operation> result, OperationCallback own);

  const Options& options_;
  const Dependencies& dependencies_;
  Catalog& catalog_;
  Journal& journal_;
  Reader& reader_;

  mutable base::Mutex mutex_;
  std::map<std::string, event::OperationSource*> sources_ IPAM_GUARDED_BY(mutex_);
  std::map<Key, Pending> pending_ IPAM_GUARDED_BY(mutex_);
  std::size_t starting_ IPAM_GUARDED_BY(mutex_) = 0;
  bool closed_ IPAM_GUARDED_BY(mutex_) = false;
  Workers workers_;  // the first to go: its tasks use the others
};

}  // namespace ipam::hub
