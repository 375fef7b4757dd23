// Parameters that come as messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/parameters.h"
#include "google/rpc/error_details.pb.h"
#include "model_testing.h"
#include "tests/support/matchers.h"

namespace ipam::model {
namespace {

using test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// The paths of a refusal, as a client gets them.
std::vector<std::string> Fields(const absl::Status& status) {
  google::rpc::BadRequest details;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  EXPECT_TRUE(payload && details.ParseFromString(std::string(*payload))) << status;
  std::vector<std::string> out;
  for (const auto& violation : details.field_violations()) out.push_back(violation.field());
  return out;
}

absl::StatusOr<TypedParameters> Check(std::string_view kind, const google::protobuf::Message& own,
                                      std::string_view path) {
  return CheckTypedParameters(*FindOperation(kind), own, path);
}

class TypedSampleTest : public ::testing::TestWithParam<std::string> {};

// What a message says is what its XML says.
TEST_P(TypedSampleTest, IsWrittenAsParametersThatAreAccepted) {
  const auto read = CheckParameters(Sample(GetParam()));
  ASSERT_OK(read);
  const auto* variant = read->parameters.GetReflection()->GetOneofFieldDescriptor(
      read->parameters, v1::OperationParameters::descriptor()->FindOneofByName("variant"));
  const auto typed =
      Check(read->kind, read->parameters.GetReflection()->GetMessage(read->parameters, variant), "x");
  ASSERT_OK(typed);
  EXPECT_EQ(typed->kind, GetParam());
  const auto again = CheckParameters(typed->xml);
  ASSERT_OK(again);
  EXPECT_EQ(again->kind, GetParam());
  EXPECT_THAT(again->parameters, EqualsMessage(read->parameters));
}

INSTANTIATE_TEST_SUITE_P(Samples, TypedSampleTest, ::testing::ValuesIn(SampleNames()),
                         [](const auto& param) { return param.param; });

TEST(CheckTypedParameters, NamesEveryMandatoryMemberThatIsMissing) {
  const auto checked = Check("DeleteDnsResourceRecords", v1::DeleteDnsResourceRecordsParameters(),
                             "delete_dns_resource_records");
  EXPECT_THAT(checked,
              StatusIs(kInvalid, HasSubstr("delete_dns_resource_records.resource_records: is missing")));
  EXPECT_THAT(Fields(checked.status()), ElementsAre("delete_dns_resource_records.resource_records",
                                                    "delete_dns_resource_records.server_zone_id",
                                                    "delete_dns_resource_records.zone_type"));
}

TEST(CheckTypedParameters, NamesTheFieldOfAValueThatXmlCannotCarry) {
  v1::CreateDhcpScopeParameters scope;
  scope.mutable_scope()->set_start_address("300.1.2.3");
  const auto checked = Check("CreateDhcpScope", scope, "create_dhcp_scope");
  EXPECT_THAT(checked,
              StatusIs(kInvalid, "create_dhcp_scope.scope.start_address: '300.1.2.3' is not an IP address"));
  EXPECT_THAT(Fields(checked.status()), ElementsAre("create_dhcp_scope.scope.start_address"));
}

TEST(CheckTypedParameters, NamesTheFieldOfADerivedTypeAndTheEntryOfAList) {
  v1::CreateDhcpScopeParameters scope;
  auto& values = *scope.mutable_scope()->mutable_options()->add_updated_options();
  values.add_values()->set_ip_address("192.0.2.1");
  values.add_values()->set_ip_address("nowhere");
  scope.mutable_scope()->mutable_options()->add_updated_options()->Swap(&values);
  EXPECT_THAT(Fields(Check("CreateDhcpScope", scope, "create_dhcp_scope").status()),
              ElementsAre("create_dhcp_scope.scope.options.updated_options[1].values[1]"));
  scope.mutable_scope()->clear_options();
  scope.mutable_scope()->mutable_v4()->set_superscope_name("bell \x07");
  EXPECT_THAT(Fields(Check("CreateDhcpScope", scope, "create_dhcp_scope").status()),
              ElementsAre("create_dhcp_scope.scope.v4.superscope_name"));
}

// What only the schema knows is said by the path in the message too.
TEST(CheckTypedParameters, NamesTheFieldThatTheSchemaRefuses) {
  constexpr std::int64_t kYear0 = -62'167'219'200;
  v1::CreateDnsResourceRecordsParameters records;
  records.set_server_zone_id(1);
  records.set_zone_type(v1::ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE);
  records.add_resource_records()->set_name("www");
  records.add_resource_records()->mutable_timestamp()->set_seconds(kYear0);
  const auto checked = Check("CreateDnsResourceRecords", records, "create_dns_resource_records");
  EXPECT_THAT(checked,
              StatusIs(kInvalid, HasSubstr("create_dns_resource_records.resource_records[1].timestamp: ")));
  EXPECT_THAT(Fields(checked.status()),
              ElementsAre("create_dns_resource_records.resource_records[1].timestamp"));
}

TEST(CheckTypedParameters, RefusesAFieldThatItWouldLose) {
  v1::CreateDhcpScopeParameters scope;
  scope.mutable_scope()->GetReflection()->MutableUnknownFields(scope.mutable_scope())->AddVarint(4711, 1);
  EXPECT_THAT(Check("CreateDhcpScope", scope, "create_dhcp_scope"),
              StatusIs(kInvalid, "create_dhcp_scope: has fields that are not known here"));
}

TEST(CheckTypedParameters, HoldsToTheLimitsOfXml) {
  v1::DeleteDnsZonesParameters zones;
  zones.set_zone_type(v1::ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE);
  for (int i = 1; i < 100; ++i) zones.add_server_zone_ids(i);
  EXPECT_OK(Check("DeleteDnsZones", zones, "delete_dns_zones"));
  EXPECT_THAT(
      CheckTypedParameters(*FindOperation("DeleteDnsZones"), zones, "delete_dns_zones", {.nodes = 90}),
      StatusIs(kInvalid, HasSubstr("more than 90 elements")));
}

TEST(CheckTypedParameters, RefusesTheParametersOfAnotherOperation) {
  EXPECT_THAT(Check("CreateDnsZone", v1::CreateDhcpScopeParameters(), "create_dns_zone"),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("is not what CreateDnsZone takes")));
}

}  // namespace
}  // namespace ipam::model
