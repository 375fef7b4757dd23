// Identifiers of DCOM, [MS-DCOM] 2.2.1 to 2.2.10. An IPID is an opaque key: never parsed.
#pragma once

#include <cstdint>

#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/strong_id.h"

namespace ipam::orpc {

struct OxidTag;
using Oxid = base::StrongId<OxidTag, std::uint64_t>;  // object exporter
struct OidTag;
using Oid = base::StrongId<OidTag, std::uint64_t>;  // object
struct SetIdTag;
using SetId = base::StrongId<SetIdTag, std::uint64_t>;  // ping set
struct IpidTag;
using Ipid = base::StrongId<IpidTag, base::Guid>;  // interface on an object
struct CausalityIdTag;
using CausalityId = base::StrongId<CausalityIdTag, base::Guid>;  // CID

}  // namespace ipam::orpc
