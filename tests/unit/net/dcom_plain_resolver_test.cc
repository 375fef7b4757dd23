// Resolvers that take no authentication, and the policy that lets them be asked without.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_node.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

using test_support::StatusIs;

// A resolver's answers without its policy; with one of its own: faults to who is authenticated.
class PlainResolver final : public rpc::Service {
 public:
  explicit PlainResolver(rpc::Service& resolver) : resolver_(resolver) {}
  bool Serves(const pdu::SyntaxId& abstract) const override { return resolver_.Serves(abstract); }
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId&, std::uint16_t) const override {
    return auth::AuthLevel::kNone;
  }
  void Handle(rpc::IncomingCall call, rpc::Responder respond) override {
    if (call.caller.has_value() == wants_authentication) {
      levels.push_back(call.level);
      opnums.push_back(call.opnum);
      return resolver_.Handle(std::move(call), std::move(respond));
    }
    ++refused;
    respond(rpc::CallFault{pdu::kAccessDenied, true});
  }

  bool wants_authentication = false;
  int refused = 0;
  std::vector<auth::AuthLevel> levels;
  std::vector<std::uint16_t> opnums;

 private:
  rpc::Service& resolver_;
};

// Its listeners refuse a bind with authentication: bind_nak, authentication_type_not_recognized.
class NoAcceptors final : public rpc::AuthProvider {
 public:
  absl::StatusOr<std::unique_ptr<auth::SecurityContext>> NewAcceptor(auth::AuthType,
                                                                     const std::string&) override {
    ++asked;
    return absl::UnimplementedError("none is offered");
  }
  int asked = 0;
};

enum class Refuses { kBind, kCall };

class DcomPlainResolverTest : public ::testing::TestWithParam<Refuses> {
 protected:
  DcomPlainResolverTest() {
    server_.Listen();
    server_.Advertise({"127.0.0.1"}, server_.port(), "RPCSS/127.0.0.1");
    Listen(0);
  }
  void Listen(std::uint16_t port) {
    listener_.reset();
    services_ = {};
    services_.Add(resolver_);
    services_.Add(server_.activator_calls);
    const bool bind = GetParam() == Refuses::kBind && !resolver_.wants_authentication;
    auto made =
        RpcListener::Listen(loop_, {.port = port}, services_,
                            bind ? static_cast<rpc::AuthProvider&>(none_) : server_.acceptors, Groups());
    ASSERT_TRUE(made.ok()) << made.status();
    listener_ = *std::move(made);
  }
  int refusals() const { return none_.asked + resolver_.refused; }
  // A reference to a new object of the server, whose resolver is the plain one.
  orpc::ObjRef Export() {
    orpc::ObjRef ref = *server_.exporter.Export(std::make_shared<Echo>(released_, kept_, seen_), kIid);
    std::get<orpc::StandardRef>(ref.ref).resolver.strings.front().network_address =
        absl::StrCat("127.0.0.1[", listener_->port(), "]");
    return ref;
  }
  absl::StatusOr<RemoteInterface> Unmarshal(DcomClient& client, const orpc::ObjRef& ref) {
    std::optional<absl::StatusOr<RemoteInterface>> result;
    client.Unmarshal(ref, kIid, [&](auto unmarshaled) { result = std::move(unmarshaled); });
    RunUntil(loop_, [&] { return result.has_value(); });
    return *result;
  }
  bool Works(DcomClient& client, const RemoteInterface& target) {
    std::optional<InvokeOutcome> result;
    client.Invoke(target, 3, {1, 2}, absl::Minutes(10),
                  [&](InvokeOutcome outcome) { result = std::move(outcome); });
    RunUntil(loop_, [&] { return result.has_value(); });
    return std::holds_alternative<InvokeReply>(*result);
  }
  void Release(DcomClient& client, const RemoteInterface& target) {
    bool told = false;
    client.Release(target, [&] { told = true; });
    RunUntil(loop_, [&] { return told; });
  }

  Loop loop_;
  int released_ = 0;
  std::vector<orpc::OrpcResponder> kept_;
  std::vector<orpc::CausalityId> seen_;
  Node server_{loop_};
  PlainResolver resolver_{server_.resolver};
  NoAcceptors none_;
  rpc::ServiceTable services_;
  std::unique_ptr<RpcListener> listener_;
  Node strict_{loop_};
  Node node_{loop_};
  // With the fallback; it pings soon.
  DcomClient dcom_{loop_,
                   node_.rpc,
                   node_.steady,
                   {.pinger = {.period = absl::Milliseconds(10), .retry_after = absl::Milliseconds(10)},
                    .resolver_fallback = true}};
};

INSTANTIATE_TEST_SUITE_P(Refusals, DcomPlainResolverTest, ::testing::Values(Refuses::kBind, Refuses::kCall),
                         [](const auto& test) { return test.param == Refuses::kBind ? "Bind" : "Call"; });

TEST_P(DcomPlainResolverTest, IsNotAskedWithoutAuthenticationByDefault) {
  const auto interface = Unmarshal(strict_.dcom, Export());
  EXPECT_THAT(interface, StatusIs(GetParam() == Refuses::kBind ? absl::StatusCode::kUnauthenticated
                                                               : absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(refusals(), 1);
  EXPECT_TRUE(resolver_.levels.empty());
}

TEST_P(DcomPlainResolverTest, IsAskedAndPingedWithoutWhereThePolicyAllowsAndCallsKeepTheirs) {
  const auto interface = Unmarshal(dcom_, Export());
  ASSERT_OK(interface);
  EXPECT_TRUE(Works(dcom_, *interface));
  RunUntil(loop_, [this] { return resolver_.levels.size() > 2; });
  EXPECT_EQ(resolver_.opnums[0], orpc::ResolveOxidRequest::kOpnum2);
  EXPECT_EQ(resolver_.opnums[1], orpc::ComplexPingRequest::kOpnum);
  EXPECT_EQ(resolver_.opnums[2], orpc::SimplePingRequest::kOpnum);
  for (const auth::AuthLevel level : resolver_.levels) EXPECT_EQ(level, auth::AuthLevel::kNone);
  EXPECT_EQ(refusals(), 1) << "it is remembered";
  ASSERT_FALSE(server_.exporter_calls.seen.empty());
  for (const Recorder::Seen& call : server_.exporter_calls.seen) {
    EXPECT_EQ(call.level, auth::AuthLevel::kPrivacy);
  }
  // What nobody vouches for is not believed: no ticket is asked for by that name.
  EXPECT_EQ(node_.principals, (std::vector<std::string>{"", ""}));
  Release(dcom_, *interface);
}

TEST_P(DcomPlainResolverTest, ThatWantsAuthenticationAgainGetsItWithTheNextCall) {
  const auto first = Unmarshal(dcom_, Export());
  ASSERT_OK(first);
  Release(dcom_, *first);
  resolver_.wants_authentication = true;
  Listen(listener_->port());
  const orpc::ObjRef ref = Export();
  while (!Unmarshal(dcom_, ref).ok()) ASSERT_LT(refusals(), 10);
  EXPECT_EQ(resolver_.levels.back(), auth::AuthLevel::kPrivacy);
}

TEST_P(DcomPlainResolverTest, ActivationsAreNeverWithoutAuthentication) {
  std::optional<absl::Status> status;
  dcom_.CreateInstance({"127.0.0.1", listener_->port()}, kClsid, {kIid},
                       [&](const auto& activated) { status = activated.status(); });
  RunUntil(loop_, [&] { return status.has_value(); });
  EXPECT_FALSE(status->ok());
  for (const Recorder::Seen& call : server_.activator_calls.seen) {
    EXPECT_NE(call.level, auth::AuthLevel::kNone);
  }
}

TEST_P(DcomPlainResolverTest, ThatIsNotThereIsNotTakenForPlain) {
  const orpc::ObjRef ref = Export();
  const std::uint16_t port = listener_->port();
  listener_.reset();
  EXPECT_THAT(Unmarshal(dcom_, ref), StatusIs(absl::StatusCode::kUnavailable));
  resolver_.wants_authentication = true;
  Listen(port);
  ASSERT_OK(Unmarshal(dcom_, ref));
  EXPECT_EQ(refusals(), 0);
}

}  // namespace
}  // namespace ipam::net
