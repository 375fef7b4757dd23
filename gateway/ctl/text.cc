#include "gateway/ctl/text.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace ipam::ctl {
namespace {

// Of an enumerator; one that a newer gateway knows has no name here, and its number is given.
std::string Name(const std::string& enumerator, absl::string_view prefix, int value) {
  if (enumerator.empty()) return absl::StrCat(value);
  return absl::AsciiStrToLower(absl::StrReplaceAll(absl::StripPrefix(enumerator, prefix), {{"_", " "}}));
}

// Length of the well-formed UTF-8 sequence at the front, 0 where it is none ([Unicode] 3.9, table 3-7).
std::size_t SequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (i == 1 && lead == 0xE0) low = 0xA0;
    if (i == 1 && lead == 0xED) high = 0x9F;
    if (i == 1 && lead == 0xF0) low = 0x90;
    if (i == 1 && lead == 0xF4) high = 0x8F;
    if (byte(i) < low || byte(i) > high) return 0;
  }
  return length;
}

// Of one sequence that SequenceLength() took; of anything else its octet.
char32_t CodePoint(std::string_view sequence) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(sequence[i]));
  };
  switch (sequence.size()) {
    case 2:
      return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3:
      return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    case 4:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    default:
      return byte(0);
  }
}

struct Range {
  char32_t first, last;
};
bool In(char32_t c, std::initializer_list<Range> ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& r) { return c >= r.first && c <= r.last; });
}

bool Harmful(char32_t c) {
  return In(c, {{0x00, 0x1F},        // C0
                {0x7F, 0x9F},        // DEL and C1
                {0x061C, 0x061C},    // Arabic letter mark
                {0x200E, 0x200F},    // left-to-right and right-to-left mark
                {0x2028, 0x202E},    // separators of lines and paragraphs, embeddings, overrides
                {0x2066, 0x2069}});  // isolates
}

// What terminals do with the blocks that matter; East Asian Width of [Unicode] in full is not needed for it.
std::size_t Width(char32_t c) {
  if (In(c, {{0x0300, 0x036F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}})) return 0;
  if (In(c, {{0x1100, 0x115F},
             {0x2E80, 0xA4CF},
             {0xAC00, 0xD7A3},
             {0xF900, 0xFAFF},
             {0xFE30, 0xFE6F},
             {0xFF00, 0xFF60},
             {0xFFE0, 0xFFE6},
             {0x1F300, 0x1FAFF},
             {0x20000, 0x3FFFD}})) {
    return 2;
  }
  return 1;
}

}  // namespace

std::string Words(progress::v1::OperationState state) {
  return Name(progress::v1::OperationState_Name(state), "OPERATION_STATE_", state);
}
std::string Words(progress::v1::SubtaskStatus status) {
  return Name(progress::v1::SubtaskStatus_Name(status), "SUBTASK_STATUS_", status);
}
std::string Words(progress::v1::SourceState state) {
  return Name(progress::v1::SourceState_Name(state), "SOURCE_STATE_", state);
}

std::string Words(progress::v1::DiagnosisStep step) {
  return Name(progress::v1::DiagnosisStep_Name(step), "DIAGNOSIS_STEP_", step);
}

std::string Describe(const progress::v1::Event& event) {
  using progress::v1::Event;
  const auto of_subtask = [](const progress::v1::Subtask& subtask) {
    std::string text = Harmless(subtask.name()) + ": " + Words(subtask.status());
    if (subtask.has_percent() && subtask.status() == progress::v1::SUBTASK_STATUS_IN_PROGRESS)
      text += " " + Percent(subtask.percent());
    if (!subtask.error().message().empty()) text += ": " + Harmless(subtask.error().message());
    return text;
  };
  switch (event.change_case()) {
    case Event::kAccepted:
      return "accepted";
    case Event::kStarted:
      return "started";
    case Event::kSubtaskAdded:
      return "subtask " + Harmless(event.subtask_added().name());
    case Event::kSubtaskChanged:
      return of_subtask(event.subtask_changed());
    case Event::kPercentage:
      return Percent(event.percentage().percent());
    case Event::kOverall:
      return Name(progress::v1::OverallProgressStatus_Name(event.overall().status()),
                  "OVERALL_PROGRESS_STATUS_", event.overall().status());
    case Event::kFinished: {
      const std::string reason = Reason(event.finished());
      return Words(event.finished().state()) + (reason.empty() ? "" : ": " + reason);
    }
    case Event::kSourceLost:
      return "session lost: " + Harmless(event.source_lost().reason());
    case Event::kSourceResumed:
      return "session resumed";
    case Event::kCancelRequested:
      return "cancel requested";
    case Event::CHANGE_NOT_SET:  // of a newer gateway
      break;
  }
  return "(unknown to this version of ipamctl)";
}

std::string Kind(const progress::v1::Operation& operation) {
  return operation.kind().empty() ? "operation" : Harmless(operation.kind());
}

std::string Title(const progress::v1::Operation& operation) {
  return Kind(operation) + " " + Harmless(operation.name());
}

std::string Standing(const progress::v1::Operation& operation) {
  std::string text = Words(operation.state());
  const std::string reason = Reason(operation);
  if (!reason.empty()) absl::StrAppend(&text, ": ", reason);
  if (!operation.lost_reason().empty())
    absl::StrAppend(&text, ", session lost: ", Harmless(operation.lost_reason()));
  return text;
}

std::string StateLine(const progress::v1::Operation& operation) {
  return Title(operation) + ": " + Standing(operation);
}

std::string SourceLine(const progress::v1::SourceStatus& source) {
  return "source " + Harmless(source.source()) + ": " + Words(source.state()) +
         (source.reason().empty() ? "" : ": " + Harmless(source.reason()));
}

std::string Percent(double percent) { return absl::StrFormat("%.0f%%", std::floor(percent)); }

std::string Time(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
}

std::string Harmless(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    if (length == 0 || Harmful(CodePoint(text.substr(0, length)))) {
      out.push_back(text[0] == '\n' || text[0] == '\t' ? ' ' : '?');
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::size_t Columns(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(SequenceLength(text), 1);
    columns += Width(CodePoint(text.substr(0, length)));
    text.remove_prefix(length);
  }
  return columns;
}

std::string Shorten(const std::string& text, std::size_t columns) {
  if (Columns(text) <= columns) return text;
  if (columns == 0) return "";
  std::size_t seen = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = std::string_view(text).substr(at);
    const std::size_t length = std::max<std::size_t>(SequenceLength(rest), 1);
    seen += Width(CodePoint(rest.substr(0, length)));
    if (seen > columns - 1) break;  // one for the ellipsis
    at += length;
  }
  return text.substr(0, at) + "…";
}

std::string Bar(bool known, double percent, std::size_t width) {
  percent = percent >= 0 ? std::min(percent, 100.0) : 0;  // not a number too
  const auto full =
      known ? static_cast<std::size_t>(std::floor(percent / 100 * static_cast<double>(width))) : 0;
  const std::string tail = known ? absl::StrFormat("%3.0f%%", std::floor(percent)) : "    ";
  return "[" + std::string(full, '#') + std::string(width - full, known ? '.' : ' ') + "] " + tail;
}

std::string Reason(const progress::v1::Operation& operation) {
  std::string reason = Harmless(operation.error().message());
  const auto& counts = operation.counts();
  if (counts.failed() + counts.not_run() == 0) return reason;
  if (!reason.empty()) reason += "; ";
  absl::StrAppend(&reason, "of ", counts.total(), " subtasks");
  if (counts.failed() > 0) absl::StrAppend(&reason, " ", counts.failed(), " failed");
  if (counts.not_run() > 0)
    absl::StrAppend(&reason, counts.failed() > 0 ? ", " : " ", counts.not_run(), " did not run");
  return reason;
}

}  // namespace ipam::ctl
