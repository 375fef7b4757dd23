// Both SPNEGO tokens (decode, encode, decode again) and both machines, with NTLM alone and with a mechanism in
// Kerberos' place before it, fed two tokens cut out of the input.
#include <cstdint>

#include "dcom_bridge/auth/mechanism.h"
#include "dcom_bridge/auth/ntlm_context.h"
#include "dcom_bridge/auth/spnego_context.h"
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

// Tokens of any kind lead to its end, as an initiator; its signatures hold never. No acceptor is convinced.
class Stranger final : public Mechanism {
 public:
  explicit Stranger(bool initiator) : initiator_(initiator) {}

  AuthType type() const override { return AuthType::kKerberos; }
  absl::StatusOr<Token> Step(ByteView token) override {
    if (!token.empty() && token[0] == 0xFF) return absl::UnauthenticatedError("the token says no");
    return Token{{0x6E, 0x00}, initiator_ && !token.empty()};
  }
  bool MaySeal() const override { return true; }
  std::size_t SignatureSize(AuthLevel) const override { return 0; }
  absl::StatusOr<ipam::base::Bytes> Protect(AuthLevel, std::span<std::uint8_t>, std::size_t, std::size_t,
                                            bool) override {
    return ipam::base::Bytes();
  }
  absl::Status Unprotect(AuthLevel, std::span<std::uint8_t>, std::size_t, std::size_t, ByteView,
                         bool) override {
    return absl::UnauthenticatedError("never");
  }
  std::optional<Principal> peer() const override { return Principal{"D", "nobody"}; }
  absl::StatusOr<ipam::base::Bytes> MakeMechListMic(ByteView) override { return ipam::base::Bytes{1}; }
  absl::Status CheckMechListMic(ByteView, ByteView) override { return absl::UnauthenticatedError("never"); }

 private:
  const bool initiator_;
};

void FeedChoice(Sides& sides, ByteView first, ByteView second) {
  const auto with_stranger = [](bool initiator, std::unique_ptr<SecurityContext> ntlm) {
    std::vector<NegotiableMechanism> mechanisms;
    mechanisms.push_back({kKerberosOid, std::make_unique<Stranger>(initiator)});
    mechanisms.push_back({kNtlmOid, std::unique_ptr<Mechanism>(static_cast<Mechanism*>(ntlm.release()))});
    return mechanisms;
  };
  SpnegoAcceptor acceptor(with_stranger(false, sides.Acceptor(AuthType::kNtlm)));
  if (acceptor.Step(first).ok()) FeedAcceptor(acceptor, second);
  SpnegoInitiator initiator(with_stranger(true, sides.Initiator(AuthType::kNtlm)));
  if (!initiator.Step({}).ok()) std::abort();
  for (const ByteView token : {first, second}) {
    const absl::StatusOr<Token> step = initiator.Step(token);
    if (step.ok() && step->complete) std::abort();
  }
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
  FeedChoice(sides, input.subspan(1, first), input.subspan(1 + first));
  FeedChoice(sides, input, input);
  if (other->Step(input.subspan(1, first)).ok()) FeedAcceptor(*other, input.subspan(1 + first));
  if (initiator->Step(input.subspan(1, first)).ok()) {
    const absl::StatusOr<Token> last = initiator->Step(input.subspan(1 + first));
    if (last.ok() && last->complete) std::abort();
  }
  return 0;
}
