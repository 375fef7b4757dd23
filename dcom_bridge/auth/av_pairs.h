// AV_PAIR list, [MS-NLMP] 2.2.2.1: what an acceptor tells of itself and an initiator signs back.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

enum class AvId : std::uint16_t {
  kEndOfList = 0,
  kNetbiosComputerName = 1,
  kNetbiosDomainName = 2,
  kDnsComputerName = 3,
  kDnsDomainName = 4,
  kDnsTreeName = 5,
  kFlags = 6,
  kTimestamp = 7,
  kSingleHost = 8,
  kTargetName = 9,
  kChannelBindings = 10,
};

// MsvAvFlags: the AUTHENTICATE_MESSAGE carries a MIC.
inline constexpr std::uint32_t kAvFlagMicPresent = 0x2;

class AvPairs {
 public:
  // Reads up to MsvAvEOL, which must be there; octets after it are left alone (an NTLMv2 response has four).
  // kInvalidArgument with the byte. Ids unknown to us are kept.
  static absl::StatusOr<AvPairs> Decode(base::ByteView bytes);
  // With MsvAvEOL.
  base::Bytes Encode() const;

  // Empty where absent; the first one counts.
  std::optional<base::ByteView> Find(AvId id) const;
  bool Has(AvId id) const { return Find(id).has_value(); }
  // Zero where absent. An MsvAvFlags that is not 4 octets, or a timestamp that is not 8, does not pass
  // Decode.
  std::uint32_t flags() const;
  std::optional<std::uint64_t> timestamp() const;

  // Replaces the value where the id is there (every repetition goes), else appends.
  void Set(AvId id, base::ByteView value);
  void SetFlags(std::uint32_t flags);
  void SetTimestamp(std::uint64_t filetime);

 private:
  struct Pair {
    AvId id;
    base::Bytes value;
  };
  std::vector<Pair> pairs_;
};

}  // namespace ipam::auth
