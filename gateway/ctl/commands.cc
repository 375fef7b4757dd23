#include "gateway/ctl/commands.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "gateway/ctl/cancel.h"
#include "gateway/ctl/completion.h"
#include "gateway/ctl/doctor.h"
#include "gateway/ctl/kinds.h"
#include "gateway/ctl/refusal.h"
#include "gateway/ctl/results.h"
#include "gateway/ctl/start.h"
#include "gateway/ctl/table.h"
#include "gateway/ctl/template.h"
#include "gateway/ctl/text.h"
#include "gateway/ctl/watch_state.h"

namespace ipam::ctl {
namespace {

using How = CallResult::How;
using Stub = v1::ProgressService::Stub;

std::string PercentOf(const v1::Operation& operation) {
  return operation.has_percent() ? Percent(operation.percent()) : "";
}

ExitCode List(const Options& options, Client& client, const Output& output) {
  v1::ListOperationsRequest request;
  request.set_filter(options.filter);
  request.set_page_size(options.limit > 0 ? std::min(options.limit, kPageSize) : kPageSize);
  v1::ListOperationsResponse all;
  const CallResult result =
      CallPages(client, &Stub::AsyncListOperations, request, [&](const v1::ListOperationsResponse& page) {
        for (const v1::Operation& operation : page.operations()) {
          if (options.limit > 0 && all.operations_size() == options.limit) return false;
          *all.add_operations() = operation;
        }
        return options.limit == 0 || all.operations_size() < options.limit;
      });
  if (!result.ok()) return Complain(output, "", result);
  if (options.json) {
    PrintJson(output, all);
    return kSucceeded;
  }
  Table table({"NAME", "KIND", "STATE", "DONE", "SOURCE", "CREATED"});
  for (const v1::Operation& operation : all.operations()) {
    table.Add({operation.name(), operation.kind(), Words(operation.state()), PercentOf(operation),
               operation.source(), Time(operation.create_time())});
  }
  PrintText(output, table.Text());
  return kSucceeded;
}

std::string DetailsText(const v1::Operation& operation) {
  std::string text;
  const auto field = [&](absl::string_view name, const std::string& value) {
    if (!value.empty()) absl::StrAppendFormat(&text, "%-12s%s\n", name, Harmless(value));
  };
  field("name", operation.name());
  field("kind", operation.kind());
  field("source", operation.source());
  field("state", Words(operation.state()));
  field("done", PercentOf(operation));
  field("reason", Reason(operation));
  field("lost", operation.lost_reason());
  field("initiator", operation.initiator());
  field("request id", operation.request_id());
  field("created", Time(operation.create_time()));
  field("started", Time(operation.start_time()));
  field("cancelled", Time(operation.cancel_time()));
  field("ended", Time(operation.end_time()));
  field("events", absl::StrCat(operation.last_sequence()));
  if (operation.subtasks().empty()) return text;
  Table table({"SUBTASK", "STATE", "DONE", "STARTED", "ENDED", "REASON"});
  for (const v1::Subtask& subtask : operation.subtasks()) {
    table.Add({subtask.name(), Words(subtask.status()),
               subtask.has_percent() ? Percent(subtask.percent()) : "", Time(subtask.start_time()),
               Time(subtask.end_time()), subtask.error().message()});
  }
  return text + "\n" + table.Text();
}

ExitCode Get(const Options& options, Client& client, const Output& output) {
  const std::string& name = options.names.front();
  v1::GetOperationRequest request;
  request.set_name(name);
  v1::Operation operation;
  CallResult result = client.Call(&Stub::AsyncGetOperation, request, operation);
  if (result.ok() && operation.more_subtasks()) {
    v1::ListSubtasksRequest rest;
    rest.set_parent(name);
    rest.set_page_size(kPageSize);
    operation.clear_subtasks();
    operation.clear_more_subtasks();
    result = CallPages(client, &Stub::AsyncListSubtasks, rest, [&](const v1::ListSubtasksResponse& page) {
      operation.mutable_subtasks()->MergeFrom(page.subtasks());
      return true;
    });
  }
  if (!result.ok()) return Complain(output, name, result);
  if (options.json) {
    PrintJson(output, operation);
  } else {
    PrintText(output, DetailsText(operation));
  }
  return kSucceeded;
}

ExitCode Events(const Options& options, Client& client, const Output& output) {
  v1::ListEventsRequest request;
  request.set_parent(options.names.front());
  request.set_after_sequence(options.after);
  request.set_page_size(kPageSize);
  v1::ListEventsResponse all;
  const CallResult result =
      CallPages(client, &Stub::AsyncListEvents, request, [&](const v1::ListEventsResponse& page) {
        all.mutable_events()->MergeFrom(page.events());
        return true;
      });
  if (!result.ok()) return Complain(output, options.names.front(), result);
  if (options.json) {
    PrintJson(output, all);
    return kSucceeded;
  }
  Table table({"SEQUENCE", "RECEIVED", "EVENT"});
  for (const v1::Event& event : all.events()) {
    table.Add({absl::StrCat(event.sequence()), Time(event.receive_time()), Describe(event)});
  }
  PrintText(output, table.Text());
  return kSucceeded;
}

ExitCode Sources(const Options& options, Client& client, const Output& output) {
  v1::ListSourcesRequest request;
  request.set_page_size(kPageSize);
  v1::ListSourcesResponse all;
  const CallResult result =
      CallPages(client, &Stub::AsyncListSources, request, [&](const v1::ListSourcesResponse& page) {
        all.mutable_sources()->MergeFrom(page.sources());
        return true;
      });
  if (!result.ok()) return Complain(output, "", result);
  if (options.json) {
    PrintJson(output, all);
    return kSucceeded;
  }
  Table table({"SOURCE", "STATE", "SINCE", "RUNNING", "ADDRESS", "ACCOUNT", "REASON"});
  for (const v1::SourceStatus& source : all.sources()) {
    table.Add({source.source(), Words(source.state()), Time(source.since()),
               absl::StrCat(source.running_operations()), source.address(), source.account(),
               source.reason()});
  }
  PrintText(output, table.Text());
  return kSucceeded;
}

ExitCode Watch(const Options& options, Client& client, const Output& output, const Reconnect& reconnect) {
  v1::WatchOperationsRequest request;
  for (const std::string& name : options.names) request.add_names(name);
  request.set_filter(options.filter);
  request.set_resume_token(options.resume_token);
  request.set_until_done(options.until_done);
  request.set_delivery(options.latest ? v1::DELIVERY_LATEST : v1::DELIVERY_EVERY_EVENT);
  return FollowAndReport(options, request, client, output, reconnect, /*was_reached=*/false);
}

// Of operations that were asked for by name and whose end the watch did not show: a token may stand behind
// it.
CallResult AskForRest(const v1::WatchOperationsRequest& request, const WatchState& state, Client& client,
                      ExitCode& code) {
  for (const std::string& name : request.names()) {
    const auto it = state.operations().find(name);
    if (it != state.operations().end() && IsFinal(it->second.state())) continue;
    v1::GetOperationRequest get;
    get.set_name(name);
    v1::Operation operation;
    CallResult result = client.Call(&Stub::AsyncGetOperation, get, operation);
    if (!result.ok()) return result;
    code = Worse(code, ExitCodeOf(operation.state()));
  }
  return {};
}

void SayHowToGoOn(const Options& options, const v1::WatchOperationsRequest& request, const WatchState& state,
                  const Client& client, const Output& output) {
  std::string command = "ipamctl";
  if (client.address() != kDefaultGateway) absl::StrAppend(&command, " --gateway ", client.address());
  absl::StrAppend(&command, " watch");
  for (const std::string& name : request.names()) absl::StrAppend(&command, " ", Harmless(name));
  if (!options.filter.empty()) absl::StrAppend(&command, " --filter '", Harmless(options.filter), "'");
  if (request.until_done()) absl::StrAppend(&command, " --until-done");
  const bool running = std::any_of(state.operations().begin(), state.operations().end(),
                                   [](const auto& entry) { return !IsFinal(entry.second.state()); });
  const bool unseen = state.operations().size() < static_cast<std::size_t>(request.names_size());
  std::fprintf(output.err, "ipamctl: interrupted%s. To watch again:\n  %s\n",
               running || unseen ? "; the operations go on" : "", command.c_str());
}

}  // namespace

ExitCode Complain(const Output& output, const std::string& subject, const CallResult& result) {
  if (result.how == How::kInterrupted) return kInterrupted;
  // Where the gateway cannot be reached, that is not about the subject.
  const bool named = !subject.empty() && result.how == How::kAnswered &&
                     !absl::StrContains(result.status.error_message(), subject);
  std::fprintf(output.err, "ipamctl: %s%s%s\n", named ? Harmless(subject).c_str() : "", named ? ": " : "",
               Explain(result.status).c_str());
  return kUnreachable;
}

void PrintText(const Output& output, const std::string& text) { std::fputs(text.c_str(), output.out); }

void PrintJson(const Output& output, const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions json_options;
  json_options.add_whitespace = true;
  std::string json;
  if (google::protobuf::util::MessageToJsonString(message, &json, json_options).ok()) PrintText(output, json);
}

ExitCode FollowAndReport(const Options& options, const v1::WatchOperationsRequest& request, Client& client,
                         const Output& output, const Reconnect& reconnect, bool was_reached) {
  WatchState state;
  const auto renderer = NewRenderer(options.progress, output.out, output.err);
  CallResult result = Follow(client, request, reconnect, was_reached, state, *renderer);
  renderer->OnEnd(state);
  std::fflush(output.out);
  ExitCode code = kSucceeded;
  for (const auto& [name, operation] : state.operations()) code = Worse(code, ExitCodeOf(operation.state()));
  if (result.ok()) result = AskForRest(request, state, client, code);
  if (result.ok()) return code;
  if (result.how == How::kInterrupted) {
    SayHowToGoOn(options, request, state, client, output);
    return kInterrupted;
  }
  return Complain(output, "", result);
}

ExitCode RunCommand(const Options& options, Client& client, const Output& output,
                    const Reconnect& reconnect) {
  switch (options.command) {
    case Command::kStart:
      return Start(options, client, output, reconnect);
    case Command::kTemplate:
      if (options.json) {
        PrintJson(output, *TemplateMessage(*FindKind(options.kind)));
      } else {
        PrintText(output, Template(*FindKind(options.kind)));
      }
      return kSucceeded;
    case Command::kRetry:
      return Retry(options, client, output, reconnect);
    case Command::kResults:
      return Results(options, client, output);
    case Command::kCompletion:
      PrintText(output, CompletionScript(options.shell));
      return kSucceeded;
    case Command::kWatch:
      return Watch(options, client, output, reconnect);
    case Command::kCancel:
      return Cancel(options, client, output, reconnect);
    case Command::kList:
      return List(options, client, output);
    case Command::kGet:
      return Get(options, client, output);
    case Command::kEvents:
      return Events(options, client, output);
    case Command::kSources:
      return Sources(options, client, output);
    case Command::kDoctor:
      return Doctor(options, client, output);
    case Command::kVersion:
      PrintText(output, options.json ? "{\"version\":\"" IPAM_VERSION "\"}\n" : "ipamctl " IPAM_VERSION "\n");
      return kSucceeded;
  }
  return kUsage;
}

}  // namespace ipam::ctl
