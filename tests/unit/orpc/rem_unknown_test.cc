#include "dcom_bridge/orpc/rem_unknown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calls.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/rem_unknown_messages.h"
#include "fake_object.h"
#include "tests/support/fake_clock.h"

namespace ipam::orpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RemUnknownTest : public ::testing::Test {
 protected:
  RemUnknownTest() {
    exporter_.Advertise({{"10.0.0.1"}, 135, {auth::AuthType::kSpnego}, ""});
    ref_ = Export({});
  }
  StdObjRef Export(const ExportOptions& options) {
    return *exporter_.Export(object_, kBaseIid, options).value().std_ref();
  }
  template <typename Response, typename Message>
  Response Call(std::uint16_t opnum, const Message& request, const Caller& caller = {},
                const base::Guid& iid = kIidIRemUnknown2) {
    return OrpcReplyOf<Response>(
        Ask(exporter_, OrpcRequest(exporter_.rem_unknown(), iid, opnum, ndr::Encode(request), caller)));
  }
  RemQueryInterfaceResponse Query(Ipid ipid, std::uint32_t refs, std::vector<base::Guid> iids) {
    return Call<RemQueryInterfaceResponse>(3, RemQueryInterfaceRequest{ipid, refs, std::move(iids)}, {},
                                           kIidIRemUnknown);
  }
  RemAddRefResponse AddRef(std::vector<RemInterfaceRef> refs, const Caller& caller = {}) {
    return Call<RemAddRefResponse>(4, RemRefsRequest{std::move(refs)}, caller);
  }
  base::HResult Release(std::vector<RemInterfaceRef> refs, const Caller& caller = {}) {
    return Call<RemReleaseResponse>(5, RemRefsRequest{std::move(refs)}, caller).result;
  }

  test_support::FakeClock clock_;
  Exporter exporter_{{}, clock_};
  std::shared_ptr<FakeObject> object_ = std::make_shared<FakeObject>();
  StdObjRef ref_;
};

TEST_F(RemUnknownTest, GivesFurtherInterfaces) {
  const auto response = Query(ref_.ipid, 7, {kDerivedIid, kIidIUnknown});
  EXPECT_EQ(response.result, base::kOk);
  ASSERT_EQ(response.results.size(), 2u);
  for (const RemQiResult& result : response.results) {
    EXPECT_EQ(result.result, base::kOk);
    EXPECT_EQ(result.std_ref.oid, ref_.oid);
    EXPECT_EQ(result.std_ref.oxid, exporter_.oxid());
    EXPECT_EQ(result.std_ref.public_refs, 7u);
    EXPECT_NE(result.std_ref.ipid, ref_.ipid);
  }
  EXPECT_EQ(Release({{response.results[0].std_ref.ipid, 7, 0}, {response.results[1].std_ref.ipid, 7, 0}}),
            base::kOk);
  EXPECT_THAT(object_->released, IsEmpty());
  EXPECT_EQ(Release({{ref_.ipid, 5, 0}}), base::kOk);
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kReferencesGone));
}

TEST_F(RemUnknownTest, SaysWhichInterfacesAreMissing) {
  auto response = Query(ref_.ipid, 1, {kOtherIid, kDerivedIid});
  EXPECT_EQ(response.result, base::kFalse);
  EXPECT_EQ(response.results[0].result, base::kNoInterface);
  EXPECT_EQ(response.results[1].result, base::kOk);
  response = Query(ref_.ipid, 1, {kOtherIid});
  EXPECT_EQ(response.result, base::kNoInterface);
  EXPECT_EQ(response.results.size(), 1u);
}

TEST_F(RemUnknownTest, QueriesOnAnUnknownIpidAreInvalid) {
  const auto response = Query(Ipid{kOtherIid}, 1, {kDerivedIid});
  EXPECT_EQ(response.result, base::kRpcInvalidObject);
  EXPECT_THAT(response.results, IsEmpty());
  EXPECT_EQ(Query(ref_.ipid, 1, {}).result, base::kInvalidArgument);
}

TEST_F(RemUnknownTest, RefusesReferencesThatOverflowInAQuery) {
  EXPECT_EQ(Query(ref_.ipid, 0xffffffff, {kBaseIid}).results[0].result, base::kOutOfMemory);
  EXPECT_EQ(Query(ref_.ipid, 1u << 30, {kBaseIid}).results[0].result, base::kOutOfMemory);
  EXPECT_EQ(Release({{ref_.ipid, 5, 0}}), base::kOk);
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(RemUnknownTest, Query2GivesWholeReferences) {
  const auto response =
      Call<RemQueryInterface2Response>(6, RemQueryInterface2Request{ref_.ipid, {kDerivedIid, kOtherIid}});
  EXPECT_EQ(response.result, base::kFalse);
  EXPECT_THAT(response.results, ElementsAre(base::kOk, base::kNoInterface));
  ASSERT_EQ(response.interfaces.size(), 2u);
  EXPECT_FALSE(response.interfaces[1].has_value());
  const ObjRef ref = response.interfaces[0]->Parse().value();
  EXPECT_EQ(ref.iid, kDerivedIid);
  EXPECT_EQ(ref.std_ref()->oid, ref_.oid);
  EXPECT_EQ(ref.std_ref()->public_refs, 5u);
  EXPECT_EQ(*ref.resolver(), exporter_.resolver_bindings());
}

TEST_F(RemUnknownTest, Query2KeepsItsArraysWhereItFails) {
  const auto response = Call<RemQueryInterface2Response>(
      6, RemQueryInterface2Request{Ipid{kOtherIid}, {kDerivedIid, kOtherIid}});
  EXPECT_EQ(response.result, base::kRpcInvalidObject);
  EXPECT_EQ(response.results.size(), 2u);
  EXPECT_EQ(response.interfaces.size(), 2u);
}

TEST_F(RemUnknownTest, Query2IsNotInTheBaseInterface) {
  const RemQueryInterface2Request request{ref_.ipid, {kDerivedIid}};
  EXPECT_EQ(
      Ask(exporter_, OrpcRequest(exporter_.rem_unknown(), kIidIRemUnknown, 6, ndr::Encode(request))).fault(),
      0x1C010002u);
}

TEST_F(RemUnknownTest, AddsReferencesElementByElement) {
  auto response = AddRef({{ref_.ipid, 1, 0}, {Ipid{kOtherIid}, 1, 0}, {ref_.ipid, 0xffffffff, 0}});
  EXPECT_THAT(response.results, ElementsAre(base::kOk, base::kObjectNotRegistered, base::kOutOfMemory));
  EXPECT_EQ(response.result, base::kFalse);
  response = AddRef({{Ipid{kOtherIid}, 1, 0}});
  EXPECT_EQ(response.result, base::kObjectNotRegistered);
  EXPECT_EQ(AddRef({}).result, base::kOk);
  Release({{ref_.ipid, 5, 0}});
  EXPECT_THAT(object_->released, IsEmpty());
  Release({{ref_.ipid, 1, 0}});
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(RemUnknownTest, PrivateReferencesTravelToo) {
  EXPECT_THAT(AddRef({{ref_.ipid, 0, 3}}, Alice()).results, ElementsAre(base::kOk));
  EXPECT_EQ(Release({{ref_.ipid, 5, 0}}), base::kOk);
  EXPECT_EQ(Release({{ref_.ipid, 0, 3}}, Bob()), base::kOk);
  EXPECT_THAT(object_->released, IsEmpty());
  EXPECT_EQ(Release({{ref_.ipid, 0, 3}}, Alice()), base::kOk);
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(RemUnknownTest, ReleasingWhatIsNotThereIsNoFailure) {
  EXPECT_EQ(Release({{Ipid{kOtherIid}, 1, 0}, {ref_.ipid, 5, 0}}), base::kOk);
  EXPECT_EQ(object_->released.size(), 1u);
  EXPECT_EQ(Release({{ref_.ipid, 5, 0}}), base::kOk);
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(RemUnknownTest, StrangersCannotTouchAnObjectOfAnother) {
  object_ = std::make_shared<FakeObject>();
  const StdObjRef mine = Export({.only_caller = Alice()});
  EXPECT_EQ(Release({{mine.ipid, 5, 0}}, Bob()), base::kAccessDenied);
  EXPECT_THAT(AddRef({{mine.ipid, 1, 0}}, Bob()).results, ElementsAre(base::kAccessDenied));
  EXPECT_EQ(Query(mine.ipid, 1, {kDerivedIid}).result, base::kAccessDenied);
  EXPECT_EQ(Release({{mine.ipid, 5, 0}}, Alice()), base::kOk);
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(RemUnknownTest, TheRemoteUnknownItselfStays) {
  const Ipid ipid = exporter_.rem_unknown();
  EXPECT_EQ(Release({{ipid, 0xffffffff, 0}}), base::kOk);
  const auto response = Query(ipid, 1, {kIidIRemUnknown, kIidIUnknown, kBaseIid});
  EXPECT_EQ(response.result, base::kFalse);
  EXPECT_EQ(response.results[0].result, base::kOk);
  EXPECT_EQ(response.results[2].result, base::kNoInterface);
}

TEST_F(RemUnknownTest, RefusesStubsThatAreCut) {
  const std::pair<std::uint16_t, base::Bytes> requests[] = {
      {std::uint16_t{3}, ndr::Encode(RemQueryInterfaceRequest{ref_.ipid, 1, {kDerivedIid}})},
      {std::uint16_t{4}, ndr::Encode(RemRefsRequest{{{ref_.ipid, 1, 0}}})},
      {std::uint16_t{5}, ndr::Encode(RemRefsRequest{{{ref_.ipid, 1, 0}}})},
      {std::uint16_t{6}, ndr::Encode(RemQueryInterface2Request{ref_.ipid, {kDerivedIid}})}};
  for (const auto& [opnum, whole] : requests) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const base::Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_NE(Ask(exporter_, OrpcRequest(exporter_.rem_unknown(), kIidIRemUnknown2, opnum, cut)).fault(),
                0u)
          << opnum << " cut to " << size;
    }
  }
}

}  // namespace
}  // namespace ipam::orpc
