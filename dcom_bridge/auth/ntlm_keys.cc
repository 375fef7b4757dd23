#include "dcom_bridge/auth/ntlm_keys.h"

#include <string_view>

#include "dcom_bridge/auth/names.h"
#include "dcom_bridge/base/byte_writer.h"

namespace ipam::auth {
namespace {

// 3.4.5.2, 3.4.5.3: hashed with their terminating null.
constexpr char kClientSign[] = "session key to client-to-server signing key magic constant";
constexpr char kServerSign[] = "session key to server-to-client signing key magic constant";
constexpr char kClientSeal[] = "session key to client-to-server sealing key magic constant";
constexpr char kServerSeal[] = "session key to server-to-client sealing key magic constant";

template <std::size_t N>
Key Derive(const Key& key, const char (&constant)[N]) {
  return Md5({key.view(), base::ByteView(reinterpret_cast<const std::uint8_t*>(constant), N)});
}

}  // namespace

Key NtOwfV2(const NtHash& nt_hash, std::u16string_view user, std::u16string_view domain) {
  return HmacMd5(nt_hash.value, {ToLittleEndian(UpperCase(user)), ToLittleEndian(domain)});
}

base::Bytes ClientChallengeBlob(std::uint64_t filetime, const Challenge& client_challenge,
                                base::ByteView av_pairs) {
  base::ByteWriter out;
  out.U8(1);    // RespType
  out.U8(1);    // HiRespType
  out.Fill(6);  // Reserved1, Reserved2
  out.U64(filetime);
  out.Append(client_challenge);
  out.Fill(4);  // Reserved3
  out.Append(av_pairs);
  out.Fill(4);
  return out.Take();
}

Key NtProof(const Key& response_key, const Challenge& server_challenge, base::ByteView blob) {
  return HmacMd5(response_key.view(), {server_challenge, blob});
}

Key SessionBaseKey(const Key& response_key, const Key& nt_proof) {
  return HmacMd5(response_key.view(), {nt_proof.view()});
}

base::Bytes LmV2Response(const Key& response_key, const Challenge& server_challenge,
                         const Challenge& client_challenge) {
  base::ByteWriter out;
  out.Append(HmacMd5(response_key.view(), {server_challenge, client_challenge}).view());
  out.Append(client_challenge);
  return out.Take();
}

Key EncryptSessionKey(const Key& key_exchange_key, const Key& session_key) {
  Key out = session_key;
  Rc4(key_exchange_key.view()).Apply(out.value);
  return out;
}

Key SignKey(const Key& exported_session_key, NtlmSender sender) {
  return sender == NtlmSender::kClient ? Derive(exported_session_key, kClientSign)
                                       : Derive(exported_session_key, kServerSign);
}

Key SealKey(const Key& exported_session_key, NtlmSender sender) {
  return sender == NtlmSender::kClient ? Derive(exported_session_key, kClientSeal)
                                       : Derive(exported_session_key, kServerSeal);
}

}  // namespace ipam::auth
