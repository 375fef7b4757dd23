#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/av_pairs.h"
#include "dcom_bridge/auth/filetime.h"
#include "dcom_bridge/auth/names.h"
#include "dcom_bridge/auth/ntlm_context.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/utf16.h"

namespace ipam::auth {
namespace {

// What we ask for, 3.1.5.1.1.
constexpr std::uint32_t kOffered = ntlm_flag::kUnicode | ntlm_flag::kRequestTarget | ntlm_flag::kSign |
                                   ntlm_flag::kSeal | ntlm_flag::kNtlm | ntlm_flag::kAlwaysSign |
                                   ntlm_flag::kExtendedSessionSecurity | ntlm_flag::kTargetInfo |
                                   ntlm_flag::kVersion | ntlm_flag::k128 | ntlm_flag::kKeyExchange;
// What the server must grant. Sealing and key exchange it may leave out; privacy then fails when it is asked
// for.
constexpr std::uint32_t kRequired = ntlm_flag::kUnicode | ntlm_flag::kSign |
                                    ntlm_flag::kExtendedSessionSecurity | ntlm_flag::kTargetInfo |
                                    ntlm_flag::k128;

}  // namespace

NtlmInitiator::NtlmInitiator(const Credentials& credentials, std::string_view target_spn, base::Clock& clock,
                             RandomSource& random)
    : credentials_(credentials), target_spn_(target_spn), clock_(clock), random_(random) {}

absl::StatusOr<Token> NtlmInitiator::Start(base::ByteView token) {
  if (!token.empty()) return absl::InvalidArgumentError("NTLM: an initiator speaks first");
  negotiate_ = NegotiateMessage{.flags = kOffered, .version = kOurVersion}.Encode();
  return Token{negotiate_, false};
}

absl::StatusOr<Token> NtlmInitiator::Continue(base::ByteView token) {
  IPAM_ASSIGN_OR_RETURN(const ChallengeMessage challenge, ChallengeMessage::Decode(token));
  if ((challenge.flags & kRequired) != kRequired) {
    return absl::UnauthenticatedError(
        absl::StrCat("NTLM: the server does not grant 128-bit extended session security with signing (flags ",
                     absl::Hex(challenge.flags, absl::kZeroPad8), ")"));
  }
  IPAM_ASSIGN_OR_RETURN(AvPairs pairs, AvPairs::Decode(challenge.target_info));
  // 3.1.5.1.2: STATUS_LOGON_FAILURE where one is missing and integrity is wanted.
  if (!pairs.Has(AvId::kNetbiosComputerName) || !pairs.Has(AvId::kNetbiosDomainName)) {
    return absl::UnauthenticatedError("NTLM: the server does not name its computer and domain");
  }
  challenge_.assign(token.begin(), token.end());

  const std::optional<std::uint64_t> server_time = pairs.timestamp();
  if (server_time) peer_time_ = FromFileTime(*server_time);
  if (server_time) pairs.SetFlags(pairs.flags() | kAvFlagMicPresent);
  constexpr std::array<std::uint8_t, 16> kNoChannelBindings{};
  pairs.Set(AvId::kChannelBindings, kNoChannelBindings);
  pairs.Set(AvId::kTargetName, ToLittleEndian(base::ToUtf16(target_spn_)));

  AuthenticateMessage message;
  message.flags = challenge.flags & kOffered;
  message.version = kOurVersion;
  message.has_mic_field = server_time.has_value();
  message.domain = base::ToUtf16(credentials_.domain);
  message.user = base::ToUtf16(credentials_.user);
  message.workstation = base::ToUtf16(credentials_.workstation);

  Challenge client_challenge;
  random_.Fill(client_challenge);
  const Key response_key = NtOwfV2(credentials_.nt_hash, message.user, message.domain);
  const base::Bytes blob =
      ClientChallengeBlob(server_time.value_or(ToFileTime(clock_.Now())), client_challenge, pairs.Encode());
  const Key proof = NtProof(response_key, challenge.server_challenge, blob);
  message.nt_response.assign(proof.value.begin(), proof.value.end());
  message.nt_response.insert(message.nt_response.end(), blob.begin(), blob.end());
  // With a timestamp Z(24) in its place, 3.1.5.1.2.
  message.lm_response = server_time
                            ? base::Bytes(24)
                            : LmV2Response(response_key, challenge.server_challenge, client_challenge);

  Key session_key = SessionBaseKey(response_key, proof);
  if ((message.flags & ntlm_flag::kKeyExchange) != 0) {
    const Key key_exchange_key = session_key;
    random_.Fill(session_key.value);
    const Key encrypted = EncryptSessionKey(key_exchange_key, session_key);
    message.encrypted_session_key.assign(encrypted.value.begin(), encrypted.value.end());
  }
  SetKeys(session_key, message.flags, NtlmSender::kClient);

  base::Bytes bytes = message.Encode();
  if (bytes.size() > kMaxNtlmMessage)
    return absl::InvalidArgumentError("NTLM: names are too long for a message");
  if (message.has_mic_field) {
    const Key mic = HmacMd5(session_key.view(), {negotiate_, challenge_, bytes});
    std::copy(mic.value.begin(), mic.value.end(), bytes.begin() + AuthenticateMessage::kMicOffset);
  }
  return Token{std::move(bytes), true};
}

}  // namespace ipam::auth
