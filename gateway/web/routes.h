// The table of paths, design.md section 2.
#pragma once

#include <string>
#include <string_view>

namespace ipam::web {

enum class Endpoint {
  kOperations,                 // /v1/operations
  kOperationsWatch,            // /v1/operations:watch
  kOperation,                  // /v1/operations/{id}
  kOperationEvents,            // .../{id}/events
  kOperationSubtasks,          // .../{id}/subtasks
  kOperationCompletionStatus,  // .../{id}/completion_status
  kOperationWatch,             // .../{id}:watch
  kOperationCancel,            // .../{id}:cancel
  kSources,                    // /v1/sources
  kSourceDiagnose,             // /v1/sources/{name}:diagnose
  kWebSocket,                  // /v1/ws
  kLivez,
  kReadyz,
  kMetrics,
  kFile,  // the dashboard, or nothing
};

struct Route {
  Endpoint endpoint = Endpoint::kFile;
  std::string operation = {};  // "operations/{id}", where the path names one
  std::string source = {};     // its name, likewise
};

// An id that cannot be one ([a-z0-9-]{1,63}) is no path of ours: kFile.
Route FindRoute(std::string_view path);
// For Allow: "GET, HEAD, OPTIONS".
std::string_view AllowedMethods(Endpoint endpoint);
// Methods are case sensitive, RFC 9110 9.1.
bool IsAllowed(Endpoint endpoint, std::string_view method);

}  // namespace ipam::web
