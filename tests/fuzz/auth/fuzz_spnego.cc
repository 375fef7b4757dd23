// Both SPNEGO tokens (decode, encode, decode again) and both machines, fed two tokens cut out of the input.
#include <cstdint>

#include "dcom_bridge/auth/spnego_token.h"
#include "sides.h"

namespace {

using ipam::base::ByteView;
using namespace ipam::auth;

template <typename Message>
void RoundTrip(ByteView input) {
  const absl::StatusOr<Message> message = Message::Decode(input);
  if (!message.ok()) return;
  const ipam::base::Bytes bytes = message->Encode();
  const absl::StatusOr<Message> again = Message::Decode(bytes);
  if (!again.ok() || again->Encode() != bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  RoundTrip<NegTokenInit>(input);
  RoundTrip<NegTokenResp>(input);

  Sides sides;
  FeedAcceptor(*sides.Acceptor(AuthType::kSpnego), input);
  const auto acceptor = sides.Acceptor(AuthType::kSpnego);
  const auto initiator = sides.Initiator(AuthType::kSpnego);
  acceptor->Step(initiator->Step({})->bytes).IgnoreError();
  FeedAcceptor(*acceptor, input);
  if (size == 0) return 0;

  // The first octet says where the first token ends.
  const std::size_t first = std::min<std::size_t>(data[0] * std::size_t{4}, size - 1);
  const auto other = sides.Acceptor(AuthType::kSpnego);
  if (other->Step(input.subspan(1, first)).ok()) FeedAcceptor(*other, input.subspan(1 + first));
  if (initiator->Step(input.subspan(1, first)).ok()) {
    const absl::StatusOr<Token> last = initiator->Step(input.subspan(1 + first));
    if (last.ok() && last->complete) std::abort();
  }
  return 0;
}
