// Commands against a gateway whose answers a test sets.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "captured.h"
#include "fake_gateway.h"
#include "frames.h"
#include "gateway/ctl/commands.h"

namespace ipam::ctl {

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() : folder_(testing::TempDir() + "/ctl_commands_" + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~CommandsTest() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& name, const std::string& content) {
    std::ofstream(folder_ + "/" + name) << content;
    return folder_ + "/" + name;
  }

  // As from the command line; what it gave is in out_ and err_.
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--gateway", gateway_.address()});
    const ParsedOptions parsed = ParseOptions(arguments);
    if (!parsed.options.has_value()) {
      ADD_FAILURE() << parsed.text;
      return -1;
    }
    Timing timing;
    timing.call = parsed.options->timeout;
    timing.tick = absl::Milliseconds(5);
    Client client(gateway_.address(), timing, interrupted_);
    const Reconnect quick = {absl::Milliseconds(1), absl::Milliseconds(5), absl::Seconds(30)};
    return RunCommand(*parsed.options, client, Output{out_.file(), err_.file()}, quick);
  }

  // Answers each start with an operation whose id is the text of the parameters.
  void StartByText() {
    gateway_.start = [this](const v1::StartOperationRequest& request, v1::Operation* operation) {
      starts_.push_back(request);
      *operation = MakeOperation(request.parameters_xml(), v1::OPERATION_STATE_PENDING, 1);
      return grpc::Status::OK;
    };
  }
  void WatchGives(std::vector<Frame> frames) {
    gateway_.watch = [this, frames](const v1::WatchOperationsRequest& request, grpc::ServerContext*,
                                    FakeGateway::Writer* writer) {
      watches_.push_back(request);
      for (const Frame& frame : frames) writer->Write(frame);
      return grpc::Status::OK;
    };
  }

  std::string folder_;
  std::atomic<bool> interrupted_{false};
  FakeGateway gateway_;
  std::vector<v1::StartOperationRequest> starts_;
  std::vector<v1::WatchOperationsRequest> watches_;
  Captured out_;
  Captured err_;
};

}  // namespace ipam::ctl
