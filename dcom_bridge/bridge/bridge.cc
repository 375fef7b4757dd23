#include "dcom_bridge/bridge/bridge.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <map>
#include <thread>
#include <utility>

#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/kerberos_client.h"
#include "dcom_bridge/auth/kerberos_keys.h"
#include "dcom_bridge/auth/random.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/bridge/callback_witness.h"
#include "dcom_bridge/bridge/checked_texts.h"
#include "dcom_bridge/bridge/dcom_source.h"
#include "dcom_bridge/bridge/server_account.h"
#include "dcom_bridge/idl/operation_with_progress_callback.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/net/local_names.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/reclaimer.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_bridge/rpc/account_auth_provider.h"

namespace ipam::bridge {
namespace {

auth::AuthType TypeOf(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::kSpnego:
      break;
    case Mechanism::kNtlm:
      return auth::AuthType::kNtlm;
    case Mechanism::kKerberos:
      return auth::AuthType::kKerberos;
  }
  return auth::AuthType::kSpnego;
}

}  // namespace

class Bridge::Impl {
 public:
  Impl(BridgeOptions options, std::shared_ptr<const auth::AccountFile> callers,
       std::shared_ptr<const auth::KerberosKeys> keys, event::EventSink& sink, Texts texts,
       base::Clock& clock)
      : options_(std::move(options)),
        checked_texts_(std::move(texts.check)),
        texts_{.check = [this](TextKind kind,
                               const std::string& xml) { return checked_texts_.Check(kind, xml); },
               .error = std::move(texts.error)},
        clock_(clock),
        exporter_(
            {.minimum_level = Level(),
             .interfaces = {idl::kIidOperationWithProgressCallback, idl::kIidOperationWithProgressCallback2}},
            steady_),
        resolver_({.ping_level = Level()}, exporter_, steady_),
        keys_(std::move(keys)),
        acceptors_(auth::AcceptorFactory(
            std::move(callers), auth::ServerNames::FromHostName(net::HostName()),
            {.kerberos = keys_, .guard = {.log = [](const std::string& line) { spdlog::warn("{}", line); }}},
            clock_, random_)) {
    for (ServerOptions& server : options_.servers) {
      const auth::Credentials credentials = CredentialsOf(server);
      NewInitiator new_initiator = [this, credentials, &server](const net::Endpoint& endpoint,
                                                                const std::string& principal) {
        return auth::NewInitiator(TypeOf(options_.mechanism), credentials,
                                  SpnOf(server, endpoint.host, principal), clock_, random_);
      };
      KdcClock kdc_clock = [kerberos = credentials.kerberos] {
        return kerberos ? kerberos->kdc_ahead() : std::nullopt;
      };
      sources_.push_back(std::make_unique<DcomSource>(
          server, options_,
          DcomSource::Dependencies{loop_, std::move(new_initiator), Level(), exporter_, witness_, sink,
                                   texts_, clock_, steady_, random_, std::move(kdc_clock)}));
      names_.push_back(server.name);
    }
  }

  absl::Status Start() {
    services_.Add(witness_.resolver());
    services_.Add(witness_.exporter());
    IPAM_ASSIGN_OR_RETURN(
        listener_, net::RpcListener::Listen(
                       *loop_, {.addresses = options_.callback_addresses, .port = options_.callback_port},
                       services_, witness_.acceptors(), groups_));
    port_ = listener_->port();
    listener_->set_on_closed([this](std::uint64_t association) {
      for (const auto& source : sources_) source->OnCallbackConnectionClosed(association);
    });
    std::vector<std::string> hosts = options_.callback_hosts;
    if (hosts.empty()) hosts = net::AdvertisedHosts(options_.callback_addresses);
    exporter_.Advertise({.hosts = std::move(hosts),
                         .port = port_,
                         .auth_types = acceptors_.factory().types(),
                         .principal = keys_ ? keys_->principals().front() : ""});
    loop_->Post([this] {
      for (const auto& source : sources_) source->Connect();
      reclaimer_.Start();
    });
    thread_ = std::thread([this] { loop_->Run(); });
    return absl::OkStatus();
  }

  void Stop(absl::Duration grace) {
    if (!thread_.joinable()) return;
    auto left = std::make_shared<std::promise<void>>();
    loop_->Post([this, grace, left] {
      for (const auto& source : sources_) source->Stop();
      // RemRelease is on its way; the loop goes on until it is out or the grace is over.
      stop_timer_ = loop_->After(std::min(grace, absl::Milliseconds(300)), [this, left] {
        reclaimer_.Stop();
        listener_.reset();
        // Behind what its connections still have to run: they use what goes with this object.
        loop_->Post([left] { left->set_value(); });
      });
    });
    left->get_future().wait();
    loop_->Stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  std::vector<Source> sources() const {
    std::vector<Source> sources;
    for (std::size_t i = 0; i < sources_.size(); ++i) sources.push_back({names_[i], sources_[i].get()});
    return sources;
  }

 private:
  auth::AuthLevel Level() const {
    return options_.protection == Protection::kPrivacy ? auth::AuthLevel::kPrivacy
                                                       : auth::AuthLevel::kIntegrity;
  }

  BridgeOptions options_;
  CheckedTexts checked_texts_;  // loop thread
  const Texts texts_;
  base::Clock& clock_;
  base::SteadyClock steady_;  // of references and pings
  auth::SystemRandom random_;
  const std::shared_ptr<net::Loop> loop_ = std::make_shared<net::Loop>();
  orpc::Exporter exporter_;
  orpc::OxidResolver resolver_;
  const std::shared_ptr<const auth::KerberosKeys> keys_;  // null: no callbacks by Kerberos
  rpc::AccountAuthProvider acceptors_;
  rpc::ServiceTable services_;
  rpc::AssociationGroups groups_;
  CallbackWitness witness_{resolver_, exporter_, acceptors_};
  std::vector<std::unique_ptr<DcomSource>> sources_;
  std::vector<std::string> names_;
  std::unique_ptr<net::RpcListener> listener_;
  std::uint16_t port_ = 0;
  net::Reclaimer reclaimer_{*loop_, resolver_, steady_};
  net::Timer stop_timer_;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<Bridge>> Bridge::Start(BridgeOptions options, event::EventSink& sink,
                                                      Texts texts, base::Clock& clock) {
  IPAM_ASSIGN_OR_RETURN(auto callers, CallbackAccounts(options.servers));
  std::shared_ptr<const auth::KerberosKeys> keys;
  if (!options.callback_keytab.empty()) {
    IPAM_ASSIGN_OR_RETURN(keys, auth::KerberosKeys::Load(options.callback_keytab));
    if (!keys->warning().empty()) spdlog::warn("{}", keys->warning());
  }
  auto impl = std::make_unique<Impl>(std::move(options), std::move(callers), std::move(keys), sink,
                                     std::move(texts), clock);
  IPAM_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Bridge>(new Bridge(std::move(impl)));
}

Bridge::Bridge(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bridge::~Bridge() { Stop(absl::ZeroDuration()); }

std::uint16_t Bridge::callback_port() const { return impl_->port(); }
std::vector<Bridge::Source> Bridge::sources() const { return impl_->sources(); }
void Bridge::Stop(absl::Duration grace) { impl_->Stop(grace); }

}  // namespace ipam::bridge
