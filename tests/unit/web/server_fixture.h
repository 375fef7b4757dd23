#pragma once

#include <gtest/gtest.h>

#include <memory>
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

  FakeHub hub_;
  WebOptions options_;
  std::unique_ptr<WebServer> server_;
};

}  // namespace ipam::web
