#include "dcom_bridge/ipam/powerdns/powerdns_actuator.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/http/http_client.h"
#include "dcom_bridge/ipam/powerdns/content.h"

namespace ipam::powerdns {
namespace {

using engine::Unexpressed;
using Json = nlohmann::json;

constexpr std::int64_t kDefaultTtl = 3600;

const v1::BaseDnsZone& ZoneOf(const v1::BaseDnsServerZone& zone) {
  return zone.has_dns_server_reverse_zone() ? zone.dns_server_reverse_zone().zone()
                                            : zone.dns_server_zone().zone();
}

Json Addresses(const google::protobuf::RepeatedPtrField<std::string>& addresses) {
  Json out = Json::array();
  for (const std::string& address : addresses) out.push_back(address);
  return out;
}

std::int64_t Ttl(const v1::DnsResourceRecord& record) {
  return record.has_ttl() ? record.ttl().seconds() : kDefaultTtl;
}

Json RecordSetOf(const std::string& name, v1::DnsResourceRecordType type, Json records, std::int64_t ttl) {
  const bool gone = records.empty();
  Json out = {{"name", name}, {"type", TypeName(type)}, {"changetype", gone ? "DELETE" : "REPLACE"}};
  if (!gone) {
    out["ttl"] = ttl;
    out["records"] = std::move(records);
  }
  return out;
}

// Absent: PowerDNS has no such records.
std::optional<Json> Wanted(const engine::RecordSet& set) {
  Json records = Json::array();
  std::int64_t ttl = kDefaultTtl;
  for (const v1::DnsResourceRecord& record : set.records) {
    const std::optional<std::string> content = Content(record);
    if (!content) return std::nullopt;
    ttl = Ttl(record);
    records.push_back({{"content", *content}, {"disabled", false}});
  }
  return RecordSetOf(Canonical(set.name), set.type, std::move(records), ttl);
}

// What a set serves, in any order.
std::multiset<std::string> Contents(const Json& set) {
  std::multiset<std::string> out;
  for (const Json& record : set.at("records")) {
    if (!record.at("disabled").get<bool>()) out.insert(record.at("content").get<std::string>());
  }
  return out;
}

// The records that a zone begins with.
Json FirstRecords(const v1::BaseDnsZone& zone) {
  Json sets = Json::array();
  const std::string apex = Canonical(zone.name());
  if (zone.has_soa_record()) {
    if (const auto content = Content(zone.soa_record())) {
      sets.push_back(RecordSetOf(apex, v1::DNS_RESOURCE_RECORD_TYPE_SOA,
                                 {{{"content", *content}, {"disabled", false}}}, Ttl(zone.soa_record())));
    }
  }
  Json servers = Json::array();
  std::int64_t ttl = kDefaultTtl;
  for (const v1::DnsResourceRecord& record : zone.ns_records()) {
    ttl = Ttl(record);
    if (const auto content = Content(record)) servers.push_back({{"content", *content}, {"disabled", false}});
  }
  if (!servers.empty())
    sets.push_back(RecordSetOf(apex, v1::DNS_RESOURCE_RECORD_TYPE_NS, std::move(servers), ttl));
  return sets;
}

Unexpressed LeftOut(const v1::BaseDnsServerZone& server_zone) {
  const v1::BaseDnsZone& zone = ZoneOf(server_zone);
  Unexpressed out;
  const auto note = [&](const char* what) { out.push_back(absl::StrCat("zone ", zone.name(), ": ", what)); };
  if (server_zone.zone_configuration() == v1::ZONE_CONFIGURATION_AD_INTEGRATED) {
    note("PowerDNS keeps no zone in a directory");
  }
  if (zone.scavenge_stale_records()) note("PowerDNS does not age records");
  if (zone.dynamic_update_status() == v1::DNS_DYNAMIC_UPDATE_SETTING_SECURE) {
    note("PowerDNS takes secure updates by keys that are made there");
  }
  if (server_zone.zone_state() == v1::DNS_ZONE_STATUS_PAUSED) note("PowerDNS does not pause a zone");
  // Metadata widens what allow-axfr-ips of the server lets through, and narrows nothing.
  if (server_zone.secure_secondaries() == v1::DNS_SECURE_SECONDARIES_SETTING_NO_TRANSFER) {
    note("PowerDNS forbids transfers for a whole server (allow-axfr-ips)");
  }
  if (server_zone.notify_secondaries() == v1::DNS_NOTIFY_SECONDARIES_SETTING_NO_NOTIFY) {
    note("PowerDNS notifies the name servers of every primary zone");
  }
  return out;
}

// kInvalidArgument with the server's own words, or what the status of HTTP means.
absl::Status Refusal(const http::Response& response, const std::string& what) {
  const Json body = Json::parse(response.body, nullptr, false);
  std::string words = absl::StrCat("status ", response.status);
  if (body.is_object() && body.contains("error") && body["error"].is_string())
    words = body["error"].get<std::string>();
  const std::string message = absl::StrCat(what, ": ", words);
  if (response.status == 404) return absl::NotFoundError(message);
  if (response.status == 401) {
    return absl::PermissionDeniedError(absl::StrCat(what, ": the server refuses the API key"));
  }
  if (response.status >= 500) return absl::InternalError(message);
  return absl::InvalidArgumentError(message);
}

}  // namespace

absl::StatusOr<Json> PowerDnsActuator::Call(const std::string& base, const std::string& method,
                                            const std::string& path, const Json& body) const {
  if (base.empty()) {
    return absl::InvalidArgumentError(
        "the actuator of this server has no address for such a change (url, recursor_url)");
  }
  http::Request request = {
      .method = method,
      .url = absl::StrCat(base, "/api/v1/servers/localhost", path),
      .headers = {absl::StrCat("X-API-Key: ", options_.api_key), "Content-Type: application/json"},
      .body = body.is_null() ? "" : body.dump(-1, ' ', false, Json::error_handler_t::replace),
      .timeout = options_.timeout,
      .stop = options_.stop};
  absl::Duration pause = options_.back_off;
  for (int attempt = 1;; ++attempt) {
    absl::StatusOr<http::Response> response = http::Send(request);
    absl::Status failure = response.status();
    if (response.ok()) {
      if (response->status < 300) return Json::parse(response->body, nullptr, false);
      failure = Refusal(*response, absl::StrCat(method, " ", path));
    }
    const bool passing = absl::IsUnavailable(failure) || absl::IsInternal(failure);
    if (!passing || attempt >= options_.attempts || options_.stop.stop_requested()) return failure;
    absl::SleepFor(pause);
    pause *= 2;
  }
}

absl::Status PowerDnsActuator::PutMetadata(const std::string& zone, const std::string& kind,
                                           const Json& values) const {
  const std::string path = absl::StrCat("/zones/", ZoneId(zone), "/metadata/", kind);
  return Zones("PUT", path, {{"kind", kind}, {"metadata", values}}).status();
}

absl::StatusOr<Unexpressed> PowerDnsActuator::PutZone(const v1::BaseDnsServerZone& zone) {
  const v1::BaseDnsZone& named = ZoneOf(zone);
  if (zone.zone_type() == v1::ZONE_HOSTING_DNS_SERVER_TYPE_STUB) {
    return absl::InvalidArgumentError(absl::StrCat("zone ", named.name(), ": PowerDNS has no stub zones"));
  }
  const bool secondary = zone.zone_type() == v1::ZONE_HOSTING_DNS_SERVER_TYPE_SECONDARY;
  Json wanted = {{"kind", secondary ? "Slave" : "Master"},
                 {"masters", secondary ? Addresses(zone.master_servers()) : Json::array()}};
  const std::string path = absl::StrCat("/zones/", ZoneId(named.name()));
  absl::Status put = Zones("PUT", path, wanted).status();
  // A zone that is not there is 422 or 404, by the version.
  if (absl::IsNotFound(put) ||
      (absl::IsInvalidArgument(put) && absl::IsNotFound(Zones("GET", path).status()))) {
    wanted["name"] = Canonical(named.name());
    if (!secondary) {
      wanted["nameservers"] = Json::array();
      wanted["rrsets"] = FirstRecords(named);
      wanted["soa_edit_api"] = "INCREASE";
    }
    put = Zones("POST", "/zones", wanted).status();
  }
  IPAM_RETURN_IF_ERROR(put);
  if (zone.notify_secondaries() == v1::DNS_NOTIFY_SECONDARIES_SETTING_NOTIFY_SERVERS) {
    IPAM_RETURN_IF_ERROR(PutMetadata(named.name(), "ALSO-NOTIFY", Addresses(zone.notify_servers())));
  }
  if (zone.secure_secondaries() == v1::DNS_SECURE_SECONDARIES_SETTING_TRANSFER_TO_SECURE_SERVERS) {
    IPAM_RETURN_IF_ERROR(PutMetadata(named.name(), "ALLOW-AXFR-FROM", Addresses(zone.secondary_servers())));
  } else if (zone.secure_secondaries() == v1::DNS_SECURE_SECONDARIES_SETTING_TRANSFER_TO_ZONE_NAME_SERVER) {
    IPAM_RETURN_IF_ERROR(PutMetadata(named.name(), "ALLOW-AXFR-FROM", {"AUTO-NS"}));
  } else if (zone.secure_secondaries() == v1::DNS_SECURE_SECONDARIES_SETTING_TRANSFER_ANY_SERVER) {
    IPAM_RETURN_IF_ERROR(PutMetadata(named.name(), "ALLOW-AXFR-FROM", {"0.0.0.0/0", "::/0"}));
  }
  return LeftOut(zone);
}

absl::Status PowerDnsActuator::DeleteZone(const std::string& zone) {
  const absl::Status gone = Zones("DELETE", absl::StrCat("/zones/", ZoneId(zone))).status();
  return absl::IsNotFound(gone) ? absl::OkStatus() : gone;
}

absl::StatusOr<Unexpressed> PowerDnsActuator::PutRecords(const engine::RecordSet& set) {
  const std::optional<Json> wanted = Wanted(set);
  if (!wanted) {
    return Unexpressed{absl::StrCat(set.name, ": PowerDNS serves no records of type ", TypeName(set.type))};
  }
  const Json change = {{"rrsets", Json::array({*wanted})}};
  IPAM_RETURN_IF_ERROR(Zones("PATCH", absl::StrCat("/zones/", ZoneId(set.zone)), change).status());
  return Unexpressed{};
}

absl::StatusOr<bool> PowerDnsActuator::HasRecords(const engine::RecordSet& set) {
  const std::optional<Json> wanted = Wanted(set);
  if (!wanted) return false;
  // A server that cannot filter gives the whole zone.
  absl::StatusOr<Json> zone =
      Zones("GET", absl::StrCat("/zones/", ZoneId(set.zone), "?rrset_name=", Canonical(set.name),
                                "&rrset_type=", TypeName(set.type)));
  if (absl::IsUnavailable(zone.status()) || absl::IsPermissionDenied(zone.status())) return zone.status();
  if (!zone.ok()) return false;
  try {
    for (const Json& there : zone->at("rrsets")) {
      if (there.at("name") != wanted->at("name") || there.at("type") != wanted->at("type")) continue;
      return wanted->contains("records") && there.at("ttl") == wanted->at("ttl") &&
             Contents(there) == Contents(*wanted);
    }
  } catch (const Json::exception&) {
    return false;
  }
  return !wanted->contains("records");
}

absl::Status PowerDnsActuator::TransferZone(const std::string& zone) {
  return Zones("PUT", absl::StrCat("/zones/", ZoneId(zone), "/axfr-retrieve")).status();
}

absl::Status PowerDnsActuator::ReloadZone(const std::string& zone) {
  const std::string path = absl::StrCat("/zones/", ZoneId(zone));
  IPAM_ASSIGN_OR_RETURN(const Json found, Zones("GET", absl::StrCat(path, "?rrsets=false")));
  if (found.is_object() && found.contains("kind") && found["kind"] == "Slave") {
    return Zones("PUT", absl::StrCat(path, "/axfr-retrieve")).status();
  }
  IPAM_RETURN_IF_ERROR(Zones("PUT", absl::StrCat(path, "/rectify")).status());
  return Zones("PUT", absl::StrCat(path, "/notify")).status();
}

// The recursor answers 404 or 422, by its version, where it has no such zone.
absl::StatusOr<bool> PowerDnsActuator::HasForwarder(const std::string& path) const {
  const absl::Status found = Call(options_.recursor_url, "GET", path, {}).status();
  if (absl::IsNotFound(found) || (absl::IsInvalidArgument(found) && !options_.recursor_url.empty()))
    return false;
  IPAM_RETURN_IF_ERROR(found);
  return true;
}

absl::StatusOr<Unexpressed> PowerDnsActuator::PutForwarder(const v1::DnsConditionalForwarder& forwarder) {
  Json wanted = {{"name", Canonical(forwarder.name())},
                 {"type", "Zone"},
                 {"kind", "Forwarded"},
                 {"servers", Addresses(forwarder.master_servers())},
                 {"recursion_desired", true}};
  const std::string path = absl::StrCat("/zones/", ZoneId(forwarder.name()));
  IPAM_ASSIGN_OR_RETURN(const bool there, HasForwarder(path));
  IPAM_RETURN_IF_ERROR(
      Call(options_.recursor_url, there ? "PUT" : "POST", there ? path : "/zones", wanted).status());
  Unexpressed out;
  const auto note = [&](const char* what) {
    out.push_back(absl::StrCat("forwarder ", forwarder.name(), ": ", what));
  };
  if (forwarder.conditional_forwarder_type() == v1::DNS_CONDITIONAL_FORWARDER_TYPE_AD_INTEGRATED) {
    note("PowerDNS keeps no forwarder in a directory");
  }
  if (forwarder.forwarder_timeout() != 0) note("PowerDNS has one time-out for all forwarders");
  return out;
}

absl::Status PowerDnsActuator::DeleteForwarder(const std::string& zone) {
  const std::string path = absl::StrCat("/zones/", ZoneId(zone));
  IPAM_ASSIGN_OR_RETURN(const bool there, HasForwarder(path));
  if (!there) return absl::OkStatus();
  return Call(options_.recursor_url, "DELETE", path, {}).status();
}

}  // namespace ipam::powerdns
