// The SPN that ORPC connections are made with: what the exporter's bindings name, where it names that host.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "dcom_node.h"
#include "tests/support/matchers.h"

namespace ipam::net {
namespace {

TEST(PrincipalOf, IsTheFirstOfKerberosOrSpnego) {
  EXPECT_EQ(PrincipalOf({}), "");
  EXPECT_EQ(
      PrincipalOf({.strings = {}, .securities = {{10, "NTLM/a"}, {9, ""}, {16, "RPCSS/a"}, {9, "HOST/a"}}}),
      "RPCSS/a");
}

TEST(PrincipalFor, IsOfTheHostThatIsDialedOrThatVouchedForIt) {
  const auto principal = [](std::string name) {
    const ExporterInfo exporter{.oxid = {},
                                .addresses = {},
                                .resolver = {"server1.example", 135},
                                .rem_unknown = {},
                                .authn_hint = 0,
                                .version = {},
                                .principal = std::move(name)};
    return PrincipalFor(exporter, {"10.0.0.1", 4135});
  };
  for (const char* taken : {"RPCSS/10.0.0.1", "RPCSS/server1.example", "ipam/SERVER1.example@CORP.EXAMPLE",
                            "ipam/server1.example:4135", "ipam/server1.example/corp.example"}) {
    EXPECT_EQ(principal(taken), taken);
  }
  for (const char* refused :
       {"", "cifs/files.example", "RPCSS/server1.example.evil", "RPCSS/", "/server1.example",
        "server1.example", "alice@server1.example", "cifs@x/server1.example", "CORP\\server1.example"}) {
    EXPECT_EQ(principal(refused), "") << refused;
  }
}

class PrincipalTest : public ::testing::Test {
 protected:
  // What the client is told for the connection by which it calls an object whose exporter names `principal`. The
  // resolver is at an address of its own, so that the exporter gets a connection too.
  std::vector<std::string> Connect(const std::string& principal) {
    server_.Listen({"127.0.0.1"});
    server_.Listen({"127.0.0.2"});
    server_.Advertise({"127.0.0.2"}, server_.listeners[1]->port(), principal);
    std::optional<absl::StatusOr<std::vector<Activated>>> activated;
    server_.activator.Register(kClass, [this](const auto&) -> orpc::Created {
      return std::make_shared<Echo>(released_, kept_, seen_);
    });
    client_.dcom.CreateInstance({"127.0.0.1", server_.port()}, kClass, {kIid},
                                [&](auto result) { activated = std::move(result); });
    RunUntil(loop_, [&] { return activated.has_value(); });
    EXPECT_OK(*activated);
    client_.principals.clear();
    bool answered = false;
    client_.dcom.Invoke((*activated)->at(0).interface, 3, {1}, absl::Minutes(1),
                        [&](const InvokeOutcome& outcome) {
                          answered = true;
                          EXPECT_TRUE(std::holds_alternative<InvokeReply>(outcome));
                        });
    RunUntil(loop_, [&] { return answered; });
    return client_.principals;
  }

  static constexpr base::Guid kClass{0xc1, 1, 2, {3}};
  Loop loop_;
  int released_ = 0;
  std::vector<orpc::OrpcResponder> kept_;
  std::vector<orpc::CausalityId> seen_;
  Node server_{loop_};
  Node client_{loop_};
};

TEST_F(PrincipalTest, OfTheBindingsIsForTheConnectionOfTheExporter) {
  EXPECT_EQ(Connect("ipam/127.0.0.2"), std::vector<std::string>{"ipam/127.0.0.2"});
}

TEST_F(PrincipalTest, OfAnotherHostIsNotTaken) {
  EXPECT_EQ(Connect("cifs/files.example"), std::vector<std::string>{""});
}

}  // namespace
}  // namespace ipam::net
