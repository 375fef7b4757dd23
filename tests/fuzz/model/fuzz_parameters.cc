// Any bytes as parameters, exception and completion status; what is accepted must go to XML and back
// unchanged.
#include <google/protobuf/util/field_comparator.h>
#include <google/protobuf/util/message_differencer.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/exception.h"
#include "dcom_bridge/model/parameters.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  ipam::model::XmlLimits limits;
  limits.nodes = 20'000;
  (void)ipam::model::ReadIpamException(xml);
  (void)ipam::model::FromXml<ipam::v1::DhcpMsmOverallCompletionStatus>(xml, limits);
  const auto checked = ipam::model::CheckParameters(xml, limits);
  if (!checked.ok()) return 0;

  ipam::v1::InitializeOperationParameters body;
  *body.mutable_parameters() = checked->parameters;
  const auto written = ipam::model::ToXml(body, ipam::model::kParametersRoot);
  if (!written.ok()) std::abort();
  const auto again = ipam::model::CheckParameters(*written);
  if (!again.ok()) std::abort();
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  if (!differencer.Compare(again->parameters, checked->parameters)) std::abort();
  return 0;
}
