#include "dcom_bridge/net/dcom_client.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "dcom_peer.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

class DcomClientTest : public ::testing::Test {
 protected:
  RemoteInterface Activate() {
    std::optional<RemoteInterface> interface;
    peer_.dcom.CreateInstance(peer_.at, kClsid, {kIid}, [&](auto activated) {
      EXPECT_OK(activated);
      if (activated.ok() && activated->at(0).result.ok()) interface = activated->at(0).interface;
      peer_.loop.Stop();
    });
    Run();
    EXPECT_TRUE(interface.has_value());
    return interface.value_or(RemoteInterface{});
  }
  InvokeOutcome Invoke(const RemoteInterface& on, std::uint16_t opnum, base::Bytes body,
                       absl::Duration timeout = absl::Seconds(5)) {
    InvokeOutcome result;
    peer_.dcom.Invoke(on, opnum, std::move(body), timeout, [&](InvokeOutcome outcome) {
      result = std::move(outcome);
      peer_.loop.Stop();
    });
    Run();
    return result;
  }
  void Run() {
    peer_.loop.Restart();
    peer_.Run();
  }
  void RunUntil(const std::function<bool()>& condition) {
    const Timer start = peer_.loop.After(absl::ZeroDuration(), [this, &condition] { StopWhen(condition); });
    Run();
  }
  void StopWhen(const std::function<bool()>& condition) {
    if (condition()) return peer_.loop.Stop();
    poll_ = peer_.loop.After(absl::Milliseconds(1), [this, &condition] { StopWhen(condition); });
  }

  DcomPeer peer_;
  Timer poll_;
};

TEST_F(DcomClientTest, ActivatesCallsAndReleasesOverOnePort) {
  const RemoteInterface interface = Activate();
  EXPECT_EQ(interface.iid, kIid);
  EXPECT_EQ(interface.exporter, peer_.at);
  const InvokeOutcome outcome = Invoke(interface, 3, {1, 2, 3, 4});
  ASSERT_TRUE(std::holds_alternative<InvokeReply>(outcome));
  EXPECT_EQ(std::get<InvokeReply>(outcome).body, (base::Bytes{1, 2, 3, 4}));
  EXPECT_EQ(std::get<InvokeReply>(outcome).error_description, "<words/>");
  EXPECT_EQ(peer_.released, 0);
  peer_.dcom.Release(interface, [this] { peer_.loop.Stop(); });
  Run();
  EXPECT_EQ(peer_.released, 1);
}

TEST_F(DcomClientTest, CarriesBodiesOfManyFragmentsBothWays) {
  const RemoteInterface interface = Activate();
  base::Bytes large(3 << 20);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::uint8_t>(i * 31 >> 3);
  const InvokeOutcome outcome = Invoke(interface, 3, large);
  ASSERT_TRUE(std::holds_alternative<InvokeReply>(outcome));
  EXPECT_TRUE(std::get<InvokeReply>(outcome).body == large);
}

TEST_F(DcomClientTest, UnmarshalsAReferenceByItsResolver) {
  const absl::StatusOr<orpc::ObjRef> ref = peer_.exporter.Export(peer_.NewEcho(), kIid);
  ASSERT_OK(ref);
  std::optional<RemoteInterface> interface;
  peer_.dcom.Unmarshal(*ref, kIid, [&](auto resolved) {
    EXPECT_OK(resolved);
    if (resolved.ok()) interface = *resolved;
    peer_.loop.Stop();
  });
  Run();
  ASSERT_TRUE(interface.has_value());
  EXPECT_TRUE(std::holds_alternative<InvokeReply>(Invoke(*interface, 3, {7})));
}

TEST_F(DcomClientTest, AReferenceOfAnotherInterfaceIsExchangedForTheOneAskedFor) {
  const absl::StatusOr<orpc::ObjRef> ref = peer_.exporter.Export(peer_.NewEcho(), kOtherIid);
  ASSERT_OK(ref);
  std::optional<RemoteInterface> interface;
  peer_.dcom.Unmarshal(*ref, kIid, [&](auto resolved) {
    EXPECT_OK(resolved);
    if (resolved.ok()) interface = *resolved;
    peer_.loop.Stop();
  });
  Run();
  ASSERT_TRUE(interface.has_value());
  EXPECT_EQ(interface->iid, kIid);
  EXPECT_TRUE(std::holds_alternative<InvokeReply>(Invoke(*interface, 3, {7})));
  // The reference that came is given back: the one asked for is the last.
  peer_.dcom.Release(*interface, [this] { peer_.loop.Stop(); });
  Run();
  EXPECT_EQ(peer_.released, 1);
}

TEST_F(DcomClientTest, AReferenceWithoutTheInterfaceAskedForIsGivenBack) {
  const absl::StatusOr<orpc::ObjRef> ref = peer_.exporter.Export(peer_.NewEcho(), kIid);
  ASSERT_OK(ref);
  peer_.dcom.Unmarshal(*ref, base::Guid::Random(), [&](auto resolved) {
    EXPECT_THAT(resolved, StatusIs(absl::StatusCode::kUnimplemented));
  });
  RunUntil([this] { return peer_.released == 1; });
}

TEST_F(DcomClientTest, CallsCarryTheCausalityThatTheyAreToldOrOneOfTheirOwn) {
  const RemoteInterface interface = Activate();
  const orpc::CausalityId causality{base::Guid::Random()};
  Invoke(interface, 3, {});
  Invoke(interface, 3, {});
  ASSERT_EQ(peer_.causalities.size(), 2u);
  EXPECT_NE(peer_.causalities[0], peer_.causalities[1]);
  EXPECT_FALSE(peer_.causalities[0].value.is_nil());
  peer_.dcom.Invoke(
      interface, 3, {}, absl::Seconds(5), [this](InvokeOutcome) { peer_.loop.Stop(); }, causality);
  Run();
  EXPECT_EQ(peer_.causalities[2], causality);
}

TEST_F(DcomClientTest, QueriesAnInterfaceAndSaysWhereThereIsNone) {
  const RemoteInterface interface = Activate();
  absl::StatusOr<RemoteInterface> other = absl::UnknownError("");
  peer_.dcom.QueryInterface(interface, kOtherIid, [&](auto found) {
    other = std::move(found);
    peer_.loop.Stop();
  });
  Run();
  ASSERT_OK(other);
  EXPECT_EQ(other->oid, interface.oid);
  EXPECT_NE(other->ipid, interface.ipid);
  peer_.dcom.QueryInterface(interface, base::Guid::Random(), [&](auto found) {
    other = std::move(found);
    peer_.loop.Stop();
  });
  Run();
  EXPECT_THAT(other, StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(DcomClientTest, AnUnknownClassIsNotFound) {
  peer_.dcom.CreateInstance(peer_.at, base::Guid::Random(), {kIid}, [&](auto activated) {
    EXPECT_THAT(activated, StatusIs(absl::StatusCode::kNotFound, HasSubstr("REGDB_E_CLASSNOTREG")));
    peer_.loop.Stop();
  });
  Run();
}

TEST_F(DcomClientTest, AClosedConnectionLeavesTheOutcomeUnknown) {
  const RemoteInterface interface = Activate();
  const Timer cut = peer_.loop.After(absl::Milliseconds(50), [this] { peer_.listener.reset(); });
  const InvokeOutcome outcome = Invoke(interface, 4, {});
  ASSERT_TRUE(std::holds_alternative<InvokeFailure>(outcome));
  EXPECT_TRUE(std::get<InvokeFailure>(outcome).executed_unknown);
  EXPECT_THAT(std::get<InvokeFailure>(outcome).status, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(DcomClientTest, ACallWithoutAnAnswerEndsInTime) {
  const RemoteInterface interface = Activate();
  const InvokeOutcome outcome = Invoke(interface, 4, {}, absl::Milliseconds(50));
  ASSERT_TRUE(std::holds_alternative<InvokeFailure>(outcome));
  EXPECT_THAT(std::get<InvokeFailure>(outcome).status, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(DcomClientTest, ARefusedConnectionNeverReachedTheServer) {
  const RemoteInterface interface = Activate();
  peer_.listener.reset();
  peer_.rpc.Drop(peer_.at, absl::CancelledError("test"));
  const InvokeOutcome outcome = Invoke(interface, 3, {});
  ASSERT_TRUE(std::holds_alternative<InvokeFailure>(outcome));
  EXPECT_FALSE(std::get<InvokeFailure>(outcome).executed_unknown);
}

TEST_F(DcomClientTest, PingsHoldTheObjectAndTellWhenItsServerIsGone) {
  DcomClient pinging(peer_.loop, peer_.rpc, peer_.clock,
                     {.pinger = {.period = absl::Milliseconds(10), .retry_after = absl::Milliseconds(10)}});
  std::vector<orpc::Oid> lost;
  pinging.set_on_lost([&](orpc::Oid oid) { lost.push_back(oid); });
  std::optional<RemoteInterface> interface;
  pinging.CreateInstance(peer_.at, kClsid, {kIid},
                         [&](auto activated) { interface = activated->at(0).interface; });
  RunUntil([&] { return peer_.resolver.ping_sets() == 1; });
  EXPECT_EQ(peer_.resolver.pinged_objects(), 1u);
  EXPECT_EQ(pinging.ping_sets(), 1u);
  EXPECT_TRUE(lost.empty());
  peer_.listener.reset();
  RunUntil([&] { return !lost.empty(); });
  EXPECT_EQ(lost, std::vector<orpc::Oid>{interface->oid});
  EXPECT_EQ(pinging.ping_sets(), 0u);
  EXPECT_EQ(pinging.references(), 1u);  // until it is given back, which must not fail
  bool told = false;
  pinging.Release(*interface, [&] { told = true; });
  RunUntil([&] { return told; });
  EXPECT_EQ(pinging.references(), 0u);
  EXPECT_EQ(pinging.exporters(), 0u);
  EXPECT_EQ(pinging.outstanding_calls(), 0u);
}

// The set is emptied with the next ping; then it is gone on both sides.
TEST_F(DcomClientTest, AReleasedObjectLeavesItsPingSet) {
  DcomClient pinging(peer_.loop, peer_.rpc, peer_.clock, {.pinger = {.period = absl::Milliseconds(10)}});
  std::optional<RemoteInterface> interface;
  pinging.CreateInstance(peer_.at, kClsid, {kIid},
                         [&](auto activated) { interface = activated->at(0).interface; });
  RunUntil([&] { return peer_.resolver.ping_sets() == 1; });
  pinging.Release(*interface);
  RunUntil([&] { return pinging.ping_sets() == 0 && pinging.outstanding_calls() == 0; });
  EXPECT_EQ(peer_.released, 1);
  EXPECT_EQ(peer_.resolver.pinged_objects(), 0u);
  EXPECT_EQ(peer_.exporter.objects().size(), 1u);
}

TEST(DcomClientProbe, AWrongPasswordIsRefusedWithAReason) {
  DcomPeer peer("wrong");
  peer.dcom.Probe(peer.at, absl::Seconds(5), [&](const absl::Status& status) {
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
    peer.loop.Stop();
  });
  peer.Run();
}

TEST(DcomClientProbe, ActivationBelowIntegrityIsRefused) {
  DcomPeer peer("secret", auth::AuthLevel::kConnect);
  peer.dcom.CreateInstance(peer.at, kClsid, {kIid}, [&](auto activated) {
    EXPECT_THAT(activated, StatusIs(absl::StatusCode::kPermissionDenied));
    peer.loop.Stop();
  });
  peer.Run();
  EXPECT_EQ(peer.created, 0);
}

}  // namespace
}  // namespace ipam::net
