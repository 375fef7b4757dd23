#include "gateway/ctl/tty_renderer.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <string>
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
    if (frame.has_heartbeat() && notice_.empty()) return;
    notice_.clear();
    changed_ = true;
  }
  void OnTick(const WatchState& state) override {
    if (!std::exchange(changed_, false)) return;
    const TerminalSize size = size_();
    std::vector<std::string> lines = Lines(state, size.columns);
    const std::size_t rows = std::max<std::size_t>(size.rows, 4) - 2;
    if (lines.size() > rows) {  // the newest are at the end
      const std::size_t hidden = lines.size() - rows + 1;
      lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(hidden));
      lines.insert(lines.begin(), absl::StrFormat("(%d lines above)", hidden));
    }
    Draw(lines, size.columns);
    drawn_lines_ = lines.size();
  }
  void OnNotice(const std::string& text) override {
    notice_ = text;
    changed_ = true;
  }
  // Whole, however high the terminal is: it stays in the scrollback.
  void OnEnd(const WatchState& state) override {
    notice_.clear();
    const TerminalSize size = size_();
    Draw(Lines(state, size.columns), size.columns);
    drawn_lines_ = 0;
  }

 private:
  void Draw(const std::vector<std::string>& lines, std::size_t columns) {
    std::string text;
    if (drawn_lines_ > 0) absl::StrAppend(&text, "\x1b[", drawn_lines_, "F");
    for (const std::string& line : lines) {
      absl::StrAppend(&text, Shorten(line, std::max<std::size_t>(columns, 2) - 1), "\x1b[K\n");
    }
    absl::StrAppend(&text, "\x1b[J");
    std::fputs(text.c_str(), out_);
    std::fflush(out_);
  }

  std::vector<std::string> Lines(const WatchState& state, std::size_t columns) const {
    const std::size_t width = std::clamp<std::size_t>(columns / 4, 10, 30);
    std::vector<std::string> lines;
    for (const std::string& name : state.names()) AddOperation(state.operation(name), width, lines);
    for (const auto& [name, source] : state.sources()) {
      if (source.state() != v1::SOURCE_STATE_CONNECTED) lines.push_back(SourceLine(source));
    }
    if (!notice_.empty()) lines.push_back(notice_);
    return lines;
  }

  static void AddOperation(const v1::Operation& operation, std::size_t width,
                           std::vector<std::string>& lines) {
    lines.push_back(
        absl::StrCat(Bar(operation.has_percent(), operation.percent(), width), " ", StateLine(operation)));
    for (const v1::Subtask& subtask : operation.subtasks()) {
      const bool done = subtask.status() == v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS;
      if (IsFinal(operation.state()) && done) continue;  // what went well needs no line any more
      lines.push_back(absl::StrCat("  ", Bar(subtask.has_percent(), subtask.percent(), width - 2), " ",
                                   Harmless(subtask.name()), ": ", Words(subtask.status()),
                                   subtask.error().message().empty() ? "" : ": ",
                                   Harmless(subtask.error().message())));
    }
  }

  std::FILE* out_;
  std::function<TerminalSize()> size_;
  bool changed_ = false;
  std::size_t drawn_lines_ = 0;  // by the last drawing
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
