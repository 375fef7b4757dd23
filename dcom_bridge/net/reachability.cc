#include "dcom_bridge/net/reachability.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <utility>

namespace ipam::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// An attempt and its time limit: the first of the two answers.
template <typename Object, typename Result>
struct Attempt {
  Attempt(Loop& loop, absl::AnyInvocable<void(Result)> on_done)
      : object(loop.io()), done(std::move(on_done)) {}
  void Finish(Result result) {
    limit.Cancel();
    if (auto once = std::exchange(done, nullptr)) once(std::move(result));
  }

  Object object;
  absl::AnyInvocable<void(Result)> done;
  Timer limit;
};

}  // namespace

bool IsAddress(const std::string& host) {
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

void ResolveName(Loop& loop, const std::string& host, absl::Duration timeout,
                 absl::AnyInvocable<void(absl::StatusOr<std::vector<std::string>>)> done) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  const auto attempt = std::make_shared<Attempt<tcp::resolver, Result>>(loop, std::move(done));
  attempt->limit = loop.After(timeout, [weak = std::weak_ptr(attempt)] {
    if (const auto late = weak.lock()) late->Finish(absl::DeadlineExceededError("no answer in time"));
  });
  attempt->object.async_resolve(host, "", [attempt](auto error, const tcp::resolver::results_type& found) {
    if (error) return attempt->Finish(absl::NotFoundError(error.message()));
    std::vector<std::string> addresses;
    for (const auto& entry : found) {
      std::string address = entry.endpoint().address().to_string();
      if (std::find(addresses.begin(), addresses.end(), address) == addresses.end())
        addresses.push_back(std::move(address));
    }
    attempt->Finish(std::move(addresses));
  });
}

void TryConnect(Loop& loop, const std::string& address, std::uint16_t port, absl::Duration timeout,
                absl::AnyInvocable<void(absl::Status)> done) {
  const auto attempt = std::make_shared<Attempt<tcp::socket, absl::Status>>(loop, std::move(done));
  boost::system::error_code error;
  const tcp::endpoint endpoint(asio::ip::make_address(address, error), port);
  if (error) {
    loop.Post([attempt] { attempt->Finish(absl::InvalidArgumentError("no IP address")); });
    return;
  }
  attempt->limit = loop.After(timeout, [attempt = std::weak_ptr(attempt)] {
    const auto late = attempt.lock();
    if (!late) return;
    boost::system::error_code ignored;
    late->object.close(ignored);
    late->Finish(absl::DeadlineExceededError("no answer in time"));
  });
  attempt->object.async_connect(endpoint, [attempt](auto failure) {
    attempt->Finish(failure ? absl::UnavailableError(failure.message()) : absl::OkStatus());
  });
}

}  // namespace ipam::net
