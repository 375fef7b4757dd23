#include "dcom_bridge/auth/kerberos_client.h"

#include <gssapi/gssapi_krb5.h>
#include <string.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::auth {
namespace {

constexpr OM_uint32 kFlags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG |
                             GSS_C_CONF_FLAG | GSS_C_DCE_STYLE;

// Logons that wait for their turn: beyond it the KDC is not there, and more would only wait too.
constexpr std::size_t kMaxQueued = 256;
// How long the end of the program waits for a KDC that does not answer.
constexpr absl::Duration kStopGrace = absl::Seconds(1);

absl::StatusOr<GssName> ImportName(const std::string& text) {
  gss_buffer_desc buffer = {text.size(), const_cast<char*>(text.data())};
  GssName name;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_import_name(&minor, &buffer, const_cast<gss_OID>(GSS_KRB5_NT_PRINCIPAL_NAME), name.address());
  if (major != GSS_S_COMPLETE) return GssError(absl::StrCat("the name ", text), major, minor);
  return name;
}

// With an empty realm libkrb5 follows [domain_realm] and referrals; without '@' it would take the default
// realm. The host's name is not looked up in DNS: who answers there could choose the server.
std::string TargetName(const std::string& spn) {
  return spn.find('@') == std::string::npos ? spn + "@" : spn;
}

// Where the KDC does not know the service, with the command that makes it known.
absl::Status NoTicket(const std::string& spn, OM_uint32 major, OM_uint32 minor) {
  absl::Status failed = GssError(absl::StrCat("a ticket for ", spn), major, minor);
  if (static_cast<krb5_error_code>(minor) != static_cast<krb5_error_code>(KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN))
    return failed;
  return absl::Status(failed.code(),
                      absl::StrCat(std::string(failed.message()), ": setspn -S ", spn,
                                   " <account of the server>, or kadmin -q 'addprinc -randkey ", spn,
                                   "' and kadmin -q 'ktadd -k <keytab of the server> ", spn, "'"));
}

absl::StatusOr<KerberosClient::FirstLeg> Initiate(gss_cred_id_t credential, const std::string& spn) {
  IPAM_ASSIGN_OR_RETURN(const GssName target, ImportName(TargetName(spn)));
  KerberosClient::FirstLeg leg;
  GssBuffer token;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_init_sec_context(
      &minor, credential, leg.context.address(), target.get(), const_cast<gss_OID>(gss_mech_krb5), kFlags, 0,
      GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, nullptr, token.address(), nullptr, nullptr);
  if (GSS_ERROR(major)) return NoTicket(spn, major, minor);
  if (major != GSS_S_CONTINUE_NEEDED) return absl::InternalError("Kerberos: no answer of the server wanted");
  leg.token = token.Copy();
  return leg;
}

}  // namespace

// The login and what was got by it. The state is guarded: BeginNow() may come from any thread.
class KerberosClient::Tickets {
 public:
  explicit Tickets(KerberosLogin login) : login_(std::move(login)) {}
  ~Tickets() {
    explicit_bzero(login_.password.data(), login_.password.size());
    if (cache_ != nullptr) krb5_cc_destroy(krb5_, cache_);
    if (krb5_ != nullptr) krb5_free_context(krb5_);
  }
  Tickets(const Tickets&) = delete;
  Tickets& operator=(const Tickets&) = delete;

  absl::StatusOr<FirstLeg> Begin(const std::string& spn) {
    base::MutexLock lock(mutex_);
    std::string cache = login_.ccache;
    if (cache.empty()) {
      IPAM_RETURN_IF_ERROR(Refresh());
      cache = cache_name_;
    } else {
      ReadKdcClock(cache);
    }
    gss_key_value_element_desc element = {"ccache", cache.c_str()};
    const gss_key_value_set_desc store = {1, &element};
    GssName account;
    if (!login_.ccache.empty() && !login_.principal.empty()) {
      IPAM_ASSIGN_OR_RETURN(account, ImportName(login_.principal));
    }
    gss_OID_set_desc mechanisms = {1, const_cast<gss_OID>(gss_mech_krb5)};
    GssCredential credential;
    OM_uint32 minor = 0;
    const OM_uint32 major =
        gss_acquire_cred_from(&minor, account.get(), GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE, &store,
                              credential.address(), nullptr, nullptr);
    if (major != GSS_S_COMPLETE) return GssError(absl::StrCat("the tickets in ", cache), major, minor);
    return Initiate(credential.get(), spn);
  }

  std::optional<absl::Duration> kdc_ahead() const {
    const std::int64_t seconds = kdc_ahead_s_;
    return seconds == kNotTold ? std::nullopt : std::optional(absl::Seconds(seconds));
  }

 private:
  static constexpr std::int64_t kNotTold = std::numeric_limits<std::int64_t>::max();

  // Who made the cache compared the clocks then, and noted it there.
  void ReadKdcClock(const std::string& cache) {
    krb5_context krb5 = nullptr;
    krb5_ccache file = nullptr;
    krb5_principal account = nullptr;
    krb5_timestamp seconds = 0;
    krb5_int32 microseconds = 0;
    if (krb5_init_context(&krb5) == 0 && krb5_cc_resolve(krb5, cache.c_str(), &file) == 0 &&
        krb5_cc_get_principal(krb5, file, &account) == 0 &&
        krb5_get_time_offsets(krb5, &seconds, &microseconds) == 0) {
      kdc_ahead_s_ = seconds;
    }
    krb5_free_principal(krb5, account);
    if (file != nullptr) krb5_cc_close(krb5, file);
    if (krb5 != nullptr) krb5_free_context(krb5);
  }

  // By the system's clock, as libkrb5 does.
  absl::Status Refresh() IPAM_REQUIRES(mutex_) {
    const absl::Time now = absl::Now();
    if (cache_ != nullptr && now < renew_at_) return absl::OkStatus();
    absl::Status renewed = Renew();
    if (renewed.ok() || cache_ == nullptr || now >= end_) return renewed;
    // The old tickets are good yet; the next logon tries again, not before a moment has passed.
    renew_at_ = now + absl::Seconds(30);
    return absl::OkStatus();
  }

  absl::Status Renew() IPAM_REQUIRES(mutex_) {
    krb5_error_code code = 0;
    if (krb5_ == nullptr) {
      code = krb5_init_context(&krb5_);
      if (code != 0) return KrbError("its configuration", nullptr, code);
    }
    krb5_keytab keytab = nullptr;
    const auto close_keytab = absl::MakeCleanup([&] {
      if (keytab != nullptr) krb5_kt_close(krb5_, keytab);
    });
    if (!login_.keytab.empty()) {
      code = krb5_kt_resolve(krb5_, login_.keytab.c_str(), &keytab);
      if (code != 0) return KrbError(absl::StrCat("the keytab ", login_.keytab), krb5_, code);
    }
    krb5_principal account = nullptr;
    const auto free_account = absl::MakeCleanup([&] { krb5_free_principal(krb5_, account); });
    IPAM_RETURN_IF_ERROR(FindAccount(keytab, &account));
    char* shown = nullptr;
    if (krb5_unparse_name(krb5_, account, &shown) != 0) return absl::InternalError("Kerberos: a name");
    const std::string who = shown;
    krb5_free_unparsed_name(krb5_, shown);

    krb5_creds credentials{};
    code = keytab != nullptr
               ? krb5_get_init_creds_keytab(krb5_, &credentials, account, keytab, 0, nullptr, nullptr)
               : krb5_get_init_creds_password(krb5_, &credentials, account, login_.password.c_str(), nullptr,
                                              nullptr, 0, nullptr, nullptr);
    if (code != 0) return KrbError(absl::StrCat("the logon of ", who), krb5_, code);
    const auto free_credentials = absl::MakeCleanup([&] { krb5_free_cred_contents(krb5_, &credentials); });
    return Store(account, credentials);
  }

  absl::Status FindAccount(krb5_keytab keytab, krb5_principal* account) IPAM_REQUIRES(mutex_) {
    if (!login_.principal.empty()) {
      const krb5_error_code code = krb5_parse_name(krb5_, login_.principal.c_str(), account);
      return code == 0 ? absl::OkStatus()
                       : KrbError(absl::StrCat("the account ", login_.principal), krb5_, code);
    }
    if (keytab == nullptr) return absl::InvalidArgumentError("Kerberos: a password without an account");
    krb5_kt_cursor cursor{};
    krb5_error_code code = krb5_kt_start_seq_get(krb5_, keytab, &cursor);
    if (code == 0) {
      krb5_keytab_entry entry{};
      code = krb5_kt_next_entry(krb5_, keytab, &entry, &cursor);
      if (code == 0) {
        code = krb5_copy_principal(krb5_, entry.principal, account);
        krb5_free_keytab_entry_contents(krb5_, &entry);
      }
      krb5_kt_end_seq_get(krb5_, keytab, &cursor);
    }
    return code == 0 ? absl::OkStatus() : KrbError(absl::StrCat("the keytab ", login_.keytab), krb5_, code);
  }

  // Into a cache of its own: one that a logon still reads is not changed under it.
  absl::Status Store(krb5_principal account, krb5_creds& credentials) IPAM_REQUIRES(mutex_) {
    krb5_ccache fresh = nullptr;
    krb5_error_code code = krb5_cc_new_unique(krb5_, "MEMORY", nullptr, &fresh);
    if (code == 0) code = krb5_cc_initialize(krb5_, fresh, account);
    if (code == 0) code = krb5_cc_store_cred(krb5_, fresh, &credentials);
    if (code != 0) {
      if (fresh != nullptr) krb5_cc_destroy(krb5_, fresh);
      return KrbError("keeping its tickets", krb5_, code);
    }
    if (cache_ != nullptr) krb5_cc_destroy(krb5_, cache_);
    cache_ = fresh;
    cache_name_ = absl::StrCat("MEMORY:", krb5_cc_get_name(krb5_, fresh));
    const absl::Time now = absl::Now();
    const absl::Time given = absl::FromUnixSeconds(static_cast<std::uint32_t>(credentials.times.authtime));
    kdc_ahead_s_ = absl::ToInt64Seconds(given - now);
    end_ = absl::FromUnixSeconds(static_cast<std::uint32_t>(credentials.times.endtime));
    renew_at_ = now + (end_ - now) * 3 / 4;
    return absl::OkStatus();
  }

  KerberosLogin login_;
  base::Mutex mutex_;
  krb5_context krb5_ IPAM_GUARDED_BY(mutex_) = nullptr;
  krb5_ccache cache_ IPAM_GUARDED_BY(mutex_) = nullptr;
  std::string cache_name_ IPAM_GUARDED_BY(mutex_);
  absl::Time end_ IPAM_GUARDED_BY(mutex_);
  absl::Time renew_at_ IPAM_GUARDED_BY(mutex_);
  std::atomic<std::int64_t> kdc_ahead_s_{kNotTold};
};

namespace {

class Result final : public KerberosClient::Pending {
 public:
  absl::StatusOr<KerberosClient::FirstLeg> Take() override {
    base::MutexLock lock(mutex_);
    if (!leg_) return absl::FailedPreconditionError("Kerberos: the ticket is not there yet");
    absl::StatusOr<KerberosClient::FirstLeg> leg = *std::move(leg_);
    leg_.reset();
    return leg;
  }
  void Set(absl::StatusOr<KerberosClient::FirstLeg> leg) {
    base::MutexLock lock(mutex_);
    leg_ = std::move(leg);
  }

 private:
  base::Mutex mutex_;
  std::optional<absl::StatusOr<KerberosClient::FirstLeg>> leg_ IPAM_GUARDED_BY(mutex_);
};

struct Job {
  std::weak_ptr<Result> result;  // gone: nobody waits for it any more
  std::string spn;
  absl::AnyInvocable<void()> ready;
};

}  // namespace

// The thread, and what it shares with its owner: it outlives the owner where it hangs at a KDC.
class KerberosClient::Worker {
 public:
  explicit Worker(std::shared_ptr<Tickets> tickets) : shared_(std::make_shared<Shared>()) {
    shared_->tickets = std::move(tickets);
  }
  ~Worker() {
    if (!thread_.joinable()) return;
    bool ended = false;
    {
      base::MutexLock lock(shared_->mutex);
      shared_->stop = true;
      shared_->jobs.clear();
      shared_->changed.notify_all();
      ended = shared_->changed.wait_for(shared_->mutex, absl::ToChronoMilliseconds(kStopGrace),
                                        [this] { return shared_->ended; });
    }
    if (ended) {
      thread_.join();
    } else {
      thread_.detach();
    }
  }

  // False: too many wait, nothing was taken.
  bool Run(Job& job) {
    base::MutexLock lock(shared_->mutex);
    if (shared_->jobs.size() >= kMaxQueued) return false;
    shared_->jobs.push_back(std::move(job));
    if (!thread_.joinable()) thread_ = std::thread([shared = shared_] { shared->Loop(); });
    shared_->changed.notify_all();
    return true;
  }

 private:
  struct Shared {
    void Loop() {
      base::MutexLock lock(mutex);
      for (;;) {
        changed.wait(mutex, [this]() IPAM_REQUIRES(mutex) { return stop || !jobs.empty(); });
        if (stop) break;
        Job job = std::move(jobs.front());
        jobs.pop_front();
        const std::shared_ptr<Result> wanted = job.result.lock();
        if (!wanted) continue;
        mutex.Unlock();
        absl::StatusOr<FirstLeg> leg = tickets->Begin(job.spn);
        mutex.Lock();
        // Under the lock: when the destructor has returned, nobody is called any more.
        if (stop) break;
        wanted->Set(std::move(leg));
        job.ready();
      }
      ended = true;
      changed.notify_all();
    }

    std::shared_ptr<Tickets> tickets;
    base::Mutex mutex;
    base::CondVar changed;
    std::deque<Job> jobs IPAM_GUARDED_BY(mutex);
    bool stop IPAM_GUARDED_BY(mutex) = false;
    bool ended IPAM_GUARDED_BY(mutex) = false;
  };

  const std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

KerberosClient::KerberosClient(KerberosLogin login)
    : tickets_(std::make_shared<Tickets>(std::move(login))), worker_(std::make_unique<Worker>(tickets_)) {}
KerberosClient::~KerberosClient() = default;

std::shared_ptr<KerberosClient::Pending> KerberosClient::Begin(const std::string& spn,
                                                               absl::AnyInvocable<void()> ready) {
  auto result = std::make_shared<Result>();
  Job job{result, spn, std::move(ready)};
  if (!worker_->Run(job)) {
    result->Set(absl::ResourceExhaustedError("Kerberos: too many logons wait for the KDC"));
    job.ready();
  }
  return result;
}

absl::StatusOr<KerberosClient::FirstLeg> KerberosClient::BeginNow(const std::string& spn) {
  return tickets_->Begin(spn);
}

std::optional<absl::Duration> KerberosClient::kdc_ahead() const { return tickets_->kdc_ahead(); }

absl::StatusOr<base::Bytes> KerberosClient::Finish(GssContext& context, const std::string& spn,
                                                   base::ByteView token) {
  IPAM_ASSIGN_OR_RETURN(const GssName target, ImportName(TargetName(spn)));
  gss_buffer_desc input = GssInput(token);
  GssBuffer output;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_init_sec_context(
      &minor, GSS_C_NO_CREDENTIAL, context.address(), target.get(), const_cast<gss_OID>(gss_mech_krb5),
      kFlags, 0, GSS_C_NO_CHANNEL_BINDINGS, &input, nullptr, output.address(), nullptr, nullptr);
  if (GSS_ERROR(major)) return GssError(absl::StrCat("the answer of ", spn), major, minor);
  if (major != GSS_S_COMPLETE || output.view().empty())
    return absl::UnauthenticatedError("Kerberos: the server does not do its part of DCE style");
  return output.Copy();
}

}  // namespace ipam::auth
