#include "gateway/ctl/start.h"

#include <google/protobuf/util/json_util.h>

#include <random>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/model/yaml_message.h"
#include "gateway/ctl/files.h"
#include "gateway/ctl/kinds.h"
#include "gateway/ctl/text.h"
#include "gateway/ctl/watch_state.h"

namespace ipam::ctl {
namespace {

using How = CallResult::How;
using Stub = v1::ProgressService::Stub;

struct Started {
  v1::ListOperationsResponse operations;  // in the order of the files
  ExitCode code = kSucceeded;             // of the refused ones and of those that had ended
};

void SayStarted(const Options& options, const std::string& file, const v1::Operation& operation,
                const Output& output) {
  if (options.json || options.progress == ProgressMode::kRawJson) return;  // is printed whole
  if (options.validate_only) {
    PrintText(output, absl::StrCat(Harmless(file), ": valid", operation.kind().empty() ? "" : " ",
                                   Harmless(operation.kind()), "\n"));
  } else {
    PrintText(output, Harmless(operation.name()) + "\n");
  }
  std::fflush(output.out);
}

// False where the other files need not be tried.
bool StartOne(const Options& options, const std::string& file, v1::StartOperationRequest& request,
              Client& client, const Output& output, Started& started) {
  v1::Operation operation;
  const CallResult result = client.Call(&Stub::AsyncStartOperation, request, operation);
  if (result.ok()) {
    SayStarted(options, file, operation, output);
    started.code = Worse(started.code, ExitCodeOf(operation.state()));
    *started.operations.add_operations() = operation;
    return true;
  }
  started.code = Worse(started.code, Complain(output, file, result));
  const bool may_have_started =
      result.was_sent &&
      (result.how != How::kAnswered || result.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  if (may_have_started && !options.validate_only) {
    std::fprintf(output.err,
                 "ipamctl: %s: not answered; --request-id %s starts it, or finds it where it was started\n",
                 Harmless(file).c_str(), Harmless(request.request_id()).c_str());
  }
  return result.how == How::kAnswered;
}

// `labels` say in messages what each request is.
ExitCode StartAll(const Options& options, const std::vector<std::string>& labels,
                  std::vector<v1::StartOperationRequest>& requests, Client& client, const Output& output,
                  const Reconnect& reconnect) {
  Started started;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].set_source(options.source);
    requests[i].set_validate_only(options.validate_only);
    if (!StartOne(options, labels[i], requests[i], client, output, started)) break;
  }
  if (!options.watch && options.json) PrintJson(output, started.operations);
  if (!options.watch || started.operations.operations().empty()) return started.code;

  v1::WatchOperationsRequest request;
  for (const v1::Operation& operation : started.operations.operations()) request.add_names(operation.name());
  request.set_until_done(true);
  return Worse(started.code,
               FollowAndReport(options, request, client, output, reconnect, /*was_reached=*/true));
}

// JSON has an object; everything else is YAML. What is wrong with JSON, the reader of YAML says with line and field.
absl::Status ReadParameters(const std::string& text, const OperationKind& kind,
                            v1::StartOperationRequest& request) {
  google::protobuf::Message& own = *request.GetReflection()->MutableMessage(&request, kind.member);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '<') {
    return absl::InvalidArgumentError("XML is started without a kind and --from: ipamctl start FILE");
  }
  if (first == std::string::npos || text[first] != '{') return model::FromYaml(text, own);
  const auto read = google::protobuf::util::JsonStringToMessage(text, &own);
  if (read.ok()) return absl::OkStatus();
  own.Clear();
  constexpr std::size_t kSoonRead = 1 << 20;
  const absl::Status said = text.size() <= kSoonRead ? model::FromYaml(text, own) : absl::OkStatus();
  if (!said.ok()) return said;
  return absl::InvalidArgumentError(std::string(read.message().data(), read.message().size()));
}

// Where a file is not there: it may be meant otherwise.
absl::Status WithHint(const std::string& file, const absl::Status& status) {
  if (FindKind(file) == nullptr) return status;
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(status.message()),
                   " (parameters of this kind: --from FILE; a sample: ipamctl template ", file, ")"));
}

absl::Status Prefixed(const std::string& file, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat(file == "-" ? "standard input" : file, ": ", std::string(status.message())));
}

}  // namespace

std::string RequestId(const std::string& request_id, std::size_t index, std::size_t count) {
  if (!request_id.empty()) return count == 1 ? request_id : absl::StrCat(request_id, "-", index + 1);
  std::random_device random;
  return absl::StrFormat("ipamctl-%08x%08x%08x%08x", random(), random(), random(), random());
}

ExitCode Start(const Options& options, Client& client, const Output& output, const Reconnect& reconnect) {
  std::vector<v1::StartOperationRequest> requests;
  for (const std::string& file : options.files) {  // all are read before the first one is started
    absl::StatusOr<std::string> text = ReadFile(file);
    if (client.interrupted()) return kInterrupted;
    v1::StartOperationRequest& request = requests.emplace_back();
    request.set_request_id(RequestId(options.request_id, requests.size() - 1, options.files.size()));
    absl::Status read = text.status();
    if (!read.ok() && options.kind.empty()) {
      read = WithHint(file, read);
    } else if (read.ok() && options.kind.empty()) {
      request.set_parameters_xml(*std::move(text));
    } else if (read.ok()) {
      read = Prefixed(file, ReadParameters(*text, *FindKind(options.kind), request));
    }
    if (!read.ok()) {
      std::fprintf(output.err, "ipamctl: %s\n", Harmless(std::string(read.message())).c_str());
      return kUsage;
    }
  }
  return StartAll(options, options.files, requests, client, output, reconnect);
}

ExitCode Retry(const Options& options, Client& client, const Output& output, const Reconnect& reconnect) {
  std::vector<v1::StartOperationRequest> requests(1);
  requests[0].set_request_id(RequestId(options.request_id, 0, 1));
  requests[0].set_retry_failed_of(options.names.front());
  return StartAll(options, options.names, requests, client, output, reconnect);
}

}  // namespace ipam::ctl
