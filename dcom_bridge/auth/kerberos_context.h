// Kerberos, RFC 4121 through MIT's GSS-API, in DCE style ([MS-RPCE] 2.2.2.12): three tokens without framing.
//
//   initiator   Step("") -> AP-REQ              Step(AP-REP) -> AP-REP of ours, complete
//   acceptor    Step(AP-REQ) -> AP-REP          Step(AP-REP of the client) -> nothing, complete
//
// Integrity is a MIC token, privacy a wrap token whose parts stand in the auth_value, as Windows and Samba
// have it. Without header signing both cover the body alone ([MS-RPCE] 3.3.1.5.2.2). One thread, and after
// the initiator's first token nothing blocks; any error is final.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dcom_bridge/auth/gss.h"
#include "dcom_bridge/auth/kerberos_client.h"
#include "dcom_bridge/auth/kerberos_keys.h"
#include "dcom_bridge/auth/mechanism.h"

namespace ipam::auth {

class KerberosContext : public Mechanism {
 public:
  AuthType type() const override { return AuthType::kKerberos; }
  absl::StatusOr<Token> Step(base::ByteView token) final;
  bool MaySeal() const override { return state_ == State::kComplete && may_seal_; }
  // Of a complete context; 0 before.
  std::size_t SignatureSize(AuthLevel level) const override;
  absl::StatusOr<base::Bytes> Protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                                      std::size_t body_size, bool header_signing) override;
  absl::Status Unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                         std::size_t body_size, base::ByteView auth_value, bool header_signing) override;
  absl::StatusOr<base::Bytes> MakeMechListMic(base::ByteView mech_types) override;
  absl::Status CheckMechListMic(base::ByteView mech_types, base::ByteView mic) override;

 protected:
  enum class State { kStart, kWaiting, kComplete, kDead };

  virtual absl::StatusOr<Token> Advance(base::ByteView token) = 0;
  State state() const { return state_; }

  GssContext context_;

 private:
  // The sizes of tokens, which the enctype of the session key gives; checks what was negotiated.
  absl::Status OnComplete();
  absl::Status CheckReady(AuthLevel level, std::size_t pdu_size, std::size_t body_offset,
                          std::size_t body_size) const;
  absl::Status Die(absl::Status why);

  State state_ = State::kStart;
  std::size_t mic_size_ = 0;
  std::size_t wrap_size_ = 0;
  bool may_sign_ = false;
  bool may_seal_ = false;
};

class KerberosInitiator final : public KerberosContext {
 public:
  KerberosInitiator(std::shared_ptr<KerberosClient> client, std::string_view target_spn)
      : client_(std::move(client)), target_spn_(target_spn) {}

  void Prepare(absl::AnyInvocable<void()> ready) override;
  std::optional<Principal> peer() const override { return std::nullopt; }

 private:
  absl::StatusOr<Token> Advance(base::ByteView token) override;

  std::shared_ptr<KerberosClient> client_;
  std::string target_spn_;
  std::shared_ptr<KerberosClient::Pending> pending_;  // null: Prepare() was not called
};

class KerberosAcceptor final : public KerberosContext {
 public:
  // `slot` is held as long as this context lives: the factory counts by it.
  KerberosAcceptor(std::shared_ptr<const KerberosKeys> keys, std::shared_ptr<void> slot)
      : keys_(std::move(keys)), slot_(std::move(slot)) {}

  std::optional<Principal> peer() const override {
    return state() == State::kComplete ? peer_ : std::nullopt;
  }

 private:
  absl::StatusOr<Token> Advance(base::ByteView token) override;

  std::shared_ptr<const KerberosKeys> keys_;
  std::shared_ptr<void> slot_;
  std::optional<Principal> peer_;
};

// "user@REALM" as GSS-API displays it. A name of several components keeps its slashes.
absl::StatusOr<Principal> ParsePrincipal(std::string_view name);

}  // namespace ipam::auth
