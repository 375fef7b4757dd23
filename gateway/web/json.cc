#include "gateway/web/json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdint>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/strings.h"
#include "dcom_bridge/json/json_writer.h"
#include "gateway/web/url.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace ipam::web {
namespace {

namespace pb = google::protobuf;

// What has a descriptor in this program: another type URL could not be written as JSON.
const pb::Descriptor* DetailType(std::string_view type_url) {
  const std::size_t slash = type_url.rfind('/');
  if (slash == std::string_view::npos) return nullptr;
  // A first use, so that the linker keeps the descriptors.
  return google::rpc::ErrorInfo::descriptor()->file()->pool()->FindMessageTypeByName(
      std::string(type_url.substr(slash + 1)));
}

absl::Status Bad(const std::string& name, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrFormat("query parameter '%s': %s", name, why));
}

absl::Status PutField(const std::string& name, const std::string& value, const pb::FieldDescriptor* field,
                      pb::Message* message) {
  const pb::Reflection* reflection = message->GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      repeated ? reflection->AddString(message, field, value) : reflection->SetString(message, field, value);
      return absl::OkStatus();
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      if (value != "true" && value != "false") return Bad(name, "neither true nor false");
      if (repeated) return Bad(name, "cannot be given in a query");
      reflection->SetBool(message, field, value == "true");
      return absl::OkStatus();
    case pb::FieldDescriptor::CPPTYPE_INT32: {
      std::int32_t number = 0;
      if (repeated || !absl::SimpleAtoi(value, &number)) return Bad(name, "not a number in range");
      reflection->SetInt32(message, field, number);
      return absl::OkStatus();
    }
    case pb::FieldDescriptor::CPPTYPE_UINT64: {
      std::uint64_t number = 0;
      if (repeated || !absl::SimpleAtoi(value, &number)) return Bad(name, "not a number in range");
      reflection->SetUInt64(message, field, number);
      return absl::OkStatus();
    }
    case pb::FieldDescriptor::CPPTYPE_ENUM: {
      const pb::EnumValueDescriptor* entry = field->enum_type()->FindValueByName(value);
      int number = 0;
      if (entry == nullptr && absl::SimpleAtoi(value, &number))
        entry = field->enum_type()->FindValueByNumber(number);
      if (repeated || entry == nullptr) {
        return Bad(name, absl::StrFormat("not a value of %s", field->enum_type()->name()));
      }
      reflection->SetEnum(message, field, entry);
      return absl::OkStatus();
    }
    case pb::FieldDescriptor::CPPTYPE_MESSAGE: {
      // Duration and Timestamp are strings in JSON; other messages have no place in a query.
      const std::string& type = field->message_type()->full_name();
      if (repeated || (type != "google.protobuf.Duration" && type != "google.protobuf.Timestamp")) {
        return Bad(name, "cannot be given in a query");
      }
      if (value.find_first_of("\"\\") != std::string::npos ||
          !pb::util::JsonStringToMessage("\"" + value + "\"", reflection->MutableMessage(message, field))
               .ok()) {
        return Bad(name, absl::StrFormat("not a %s", field->message_type()->name()));
      }
      return absl::OkStatus();
    }
    default:
      return Bad(name, "cannot be given in a query");
  }
}

}  // namespace

std::string ToJson(const pb::Message& message) {
  std::string out = json::Write(message);
  // Fails for an Any of an unknown type only, and none of ours holds one: StatusToJson leaves those out.
  return out.empty() ? "{}" : out;
}

absl::Status FromJson(std::string_view text, pb::Message* message) {
  if (!IsUtf8(text)) return absl::InvalidArgumentError("the body is not UTF-8");
  const auto parsed = pb::util::JsonStringToMessage(pb::StringPiece(text.data(), text.size()), message);
  if (parsed.ok()) return absl::OkStatus();
  std::string why(parsed.message());
  return absl::InvalidArgumentError("the body is not a valid " + message->GetDescriptor()->name() + ": " +
                                    why);
}

std::string StatusToJson(const absl::Status& status) {
  google::rpc::Status out;
  out.set_code(static_cast<int>(status.code()));
  const std::string message(status.message());
  out.set_message(IsUtf8(message) ? message : absl::CHexEscape(message));
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& value) {
    if (DetailType(base::ToStd(type_url)) == nullptr) return;
    auto* detail = out.add_details();
    detail->set_type_url(std::string(type_url));
    detail->set_value(std::string(value));
  });
  std::string text = json::Write(out);
  if (text.empty()) {
    out.clear_details();
    text = ToJson(out);
  }
  return text;
}

int HttpStatus(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

absl::Status FromQuery(const std::vector<std::pair<std::string, std::string>>& query,
                       const std::vector<std::string_view>& bound, pb::Message* message) {
  std::set<const pb::FieldDescriptor*> seen;
  for (const auto& [name, value] : query) {
    const pb::FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) field = message->GetDescriptor()->FindFieldByCamelcaseName(name);
    if (field == nullptr || std::find(bound.begin(), bound.end(), field->name()) != bound.end()) {
      return Bad(name, "unknown");
    }
    if (!seen.insert(field).second && !field->is_repeated()) return Bad(name, "given twice");
    if (absl::Status put = PutField(name, value, field, message); !put.ok()) return put;
  }
  return absl::OkStatus();
}

}  // namespace ipam::web
