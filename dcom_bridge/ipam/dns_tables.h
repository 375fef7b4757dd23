// DNS servers, zones and resource records, [MS-IPAMM2] 3.1.1.1.8 to 12 and 19. A row goes in and comes out as
// its ipam.v1 message; a record id of 0 is a new row. The engine's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/ip.h"
#include "ipam/v1/dns.pb.h"
#include "ipam/v1/tables.pb.h"

namespace ipam::engine {

// The forward and the reverse tables are alike.
enum class Lookup { kForward, kReverse };

// The columns of a resource record that are not in its message.
struct RecordColumns {
  Lookup lookup = Lookup::kForward;
  std::int64_t zone_id = 0;
  std::optional<std::string> host_name;
  std::optional<std::string> fqdn;
  std::optional<IpOctets> address;
  std::optional<std::int64_t> ipv4_address_id;
  std::optional<std::int64_t> ipv6_address_id;
};

struct RecordZone {
  Lookup lookup = Lookup::kForward;
  std::int64_t zone_id = 0;
};

struct RecordRow {
  v1::DnsResourceRecord record;
  RecordColumns columns;
};

// What follows from the record and the name of its zone: target, full name and address.
void FillRecordColumns(const v1::DnsResourceRecord& record, const std::string& zone_name,
                       RecordColumns& columns);

// Deletes what may be very many rows of a zone, some at a time.
struct ZoneParts {
  Statement has_many_records;
  Statement delete_some_access;
  Statement delete_some_records;
  Statement has_many_lookups;
  Statement delete_some_lookups;
};

class DnsTables {
 public:
  explicit DnsTables(Database& db);

  // ADM_DnsServersTable: the record id is that of server_role_info.
  absl::StatusOr<std::int64_t> PutServer(const v1::DnsServer& server);
  absl::StatusOr<bool> HasServer(std::int64_t id);
  absl::StatusOr<std::vector<v1::DnsServer>> ListServers();

  // ADM_DNSForwardLookupTable and ADM_DNSReverseLookupTable, by the variant of the message.
  absl::StatusOr<std::int64_t> PutZone(const v1::BaseDnsZone& zone);
  absl::StatusOr<std::optional<v1::BaseDnsZone>> GetZone(Lookup lookup, std::int64_t id);
  absl::StatusOr<std::optional<std::int64_t>> FindZone(Lookup lookup, const std::string& name);
  absl::StatusOr<std::vector<v1::BaseDnsZone>> ListZones(Lookup lookup);
  // Whether it is the parent of another; reverse lookup zones have none.
  absl::StatusOr<bool> HasChildZones(std::int64_t id);
  // With its records, which are of no use without it, and what is said of the access to them; no server hosts it.
  absl::Status DeleteZone(Lookup lookup, std::int64_t id);
  // Some of what DeleteZone deletes. False: it is so little that nothing was done.
  absl::StatusOr<bool> DeletePartOfZone(Lookup lookup, std::int64_t id);

  // ADM_DNSServerForwardLookupZoneTable and ADM_DNSServerReverseLookupZoneTable. The message names server and
  // zone by server.server_role_info.record_id and zone.record_id.
  absl::StatusOr<std::int64_t> PutServerZone(const v1::BaseDnsServerZone& zone, std::int64_t server_id,
                                             std::int64_t zone_id);
  struct ServerZone {
    std::int64_t id = 0;
    std::int64_t server_id = 0;
    std::int64_t zone_id = 0;
  };
  absl::StatusOr<std::optional<ServerZone>> GetServerZone(Lookup lookup, std::int64_t id);
  absl::StatusOr<std::optional<v1::BaseDnsServerZone>> ReadServerZone(Lookup lookup, std::int64_t id);
  // The record ids of the zone on its servers.
  absl::StatusOr<std::vector<std::int64_t>> ListHosts(Lookup lookup, std::int64_t zone_id);
  absl::Status DeleteServerZone(Lookup lookup, std::int64_t id);
  absl::StatusOr<std::vector<v1::BaseDnsServerZone>> ListServerZones(Lookup lookup);

  // ADM_DNSResourceRecordTable
  absl::StatusOr<std::int64_t> PutRecord(const v1::DnsResourceRecord& record, const RecordColumns& columns);
  absl::StatusOr<std::optional<RecordRow>> GetRecord(std::int64_t id);
  absl::StatusOr<std::optional<RecordZone>> FindZoneOfRecord(std::int64_t id);
  absl::Status DeleteRecord(std::int64_t id);
  // The address that a PTR record for `address` is mapped to.
  absl::StatusOr<std::optional<std::int64_t>> FindAddressOfPtr(const IpOctets& address);
  // Those that are mapped to the address, and what is said of the access to them.
  absl::Status DeleteRecordsOfAddress(std::int64_t address);
  absl::Status ForEachRecord(const std::function<absl::Status(const v1::DnsResourceRecord&)>& use);

  // ADM_RangeDNSReverseLookupTable
  absl::Status PutRangeZone(const v1::RangeReverseLookupZone& mapping);
  absl::StatusOr<bool> HasRangeZone(std::int64_t range_id);
  // GetMappedIPRangesForReverseLookupZone (discrepancies E.1)
  absl::StatusOr<std::vector<std::int64_t>> ListRangesOfZone(std::int64_t zone_id);
  absl::StatusOr<std::vector<v1::RangeReverseLookupZone>> ListRangeZones();

 private:
  Statement put_server_;
  Statement has_server_;
  Statement list_servers_;
  Statement put_zone_;
  Statement get_zone_;
  Statement find_zone_;
  Statement list_zones_;
  Statement has_child_;
  Statement delete_zone_;
  Statement delete_zone_access_;
  Statement delete_zone_records_;
  ZoneParts zone_parts_;
  Statement put_reverse_zone_;
  Statement get_reverse_zone_;
  Statement find_reverse_zone_;
  Statement list_reverse_zones_;
  Statement delete_reverse_zone_;
  Statement delete_reverse_zone_access_;
  Statement delete_reverse_zone_records_;
  ZoneParts reverse_zone_parts_;
  Statement put_server_zone_;
  Statement get_server_zone_;
  Statement read_server_zone_;
  Statement list_hosts_;
  Statement delete_server_zone_;
  Statement list_server_zones_;
  Statement put_server_reverse_zone_;
  Statement get_server_reverse_zone_;
  Statement read_server_reverse_zone_;
  Statement list_reverse_hosts_;
  Statement delete_server_reverse_zone_;
  Statement list_server_reverse_zones_;
  Statement put_record_;
  Statement get_record_;
  Statement zone_of_record_;
  Statement delete_record_;
  Statement find_ptr_;
  Statement delete_access_of_address_;
  Statement delete_records_of_address_;
  Statement list_records_;
  Statement put_range_zone_;
  Statement has_range_zone_;
  Statement list_ranges_of_zone_;
  Statement list_range_zones_;
};

// "www" in "example.org" is "www.example.org"; "@" is the zone itself; a final dot ends a name.
std::string FullName(const std::string& name, const std::string& zone);

}  // namespace ipam::engine
