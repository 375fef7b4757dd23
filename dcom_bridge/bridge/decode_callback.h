// From the arguments of a callback to an event: NDR, then the checks that ipam_progress.idl lists.
#pragma once

#include <variant>
#include <vector>

#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/bridge/bridge.h"
#include "dcom_bridge/event/progress_event.h"
#include "dcom_bridge/pdu/nca_status.h"

namespace ipam::bridge {

// The events of one call (one, but for ReportProgress); or the result of the method for bad arguments; or a
// fault, for a stub that NDR refuses.
using Decoded = std::variant<std::vector<event::ProgressEvent>, base::HResult, pdu::NcaStatus>;

// `opnum` is 3 to 8.
Decoded DecodeCallback(std::uint16_t opnum, base::ByteView body, base::Endian endian, const Texts& texts);

}  // namespace ipam::bridge
