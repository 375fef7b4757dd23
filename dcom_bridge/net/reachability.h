// What can be asked of the network itself, without a protocol. Loop thread; `done` is called once, from the
// loop, never from inside the call.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/net/loop.h"

namespace ipam::net {

// Whether it is an IPv4 or IPv6 address, not a name.
bool IsAddress(const std::string& host);

// The addresses of a name, each once, in the order in which they are tried. kNotFound: nobody knows it;
// kDeadlineExceeded.
void ResolveName(Loop& loop, const std::string& host, absl::Duration timeout,
                 absl::AnyInvocable<void(absl::StatusOr<std::vector<std::string>>)> done);

// Whether a TCP connection can be made; it is closed at once. kUnavailable with the system's words;
// kDeadlineExceeded.
void TryConnect(Loop& loop, const std::string& address, std::uint16_t port, absl::Duration timeout,
                absl::AnyInvocable<void(absl::Status)> done);

}  // namespace ipam::net
