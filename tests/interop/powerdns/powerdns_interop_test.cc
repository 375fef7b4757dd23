// The actuator against the PowerDNS and the Recursor of the distribution: what was asked for is what dig answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "dcom_bridge/ipam/json.h"
#include "dcom_bridge/ipam/powerdns/powerdns_actuator.h"
#include "tests/support/matchers.h"
#include "tests/support/process.h"

namespace ipam::powerdns {
namespace {

using engine::RecordSet;
using test_support::FreePort;
using test_support::Process;
using test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr const char* kKey = "k3y";

template <typename Message>
Message From(const std::string& json) {
  Message message;
  EXPECT_OK(engine::FromJson(json, message)) << json;
  return message;
}

v1::BaseDnsServerZone Primary() {
  return From<v1::BaseDnsServerZone>(
      R"({"zoneType": "ZONE_HOSTING_DNS_SERVER_TYPE_PRIMARY", "dnsServerZone": {"zone": {
    "name": "corp.Example", "dnsZone": {},
    "nsRecords": [{"recordData": {"ns": {"nameServer": "ns1.corp.example"}}, "ttl": "600s"}]}}})");
}

RecordSet Set(const std::string& name, v1::DnsResourceRecordType type, const std::vector<std::string>& data) {
  RecordSet set{.zone = "corp.example", .name = name, .type = type, .records = {}};
  for (const std::string& one : data) {
    set.records.push_back(
        From<v1::DnsResourceRecord>(absl::StrCat(R"({"ttl": "60s", "recordData": )", one, "}")));
  }
  return set;
}

// One authoritative server with a database of its own.
class Authoritative {
 public:
  Authoritative(const std::string& address, const std::string& primary) : address_(address) {
    const std::string home = directory_.path();
    EXPECT_EQ(test_support::Run("sqlite3 " + home +
                                "/pdns.db < /usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
                  .code,
              0);
    std::ofstream(home + "/pdns.conf")
        << "launch=gsqlite3\ngsqlite3-database=" << home
        << "/pdns.db\ngsqlite3-pragma-foreign-keys=yes\nlocal-address=" << address_ << ":" << dns_port_
        << "\nquery-local-address=" << address_ << "\nsocket-dir=" << home << "\napi=yes\napi-key=" << kKey
        << "\nwebserver=yes\nwebserver-address=127.0.0.1\nwebserver-port=" << api_port_
        << "\nwebserver-allow-from=127.0.0.0/8\nprimary=yes\nsecondary=yes\nallow-axfr-ips=127.0.0.0/8\n"
        << (primary.empty() ? "" : "allow-notify-from=127.0.0.0/8\n")
        << "daemon=no\nguardian=no\ndisable-syslog=yes\nwrite-pid=no\n"
        << "default-soa-content=ns1.@ hostmaster.@ 0 10800 3600 604800 3600\n";
    process_ =
        std::make_unique<Process>(std::vector<std::string>{"/usr/sbin/pdns_server", "--config-dir=" + home},
                                  std::vector<std::string>{}, directory_.path() / "pdns.log");
  }

  PowerDnsOptions options() const {
    return {.url = absl::StrCat("http://127.0.0.1:", api_port_),
            .api_key = kKey,
            .recursor_url = "",
            .attempts = 12,
            .back_off = absl::Milliseconds(20)};
  }
  std::string listen() const { return absl::StrCat(address_, ":", dns_port_); }

  // The short answers of dig.
  std::vector<std::string> Dig(const std::string& name, const std::string& type) const {
    const auto out = test_support::Run(
        absl::StrCat("dig +short +tries=3 +time=2 @", address_, " -p ", dns_port_, " ", name, " ", type));
    return absl::StrSplit(out.output, '\n', absl::SkipEmpty());
  }

 private:
  const std::string address_;
  const int dns_port_ = FreePort();
  const int api_port_ = FreePort();
  test_support::TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
};

class PowerDnsTest : public ::testing::Test {
 protected:
  Authoritative server_{"127.0.0.1", ""};
  PowerDnsActuator actuator_{server_.options()};
};

TEST_F(PowerDnsTest, ServesRecordsOfEveryTypeItHas) {
  EXPECT_THAT(*actuator_.PutZone(Primary()), IsEmpty());
  EXPECT_THAT(server_.Dig("corp.example", "NS"), ElementsAre("ns1.corp.example."));
  const auto put = [&](const std::string& name, v1::DnsResourceRecordType type,
                       const std::vector<std::string>& data) {
    EXPECT_OK(actuator_.PutRecords(Set(name, type, data))) << name;
  };
  put("www.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_A,
      {R"({"a": {"address": "10.0.0.1"}})", R"({"a": {"address": "10.0.0.2"}})"});
  put("www.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_AAAA, {R"({"aaaa": {"address": "2001:db8::1"}})"});
  put("mail.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_MX,
      {R"({"mx": {"mailServer": "www.corp.example", "preference": 10}})"});
  put("alias.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_CNAME,
      {R"({"cname": {"hostnameAlias": "WWW.corp.example"}})"});
  put("_sip._tcp.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_SRV,
      {R"({"srv": {"port": 5060, "priority": 1, "weight": 2, "serverName": "www.corp.example"}})"});
  put("text.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_TXT, {R"({"txt": {"text": "say \"hi\" \\ é"}})"});
  put("host.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_HINFO,
      {R"({"hinfo": {"cpu": "x86 64", "operatingSystem": "Linux"}})"});
  put("afs.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_AFSDB,
      {R"({"afsdb": {"serverName": "www.corp.example", "subtype": 1}})"});
  put("rp.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_RP,
      {R"({"rp": {"responsiblePerson": "a@corp.example", "description": "text.corp.example"}})"});
  put("id.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_DHCID,
      {R"({"dhcid": {"dhcid": "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="}})"});
  EXPECT_THAT(server_.Dig("www.corp.example", "A"), UnorderedElementsAre("10.0.0.1", "10.0.0.2"));
  EXPECT_THAT(server_.Dig("www.corp.example", "AAAA"), ElementsAre("2001:db8::1"));
  EXPECT_THAT(server_.Dig("mail.corp.example", "MX"), ElementsAre("10 www.corp.example."));
  EXPECT_THAT(server_.Dig("alias.corp.example", "CNAME"), ElementsAre("www.corp.example."));
  EXPECT_THAT(server_.Dig("_sip._tcp.corp.example", "SRV"), ElementsAre("1 2 5060 www.corp.example."));
  EXPECT_THAT(server_.Dig("text.corp.example", "TXT"), ElementsAre(R"("say \"hi\" \\ \195\169")"));
  EXPECT_THAT(server_.Dig("host.corp.example", "HINFO"), ElementsAre(R"("x86 64" "Linux")"));
  EXPECT_THAT(server_.Dig("afs.corp.example", "AFSDB"), ElementsAre("1 www.corp.example."));
  EXPECT_THAT(server_.Dig("rp.corp.example", "RP"), ElementsAre("a.corp.example. text.corp.example."));
  EXPECT_THAT(server_.Dig("id.corp.example", "DHCID"), ElementsAre(HasSubstr("AAIBY2")));

  put("www.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_A, {R"({"a": {"address": "10.0.0.3"}})"});
  EXPECT_THAT(server_.Dig("www.corp.example", "A"), ElementsAre("10.0.0.3"));
  put("www.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_A, {});
  EXPECT_THAT(server_.Dig("www.corp.example", "A"), IsEmpty());
}

TEST_F(PowerDnsTest, ServesALongTextInPieces) {
  ASSERT_OK(actuator_.PutZone(Primary()));
  ASSERT_OK(
      actuator_.PutRecords(Set("long.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_TXT,
                               {absl::StrCat(R"({"txt": {"text": ")", std::string(300, 'x'), R"("}})")})));
  EXPECT_THAT(server_.Dig("long.corp.example", "TXT"),
              ElementsAre(absl::StrCat("\"", std::string(255, 'x'), "\" \"", std::string(45, 'x'), "\"")));
}

TEST_F(PowerDnsTest, SaysWhatItLeavesOut) {
  v1::BaseDnsServerZone zone = Primary();
  zone.set_zone_configuration(v1::ZONE_CONFIGURATION_AD_INTEGRATED);
  zone.mutable_dns_server_zone()->mutable_zone()->set_scavenge_stale_records(true);
  zone.set_secure_secondaries(v1::DNS_SECURE_SECONDARIES_SETTING_NO_TRANSFER);
  zone.set_notify_secondaries(v1::DNS_NOTIFY_SECONDARIES_SETTING_NO_NOTIFY);
  EXPECT_THAT(*actuator_.PutZone(zone), ElementsAre(HasSubstr("directory"), HasSubstr("age"),
                                                    HasSubstr("forbids transfers"), HasSubstr("notifies")));
  EXPECT_THAT(
      *actuator_.PutRecords(Set("x.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_X25, {R"({"x25": {}})"})),
      ElementsAre(HasSubstr("type X25")));
  zone.set_zone_type(v1::ZONE_HOSTING_DNS_SERVER_TYPE_STUB);
  EXPECT_THAT(actuator_.PutZone(zone), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("stub")));
}

TEST_F(PowerDnsTest, RefusesInTheServersWords) {
  ASSERT_OK(actuator_.PutZone(Primary()));
  EXPECT_THAT(actuator_.PutRecords(Set("www.other.example", v1::DNS_RESOURCE_RECORD_TYPE_A,
                                       {R"({"a": {"address": "10.0.0.1"}})"})),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("out of zone")));
  RecordSet elsewhere =
      Set("www.other.example", v1::DNS_RESOURCE_RECORD_TYPE_A, {R"({"a": {"address": "10.0.0.1"}})"});
  elsewhere.zone = "other.example";
  EXPECT_THAT(actuator_.PutRecords(elsewhere), StatusIs(absl::StatusCode::kNotFound));
  PowerDnsOptions wrong = server_.options();
  wrong.api_key = "guess";
  EXPECT_THAT(PowerDnsActuator(wrong).PutZone(Primary()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("API key")));
}

TEST_F(PowerDnsTest, SaysThatAServerDoesNotAnswer) {
  PowerDnsActuator gone({.url = absl::StrCat("http://127.0.0.1:", FreePort()),
                         .api_key = kKey,
                         .recursor_url = "",
                         .attempts = 2,
                         .back_off = absl::ZeroDuration()});
  EXPECT_THAT(gone.PutZone(Primary()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(gone.DeleteForwarder("corp.example"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("recursor_url")));
}

TEST_F(PowerDnsTest, MakesAZoneTwiceAndDeletesItTwice) {
  ASSERT_OK(actuator_.PutZone(Primary()));
  ASSERT_OK(actuator_.PutZone(Primary()));
  ASSERT_OK(actuator_.ReloadZone("corp.example"));
  ASSERT_OK(actuator_.DeleteZone("corp.example"));
  EXPECT_THAT(server_.Dig("corp.example", "NS"), IsEmpty());
  ASSERT_OK(actuator_.DeleteZone("corp.example"));
  EXPECT_THAT(actuator_.ReloadZone("corp.example"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PowerDnsTest, HostsClasslessReverseZones) {
  v1::BaseDnsServerZone zone =
      From<v1::BaseDnsServerZone>(R"({"zoneType": "ZONE_HOSTING_DNS_SERVER_TYPE_PRIMARY",
    "dnsServerReverseZone": {"zone": {"name": "0/25.2.0.192.in-addr.arpa", "dnsReverseLookupZone": {}}}})");
  ASSERT_OK(actuator_.PutZone(zone));
  RecordSet set = Set("7.0/25.2.0.192.in-addr.arpa", v1::DNS_RESOURCE_RECORD_TYPE_PTR,
                      {R"({"ptr": {"hostname": "press.corp.example"}})"});
  set.zone = "0/25.2.0.192.in-addr.arpa";
  ASSERT_OK(actuator_.PutRecords(set));
  EXPECT_THAT(server_.Dig("7.0/25.2.0.192.in-addr.arpa", "PTR"), ElementsAre("press.corp.example."));
}

TEST_F(PowerDnsTest, TransfersAZoneToASecondary) {
  ASSERT_OK(actuator_.PutZone(Primary()));
  ASSERT_OK(actuator_.PutRecords(
      Set("www.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_A, {R"({"a": {"address": "10.0.0.1"}})"})));
  Authoritative other("127.0.0.2", server_.listen());
  PowerDnsActuator secondary(other.options());
  v1::BaseDnsServerZone zone = Primary();
  zone.set_zone_type(v1::ZONE_HOSTING_DNS_SERVER_TYPE_SECONDARY);
  zone.add_master_servers(server_.listen());
  ASSERT_OK(secondary.PutZone(zone));
  ASSERT_OK(secondary.TransferZone("corp.example"));
  // The transfer is made in the background: bounded by the test's time-out.
  while (other.Dig("www.corp.example", "A").empty()) absl::SleepFor(absl::Milliseconds(100));
  EXPECT_THAT(other.Dig("www.corp.example", "A"), ElementsAre("10.0.0.1"));
}

TEST_F(PowerDnsTest, KnowsWhichRecordsItHas) {
  ASSERT_OK(actuator_.PutZone(Primary()));
  const RecordSet set = Set("www.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_A,
                            {R"({"a": {"address": "10.0.0.1"}})", R"({"a": {"address": "10.0.0.2"}})"});
  const auto has = [this](const RecordSet& wanted) { return actuator_.HasRecords(wanted).value_or(false); };
  EXPECT_FALSE(has(set));
  RecordSet none = set;
  none.records.clear();
  EXPECT_TRUE(has(none));
  ASSERT_OK(actuator_.PutRecords(set));
  EXPECT_TRUE(has(set));
  EXPECT_FALSE(has(none));
  RecordSet other = set;
  std::swap(other.records[0], other.records[1]);
  EXPECT_TRUE(has(other)) << "in any order";
  other.records[0].mutable_ttl()->set_seconds(7);
  other.records[1].mutable_ttl()->set_seconds(7);
  EXPECT_FALSE(has(other));
  other = set;
  other.records.pop_back();
  EXPECT_FALSE(has(other));
  other.zone = "nowhere.example";
  EXPECT_FALSE(has(other));
}

TEST_F(PowerDnsTest, ForwardsAZoneAtTheRecursor) {
  ASSERT_OK(actuator_.PutZone(Primary()));
  ASSERT_OK(actuator_.PutRecords(
      Set("www.corp.example", v1::DNS_RESOURCE_RECORD_TYPE_A, {R"({"a": {"address": "10.0.0.1"}})"})));
  const test_support::TemporaryDirectory directory;
  const std::string home = directory.path();
  const int dns_port = FreePort();
  const int api_port = FreePort();
  std::filesystem::create_directory(directory.path() / "api");
  std::ofstream(home + "/recursor.conf")
      << "local-address=127.0.0.1\nlocal-port=" << dns_port << "\nsocket-dir=" << home
      << "\nconfig-dir=" << home << "\napi-config-dir=" << home << "/api\ninclude-dir=" << home
      << "/api\nforward-zones=\nforward-zones-recurse=\n"
      << "auth-zones=\ndont-query=\nhint-file=no\nsecurity-poll-suffix=\nwebserver=yes\nwebserver-address="
         "127.0.0.1\n"
      << "webserver-port=" << api_port << "\nwebserver-allow-from=127.0.0.0/8\napi-key=" << kKey
      << "\ndaemon=no\ndisable-syslog=yes\nwrite-pid=no\ndnssec=off\n";
  const Process recursor({"/usr/sbin/pdns_recursor", "--config-dir=" + home}, {},
                         directory.path() / "recursor.log");
  PowerDnsActuator actuator({.url = "",
                             .api_key = kKey,
                             .recursor_url = absl::StrCat("http://127.0.0.1:", api_port),
                             .attempts = 12,
                             .back_off = absl::Milliseconds(20)});
  v1::DnsConditionalForwarder forwarder;
  forwarder.set_name("corp.example");
  forwarder.add_master_servers("127.0.0.1:1");
  EXPECT_THAT(*actuator.PutForwarder(forwarder), IsEmpty());
  forwarder.set_master_servers(0, server_.listen());
  forwarder.set_conditional_forwarder_type(v1::DNS_CONDITIONAL_FORWARDER_TYPE_AD_INTEGRATED);
  EXPECT_THAT(*actuator.PutForwarder(forwarder), ElementsAre(HasSubstr("directory")));
  const auto dig = [&] {
    return test_support::Run(
               absl::StrCat("dig +short +tries=3 +time=2 @127.0.0.1 -p ", dns_port, " www.corp.example A"))
        .output;
  };
  EXPECT_EQ(dig(), "10.0.0.1\n");
  ASSERT_OK(actuator.DeleteForwarder("corp.example"));
  ASSERT_OK(actuator.DeleteForwarder("corp.example"));
  EXPECT_EQ(dig(), "");
}

}  // namespace
}  // namespace ipam::powerdns
