// What was answered is there, once, whenever the process was killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <set>

#include "tests/support/hub/fakes.h"
#include "tests/support/matchers.h"

namespace ipam::hub {
namespace {

using test_support::IsOk;

struct Answer {  // below PIPE_BUF: written whole or not at all
  char operation[48];
  std::uint64_t source_sequence;
};

// Runs operations and reports each answered event, until it is killed.
[[noreturn]] void RunChild(const std::string& journal, int answers) {
  Hub hub(journal);
  for (;;) {
    const auto operation = hub.Start();
    if (!operation.ok()) _exit(3);
    const std::string id = operation->name().substr(11);
    constexpr std::uint64_t kEvents = 40;
    base::Mutex mutex;
    base::CondVar changed;
    std::uint64_t stored_count = 0;
    for (std::uint64_t sequence = 1; sequence <= kEvents; ++sequence) {
      event::ProgressEvent event;
      event.source_sequence = sequence;
      event.change = event::PercentageChanged{static_cast<double>(sequence)};
      if (sequence == 1) event.change = event::Started{};
      if (sequence == kEvents) {
        event.change = event::OverallStatusSet{event::OverallStatus::kCompletedWithSuccess, std::nullopt};
      }
      hub.service->Publish(id, std::move(event), [&, sequence](absl::Status stored) {
        if (!stored.ok()) _exit(4);
        Answer answer{};
        id.copy(answer.operation, sizeof(answer.operation) - 1);
        answer.source_sequence = sequence;
        if (write(answers, &answer, sizeof(answer)) != sizeof(answer)) _exit(5);
        base::MutexLock lock(mutex);
        ++stored_count;
        changed.notify_one();
      });
      // In bursts, so that a group ends in the midst of an operation.
      if (sequence % 7 != 0 && sequence != kEvents) continue;
      base::MutexLock lock(mutex);
      changed.wait(mutex, [&] { return stored_count == sequence; });
    }
  }
}

TEST(JournalKill, EveryAnsweredEventIsThereOnce) {
  TempDir dir;
  std::mt19937 random(7);
  std::map<std::string, std::set<std::uint64_t>> answered;
  for (int round = 0; round < 12; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_ends[0]);
      RunChild(dir.File("j"), pipe_ends[1]);
    }
    close(pipe_ends[1]);
    // Killed after so many answers: anywhere in a group, a commit or a flush.
    const int kill_after = 1 + static_cast<int>(random() % 150);
    Answer answer;
    int seen = 0;
    while (read(pipe_ends[0], &answer, sizeof(answer)) == sizeof(answer)) {
      answered[answer.operation].insert(answer.source_sequence);
      if (++seen == kill_after) kill(child, SIGKILL);
    }
    close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  }

  Hub hub(dir.File("j"));
  ASSERT_FALSE(answered.empty());
  int lost = 0;
  for (const auto& [id, sequences] : answered) {
    v1::ListEventsRequest request;
    request.set_parent("operations/" + id);
    request.set_page_size(10'000);
    const auto events = hub.service->ListEvents(request);
    ASSERT_OK(events);
    std::multiset<std::uint64_t> stored;
    std::uint64_t next = 1;
    for (const v1::Event& event : events->events()) {
      EXPECT_EQ(event.sequence(), next++);
      if (event.source_sequence() != 0) stored.insert(event.source_sequence());
    }
    for (const std::uint64_t sequence : sequences)
      EXPECT_EQ(stored.count(sequence), 1u) << id << " " << sequence;
    const v1::Operation operation = hub.Get(id);
    if (operation.state() == v1::OPERATION_STATE_SUCCEEDED) continue;  // committed, if not yet answered
    ++lost;
    EXPECT_FALSE(sequences.contains(40)) << "its end was answered";
    EXPECT_FALSE(operation.lost_reason().empty());
    EXPECT_TRUE(events->events(events->events_size() - 1).has_source_lost());
  }
  EXPECT_GT(lost, 0);
}

}  // namespace
}  // namespace ipam::hub
