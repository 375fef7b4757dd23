// Ways back to the clients: one DCOM client for each account that activated, whose secret the account file
// has. A connection to a client's exporter is kept while one of its callbacks is held. Loop thread only.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/kerberos_client.h"
#include "dcom_bridge/auth/random.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/rpc_client.h"

namespace ipam::server {

struct CallbackOptions {
  auth::AuthLevel level = auth::AuthLevel::kPrivacy;
  // The account of every callback, "DOMAIN\user"; empty: the account that activated the session.
  std::string account;
  // Every callback by Kerberos with these tickets, whoever activated; null: by NTLM.
  std::shared_ptr<auth::KerberosClient> kerberos = nullptr;
  std::string spn;  // empty: as the client's bindings name it, else RPCSS/<host of the callback>
  bool resolver_fallback = false;  // as DcomClientOptions has it
  absl::Duration call_timeout = absl::Seconds(30);
  absl::Duration open_timeout = absl::Seconds(15);  // to resolve a callback and to reach it
  rpc::Statistics* statistics = nullptr;            // of the server; outlives the pool
};

class CallbackPool {
 public:
  CallbackPool(net::Loop& loop, CallbackOptions options, std::shared_ptr<const auth::AccountFile> accounts,
               base::Clock& clock);
  ~CallbackPool();

  // The client that calls back to `activator`. kNotFound: the account file does not have the account.
  absl::StatusOr<net::DcomClient*> ClientFor(const auth::Principal& activator);

  // Around the resolution of a callback, which uses connections that no callback is held over yet: none is
  // closed between the two. Hold() comes before EndOpen().
  void BeginOpen(const auth::Principal& activator);
  void EndOpen(const auth::Principal& activator);

  // Callbacks that are held, by the connection they use.
  void Hold(const auth::Principal& activator, const net::RemoteInterface& callback);
  // RemRelease, then the connection is closed if nothing else is held over it.
  void Release(const auth::Principal& activator, const net::RemoteInterface& callback);

  const CallbackOptions& options() const { return options_; }
  // For who may outlive the pool.
  std::weak_ptr<CallbackPool* const> handle() const { return handle_; }

 private:
  struct Account {
    std::unique_ptr<net::RpcClient> rpc;
    std::unique_ptr<net::DcomClient> dcom;
    std::map<net::Endpoint, int> held;  // callbacks
    std::set<net::Endpoint> unused;     // held over once, and to be closed
    int opening = 0;
  };
  static void CloseUnused(Account& account);
  std::string KeyOf(const auth::Principal& activator) const;
  absl::StatusOr<auth::Credentials> CredentialsOf(const std::string& account) const;

  net::Loop& loop_;
  const CallbackOptions options_;
  const std::shared_ptr<const auth::AccountFile> accounts_;
  base::Clock& clock_;
  base::SteadyClock steady_;  // of pings
  auth::SystemRandom random_;
  absl::flat_hash_map<std::string, std::unique_ptr<Account>> by_account_;  // bounded by the account file
  std::shared_ptr<CallbackPool* const> handle_ = std::make_shared<CallbackPool* const>(this);
};

}  // namespace ipam::server
