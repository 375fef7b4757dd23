// The hub: takes the events of all sources, journals them, and answers and feeds both transports. Everything
// here may be called from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/event/event_sink.h"
#include "dcom_bridge/event/operation_source.h"
#include "gateway/hub/caller.h"
#include "gateway/hub/frame.h"
#include "gateway/hub/options.h"
#include "gateway/hub/outbox.h"
#include "ipam/progress/v1/progress.pb.h"

namespace ipam::hub {

using OperationCallback = absl::AnyInvocable<void(absl::StatusOr<v1::Operation>)>;

class Service : public event::EventSink {
 public:
  // Opens the journal. Operations that had not ended when the last process stopped are lost; those that no
  // source can resume end as OUTCOME_UNKNOWN.
  static absl::StatusOr<std::unique_ptr<Service>> Open(Options options, Dependencies dependencies);

  // Once for each management server, before the first call that names it. Not owned; lives until Stop()
  // returned.
  virtual void AddSource(std::string name, event::OperationSource& source) = 0;

  // Once, after the last AddSource: asks the sources to resume what the last process left, also operations
  // whose outcome is unknown because that took too long.
  virtual void ResumeOperations() = 0;

  virtual void StartOperation(v1::StartOperationRequest request, Caller caller, OperationCallback done) = 0;
  virtual void CancelOperation(v1::CancelOperationRequest request, Caller caller, OperationCallback done) = 0;
  virtual absl::StatusOr<v1::Operation> GetOperation(const v1::GetOperationRequest& request) = 0;
  virtual absl::StatusOr<v1::ListOperationsResponse> ListOperations(
      const v1::ListOperationsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListSubtasksResponse> ListSubtasks(const v1::ListSubtasksRequest& request) = 0;
  virtual absl::StatusOr<v1::ListEventsResponse> ListEvents(const v1::ListEventsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListSourcesResponse> ListSources(const v1::ListSourcesRequest& request) = 0;
  // `on_step` is called for each step as it ends, `done` last, both from any thread, also from inside; neither
  // may block. False of `on_step`: nobody listens any more.
  using OnDiagnosis = std::function<bool(v1::DiagnoseSourceResponse)>;
  virtual void DiagnoseSource(const v1::DiagnoseSourceRequest& request, OnDiagnosis on_step,
                              absl::AnyInvocable<void(absl::Status)> done) = 0;
  // The whole text, whatever its size. kNotFound where the operation has none.
  virtual absl::StatusOr<std::string> CompletionStatusXml(const std::string& name) = 0;

  // Frames may reach the writer before this returns. After Detach() of the outbox the writer is not called.
  virtual absl::StatusOr<std::shared_ptr<Outbox>> Watch(const v1::WatchOperationsRequest& request,
                                                        const Caller& caller,
                                                        std::shared_ptr<Writer> writer) = 0;

  // A Drain frame to each watch, then Finish(kUnavailable); new watches and starts are kUnavailable.
  virtual void Drain(absl::Duration retry_after, std::string reason) = 0;
  // Flushes and closes the journal, ends the watches and the threads; Publish answers kUnavailable from then
  // on. No other call may be under way. Sources may go away after it, and may still answer what they were
  // asked for. The destructor calls it.
  virtual void Stop() = 0;

  virtual Counters counters() const = 0;
};

}  // namespace ipam::hub
