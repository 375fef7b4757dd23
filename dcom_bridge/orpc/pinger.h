// The client's half of pinging, [MS-DCOM] 3.2.6.1: one ping set for each resolver, told to it by differences.
// Sans-IO: says what to send, is told what came of it. DCOM loop only.
//
// States of a resolver's set, and what each event does ("-": nothing):
//
//   State    | AddOid  | RemoveOid    | timer due     | ok             | unknown set        | unknown OID | failed
//   ---------+---------+--------------+---------------+----------------+--------------------+-------------+--------
//   Absent   | Forming | -            | -             | -              | -                  | -           | -
//   Forming  | noted   | last: Absent | Creating, new | -              | -                  | -           | -
//   Creating | noted   | noted        | -             | Live           | as failed          | halve, send | Forming
//   Live     | noted   | noted        | Pinging, send | -              | -                  | -           | -
//   Pinging  | noted   | noted        | -             | Live or Absent | Creating, new      | halve, send | Live
//
// "new" is a ComplexPing with SETID 0 and every OID; "send" a SimplePing where nothing changed, else a
// ComplexPing with the differences. A set that became empty is emptied by a last ComplexPing and forgotten.
// "halve": one of the added OIDs is unknown to the resolver, the answer does not say which, so fewer are
// added until one is alone; that one is lost. After `max_failures` failed pings in a row, or sets forgotten
// in a row, everything of that resolver is lost: Absent. An answer that nobody waits for does nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "dcom_bridge/orpc/ids.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"

namespace ipam::orpc {

// Names a resolver: the string binding that the network layer dials. Opaque here.
using ResolverAddress = std::string;

// error_status_t of IObjectExporter's methods, [MS-ERREF] 2.2.
inline constexpr std::uint32_t kOrInvalidOxid = 1910;
inline constexpr std::uint32_t kOrInvalidOid = 1911;
inline constexpr std::uint32_t kOrInvalidSet = 1912;

// Send it with packet integrity or better, then call OnPingAnswer() or OnPingFailed() once.
struct SendPing {
  ResolverAddress resolver;
  std::variant<SimplePingRequest, ComplexPingRequest> ping;
};
// The objects are gone, or cannot be reached any more. They are forgotten here.
struct LostObjects {
  ResolverAddress resolver;
  std::vector<Oid> oids;
};
using PingAction = std::variant<SendPing, LostObjects>;
using PingActions = absl::InlinedVector<PingAction, 4>;

struct PingerOptions {
  absl::Duration period = absl::Minutes(2);  // [MS-DCOM] 3.1.2.2
  absl::Duration retry_after =
      absl::Seconds(20);  // so that three failures end before the server's six minutes do
  int max_failures = 3;
  // A server that asks for less load keeps the set for as much longer; how much of that is trusted.
  std::uint16_t max_backoff = 2;
  std::size_t max_oids_per_ping = 4096;  // of one ComplexPing
};

class Pinger {
 public:
  enum class State : std::uint8_t { kAbsent, kForming, kCreating, kLive, kPinging };

  explicit Pinger(PingerOptions options) : options_(options) {}

  // The client holds a reference to the object (again: each AddOid needs its RemoveOid). Not for objects
  // whose reference says SORF_NOPING.
  void AddOid(const ResolverAddress& resolver, Oid oid, absl::Time now);
  void RemoveOid(const ResolverAddress& resolver, Oid oid);

  // InfiniteFuture: nothing to do.
  absl::Time NextDeadline() const;
  PingActions OnTimer(absl::Time now);
  // The call came back with `status` (error_status_t of the method) and, from ComplexPing, the set.
  // ComplexPing brings a back-off factor too: pings come 2^backoff periods apart, at most 2^max_backoff.
  PingActions OnPingAnswer(const ResolverAddress& resolver, std::uint32_t status, SetId set, absl::Time now,
                           std::uint16_t backoff = 0);
  // No answer: connection, security or a fault.
  PingActions OnPingFailed(const ResolverAddress& resolver, absl::Time now);

  State state(const ResolverAddress& resolver) const;
  std::size_t sets() const { return sets_.size(); }
  std::size_t oids() const;  // that are to be kept alive

 private:
  struct Set {
    State state = State::kForming;
    SetId id;
    std::uint16_t sequence = 0;
    absl::btree_map<Oid, int> wanted;  // OID -> number of AddOid without their RemoveOid
    absl::btree_set<Oid> told;         // what the resolver's set holds
    ComplexPingRequest sent;           // of the ping that is on its way
    bool truncated = false;            // it could not carry all differences
    std::size_t max_adds = 0;          // lowered while an unknown OID is searched
    std::uint16_t backoff = 0;         // as the last ComplexPing was answered
    int failures = 0;                  // since the last ping that was answered
    int recreations = 0;               // since the last ping of a set that the resolver knew
    absl::Time due;                    // of the next ping in kForming and kLive
  };
  using Sets = absl::btree_map<ResolverAddress, Set>;

  SendPing Create(const ResolverAddress& resolver, Set& set);
  SendPing Ping(const ResolverAddress& resolver, Set& set);
  PingActions Settle(Sets::iterator it, absl::Time now);
  PingActions OnUnknownSet(Sets::iterator it, absl::Time now);
  PingActions OnUnknownOid(Sets::iterator it, SetId id, absl::Time now);
  PingActions Fail(Sets::iterator it, absl::Time now);
  LostObjects Lose(Sets::iterator it);

  PingerOptions options_;
  Sets sets_;
};

}  // namespace ipam::orpc
