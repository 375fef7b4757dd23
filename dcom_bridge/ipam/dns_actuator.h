// A DNS server that does what the store says.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ipam/v1/dns.pb.h"

namespace ipam::engine {

// All records of one name and type in a zone. Without records: none are wanted.
struct RecordSet {
  std::string zone;  // "example.org"; a final dot may be there
  std::string name;  // the whole name, "www.example.org"
  v1::DnsResourceRecordType type = v1::DNS_RESOURCE_RECORD_TYPE_NONE;
  std::vector<v1::DnsResourceRecord> records;
};

// What the server cannot express of a change that it made, in words for an operator.
using Unexpressed = std::vector<std::string>;

// Any thread, one call at a time; calls block on the network for a bounded time and may be made again. kInvalidArgument:
// the server refuses, in its own words; kPermissionDenied: it refuses our credentials; kUnavailable: it does not answer;
// kNotFound: it has no such zone.
class DnsActuator {
 public:
  virtual ~DnsActuator() = default;

  // Makes or changes the zone; its records are as they were, a new zone has the SOA and NS records of the message.
  virtual absl::StatusOr<Unexpressed> PutZone(const v1::BaseDnsServerZone& zone) = 0;
  // OK where there is none.
  virtual absl::Status DeleteZone(const std::string& zone) = 0;
  virtual absl::StatusOr<Unexpressed> PutRecords(const RecordSet& records) = 0;
  // A secondary zone fetches itself from its master.
  virtual absl::Status TransferZone(const std::string& zone) = 0;
  // A zone is read again; a primary one tells its secondaries.
  virtual absl::Status ReloadZone(const std::string& zone) = 0;
  // Makes or changes it.
  virtual absl::StatusOr<Unexpressed> PutForwarder(const v1::DnsConditionalForwarder& forwarder) = 0;
  // OK where there is none.
  virtual absl::Status DeleteForwarder(const std::string& zone) = 0;
};

}  // namespace ipam::engine
