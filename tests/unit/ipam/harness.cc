#include "harness.h"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <future>
#include <sstream>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/exception.h"
#include "dcom_bridge/model/parameters.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

constexpr const char* kSubtaskStatus[] = {
    "NotStarted",    "InProgress", "CompletedWithError", "CompletedWithWarning", "CompletedWithSuccess",
    "NotApplicable", "NotRun"};
constexpr const char* kOverallStatus[] = {"NotStarted", "InProgress", "CompletedWithSuccess",
                                          "CompletedWithFailure"};

struct Describer {
  std::string operator()(const event::Started&) const { return "StartProgressCallback"; }
  std::string operator()(const event::SubtaskAdded& e) const {
    return absl::StrFormat("AddSubTask %d %s", e.subtask.instance_id, e.subtask.name.value_or("-"));
  }
  std::string operator()(const event::SubtaskChanged& e) const {
    return absl::StrFormat("SetSubTaskStatus %d %s %g", e.subtask.instance_id,
                           kSubtaskStatus[static_cast<int>(e.status)], e.percent);
  }
  std::string operator()(const event::PercentageChanged& e) const {
    return absl::StrFormat("SetCompletionPercentage %g", e.percent);
  }
  std::string operator()(const event::OverallStatusSet& e) const {
    return absl::StrFormat("SetOverallStatus %s", kOverallStatus[static_cast<int>(e.status)]);
  }
  template <typename Other>
  std::string operator()(const Other&) const {
    return "not of a server";
  }
};

}  // namespace

void Listener::OnEventsAvailable(const base::Guid& operation) {
  {
    base::MutexLock lock(mutex_);
    signals_.insert(operation);
  }
  wake_.notify_all();
}

void Listener::Await(const base::Guid& operation) {
  base::MutexLock lock(mutex_);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!signals_.contains(operation)) {
    ASSERT_TRUE(wake_.wait_until(mutex_, limit) == std::cv_status::no_timeout) << "no events";
  }
  signals_.erase(operation);
}

std::string SampleXml(const std::string& name) {
  std::ifstream file(std::string(IPAM_SOURCE_DIR "/deploy/samples/") + name + ".xml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

v1::OperationParameters Sample(const std::string& name) {
  auto checked = model::CheckParameters(SampleXml(name));
  EXPECT_OK(checked);
  return checked.ok() ? checked->parameters : v1::OperationParameters();
}

Prepared Prepare(const v1::OperationParameters& parameters) {
  const model::Operation* operation = model::FindOperation(static_cast<int>(parameters.operation_id()));
  return {.kind = std::string(operation->name),
          .parameters = std::make_shared<const v1::OperationParameters>(parameters)};
}

std::string Describe(const event::ProgressEvent& event) { return std::visit(Describer{}, event.change); }

std::vector<std::string> Describe(const std::vector<event::ProgressEvent>& events) {
  std::vector<std::string> described;
  for (const event::ProgressEvent& event : events) described.push_back(Describe(event));
  return described;
}

v1::DhcpMsmOverallCompletionStatus CompletionOf(const std::vector<event::ProgressEvent>& events) {
  const auto* overall =
      events.empty() ? nullptr : std::get_if<event::OverallStatusSet>(&events.back().change);
  if (overall == nullptr || !overall->completion_status_xml) {
    ADD_FAILURE() << "no completion status";
    return {};
  }
  auto status = model::FromXml<v1::DhcpMsmOverallCompletionStatus>(*overall->completion_status_xml);
  EXPECT_OK(status);
  return status.ok() ? *status : v1::DhcpMsmOverallCompletionStatus();
}

std::string FailureOf(const std::vector<event::ProgressEvent>& events) {
  const auto* overall =
      events.empty() ? nullptr : std::get_if<event::OverallStatusSet>(&events.back().change);
  if (overall == nullptr) return "no end";
  const auto summary = model::ReadIpamException(overall->completion_status_xml.value_or(""));
  EXPECT_EQ(summary.ok(), overall->status == event::OverallStatus::kCompletedWithFailure);
  return summary.ok() ? summary->exception_id : "";
}

EngineTest::EngineTest() {
  options_.database = dir_.Store("store.db");
  options_.administrators = {"admin"};
}

void EngineTest::Open() {
  if (import_network_) {
    import_network_ = false;
    ASSERT_OK(ImportYaml(options_.database, IPAM_SOURCE_DIR "/deploy/samples/network.yaml"));
  }
  auto engine = Engine::Open(options_, clock_, listener_, std::move(actuators_));
  ASSERT_OK(engine);
  engine_ = *std::move(engine);
}

absl::Status EngineTest::Start(const base::Guid& id, Prepared prepared, Caller caller) {
  std::promise<absl::Status> answered;
  engine_->Start(id, std::move(prepared), {std::move(caller)},
                 [&answered](absl::Status status) { answered.set_value(std::move(status)); });
  return answered.get_future().get();
}

std::vector<event::ProgressEvent> EngineTest::Read(const base::Guid& id, std::uint64_t after,
                                                   std::size_t max) {
  std::promise<absl::StatusOr<std::vector<event::ProgressEvent>>> read;
  engine_->ReadEvents(id, after, max, [&read](auto events) { read.set_value(std::move(events)); });
  auto events = read.get_future().get();
  EXPECT_OK(events);
  return events.ok() ? *std::move(events) : std::vector<event::ProgressEvent>();
}

std::vector<event::ProgressEvent> EngineTest::AwaitEnd(const base::Guid& id) {
  std::vector<event::ProgressEvent> all;
  const auto ended = [&all] {
    return !all.empty() && std::holds_alternative<event::OverallStatusSet>(all.back().change);
  };
  while (!ended() && !::testing::Test::HasFatalFailure()) {
    listener_.Await(id);
    for (event::ProgressEvent& event : Read(id, all.size())) {
      EXPECT_EQ(event.source_sequence, all.size() + 1);
      all.push_back(std::move(event));
    }
  }
  return all;
}

std::vector<event::ProgressEvent> EngineTest::Run(const v1::OperationParameters& parameters) {
  const base::Guid id = base::Guid::Random();
  const absl::Status started = Start(id, Prepare(parameters));
  EXPECT_OK(started);
  if (!started.ok()) return {};
  engine_->Proceed(id);
  return AwaitEnd(id);
}

std::string EngineTest::Query(const std::string& sql) {
  const std::vector<std::string> rows = ListRows(options_.database, sql);
  return rows.empty() ? "NULL" : rows.front();
}

void EngineTest::Execute(const std::string& sql) { EXPECT_OK(ExecuteOn(options_.database, sql)); }

}  // namespace ipam::engine
