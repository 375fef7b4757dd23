#include "dcom_bridge/model/exception.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dcom_bridge/model/convert.h"
#include "ipam/v1/formatters.pb.h"
#include "model_testing.h"
#include "tests/support/matchers.h"

namespace ipam::model {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(IpamExceptionXml, HasTheFormOfTheSpecification) {  // [MS-IPAMM2] 2.2.4.247
  EXPECT_EQ(
      IpamExceptionXml(v1::IPAM_EXCEPTION_ID_IPAM_API_ACCESS_DENIED, "no <role>"),
      R"(<IpamException xmlns="http://schemas.datacontract.org/2004/07/Microsoft.Windows.Ipam")"
      R"( xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:ipam="http://Microsoft.Windows.Ipam")"
      R"( xmlns:xs="http://www.w3.org/2001/XMLSchema">)"
      R"(<ClassName xmlns="" i:type="xs:string">Microsoft.Windows.Ipam.IpamException</ClassName>)"
      R"(<Message xmlns="" i:type="xs:string">no &lt;role&gt;</Message>)"
      R"(<IpamExceptionData xmlns="" i:type="ipam:IpamExceptionData">)"
      R"(<ipam:ExceptionId>IpamApiAccessDenied</ipam:ExceptionId>)"
      R"(<ipam:ExceptionMessage>no &lt;role&gt;</ipam:ExceptionMessage></IpamExceptionData></IpamException>)");
}

TEST(IpamExceptionXml, CarriesNoCharacterThatXmlCannot) {
  const auto summary =
      ReadIpamException(IpamExceptionXml(v1::IPAM_EXCEPTION_ID_IPAM_API_GENERIC_ERROR_OCCURRED,
                                         "a\x01\xFF"
                                         "b"));
  ASSERT_OK(summary);
  EXPECT_EQ(summary->message,
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b");
}

TEST(IpamExceptionXml, IsReadBackAsAMessage) {
  v1::IpamException exception = MakeIpamException(v1::IPAM_EXCEPTION_ID_IPAM_API_OBJECT_NOT_FOUND, "gone");
  exception.set_h_result(-2146233088);
  *exception.mutable_inner_ipam_exception() =
      MakeIpamException(v1::IPAM_EXCEPTION_ID_IPAM_API_FETCH_FAILED, "inner");
  exception.mutable_inner_ipam_exception()
      ->mutable_ipam_exception_data()
      ->mutable_conflicting_ip_address_failure()
      ->set_ip_address("192.0.2.1");
  const auto xml = IpamExceptionXml(exception);
  ASSERT_OK(xml);
  EXPECT_THAT(*xml, HasSubstr("i:type=\"ipam:ConflictingIPAddressFailureIpamExceptionData\""));
  const auto again = FromXml<v1::IpamException>(*xml);
  ASSERT_OK(again);
  EXPECT_THAT(*again, EqualsMessage(exception));
}

TEST(CompletionStatusXml, CarriesAFailureAndIsValid) {
  v1::DhcpMsmOverallCompletionStatus status;
  *status.mutable_error_info() =
      MakeIpamException(v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_ZONE_DOES_NOT_EXIST, "no zone");
  status.set_has_ipam_update_error(true);
  v1::EntityStatusCollection entities;
  auto* entity = entities.add_entity_status_list();
  entity->set_is_successful(true);
  entity->set_record_id(208);
  status.mutable_entity_status_collection_object()->PackFrom(entities);
  const auto xml = CompletionStatusXml(status);
  ASSERT_OK(xml);
  EXPECT_THAT(*xml, HasSubstr("<completionStatus "));
  EXPECT_THAT(*xml, HasSubstr(" i:type=\"DhcpMsmOverallCompletionStatus\">"));
  EXPECT_OK(
      Validate("<SetOverallStatus xmlns='http://Microsoft.Windows.Ipam'>" + *xml + "</SetOverallStatus>"))
      << *xml;
  const auto again = FromXml<v1::DhcpMsmOverallCompletionStatus>(*xml);
  ASSERT_OK(again);
  EXPECT_THAT(*again, EqualsMessage(status));
  const auto summary = ReadIpamException(*xml);
  ASSERT_OK(summary);
  EXPECT_EQ(summary->exception_id, "IpamApiDnsZoneDoesNotExist");
}

TEST(SubtaskDetailsXml, IsValid) {
  const auto xml = SubtaskDetailsXml(v1::ReplicateServerDataFormatter());
  ASSERT_OK(xml);
  EXPECT_OK(Validate("<AddSubTask xmlns='http://Microsoft.Windows.Ipam'><subTaskInstance>" + *xml +
                     "</subTaskInstance></AddSubTask>"))
      << *xml;
}

TEST(ReadIpamException, ReadsTheFormOfAnotherServer) {
  const auto summary = ReadIpamException(
      "<q:IpamException xmlns:q='http://schemas.datacontract.org/2004/07/Microsoft.Windows.Ipam'"
      " xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><Data "
      "i:nil='true'/><WatsonBuckets><x/></WatsonBuckets>"
      "<IpamExceptionData><ExceptionMessage xmlns='http://Microsoft.Windows.Ipam'>scope "
      "exists</ExceptionMessage>"
      "<ExceptionId xmlns='http://Microsoft.Windows.Ipam'> IpamApiAddScopeFailed "
      "</ExceptionId></IpamExceptionData></q:IpamException>");
  ASSERT_OK(summary);
  EXPECT_EQ(summary->exception_id, "IpamApiAddScopeFailed");
  EXPECT_EQ(summary->message, "scope exists");
}

TEST(ReadIpamException, TakesTheInnerExceptionWhereTheOuterSaysNothing) {
  const auto summary = ReadIpamException(
      "<IpamException><Message>outer</Message><InnerIpamException><Message>why</Message><IpamExceptionData>"
      "<ExceptionId>IpamApiFetchFailed</ExceptionId></IpamExceptionData></InnerIpamException></"
      "IpamException>");
  ASSERT_OK(summary);
  EXPECT_EQ(summary->exception_id, "IpamApiFetchFailed");
  EXPECT_EQ(summary->message, "why");
}

TEST(ReadIpamException, SaysWhereThereIsNone) {
  EXPECT_THAT(ReadIpamException("<IpamException/>"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ReadIpamException("<completionStatus><ErrorInfo/></completionStatus>"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ReadIpamException("0x80070005"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadIpamException(std::string((std::size_t{1} << 20) + 1, ' ')),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace ipam::model
