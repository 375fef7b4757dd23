#include "dcom_bridge/model/failed_part.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/exception.h"
#include "dcom_bridge/model/operations.h"
#include "dcom_bridge/model/secrets.h"
#include "dcom_bridge/model/xml_types.h"
#include "ipam/v1/formatters.pb.h"
#include "ipam/v1/parameters.pb.h"
#include "ipam/v1/status.pb.h"
#include "model_testing.h"
#include "tests/support/matchers.h"

namespace ipam::model {
namespace {

using test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
constexpr auto kRefused = absl::StatusCode::kFailedPrecondition;

std::string Xml(const v1::OperationParameters& parameters) {
  v1::InitializeOperationParameters body;
  *body.mutable_parameters() = parameters;
  return *ToXml(body, kParametersRoot);
}

v1::OperationParameters Read(const absl::StatusOr<std::string>& xml) {
  EXPECT_OK(xml);
  return xml.ok() ? FromXml<v1::InitializeOperationParameters>(*xml)->parameters()
                  : v1::OperationParameters();
}

SubtaskOutcome Done(int kind, std::string name = "") {
  return {.kind = kind, .name = std::move(name), .succeeded = true};
}
SubtaskOutcome Failed(int kind, std::string name = "") { return {.kind = kind, .name = std::move(name)}; }

SubtaskOutcome Record(const std::string& name, bool succeeded) {
  v1::DnsResourceRecordFormatter formatter;
  formatter.set_record_name(name);
  formatter.set_zone_name("example.org");
  return {.kind = 14,
          .name = absl::StrCat("A ", name, ".example.org"),
          .details_xml = *SubtaskDetailsXml(formatter),
          .succeeded = succeeded};
}

v1::OperationParameters Records(const std::vector<std::string>& names) {
  v1::OperationParameters parameters;
  parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_DELETE_DNS_RESOURCE_RECORDS);
  auto& own = *parameters.mutable_delete_dns_resource_records();
  own.set_server_zone_id(61);
  own.set_zone_type(v1::ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE);
  for (const std::string& name : names) own.add_resource_records()->set_name(name);
  return parameters;
}

std::vector<std::string> Names(const v1::OperationParameters& parameters) {
  std::vector<std::string> names;
  for (const auto& record : parameters.delete_dns_resource_records().resource_records())
    names.push_back(record.name());
  return names;
}

v1::OperationParameters Zones(const std::vector<std::int64_t>& ids) {
  v1::OperationParameters parameters;
  parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_DELETE_DNS_ZONES);
  parameters.mutable_delete_dns_zones()->mutable_server_zone_ids()->Assign(ids.begin(), ids.end());
  return parameters;
}

TEST(FailedPart, IsAllWhereNothingSucceeded) {
  const std::string xml = Xml(Zones({1, 2}));
  EXPECT_EQ(*FailedPart(xml, {}), xml) << "refused before its first subtask";
  EXPECT_EQ(*FailedPart(xml, {Failed(1), Failed(1)}), xml);
}

TEST(FailedPart, IsNothingWhereNothingFailed) {
  EXPECT_THAT(FailedPart(Xml(Zones({1, 2})), {Done(1), Done(1)}),
              StatusIs(kRefused, HasSubstr("none of its")));
}

TEST(FailedPart, OfRecordIdsIsByTheirPlace) {
  const auto part = Read(FailedPart(Xml(Zones({11, 12, 13})), {Done(60), Failed(60), Done(60)}));
  EXPECT_THAT(part.delete_dns_zones().server_zone_ids(), ElementsAre(12));
  EXPECT_EQ(part.operation_id(), v1::IPAM_ADMIN_OPERATION_ID_DELETE_DNS_ZONES);
}

// The zone goes with the last of its servers: some entries have a second step, which counts as theirs. Where only that
// failed the server zone is gone already.
TEST(FailedPart, CountsTheFurtherStepsOfAnEntryAsIts) {
  const std::string xml = Xml(Zones({11, 12, 13}));
  const auto part = Read(FailedPart(xml, {Done(60), Done(61), Done(60), Failed(61), Failed(60), Failed(61)}));
  EXPECT_THAT(part.delete_dns_zones().server_zone_ids(), ElementsAre(13));
  EXPECT_THAT(FailedPart(xml, {Done(60), Done(61), Done(60), Failed(61), Done(60)}),
              StatusIs(kRefused, HasSubstr("made or gone already")));
}

TEST(FailedPart, PassesOverAStepBeforeAllEntries) {
  v1::OperationParameters parameters;
  parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_ADD_SCOPES_TO_SUPERSCOPE);
  for (int id : {5, 6}) parameters.mutable_add_scopes_to_superscope()->add_scope_ids(id);
  const std::vector<SubtaskOutcome> subtasks = {Done(30, "Superscope New"), Failed(31), Done(31)};
  EXPECT_THAT(FailedPart(Xml(parameters), subtasks),
              StatusIs(kRefused, HasSubstr("Superscope New is made, and its record id is not known")));
  v1::DhcpMsmOverallCompletionStatus status;
  v1::DhcpSuperscopeV4 made;
  made.set_record_id(603);
  status.mutable_return_object()->PackFrom(made);
  const auto part = Read(FailedPart(Xml(parameters), subtasks, *CompletionStatusXml(status)));
  EXPECT_THAT(part.add_scopes_to_superscope().scope_ids(), ElementsAre(5));
  EXPECT_EQ(part.add_scopes_to_superscope().superscope().record_id(), 603);
}

TEST(FailedPart, OfRecordIdsCannotBeToldFromOtherSubtasks) {
  EXPECT_THAT(FailedPart(Xml(Zones({11, 12, 13})), {Done(60), Failed(60)}),
              StatusIs(kRefused, HasSubstr("do not tell which of the 3 server_zone_ids failed")));
}

TEST(FailedPart, OfNamedEntriesIsByName) {
  const auto part = Read(
      FailedPart(Xml(Records({"a", "b", "c"})), {Record("c", true), Record("a", false), Record("b", true)}));
  EXPECT_THAT(Names(part), ElementsAre("a"));
  EXPECT_EQ(part.delete_dns_resource_records().server_zone_id(), 61);
}

TEST(FailedPart, OfEntriesOfOneNameIsByPlaceInOrderAndElseAllOfThem) {
  const std::string xml = Xml(Records({"a", "b", "a"}));
  EXPECT_THAT(Names(Read(FailedPart(xml, {Record("a", true), Record("b", true), Record("a", false)}))),
              ElementsAre("a"));
  EXPECT_THAT(Names(Read(FailedPart(xml, {Record("b", true), Record("a", true), Record("a", false)}))),
              ElementsAre("a", "a"));
}

TEST(FailedPart, KeepsAnEntryThatNoSubtaskNames) {
  EXPECT_THAT(Names(Read(FailedPart(Xml(Records({"a", "b", "c"})), {Record("a", true), Record("b", false)}))),
              ElementsAre("b", "c"));
}

// Filters times servers: one that failed anywhere is done again, where any failed.
TEST(FailedPart, OfFiltersIsThoseThatFailedOnTheirServers) {
  v1::OperationParameters parameters;
  parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_FILTERS);
  auto& own = *parameters.mutable_create_dhcp_filters();
  for (int id : {1, 2}) own.add_dhcp_server_ids(id);
  for (const char* mac : {"00-11-22-33-44-55", "00-11-22-33-44-66"}) own.add_filters()->set_mac_address(mac);
  const auto part = Read(FailedPart(
      Xml(parameters),
      {Done(52, "Filter 00-11-22-33-44-55 on one"), Done(52, "Filter 00-11-22-33-44-55 on two"),
       Done(52, "Filter 00-11-22-33-44-66 on one"), Failed(52, "Filter 00-11-22-33-44-66 on two")}));
  ASSERT_EQ(part.create_dhcp_filters().filters_size(), 1);
  EXPECT_EQ(part.create_dhcp_filters().filters(0).mac_address(), "00-11-22-33-44-66");
  EXPECT_THAT(part.create_dhcp_filters().dhcp_server_ids(), ElementsAre(2));
}

// Of those whose subtasks may be fewer than the entries: a scope, its partner, which is not changed, and another.
TEST(FailedPart, OfEntriesThatMayBeSkippedIsThoseThatMayHaveFailed) {
  v1::OperationParameters parameters;
  parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_APPLY_SCOPE_CONFIGURATION_TEMPLATE);
  for (int id : {1, 2, 3, 4}) parameters.mutable_apply_dhcp_scope_configuration()->add_scope_id(id);
  const auto left = [&](const std::vector<SubtaskOutcome>& subtasks) {
    const auto part = Read(FailedPart(Xml(parameters), subtasks));
    const auto& ids = part.apply_dhcp_scope_configuration().scope_id();
    return std::vector<std::int64_t>(ids.begin(), ids.end());
  };
  const auto scope = [](int third, bool succeeded) {
    v1::ScopeDataFormatter formatter;
    formatter.set_scope_id(absl::StrCat("10.0.", third, ".0"));
    formatter.set_server_name("dhcp1");
    return SubtaskOutcome{.kind = 27,
                          .name = absl::StrCat("Scope 10.0.", third, ".0"),
                          .details_xml = *SubtaskDetailsXml(formatter),
                          .succeeded = succeeded};
  };
  EXPECT_THAT(left({scope(1, true), scope(2, true), scope(3, false), scope(4, true)}), ElementsAre(3));
  EXPECT_THAT(left({scope(1, true), scope(1, false), scope(2, true), scope(3, true)}), ElementsAre(1, 2));
  EXPECT_THAT(left({scope(1, true), scope(2, false), scope(3, true)}), ElementsAre(2, 3));
  // What is not there is named by its record id, which says where the others are.
  EXPECT_THAT(left({scope(1, false), Failed(27, "Scope 2"), scope(4, true)}), ElementsAre(1, 2));
  EXPECT_THAT(left({scope(1, true), Failed(27, "Scope 4")}), ElementsAre(4));
  EXPECT_THAT(FailedPart(Xml(parameters), {scope(1, true), Failed(27, "Scope 9")}),
              StatusIs(kRefused, HasSubstr("do not tell which of the 4 scope_id failed")));
}

TEST(FailedPart, OfOneEntityThatIsDoneInPartIsRefused) {
  EXPECT_THAT(
      FailedPart(Sample("CreateDhcpScope"), {Done(1), Failed(3)}),
      StatusIs(kRefused, HasSubstr("CreateDhcpScope is about one entity, for which 1 of 2 steps succeeded")));
  EXPECT_EQ(*FailedPart(Sample("CreateDhcpScope"), {Failed(1), Failed(3)}), Sample("CreateDhcpScope"));
}

// Every list that the tables name is there, and what they say of the names.
TEST(FailedPart, KnowsAllOperations) {
  std::map<std::string, int> results;
  for (const Operation& operation : Operations()) {
    v1::OperationParameters parameters;
    parameters.set_operation_id(static_cast<v1::IpamAdminOperationId>(operation.ordinal));
    const XmlType& type = *XmlTypes::Get().Find(NamespaceUri(v1::IPAM), operation.parameter_type);
    parameters.GetReflection()->MutableMessage(&parameters, type.path().front());
    const auto part = FailedPart(Xml(parameters), {Done(1, "x"), Failed(1, "y")});
    const std::string why(part.status().message());
    for (const char* result : {"do not tell which of the", "is about one entity"}) {
      if (why.find(result) != std::string::npos) ++results[result];
    }
    if (!part.ok()) continue;
    ++results["the whole"];
    EXPECT_EQ(*part, Xml(parameters)) << operation.name;
  }
  EXPECT_THAT(results, ElementsAre(Pair("do not tell which of the", 29), Pair("is about one entity", 8),
                                   Pair("the whole", 12)));
}

TEST(Secrets, AreFoundAndCleared) {
  v1::OperationParameters parameters;
  auto& failover = *parameters.mutable_dhcp_failover_with_scopes()->mutable_failover();
  failover.set_relationship_name("a-b");
  EXPECT_FALSE(HoldsSecret(parameters));
  failover.set_shared_secret("s");
  EXPECT_TRUE(HoldsSecret(parameters));
  v1::DhcpMsmOverallCompletionStatus status;
  status.mutable_return_object()->PackFrom(failover);
  EXPECT_TRUE(HoldsSecret(status));
  ClearSecrets(parameters);
  ClearSecrets(status);
  EXPECT_FALSE(HoldsSecret(parameters));
  EXPECT_FALSE(HoldsSecret(status));
  EXPECT_EQ(failover.relationship_name(), "a-b");
  v1::OperationParameters template_of_server;
  template_of_server.mutable_apply_dhcp_server_configuration()
      ->mutable_server_template()
      ->set_dns_registration_credential_password("p");
  EXPECT_TRUE(HoldsSecret(template_of_server));
}

}  // namespace
}  // namespace ipam::model
