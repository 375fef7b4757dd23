#include "dcom_bridge/ipam/http/http_client.h"

#include <curl/curl.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ipam::http {
namespace {

struct Collector {
  std::string body;
  std::size_t limit = 0;
  bool full = false;
};

std::size_t Collect(char* data, std::size_t size, std::size_t count, void* user) {
  auto& collector = *static_cast<Collector*>(user);
  const std::size_t bytes = size * count;
  if (bytes > collector.limit - collector.body.size()) {
    collector.full = true;
    return 0;
  }
  collector.body.append(data, bytes);
  return bytes;
}

// Called at least once a second.
int LookForStop(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

}  // namespace

absl::StatusOr<Response> Send(const Request& request) {
  // Must be one thread's alone, before any other use.
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, FreeHandle> curl(initialized == CURLE_OK ? curl_easy_init() : nullptr);
  if (curl == nullptr) return absl::ResourceExhaustedError("no memory for an HTTP client");
  std::unique_ptr<curl_slist, FreeList> headers;
  for (const std::string& header : request.headers) {
    curl_slist* longer = curl_slist_append(headers.get(), header.c_str());
    if (longer == nullptr) return absl::ResourceExhaustedError("no memory for an HTTP client");
    static_cast<void>(headers.release());
    headers.reset(longer);
  }
  Collector collector{.body = {}, .limit = request.max_response};
  char reason[CURL_ERROR_SIZE] = {};
  CURL* handle = curl.get();
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(request.timeout)));
  std::stop_token stop = request.stop;
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &LookForStop);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &stop);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Collect);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &collector);
  if (!request.body.empty()) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (!request.user.empty()) {
    curl_easy_setopt(handle, CURLOPT_USERNAME, request.user.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, request.password.c_str());
  }
  const CURLcode result = curl_easy_perform(handle);
  const std::string why =
      absl::StrCat(request.url, ": ", reason[0] != '\0' ? reason : curl_easy_strerror(result));
  if (collector.full)
    return absl::ResourceExhaustedError(absl::StrCat(request.url, ": the response is too long"));
  if (result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL)
    return absl::InvalidArgumentError(why);
  if (result != CURLE_OK) return absl::UnavailableError(why);
  Response response;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &response.status);
  response.body = std::move(collector.body);
  return response;
}

}  // namespace ipam::http
