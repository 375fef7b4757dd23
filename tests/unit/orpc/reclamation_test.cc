// What dead clients leave behind, and what the clock does to it: activator, exporter and resolver together.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "calls.h"
#include "dcom_bridge/orpc/activation_messages.h"
#include "dcom_bridge/orpc/activator.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_bridge/orpc/rem_unknown_messages.h"
#include "fake_object.h"
#include "tests/support/fake_clock.h"

namespace ipam::orpc {
namespace {

constexpr base::Guid kClsid{0xc1, 1, 2, {3}};
constexpr absl::Duration kGrace = absl::Minutes(14);

class ReclamationTest : public ::testing::Test {
 protected:
  ReclamationTest() {
    exporter_.Advertise({{"10.0.0.1"}, 4135, {auth::AuthType::kNtlm}, ""});
    activator_.Register(kClsid, [this](const Caller&) -> Created {
      objects_.push_back(std::make_shared<FakeObject>());
      return objects_.back();
    });
  }
  static auth::Principal Account(int number) {
    return {.domain = "CORP", .user = absl::StrCat("u", number % 50)};
  }
  StdObjRef Activate(const auth::Principal& caller) {
    RemoteActivationRequest request;
    request.clsid = kClsid;
    request.iids = {kBaseIid};
    const auto response = Reply<RemoteActivationResponse>(
        Ask(activator_, Request(kIidIActivation, 0, ndr::Encode(request), caller)));
    EXPECT_EQ(response.activation_result, base::kOk);
    return *response.interfaces.at(0)->Parse().value().std_ref();
  }
  ComplexPingResponse Ping(SetId set, std::uint16_t sequence, std::vector<Oid> add,
                           const auth::Principal& caller) {
    const ComplexPingRequest request{set, sequence, std::move(add), {}};
    return Reply<ComplexPingResponse>(
        Ask(resolver_, Request(kIidIObjectExporter, 2, ndr::Encode(request), caller)));
  }
  std::uint32_t SimplePing(SetId set, const auth::Principal& caller) {
    return Reply<StatusResponse>(
               Ask(resolver_, Request(kIidIObjectExporter, 1, ndr::Encode(SimplePingRequest{set}), caller)))
        .status;
  }
  void AddPrivateRefs(const StdObjRef& ref, const auth::Principal& caller) {
    const auto response = OrpcReplyOf<RemAddRefResponse>(
        Ask(exporter_, OrpcRequest(exporter_.rem_unknown(), kIidIRemUnknown, RemRefsRequest::kAddRefOpnum,
                                   ndr::Encode(RemRefsRequest{{{ref.ipid, 0, 3}}}), caller)));
    EXPECT_EQ(response.results.at(0), base::kOk);
  }
  void Call(const StdObjRef& ref, const auth::Principal& caller) {
    EXPECT_EQ(Ask(exporter_, OrpcRequest(ref.ipid, kBaseIid, 3, {}, caller)).fault(), 0u);
  }
  // The timer as its owner drives it: each time that it is due, up to now.
  void Pass(absl::Duration time) {
    const absl::Time end = clock_.Now() + time;
    while (resolver_.NextDeadline() <= end) {
      clock_.Advance(std::max(resolver_.NextDeadline() - clock_.Now(), absl::ZeroDuration()));
      resolver_.OnTimer(clock_.Now());
    }
    clock_.Advance(end - clock_.Now());
    resolver_.OnTimer(clock_.Now());
  }
  void ExpectNothingLeft() {
    EXPECT_EQ(exporter_.objects().size(), 1u);  // the Remote Unknown
    EXPECT_EQ(exporter_.objects().interfaces(), 1u);
    EXPECT_EQ(exporter_.objects().references(), 0u);
    EXPECT_EQ(exporter_.objects().running_calls(), 0u);
    EXPECT_EQ(resolver_.ping_sets(), 0u);
    EXPECT_EQ(resolver_.pinged_objects(), 0u);
    EXPECT_EQ(resolver_.NextDeadline(), absl::InfiniteFuture());
    for (const auto& object : objects_) {
      ASSERT_EQ(object->released.size(), 1u);
      EXPECT_EQ(object->released[0], ReleaseReason::kPingsExpired);
      EXPECT_EQ(object.use_count(), 1);
    }
  }
  void TheNextClientWorks() {
    const StdObjRef ref = Activate(Alice());
    const SetId set = Ping({}, 1, {ref.oid}, Alice()).set_id;
    Call(ref, Alice());
    for (int i = 0; i < 20; ++i) {
      Pass(absl::Minutes(2));
      EXPECT_EQ(SimplePing(set, Alice()), 0u);
    }
    Call(ref, Alice());
    EXPECT_TRUE(exporter_.objects().Contains(ref.oid));
  }

  test_support::FakeClock clock_;
  Exporter exporter_{{}, clock_};
  OxidResolver resolver_{{}, exporter_, clock_};
  Activator activator_{{}, exporter_};
  std::vector<std::shared_ptr<FakeObject>> objects_;
};

// A client dies at any of these points, without a word.
TEST_F(ReclamationTest, AThousandDeadClientsLeaveNothing) {
  for (int i = 0; i < 1000; ++i) {
    const auth::Principal caller = Account(i);
    const StdObjRef ref = Activate(caller);
    switch (i % 5) {
      case 0:  // before its first ping
        break;
      case 1:  // after a call
        Call(ref, caller);
        break;
      case 2:  // with private references of its own
        AddPrivateRefs(ref, caller);
        Ping({}, 1, {ref.oid}, caller);
        break;
      case 3: {  // with a set that it pinged
        const SetId set = Ping({}, 1, {ref.oid}, caller).set_id;
        Pass(absl::Milliseconds(i));
        EXPECT_EQ(SimplePing(set, caller), 0u);
        break;
      }
      default: {  // with two sets that hold the same object
        const SetId set = Ping({}, 1, {ref.oid}, caller).set_id;
        Ping({}, 1, {ref.oid}, caller);
        EXPECT_EQ(Ping(set, 2, {Activate(caller).oid}, caller).status, 0u);
      }
    }
  }
  EXPECT_EQ(exporter_.objects().size(), 1201u);
  EXPECT_EQ(resolver_.ping_sets(), 800u);
  EXPECT_EQ(exporter_.objects().references(), 1200u * 5 + 200u * 3);
  Pass(absl::Minutes(6));
  EXPECT_EQ(resolver_.ping_sets(), 0u);
  Pass(kGrace);
  ExpectNothingLeft();
  TheNextClientWorks();
}

// The answer of a call whose client is gone comes when it comes; then the object goes.
TEST_F(ReclamationTest, CallsThatRunKeepTheirObjectsAndNothingAfterThem) {
  std::vector<Answer> answers(20);
  for (Answer& answer : answers) {
    const StdObjRef ref = Activate(Alice());
    objects_.back()->keep = true;
    exporter_.Handle(OrpcRequest(ref.ipid, kBaseIid, 3, {}, Alice()), answer.Responder());
  }
  EXPECT_EQ(exporter_.objects().running_calls(), 20u);
  Pass(3 * kGrace);
  EXPECT_EQ(exporter_.objects().size(), 21u);
  for (const auto& object : objects_) std::exchange(object->kept, {}).at(0)(OrpcReply{});
  Pass(2 * kGrace);
  ExpectNothingLeft();
}

// The owner's clock is steady. One that is not neither ends an object that is pinged nor keeps a dead one.
TEST_F(ReclamationTest, BearsAClockThatSteps) {
  const StdObjRef pinged = Activate(Alice());
  const StdObjRef dead = Activate(Bob());
  const SetId set = Ping({}, 1, {pinged.oid}, Alice()).set_id;
  clock_.Advance(-absl::Hours(5));
  resolver_.OnTimer(clock_.Now());
  EXPECT_EQ(SimplePing(set, Alice()), 0u);
  EXPECT_TRUE(exporter_.objects().Contains(pinged.oid));
  clock_.Advance(absl::Hours(5) + absl::Minutes(5));
  EXPECT_EQ(SimplePing(set, Alice()), 0u);
  resolver_.OnTimer(clock_.Now());
  EXPECT_TRUE(exporter_.objects().Contains(pinged.oid));
  for (int i = 0; i < 8; ++i) {
    Pass(absl::Minutes(2));
    EXPECT_EQ(SimplePing(set, Alice()), 0u);
  }
  EXPECT_TRUE(exporter_.objects().Contains(pinged.oid));
  EXPECT_FALSE(exporter_.objects().Contains(dead.oid));
}

TEST_F(ReclamationTest, ABusyResolverAsksForFewerPingsAndKeepsSetsLonger) {
  OxidResolver busy{{.busy_ping_sets = 1}, exporter_, clock_};
  const auto ping = [&](SetId set, std::uint16_t sequence, const StdObjRef& ref) {
    const ComplexPingRequest request{set, sequence, {ref.oid}, {}};
    return Reply<ComplexPingResponse>(
        Ask(busy, Request(kIidIObjectExporter, 2, ndr::Encode(request), Alice())));
  };
  const StdObjRef first = Activate(Alice());
  const StdObjRef second = Activate(Alice());
  EXPECT_EQ(ping({}, 1, first).ping_backoff_factor, 0);
  const ComplexPingResponse asked = ping({}, 1, second);
  EXPECT_EQ(asked.ping_backoff_factor, 1);
  EXPECT_EQ(ping(asked.set_id, 0, second).ping_backoff_factor, 1);  // an older number is told the same
  clock_.Advance(absl::Minutes(6));
  busy.OnTimer(clock_.Now());
  EXPECT_EQ(busy.ping_sets(), 1u);
  EXPECT_FALSE(exporter_.objects().Contains(first.oid));
  // The load is gone: the next ping says so, and the set lives as long as any.
  EXPECT_EQ(ping(asked.set_id, 2, second).ping_backoff_factor, 0);
  clock_.Advance(absl::Minutes(6));
  busy.OnTimer(clock_.Now());
  EXPECT_EQ(busy.ping_sets(), 0u);
}

// Every state of an object's life with every event, [MS-DCOM] 3.1.1.6.2 and 3.1.2.6: a state is reached by its
// steps; then the object is there or not, at once and after the grace without another event.
struct Life {
  const char* state;
  std::function<void(ObjectTable&, const StdObjRef&, test_support::FakeClock&)> reach;
};
struct Event {
  const char* name;
  std::function<void(ObjectTable&, const StdObjRef&)> happen;
};

TEST(ObjectLife, EveryStateBearsEveryEvent) {
  using Table = ObjectTable;
  using Ref = StdObjRef;
  using Clock = test_support::FakeClock;
  const Life lives[] = {
      {"unpinged", [](Table&, const Ref&, Clock&) {}},
      {"pinned", [](Table& table, const Ref& ref, Clock&) { table.Pin(ref.oid, Alice()); }},
      {"pinned twice",
       [](Table& table, const Ref& ref, Clock&) {
         table.Pin(ref.oid, Alice());
         table.Pin(ref.oid, Alice());
       }},
      {"abandoned",
       [](Table& table, const Ref& ref, Clock& clock) {
         table.Pin(ref.oid, Alice());
         clock.Advance(absl::Minutes(6));
         table.Unpin(ref.oid, /*expired=*/true);
       }},
      {"released", [](Table& table, const Ref& ref, Clock&) { table.ReleaseRefs(ref.ipid, 5, 0, Alice()); }},
      {"revoked", [](Table& table, const Ref& ref, Clock&) { table.Revoke(ref.oid); }},
  };
  const Event events[] = {
      {"pin", [](Table& table, const Ref& ref) { table.Pin(ref.oid, Alice()); }},
      {"unpin", [](Table& table, const Ref& ref) { table.Unpin(ref.oid, false); }},
      {"expire", [](Table& table, const Ref& ref) { table.Unpin(ref.oid, true); }},
      {"call", [](Table& table, const Ref& ref) { (void)table.BeginCall(ref.ipid, Alice()); }},
      {"query", [](Table& table, const Ref& ref) { (void)table.BeginQuery(ref.ipid, Alice()); }},
      {"add", [](Table& table, const Ref& ref) { table.AddRefs(ref.ipid, 1, 1, Alice()); }},
      {"release one", [](Table& table, const Ref& ref) { table.ReleaseRefs(ref.ipid, 1, 0, Alice()); }},
      {"release all", [](Table& table, const Ref& ref) { table.ReleaseRefs(ref.ipid, 9, 9, Alice()); }},
      {"revoke", [](Table& table, const Ref& ref) { table.Revoke(ref.oid); }},
      {"take back", [](Table& table, const Ref& ref) { (void)table.TakeBack(ref); }},
  };
  const char* const expected[] = {
      // pin unpin expire call query add one all revoke back
      "yy yn yn yn yn yn yn nn nn nn",  // unpinged
      "yy yn yn yy yy yy yy nn nn nn",  // pinned
      "yy yy yy yy yy yy yy nn nn nn",  // pinned twice
      "yy yn yn yn yn yn yn nn nn nn",  // abandoned
      "nn nn nn nn nn nn nn nn nn nn",  // released
      "nn nn nn nn nn nn nn nn nn nn",  // revoked
  };
  for (std::size_t life = 0; life < std::size(lives); ++life) {
    std::string seen;
    for (const Event& event : events) {
      Clock clock;
      Table table({}, Oxid{1}, clock);
      const auto object = std::make_shared<FakeObject>();
      const Ref ref = table.Add(object, kBaseIid, {}).value();
      lives[life].reach(table, ref, clock);
      event.happen(table, ref);
      const bool now = table.Contains(ref.oid);
      clock.Advance(kGrace);
      table.OnTimer(clock.Now());
      const bool later = table.Contains(ref.oid);
      absl::StrAppend(&seen, seen.empty() ? "" : " ", now ? "y" : "n", later ? "y" : "n");
      EXPECT_EQ(object->released.size(), later ? 0u : 1u) << lives[life].state << ", " << event.name;
      EXPECT_EQ(table.references() > 0, later) << lives[life].state << ", " << event.name;
    }
    EXPECT_EQ(seen, expected[life]) << lives[life].state;
  }
}

}  // namespace
}  // namespace ipam::orpc
