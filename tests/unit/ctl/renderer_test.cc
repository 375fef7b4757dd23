#include "gateway/ctl/renderer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_replace.h"
#include "captured.h"
#include "frames.h"
#include "gateway/ctl/tty_renderer.h"
#include "tests/support/hex.h"

namespace ipam::ctl {
namespace {

using test_support::GoldenText;
using testing::HasSubstr;
using testing::Not;

// Feeds frames as a watch does.
class Show {
 public:
  explicit Show(std::unique_ptr<Renderer> renderer) : renderer_(std::move(renderer)) {}

  Show& Frames(std::initializer_list<Frame> frames) {
    for (const Frame& frame : frames) {
      state_.Apply(frame);
      renderer_->OnFrame(frame, state_);
    }
    renderer_->OnTick(state_);
    return *this;
  }
  Show& Notice(const std::string& text) {
    renderer_->OnNotice(text);
    renderer_->OnTick(state_);
    return *this;
  }
  void End() { renderer_->OnEnd(state_); }

 private:
  std::unique_ptr<Renderer> renderer_;
  WatchState state_;
};

v1::Subtask Failed(std::int32_t id, const std::string& name, const std::string& why) {
  v1::Subtask subtask = MakeSubtask(id, name, v1::SUBTASK_STATUS_COMPLETED_WITH_ERROR);
  subtask.mutable_error()->set_message(why);
  return subtask;
}

v1::Event PartlyFailed(const std::string& id, std::uint64_t sequence) {
  v1::Event event = Finished(id, sequence, v1::OPERATION_STATE_PARTIALLY_FAILED);
  event.mutable_finished()->mutable_error()->set_message("not all was done");
  event.mutable_finished()->mutable_counts()->set_total(2);
  event.mutable_finished()->mutable_counts()->set_failed(1);
  return event;
}

Frame SourceFrame(v1::SourceState state, const std::string& reason) {
  Frame frame;
  frame.mutable_source()->set_source("dc1");
  frame.mutable_source()->set_state(state);
  frame.mutable_source()->set_reason(reason);
  return frame;
}

// A watch with all there is: snapshot, subtasks, a source that goes and comes, an operation that failed in
// part.
void PlayAll(Show& show) {
  v1::Operation running = MakeOperation("a", v1::OPERATION_STATE_RUNNING, 3);
  running.set_percent(10);
  *running.add_subtasks() = MakeSubtask(1, "create the scope", v1::SUBTASK_STATUS_IN_PROGRESS);
  show.Frames({SnapshotFrame(running), SnapshotEndFrame("t3")});
  show.Frames({EventFrame(Accepted("b", 1)), EventFrame(Started("b", 2))});
  v1::Subtask half = MakeSubtask(2, "replicate\x1b[2J", v1::SUBTASK_STATUS_IN_PROGRESS);
  half.set_percent(50);
  show.Frames({EventFrame(Added("a", 4, MakeSubtask(2, "replicate\x1b[2J", v1::SUBTASK_STATUS_NOT_STARTED))),
               EventFrame(Changed("a", 5, half)), EventFrame(AtPercent("a", 6, 55.5))});
  show.Frames({SourceFrame(v1::SOURCE_STATE_DISCONNECTED, "connection refused")});
  show.Notice("connection lost: Socket closed; trying again in 0.2 s");
  show.Frames({SourceFrame(v1::SOURCE_STATE_CONNECTED, "")});
  show.Frames({EventFrame(Changed(
                   "a", 7, MakeSubtask(1, "create the scope", v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS))),
               EventFrame(Changed("a", 8, Failed(2, "replicate\x1b[2J", "the partner\nis down"))),
               EventFrame(PartlyFailed("a", 9))});
  show.Frames(
      {EventFrame(AtPercent("b", 3, 100)), EventFrame(Finished("b", 4, v1::OPERATION_STATE_SUCCEEDED))});
  show.End();
}

// Golden files have "^[" for escape.
std::string Visible(const std::string& text) { return absl::StrReplaceAll(text, {{"\x1b", "^["}}); }

TEST(PlainRenderer, PrintsALineAChange) {
  Captured out;
  Show show(NewRenderer(ProgressMode::kPlain, out.file(), stderr));
  PlayAll(show);
  EXPECT_EQ(out.text(), GoldenText("ctl/watch.plain.txt"));
}

TEST(PlainRenderer, PrintsASnapshotOfSeveralFramesOnce) {
  Captured out;
  Show show(NewRenderer(ProgressMode::kPlain, out.file(), stderr));
  v1::Operation first = MakeOperation("a", v1::OPERATION_STATE_RUNNING, 7);
  first.set_more_subtasks(true);
  v1::Operation second;
  second.set_name("operations/a");
  show.Frames({SnapshotFrame(first), SnapshotFrame(second)});
  EXPECT_EQ(out.text(), "CreateDhcpScope operations/a: running\n");
}

TEST(PlainRenderer, SaysThatASessionIsLostAndThatItIsResumed) {
  Captured out;
  Show show(NewRenderer(ProgressMode::kPlain, out.file(), stderr));
  v1::Operation running = MakeOperation("a", v1::OPERATION_STATE_RUNNING, 3);
  running.set_lost_reason("the server is\ngone");
  v1::Event resumed = MakeEvent("a", 4);
  resumed.mutable_source_resumed();
  show.Frames({SnapshotFrame(running), EventFrame(resumed)});
  EXPECT_EQ(out.text(),
            "CreateDhcpScope operations/a: running, session lost: the server is gone\n"
            "CreateDhcpScope operations/a: session resumed\n");
}

TEST(PlainRenderer, IsWhatAutoIsWithoutATerminal) {
  Captured out;
  Show show(NewRenderer(ProgressMode::kAuto, out.file(), stderr));
  show.Frames({EventFrame(Accepted("a", 1))});
  EXPECT_EQ(out.text(), "CreateDhcpScope operations/a: accepted\n");
}

TEST(TtyRenderer, DrawsBarsOverTheLastDrawing) {
  Captured out;
  Show show(NewTtyRenderer(out.file(), [] { return TerminalSize{24, 80}; }));
  PlayAll(show);
  EXPECT_EQ(Visible(out.text()), GoldenText("ctl/watch.tty.txt"));
}

TEST(TtyRenderer, StaysWithinTheTerminalUntilTheEnd) {
  Captured out;
  Show show(NewTtyRenderer(out.file(), [] { return TerminalSize{6, 30}; }));
  show.Frames({EventFrame(Accepted("a", 1)), EventFrame(Accepted("b", 1)), EventFrame(Accepted("c", 1)),
               EventFrame(Accepted("d", 1)), EventFrame(Accepted("e", 1))});
  const std::string drawn = out.text();
  EXPECT_EQ(Visible(drawn),
            "(2 lines above)^[[K\n"
            "[          ]      CreateDhcp…^[[K\n"
            "[          ]      CreateDhcp…^[[K\n"
            "[          ]      CreateDhcp…^[[K\n"
            "^[[J");
  show.End();
  const std::string last = out.text().substr(drawn.size());
  EXPECT_EQ(std::count(last.begin(), last.end(), '\n'), 5);
  EXPECT_THAT(last, HasSubstr("CreateDhcpScope: pending (operations/e)")) << "is not shortened any more";
}

TEST(TtyRenderer, DrawsNothingWhereNothingChanged) {
  Captured out;
  Show show(NewTtyRenderer(out.file(), [] { return TerminalSize{24, 80}; }));
  show.Frames({EventFrame(Accepted("a", 1))});
  const std::string drawn = out.text();
  Frame heartbeat;
  heartbeat.mutable_heartbeat();
  show.Frames({heartbeat});
  EXPECT_EQ(out.text(), drawn);
}

TEST(TtyRenderer, DoesNotRepeatWhatAResetShowsAgain) {
  Captured out;
  Show show(NewTtyRenderer(out.file(), [] { return TerminalSize{24, 80}; }));
  Frame reset;
  reset.mutable_reset();
  const Frame ended = SnapshotFrame(MakeOperation("a", v1::OPERATION_STATE_OUTCOME_UNKNOWN, 3));
  show.Frames({ended});
  const std::string drawn = out.text();
  EXPECT_THAT(drawn, HasSubstr("outcome unknown"));
  show.Frames({reset, ended});
  EXPECT_THAT(out.text().substr(drawn.size()), Not(HasSubstr("outcome unknown")));
  show.Frames({EventFrame(Finished("a", 4, v1::OPERATION_STATE_SUCCEEDED))});
  EXPECT_THAT(out.text(), HasSubstr("succeeded"));
}

TEST(RawJsonRenderer, PrintsFramesAsLinesWithoutControlCharacters) {
  Captured out;
  Captured err;
  Show show(NewRenderer(ProgressMode::kRawJson, out.file(), err.file()));
  v1::Subtask subtask = MakeSubtask(1, "a\x1b[2J\x7f\xc2\x9b\n", v1::SUBTASK_STATUS_IN_PROGRESS);
  show.Frames({SnapshotEndFrame("t1"), EventFrame(Changed("a", 2, subtask))});
  show.Notice("connected again");
  EXPECT_EQ(
      out.text(),
      "{\"resumeToken\":\"t1\",\"snapshotEnd\":{}}\n"
      "{\"resumeToken\":\"t2\",\"events\":{\"events\":[{\"operation\":\"operations/a\",\"sequence\":\"2\","
      "\"subtaskChanged\":{\"instanceId\":1,\"name\":\"a\\u001b[2J\\u007f\\u009b\\n\","
      "\"status\":\"SUBTASK_STATUS_IN_PROGRESS\"}}]}}\n");
  EXPECT_EQ(err.text(), "ipamctl: connected again\n");
}

TEST(QuietRenderer, PrintsNothing) {
  Captured out;
  Captured err;
  Show show(NewRenderer(ProgressMode::kQuiet, out.file(), err.file()));
  PlayAll(show);
  EXPECT_EQ(out.text() + err.text(), "");
}

}  // namespace
}  // namespace ipam::ctl
