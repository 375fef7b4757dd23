// What servers have to do about one entity. Values.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "dcom_bridge/ipam/dns_actuator.h"
#include "ipam/v1/dns.pb.h"

namespace ipam::engine {

struct PutZone {
  v1::BaseDnsServerZone zone;
};
struct DeleteZone {
  std::string zone;
};
struct TransferZone {
  std::string zone;
};
struct ReloadZone {
  std::string zone;
};
struct PutForwarder {
  v1::DnsConditionalForwarder forwarder;
};
struct DeleteForwarder {
  std::string zone;
};
// As the methods of DnsActuator; RecordSet is PutRecords.
using DnsAction =
    std::variant<PutZone, DeleteZone, RecordSet, TransferZone, ReloadZone, PutForwarder, DeleteForwarder>;

struct DnsWork {
  std::int64_t server_id = 0;  // of dns_servers
  DnsAction action;
};

struct Actuation {
  std::set<std::int64_t> dhcp_servers;  // of dhcp_servers, whose configuration follows from the store
  std::vector<DnsWork> dns;             // in this order
};

}  // namespace ipam::engine
