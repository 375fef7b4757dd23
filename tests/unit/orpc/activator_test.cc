#include "dcom_bridge/orpc/activator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calls.h"
#include "dcom_bridge/orpc/activation_blob.h"
#include "dcom_bridge/orpc/activation_messages.h"
#include "dcom_bridge/orpc/class_factory_messages.h"
#include "dcom_bridge/orpc/context.h"
#include "fake_object.h"
#include "tests/support/fake_clock.h"

namespace ipam::orpc {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

constexpr base::Guid kClsid{0xc1, 1, 2, {3}};
constexpr base::Guid kBrokenClsid{0xc2, 1, 2, {3}};
constexpr base::Guid kEmptyClsid{0xc3, 1, 2, {3}};

class ActivatorTest : public ::testing::Test {
 protected:
  ActivatorTest() {
    exporter_.Advertise({{"10.0.0.1"}, 135, {auth::AuthType::kNtlm}, ""});
    activator_.Register(kClsid, [this](const Caller& caller) -> Created {
      callers_.push_back(caller);
      objects_.push_back(std::make_shared<FakeObject>());
      return objects_.back();
    });
    activator_.Register(kBrokenClsid, [](const Caller&) -> Created { return base::kAccessDenied; });
    activator_.Register(kEmptyClsid, [](const Caller&) -> Created { return std::shared_ptr<Object>(); });
  }
  RemoteActivationResponse Activate(const RemoteActivationRequest& request) {
    return Reply<RemoteActivationResponse>(
        Ask(activator_, Request(kIidIActivation, 0, ndr::Encode(request), Alice())));
  }
  static RemoteActivationRequest Activation(std::vector<base::Guid> iids, const base::Guid& clsid = kClsid) {
    RemoteActivationRequest request;
    request.clsid = clsid;
    request.iids = std::move(iids);
    return request;
  }
  static ActivationRequest Properties(std::vector<base::Guid> iids, const base::Guid& clsid = kClsid) {
    ActivationRequest request;
    request.instantiation.class_id = clsid;
    request.instantiation.iids = std::move(iids);
    request.scm_request.remote_request.emplace();
    return request;
  }
  ScmActivatorResponse Scm(const RemoteCreateInstanceRequest& request) {
    return Reply<ScmActivatorResponse>(
        Ask(activator_, Request(kIidIRemoteScmActivator, 4, ndr::Encode(request), Alice())));
  }
  ScmActivatorResponse Create(const ActivationRequest& properties) {
    RemoteCreateInstanceRequest request;
    request.properties = properties.Encode();
    return Scm(request);
  }
  // The class object of kClsid, or with another interface its OBJREF.
  ObjRef GetClassObject(const base::Guid& iid = kIidIClassFactory) {
    RemoteGetClassObjectRequest request;
    request.properties = Properties({iid}).Encode();
    const auto response = Reply<ScmActivatorResponse>(
        Ask(activator_, Request(kIidIRemoteScmActivator, 3, ndr::Encode(request), Alice())));
    EXPECT_EQ(response.result, base::kOk);
    return ActivationReply::Decode(*response.properties)->props_out.interfaces[0]->Parse().value();
  }

  test_support::FakeClock clock_;
  Exporter exporter_{{}, clock_};
  Activator activator_{{}, exporter_};
  std::vector<std::shared_ptr<FakeObject>> objects_;
  std::vector<Caller> callers_;
};

TEST_F(ActivatorTest, ServesItsInterfacesAtPacketIntegrity) {
  EXPECT_TRUE(activator_.Serves({kIidIActivation, 0, 0}));
  EXPECT_TRUE(activator_.Serves({kIidIRemoteScmActivator, 0, 0}));
  EXPECT_FALSE(activator_.Serves({kIidIActivation, 0, 1}));
  EXPECT_FALSE(activator_.Serves({kIidIUnknown, 0, 0}));
  EXPECT_EQ(activator_.MinimumLevel({kIidIActivation, 0, 0}, 0), auth::AuthLevel::kIntegrity);
  EXPECT_EQ(activator_.MinimumLevel({kIidIRemoteScmActivator, 0, 0}, 4), auth::AuthLevel::kIntegrity);
}

TEST_F(ActivatorTest, RemoteActivationMakesAnObject) {
  const auto response = Activate(Activation({kBaseIid, kDerivedIid}));
  EXPECT_EQ(response.status, 0u);
  EXPECT_EQ(response.activation_result, base::kOk);
  EXPECT_EQ(response.oxid, exporter_.oxid());
  EXPECT_EQ(response.bindings, exporter_.bindings());
  EXPECT_EQ(response.rem_unknown, exporter_.rem_unknown());
  EXPECT_EQ(response.authn_hint, 5u);
  EXPECT_EQ(response.server_version, ComVersion{});
  EXPECT_THAT(response.results, ElementsAre(base::kOk, base::kOk));
  const ObjRef first = response.interfaces[0]->Parse().value();
  const ObjRef second = response.interfaces[1]->Parse().value();
  EXPECT_EQ(first.iid, kBaseIid);
  EXPECT_EQ(second.iid, kDerivedIid);
  EXPECT_EQ(first.std_ref()->oid, second.std_ref()->oid);
  EXPECT_EQ(first.std_ref()->public_refs, 5u);
  ASSERT_EQ(callers_.size(), 1u);
  EXPECT_EQ(callers_[0]->Name(), "CORP\\alice");
  EXPECT_EQ(Ask(exporter_, OrpcRequest(first.std_ref()->ipid, kBaseIid, 3, {})).fault(), 0u);
}

TEST_F(ActivatorTest, AMissingInterfaceDoesNotHinderTheOthers) {
  const auto response = Activate(Activation({kOtherIid, kBaseIid}));
  EXPECT_EQ(response.activation_result, base::kOk);
  EXPECT_THAT(response.results, ElementsAre(base::kNoInterface, base::kOk));
  EXPECT_FALSE(response.interfaces[0].has_value());
  EXPECT_TRUE(response.interfaces[1].has_value());
}

TEST_F(ActivatorTest, AFailedRemoteActivationGivesZeroesAndNothing) {
  RemoteActivationRequest newer = Activation({kBaseIid, kBaseIid});
  newer.orpc_this.version.minor = 8;
  RemoteActivationRequest named = Activation({kBaseIid, kBaseIid});
  named.object_name = u"C:\\file";
  const std::pair<RemoteActivationRequest, base::HResult> cases[] = {
      {Activation({kBaseIid, kBaseIid}, kOtherIid), base::kClassNotRegistered},
      {Activation({kOtherIid, kOtherIid}), base::kNoInterface},
      {Activation({kBaseIid, kBaseIid}, kBrokenClsid), base::kAccessDenied},
      {Activation({kBaseIid, kBaseIid}, kEmptyClsid), base::kFail},
      {newer, base::kRpcVersionMismatch},
      {named, base::kNotImplemented}};
  for (const auto& [request, expected] : cases) {
    const auto response = Activate(request);
    EXPECT_EQ(response.activation_result, expected) << base::ToString(expected);
    EXPECT_EQ(response.status, 0u);
    EXPECT_THAT(response.results, ElementsAre(base::kOk, base::kOk));
    EXPECT_THAT(response.interfaces, ElementsAre(std::nullopt, std::nullopt));
    EXPECT_FALSE(response.bindings.has_value());
    EXPECT_EQ(response.oxid, Oxid{});
  }
  EXPECT_EQ(exporter_.objects().size(), 1u);
}

TEST_F(ActivatorTest, FlagsOfTheHeaderAreIgnoredAtActivation) {
  RemoteActivationRequest request = Activation({kBaseIid});
  request.orpc_this.flags = 0xffffffff;
  request.orpc_this.version.minor = 1;
  EXPECT_EQ(Activate(request).activation_result, base::kOk);
}

TEST_F(ActivatorTest, AnObjectWithoutAnyAskedInterfaceIsForgotten) {
  Activate(Activation({kOtherIid}));
  ASSERT_EQ(objects_.size(), 1u);
  EXPECT_EQ(objects_[0].use_count(), 1);
}

TEST_F(ActivatorTest, RemoteCreateInstanceMakesAnObject) {
  const auto response = Create(Properties({kBaseIid, kOtherIid}));
  EXPECT_EQ(response.result, base::kOk);
  const ActivationReply reply = ActivationReply::Decode(*response.properties).value();
  EXPECT_THAT(reply.props_out.iids, ElementsAre(kBaseIid, kOtherIid));
  EXPECT_THAT(reply.props_out.results, ElementsAre(base::kOk, base::kNoInterface));
  EXPECT_FALSE(reply.props_out.interfaces[1].has_value());
  const ObjRef ref = reply.props_out.interfaces[0]->Parse().value();
  EXPECT_EQ(ref.iid, kBaseIid);
  EXPECT_EQ(*ref.resolver(), exporter_.resolver_bindings());
  ASSERT_TRUE(reply.scm_reply.remote_reply.has_value());
  EXPECT_EQ(reply.scm_reply.remote_reply->oxid, exporter_.oxid());
  EXPECT_EQ(reply.scm_reply.remote_reply->bindings, exporter_.bindings());
  EXPECT_EQ(reply.scm_reply.remote_reply->rem_unknown, exporter_.rem_unknown());
  EXPECT_EQ(reply.scm_reply.remote_reply->authn_hint, 5u);
}

TEST_F(ActivatorTest, AFailedRemoteCreateInstanceHasNoProperties) {
  ActivationRequest console = Properties({kBaseIid});
  console.special.emplace().flags = SpecialSystemProperties::kUseConsoleSession;
  ActivationRequest session = Properties({kBaseIid});
  session.special.emplace().session_id = 3;
  ActivationRequest narrow = Properties({kBaseIid});
  narrow.instantiation.activation_flags = InstantiationInfo::kActivate32BitServer;
  ActivationRequest persistent = Properties({kBaseIid});
  persistent.instance.emplace().file_name = u"x";
  const std::pair<ActivationRequest, std::uint32_t> cases[] = {
      {Properties({kBaseIid}, kOtherIid), 0x80040154},
      {Properties({kOtherIid}), 0x80004002},
      {Properties({kBaseIid}, kBrokenClsid), 0x80070005},
      {console, 0x8000401A},
      {session, 0x8000401A},
      {narrow, 0x80040154},
      {persistent, 0x80004001}};
  for (const auto& [request, expected] : cases) {
    const auto response = Create(request);
    EXPECT_EQ(response.result.value, expected) << std::hex << expected;
    EXPECT_FALSE(response.properties.has_value());
  }
  EXPECT_EQ(exporter_.objects().size(), 1u);
}

TEST_F(ActivatorTest, ReadsTheContextsOfARequest) {
  const MInterfacePointer good = Context{base::Guid::Random(), {}}.Marshal();
  base::Bytes extended = Context{base::Guid::Random(), {}}.Encode();
  extended[28] = 1;  // dwNumExtents
  const MInterfacePointer bad =
      MInterfacePointer::Of({kIidIContext, CustomRef{kClsidContextMarshaler, extended}});
  const std::tuple<std::optional<MInterfacePointer>, std::optional<MInterfacePointer>, std::uint32_t>
      cases[] = {{std::nullopt, std::nullopt, 0},
                 {good, std::nullopt, 0},
                 {good, good, 0},
                 {bad, std::nullopt, 0x8001011D},
                 {good, bad, 0x8001011D},
                 {MInterfacePointer{{1, 2}}, good, 0x8001011D}};
  for (const auto& [client, prototype, expected] : cases) {
    ActivationRequest request = Properties({kBaseIid});
    request.context.emplace();
    request.context->client_context = client;
    request.context->prototype_context = prototype;
    EXPECT_EQ(Create(request).result.value, expected);
  }
  EXPECT_EQ(objects_.size(), 3u);
}

TEST_F(ActivatorTest, AcceptsAnySessionAndTheServicesOwn) {
  for (const std::uint32_t session : {0xffffffffu, 0u}) {
    ActivationRequest request = Properties({kBaseIid});
    request.special.emplace().session_id = session;
    request.instantiation.activation_flags = InstantiationInfo::kActivate64BitServer;
    EXPECT_EQ(Create(request).result, base::kOk) << session;
  }
}

TEST_F(ActivatorTest, RefusesPropertiesThatAreMissingOrBroken) {
  EXPECT_EQ(Scm({}).result, base::kInvalidArgument);
  RemoteCreateInstanceRequest broken;
  broken.properties = MInterfacePointer{{1, 2, 3}};
  EXPECT_EQ(Scm(broken).result, base::kInvalidArgument);
  RemoteCreateInstanceRequest newer;
  newer.properties = Properties({kBaseIid}).Encode();
  newer.orpc_this.version.minor = 8;
  EXPECT_EQ(Scm(newer).result, base::kRpcVersionMismatch);
}

TEST_F(ActivatorTest, TheClassObjectMakesInstances) {
  const ObjRef ref = GetClassObject();
  EXPECT_EQ(ref.iid, kIidIClassFactory);
  EXPECT_EQ(objects_.size(), 0u);
  const auto response = OrpcReplyOf<CreateInstanceResponse>(
      Ask(exporter_, OrpcRequest(ref.std_ref()->ipid, kIidIClassFactory, 3,
                                 ndr::Encode(CreateInstanceRequest{kDerivedIid}), Alice())));
  EXPECT_EQ(response.result, base::kOk);
  EXPECT_EQ(response.object->Parse()->iid, kDerivedIid);
  ASSERT_EQ(callers_.size(), 1u);
  EXPECT_EQ(callers_[0]->user, "alice");
  const auto missing = OrpcReplyOf<CreateInstanceResponse>(
      Ask(exporter_, OrpcRequest(ref.std_ref()->ipid, kIidIClassFactory, 3,
                                 ndr::Encode(CreateInstanceRequest{kOtherIid}), Alice())));
  EXPECT_EQ(missing.result, base::kNoInterface);
  EXPECT_FALSE(missing.object.has_value());
}

TEST_F(ActivatorTest, TheClassObjectIsOneForAllItsClients) {
  const ObjRef first = GetClassObject();
  const ObjRef second = GetClassObject();
  EXPECT_EQ(first.std_ref()->oid, second.std_ref()->oid);
  EXPECT_EQ(first.std_ref()->ipid, second.std_ref()->ipid);
  exporter_.objects().ReleaseRefs(first.std_ref()->ipid, 10, 0, {});
  EXPECT_NE(GetClassObject(kIidIUnknown).std_ref()->oid, first.std_ref()->oid);
}

TEST_F(ActivatorTest, LockServerSucceeds) {
  const ObjRef ref = GetClassObject();
  const auto lock = [&](base::Bytes body) {
    return Ask(exporter_, OrpcRequest(ref.std_ref()->ipid, kIidIClassFactory, 4, std::move(body)));
  };
  EXPECT_EQ(OrpcReplyOf<LockServerResponse>(lock(ndr::Encode(LockServerRequest{1}))).result, base::kOk);
  EXPECT_EQ(lock({1}).fault(), 0x6f7u);
}

TEST_F(ActivatorTest, RemoteActivationGivesTheClassObjectToo) {
  RemoteActivationRequest request = Activation({kIidIClassFactory});
  request.mode = RemoteActivationRequest::kModeClassFactory;
  const auto response = Activate(request);
  EXPECT_EQ(response.activation_result, base::kOk);
  EXPECT_EQ(response.interfaces[0]->Parse()->iid, kIidIClassFactory);
  EXPECT_EQ(objects_.size(), 0u);
}

TEST_F(ActivatorTest, RefusesUnknownOpnumsAndCutStubs) {
  EXPECT_EQ(Ask(activator_, Request(kIidIActivation, 1, {})).fault(), 0x1C010002u);
  for (const std::uint16_t opnum : std::initializer_list<std::uint16_t>{0, 1, 2, 5}) {
    EXPECT_EQ(Ask(activator_, Request(kIidIRemoteScmActivator, opnum, {})).fault(), 0x1C010002u) << opnum;
  }
  EXPECT_EQ(Ask(activator_, Request(kIidIActivation, 0, {1, 2})).fault(), 0x6f7u);
  EXPECT_EQ(Ask(activator_, Request(kIidIRemoteScmActivator, 3, {1, 2})).fault(), 0x6f7u);
  EXPECT_EQ(Ask(activator_, Request(kIidIRemoteScmActivator, 4, {1, 2})).fault(), 0x6f7u);
}

TEST_F(ActivatorTest, EveryObjectIsReleasedOnce) {
  for (int i = 0; i < 10; ++i) {
    Activate(Activation({kBaseIid, kDerivedIid}));
    Create(Properties({kBaseIid, kOtherIid}));
  }
  exporter_.RevokeAll();
  ASSERT_EQ(objects_.size(), 20u);
  for (const auto& object : objects_) {
    EXPECT_THAT(object->released, ElementsAre(ReleaseReason::kRevoked));
    EXPECT_EQ(object.use_count(), 1);
  }
}

}  // namespace
}  // namespace ipam::orpc
