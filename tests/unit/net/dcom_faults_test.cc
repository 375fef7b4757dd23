// Activation, a call, a call back from inside it, a call from inside that, and the releases, between two sides
// through proxies that vanish at each PDU boundary in turn: whatever breaks, both sides come to an end, hold
// nothing, and the next client works.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cutting_proxy.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/orpc/minterface_pointer.h"
#include "dcom_node.h"

namespace ipam::net {
namespace {

struct CallbackParameter {
  std::optional<orpc::MInterfacePointer> callback;
  static void Ndr(auto& io, auto& v) { io(v.callback); }
};

// One answer of an ORPC call: its body, and the words of its error information.
struct Said {
  bool answered = false;
  base::Bytes body;
  std::string words;
};
Said Read(const InvokeOutcome& outcome) {
  const auto* reply = std::get_if<InvokeReply>(&outcome);
  if (reply == nullptr) return {};
  return {true, reply->body, reply->error_description};
}

using Seen = std::vector<std::pair<std::string, orpc::CausalityId>>;

// On the server. Opnum 3 calls the callback that it is given and answers with what that said; opnum 4 echoes.
class Dialog final : public orpc::Object {
 public:
  Dialog(Node& node, Seen& seen, absl::Duration& patience) : node_(node), seen_(seen), patience_(patience) {}
  std::span<const orpc::InterfaceInfo> Interfaces() const override {
    static constexpr orpc::InterfaceInfo kInterfaces[] = {{.iid = kIid, .methods = 5}};
    return kInterfaces;
  }
  void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override {
    seen_.emplace_back(call.opnum == 3 ? "call" : "nested", call.causality);
    if (call.opnum == 4) return respond(orpc::OrpcReply{std::move(call.body), ""});
    const auto request = ndr::Decode<CallbackParameter>(call.body, call.endian);
    node_.dcom.Unmarshal(
        *request->callback->Parse(), kIid,
        [this, causality = call.causality, respond = std::move(respond)](auto callback) mutable {
          if (!callback.ok()) return respond(orpc::OrpcReply{{0}, ""});
          node_.dcom.Invoke(
              *callback, 3, {1, 2, 3, 4}, patience_,
              [this, held = *callback, respond = std::move(respond)](const InvokeOutcome& outcome) mutable {
                const Said said = Read(outcome);
                node_.dcom.Release(held);
                respond(orpc::OrpcReply{said.body, said.words});
              },
              causality);
        },
        call.causality);
  }

 private:
  Node& node_;
  Seen& seen_;
  absl::Duration& patience_;
};

// On the client. Calls the dialog again before it answers.
class Callback final : public orpc::Object {
 public:
  Callback(Node& node, RemoteInterface dialog, Seen& seen, absl::Duration patience)
      : node_(node), dialog_(std::move(dialog)), seen_(seen), patience_(patience) {}
  std::span<const orpc::InterfaceInfo> Interfaces() const override {
    static constexpr orpc::InterfaceInfo kInterfaces[] = {{.iid = kIid, .methods = 4}};
    return kInterfaces;
  }
  void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override {
    seen_.emplace_back("callback", call.causality);
    node_.dcom.Invoke(
        dialog_, 4, std::move(call.body), patience_,
        [respond = std::move(respond)](const InvokeOutcome& outcome) mutable {
          respond(orpc::OrpcReply{Read(outcome).body, "<words/>"});
        },
        call.causality);
  }

 private:
  Node& node_;
  const RemoteInterface dialog_;
  Seen& seen_;
  const absl::Duration patience_;
};

// The server, and what lies before it.
struct World {
  World(Loop& loop, absl::Duration p) : patience(p), server(loop, p), proxy(ProxyOf(server)) {
    server.activator.Register(kClsid, [this](const auto&) -> orpc::Created {
      return std::make_shared<Dialog>(server, seen, patience);
    });
  }
  std::unique_ptr<CuttingProxy> ProxyOf(Node& node) {
    node.Listen();
    auto made = std::make_unique<CuttingProxy>(node.loop, wire, node.port());
    node.Advertise({"127.0.0.1"}, made->port());
    return made;
  }

  Wire wire;
  absl::Duration patience;
  Seen seen;
  Node server;
  std::unique_ptr<CuttingProxy> proxy;
};

// One client of a world, from activation to release.
struct Client {
  Client(Loop& loop, World& w, absl::Duration p)
      : world(w), patience(p), node(loop, p), proxy(w.ProxyOf(node)) {}

  void Begin() {
    node.dcom.CreateInstance({"127.0.0.1", world.proxy->port()}, kClsid, {kIid}, [this](auto activated) {
      if (!activated.ok() || !activated->at(0).result.ok()) return End();
      dialog = activated->at(0).interface;
      const auto ref =
          node.exporter.Export(std::make_shared<Callback>(node, dialog, world.seen, patience), kIid);
      callback = ref->std_ref()->oid;
      node.dcom.Invoke(dialog, 3, ndr::Encode(CallbackParameter{orpc::MInterfacePointer::Of(*ref)}), patience,
                       [this](const InvokeOutcome& outcome) {
                         said = Read(outcome);
                         node.dcom.Release(dialog, [this] { End(); });
                       });
    });
  }
  void End() {
    node.exporter.Revoke(callback);
    ended = true;
  }
  bool Quiet() const {
    return ended && node.dcom.outstanding_calls() == 0 && world.server.dcom.outstanding_calls() == 0;
  }
  void ExpectNothingHeld(const std::string& when) const {
    for (const Node* side : {&node, static_cast<const Node*>(&world.server)}) {
      const std::string where = when + (side == &node ? ", client" : ", server");
      EXPECT_EQ(side->dcom.references(), 0u) << where;
      EXPECT_EQ(side->dcom.exporters(), 0u) << where;
      EXPECT_EQ(side->dcom.pinged_objects(), 0u) << where;
    }
  }
  void ExpectWhole(const std::string& when) const {
    EXPECT_TRUE(said.answered) << when;
    EXPECT_EQ(said.body, (base::Bytes{1, 2, 3, 4})) << when;
    EXPECT_EQ(said.words, "<words/>") << when;  // error information, from the callback to the caller
  }

  World& world;
  const absl::Duration patience;
  Node node;
  std::unique_ptr<CuttingProxy> proxy;
  RemoteInterface dialog;
  orpc::Oid callback;
  Said said;
  bool ended = false;
};

// Until nobody can still ping them: then what was lost on the way is reclaimed.
void ExpectReclaimed(Node& node, const std::string& when) {
  for (int i = 0; i < 2; ++i) {
    node.clock.Advance(absl::Minutes(15));
    node.resolver.OnTimer(node.clock.Now());
  }
  EXPECT_EQ(node.exporter.objects().size(), 1u) << when;
  EXPECT_EQ(node.exporter.objects().references(), 0u) << when;
  EXPECT_EQ(node.exporter.objects().running_calls(), 0u) << when;
  EXPECT_EQ(node.resolver.ping_sets(), 0u) << when;
}

TEST(DcomFaults, CallsNestWithOneCausality) {
  Loop loop;
  World world(loop, absl::Seconds(30));
  Client client(loop, world, absl::Seconds(30));
  client.Begin();
  RunUntil(loop, [&] { return client.Quiet(); });
  client.ExpectWhole("undisturbed");
  client.ExpectNothingHeld("undisturbed");
  ASSERT_EQ(world.seen.size(), 3u);
  EXPECT_EQ(world.seen[0].first, "call");
  EXPECT_EQ(world.seen[1].first, "callback");
  EXPECT_EQ(world.seen[2].first, "nested");
  std::set<std::string> chain;
  for (const auto& [name, causality] : world.seen) chain.insert(causality.value.ToString());
  EXPECT_EQ(chain.size(), 1u);
  EXPECT_EQ(world.server.exporter.objects().size(), 1u);
  EXPECT_EQ(client.node.exporter.objects().size(), 1u);
}

bool AllQuiet(const std::vector<std::unique_ptr<Client>>& clients) {
  return std::all_of(clients.begin(), clients.end(), [](const auto& client) { return client->Quiet(); });
}

// All boundaries at once, each in a world of its own.
void VanishAtEveryBoundary(bool stall) {
  Loop loop;
  std::vector<std::unique_ptr<World>> worlds;
  std::vector<std::unique_ptr<Client>> clients;
  worlds.push_back(std::make_unique<World>(loop, absl::Seconds(30)));
  clients.push_back(std::make_unique<Client>(loop, *worlds[0], absl::Seconds(30)));
  clients[0]->Begin();
  RunUntil(loop, [&] { return AllQuiet(clients); });
  const int boundaries = worlds[0]->wire.pdus;
  ASSERT_GT(boundaries, 20);
  const absl::Duration patience = stall ? absl::Seconds(3) : absl::Seconds(30);
  for (int cut = 0; cut < boundaries; ++cut) {
    worlds.push_back(std::make_unique<World>(loop, patience));
    worlds.back()->wire.cut_after = cut;
    worlds.back()->wire.stall = stall;
    clients.push_back(std::make_unique<Client>(loop, *worlds.back(), patience));
    clients.back()->Begin();
  }
  RunUntil(loop, [&] { return AllQuiet(clients); });
  std::vector<std::unique_ptr<Client>> next;
  for (std::size_t i = 1; i < worlds.size(); ++i) {
    const std::string when = absl::StrCat("cut after ", i - 1);
    clients[i]->ExpectNothingHeld(when);
    ExpectReclaimed(clients[i]->node, when);
    worlds[i]->wire.Heal();
    // A machine that is there again resets the connections that it does not know.
    worlds[i]->proxy->CloseAll();
    clients[i]->proxy->CloseAll();
    worlds[i]->patience = absl::Seconds(30);
  }
  // In turn: the server's own calls have their short time.
  for (std::size_t i = 1; i < worlds.size(); ++i) {
    next.push_back(std::make_unique<Client>(loop, *worlds[i], absl::Seconds(30)));
    next.back()->Begin();
    RunUntil(loop, [&] { return AllQuiet(next); });
  }
  for (std::size_t i = 1; i < worlds.size(); ++i) {
    const std::string when = absl::StrCat("after the cut after ", i - 1);
    next[i - 1]->ExpectWhole(when);
    next[i - 1]->ExpectNothingHeld(when);
    ExpectReclaimed(worlds[i]->server, when);
    ExpectReclaimed(next[i - 1]->node, when);
  }
}

TEST(DcomFaults, ThePeerVanishesAtEveryBoundary) { VanishAtEveryBoundary(/*stall=*/false); }

TEST(DcomFaults, ThePeerFallsSilentAtEveryBoundary) { VanishAtEveryBoundary(/*stall=*/true); }

}  // namespace
}  // namespace ipam::net
