// Serves one text by HTTP at /metrics: one request a connection, one connection at a time, each within five
// seconds. A thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"

namespace ipam::server {

class MetricsListener {
 public:
  using Page = std::function<std::string()>;  // called on the thread

  // `address` is an IP address. kAlreadyExists: the port is in use; kInvalidArgument: no address.
  static absl::StatusOr<std::unique_ptr<MetricsListener>> Listen(const std::string& address,
                                                                 std::uint16_t port, Page page);
  // Waits for the request at work.
  ~MetricsListener();

  std::uint16_t port() const { return port_; }

 private:
  class Fd;
  MetricsListener(std::unique_ptr<Fd> listener, std::unique_ptr<Fd> stop, std::uint16_t port, Page page);
  void Run();
  void Serve(int socket);
  // False: not in time, or the listener stops.
  bool Await(int socket, short events, std::int64_t deadline_ms) const;

  const std::unique_ptr<Fd> listener_;
  const std::unique_ptr<Fd> stop_;  // readable: end
  const std::uint16_t port_;
  const Page page_;
  std::thread thread_;
};

}  // namespace ipam::server
