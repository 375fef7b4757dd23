// One security context driven by lines on stdin, for tests in other languages:
//
//   auth_peer acceptor|initiator ntlm|spnego|kerberos DOMAIN USER PASSWORD [KEYTAB]
//
//   step HEX                                ->  token HEX more|complete PEER
//   protect integrity|privacy PDU AT SIZE   ->  pdu HEX AUTH_VALUE
//   unprotect LEVEL PDU AT SIZE AUTH_VALUE  ->  pdu HEX
//   anything that fails                     ->  error CODE MESSAGE
//
// protect_body and unprotect_body: without header signing. "-" stands for nothing. AT and SIZE tell where the body lies in the PDU.
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/kerberos_keys.h"

namespace {

using ipam::base::Bytes;
using namespace ipam::auth;

Bytes FromHex(const std::string& text) {
  if (text == "-") return {};
  const std::string raw = absl::HexStringToBytes(text);
  return Bytes(raw.begin(), raw.end());
}

std::string ToHex(const Bytes& bytes) {
  if (bytes.empty()) return "-";
  return absl::BytesToHexString(std::string(bytes.begin(), bytes.end()));
}

std::string Error(const absl::Status& status) {
  return absl::StrCat("error ", absl::StatusCodeToString(status.code()), " ", status.message());
}

std::string Step(SecurityContext& context, std::istream& args) {
  std::string token;
  args >> token;
  const absl::StatusOr<Token> out = context.Step(FromHex(token));
  if (!out.ok()) return Error(out.status());
  const std::string peer = context.peer() ? context.peer()->Name() : "-";
  return absl::StrCat("token ", ToHex(out->bytes), out->complete ? " complete " : " more ", peer);
}

std::string Apply(SecurityContext& context, bool protect, bool header_signing, std::istream& args) {
  std::string level_name, pdu_hex, auth_value_hex = "-";
  std::size_t at = 0, size = 0;
  args >> level_name >> pdu_hex >> at >> size >> auth_value_hex;
  const AuthLevel level = level_name == "privacy" ? AuthLevel::kPrivacy : AuthLevel::kIntegrity;
  Bytes pdu = FromHex(pdu_hex);
  if (protect) {
    const absl::StatusOr<Bytes> auth_value = context.Protect(level, pdu, at, size, header_signing);
    if (!auth_value.ok()) return Error(auth_value.status());
    return absl::StrCat("pdu ", ToHex(pdu), " ", ToHex(*auth_value));
  }
  const absl::Status verdict =
      context.Unprotect(level, pdu, at, size, FromHex(auth_value_hex), header_signing);
  return verdict.ok() ? absl::StrCat("pdu ", ToHex(pdu)) : Error(verdict);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 && argc != 7) {
    std::cerr << "usage: auth_peer acceptor|initiator ntlm|spnego|kerberos DOMAIN USER PASSWORD [KEYTAB]\n";
    return 2;
  }
  const std::string role = argv[1], domain = argv[3], user = argv[4];
  const std::string kind = argv[2];
  const AuthType type = kind == "ntlm"       ? AuthType::kNtlm
                        : kind == "kerberos" ? AuthType::kKerberos
                                             : AuthType::kSpnego;
  std::shared_ptr<const KerberosKeys> keys;
  if (argc == 7) {
    auto loaded = KerberosKeys::Load(argv[6]);
    if (!loaded.ok()) {
      std::cerr << loaded.status() << "\n";
      return 2;
    }
    keys = *std::move(loaded);
  }
  const NtHash nt_hash = NtHash::OfPassword(argv[5]);
  ipam::base::SystemClock clock;
  SystemRandom random;

  absl::StatusOr<std::unique_ptr<SecurityContext>> context;
  if (role == "acceptor") {
    absl::StatusOr<AccountFile> accounts =
        AccountFile::Parse(absl::StrCat(domain, "\\", user, ":", nt_hash.ToHex()), "argv");
    if (!accounts.ok()) {
      std::cerr << accounts.status() << "\n";
      return 2;
    }
    AcceptorFactory factory(std::make_shared<const AccountFile>(*std::move(accounts)),
                            ServerNames::FromHostName("server1.contoso.example"), {.kerberos = keys}, clock,
                            random);
    context = factory.NewAcceptor(type, "127.0.0.1");
  } else {
    Credentials credentials;
    credentials.domain = domain;
    credentials.user = user;
    credentials.nt_hash = nt_hash;
    credentials.workstation = "CLIENT1";
    context = NewInitiator(type, credentials, "RPCSS/server1", clock, random);
  }

  std::string line;
  while (context.ok() && std::getline(std::cin, line)) {
    std::istringstream args(line);
    std::string command;
    args >> command;
    std::cout << (command == "step"
                      ? Step(**context, args)
                      : Apply(**context, command.starts_with("protect"), !command.ends_with("_body"), args))
              << std::endl;
  }
  return context.ok() ? 0 : 2;
}
