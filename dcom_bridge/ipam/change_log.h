// Which servers a change of the store concerns, and what they have to do about it. The engine's thread.
//
// Watch() once; then for each entity, in its savepoint: Clear(), the change, Read(). DnsStateOf and ReadDhcpView say what the
// servers have to have, before the savepoint is undone and, to take the change back, behind that.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/actuation.h"
#include "dcom_bridge/ipam/actuators.h"
#include "dcom_bridge/ipam/dns_tables.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/dns_enums.pb.h"

namespace ipam::engine {

// Of servers that have an actuator, and of records in any zone.
struct Touched {
  struct Zone {
    std::int64_t server_id = 0;
    Lookup lookup = Lookup::kForward;
    std::string name;
    bool was_there = false;  // on the server before the change, and behind it
    bool is_there = false;
  };
  struct Records {
    Lookup lookup = Lookup::kForward;
    std::int64_t zone_id = 0;
    std::string name;
    v1::DnsResourceRecordType type = v1::DNS_RESOURCE_RECORD_TYPE_NONE;
  };
  struct Forwarder {
    std::int64_t server_id = 0;
    std::string name;
  };
  std::set<std::int64_t> dhcp_servers;
  std::vector<Zone> zones;
  std::vector<Records> records;
  std::vector<Forwarder> forwarders;
};

class ChangeLog {
 public:
  // Of the connection of the store, which Watch() gave its tables.
  explicit ChangeLog(Database& db);
  static absl::Status Watch(Database& db);

  absl::Status Clear();
  absl::StatusOr<Touched> Read(const Actuators& actuators);
  // What the DNS servers have to do, so that what was touched is there as the store has it now. `before`: now is before the
  // change.
  absl::StatusOr<std::vector<DnsWork>> DnsStateOf(const Touched& touched, bool before, Store& store,
                                                  const Actuators& actuators);

 private:
  absl::Status ReadZones(const Actuators& actuators, Touched& touched);
  absl::Status AddZone(const Touched::Zone& zone, bool with_records, Store& store,
                       std::vector<DnsWork>& work);
  absl::StatusOr<RecordSet> ReadRecords(const Touched::Records& records, const std::string& zone);
  absl::Status AddRecords(const Touched::Records& records, Store& store, const Actuators& actuators,
                          std::vector<DnsWork>& work);
  absl::Status AddForwarder(const Touched::Forwarder& forwarder, std::vector<DnsWork>& work);

  Statement clear_servers_;
  Statement clear_records_;
  Statement clear_zones_;
  Statement clear_forwarders_;
  Statement servers_;
  Statement zones_;
  Statement records_;
  Statement forwarders_;
  Statement server_zone_;
  Statement server_reverse_zone_;
  Statement hosts_;
  Statement reverse_hosts_;
  Statement record_set_;
  Statement reverse_record_set_;
  Statement set_names_;
  Statement reverse_set_names_;
  Statement forwarder_;
};

}  // namespace ipam::engine
