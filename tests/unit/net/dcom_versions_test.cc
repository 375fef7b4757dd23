// Servers of every version of DCOM, [MS-DCOM] 1.7 and 2.2.11, and references of every form.
#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/orpc/activation_messages.h"
#include "dcom_bridge/orpc/class_factory_messages.h"
#include "dcom_bridge/orpc/context.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_node.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

class DcomVersionsTest : public ::testing::Test {
 protected:
  DcomVersionsTest() {
    server_.Listen();
    server_.Advertise({"127.0.0.1"}, server_.port());
    at_ = {"127.0.0.1", server_.port()};
    server_.activator.Register(kClsid, [this](const auto&) -> orpc::Created { return NewEcho(); });
  }
  std::shared_ptr<Echo> NewEcho() { return std::make_shared<Echo>(released_, kept_, seen_); }
  // What a server of `version` says of itself, and does not have.
  void Speak(orpc::ComVersion version) {
    server_.resolver_calls.replace =
        [this, version](const rpc::IncomingCall& call) -> std::optional<rpc::CallOutcome> {
      const bool unknown = (version.minor < 6 && call.opnum == orpc::kServerAlive2Opnum) ||
                           (version.minor < 2 && call.opnum == orpc::ResolveOxidRequest::kOpnum2);
      if (unknown) return rpc::CallFault{pdu::kOperationRange, true};
      if (call.opnum == orpc::kServerAlive2Opnum) {
        return rpc::CallReply{
            ndr::Encode(orpc::ServerAlive2Response{version, server_.exporter.resolver_bindings(), 0, 0})};
      }
      if (call.opnum == orpc::ResolveOxidRequest::kOpnum2) {
        return rpc::CallReply{ndr::Encode(orpc::ResolveOxid2Response{
            server_.exporter.bindings(), server_.exporter.rem_unknown(), 5, version, 0})};
      }
      return std::nullopt;
    };
    server_.activator_calls.replace =
        [version](const rpc::IncomingCall& call) -> std::optional<rpc::CallOutcome> {
      if (version.minor < 6 && call.interface.uuid == orpc::kIidIRemoteScmActivator)
        return rpc::CallFault{pdu::kUnknownInterface, true};
      return std::nullopt;
    };
  }
  absl::StatusOr<RemoteInterface> Activate(const base::Guid& iid = kIid, bool class_object = false) {
    std::optional<absl::StatusOr<std::vector<Activated>>> result;
    const auto done = [&](auto activated) { result = std::move(activated); };
    if (class_object) client_.dcom.GetClassObject(at_, kClsid, {iid}, done);
    if (!class_object) client_.dcom.CreateInstance(at_, kClsid, {iid}, done);
    RunUntil(loop_, [&] { return result.has_value(); });
    if (!result->ok()) return result->status();
    return (*result)->at(0).interface;
  }
  absl::StatusOr<RemoteInterface> Unmarshal(const orpc::ObjRef& ref) {
    std::optional<absl::StatusOr<RemoteInterface>> result;
    client_.dcom.Unmarshal(ref, kIid, [&](auto unmarshaled) { result = std::move(unmarshaled); });
    RunUntil(loop_, [&] { return result.has_value(); });
    return *result;
  }
  InvokeOutcome Invoke(const RemoteInterface& target, base::Bytes body = {}) {
    std::optional<InvokeOutcome> result;
    client_.dcom.Invoke(target, 3, std::move(body), absl::Seconds(60),
                        [&](InvokeOutcome outcome) { result = std::move(outcome); });
    RunUntil(loop_, [&] { return result.has_value(); });
    return std::move(*result);
  }
  // Of the ORPCTHIS that the server saw last, there or at activation.
  static std::pair<int, int> VersionOf(const Recorder& calls) {
    const base::Bytes& stub = calls.seen.back().stub;
    return {stub.at(0) | stub.at(1) << 8, stub.at(2) | stub.at(3) << 8};
  }

  Loop loop_;
  int released_ = 0;
  std::vector<orpc::OrpcResponder> kept_;
  std::vector<orpc::CausalityId> seen_;
  Node server_{loop_};
  Node client_{loop_};
  Endpoint at_;
};

TEST_F(DcomVersionsTest, AsksForTheVersionWithoutSecurityAndKeepsIt) {
  ASSERT_OK(Activate());
  ASSERT_OK(Activate());
  ASSERT_EQ(server_.resolver_calls.seen.size(), 1u);
  EXPECT_EQ(server_.resolver_calls.seen[0].opnum, orpc::kServerAlive2Opnum);
  EXPECT_EQ(server_.resolver_calls.seen[0].level, auth::AuthLevel::kNone);
  EXPECT_EQ(server_.activator_calls.seen[0].level, auth::AuthLevel::kPrivacy);
  RunUntil(loop_, [this] { return client_.rpc.connections() == 1; });  // the one without security is closed
}

TEST_F(DcomVersionsTest, SpeaksTheLowerVersionWithEveryServer) {
  for (const std::uint16_t minor : std::initializer_list<std::uint16_t>{1, 2, 4, 6, 7, 8}) {
    Speak({5, minor});
    const int expected = minor < 6 ? 1 : std::min<int>(minor, 7);  // below 5.6 nobody says which
    std::optional<absl::Status> probed;
    client_.dcom.Probe(at_, absl::Seconds(60), [&](const absl::Status& status) { probed = status; });
    RunUntil(loop_, [&] { return probed.has_value(); });
    EXPECT_OK(*probed) << minor;
    const auto interface = Activate();
    ASSERT_OK(interface) << minor;
    EXPECT_EQ(server_.activator_calls.seen.back().interface,
              minor < 6 ? orpc::kIidIActivation : orpc::kIidIRemoteScmActivator);
    EXPECT_EQ(VersionOf(server_.activator_calls), std::make_pair(5, expected)) << minor;
    client_.dcom.Forget(*interface);
  }
}

TEST_F(DcomVersionsTest, CallsCarryTheVersionThatTheResolverTold) {
  const orpc::ObjRef ref = *server_.exporter.Export(NewEcho(), kIid);
  for (const std::uint16_t minor : std::initializer_list<std::uint16_t>{1, 2, 4, 6, 7}) {
    Speak({5, minor});
    const auto interface = Unmarshal(ref);
    ASSERT_OK(interface) << minor;
    EXPECT_EQ(server_.resolver_calls.seen.back().opnum, minor < 2 ? 0 : 4) << minor;
    EXPECT_TRUE(std::holds_alternative<InvokeReply>(Invoke(*interface))) << minor;
    EXPECT_EQ(VersionOf(server_.exporter_calls), std::make_pair(5, static_cast<int>(minor)));
    client_.dcom.Forget(*interface);
  }
}

TEST_F(DcomVersionsTest, CallsNoServerOfAnotherMajorVersion) {
  Speak({6, 7});
  EXPECT_THAT(Activate(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("DCOM 6.7")));
  EXPECT_TRUE(server_.activator_calls.seen.empty());
  EXPECT_THAT(Unmarshal(*server_.exporter.Export(NewEcho(), kIid)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(client_.dcom.exporters(), 0u);
}

TEST_F(DcomVersionsTest, TheClassObjectMakesInstancesByEitherActivation) {
  for (const std::uint16_t minor : std::initializer_list<std::uint16_t>{7, 1}) {
    Speak({5, minor});
    std::optional<absl::Status> probed;
    client_.dcom.Probe(at_, absl::Seconds(60), [&](const absl::Status& status) { probed = status; });
    RunUntil(loop_, [&] { return probed.has_value(); });
    const auto factory = Activate(orpc::kIidIClassFactory, /*class_object=*/true);
    ASSERT_OK(factory) << minor;
    const InvokeOutcome made = Invoke(*factory, ndr::Encode(orpc::CreateInstanceRequest{kIid}));
    ASSERT_TRUE(std::holds_alternative<InvokeReply>(made));
    const auto& reply = std::get<InvokeReply>(made);
    const auto response = ndr::Decode<orpc::CreateInstanceResponse>(reply.body, reply.endian);
    ASSERT_OK(response);
    const auto interface = Unmarshal(*response->object->Parse());
    ASSERT_OK(interface);
    EXPECT_TRUE(std::holds_alternative<InvokeReply>(Invoke(*interface, {1})));
  }
}

TEST_F(DcomVersionsTest, AReferenceWithoutCountsIsCountedBeforeItIsUsed) {
  const orpc::ObjRef ref = *server_.exporter.Export(NewEcho(), kIid, {.public_refs = 0});
  EXPECT_EQ(server_.exporter.objects().references(), 0u);
  const auto interface = Unmarshal(ref);
  ASSERT_OK(interface);
  EXPECT_EQ(interface->public_refs, 5u);
  EXPECT_EQ(server_.exporter.objects().references(), 5u);
  client_.dcom.Release(*interface);
  RunUntil(loop_, [this] { return released_ == 1; });
}

TEST_F(DcomVersionsTest, ReferencesOfEveryForm) {
  const orpc::ObjRef standard = *server_.exporter.Export(NewEcho(), kIid);
  const base::Guid handler = base::Guid::Random();
  const auto handled = Unmarshal(orpc::WithHandler(standard, handler));
  ASSERT_OK(handled);
  EXPECT_EQ(handled->handler, handler);
  EXPECT_TRUE(std::holds_alternative<InvokeReply>(Invoke(*handled)));
  const orpc::Context envoy{
      base::Guid::Random(),
      {{base::Guid::Random(), base::Guid::Random(), orpc::ContextProperty::kEnvoy, {7}}}};
  const auto extended = Unmarshal(orpc::WithEnvoy(standard, envoy));
  ASSERT_OK(extended);
  EXPECT_EQ(extended->envoy, envoy.properties);
  orpc::ObjRef broken = orpc::WithEnvoy(standard, envoy);
  std::get<orpc::ExtendedRef>(broken.ref).data.at(28) = 1;  // dwNumExtents
  EXPECT_THAT(Unmarshal(broken), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Unmarshal({kIid, orpc::CustomRef{handler, {1}}}),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr(handler.ToString())));
  EXPECT_EQ(client_.dcom.references(), 2u);
}

TEST_F(DcomVersionsTest, AServerThatWasStartedAgainDoesNotKnowTheObject) {
  const auto interface = Activate();
  ASSERT_OK(interface);
  std::vector<orpc::Oid> lost;
  client_.dcom.set_on_lost([&](orpc::Oid oid) { lost.push_back(oid); });
  server_.exporter.RevokeAll();
  const InvokeOutcome outcome = Invoke(*interface);
  ASSERT_TRUE(std::holds_alternative<InvokeFailure>(outcome));
  EXPECT_TRUE(std::get<InvokeFailure>(outcome).disconnected);
  EXPECT_FALSE(std::get<InvokeFailure>(outcome).executed_unknown);
  EXPECT_EQ(lost, std::vector<orpc::Oid>{interface->oid});
  client_.dcom.Forget(*interface);
  EXPECT_EQ(client_.dcom.exporters(), 0u);
  EXPECT_OK(Activate());
}

}  // namespace
}  // namespace ipam::net
