#include "gateway/ctl/cancel.h"

#include "absl/strings/str_cat.h"
#include "gateway/ctl/text.h"
#include "gateway/ctl/watch_state.h"

namespace ipam::ctl {
namespace {

using How = CallResult::How;
using Stub = v1::ProgressService::Stub;

// An end that won the race keeps its state.
std::string Taken(const v1::Operation& operation) {
  if (IsFinal(operation.state())) return StateLine(operation);
  if (!operation.has_cancel_time()) return Title(operation) + ": ending already";
  return Title(operation) + ": cancel requested";
}

}  // namespace

ExitCode Cancel(const Options& options, Client& client, const Output& output, const Reconnect& reconnect) {
  v1::ListOperationsResponse asked;
  ExitCode code = kSucceeded;
  const bool printed_whole = options.json || options.progress == ProgressMode::kRawJson;
  for (const std::string& name : options.names) {
    v1::CancelOperationRequest request;
    request.set_name(name);
    v1::Operation operation;
    const CallResult result = client.Call(&Stub::AsyncCancelOperation, request, operation);
    if (!result.ok()) {
      code = Worse(code, Complain(output, name, result));
      if (result.how != How::kAnswered) break;  // the others would not be answered either
      continue;
    }
    if (!printed_whole) PrintText(output, Taken(operation) + "\n");
    *asked.add_operations() = std::move(operation);
  }
  std::fflush(output.out);
  if (!options.watch && options.json) PrintJson(output, asked);
  if (!options.watch || asked.operations().empty()) return code;

  v1::WatchOperationsRequest request;
  for (const v1::Operation& operation : asked.operations()) request.add_names(operation.name());
  request.set_until_done(true);
  return Worse(code, FollowAndReport(options, request, client, output, reconnect, /*was_reached=*/true));
}

}  // namespace ipam::ctl
