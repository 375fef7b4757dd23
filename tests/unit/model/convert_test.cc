#include "dcom_bridge/model/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dcom_bridge/model/operations.h"
#include "dcom_bridge/model/parameters.h"
#include "dcom_bridge/model/xml_types.h"
#include "ipam/v1/formatters.pb.h"
#include "ipam/v1/parameters.pb.h"
#include "ipam/v1/status.pb.h"
#include "ipam/v1/value.pb.h"
#include "model_testing.h"
#include "tests/support/matchers.h"

namespace ipam::model {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using test_support::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

class SampleTest : public ::testing::TestWithParam<std::string> {};

TEST_P(SampleTest, GoesToAMessageAndBackWithoutLoss) {
  const std::string xml = Sample(GetParam());
  const auto message = FromXml<v1::InitializeOperationParameters>(xml);
  ASSERT_OK(message);
  const auto written = ToXml(*message, kParametersRoot);
  ASSERT_OK(written);
  EXPECT_OK(Validate(*written)) << *written;
  const auto again = FromXml<v1::InitializeOperationParameters>(*written);
  ASSERT_OK(again);
  EXPECT_THAT(*again, EqualsMessage(*message));
}

INSTANTIATE_TEST_SUITE_P(Samples, SampleTest, ::testing::ValuesIn(SampleNames()),
                         [](const auto& param) { return param.param; });

TEST(FromXml, ReadsTheMembersOfASample) {
  const auto body = FromXml<v1::InitializeOperationParameters>(Sample("CreateDhcpScope"));
  ASSERT_OK(body);
  const v1::OperationParameters& parameters = body->parameters();
  EXPECT_EQ(parameters.operation_id(), v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_SCOPE);
  const v1::DhcpScope& scope = parameters.create_dhcp_scope().scope();
  EXPECT_EQ(scope.start_address(), "172.16.40.10");
  EXPECT_EQ(scope.end_address(), "172.16.43.250");
  EXPECT_EQ(scope.subnet_mask(), "255.255.252.0");
  EXPECT_EQ(scope.prefix_length(), 22);
  EXPECT_EQ(scope.scope_name(), "Warehouse");
  ASSERT_TRUE(scope.has_v4());
  EXPECT_EQ(scope.v4().lease_duration().seconds(), 12 * 3600);
  EXPECT_EQ(scope.modified_properties_size(), 2);
  ASSERT_EQ(scope.options().operation_tracker_size(), 3);
  const v1::DhcpOption& router = scope.options().operation_tracker(0).value();
  EXPECT_EQ(router.option_definition().option_id(), 3);
  EXPECT_EQ(router.values(0).ip_address(), "172.16.40.1");
  EXPECT_EQ(scope.options().operation_tracker(2).value().values(0).text(), "ad.example.org");
  // z:Ref="i6" stands for the first option again.
  ASSERT_EQ(scope.options().updated_options_size(), 3);
  EXPECT_THAT(scope.options().updated_options(0), EqualsMessage(router));
}

TEST(FromXml, ReadsAddressesOfBothFamiliesAndMacAddresses) {
  const auto records = FromXml<v1::InitializeOperationParameters>(Sample("CreateDnsResourceRecords"));
  ASSERT_OK(records);
  const auto& list = records->parameters().create_dns_resource_records().resource_records();
  EXPECT_EQ(list.at(0).address(), "10.99.4.20");
  EXPECT_EQ(list.at(0).record_data().a().address(), "10.99.4.20");
  EXPECT_EQ(list.at(1).address(), "2001:db8:99:4::20");
  EXPECT_EQ(list.at(3).record_data().srv().port(), 4840);
  const auto address = FromXml<v1::InitializeOperationParameters>(Sample("CreateIpamIPAddress"));
  ASSERT_OK(address);
  EXPECT_EQ(address->parameters().create_ipam_ip_address().address().mac_address(), "00:0e:8c:9a:00:20");
}

TEST(FromXml, TakesAnyPrefix) {
  const std::string xml =
      "<q:InitializeOperationParameters xmlns:q='http://Microsoft.Windows.Ipam'>"
      "<q:paramters xmlns:w='http://www.w3.org/2001/XMLSchema-instance' w:type='q:ReplicateScopeParameters'>"
      "<q:OperationId>ReplicateScope</q:OperationId><q:Scopes><q:DhcpScope w:type='q:DhcpScopeV4'>"
      "<q:RecordId> 7 </q:RecordId></q:DhcpScope></q:Scopes></q:paramters></q:InitializeOperationParameters>";
  const auto body = FromXml<v1::InitializeOperationParameters>(xml);
  ASSERT_OK(body);
  EXPECT_EQ(body->parameters().replicate_scope().scopes(0).record_id(), 7);
  EXPECT_TRUE(body->parameters().replicate_scope().scopes(0).has_v4());
}

TEST(FromXml, RefusesAMemberThatIsGivenTwice) {
  EXPECT_THAT(
      FromXml<v1::InitializeOperationParameters>(Parameters(
          "DhcpFailoverDeleteParameters", "DeleteDhcpFailover", "<Force>true</Force>\n<Force>true</Force>")),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 5: paramters.Force[2]: given twice")));
}

TEST(FromXml, RefusesANullEntryOfAnArray) {
  EXPECT_THAT(
      FromXml<v1::InitializeOperationParameters>(Parameters("ReplicateScopeParameters", "ReplicateScope",
                                                            "<Scopes>\n<DhcpScope i:nil='true'/></Scopes>")),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("line 5: paramters.Scopes.DhcpScope: a null entry")));
}

struct BadMember {
  const char* name;
  const char* xml;  // the fourth line of the document
  const char* message;
};
class BadMemberTest : public ::testing::TestWithParam<BadMember> {};

// Without the schema: the reader stands on its own.
TEST_P(BadMemberTest, IsRefusedWithLineAndField) {
  const std::string xml = Parameters("CreateDhcpScopeParameters", "CreateDhcpScope",
                                     std::string("<Scope>") + GetParam().xml + "</Scope>");
  EXPECT_THAT(
      FromXml<v1::InitializeOperationParameters>(xml),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(std::string("line 4: ") + GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    BadMembers, BadMemberTest,
    ::testing::Values(BadMember{"Unknown", "<Colour/>", "paramters.Scope.Colour: not a member of DhcpScope"},
                      BadMember{"WrongNamespace", "<RecordId xmlns='urn:x'>1</RecordId>",
                                "paramters.Scope.RecordId: not a member of"},
                      BadMember{"Integer", "<PrefixLength>x1</PrefixLength>",
                                "paramters.Scope.PrefixLength: 'x1' is not"},
                      BadMember{"IntegerTooLarge", "<PrefixLength>99999999999</PrefixLength>",
                                "paramters.Scope.PrefixLength: '99999999999'"},
                      BadMember{"Boolean", "<IsInheritedAccessScope>maybe</IsInheritedAccessScope>",
                                "paramters.Scope.IsInheritedAccessScope: 'maybe'"},
                      BadMember{"Enumerator", "<Status>Sleeping</Status>",
                                "paramters.Scope.Status: 'Sleeping' is not a value of DhcpScopeStatus"},
                      BadMember{"Double", "<NumberOfActiveLeases>many</NumberOfActiveLeases>",
                                "paramters.Scope.NumberOfActiveLeases: 'many' is not a number"},
                      BadMember{"ElementsInAValue", "<ScopeName><b/></ScopeName>",
                                "paramters.Scope.ScopeName: elements where a value"},
                      BadMember{"TextInAnObject", "hello", "paramters.Scope: text where elements"},
                      BadMember{"AddressWithoutFamily", "<StartAddress/>",
                                "paramters.Scope.StartAddress: m_Family must be"},
                      BadMember{"AddressMember", "<StartAddress><b/></StartAddress>",
                                "paramters.Scope.StartAddress.b: not a member of sysnet"},
                      BadMember{"EntryOfAnotherName", "<ModifiedProperties><string/></ModifiedProperties>",
                                "paramters.Scope.ModifiedProperties.string: not an entry"}),
    [](const auto& param) { return param.param.name; });

// Fills every member that the schema type has, nested as deep as `depth`, so that each is written and read.
void Fill(Message& message, int depth);

void FillField(Message& message, const FieldDescriptor& field, const v1::XmlField& option, int depth) {
  const auto& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      repeated ? reflection.AddInt32(&message, &field, -7) : reflection.SetInt32(&message, &field, -7);
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      repeated ? reflection.AddInt64(&message, &field, 1LL << 40)
               : reflection.SetInt64(&message, &field, 1LL << 40);
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection.SetUInt32(&message, &field, 200);
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, true);
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      reflection.SetDouble(&message, &field, 12.75);
      return;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* last = field.enum_type()->value(field.enum_type()->value_count() - 1);
      repeated ? reflection.AddEnum(&message, &field, last) : reflection.SetEnum(&message, &field, last);
      return;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string value = option.format() == v1::XML_FORMAT_IP_ADDRESS    ? "2001:db8::7%4"
                                : option.format() == v1::XML_FORMAT_MAC_ADDRESS ? "00:1b:44:11:3a:b7"
                                : option.format() == v1::XML_FORMAT_DECIMAL     ? "6.2"
                                                                                : "a<b>&\"c' \xC3\xA9\r\n";
      repeated ? reflection.AddString(&message, &field, value)
               : reflection.SetString(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const auto& type = *field.message_type();
      if (type.full_name() == "google.protobuf.Any") {
        v1::ReplicateServerDataFormatter formatter;
        google::protobuf::Any any;
        any.PackFrom(formatter);
        reflection.MutableMessage(&message, &field)->CopyFrom(any);
        return;
      }
      if (depth == 0) return;
      Message* inside =
          repeated ? reflection.AddMessage(&message, &field) : reflection.MutableMessage(&message, &field);
      if (type.full_name() == "google.protobuf.Duration") {
        google::protobuf::Duration duration;
        duration.set_seconds(93784);
        duration.set_nanos(500'000'000);
        inside->CopyFrom(duration);
      } else if (type.full_name() == "google.protobuf.Timestamp") {
        google::protobuf::Timestamp timestamp;
        timestamp.set_seconds(1'705'276'800);
        timestamp.set_nanos(120'000'000);
        inside->CopyFrom(timestamp);
      } else if (type.full_name() == "ipam.v1.AnyValue") {
        static_cast<v1::AnyValue*>(inside)->set_unsigned_short(65535);
      } else {
        if (!option.declared().empty()) {  // the schema declares a derived type
          const XmlType* declared = XmlTypes::Get().Find(NamespaceUri(v1::IPAM), option.declared());
          Message* at = inside;
          for (const FieldDescriptor* variant : declared->path())
            at = at->GetReflection()->MutableMessage(at, variant);
          Fill(*at, depth - 1);
        }
        Fill(*inside, depth - 1);
      }
      return;
    }
    default:
      FAIL() << field.full_name();
  }
}

void Fill(Message& message, int depth) {
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.options().HasExtension(v1::xml))
      FillField(message, field, field.options().GetExtension(v1::xml), depth);
  }
}

void FillVariant(Message& message, const XmlType& type, int depth) {
  Message* at = &message;
  Fill(*at, depth);
  for (const FieldDescriptor* variant : type.path()) {
    at = at->GetReflection()->MutableMessage(at, variant);
    Fill(*at, depth);
  }
}

class EveryOperationTest : public ::testing::TestWithParam<int> {};

TEST_P(EveryOperationTest, IsWrittenAsTheSchemaWantsAndReadBack) {
  const Operation& operation = Operations()[static_cast<std::size_t>(GetParam())];
  const XmlType* type = XmlTypes::Get().Find(NamespaceUri(v1::IPAM), std::string(operation.parameter_type));
  ASSERT_NE(type, nullptr);
  v1::InitializeOperationParameters body;
  FillVariant(*body.mutable_parameters(), *type, 3);
  body.mutable_parameters()->set_operation_id(static_cast<v1::IpamAdminOperationId>(operation.ordinal));
  const auto xml = ToXml(body, kParametersRoot);
  ASSERT_OK(xml);
  const auto checked = CheckParameters(*xml);
  ASSERT_OK(checked);
  EXPECT_EQ(checked->kind, operation.name);
  EXPECT_THAT(checked->parameters, EqualsMessage(body.parameters()));
}

INSTANTIATE_TEST_SUITE_P(Operations, EveryOperationTest, ::testing::Range(0, 49), [](const auto& param) {
  return std::string(Operations()[static_cast<std::size_t>(param.param)].name);
});

// Every type that an IpamObject may be, as the ReturnObject of a completion status.
TEST(ToXml, WritesEveryObjectAsTheSchemaWants) {
  int objects = 0;
  for (const auto* file :
       {v1::ReplicateServerDataFormatter::descriptor()->file(),
        v1::DhcpMsmOverallCompletionStatus::descriptor()->file(), v1::DhcpScope::descriptor()->file(),
        v1::DnsResourceRecord::descriptor()->file(), v1::IPRange::descriptor()->file(),
        v1::IpamExceptionData::descriptor()->file(), v1::ServerInfo::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const XmlType* type = XmlTypes::Get().Find(*file->message_type(i));
      if (type == nullptr || type->plain()) continue;
      const std::unique_ptr<Message> object(
          google::protobuf::MessageFactory::generated_factory()->GetPrototype(type->family())->New());
      FillVariant(*object, *type, 2);
      v1::DhcpMsmOverallCompletionStatus status;
      status.mutable_return_object()->PackFrom(*object);
      const auto xml = ToXml(status, kCompletionStatusRoot);
      ASSERT_OK(xml) << type->name();
      EXPECT_OK(
          Validate("<SetOverallStatus xmlns='http://Microsoft.Windows.Ipam'>" + *xml + "</SetOverallStatus>"))
          << type->name() << " " << *xml;
      const auto again = FromXml<v1::DhcpMsmOverallCompletionStatus>(*xml);
      ASSERT_OK(again) << type->name();
      EXPECT_THAT(*again, EqualsMessage(status)) << type->name();
      ++objects;
    }
  }
  EXPECT_GT(objects, 100);
}

TEST(ToXml, RefusesWhatXmlCannotCarry) {
  v1::InitializeOperationParameters body;
  v1::DhcpScope& scope = *body.mutable_parameters()->mutable_create_dhcp_scope()->mutable_scope();
  scope.set_scope_name("bell \x07");
  EXPECT_THAT(ToXml(body, kParametersRoot),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("scope_name: has a character")));
  scope.set_scope_name("ok");
  scope.set_start_address("300.1.2.3");
  EXPECT_THAT(ToXml(body, kParametersRoot),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("start_address: '300.1.2.3' is not an IP address")));
  scope.set_start_address("");
  scope.set_status(static_cast<v1::DhcpScopeStatus>(99));
  EXPECT_THAT(ToXml(body, kParametersRoot),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("status: 99 is not a value of")));
}

TEST(ToXml, LeavesDefaultsOut) {
  v1::InitializeOperationParameters body;
  body.mutable_parameters()->mutable_delete_dhcp_scope();
  const auto xml = ToXml(body, kParametersRoot);
  ASSERT_OK(xml);
  EXPECT_EQ(*xml,
            R"(<InitializeOperationParameters xmlns="http://Microsoft.Windows.Ipam")"
            R"( xmlns:i="http://www.w3.org/2001/XMLSchema-instance">)"
            R"(<paramters i:type="DeleteDhcpScopeParameters"></paramters></InitializeOperationParameters>)");
}

}  // namespace
}  // namespace ipam::model
