// Servers and policies: the delegates of [MS-IPAMM2] 3.19.4.4.1.1, .2 and .12 to .17.
#include <gmock/gmock.h>

#include "delegate_harness.h"

namespace ipam::engine {
namespace {

constexpr DelegateCase kServerCases[] = {
    {.name = "ChangesWhatIsModified",
     .operation = "EditDhcpServer",
     .parameters =
         "server { record_id: 17 modified_properties: ['DnsUpdateType', 'AuditLoggingStatus',"
         " 'DnsRegistrationCredentialUserName', 'PolicyActivationState', 'DenyFilterEnabled']"
         " dns_update_type: DHCP_DNS_UPDATE_TYPE_NEVER audit_logging_status: "
         "DHCP_AUDIT_LOGGING_STATUS_ENABLED"
         " dns_registration_credential_domain_name: 'AD' dns_registration_credential_user_name: 'dhcp'"
         " dns_registration_credential_password: 'secret' v4 { policy_activation_state: POLICY_STATE_DISABLED"
         " deny_filter_enabled: DHCP_OPERATION_STATE_ENABLED"
         " dhcp_dns_not_requesting_clients_update_type: DHCP_DNS_NOT_REQUESTING_CLIENTS_UPDATE_TYPE_ENABLED "
         "} }",
     .events = "start; +1 DNS settings of dhcp1.ad.example.org; +2 Audit log of dhcp1.ad.example.org; "
               "+3 DNS credential of dhcp1.ad.example.org; +4 Policy activation of dhcp1.ad.example.org; "
               "+5 Filter state of dhcp1.ad.example.org; >1; =1 ok; 20%; >2; =2 ok; 40%; >3; =3 ok; 60%; >4; "
               "=4 ok; 80%; "
               ">5; =5 ok; 100%; success",
     .query =
         "SELECT details ->> 'dnsUpdateType', details ->> '$.v4.dhcpDnsNotRequestingClientsUpdateType', "
         "details ->>"
         " 'auditLoggingStatus', details ->> 'dnsRegistrationCredentialDomainName', details ->>"
         " 'dnsRegistrationCredentialUserName', details ->> 'dnsRegistrationCredentialPassword', details ->>"
         " '$.v4.policyActivationState', details ->> '$.v4.denyFilterEnabled' FROM dhcp_servers WHERE "
         "record_id = 17",
     .rows =
         "DHCP_DNS_UPDATE_TYPE_NEVER|DHCP_DNS_NOT_REQUESTING_CLIENTS_UPDATE_TYPE_ENABLED|"
         "DHCP_AUDIT_LOGGING_STATUS_ENABLED|AD|dhcp|NULL|POLICY_STATE_DISABLED|DHCP_OPERATION_STATE_ENABLED"},
    {.name = "HasNothingToDoWithoutModifiedProperties",
     .operation = "EditDhcpServer",
     .parameters = "server { record_id: 17 dns_update_type: DHCP_DNS_UPDATE_TYPE_NEVER v4 {} }",
     .events = "start; 100%; success",
     .query = "SELECT details ->> 'dnsUpdateType' FROM dhcp_servers WHERE record_id = 17",
     .rows = "NULL"},
    {.name = "TracksClassesDefinitionsAndOptions",
     .operation = "EditDhcpServer",
     .parameters =
         "server { record_id: 17 modified_properties: 'Options' v4 {}"
         " user_classes { operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { name: 'scanners' "
         "v4 {} } }"
         "   operation_tracker { operation: COLLECTION_OPERATIONS_SET value { record_id: 61 name: 'handsets' "
         "v4 {} } } }"
         " vendor_classes { operation_tracker { operation: COLLECTION_OPERATIONS_DELETE value { name: 'MSFT' "
         "v4 {} } }"
         "   operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { record_id: 72 name: 'ACME' v4 "
         "{} } } }"
         " option_definitions { operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { option_id: "
         "3 name: 'Vendor'"
         "   vendor_class { record_id: 72 } v4 {} } } }"
         " options { operation_tracker { operation: COLLECTION_OPERATIONS_SET value { option_definition { "
         "option_id: 3"
         "   name: 'Vendor' vendor_class { name: 'ACME' } } user_class { name: 'scanners' } values { text: "
         "'x' } v4 {} } }"
         "   operation_tracker { operation: COLLECTION_OPERATIONS_DELETE value { option_definition { "
         "record_id: 46"
         "   option_id: 6 name: 'DNS' } v4 {} } }"
         "   operation_tracker { operation: COLLECTION_OPERATIONS_PARTNER_ADD value { v4 {} } } } }",
     .events =
         "start; +1 User class scanners; +2 User class handsets; +3 Vendor class MSFT; +4 Vendor class ACME; "
         "+5 Option definition 3 Vendor; +6 Option 3 Vendor; +7 Option 6 DNS; >1; =1 ok; 14%; >2; =2 ok; "
         "28%; >3; "
         "=3 ok; 42%; >4; =4 ok; 57%; >5; =5 ok; 71%; >6; =6 ok; 85%; >7; =7 ok; 100%; success",
     .query = "SELECT (SELECT group_concat(record_id || ':' || (details ->> 'name')) FROM dhcp_user_classes "
              "WHERE server_id"
              " = 17), (SELECT group_concat(record_id || ':' || (details ->> 'name')) FROM "
              "dhcp_vendor_classes), (SELECT"
              " details ->> '$.vendorClass.name' FROM dhcp_option_definitions WHERE server_id = 17 AND "
              "record_id = 56),"
              " (SELECT group_concat(option_definition_id || ':' || user_class_id) FROM dhcp_options WHERE "
              "server_id = 17"
              " AND scope_id IS NULL AND policy_id IS NULL)",
     .rows = "61:handsets,62:scanners|72:ACME|ACME|56:62"},
    {.name = "GoesOnAfterItemsThatFail",
     .operation = "EditDhcpServer",
     .parameters =
         "server { record_id: 17 modified_properties: 'Options' v4 {}"
         " user_classes { operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { name: 'phones' v4 "
         "{} } }"
         "   operation_tracker { operation: COLLECTION_OPERATIONS_SET value { record_id: 9 name: 'x' v4 {} } "
         "} }"
         " vendor_classes { operation_tracker { operation: COLLECTION_OPERATIONS_DELETE value { record_id: 9 "
         "v4 {} } } }"
         " option_definitions { operation_tracker { operation: COLLECTION_OPERATIONS_DELETE value { "
         "record_id: 46 v4 {} } }"
         "   operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { option_id: 6 v4 {} } }"
         "   operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { option_id: 7 vendor_class { "
         "name: 'no' } v4 {} } }"
         " } options { operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { option_definition { "
         "record_id: 46 }"
         "   user_class { record_id: 9 } v4 {} } } } }",
     .events = "start; +1 User class phones; +2 User class x; +3 Vendor class ; +4 Option definition 0 ; +5 "
               "Option definition 6 ; "
               "+6 Option definition 7 ; +7 Option 0 ; >1; =1 IpamApiUserClassAlreadyExists; 14%; >2; "
               "=2 IpamApiUserClassDoesNotExist; 28%; >3; =3 IpamApiVendorClassDoesNotExist; 42%; >4; "
               "=4 IpamApiOptionDefinitionFailedToDeleteInIpamDatabase; 57%; >5; =5 "
               "IpamApiOptionDefinitionAlreadyExists; 71%; "
               ">6; =6 IpamApiOptionDefinitionAssociatedVendorClassNotFound; 85%; >7; "
               "=7 IpamApiOptionAssociatedUserClassNotFound; 100%; failure IpamApiUserClassAlreadyExists"},
    {.name = "AddsAServerByItsDnsSettings",
     .operation = "EditDhcpServer",
     .parameters = "server { modified_properties: ['DnsUpdateType', 'PurgeInterval'] dns_update_type:"
                   " DHCP_DNS_UPDATE_TYPE_NEVER server_role_info { record_id: 22 parent_server { name: 'new' "
                   "} dhcp {} }"
                   " v6 { purge_interval { seconds: 60 } } }",
     .events = "start; +1 DHCP server new; +2 DNS settings of new; +3 Stateless settings of new; >1; =1 ok; "
               "33%; >2; =2 ok; "
               "66%; >3; =3 ok; 100%; success",
     .query = "SELECT af, server_role_id, details ->> 'dnsUpdateType', details ->> '$.v6.purgeInterval' FROM "
              "dhcp_servers"
              " ORDER BY record_id DESC LIMIT 1",
     .rows = "6|22|DHCP_DNS_UPDATE_TYPE_NEVER|60s"},
    {.name = "NeedsTheRoleOfANewServer",
     .operation = "EditDhcpServer",
     .parameters =
         "server { modified_properties: 'DnsUpdateType' server_role_info { record_id: 99 dhcp {} } v4 {} }",
     .events = "start; +1 DHCP server server 0; +2 DNS settings of server 0; >1; =1 "
               "IpamApiInvalidDhcpServerRoleInfo; 50%; "
               "=2 not run; 100%; failure IpamApiInvalidDhcpServerRoleInfo"},
    {.name = "NeedsARoleForANewServer",
     .operation = "EditDhcpServer",
     .parameters = "server { record_id: 99 modified_properties: 'DnsUpdateType' v4 {} }",
     .events =
         "start; +1 DHCP server server 99; +2 DNS settings of server 99; >1; =1 "
         "IpamApiInvalidDhcpServerRoleInfo; 50%; =2 not run; 100%; failure IpamApiInvalidDhcpServerRoleInfo",
     .query = "SELECT count(*) FROM dhcp_servers",
     .rows = "3"},
    {.name = "NeedsAServerThatIsThere",
     .operation = "EditDhcpServer",
     .parameters = "server { record_id: 99 modified_properties: 'AuditLoggingStatus' v4 {} }",
     .events = "start; failure IpamApiInvalidDhcpServerRecordId"},
    {.name = "NeedsAServer",
     .operation = "EditDhcpServer",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsTheFamily",
     .operation = "EditDhcpServer",
     .parameters = "server { record_id: 17 modified_properties: 'AuditLoggingStatus' }",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "BringsAnOptionAndItsDefinitionToEachServer",
     .operation = "ApplyServerConfigurationTemplate",
     .parameters =
         "server_address_family: ADDRESS_FAMILY_INTER_NETWORK server_ids: [17, 99, 18] server_template {"
         " user_class_apply_type: DHCP_USER_CLASS_APPLY_TYPE_ADD_OR_OVERWRITE user_classes { record_id: 5 "
         "name: 'phones'"
         "   description: 'new' v4 {} }"
         " option_definition_apply_type: DHCP_OPTION_DEFINITION_APPLY_TYPE_APPEND option_definitions { "
         "record_id: 5"
         "   option_id: 66 name: 'TFTP' v4 {} }"
         " option_apply_type: DHCP_OPTION_APPLY_TYPE_ADD_OR_OVERWRITE options { option_definition { "
         "option_id: 66"
         "   name: 'TFTP' } user_class { name: 'phones' } values { text: 'tftp' } v4 {} }"
         " audit_logging_status: DHCP_AUDIT_LOGGING_STATUS_DISABLED dns_update_type: "
         "DHCP_DNS_UPDATE_TYPE_NEVER v4 {} }",
     .events =
         "start; +1 User class phones; +2 Option definition 66 TFTP; +3 Option 66 TFTP; +4 DNS settings of "
         "dhcp1.ad.example.org; +5 Audit log of dhcp1.ad.example.org; +6 DHCP server 99; +7 User class "
         "phones; +8 Option "
         "definition 66 TFTP; +9 Option 66 TFTP; +10 DNS settings of dhcp2.ad.example.org; +11 Audit log of "
         "dhcp2.ad.example.org; >1; =1 ok; 9%; >2; =2 ok; 18%; >3; =3 ok; 27%; >4; =4 ok; 36%; >5; =5 ok; "
         "45%; >6; "
         "=6 IpamApiInvalidDhcpServerRecordId; 54%; >7; =7 ok; 63%; >8; =8 ok; 72%; >9; =9 ok; 81%; >10; =10 "
         "ok; 90%; >11; "
         "=11 ok; 100%; failure IpamApiInvalidDhcpServerRecordId",
     .query = "SELECT s.record_id, s.details ->> 'auditLoggingStatus', s.details ->> "
              "'$.v4.policyActivationState', c.record_id,"
              " c.details ->> 'description', o.option_definition_id FROM dhcp_servers AS s JOIN "
              "dhcp_user_classes AS c ON"
              " c.server_id = s.record_id JOIN dhcp_options AS o ON o.server_id = s.record_id AND "
              "o.user_class_id ="
              " c.record_id ORDER BY 1",
     .rows = "17|DHCP_AUDIT_LOGGING_STATUS_DISABLED|POLICY_STATE_ENABLED|61|new|56; "
             "18|DHCP_AUDIT_LOGGING_STATUS_DISABLED|POLICY_STATE_ENABLED|1|new|56"},
    {.name = "DeletesWhatIsThereInTheOrderOfReferences",
     .operation = "ApplyServerConfigurationTemplate",
     .parameters =
         "server_address_family: ADDRESS_FAMILY_INTER_NETWORK server_ids: [17, 18] server_template {"
         " vendor_class_apply_type: DHCP_VENDOR_CLASS_APPLY_TYPE_DELETE vendor_classes { name: 'MSFT' v4 {} }"
         " option_definition_apply_type: DHCP_OPTION_DEFINITION_APPLY_TYPE_DELETE option_definitions { "
         "option_id: 6 v4 {} }"
         " option_apply_type: DHCP_OPTION_APPLY_TYPE_DELETE options { option_definition { option_id: 6 } v4 "
         "{} } v4 {} }",
     .events = "start; +1 Option 6 ; +2 Option definition 6 ; +3 Vendor class MSFT; +4 Option 6 ; +5 Option "
               "definition 6 ; "
               "+6 Vendor class MSFT; >1; =1 ok; 16%; >2; =2 ok; 33%; >3; =3 ok; 50%; >4; =4 ok; 66%; >5; =5 "
               "ok; 83%; >6; "
               "=6 ok; 100%; success",
     .query =
         "SELECT (SELECT count(*) FROM dhcp_vendor_classes), group_concat(server_id || ':' || record_id) FROM"
         " dhcp_option_definitions",
     .rows = "0|17:43,17:55,18:43,18:55"},
    {.name = "OverwritesWhatHasAValue",
     .operation = "ApplyServerConfigurationTemplate",
     .parameters = "server_address_family: ADDRESS_FAMILY_INTER_NETWORK_V6 server_ids: 19 server_template {"
                   " dns_registration_credential_user_name: 'dhcp' v6 { stateless_client_inventory_status:"
                   " DHCP_STATELESS_CLIENT_INVENTORY_STATUS_ENABLED } }",
     .events = "start; +1 DNS credential of dhcp1.ad.example.org; +2 Stateless settings of "
               "dhcp1.ad.example.org; >1; =1 ok; "
               "50%; >2; =2 ok; 100%; success",
     .query = "SELECT details ->> 'dnsRegistrationCredentialUserName', details ->> "
              "'$.v6.statelessClientInventoryStatus',"
              " details ->> '$.v6.purgeInterval' FROM dhcp_servers WHERE record_id = 19",
     .rows = "dhcp|DHCP_STATELESS_CLIENT_INVENTORY_STATUS_ENABLED|NULL"},
    {.name = "GoesOnAfterAClassThatIsThere",
     .operation = "ApplyServerConfigurationTemplate",
     .parameters =
         "server_address_family: ADDRESS_FAMILY_INTER_NETWORK server_ids: [17, 18] server_template { v4 {}"
         " user_class_apply_type: DHCP_USER_CLASS_APPLY_TYPE_CREATE user_classes { name: 'phones' v4 {} }"
         " vendor_class_apply_type: DHCP_VENDOR_CLASS_APPLY_TYPE_ADD_OR_OVERWRITE vendor_classes { name: "
         "'MSFT'"
         " description: 'd' v4 {} } option_apply_type: DHCP_OPTION_APPLY_TYPE_FIND_AND_REPLACE"
         " find_and_replace_options { option { option_definition { option_id: 6 } v4 {} } old_value { "
         "ip_address:"
         " '172.16.0.5' } new_value { ip_address: '172.16.0.7' } } }",
     .events =
         "start; +1 User class phones; +2 Vendor class MSFT; +3 Option 6 ; +4 User class phones; "
         "+5 Vendor class MSFT; +6 Option 6 ; >1; =1 IpamApiUserClassAlreadyExists; 16%; >2; =2 ok; 33%; >3; "
         "=3 ok; 50%; >4; =4 ok; 66%; >5; =5 ok; 83%; >6; =6 ok; 100%; failure IpamApiUserClassAlreadyExists",
     .query = "SELECT (SELECT group_concat(server_id || ':' || (details ->> 'description')) FROM "
              "dhcp_vendor_classes),"
              " (SELECT json_extract(details, '$.values') FROM dhcp_options WHERE record_id > 400 AND "
              "server_id = 17 AND"
              " scope_id IS NULL AND policy_id IS NULL)",
     .rows = "17:d,18:d|[{\"ipAddress\":\"172.16.0.7\"},{\"ipAddress\":\"172.16.0.6\"}]"},
    {.name = "NeedsATemplate",
     .operation = "ApplyServerConfigurationTemplate",
     .parameters = "server_address_family: ADDRESS_FAMILY_INTER_NETWORK server_ids: 17",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsAFamily",
     .operation = "ApplyServerConfigurationTemplate",
     .parameters = "server_ids: 17 server_template { v4 {} }",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsATemplateOfTheFamily",
     .operation = "ApplyServerConfigurationTemplate",
     .parameters =
         "server_address_family: ADDRESS_FAMILY_INTER_NETWORK server_ids: 17 server_template { v6 {} }",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsServers",
     .operation = "ApplyServerConfigurationTemplate",
     .parameters = "server_address_family: ADDRESS_FAMILY_INTER_NETWORK server_template { v4 {} }",
     .events = "start; failure IpamApiInvalidParameter"},
};
INSTANTIATE_TEST_SUITE_P(Servers, DelegateCases, ::testing::ValuesIn(kServerCases), CaseName);

#define NEW_POLICY "policy_name: 'scanners' server { record_id: 17 v4 {} } condition { fqdn: 'scan*' }"
#define POLICY_1001 "policy_id: 1001 policy_name: 'phones' server { record_id: 17 v4 {} } "

constexpr DelegateCase kPolicyCases[] = {
    {.name = "MakesOneOnEachServer",
     .operation = "CreateDhcpServerPolicy",
     .parameters = "server_list { record_id: 17 v4 {} } server_list { record_id: 19 v4 {} } server_list { "
                   "record_id: 18 v4 {} }"
                   " policy { " NEW_POLICY
                   " state: true options { options_in_collection { option_definition { option_id: 3"
                   " name: 'Router' } values { ip_address: '10.0.0.1' } v4 {} } } }",
     .events =
         "start; +1 Policy scanners of dhcp1.ad.example.org; +2 Option 3 Router; +3 Policy scanners of "
         "dhcp1.ad.example.org; +4 Policy scanners of dhcp2.ad.example.org; +5 Option 3 Router; >1; =1 ok; "
         "20%; >2; "
         "=2 ok; 40%; >3; =3 IpamApiInvalidDhcpServerRecordId; 60%; >4; =4 ok; 80%; >5; =5 ok; 100%; failure "
         "IpamApiInvalidDhcpServerRecordId",
     // The last in order; with its condition; its options are none of the server.
     .query = "SELECT p.server_id, p.scope_id, p.processing_order, c.details, o.server_id || "
              "coalesce(CAST(o.scope_id AS TEXT), '-') FROM"
              " dhcp_policies AS p JOIN dhcp_policy_conditions AS c ON c.policy_id = p.policy_id JOIN "
              "dhcp_options AS o ON"
              " o.policy_id = p.policy_id WHERE p.name = 'scanners' ORDER BY 1",
     .rows = "17|NULL|3|{\"fqdn\":[\"scan*\"]}|17-; 18|NULL|1|{\"fqdn\":[\"scan*\"]}|18-"},
    {.name = "StopsAtTheOptionsOfAPolicyThatCannotBeMade",
     .operation = "CreateDhcpServerPolicy",
     .parameters =
         "server_list { record_id: 17 v4 {} } server_list { record_id: 18 v4 {} } policy { " NEW_POLICY
         " options { operation_tracker { operation: COLLECTION_OPERATIONS_ADD value { option_definition {"
         " option_id: 3 name: 'Router' } v4 {} } } } }",
     .events = "start; +1 Policy scanners of dhcp1.ad.example.org; +2 Option 3 Router; "
               "+3 Policy scanners of dhcp2.ad.example.org; +4 Option 3 Router; >1; "
               "=1 IpamApiDhcpFailedToCreatePolicyInDatabase; 25%; =2 not run; 50%; >3; =3 ok; 75%; >4; =4 "
               "ok; 100%; "
               "failure IpamApiDhcpFailedToCreatePolicyInDatabase",
     .query = "SELECT server_id FROM dhcp_policies WHERE name = 'scanners'",
     .rows = "18",
     .deny = "INSERT ON dhcp_policies WHEN NEW.server_id = 17"},
    {.name = "NeedsAPolicy",
     .operation = "CreateDhcpServerPolicy",
     .parameters = "server_list { record_id: 17 v4 {} }",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsServers",
     .operation = "CreateDhcpServerPolicy",
     .parameters = "policy { " NEW_POLICY " }",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "ValidatesTheName",
     .operation = "CreateDhcpServerPolicy",
     .parameters = "server_list { record_id: 17 v4 {} } policy { server { record_id: 17 } condition {} }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheCondition",
     .operation = "CreateDhcpServerPolicy",
     .parameters = "server_list { record_id: 17 v4 {} } policy { policy_name: 'x' server { record_id: 17 } }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheServer",
     .operation = "CreateDhcpServerPolicy",
     .parameters = "server_list { record_id: 17 v4 {} } policy { policy_name: 'x' condition {} }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},

    {.name = "MakesOneOnEachScope",
     .operation = "CreateDhcpScopePolicy",
     .parameters =
         "scope_list: [220, 260, 221] policy { " NEW_POLICY " processing_order: 7 ranges { start_ip_address:"
         " '172.20.0.20' end_ip_address: '172.20.0.29' } }",
     .events = "start; +1 Policy scanners of 172.20.0.0 Line A; +2 Range 172.20.0.20 to 172.20.0.29; +3 "
               "Policy scanners of "
               "scope 260; +4 Policy scanners of 172.20.1.0 Line B; +5 Range 172.20.0.20 to 172.20.0.29; >1; "
               "=1 ok; 20%; >2; "
               "=2 ok; 40%; >3; =3 IpamApiDhcpScopeNotFoundInDB; 60%; >4; =4 ok; 80%; >5; =5 "
               "IpamApiInvalidAddressRange; "
               "100%; failure IpamApiDhcpScopeNotFoundInDB",
     .query = "SELECT p.server_id, p.scope_id, p.processing_order, hex(r.start_address) FROM dhcp_policies "
              "AS p LEFT JOIN"
              " dhcp_policy_subranges AS r ON r.policy_id = p.policy_id WHERE p.name = 'scanners' ORDER BY 2",
     .rows = "17|220|7|AC140014; 17|221|7|"},
    {.name = "StopsAtTheRangesOfAPolicyThatCannotBeMade",
     .operation = "CreateDhcpScopePolicy",
     .parameters = "scope_list: [220, 221] policy { " NEW_POLICY " ranges { start_ip_address: '172.20.1.20'"
                   " end_ip_address: '172.20.1.29' } options { options_in_collection { option_definition { "
                   "option_id: 99 }"
                   " v4 {} } } }",
     .events =
         "start; +1 Policy scanners of 172.20.0.0 Line A; +2 Range 172.20.1.20 to 172.20.1.29; +3 Option 99 "
         "; "
         "+4 Policy scanners of 172.20.1.0 Line B; +5 Range 172.20.1.20 to 172.20.1.29; +6 Option 99 ; >1; "
         "=1 IpamApiDhcpFailedToCreatePolicyInDatabase; 16%; =2 not run; 33%; =3 not run; 50%; >4; =4 ok; "
         "66%; "
         ">5; =5 ok; 83%; >6; =6 IpamApiOptionAssociatedOptionDefinitionNotFound; 100%; failure "
         "IpamApiDhcpFailedToCreatePolicyInDatabase",
     .query =
         "SELECT p.scope_id, hex(r.end_address) FROM dhcp_policies AS p JOIN dhcp_policy_subranges AS r USING"
         " (policy_id) WHERE p.name = 'scanners'",
     .rows = "221|AC14011D",
     .deny = "INSERT ON dhcp_policies WHEN NEW.scope_id = 220"},
    {.name = "NeedsAPolicy",
     .operation = "CreateDhcpScopePolicy",
     .parameters = "scope_list: 220",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "ValidatesTheName",
     .operation = "CreateDhcpScopePolicy",
     .parameters = "scope_list: 220 policy { server { record_id: 17 } condition {} }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheCondition",
     .operation = "CreateDhcpScopePolicy",
     .parameters = "scope_list: 220 policy { policy_name: 'x' server { record_id: 17 } }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheServer",
     .operation = "CreateDhcpScopePolicy",
     .parameters = "scope_list: 220 policy { policy_name: 'x' condition {} server { record_id: -1 } }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheScope",
     .operation = "CreateDhcpScopePolicy",
     .parameters =
         "scope_list: 220 policy { policy_name: 'x' condition {} server { record_id: 17 } scope { v4 {} } }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "NeedsScopes",
     .operation = "CreateDhcpScopePolicy",
     .parameters = "policy { " NEW_POLICY " }",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "ReplacesPropertiesConditionAndRanges",
     .operation = "UpdatePolicy",
     .parameters =
         "policy { policy_id: 1003 policy_name: 'visitors' processing_order: 1 server { record_id: 17 v4 {} }"
         " scope { record_id: 220 v4 {} } condition { user_class: 'x' } lease_duration { seconds: 60 }"
         " ranges { start_ip_address: '172.20.0.120' end_ip_address: '172.20.0.130' }"
         " options { operation_tracker { operation: COLLECTION_OPERATIONS_DELETE value { option_definition {"
         " record_id: 43 option_id: 3 name: 'Router' } v4 {} } } } }",
     .events = "start; +1 Policy visitors; +2 Range 172.20.0.100 to 172.20.0.110; +3 Range 172.20.0.120 to "
               "172.20.0.130; "
               "+4 Option 3 Router; >1; =1 ok; 25%; >2; =2 ok; 50%; >3; =3 ok; 75%; >4; =4 ok; 100%; success",
     .query = "SELECT p.name, p.details ->> 'leaseDuration', p.details ->> 'state', c.details, (SELECT"
              " group_concat(hex(start_address)) FROM dhcp_policy_subranges), (SELECT count(*) FROM "
              "dhcp_options WHERE"
              " policy_id IS NOT NULL) FROM dhcp_policies AS p JOIN dhcp_policy_conditions AS c ON "
              "c.policy_id = p.policy_id"
              " WHERE p.policy_id = 1003",
     .rows = "visitors|60s|NULL|{\"userClass\":[\"x\"]}|AC140078|0"},
    {.name = "KeepsThePolicyOnItsServer",
     .operation = "UpdatePolicy",
     .parameters = "policy { policy_id: 1001 policy_name: 'x' processing_order: 1 server { record_id: 18 } "
                   "condition {} }",
     .events = "start; +1 Policy x; >1; =1 IpamApiDhcpFailedToUpdatePolicyInDatabase; 100%; failure "
               "IpamApiDhcpFailedToUpdatePolicyInDatabase"},
    {.name = "KeepsThePolicyOnScopesOfItsServer",
     .operation = "UpdatePolicy",
     .parameters =
         "policy { policy_id: 1003 policy_name: 'x' processing_order: 1 server { record_id: 17 } condition {}"
         " scope { record_id: 320 v4 {} } }",
     .events = "start; +1 Policy x; +2 Range 172.20.0.100 to 172.20.0.110; >1; "
               "=1 IpamApiDhcpFailedToUpdatePolicyInDatabase; 50%; =2 not run; 100%; failure "
               "IpamApiDhcpFailedToUpdatePolicyInDatabase",
     .query = "SELECT name, scope_id FROM dhcp_policies WHERE policy_id = 1003",
     .rows = "guests|220"},
    {.name = "GoesOnAfterRangesOutsideOfTheScope",
     .operation = "UpdatePolicy",
     .parameters =
         "policy { policy_id: 1003 policy_name: 'x' processing_order: 1 server { record_id: 17 } condition {}"
         " scope { record_id: 220 v4 {} } ranges { start_ip_address: '172.20.0.100' end_ip_address:"
         " '172.20.0.110' } ranges { start_ip_address: '172.20.0.240' end_ip_address: '172.20.0.254' }"
         " ranges { start_ip_address: '172.20.0.20' end_ip_address: '172.20.0.20' } }",
     .events = "start; +1 Policy x; +2 Range 172.20.0.240 to 172.20.0.254; +3 Range 172.20.0.20 to "
               "172.20.0.20; >1; "
               "=1 ok; 33%; >2; =2 IpamApiInvalidAddressRange; 66%; >3; =3 ok; 100%; failure "
               "IpamApiInvalidAddressRange",
     .query = "SELECT record_id = 1011, hex(start_address) FROM dhcp_policy_subranges WHERE policy_id = 1003 "
              "ORDER BY 1",
     .rows = "0|AC140014; 1|AC140064"},
    {.name = "NeedsAScopeThatIsThere",
     .operation = "UpdatePolicy",
     .parameters =
         "policy { policy_id: 1003 policy_name: 'x' processing_order: 1 server { record_id: 17 } condition {}"
         " scope { record_id: 99 v4 {} } }",
     .events = "start; failure IpamApiDhcpScopeNotFoundInDB"},
    {.name = "ValidatesTheName",
     .operation = "UpdatePolicy",
     .parameters = "policy { policy_id: 1001 processing_order: 1 server { record_id: 17 } condition {} }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheCondition",
     .operation = "UpdatePolicy",
     .parameters = "policy { " POLICY_1001 " processing_order: 1 }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheServer",
     .operation = "UpdatePolicy",
     .parameters = "policy { policy_id: 1001 policy_name: 'x' processing_order: 1 condition {} }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "NeedsAPolicyThatIsThere",
     .operation = "UpdatePolicy",
     .parameters = "policy { policy_id: 99 policy_name: 'x' processing_order: 1 server { record_id: 17 } "
                   "condition {} }",
     .events = "start; failure IpamApiDhcpFailedToFetchPolicyFromIpamDatabase"},
    {.name = "ValidatesTheId",
     .operation = "UpdatePolicy",
     .parameters = "policy { policy_name: 'x' processing_order: 1 server { record_id: 17 } condition {} }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheOrder",
     .operation = "UpdatePolicy",
     .parameters = "policy { " POLICY_1001 " condition {} }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "ValidatesTheScope",
     .operation = "UpdatePolicy",
     .parameters = "policy { " POLICY_1001 " processing_order: 1 condition {} scope { v4 {} } }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "NeedsAPolicy",
     .operation = "UpdatePolicy",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "TakesAllThatBelongsToThemAlong",
     .operation = "DeletePolicy",
     .parameters = "policies { policy_id: 1003 } policies { policy_id: 99 } policies { policy_id: 1001 }",
     .events = "start; +1 Policy guests; +2 Policy 99; +3 Policy phones; >1; =1 ok; 33%; >2; "
               "=2 IpamApiDhcpFailedToFetchPolicyFromIpamDatabase; 66%; >3; =3 ok; 100%; failure "
               "IpamApiDhcpFailedToFetchPolicyFromIpamDatabase",
     .query =
         "SELECT (SELECT group_concat(policy_id) FROM dhcp_policies), (SELECT group_concat(policy_id) FROM"
         " dhcp_policy_conditions), (SELECT count(*) FROM dhcp_policy_subranges), (SELECT count(*) FROM "
         "dhcp_options"
         " WHERE record_id = 413)",
     .rows = "1002|1002|0|0"},
    {.name = "NeedsPolicies",
     .operation = "DeletePolicy",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "RewritesEveryProperty",
     .operation = "UpdatePolicyProperty",
     .parameters =
         "update: DHCP_POLICY_PROPERTY_UPDATE_DISABLE_POLICY policies { " POLICY_1001 " state: true"
         " policy_description: 'd' processing_order: 1 } policies { policy_id: 99 policy_name: 'gone' "
         "server_record_id:"
         " 17 } policies { policy_id: 1003 policy_name: 'guests' server_record_id: 17 scope_record_id: 220"
         " processing_order: 1 }",
     .events = "start; +1 Policy phones; +2 Policy gone; +3 Policy guests; >1; =1 ok; 33%; >2; "
               "=2 IpamApiDhcpFailedToFetchPolicyFromIpamDatabase; 66%; >3; =3 ok; 100%; failure "
               "IpamApiDhcpFailedToFetchPolicyFromIpamDatabase",
     .query = "SELECT p.policy_id, p.scope_id, p.details ->> 'state', p.details ->> 'policyDescription', "
              "c.details FROM"
              " dhcp_policies AS p JOIN dhcp_policy_conditions AS c ON c.policy_id = p.policy_id ORDER BY 1",
     .rows =
         "1001|NULL|NULL|d|{\"userClass\":[\"phones\"]}; 1002|NULL|1|NULL|{\"macAddress\":[\"00-11-22-*\"]}; "
         "1003|220|NULL|NULL|{\"vendorClass\":[\"MSFT\"]}"},
    {.name = "GoesOnAfterAScopeOfAnotherServer",
     .operation = "UpdatePolicyProperty",
     .parameters =
         "update: DHCP_POLICY_PROPERTY_UPDATE_ENABLE_POLICY policies { policy_id: 1003 policy_name: 'x'"
         " server_record_id: 17 scope_record_id: 320 } policies { " POLICY_1001 " processing_order: 1 state:"
         " true }",
     .events =
         "start; +1 Policy x; +2 Policy phones; >1; =1 IpamApiDhcpFailedToUpdatePolicyInDatabase; 50%; >2; "
         "=2 ok; 100%; failure IpamApiDhcpFailedToUpdatePolicyInDatabase",
     .query =
         "SELECT policy_id, scope_id, details ->> 'state' FROM dhcp_policies WHERE policy_id IN (1001, 1003)",
     .rows = "1001|NULL|1; 1003|220|1"},
    {.name = "NeedsANameToWrite",
     .operation = "UpdatePolicyProperty",
     .parameters = "policies { policy_id: 1001 server_record_id: 17 }",
     .events = "start; +1 Policy ; >1; =1 IpamApiDhcpFailedToUpdatePolicyInDatabase; 100%; failure "
               "IpamApiDhcpFailedToUpdatePolicyInDatabase"},
    {.name = "NeedsPolicies",
     .operation = "UpdatePolicyProperty",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "SwapsWithTheOneAbove",
     .operation = "MovePolicyProcessingOrder",
     .parameters =
         "direction: POLICY_PROCESSING_ORDER_DIRECTION_UP policy { policy_id: 1002 processing_order: 9 }",
     .events = "start; +1 Policy printers up; >1; =1 ok; 100%; success",
     .query = "SELECT policy_id, processing_order FROM dhcp_policies ORDER BY 1",
     .rows = "1001|2; 1002|1; 1003|1"},
    {.name = "SwapsWithTheOneBelow",
     .operation = "MovePolicyProcessingOrder",
     .parameters = "direction: POLICY_PROCESSING_ORDER_DIRECTION_DOWN policy { policy_id: 1001 }",
     .events = "start; +1 Policy phones down; >1; =1 ok; 100%; success",
     .query = "SELECT policy_id, processing_order FROM dhcp_policies ORDER BY 1",
     .rows = "1001|2; 1002|1; 1003|1"},
    {.name = "LeavesBothWhereOneCannotBeMoved",
     .operation = "MovePolicyProcessingOrder",
     .parameters = "direction: POLICY_PROCESSING_ORDER_DIRECTION_UP policy { policy_id: 1002 }",
     .events = "start; +1 Policy printers up; >1; =1 IpamApiGenericDatabaseError; 100%; failure "
               "IpamApiGenericDatabaseError",
     .query = "SELECT policy_id, processing_order FROM dhcp_policies ORDER BY 1",
     .rows = "1001|1; 1002|2; 1003|1",
     .deny = "UPDATE ON dhcp_policies WHEN OLD.policy_id = 1001"},
    {.name = "LeavesTheLastWhereItIs",
     .operation = "MovePolicyProcessingOrder",
     .parameters = "direction: POLICY_PROCESSING_ORDER_DIRECTION_DOWN policy { policy_id: 1002 }",
     .events = "start; +1 Policy printers down; >1; =1 ok; 100%; success",
     .query = "SELECT policy_id, processing_order FROM dhcp_policies ORDER BY 1",
     .rows = "1001|1; 1002|2; 1003|1"},
    {.name = "LeavesTheFirstWhereItIs",
     .operation = "MovePolicyProcessingOrder",
     .parameters = "direction: POLICY_PROCESSING_ORDER_DIRECTION_UP policy { policy_id: 1003 }",
     .events = "start; +1 Policy guests up; >1; =1 ok; 100%; success",
     .query = "SELECT policy_id, processing_order FROM dhcp_policies ORDER BY 1",
     .rows = "1001|1; 1002|2; 1003|1"},
    {.name = "NeedsAPolicyThatIsThere",
     .operation = "MovePolicyProcessingOrder",
     .parameters = "policy { policy_id: 99 }",
     .events = "start; failure IpamApiDhcpFailedToFetchPolicyFromIpamDatabase"},
    {.name = "NeedsAPolicy",
     .operation = "MovePolicyProcessingOrder",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},
};
INSTANTIATE_TEST_SUITE_P(Policies, DelegateCases, ::testing::ValuesIn(kPolicyCases), CaseName);

TEST_F(DelegateTest, EditDhcpServerReturnsTheServerThatItAdds) {
  Open();
  const auto edited = [this](const char* record_id, v1::DhcpServer& server) {
    const auto events = Run(ParametersOf(
        "EditDhcpServer",
        std::string("server { modified_properties: 'DnsUpdateType' dns_update_type:"
                    " DHCP_DNS_UPDATE_TYPE_NEVER server_role_info { record_id: 22 dhcp {} } v4 {} ") +
            record_id + "}"));
    return CompletionOf(events).return_object().UnpackTo(&server);
  };
  v1::DhcpServer server;
  ASSERT_TRUE(edited("", server));
  EXPECT_EQ(server.record_id(), 20);
  EXPECT_EQ(server.dns_update_type(), v1::DHCP_DNS_UPDATE_TYPE_NEVER);
  EXPECT_FALSE(edited("record_id: 17", server)) << "which is there";
}

}  // namespace
}  // namespace ipam::engine
