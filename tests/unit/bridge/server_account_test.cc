#include "dcom_bridge/bridge/server_account.h"

#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace ipam::bridge {
namespace {

using test_support::StatusIs;

ServerOptions Ntlm(std::string user, std::string password) {
  return {
      .name = "one", .host = "host", .domain = "D", .user = std::move(user), .password = std::move(password)};
}

TEST(ServerAccount, APasswordIsForNtlmAndLeavesTheOptions) {
  ServerOptions server = Ntlm("u", "p");
  const auth::Credentials credentials = CredentialsOf(server);
  EXPECT_EQ(credentials.user, "u");
  EXPECT_EQ(credentials.nt_hash.value, auth::NtHash::OfPassword("p").value);
  EXPECT_EQ(credentials.kerberos, nullptr);
  EXPECT_EQ(server.password, "");
}

TEST(ServerAccount, KerberosComesBesideNtlmOrAlone) {
  ServerOptions both = Ntlm("u", "p");
  both.kerberos_principal = "u@REALM";
  const auth::Credentials two = CredentialsOf(both);
  EXPECT_EQ(two.user, "u");
  EXPECT_NE(two.kerberos, nullptr);
  EXPECT_EQ(both.password, "");
  ServerOptions keytab{.host = "host", .keytab = "file"};
  const auth::Credentials one = CredentialsOf(keytab);
  EXPECT_EQ(one.user, "");
  EXPECT_NE(one.kerberos, nullptr);
}

TEST(ServerAccount, NamesTheServerByItsHostOrByTheOption) {
  EXPECT_EQ(SpnOf({}, "server1.example"), "RPCSS/server1.example");
  EXPECT_EQ(SpnOf({.spn = "host/other"}, "10.0.0.1"), "host/other");
}

TEST(ServerAccount, OnlyTheAccountThatCallsMayCallBackUnlessToldOtherwise) {
  EXPECT_EQ(CallerOf(Ntlm("u", "p")).Name(), "D\\u");
  EXPECT_EQ(CallerOf({.kerberos_principal = "u@REALM"}).Name(), "REALM\\u");
  EXPECT_EQ(CallerOf({.kerberos_principal = "u@b@REALM"}).Name(), "REALM\\u@b");
  EXPECT_EQ(CallerOf({.kerberos_principal = "u"}).Name(), "u");
  ServerOptions told = Ntlm("u", "p");
  told.callback_account = "REALM\\RPCSS/host";
  EXPECT_EQ(CallerOf(told).user, "RPCSS/host");
  EXPECT_EQ(CallerOf(told).domain, "REALM");
  told.callback_account = "plain";
  EXPECT_EQ(CallerOf(told).Name(), "plain");
}

TEST(ServerAccount, OneAccountMayServeSeveralServersWithOnePassword) {
  const auto same = CallbackAccounts({Ntlm("u", "p"), Ntlm("U", "p"), {.keytab = "file"}});
  ASSERT_OK(same);
  EXPECT_EQ((*same)->size(), 1u);
  EXPECT_THAT(CallbackAccounts({Ntlm("u", "p"), Ntlm("u", "q")}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace ipam::bridge
