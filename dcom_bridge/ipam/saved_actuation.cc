#include "dcom_bridge/ipam/saved_actuation.h"

#include <nlohmann/json.hpp>

namespace ipam::engine {

using Json = nlohmann::json;

// Found by their argument, as the library asks for.
static void to_json(Json& out, const ServerKey& key) { out = {key.role == ServerKey::Role::kDhcp, key.id}; }

static void from_json(const Json& in, ServerKey& key) {
  key.role = in.at(0).get<bool>() ? ServerKey::Role::kDhcp : ServerKey::Role::kDns;
  in.at(1).get_to(key.id);
}

static Lookup LookupOf(const Json& in) { return in.get<bool>() ? Lookup::kReverse : Lookup::kForward; }

static void to_json(Json& out, const Touched& touched) {
  Json zones = Json::array();
  for (const Touched::Zone& zone : touched.zones) {
    zones.push_back(
        {zone.server_id, zone.lookup == Lookup::kReverse, zone.name, zone.was_there, zone.is_there});
  }
  Json records = Json::array();
  for (const Touched::Records& set : touched.records) {
    records.push_back({set.lookup == Lookup::kReverse, set.zone_id, set.name, static_cast<int>(set.type)});
  }
  Json forwarders = Json::array();
  for (const Touched::Forwarder& one : touched.forwarders) forwarders.push_back({one.server_id, one.name});
  out = {{"dhcp", touched.dhcp_servers}, {"zones", zones}, {"records", records}, {"forwarders", forwarders}};
}

static void from_json(const Json& in, Touched& touched) {
  in.at("dhcp").get_to(touched.dhcp_servers);
  for (const Json& zone : in.at("zones")) {
    touched.zones.push_back({.server_id = zone.at(0).get<std::int64_t>(),
                             .lookup = LookupOf(zone.at(1)),
                             .name = zone.at(2).get<std::string>(),
                             .was_there = zone.at(3).get<bool>(),
                             .is_there = zone.at(4).get<bool>()});
  }
  for (const Json& set : in.at("records")) {
    touched.records.push_back({.lookup = LookupOf(set.at(0)),
                               .zone_id = set.at(1).get<std::int64_t>(),
                               .name = set.at(2).get<std::string>(),
                               .type = static_cast<v1::DnsResourceRecordType>(set.at(3).get<int>())});
  }
  for (const Json& one : in.at("forwarders")) {
    touched.forwarders.push_back(
        {.server_id = one.at(0).get<std::int64_t>(), .name = one.at(1).get<std::string>()});
  }
}

std::string ToText(const SavedActuation& saved) {
  return Json{{"servers", saved.servers}, {"touched", saved.touched}}.dump(-1, ' ', false,
                                                                           Json::error_handler_t::replace);
}

std::optional<SavedActuation> ParseSavedActuation(const std::string& text) {
  try {
    const Json parsed = Json::parse(text);
    SavedActuation saved;
    parsed.at("servers").get_to(saved.servers);
    parsed.at("touched").get_to(saved.touched);
    return saved;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace ipam::engine
