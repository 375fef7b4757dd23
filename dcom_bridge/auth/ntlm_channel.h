// One direction of an NTLM session, with extended session security: signing and sealing of messages,
// [MS-NLMP] 3.4. Each message moves the RC4 state and the sequence number on, so both ends must see the same
// messages in the same order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/auth/crypto.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

// NTLMSSP_MESSAGE_SIGNATURE, 2.2.2.9.2
inline constexpr std::size_t kNtlmSignatureSize = 16;

class NtlmChannel {
 public:
  // `key_exchange`: with NTLMSSP_NEGOTIATE_KEY_EXCH the checksum is encrypted (3.4.4.2).
  NtlmChannel(const Key& sign_key, const Key& seal_key, bool key_exchange);

  // `sealed` is a part of `message`, encrypted in place; empty: sign only. The checksum is over the whole
  // plaintext.
  absl::StatusOr<base::Bytes> Protect(base::ByteView message, std::span<std::uint8_t> sealed);
  // kUnauthenticated where the signature is wrong, of another message, or repeated.
  absl::Status Unprotect(base::ByteView message, std::span<std::uint8_t> sealed, base::ByteView signature);

  // Back to the first RC4 state; the sequence number goes on ([MS-SPNG] 3.2.5.1, 3.3.5.1).
  void ResetRc4() { rc4_ = Rc4(seal_key_.view()); }

 private:
  using Checksum = std::array<std::uint8_t, 8>;

  absl::Status CheckSequence() const;
  // Of the plaintext, under the current sequence number.
  Checksum Digest(base::ByteView message) const;
  // Moves the RC4 state and the sequence number.
  base::Bytes Signature(Checksum checksum);

  Key sign_key_;
  Key seal_key_;
  Rc4 rc4_;
  bool key_exchange_;
  std::uint32_t sequence_ = 0;
};

}  // namespace ipam::auth
