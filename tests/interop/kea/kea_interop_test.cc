// The actuator against the Kea of the distribution: what was asked for is read back with config-get, what is refused
// changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "dcom_bridge/ipam/dhcp_actuator.h"
#include "dcom_bridge/ipam/json.h"
#include "dcom_bridge/ipam/kea/kea_actuator.h"
#include "tests/support/matchers.h"
#include "tests/support/process.h"

namespace ipam::kea {
namespace {

using engine::DhcpChange;
using engine::DhcpView;
using test_support::Process;
using test_support::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <typename Message>
Message From(const std::string& json) {
  Message message;
  EXPECT_OK(engine::FromJson(json, message)) << json;
  return message;
}

class KeaTest : public ::testing::TestWithParam<int> {
 protected:
  KeaTest() { StartServer(); }

  int family() const { return GetParam(); }
  std::string name() const { return family() == 4 ? "Dhcp4" : "Dhcp6"; }
  std::string socket() const { return directory_.path() / "control.sock"; }

  std::unique_ptr<Process> Start(const std::string& program, const std::vector<std::string>& arguments,
                                 const Json& configuration) {
    const std::string home = directory_.path();
    const std::string file = home + "/" + program + ".json";
    std::ofstream(file) << configuration.dump(2);
    std::vector<std::string> command = {"/usr/sbin/" + program};
    command.insert(command.end(), arguments.begin(), arguments.end());
    command.insert(command.end(), {"-c", file});
    return std::make_unique<Process>(
        std::move(command),
        std::vector<std::string>{"KEA_PIDFILE_DIR=" + home, "KEA_LOCKFILE_DIR=" + home,
                                 "KEA_LOGGER_DESTINATION=stderr"},
        directory_.path() / (program + ".log"));
  }

  void StartServer() {
    const Json configuration = {
        {name(),
         {{"interfaces-config", {{"interfaces", Json::array()}}},
          {"control-socket", {{"socket-type", "unix"}, {"socket-name", socket()}}},
          {"lease-database", {{"type", "memfile"}, {"persist", false}}},
          {"data-directory", directory_.path().string()},
          {family() == 4 ? "subnet4" : "subnet6",
           {{{"id", 5}, {"subnet", family() == 4 ? "10.55.0.0/16" : "2001:db8:55::/64"}}}},
          {"loggers", {{{"name", "*"}, {"severity", "WARN"}}}}}}};
    Json ours = configuration;
    if (family() == 4) ours[name()].erase("data-directory");
    server_ =
        Start(family() == 4 ? "kea-dhcp4" : "kea-dhcp6", {"-p", family() == 4 ? "10067" : "10547"}, ours);
    // A new server needs a moment to listen.
    const ControlChannel patient({.socket = socket(), .attempts = 12, .back_off = absl::Milliseconds(20)},
                                 family());
    EXPECT_OK(patient.Send("config-get"));
  }

  Json Get() {
    auto answer = ControlChannel({.socket = socket()}, family()).Send("config-get");
    EXPECT_OK(answer);
    return answer.ok() ? (*answer)[name()] : Json();
  }

  KeaActuator Actuator() { return KeaActuator({.channel = {.socket = socket()}, .peers = {}}); }

  Json Subnets() { return Get()[family() == 4 ? "subnet4" : "subnet6"]; }

  // Everything that a view can say of this family.
  DhcpView Everything() {
    DhcpView view;
    if (family() == 6) {
      view.server = From<v1::DhcpServer>(R"({"recordId": 19, "v6": {}, "optionDefinitions": {
        "optionDefinitionsInCollection": [
          {"recordId": 23, "optionId": 23, "optionType": "DHCP_OPTION_TYPE_IPV6_ADDRESS", "v6": {}}]},
        "userClasses": {"userClassesInCollection": [{"recordId": 4, "name": "lab", "value": "bGFi", "v6": {}}]}})");
      view.scopes.push_back(
          From<v1::DhcpScope>(R"({"recordId": 300, "scopeId": "2001:db8::", "prefixLength": 64,
        "v6": {"validLeaseTime": "86400s", "preferredLeaseTime": "43200s"},
        "options": {"optionsInCollection": [
          {"recordId": 1, "optionDefinition": {"recordId": 23}, "v6": {}, "values": [{"ipAddress": "2001:db8::53"}]},
          {"recordId": 2, "optionDefinition": {"recordId": 23}, "v6": {}, "userClass": {"recordId": 4},
           "values": [{"ipAddress": "2001:db8::54"}]}]},
        "exclusionRanges": {"exclusionRangesInCollection": [
          {"startAddress": "2001:db8::", "endAddress": "2001:db8::ff"}]}})"));
      view.reservations.push_back(From<v1::DhcpReservation>(R"({"recordId": 7, "address": "2001:db8::7",
        "name": "press", "parentScope": {"recordId": 300}, "v6": {"duid": "00-01-00-01-2A-3B", "iaid": 9}})"));
      return view;
    }
    view.server = From<v1::DhcpServer>(R"({"recordId": 17,
      "v4": {"denyFilterEnabled": "DHCP_OPERATION_STATE_ENABLED", "allowFilterEnabled": "DHCP_OPERATION_STATE_ENABLED"},
      "optionDefinitions": {"optionDefinitionsInCollection": [
        {"recordId": 43, "optionId": 3, "optionType": "DHCP_OPTION_TYPE_IP_ADDRESS", "v4": {}},
        {"recordId": 55, "optionId": 15, "optionType": "DHCP_OPTION_TYPE_STRING", "v4": {}},
        {"recordId": 60, "optionId": 224, "optionType": "DHCP_OPTION_TYPE_WORD",
         "optionCollectionType": "DHCP_OPTION_COLLECTION_TYPE_MULTI_VALUE", "v4": {}},
        {"recordId": 61, "optionId": 225, "optionType": "DHCP_OPTION_TYPE_BINARY_DATA", "v4": {}},
        {"recordId": 70, "optionId": 1, "optionType": "DHCP_OPTION_TYPE_D_WORD", "vendorClass": {"recordId": 2}, "v4": {}}]},
      "userClasses": {"userClassesInCollection": [{"recordId": 4, "name": "lab", "value": "bGFi", "v4": {}}]},
      "vendorClasses": {"vendorClassesInCollection": [{"recordId": 2, "name": "MSFT", "value": "TVNGVA==", "v4": {}}]},
      "options": {"optionsInCollection": [
        {"recordId": 1, "optionDefinition": {"recordId": 55}, "v4": {}, "values": [{"text": "example.org"}]},
        {"recordId": 2, "optionDefinition": {"recordId": 60}, "v4": {}, "values": [{"unsignedInt": 7}, {"unsignedInt": 9}]},
        {"recordId": 3, "optionDefinition": {"recordId": 61}, "v4": {}, "values": [{"binary": "3q0="}]},
        {"recordId": 4, "optionDefinition": {"recordId": 70}, "v4": {}, "values": [{"unsignedInt": 1}]}]}})");
    view.superscopes.push_back(From<v1::DhcpSuperscopeV4>(R"({"recordId": 3, "name": "Hall"})"));
    view.scopes.push_back(
        From<v1::DhcpScope>(R"({"recordId": 208, "scopeId": "192.168.8.0", "prefixLength": 24,
      "startAddress": "192.168.8.20", "endAddress": "192.168.8.240", "status": "DHCP_SCOPE_STATUS_ACTIVATED",
      "dnsUpdateType": "DHCP_DNS_UPDATE_TYPE_DYNAMIC_UPDATE_ALWAYS",
      "v4": {"leaseDuration": "28800s", "leaseDurationType": "DHCP_LEASE_DURATION_TYPE_LIMITED", "superscopeRecordId": 3},
      "exclusionRanges": {"exclusionRangesInCollection": [
        {"startAddress": "192.168.8.20", "endAddress": "192.168.8.29"}]},
      "options": {"optionsInCollection": [
        {"recordId": 11, "optionDefinition": {"recordId": 43}, "v4": {}, "values": [{"ipAddress": "192.168.8.1"}]},
        {"recordId": 12, "optionDefinition": {"recordId": 43}, "userClass": {"recordId": 4}, "v4": {},
         "values": [{"ipAddress": "192.168.8.2"}]}]}})"));
    view.scopes.push_back(
        From<v1::DhcpScope>(R"({"recordId": 209, "scopeId": "192.168.9.0", "prefixLength": 24,
      "startAddress": "192.168.9.20", "endAddress": "192.168.9.240", "status": "DHCP_SCOPE_STATUS_DEACTIVATED",
      "v4": {"leaseDurationType": "DHCP_LEASE_DURATION_TYPE_UNLIMITED"}})"));
    view.reservations.push_back(
        From<v1::DhcpReservation>(R"({"recordId": 7, "address": "192.168.8.50", "name": "press",
      "parentScope": {"recordId": 208}, "v4": {"macAddress": "00-1B-77-49-54-FD"},
      "options": {"optionsInCollection": [
        {"recordId": 21, "optionDefinition": {"recordId": 55}, "v4": {}, "values": [{"text": "press.example.org"}]}]}})"));
    view.policies.push_back(From<v1::DhcpPolicyV4>(R"({"policyId": 9, "policyName": "Phones", "state": true,
      "scopeRecordId": 208, "condition": {"macAddress": ["EQ", "001B77*"], "relayAgentCidInfo": ["NE", "0102"],
        "userClass": ["EQ", "lab"], "vendorClass": ["EQ", "MSFT"], "operator": "POLICY_OPERATOR_AND"},
      "ranges": [{"startIpAddress": "192.168.8.200", "endIpAddress": "192.168.8.210"}],
      "leaseDurationType": "DHCP_LEASE_DURATION_TYPE_LIMITED", "leaseDuration": "600s",
      "options": {"optionsInCollection": [
        {"recordId": 31, "optionDefinition": {"recordId": 55}, "v4": {}, "values": [{"text": "phones.example.org"}]}]}})"));
    for (int i = 0; i < 450; ++i) {
      v1::DhcpFilter filter;
      filter.set_mac_address("02-00-00-00-" + std::string(i % 2 == 0 ? "0" : "1") + "0-" +
                             Hex(std::string(1, static_cast<char>(i / 2))));
      filter.set_is_allow(i % 2 == 0);
      view.filters.push_back(filter);
    }
    return view;
  }

  std::unique_ptr<DhcpChange> MustTest(const DhcpView& view) {
    KeaActuator actuator = Actuator();
    auto change = actuator.Test(view, false);
    EXPECT_OK(change);
    return change.ok() ? std::move(*change) : nullptr;
  }

  test_support::TemporaryDirectory directory_;
  std::unique_ptr<Process> server_;
};

TEST_P(KeaTest, HoldsAllThatAViewSays) {
  auto change = MustTest(Everything());
  ASSERT_NE(change, nullptr);
  EXPECT_EQ(Subnets().size(), 1U) << "a test changes nothing";
  ASSERT_OK(change->Commit());
  const Json now = Get();
  if (family() == 4) {
    EXPECT_EQ(now["subnet4"].size(), 2U);
    EXPECT_EQ(now["shared-networks"][0]["subnet4"][0]["subnet"], "192.168.8.0/24");
    EXPECT_EQ(now["shared-networks"][0]["subnet4"][0]["valid-lifetime"], 28800);
    EXPECT_EQ(now["shared-networks"][0]["subnet4"][0]["reservations"][0]["hw-address"], "00:1b:77:49:54:fd");
  } else {
    EXPECT_EQ(now["subnet6"].size(), 2U);
    EXPECT_EQ(now["subnet6"][1]["reservations"][0]["ip-addresses"][0], "2001:db8::7");
  }
  // What was told once is not told again.
  auto again = MustTest(Everything());
  ASSERT_NE(again, nullptr);
  EXPECT_THAT(again->unexpressed(), IsEmpty());
  ASSERT_OK(again->Commit());
}

TEST_P(KeaTest, LeavesAChangeAloneThatItHasAlready) {
  auto change = MustTest(Everything());
  ASSERT_NE(change, nullptr);
  ASSERT_OK(change->Commit());
  const Json once = Get();
  // As after a death between config-set and config-write.
  const auto file = directory_.path() / (family() == 4 ? "kea-dhcp4.json" : "kea-dhcp6.json");
  std::filesystem::remove(file);
  KeaActuator actuator = Actuator();
  auto again = actuator.Test(Everything(), true);
  ASSERT_OK(again);
  EXPECT_EQ((*again)->unexpressed(), change->unexpressed());
  ASSERT_OK((*again)->Commit());
  EXPECT_EQ(Get(), once);
  EXPECT_THAT(Json::parse(std::ifstream(file))[name()][family() == 4 ? "subnet4" : "subnet6"].size(), 2U);
  ASSERT_OK((*again)->Undo());
  EXPECT_EQ(Get(), once);
  DhcpView other = Everything();
  other.reservations.clear();
  auto changed = actuator.Test(other, true);
  ASSERT_OK(changed);
  ASSERT_OK((*changed)->Commit());
  EXPECT_NE(Get(), once) << "another view is another change";
}

TEST_P(KeaTest, KeepsAChangeOverARestart) {
  auto change = MustTest(Everything());
  ASSERT_NE(change, nullptr);
  ASSERT_OK(change->Commit());
  const auto file = directory_.path() / (family() == 4 ? "kea-dhcp4.json" : "kea-dhcp6.json");
  EXPECT_THAT(Json::parse(std::ifstream(file))[name()][family() == 4 ? "subnet4" : "subnet6"].size(), 2U);
}

TEST_P(KeaTest, UndoesAChange) {
  const Json before = Get();
  auto change = MustTest(Everything());
  ASSERT_NE(change, nullptr);
  ASSERT_OK(change->Commit());
  EXPECT_NE(Get(), before);
  ASSERT_OK(change->Undo());
  EXPECT_EQ(Get(), before);
}

TEST_P(KeaTest, ChangesNothingThatItRefuses) {
  const Json before = Get();
  DhcpView view = Everything();
  v1::DhcpScope same = view.scopes[0];
  same.set_record_id(999);
  view.scopes.push_back(same);
  KeaActuator actuator = Actuator();
  EXPECT_THAT(actuator.Test(view, false), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("subnet")));
  EXPECT_EQ(Get(), before);
}

TEST_P(KeaTest, DoesNotOverwriteTheChangeOfSomebodyElse) {
  auto first = MustTest(Everything());
  DhcpView other = Everything();
  other.scopes.pop_back();
  auto second = MustTest(other);
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  ASSERT_OK(first->Commit());
  const Json between = Get();
  EXPECT_THAT(second->Commit(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Get(), between);
}

TEST_P(KeaTest, IsReachedThroughTheControlAgentToo) {
  const int port = test_support::FreePort();
  const Json agent = {
      {"Control-agent",
       {{"http-host", "127.0.0.1"},
        {"http-port", port},
        {"authentication",
         {{"type", "basic"}, {"realm", "kea"}, {"clients", {{{"user", "ipam"}, {"password", "secret"}}}}}},
        {"control-sockets",
         {{family() == 4 ? "dhcp4" : "dhcp6", {{"socket-type", "unix"}, {"socket-name", socket()}}}}}}}};
  const auto process = Start("kea-ctrl-agent", {}, agent);
  ChannelOptions options = {.url = "http://127.0.0.1:" + std::to_string(port) + "/",
                            .user = "ipam",
                            .password = "secret",
                            .attempts = 12,
                            .back_off = absl::Milliseconds(20)};
  KeaActuator actuator({.channel = options, .peers = {}});
  auto change = actuator.Test(Everything(), false);
  ASSERT_OK(change);
  ASSERT_OK((*change)->Commit());
  EXPECT_EQ(Subnets().size(), 2U);
  options.password = "guess";
  KeaActuator refused({.channel = options, .peers = {}});
  EXPECT_THAT(refused.Test(Everything(), false),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("password")));
}

TEST_P(KeaTest, SaysThatAServerDoesNotAnswer) {
  auto change = MustTest(Everything());
  ASSERT_NE(change, nullptr);
  server_->Kill();
  EXPECT_THAT(change->Commit(), StatusIs(absl::StatusCode::kUnavailable));
  KeaActuator actuator = Actuator();
  EXPECT_THAT(actuator.Test(Everything(), false), StatusIs(absl::StatusCode::kUnavailable));
}

INSTANTIATE_TEST_SUITE_P(Families, KeaTest, ::testing::Values(4, 6),
                         [](const auto& param) { return "Dhcp" + std::to_string(param.param); });

}  // namespace
}  // namespace ipam::kea
