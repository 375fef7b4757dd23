// SPNEGO, RFC 4178 with [MS-SPNG], around mechanisms in the order of preference. Kerberos in DCE style and
// NTLM have three tokens; around them there are four:
//
//   initiator   Step("") -> negTokenInit{first token of our first mechanism}
//   acceptor    Step() -> negTokenResp{accept-incomplete, its token}   where it is not the client's first choice:
//               -> negTokenResp{request-mic}, and the mechanism begins with the next token
//   initiator   Step() -> negTokenResp{last token, mechListMIC}
//   acceptor    Step() -> negTokenResp{accept-completed, mechListMIC}, complete
//   initiator   Step() -> nothing, complete
//
// The initiator always sends a mechListMIC and wants one back: nobody on the way can take a mechanism out.
// A mechanism that cannot begin (no ticket for the server) is not offered, and the next is the first. The
// acceptor takes the first that it has of those that the client offers, answers a mechListMIC with its own,
// and must have one where that was not the client's first (RFC 4178 section 5). One thread; any error is
// final.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dcom_bridge/auth/mechanism.h"
#include "dcom_bridge/auth/spnego_token.h"

namespace ipam::auth {

struct NegotiableMechanism {
  Oid oid;
  std::unique_ptr<Mechanism> mechanism;
};

class SpnegoContext : public SecurityContext {
 public:
  AuthType type() const override { return AuthType::kSpnego; }
  absl::StatusOr<Token> Step(base::ByteView token) final;
  bool MaySeal() const override { return mechanism_ != nullptr && mechanism_->MaySeal(); }
  // Once a mechanism is chosen.
  std::size_t SignatureSize(AuthLevel level) const override {
    return mechanism_ != nullptr ? mechanism_->SignatureSize(level) : 0;
  }
  absl::StatusOr<base::Bytes> Protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                                      std::size_t body_size, bool header_signing) override;
  absl::Status Unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                         std::size_t body_size, base::ByteView auth_value, bool header_signing) override;
  std::optional<Principal> peer() const override;
  std::optional<absl::Time> peer_time() const override {
    return mechanism_ != nullptr ? mechanism_->peer_time() : std::nullopt;
  }

 protected:
  enum class State { kStart, kMechanism, kLastToken, kComplete, kDead };

  // In the order of preference, at least one.
  explicit SpnegoContext(std::vector<NegotiableMechanism> mechanisms) : mechanisms_(std::move(mechanisms)) {}

  // Sets state_; an error makes it kDead.
  virtual absl::StatusOr<Token> Advance(base::ByteView token) = 0;

  std::vector<NegotiableMechanism> mechanisms_;
  // The one chosen, of mechanisms_; null before.
  Mechanism* mechanism_ = nullptr;
  State state_ = State::kStart;
  // What both mechListMICs cover.
  base::Bytes mech_types_der_;
};

class SpnegoInitiator final : public SpnegoContext {
 public:
  explicit SpnegoInitiator(std::vector<NegotiableMechanism> mechanisms)
      : SpnegoContext(std::move(mechanisms)) {}

  void Prepare(absl::AnyInvocable<void()> ready) override;

 private:
  absl::StatusOr<Token> Advance(base::ByteView token) override;
  absl::StatusOr<Token> Start(base::ByteView token);
  // The server's first answer: takes our first choice, or names another of ours.
  absl::Status Choose(const NegTokenResp& response);
  absl::StatusOr<Token> OnMechanismToken(const NegTokenResp& response);
  absl::StatusOr<Token> OnLastToken(const NegTokenResp& response);

  bool chosen_ = false;
  bool begun_ = false;          // mechanism_ has made its first token
  absl::Status first_problem_;  // why a mechanism that we prefer could not begin
};

class SpnegoAcceptor final : public SpnegoContext {
 public:
  explicit SpnegoAcceptor(std::vector<NegotiableMechanism> mechanisms)
      : SpnegoContext(std::move(mechanisms)) {}

 private:
  absl::StatusOr<Token> Advance(base::ByteView token) override;
  absl::StatusOr<Token> Start(base::ByteView token);
  absl::StatusOr<Token> Continue(base::ByteView token);
  // The peer speaks NTLM without SPNEGO around it, as some do under auth type 9.
  absl::StatusOr<Token> Bare(base::ByteView token);
  Mechanism* Find(const Oid& offered) const;

  bool bare_ = false;
  bool mic_required_ = false;
};

}  // namespace ipam::auth
