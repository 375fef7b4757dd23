#include "dcom_bridge/ipam/kea/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dcom_bridge/ipam/json.h"
#include "tests/support/matchers.h"

namespace ipam::kea {
namespace {

using engine::DhcpView;
using test_support::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <typename Message>
Message From(const std::string& json) {
  Message message;
  EXPECT_OK(engine::FromJson(json, message)) << json;
  return message;
}

DhcpView Plant() {
  DhcpView view;
  view.server = From<v1::DhcpServer>(R"({"recordId": 17, "v4": {},
    "optionDefinitions": {"optionDefinitionsInCollection": [
      {"recordId": 43, "optionId": 3, "optionType": "DHCP_OPTION_TYPE_IP_ADDRESS", "optionCollectionType": "DHCP_OPTION_COLLECTION_TYPE_MULTI_VALUE", "v4": {}},
      {"recordId": 55, "optionId": 15, "optionType": "DHCP_OPTION_TYPE_STRING", "optionCollectionType": "DHCP_OPTION_COLLECTION_TYPE_SINGLE_VALUE", "v4": {}},
      {"recordId": 60, "optionId": 224, "optionType": "DHCP_OPTION_TYPE_WORD", "optionCollectionType": "DHCP_OPTION_COLLECTION_TYPE_MULTI_VALUE", "v4": {}},
      {"recordId": 61, "optionId": 225, "optionType": "DHCP_OPTION_TYPE_BINARY_DATA", "v4": {}}]}})");
  view.scopes.push_back(From<v1::DhcpScope>(R"({"recordId": 208, "scopeId": "192.168.8.0", "prefixLength": 24,
    "startAddress": "192.168.8.20", "endAddress": "192.168.8.240", "status": "DHCP_SCOPE_STATUS_ACTIVATED",
    "v4": {"leaseDuration": "28800s", "leaseDurationType": "DHCP_LEASE_DURATION_TYPE_LIMITED"},
    "options": {"optionsInCollection": [
      {"recordId": 411, "optionDefinition": {"recordId": 43}, "v4": {},
       "values": [{"ipAddress": "192.168.8.1"}, {"ipAddress": "192.168.8.2"}]}]}})"));
  return view;
}

Json Empty() { return {{"Dhcp4", {{"valid-lifetime", 4000}}}}; }

Json Subnet(const Json& configuration, std::size_t index = 0) {
  return configuration["Dhcp4"]["subnet4"].at(index);
}

std::vector<std::string> Pools(const Json& subnet) {
  std::vector<std::string> out;
  for (const Json& pool : subnet["pools"]) {
    out.push_back(pool["pool"].get<std::string>() + (pool.contains("client-class") ? " " : "") +
                  pool.value("client-class", ""));
  }
  return out;
}

Wanted MustConfigure(const DhcpView& view, const Json& current = Empty(), const Peers& peers = {}) {
  auto wanted = Configure(view, peers, current);
  EXPECT_OK(wanted);
  return wanted.ok() ? *std::move(wanted) : Wanted{};
}

TEST(Configure, MakesAScopeASubnetWithItsLeaseAndOptions) {
  const Wanted wanted = MustConfigure(Plant());
  const Json subnet = Subnet(wanted.configuration);
  EXPECT_EQ(subnet["id"], 208);
  EXPECT_EQ(subnet["subnet"], "192.168.8.0/24");
  EXPECT_EQ(subnet["valid-lifetime"], 28800);
  EXPECT_THAT(Pools(subnet), ElementsAre("192.168.8.20 - 192.168.8.240"));
  EXPECT_EQ(subnet["option-data"][0]["code"], 3);
  EXPECT_EQ(subnet["option-data"][0]["data"], "192.168.8.1, 192.168.8.2");
  EXPECT_FALSE(subnet.contains("client-class"));
  EXPECT_THAT(wanted.unexpressed, IsEmpty());
  EXPECT_EQ(wanted.configuration["Dhcp4"]["valid-lifetime"], 4000) << "what is not ours stays";
}

TEST(Configure, SplitsPoolsAtExclusions) {
  DhcpView view = Plant();
  for (const auto& [start, end] :
       {std::pair("192.168.8.20", "192.168.8.29"), {"192.168.8.100", "192.168.8.100"}}) {
    auto& range = *view.scopes[0].mutable_exclusion_ranges()->add_exclusion_ranges_in_collection();
    range.set_start_address(start);
    range.set_end_address(end);
  }
  EXPECT_THAT(Pools(Subnet(MustConfigure(view).configuration)),
              ElementsAre("192.168.8.30 - 192.168.8.99", "192.168.8.101 - 192.168.8.240"));
}

TEST(Configure, DefinesOptionsThatKeaDoesNotKnow) {
  DhcpView view = Plant();
  auto& options = *view.scopes[0].mutable_options();
  *options.add_options_in_collection() = From<v1::DhcpOption>(
      R"({"optionDefinition": {"recordId": 60}, "v4": {}, "values": [{"unsignedInt": 7}, {"signedInt": 9}]})");
  *options.add_options_in_collection() = From<v1::DhcpOption>(
      R"({"optionDefinition": {"recordId": 61}, "v4": {}, "values": [{"binary": "3q0="}]})");
  *options.add_options_in_collection() = From<v1::DhcpOption>(
      R"({"optionDefinition": {"recordId": 55}, "v4": {}, "values": [{"text": "a,b.example.org"}]})");
  const Json configuration = MustConfigure(view).configuration;
  const Json definitions = configuration["Dhcp4"]["option-def"];
  ASSERT_EQ(definitions.size(), 2U) << "3 and 15 are Kea's own";
  EXPECT_EQ(definitions[0]["type"], "uint16");
  EXPECT_EQ(definitions[0]["array"], true);
  EXPECT_EQ(definitions[1]["type"], "binary");
  const Json data = Subnet(configuration)["option-data"];
  EXPECT_EQ(data[1]["data"], "7, 9");
  EXPECT_EQ(data[2]["data"], "dead");
  EXPECT_EQ(data[2]["csv-format"], false);
  EXPECT_EQ(data[3]["data"], "a\\,b.example.org");
}

TEST(Configure, KeepsAnInactiveScopeFromEveryClient) {
  DhcpView view = Plant();
  view.scopes[0].set_status(v1::DHCP_SCOPE_STATUS_DEACTIVATED);
  EXPECT_EQ(Subnet(MustConfigure(view).configuration)["client-class"], kNobody);
}

TEST(Configure, PutsReservationsInTheirScope) {
  DhcpView view = Plant();
  view.reservations.push_back(
      From<v1::DhcpReservation>(R"({"recordId": 7, "address": "192.168.8.50", "name": "press",
    "parentScope": {"recordId": 208}, "v4": {"macAddress": "00-1B-77-49-54-FD"}})"));
  view.reservations.push_back(From<v1::DhcpReservation>(
      R"({"recordId": 8, "address": "10.0.0.1", "parentScope": {"recordId": 999}, "v4": {"macAddress": "001B774954FE"}})"));
  const Json reservations = Subnet(MustConfigure(view).configuration)["reservations"];
  ASSERT_EQ(reservations.size(), 1U);
  EXPECT_EQ(reservations[0]["hw-address"], "00:1b:77:49:54:fd");
  EXPECT_EQ(reservations[0]["ip-address"], "192.168.8.50");
  EXPECT_EQ(reservations[0]["hostname"], "press");
}

TEST(Configure, MakesASuperscopeASharedNetwork) {
  DhcpView view = Plant();
  view.superscopes.push_back(From<v1::DhcpSuperscopeV4>(R"({"recordId": 3, "name": "Hall"})"));
  view.superscopes.push_back(From<v1::DhcpSuperscopeV4>(R"({"recordId": 4, "name": "Empty"})"));
  view.scopes[0].mutable_v4()->set_superscope_record_id(3);
  const Json section = MustConfigure(view).configuration["Dhcp4"];
  EXPECT_THAT(section["subnet4"], IsEmpty());
  ASSERT_EQ(section["shared-networks"].size(), 1U);
  EXPECT_EQ(section["shared-networks"][0]["name"], "Hall");
  EXPECT_EQ(section["shared-networks"][0]["subnet4"][0]["id"], 208);
}

TEST(Configure, ReplacesWhatIsOursAndKeepsTheRest) {
  Json current = MustConfigure(Plant()).configuration;
  current["Dhcp4"]["subnet4"].push_back({{"id", 5}, {"subnet", "10.0.0.0/8"}});
  current["Dhcp4"]["client-classes"].push_back({{"name", "theirs"}});
  DhcpView view = Plant();
  view.scopes[0].set_record_id(209);
  const Json section = MustConfigure(view, current).configuration["Dhcp4"];
  ASSERT_EQ(section["subnet4"].size(), 2U);
  EXPECT_EQ(section["subnet4"][0]["id"], 5);
  EXPECT_EQ(section["subnet4"][1]["id"], 209);
  EXPECT_THAT(section["client-classes"], Contains(Json{{"name", "theirs"}}));
}

TEST(Configure, IsTheSameConfigurationTheSecondTime) {
  const Json once = MustConfigure(Plant()).configuration;
  EXPECT_EQ(MustConfigure(Plant(), once).configuration, once);
}

TEST(Configure, KnowsWhatWasMadeBeforeThoughKeaGivesItInOtherWords) {
  DhcpView view = Plant();
  view.scopes[0].mutable_v4()->set_subnet_delay(5);
  const Wanted first = MustConfigure(view);
  EXPECT_FALSE(first.there);
  Json now = first.configuration;
  now["Dhcp4"]["subnet4"][0]["4o6-interface"] = "";
  now["Dhcp4"]["subnet4"].insert(now["Dhcp4"]["subnet4"].begin(), Json{{"id", 5}, {"subnet", "10.0.0.0/8"}});
  const Wanted second = MustConfigure(view, now);
  EXPECT_TRUE(second.there);
  EXPECT_THAT(second.told, ElementsAre(HasSubstr("Kea delays no offers"))) << "as the first time";

  view.scopes[0].mutable_v4()->mutable_lease_duration()->set_seconds(60);
  EXPECT_FALSE(MustConfigure(view, now).there);
  EXPECT_THAT(MustConfigure(view, now).told, IsEmpty())
      << "this change is not the first to leave it unexpressed";
  view = Plant();
  view.scopes[0].mutable_v4()->set_subnet_delay(5);
  now["Dhcp4"]["subnet4"].erase(1);
  EXPECT_FALSE(MustConfigure(view, now).there) << "somebody took it away";
}

TEST(Configure, NotesOnceWhatKeaCannotSay) {
  DhcpView view = Plant();
  view.scopes[0].mutable_v4()->set_subnet_delay(5);
  const Wanted first = MustConfigure(view);
  EXPECT_THAT(first.unexpressed, ElementsAre(HasSubstr("Kea delays no offers")));
  EXPECT_THAT(MustConfigure(view, first.configuration).unexpressed, IsEmpty());
}

TEST(Configure, DropsDeniedAndNotAllowedClients) {
  DhcpView view = Plant();
  view.filters.push_back(From<v1::DhcpFilter>(R"({"macAddress": "00-1B-77-*"})"));
  view.filters.push_back(From<v1::DhcpFilter>(R"({"macAddress": "02-00-00-00-00-01", "isAllow": true})"));
  view.server.mutable_v4()->set_deny_filter_enabled(v1::DHCP_OPERATION_STATE_ENABLED);
  const auto classes = [&] { return MustConfigure(view).configuration["Dhcp4"]["client-classes"]; };
  EXPECT_EQ(classes()[0]["test"], "(substring(pkt4.mac, 0, 3) == 0x001B77)");
  EXPECT_EQ(classes()[1]["name"], "DROP");
  EXPECT_EQ(classes()[1]["test"], "member('ipam-deny-0')");
  view.server.mutable_v4()->set_allow_filter_enabled(v1::DHCP_OPERATION_STATE_ENABLED);
  EXPECT_EQ(classes()[2]["test"], "member('ipam-deny-0') or not (member('ipam-allow-0'))");
  view.filters.clear();
  EXPECT_EQ(classes()[0]["test"], "0x00 == 0x00") << "an allow list without a client lets nobody in";
}

TEST(Configure, GivesAPolicyItsRangeAndItsOptions) {
  DhcpView view = Plant();
  view.policies.push_back(From<v1::DhcpPolicyV4>(R"({"policyId": 9, "policyName": "Phones", "state": true,
    "scopeRecordId": 208, "condition": {"macAddress": ["EQ", "001B77*", "NE", "001B77000001"], "operator": "POLICY_OPERATOR_AND"},
    "ranges": [{"startIpAddress": "192.168.8.200", "endIpAddress": "192.168.8.210"}],
    "leaseDurationType": "DHCP_LEASE_DURATION_TYPE_LIMITED", "leaseDuration": "600s",
    "options": {"optionsInCollection": [
      {"optionDefinition": {"recordId": 55}, "v4": {}, "values": [{"text": "phones.example.org"}]}]}})"));
  const Json section = MustConfigure(view).configuration["Dhcp4"];
  EXPECT_EQ(section["client-classes"][0]["test"],
            "((substring(pkt4.mac, 0, 3) == 0x001B77)) and (not (pkt4.mac == 0x001B77000001))");
  EXPECT_EQ(section["client-classes"][1]["only-if-required"], true);
  EXPECT_EQ(section["client-classes"][1]["valid-lifetime"], 600);
  EXPECT_EQ(section["client-classes"][1]["option-data"][0]["data"], "phones.example.org");
  EXPECT_EQ(section["subnet4"][0]["require-client-classes"], Json({"ipam-policy-9-options"}));
  EXPECT_THAT(Pools(section["subnet4"][0]),
              ElementsAre("192.168.8.200 - 192.168.8.210 ipam-policy-9", "192.168.8.20 - 192.168.8.199",
                          "192.168.8.211 - 192.168.8.240"));
}

TEST(Configure, LeavesAPolicyOutThatKeaCannotTest) {
  DhcpView view = Plant();
  view.policies.push_back(From<v1::DhcpPolicyV4>(
      R"({"policyId": 9, "policyName": "Names", "state": true, "condition": {"fqdn": ["EQ", "*.example.org"]}})"));
  const Wanted wanted = MustConfigure(view);
  EXPECT_THAT(wanted.unexpressed, ElementsAre(HasSubstr("policy Names")));
  EXPECT_EQ(wanted.configuration["Dhcp4"]["client-classes"].size(), 1U);
}

TEST(Configure, SharesPoolsBetweenLoadBalancingPartners) {
  DhcpView view = Plant();
  view.failovers.push_back(
      From<v1::DhcpFailover>(R"({"relationshipName": "pair", "mode": "DHCP_FAILOVER_MODE_LOAD_BALANCE",
    "server1RecordId": 17, "server2RecordId": 18, "server1Percentage": 50, "autoStateTransition": true})"));
  const Peers peers = {.urls = {{17, "http://a/"}, {18, "http://b/"}}, .hooks_directory = "/hooks"};
  const Json section = MustConfigure(view, Empty(), peers).configuration["Dhcp4"];
  EXPECT_EQ(section["hooks-libraries"][1]["library"], "/hooks/libdhcp_ha.so");
  const Json ha = section["hooks-libraries"][1]["parameters"]["high-availability"][0];
  EXPECT_EQ(ha["this-server-name"], "server1");
  EXPECT_EQ(ha["mode"], "load-balancing");
  EXPECT_EQ(ha["peers"][1]["role"], "secondary");
  EXPECT_EQ(ha["max-response-delay"], 60'000);
  EXPECT_THAT(Pools(section["subnet4"][0]), ElementsAre("192.168.8.20 - 192.168.8.129 HA_server1",
                                                        "192.168.8.130 - 192.168.8.240 HA_server2"));
  EXPECT_THAT(Configure(view, {}, Empty()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ha_url")));

  view.failovers[0].mutable_state_switch_interval()->set_seconds(3600);
  const Wanted late = MustConfigure(view, Empty(), peers);
  EXPECT_EQ(late.configuration["Dhcp4"]["hooks-libraries"][1]["parameters"]["high-availability"][0]
                              ["max-response-delay"],
            65'535)
      << "the hook refuses more";
  EXPECT_THAT(late.unexpressed, Contains(HasSubstr("not later")));

  view.failovers.clear();
  const Json without = MustConfigure(view, {{"Dhcp4", section}}).configuration["Dhcp4"];
  ASSERT_EQ(without["hooks-libraries"].size(), 1U);
  EXPECT_EQ(without["hooks-libraries"][0]["library"], "/hooks/libdhcp_lease_cmds.so");
}

TEST(Configure, ServesAWholePrefixOfIpv6) {
  DhcpView view;
  view.server = From<v1::DhcpServer>(R"({"recordId": 19, "v6": {}})");
  view.scopes.push_back(From<v1::DhcpScope>(R"({"recordId": 300, "scopeId": "2001:db8::", "prefixLength": 64,
    "v6": {"validLeaseTime": "86400s", "preferredLeaseTime": "43200s"},
    "exclusionRanges": {"exclusionRangesInCollection": [{"startAddress": "2001:db8::", "endAddress": "2001:db8::ff"}]}})"));
  const Wanted wanted = MustConfigure(view, {{"Dhcp6", Json::object()}});
  const Json subnet = wanted.configuration["Dhcp6"]["subnet6"][0];
  EXPECT_EQ(subnet["subnet"], "2001:db8::/64");
  EXPECT_EQ(subnet["preferred-lifetime"], 43200);
  EXPECT_THAT(Pools(subnet), ElementsAre("2001:db8::100 - 2001:db8::ffff:ffff:ffff:ffff"));
}

TEST(Configure, RefusesAConfigurationOfOtherTypes) {
  const Json marked = {{"ipam", {{"unexpressed", 7}}}};
  for (const Json& section : std::vector<Json>{{{"user-context", "text"}},
                                               {{"user-context", marked}},
                                               {{"user-context", {{"ipam", {{"failover", "yes"}}}}}},
                                               {{"hooks-libraries", {7}}}}) {
    EXPECT_THAT(Configure(Plant(), {}, {{"Dhcp4", section}}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("the server's configuration")))
        << section;
  }
}

TEST(Configure, NotesDnsSettingsThatKeaHasForAWholeServer) {
  DhcpView view = Plant();
  view.scopes[0].set_dns_name_protection_status(v1::DHCP_DNS_NAME_PROTECTION_STATUS_ENABLED);
  view.scopes[0].mutable_v4()->set_dns_disable_dynamic_ptr_updates(
      v1::DNS_DISABLE_DYNAMIC_PTR_UPDATE_TYPE_ENABLED);
  EXPECT_THAT(MustConfigure(view).unexpressed,
              ElementsAre(HasSubstr("protects names"), HasSubstr("PTR records")));
}

TEST(Configure, RefusesWhatKeaCannotHold) {
  DhcpView view = Plant();
  EXPECT_THAT(Configure(view, {}, Json::array()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Configure(view, {}, {{"Dhcp6", Json::object()}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Dhcp4")));
  view.scopes[0].set_record_id(0x1'0000'0000);
  EXPECT_THAT(Configure(view, {}, Empty()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("subnet ids")));
}

}  // namespace
}  // namespace ipam::kea
