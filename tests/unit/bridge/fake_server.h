// A management server whose every step a test decides, and a session that calls it: both on one loop, over
// real sockets.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
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
#include "dcom_bridge/idl/operation_with_progress2.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/activator.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_bridge/rpc/account_auth_provider.h"

namespace ipam::bridge {

// Keeps what it is given; answers with `answer`, at once or when it is let go on.
class FakeSink final : public event::EventSink {
 public:
  void Publish(const std::string& operation, event::ProgressEvent event, event::Stored stored) override {
    EXPECT_EQ(operation, "op-1");
    if (answer.ok()) events.push_back(std::move(event));
    if (hold) {
      held.push_back(std::move(stored));
    } else {
      stored(answer);
    }
  }
  void LetGo() {
    hold = false;
    for (event::Stored& stored : std::exchange(held, {})) stored(answer);
  }
  template <typename T>
  bool LastIs() const {
    return !events.empty() && std::holds_alternative<T>(events.back().change);
  }
  template <typename T>
  int Count() const {
    return static_cast<int>(std::count_if(events.begin(), events.end(), [](const auto& event) {
      return std::holds_alternative<T>(event.change);
    }));
  }

  std::vector<event::ProgressEvent> events;
  absl::Status answer;
  bool hold = false;
  std::vector<event::Stored> held;
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
            [this](const net::Endpoint&, const std::string&) {
              return auth::NewInitiator(auth::AuthType::kSpnego,
                                        {"DOM", "gw", auth::NtHash::OfPassword(password)}, "", clock, random);
            }),
        dcom(*loop, rpc, clock, {}) {
    services.Add(resolver);
    services.Add(activator);
    services.Add(exporter);
    listener = *net::RpcListener::Listen(*loop, {}, services, acceptors, groups);
    exporter.Advertise(
        {.hosts = {"127.0.0.1"}, .port = listener->port(), .auth_types = {auth::AuthType::kSpnego}});
  }

  // What the listener's connections still have to run, while that which they use is there.
  ~Side() {
    listener.reset();
    loop->Post([this] { loop->Stop(); });
    loop->Restart();
    loop->Run();
  }

  std::shared_ptr<net::Loop> loop;
  std::string password = "pw";  // of the connections that are made from now on
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

// What a test says to one step of the server: "activate", "initialize", "identify", "name", "start", "resume" or
// "cancel".
struct Step {
  std::optional<base::HResult> result;  // answered in place of S_OK
  bool hold = false;                    // not answered; the responder is kept in FakeServer::held
};

// Its object answers as told, and gives the callback to the test.
class FakeServer {
 public:
  explicit FakeServer(std::shared_ptr<net::Loop> loop) : side(std::move(loop)) {
    side.activator.Register(idl::kClsidIpamOperationWithProgress, [this](const auto&) -> orpc::Created {
      if (const auto result = on_step("activate").result) return *result;
      ++created;
      return std::make_shared<Operation>(*this, extended);
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
  void ReleaseCallback() {
    side.dcom.Release(*std::exchange(callback2, std::nullopt));
    side.dcom.Release(*std::exchange(callback, std::nullopt));
  }

  Side side;
  bool extended = false;  // its objects have IIpamOperationWithProgress2
  std::function<Step(const std::string& step)> on_step = [](const auto&) { return Step{}; };
  std::string exception_xml;  // of a failed answer
  base::Guid operation_id = *base::Guid::Parse("8b0cb5ad-0000-4000-8000-000000000001");
  std::optional<net::RemoteInterface> callback, callback2;
  int created = 0;
  int released = 0;
  std::vector<orpc::OrpcResponder> held;
  // As they came.
  std::string parameters, initiator;
  std::vector<idl::ResumeCallback> resumes;
  std::vector<idl::CancelOperation> cancels;

 private:
  class Operation final : public orpc::Object {
   public:
    Operation(FakeServer& server, bool extended) : server_(server), extended_(extended) {}
    std::span<const orpc::InterfaceInfo> Interfaces() const override {
      static constexpr orpc::InterfaceInfo kInterfaces[] = {
          {.iid = idl::kIidOperationWithProgress, .methods = 5},
          {.iid = idl::kIidOperationWithProgress2, .base = idl::kIidOperationWithProgress, .methods = 9}};
      return std::span(kInterfaces).first(extended_ ? 2 : 1);
    }
    void OnReleased(orpc::ReleaseReason) override { ++server_.released; }

    void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override {
      switch (call.opnum) {
        case idl::InitializeOperationParameters::kOpnum:
          server_.parameters =
              base::ToUtf8(Read<idl::InitializeOperationParameters>(call).parameters.value_or(u""));
          return Answer("initialize", std::move(respond));
        case idl::GetOperationId::kOpnum: {
          const Step step = server_.on_step("identify");
          if (step.hold) return server_.held.push_back(std::move(respond));
          return respond(orpc::OrpcReply{ndr::Encode(idl::GetOperationIdResponse{
              step.result ? base::Guid{} : server_.operation_id, step.result.value_or(base::kOk)})});
        }
        case idl::SetInitiator::kOpnum:
          server_.initiator = base::ToUtf8(Read<idl::SetInitiator>(call).initiator.value_or(u""));
          return Answer("name", std::move(respond));
        case idl::CancelOperation::kOpnum:
          server_.cancels.push_back(Read<idl::CancelOperation>(call));
          return Answer("cancel", std::move(respond));
        case idl::ResumeCallback::kOpnum:
          server_.resumes.push_back(Read<idl::ResumeCallback>(call));
          return Take("resume", *server_.resumes.back().progress_callback, std::move(respond));
        default:
          return Take("start", *Read<idl::StartOperationWithCallback>(call).progress_callback,
                      std::move(respond));
      }
    }

   private:
    template <typename Request>
    static Request Read(const orpc::OrpcCall& call) {
      return *ndr::Decode<Request>(call.body, call.endian);
    }
    void Answer(const std::string& name, orpc::OrpcResponder respond) {
      const Step step = server_.on_step(name);
      if (step.hold) return server_.held.push_back(std::move(respond));
      const base::HResult result = step.result.value_or(base::kOk);
      respond(orpc::OrpcReply{ndr::Encode(idl::ResultResponse{result}),
                              result.ok() ? "" : server_.exception_xml});
    }
    // Unmarshals the callback as a stub does it, then answers.
    void Take(const std::string& name, const orpc::MInterfacePointer& pointer, orpc::OrpcResponder respond) {
      server_.side.dcom.Unmarshal(
          *pointer.Parse(), idl::kIidOperationWithProgressCallback,
          [this, name, respond = std::move(respond)](auto found) mutable {
            // Where the caller has let go of it meanwhile, nobody hears the answer.
            if (!found.ok()) return;
            server_.side.dcom.QueryInterface(
                *found, idl::kIidOperationWithProgressCallback2,
                [this, name, found = *found, respond = std::move(respond)](auto extended) mutable {
                  if (!extended.ok()) return;
                  server_.callback = found;
                  server_.callback2 = *extended;
                  Answer(name, std::move(respond));
                });
          });
    }

    FakeServer& server_;
    const bool extended_;
  };
};

}  // namespace ipam::bridge
