// Makes security contexts: the one place that the layers above need besides security_context.h.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/auth/logon_guard.h"
#include "dcom_bridge/auth/random.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/clock.h"

namespace ipam::auth {

class KerberosClient;
class KerberosKeys;

// Who we are when we call: an account for NTLM, one for Kerberos, or both.
struct Credentials {
  std::string domain;
  std::string user;  // empty: no NTLM
  NtHash nt_hash;
  std::string workstation;                             // our NetBIOS name, told to the acceptor; may be empty
  std::shared_ptr<KerberosClient> kerberos = nullptr;  // null: no Kerberos
};

// How an acceptor names itself in its NTLM challenge ([MS-NLMP] 2.2.2.1).
struct ServerNames {
  std::string netbios_computer;  // "GATEWAY1"
  std::string netbios_domain;    // "CONTOSO"
  std::string dns_computer;      // "gateway1.contoso.example"; may be empty
  std::string dns_domain;        // "contoso.example"; may be empty

  // From a host name: "gateway1.contoso.example" gives all four. `netbios_domain`, where given, comes before
  // the one made of the DNS domain; without either, WORKGROUP.
  static ServerNames FromHostName(std::string_view host_name, std::string_view netbios_domain = "");
};

// kNtlm, kKerberos, and kSpnego with what the credentials have, Kerberos first; else kUnimplemented.
// kInvalidArgument: credentials of another kind. `target_spn` ("RPCSS/server") may be empty for NTLM. The clock
// and the random source live longer than the context. One thread.
absl::StatusOr<std::unique_ptr<SecurityContext>> NewInitiator(AuthType type, const Credentials& credentials,
                                                              std::string_view target_spn, base::Clock& clock,
                                                              RandomSource& random);

struct AcceptorConfig;

// Makes acceptors that share an account file and a keytab, either of which may be missing. One thread; the contexts too. Contexts may outlive the
// factory.
class AcceptorFactory {
 public:
  struct Options {
    // Contexts alive at one time: beyond it kResourceExhausted. Each holds a few KiB. Two for each connection that a
    // listener takes (rpc::ServerLimits::max_connections).
    std::size_t max_contexts = 16'384;
    // Between the response's time and ours, both ways ([MS-NLMP] 3.1.1.1 MaxLifetime; Windows: 36 hours).
    absl::Duration max_time_skew = absl::Hours(36);
    // Kerberos is served with these; null: it is not.
    std::shared_ptr<const KerberosKeys> kerberos = nullptr;
    LogonGuardOptions guard = {};
  };

  AcceptorFactory(std::shared_ptr<const AccountFile> accounts, ServerNames names, Options options,
                  base::Clock& clock, RandomSource& random);

  // One of types(), else kUnimplemented. `peer_address` is where the client comes from, "10.0.0.7".
  absl::StatusOr<std::unique_ptr<SecurityContext>> NewAcceptor(AuthType type, std::string_view peer_address);

  // What is served, the preferred one first: NTLM where there are accounts, Kerberos where there are keys.
  std::vector<AuthType> types() const;
  // Failed logons; its counts for any thread.
  const LogonGuard& guard() const;

 private:
  bool ServesNtlm() const;

  std::shared_ptr<const AcceptorConfig> config_;
  std::shared_ptr<const KerberosKeys> kerberos_;
  std::size_t max_contexts_;
  std::shared_ptr<std::size_t> live_;
};

}  // namespace ipam::auth
