// The three messages of NTLM, [MS-NLMP] 2.2.1: bytes to fields and back, no policy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

// NEGOTIATE flags, [MS-NLMP] 2.2.2.5; those that we set, ask for or refuse.
namespace ntlm_flag {
inline constexpr std::uint32_t kUnicode = 0x00000001;
inline constexpr std::uint32_t kRequestTarget = 0x00000004;
inline constexpr std::uint32_t kSign = 0x00000010;
inline constexpr std::uint32_t kSeal = 0x00000020;
inline constexpr std::uint32_t kNtlm = 0x00000200;
inline constexpr std::uint32_t kAlwaysSign = 0x00008000;
inline constexpr std::uint32_t kTargetTypeDomain = 0x00010000;
inline constexpr std::uint32_t kExtendedSessionSecurity = 0x00080000;
inline constexpr std::uint32_t kTargetInfo = 0x00800000;
inline constexpr std::uint32_t kVersion = 0x02000000;
inline constexpr std::uint32_t k128 = 0x20000000;
inline constexpr std::uint32_t kKeyExchange = 0x40000000;
inline constexpr std::uint32_t k56 = 0x80000000;
}  // namespace ntlm_flag

using Challenge = std::array<std::uint8_t, 8>;
// VERSION, 2.2.2.10: for debugging, never acted on.
using NtlmVersion = std::array<std::uint8_t, 8>;
// 6.1, NTLMSSP_REVISION_W2K3: what the other implementations say.
inline constexpr NtlmVersion kOurVersion = {6, 1, 0, 0, 0, 0, 0, 0x0F};

// An RPC auth_value counts its octets in 16 bits; nothing longer comes by any way that we serve.
inline constexpr std::size_t kMaxNtlmMessage = 0xFFFF;

// True where the token begins as every NTLM message does.
bool HasNtlmSignature(base::ByteView token);

// NEGOTIATE_MESSAGE, 2.2.1.1. Domain and workstation in it are OEM text for the acceptor's log: not read, not
// sent.
struct NegotiateMessage {
  std::uint32_t flags = 0;
  NtlmVersion version{};

  // Bears the short forms of old clients: 16 octets are enough.
  static absl::StatusOr<NegotiateMessage> Decode(base::ByteView bytes);
  base::Bytes Encode() const;
};

// CHALLENGE_MESSAGE, 2.2.1.2.
struct ChallengeMessage {
  std::uint32_t flags = 0;
  Challenge server_challenge{};
  NtlmVersion version{};
  std::u16string target_name;
  base::Bytes target_info;

  static absl::StatusOr<ChallengeMessage> Decode(base::ByteView bytes);
  base::Bytes Encode() const;
};

// AUTHENTICATE_MESSAGE, 2.2.1.3.
struct AuthenticateMessage {
  static constexpr std::size_t kMicOffset = 72;
  static constexpr std::size_t kMicSize = 16;

  std::uint32_t flags = 0;
  NtlmVersion version{};
  // Encode: room for a MIC, which the caller writes over the zeros. Decode: the payload leaves room for one;
  // whether it is one only MsvAvFlags says.
  bool has_mic_field = false;
  base::Bytes lm_response;
  base::Bytes nt_response;
  std::u16string domain;
  std::u16string user;
  std::u16string workstation;
  base::Bytes encrypted_session_key;

  static absl::StatusOr<AuthenticateMessage> Decode(base::ByteView bytes);
  // Without kUnicode in the flags the names are not read: such a message is refused by every policy of ours.
  base::Bytes Encode() const;
};

}  // namespace ipam::auth
