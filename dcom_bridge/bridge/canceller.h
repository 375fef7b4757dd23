// Calls of IIpamOperationWithProgress2 that need no session of their own: each on an object that is made for it
// and released after it. Loop thread.
#pragma once

#include "absl/status/status.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/bridge/session.h"
#include "dcom_bridge/event/operation_source.h"

namespace ipam::bridge {

// CancelOperation. `done` is told as event::OperationSource::Cancel has it.
void CancelOperation(SessionContext& context, const base::Guid& server_operation_id, event::Done done);

// Asks whether the server offers the interface, and tells context.on_extension.
void FindExtension(SessionContext& context);

}  // namespace ipam::bridge
