#include "dcom_bridge/auth/gss.h"

#include <gssapi/gssapi_krb5.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/strings.h"

namespace ipam::auth {
namespace {

struct Advice {
  krb5_error_code code;
  std::string_view text;
  absl::StatusCode status = absl::StatusCode::kUnauthenticated;
};

constexpr std::string_view kSetClocks =
    "the clocks of both sides must agree within five minutes: set both by the same time servers";
constexpr std::string_view kNewTickets =
    "log on again (kinit), or configure a keytab or a password, with which tickets are renewed before they "
    "end";
constexpr std::string_view kNewKeytab =
    "the keytab has no such key: export it again (kadmin ktadd, or ktpass), with every name and key version "
    "that clients use";
constexpr std::string_view kReachKdc =
    "check the realm and its KDC in /etc/krb5.conf or DNS, and that the KDC can be reached";

constexpr Advice kAdvice[] = {
    {KRB5KRB_AP_ERR_SKEW, kSetClocks},
    {KRB5KRB_AP_ERR_TKT_NYV, kSetClocks},
    {KRB5KDC_ERR_NEVER_VALID, kSetClocks},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, kNewTickets},
    {KRB5_FCC_NOFILE, kNewTickets},
    {KRB5_CC_NOTFOUND, kNewTickets},
    {KRB5_CC_END, kNewTickets},
    {static_cast<krb5_error_code>(KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN),
     "the KDC has no service of this name: set the target SPN to the name that the server has (an IP address "
     "never is one), or register it there"},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, "the KDC has no such account: check its name and realm"},
    {KRB5KDC_ERR_PREAUTH_FAILED,
     "the password is wrong, or the keytab holds an older key of the account: export it again"},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY,
     "a key or password is not the one that the KDC has: export the keytab again"},
    {KRB5KDC_ERR_CLIENT_REVOKED, "the account is locked or disabled at the KDC"},
    {KRB5KDC_ERR_KEY_EXP, "the password has expired: change it"},
    {KRB5KDC_ERR_NAME_EXP, "the account has expired at the KDC"},
    {KRB5_KT_NOTFOUND, kNewKeytab},
    {KRB5_KT_KVNONOTFOUND, kNewKeytab},
    {KRB5KRB_AP_ERR_NOKEY, kNewKeytab},
    {KRB5KRB_AP_ERR_BADKEYVER, kNewKeytab},
    {KRB5KRB_AP_ERR_NOT_US, kNewKeytab},
    {KRB5KRB_AP_WRONG_PRINC, kNewKeytab},
    {KRB5KDC_ERR_ETYPE_NOSUPP,
     "account, service and configuration have no encryption type in common: give both AES keys"},
    {KRB5_KDC_UNREACH, kReachKdc, absl::StatusCode::kUnavailable},
    {KRB5_REALM_CANT_RESOLVE, kReachKdc, absl::StatusCode::kUnavailable},
    {KRB5_REALM_UNKNOWN, kReachKdc, absl::StatusCode::kUnavailable},
    {KRB5_CONFIG_NODEFREALM, "name the realm, or set default_realm in /etc/krb5.conf"},
    {KRB5_CONFIG_CANTOPEN, kReachKdc},
    {KRB5_CONFIG_BADFORMAT, "/etc/krb5.conf has an error"},
};

absl::Status WithAdvice(std::string_view what, std::string_view text, krb5_error_code code,
                        absl::StatusCode fallback) {
  std::string message = absl::StrCat("Kerberos: ", base::ToAbsl(what), ": ", base::ToAbsl(text));
  for (const Advice& advice : kAdvice) {
    if (advice.code != code) continue;
    absl::StrAppend(&message, "; ", base::ToAbsl(advice.text));
    return absl::Status(advice.status, message);
  }
  return absl::Status(fallback, message);
}

// One line; a mechanism's text comes in several messages at most in theory.
std::string Text(OM_uint32 code, int kind) {
  OM_uint32 minor = 0, more = 0;
  GssBuffer text;
  gss_display_status(&minor, code, kind, const_cast<gss_OID>(gss_mech_krb5), &more, text.address());
  return std::string(text.text());
}

}  // namespace

absl::Status GssError(std::string_view what, OM_uint32 major, OM_uint32 minor) {
  const OM_uint32 routine = GSS_ROUTINE_ERROR(major);
  const absl::StatusCode fallback = routine == GSS_S_DEFECTIVE_TOKEN ? absl::StatusCode::kInvalidArgument
                                                                     : absl::StatusCode::kUnauthenticated;
  // A minor code says more, but where there is none: the glue library makes a number of "Success" too.
  std::string text = minor != 0 ? Text(minor, GSS_C_MECH_CODE) : std::string();
  if (text.empty() || text == "Success") text = Text(major, GSS_C_GSS_CODE);
  return WithAdvice(what, text, static_cast<krb5_error_code>(minor), fallback);
}

absl::Status KrbError(std::string_view what, krb5_context context, krb5_error_code code) {
  const char* text = krb5_get_error_message(context, code);
  absl::Status status = WithAdvice(what, text, code, absl::StatusCode::kUnauthenticated);
  krb5_free_error_message(context, text);
  return status;
}

}  // namespace ipam::auth
