#include "dcom_bridge/model/callback_xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dcom_bridge/model/exception.h"
#include "ipam/v1/formatters.pb.h"
#include "tests/support/matchers.h"

namespace ipam::model {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(CallbackXml, AcceptsWhatWeWrite) {
  EXPECT_OK(CheckIpamExceptionXml(IpamExceptionXml(v1::IPAM_EXCEPTION_ID_IPAM_API_FETCH_FAILED, "why")));
  v1::DhcpMsmOverallCompletionStatus status;
  *status.mutable_error_info() = MakeIpamException(v1::IPAM_EXCEPTION_ID_IPAM_API_FETCH_FAILED, "why");
  EXPECT_OK(CheckCompletionStatusXml(CompletionStatusXml(status).value()));
  v1::DnsResourceRecordFormatter formatter;
  EXPECT_OK(CheckSubtaskDetailsXml(SubtaskDetailsXml(formatter).value()));
}

TEST(CallbackXml, RefusesAnotherRoot) {
  EXPECT_THAT(
      CheckIpamExceptionXml("<IpamException xmlns='http://Microsoft.Windows.Ipam'/>"),
      StatusIs(kInvalid,
               HasSubstr("the root element must be IpamException of http://schemas.datacontract.org")));
  EXPECT_THAT(CheckCompletionStatusXml("<a/>"),
              StatusIs(kInvalid, HasSubstr("the root element must be completionStatus")));
  EXPECT_THAT(CheckSubtaskDetailsXml("<a>"), StatusIs(kInvalid, HasSubstr("not well-formed")));
}

TEST(CallbackXml, RefusesWhatIsNotValid) {
  const std::string status =
      "<completionStatus xmlns='http://Microsoft.Windows.Ipam' "
      "xmlns:i='http://www.w3.org/2001/XMLSchema-instance'"
      " i:type='DhcpMsmOverallCompletionStatus'>\n<HasIpamUpdateError>perhaps</HasIpamUpdateError></"
      "completionStatus>";
  EXPECT_THAT(
      CheckCompletionStatusXml(status),
      StatusIs(kInvalid,
               HasSubstr("line 2: completionStatus.HasIpamUpdateError: 'perhaps' is not a valid value")));
  EXPECT_THAT(
      CheckSubtaskDetailsXml(
          "<SubTaskInstanceDetails xmlns='http://Microsoft.Windows.Ipam'><b/></SubTaskInstanceDetails>"),
      StatusIs(kInvalid, HasSubstr("SubTaskInstanceDetails")));
  // The members of an exception are in no namespace, [MS-IPAMM2] 2.2.4.247.
  EXPECT_THAT(CheckIpamExceptionXml(
                  "<IpamException xmlns='http://schemas.datacontract.org/2004/07/Microsoft.Windows.Ipam'>"
                  "<Message>x</Message></IpamException>"),
              StatusIs(kInvalid, HasSubstr("completionStatus.Message")));
}

}  // namespace
}  // namespace ipam::model
