// A bare RPC server for strangers: management, endpoint mapper, and an interface under netlogon's name whose
// opnum 4 answers 12 octets. One thread, poll(). Prints its port; ends when its standard input does.
//
//   rpc_server DOMAIN USER PASSWORD [KEYTAB]
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/kerberos_keys.h"
#include "dcom_bridge/rpc/endpoint_mapper.h"
#include "dcom_bridge/rpc/management.h"
#include "dcom_bridge/rpc/server_association.h"

namespace ipam {
namespace {

constexpr pdu::SyntaxId kNetlogon{
    {0x12345678, 0x1234, 0xabcd, {0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0xcf, 0xfb}}, 1, 0};
// What the server says its port is: the strangers' tests expect three digits.
constexpr std::uint16_t kAnnouncedPort = 135;

class Netlogon final : public rpc::Service {
 public:
  bool Serves(const pdu::SyntaxId& abstract) const override { return abstract == kNetlogon; }
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId&, std::uint16_t) const override {
    return auth::AuthLevel::kNone;
  }
  void Handle(rpc::IncomingCall call, rpc::Responder respond) override {
    if (call.opnum != 4) return respond(rpc::CallFault{pdu::kOperationRange, true});
    respond(rpc::CallReply{base::Bytes(12)});
  }
};

class Provider final : public rpc::AuthProvider {
 public:
  explicit Provider(auth::AcceptorFactory& factory) : factory_(factory) {}
  absl::StatusOr<std::unique_ptr<auth::SecurityContext>> NewAcceptor(
      auth::AuthType type, const std::string& peer_address) override {
    return factory_.NewAcceptor(type, peer_address);
  }

 private:
  auth::AcceptorFactory& factory_;
};

struct Connection {
  int socket = -1;
  std::unique_ptr<rpc::ServerAssociation> association;
  bool closing = false;  // what still comes is read off, so that the last answer is not lost to a reset
};

void Carry(Connection& connection, rpc::ServerActions actions) {
  for (rpc::ServerAction& action : actions) {
    if (auto* send = std::get_if<rpc::SendBytes>(&action)) {
      (void)!::send(connection.socket, send->bytes.data(), send->bytes.size(), MSG_NOSIGNAL);
    } else if (auto* deliver = std::get_if<rpc::DeliverCall>(&action)) {
      const rpc::CallId id = deliver->call.id;
      std::vector<rpc::CallOutcome> outcomes;
      deliver->service->Handle(std::move(deliver->call),
                               [&](rpc::CallOutcome outcome) { outcomes.push_back(std::move(outcome)); });
      for (rpc::CallOutcome& outcome : outcomes) {
        Carry(connection, connection.association->Complete(id, std::move(outcome)));
      }
    } else if (auto* close = std::get_if<rpc::Close>(&action)) {
      std::fprintf(stderr, "close: %s\n", close->status.ToString().c_str());
      ::shutdown(connection.socket, SHUT_WR);
      connection.closing = true;
    }
  }
}

int Listen(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, generic, size) != 0 || ::listen(listener, 16) != 0 ||
      ::getsockname(listener, generic, &size) != 0) {
    return -1;
  }
  port = ntohs(address.sin_port);
  return listener;
}

int Run(const char* domain, const char* user, const char* password, const char* keytab) {
  const std::string line =
      std::string(domain) + "\\" + user + ":" + auth::NtHash::OfPassword(password).ToHex() + "\n";
  auto accounts = auth::AccountFile::Parse(line, "arguments");
  if (!accounts.ok()) return 2;
  base::SystemClock clock;
  auth::SystemRandom random;
  // The strangers fail to log on again and again.
  auth::AcceptorFactory::Options acceptor_options{.guard = {.account_failures = 0}};
  if (keytab != nullptr) {
    auto keys = auth::KerberosKeys::Load(keytab);
    if (!keys.ok()) {
      std::fprintf(stderr, "%s\n", keys.status().ToString().c_str());
      return 2;
    }
    acceptor_options.kerberos = *std::move(keys);
  }
  auth::AcceptorFactory factory(std::make_shared<auth::AccountFile>(*std::move(accounts)),
                                auth::ServerNames::FromHostName("server1.contoso.example"),
                                std::move(acceptor_options), clock, random);
  Provider provider(factory);
  rpc::EndpointMapper mapper;
  for (const pdu::SyntaxId& interface :
       {kNetlogon, rpc::kManagementInterface, rpc::kEndpointMapperInterface}) {
    mapper.Register({{interface, pdu::kNdr, kAnnouncedPort, {127, 0, 0, 1}}, {}, "interop"});
  }
  rpc::Management management(
      {{rpc::kEndpointMapperInterface, kNetlogon}, {{auth::AuthType::kNtlm, "server1"}}});
  Netlogon netlogon;
  rpc::ServiceTable table;
  table.Add(mapper);
  table.Add(management);
  table.Add(netlogon);
  rpc::AssociationGroups groups;
  rpc::ServerOptions options;
  options.secondary_address = std::to_string(kAnnouncedPort);

  std::uint16_t port = 0;
  const int listener = Listen(port);
  if (listener < 0) return 2;
  std::printf("%d\n", port);
  std::fflush(stdout);
  std::deque<Connection> connections;
  base::Bytes buffer(65536);
  for (;;) {
    std::vector<pollfd> polls{{STDIN_FILENO, POLLIN, 0}, {listener, POLLIN, 0}};
    for (const Connection& connection : connections) polls.push_back({connection.socket, POLLIN, 0});
    if (::poll(polls.data(), polls.size(), -1) < 0) return 2;
    if (polls[0].revents != 0) return 0;
    for (std::size_t i = 0; i < connections.size(); ++i) {
      if (polls[i + 2].revents == 0) continue;
      Connection& connection = connections[i];
      const ssize_t got = ::recv(connection.socket, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        ::close(connection.socket);
        connection.association.reset();
      } else if (!connection.closing) {
        Carry(connection,
              connection.association->OnBytes(base::ByteView(buffer).first(static_cast<std::size_t>(got))));
      }
    }
    std::erase_if(connections,
                  [](const Connection& connection) { return connection.association == nullptr; });
    if (polls[1].revents != 0) {
      Connection connection;
      connection.socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      const int on = 1;
      ::setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connection.association =
          std::make_unique<rpc::ServerAssociation>(options, table, provider, groups, "127.0.0.1");
      connections.push_back(std::move(connection));
    }
  }
}

}  // namespace
}  // namespace ipam

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr, "usage: rpc_server DOMAIN USER PASSWORD [KEYTAB]\n");
    return 2;
  }
  return ipam::Run(argv[1], argv[2], argv[3], argc == 5 ? argv[4] : nullptr);
}
