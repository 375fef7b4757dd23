// One side of a conversation: listeners with an exporter behind them, and a client, on a loop that is shared.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/random.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/activator.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_peer.h"
#include "tests/support/fake_clock.h"

namespace ipam::net {

// Passes a service's calls on, and keeps what they were.
class Recorder final : public rpc::Service {
 public:
  struct Seen {
    base::Guid interface;
    std::uint16_t opnum;
    base::Bytes stub;
    auth::AuthLevel level;
  };
  explicit Recorder(rpc::Service& service) : service_(service) {}
  bool Serves(const pdu::SyntaxId& abstract) const override { return service_.Serves(abstract); }
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override {
    return service_.MinimumLevel(abstract, opnum);
  }
  void Handle(rpc::IncomingCall call, rpc::Responder respond) override {
    seen.push_back({call.interface.uuid, call.opnum, call.stub, call.level});
    if (auto outcome = replace ? replace(call) : std::nullopt) return respond(*std::move(outcome));
    service_.Handle(std::move(call), std::move(respond));
  }

  std::vector<Seen> seen;
  // Answers in the place of the service, where it has an answer.
  std::function<std::optional<rpc::CallOutcome>(const rpc::IncomingCall&)> replace;

 private:
  rpc::Service& service_;
};

// Outlives every loop: what a stopped one still holds gives its group back.
inline rpc::AssociationGroups& Groups() {
  static rpc::AssociationGroups groups;
  return groups;
}

struct Node {
  // `stagger`: by default longer than any test, so that an address is tried beside another only where it is asked
  // for.
  explicit Node(Loop& shared, absl::Duration patience = absl::Seconds(30),
                absl::Duration stagger = absl::Minutes(30))
      : loop(shared),
        rpc(loop, {.connect_timeout = patience},
            [this](const Endpoint& endpoint, const std::string& principal) {
              principals.push_back(principal);
              return auth::NewInitiator(auth::AuthType::kSpnego,
                                        {"DOM", "user", auth::NtHash::OfPassword("secret")},
                                        "RPCSS/" + endpoint.host, wall, random);
            }),
        dcom(loop, rpc, steady,
             {.call_timeout = patience, .address_timeout = patience, .address_stagger = stagger}) {
    services.Add(resolver_calls);
    services.Add(activator_calls);
    services.Add(exporter_calls);
  }
  void Listen(std::vector<std::string> addresses = {"127.0.0.1"}, std::uint16_t port = 0) {
    auto made = RpcListener::Listen(loop, {.addresses = std::move(addresses), .port = port}, services,
                                    acceptors, groups);
    ASSERT_TRUE(made.ok()) << made.status();
    listeners.push_back(*std::move(made));
  }
  void Advertise(std::vector<std::string> hosts, std::uint16_t port, std::string principal = "") {
    exporter.Advertise({.hosts = std::move(hosts),
                        .port = port,
                        .auth_types = {auth::AuthType::kSpnego},
                        .principal = std::move(principal)});
  }
  std::uint16_t port() const { return listeners.front()->port(); }

  Loop& loop;
  std::vector<std::string> principals;  // that the client was told, a connection each
  test_support::FakeClock clock;        // of the exporter and its resolver
  base::SteadyClock steady;
  base::SystemClock wall;
  auth::SystemRandom random;
  rpc::AccountAuthProvider acceptors = Acceptors(wall, random);
  orpc::Exporter exporter{{}, clock};
  orpc::OxidResolver resolver{{}, exporter, clock};
  orpc::Activator activator{{}, exporter};
  Recorder exporter_calls{exporter};
  Recorder resolver_calls{resolver};
  Recorder activator_calls{activator};
  rpc::ServiceTable services;
  rpc::AssociationGroups& groups = Groups();
  std::vector<std::unique_ptr<RpcListener>> listeners;
  RpcClient rpc;
  DcomClient dcom;
};

// Runs the loop until `condition` holds.
inline void RunUntil(Loop& loop, const std::function<bool()>& condition) {
  const absl::Time end = absl::Now() + absl::Seconds(100);
  Timer timer;
  std::function<void()> check = [&] {
    if (condition() || absl::Now() > end) return loop.Stop();
    timer = loop.After(absl::Milliseconds(2), [&] { check(); });
  };
  loop.Restart();
  loop.Post([&] { check(); });
  loop.Run();
  ASSERT_TRUE(condition()) << "it did not come";
}

}  // namespace ipam::net
