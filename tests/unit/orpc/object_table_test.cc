#include "dcom_bridge/orpc/object_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_object.h"
#include "tests/support/fake_clock.h"
#include "tests/support/matchers.h"

namespace ipam::orpc {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Oxid kOxid{77};

class ObjectTableTest : public ::testing::Test {
 protected:
  StdObjRef Add(const base::Guid& iid = kBaseIid, const ExportOptions& options = {}) {
    return table_.Add(object_, iid, options).value();
  }
  void Pass(absl::Duration time) {
    clock_.Advance(time);
    table_.OnTimer(clock_.Now());
  }
  std::optional<base::HResult> CallError(Ipid ipid, const Caller& caller = {}) {
    auto begun = table_.BeginCall(ipid, caller);
    if (const auto* error = std::get_if<base::HResult>(&begun)) return *error;
    return std::nullopt;
  }

  test_support::FakeClock clock_;
  ObjectTableOptions options_{.max_objects = 2, .max_refs = 100};
  ObjectTable table_{options_, kOxid, clock_};
  std::shared_ptr<FakeObject> object_ = std::make_shared<FakeObject>();
};

TEST_F(ObjectTableTest, GivesTheSameObjectTheSameOid) {
  const StdObjRef first = Add();
  EXPECT_EQ(first.oxid, kOxid);
  EXPECT_EQ(first.flags, 0u);
  EXPECT_EQ(first.public_refs, 5u);
  const StdObjRef again = Add();
  EXPECT_EQ(again.ipid, first.ipid);
  const StdObjRef other = Add(kDerivedIid);
  EXPECT_EQ(other.oid, first.oid);
  EXPECT_NE(other.ipid, first.ipid);
  EXPECT_EQ(table_.size(), 1u);
  EXPECT_EQ(table_.interfaces(), 2u);
}

TEST_F(ObjectTableTest, RefusesAnInterfaceThatTheObjectDoesNotHave) {
  EXPECT_THAT(table_.Add(object_, kOtherIid, {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(ObjectTableTest, RefusesMoreObjectsAndReferencesThanItsBounds) {
  Add();
  const auto second = std::make_shared<FakeObject>();
  EXPECT_OK(table_.Add(second, kBaseIid, {}));
  EXPECT_THAT(table_.Add(std::make_shared<FakeObject>(), kBaseIid, {}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(table_.Add(second, kBaseIid, {.public_refs = 96}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(table_.Add(second, kBaseIid, {.public_refs = 101}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_OK(table_.Add(second, kBaseIid, {.public_refs = 95}));
}

TEST_F(ObjectTableTest, ReleasesTheObjectOnceWithItsLastReference) {
  const StdObjRef base = Add();
  const StdObjRef derived = Add(kDerivedIid);
  EXPECT_EQ(table_.ReleaseRefs(base.ipid, 5, 0, {}), base::kOk);
  EXPECT_THAT(object_->released, IsEmpty());
  EXPECT_EQ(CallError(base.ipid), base::kRpcDisconnected);
  EXPECT_EQ(CallError(derived.ipid), std::nullopt);
  EXPECT_EQ(table_.ReleaseRefs(derived.ipid, 4, 0, {}), base::kOk);
  EXPECT_THAT(object_->released, IsEmpty());
  EXPECT_EQ(table_.ReleaseRefs(derived.ipid, 1, 0, {}), base::kOk);
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kReferencesGone));
  EXPECT_EQ(table_.ReleaseRefs(derived.ipid, 1, 0, {}), base::kObjectNotRegistered);
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_EQ(table_.interfaces(), 0u);
  Pass(absl::Hours(1));
  EXPECT_EQ(object_->released.size(), 1u);
  EXPECT_EQ(object_.use_count(), 1);
}

TEST_F(ObjectTableTest, ReleasingMoreThanThereAreLeavesNone) {
  const StdObjRef ref = Add();
  EXPECT_EQ(table_.ReleaseRefs(ref.ipid, 0xffffffff, 0, {}), base::kOk);
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(ObjectTableTest, RefusesReferencesThatOverflow) {
  const StdObjRef ref = Add();
  EXPECT_EQ(table_.AddRefs(ref.ipid, 95, 0, {}), base::kOk);
  EXPECT_EQ(table_.AddRefs(ref.ipid, 1, 0, {}), base::kOutOfMemory);
  EXPECT_EQ(table_.AddRefs(ref.ipid, 0xffffffff, 0, {}), base::kOutOfMemory);
  EXPECT_EQ(table_.AddRefs(ref.ipid, 0, 101, Alice()), base::kOutOfMemory);
  EXPECT_EQ(table_.AddRefs(ref.ipid, 0, 100, Alice()), base::kOk);
  EXPECT_EQ(table_.AddRefs(ref.ipid, 0, 1, Alice()), base::kOutOfMemory);
  EXPECT_EQ(table_.ReleaseRefs(ref.ipid, 100, 100, Alice()), base::kOk);
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(ObjectTableTest, PrivateReferencesBelongToTheirClient) {
  const StdObjRef ref = Add();
  EXPECT_EQ(table_.AddRefs(ref.ipid, 0, 1, {}), base::kAccessDenied);
  EXPECT_EQ(table_.AddRefs(ref.ipid, 0, 1, Alice()), base::kOk);
  EXPECT_EQ(table_.ReleaseRefs(ref.ipid, 5, 0, {}), base::kOk);
  EXPECT_EQ(table_.ReleaseRefs(ref.ipid, 0, 1, {}), base::kAccessDenied);
  EXPECT_EQ(table_.ReleaseRefs(ref.ipid, 0, 1, Bob()), base::kOk);
  EXPECT_THAT(object_->released, IsEmpty());
  EXPECT_EQ(table_.ReleaseRefs(ref.ipid, 0, 1, Alice()), base::kOk);
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kReferencesGone));
}

TEST_F(ObjectTableTest, QueriesGiveInterfacesOfTheObject) {
  const StdObjRef base = Add();
  const Oid oid = std::get<Oid>(table_.BeginQuery(base.ipid, {}));
  EXPECT_EQ(oid, base.oid);
  const auto derived = table_.Query(oid, kDerivedIid, 7);
  ASSERT_TRUE(std::holds_alternative<StdObjRef>(derived));
  EXPECT_EQ(std::get<StdObjRef>(derived).public_refs, 7u);
  EXPECT_TRUE(std::holds_alternative<StdObjRef>(table_.Query(oid, kIidIUnknown, 1)));
  EXPECT_EQ(std::get<base::HResult>(table_.Query(oid, kOtherIid, 1)), base::kNoInterface);
  EXPECT_EQ(std::get<base::HResult>(table_.Query(oid, kDerivedIid, 94)), base::kOutOfMemory);
  EXPECT_EQ(std::get<base::HResult>(table_.Query(oid, kDerivedIid, 0xffffffff)), base::kOutOfMemory);
  EXPECT_EQ(std::get<base::HResult>(table_.BeginQuery(Ipid{kOtherIid}, {})), base::kRpcInvalidObject);
}

TEST_F(ObjectTableTest, OnlyTheNamedCallerReachesTheObject) {
  const StdObjRef ref = Add(kBaseIid, {.only_caller = Alice()});
  for (const Caller& stranger : {Caller{}, Caller{Bob()}, Caller{auth::Principal{"OTHER", "alice"}}}) {
    EXPECT_EQ(CallError(ref.ipid, stranger), base::kAccessDenied);
    EXPECT_EQ(std::get<base::HResult>(table_.BeginQuery(ref.ipid, stranger)), base::kAccessDenied);
    EXPECT_EQ(table_.AddRefs(ref.ipid, 1, 0, stranger), base::kAccessDenied);
    EXPECT_EQ(table_.ReleaseRefs(ref.ipid, 5, 0, stranger), base::kAccessDenied);
    EXPECT_FALSE(table_.Pin(ref.oid, stranger));
  }
  EXPECT_EQ(CallError(ref.ipid, auth::Principal{"corp", "Alice"}), std::nullopt);
  EXPECT_EQ(table_.ReleaseRefs(ref.ipid, 5, 0, Alice()), base::kOk);
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(ObjectTableTest, AnObjectThatNobodyPingsGoesAfterItsGrace) {
  const StdObjRef ref = Add();
  EXPECT_EQ(table_.NextDeadline(), clock_.Now() + absl::Minutes(14));
  Pass(absl::Minutes(10));
  EXPECT_EQ(CallError(ref.ipid), std::nullopt);
  Pass(absl::Minutes(10));
  EXPECT_THAT(object_->released, IsEmpty());
  Pass(absl::Minutes(4));
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kPingsExpired));
  EXPECT_EQ(CallError(ref.ipid), base::kRpcDisconnected);
  EXPECT_EQ(table_.NextDeadline(), absl::InfiniteFuture());
  EXPECT_EQ(object_.use_count(), 1);
}

TEST_F(ObjectTableTest, APingSetHoldsTheObject) {
  const StdObjRef ref = Add();
  EXPECT_TRUE(table_.Pin(ref.oid, {}));
  EXPECT_TRUE(table_.Pin(ref.oid, {}));
  EXPECT_FALSE(table_.Pin(Oid{1}, {}));
  Pass(absl::Hours(5));
  table_.Unpin(ref.oid, true);
  Pass(absl::Hours(5));
  EXPECT_THAT(object_->released, IsEmpty());
  // The last call is long ago: the expired set is the end.
  table_.Unpin(ref.oid, true);
  table_.OnTimer(clock_.Now());
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kPingsExpired));
  table_.Unpin(ref.oid, true);
}

TEST_F(ObjectTableTest, ACallInTheLastPeriodOutlivesTheExpiredSet) {
  const StdObjRef ref = Add();
  EXPECT_TRUE(table_.Pin(ref.oid, {}));
  Pass(absl::Hours(1));
  EXPECT_EQ(CallError(ref.ipid), std::nullopt);
  Pass(absl::Minutes(1));
  table_.Unpin(ref.oid, true);
  table_.OnTimer(clock_.Now());
  EXPECT_THAT(object_->released, IsEmpty());
  Pass(absl::Minutes(1));
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(ObjectTableTest, TakenOutOfItsSetTheObjectHasItsGraceAgain) {
  const StdObjRef ref = Add();
  EXPECT_TRUE(table_.Pin(ref.oid, {}));
  Pass(absl::Hours(1));
  table_.Unpin(ref.oid, false);
  Pass(absl::Minutes(13));
  EXPECT_THAT(object_->released, IsEmpty());
  Pass(absl::Minutes(1));
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(ObjectTableTest, AnObjectWithoutPingingStays) {
  const StdObjRef ref = Add(kBaseIid, {.pinged = false});
  EXPECT_EQ(ref.flags, 0x1000u);
  Pass(absl::Hours(1000));
  EXPECT_THAT(object_->released, IsEmpty());
  table_.Revoke(ref.oid);
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kRevoked));
  table_.Revoke(ref.oid);
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(ObjectTableTest, ACallKeepsTheObjectUnreleased) {
  const StdObjRef ref = Add();
  {
    auto lease = std::get<ObjectTable::Lease>(table_.BeginCall(ref.ipid, {}));
    Pass(absl::Hours(1));
    EXPECT_THAT(object_->released, IsEmpty());
    table_.ReleaseRefs(ref.ipid, 5, 0, {});
    EXPECT_EQ(table_.size(), 0u);
    EXPECT_THAT(object_->released, IsEmpty());
  }
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kReferencesGone));
}

TEST_F(ObjectTableTest, AnObjectWhoseCallEndedHasItsGraceFromThen) {
  const StdObjRef ref = Add();
  {
    auto lease = std::get<ObjectTable::Lease>(table_.BeginCall(ref.ipid, {}));
    Pass(absl::Minutes(30));
  }
  Pass(absl::Minutes(13));
  EXPECT_THAT(object_->released, IsEmpty());
  Pass(absl::Minutes(14));
  EXPECT_EQ(object_->released.size(), 1u);
}

TEST_F(ObjectTableTest, ACallMayOutliveTheTable) {
  std::optional<ObjectTable::Lease> lease;
  {
    ObjectTable table(options_, kOxid, clock_);
    const StdObjRef ref = table.Add(object_, kBaseIid, {}).value();
    lease.emplace(std::get<ObjectTable::Lease>(table.BeginCall(ref.ipid, {})));
  }
  EXPECT_THAT(object_->released, IsEmpty());
  lease.reset();
  EXPECT_THAT(object_->released, ElementsAre(ReleaseReason::kRevoked));
  EXPECT_EQ(object_.use_count(), 1);
}

TEST_F(ObjectTableTest, OnReleasedMayComeBackToTheTable) {
  const StdObjRef ref = Add();
  const auto second = std::make_shared<FakeObject>();
  const StdObjRef other = table_.Add(second, kBaseIid, {}).value();
  object_->on_released = [&] {
    if (object_->released.size() > 1) return;
    table_.Revoke(other.oid);
    EXPECT_NE(Add().oid, ref.oid);
  };
  table_.RevokeAll();
  EXPECT_EQ(second->released.size(), 1u);
  EXPECT_EQ(table_.size(), 1u);
  table_.RevokeAll();
  EXPECT_EQ(object_->released.size(), 2u);
}

TEST_F(ObjectTableTest, TakesBackItsOwnReferences) {
  const StdObjRef ref = Add();
  StdObjRef one = ref;
  one.public_refs = 1;
  const auto object = table_.TakeBack(one);
  ASSERT_OK(object);
  EXPECT_EQ(*object, object_);
  EXPECT_EQ(table_.ReleaseRefs(ref.ipid, 4, 0, {}), base::kOk);
  EXPECT_EQ(object_->released.size(), 1u);
  EXPECT_THAT(table_.TakeBack(one), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ObjectTableTest, DoesNotTakeAReferenceOfAnother) {
  const StdObjRef ref = Add();
  StdObjRef other = ref;
  other.oxid = Oxid{78};
  EXPECT_THAT(table_.TakeBack(other), StatusIs(absl::StatusCode::kNotFound));
  other = ref;
  other.oid.value ^= 1;
  EXPECT_THAT(table_.TakeBack(other), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ObjectTableTest, APermanentObjectCountsNothing) {
  const Ipid ipid = table_.AddPermanent(object_, kDerivedIid);
  EXPECT_EQ(table_.AddRefs(ipid, 0xffffffff, 0, {}), base::kOk);
  EXPECT_EQ(table_.ReleaseRefs(ipid, 0xffffffff, 0, {}), base::kOk);
  Pass(absl::Hours(1000));
  table_.RevokeAll();
  EXPECT_EQ(CallError(ipid), std::nullopt);
  EXPECT_THAT(object_->released, IsEmpty());
}

}  // namespace
}  // namespace ipam::orpc
