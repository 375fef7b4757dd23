#include "gateway/ctl/doctor.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "gateway/ctl/text.h"

namespace ipam::ctl {
namespace {

using Stub = v1::ProgressService::Stub;

std::string DurationText(const google::protobuf::Duration& duration) {
  const absl::Duration taken = absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
  return absl::FormatDuration(
      absl::Trunc(taken, taken < absl::Seconds(1) ? absl::Microseconds(100) : absl::Milliseconds(10)));
}

const char* Mark(v1::DiagnosisOutcome outcome) {
  switch (outcome) {
    case v1::DIAGNOSIS_OUTCOME_OK:
      return "ok";
    case v1::DIAGNOSIS_OUTCOME_WARNING:
      return "warning";
    case v1::DIAGNOSIS_OUTCOME_FAILED:
      return "FAILED";
    default:
      return "?";
  }
}

std::string StepText(const v1::DiagnoseSourceResponse& step) {
  std::string text = absl::StrFormat("%-7s  %-14s  %s (%s)\n", Mark(step.outcome()), Words(step.step()),
                                     Harmless(step.detail()), DurationText(step.duration()));
  if (!step.advice().empty()) absl::StrAppendFormat(&text, "%-25s-> %s\n", "", Harmless(step.advice()));
  return text;
}

}  // namespace

ExitCode Doctor(const Options& options, Client& client, const Output& output) {
  v1::DiagnoseSourceRequest request;
  request.set_source(options.source);
  bool reached_the_end = false;
  std::vector<std::string> steps;  // as JSON
  const CallResult result = client.Stream(
      &Stub::PrepareAsyncDiagnoseSource, request,
      [&](const v1::DiagnoseSourceResponse& step) {
        const bool failed = step.outcome() == v1::DIAGNOSIS_OUTCOME_FAILED;
        reached_the_end = step.step() == v1::DIAGNOSIS_STEP_CALLBACK && !failed;
        if (options.json) {
          std::string json;
          if (google::protobuf::util::MessageToJsonString(step, &json).ok()) steps.push_back(std::move(json));
        } else {
          PrintText(output, StepText(step));
          std::fflush(output.out);
        }
      },
      [] {});
  if (!result.ok()) return Complain(output, options.source, result);
  if (options.json) {
    PrintText(output, absl::StrCat("{\"steps\": [\n", absl::StrJoin(steps, ",\n"), "\n]}\n"));
  } else if (reached_the_end) {
    PrintText(output, "Everything works.\n");
  }
  return reached_the_end ? kSucceeded : kFailed;
}

}  // namespace ipam::ctl
