// Our Kerberos on both sides against a real KDC: run in the realm of tests/support/kdc.py, whose names these
// are.
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/der.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/kerberos_client.h"
#include "dcom_bridge/auth/kerberos_context.h"
#include "dcom_bridge/auth/kerberos_keys.h"
#include "dcom_bridge/auth/spnego_token.h"
#include "tests/support/matchers.h"
#include "tests/unit/auth/peers.h"

namespace ipam::auth {
namespace {

using test_support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kSpn[] = "RPCSS/server1.contoso.example";
constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;

std::string File(std::string_view name) { return absl::StrCat(getenv("KDC_DIR"), "/", std::string(name)); }

std::shared_ptr<KerberosClient> Client(KerberosLogin login) {
  return std::make_shared<KerberosClient>(std::move(login));
}
std::shared_ptr<KerberosClient> AliceByPassword(std::string password = "Pa55word") {
  return Client({.principal = "alice@CONTOSO.EXAMPLE", .password = std::move(password)});
}
std::shared_ptr<KerberosClient> ByCache(std::string_view name) {
  return Client({.ccache = absl::StrCat("FILE:", File(std::string(name) + ".ccache"))});
}

int CountInLog(std::string_view what) {
  std::ifstream log(File("kdc.log"));
  int count = 0;
  for (std::string line; std::getline(log, line);) {
    if (absl::StrContains(line, std::string(what))) ++count;
  }
  return count;
}

struct Realm : World {
  explicit Realm(std::string_view keytab = "service",
                 std::shared_ptr<const AccountFile> accounts = Accounts())
      : factory(std::move(accounts), ServerNames::FromHostName("server1.contoso.example"),
                {.kerberos = Keys(keytab), .guard = {.account_failures = 0}}, clock, random) {}

  static std::shared_ptr<const KerberosKeys> Keys(std::string_view keytab) {
    auto keys = KerberosKeys::Load(File(std::string(keytab) + ".keytab"));
    EXPECT_OK(keys);
    return keys.ok() ? *keys : nullptr;
  }
  std::unique_ptr<SecurityContext> Initiator(AuthType type, std::shared_ptr<KerberosClient> client,
                                             std::string_view spn = kSpn, Credentials credentials = {}) {
    credentials.kerberos = std::move(client);
    auto out = NewInitiator(type, credentials, spn, clock, random);
    EXPECT_OK(out);
    return *std::move(out);
  }
  std::unique_ptr<SecurityContext> Acceptor(AuthType type) { return *factory.NewAcceptor(type, "10.0.0.7"); }

  absl::Status LogOn(std::shared_ptr<KerberosClient> client, std::string_view spn = kSpn) {
    return Handshake(*Initiator(AuthType::kKerberos, std::move(client), spn), *Acceptor(AuthType::kKerberos));
  }

  AcceptorFactory factory;
};

void ExpectProtection(SecurityContext& initiator, SecurityContext& acceptor) {
  for (const AuthLevel level :
       {AuthLevel::kCall, AuthLevel::kPacket, AuthLevel::kIntegrity, AuthLevel::kPrivacy}) {
    for (const bool header_signing : {true, false}) {
      for (const bool up : {true, false, true}) {
        for (const std::string body : {"", "sixteen octets!!", "sixteen octets!!sixteen octets!!"}) {
          Pdu pdu(body);
          const base::Bytes plain = pdu.bytes;
          SecurityContext& from = up ? initiator : acceptor;
          auto value = from.Protect(level, pdu.bytes, Pdu::kHeader, pdu.body_size(), header_signing);
          ASSERT_OK(value);
          EXPECT_EQ(value->size(), from.SignatureSize(level));
          EXPECT_EQ(pdu.body() == body, level != AuthLevel::kPrivacy || body.empty());
          ASSERT_OK((up ? acceptor : initiator)
                        .Unprotect(level, pdu.bytes, Pdu::kHeader, pdu.body_size(), *value, header_signing));
          EXPECT_EQ(pdu.bytes, plain);
        }
      }
    }
  }
}

class Kerberos : public ::testing::TestWithParam<AuthType> {};

TEST_P(Kerberos, LogsOnAndProtectsAtEveryLevel) {
  Realm realm;
  const auto initiator = realm.Initiator(GetParam(), AliceByPassword());
  const auto acceptor = realm.Acceptor(GetParam());
  ASSERT_OK(Handshake(*initiator, *acceptor));
  ASSERT_TRUE(acceptor->peer().has_value());
  EXPECT_EQ(acceptor->peer()->user, "alice");
  EXPECT_EQ(acceptor->peer()->domain, "CONTOSO.EXAMPLE");
  EXPECT_EQ(acceptor->type(), GetParam());
  EXPECT_EQ(initiator->SignatureSize(AuthLevel::kConnect), 0u);
  ExpectProtection(*initiator, *acceptor);
}

TEST_P(Kerberos, TakesTicketsFromKeytabAndCache) {
  for (const auto& client : {Client({.principal = "alice", .keytab = File("alice.keytab")}),
                             Client({.keytab = File("alice.keytab")}), ByCache("alice")}) {
    Realm realm;
    const auto acceptor = realm.Acceptor(GetParam());
    ASSERT_OK(Handshake(*realm.Initiator(GetParam(), client), *acceptor));
    EXPECT_EQ(acceptor->peer()->Name(), "CONTOSO.EXAMPLE\\alice");
  }
}

TEST_P(Kerberos, NoticesEveryChangedOctetOfAPdu) {
  Realm realm;
  for (const AuthLevel level : {AuthLevel::kIntegrity, AuthLevel::kPrivacy}) {
    for (std::size_t at = 0; at < 56; at += 5) {
      const auto initiator = realm.Initiator(GetParam(), ByCache("alice"));
      const auto acceptor = realm.Acceptor(GetParam());
      ASSERT_OK(Handshake(*initiator, *acceptor));
      Pdu pdu("sixteen octets!!sixteen octets!!");
      ASSERT_OK(pdu.Protect(*initiator, level));
      pdu.bytes[at] ^= 0x20;
      EXPECT_THAT(pdu.Unprotect(*acceptor, level), StatusIs(kUnauthenticated)) << at;
      EXPECT_EQ(acceptor->peer(), std::nullopt);
      EXPECT_FALSE(acceptor->Step({}).ok());
    }
  }
}

TEST_P(Kerberos, NoticesWhatIsRepeatedLeftOutOrWeaker) {
  Realm realm;
  const auto pair = [&] {
    auto initiator = realm.Initiator(GetParam(), ByCache("alice"));
    auto acceptor = realm.Acceptor(GetParam());
    EXPECT_OK(Handshake(*initiator, *acceptor));
    return std::pair(std::move(initiator), std::move(acceptor));
  };
  for (const AuthLevel level : {AuthLevel::kIntegrity, AuthLevel::kPrivacy}) {
    Pdu first("sixteen octets!!"), second("sixteen octets!!");
    auto [initiator, acceptor] = pair();
    ASSERT_OK(first.Protect(*initiator, level));
    Pdu again = first;
    EXPECT_OK(first.Unprotect(*acceptor, level));
    EXPECT_THAT(again.Unprotect(*acceptor, level), StatusIs(kUnauthenticated));

    auto [sender, receiver] = pair();
    ASSERT_OK(first.Protect(*sender, level));
    ASSERT_OK(second.Protect(*sender, level));
    EXPECT_THAT(second.Unprotect(*receiver, level), StatusIs(kUnauthenticated));
  }
  // Signed only, where it had to be sealed.
  auto [initiator, acceptor] = pair();
  Pdu pdu("sixteen octets!!");
  ASSERT_OK(pdu.Protect(*initiator, AuthLevel::kIntegrity));
  EXPECT_THAT(pdu.Unprotect(*acceptor, AuthLevel::kPrivacy), StatusIs(kUnauthenticated));
}

TEST_P(Kerberos, RefusesTruncatedAndChangedTokens) {
  Realm realm;
  const auto initiator = realm.Initiator(GetParam(), ByCache("alice"));
  const base::Bytes first = initiator->Step({})->bytes;
  for (std::size_t size = 0; size < first.size(); size += 37) {
    const base::ByteView cut = base::ByteView(first).first(size);
    EXPECT_FALSE(realm.Acceptor(GetParam())->Step(cut).ok()) << size;
    base::Bytes changed = first;
    changed[first.size() - 1 - size] ^= 1;
    const auto acceptor = realm.Acceptor(GetParam());
    acceptor->Step(changed).IgnoreError();
    EXPECT_EQ(acceptor->peer(), std::nullopt) << size;
  }
}

TEST_P(Kerberos, NeedsTheThirdToken) {
  Realm realm;
  const auto initiator = realm.Initiator(GetParam(), ByCache("alice"));
  const auto acceptor = realm.Acceptor(GetParam());
  const base::Bytes first = initiator->Step({})->bytes;
  const auto answer = acceptor->Step(first);
  ASSERT_OK(answer);
  EXPECT_FALSE(answer->complete);
  EXPECT_EQ(acceptor->peer(), std::nullopt);
  EXPECT_FALSE(Pdu("sixteen octets!!").Protect(*acceptor, AuthLevel::kPrivacy).ok());
  EXPECT_FALSE(acceptor->Step(first).ok());  // who has heard the first token has not the third
}
INSTANTIATE_TEST_SUITE_P(Types, Kerberos, ::testing::Values(AuthType::kKerberos, AuthType::kSpnego),
                         [](const auto& type) {
                           return type.param == AuthType::kKerberos ? "Raw" : "Spnego";
                         });

TEST(KerberosProblems, NameWhatIsWrongAndWhatToChange) {
  Realm realm;
  EXPECT_THAT(realm.LogOn(AliceByPassword("wrong")),
              StatusIs(kUnauthenticated, AllOf(HasSubstr("the logon of alice@CONTOSO.EXAMPLE"),
                                               HasSubstr("the password is wrong"))));
  EXPECT_THAT(realm.LogOn(AliceByPassword(), "RPCSS/10.0.0.1"),
              StatusIs(kUnauthenticated,
                       AllOf(HasSubstr("a ticket for RPCSS/10.0.0.1"), HasSubstr("set the target SPN"))));
  EXPECT_THAT(realm.LogOn(Client({.principal = "nobody@CONTOSO.EXAMPLE", .password = "x"})),
              StatusIs(kUnauthenticated, HasSubstr("no such account")));
  EXPECT_THAT(realm.LogOn(Client({.principal = "alice@NOWHERE.EXAMPLE", .password = "x"})),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("check the realm and its KDC")));
  EXPECT_THAT(realm.LogOn(ByCache("none")), StatusIs(kUnauthenticated, HasSubstr("log on again (kinit)")));
  EXPECT_THAT(realm.LogOn(Client({.keytab = File("none.keytab")})),
              StatusIs(kUnauthenticated, HasSubstr("none.keytab")));
  EXPECT_THAT(realm.LogOn(ByCache("early")),
              StatusIs(kUnauthenticated, HasSubstr("set both by the same time")));
}

TEST(KerberosProblems, AnExpiredCacheSaysSo) {
  sleep(2);  // the ticket lives for one second
  Realm realm;
  EXPECT_THAT(realm.LogOn(ByCache("short")),
              StatusIs(kUnauthenticated, AllOf(HasSubstr("xpired"), HasSubstr("configure a keytab"))));
}

TEST(KerberosProblems, AKeytabWithoutTheKeySaysSo) {
  Realm stale("old");
  EXPECT_THAT(stale.LogOn(AliceByPassword(), "RPCSS/old.server1.contoso.example"),
              StatusIs(kUnauthenticated, HasSubstr("export it again")));
  EXPECT_THAT(stale.LogOn(AliceByPassword()), StatusIs(kUnauthenticated, HasSubstr("export it again")));
}

TEST(KerberosKeys, TellsItsServicesAndRefusesWhatIsNoKeytab) {
  const auto keys = KerberosKeys::Load(absl::StrCat("FILE:", File("service.keytab")));
  ASSERT_OK(keys);
  EXPECT_THAT((*keys)->principals(), ::testing::ElementsAre("RPCSS/server1.contoso.example@CONTOSO.EXAMPLE"));
  EXPECT_EQ((*keys)->warning(), "");
  EXPECT_THAT(KerberosKeys::Load(File("none.keytab")), StatusIs(kUnauthenticated, HasSubstr("none.keytab")));
  EXPECT_FALSE(KerberosKeys::Load(File("kdc.log")).ok());
}

// One in the background, whose result is taken when `ready` was called.
absl::Status LogOnInBackground(Realm& realm, const std::shared_ptr<KerberosClient>& client) {
  const auto initiator = realm.Initiator(AuthType::kSpnego, client);
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<std::thread::id> ready;
  initiator->Prepare([&] {
    const std::lock_guard lock(mutex);
    ready = std::this_thread::get_id();
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ready.has_value(); });
  EXPECT_NE(*ready, std::this_thread::get_id());
  return Handshake(*initiator, *realm.Acceptor(AuthType::kSpnego));
}

TEST(KerberosClient, AsksTheKdcOnItsOwnThreadAndKeepsItsTicket) {
  Realm realm;
  const auto client = AliceByPassword();
  const int before = CountInLog("ISSUE: authtime");
  for (int i = 0; i < 3; ++i) ASSERT_OK(LogOnInBackground(realm, client));
  EXPECT_EQ(CountInLog("ISSUE: authtime") - before, 2);  // one of the account, one for the service
}

TEST(KerberosClient, RenewsBeforeTheEnd) {
  Realm realm;
  const auto hasty = Client({.keytab = File("hasty.keytab")});  // its tickets live for eight seconds
  const std::string line = "hasty@CONTOSO.EXAMPLE for krbtgt/CONTOSO.EXAMPLE@CONTOSO.EXAMPLE";
  const auto initiator = realm.Initiator(AuthType::kKerberos, hasty);
  const auto acceptor = realm.Acceptor(AuthType::kKerberos);
  ASSERT_OK(Handshake(*initiator, *acceptor));
  const int once = CountInLog("ISSUE: authtime");
  sleep(7);
  ASSERT_OK(LogOnInBackground(realm, hasty));
  EXPECT_GT(CountInLog("ISSUE: authtime"), once);
  EXPECT_GE(CountInLog(line), 2);
  // A connection outlives the ticket that it began with, as with Windows: who may call was decided then.
  sleep(3);
  ExpectProtection(*initiator, *acceptor);
}

TEST(KerberosClient, MayGoWhileALogonIsUnderWay) {
  Realm realm;
  std::unique_ptr<SecurityContext> initiator;
  {
    const auto client = Client({.principal = "alice@NOWHERE.EXAMPLE", .password = "x"});
    initiator = realm.Initiator(AuthType::kKerberos, client);
  }
  initiator->Prepare([] {});
  initiator.reset();
}

TEST(SpnegoChoice, KerberosComesFirstAndNtlmWhereTheServerHasNoKeys) {
  Realm realm;
  const auto acceptor = realm.Acceptor(AuthType::kSpnego);
  ASSERT_OK(Handshake(*realm.Initiator(AuthType::kSpnego, AliceByPassword(), kSpn, Alice()), *acceptor));
  EXPECT_EQ(acceptor->peer()->Name(), "CONTOSO.EXAMPLE\\alice");

  World ntlm_only;
  const auto other = ntlm_only.Acceptor(AuthType::kSpnego);
  const auto initiator = realm.Initiator(AuthType::kSpnego, AliceByPassword(), kSpn, Alice());
  ASSERT_OK(Handshake(*initiator, *other));
  EXPECT_EQ(other->peer()->Name(), "Contoso\\alice");
  ExpectProtection(*initiator, *other);
}

TEST(SpnegoChoice, NtlmWhereThereIsNoTicketAndTheReasonWhereThatFailsToo) {
  Realm realm;
  const auto acceptor = realm.Acceptor(AuthType::kSpnego);
  ASSERT_OK(
      Handshake(*realm.Initiator(AuthType::kSpnego, AliceByPassword("wrong"), kSpn, Alice()), *acceptor));
  EXPECT_EQ(acceptor->peer()->Name(), "Contoso\\alice");

  const auto initiator = realm.Initiator(AuthType::kSpnego, AliceByPassword("wrong"), kSpn, Alice());
  ASSERT_OK(initiator->Step({}));
  NegTokenResp garbage;
  garbage.supported_mech = kNtlmOid;
  garbage.response_token = base::Bytes{1};
  EXPECT_THAT(initiator->Step(garbage.Encode()).status().message(), HasSubstr("the password is wrong"));
}

TEST(SpnegoChoice, WithoutAccountsOnlyKerberosIsServed) {
  Realm realm("service", std::make_shared<const AccountFile>());
  EXPECT_THAT(realm.factory.types(), ::testing::ElementsAre(AuthType::kSpnego, AuthType::kKerberos));
  EXPECT_FALSE(
      Handshake(*realm.World::Initiator(AuthType::kSpnego), *realm.Acceptor(AuthType::kSpnego)).ok());
  EXPECT_THAT(realm.factory.NewAcceptor(AuthType::kNtlm, ""), StatusIs(absl::StatusCode::kUnimplemented));
}

// Somebody on the way takes Kerberos out of the offer, so that a password could be guessed from NTLM.
TEST(SpnegoChoice, FindsADowngrade) {
  Realm realm;
  const auto initiator = realm.Initiator(AuthType::kSpnego, AliceByPassword(), kSpn, Alice());
  const auto acceptor = realm.Acceptor(AuthType::kSpnego);
  NegTokenInit init = *NegTokenInit::Decode(initiator->Step({})->bytes);
  ASSERT_EQ(init.mech_types.size(), 2u);
  ASSERT_EQ(init.mech_types.front(), kKerberosOid);
  init.mech_types.erase(init.mech_types.begin());
  init.mech_token.reset();
  base::Bytes to_initiator = acceptor->Step(init.Encode())->bytes;
  const auto negotiate = initiator->Step(to_initiator);
  ASSERT_OK(negotiate);
  const auto challenge = acceptor->Step(negotiate->bytes);
  ASSERT_OK(challenge);
  const auto last = initiator->Step(challenge->bytes);
  ASSERT_OK(last);
  EXPECT_THAT(acceptor->Step(last->bytes), StatusIs(kUnauthenticated, HasSubstr("mechListMIC is wrong")));
}

// As clients of Windows offer it.
TEST(SpnegoChoice, AnswersTheOldIdentifierWithTheOldIdentifier) {
  Realm realm;
  const auto kerberos = realm.Initiator(AuthType::kKerberos, ByCache("alice"));
  NegTokenInit init{{kMsKerberosOid, kKerberosOid, kNtlmOid}, {}, kerberos->Step({})->bytes};
  const auto acceptor = realm.Acceptor(AuthType::kSpnego);
  const NegTokenResp answer = *NegTokenResp::Decode(acceptor->Step(init.Encode())->bytes);
  EXPECT_EQ(answer.supported_mech, kMsKerberosOid);
  EXPECT_EQ(answer.state, NegState::kAcceptIncomplete);
  NegTokenResp last;
  last.response_token = kerberos->Step(*answer.response_token)->bytes;
  ASSERT_OK(acceptor->Step(last.Encode()));
  EXPECT_EQ(acceptor->peer()->Name(), "CONTOSO.EXAMPLE\\alice");
}

// As impacket sends it: framed, although DCE style has no framing.
TEST(KerberosAcceptor, TakesAFramedFirstToken) {
  Realm realm;
  for (const bool good : {true, false}) {
    const auto initiator = realm.Initiator(AuthType::kKerberos, ByCache("alice"));
    const auto acceptor = realm.Acceptor(AuthType::kKerberos);
    const base::Bytes first = initiator->Step({})->bytes;
    const base::Bytes oid = DerElement(der::kObjectIdentifier, {good ? kKerberosOid : kNtlmOid});
    const absl::StatusOr<Token> answer =
        acceptor->Step(DerElement(der::kApplication0, {oid, base::Bytes{0x01, 0x00}, first}));
    ASSERT_EQ(answer.ok(), good);
    if (!good) continue;
    ASSERT_OK(acceptor->Step(initiator->Step(answer->bytes)->bytes));
  }
}

TEST(Principals, AreParsedOrRefused) {
  const auto name = [](std::string_view text) {
    const absl::StatusOr<Principal> parsed = ParsePrincipal(text);
    return parsed.ok() ? parsed->Name() : "refused";
  };
  EXPECT_EQ(name("alice@CONTOSO.EXAMPLE"), "CONTOSO.EXAMPLE\\alice");
  EXPECT_EQ(name("RPCSS/host.example@REALM"), "REALM\\RPCSS/host.example");
  EXPECT_EQ(name("a\\@b.example@REALM"), "REALM\\a@b.example");
  for (const char* bad : {"", "alice", "@REALM", "alice@", "a@b@c", "a\\/b@REALM", "a\\\\b@REALM",
                          "a\nb@REALM", "a\\nb@REALM", "alice@REALM\\"}) {
    EXPECT_EQ(name(bad), "refused") << bad;
  }
}

}  // namespace
}  // namespace ipam::auth
