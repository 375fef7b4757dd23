// The object resolver's IObjectExporter, [MS-DCOM] 3.1.2.5.1: resolves the OXID of one exporter, keeps the
// ping sets of its clients and has its objects reclaimed. Sans-IO; DCOM loop only. Its timer is the one timer
// of resolver and exporter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/rpc/service.h"

namespace ipam::orpc {

struct OxidResolverOptions {
  // A ping set lives this long without a ping: three periods of two minutes, [MS-DCOM] 3.1.2.2.
  absl::Duration ping_set_timeout = absl::Minutes(6);
  auth::AuthLevel resolve_level = auth::AuthLevel::kConnect;
  auth::AuthLevel ping_level = auth::AuthLevel::kIntegrity;
  // From this many sets on, clients are asked to ping half as often (a back-off factor of 1), and sets live
  // twice as long: clients need not heed it, [MS-DCOM] 3.1.2.5.1.3.
  std::size_t busy_ping_sets = 8192;
  std::size_t max_ping_sets = 16384;
  std::size_t max_ping_sets_per_caller = 1024;
  std::size_t max_oids_per_set = 65536;
  std::size_t max_oids = 1 << 20;  // in all sets together
};

class OxidResolver final : public rpc::Service {
 public:
  // `exporter` and `clock` outlive it.
  OxidResolver(OxidResolverOptions options, Exporter& exporter, base::Clock& clock);

  // The earliest time at which OnTimer() has something to do; InfiniteFuture: nothing. Ask again after every
  // call.
  absl::Time NextDeadline() const;
  // Drops the ping sets that nobody pinged and reclaims the objects that nobody needs. May call
  // Object::OnReleased.
  void OnTimer(absl::Time now);

  // For metrics.
  std::size_t ping_sets() const { return sets_.size(); }
  std::size_t pinged_objects() const { return pins_; }  // an object counts once for each set that holds it

  bool Serves(const pdu::SyntaxId& abstract) const override;
  // ServerAlive and ServerAlive2 never check, [MS-DCOM] 3.1.2.5.1.4 and 3.1.2.5.1.6.
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override;
  void Handle(rpc::IncomingCall call, rpc::Responder respond) override;

 private:
  struct PingSet {
    absl::flat_hash_set<Oid> oids;
    std::uint16_t sequence = 0;
    std::uint16_t backoff = 0;  // as its client was last told
    absl::Time expires;
    std::string owner;  // Principal::Name(); empty: anonymous
  };

  rpc::CallOutcome ResolveOxid(const rpc::IncomingCall& call);
  rpc::CallOutcome SimplePing(const rpc::IncomingCall& call);
  rpc::CallOutcome ComplexPing(const rpc::IncomingCall& call);
  void Touch(PingSet& set);
  // False over a bound.
  bool NewSet(const std::string& owner, SetId& id);
  std::uint32_t Add(PingSet& set, const std::vector<Oid>& oids, const Caller& caller, bool create);

  OxidResolverOptions options_;
  Exporter& exporter_;
  base::Clock& clock_;
  absl::flat_hash_map<SetId, PingSet> sets_;
  absl::flat_hash_map<std::string, std::size_t> sets_of_;  // owner -> number of sets
  std::size_t pins_ = 0;                                   // OIDs in all sets
  absl::btree_set<std::pair<absl::Time, SetId>> deadlines_;
};

}  // namespace ipam::orpc
