// The commands: each makes its calls, prints, and says what to leave with.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "gateway/ctl/client.h"
#include "gateway/ctl/exit_code.h"
#include "gateway/ctl/follow.h"
#include "gateway/ctl/options.h"

namespace ipam::ctl {

struct Output {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
};

ExitCode RunCommand(const Options& options, Client& client, const Output& output,
                    const Reconnect& reconnect = {});

// --- shared by the commands ------------------------------------------------------------------------------

// "ipamctl: subject: message" on output.err, without the subject where it is empty or the message names it.
ExitCode Complain(const Output& output, const std::string& subject, const CallResult& result);

void PrintText(const Output& output, const std::string& text);
void PrintJson(const Output& output, const google::protobuf::Message& message);

inline constexpr int kPageSize = 1000;

// Calls page by page; `take` appends a page and says whether more is wanted.
template <typename Request, typename Response, typename Take>
CallResult CallPages(Client& client, Client::Method<Request, Response> method, Request request, Take take) {
  for (;;) {
    Response response;
    CallResult result = client.Call(method, request, response);
    if (!result.ok()) return result;
    const std::string next = response.next_page_token();
    if (!take(response) || next.empty()) return result;
    request.set_page_token(next);
  }
}

// Follows and gives the worst of the operations' exit codes. `was_reached`: see Follow().
ExitCode FollowAndReport(const Options& options, const v1::WatchOperationsRequest& request, Client& client,
                         const Output& output, const Reconnect& reconnect, bool was_reached);

}  // namespace ipam::ctl
