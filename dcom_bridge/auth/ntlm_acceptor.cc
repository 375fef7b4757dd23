#include <algorithm>
#include <optional>
#include <string>
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

// Below this nothing is accepted.
constexpr std::uint32_t kRequired =
    ntlm_flag::kUnicode | ntlm_flag::kExtendedSessionSecurity | ntlm_flag::k128;
// Granted where asked for. 56 is answered because it must be (2.2.2.5), and means nothing beside 128.
constexpr std::uint32_t kOptional =
    ntlm_flag::kSign | ntlm_flag::kSeal | ntlm_flag::kVersion | ntlm_flag::kKeyExchange | ntlm_flag::k56;
constexpr std::uint32_t kAlways = ntlm_flag::kRequestTarget | ntlm_flag::kNtlm | ntlm_flag::kAlwaysSign |
                                  ntlm_flag::kTargetTypeDomain | ntlm_flag::kTargetInfo;

constexpr std::size_t kProofSize = 16;
// NTLMv2_CLIENT_CHALLENGE before its AvPairs, 2.2.2.7.
constexpr std::size_t kBlobHeaderSize = 28;
// NTLM_RESPONSE of version 1, 2.2.2.6.
constexpr std::size_t kNtlmV1ResponseSize = 24;

absl::Status CheckFlags(std::uint32_t flags) {
  if ((flags & kRequired) == kRequired) return absl::OkStatus();
  return absl::UnauthenticatedError(
      absl::StrCat("NTLM: the client does not offer Unicode and 128-bit extended session security (flags ",
                   absl::Hex(flags, absl::kZeroPad8), ")"));
}

base::Bytes TargetInfo(const ServerNames& names, std::uint64_t now) {
  AvPairs pairs;
  const auto add = [&](AvId id, const std::string& name) {
    if (!name.empty()) pairs.Set(id, ToLittleEndian(base::ToUtf16(name)));
  };
  add(AvId::kNetbiosDomainName, names.netbios_domain);
  add(AvId::kNetbiosComputerName, names.netbios_computer);
  add(AvId::kDnsDomainName, names.dns_domain);
  add(AvId::kDnsComputerName, names.dns_computer);
  pairs.SetTimestamp(now);
  return pairs.Encode();
}

}  // namespace

NtlmAcceptor::NtlmAcceptor(std::shared_ptr<const AcceptorConfig> config, std::string_view peer_address,
                           std::shared_ptr<void> slot)
    : config_(std::move(config)), peer_address_(peer_address), slot_(std::move(slot)) {}

absl::StatusOr<Token> NtlmAcceptor::Start(base::ByteView token) {
  IPAM_ASSIGN_OR_RETURN(const NegotiateMessage negotiate, NegotiateMessage::Decode(token));
  IPAM_RETURN_IF_ERROR(CheckFlags(negotiate.flags));
  negotiate_.assign(token.begin(), token.end());

  config_->random->Fill(server_challenge_);
  flags_ = kRequired | kAlways | (negotiate.flags & kOptional);
  const bool tells_version = (flags_ & ntlm_flag::kVersion) != 0;
  challenge_ =
      ChallengeMessage{
          .flags = flags_,
          .server_challenge = server_challenge_,
          .version = tells_version ? kOurVersion : NtlmVersion{},
          .target_name = base::ToUtf16(config_->names.netbios_domain),
          .target_info = TargetInfo(config_->names, ToFileTime(config_->clock->Now())),
      }
          .Encode();
  return Token{challenge_, false};
}

absl::StatusOr<Token> NtlmAcceptor::Continue(base::ByteView token) {
  IPAM_ASSIGN_OR_RETURN(const AuthenticateMessage message, AuthenticateMessage::Decode(token));
  IPAM_RETURN_IF_ERROR(CheckFlags(message.flags));
  const std::uint32_t flags = message.flags & flags_;
  IPAM_ASSIGN_OR_RETURN(Key session_key, CheckResponse(message));

  const bool protects = (flags & (ntlm_flag::kSign | ntlm_flag::kSeal)) != 0;
  if (protects && (flags & ntlm_flag::kKeyExchange) != 0) {
    Key encrypted;
    if (message.encrypted_session_key.size() != encrypted.value.size()) {
      return absl::InvalidArgumentError("NTLM: EncryptedRandomSessionKey is not 16 octets");
    }
    std::copy(message.encrypted_session_key.begin(), message.encrypted_session_key.end(),
              encrypted.value.begin());
    session_key = EncryptSessionKey(session_key, encrypted);
  }
  IPAM_RETURN_IF_ERROR(CheckMic(token, message, session_key));
  SetKeys(session_key, flags, NtlmSender::kServer);
  return Token{{}, true};
}

absl::StatusOr<Key> NtlmAcceptor::CheckResponse(const AuthenticateMessage& message) {
  const std::string who = Printable(message.domain, message.user);
  if (message.user.empty()) return absl::UnauthenticatedError("NTLM: anonymous logon is refused");
  if (message.nt_response.size() <= kNtlmV1ResponseSize) {
    return absl::UnauthenticatedError(
        absl::StrCat("NTLM: ", who, " answers with NTLMv1 or LM, which are refused"));
  }
  const base::ByteView response = message.nt_response;
  if (response.size() < kProofSize + kBlobHeaderSize) {
    return absl::InvalidArgumentError("NTLM: the NTLMv2 response is too short");
  }
  const base::ByteView blob = response.subspan(kProofSize);
  base::ByteReader in(blob);
  const std::uint8_t version = in.U8(), highest_version = in.U8();
  if (version != 1 || highest_version != 1) in.Fail("RespType and HiRespType must be 1");
  in.Skip(6);  // Reserved1, Reserved2
  const std::uint64_t time = in.U64();
  if (!in.ok()) return in.status();
  IPAM_ASSIGN_OR_RETURN(const AvPairs pairs, AvPairs::Decode(blob.subspan(kBlobHeaderSize)));

  // An unknown user costs the same work and gives the same answer as a wrong password. 3.2.5.1.2: clients
  // that compute the key with no domain are borne.
  const Account* account = config_->accounts->Find(base::ToUtf8(message.domain), base::ToUtf8(message.user));
  const NtHash nt_hash = account ? account->nt_hash : NtHash();
  // By the account's own name: it may be spelled, and found, in several ways.
  const std::string guarded = account ? Principal{account->domain, account->user}.Name() : "(unknown)";
  IPAM_RETURN_IF_ERROR(config_->guard->Check(guarded, peer_address_));
  std::optional<Key> session_base_key;
  for (const std::u16string& domain : {message.domain, std::u16string()}) {
    const Key response_key = NtOwfV2(nt_hash, message.user, domain);
    const Key proof = NtProof(response_key, server_challenge_, blob);
    if (ConstantTimeEqual(proof.view(), response.first(kProofSize))) {
      session_base_key = SessionBaseKey(response_key, proof);
    }
  }
  if (!account || !session_base_key) {
    config_->guard->OnFailure(guarded, peer_address_);
    return absl::UnauthenticatedError(absl::StrCat("NTLM: unknown account or wrong password for ", who));
  }

  const std::uint64_t now = ToFileTime(config_->clock->Now());
  const std::uint64_t skew = time > now ? time - now : now - time;
  if (skew > static_cast<std::uint64_t>(config_->max_time_skew / absl::Nanoseconds(100))) {
    return absl::UnauthenticatedError(absl::StrCat("NTLM: the response of ", who,
                                                   " is too old, or the clocks of both "
                                                   "sides are too far apart"));
  }
  config_->guard->OnSuccess(guarded, peer_address_);
  mic_promised_ = (pairs.flags() & kAvFlagMicPresent) != 0;
  peer_ = Principal{account->domain, account->user};
  return *session_base_key;
}

// The promise is a part of what the password signs, so nobody on the way can take it out with the MIC.
absl::Status NtlmAcceptor::CheckMic(base::ByteView token, const AuthenticateMessage& message,
                                    const Key& exported_session_key) {
  if (!mic_promised_) return absl::OkStatus();
  if (!message.has_mic_field)
    return absl::InvalidArgumentError("NTLM: the MIC that MsvAvFlags promises is missing");
  constexpr std::array<std::uint8_t, AuthenticateMessage::kMicSize> kZero{};
  const base::ByteView before = token.first(AuthenticateMessage::kMicOffset);
  const base::ByteView mic = token.subspan(AuthenticateMessage::kMicOffset, kZero.size());
  const base::ByteView after = token.subspan(AuthenticateMessage::kMicOffset + kZero.size());
  const Key expected = HmacMd5(exported_session_key.view(), {negotiate_, challenge_, before, kZero, after});
  if (ConstantTimeEqual(expected.view(), mic)) return absl::OkStatus();
  return absl::UnauthenticatedError("NTLM: the MIC is wrong: a message was changed on its way");
}

}  // namespace ipam::auth
