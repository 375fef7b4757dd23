// An engine on a store of its own, and operations run to their end.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/ipam/actuators.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/engine.h"
#include "ipam/v1/parameters.pb.h"
#include "ipam/v1/status.pb.h"
#include "test_store.h"

namespace ipam::engine {

// Stands still until a test moves it. Any thread.
class StillClock final : public base::Clock {
 public:
  absl::Time Now() override { return absl::FromUnixSeconds(1'700'000'000 + passed_s_); }
  void Advance(absl::Duration by) { passed_s_ += absl::ToInt64Seconds(by); }

 private:
  std::atomic<std::int64_t> passed_s_ = 0;
};

class Listener final : public EventListener {
 public:
  void OnEventsAvailable(const base::Guid& operation) override;
  void Await(
      const base::Guid& operation);  // one call for it, at least, since the last Await; fails after a minute

 private:
  base::Mutex mutex_;
  base::CondVar wake_;
  std::multiset<base::Guid> signals_;
};

std::string SampleXml(const std::string& name);               // of deploy/samples, without .xml
v1::OperationParameters Sample(const std::string& name);      // the same as a message
Prepared Prepare(const v1::OperationParameters& parameters);  // without the check of the XML

// "SetSubTaskStatus 2 CompletedWithSuccess 100", "AddSubTask 1 Zone a.example on b", "SetCompletionPercentage
// 50"
std::string Describe(const event::ProgressEvent& event);
std::vector<std::string> Describe(const std::vector<event::ProgressEvent>& events);

// The completion status of SetOverallStatus as a message.
v1::DhcpMsmOverallCompletionStatus CompletionOf(const std::vector<event::ProgressEvent>& events);
// IpamExceptionId of the failure as the schema spells it; empty: it succeeded.
std::string FailureOf(const std::vector<event::ProgressEvent>& events);

class EngineTest : public ::testing::Test {
 protected:
  EngineTest();

  // Opens, or opens again, the engine; imports the sample network the first time.
  void Open();
  void Close() { engine_.reset(); }

  absl::Status Start(const base::Guid& id, Prepared prepared, Caller caller = {"admin", "PLANT"});
  std::vector<event::ProgressEvent> Read(const base::Guid& id, std::uint64_t after = 0,
                                         std::size_t max = 100'000);
  std::vector<event::ProgressEvent> AwaitEnd(const base::Guid& id);
  // Started, let run, ended: all of its events.
  std::vector<event::ProgressEvent> Run(const v1::OperationParameters& parameters);

  // What a query of one value gives, from beside the engine.
  std::string Query(const std::string& sql);
  void Execute(const std::string& sql);

  TempDir dir_;
  StillClock clock_;
  Listener listener_;
  Options options_;
  std::unique_ptr<Actuators> actuators_;  // for the next Open()
  bool import_network_ = true;
  std::unique_ptr<Engine> engine_;
};

}  // namespace ipam::engine
