#include "gateway/hub/starter.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "gateway/hub/errors.h"
#include "gateway/hub/names.h"
#include "openssl/sha.h"

namespace ipam::hub {
namespace {

constexpr std::size_t kMaxRequestId = 128;

v1::SourceState ToProto(event::SourceState state) {
  switch (state) {
    case event::SourceState::kConnecting:
      return v1::SOURCE_STATE_CONNECTING;
    case event::SourceState::kConnected:
      return v1::SOURCE_STATE_CONNECTED;
    case event::SourceState::kConnectedNoCallbacks:
      return v1::SOURCE_STATE_CONNECTED_NO_CALLBACKS;
    case event::SourceState::kDisconnected:
      return v1::SOURCE_STATE_DISCONNECTED;
  }
  return v1::SOURCE_STATE_UNSPECIFIED;
}

// What makes two requests the same: the source and every parameter.
std::string HashOf(const std::string& source, const std::string& parameters) {
  const std::string text = absl::StrCat(source.size(), ":", source, parameters);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

// The typed member, as it will be serialized for as long as its fields are these; no XML looks like it.
std::string ContentOf(const v1::StartOperationRequest& request) {
  const auto* member = request.GetDescriptor()->FindFieldByNumber(request.parameters_case());
  std::string content = absl::StrCat(member->number(), ":");
  google::protobuf::io::StringOutputStream stream(&content);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  request.GetReflection()->GetMessage(request, member).SerializeToCodedStream(&out);
  return content;
}

absl::Status OtherContent(const std::string& request_id) {
  return WithErrorInfo(
      absl::AlreadyExistsError(absl::StrCat("request_id ", request_id, " was used for another content")),
      "REQUEST_ID_REUSED", {{"request_id", request_id}});
}

}  // namespace

void Starter::AddSource(std::string name, event::OperationSource& source) {
  base::MutexLock lock(mutex_);
  sources_[std::move(name)] = &source;
}

void Starter::Close() {
  {
    base::MutexLock lock(mutex_);
    closed_ = true;
    sources_.clear();
  }
  workers_.Stop();
}

std::vector<v1::SourceStatus> Starter::Sources() const {
  std::vector<v1::SourceStatus> result;
  // Under the lock: Close() then knows that no source is being asked.
  base::MutexLock lock(mutex_);
  for (const auto& [name, source] : sources_) {
    const event::SourceStatus state = source->State();
    v1::SourceStatus& status = result.emplace_back();
    status.set_source(name);
    status.set_state(ToProto(state.state));
    status.set_reason(state.reason);
    status.set_address(state.address);
    status.set_account(state.account);
    *status.mutable_since() = hub::ToProto(state.since);
    status.set_can_cancel(state.can_cancel);
    status.set_running_operations(catalog_.running_of(name));
  }
  return result;
}

void Starter::Diagnose(const v1::DiagnoseSourceRequest& request,
                       std::function<bool(v1::DiagnoseSourceResponse)> on_step,
                       absl::AnyInvocable<void(absl::Status)> done) const {
  const absl::StatusOr<std::string> name = ChooseSource(request.source());
  if (!name.ok()) return done(name.status());
  event::OperationSource* source = FindSource(*name);
  if (source == nullptr) return done(absl::UnavailableError("the gateway is stopping"));
  source->Diagnose(
      [on_step = std::move(on_step)](const event::DiagnosisReport& report) {
        v1::DiagnoseSourceResponse response;
        // Both are numbered as in the contract.
        response.set_step(static_cast<v1::DiagnosisStep>(report.step));
        response.set_outcome(static_cast<v1::DiagnosisOutcome>(report.outcome));
        response.set_detail(report.detail);
        response.set_advice(report.advice);
        absl::Duration left = report.duration;
        response.mutable_duration()->set_seconds(absl::IDivDuration(left, absl::Seconds(1), &left));
        response.mutable_duration()->set_nanos(
            static_cast<std::int32_t>(absl::IDivDuration(left, absl::Nanoseconds(1), &left)));
        return on_step(std::move(response));
      },
      std::move(done));
}

event::OperationSource* Starter::FindSource(const std::string& name) const {
  base::MutexLock lock(mutex_);
  const auto source = sources_.find(name);
  return source == sources_.end() ? nullptr : source->second;
}

absl::StatusOr<std::string> Starter::ChooseSource(const std::string& wanted) const {
  base::MutexLock lock(mutex_);
  if (closed_) return absl::UnavailableError("the gateway is stopping");
  if (wanted.empty()) {
    if (sources_.size() == 1) return sources_.begin()->first;
    return InvalidField("source",
                        sources_.empty() ? "no source is configured" : "must name one of several sources");
  }
  if (sources_.contains(wanted)) return wanted;
  return WithErrorInfo(absl::NotFoundError(absl::StrCat("no source ", wanted)), "SOURCE_NOT_FOUND",
                       {{"source", wanted}});
}

absl::StatusOr<Starter::Checked> Starter::Check(v1::StartOperationRequest& request) const {
  Checked checked;
  if (request.request_id().size() > kMaxRequestId) {
    return InvalidField("request_id", absl::StrCat("longer than ", kMaxRequestId, " octets"));
  }
  if (request.parameters_case() == v1::StartOperationRequest::PARAMETERS_NOT_SET) {
    return InvalidField("parameters_xml", "it or one of the typed members must be given");
  }
  if (request.has_retry_failed_of()) return CheckRetry(request);
  IPAM_ASSIGN_OR_RETURN(checked.source_name, ChooseSource(request.source()));
  IPAM_RETURN_IF_ERROR(CheckParameters(request, checked));
  return checked;
}

absl::Status Starter::CheckParameters(v1::StartOperationRequest& request, Checked& checked) const {
  switch (request.parameters_case()) {
    case v1::StartOperationRequest::kParametersXml: {
      checked.parameters_xml = std::move(*request.mutable_parameters_xml());
      checked.content_hash = HashOf(checked.source_name, checked.parameters_xml);
      absl::StatusOr<hub::CheckedParameters> parameters =
          dependencies_.check_parameters(checked.parameters_xml);
      if (parameters.status().code() == absl::StatusCode::kInvalidArgument) {
        return InvalidField("parameters_xml", std::string(parameters.status().message()));
      }
      IPAM_RETURN_IF_ERROR(parameters.status());
      checked.kind = std::move(parameters->kind);
      checked.has_secret = parameters->has_secret;
      return absl::OkStatus();
    }
    default: {
      checked.content_hash = HashOf(checked.source_name, ContentOf(request));
      IPAM_ASSIGN_OR_RETURN(TypedParameters parameters, dependencies_.write_parameters(request));
      checked.kind = std::move(parameters.kind);
      checked.has_secret = parameters.has_secret;
      checked.parameters_xml = std::move(parameters.xml);
      request.clear_parameters();  // nobody needs both forms
      return absl::OkStatus();
    }
  }
}

absl::StatusOr<Starter::Checked> Starter::CheckRetry(const v1::StartOperationRequest& request) const {
  const std::string& name = request.retry_failed_of();
  IPAM_ASSIGN_OR_RETURN(const std::string id, ParseOperationName(name, "retry_failed_of"));
  const StatePtr state = catalog_.Find(id);
  if (state == nullptr) return OperationNotFound(name);
  Checked checked;
  checked.kind = state->info->kind;
  IPAM_ASSIGN_OR_RETURN(checked.source_name,
                        ChooseSource(request.source().empty() ? state->info->source : request.source()));
  if (checked.source_name != state->info->source) {
    return InvalidField("source", absl::StrCat(name, " ran on ", state->info->source));
  }
  checked.content_hash = HashOf(checked.source_name, absl::StrCat("retry_failed_of:", name));
  const auto refuse = [&name](absl::string_view why) {
    return WithErrorInfo(absl::FailedPreconditionError(absl::StrCat(name, " cannot be retried: ", why)),
                         "CANNOT_RETRY", {{"operation", name}});
  };
  switch (state->summary.state()) {
    case v1::OPERATION_STATE_PARTIALLY_FAILED:
    case v1::OPERATION_STATE_FAILED:
    case v1::OPERATION_STATE_CANCELLED:
      break;
    case v1::OPERATION_STATE_SUCCEEDED:
    case v1::OPERATION_STATE_SUCCEEDED_WITH_WARNINGS:
      return refuse("nothing of it failed");
    case v1::OPERATION_STATE_OUTCOME_UNKNOWN:
      return refuse("it is not known what of it was done");
    default:
      return refuse("it has not ended");
  }
  IPAM_ASSIGN_OR_RETURN(std::optional<std::string> parameters, reader_.ReadParameters(state->info->number));
  if (!parameters.has_value()) {
    return refuse(
        "its parameters were not kept: they hold a secret, are too large, or an older gateway took them");
  }
  SubtaskList subtasks = state->subtasks;
  if (state->subtasks_stored && state->summary.counts().total() > 0) {
    IPAM_ASSIGN_OR_RETURN(subtasks, reader_.ReadSubtasks(state->info->number));
  }
  IPAM_ASSIGN_OR_RETURN(const auto completion, reader_.ReadCompletionStatus(state->info->number));
  absl::StatusOr<std::string> part =
      dependencies_.make_failed_part(*parameters, subtasks, completion.value_or(""));
  if (part.status().code() == absl::StatusCode::kFailedPrecondition) return refuse(part.status().message());
  IPAM_RETURN_IF_ERROR(part.status());
  checked.parameters_xml = *std::move(part);
  return checked;
}

absl::Status Starter::Admit() {
  const Catalog::Totals totals = catalog_.totals();
  base::MutexLock lock(mutex_);
  if (closed_) return absl::UnavailableError("the gateway is stopping");
  // Finished operations make room; running ones do not.
  if (totals.running + starting_ >= options_.retention.max_operations ||
      totals.running_bytes >= options_.retention.max_bytes) {
    return WithErrorInfo(
        absl::ResourceExhaustedError("the operations that run fill what the journal may keep"),
        "JOURNAL_FULL");
  }
  ++starting_;
  return absl::OkStatus();
}

void Starter::Start(v1::StartOperationRequest request, Caller caller, OperationCallback done) {
  const std::size_t bytes = request.ByteSizeLong();
  workers_.Submit(bytes, [this, request = std::move(request), caller = std::move(caller),
                          done = std::move(done)](absl::Status turn) mutable {
    if (!turn.ok()) return done(std::move(turn));
    CheckAndStart(std::move(request), std::move(caller), std::move(done));
  });
}

void Starter::CheckAndStart(v1::StartOperationRequest request, Caller caller, OperationCallback done) {
  absl::StatusOr<Checked> checked = Check(request);
  if (!checked.ok()) return done(checked.status());
  event::OperationSource* source = FindSource(checked->source_name);
  if (source == nullptr) return done(absl::UnavailableError("the gateway is stopping"));
  if (request.validate_only()) return Validate(*std::move(checked), caller, std::move(done));

  const Key key(caller.name, request.request_id());
  StatePtr again;
  if (!request.request_id().empty()) {
    base::MutexLock lock(mutex_);
    // Looked up under the lock: a start under way leaves pending_ only after its operation is in the catalog.
    if (const auto under_way = pending_.find(key); under_way != pending_.end()) {
      if (under_way->second.content_hash == checked->content_hash) {
        under_way->second.waiting.push_back(std::move(done));
        return;
      }
      checked = OtherContent(request.request_id());
    } else if (const StatePtr known = catalog_.FindRequest(caller.name, request.request_id())) {
      if (known->info->content_hash == checked->content_hash) {
        again = known;
      } else {
        checked = OtherContent(request.request_id());
      }
    } else {
      pending_[key].content_hash = checked->content_hash;
    }
  }
  if (!checked.ok()) return done(checked.status());
  if (again != nullptr) return done(again->summary);

  const event::SourceStatus state = source->State();
  absl::Status refused;
  if (state.state == event::SourceState::kDisconnected) {
    refused = WithErrorInfo(absl::UnavailableError(absl::StrCat("source ", checked->source_name,
                                                                " is disconnected: ", state.reason)),
                            "SOURCE_DISCONNECTED", {{"source", checked->source_name}});
  } else {
    refused = Admit();
  }
  if (!refused.ok()) return Answer(key, std::move(refused), std::move(done));

  OperationInfo info;
  info.create_time = dependencies_.clock->Now();
  info.id = NewOperationId(info.create_time);
  info.name = OperationName(info.id);
  info.source = checked->source_name;
  info.kind = checked->kind;
  info.initiator = caller.name;
  info.request_id = request.request_id();
  info.content_hash = checked->content_hash;
  const std::string id = info.id;
  const bool keep = !checked->has_secret && checked->parameters_xml.size() <= options_.parameters_bytes;
  journal_.Reserve(std::move(info), keep ? checked->parameters_xml : std::string());
  event::StartRequest start;
  start.operation = id;
  start.parameters_xml = std::move(checked->parameters_xml);
  start.initiator = caller.name;
  source->Start(std::move(start), [this, id, key, done = std::move(done)](absl::Status status) mutable {
    {
      base::MutexLock lock(mutex_);
      --starting_;
    }
    journal_.Release(id);
    const StatePtr made = catalog_.Find(id);
    absl::StatusOr<v1::Operation> result = absl::InternalError("the source did not accept the operation");
    if (!status.ok()) {
      result = made == nullptr
                   ? std::move(status)
                   : WithErrorInfo(std::move(status), "START_FAILED", {{"operation", made->info->name}});
    } else if (made != nullptr) {
      result = made->summary;
    }
    Answer(key, std::move(result), std::move(done));
  });
}

// Answers the caller, and those that came with the same request_id meanwhile.
void Starter::Answer(const Key& key, absl::StatusOr<v1::Operation> result, OperationCallback own) {
  std::vector<OperationCallback> waiting;
  if (!key.second.empty()) {
    base::MutexLock lock(mutex_);
    const auto under_way = pending_.find(key);
    if (under_way != pending_.end()) {
      waiting = std::move(under_way->second.waiting);
      pending_.erase(under_way);
    }
  }
  for (OperationCallback& other : waiting) other(result);
  own(std::move(result));
}

void Starter::Validate(Checked checked, const Caller& caller, OperationCallback done) {
  event::OperationSource* source = FindSource(checked.source_name);
  if (source == nullptr) return done(absl::UnavailableError("the gateway is stopping"));
  v1::Operation operation;
  operation.set_source(checked.source_name);
  operation.set_kind(checked.kind);
  operation.set_initiator(caller.name);
  event::StartRequest start;
  start.parameters_xml = std::move(checked.parameters_xml);
  start.initiator = caller.name;
  start.validate_only = true;
  source->Start(std::move(start),
                [operation = std::move(operation), done = std::move(done)](absl::Status status) mutable {
                  if (status.ok()) {
                    done(std::move(operation));
                  } else {
                    done(std::move(status));
                  }
                });
}

void Starter::Cancel(const v1::CancelOperationRequest& request, OperationCallback done) {
  const absl::StatusOr<std::string> id = ParseOperationName(request.name(), "name");
  if (!id.ok()) return done(id.status());
  const StatePtr state = catalog_.Find(*id);
  if (state == nullptr) return done(OperationNotFound(request.name()));
  if (state->ended()) return done(state->summary);
  event::OperationSource* source = FindSource(state->info->source);
  if (source == nullptr || source->State().state == event::SourceState::kDisconnected) {
    return done(WithErrorInfo(
        absl::UnavailableError(absl::StrCat("source ", state->info->source, " is disconnected")),
        "SOURCE_DISCONNECTED", {{"source", state->info->source}}));
  }
  if (state->server_operation_id.empty()) {
    return done(absl::UnimplementedError("the management server cannot cancel this operation"));
  }
  source->Cancel(
      state->server_operation_id, [this, id = *id, done = std::move(done)](absl::Status status) mutable {
        if (status.code() == absl::StatusCode::kFailedPrecondition) {
          // It had ended: that is on its way, or here already.
          const StatePtr now = catalog_.Find(id);
          return now == nullptr ? done(OperationNotFound(OperationName(id))) : done(now->summary);
        }
        if (!status.ok()) return done(std::move(status));
        journal_.Publish(id, CancelTaken{}, [this, id, done = std::move(done)](absl::Status stored) mutable {
          const StatePtr now = catalog_.Find(id);
          if (!stored.ok()) return done(std::move(stored));
          if (now == nullptr) return done(OperationNotFound(OperationName(id)));
          done(now->summary);
        });
      });
}

void Starter::Resume(const OperationState& state) {
  const std::string id = state.info->id;
  // What nobody can resume ends. An end that is there already stays as it is.
  const auto end = [this, id](const std::string& reason, bool may_return) {
    journal_.Publish(id, event::ProgressEvent{.change = event::OutcomeUnknown{reason, may_return}},
                     [](const absl::Status&) {});
  };
  event::OperationSource* source = FindSource(state.info->source);
  if (source == nullptr) {
    return end(absl::StrCat("there is no source ", state.info->source, " any more to resume it"), true);
  }
  source->Resume(id, state.server_operation_id, state.last_source_sequence,
                 [end](const absl::Status& status) {
                   if (status.code() == absl::StatusCode::kUnimplemented)
                     end(std::string(status.message()), false);
                 });
}

}  // namespace ipam::hub
