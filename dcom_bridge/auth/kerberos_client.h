// An account that calls others by Kerberos: where its tickets come from, and the first leg of a logon.
//
// libkrb5 asks KDCs in a blocking way, for seconds where one is down. All that may ask a KDC happens in
// Begin(), on a thread of this object, so that the caller's thread never waits; what follows is local. One
// job at a time: a job nobody waits for any more is dropped.
//
// A password or keytab gets its own tickets, in memory, and new ones before a quarter of their life is left;
// where no KDC answers then, the old ones serve until they end. A credential cache is somebody else's: it is
// read anew for each logon and never written.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/auth/gss.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

struct KerberosLogin {
  // "user@REALM"; without a realm the default one of krb5.conf. May be empty with a cache (its own account)
  // or a keytab (that of its first key).
  std::string principal;
  // One of these. A keytab is a path, or a name as krb5.conf(5) has it; a cache likewise.
  std::string password;
  std::string keytab;
  std::string ccache;
};

class KerberosClient {
 public:
  struct FirstLeg {
    GssContext context;
    base::Bytes token;
  };
  // One first leg under way. Take() once, after `ready`; the thread that takes it.
  class Pending {
   public:
    virtual ~Pending() = default;
    virtual absl::StatusOr<FirstLeg> Take() = 0;
  };

  // Asks nobody yet: what is wrong with the login shows at the first logon.
  explicit KerberosClient(KerberosLogin login);
  ~KerberosClient();
  KerberosClient(const KerberosClient&) = delete;
  KerberosClient& operator=(const KerberosClient&) = delete;

  // `spn`: "RPCSS/server1.contoso.example", with "@REALM" or without; without, the realm is found by
  // [domain_realm] of krb5.conf and the KDC's referrals. `ready` is called once, on the thread of this
  // object or, where too many wait, from inside; not after the result was given up, nor after this object is
  // gone. It must not block nor call this object. One thread.
  std::shared_ptr<Pending> Begin(const std::string& spn, absl::AnyInvocable<void()> ready);
  // The same, on the caller's thread, which may be blocked for long. Any thread.
  absl::StatusOr<FirstLeg> BeginNow(const std::string& spn);

  // How far the KDC's clock was ahead of ours when it gave the tickets; nothing: it gave none yet. Any thread.
  std::optional<absl::Duration> kdc_ahead() const;

  // The third leg, from the server's answer to the first. Local.
  static absl::StatusOr<base::Bytes> Finish(GssContext& context, const std::string& spn,
                                            base::ByteView token);

 private:
  class Worker;
  class Tickets;
  const std::shared_ptr<Tickets> tickets_;
  const std::unique_ptr<Worker> worker_;
};

}  // namespace ipam::auth
