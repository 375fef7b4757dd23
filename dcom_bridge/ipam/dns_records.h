// The rules of resource records that the delegates of [MS-IPAMM2] 3.19.4.4.1.38 to .41 share.
#pragma once

#include "absl/status/status.h"
#include "dcom_bridge/ipam/dns_lookup.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/dns.pb.h"

namespace ipam::engine {

// ValidateDnsResourceRecord, and what a row of the zone needs beyond it.
absl::Status CheckRecord(const v1::DnsResourceRecord& record, const HostedZone& zone);
// The row of a record is of the zone that a request names.
absl::Status CheckZoneOf(std::int64_t record_id, const RecordZone& of, const HostedZone& zone);

// Sets the address that the record is mapped to. That of a PTR record is made if it is not there.
absl::Status MapRecord(v1::DnsResourceRecordType type, RecordColumns& columns, Store& store);

}  // namespace ipam::engine
