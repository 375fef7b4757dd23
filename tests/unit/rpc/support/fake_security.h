// A security context without cryptography, whose every misuse shows: tokens count the legs, signatures cover
// the bytes, the level and a sequence number for each direction, privacy turns octets over.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/rpc/auth_provider.h"

namespace ipam::rpc_test {

class FakeSecurity final : public auth::SecurityContext {
 public:
  enum class Side { kInitiator, kAcceptor };
  // `legs` tokens in all: three as NTLM has, four as SPNEGO has. The initiator's last token carries
  // `password`.
  FakeSecurity(Side side, auth::AuthType type, int legs, std::string password = "right")
      : side_(side), type_(type), legs_(legs), password_(std::move(password)) {}

  auth::AuthType type() const override { return type_; }

  absl::StatusOr<auth::Token> Step(base::ByteView token) override {
    if (complete_ || dead_) return Dead("a step too many");
    if (!token.empty()) {
      const std::string text(token.begin(), token.end());
      const std::string expected = Spell(++leg_, "right");
      if (text.size() != expected.size() || text.substr(0, 5) != expected.substr(0, 5)) {
        dead_ = true;
        return absl::InvalidArgumentError("not the token of this leg");
      }
      if (text != expected) return Dead("wrong password");
      if (leg_ == legs_) return Completed({});
    } else if (side_ != Side::kInitiator || leg_ != 0) {
      return Dead("no token");
    }
    const std::string answer = Spell(++leg_, password_);
    base::Bytes bytes(answer.begin(), answer.end());
    if (leg_ == legs_) return Completed(std::move(bytes));
    return auth::Token{std::move(bytes), false};
  }

  std::size_t SignatureSize(auth::AuthLevel) const override { return 16; }

  absl::StatusOr<base::Bytes> Protect(auth::AuthLevel level, std::span<std::uint8_t> pdu,
                                      std::size_t body_offset, std::size_t body_size,
                                      bool header_signing) override {
    if (!complete_) return absl::FailedPreconditionError("not complete");
    const base::Bytes signature =
        Sign(level, pdu, body_offset, body_size, header_signing, side_ == Side::kInitiator, sent_++);
    if (level == auth::AuthLevel::kPrivacy) Turn(pdu.subspan(body_offset, body_size));
    return signature;
  }

  absl::Status Unprotect(auth::AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                         std::size_t body_size, base::ByteView auth_value, bool header_signing) override {
    if (!complete_) return absl::FailedPreconditionError("not complete");
    if (level == auth::AuthLevel::kPrivacy) Turn(pdu.subspan(body_offset, body_size));
    const base::Bytes signature =
        Sign(level, pdu, body_offset, body_size, header_signing, side_ == Side::kAcceptor, received_++);
    if (!std::equal(signature.begin(), signature.end(), auth_value.begin(), auth_value.end())) {
      return absl::UnauthenticatedError("wrong signature");
    }
    return absl::OkStatus();
  }

  bool MaySeal() const override { return complete_ && may_seal_; }
  void set_may_seal(bool may_seal) { may_seal_ = may_seal; }

  std::optional<auth::Principal> peer() const override {
    if (side_ == Side::kInitiator || !complete_) return std::nullopt;
    return auth::Principal{"CORP", "alice"};
  }

 private:
  std::string Spell(int leg, const std::string& password) const {
    const bool last_of_initiator = leg == (legs_ % 2 == 1 ? legs_ : legs_ - 1);
    return absl::StrCat("leg ", leg, " ", last_of_initiator ? password : "right");
  }
  absl::StatusOr<auth::Token> Completed(base::Bytes bytes) {
    complete_ = true;
    return auth::Token{std::move(bytes), true};
  }
  absl::Status Dead(const char* why) {
    dead_ = true;
    return absl::UnauthenticatedError(why);
  }
  static void Turn(std::span<std::uint8_t> body) {
    for (std::uint8_t& octet : body) octet ^= 0xA5;
  }
  static base::Bytes Sign(auth::AuthLevel level, std::span<const std::uint8_t> pdu, std::size_t body_offset,
                          std::size_t body_size, bool header_signing, bool by_initiator,
                          std::uint64_t sequence) {
    std::uint64_t sum = 14695981039346656037u;
    const auto mix = [&sum](std::uint64_t value) { sum = (sum ^ value) * 1099511628211u; };
    for (const std::uint8_t octet : header_signing ? pdu : pdu.subspan(body_offset, body_size)) mix(octet);
    mix(static_cast<std::uint64_t>(level));
    mix(by_initiator ? 1 : 2);
    base::Bytes signature;
    for (int i = 0; i < 8; ++i) signature.push_back(static_cast<std::uint8_t>(sum >> 8 * i));
    for (int i = 0; i < 8; ++i) signature.push_back(static_cast<std::uint8_t>(sequence >> 8 * i));
    return signature;
  }

  const Side side_;
  const auth::AuthType type_;
  const int legs_;
  const std::string password_;
  int leg_ = 0;
  bool complete_ = false;
  bool dead_ = false;
  bool may_seal_ = true;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

inline int LegsOf(auth::AuthType type) { return type == auth::AuthType::kNtlm ? 3 : 4; }

inline std::unique_ptr<auth::SecurityContext> FakeInitiator(auth::AuthType type,
                                                            std::string password = "right") {
  return std::make_unique<FakeSecurity>(FakeSecurity::Side::kInitiator, type, LegsOf(type),
                                        std::move(password));
}

// Offers NTLM and SPNEGO.
class FakeAuthProvider final : public rpc::AuthProvider {
 public:
  absl::StatusOr<std::unique_ptr<auth::SecurityContext>> NewAcceptor(
      auth::AuthType type, const std::string& /*peer_address*/) override {
    if (type != auth::AuthType::kNtlm && type != auth::AuthType::kSpnego) {
      return absl::UnimplementedError("not offered");
    }
    auto acceptor = std::make_unique<FakeSecurity>(FakeSecurity::Side::kAcceptor, type, LegsOf(type));
    acceptor->set_may_seal(may_seal);
    return acceptor;
  }

  bool may_seal = true;
};

}  // namespace ipam::rpc_test
