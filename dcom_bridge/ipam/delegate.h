// One operation of [MS-IPAMM2] 3.19.4.4.1: checks, lists the entities that it touches, applies them one by
// one. It knows nothing of progress, transactions or threads; Operation turns what it says into events.
//
// Call protocol: Prepare once; then size and Describe at any time; Advance until it is false and Apply, for 0, 1, 2 ...
// Transactions that fail are done again: both may be called again for an index, after which the later ones follow again. When the
// server starts again a new one does what is left: Prepare, Restore of what was applied, Apply of the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/actuation.h"
#include "ipam/v1/dns_enums.pb.h"
#include "ipam/v1/enums.pb.h"

namespace google::protobuf {
class Message;
}

namespace ipam::engine {

class Store;

// The kinds of subtasks, SubTaskUniqueId of 2.2.4.399: one for each cmdlet that Windows' own server would
// run. Clients keep the numbers.
enum class SubtaskKind : std::int32_t {
  kAddDhcpScope = 1,
  kSetDhcpDnsSetting = 2,
  kSetDhcpOption = 3,
  kAddDhcpExclusionRange = 4,
  kMapIpRange = 5,
  kAddDhcpReservation = 6,
  kSetDhcpReservationOption = 7,
  kAddDhcpFailover = 8,
  kAddDhcpFailoverScope = 9,
  kAddIpamAddress = 10,
  kSetCustomFields = 11,
  kAddDnsForwardMapping = 12,
  kAddDnsReverseMapping = 13,
  kAddDnsResourceRecord = 14,
  kAddDnsZone = 15,
  kAddDnsServerZone = 16,
  kMapRangesToReverseZone = 17,
  kSetDhcpAuditLog = 18,
  kSetDhcpDnsCredential = 19,
  kSetDhcpPolicyState = 20,
  kSetDhcpFilterState = 21,
  kSetDhcpStateless = 22,
  kSetDhcpUserClass = 23,
  kSetDhcpVendorClass = 24,
  kSetDhcpOptionDefinition = 25,
  kSetDhcpServerOption = 26,
  kSetDhcpScope = 27,
  kRemoveDhcpScope = 28,
  kRemoveIpRange = 29,
  kAddDhcpSuperscope = 30,
  kAddScopeToSuperscope = 31,
  kRemoveScopeFromSuperscope = 32,
  kRenameDhcpSuperscope = 33,
  kRemoveDhcpSuperscope = 34,
  kSetDhcpScopeStatus = 35,
  kAddDhcpPolicy = 36,
  kSetDhcpPolicy = 37,
  kRemoveDhcpPolicy = 38,
  kAddDhcpPolicyRange = 39,
  kRemoveDhcpPolicyRange = 40,
  kSetDhcpPolicyOption = 41,
  kMoveDhcpPolicy = 42,
  kSetDhcpReservation = 43,
  kRemoveDhcpReservation = 44,
  kRemoveIpamAddress = 45,
  kRemoveDnsRecordsOfAddress = 46,
  kSetDhcpFailover = 47,
  kRemoveDhcpFailoverScope = 48,
  kRemoveDhcpFailover = 49,
  kResetDhcpConfigSync = 50,
  kReplicateDhcpScope = 51,
  kAddDhcpFilter = 52,
  kSetDhcpFilter = 53,
  kRemoveDhcpFilter = 54,
  kSetIpamAddress = 55,
  kSetDnsResourceRecord = 56,
  kRemoveDnsResourceRecord = 57,
  kSetDnsZone = 58,
  kSetDnsServerZone = 59,
  kRemoveDnsServerZone = 60,
  kRemoveDnsZone = 61,
  kTransferDnsZone = 62,
  kReloadDnsZone = 63,
  kAddDnsConditionalForwarder = 64,
  kSetDnsConditionalForwarder = 65,
  kRemoveDnsConditionalForwarder = 66,
};

struct Entity {
  SubtaskKind kind = SubtaskKind::kAddDhcpScope;
  std::string name;  // SubTaskName
  // SubTaskInstanceDetails: a formatter of ipam.v1, or null.
  std::shared_ptr<google::protobuf::Message> details = nullptr;
  // An earlier entity; if that did not succeed, this one ends as NotRun.
  std::optional<std::size_t> needs = std::nullopt;
  v1::IpamObjectType object_type = v1::IPAM_OBJECT_TYPE_NONE;
  v1::EntityOperationType operation_type = v1::ENTITY_OPERATION_TYPE_ADD;
  v1::DnsResourceRecordType record_type = v1::DNS_RESOURCE_RECORD_TYPE_NONE;  // of resource records
};

// An object of ipam.v1 that is an IpamObject.
using ReturnObject = std::shared_ptr<const google::protobuf::Message>;

class Delegate {
 public:
  virtual ~Delegate() = default;
  // The steps before the first change. A fault ends the operation, and no subtask is announced.
  virtual absl::Status Prepare(Store& store) = 0;
  virtual std::size_t size() const = 0;
  virtual Entity Describe(std::size_t index) const = 0;
  // Before Apply, in a savepoint: a part of what is too much for one transaction. True: it is done, and Advance comes again,
  // perhaps behind a commit or in another process; nothing of it is undone if Apply fails. Neither Prepare nor a server sees
  // what it changes.
  virtual absl::StatusOr<bool> Advance(std::size_t /*index*/, Store&) { return false; }
  // In a savepoint. The record id of the row that was made or changed; a fault undoes this entity only.
  virtual absl::StatusOr<std::int64_t> Apply(std::size_t index, Store& store) = 0;
  // What servers have to do about the entity beyond what follows from the rows that Apply changed: servers, scopes, zones,
  // records and forwarders follow by themselves, transfer and reload of a zone do not. Behind Apply, in its savepoint, with
  // the id that it gave; servers without an actuator may be among them, and have nothing to do.
  virtual absl::StatusOr<Actuation> Actuate(std::size_t /*index*/, std::int64_t /*record_id*/, Store&) {
    return Actuation{};
  }
  // Instead of Apply, behind Prepare, where an earlier process applied the entity with this result; in their order.
  virtual void Restore(std::size_t index, std::int64_t record_id) = 0;
  // Whether Prepare could see what Apply changed. Then the changes are kept until the end of the operation, so that
  // Prepare can be done once more on the store as it was.
  virtual bool PrepareSeesChanges() const { return true; }
  // ReturnObject of the completion status (2.2.4.119), when all entities have ended: the one object that the
  // operation made or changed; null: there is none.
  virtual absl::StatusOr<ReturnObject> Return(Store&) { return nullptr; }
};

}  // namespace ipam::engine
