#include "gateway/hub/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace ipam::hub {
namespace {

template <typename Detail>
void Attach(const Detail& detail, absl::Status& status) {
  status.SetPayload(absl::StrCat("type.googleapis.com/", detail.GetDescriptor()->full_name()),
                    absl::Cord(detail.SerializeAsString()));
}

}  // namespace

absl::Status InvalidField(const std::string& field, const std::string& description) {
  absl::Status status = absl::InvalidArgumentError(absl::StrCat(field, ": ", description));
  google::rpc::BadRequest detail;
  auto* violation = detail.add_field_violations();
  violation->set_field(field);
  violation->set_description(description);
  Attach(detail, status);
  return status;
}

absl::Status WithErrorInfo(absl::Status status, const std::string& reason,
                           const std::map<std::string, std::string>& metadata) {
  google::rpc::ErrorInfo detail;
  detail.set_reason(reason);
  detail.set_domain(kErrorDomain);
  for (const auto& [key, value] : metadata) (*detail.mutable_metadata())[key] = value;
  Attach(detail, status);
  return status;
}

google::rpc::Status MakeRpcStatus(absl::StatusCode code, const std::string& message,
                                  const std::string& reason) {
  google::rpc::Status result;
  result.set_code(static_cast<int>(code));
  result.set_message(message);
  if (!reason.empty()) {
    google::rpc::ErrorInfo detail;
    detail.set_reason(reason);
    detail.set_domain(kErrorDomain);
    result.add_details()->PackFrom(detail);
  }
  return result;
}

std::string ReasonOf(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  for (const google::protobuf::Any& detail : status.details()) {
    if (detail.Is<google::rpc::ErrorInfo>() && detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status result;
  result.set_code(static_cast<int>(status.code()));
  result.set_message(std::string(status.message()));
  status.ForEachPayload([&result](absl::string_view type_url, const absl::Cord& payload) {
    auto* detail = result.add_details();
    detail->set_type_url(std::string(type_url));
    detail->set_value(std::string(payload));
  });
  return result;
}

}  // namespace ipam::hub
