#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "fake_hub.h"
#include "gateway/web/web_server.h"
#include "raw_client.h"
#include "tests/support/matchers.h"

namespace ipam::web {

// A server on a free port with short time-outs, before a hub that the test feeds.
class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options_.port = 0;
    options_.threads = 2;
    options_.timeouts.tick = absl::Milliseconds(20);
    options_.timeouts.linger = absl::Milliseconds(300);
  }
  void Start() {
    auto server = WebServer::Start(options_, hub_);
    ASSERT_OK(server);
    server_ = *std::move(server);
  }
  std::uint16_t port() const { return server_->port(); }

  // Until neither the sockets nor the outbox take more.
  static void FillUp(hub::Outbox& outbox) {
    const auto frame = PercentFrame(std::string(1000, 't'), 1);
    for (int quiet = 0; quiet < 10; ++quiet) {
      while (outbox.Push(frame)) quiet = 0;
      absl::SleepFor(absl::Milliseconds(10));
    }
  }

  FakeHub hub_;
  WebOptions options_;
  std::unique_ptr<WebServer> server_;
};

}  // namespace ipam::web
