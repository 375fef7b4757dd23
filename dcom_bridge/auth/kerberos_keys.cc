#include "dcom_bridge/auth/kerberos_keys.h"

#include <gssapi/gssapi_krb5.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::auth {
namespace {

// More are somebody's mistake.
constexpr std::size_t kMaxEntries = 4096;

absl::StatusOr<std::vector<std::string>> ReadPrincipals(const std::string& name) {
  krb5_context krb5 = nullptr;
  krb5_keytab keytab = nullptr;
  krb5_error_code code = krb5_init_context(&krb5);
  if (code != 0) return KrbError("its configuration", nullptr, code);
  const auto release = absl::MakeCleanup([&] {
    if (keytab != nullptr) krb5_kt_close(krb5, keytab);
    krb5_free_context(krb5);
  });
  const std::string what = absl::StrCat("the keytab ", name);
  code = krb5_kt_resolve(krb5, name.c_str(), &keytab);
  krb5_kt_cursor cursor{};
  if (code == 0) code = krb5_kt_start_seq_get(krb5, keytab, &cursor);
  if (code != 0) return KrbError(what, krb5, code);
  std::vector<std::string> found;
  krb5_keytab_entry entry{};
  for (std::size_t i = 0; i < kMaxEntries && (code = krb5_kt_next_entry(krb5, keytab, &entry, &cursor)) == 0;
       ++i) {
    char* principal = nullptr;
    if (krb5_unparse_name(krb5, entry.principal, &principal) == 0) {
      if (std::find(found.begin(), found.end(), principal) == found.end()) found.emplace_back(principal);
      krb5_free_unparsed_name(krb5, principal);
    }
    krb5_free_keytab_entry_contents(krb5, &entry);
  }
  krb5_kt_end_seq_get(krb5, keytab, &cursor);
  if (code != 0 && code != KRB5_KT_END) return KrbError(what, krb5, code);
  if (found.empty()) return absl::UnauthenticatedError(absl::StrCat("Kerberos: ", what, " holds no key"));
  return found;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const KerberosKeys>> KerberosKeys::Load(const std::string& keytab) {
  std::shared_ptr<KerberosKeys> out(new KerberosKeys());
  IPAM_ASSIGN_OR_RETURN(out->principals_, ReadPrincipals(keytab));
  const std::array<gss_key_value_element_desc, 2> elements = {
      {{"keytab", keytab.c_str()}, {"rcache", "none:"}}};
  const gss_key_value_set_desc store = {elements.size(),
                                        const_cast<gss_key_value_element_desc*>(elements.data())};
  gss_OID_set_desc mechanisms = {1, const_cast<gss_OID>(gss_mech_krb5)};
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_ACCEPT, &store,
                            out->credential_.address(), nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return GssError(absl::StrCat("the keytab ", keytab), major, minor);
  struct stat info {};
  const std::string path(absl::StripPrefix(keytab, "FILE:"));
  if (stat(path.c_str(), &info) == 0 && (info.st_mode & (S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH)) != 0) {
    out->warning_ =
        absl::StrFormat("%s holds keys and has mode %04o: set it to 0600", path, info.st_mode & 07777);
  }
  return std::shared_ptr<const KerberosKeys>(std::move(out));
}

}  // namespace ipam::auth
