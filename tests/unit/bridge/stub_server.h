// A management server that treats a callback as a DCOM stub does: takes it over before its method runs, and
// then says E_ILLEGAL_METHOD_CALL, for no parameters came. And the gateway's half with a witness before it.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "dcom_bridge/bridge/callback_witness.h"
#include "fake_server.h"

namespace ipam::bridge {

class StubServer {
 public:
  explicit StubServer(std::shared_ptr<net::Loop> loop) : side(std::move(loop)) {
    side.activator.Register(idl::kClsidIpamOperationWithProgress, [this](const auto&) -> orpc::Created {
      return std::make_shared<Operation>(*this);
    });
  }
  std::uint16_t port() const { return side.listener->port(); }

  Side side;
  bool unmarshals = true;               // false: never looks for the callback
  std::optional<base::HResult> answer;  // in the place of what it would say
  std::string unreachable_xml;          // the error information of a callback that it cannot reach
  bool answers = true;                  // false: the call stays open
  int initialized = 0, checked = 0, released = 0;
  std::vector<orpc::OrpcResponder> held;

 private:
  class Operation final : public orpc::Object {
   public:
    explicit Operation(StubServer& server) : server_(server) {}
    std::span<const orpc::InterfaceInfo> Interfaces() const override {
      static constexpr orpc::InterfaceInfo kInterfaces[] = {
          {.iid = idl::kIidOperationWithProgress, .methods = 5}};
      return kInterfaces;
    }
    void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override {
      if (call.opnum == idl::InitializeOperationParameters::kOpnum) {
        ++server_.initialized;
        return respond(Result(base::kOk));
      }
      ++server_.checked;
      if (!server_.answers) return server_.held.push_back(std::move(respond));
      if (!server_.unmarshals) return respond(Result(server_.answer.value_or(base::kIllegalMethodCall)));
      const auto request = ndr::Decode<idl::StartOperationWithCallback>(call.body, call.endian);
      server_.side.dcom.Unmarshal(
          *request->progress_callback->Parse(), idl::kIidOperationWithProgressCallback,
          [this, respond = std::move(respond)](auto found) mutable {
            if (!found.ok()) {
              return respond(orpc::OrpcReply{
                  ndr::Encode(idl::ResultResponse{server_.answer.value_or(base::kServerUnavailable)}),
                  server_.unreachable_xml});
            }
            server_.side.dcom.QueryInterface(
                *found, idl::kIidOperationWithProgressCallback2,
                [this, callback = *found, respond = std::move(respond)](auto extended) mutable {
                  server_.side.dcom.Release(callback);
                  if (extended.ok()) server_.side.dcom.Release(*extended);
                  const base::HResult said = extended.ok() ? base::kIllegalMethodCall : base::kAccessDenied;
                  respond(Result(server_.answer.value_or(said)));
                });
          });
    }
    void OnReleased(orpc::ReleaseReason) override { ++server_.released; }

   private:
    static orpc::OrpcReply Result(base::HResult value) {
      return {ndr::Encode(idl::ResultResponse{value}), ""};
    }
    StubServer& server_;
  };
};

// What the gateway exports callbacks with.
struct CallbackSide {
  explicit CallbackSide(std::shared_ptr<net::Loop> l) : loop(std::move(l)) {
    services.Add(witness.resolver());
    services.Add(witness.exporter());
    listener = *net::RpcListener::Listen(*loop, {}, services, witness.acceptors(), groups);
    Advertise(listener->port());
  }
  ~CallbackSide() {
    listener.reset();
    loop->Post([this] { loop->Stop(); });
    loop->Restart();
    loop->Run();
  }
  void Advertise(std::uint16_t port) {
    exporter.Advertise({.hosts = {"127.0.0.1"}, .port = port, .auth_types = {auth::AuthType::kSpnego}});
  }

  std::shared_ptr<net::Loop> loop;
  base::SystemClock clock;
  auth::SystemRandom random;
  rpc::AccountAuthProvider acceptors = Acceptors(clock, random);
  orpc::Exporter exporter{{}, clock};
  orpc::OxidResolver resolver{{}, exporter, clock};
  CallbackWitness witness{resolver, exporter, acceptors};
  rpc::ServiceTable services;
  rpc::AssociationGroups groups;
  std::unique_ptr<net::RpcListener> listener;
};

}  // namespace ipam::bridge
