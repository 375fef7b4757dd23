#include "dcom_bridge/bridge/decode_callback.h"

#include <optional>
#include <string>
#include <utility>

#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/idl/file_time.h"
#include "dcom_bridge/idl/operation_with_progress_callback.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/idl/percent.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/ndr/fault.h"

namespace ipam::bridge {
namespace {

using Text = std::optional<std::u16string>;

// Turns arguments into event values; remembers whether one of them was E_INVALIDARG.
class Converter {
 public:
  explicit Converter(const Texts& texts) : texts_(texts) {}

  bool ok() const { return ok_; }

  std::optional<std::string> Plain(const Text& text) {
    if (!text) return std::nullopt;
    return base::ToUtf8(*text);
  }
  // XML that is not well formed or not valid is E_INVALIDARG, and so is UTF-16 that is not.
  std::optional<std::string> Xml(TextKind kind, const Text& text) {
    if (!text) return std::nullopt;
    bool well_formed = false;
    std::string utf8 = base::ToUtf8(*text, &well_formed);
    if (!well_formed || !texts_.check(kind, utf8).ok()) ok_ = false;
    return utf8;
  }
  double Percent(const ndr::Decimal& decimal) {
    const std::optional<double> percent = idl::ToPercent(decimal);
    if (!percent) ok_ = false;
    return percent.value_or(0);
  }
  event::OverallStatus Overall(idl::OverallStatus status) {
    if (!IsValid(status)) ok_ = false;
    return static_cast<event::OverallStatus>(status);
  }
  event::SubtaskStatus Subtask(idl::SubTaskStatus status) {
    if (!IsValid(status)) ok_ = false;
    return static_cast<event::SubtaskStatus>(status);
  }
  event::SubtaskInstance Instance(const std::optional<idl::SubTaskInstance>& from) {
    event::SubtaskInstance to;
    if (!from) {
      ok_ = false;
      return to;
    }
    to.instance_id = from->sub_task_instance_id;
    to.unique_id = from->sub_task_unique_id;
    to.name = Plain(from->sub_task_name);
    to.status = Subtask(from->sub_task_status);
    to.is_non_deterministic = from->is_non_deterministic_progress != 0;
    to.description = Plain(from->progress_status_descriptions);
    to.details_xml = Xml(TextKind::kSubtaskDetails, from->sub_task_instance_details);
    to.failed_status_xml = Xml(TextKind::kException, from->failed_completion_status);
    return to;
  }

  event::ProgressEvent Convert(const idl::StartProgressCallback& call) {
    return {.change = event::Started{call.is_non_deterministic != 0}};
  }
  event::ProgressEvent Convert(const idl::SetCompletionPercentage& call) {
    return {.change = event::PercentageChanged{Percent(call.completion_percentage)}};
  }
  event::ProgressEvent Convert(const idl::SetSubTaskStatus& call) {
    return {.change = event::SubtaskChanged{Instance(call.sub_task_instance), Subtask(call.status),
                                            Percent(call.percent_complete),
                                            Xml(TextKind::kException, call.completion_status)}};
  }
  event::ProgressEvent Convert(const idl::SetOverallStatus& call) {
    return {.change = event::OverallStatusSet{Overall(call.overall_status),
                                              Xml(TextKind::kCompletionStatus, call.completion_status)}};
  }
  event::ProgressEvent Convert(const idl::AddSubTask& call) {
    return {.change = event::SubtaskAdded{Instance(call.sub_task_instance)}};
  }
  event::ProgressEvent Convert(const idl::ProgressEvent& from) {
    event::ProgressEvent event = OfKind(from);
    if (!IsValid(from.kind) || from.sequence == 0) ok_ = false;
    event.source_sequence = from.sequence;
    event.event_time = idl::FromFileTime(from.time);
    return event;
  }

 private:
  event::ProgressEvent OfKind(const idl::ProgressEvent& from) {
    switch (from.kind) {
      case idl::EventKind::kStartProgressCallback:
        return Convert(idl::StartProgressCallback{from.is_non_deterministic});
      case idl::EventKind::kSetCompletionPercentage:
        return Convert(idl::SetCompletionPercentage{from.percent_complete});
      case idl::EventKind::kSetSubTaskStatus:
        return Convert(idl::SetSubTaskStatus{from.sub_task_instance, from.sub_task_status,
                                             from.percent_complete, from.completion_status});
      case idl::EventKind::kSetOverallStatus:
        return Convert(idl::SetOverallStatus{from.overall_status, from.completion_status});
      case idl::EventKind::kAddSubTask:
        return Convert(idl::AddSubTask{from.sub_task_instance});
    }
    return {};
  }

  const Texts& texts_;
  bool ok_ = true;
};

template <typename Request>
Decoded DecodeOne(base::ByteView body, base::Endian endian, const Texts& texts) {
  const absl::StatusOr<Request> request = ndr::Decode<Request>(body, endian);
  if (!request.ok()) return pdu::NcaStatus{ndr::FaultStatus(request.status())};
  Converter converter(texts);
  std::vector<event::ProgressEvent> events;
  if constexpr (std::is_same_v<Request, idl::ReportProgress>) {
    events.reserve(request->events.size());
    for (const idl::ProgressEvent& event : request->events) events.push_back(converter.Convert(event));
  } else {
    events.push_back(converter.Convert(*request));
  }
  if (!converter.ok()) return base::kInvalidArgument;
  return events;
}

}  // namespace

Decoded DecodeCallback(std::uint16_t opnum, base::ByteView body, base::Endian endian, const Texts& texts) {
  switch (opnum) {
    case idl::StartProgressCallback::kOpnum:
      return DecodeOne<idl::StartProgressCallback>(body, endian, texts);
    case idl::SetCompletionPercentage::kOpnum:
      return DecodeOne<idl::SetCompletionPercentage>(body, endian, texts);
    case idl::SetSubTaskStatus::kOpnum:
      return DecodeOne<idl::SetSubTaskStatus>(body, endian, texts);
    case idl::SetOverallStatus::kOpnum:
      return DecodeOne<idl::SetOverallStatus>(body, endian, texts);
    case idl::AddSubTask::kOpnum:
      return DecodeOne<idl::AddSubTask>(body, endian, texts);
    case idl::ReportProgress::kOpnum:
      return DecodeOne<idl::ReportProgress>(body, endian, texts);
    default:
      return pdu::kOperationRange;
  }
}

}  // namespace ipam::bridge
