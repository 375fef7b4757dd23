// The key schedule of NTLMv2, [MS-NLMP] 3.3.2 and 3.4.5: functions of their arguments, checked against
// section 4.2.4.
#pragma once

#include <cstdint>
#include <string_view>

#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/auth/crypto.h"
#include "dcom_bridge/auth/ntlm_messages.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

// ResponseKeyNT and, the same in version 2, ResponseKeyLM.
Key NtOwfV2(const NtHash& nt_hash, std::u16string_view user, std::u16string_view domain);

// `temp` of 3.3.2, an NTLMv2_CLIENT_CHALLENGE (2.2.2.7). `av_pairs` with MsvAvEOL.
base::Bytes ClientChallengeBlob(std::uint64_t filetime, const Challenge& client_challenge,
                                base::ByteView av_pairs);
// NTProofStr. NtChallengeResponse is this with the blob after it.
Key NtProof(const Key& response_key, const Challenge& server_challenge, base::ByteView blob);
// Also KeyExchangeKey (3.4.5.1).
Key SessionBaseKey(const Key& response_key, const Key& nt_proof);
base::Bytes LmV2Response(const Key& response_key, const Challenge& server_challenge,
                         const Challenge& client_challenge);

// RC4K: both ways.
Key EncryptSessionKey(const Key& key_exchange_key, const Key& session_key);

enum class NtlmSender { kClient, kServer };
// SIGNKEY and SEALKEY with extended session security and 128 bits.
Key SignKey(const Key& exported_session_key, NtlmSender sender);
Key SealKey(const Key& exported_session_key, NtlmSender sender);

}  // namespace ipam::auth
