// ipamctl: the command line of ipam-gateway.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "gateway/ctl/commands.h"
#include "gateway/ctl/completion.h"

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler writes it

// The second signal ends the process at once: SA_RESETHAND.
void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace ipam::ctl;
  std::signal(SIGPIPE,
              SIG_DFL);  // a reader that goes away ends this quietly, also under a parent that ignores it
  setenv("GRPC_VERBOSITY", "NONE", 0);  // what goes wrong is said once, here
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments.front() == kCompleteCommand) {
    arguments.erase(arguments.begin());
    return PrintCompletions(std::move(arguments), Output{}, interrupted);
  }
  const ParsedOptions parsed = ParseOptions(std::move(arguments));
  if (!parsed.options.has_value()) {
    std::fputs(parsed.text.c_str(), parsed.exit_code == kSucceeded ? stdout : stderr);
    return parsed.exit_code;
  }
  CatchInterrupts();
  Timing timing;
  timing.call = parsed.options->timeout;
  Client client(parsed.options->gateway, timing, interrupted);
  ExitCode code = RunCommand(*parsed.options, client, Output{});
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "ipamctl: standard output: %s\n", std::strerror(errno));
    code = Worse(code, kFailed);
  }
  return code;
}
