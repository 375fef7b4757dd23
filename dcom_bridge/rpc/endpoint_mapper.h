// The endpoint mapper, [C706] appendix O with [MS-RPCE] 2.2.1.2: which interfaces this server has, and where.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/rpc/service.h"
#include "dcom_bridge/rpc/tower.h"

namespace ipam::rpc {

inline constexpr pdu::SyntaxId kEndpointMapperInterface{
    {0xe1af8308, 0x5d1f, 0x11c9, {0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa}}, 3, 0};

// error_status values of the endpoint mapper.
inline constexpr std::uint32_t kEptNotRegistered = 0x16C9A0D6;
inline constexpr std::uint32_t kEptCannotPerform = 0x000006D8;

// ept_entry_t
struct EndpointEntry {
  Tower tower;
  base::Guid object;       // nil: any object
  std::string annotation;  // at most 63 octets
};

// Filled before the first call; ept_insert and ept_delete are refused. Unauthenticated callers may ask.
class EndpointMapper final : public Service {
 public:
  void Register(EndpointEntry entry);

  bool Serves(const pdu::SyntaxId& abstract) const override;
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override;
  std::size_t StubLimit(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override;
  void Handle(IncomingCall call, Responder respond) override;

  std::size_t open_lookups() const { return lookups_.size(); }

 private:
  // What an ept_lookup_handle_t stands for: what was found and not yet given out. The oldest makes room, of
  // the same connection first: nobody takes away the handles of others by opening his own.
  struct Lookup {
    base::Guid handle;
    std::uint64_t association = 0;
    std::vector<std::size_t> left;  // indices into entries_
  };

  CallOutcome EptLookup(const IncomingCall& call);
  CallOutcome EptMap(const IncomingCall& call);
  CallOutcome EptLookupHandleFree(const IncomingCall& call);
  // The next `max` of what `handle` (or, where nil, `found`) has left; `handle` becomes the one to go on
  // with, nil where this was all. Nothing: no such handle.
  std::optional<std::vector<std::size_t>> NextBatch(const IncomingCall& call, base::Guid& handle,
                                                    std::vector<std::size_t> found, std::uint32_t max);

  std::vector<EndpointEntry> entries_;
  std::deque<Lookup> lookups_;
};

}  // namespace ipam::rpc
