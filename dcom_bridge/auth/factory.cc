#include "dcom_bridge/auth/factory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/kerberos_context.h"
#include "dcom_bridge/auth/ntlm_context.h"
#include "dcom_bridge/auth/spnego_context.h"

namespace ipam::auth {
namespace {

// NetBIOS names have 15 characters at most and no small letters.
std::string NetbiosName(std::string_view label) {
  return absl::AsciiStrToUpper(std::string(label.substr(0, 15)));
}

absl::Status NotServed(AuthType type) {
  return absl::UnimplementedError(
      absl::StrCat("authentication type ", static_cast<int>(type), " is not served here"));
}

}  // namespace

ServerNames ServerNames::FromHostName(std::string_view host_name, std::string_view netbios_domain) {
  const std::size_t dot = host_name.find('.');
  const std::string_view computer = host_name.substr(0, dot);
  const std::string_view domain =
      dot == std::string_view::npos ? std::string_view() : host_name.substr(dot + 1);
  ServerNames out;
  out.netbios_computer = computer.empty() ? "LOCALHOST" : NetbiosName(computer);
  out.netbios_domain = !netbios_domain.empty() ? std::string(netbios_domain)
                       : !domain.empty()       ? NetbiosName(domain.substr(0, domain.find('.')))
                                               : "WORKGROUP";
  out.dns_computer = host_name;
  out.dns_domain = domain;
  return out;
}

absl::StatusOr<std::unique_ptr<SecurityContext>> NewInitiator(AuthType type, const Credentials& credentials,
                                                              std::string_view target_spn, base::Clock& clock,
                                                              RandomSource& random) {
  if (type != AuthType::kNtlm && type != AuthType::kKerberos && type != AuthType::kSpnego)
    return NotServed(type);
  std::vector<NegotiableMechanism> mechanisms;
  if (credentials.kerberos != nullptr && type != AuthType::kNtlm) {
    if (target_spn.empty()) return absl::InvalidArgumentError("Kerberos needs the name of the server");
    mechanisms.push_back(
        {kKerberosOid, std::make_unique<KerberosInitiator>(credentials.kerberos, target_spn)});
  }
  if (!credentials.user.empty() && type != AuthType::kKerberos) {
    mechanisms.push_back({kNtlmOid, std::make_unique<NtlmInitiator>(credentials, target_spn, clock, random)});
  }
  if (mechanisms.empty()) {
    return absl::InvalidArgumentError(type == AuthType::kKerberos ? "no credentials for Kerberos"
                                                                  : "credentials without a user name");
  }
  if (type != AuthType::kSpnego) return std::move(mechanisms.front().mechanism);
  return std::make_unique<SpnegoInitiator>(std::move(mechanisms));
}

AcceptorFactory::AcceptorFactory(std::shared_ptr<const AccountFile> accounts, ServerNames names,
                                 Options options, base::Clock& clock, RandomSource& random)
    : config_(std::make_shared<const AcceptorConfig>(AcceptorConfig{
          .accounts = std::move(accounts),
          .names = std::move(names),
          .max_time_skew = options.max_time_skew,
          .clock = &clock,
          .random = &random,
          .guard = std::make_shared<LogonGuard>(std::move(options.guard), clock),
      })),
      kerberos_(std::move(options.kerberos)),
      max_contexts_(options.max_contexts),
      live_(std::make_shared<std::size_t>(0)) {}

std::vector<AuthType> AcceptorFactory::types() const {
  std::vector<AuthType> types = {AuthType::kSpnego};
  if (kerberos_ != nullptr) types.push_back(AuthType::kKerberos);
  if (ServesNtlm()) types.push_back(AuthType::kNtlm);
  return types;
}

const LogonGuard& AcceptorFactory::guard() const { return *config_->guard; }

bool AcceptorFactory::ServesNtlm() const {
  // Without any key and any account NTLM is there all the same, and refuses everybody.
  return kerberos_ == nullptr || config_->accounts->size() > 0;
}

absl::StatusOr<std::unique_ptr<SecurityContext>> AcceptorFactory::NewAcceptor(AuthType type,
                                                                              std::string_view peer_address) {
  const std::vector<AuthType> served = types();
  if (std::find(served.begin(), served.end(), type) == served.end()) return NotServed(type);
  if (*live_ >= max_contexts_) {
    return absl::ResourceExhaustedError(absl::StrCat("all ", max_contexts_, " security contexts are in use"));
  }
  ++*live_;
  std::shared_ptr<void> slot(nullptr, [live = live_](void*) { --*live; });
  std::vector<NegotiableMechanism> mechanisms;
  if (kerberos_ != nullptr && type != AuthType::kNtlm)
    mechanisms.push_back({kKerberosOid, std::make_unique<KerberosAcceptor>(kerberos_, slot)});
  if (ServesNtlm() && type != AuthType::kKerberos)
    mechanisms.push_back({kNtlmOid, std::make_unique<NtlmAcceptor>(config_, peer_address, slot)});
  if (type != AuthType::kSpnego) return std::move(mechanisms.front().mechanism);
  return std::make_unique<SpnegoAcceptor>(std::move(mechanisms));
}

}  // namespace ipam::auth
