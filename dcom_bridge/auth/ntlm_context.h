// NTLMv2, [MS-NLMP] 3.1 and 3.2, connection oriented: initiator and acceptor.
//
//   initiator   Step("") -> NEGOTIATE   Step(CHALLENGE) -> AUTHENTICATE, complete
//   acceptor    Step(NEGOTIATE) -> CHALLENGE   Step(AUTHENTICATE) -> nothing, complete
//
// Refused: NTLMv1 (and the LM response is never looked at), anonymous and guest logon, anything below
// extended session security with 128 bits, and OEM character sets. One thread; any error is final.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/mechanism.h"
#include "dcom_bridge/auth/ntlm_channel.h"
#include "dcom_bridge/auth/ntlm_keys.h"
#include "dcom_bridge/auth/ntlm_messages.h"

namespace ipam::auth {

// What both sides do once the keys are there, and the rule that an error ends it.
class NtlmContext : public Mechanism {
 public:
  AuthType type() const override { return AuthType::kNtlm; }
  absl::StatusOr<Token> Step(base::ByteView token) final;
  bool MaySeal() const override { return session_ && session_->may_seal; }
  std::size_t SignatureSize(AuthLevel level) const override;
  absl::StatusOr<base::Bytes> Protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                                      std::size_t body_size, bool header_signing) override;
  absl::Status Unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                         std::size_t body_size, base::ByteView auth_value, bool header_signing) override;
  absl::StatusOr<base::Bytes> MakeMechListMic(base::ByteView mech_types) override;
  absl::Status CheckMechListMic(base::ByteView mech_types, base::ByteView mic) override;

 protected:
  enum class State { kStart, kWaiting, kComplete, kDead };

  virtual absl::StatusOr<Token> Start(base::ByteView token) = 0;
  virtual absl::StatusOr<Token> Continue(base::ByteView token) = 0;

  // `flags` as negotiated in the end.
  void SetKeys(const Key& exported_session_key, std::uint32_t flags, NtlmSender us);

  State state() const { return state_; }
  // Kept for the MIC, which covers all three messages.
  base::Bytes negotiate_;
  base::Bytes challenge_;

 private:
  struct Session {
    NtlmChannel send;
    NtlmChannel receive;
    bool may_sign;
    bool may_seal;
  };

  // What Protect and Unprotect have in common: the part to seal.
  absl::StatusOr<std::span<std::uint8_t>> SealedPart(AuthLevel level, std::span<std::uint8_t> pdu,
                                                     std::size_t body_offset, std::size_t body_size) const;

  State state_ = State::kStart;
  std::optional<Session> session_;
};

class NtlmInitiator final : public NtlmContext {
 public:
  NtlmInitiator(const Credentials& credentials, std::string_view target_spn, base::Clock& clock,
                RandomSource& random);

  std::optional<Principal> peer() const override { return std::nullopt; }
  std::optional<absl::Time> peer_time() const override { return peer_time_; }

 private:
  absl::StatusOr<Token> Start(base::ByteView token) override;
  absl::StatusOr<Token> Continue(base::ByteView token) override;

  Credentials credentials_;
  std::string target_spn_;
  base::Clock& clock_;
  RandomSource& random_;
  std::optional<absl::Time> peer_time_;
};

// What the acceptors of one factory share.
struct AcceptorConfig {
  std::shared_ptr<const AccountFile> accounts;
  ServerNames names;
  absl::Duration max_time_skew;
  base::Clock* clock;
  RandomSource* random;
  std::shared_ptr<LogonGuard> guard;
};

class NtlmAcceptor final : public NtlmContext {
 public:
  // `slot` is held as long as this context lives: the factory counts by it.
  NtlmAcceptor(std::shared_ptr<const AcceptorConfig> config, std::string_view peer_address,
               std::shared_ptr<void> slot);

  std::optional<Principal> peer() const override {
    return state() == State::kComplete ? peer_ : std::nullopt;
  }

 private:
  absl::StatusOr<Token> Start(base::ByteView token) override;
  absl::StatusOr<Token> Continue(base::ByteView token) override;

  // The SessionBaseKey of the account that answered our challenge; sets peer_.
  absl::StatusOr<Key> CheckResponse(const AuthenticateMessage& message);
  absl::Status CheckMic(base::ByteView token, const AuthenticateMessage& message,
                        const Key& exported_session_key);

  std::shared_ptr<const AcceptorConfig> config_;
  std::string peer_address_;
  std::shared_ptr<void> slot_;
  std::uint32_t flags_ = 0;
  Challenge server_challenge_{};
  bool mic_promised_ = false;
  std::optional<Principal> peer_;
};

}  // namespace ipam::auth
