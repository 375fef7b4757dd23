// The program itself: what a shell sees.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "fake_gateway.h"
#include "frames.h"

namespace ipam::ctl {
namespace {

using testing::HasSubstr;

// ipamctl with both outputs in one pipe.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    arguments.insert(arguments.begin(), IPAMCTL);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, IPAMCTL, &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
  }
  ~Program() { CloseOutput(); }

  // Up to `until`, or to the end where it is empty.
  std::string Read(const std::string& until = "") {
    std::string text;
    char octet = 0;
    while ((until.empty() || text.find(until) == std::string::npos) && read(output_, &octet, 1) == 1)
      text += octet;
    return text;
  }
  void CloseOutput() {
    if (output_ >= 0) close(output_);
    output_ = -1;
  }
  void Signal(int number) const { kill(pid_, number); }
  // As waitpid() gives it.
  int Wait() const {
    int status = 0;
    waitpid(pid_, &status, 0);
    return status;
  }

 private:
  pid_t pid_ = 0;
  int output_ = -1;
};

TEST(Program, LeavesWithTwoForWrongUsage) {
  Program program({"frobnicate"});
  EXPECT_THAT(program.Read(), HasSubstr("ipamctl: unknown command 'frobnicate'"));
  EXPECT_EQ(WEXITSTATUS(program.Wait()), 2);
}

TEST(Program, LeavesWith130WhenItIsTerminated) {
  for (const int number : {SIGINT, SIGTERM}) {
    FakeGateway gateway;
    gateway.watch = [](const v1::WatchOperationsRequest&, grpc::ServerContext* context,
                       FakeGateway::Writer* writer) {
      writer->Write(EventFrame(Accepted("a", 1)));
      return HoldOpen(context);
    };
    Program program({"--gateway", gateway.address(), "watch"});
    EXPECT_THAT(program.Read("\n"), HasSubstr("operations/a: accepted"));
    program.Signal(number);
    EXPECT_THAT(program.Read(), HasSubstr("interrupted; the operations go on"));
    const int status = program.Wait();
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 130);
  }
}

TEST(Program, EndsQuietlyWithItsReader) {
  FakeGateway gateway;
  gateway.watch = [](const v1::WatchOperationsRequest&, grpc::ServerContext* context,
                     FakeGateway::Writer* writer) {
    for (std::uint64_t sequence = 1; !context->IsCancelled() && sequence < 1'000'000; ++sequence) {
      writer->Write(EventFrame(AtPercent("a", sequence, 1)));
    }
    return grpc::Status::OK;
  };
  Program program({"--gateway", gateway.address(), "watch"});
  program.Read("\n");
  program.CloseOutput();
  const int status = program.Wait();
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGPIPE);
}

}  // namespace
}  // namespace ipam::ctl
