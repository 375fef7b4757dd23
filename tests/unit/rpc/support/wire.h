// A server association with services that a test scripts, and a client association joined to it byte by byte.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dcom_bridge/rpc/client_association.h"
#include "dcom_bridge/rpc/server_association.h"
#include "tests/unit/rpc/support/fake_security.h"

namespace ipam::rpc_test {

inline constexpr pdu::SyntaxId kEcho{
    {0x60a15ec5, 0x4de8, 0x11d7, {0xa6, 0x37, 0x00, 0x50, 0x56, 0xa2, 0x01, 0x82}}, 1, 0};
inline constexpr pdu::SyntaxId kOther{
    {0x11111111, 0x2222, 0x3333, {0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55}}, 1, 0};

// Keeps what it is given; opnum 0 echoes at once. Opnum 9 asks for integrity, opnum 8 takes 1,000 octets at
// most.
class ScriptedService final : public rpc::Service {
 public:
  bool Serves(const pdu::SyntaxId& abstract) const override {
    return abstract == kEcho || abstract == kOther;
  }
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId&, std::uint16_t opnum) const override {
    return opnum == 9 ? auth::AuthLevel::kIntegrity : auth::AuthLevel::kNone;
  }
  std::size_t StubLimit(const pdu::SyntaxId&, std::uint16_t opnum) const override {
    return opnum == 8 ? 1000 : std::size_t{64} << 20;
  }
  void Handle(rpc::IncomingCall call, rpc::Responder respond) override {
    if (call.opnum == 0) respond(rpc::CallReply{call.stub});
    calls.push_back(std::move(call));
  }

  std::vector<rpc::IncomingCall> calls;
};

struct Server {
  explicit Server(rpc::ServerOptions options_in = {}) : options(std::move(options_in)) {
    options.secondary_address = "135";
    table.Add(service);
    association = NewAssociation("192.0.2.1");
  }

  std::unique_ptr<rpc::ServerAssociation> NewAssociation(std::string peer) {
    return std::make_unique<rpc::ServerAssociation>(options, table, auth, groups, std::move(peer));
  }

  // Carries the actions out: what is to be sent is appended to `out`, each PDU for itself.
  void Do(rpc::ServerActions actions) {
    for (rpc::ServerAction& action : actions) {
      if (auto* send = std::get_if<rpc::SendBytes>(&action)) {
        out.push_back(std::move(send->bytes));
      } else if (auto* deliver = std::get_if<rpc::DeliverCall>(&action)) {
        const rpc::CallId id = deliver->call.id;
        last_call = id;
        deliver->service->Handle(std::move(deliver->call), [this, id](rpc::CallOutcome outcome) {
          completed.emplace_back(id, std::move(outcome));
        });
        for (auto& [call, outcome] : std::exchange(completed, {})) {
          Do(association->Complete(call, std::move(outcome)));
        }
      } else if (auto* cancel = std::get_if<rpc::CancelCall>(&action)) {
        cancels.push_back(*cancel);
      } else {
        closed = std::get<rpc::Close>(action).status;
      }
    }
  }
  void Feed(base::ByteView bytes) { Do(association->OnBytes(bytes)); }

  rpc::ServerOptions options;
  rpc::ServiceTable table;
  ScriptedService service;
  FakeAuthProvider auth;
  rpc::AssociationGroups groups;
  std::deque<base::Bytes> out;
  std::vector<std::pair<rpc::CallId, rpc::CallOutcome>> completed;
  std::vector<rpc::CancelCall> cancels;
  rpc::CallId last_call;
  std::optional<absl::Status> closed;
  std::unique_ptr<rpc::ServerAssociation> association;
};

struct Client {
  explicit Client(rpc::ClientOptions options = {}) : association(std::move(options)) {}

  void Do(rpc::ClientActions actions) {
    for (rpc::ClientAction& action : actions) {
      if (auto* send = std::get_if<rpc::ClientSend>(&action)) {
        out.push_back(std::move(send->bytes));
      } else if (auto* done = std::get_if<rpc::CallDone>(&action)) {
        results.emplace(done->call, std::move(done->result));
        sent.emplace(done->call, done->sent);
        ++done_count;
      } else if (std::holds_alternative<rpc::Opened>(action)) {
        ++opened;
      } else {
        closed = std::get<rpc::ClientClose>(action).status;
      }
    }
  }
  rpc::CallId Call(rpc::CallRequest request) {
    auto [id, actions] = association.Call(std::move(request));
    Do(std::move(actions));
    return id;
  }
  void Feed(base::ByteView bytes) { Do(association.OnBytes(bytes)); }

  // The stub of a reply, or nothing.
  std::optional<base::Bytes> Reply(rpc::CallId id) const {
    const auto found = results.find(id);
    if (found == results.end()) return std::nullopt;
    const auto* reply = std::get_if<rpc::CallReply>(&found->second);
    return reply ? std::optional(reply->stub) : std::nullopt;
  }
  std::optional<pdu::NcaStatus> Fault(rpc::CallId id) const {
    const auto found = results.find(id);
    if (found == results.end()) return std::nullopt;
    const auto* fault = std::get_if<rpc::CallFault>(&found->second);
    return fault ? std::optional(fault->status) : std::nullopt;
  }
  std::optional<absl::Status> Failure(rpc::CallId id) const {
    const auto found = results.find(id);
    if (found == results.end()) return std::nullopt;
    const auto* status = std::get_if<absl::Status>(&found->second);
    return status ? std::optional(*status) : std::nullopt;
  }

  rpc::ClientAssociation association;
  std::deque<base::Bytes> out;
  std::map<rpc::CallId, std::variant<rpc::CallReply, rpc::CallFault, absl::Status>> results;
  std::map<rpc::CallId, bool> sent;
  std::size_t done_count = 0;
  int opened = 0;
  std::optional<absl::Status> closed;
};

// Moves bytes both ways, in pieces of `piece` bytes, until neither side has any.
inline void Exchange(Client& client, Server& server, std::size_t piece = 100'000) {
  const auto move = [piece](std::deque<base::Bytes>& from, auto& to) {
    const base::Bytes pdu = std::move(from.front());
    from.pop_front();
    for (std::size_t at = 0; at < pdu.size(); at += piece) {
      to.Feed(base::ByteView(pdu).subspan(at, std::min(piece, pdu.size() - at)));
    }
  };
  while (!client.out.empty() || !server.out.empty()) {
    if (!client.out.empty()) move(client.out, server);
    if (!server.out.empty()) move(server.out, client);
  }
}

inline base::Bytes Pattern(std::size_t size) {
  base::Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
  return bytes;
}

}  // namespace ipam::rpc_test
