// The three NTLM messages (decode, encode, decode again) and both machines at each of their steps.
#include <cstdint>

#include "dcom_bridge/auth/av_pairs.h"
#include "dcom_bridge/auth/ntlm_messages.h"
#include "sides.h"

namespace {

using ipam::base::Bytes;
using ipam::base::ByteView;
using namespace ipam::auth;

template <typename Message>
void RoundTrip(ByteView input) {
  const absl::StatusOr<Message> message = Message::Decode(input);
  if (!message.ok()) return;
  const Bytes bytes = message->Encode();
  if (bytes.size() > kMaxNtlmMessage)
    return;  // fields may overlap on the wire, and do not when we write them
  const absl::StatusOr<Message> again = Message::Decode(bytes);
  if (!again.ok() || again->Encode() != bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  RoundTrip<NegotiateMessage>(input);
  RoundTrip<ChallengeMessage>(input);
  RoundTrip<AuthenticateMessage>(input);
  if (const absl::StatusOr<AvPairs> pairs = AvPairs::Decode(input); pairs.ok()) {
    const Bytes bytes = pairs->Encode();
    if (!std::equal(bytes.begin(), bytes.end(), data)) std::abort();
  }

  Sides sides;
  FeedAcceptor(*sides.Acceptor(AuthType::kNtlm), input);
  const auto acceptor = sides.Acceptor(AuthType::kNtlm);
  const auto initiator = sides.Initiator(AuthType::kNtlm);
  acceptor->Step(initiator->Step({})->bytes).IgnoreError();
  FeedAcceptor(*acceptor, input);
  const absl::StatusOr<Token> answer = initiator->Step(input);
  if (answer.ok()) {
    if (!answer->complete || !AuthenticateMessage::Decode(answer->bytes).ok()) std::abort();
    Bytes pdu(size % 64 + 32);
    if (!initiator->Protect(AuthLevel::kIntegrity, pdu, 24, pdu.size() - 32, true).ok()) std::abort();
  }
  return 0;
}
