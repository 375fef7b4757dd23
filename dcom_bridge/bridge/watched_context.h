// A security context that tells somebody how each step of its handshake went.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "dcom_bridge/auth/security_context.h"

namespace ipam::bridge {

class WatchedContext final : public auth::SecurityContext {
 public:
  using OnStep = std::function<void(const absl::StatusOr<auth::Token>&, const auth::SecurityContext&)>;

  WatchedContext(std::unique_ptr<auth::SecurityContext> inner, OnStep on_step)
      : inner_(std::move(inner)), on_step_(std::move(on_step)) {}

  auth::AuthType type() const override { return inner_->type(); }
  void Prepare(absl::AnyInvocable<void()> ready) override { inner_->Prepare(std::move(ready)); }
  absl::StatusOr<auth::Token> Step(base::ByteView token) override {
    absl::StatusOr<auth::Token> answer = inner_->Step(token);
    on_step_(answer, *inner_);
    return answer;
  }
  bool MaySeal() const override { return inner_->MaySeal(); }
  std::size_t SignatureSize(auth::AuthLevel level) const override { return inner_->SignatureSize(level); }
  absl::StatusOr<base::Bytes> Protect(auth::AuthLevel level, std::span<std::uint8_t> pdu,
                                      std::size_t body_offset, std::size_t body_size,
                                      bool header_signing) override {
    return inner_->Protect(level, pdu, body_offset, body_size, header_signing);
  }
  absl::Status Unprotect(auth::AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                         std::size_t body_size, base::ByteView auth_value, bool header_signing) override {
    return inner_->Unprotect(level, pdu, body_offset, body_size, auth_value, header_signing);
  }
  std::optional<auth::Principal> peer() const override { return inner_->peer(); }
  std::optional<absl::Time> peer_time() const override { return inner_->peer_time(); }

 private:
  const std::unique_ptr<auth::SecurityContext> inner_;
  const OnStep on_step_;
};

}  // namespace ipam::bridge
