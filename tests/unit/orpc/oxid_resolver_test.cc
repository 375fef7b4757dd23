#include "dcom_bridge/orpc/oxid_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calls.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/orpc/pinger.h"
#include "fake_object.h"
#include "tests/support/fake_clock.h"

namespace ipam::orpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kErrorAccessDenied = 5;
constexpr std::uint32_t kErrorOutOfMemory = 14;

class OxidResolverTest : public ::testing::Test {
 protected:
  OxidResolverTest() {
    exporter_.Advertise({{"10.0.0.1"}, 4135, {auth::AuthType::kNtlm}, ""});
    ref_ = Export(object_);
  }
  StdObjRef Export(const std::shared_ptr<FakeObject>& object, const ExportOptions& options = {}) {
    return *exporter_.Export(object, kBaseIid, options).value().std_ref();
  }
  template <typename Response, typename Message>
  Response Call(std::uint16_t opnum, const Message& request, const Caller& caller = Alice()) {
    return Reply<Response>(Ask(resolver_, Request(kIidIObjectExporter, opnum, ndr::Encode(request), caller)));
  }
  ComplexPingResponse Ping(SetId set, std::uint16_t sequence, std::vector<Oid> add,
                           std::vector<Oid> remove = {}, const Caller& caller = Alice()) {
    return Call<ComplexPingResponse>(2, ComplexPingRequest{set, sequence, std::move(add), std::move(remove)},
                                     caller);
  }
  SetId NewSet(std::vector<Oid> oids) {
    const ComplexPingResponse response = Ping({}, 1, std::move(oids));
    EXPECT_EQ(response.status, 0u);
    EXPECT_NE(response.set_id, SetId{});
    return response.set_id;
  }
  std::uint32_t Ping(SetId set, const Caller& caller = Alice()) {
    return Call<StatusResponse>(1, SimplePingRequest{set}, caller).status;
  }
  void Pass(absl::Duration time) {
    clock_.Advance(time);
    resolver_.OnTimer(clock_.Now());
  }

  test_support::FakeClock clock_;
  Exporter exporter_{{}, clock_};
  OxidResolverOptions options_{
      .max_ping_sets = 3, .max_ping_sets_per_caller = 2, .max_oids_per_set = 2, .max_oids = 3};
  OxidResolver resolver_{options_, exporter_, clock_};
  std::shared_ptr<FakeObject> object_ = std::make_shared<FakeObject>();
  StdObjRef ref_;
};

TEST_F(OxidResolverTest, ServesItsInterfaceAndAsksForLevels) {
  const pdu::SyntaxId self{kIidIObjectExporter, 0, 0};
  EXPECT_TRUE(resolver_.Serves(self));
  EXPECT_FALSE(resolver_.Serves({kIidIObjectExporter, 1, 0}));
  EXPECT_FALSE(resolver_.Serves({kIidIRemUnknown, 0, 0}));
  const auth::AuthLevel levels[] = {auth::AuthLevel::kConnect,   auth::AuthLevel::kIntegrity,
                                    auth::AuthLevel::kIntegrity, auth::AuthLevel::kNone,
                                    auth::AuthLevel::kConnect,   auth::AuthLevel::kNone,
                                    auth::AuthLevel::kConnect};
  for (std::uint16_t opnum = 0; opnum < std::size(levels); ++opnum) {
    EXPECT_EQ(resolver_.MinimumLevel(self, opnum), levels[opnum]) << opnum;
  }
}

TEST_F(OxidResolverTest, ResolvesItsExporter) {
  const ResolveOxidRequest request{exporter_.oxid()};
  const auto two = Call<ResolveOxid2Response>(4, request);
  EXPECT_EQ(two.status, 0u);
  EXPECT_EQ(two.bindings, exporter_.bindings());
  EXPECT_EQ(two.bindings->strings.front().network_address, "10.0.0.1[4135]");
  EXPECT_EQ(two.rem_unknown, exporter_.rem_unknown());
  EXPECT_EQ(two.authn_hint, 5u);
  EXPECT_EQ(two.version, ComVersion{});
  const auto one = Call<ResolveOxidResponse>(0, request);
  EXPECT_EQ(one.status, 0u);
  EXPECT_EQ(one.bindings, exporter_.bindings());
  EXPECT_EQ(one.rem_unknown, exporter_.rem_unknown());
}

TEST_F(OxidResolverTest, DoesNotKnowOtherExporters) {
  const ResolveOxidRequest request{Oxid{1}};
  EXPECT_EQ(Call<ResolveOxid2Response>(4, request).status, kOrInvalidOxid);
  EXPECT_FALSE(Call<ResolveOxid2Response>(4, request).bindings.has_value());
  EXPECT_EQ(Call<ResolveOxidResponse>(0, request).status, kOrInvalidOxid);
}

TEST_F(OxidResolverTest, IsAliveForAnybody) {
  EXPECT_EQ(Reply<StatusResponse>(Ask(resolver_, Request(kIidIObjectExporter, 3, {}))).status, 0u);
  const auto two = Reply<ServerAlive2Response>(Ask(resolver_, Request(kIidIObjectExporter, 5, {})));
  EXPECT_EQ(two.status, 0u);
  EXPECT_EQ(two.version, ComVersion{});
  EXPECT_EQ(two.resolver_bindings, exporter_.resolver_bindings());
  EXPECT_EQ(two.reserved, 0u);
}

TEST_F(OxidResolverTest, RefusesUnknownOpnumsAndCutStubs) {
  EXPECT_EQ(Ask(resolver_, Request(kIidIObjectExporter, 6, {})).fault(), 0x1C010002u);
  for (const std::uint16_t opnum : std::initializer_list<std::uint16_t>{0, 1, 2, 4}) {
    EXPECT_EQ(Ask(resolver_, Request(kIidIObjectExporter, opnum, {1, 2, 3})).fault(), 0x6f7u) << opnum;
  }
}

TEST_F(OxidResolverTest, APingSetHoldsItsObjectsWhileItIsPinged) {
  const SetId set = NewSet({ref_.oid});
  for (int i = 0; i < 20; ++i) {
    Pass(absl::Minutes(5));
    EXPECT_EQ(Ping(set), 0u);
  }
  EXPECT_THAT(object_->released, IsEmpty());
  Pass(absl::Minutes(6));
  EXPECT_EQ(resolver_.ping_sets(), 0u);
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kPingsExpired));
  EXPECT_EQ(Ping(set), kOrInvalidSet);
  EXPECT_EQ(resolver_.NextDeadline(), absl::InfiniteFuture());
  EXPECT_EQ(object_.use_count(), 1);
}

TEST_F(OxidResolverTest, AComplexPingIsAPingToo) {
  const SetId set = NewSet({ref_.oid});
  for (std::uint16_t i = 2; i < 20; ++i) {
    Pass(absl::Minutes(5));
    EXPECT_EQ(Ping(set, i, {}).status, 0u);
  }
  EXPECT_THAT(object_->released, IsEmpty());
}

TEST_F(OxidResolverTest, NextDeadlineLeadsToTheEnd) {
  NewSet({ref_.oid});
  // Whoever sleeps until the deadline each time sees the object go after the set's time-out, and no deadline
  // stays.
  const absl::Time start = clock_.Now();
  int steps = 0;
  while (resolver_.NextDeadline() != absl::InfiniteFuture() && ++steps < 10) {
    Pass(resolver_.NextDeadline() - clock_.Now());
  }
  EXPECT_LT(steps, 10);
  EXPECT_EQ(object_->released.size(), 1u);
  EXPECT_LE(clock_.Now() - start, absl::Minutes(14));
}

TEST_F(OxidResolverTest, AnObjectInNoSetKeepsItsGrace) {
  Pass(absl::Minutes(13));
  EXPECT_THAT(object_->released, IsEmpty());
  Pass(absl::Minutes(1));
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kPingsExpired));
}

TEST_F(OxidResolverTest, AnObjectInTwoSetsGoesWithTheLast) {
  const SetId first = NewSet({ref_.oid});
  NewSet({ref_.oid});
  Pass(absl::Minutes(5));
  EXPECT_EQ(Ping(first), 0u);
  Pass(absl::Minutes(5));
  EXPECT_EQ(resolver_.ping_sets(), 1u);
  EXPECT_THAT(object_->released, IsEmpty());
  Pass(absl::Minutes(1));
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(OxidResolverTest, SetsAreChangedByDifferences) {
  const auto second = std::make_shared<FakeObject>();
  const StdObjRef other = Export(second);
  const SetId set = NewSet({ref_.oid});
  EXPECT_EQ(Ping(set, 2, {other.oid}, {ref_.oid}).status, 0u);
  for (int i = 0; i < 4; ++i) {
    Pass(absl::Minutes(4));
    EXPECT_EQ(Ping(set), 0u);
  }
  EXPECT_EQ(object_->released.size(), 1u);
  EXPECT_THAT(second->released, IsEmpty());
  // Taking out what is not in it changes nothing.
  EXPECT_EQ(Ping(set, 3, {}, {ref_.oid, Oid{1}}).status, 0u);
}

TEST_F(OxidResolverTest, AnOlderSequenceNumberChangesNothing) {
  const SetId set = NewSet({ref_.oid});
  EXPECT_EQ(Ping(set, 9, {}).status, 0u);
  const ComplexPingResponse late = Ping(set, 8, {}, {ref_.oid});
  EXPECT_EQ(late.status, 0u);
  EXPECT_EQ(late.set_id, set);
  for (int i = 0; i < 5; ++i) {
    Pass(absl::Minutes(5));
    EXPECT_EQ(Ping(set), 0u);
  }
  EXPECT_THAT(object_->released, IsEmpty());
  EXPECT_EQ(Ping(set, 9, {}, {ref_.oid}).status, 0u);
  Pass(absl::Minutes(5));
  EXPECT_EQ(Ping(set), 0u);
  Pass(absl::Minutes(5));
  EXPECT_EQ(Ping(set), 0u);
  Pass(absl::Minutes(5));
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(OxidResolverTest, UnknownObjectsAreToldExceptToANewSet) {
  const SetId set = NewSet({Oid{1}, ref_.oid});
  EXPECT_EQ(Ping(set, 2, {Oid{1}}).status, kOrInvalidOid);
  EXPECT_EQ(Ping(SetId{77}, 2, {ref_.oid}).status, kOrInvalidSet);
  EXPECT_EQ(Ping(SetId{77}, 2, {ref_.oid}).set_id, SetId{77});
}

TEST_F(OxidResolverTest, SetsBelongToTheirCaller) {
  const SetId set = NewSet({ref_.oid});
  EXPECT_EQ(Ping(set, Bob()), kErrorAccessDenied);
  EXPECT_EQ(Ping(set, Caller{}), kErrorAccessDenied);
  EXPECT_EQ(Ping(set, 2, {}, {ref_.oid}, Bob()).status, kErrorAccessDenied);
  EXPECT_EQ(Ping(set), 0u);
}

TEST_F(OxidResolverTest, NobodyPinsAnObjectOfAnother) {
  const auto guarded = std::make_shared<FakeObject>();
  const StdObjRef mine = Export(guarded, {.only_caller = Bob()});
  const SetId set = NewSet({});
  EXPECT_EQ(Ping(set, 2, {mine.oid}).status, kOrInvalidOid);
}

TEST_F(OxidResolverTest, RefusesMoreSetsAndObjectsThanItsBounds) {
  const SetId set = NewSet({ref_.oid});
  NewSet({ref_.oid});
  const ComplexPingResponse third = Ping({}, 1, {});
  EXPECT_EQ(third.status, kErrorOutOfMemory);
  EXPECT_EQ(third.set_id, SetId{});
  EXPECT_EQ(Ping({}, 1, {}, {}, Bob()).status, 0u);
  EXPECT_EQ(Ping({}, 1, {}, {}, auth::Principal{"CORP", "carol"}).status, kErrorOutOfMemory);

  std::vector<Oid> oids;
  std::vector<std::shared_ptr<FakeObject>> objects;
  for (int i = 0; i < 2; ++i) {
    objects.push_back(std::make_shared<FakeObject>());
    oids.push_back(Export(objects.back()).oid);
  }
  EXPECT_EQ(Ping(set, 2, oids).status, kErrorOutOfMemory);
  EXPECT_EQ(Ping(set, 3, {}, {ref_.oid, oids[0]}).status, 0u);
  EXPECT_EQ(Ping(set, 4, oids).status, 0u);
  // All sets together: these two and the second set's one are three.
  EXPECT_EQ(Ping(set, 5, {ref_.oid}, {}).status, kErrorOutOfMemory);
}

TEST_F(OxidResolverTest, ExpiredSetsMakeRoom) {
  NewSet({ref_.oid});
  NewSet({ref_.oid});
  Pass(absl::Minutes(6));
  NewSet({});
  NewSet({});
  EXPECT_EQ(resolver_.ping_sets(), 2u);
}

TEST_F(OxidResolverTest, AnObjectReleasedWhileInASetLeavesIt) {
  const SetId set = NewSet({ref_.oid});
  exporter_.Revoke(ref_.oid);
  EXPECT_EQ(object_->released.size(), 1u);
  EXPECT_EQ(Ping(set, 2, {}, {ref_.oid}).status, 0u);
  Pass(absl::Minutes(6));
  EXPECT_EQ(object_->released.size(), 1u);
  EXPECT_EQ(resolver_.ping_sets(), 0u);
}

}  // namespace
}  // namespace ipam::orpc
