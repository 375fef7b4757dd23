// ADM_IPAMDataStore, [MS-IPAMM2] 3.1.1.1: one database with its tables. The engine's thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/access_tables.h"
#include "dcom_bridge/ipam/address_tables.h"
#include "dcom_bridge/ipam/common_properties.h"
#include "dcom_bridge/ipam/custom_fields.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/dhcp_option_tables.h"
#include "dcom_bridge/ipam/dhcp_policy_tables.h"
#include "dcom_bridge/ipam/dhcp_tables.h"
#include "dcom_bridge/ipam/dns_tables.h"
#include "dcom_bridge/ipam/failover_tables.h"
#include "dcom_bridge/ipam/filter_tables.h"
#include "dcom_bridge/ipam/forwarder_tables.h"
#include "dcom_bridge/ipam/server_tables.h"

namespace ipam::engine {

class Store {
 public:
  // `database` outlives the store and has the schema of OpenDatabase.
  explicit Store(Database& database)
      : db(database),
        access(database),
        properties(database),
        custom_fields(database),
        addresses(database, custom_fields),
        servers(database),
        options(database),
        dhcp(database, options),
        policies(database, options),
        failover(database),
        filters(database),
        dns(database),
        forwarders(database) {}

  Database& db;
  AccessTables access;
  CommonProperties properties;
  CustomFieldTables custom_fields;
  AddressTables addresses;
  ServerTables servers;
  DhcpOptionTables options;
  DhcpTables dhcp;
  DhcpPolicyTables policies;
  FailoverTables failover;
  FilterTables filters;
  DnsTables dns;
  ForwarderTables forwarders;
};

// Opens the store; an empty one gets the tables and the rows that provisioning puts there, one of an earlier version the
// tables that it lacks. kFailedPrecondition: the store of another program, or of a later version.
absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const std::string& store,
                                                       StoreUse use = StoreUse::kWrite);

}  // namespace ipam::engine
