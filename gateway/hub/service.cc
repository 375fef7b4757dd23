#include "gateway/hub/service.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "gateway/hub/catalog.h"
#include "gateway/hub/errors.h"
#include "gateway/hub/journal.h"
#include "gateway/hub/names.h"
#include "gateway/hub/reader.h"
#include "gateway/hub/starter.h"
#include "gateway/hub/watchers.h"

namespace ipam::hub {
namespace {

constexpr std::size_t kShownSubtasks = 1000;               // GetOperation
constexpr std::size_t kShownBytes = std::size_t{2} << 20;  // of them
constexpr std::size_t kShownCompletionStatus = std::size_t{1} << 20;
constexpr std::size_t kPageBytes = std::size_t{3} << 20;  // of a list: below gRPC's 4 MiB
// A server keeps events for so long after the end of an operation (ipam_progress.idl, ResumeCallback).
constexpr absl::Duration kResumableAfterEnd = absl::Hours(24 * 7);

std::string SystemBootId() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

// By its server, whose events are numbered: by the base interface they are not.
bool CanResume(const OperationState& state) {
  return !state.server_operation_id.empty() && (!state.started || state.last_source_sequence != 0);
}

// One gateway a journal: the lock goes with the process, however it ends.
class JournalLock {
 public:
  static absl::StatusOr<JournalLock> Take(const std::string& journal_path) {
    const std::string path = journal_path + ".lock";
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return absl::UnavailableError(absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
    JournalLock lock(fd);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      return absl::UnavailableError(
          absl::StrCat("the journal ", journal_path, " is in use by another process"));
    }
    return lock;
  }
  JournalLock(JournalLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  JournalLock& operator=(JournalLock&&) = delete;
  ~JournalLock() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  explicit JournalLock(int fd) : fd_(fd) {}
  int fd_;
};

class ServiceImpl final : public Service {
 public:
  ServiceImpl(Options options, Dependencies dependencies, JournalLock lock)
      : options_(std::move(options)),
        dependencies_(std::move(dependencies)),
        lock_(std::move(lock)),
        catalog_(options_.recent_bytes) {}
  ~ServiceImpl() override { Stop(); }

  absl::Status Start();

  void Publish(const std::string& operation, event::ProgressEvent event, event::Stored stored) override {
    journal_->Publish(operation, std::move(event), std::move(stored));
  }
  void AddSource(std::string name, event::OperationSource& source) override {
    starter_->AddSource(std::move(name), source);
  }
  void ResumeOperations() override;
  void StartOperation(v1::StartOperationRequest request, Caller caller, OperationCallback done) override {
    starter_->Start(std::move(request), std::move(caller), std::move(done));
  }
  void CancelOperation(v1::CancelOperationRequest request, Caller, OperationCallback done) override {
    starter_->Cancel(request, std::move(done));
  }
  absl::StatusOr<v1::Operation> GetOperation(const v1::GetOperationRequest& request) override;
  absl::StatusOr<v1::ListOperationsResponse> ListOperations(
      const v1::ListOperationsRequest& request) override;
  absl::StatusOr<v1::ListSubtasksResponse> ListSubtasks(const v1::ListSubtasksRequest& request) override;
  absl::StatusOr<v1::ListEventsResponse> ListEvents(const v1::ListEventsRequest& request) override;
  absl::StatusOr<v1::ListSourcesResponse> ListSources(const v1::ListSourcesRequest& request) override;
  void DiagnoseSource(const v1::DiagnoseSourceRequest& request, OnDiagnosis on_step,
                      absl::AnyInvocable<void(absl::Status)> done) override {
    starter_->Diagnose(request, std::move(on_step), std::move(done));
  }
  absl::StatusOr<std::string> CompletionStatusXml(const std::string& name) override;
  absl::StatusOr<std::shared_ptr<Outbox>> Watch(const v1::WatchOperationsRequest& request,
                                                const Caller& caller,
                                                std::shared_ptr<Writer> writer) override;
  void Drain(absl::Duration retry_after, std::string reason) override;
  void Stop() override;
  Counters counters() const override;

 private:
  absl::Status TakeOverWhatRan();
  absl::StatusOr<StatePtr> Find(const std::string& name, const std::string& field) const;
  absl::StatusOr<SubtaskList> SubtasksOf(const OperationState& state);
  absl::StatusOr<hub::Watch::Plan> MakePlan(const v1::WatchOperationsRequest& request) const;
  std::vector<v1::SourceStatus> ChangedSources();

  const Options options_;
  const Dependencies dependencies_;
  const JournalLock lock_;
  Catalog catalog_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Starter> starter_;
  std::unique_ptr<Watchers> watchers_;
  std::map<std::string, v1::SourceStatus> shown_sources_;  // the fan-out's thread
};

absl::Status ServiceImpl::Start() {
  IPAM_ASSIGN_OR_RETURN(journal_,
                        Journal::Open(options_, dependencies_, catalog_, [this] { watchers_->Notify(); }));
  IPAM_ASSIGN_OR_RETURN(reader_, Reader::Open(options_.journal_path));
  starter_ = std::make_unique<Starter>(options_, dependencies_, catalog_, *journal_, *reader_);
  watchers_ = std::make_unique<Watchers>(options_, catalog_, *reader_, *dependencies_.clock,
                                         [this] { return ChangedSources(); });
  watchers_->Start();
  return TakeOverWhatRan();
}

// What ran when the last process stopped: its sessions went with it. Nobody sees it as running undisturbed.
absl::Status ServiceImpl::TakeOverWhatRan() {
  std::vector<StatePtr> left;
  catalog_.ForEachNewest(std::numeric_limits<std::uint64_t>::max(), [&left](const StatePtr& state) {
    if (!state->ended() || state->resumed) left.push_back(state);
    return true;
  });
  base::Mutex mutex;
  base::CondVar ready;
  std::size_t waiting = left.size();
  absl::Status result;
  for (const StatePtr& state : left) {
    event::ProgressEvent event;
    if (state->ended() || CanResume(*state)) {
      event.change = event::SessionLost{"the gateway stopped"};
    } else {
      event.change =
          event::OutcomeUnknown{"the gateway stopped while the operation ran, and its session with it"};
    }
    journal_->Publish(state->info->id, std::move(event), [&](absl::Status stored) {
      base::MutexLock lock(mutex);
      result.Update(stored);
      if (--waiting == 0) ready.notify_one();
    });
  }
  base::MutexLock lock(mutex);
  ready.wait(mutex, [&] { return waiting == 0; });
  return result;
}

void ServiceImpl::ResumeOperations() {
  const absl::Time now = dependencies_.clock->Now();
  std::vector<StatePtr> left;
  catalog_.ForEachNewest(std::numeric_limits<std::uint64_t>::max(), [&](const StatePtr& state) {
    if (!CanResume(*state)) return true;
    const bool may_return = state->summary.state() == v1::OPERATION_STATE_OUTCOME_UNKNOWN &&
                            ReasonOf(state->summary.error()) == kResumeTimeout &&
                            now - FromProto(state->summary.end_time()) < kResumableAfterEnd;
    if (!state->ended() || may_return) left.push_back(state);
    return true;
  });
  for (const StatePtr& state : left) starter_->Resume(*state);
}

absl::StatusOr<StatePtr> ServiceImpl::Find(const std::string& name, const std::string& field) const {
  IPAM_ASSIGN_OR_RETURN(const std::string id, ParseOperationName(name, field));
  StatePtr state = catalog_.Find(id);
  if (state == nullptr) return OperationNotFound(name);
  return state;
}

absl::StatusOr<SubtaskList> ServiceImpl::SubtasksOf(const OperationState& state) {
  if (!state.subtasks_stored || state.summary.counts().total() == 0) return state.subtasks;
  return reader_->ReadSubtasks(state.info->number);
}

absl::StatusOr<v1::Operation> ServiceImpl::GetOperation(const v1::GetOperationRequest& request) {
  IPAM_ASSIGN_OR_RETURN(const StatePtr state, Find(request.name(), "name"));
  IPAM_ASSIGN_OR_RETURN(const SubtaskList subtasks, SubtasksOf(*state));
  v1::Operation operation = state->summary;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < subtasks.size() && i < kShownSubtasks; ++i) {
    bytes += subtasks.at(i).ByteSizeLong();
    if (bytes > kShownBytes) break;
    *operation.add_subtasks() = subtasks.at(i);
  }
  operation.set_more_subtasks(static_cast<std::size_t>(operation.subtasks_size()) < subtasks.size());
  if (state->has_completion_status) {
    IPAM_ASSIGN_OR_RETURN(std::optional<std::string> xml, reader_->ReadCompletionStatus(state->info->number));
    if (xml.has_value() && xml->size() <= kShownCompletionStatus) {
      operation.set_completion_status_xml(*std::move(xml));
    }
  }
  return operation;
}

absl::StatusOr<std::string> ServiceImpl::CompletionStatusXml(const std::string& name) {
  IPAM_ASSIGN_OR_RETURN(const StatePtr state, Find(name, "name"));
  IPAM_ASSIGN_OR_RETURN(std::optional<std::string> xml, reader_->ReadCompletionStatus(state->info->number));
  if (!xml.has_value()) return absl::NotFoundError(absl::StrCat(name, " has no completion status"));
  return *std::move(xml);
}

absl::StatusOr<v1::ListOperationsResponse> ServiceImpl::ListOperations(
    const v1::ListOperationsRequest& request) {
  IPAM_ASSIGN_OR_RETURN(const std::size_t page_size, PageSize(request.page_size(), 50, 1000));
  IPAM_ASSIGN_OR_RETURN(const Filter filter, ParseOperationFilter(request.filter()));
  const std::string scope = absl::StrCat("operations\n", request.filter());
  std::uint64_t below = std::numeric_limits<std::uint64_t>::max();
  if (!request.page_token().empty()) {
    IPAM_ASSIGN_OR_RETURN(below, DecodePageToken(request.page_token(), scope));
  }
  std::vector<StatePtr> page;
  bool more = false;
  catalog_.ForEachNewest(below, [&](const StatePtr& state) {
    if (!Matches(filter, *state->info, state->summary.state())) return true;
    more = page.size() == page_size;
    if (!more) page.push_back(state);
    return !more;
  });
  v1::ListOperationsResponse response;
  for (const StatePtr& state : page) *response.add_operations() = state->summary;
  if (more) response.set_next_page_token(EncodePageToken(page.back()->info->number, scope));
  return response;
}

absl::StatusOr<v1::ListSubtasksResponse> ServiceImpl::ListSubtasks(const v1::ListSubtasksRequest& request) {
  IPAM_ASSIGN_OR_RETURN(const StatePtr state, Find(request.parent(), "parent"));
  IPAM_ASSIGN_OR_RETURN(const std::size_t page_size, PageSize(request.page_size(), 100, 1000));
  IPAM_ASSIGN_OR_RETURN(const Filter filter,
                        Filter::Parse(request.filter(), {{"status", FilterField::Type::kEnum,
                                                          v1::SubtaskStatus_descriptor(), "SUBTASK_STATUS_"},
                                                         {"name", FilterField::Type::kText, nullptr, ""}}));
  const std::string scope = absl::StrCat("subtasks\n", request.parent(), "\n", request.filter());
  std::size_t next = 0;
  if (!request.page_token().empty()) {
    IPAM_ASSIGN_OR_RETURN(next, DecodePageToken(request.page_token(), scope));
  }
  IPAM_ASSIGN_OR_RETURN(const SubtaskList subtasks, SubtasksOf(*state));
  v1::ListSubtasksResponse response;
  std::size_t bytes = 0;
  for (; next < subtasks.size(); ++next) {
    const v1::Subtask& subtask = subtasks.at(next);
    const bool matches = filter.Matches([&subtask](std::size_t field) -> FilterValue {
      if (field == 0) return static_cast<int>(subtask.status());
      return absl::string_view(subtask.name());
    });
    if (!matches) continue;
    bytes += subtask.ByteSizeLong();
    if (static_cast<std::size_t>(response.subtasks_size()) == page_size ||
        (bytes > kPageBytes && response.subtasks_size() > 0)) {
      response.set_next_page_token(EncodePageToken(next, scope));
      break;
    }
    *response.add_subtasks() = subtask;
  }
  return response;
}

absl::StatusOr<v1::ListEventsResponse> ServiceImpl::ListEvents(const v1::ListEventsRequest& request) {
  IPAM_ASSIGN_OR_RETURN(const StatePtr state, Find(request.parent(), "parent"));
  IPAM_ASSIGN_OR_RETURN(const std::size_t page_size, PageSize(request.page_size(), 100, 10'000));
  const std::string scope = absl::StrCat("events\n", request.parent(), "\n", request.after_sequence());
  std::uint64_t after = request.after_sequence();
  if (!request.page_token().empty()) {
    IPAM_ASSIGN_OR_RETURN(after, DecodePageToken(request.page_token(), scope));
  }
  // An event after these was committed since: it is for the next call.
  const std::uint64_t last = state->summary.last_sequence();
  if (after >= last) return v1::ListEventsResponse();
  const std::size_t limit = std::min<std::uint64_t>(page_size, last - after);
  IPAM_ASSIGN_OR_RETURN(const std::vector<JournalRow> rows,
                        reader_->ReadOperation(state->info->number, after, limit, kPageBytes));
  v1::ListEventsResponse response;
  std::size_t bytes = 0;
  for (const JournalRow& row : rows) {
    bytes += row.body.size();
    if (bytes > kPageBytes && response.events_size() > 0) break;
    if (!response.add_events()->ParseFromString(row.body))
      return absl::DataLossError("an event cannot be read");
  }
  if (response.events_size() > 0) {
    const std::uint64_t shown = response.events(response.events_size() - 1).sequence();
    if (shown < last) response.set_next_page_token(EncodePageToken(shown, scope));
  }
  return response;
}

absl::StatusOr<v1::ListSourcesResponse> ServiceImpl::ListSources(const v1::ListSourcesRequest& request) {
  IPAM_ASSIGN_OR_RETURN(const std::size_t page_size, PageSize(request.page_size(), 100, 1000));
  std::size_t next = 0;
  if (!request.page_token().empty()) {
    IPAM_ASSIGN_OR_RETURN(next, DecodePageToken(request.page_token(), "sources"));
  }
  const std::vector<v1::SourceStatus> sources = starter_->Sources();
  v1::ListSourcesResponse response;
  for (; next < sources.size(); ++next) {
    if (static_cast<std::size_t>(response.sources_size()) == page_size) {
      response.set_next_page_token(EncodePageToken(next, "sources"));
      break;
    }
    *response.add_sources() = sources[next];
  }
  return response;
}

absl::StatusOr<hub::Watch::Plan> ServiceImpl::MakePlan(const v1::WatchOperationsRequest& request) const {
  constexpr int kMaxNames = 1000;
  hub::Watch::Plan plan;
  IPAM_ASSIGN_OR_RETURN(plan.filter, ParseOperationFilter(request.filter()));
  if (request.names_size() > kMaxNames) return InvalidField("names", absl::StrCat("more than ", kMaxNames));
  for (const std::string& name : request.names()) {
    IPAM_ASSIGN_OR_RETURN(const StatePtr state, Find(name, "names"));
    if (!plan.names.has_value()) plan.names.emplace();
    plan.names->insert(state->info->number);
  }
  if (request.has_heartbeat()) {
    plan.heartbeat =
        absl::Seconds(request.heartbeat().seconds()) + absl::Nanoseconds(request.heartbeat().nanos());
    if (plan.heartbeat < absl::Seconds(1) || plan.heartbeat > absl::Seconds(60)) {
      return InvalidField("heartbeat", "must be 1s to 60s");
    }
  }
  if (!v1::StartMode_IsValid(request.start())) return InvalidField("start", "is not a StartMode");
  if (!v1::Delivery_IsValid(request.delivery())) return InvalidField("delivery", "is not a Delivery");
  if (request.start() != v1::START_MODE_UNSPECIFIED) plan.start = request.start();
  plan.latest = request.delivery() == v1::DELIVERY_LATEST;
  plan.until_done = request.until_done();
  plan.strict_resume = request.strict_resume();
  if (!request.resume_token().empty()) {
    plan.resume = DecodeToken(request.resume_token());
    plan.gap = plan.resume.has_value() ? catalog_.FindGap(*plan.resume)
                                       : Catalog::Gap{"not a token of this server", 0};
    if (plan.gap.has_value()) {
      if (plan.strict_resume) {
        return WithErrorInfo(absl::OutOfRangeError(absl::StrCat("resume_token: ", plan.gap->reason)),
                             "TOKEN_OUT_OF_RANGE",
                             {{"missed_at_least", absl::StrCat(plan.gap->missed_at_least)}});
      }
      plan.resume.reset();
    }
  }
  return plan;
}

absl::StatusOr<std::shared_ptr<Outbox>> ServiceImpl::Watch(const v1::WatchOperationsRequest& request,
                                                           const Caller&, std::shared_ptr<Writer> writer) {
  IPAM_ASSIGN_OR_RETURN(hub::Watch::Plan plan, MakePlan(request));
  return watchers_->Add(std::move(plan), std::move(writer));
}

std::vector<v1::SourceStatus> ServiceImpl::ChangedSources() {
  std::vector<v1::SourceStatus> changed;
  for (v1::SourceStatus& status : starter_->Sources()) {
    auto [shown, is_new] = shown_sources_.try_emplace(status.source(), status);
    if (is_new) continue;
    const bool same = shown->second.state() == status.state() && shown->second.reason() == status.reason() &&
                      shown->second.can_cancel() == status.can_cancel();
    shown->second = status;
    if (!same) changed.push_back(std::move(status));
  }
  return changed;
}

void ServiceImpl::Drain(absl::Duration retry_after, std::string reason) {
  watchers_->Drain(retry_after, reason);
}

void ServiceImpl::Stop() {
  if (starter_ != nullptr) starter_->Close();
  if (journal_ != nullptr) journal_->Stop();
  if (watchers_ != nullptr) watchers_->Stop();
}

Counters ServiceImpl::counters() const {
  Counters counters;
  journal_->AddTo(counters);
  watchers_->AddTo(counters);
  const Catalog::Totals totals = catalog_.totals();
  counters.operations = totals.operations;
  counters.running_operations = totals.running;
  counters.journal_bytes = totals.bytes;
  return counters;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Service>> Service::Open(Options options, Dependencies dependencies) {
  if (options.boot_id.empty()) options.boot_id = SystemBootId();
  IPAM_ASSIGN_OR_RETURN(JournalLock lock, JournalLock::Take(options.journal_path));
  auto service = std::make_unique<ServiceImpl>(std::move(options), std::move(dependencies), std::move(lock));
  IPAM_RETURN_IF_ERROR(service->Start());
  return std::unique_ptr<Service>(std::move(service));
}

}  // namespace ipam::hub
