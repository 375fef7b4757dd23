#include "dcom_bridge/net/rpc_listener.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/net/connection.h"
#include "dcom_bridge/net/rpc_client.h"

namespace ipam::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr int kPortAttempts = 16;

}  // namespace

class RpcListener::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Loop& loop, ListenerOptions options, const rpc::ServiceTable& services, rpc::AuthProvider& auth,
       rpc::AssociationGroups& groups)
      : loop_(loop), options_(std::move(options)), services_(services), auth_(auth), groups_(groups) {}

  absl::Status Open() {
    if (options_.addresses.empty()) return absl::InvalidArgumentError("no address to listen on");
    // Another program may hold the port that the kernel chose on the first address on one of the others.
    absl::Status status;
    for (int attempt = 0; attempt < (options_.port == 0 ? kPortAttempts : 1); ++attempt) {
      acceptors_.clear();
      port_ = options_.port;
      status = absl::OkStatus();
      for (const std::string& address : options_.addresses) {
        if (status.ok()) status = OpenOne(address);
      }
      if (!absl::IsAlreadyExists(status)) break;
    }
    if (!status.ok()) return status;
    options_.rpc.secondary_address = absl::StrCat(port_);
    for (const auto& acceptor : acceptors_) Accept(*acceptor);
    return absl::OkStatus();
  }

  void Stop() {
    stopped_ = true;
    on_closed_ = nullptr;
    boost::system::error_code ignored;
    for (const auto& acceptor : acceptors_) {
      acceptor->socket.close(ignored);
      acceptor->retry.Cancel();
    }
    // Taken out first: a session that closes removes itself from the table.
    const auto sessions = std::exchange(sessions_, {});
    for (const auto& [id, session] : sessions) session->connection->Abort();
  }

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return sessions_.size(); }
  void set_on_closed(absl::AnyInvocable<void(std::uint64_t)> on_closed) { on_closed_ = std::move(on_closed); }

 private:
  struct Session {
    std::uint64_t id = 0;
    std::string address;
    std::shared_ptr<Connection> connection;
    std::unique_ptr<rpc::ServerAssociation> association;
    bool authenticated = false;
    Timer idle;
  };
  using SessionPtr = std::shared_ptr<Session>;

  struct Acceptor {
    explicit Acceptor(asio::io_context& io) : socket(io) {}
    tcp::acceptor socket;
    Timer retry;
  };

  bool HasIpv4() const {
    return std::any_of(options_.addresses.begin(), options_.addresses.end(),
                       [](const std::string& one) { return one.find(':') == std::string::npos; });
  }

  // Sets port_ where it is 0.
  absl::Status OpenOne(const std::string& text) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(text, error);
    if (error) return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no IP address"));
    const tcp::endpoint endpoint(address, port_);
    const std::string name = Endpoint{text, port_}.ToString();
    auto acceptor = std::make_unique<Acceptor>(loop_.io());
    tcp::acceptor& socket = acceptor->socket;
    socket.open(endpoint.protocol(), error);
    if (!error) socket.set_option(asio::socket_base::reuse_address(true), error);
    // "::" alone takes IPv4 too; beside an IPv4 address it must not.
    if (!error && address.is_v6()) socket.set_option(asio::ip::v6_only(HasIpv4()), error);
    if (!error) socket.bind(endpoint, error);
    if (!error) socket.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use)
      return absl::AlreadyExistsError(absl::StrCat(name, " is in use"));
    if (error) return absl::UnavailableError(absl::StrCat("cannot listen on ", name, ": ", error.message()));
    port_ = socket.local_endpoint(error).port();
    acceptors_.push_back(std::move(acceptor));
    return absl::OkStatus();
  }

  void Accept(Acceptor& acceptor) {
    // The acceptors live as long as this does.
    acceptor.socket.async_accept([self = shared_from_this(), &acceptor](auto error, tcp::socket socket) {
      if (self->stopped_) return;
      if (error == asio::error::no_descriptors || error == asio::error::no_buffer_space) {
        // Out of descriptors: the queue waits in the kernel rather than spinning here.
        acceptor.retry =
            self->loop_.After(absl::Milliseconds(100), [self, &acceptor] { self->Accept(acceptor); });
        return;
      }
      if (!error) self->Admit(std::move(socket));
      self->Accept(acceptor);
    });
  }

  void Admit(tcp::socket socket) {
    boost::system::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return;
    const std::string address = endpoint.address().to_string();
    std::size_t& of_peer = per_peer_[address];
    if (sessions_.size() >= options_.max_connections || of_peer >= options_.max_connections_per_peer) {
      spdlog::warn("connection from {} refused: too many connections", address);
      return;  // the socket closes
    }
    ++of_peer;
    auto session = std::make_shared<Session>();
    session->id = ++next_id_;
    session->address = address;
    session->connection = std::make_shared<Connection>(std::move(socket), options_.max_queued_bytes);
    session->association =
        std::make_unique<rpc::ServerAssociation>(options_.rpc, services_, auth_, groups_, address);
    sessions_.emplace(session->id, session);
    ArmIdle(session, options_.bind_timeout);
    const std::weak_ptr<Impl> weak = weak_from_this();
    session->connection->Start({
        [weak, session](base::ByteView bytes) {
          if (const auto self = weak.lock()) self->OnBytes(session, bytes);
        },
        [weak, session](const absl::Status& status) {
          if (const auto self = weak.lock()) self->OnClosed(session, status);
        },
    });
  }

  void ArmIdle(const SessionPtr& session, absl::Duration after) {
    session->idle = loop_.After(after, [weak = std::weak_ptr(session)] {
      if (const SessionPtr late = weak.lock()) late->connection->Close(absl::DeadlineExceededError("idle"));
    });
  }

  void OnBytes(const SessionPtr& session, base::ByteView bytes) {
    Perform(session, session->association->OnBytes(bytes));
    if (session->authenticated) {
      session->idle.Cancel();
    } else if (session->association->state() != rpc::ServerAssociation::State::kAwaitBind) {
      ArmIdle(session, options_.anonymous_timeout);
    }
  }

  void OnClosed(const SessionPtr& session, const absl::Status& status) {
    spdlog::debug("connection of {}: {}", session->connection->peer(), std::string(status.message()));
    session->idle.Cancel();
    session->association.reset();  // gives its group back
    if (const auto it = per_peer_.find(session->address); it != per_peer_.end() && --it->second == 0) {
      per_peer_.erase(it);
    }
    sessions_.erase(session->id);
    if (on_closed_) on_closed_(session->id);
  }

  void Perform(const SessionPtr& session, rpc::ServerActions actions) {
    for (rpc::ServerAction& action : actions) {
      if (auto* send = std::get_if<rpc::SendBytes>(&action)) {
        session->connection->Send(std::move(send->bytes));
      } else if (auto* deliver = std::get_if<rpc::DeliverCall>(&action)) {
        Deliver(session, std::move(*deliver));
      } else if (auto* close = std::get_if<rpc::Close>(&action)) {
        if (!close->status.ok()) {
          spdlog::warn("connection of {} closed: {}", session->connection->peer(),
                       std::string(close->status.message()));
        }
        session->connection->Close(std::move(close->status));
      }
      // CancelCall: no service here can undo a call that it has taken; the association drops what is not
      // wanted.
    }
  }

  void Deliver(const SessionPtr& session, rpc::DeliverCall deliver) {
    if (deliver.call.caller) session->authenticated = true;
    deliver.call.association = session->id;
    const rpc::CallId id = deliver.call.id;
    deliver.service->Handle(
        std::move(deliver.call),
        [weak = weak_from_this(), weak_session = std::weak_ptr(session), id](rpc::CallOutcome outcome) {
          const auto self = weak.lock();
          const SessionPtr open = weak_session.lock();
          if (!self || !open || !open->association) return;
          self->Perform(open, open->association->Complete(id, std::move(outcome)));
        });
  }

  Loop& loop_;
  ListenerOptions options_;
  const rpc::ServiceTable& services_;
  rpc::AuthProvider& auth_;
  rpc::AssociationGroups& groups_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  bool stopped_ = false;
  std::uint16_t port_ = 0;
  std::uint64_t next_id_ = 0;
  absl::flat_hash_map<std::uint64_t, SessionPtr> sessions_;
  absl::flat_hash_map<std::string, std::size_t> per_peer_;
  absl::AnyInvocable<void(std::uint64_t)> on_closed_;
};

absl::StatusOr<std::unique_ptr<RpcListener>> RpcListener::Listen(Loop& loop, ListenerOptions options,
                                                                 const rpc::ServiceTable& services,
                                                                 rpc::AuthProvider& auth,
                                                                 rpc::AssociationGroups& groups) {
  auto impl = std::make_shared<Impl>(loop, std::move(options), services, auth, groups);
  if (absl::Status status = impl->Open(); !status.ok()) return status;
  return std::unique_ptr<RpcListener>(new RpcListener(std::move(impl)));
}

RpcListener::RpcListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
RpcListener::~RpcListener() { impl_->Stop(); }

std::uint16_t RpcListener::port() const { return impl_->port(); }
std::size_t RpcListener::connections() const { return impl_->connections(); }
void RpcListener::set_on_closed(absl::AnyInvocable<void(std::uint64_t)> on_closed) {
  impl_->set_on_closed(std::move(on_closed));
}

}  // namespace ipam::net
