#include "dcom_bridge/server/server.h"

#include <arpa/inet.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <future>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/kerberos_client.h"
#include "dcom_bridge/auth/kerberos_keys.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/idl/operation_with_progress2.h"
#include "dcom_bridge/ipam/actuators.h"
#include "dcom_bridge/net/local_names.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/reclaimer.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/activator.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_bridge/orpc/well_known.h"
#include "dcom_bridge/rpc/account_auth_provider.h"
#include "dcom_bridge/rpc/endpoint_mapper.h"
#include "dcom_bridge/rpc/management.h"
#include "dcom_bridge/server/callback_pool.h"
#include "dcom_bridge/server/metrics.h"
#include "dcom_bridge/server/metrics_listener.h"
#include "dcom_bridge/server/operation_object.h"
#include "dcom_bridge/server/sessions.h"

namespace ipam::server {
namespace {

// A parameters text of 32 MiB in UTF-16, with room for its header: design limit of
// InitializeOperationParameters.
constexpr std::size_t kParametersStub = std::size_t{64} << 20;

// For the loop to tell its figures.
constexpr std::chrono::seconds kLoopTime{2};

constexpr pdu::SyntaxId kOffered[] = {
    {orpc::kIidIObjectExporter, 0, 0},
    {orpc::kIidIRemoteScmActivator, 0, 0},
    {orpc::kIidIActivation, 0, 0},
};

CallbackOptions CallbacksOf(const ServerOptions& options, rpc::Statistics& statistics) {
  CallbackOptions callbacks{.level = options.callback_level,
                            .account = options.callback_account,
                            .resolver_fallback = options.resolver_fallback,
                            .statistics = &statistics};
  if (!options.callback_keytab.empty()) {
    callbacks.kerberos = std::make_shared<auth::KerberosClient>(
        auth::KerberosLogin{.principal = options.callback_account, .keytab = options.callback_keytab});
    callbacks.spn = options.callback_spn;
  }
  return callbacks;
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, std::shared_ptr<const auth::AccountFile> accounts,
       std::shared_ptr<const auth::KerberosKeys> keys, base::Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        accounts_(std::move(accounts)),
        keys_(std::move(keys)),
        acceptors_(auth::AcceptorFactory(accounts_, auth::ServerNames::FromHostName(net::HostName()),
                                         {.kerberos = keys_, .guard = options_.logon_guard}, clock_,
                                         random_)),
        sessions_(options_.sessions, loop_),
        exporter_({.minimum_level = options_.minimum_level,
                   .stub_limits = {{idl::kIidOperationWithProgress,
                                    idl::InitializeOperationParameters::kOpnum, kParametersStub},
                                   {idl::kIidOperationWithProgress2,
                                    idl::InitializeOperationParameters::kOpnum, kParametersStub}}},
                  steady_),
        resolver_({}, exporter_, steady_),
        activator_({.minimum_level = options_.minimum_level}, exporter_),
        management_({.interfaces = {std::begin(kOffered), std::end(kOffered)}}),
        pool_(*loop_, CallbacksOf(options_, management_.statistics()), accounts_, clock_) {
    activator_.Register(idl::kClsidIpamOperationWithProgress, [this](const auto&) -> orpc::Created {
      return std::make_shared<OperationObject>(sessions_);
    });
  }

  absl::Status Start() {
    IPAM_ASSIGN_OR_RETURN(std::unique_ptr<engine::Actuators> actuators, MakeActuators(options_.actuators));
    IPAM_ASSIGN_OR_RETURN(engine_,
                          engine::Engine::Open(options_.engine, clock_, sessions_, std::move(actuators)));
    check_ = std::make_unique<ParameterCheck>(
        ParameterCheckOptions{}, loop_,
        [engine = engine_.get()](std::string_view xml) { return engine->Prepare(xml); });
    sessions_.Attach(*engine_, pool_, *check_);
    for (rpc::Service* service :
         std::initializer_list<rpc::Service*>{&mapper_, &management_, &resolver_, &activator_, &exporter_}) {
      services_.Add(*service);
    }
    IPAM_ASSIGN_OR_RETURN(listener_, net::RpcListener::Listen(*loop_,
                                                              {.addresses = options_.addresses,
                                                               .port = options_.port,
                                                               .statistics = &management_.statistics()},
                                                              services_, acceptors_, groups_));
    port_ = listener_->port();
    std::vector<std::string> hosts = options_.hosts;
    if (hosts.empty()) hosts = net::AdvertisedHosts(options_.addresses);
    const std::string spn = keys_ ? keys_->principals().front() : "RPCSS/" + hosts.front();
    std::vector<std::pair<auth::AuthType, std::string>> principals;
    for (const auth::AuthType type : acceptors_.factory().types()) principals.emplace_back(type, spn);
    management_.set_principals(std::move(principals));
    exporter_.Advertise({.hosts = std::move(hosts),
                         .port = port_,
                         .auth_types = acceptors_.factory().types(),
                         .principal = keys_ ? keys_->principals().front() : ""});
    RegisterEndpoints();
    if (!options_.metrics_address.empty()) {
      IPAM_ASSIGN_OR_RETURN(metrics_, MetricsListener::Listen(options_.metrics_address, options_.metrics_port,
                                                              [this] { return Metrics(); }));
    }
    loop_->Post([this] { reclaimer_.Start(); });
    thread_ = std::thread([this] { loop_->Run(); });
    return absl::OkStatus();
  }

  void Stop() {
    if (!thread_.joinable()) return;
    metrics_.reset();
    std::promise<void> stopped;
    loop_->Post([this, &stopped] {
      sessions_.Stop();
      // RemRelease of the callbacks is on its way; a moment to let it out.
      stop_timer_ = loop_->After(absl::Milliseconds(300), [this, &stopped] {
        reclaimer_.Stop();
        listener_.reset();
        // Behind what its connections still have to run: they use what goes with this object.
        loop_->Post([&stopped] { stopped.set_value(); });
      });
    });
    stopped.get_future().wait();
    loop_->Stop();
    thread_.join();
    check_.reset();  // their threads post to the loop until here
    engine_.reset();
  }

  std::uint16_t port() const { return port_; }
  std::uint16_t metrics_port() const { return metrics_ ? metrics_->port() : std::uint16_t{0}; }

 private:
  // The thread of the metrics.
  std::string Metrics() {
    const auto read = std::make_shared<std::promise<LoopFigures>>();
    std::future<LoopFigures> figures = read->get_future();
    loop_->Post([this, read] {
      LoopFigures loop = ReadDcomFigures(exporter_, resolver_, *listener_, management_.statistics());
      loop.callbacks_held = sessions_.senders();
      loop.callbacks = sessions_.counters();
      read->set_value(loop);
    });
    std::optional<LoopFigures> loop;
    if (figures.wait_for(kLoopTime) == std::future_status::ready) loop = figures.get();
    return WriteMetrics(loop, acceptors_.factory().guard().counts(), engine_->figures());
  }

  void RegisterEndpoints() {
    // A tower has no floor for IPv6, and its address is not to be looked at ([MS-RPCE] 3.1.3.5.3): a client goes
    // where it asked.
    std::set<std::array<std::uint8_t, 4>> addresses;
    for (const std::string& address : options_.addresses) {
      std::array<std::uint8_t, 4> ipv4{};
      (void)inet_pton(AF_INET, address.c_str(), ipv4.data());  // 0.0.0.0 for one of IPv6
      addresses.insert(ipv4);
    }
    for (const std::array<std::uint8_t, 4>& ipv4 : addresses) {
      for (const pdu::SyntaxId& interface : kOffered) {
        mapper_.Register(
            {.tower = {.interface = interface, .port = port_, .ipv4 = ipv4}, .annotation = "DCOM"});
      }
    }
  }

  const ServerOptions options_;
  base::Clock& clock_;
  base::SteadyClock steady_;  // of references and pings
  auth::SystemRandom random_;
  const std::shared_ptr<const auth::AccountFile> accounts_;
  const std::shared_ptr<const auth::KerberosKeys> keys_;  // null: no Kerberos
  rpc::AccountAuthProvider acceptors_;
  const std::shared_ptr<net::Loop> loop_ = std::make_shared<net::Loop>();
  Sessions sessions_;  // outlives the objects of the exporter
  orpc::Exporter exporter_;
  orpc::OxidResolver resolver_;
  orpc::Activator activator_;
  rpc::EndpointMapper mapper_;
  rpc::Management management_;
  rpc::ServiceTable services_;
  rpc::AssociationGroups groups_;
  CallbackPool pool_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<ParameterCheck> check_;
  std::unique_ptr<net::RpcListener> listener_;
  std::unique_ptr<MetricsListener> metrics_;
  std::uint16_t port_ = 0;
  net::Reclaimer reclaimer_{*loop_, resolver_, steady_};
  net::Timer stop_timer_;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options,
                                                      std::shared_ptr<const auth::AccountFile> accounts,
                                                      base::Clock& clock) {
  std::shared_ptr<const auth::KerberosKeys> keys;
  if (!options.keytab.empty()) {
    IPAM_ASSIGN_OR_RETURN(keys, auth::KerberosKeys::Load(options.keytab));
    if (!keys->warning().empty()) spdlog::warn("{}", keys->warning());
  }
  if (!options.logon_guard.log)
    options.logon_guard.log = [](const std::string& line) { spdlog::warn("{}", line); };
  auto impl = std::make_unique<Impl>(std::move(options), std::move(accounts), std::move(keys), clock);
  IPAM_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { impl_->Stop(); }

std::uint16_t Server::port() const { return impl_->port(); }
std::uint16_t Server::metrics_port() const { return impl_->metrics_port(); }
void Server::Stop() { impl_->Stop(); }

}  // namespace ipam::server
