#include "dcom_bridge/auth/factory.h"

#include <gtest/gtest.h>

#include <vector>

#include "peers.h"

namespace ipam::auth {
namespace {

using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(Factory, ServesNtlmAndSpnegoWhereThereIsNoKeytab) {
  World world;
  for (const AuthType type : {AuthType::kNone, AuthType::kKerberos, static_cast<AuthType>(68)}) {
    EXPECT_THAT(world.factory.NewAcceptor(type, ""), StatusIs(absl::StatusCode::kUnimplemented));
    EXPECT_FALSE(NewInitiator(type, Alice(), "", world.clock, world.random).ok());
  }
  EXPECT_THAT(world.factory.types(), ::testing::ElementsAre(AuthType::kSpnego, AuthType::kNtlm));
  for (const AuthType type : {AuthType::kNtlm, AuthType::kSpnego}) {
    EXPECT_EQ(world.Acceptor(type)->type(), type);
    EXPECT_EQ(world.Initiator(type)->type(), type);
  }
}

TEST(Factory, WantsAUserName) {
  World world;
  EXPECT_THAT(NewInitiator(AuthType::kNtlm, Credentials(), "", world.clock, world.random),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("user name")));
}

TEST(AcceptorFactory, BoundsTheContextsThatAreAlive) {
  World world;
  std::vector<std::unique_ptr<SecurityContext>> contexts;
  {
    AcceptorFactory factory(Accounts(), ServerNames::FromHostName("s"), {.max_contexts = 3}, world.clock,
                            world.random);
    for (const AuthType type : {AuthType::kNtlm, AuthType::kSpnego, AuthType::kNtlm}) {
      contexts.push_back(*factory.NewAcceptor(type, ""));
    }
    EXPECT_THAT(factory.NewAcceptor(AuthType::kSpnego, ""), StatusIs(absl::StatusCode::kResourceExhausted));
    contexts.pop_back();
    EXPECT_OK(factory.NewAcceptor(AuthType::kSpnego, ""));
  }
  EXPECT_OK(Handshake(*world.Initiator(AuthType::kNtlm), *contexts[0]));  // outlives the factory
}

TEST(ServerNames, AreMadeOfTheHostName) {
  const ServerNames full = ServerNames::FromHostName("a-rather-long-name.corp.example");
  EXPECT_EQ(full.netbios_computer, "A-RATHER-LONG-N");
  EXPECT_EQ(full.netbios_domain, "CORP");
  EXPECT_EQ(full.dns_computer, "a-rather-long-name.corp.example");
  EXPECT_EQ(full.dns_domain, "corp.example");
  const ServerNames plain = ServerNames::FromHostName("gw");
  EXPECT_EQ(plain.netbios_computer, "GW");
  EXPECT_EQ(plain.netbios_domain, "WORKGROUP");
  EXPECT_EQ(plain.dns_domain, "");
  EXPECT_EQ(ServerNames::FromHostName("gw.a.example", "FABRIKAM").netbios_domain, "FABRIKAM");
  EXPECT_FALSE(ServerNames::FromHostName("").netbios_computer.empty());
}

TEST(SystemRandom, DoesNotRepeatItself) {
  SystemRandom random;
  std::array<std::uint8_t, 32> a{}, b{};
  random.Fill(a);
  random.Fill(b);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace ipam::auth
