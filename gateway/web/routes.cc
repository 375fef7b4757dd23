#include "gateway/web/routes.h"

#include <algorithm>

namespace ipam::web {
namespace {

constexpr std::string_view kOperationsPath = "/v1/operations";
constexpr std::string_view kSourcesPath = "/v1/sources/";
constexpr std::string_view kDiagnose = ":diagnose";

bool IsOperationId(std::string_view id) {
  return !id.empty() && id.size() <= 63 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

struct Suffix {
  std::string_view text;
  Endpoint endpoint;
};

constexpr Suffix kSuffixes[] = {
    {"/events", Endpoint::kOperationEvents},
    {"/subtasks", Endpoint::kOperationSubtasks},
    {"/completion_status", Endpoint::kOperationCompletionStatus},
    {":watch", Endpoint::kOperationWatch},
    {":cancel", Endpoint::kOperationCancel},
};

}  // namespace

Route FindRoute(std::string_view path) {
  if (path == kOperationsPath) return {Endpoint::kOperations, {}};
  if (path == "/v1/operations:watch") return {Endpoint::kOperationsWatch, {}};
  if (path == "/v1/sources") return {Endpoint::kSources, {}};
  if (path.starts_with(kSourcesPath) && path.ends_with(kDiagnose) &&
      path.size() > kSourcesPath.size() + kDiagnose.size()) {
    path.remove_prefix(kSourcesPath.size());
    path.remove_suffix(kDiagnose.size());
    if (path.find('/') != std::string_view::npos) return {};
    return {Endpoint::kSourceDiagnose, {}, std::string(path)};
  }
  if (path == "/v1/ws") return {Endpoint::kWebSocket, {}};
  if (path == "/livez") return {Endpoint::kLivez, {}};
  if (path == "/readyz") return {Endpoint::kReadyz, {}};
  if (path == "/metrics") return {Endpoint::kMetrics, {}};
  if (!path.starts_with(kOperationsPath) || path.substr(kOperationsPath.size()).substr(0, 1) != "/")
    return {};

  std::string_view id = path.substr(kOperationsPath.size() + 1);
  Endpoint endpoint = Endpoint::kOperation;
  for (const Suffix& suffix : kSuffixes) {
    if (id.ends_with(suffix.text)) {
      id.remove_suffix(suffix.text.size());
      endpoint = suffix.endpoint;
      break;
    }
  }
  if (!IsOperationId(id)) return {};
  return {endpoint, "operations/" + std::string(id)};
}

std::string_view AllowedMethods(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kOperations:
      return "GET, HEAD, POST, OPTIONS";
    case Endpoint::kOperationCancel:
      return "POST, OPTIONS";
    case Endpoint::kSourceDiagnose:
      return "GET, POST, OPTIONS";
    case Endpoint::kWebSocket:
      return "GET, OPTIONS";
    case Endpoint::kOperationsWatch:
    case Endpoint::kOperation:
    case Endpoint::kOperationEvents:
    case Endpoint::kOperationSubtasks:
    case Endpoint::kOperationCompletionStatus:
    case Endpoint::kOperationWatch:
    case Endpoint::kSources:
    case Endpoint::kLivez:
    case Endpoint::kReadyz:
    case Endpoint::kMetrics:
    case Endpoint::kFile:
      return "GET, HEAD, OPTIONS";
  }
  return "";
}

bool IsAllowed(Endpoint endpoint, std::string_view method) {
  std::string_view rest = AllowedMethods(endpoint);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(", ");
    if (rest.substr(0, comma) == method) return true;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 2);
  }
  return false;
}

}  // namespace ipam::web
