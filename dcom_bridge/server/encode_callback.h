// From events to the arguments of a callback.
#pragma once

#include <cstdint>
#include <span>

#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/event/progress_event.h"

namespace ipam::server {

struct EncodedCallback {
  std::uint16_t opnum = 0;
  base::Bytes body;
};

// One callback of IIpamOperationWithProgressCallback. The event is one of the five callbacks.
EncodedCallback EncodeCallback(const event::ProgressEvent& event);

// ReportProgress of IIpamOperationWithProgressCallback2: 1 to 1,024 events with their sequence and time.
EncodedCallback EncodeReport(std::span<const event::ProgressEvent> events);

// What an event takes on the wire at most, for keeping calls within the receiver's limit.
std::size_t EncodedSizeBound(const event::ProgressEvent& event);

}  // namespace ipam::server
