// Conditional forwarders: the delegates of [MS-IPAMM2] 3.19.4.4.1.47 to .49.
#include "delegate_harness.h"

namespace ipam::engine {
namespace {

#define REGISTRY \
  "conditional_forwarder_type: DNS_CONDITIONAL_FORWARDER_TYPE_REGISTRY master_servers: '192.0.2.54'"
#define FORWARDERS                                                                                       \
  "SELECT record_id, server_id, name, details ->> '$.masterServers[0]', details ->> 'forwarderTimeout'," \
  " details ->> 'modifiedProperties' FROM dns_conditional_forwarders"

constexpr DelegateCase kForwarderCases[] = {
    {.name = "StoresEachForwarder",
     .operation = "CreateDnsConditionalForwarders",
     .parameters =
         "conditional_forwarders { record_id: 5 name: 'a.example' dns_server_id: 31 forwarder_timeout: 3"
         " modified_properties: 'Name' " REGISTRY "}"
         " conditional_forwarders { name: 'a.example' dns_server_id: 32 replication_scope: 'Forest'"
         " conditional_forwarder_type: DNS_CONDITIONAL_FORWARDER_TYPE_AD_INTEGRATED"
         " master_servers: '192.0.2.55' }",
     .events = "start; +1 Conditional forwarder a.example on dns1.ad.example.org; +2 Conditional forwarder "
               "a.example "
               "on dns2.ad.example.org; >1; =1 ok; 50%; >2; =2 ok; 100%; success",
     .query = FORWARDERS,
     .rows = "981|31|partner.example|192.0.2.53|5|NULL; 982|31|a.example|192.0.2.54|3|NULL; "
             "983|32|a.example|192.0.2.55|NULL|NULL"},
    {.name = "GoesOnAfterOneThatTheServerHas",
     .operation = "CreateDnsConditionalForwarders",
     .parameters = "conditional_forwarders { name: 'PARTNER.example' dns_server_id: 31 " REGISTRY "}"
                   " conditional_forwarders { name: 'b.example' dns_server_id: 4242 " REGISTRY "}"
                   " conditional_forwarders { name: 'c.example' dns_server_id: 31 " REGISTRY "}",
     .events =
         "start; +1 Conditional forwarder PARTNER.example on dns1.ad.example.org; +2 Conditional forwarder "
         "b.example on server 4242; +3 Conditional forwarder c.example on dns1.ad.example.org; >1; "
         "=1 IpamApiConditionalForwarderFailedToAdd; 33%; >2; =2 IpamApiInvalidDnsServerId; 66%; >3; =3 ok; "
         "100%; failure IpamApiConditionalForwarderFailedToAdd",
     .query = "SELECT name FROM dns_conditional_forwarders ORDER BY record_id",
     .rows = "partner.example; c.example"},
    {.name = "NeedsForwarders",
     .operation = "CreateDnsConditionalForwarders",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsANameBeforeAnythingIsMade",
     .operation = "CreateDnsConditionalForwarders",
     .parameters = "conditional_forwarders { name: 'c.example' dns_server_id: 31 " REGISTRY "}"
                   " conditional_forwarders { name: ' ' dns_server_id: 31 " REGISTRY "}",
     .events = "start; failure IpamApiInvalidConditionalForwarderName",
     .query = "SELECT count(*) FROM dns_conditional_forwarders",
     .rows = "1"},
    {.name = "NeedsAType",
     .operation = "CreateDnsConditionalForwarders",
     .parameters = "conditional_forwarders { name: 'c' dns_server_id: 31 master_servers: '192.0.2.1' }",
     .events = "start; failure IpamApiInvalidConditionalForwarderType"},
    {.name = "NeedsAServer",
     .operation = "CreateDnsConditionalForwarders",
     .parameters = "conditional_forwarders { name: 'c' " REGISTRY "}",
     .events = "start; failure IpamApiInvalidDnsServerId"},
    {.name = "NeedsAReplicationScopeInTheDirectory",
     .operation = "CreateDnsConditionalForwarders",
     .parameters = "conditional_forwarders { name: 'c' dns_server_id: 31 replication_scope: ' '"
                   " conditional_forwarder_type: DNS_CONDITIONAL_FORWARDER_TYPE_AD_INTEGRATED"
                   " master_servers: '192.0.2.1' }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "HasNoReplicationScopeInTheRegistry",
     .operation = "CreateDnsConditionalForwarders",
     .parameters =
         "conditional_forwarders { name: 'c' dns_server_id: 31 replication_scope: 'Forest' " REGISTRY "}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "HasNoPartitionInTheRegistry",
     .operation = "CreateDnsConditionalForwarders",
     .parameters =
         "conditional_forwarders { name: 'c' dns_server_id: 31 directory_partition_name: 'x' " REGISTRY "}",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsMasterServers",
     .operation = "CreateDnsConditionalForwarders",
     .parameters = "conditional_forwarders { name: 'c' dns_server_id: 31"
                   " conditional_forwarder_type: DNS_CONDITIONAL_FORWARDER_TYPE_REGISTRY }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},

    {.name = "TakesOverWhatWasModified",
     .operation = "UpdateDnsConditionalForwarders",
     .parameters =
         "conditional_forwarders { record_id: 981 name: 'partner.example' dns_server_id: 31"
         " modified_properties: ['MasterServers', 'RecordId', 'Computed'] forwarder_timeout: 9 " REGISTRY "}",
     .events =
         "start; +1 Conditional forwarder partner.example on dns1.ad.example.org; >1; =1 ok; 100%; success",
     .query = FORWARDERS,
     .rows = "981|31|partner.example|192.0.2.54|5|NULL"},
    {.name = "GoesOnAfterOneThatIsNotThere",
     .operation = "UpdateDnsConditionalForwarders",
     .parameters =
         "conditional_forwarders { record_id: 4242 name: 'x.example' dns_server_id: 31 " REGISTRY "}"
         " conditional_forwarders { record_id: 981 name: 'partner.example' dns_server_id: 31"
         " modified_properties: 'ForwarderTimeout' " REGISTRY "}",
     .events =
         "start; +1 Conditional forwarder x.example on dns1.ad.example.org; +2 Conditional forwarder "
         "partner.example on dns1.ad.example.org; >1; =1 IpamApiConditionalForwardersFailedToFetch; 50%; >2; "
         "=2 ok; 100%; failure IpamApiConditionalForwardersFailedToFetch",
     .query = FORWARDERS,
     .rows = "981|31|partner.example|192.0.2.53|NULL|NULL"},
    {.name = "KeepsNameAndServer",
     .operation = "UpdateDnsConditionalForwarders",
     .parameters = "conditional_forwarders { record_id: 981 name: 'other.example' dns_server_id: 31"
                   " modified_properties: 'Name' " REGISTRY "}"
                   " conditional_forwarders { record_id: 981 name: 'partner.example' dns_server_id: 32"
                   " modified_properties: 'DnsServerId' " REGISTRY "}",
     .events =
         "start; +1 Conditional forwarder other.example on dns1.ad.example.org; +2 Conditional forwarder "
         "partner.example on dns2.ad.example.org; >1; =1 IpamApiInvalidConditionalForwarderName; 50%; >2; "
         "=2 IpamApiInvalidDnsServerId; 100%; failure IpamApiInvalidConditionalForwarderName",
     .query = FORWARDERS,
     .rows = "981|31|partner.example|192.0.2.53|5|NULL"},
    {.name = "NeedsForwarders",
     .operation = "UpdateDnsConditionalForwarders",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsValidForwarders",
     .operation = "UpdateDnsConditionalForwarders",
     .parameters = "conditional_forwarders { record_id: 981 dns_server_id: 31 " REGISTRY "}",
     .events = "start; failure IpamApiInvalidConditionalForwarderName"},

    {.name = "RemovesEachForwarder",
     .operation = "DeleteDnsConditionalForwarders",
     .parameters =
         "conditional_forwarders { record_id: 981 name: 'partner.example' dns_server_id: 31 " REGISTRY "}",
     .events =
         "start; +1 Conditional forwarder partner.example on dns1.ad.example.org; >1; =1 ok; 100%; success",
     .query = "SELECT count(*) FROM dns_conditional_forwarders",
     .rows = "0"},
    {.name = "GoesOnAfterOneThatIsNotThere",
     .operation = "DeleteDnsConditionalForwarders",
     .parameters =
         "conditional_forwarders { record_id: 4242 name: 'x.example' dns_server_id: 31 " REGISTRY "}"
         " conditional_forwarders { record_id: 981 name: 'partner.example' dns_server_id: 31 " REGISTRY "}",
     .events =
         "start; +1 Conditional forwarder x.example on dns1.ad.example.org; +2 Conditional forwarder "
         "partner.example on dns1.ad.example.org; >1; =1 IpamApiConditionalForwardersFailedToFetch; 50%; >2; "
         "=2 ok; 100%; failure IpamApiConditionalForwardersFailedToFetch",
     .query = "SELECT count(*) FROM dns_conditional_forwarders",
     .rows = "0"},
    {.name = "KeepsOneThatTheRequestNamesOtherwise",
     .operation = "DeleteDnsConditionalForwarders",
     .parameters =
         "conditional_forwarders { record_id: 981 name: 'x.example' dns_server_id: 31 " REGISTRY "}",
     .events =
         "start; +1 Conditional forwarder x.example on dns1.ad.example.org; >1; "
         "=1 IpamApiInvalidConditionalForwarderName; 100%; failure IpamApiInvalidConditionalForwarderName",
     .query = "SELECT count(*) FROM dns_conditional_forwarders",
     .rows = "1"},
    {.name = "NeedsForwarders",
     .operation = "DeleteDnsConditionalForwarders",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsValidForwarders",
     .operation = "DeleteDnsConditionalForwarders",
     .parameters = "conditional_forwarders { record_id: 981 name: 'partner.example' dns_server_id: 31 }",
     .events = "start; failure IpamApiInvalidConditionalForwarderType"},
};
INSTANTIATE_TEST_SUITE_P(Forwarders, DelegateCases, ::testing::ValuesIn(kForwarderCases), CaseName);

// What is wrong with a forwarder that is made is wrong with one that is changed or deleted.
TEST_F(DelegateTest, ForwardersHaveToBeValidForEachOperation) {
  int tried = 0;
  for (const DelegateCase& one : kForwarderCases) {
    if (!std::string(one.name).starts_with("Needs") && !std::string(one.name).starts_with("Has")) continue;
    SCOPED_TRACE(one.name);
    ++tried;
    for (const char* operation : {"UpdateDnsConditionalForwarders", "DeleteDnsConditionalForwarders"}) {
      EXPECT_EQ(RunText(operation, one.parameters), one.events) << operation;
    }
  }
  EXPECT_GT(tried, 7);
  EXPECT_EQ(Rows("SELECT count(*) FROM dns_conditional_forwarders"), "1");
}

}  // namespace
}  // namespace ipam::engine
