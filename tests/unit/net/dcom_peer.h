// An exporter with one class on a loopback port, and a client of it, on one loop that the test runs.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/random.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/rpc_client.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/activator.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_bridge/rpc/account_auth_provider.h"

namespace ipam::net {

inline constexpr base::Guid kClsid{1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
inline constexpr base::Guid kIid{2, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
inline constexpr base::Guid kOtherIid{3, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};

// Answers opnum 3 with its arguments, keeps opnum 4 unanswered.
class Echo final : public orpc::Object {
 public:
  // `kept` takes the responders: one of them keeps its object alive, so the object cannot own it.
  Echo(int& released, std::vector<orpc::OrpcResponder>& kept, std::vector<orpc::CausalityId>& causalities)
      : released_(released), kept_(kept), causalities_(causalities) {}
  std::span<const orpc::InterfaceInfo> Interfaces() const override {
    static constexpr orpc::InterfaceInfo kInterfaces[] = {{.iid = kIid, .methods = 5},
                                                          {.iid = kOtherIid, .methods = 4}};
    return kInterfaces;
  }
  void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override {
    causalities_.push_back(call.causality);
    if (call.opnum == 4) {
      kept_.push_back(std::move(respond));
      return;
    }
    respond(orpc::OrpcReply{std::move(call.body), "<words/>"});
  }
  void OnReleased(orpc::ReleaseReason) override { ++released_; }

 private:
  int& released_;
  std::vector<orpc::OrpcResponder>& kept_;
  std::vector<orpc::CausalityId>& causalities_;
};

inline rpc::AccountAuthProvider Acceptors(base::Clock& clock, auth::RandomSource& random) {
  const std::string file = absl::StrCat("DOM\\user:", auth::NtHash::OfPassword("secret").ToHex());
  return rpc::AccountAuthProvider(auth::AcceptorFactory(
      std::make_shared<const auth::AccountFile>(*auth::AccountFile::Parse(file, "test")),
      auth::ServerNames::FromHostName("server"), {}, clock, random));
}

struct DcomPeer {
  explicit DcomPeer(std::string password = "secret", auth::AuthLevel level = auth::AuthLevel::kPrivacy)
      : rpc(loop, {.level = level},
            [this, password](const Endpoint& endpoint, const std::string&) {
              return auth::NewInitiator(auth::AuthType::kSpnego,
                                        {"DOM", "user", auth::NtHash::OfPassword(password)},
                                        "RPCSS/" + endpoint.host, clock, random);
            }),
        dcom(loop, rpc, clock, {}) {
    for (rpc::Service* service :
         {static_cast<rpc::Service*>(&resolver), static_cast<rpc::Service*>(&activator),
          static_cast<rpc::Service*>(&exporter)}) {
      services.Add(*service);
    }
    activator.Register(kClsid, [this](const auto&) -> orpc::Created {
      ++created;
      return NewEcho();
    });
    Listen(0);
  }

  std::shared_ptr<Echo> NewEcho() { return std::make_shared<Echo>(released, kept, causalities); }

  void Listen(std::uint16_t port) {
    auto made = RpcListener::Listen(loop, {.port = port}, services, acceptors, groups);
    if (!made.ok()) std::abort();
    listener = *std::move(made);
    at = {"127.0.0.1", listener->port()};
    exporter.Advertise({.hosts = {"127.0.0.1"}, .port = at.port, .auth_types = {auth::AuthType::kSpnego}});
  }

  // Runs the loop until the test calls loop.Stop(), at most ten seconds.
  void Run() {
    bool late = false;
    const Timer limit = loop.After(absl::Seconds(10), [&] {
      late = true;
      loop.Stop();
    });
    loop.Run();
    if (late) ADD_FAILURE() << "nothing stopped the loop";
  }

  base::SystemClock clock;
  auth::SystemRandom random;
  Loop loop;
  int created = 0;
  int released = 0;
  std::vector<orpc::OrpcResponder> kept;
  std::vector<orpc::CausalityId> causalities;  // of the calls that reached an Echo
  rpc::AccountAuthProvider acceptors = Acceptors(clock, random);
  orpc::Exporter exporter{{}, clock};
  orpc::OxidResolver resolver{{}, exporter, clock};
  orpc::Activator activator{{}, exporter};
  rpc::ServiceTable services;
  rpc::AssociationGroups groups;
  std::unique_ptr<RpcListener> listener;
  Endpoint at;
  RpcClient rpc;
  DcomClient dcom;
};

}  // namespace ipam::net
