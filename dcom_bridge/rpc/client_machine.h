// The inside of ClientAssociation.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dcom_bridge/pdu/bind.h"
#include "dcom_bridge/pdu/call_pdus.h"
#include "dcom_bridge/pdu/framer.h"
#include "dcom_bridge/pdu/sec_trailer.h"
#include "dcom_bridge/rpc/client_association.h"
#include "dcom_bridge/rpc/protection.h"

namespace ipam::rpc {

class ClientAssociation::Machine {
 public:
  explicit Machine(ClientOptions options);

  void Open(std::vector<pdu::SyntaxId> interfaces);
  CallId Call(CallRequest request);
  void OnBytes(base::ByteView bytes);
  void Cancel(CallId id);
  void GiveUp(CallId id);
  void OnClosed(absl::Status status);
  ClientActions TakeActions() { return std::exchange(actions_, {}); }

  State state() const { return state_; }
  bool takes_calls() const { return state_ != State::kClosed && draining_.ok(); }
  std::size_t outstanding_calls() const { return sent_.size() + kept_.size(); }
  std::uint32_t association_group() const { return group_; }

 private:
  // What the server said of an interface. kAsk: nothing yet, or no in a list of several, of which some
  // servers accept one only, or no to an earlier call. kRejected: no, and the calls that wait for it fail.
  enum class Answer : std::uint8_t { kAsk, kAccepted, kRejected };
  struct Context {
    pdu::SyntaxId abstract_syntax;
    Answer answer = Answer::kAsk;
    bool verified = false;  // a verification trailer told of it
  };
  struct Kept {
    CallId id;
    CallRequest request;
  };
  struct Sent {
    CallId id;
    bool discarded = false;  // cancelled: what comes is verified and dropped
    bool begun = false;      // its first fragment came
    base::Endian endian = base::Endian::kLittle;
    base::Bytes stub;
  };

  // client_bind.cc
  void SendNegotiation(pdu::PduType type, bool with_features, base::ByteView token);
  void OnBindAck(const pdu::Segments& segments);
  void OnBindNak(const pdu::Segments& segments);
  void TakeResults(const std::vector<pdu::PresentationResult>& results);
  void NextLeg(const pdu::Segments& segments);
  void SendAuth3(base::ByteView token);
  void BecomeReady();
  pdu::SecTrailer Trailer() const;

  // client_machine.cc
  void OnPdu(base::Bytes pdu);
  void OnResponse(base::Bytes& pdu, const pdu::Segments& segments);
  void OnFault(base::Bytes& pdu, const pdu::Segments& segments);
  void OnShutdown();
  bool Verify(base::Bytes& pdu, const pdu::Segments& segments, std::size_t call_header_size);
  void Pump();
  bool SendCall(Kept call, std::uint16_t context_id);
  void AppendTrailer(CallRequest& request, const pdu::Header& header, std::uint16_t context_id);
  // Its index, and presentation context id; callers name a handful of interfaces.
  std::size_t ContextOf(const pdu::SyntaxId& abstract_syntax);
  void Done(CallId id, std::variant<CallReply, CallFault, absl::Status> result, bool sent);
  // Ends a call that was sent, and the connection where it was the last one of a server that shuts down.
  void Finish(std::uint32_t wire_id, std::variant<CallReply, CallFault, absl::Status> result);
  void EndAllCalls(const absl::Status& status);
  // No more calls; closes when those that are out are answered.
  void Drain(absl::Status why);
  void CloseIfDrained();
  void FailWith(absl::Status status);
  void SendSmall(pdu::PduType type, std::uint32_t wire_id);
  void Send(base::Bytes bytes);
  Protection protection() const;

  ClientOptions options_;
  pdu::Framer framer_;
  State state_ = State::kIdle;
  absl::Status closed_why_;
  std::vector<Context> contexts_;  // the index is the presentation context id
  std::vector<std::size_t>
      negotiated_;  // contexts of the bind or alter_context under way; kFeatures for features
  std::uint32_t negotiation_id_ = 0;  // its call_id
  bool authenticated_ = false;
  bool multiplexed_ = false;
  bool header_signing_ = false;
  bool verified_bitmask_ = false;  // a verification trailer told of header signing
  absl::Status draining_;          // not OK: why no more calls are taken
  std::vector<std::uint32_t> given_up_;
  std::uint16_t features_ = 0;
  std::uint16_t frag_ = 0;  // that we may send
  std::uint32_t group_ = 0;
  std::uint32_t next_wire_id_ = 1;
  std::uint64_t next_call_ = 1;
  std::deque<Kept> kept_;
  absl::flat_hash_map<std::uint32_t, Sent> sent_;  // by call_id
  ClientActions actions_;
};

}  // namespace ipam::rpc
