#include "dcom_bridge/net/rpc_listener.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/net/connection.h"
#include "dcom_bridge/net/rpc_client.h"

namespace ipam::net {

namespace asio = boost::asio;
using asio::ip::tcp;

using State = rpc::ServerAssociation::State;

namespace {

constexpr int kPortAttempts = 16;

// Without the IPv6 clothes of an IPv4 peer on a socket that takes both.
asio::ip::address Plain(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

// Who is limited as one peer: an IPv4 address, or a network of IPv6, for a host has all of its last 64 bits.
std::string PeerOf(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  return asio::ip::network_v6(address.to_v6(), 64).canonical().to_string();
}

}  // namespace

class RpcListener::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Loop& loop, ListenerOptions options, const rpc::ServiceTable& services, rpc::AuthProvider& auth,
       rpc::AssociationGroups& groups)
      : loop_(loop),
        options_(std::move(options)),
        services_(services),
        auth_(auth),
        groups_(groups),
        log_(options_.log) {
    rpc_.limits = options_.limits;
    rpc_.statistics = options_.statistics;
  }

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
    rpc_.secondary_address = absl::StrCat(port_);
    for (const auto& acceptor : acceptors_) Accept(*acceptor);
    Sweep();
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
    sweep_.Cancel();
    // Taken out first: a session that closes removes itself from the table.
    const auto sessions = std::exchange(sessions_, {});
    for (const auto& [id, session] : sessions) session->connection->Abort();
  }

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return sessions_.size(); }
  std::size_t unauthenticated() const { return unauthenticated_; }
  void set_on_closed(absl::AnyInvocable<void(std::uint64_t)> on_closed) { on_closed_ = std::move(on_closed); }

 private:
  struct Session {
    std::uint64_t id = 0;
    std::string address;  // as PeerOf() has it
    std::shared_ptr<Connection> connection;
    std::unique_ptr<rpc::ServerAssociation> association;
    bool authenticated = false;  // it had a call whose caller is known
    // For its deadlines.
    absl::Time accepted;
    absl::Time last_pdu;
    std::uint64_t pdus = 0;
    std::optional<absl::Time> negotiating_since;
    std::optional<absl::Time> expecting_since;
  };
  // Of one IP address.
  struct Peer {
    std::size_t connections = 0;
    std::size_t unauthenticated = 0;
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
    const asio::ip::address from = Plain(endpoint.address());
    const std::string address = PeerOf(from);
    const rpc::ServerLimits& limits = options_.limits;
    const auto known = peers_.find(address);
    const Peer of_peer = known == peers_.end() ? Peer{} : known->second;
    if (sessions_.size() >= limits.max_connections ||
        of_peer.connections >= limits.max_connections_per_peer) {
      return Complain(address, "a connection is refused: too many connections");  // the socket closes
    }
    if (unauthenticated_ >= limits.max_unauthenticated ||
        of_peer.unauthenticated >= limits.max_unauthenticated_per_peer) {
      return Complain(address, "a connection is refused: too many that have not authenticated");
    }
    Peer& peer = peers_[address];
    ++peer.connections;
    ++peer.unauthenticated;
    ++unauthenticated_;
    auto session = std::make_shared<Session>();
    session->id = groups_.NextConnection();
    session->address = address;
    session->accepted = session->last_pdu = clock_.Now();
    session->connection = std::make_shared<Connection>(std::move(socket), options_.connection);
    session->association =
        std::make_unique<rpc::ServerAssociation>(rpc_, services_, auth_, groups_, from.to_string());
    sessions_.emplace(session->id, session);
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

  void OnBytes(const SessionPtr& session, base::ByteView bytes) {
    Perform(session, session->association->OnBytes(bytes));
    const rpc::ServerAssociation& association = *session->association;
    const absl::Time now = clock_.Now();
    const bool whole_pdu = std::exchange(session->pdus, association.pdus_in()) != association.pdus_in();
    if (whole_pdu) session->last_pdu = now;
    if (association.state() != State::kNegotiating) {
      session->negotiating_since.reset();
    } else if (!session->negotiating_since) {
      session->negotiating_since = now;
    }
    if (!association.expects_more()) {
      session->expecting_since.reset();
    } else if (whole_pdu || !session->expecting_since) {
      session->expecting_since = now;
    }
  }

  // When the client must have moved on, and what to say then.
  std::pair<absl::Time, const char*> Deadline(const Session& session) const {
    const rpc::ServerLimits& limits = options_.limits;
    std::pair<absl::Time, const char*> first{absl::InfiniteFuture(), ""};
    const auto at = [&first](absl::Time time, const char* why) {
      if (time < first.first) first = {time, why};
    };
    if (session.association->state() == State::kAwaitBind) {
      at(session.accepted + limits.bind_timeout, "no bind in time");
      return first;
    }
    if (session.negotiating_since) {
      at(*session.negotiating_since + limits.auth_timeout, "authentication without an end");
    }
    if (session.expecting_since) {
      at(*session.expecting_since + limits.fragment_timeout, "a request without an end");
    }
    if (!session.authenticated) {
      at(session.last_pdu + limits.unauthenticated_idle, "idle without authentication");
      at(session.accepted + limits.unauthenticated_lifetime, "too long without authentication");
    }
    return first;
  }

  // One timer for the deadlines of all connections: they are long, and move with every call.
  void Sweep() {
    const absl::Time now = clock_.Now();
    for (const auto& [id, session] : sessions_) {
      const auto [deadline, why] = Deadline(*session);
      // Close() tells nobody from inside this call.
      if (deadline <= now) session->connection->Close(absl::DeadlineExceededError(why));
    }
    for (const std::string& line : log_.Summaries(now)) spdlog::warn("{}", line);
    const rpc::ServerLimits& limits = options_.limits;
    const absl::Duration shortest =
        std::min({limits.bind_timeout, limits.auth_timeout, limits.fragment_timeout,
                  limits.unauthenticated_idle, limits.unauthenticated_lifetime, options_.log.period});
    const absl::Duration pause = std::clamp(shortest / 8, absl::Milliseconds(5), absl::Seconds(1));
    sweep_ = loop_.After(pause, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Sweep();
    });
  }

  void Complain(const std::string& address, const std::string& what) {
    if (const auto line = log_.Note(address, absl::StrCat(address, ": ", what), clock_.Now())) {
      spdlog::warn("{}", *line);
    }
  }

  void OnClosed(const SessionPtr& session, const absl::Status& status) {
    spdlog::debug("connection of {}: {}", session->connection->peer(), std::string(status.message()));
    session->association.reset();  // gives its group back
    if (!session->authenticated) Authenticated(*session);
    if (const auto it = peers_.find(session->address); it != peers_.end() && --it->second.connections == 0) {
      peers_.erase(it);
    }
    sessions_.erase(session->id);
    if (on_closed_) on_closed_(session->id);
  }

  void Authenticated(Session& session) {
    session.authenticated = true;
    --unauthenticated_;
    if (const auto it = peers_.find(session.address); it != peers_.end()) --it->second.unauthenticated;
  }

  void Perform(const SessionPtr& session, rpc::ServerActions actions) {
    for (rpc::ServerAction& action : actions) {
      if (auto* send = std::get_if<rpc::SendBytes>(&action)) {
        session->connection->Send(std::move(send->bytes));
      } else if (auto* deliver = std::get_if<rpc::DeliverCall>(&action)) {
        Deliver(session, std::move(*deliver));
      } else if (auto* close = std::get_if<rpc::Close>(&action)) {
        if (!close->status.ok()) {
          Complain(session->address, std::string(close->status.message()));
        }
        session->connection->Close(std::move(close->status));
      }
      // CancelCall: no service here can undo a call that it has taken; the association drops what is not
      // wanted.
    }
  }

  void Deliver(const SessionPtr& session, rpc::DeliverCall deliver) {
    if (deliver.call.caller && !session->authenticated) Authenticated(*session);
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
  const ListenerOptions options_;
  rpc::ServerOptions rpc_;
  const rpc::ServiceTable& services_;
  rpc::AuthProvider& auth_;
  rpc::AssociationGroups& groups_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  bool stopped_ = false;
  std::uint16_t port_ = 0;
  absl::flat_hash_map<std::uint64_t, SessionPtr> sessions_;
  absl::flat_hash_map<std::string, Peer> peers_;
  std::size_t unauthenticated_ = 0;
  base::SteadyClock clock_;
  PeerLog log_;
  Timer sweep_;
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
std::size_t RpcListener::unauthenticated() const { return impl_->unauthenticated(); }
void RpcListener::set_on_closed(absl::AnyInvocable<void(std::uint64_t)> on_closed) {
  impl_->set_on_closed(std::move(on_closed));
}

}  // namespace ipam::net
