// One thread, one io_context, and the connections that live on it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "gateway/web/session_context.h"

namespace ipam::web {

class Connection;

// Shared with what may call back from other threads after the server is gone: a post to a loop that has ended
// is lost.
class Loop : public std::enable_shared_from_this<Loop> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Loop(std::shared_ptr<SessionContext> context);
  ~Loop();

  void Start();
  // Any thread. Ends the loop once its connections have ended: they are asked at once, pressed when half of
  // `grace` has gone, reset at its end.
  void RequestStop(absl::Duration grace);
  void Join();

  boost::asio::io_context& io() { return io_; }
  SessionContext& context() { return *context_; }

  // Loop thread only, from here on.
  void Adopt(boost::asio::ip::tcp::socket socket);
  // Drops the connection after the current call.
  void Retire(std::shared_ptr<Connection> connection);
  std::vector<char>& read_buffer() { return read_buffer_; }
  std::string* Scratch();

 private:
  void Tick();
  void BeginStop(absl::Duration grace);
  void EndIfIdle();

  const std::shared_ptr<SessionContext> context_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_{io_};
  std::thread thread_;
  absl::flat_hash_set<std::shared_ptr<Connection>> connections_;
  std::vector<char> read_buffer_;
  std::string scratch_;
  bool stopping_ = false;
  bool pressed_ = false;
  TimePoint press_at_;
  TimePoint reset_at_;
};

}  // namespace ipam::web
