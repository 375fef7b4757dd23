// The keys of our services: a keytab, with which clients' tickets are accepted.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/auth/gss.h"

namespace ipam::auth {

// Immutable. Any thread. The file is read again for each logon, so that a keytab with newer keys needs no
// restart; a ticket for any name in it is good. No replay cache: a logon in DCE style, the only one that we
// accept, proves itself by its third token.
class KerberosKeys {
 public:
  // A path, or a name as krb5.conf(5) has it. kUnauthenticated with the library's reason: no such file, not
  // readable, no keys.
  static absl::StatusOr<std::shared_ptr<const KerberosKeys>> Load(const std::string& keytab);

  gss_cred_id_t credential() const { return credential_.get(); }
  // "RPCSS/server1.contoso.example@CONTOSO.EXAMPLE", each once, in the file's order.
  const std::vector<std::string>& principals() const { return principals_; }
  // One line for the operator, empty where all is well: others may read the file.
  const std::string& warning() const { return warning_; }

 private:
  KerberosKeys() = default;

  GssCredential credential_;
  std::vector<std::string> principals_;
  std::string warning_;
};

}  // namespace ipam::auth
