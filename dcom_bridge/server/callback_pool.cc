#include "dcom_bridge/server/callback_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::server {

CallbackPool::CallbackPool(net::Loop& loop, CallbackOptions options,
                           std::shared_ptr<const auth::AccountFile> accounts, base::Clock& clock)
    : loop_(loop), options_(std::move(options)), accounts_(std::move(accounts)), clock_(clock) {}
CallbackPool::~CallbackPool() {
  handle_.reset();  // calls that are dropped with the clients may hold callbacks
}

std::string CallbackPool::KeyOf(const auth::Principal& activator) const {
  if (options_.kerberos != nullptr) return "Kerberos";
  return options_.account.empty() ? activator.Name() : options_.account;
}

absl::StatusOr<auth::Credentials> CallbackPool::CredentialsOf(const std::string& account) const {
  if (options_.kerberos != nullptr) return auth::Credentials{.kerberos = options_.kerberos};
  const std::size_t slash = account.find('\\');
  const std::string domain = slash == std::string::npos ? "" : account.substr(0, slash);
  const std::string user = slash == std::string::npos ? account : account.substr(slash + 1);
  const auth::Account* found = accounts_->Find(domain, user);
  if (!found) return absl::NotFoundError(absl::StrCat("no account '", account, "' to call back as"));
  return auth::Credentials{found->domain, found->user, found->nt_hash};
}

absl::StatusOr<net::DcomClient*> CallbackPool::ClientFor(const auth::Principal& activator) {
  const std::string key = KeyOf(activator);
  if (const auto it = by_account_.find(key); it != by_account_.end()) return it->second->dcom.get();
  IPAM_ASSIGN_OR_RETURN(const auth::Credentials credentials, CredentialsOf(key));
  auto account = std::make_unique<Account>();
  account->rpc = std::make_unique<net::RpcClient>(
      loop_, net::RpcClientOptions{.level = options_.level, .statistics = options_.statistics},
      [this, credentials](const net::Endpoint& endpoint, const std::string& principal) {
        // [MS-DCOM] 3.2.4.2
        std::string spn = options_.spn.empty() ? principal : options_.spn;
        if (spn.empty()) spn = "RPCSS/" + endpoint.host;
        return auth::NewInitiator(auth::AuthType::kSpnego, credentials, spn, clock_, random_);
      });
  account->dcom = std::make_unique<net::DcomClient>(
      loop_, *account->rpc, steady_,
      net::DcomClientOptions{.call_timeout = options_.call_timeout,
                             .resolver_fallback = options_.resolver_fallback});
  net::DcomClient* dcom = account->dcom.get();
  by_account_.emplace(key, std::move(account));
  return dcom;
}

void CallbackPool::BeginOpen(const auth::Principal& activator) {
  ++by_account_.at(KeyOf(activator))->opening;
}

void CallbackPool::EndOpen(const auth::Principal& activator) {
  Account& account = *by_account_.at(KeyOf(activator));
  --account.opening;
  CloseUnused(account);
}

void CallbackPool::Hold(const auth::Principal& activator, const net::RemoteInterface& callback) {
  ++by_account_.at(KeyOf(activator))->held[callback.exporter];
}

void CallbackPool::Release(const auth::Principal& activator, const net::RemoteInterface& callback) {
  Account* account = by_account_.at(KeyOf(activator)).get();
  account->dcom->Release(callback, [account, endpoint = callback.exporter] {
    const auto it = account->held.find(endpoint);
    if (it == account->held.end() || --it->second > 0) return;
    account->held.erase(it);
    account->unused.insert(endpoint);
    CloseUnused(*account);
  });
}

void CallbackPool::CloseUnused(Account& account) {
  if (account.opening > 0) return;
  for (const net::Endpoint& endpoint : std::exchange(account.unused, {})) {
    if (account.held.contains(endpoint)) continue;
    account.rpc->Drop(endpoint, absl::CancelledError("no callback is held over it"));
  }
}

}  // namespace ipam::server
