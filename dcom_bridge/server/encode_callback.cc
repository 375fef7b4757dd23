#include "dcom_bridge/server/encode_callback.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/idl/file_time.h"
#include "dcom_bridge/idl/operation_with_progress_callback.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/idl/percent.h"
#include "dcom_bridge/ndr/codec.h"

namespace ipam::server {
namespace {

std::optional<std::u16string> Wide(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return base::ToUtf16(*text);
}

idl::SubTaskInstance ToWire(const event::SubtaskInstance& from) {
  return {.failed_completion_status = Wide(from.failed_status_xml),
          .is_non_deterministic_progress = from.is_non_deterministic,
          .progress_status_descriptions = Wide(from.description),
          .sub_task_instance_details = Wide(from.details_xml),
          .sub_task_instance_id = from.instance_id,
          .sub_task_name = Wide(from.name),
          .sub_task_status = static_cast<idl::SubTaskStatus>(from.status),
          .sub_task_unique_id = from.unique_id};
}

// The five callbacks; what the holder of a session sees is never sent.
template <typename Visitor>
auto VisitCallback(const event::ProgressEvent& event, Visitor visitor) {
  if (const auto* e = std::get_if<event::Started>(&event.change)) return visitor(*e);
  if (const auto* e = std::get_if<event::SubtaskAdded>(&event.change)) return visitor(*e);
  if (const auto* e = std::get_if<event::SubtaskChanged>(&event.change)) return visitor(*e);
  if (const auto* e = std::get_if<event::PercentageChanged>(&event.change)) return visitor(*e);
  if (const auto* e = std::get_if<event::OverallStatusSet>(&event.change)) return visitor(*e);
  std::abort();  // our bug: the engine makes no other
}

template <typename Request>
EncodedCallback Encode(const Request& request) {
  return {Request::kOpnum, ndr::Encode(request)};
}

struct OneCallback {
  EncodedCallback operator()(const event::Started& e) const {
    return Encode(idl::StartProgressCallback{e.is_non_deterministic});
  }
  EncodedCallback operator()(const event::SubtaskAdded& e) const {
    return Encode(idl::AddSubTask{ToWire(e.subtask)});
  }
  EncodedCallback operator()(const event::SubtaskChanged& e) const {
    return Encode(idl::SetSubTaskStatus{ToWire(e.subtask), static_cast<idl::SubTaskStatus>(e.status),
                                        idl::FromPercent(e.percent), Wide(e.completion_status_xml)});
  }
  EncodedCallback operator()(const event::PercentageChanged& e) const {
    return Encode(idl::SetCompletionPercentage{idl::FromPercent(e.percent)});
  }
  EncodedCallback operator()(const event::OverallStatusSet& e) const {
    return Encode(
        idl::SetOverallStatus{static_cast<idl::OverallStatus>(e.status), Wide(e.completion_status_xml)});
  }
};

struct OfReport {
  idl::ProgressEvent operator()(const event::Started& e) const {
    return {.kind = idl::EventKind::kStartProgressCallback, .is_non_deterministic = e.is_non_deterministic};
  }
  idl::ProgressEvent operator()(const event::SubtaskAdded& e) const {
    return {.kind = idl::EventKind::kAddSubTask, .sub_task_instance = ToWire(e.subtask)};
  }
  idl::ProgressEvent operator()(const event::SubtaskChanged& e) const {
    return {.kind = idl::EventKind::kSetSubTaskStatus,
            .percent_complete = idl::FromPercent(e.percent),
            .sub_task_status = static_cast<idl::SubTaskStatus>(e.status),
            .sub_task_instance = ToWire(e.subtask),
            .completion_status = Wide(e.completion_status_xml)};
  }
  idl::ProgressEvent operator()(const event::PercentageChanged& e) const {
    return {.kind = idl::EventKind::kSetCompletionPercentage,
            .percent_complete = idl::FromPercent(e.percent)};
  }
  idl::ProgressEvent operator()(const event::OverallStatusSet& e) const {
    return {.kind = idl::EventKind::kSetOverallStatus,
            .overall_status = static_cast<idl::OverallStatus>(e.status),
            .completion_status = Wide(e.completion_status_xml)};
  }
};

// A string on the wire: referent, two counts, two octets a unit, the NUL, and padding.
std::size_t Size(const std::optional<std::string>& text) { return text ? 20 + 2 * text->size() : 4; }

struct SizeOf {
  std::size_t operator()(const event::Started&) const { return 0; }
  std::size_t operator()(const event::PercentageChanged&) const { return 0; }
  std::size_t operator()(const event::SubtaskAdded& e) const { return Size(e.subtask); }
  std::size_t operator()(const event::SubtaskChanged& e) const {
    return Size(e.subtask) + ::ipam::server::Size(e.completion_status_xml);
  }
  std::size_t operator()(const event::OverallStatusSet& e) const {
    return ::ipam::server::Size(e.completion_status_xml);
  }
  static std::size_t Size(const event::SubtaskInstance& s) {
    return 32 + ::ipam::server::Size(s.name) + ::ipam::server::Size(s.description) +
           ::ipam::server::Size(s.details_xml) + ::ipam::server::Size(s.failed_status_xml);
  }
};

}  // namespace

EncodedCallback EncodeCallback(const event::ProgressEvent& event) {
  return VisitCallback(event, OneCallback{});
}

EncodedCallback EncodeReport(std::span<const event::ProgressEvent> events) {
  idl::ReportProgress report;
  report.events.reserve(events.size());
  for (const event::ProgressEvent& event : events) {
    idl::ProgressEvent& wire = report.events.emplace_back(VisitCallback(event, OfReport{}));
    wire.sequence = event.source_sequence;
    wire.time = idl::ToFileTime(event.event_time.value_or(absl::UnixEpoch()));
  }
  return Encode(report);
}

std::size_t EncodedSizeBound(const event::ProgressEvent& event) {
  return 64 + VisitCallback(event, SizeOf{});
}

}  // namespace ipam::server
