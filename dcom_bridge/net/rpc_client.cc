#include "dcom_bridge/net/rpc_client.h"

#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/net/address_race.h"
#include "dcom_bridge/net/connection.h"

namespace ipam::net {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string Endpoint::ToString() const {
  return host.find(':') == std::string::npos ? absl::StrCat(host, ":", port)
                                             : absl::StrCat("[", host, "]:", port);
}

namespace {

// One connection, from the look-up of its name to its end. The association keeps the calls that come before
// it is bound.
class Link : public std::enable_shared_from_this<Link> {
 public:
  using OnEnd = absl::AnyInvocable<void(const Link&, bool was_bound, const absl::Status&)>;

  // `transient`: it ends with its last call.
  Link(Loop& loop, const RpcClientOptions& options, Endpoint endpoint, auth::AuthLevel level,
       std::unique_ptr<auth::SecurityContext> security, bool transient, OnEnd on_end)
      : loop_(loop),
        options_(options),
        endpoint_(std::move(endpoint)),
        transient_(transient),
        resolver_(loop.io()),
        security_(security.get()),
        association_({.level = level,
                      .security = std::move(security),
                      .max_stub = options.max_stub,
                      .statistics = options.statistics}),
        on_end_(std::move(on_end)) {}

  void Start(const pdu::SyntaxId& first_interface) {
    deadline_ = loop_.After(options_.connect_timeout, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->End(absl::DeadlineExceededError("no connection in time"));
    });
    // The resolver takes one name after the other: an address must not wait for a name that nobody answers.
    boost::system::error_code no_literal;
    const asio::ip::address literal = asio::ip::make_address(endpoint_.host, no_literal);
    if (!no_literal) {
      addresses_.emplace_back(literal, endpoint_.port);
      return Race(first_interface);
    }
    resolver_.async_resolve(
        endpoint_.host, absl::StrCat(endpoint_.port), asio::ip::resolver_base::numeric_service,
        [self = shared_from_this(), first_interface](auto error, tcp::resolver::results_type found) {
          if (error) return self->End(absl::UnavailableError(error.message()));
          if (self->ended_) return;
          for (const auto& entry : found) self->addresses_.push_back(entry.endpoint());
          self->Race(first_interface);
        });
  }

  void WhenOpen(RpcClient::OpenDone done) {
    if (bound_) return loop_.Post([done = std::move(done)]() mutable { done(absl::OkStatus()); });
    waiting_.push_back(std::move(done));
  }

  void Call(rpc::CallRequest request, absl::Duration timeout, RpcDone done) {
    auto [id, actions] = association_.Call(std::move(request));
    Pending& pending = calls_[id];
    pending.done = std::move(done);
    pending.timer = loop_.After(timeout, [weak = weak_from_this(), id = id] {
      if (const auto self = weak.lock()) self->OnTimeout(id);
    });
    // Posted, for a call that fails at once must not answer from inside itself.
    if (!actions.empty()) {
      Perform(std::move(actions), /*inside_call=*/true);
    }
  }

  bool takes_calls() const { return association_.takes_calls(); }

  // Completes all calls. Safe to repeat.
  void End(absl::Status reason) {
    if (ended_) return;
    ended_ = true;
    const auto self = shared_from_this();
    deadline_.Cancel();
    resolver_.cancel();
    race_timer_.Cancel();
    sockets_.clear();
    const absl::Status status(reason.code(),
                              absl::StrCat(endpoint_.ToString(), ": ", std::string(reason.message())));
    if (connection_) connection_->Close(status);
    Perform(association_.OnClosed(status), /*inside_call=*/false);
    for (RpcClient::OpenDone& done : std::exchange(waiting_, {})) done(status);
    if (OnEnd on_end = std::exchange(on_end_, nullptr)) on_end(*this, bound_, status);
  }

  // Without a word to anyone.
  void Abandon() {
    on_end_ = nullptr;
    waiting_.clear();
    calls_.clear();
    End(absl::CancelledError("client closed"));
  }

 private:
  struct Pending {
    RpcDone done;
    Timer timer;
    bool timed_out = false;
  };

  void Race(const pdu::SyntaxId& first_interface) {
    sockets_.resize(addresses_.size());
    race_.emplace(addresses_.size(), options_.address_stagger);
    Advance(race_->Start(clock_.Now()), first_interface);
  }

  void Advance(const AddressRace::Step& step, const pdu::SyntaxId& first_interface) {
    if (step.exhausted) return End(absl::UnavailableError(refusal_));
    if (step.attempt) {
      const std::size_t at = *step.attempt;
      sockets_[at] = std::make_unique<tcp::socket>(loop_.io());
      sockets_[at]->async_connect(addresses_[at],
                                  [self = shared_from_this(), at, first_interface](auto error) {
                                    self->OnAttempt(at, error, first_interface);
                                  });
    }
    const absl::Time due = race_->NextDeadline();
    if (due == absl::InfiniteFuture()) return race_timer_.Cancel();
    race_timer_ = loop_.After(due - clock_.Now(), [weak = weak_from_this(), first_interface] {
      if (const auto self = weak.lock())
        self->Advance(self->race_->OnTimer(self->clock_.Now()), first_interface);
    });
  }

  void OnAttempt(std::size_t at, const boost::system::error_code& error,
                 const pdu::SyntaxId& first_interface) {
    if (ended_ || race_->state() != AddressRace::State::kRacing) return;
    if (error) {
      refusal_ = error.message();
      return Advance(race_->OnFailed(at, clock_.Now()), first_interface);
    }
    race_->OnAnswered(at);
    race_timer_.Cancel();
    tcp::socket socket = std::move(*sockets_[at]);
    sockets_.clear();
    OnConnected(std::move(socket), first_interface);
  }

  void OnConnected(tcp::socket socket, const pdu::SyntaxId& first_interface) {
    deadline_ = loop_.After(options_.connect_timeout, [weak = weak_from_this()] {
      if (const auto self = weak.lock())
        self->End(absl::DeadlineExceededError(
            self->prepared_ ? "no bind in time" : "no ticket in time: does the KDC of our realm answer?"));
    });
    connection_ = std::make_shared<Connection>(std::move(socket), options_.connection);
    const std::weak_ptr<Link> weak = weak_from_this();
    connection_->Start({
        [weak](base::ByteView bytes) {
          if (const auto self = weak.lock(); self && !self->ended_) {
            self->Perform(self->association_.OnBytes(bytes), false);
          }
        },
        [weak](const absl::Status& status) {
          if (const auto self = weak.lock()) self->End(status);
        },
    });
    if (security_ == nullptr) return Open(first_interface);
    security_->Prepare([&loop = loop_, weak, first_interface] {
      loop.Post([weak, first_interface] {
        if (const auto self = weak.lock(); self && !self->ended_) self->Open(first_interface);
      });
    });
  }

  void Open(const pdu::SyntaxId& first_interface) {
    prepared_ = true;
    Perform(association_.Open({first_interface}), false);
  }

  void OnTimeout(rpc::CallId id) {
    const auto it = calls_.find(id);
    if (it == calls_.end()) return;
    it->second.timed_out = true;
    cancelled_[id] = loop_.After(options_.cancel_timeout, [weak = weak_from_this(), id] {
      if (const auto self = weak.lock()) self->OnCancelTimeout(id);
    });
    Perform(association_.Cancel(id), false);
  }

  void OnCancelTimeout(rpc::CallId id) {
    cancelled_.erase(id);
    if (!ended_) Perform(association_.GiveUp(id), false);
  }

  void Perform(rpc::ClientActions actions, bool inside_call) {
    std::vector<std::pair<RpcDone, RpcResult>> results;
    for (rpc::ClientAction& action : actions) {
      if (auto* send = std::get_if<rpc::ClientSend>(&action)) {
        if (connection_) connection_->Send(std::move(send->bytes));
      } else if (std::get_if<rpc::Opened>(&action)) {
        bound_ = true;
        deadline_.Cancel();
        for (RpcClient::OpenDone& done : std::exchange(waiting_, {})) {
          loop_.Post([done = std::move(done)]() mutable { done(absl::OkStatus()); });
        }
      } else if (auto* done = std::get_if<rpc::CallDone>(&action)) {
        const auto it = calls_.find(done->call);
        if (it == calls_.end()) continue;
        if (it->second.timed_out)
          done->result = absl::DeadlineExceededError(endpoint_.ToString() + ": no answer in time");
        results.emplace_back(std::move(it->second.done), RpcResult{std::move(done->result), done->sent});
        calls_.erase(it);
      } else if (auto* close = std::get_if<rpc::ClientClose>(&action)) {
        loop_.Post([self = shared_from_this(), status = std::move(close->status)] {
          self->End(status.ok() ? absl::UnavailableError("closed by the server") : status);
        });
      }
    }
    for (auto& [done, result] : results) {
      if (inside_call) {
        loop_.Post(
            [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
      } else {
        done(std::move(result));
      }
    }
    if (transient_ && calls_.empty() && waiting_.empty() && !ended_) {
      loop_.Post([self = shared_from_this()] {
        if (self->calls_.empty()) self->End(absl::CancelledError("its last call is answered"));
      });
    }
  }

  Loop& loop_;
  const RpcClientOptions& options_;
  const Endpoint endpoint_;
  const bool transient_;
  base::SteadyClock clock_;
  tcp::resolver resolver_;
  std::vector<tcp::endpoint> addresses_;               // that the name stands for
  std::vector<std::unique_ptr<tcp::socket>> sockets_;  // by address, until one is connected
  std::optional<AddressRace> race_;
  Timer race_timer_;
  std::string refusal_;  // of the last address that failed
  std::shared_ptr<Connection> connection_;
  auth::SecurityContext* const security_;  // the association has it; null: none
  rpc::ClientAssociation association_;
  absl::flat_hash_map<rpc::CallId, Pending> calls_;
  absl::flat_hash_map<rpc::CallId, Timer> cancelled_;  // the time the server has to answer
  std::vector<RpcClient::OpenDone> waiting_;
  Timer deadline_;
  OnEnd on_end_;
  bool prepared_ = false;
  bool bound_ = false;
  bool ended_ = false;
};

}  // namespace

class RpcClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Loop& loop, RpcClientOptions options, NewInitiator new_initiator)
      : loop_(loop), options_(std::move(options)), new_initiator_(std::move(new_initiator)) {}

  void Call(const Endpoint& endpoint, rpc::CallRequest request, absl::Duration timeout, RpcDone done,
            auth::AuthLevel level, const std::string& principal) {
    absl::StatusOr<std::shared_ptr<Link>> link = LinkTo(endpoint, level, request.interface, principal);
    if (!link.ok()) {
      loop_.Post([done = std::move(done), status = link.status()]() mutable { done({status, false}); });
      return;
    }
    (*link)->Call(std::move(request), timeout, std::move(done));
  }

  void Open(const Endpoint& endpoint, const pdu::SyntaxId& interface, OpenDone done, auth::AuthLevel level,
            const std::string& principal) {
    absl::StatusOr<std::shared_ptr<Link>> link = LinkTo(endpoint, level, interface, principal);
    if (!link.ok()) {
      loop_.Post([done = std::move(done), status = link.status()]() mutable { done(std::move(status)); });
      return;
    }
    (*link)->WhenOpen(std::move(done));
  }

  void Drop(const Endpoint& endpoint, const absl::Status& reason) {
    std::vector<std::shared_ptr<Link>> dropped;  // End() removes them from the table
    for (const auto& [key, link] : links_) {
      if (key.first == endpoint) dropped.push_back(link);
    }
    for (const auto& link : dropped) link->End(reason);
  }

  void Stop() {
    on_closed_ = nullptr;
    for (const auto& [key, link] : std::exchange(links_, {})) link->Abandon();
    for (const auto& link : std::exchange(leaving_, {})) link->Abandon();
  }

  void set_on_closed(absl::AnyInvocable<void(const Endpoint&, const absl::Status&)> on_closed) {
    on_closed_ = std::move(on_closed);
  }
  std::size_t connections() const { return links_.size() + leaving_.size(); }
  auth::AuthLevel level() const { return options_.level; }

 private:
  using Key = std::pair<Endpoint, auth::AuthLevel>;

  void Remove(const Key& key, const Link& link) {
    if (const auto it = links_.find(key); it != links_.end() && it->second.get() == &link) {
      links_.erase(it);
    } else {
      std::erase_if(leaving_, [&link](const auto& other) { return other.get() == &link; });
    }
  }

  absl::StatusOr<std::shared_ptr<Link>> LinkTo(const Endpoint& endpoint, auth::AuthLevel level,
                                               const pdu::SyntaxId& interface, const std::string& principal) {
    const Key key{endpoint, level};
    if (const auto it = links_.find(key); it != links_.end()) {
      if (it->second->takes_calls()) return it->second;
      leaving_.insert(std::move(it->second));  // until its last answer
      links_.erase(it);
    }
    if (connections() >= options_.max_connections)
      return absl::ResourceExhaustedError("too many connections");
    std::unique_ptr<auth::SecurityContext> security;
    if (level != auth::AuthLevel::kNone) {
      absl::StatusOr<std::unique_ptr<auth::SecurityContext>> made = new_initiator_(endpoint, principal);
      if (!made.ok()) return made.status();
      security = *std::move(made);
    }
    const bool transient = level == auth::AuthLevel::kNone && options_.level != auth::AuthLevel::kNone;
    auto link = std::make_shared<Link>(loop_, options_, endpoint, level, std::move(security), transient,
                                       [weak = weak_from_this(), key, transient](
                                           const Link& ended, bool was_bound, const absl::Status& status) {
                                         const auto self = weak.lock();
                                         if (!self) return;
                                         self->Remove(key, ended);
                                         if (was_bound && !transient && self->on_closed_)
                                           self->on_closed_(key.first, status);
                                       });
    links_.emplace(key, link);
    link->Start(interface);
    return link;
  }

  Loop& loop_;
  const RpcClientOptions options_;
  NewInitiator new_initiator_;
  std::map<Key, std::shared_ptr<Link>> links_;
  std::set<std::shared_ptr<Link>> leaving_;  // they take no more calls
  absl::AnyInvocable<void(const Endpoint&, const absl::Status&)> on_closed_;
};

RpcClient::RpcClient(Loop& loop, RpcClientOptions options, NewInitiator new_initiator)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(new_initiator))) {}
RpcClient::~RpcClient() { impl_->Stop(); }

void RpcClient::Call(const Endpoint& endpoint, rpc::CallRequest request, absl::Duration timeout, RpcDone done,
                     std::optional<auth::AuthLevel> level, const std::string& principal) {
  impl_->Call(endpoint, std::move(request), timeout, std::move(done), level.value_or(impl_->level()),
              principal);
}
void RpcClient::Open(const Endpoint& endpoint, const pdu::SyntaxId& interface, OpenDone done,
                     std::optional<auth::AuthLevel> level, const std::string& principal) {
  impl_->Open(endpoint, interface, std::move(done), level.value_or(impl_->level()), principal);
}
void RpcClient::Drop(const Endpoint& endpoint, absl::Status reason) { impl_->Drop(endpoint, reason); }
void RpcClient::set_on_closed(absl::AnyInvocable<void(const Endpoint&, const absl::Status&)> on_closed) {
  impl_->set_on_closed(std::move(on_closed));
}
std::size_t RpcClient::connections() const { return impl_->connections(); }
auth::AuthLevel RpcClient::level() const { return impl_->level(); }

}  // namespace ipam::net
