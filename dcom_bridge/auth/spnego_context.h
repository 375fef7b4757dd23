// SPNEGO, RFC 4178 with [MS-SPNG], around one mechanism: NTLM. Four tokens over NTLM's three:
//
//   initiator   Step("") -> negTokenInit{NEGOTIATE}
//   acceptor    Step() -> negTokenResp{accept-incomplete, CHALLENGE}   where NTLM was not offered first:
//               -> negTokenResp{request-mic}, and NEGOTIATE comes with the next token
//   initiator   Step() -> negTokenResp{AUTHENTICATE, mechListMIC}
//   acceptor    Step() -> negTokenResp{accept-completed, mechListMIC}, complete
//   initiator   Step() -> nothing, complete
//
// The initiator always sends a mechListMIC and wants one back. The acceptor answers one with its own, and
// must have one where another mechanism was preferred (RFC 4178 section 5). One thread; any error is final.
#pragma once

#include <memory>
#include <optional>

#include "dcom_bridge/auth/mechanism.h"
#include "dcom_bridge/auth/spnego_token.h"

namespace ipam::auth {

class SpnegoContext : public SecurityContext {
 public:
  AuthType type() const override { return AuthType::kSpnego; }
  absl::StatusOr<Token> Step(base::ByteView token) final;
  bool MaySeal() const override { return mechanism_->MaySeal(); }
  std::size_t SignatureSize(AuthLevel level) const override { return mechanism_->SignatureSize(level); }
  absl::StatusOr<base::Bytes> Protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                                      std::size_t body_size, bool header_signing) override;
  absl::Status Unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                         std::size_t body_size, base::ByteView auth_value, bool header_signing) override;
  std::optional<Principal> peer() const override;
  std::optional<absl::Time> peer_time() const override { return mechanism_->peer_time(); }

 protected:
  enum class State { kStart, kMechanism, kLastToken, kComplete, kDead };

  explicit SpnegoContext(std::unique_ptr<Mechanism> mechanism) : mechanism_(std::move(mechanism)) {}

  // Sets state_; an error makes it kDead.
  virtual absl::StatusOr<Token> Advance(base::ByteView token) = 0;

  std::unique_ptr<Mechanism> mechanism_;
  State state_ = State::kStart;
  // What both mechListMICs cover.
  base::Bytes mech_types_der_;
};

class SpnegoInitiator final : public SpnegoContext {
 public:
  explicit SpnegoInitiator(std::unique_ptr<Mechanism> ntlm) : SpnegoContext(std::move(ntlm)) {}

 private:
  absl::StatusOr<Token> Advance(base::ByteView token) override;
  absl::StatusOr<Token> Start(base::ByteView token);
  absl::StatusOr<Token> OnMechanismToken(const NegTokenResp& response);
  absl::StatusOr<Token> OnLastToken(const NegTokenResp& response);
};

class SpnegoAcceptor final : public SpnegoContext {
 public:
  explicit SpnegoAcceptor(std::unique_ptr<Mechanism> ntlm) : SpnegoContext(std::move(ntlm)) {}

 private:
  absl::StatusOr<Token> Advance(base::ByteView token) override;
  absl::StatusOr<Token> Start(base::ByteView token);
  absl::StatusOr<Token> Continue(base::ByteView token);
  // The peer speaks NTLM without SPNEGO around it, as some do under auth type 9.
  absl::StatusOr<Token> Bare(base::ByteView token);

  bool bare_ = false;
  bool mic_required_ = false;
};

}  // namespace ipam::auth
