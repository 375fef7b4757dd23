// What a server offers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dcom_bridge/rpc/call.h"

namespace ipam::rpc {

// [MS-RPCE] 3.3.3.5.4: the stub of a request should not exceed 4 MiB.
inline constexpr std::size_t kDefaultStubLimit = std::size_t{4} << 20;

// One or more RPC interfaces. All calls on the DCOM loop.
class Service {
 public:
  virtual ~Service() = default;

  virtual bool Serves(const pdu::SyntaxId& abstract) const = 0;
  // Calls below this level get the fault ERROR_ACCESS_DENIED and never reach Handle(). Called when the first
  // fragment is verified.
  virtual auth::AuthLevel MinimumLevel(const pdu::SyntaxId& abstract, std::uint16_t opnum) const = 0;
  // Longest stub of a request; beyond it the call is refused as its fragments come.
  virtual std::size_t StubLimit(const pdu::SyntaxId& /*abstract*/, std::uint16_t /*opnum*/) const {
    return kDefaultStubLimit;
  }
  // Answers by `respond`, from inside or later. `respond` may outlive the connection.
  virtual void Handle(IncomingCall call, Responder respond) = 0;
};

// Which service answers for an interface. Owns nothing; filled before the first connection.
class ServiceTable {
 public:
  void Add(Service& service) { services_.push_back(&service); }
  // The first that serves it, or null.
  Service* Find(const pdu::SyntaxId& abstract) const {
    for (Service* service : services_) {
      if (service->Serves(abstract)) return service;
    }
    return nullptr;
  }

 private:
  std::vector<Service*> services_;
};

}  // namespace ipam::rpc
