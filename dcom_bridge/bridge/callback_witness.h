// Looks on while servers use the callback listener, so that a test of the callbacks can say how far a server
// came. Stands before the resolver, the exporter and the acceptors; changes nothing. Loop thread.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "dcom_bridge/orpc/ids.h"
#include "dcom_bridge/rpc/auth_provider.h"
#include "dcom_bridge/rpc/service.h"

namespace ipam::bridge {

class CallbackWitness {
 public:
  // What came since the observation was made. Logons and resolutions may be those of another server: only
  // `queried` belongs to the object.
  struct Seen {
    int logons = 0;
    std::string logon_failure;  // the last one; empty: none
    int resolutions = 0;
    bool queried = false;  // IRemUnknown::RemQueryInterface of the object
  };

  class Observation {
   public:
    // `object` is an IPID of it. The witness outlives the observation.
    Observation(CallbackWitness& witness, orpc::Ipid object);
    ~Observation();
    Observation(const Observation&) = delete;
    Observation& operator=(const Observation&) = delete;

    const Seen& seen() const { return seen_; }

   private:
    friend class CallbackWitness;
    CallbackWitness& witness_;
    const orpc::Ipid object_;
    Seen seen_;
  };

  // All outlive it.
  CallbackWitness(rpc::Service& resolver, rpc::Service& exporter, rpc::AuthProvider& acceptors);
  ~CallbackWitness();

  // To be listened with in the place of those that they stand before.
  rpc::Service& resolver();
  rpc::Service& exporter();
  rpc::AuthProvider& acceptors();

 private:
  class Resolver;
  class Exporter;
  class Acceptors;

  std::set<Observation*> observations_;
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<Exporter> exporter_;
  std::unique_ptr<Acceptors> acceptors_;
};

}  // namespace ipam::bridge
