// A management server whose every step a test decides, and a session that calls it: both on one loop, over
// real sockets.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/random.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/bridge/session.h"
#include "dcom_bridge/idl/operation_with_progress.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/activator.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_bridge/rpc/account_auth_provider.h"

namespace ipam::bridge {

// Keeps what it is given; answers at once with `answer`.
class FakeSink final : public event::EventSink {
 public:
  void Publish(const std::string& operation, event::ProgressEvent event, event::Stored stored) override {
    EXPECT_EQ(operation, "op-1");
    if (answer.ok()) events.push_back(std::move(event));
    stored(answer);
  }
  template <typename T>
  bool LastIs() const {
    return !events.empty() && std::holds_alternative<T>(events.back().change);
  }

  std::vector<event::ProgressEvent> events;
  absl::Status answer;
};

inline rpc::AccountAuthProvider Acceptors(base::Clock& clock, auth::RandomSource& random) {
  const std::string file = absl::StrCat("DOM\\gw:", auth::NtHash::OfPassword("pw").ToHex());
  return rpc::AccountAuthProvider(auth::AcceptorFactory(
      std::make_shared<const auth::AccountFile>(*auth::AccountFile::Parse(file, "test")),
      auth::ServerNames::FromHostName("host"), {}, clock, random));
}

// One side: a listener with an exporter behind it, and a client.
struct Side {
  explicit Side(std::shared_ptr<net::Loop> l)
      : loop(std::move(l)),
        rpc(*loop, {},
            [this](const net::Endpoint&) {
              return auth::NewInitiator(auth::AuthType::kSpnego,
                                        {"DOM", "gw", auth::NtHash::OfPassword("pw")}, "", clock, random);
            }),
        dcom(*loop, rpc, clock, {}) {
    services.Add(resolver);
    services.Add(activator);
    services.Add(exporter);
    listener = *net::RpcListener::Listen(*loop, {}, services, acceptors, groups);
    exporter.Advertise(
        {.hosts = {"127.0.0.1"}, .port = listener->port(), .auth_types = {auth::AuthType::kSpnego}});
  }

  std::shared_ptr<net::Loop> loop;
  base::SystemClock clock;
  auth::SystemRandom random;
  rpc::AccountAuthProvider acceptors = Acceptors(clock, random);
  orpc::Exporter exporter{{}, clock};
  orpc::OxidResolver resolver{{}, exporter, clock};
  orpc::Activator activator{{}, exporter};
  rpc::ServiceTable services;
  rpc::AssociationGroups groups;
  std::unique_ptr<net::RpcListener> listener;
  net::RpcClient rpc;
  net::DcomClient dcom;
};

// Its object answers as told, and gives the callback to the test.
class FakeServer {
 public:
  explicit FakeServer(std::shared_ptr<net::Loop> loop) : side(std::move(loop)) {
    side.activator.Register(idl::kClsidIpamOperationWithProgress, [this](const auto&) -> orpc::Created {
      return std::make_shared<Operation>(*this);
    });
  }

  // Calls the callback; `answered` gets its HRESULT.
  template <typename Request>
  void CallBack(const Request& request, std::function<void(base::HResult)> answered) {
    net::RemoteInterface target = *callback;
    if (Request::kOpnum == idl::ReportProgress::kOpnum) target = *callback2;
    side.dcom.Invoke(target, Request::kOpnum, ndr::Encode(request), absl::Seconds(5),
                     [answered](auto outcome) {
                       const auto* reply = std::get_if<net::InvokeReply>(&outcome);
                       ASSERT_NE(reply, nullptr) << std::get<net::InvokeFailure>(outcome).status;
                       answered(ndr::Decode<idl::ResultResponse>(reply->body, reply->endian)->result);
                     });
  }

  Side side;
  base::HResult initialize_result;
  base::HResult start_result;
  std::string exception_xml;  // of a failed answer
  bool answer_start = true;
  std::string parameters;
  std::optional<net::RemoteInterface> callback, callback2;
  int released = 0;
  std::vector<orpc::OrpcResponder> held;

 private:
  class Operation final : public orpc::Object {
   public:
    explicit Operation(FakeServer& server) : server_(server) {}
    std::span<const orpc::InterfaceInfo> Interfaces() const override {
      static constexpr orpc::InterfaceInfo kInterfaces[] = {
          {.iid = idl::kIidOperationWithProgress, .methods = 5}};
      return kInterfaces;
    }
    void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override {
      const auto result = [this](base::HResult value) {
        return orpc::OrpcReply{ndr::Encode(idl::ResultResponse{value}),
                               value.ok() ? "" : server_.exception_xml};
      };
      if (call.opnum == idl::InitializeOperationParameters::kOpnum) {
        const auto request = ndr::Decode<idl::InitializeOperationParameters>(call.body, call.endian);
        server_.parameters = base::ToUtf8(request->parameters.value_or(u""));
        return respond(result(server_.initialize_result));
      }
      const auto request = ndr::Decode<idl::StartOperationWithCallback>(call.body, call.endian);
      server_.side.dcom.Unmarshal(*request->progress_callback->Parse(),
                                  idl::kIidOperationWithProgressCallback,
                                  [this, result, respond = std::move(respond)](auto found) mutable {
                                    ASSERT_TRUE(found.ok()) << found.status();
                                    server_.callback = *found;
                                    server_.side.dcom.QueryInterface(
                                        *found, idl::kIidOperationWithProgressCallback2,
                                        [this, result, respond = std::move(respond)](auto extended) mutable {
                                          ASSERT_TRUE(extended.ok()) << extended.status();
                                          server_.callback2 = *extended;
                                          if (server_.answer_start)
                                            return respond(result(server_.start_result));
                                          server_.held.push_back(std::move(respond));
                                        });
                                  });
    }
    void OnReleased(orpc::ReleaseReason) override { ++server_.released; }

   private:
    FakeServer& server_;
  };
};

}  // namespace ipam::bridge
