#include "dcom_bridge/orpc/exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calls.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/orpc/error_info.h"
#include "fake_object.h"
#include "tests/support/fake_clock.h"
#include "tests/support/matchers.h"

namespace ipam::orpc {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ExporterTest : public ::testing::Test {
 protected:
  ExporterTest() {
    exporter_.emplace(
        ExporterOptions{auth::AuthLevel::kIntegrity, {}, {{kDerivedIid, 5, std::size_t{64} << 20}}}, clock_);
    exporter_->Advertise({{"10.0.0.1"}, 4135, {auth::AuthType::kSpnego}, ""});
  }
  StdObjRef Export(const base::Guid& iid = kDerivedIid, const ExportOptions& options = {}) {
    return *exporter_->Export(object_, iid, options).value().std_ref();
  }
  Answer Call(rpc::IncomingCall call) { return Ask(*exporter_, std::move(call)); }

  test_support::FakeClock clock_;
  std::optional<Exporter> exporter_;
  std::shared_ptr<FakeObject> object_ = std::make_shared<FakeObject>();
  const base::Bytes body_{1, 2, 3, 4, 5, 6, 7, 8};
};

TEST_F(ExporterTest, ExportsAStandardReferenceWithTheResolversBindings) {
  const ObjRef ref = exporter_->Export(object_, kBaseIid).value();
  EXPECT_EQ(ref.iid, kBaseIid);
  ASSERT_NE(ref.std_ref(), nullptr);
  EXPECT_EQ(ref.std_ref()->oxid, exporter_->oxid());
  EXPECT_EQ(*ref.resolver(), exporter_->resolver_bindings());
  EXPECT_EQ(ref.resolver()->strings.front().network_address, "10.0.0.1[4135]");
  EXPECT_THAT(exporter_->Export(object_, kOtherIid), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ExporterTest, ServesWhatItEverExported) {
  EXPECT_TRUE(exporter_->Serves({kIidIRemUnknown, 0, 0}));
  EXPECT_TRUE(exporter_->Serves({kIidIRemUnknown2, 0, 0}));
  EXPECT_TRUE(exporter_->Serves({kIidIUnknown, 0, 0}));
  EXPECT_FALSE(exporter_->Serves({kBaseIid, 0, 0}));
  exporter_->Revoke(Export().oid);
  EXPECT_TRUE(exporter_->Serves({kBaseIid, 0, 0}));
  EXPECT_TRUE(exporter_->Serves({kDerivedIid, 0, 0}));
  EXPECT_FALSE(exporter_->Serves({kDerivedIid, 1, 0}));
  EXPECT_FALSE(exporter_->Serves({kDerivedIid, 0, 1}));
  EXPECT_FALSE(exporter_->Serves({kOtherIid, 0, 0}));
}

TEST_F(ExporterTest, ServesInterfacesOfItsOptionsBeforeTheFirstExport) {
  exporter_.emplace(ExporterOptions{.interfaces = {kOtherIid}}, clock_);
  EXPECT_TRUE(exporter_->Serves({kOtherIid, 0, 0}));
  EXPECT_FALSE(exporter_->Serves({kBaseIid, 0, 0}));
  // A call to what an earlier process exported.
  auto request = OrpcRequest(Ipid{base::Guid::Random()}, kOtherIid, 3, body_, Alice());
  request.level = auth::AuthLevel::kIntegrity;
  EXPECT_EQ(Call(std::move(request)).fault(), base::kRpcDisconnected.value);
}

TEST_F(ExporterTest, AsksForItsLevelAndKnowsLargeRequests) {
  EXPECT_EQ(exporter_->MinimumLevel({kDerivedIid, 0, 0}, 3), auth::AuthLevel::kIntegrity);
  EXPECT_EQ(exporter_->MinimumLevel({kIidIRemUnknown, 0, 0}, 5), auth::AuthLevel::kIntegrity);
  EXPECT_EQ(exporter_->StubLimit({kDerivedIid, 0, 0}, 5), std::size_t{64} << 20);
  EXPECT_EQ(exporter_->StubLimit({kDerivedIid, 0, 0}, 4), rpc::kDefaultStubLimit);
  EXPECT_EQ(exporter_->StubLimit({kBaseIid, 0, 0}, 5), rpc::kDefaultStubLimit);
}

TEST_F(ExporterTest, DeliversACallAndItsReply) {
  auto request = OrpcRequest(Export().ipid, kDerivedIid, 5, body_, Alice());
  request.level = auth::AuthLevel::kIntegrity;
  const Answer answer = Call(std::move(request));
  ASSERT_EQ(answer.fault(), 0u);
  const auto parts = SplitResponse(answer.stub(), base::Endian::kLittle).value();
  EXPECT_FALSE(parts.header.extensions.has_value());
  EXPECT_EQ(base::Bytes(parts.body.begin(), parts.body.end()), body_);
  ASSERT_EQ(object_->calls.size(), 1u);
  const OrpcCall& call = object_->calls.front();
  EXPECT_EQ(call.iid, kDerivedIid);
  EXPECT_EQ(call.opnum, 5);
  EXPECT_EQ(call.body, body_);
  EXPECT_EQ(call.caller->Name(), "CORP\\alice");
  EXPECT_EQ(call.level, auth::AuthLevel::kIntegrity);
  EXPECT_EQ(call.causality, kCausality);
}

TEST_F(ExporterTest, TakesOffExtensionsBeforeTheBody) {
  OrpcThis header = Header();
  header.extensions = OrpcExtentArray::Of({{kOtherIid, {1, 2, 3}}});
  EXPECT_EQ(Call(OrpcRequest(Export().ipid, kDerivedIid, 3, body_, {}, header)).fault(), 0u);
  EXPECT_EQ(object_->calls.front().body, body_);
}

TEST_F(ExporterTest, SendsTheErrorDescriptionAsExtension) {
  object_->error_description = "<IpamException/>";
  const Answer answer = Call(OrpcRequest(Export().ipid, kDerivedIid, 3, body_));
  ASSERT_EQ(answer.fault(), 0u);
  const auto parts = SplitResponse(answer.stub(), base::Endian::kLittle).value();
  EXPECT_EQ(ErrorDescription(parts.header), "<IpamException/>");
  ASSERT_TRUE(parts.header.extensions.has_value());
  const OrpcExtent* extent = parts.header.extensions->Find(kClsidErrorExtension);
  ASSERT_NE(extent, nullptr);
  EXPECT_EQ(ErrorInfo::FromExtent(*extent)->iid, kDerivedIid);
  EXPECT_EQ(base::Bytes(parts.body.begin(), parts.body.end()), body_);
}

TEST_F(ExporterTest, RefusesOtherVersions) {
  const Ipid ipid = Export().ipid;
  for (const auto& [version, fault] :
       std::vector<std::pair<ComVersion, std::uint32_t>>{{{5, 1}, 0},
                                                         {{5, 6}, 0},
                                                         {{5, 7}, 0},
                                                         {{5, 8}, 0x80010110},
                                                         {{4, 7}, 0x80010110},
                                                         {{6, 1}, 0x80010110}}) {
    OrpcThis header = Header();
    header.version = version;
    EXPECT_EQ(Call(OrpcRequest(ipid, kDerivedIid, 3, body_, {}, header)).fault(), fault)
        << version.major << "." << version.minor;
  }
}

TEST_F(ExporterTest, RefusesFlagsInTheHeader) {
  OrpcThis header = Header();
  header.flags = 1;
  EXPECT_EQ(Call(OrpcRequest(Export().ipid, kDerivedIid, 3, body_, {}, header)).fault(), 0x80010111u);
}

TEST_F(ExporterTest, RefusesBadExtensions) {
  const Ipid ipid = Export().ipid;
  OrpcThis header = Header();
  header.extensions = OrpcExtentArray::Of({{kOtherIid, base::Bytes(64)}});
  rpc::IncomingCall cut = OrpcRequest(ipid, kDerivedIid, 3, {}, {}, header);
  cut.stub.resize(cut.stub.size() - 8);
  EXPECT_EQ(Call(std::move(cut)).fault(), 0x80010112u);
  header.extensions = OrpcExtentArray::Of(std::vector<OrpcExtent>(65, OrpcExtent{kOtherIid, {}}));
  EXPECT_EQ(Call(OrpcRequest(ipid, kDerivedIid, 3, {}, {}, header)).fault(), 0x80010112u);
  EXPECT_THAT(object_->calls, IsEmpty());
}

TEST_F(ExporterTest, BearsAnEmptyExtensionArray) {
  OrpcThis header = Header();
  header.extensions.emplace();
  EXPECT_EQ(Call(OrpcRequest(Export().ipid, kDerivedIid, 3, body_, {}, header)).fault(), 0u);
}

TEST_F(ExporterTest, RefusesARequestWithoutAWholeHeader) {
  rpc::IncomingCall call = OrpcRequest(Export().ipid, kDerivedIid, 3, {});
  while (!call.stub.empty()) {
    call.stub.pop_back();
    EXPECT_EQ(Call(call).fault(), 0x6f7u);
  }
}

TEST_F(ExporterTest, AnUnknownIpidIsDisconnected) {
  const StdObjRef ref = Export();
  EXPECT_EQ(Call(OrpcRequest(Ipid{kOtherIid}, kDerivedIid, 3, body_)).fault(), 0x80010108u);
  auto without = OrpcRequest(ref.ipid, kDerivedIid, 3, body_);
  without.object.reset();
  EXPECT_EQ(Call(std::move(without)).fault(), 0x80010108u);
  exporter_->Revoke(ref.oid);
  EXPECT_EQ(Call(OrpcRequest(ref.ipid, kDerivedIid, 3, body_)).fault(), 0x80010108u);
}

TEST_F(ExporterTest, TheInterfaceMustBeTheIpidsOrABase) {
  const Ipid derived = Export(kDerivedIid).ipid;
  const Ipid base = Export(kBaseIid).ipid;
  EXPECT_EQ(Call(OrpcRequest(derived, kBaseIid, 4, body_)).fault(), 0u);
  EXPECT_EQ(object_->calls.back().iid, kBaseIid);
  EXPECT_EQ(Call(OrpcRequest(base, kDerivedIid, 4, body_)).fault(), 0x80010113u);
  EXPECT_EQ(Call(OrpcRequest(base, kIidIRemUnknown, 4, body_)).fault(), 0x80010113u);
  // IUnknown's own methods never travel.
  EXPECT_EQ(Call(OrpcRequest(base, kIidIUnknown, 0, body_)).fault(), 0x1C010002u);
  EXPECT_EQ(Call(OrpcRequest(base, kIidIUnknown, 3, body_)).fault(), 0x1C010002u);
}

TEST_F(ExporterTest, RefusesOpnumsOutOfRange) {
  const Ipid ipid = Export().ipid;
  for (const std::uint16_t opnum : std::initializer_list<std::uint16_t>{0, 1, 2, 6, 0xffff}) {
    EXPECT_EQ(Call(OrpcRequest(ipid, kDerivedIid, opnum, body_)).fault(), 0x1C010002u) << opnum;
  }
  // One method less by the base.
  EXPECT_EQ(Call(OrpcRequest(ipid, kBaseIid, 5, body_)).fault(), 0x1C010002u);
  EXPECT_THAT(object_->calls, IsEmpty());
}

TEST_F(ExporterTest, OnlyTheNamedCallerGetsThrough) {
  const Ipid ipid = Export(kDerivedIid, {.only_caller = Alice()}).ipid;
  EXPECT_EQ(Call(OrpcRequest(ipid, kDerivedIid, 3, body_, Bob())).fault(), 0x80070005u);
  EXPECT_EQ(Call(OrpcRequest(ipid, kDerivedIid, 3, body_)).fault(), 0x80070005u);
  EXPECT_EQ(Call(OrpcRequest(ipid, kDerivedIid, 3, body_, Alice())).fault(), 0u);
}

TEST_F(ExporterTest, RefusalsSayThatNothingRan) {
  const Answer answer = Call(OrpcRequest(Ipid{kOtherIid}, kDerivedIid, 3, body_));
  EXPECT_TRUE(std::get<rpc::CallFault>(*answer.outcome).did_not_execute);
}

TEST_F(ExporterTest, PassesOnTheObjectsFault) {
  object_->keep = true;
  const Ipid ipid = Export().ipid;
  Answer answer;
  exporter_->Handle(OrpcRequest(ipid, kDerivedIid, 3, body_), answer.Responder());
  EXPECT_EQ(answer.fault(), 0xffffffffu);
  object_->kept.front()(rpc::CallFault{pdu::kInvalidBound});
  EXPECT_EQ(answer.fault(), pdu::kInvalidBound.value);
  // A second answer goes nowhere.
  object_->kept.front()(OrpcReply{});
}

TEST_F(ExporterTest, AForgottenResponderAnswersWithAFault) {
  object_->keep = true;
  const Ipid ipid = Export().ipid;
  Answer answer;
  exporter_->Handle(OrpcRequest(ipid, kDerivedIid, 3, body_), answer.Responder());
  object_->kept.clear();
  EXPECT_EQ(answer.fault(), base::kUnexpected.value);
  EXPECT_FALSE(std::get<rpc::CallFault>(*answer.outcome).did_not_execute);
}

TEST_F(ExporterTest, ReleasesAfterTheAnswerOfARunningCall) {
  object_->keep = true;
  const StdObjRef ref = Export();
  Answer answer;
  exporter_->Handle(OrpcRequest(ref.ipid, kDerivedIid, 3, body_), answer.Responder());
  exporter_->Revoke(ref.oid);
  EXPECT_THAT(object_->released, IsEmpty());
  object_->on_released = [&] { EXPECT_EQ(answer.fault(), 0u); };
  object_->kept.front()(OrpcReply{});
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kRevoked));
}

TEST_F(ExporterTest, ACallOutlivesTheExporter) {
  object_->keep = true;
  Answer answer;
  exporter_->Handle(OrpcRequest(Export().ipid, kDerivedIid, 3, body_), answer.Responder());
  exporter_.reset();
  EXPECT_THAT(object_->released, IsEmpty());
  object_->kept.front()(OrpcReply{});
  EXPECT_EQ(answer.fault(), 0u);
  EXPECT_EQ(object_->released.size(), 1u);
  object_->kept.clear();
  EXPECT_EQ(object_.use_count(), 1);
}

TEST_F(ExporterTest, AnObjectThatOnlyTheTableHoldsSurvivesItsOwnRelease) {
  // The last reference goes while the object answers: it must not be destroyed below its own feet.
  class Suicidal final : public FakeObject {
   public:
    void Invoke(OrpcCall /*call*/, OrpcResponder respond) override {
      revoke();
      respond(OrpcReply{});
      alive = 1;
    }
    absl::AnyInvocable<void()> revoke;
    int alive = 0;
  };
  auto object = std::make_shared<Suicidal>();
  const StdObjRef ref = *exporter_->Export(object, kDerivedIid)->std_ref();
  object->revoke = [this, ref] { exporter_->Revoke(ref.oid); };
  object.reset();
  EXPECT_EQ(Call(OrpcRequest(ref.ipid, kDerivedIid, 3, body_)).fault(), 0u);
}

TEST_F(ExporterTest, ReleasesEverythingOnceAtItsEnd) {
  std::vector<std::shared_ptr<FakeObject>> objects;
  for (int i = 0; i < 20; ++i) {
    objects.push_back(std::make_shared<FakeObject>());
    ASSERT_OK(exporter_->Export(objects.back(), kBaseIid));
    ASSERT_OK(exporter_->Export(objects.back(), kDerivedIid));
  }
  exporter_.reset();
  for (const auto& object : objects) {
    EXPECT_THAT(object->released, ElementsAre(ReleaseReason::kRevoked));
    EXPECT_EQ(object.use_count(), 1);
  }
}

TEST_F(ExporterTest, UnmarshalsItsOwnReferences) {
  const StdObjRef ref = Export();
  const auto object = exporter_->Unmarshal(ref);
  ASSERT_OK(object);
  EXPECT_EQ(*object, object_);
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kReferencesGone));
}

}  // namespace
}  // namespace ipam::orpc
