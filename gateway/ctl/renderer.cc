#include "gateway/ctl/renderer.h"

#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "gateway/ctl/text.h"
#include "gateway/ctl/tty_renderer.h"

namespace ipam::ctl {
namespace {

// --- one line a change -----------------------------------------------------------------------------------
class PlainRenderer final : public Renderer {
 public:
  explicit PlainRenderer(std::FILE* out) : out_(out) {}

  void OnFrame(const v1::WatchOperationsResponse& frame, const WatchState& state) override {
    if (frame.has_snapshot() && !frame.snapshot().more_subtasks()) {
      const v1::Operation& operation = state.operation(frame.snapshot().name());
      Line(absl::StrCat(StateLine(operation), operation.has_percent() ? " " : "",
                        operation.has_percent() ? Percent(operation.percent()) : ""));
    }
    for (const v1::Event& event : frame.events().events()) {
      if (!Passed(event)) Line(Title(state.operation(event.operation())) + ": " + Describe(event));
    }
    if (frame.has_source()) Line(SourceLine(frame.source()));
    if (frame.has_reset()) Line("the stream starts anew: " + Harmless(frame.reset().reason()));
    std::fflush(out_);
  }
  void OnNotice(const std::string& text) override {
    Line(text);
    std::fflush(out_);
  }
  void OnEnd(const WatchState&) override {}

 private:
  // A line for the announcement or the beginning of each subtask would say nothing that its end does not say.
  static bool Passed(const v1::Event& event) {
    return event.has_subtask_added() || event.has_overall() ||
           (event.has_subtask_changed() &&
            event.subtask_changed().status() <= v1::SUBTASK_STATUS_IN_PROGRESS);
  }
  void Line(const std::string& text) { std::fprintf(out_, "%s\n", text.c_str()); }

  std::FILE* out_;
};

// --- frames as they come ---------------------------------------------------------------------------------
class RawJsonRenderer final : public Renderer {
 public:
  RawJsonRenderer(std::FILE* out, std::FILE* err) : out_(out), err_(err) {}
  void OnFrame(const v1::WatchOperationsResponse& frame, const WatchState&) override {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(frame, &json).ok()) return;
    std::fprintf(out_, "%s\n", json.c_str());
    std::fflush(out_);
  }
  void OnNotice(const std::string& text) override { std::fprintf(err_, "ipamctl: %s\n", text.c_str()); }
  void OnEnd(const WatchState&) override {}

 private:
  std::FILE* out_;
  std::FILE* err_;
};

class QuietRenderer final : public Renderer {
  void OnFrame(const v1::WatchOperationsResponse&, const WatchState&) override {}
  void OnNotice(const std::string&) override {}
  void OnEnd(const WatchState&) override {}
};

}  // namespace

std::unique_ptr<Renderer> NewRenderer(ProgressMode mode, std::FILE* out, std::FILE* err) {
  if (mode == ProgressMode::kAuto) mode = isatty(fileno(out)) ? ProgressMode::kTty : ProgressMode::kPlain;
  switch (mode) {
    case ProgressMode::kTty:
      return NewTtyRenderer(out, [out] { return SizeOf(out); });
    case ProgressMode::kRawJson:
      return std::make_unique<RawJsonRenderer>(out, err);
    case ProgressMode::kQuiet:
      return std::make_unique<QuietRenderer>();
    case ProgressMode::kAuto:
    case ProgressMode::kPlain:
      break;
  }
  return std::make_unique<PlainRenderer>(out);
}

}  // namespace ipam::ctl
