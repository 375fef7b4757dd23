#include "dcom_bridge/ipam/kea/config.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/kea/classes.h"
#include "dcom_bridge/ipam/kea/options.h"
#include "dcom_bridge/ipam/kea/subnets.h"

namespace ipam::kea {
namespace {

// Ours in the place of ours; a name that somebody else's element has stays theirs, and Kea says so.
void Replace(Json& section, const char* list, Json ours) {
  Json kept = Json::array();
  if (section.contains(list)) {
    for (Json& element : section[list]) {
      if (!IsOurs(element)) kept.push_back(std::move(element));
    }
  }
  for (Json& element : ours) kept.push_back(std::move(element));
  section[list] = std::move(kept);
}

// Hooks have no user-context: they are known by their library. What a relationship loaded goes with it, lease
// commands stay for others.
void ReplaceHooks(Json& section, Json ours, bool had_ours) {
  Json kept = Json::array();
  const auto is_ours = [&](const Json& element) {
    const std::string library = element.value("library", "");
    if (had_ours && library.ends_with("/libdhcp_ha.so")) return true;
    return std::ranges::any_of(ours, [&](const Json& one) { return one["library"] == library; });
  };
  if (section.contains("hooks-libraries")) {
    for (Json& element : section["hooks-libraries"]) {
      if (!is_ours(element)) kept.push_back(std::move(element));
    }
  }
  for (Json& element : ours) kept.push_back(std::move(element));
  section["hooks-libraries"] = std::move(kept);
}

Json OurContext(const Json& section) {
  if (!IsOurs(section)) return Json::object();
  Json context = section["user-context"][std::string(kMark)];
  return context.is_object() ? context : Json::object();
}

// FNV-1a. Kea gives elements back with defaults and in other words, so that two configurations cannot be compared.
std::string Fingerprint(const Json& ours) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : ours.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  }
  return absl::StrFormat("%016x", hash);
}

// Which of our elements a list has, by the records that they stand for.
std::vector<Json> OurRecords(const Json& section, const char* list) {
  std::vector<Json> out;
  if (!section.contains(list)) return out;
  for (const Json& element : section[list]) {
    if (IsOurs(element)) out.push_back(element["user-context"]);
  }
  return out;
}

absl::StatusOr<Wanted> Build(const engine::DhcpView& view, const Peers& peers, const Json& current) {
  const OptionDefinitions definitions(view.server);
  const int family = definitions.family();
  const std::string name = family == 4 ? "Dhcp4" : "Dhcp6";
  if (!current.is_object() || !current.contains(name) || !current[name].is_object()) {
    return absl::InvalidArgumentError(absl::StrCat("the server does not have a configuration of ", name));
  }
  Notes notes;
  IPAM_ASSIGN_OR_RETURN(HighAvailability availability, ProjectFailover(view, peers, notes));
  Classes classes = ProjectClasses(view, definitions, notes);
  IPAM_ASSIGN_OR_RETURN(Networks networks,
                        ProjectNetworks(view, definitions, classes, availability.share, notes));
  classes.definitions.push_back(
      Marked({{"name", kNobody}, {"test", "0x00 == 0x01"}}, view.server.record_id()));
  Json options = Json::array();
  for (const v1::DhcpOption* option : CommonOptions(view.server.options(), definitions)) {
    if (auto data = definitions.Data(*option, "the server", notes)) options.push_back(std::move(*data));
  }

  Json custom = definitions.Custom(notes);

  Wanted out;
  Json section = current[name];
  const Json before = OurContext(section);
  Json ours = Json::array({notes, availability.hooks});
  bool same = true;
  const auto put = [&](const char* list, Json elements) {
    ours.push_back(elements);
    Replace(section, list, std::move(elements));
    same = same && OurRecords(current[name], list) == OurRecords(section, list);
  };
  put("option-def", std::move(custom));
  put("option-data", std::move(options));
  put("client-classes", std::move(classes.definitions));
  put(family == 4 ? "subnet4" : "subnet6", std::move(networks.subnets));
  put("shared-networks", std::move(networks.shared_networks));
  ReplaceHooks(section, std::move(availability.hooks), before.value("failover", false));
  const std::string fingerprint = Fingerprint(ours);
  const bool made_before = before.value("fingerprint", "") == fingerprint;
  out.there = made_before && same;
  const Notes known = before.contains("unexpressed") ? before["unexpressed"].get<Notes>() : Notes();
  std::ranges::set_difference(notes, known, std::back_inserter(out.unexpressed));
  if (made_before && before.contains("told")) {
    before["told"].get_to(out.told);
  } else {
    out.told = out.unexpressed;
  }
  section["user-context"][std::string(kMark)] = {{"unexpressed", notes},
                                                 {"told", out.told},
                                                 {"fingerprint", fingerprint},
                                                 {"failover", !view.failovers.empty()}};
  out.configuration[name] = std::move(section);
  return out;
}

}  // namespace

absl::StatusOr<Wanted> Configure(const engine::DhcpView& view, const Peers& peers, const Json& current) {
  try {
    return Build(view, peers, current);
  } catch (const Json::exception& error) {  // a member of `current` of another type than Kea gives it
    return absl::InvalidArgumentError(absl::StrCat("the server's configuration: ", error.what()));
  }
}

}  // namespace ipam::kea
