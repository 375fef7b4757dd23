// Where a source puts what it hears.
#pragma once

#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "dcom_bridge/event/progress_event.h"

namespace ipam::event {

// OK: the event is in the journal, and as durable as the journal promises for its kind. kInvalidArgument and
// kFailedPrecondition: the event breaks the state machine of 3.21.1.1 or a limit, nothing was kept.
// kResourceExhausted and kInternal: it could not be journaled.
using Stored = absl::AnyInvocable<void(absl::Status)>;

class EventSink {
 public:
  virtual ~EventSink() = default;
  // `operation` is the gateway's id, without "operations/". Any thread; never blocks. Events of one operation
  // are taken in the order of the calls. `stored` is called once, from a thread of the sink, in that order
  // too; it must not block.
  virtual void Publish(const std::string& operation, ProgressEvent event, Stored stored) = 0;
};

}  // namespace ipam::event
