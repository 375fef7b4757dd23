// Superscopes: the delegates of [MS-IPAMM2] 3.19.4.4.1.7 to .11.
#include <gmock/gmock.h>

#include "delegate_harness.h"

namespace ipam::engine {
namespace {

constexpr DelegateCase kSuperscopeCases[] = {
    {.name = "TakesPartnersAlong",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: [222, 208] superscope { record_id: 601 }",
     .events = "start; +1 Scope 172.20.2.0 Line C; +2 Scope 172.20.2.0 Line C on dhcp2.ad.example.org; "
               "+3 Scope 192.168.8.0 Shipping; >1; =1 ok; 33%; >2; =2 ok; 66%; >3; =3 ok; 100%; success",
     .query = "SELECT group_concat(record_id || ':' || superscope_id) FROM dhcp_scopes WHERE superscope_id "
              "IS NOT NULL",
     .rows = "208:601,220:601,221:601,222:601,320:611,322:611"},
    {.name = "MakesASuperscopeThatIsNew",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: 222 superscope { name: 'New' server { record_id: 17 v4 {} } }",
     .events = "start; +1 Superscope New; +2 Scope 172.20.2.0 Line C; "
               "+3 Scope 172.20.2.0 Line C on dhcp2.ad.example.org; >1; =1 ok; 33%; >2; =2 ok; 66%; >3; =3 "
               "ok; 100%; "
               "success",
     .query = "SELECT p.server_id, p.name, s.record_id FROM dhcp_superscopes AS p JOIN dhcp_scopes AS s"
              " ON s.superscope_id = p.record_id WHERE p.name = 'New' ORDER BY 1",
     .rows = "17|New|222; 18|New|322"},
    {.name = "ASuperscopeThatCannotBeMadeStopsItsScopes",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: 222 superscope { name: 'Other' parent_server_id: 17 }",
     .events = "start; +1 Superscope Other; +2 Scope 172.20.2.0 Line C; "
               "+3 Scope 172.20.2.0 Line C on dhcp2.ad.example.org; >1; "
               "=1 IpamApiDhcpFailedToAddScopesToSuperscopeInDatabase; 33%; =2 not run; 66%; =3 not run; "
               "100%; failure "
               "IpamApiDhcpFailedToAddScopesToSuperscopeInDatabase"},
    {.name = "GoesOnAfterScopesOfAnotherServerAndMissingOnes",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: [320, 99, 260, 209] superscope { record_id: 602 }",
     .events = "start; +1 Scope 320; +2 Scope 99; +3 Scope 260; +4 Scope 192.168.9.0 Receiving; >1; "
               "=1 IpamApiDhcpScopesNotPartOfSameServer; 25%; >2; =2 IpamApiDhcpScopeNotFoundInDB; 50%; >3; "
               "=3 IpamApiDhcpScopeNotFoundInDB; 75%; >4; =4 ok; 100%; failure "
               "IpamApiDhcpScopesNotPartOfSameServer",
     .query = "SELECT record_id FROM dhcp_scopes WHERE superscope_id = 602",
     .rows = "209"},
    {.name = "IsOnAServerOfDhcpv4",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: 222 superscope { name: 'New' parent_server_id: 19 }",
     .events = "start; +1 Superscope New; +2 Scope 222; >1; =1 IpamApiInvalidDhcpServerRecordId; 50%; >2; "
               "=2 IpamApiDhcpScopesNotPartOfSameServer; 100%; failure IpamApiInvalidDhcpServerRecordId",
     .query = "SELECT count(*) FROM dhcp_superscopes WHERE name = 'New'",
     .rows = "0"},
    {.name = "GoesOnAfterAPartnerThatFails",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: [222, 208] superscope { record_id: 601 }",
     .events = "start; +1 Scope 172.20.2.0 Line C; +2 Scope 172.20.2.0 Line C on dhcp2.ad.example.org; "
               "+3 Scope 192.168.8.0 Shipping; >1; =1 ok; 33%; >2; "
               "=2 IpamApiDhcpFailedToAddScopesToSuperscopeInDatabase; 66%; >3; =3 ok; 100%; failure "
               "IpamApiDhcpFailedToAddScopesToSuperscopeInDatabase",
     .query = "SELECT group_concat(record_id) FROM dhcp_scopes WHERE superscope_id = 601",
     .rows = "208,220,221,222",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 322"},
    {.name = "StopsAtThePartnerOfAScopeThatFails",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: 222 superscope { record_id: 601 }",
     .events = "start; +1 Scope 172.20.2.0 Line C; +2 Scope 172.20.2.0 Line C on dhcp2.ad.example.org; >1; "
               "=1 IpamApiDhcpFailedToAddScopesToSuperscopeInDatabase; 50%; =2 not run; 100%; failure "
               "IpamApiDhcpFailedToAddScopesToSuperscopeInDatabase",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 222"},
    {.name = "NeedsASuperscope",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: 222",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsTheNameOfANewSuperscope",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: 222 superscope { parent_server_id: 17 }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "NeedsTheServerOfANewSuperscope",
     .operation = "AddScopesToSuperscope",
     .parameters = "scope_ids: 222 superscope { name: 'New' }",
     .events = "start; failure IpamApiMandatoryFieldNotSpecified"},
    {.name = "NeedsScopes",
     .operation = "AddScopesToSuperscope",
     .parameters = "superscope { record_id: 601 }",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "TakesPartnersAlong",
     .operation = "RemoveScopesFromSuperscope",
     .parameters = "scope_ids: [220, 99]",
     .events = "start; +1 Scope 172.20.0.0 Line A; +2 Scope 172.20.0.0 Line A on dhcp2.ad.example.org; +3 "
               "Scope 99; >1; "
               "=1 ok; 33%; >2; =2 ok; 66%; >3; =3 IpamApiDhcpScopeNotFoundInDB; 100%; failure "
               "IpamApiDhcpScopeNotFoundInDB",
     .query = "SELECT group_concat(record_id) FROM dhcp_scopes WHERE superscope_id IS NOT NULL",
     .rows = "221"},
    {.name = "GoesOnAfterScopesAndPartnersThatFail",
     .operation = "RemoveScopesFromSuperscope",
     .parameters = "scope_ids: [220, 221]",
     .events =
         "start; +1 Scope 172.20.0.0 Line A; +2 Scope 172.20.0.0 Line A on dhcp2.ad.example.org; "
         "+3 Scope 172.20.1.0 Line B; >1; =1 IpamApiDhcpFailedToRemoveScopesFromSuperscopeInDatabase; 33%; "
         "=2 not run; 66%; >3; =3 ok; 100%; failure IpamApiDhcpFailedToRemoveScopesFromSuperscopeInDatabase",
     .query = "SELECT group_concat(record_id) FROM dhcp_scopes WHERE superscope_id IS NOT NULL",
     .rows = "220,320",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 220"},
    {.name = "NeedsScopes",
     .operation = "RemoveScopesFromSuperscope",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "TakesPartnersAlong",
     .operation = "RenameSuperscope",
     .parameters = "new_name: 'Halls' superscope { record_id: 601 }",
     .events = "start; +1 Superscope Lines; +2 Superscope Lines on dhcp2.ad.example.org; >1; =1 ok; 50%; >2; "
               "=2 ok; 100%; "
               "success",
     .query = "SELECT group_concat(record_id || ':' || name) FROM dhcp_superscopes",
     .rows = "601:Halls,602:Other,611:Halls"},
    {.name = "RefusesANameThatTheServerHas",
     .operation = "RenameSuperscope",
     .parameters = "new_name: 'Other' superscope { record_id: 601 }",
     .events = "start; +1 Superscope Lines; +2 Superscope Lines on dhcp2.ad.example.org; >1; "
               "=1 IpamApiDhcpFailedToRenameSuperscopeInDatabase; 50%; =2 not run; 100%; failure "
               "IpamApiDhcpFailedToRenameSuperscopeInDatabase",
     .query = "SELECT count(*) FROM dhcp_superscopes WHERE name = 'Lines'",
     .rows = "2"},
    {.name = "LeavesThePartnersWhereTheirServerHasTheName",
     .operation = "RenameSuperscope",
     .parameters = "new_name: 'Halls' superscope { record_id: 601 }",
     .events = "start; +1 Superscope Lines; +2 Superscope Lines on dhcp2.ad.example.org; >1; =1 ok; 50%; >2; "
               "=2 IpamApiDhcpFailedToRenameSuperscopeInDatabase; 100%; failure "
               "IpamApiDhcpFailedToRenameSuperscopeInDatabase",
     .query = "SELECT record_id, name FROM dhcp_superscopes ORDER BY 1",
     .rows = "601|Halls; 602|Other; 611|Lines; 620|Halls",
     .setup = "INSERT INTO dhcp_superscopes (record_id, server_id, name, details) VALUES (620, 18, 'Halls', "
              "'{}')"},
    {.name = "NeedsASuperscope",
     .operation = "RenameSuperscope",
     .parameters = "new_name: 'Halls'",
     .events = "start; failure IpamApiInvalidParameter"},
    {.name = "NeedsASuperscopeThatIsThere",
     .operation = "RenameSuperscope",
     .parameters = "new_name: 'Halls' superscope { record_id: 99 }",
     .events = "start; failure IpamApiDhcpFailedToGetSuperscopes"},
    {.name = "NeedsAName",
     .operation = "RenameSuperscope",
     .parameters = "new_name: ' ' superscope { record_id: 601 }",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "LeavesTheScopes",
     .operation = "DeleteSuperscopes",
     .parameters = "superscopes { record_id: 601 } superscopes { record_id: 99 name: 'gone' } superscopes { "
                   "record_id: 602 }",
     .events = "start; +1 Scope 172.20.0.0 Line A on dhcp2.ad.example.org; +2 Superscope Lines; +3 "
               "Superscope gone; "
               "+4 Superscope Other; >1; =1 ok; 25%; >2; =2 ok; 50%; >3; =3 "
               "IpamApiDhcpFailedToGetSuperscopes; 75%; >4; "
               "=4 ok; 100%; failure IpamApiDhcpFailedToGetSuperscopes",
     .query =
         "SELECT (SELECT group_concat(record_id) FROM dhcp_superscopes), count(*), count(superscope_id) FROM"
         " dhcp_scopes WHERE record_id IN (220, 221, 320)",
     .rows = "611|3|0"},
    {.name = "GoesOnAfterAPartnerThatFails",
     .operation = "DeleteSuperscopes",
     .parameters = "superscopes { record_id: 601 }",
     .events = "start; +1 Scope 172.20.0.0 Line A on dhcp2.ad.example.org; +2 Superscope Lines; >1; "
               "=1 IpamApiDhcpFailedToDeleteSuperscopesInDatabase; 50%; >2; =2 ok; 100%; failure "
               "IpamApiDhcpFailedToDeleteSuperscopesInDatabase",
     .query =
         "SELECT (SELECT group_concat(record_id) FROM dhcp_superscopes), superscope_id FROM dhcp_scopes WHERE"
         " record_id = 320",
     .rows = "602,611|611",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 320"},
    {.name = "NeedsSuperscopes",
     .operation = "DeleteSuperscopes",
     .parameters = "",
     .events = "start; failure IpamApiInvalidParameter"},

    {.name = "SetsTheStatusOfEachScope",
     .operation = "SetSuperscopeActivationStatus",
     .parameters =
         "superscopes { record_id: 601 } superscopes { record_id: 98 } superscopes { record_id: 602 }",
     .events = "start; +1 Scope 172.20.0.0 Line A of Lines; +2 Scope 172.20.1.0 Line B of Lines; +3 "
               "Superscope 98; >1; =1 ok; "
               "33%; >2; "
               "=2 ok; 66%; >3; =3 IpamApiDhcpFailedToGetSuperscopes; 100%; failure "
               "IpamApiDhcpFailedToGetSuperscopes",
     .query = "SELECT group_concat(record_id) FROM dhcp_scopes WHERE details ->> 'status' ="
              " 'DHCP_SCOPE_STATUS_DEACTIVATED'",
     .rows = "220,221"},
    {.name = "GoesOnAfterAScopeThatFails",
     .operation = "SetSuperscopeActivationStatus",
     .parameters = "activation_status: true superscopes { record_id: 601 }",
     .events = "start; +1 Scope 172.20.0.0 Line A of Lines; +2 Scope 172.20.1.0 Line B of Lines; >1; "
               "=1 IpamApiGenericDatabaseError; 50%; >2; =2 ok; 100%; failure IpamApiGenericDatabaseError",
     .deny = "UPDATE ON dhcp_scopes WHEN OLD.record_id = 220"},
    {.name = "NeedsSuperscopes",
     .operation = "SetSuperscopeActivationStatus",
     .parameters = "activation_status: true",
     .events = "start; failure IpamApiInvalidParameter"},
};
INSTANTIATE_TEST_SUITE_P(Superscopes, DelegateCases, ::testing::ValuesIn(kSuperscopeCases), CaseName);

}  // namespace
}  // namespace ipam::engine
