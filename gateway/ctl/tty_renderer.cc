#include "gateway/ctl/tty_renderer.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/ctl/text.h"

namespace ipam::ctl {
namespace {

class TtyRenderer final : public Renderer {
 public:
  TtyRenderer(std::FILE* out, std::function<TerminalSize()> size) : out_(out), size_(std::move(size)) {}

  void OnFrame(const v1::WatchOperationsResponse& frame, const WatchState&) override {
    if (frame.has_reset()) {
      live_.clear();
      is_live_.clear();
    }
    if (frame.has_snapshot()) Touch(frame.snapshot().name());
    for (const v1::Event& event : frame.events().events()) Touch(event.operation());
    if (frame.has_heartbeat() && notice_.empty()) return;
    notice_.clear();
    changed_ = true;
  }
  void OnTick(const WatchState& state) override {
    if (!std::exchange(changed_, false)) return;
    const TerminalSize size = size_();
    const std::vector<std::string> ended = TakeEnded(state, size);
    std::vector<std::string> moving;
    for (const std::string& name : live_) AddOperation(state.operation(name), size, moving);
    for (const auto& [name, source] : state.sources()) {
      if (source.state() != v1::SOURCE_STATE_CONNECTED) moving.push_back(SourceLine(source));
    }
    if (!notice_.empty()) moving.push_back(notice_);
    const std::size_t rows = std::max<std::size_t>(size.rows, 4) - 2;
    if (moving.size() > rows) {  // the newest are at the end
      const std::size_t hidden = moving.size() - rows + 1;
      moving.erase(moving.begin(), moving.begin() + static_cast<std::ptrdiff_t>(hidden));
      moving.insert(moving.begin(), absl::StrFormat("(%d lines above)", hidden));
    }
    Draw(ended, moving, size);
  }
  void OnNotice(const std::string& text) override {
    notice_ = text;
    changed_ = true;
  }
  // What still moves is left standing as it is, whole, however high the terminal is.
  void OnEnd(const WatchState& state) override {
    const TerminalSize size = size_();
    std::vector<std::string> last = TakeEnded(state, size);
    for (const std::string& name : live_) AddOperation(state.operation(name), size, last);
    Draw(last, {}, size);
  }

 private:
  void Touch(const std::string& name) {
    if (is_live_.insert(name).second) live_.push_back(name);
  }

  // The lines of those that have ended, which move no more. One that a reset shows again is not repeated; an
  // unknown outcome that became known is.
  std::vector<std::string> TakeEnded(const WatchState& state, const TerminalSize& size) {
    std::vector<std::string> lines;
    std::vector<std::string> still;
    for (std::string& name : live_) {
      const v1::Operation& operation = state.operation(name);
      if (!IsFinal(operation.state()) || operation.more_subtasks()) {
        still.push_back(std::move(name));
        continue;
      }
      is_live_.erase(name);
      if (const auto [it, added] = ended_.try_emplace(name);
          std::exchange(it->second, operation.state()) != operation.state()) {
        AddOperation(operation, size, lines);
      }
    }
    live_ = std::move(still);
    return lines;
  }

  // `ended` takes the place of the last drawing and scrolls away in time; `moving` is drawn over next time.
  void Draw(const std::vector<std::string>& ended, const std::vector<std::string>& moving,
            const TerminalSize& size) {
    std::string text;
    if (drawn_lines_ > 0) absl::StrAppend(&text, "\x1b[", drawn_lines_, "F");
    for (const std::string& line : ended) absl::StrAppend(&text, line, "\x1b[K\n");  // may take several rows
    for (const std::string& line : moving) {
      absl::StrAppend(&text, Shorten(line, std::max<std::size_t>(size.columns, 2) - 1), "\x1b[K\n");
    }
    absl::StrAppend(&text, "\x1b[J");
    std::fputs(text.c_str(), out_);
    std::fflush(out_);
    drawn_lines_ = moving.size();
  }

  static void AddOperation(const v1::Operation& operation, const TerminalSize& size,
                           std::vector<std::string>& lines) {
    const std::size_t width = std::clamp<std::size_t>(size.columns / 4, 10, 30);
    // The name last: it is what a narrow terminal cuts off.
    lines.push_back(absl::StrCat(Bar(operation.has_percent(), operation.percent(), width), " ",
                                 Kind(operation), ": ", Standing(operation), " (", Harmless(operation.name()),
                                 ")"));
    for (const v1::Subtask& subtask : operation.subtasks()) {
      const bool done = subtask.status() == v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS;
      if (IsFinal(operation.state()) && done) continue;  // what went well needs no line any more
      lines.push_back(
          absl::StrCat("  ", Bar(done || subtask.has_percent(), done ? 100 : subtask.percent(), width - 2),
                       " ", Harmless(subtask.name()), ": ", Words(subtask.status()),
                       subtask.error().message().empty() ? "" : ": ", Harmless(subtask.error().message())));
    }
  }

  std::FILE* out_;
  std::function<TerminalSize()> size_;
  bool changed_ = false;
  std::vector<std::string> live_;            // operations that may move, in the order in which they came
  std::unordered_set<std::string> is_live_;  // the same
  std::map<std::string, v1::OperationState> ended_;  // as they were shown
  std::size_t drawn_lines_ = 0;                      // that the next drawing replaces
  std::string notice_;
};

}  // namespace

std::unique_ptr<Renderer> NewTtyRenderer(std::FILE* out, std::function<TerminalSize()> size) {
  return std::make_unique<TtyRenderer>(out, std::move(size));
}

TerminalSize SizeOf(std::FILE* out) {
  winsize size{};
  if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_row, size.ws_col};
}

}  // namespace ipam::ctl
