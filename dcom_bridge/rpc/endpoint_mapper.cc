#include "dcom_bridge/rpc/endpoint_mapper.h"

#include <algorithm>
#include <utility>

#include "dcom_bridge/ndr/fault.h"
#include "dcom_bridge/rpc/endpoint_messages.h"

namespace ipam::rpc {
namespace {

enum class Opnum : std::uint16_t {
  kInsert = 0,
  kDelete,
  kLookup,
  kMap,
  kLookupHandleFree,
  kInqObject,
  kMgmtDelete
};

// [MS-RPCE] 2.2.1.2.4
enum class Inquiry : std::uint32_t { kAll = 0, kByInterface = 1, kByObject = 2, kByBoth = 3 };
enum class VersionOption : std::uint32_t { kAll = 1, kCompatible = 2, kExact = 3, kMajorOnly = 4, kUpTo = 5 };

constexpr std::size_t kMaxLookups = 1024;
constexpr std::ptrdiff_t kMaxLookupsOfAConnection = 8;
// twr_t has 2,000 octets at most; the rest of a request is small.
constexpr std::size_t kMaxStub = 4096;

CallFault BadStub(const absl::Status& status) { return {pdu::NcaStatus{ndr::FaultStatus(status)}, true}; }

bool VersionMatches(const pdu::SyntaxId& entry, const InterfaceId& asked, VersionOption option) {
  switch (option) {
    case VersionOption::kAll:
      return true;
    case VersionOption::kCompatible:
      return entry.major == asked.major && entry.minor >= asked.minor;
    case VersionOption::kExact:
      return entry.major == asked.major && entry.minor == asked.minor;
    case VersionOption::kMajorOnly:
      return entry.major == asked.major;
    case VersionOption::kUpTo:
      return std::pair(entry.major, entry.minor) <= std::pair(asked.major, asked.minor);
  }
  return false;
}

// An entry without an object serves any, [MS-RPCE] 2.2.1.2.5.
bool ObjectMatches(const EndpointEntry& entry, const base::Guid* asked) {
  return asked == nullptr || asked->is_nil() || entry.object.is_nil() || entry.object == *asked;
}

}  // namespace

void EndpointMapper::Register(EndpointEntry entry) {
  entry.annotation.resize(std::min<std::size_t>(entry.annotation.size(), 63));
  entries_.push_back(std::move(entry));
}

bool EndpointMapper::Serves(const pdu::SyntaxId& abstract) const {
  return abstract == kEndpointMapperInterface;
}

auth::AuthLevel EndpointMapper::MinimumLevel(const pdu::SyntaxId&, std::uint16_t) const {
  return auth::AuthLevel::kNone;
}

std::size_t EndpointMapper::StubLimit(const pdu::SyntaxId&, std::uint16_t) const { return kMaxStub; }

void EndpointMapper::Handle(IncomingCall call, Responder respond) {
  switch (static_cast<Opnum>(call.opnum)) {
    case Opnum::kLookup:
      return respond(EptLookup(call));
    case Opnum::kMap:
      return respond(EptMap(call));
    case Opnum::kLookupHandleFree:
      return respond(EptLookupHandleFree(call));
    case Opnum::kInsert:  // [MS-RPCE] 2.2.1.2.6, .7, .9, .10: not supported
    case Opnum::kDelete:
    case Opnum::kInqObject:
    case Opnum::kMgmtDelete:
      return respond(CallFault{pdu::kCannotSupport, true});
  }
  respond(CallFault{pdu::kOperationRange, true});
}

CallOutcome EndpointMapper::EptLookup(const IncomingCall& call) {
  const auto request = ndr::Decode<EptLookupRequest>(call.stub, call.endian);
  if (!request.ok()) return BadStub(request.status());
  const auto inquiry = static_cast<Inquiry>(request->inquiry_type);
  const auto option = static_cast<VersionOption>(request->version_option);
  const bool by_interface = inquiry == Inquiry::kByInterface || inquiry == Inquiry::kByBoth;
  const bool by_object = inquiry == Inquiry::kByObject || inquiry == Inquiry::kByBoth;
  EptLookupResponse response;
  response.max_count = request->max_entries;
  if ((inquiry != Inquiry::kAll && !by_interface && !by_object) || request->max_entries == 0 ||
      (by_interface &&
       (!request->interface || option < VersionOption::kAll || option > VersionOption::kUpTo)) ||
      (by_object && !request->object)) {
    response.status = kEptCannotPerform;
    return CallReply{ndr::Encode(response)};
  }
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const EndpointEntry& entry = entries_[i];
    const pdu::SyntaxId& interface = entry.tower.interface;
    if (by_interface && (interface.uuid != request->interface->uuid ||
                         !VersionMatches(interface, *request->interface, option))) {
      continue;
    }
    if (by_object && entry.object != *request->object) continue;
    found.push_back(i);
  }
  response.handle = request->handle;
  auto batch = NextBatch(call, response.handle.uuid, std::move(found), request->max_entries);
  if (!batch) return CallFault{pdu::kContextMismatch, true};
  for (const std::size_t i : *batch) {
    response.items.push_back({entries_[i].object,
                              std::make_shared<TowerOctets>(TowerOctets{EncodeTower(entries_[i].tower)}),
                              entries_[i].annotation});
  }
  response.handle.attributes = 0;
  if (response.items.empty()) response.status = kEptNotRegistered;
  return CallReply{ndr::Encode(response)};
}

CallOutcome EndpointMapper::EptMap(const IncomingCall& call) {
  const auto request = ndr::Decode<EptMapRequest>(call.stub, call.endian);
  if (!request.ok()) return BadStub(request.status());
  EptMapResponse response;
  response.max_count = request->max_towers;
  const auto tower = request->tower ? DecodeTower(request->tower->octets)
                                    : absl::StatusOr<Tower>(absl::InvalidArgumentError("no tower"));
  if (request->max_towers == 0 ||
      (!tower.ok() && tower.status().code() != absl::StatusCode::kUnimplemented)) {
    response.status = kEptCannotPerform;
    return CallReply{ndr::Encode(response)};
  }
  std::vector<std::size_t> found;
  for (std::size_t i = 0; tower.ok() && i < entries_.size(); ++i) {
    const Tower& entry = entries_[i].tower;
    const InterfaceId asked{tower->interface.uuid, tower->interface.major, tower->interface.minor};
    if (entry.interface.uuid == asked.uuid && entry.transfer == tower->transfer &&
        VersionMatches(entry.interface, asked, VersionOption::kCompatible) &&
        ObjectMatches(entries_[i], request->object.get())) {
      found.push_back(i);
    }
  }
  response.handle = request->handle;
  const auto batch = NextBatch(call, response.handle.uuid, std::move(found), request->max_towers);
  if (!batch) return CallFault{pdu::kContextMismatch, true};
  for (const std::size_t i : *batch) {
    response.items.push_back(std::make_shared<TowerOctets>(TowerOctets{EncodeTower(entries_[i].tower)}));
  }
  response.handle.attributes = 0;
  if (response.items.empty()) response.status = kEptNotRegistered;
  return CallReply{ndr::Encode(response)};
}

CallOutcome EndpointMapper::EptLookupHandleFree(const IncomingCall& call) {
  const auto request = ndr::Decode<EptHandleFreeRequest>(call.stub, call.endian);
  if (!request.ok()) return BadStub(request.status());
  std::erase_if(lookups_, [&](const Lookup& lookup) { return lookup.handle == request->handle.uuid; });
  return CallReply{ndr::Encode(EptHandleFreeResponse{})};
}

std::optional<std::vector<std::size_t>> EndpointMapper::NextBatch(const IncomingCall& call,
                                                                  base::Guid& handle,
                                                                  std::vector<std::size_t> found,
                                                                  std::uint32_t max) {
  if (!handle.is_nil()) {
    const auto open = std::find_if(lookups_.begin(), lookups_.end(),
                                   [&](const Lookup& lookup) { return lookup.handle == handle; });
    if (open == lookups_.end()) return std::nullopt;
    found = std::move(open->left);
    lookups_.erase(open);
    handle = {};
  }
  if (found.size() <= max) return found;
  const auto end = found.begin() + static_cast<std::ptrdiff_t>(max);
  const auto ours = [&call](const Lookup& lookup) { return lookup.association == call.association; };
  if (std::count_if(lookups_.begin(), lookups_.end(), ours) >= kMaxLookupsOfAConnection) {
    lookups_.erase(std::find_if(lookups_.begin(), lookups_.end(), ours));
  } else if (lookups_.size() >= kMaxLookups) {
    lookups_.pop_front();
  }
  lookups_.push_back({base::Guid::Random(), call.association, {end, found.end()}});
  handle = lookups_.back().handle;
  found.erase(end, found.end());
  return found;
}

}  // namespace ipam::rpc
