// From Publish of a callback to its Stored: one at a time is the latency, many under way is the rate. The
// reference inserts rows of the same size in transactions of as many, with SQLite alone.
#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <cstdlib>
#include <string>

#include "tests/support/hub/fakes.h"

namespace ipam::hub {
namespace {

void Execute(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) std::abort();
}

void SqliteAlone(benchmark::State& state) {
  const TempDir dir;
  sqlite3* db = nullptr;
  if (sqlite3_open(dir.File("reference").c_str(), &db) != SQLITE_OK) std::abort();
  Execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  Execute(db, "CREATE TABLE events (offset INTEGER PRIMARY KEY, operation INTEGER, body BLOB)");
  sqlite3_stmt* insert = nullptr;
  if (sqlite3_prepare_v2(db, "INSERT INTO events (operation, body) VALUES (1, ?)", -1, &insert, nullptr) !=
      SQLITE_OK) {
    std::abort();
  }
  const std::string body(150, 'x');
  for (auto _ : state) {
    Execute(db, "BEGIN IMMEDIATE");
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      sqlite3_bind_blob(insert, 1, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) std::abort();
      sqlite3_reset(insert);
    }
    Execute(db, "COMMIT");
  }
  sqlite3_finalize(insert);
  sqlite3_close(db);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void CallbackToJournal(benchmark::State& state) {
  const TempDir dir;
  Hub hub(dir.File("journal"));
  const std::string id = hub.Run();
  const int count = static_cast<int>(state.range(0));
  int step = 0;
  for (auto _ : state) {
    base::Mutex mutex;
    base::CondVar all_stored;
    int waiting = count;
    for (int i = 0; i < count; ++i) {
      event::ProgressEvent event;
      event.change = Changed(i % 100, event::SubtaskStatus::kInProgress, ++step % 100);
      hub.service->Publish(id, std::move(event), [&](const absl::Status& stored) {
        if (!stored.ok()) std::abort();
        base::MutexLock lock(mutex);
        if (--waiting == 0) all_stored.notify_one();
      });
    }
    base::MutexLock lock(mutex);
    all_stored.wait(mutex, [&] { return waiting == 0; });
  }
  state.SetItemsProcessed(state.iterations() * count);
}

// The work is another thread's: time that passed, and the processor time of all threads.
BENCHMARK(SqliteAlone)->Arg(1)->Arg(256)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(CallbackToJournal)
    ->Arg(1)
    ->Arg(256)
    ->Unit(benchmark::kMicrosecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace ipam::hub
