// The inside of ServerAssociation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "dcom_bridge/pdu/call_pdus.h"
#include "dcom_bridge/pdu/framer.h"
#include "dcom_bridge/pdu/sec_trailer.h"
#include "dcom_bridge/rpc/presentation_contexts.h"
#include "dcom_bridge/rpc/security_contexts.h"
#include "dcom_bridge/rpc/server_association.h"

namespace ipam::rpc {

class ServerAssociation::Machine {
 public:
  Machine(const ServerOptions& options, const ServiceTable& services, AuthProvider& auth,
          AssociationGroups& groups, std::string peer);
  ~Machine();

  void OnBytes(base::ByteView bytes);
  void Complete(CallId id, CallOutcome outcome);
  void Shutdown();
  ServerActions TakeActions() { return std::exchange(actions_, {}); }

  State state() const;
  std::size_t outstanding_calls() const { return calls_.size(); }
  std::uint64_t pdus_in() const { return pdus_in_; }
  bool expects_more() const { return !closed_ && (partial_ || framer_.buffered() != 0); }

 private:
  // A request whose last fragment has not come.
  struct Partial {
    std::uint32_t wire_id = 0;
    std::uint16_t context_id = 0;
    bool maybe = false;
    bool has_trailer = false;
    // It was answered by a fault; what still comes is verified, for the security context counts it, and
    // dropped.
    bool refused = false;
    SecurityContexts::Entry* security = nullptr;
    Service* service = nullptr;
    std::size_t stub_limit = 0;
    IncomingCall call;
  };
  // A call that the service has.
  struct Outstanding {
    std::uint32_t wire_id = 0;
    std::uint16_t context_id = 0;
    bool maybe = false;
    bool orphaned = false;
    SecurityContexts::Entry* security = nullptr;
    std::size_t stub_bytes = 0;
  };

  // server_machine.cc
  void OnPdu(base::Bytes pdu);
  void OnMalformed(const pdu::Header& header, absl::Status why);
  void OnCancel(std::uint32_t wire_id, bool orphaned);
  void Send(base::Bytes bytes);
  void SendFault(std::uint32_t wire_id, std::uint16_t context_id, pdu::NcaStatus status,
                 bool did_not_execute);
  void FaultAndClose(std::uint32_t wire_id, std::uint16_t context_id, pdu::NcaStatus status,
                     bool did_not_execute, absl::Status why);
  void NakAndClose(std::uint32_t wire_id, pdu::RejectReason reason, absl::Status why);
  void CloseWith(absl::Status why);

  // server_bind.cc
  void OnBind(const pdu::Segments& segments);
  void OnAlterContext(const pdu::Segments& segments);
  void OnAuth3(const pdu::Segments& segments);
  void SendAck(const pdu::Segments& request, pdu::PduType type, std::string secondary_address,
               std::vector<pdu::PresentationResult> results, base::ByteView token);

  // server_request.cc
  void OnRequest(base::Bytes pdu, const pdu::Segments& segments);
  void OnFirstFragment(base::Bytes& pdu, const pdu::Segments& segments, const pdu::Request& request);
  void OnNextFragment(base::Bytes& pdu, const pdu::Segments& segments, const pdu::Request& request);
  bool Authenticate(const pdu::Segments& segments, Partial& partial);
  bool Open(base::Bytes& pdu, const pdu::Segments& segments, const Partial& partial);
  void Admit(const pdu::Header& header, const pdu::Request& request, Partial& partial);
  void Take(const pdu::Header& header, base::ByteView stub);
  void Deliver(Partial whole);
  // Checks the verification trailer, where there is one, and takes it off the stub.
  bool TakeVerificationTrailer(const pdu::Header& header, Partial& partial) const;
  bool IsLate(std::uint32_t wire_id) const;
  bool Busy() const;
  Protection ProtectionOf(SecurityContexts::Entry* security) const;

  const ServerOptions& options_;
  AssociationGroups& groups_;
  const std::string peer_;
  pdu::Framer framer_;
  PresentationContexts presentation_;
  SecurityContexts security_;
  bool bound_ = false;
  bool closed_ = false;
  bool multiplexed_ = false;
  bool header_signing_ = false;
  std::uint16_t frag_ = 0;  // both ways, as bind_ack said
  std::uint32_t group_ = 0;
  std::optional<Partial> partial_;
  absl::flat_hash_map<CallId, Outstanding> calls_;
  std::size_t buffered_bytes_ = 0;  // stubs of calls_
  std::uint64_t next_call_ = 1;
  std::uint64_t pdus_in_ = 0;
  std::uint32_t current_call_id_ = 0;  // the highest that came, [MS-RPCE] 3.3.3.1.1
  ServerActions actions_;
};

}  // namespace ipam::rpc
