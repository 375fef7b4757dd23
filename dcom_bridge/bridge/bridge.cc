#include "dcom_bridge/bridge/bridge.h"

#include <string.h>

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/random.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/bridge/checked_texts.h"
#include "dcom_bridge/bridge/dcom_source.h"
#include "dcom_bridge/net/local_names.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/reclaimer.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_bridge/rpc/account_auth_provider.h"

namespace ipam::bridge {
namespace {}  // namespace

class Bridge::Impl {
 public:
  Impl(BridgeOptions options, event::EventSink& sink, Texts texts, base::Clock& clock)
      : options_(std::move(options)),
        checked_texts_(std::move(texts.check)),
        texts_{.check = [this](TextKind kind,
                               const std::string& xml) { return checked_texts_.Check(kind, xml); },
               .error = std::move(texts.error)},
        clock_(clock),
        exporter_({.minimum_level = Level()}, steady_),
        resolver_({.ping_level = Level()}, exporter_, steady_) {
    for (ServerOptions& server : options_.servers) {
      const auth::Credentials credentials{server.domain, server.user,
                                          auth::NtHash::OfPassword(server.password)};
      explicit_bzero(server.password.data(), server.password.size());
      server.password.clear();
      accounts_ += absl::StrCat(auth::Principal{server.domain, server.user}.Name(), ":",
                                credentials.nt_hash.ToHex(), "\n");
      auto rpc = std::make_unique<net::RpcClient>(
          *loop_, net::RpcClientOptions{.level = Level()},
          [this, credentials](const net::Endpoint& endpoint) {
            return auth::NewInitiator(
                options_.mechanism == Mechanism::kNtlm ? auth::AuthType::kNtlm : auth::AuthType::kSpnego,
                credentials, "RPCSS/" + endpoint.host, clock_, random_);
          });
      sources_.push_back(std::make_unique<DcomSource>(
          server, options_,
          DcomSource::Dependencies{loop_, std::move(rpc), exporter_, sink, texts_, clock_, steady_}));
      names_.push_back(server.name);
    }
  }

  absl::Status Start() {
    IPAM_ASSIGN_OR_RETURN(auth::AccountFile accounts,
                          auth::AccountFile::Parse(accounts_, "account of the server"));
    explicit_bzero(accounts_.data(), accounts_.size());
    acceptors_ = std::make_unique<rpc::AccountAuthProvider>(
        auth::AcceptorFactory(std::make_shared<const auth::AccountFile>(std::move(accounts)),
                              auth::ServerNames::FromHostName(net::HostName()), {}, clock_, random_));
    services_.Add(resolver_);
    services_.Add(exporter_);
    IPAM_ASSIGN_OR_RETURN(
        listener_, net::RpcListener::Listen(
                       *loop_, {.addresses = options_.callback_addresses, .port = options_.callback_port},
                       services_, *acceptors_, groups_));
    port_ = listener_->port();
    listener_->set_on_closed([this](std::uint64_t association) {
      for (const auto& source : sources_) source->OnCallbackConnectionClosed(association);
    });
    std::vector<std::string> hosts = options_.callback_hosts;
    if (hosts.empty()) hosts = net::AdvertisedHosts(options_.callback_addresses);
    exporter_.Advertise({.hosts = std::move(hosts),
                         .port = port_,
                         .auth_types = {auth::AuthType::kSpnego, auth::AuthType::kNtlm}});
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
        left->set_value();
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
  std::string accounts_;  // those that may call back, as an account file
  const std::shared_ptr<net::Loop> loop_ = std::make_shared<net::Loop>();
  orpc::Exporter exporter_;
  orpc::OxidResolver resolver_;
  rpc::ServiceTable services_;
  rpc::AssociationGroups groups_;
  std::unique_ptr<rpc::AccountAuthProvider> acceptors_;
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
  auto impl = std::make_unique<Impl>(std::move(options), sink, std::move(texts), clock);
  IPAM_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Bridge>(new Bridge(std::move(impl)));
}

Bridge::Bridge(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bridge::~Bridge() { Stop(absl::ZeroDuration()); }

std::uint16_t Bridge::callback_port() const { return impl_->port(); }
std::vector<Bridge::Source> Bridge::sources() const { return impl_->sources(); }
void Bridge::Stop(absl::Duration grace) { impl_->Stop(grace); }

}  // namespace ipam::bridge
