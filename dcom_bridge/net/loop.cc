#include "dcom_bridge/net/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace ipam::net {

namespace asio = boost::asio;

struct Timer::State {
  explicit State(asio::io_context& io) : timer(io) {}
  asio::steady_timer timer;
};

struct Loop::Impl {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::Run() { impl_->io.run(); }
void Loop::Restart() { impl_->io.restart(); }
void Loop::Stop() { impl_->io.stop(); }

void Loop::Post(Task task) {
  // Asio copies handlers; AnyInvocable only moves.
  asio::post(impl_->io, [task = std::make_shared<Task>(std::move(task))] { (*task)(); });
}

Timer Loop::After(absl::Duration delay, Task task) {
  auto state = std::make_shared<Timer::State>(impl_->io);
  state->timer.expires_after(absl::ToChronoNanoseconds(delay));
  // The weak pointer is the cancellation: the handle's death leaves nothing to lock.
  state->timer.async_wait(
      [weak = std::weak_ptr(state), task = std::make_shared<Task>(std::move(task))](auto error) {
        if (!error && weak.lock()) (*task)();
      });
  return Timer(std::move(state));
}

asio::io_context& Loop::io() { return impl_->io; }

}  // namespace ipam::net
