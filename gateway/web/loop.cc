#include "gateway/web/loop.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "gateway/web/connection.h"

namespace ipam::web {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::size_t kScratchKept = 256 << 10;  // a larger one was for one large frame

}  // namespace

Loop::Loop(std::shared_ptr<SessionContext> context)
    : context_(std::move(context)), work_(boost::asio::make_work_guard(io_)), read_buffer_(kReadBytes) {}

Loop::~Loop() { Join(); }

void Loop::Start() {
  boost::asio::post(io_, [this] { Tick(); });
  thread_ = std::thread([this] { io_.run(); });
}

void Loop::Join() {
  if (thread_.joinable()) thread_.join();
}

void Loop::RequestStop(absl::Duration grace) {
  boost::asio::post(io_, [this, grace] { BeginStop(grace); });
}

std::string* Loop::Scratch() {
  if (scratch_.capacity() > kScratchKept) scratch_ = std::string();
  scratch_.clear();
  return &scratch_;
}

void Loop::Adopt(boost::asio::ip::tcp::socket socket) {
  auto connection = std::make_shared<Connection>(*this, std::move(socket));
  connections_.insert(connection);
  connection->Start();
  if (stopping_) connection->OnStop(pressed_);
}

void Loop::Retire(std::shared_ptr<Connection> connection) {
  boost::asio::post(io_, [this, connection = std::move(connection)] {
    connection->DropHandler();
    connections_.erase(connection);
    EndIfIdle();
  });
}

// Connections come and go by posts: the set does not change under a loop over it.
void Loop::Tick() {
  const TimePoint now = std::chrono::steady_clock::now();
  const bool press = stopping_ && !pressed_ && now >= press_at_;
  const bool reset = stopping_ && now >= reset_at_;
  pressed_ = pressed_ || press;
  for (const auto& connection : connections_) {
    if (press) connection->OnStop(true);
    if (reset) connection->Reset();
    connection->Tick(now);
  }
  timer_.expires_after(absl::ToChronoMilliseconds(context_->options.timeouts.tick));
  timer_.async_wait([this](boost::system::error_code ec) {
    if (!ec) Tick();
  });
}

void Loop::BeginStop(absl::Duration grace) {
  stopping_ = true;
  const TimePoint now = std::chrono::steady_clock::now();
  press_at_ = now + absl::ToChronoMilliseconds(grace / 2);
  reset_at_ = now + absl::ToChronoMilliseconds(grace);
  for (const auto& connection : connections_) connection->OnStop(false);
  EndIfIdle();
}

void Loop::EndIfIdle() {
  if (!stopping_ || !connections_.empty()) return;
  timer_.cancel();
  work_.reset();
  io_.stop();
}

}  // namespace ipam::web
