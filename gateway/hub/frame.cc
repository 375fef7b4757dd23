#include "gateway/hub/frame.h"

#include <utility>

#include "dcom_bridge/json/json_writer.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"

namespace ipam::hub {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

void WriteField(CodedOutputStream& out, int field, const std::string& bytes) {
  out.WriteTag(WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  out.WriteVarint32(static_cast<std::uint32_t>(bytes.size()));
  out.WriteString(bytes);
}

}  // namespace

Frame::Frame(const v1::WatchOperationsResponse& response)
    : proto_(response.SerializeAsString()),
      resume_token_(response.resume_token()),
      is_event_(response.frame_case() == v1::WatchOperationsResponse::kEvents) {}

Frame::Frame(std::string resume_token, const google::protobuf::Timestamp& server_time,
             const std::string& serialized_event)
    : resume_token_(std::move(resume_token)), is_event_(true) {
  proto_.reserve(resume_token_.size() + serialized_event.size() + 48);
  google::protobuf::io::StringOutputStream stream(&proto_);
  CodedOutputStream out(&stream);
  WriteField(out, v1::WatchOperationsResponse::kResumeTokenFieldNumber, resume_token_);
  WriteField(out, v1::WatchOperationsResponse::kServerTimeFieldNumber, server_time.SerializeAsString());
  // The EventBatch holds one field: its length is that of the event, its tag and its length prefix.
  const auto event_size = static_cast<std::uint32_t>(serialized_event.size());
  out.WriteTag(WireFormatLite::MakeTag(v1::WatchOperationsResponse::kEventsFieldNumber,
                                       WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  out.WriteVarint32(event_size + 1 + static_cast<std::uint32_t>(CodedOutputStream::VarintSize32(event_size)));
  WriteField(out, v1::EventBatch::kEventsFieldNumber, serialized_event);
}

const std::string& Frame::json() const {
  std::call_once(json_once_, [this] {
    v1::WatchOperationsResponse response;
    // Our own bytes: they parse, and everything in them has a JSON form.
    response.ParseFromString(proto_);
    json_ = json::Write(response);
    if (json_.empty()) json_ = "{}";
  });
  return json_;
}

}  // namespace ipam::hub
