// Exporters and resolvers with several addresses, some of which lead nowhere: refused, or mute.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dcom_node.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

using test_support::StatusIs;

// Takes connections in the kernel's queue, and says nothing.
class MuteListener {
 public:
  MuteListener(const std::string& address, std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    const int yes = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    EXPECT_EQ(inet_pton(AF_INET, address.c_str(), &at.sin_addr), 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(listen(fd_, 16), 0);
  }
  ~MuteListener() { close(fd_); }
  MuteListener(const MuteListener&) = delete;
  MuteListener& operator=(const MuteListener&) = delete;

 private:
  const int fd_;
};

// A time-out would be longer than the tests wait.
constexpr absl::Duration kForever = absl::Minutes(10);

class DcomAddressesTest : public ::testing::Test {
 protected:
  // A reference to a new object of the server, as it is advertised now.
  orpc::ObjRef Export() {
    return *server_.exporter.Export(std::make_shared<Echo>(released_, kept_, seen_), kIid);
  }
  absl::StatusOr<RemoteInterface> Unmarshal(const orpc::ObjRef& ref) { return Unmarshal(client_, ref); }
  absl::StatusOr<RemoteInterface> Unmarshal(Node& client, const orpc::ObjRef& ref) {
    std::optional<absl::StatusOr<RemoteInterface>> result;
    client.dcom.Unmarshal(ref, kIid, [&](auto unmarshaled) { result = std::move(unmarshaled); });
    RunUntil(loop_, [&] { return result.has_value(); });
    return *result;
  }
  InvokeOutcome Invoke(const RemoteInterface& target) { return Invoke(client_, target); }
  InvokeOutcome Invoke(Node& client, const RemoteInterface& target) {
    std::optional<InvokeOutcome> result;
    client.dcom.Invoke(target, 3, {1, 2}, kForever,
                       [&](InvokeOutcome outcome) { result = std::move(outcome); });
    RunUntil(loop_, [&] { return result.has_value(); });
    return std::move(*result);
  }
  // The client has seen that its connections are gone.
  void WaitForTheEndOfConnections() {
    RunUntil(loop_, [this] { return client_.rpc.connections() == 0; });
  }
  bool Works(const RemoteInterface& target) { return std::holds_alternative<InvokeReply>(Invoke(target)); }

  Loop loop_;
  int released_ = 0;
  std::vector<orpc::OrpcResponder> kept_;
  std::vector<orpc::CausalityId> seen_;
  Node server_{loop_};
  Node client_{loop_, kForever};
  Node hasty_{loop_, kForever, absl::Milliseconds(100)};
};

TEST_F(DcomAddressesTest, AddressesThatLeadNowhereCostNoTimeOut) {
  server_.Listen({"127.0.0.1"});
  const MuteListener mute("127.0.0.3", server_.port());
  server_.Advertise({"127.0.0.3", "127.0.0.2", "no.such.host.invalid", "127.0.0.1"}, server_.port());
  const auto interface = Unmarshal(hasty_, Export());
  ASSERT_OK(interface);
  EXPECT_EQ(interface->resolver.host, "127.0.0.1");
  EXPECT_TRUE(std::holds_alternative<InvokeReply>(Invoke(hasty_, *interface)));
}

TEST_F(DcomAddressesTest, ServesByAnAddressOfIpv6) {
  server_.Listen({"::1"});
  server_.Advertise({"127.0.0.1", "::1"}, server_.port());
  const auto interface = Unmarshal(Export());
  ASSERT_OK(interface);
  EXPECT_EQ(interface->exporter.host, "::1");
  EXPECT_TRUE(Works(*interface));
}

TEST_F(DcomAddressesTest, ANameThatStandsForSeveralAddressesIsReachedByAnyOfThem) {
  server_.Listen({"127.0.0.1"});
  server_.Advertise({"localhost"}, server_.port());
  const auto interface = Unmarshal(Export());
  ASSERT_OK(interface);
  EXPECT_TRUE(Works(*interface));
}

// The address that worked is remembered; when it fails the others are tried, and the call does not fail.
TEST_F(DcomAddressesTest, ADualHomedExporterIsFollowedFromOneAddressToTheOther) {
  server_.Listen({"127.0.0.1"});
  const std::uint16_t port = server_.port();
  server_.Listen({"127.0.0.2"}, port);
  server_.Advertise({"127.0.0.1", "127.0.0.2"}, port);
  const auto interface = Unmarshal(Export());
  ASSERT_OK(interface);
  EXPECT_TRUE(Works(*interface));
  EXPECT_EQ(server_.listeners[1]->connections(), 0u);
  server_.listeners[0].reset();
  WaitForTheEndOfConnections();
  EXPECT_TRUE(Works(*interface));
  EXPECT_TRUE(Works(*interface));
  EXPECT_EQ(server_.listeners[1]->connections(), 1u);
  server_.listeners[0] = *RpcListener::Listen(loop_, {.addresses = {"127.0.0.1"}, .port = port},
                                              server_.services, server_.acceptors, server_.groups);
  EXPECT_TRUE(Works(*interface));  // stays where it works
  EXPECT_EQ(server_.listeners[0]->connections(), 0u);
  server_.listeners[1].reset();
  WaitForTheEndOfConnections();
  EXPECT_TRUE(Works(*interface));
}

TEST_F(DcomAddressesTest, ACallFailsWhereNoAddressAnswersAndTheNextOneTriesAgain) {
  server_.Listen({"127.0.0.1"});
  const std::uint16_t port = server_.port();
  server_.Listen({"127.0.0.2"}, port);
  server_.Advertise({"127.0.0.1", "127.0.0.2"}, port);
  const orpc::ObjRef ref = Export();
  const auto interface = Unmarshal(ref);
  ASSERT_OK(interface);
  EXPECT_TRUE(Works(*interface));
  server_.listeners.clear();
  WaitForTheEndOfConnections();
  const InvokeOutcome outcome = Invoke(*interface);
  ASSERT_TRUE(std::holds_alternative<InvokeFailure>(outcome));
  EXPECT_FALSE(std::get<InvokeFailure>(outcome).executed_unknown);
  EXPECT_THAT(std::get<InvokeFailure>(outcome).status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Unmarshal(ref), StatusIs(absl::StatusCode::kUnavailable));
  server_.Listen({"127.0.0.2"}, port);
  EXPECT_TRUE(Works(*interface));
}

TEST_F(DcomAddressesTest, AnExporterIsResolvedOnceForAllItsObjects) {
  server_.Listen({"127.0.0.1"});
  server_.Advertise({"127.0.0.1"}, server_.port());
  const auto first = Unmarshal(Export());
  const auto second = Unmarshal(Export());
  ASSERT_OK(first);
  ASSERT_OK(second);
  EXPECT_EQ(server_.resolver_calls.seen.size(), 1u);
  EXPECT_EQ(client_.dcom.exporters(), 1u);
  EXPECT_EQ(client_.dcom.references(), 2u);
  EXPECT_EQ(client_.dcom.pinged_objects(), 2u);
  client_.dcom.Forget(*first);
  client_.dcom.Forget(*second);
  EXPECT_EQ(client_.dcom.exporters(), 0u);
  EXPECT_EQ(client_.dcom.pinged_objects(), 0u);
  const InvokeOutcome released = Invoke(*first);
  ASSERT_TRUE(std::holds_alternative<InvokeFailure>(released));
  EXPECT_THAT(std::get<InvokeFailure>(released).status, StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace ipam::net
