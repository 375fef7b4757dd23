#include "dcom_bridge/auth/ntlm_messages.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "dcom_bridge/auth/names.h"
#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/utf16.h"

namespace ipam::auth {
namespace {

constexpr std::array<std::uint8_t, 8> kSignature = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};

enum class MessageType : std::uint32_t { kNegotiate = 1, kChallenge = 2, kAuthenticate = 3 };

// xxxLen, xxxMaxLen (ignored), xxxBufferOffset: from the first byte of the message.
struct Field {
  std::uint16_t size = 0;
  std::uint32_t offset = 0;
};

class MessageReader {
 public:
  MessageReader(base::ByteView bytes, MessageType type) : bytes_(bytes), in_(bytes) {
    if (bytes.size() > kMaxNtlmMessage) in_.Fail("NTLM message is too long");
    if (!HasNtlmSignature(bytes)) in_.Fail("no NTLMSSP signature");
    in_.Skip(kSignature.size());
    if (in_.U32() != static_cast<std::uint32_t>(type)) in_.Fail("another NTLM message was expected");
  }

  base::ByteReader& in() { return in_; }

  Field ReadField() {
    Field field;
    field.size = in_.U16();
    in_.U16();
    field.offset = in_.U32();
    return field;
  }

  void ReadArray(std::array<std::uint8_t, 8>& out) {
    const base::ByteView from = in_.Take(out.size());
    std::copy(from.begin(), from.end(), out.begin());
  }

  // The payload may lie in any order, with gaps; an empty field has no offset to check.
  base::Bytes Payload(Field field) {
    if (field.size == 0 || !in_.ok()) return {};
    if (field.offset > bytes_.size() || field.size > bytes_.size() - field.offset) {
      in_.Fail("a payload field lies outside the message");
      return {};
    }
    lowest_ = std::min<std::size_t>(lowest_, field.offset);
    const base::ByteView value = bytes_.subspan(field.offset, field.size);
    return base::Bytes(value.begin(), value.end());
  }

  std::u16string Name(Field field) {
    const base::Bytes value = Payload(field);
    if (value.size() % 2 != 0) in_.Fail("a Unicode name has an odd length");
    return base::FromLittleEndian(value);
  }

  // Where the first field of the payload that was read begins.
  std::size_t lowest() const { return lowest_; }

 private:
  base::ByteView bytes_;
  base::ByteReader in_;
  std::size_t lowest_ = SIZE_MAX;
};

class MessageWriter {
 public:
  MessageWriter(MessageType type, std::size_t header_size) : offset_(header_size) {
    out_.Append(kSignature);
    out_.U32(static_cast<std::uint32_t>(type));
  }

  base::ByteWriter& out() { return out_; }

  // Announces a payload; the payloads follow the header in the order of Reserve().
  Field Reserve(std::size_t size) {
    const Field field{static_cast<std::uint16_t>(size), static_cast<std::uint32_t>(offset_)};
    offset_ += size;
    return field;
  }

  void WriteField(Field field) {
    out_.U16(field.size);
    out_.U16(field.size);
    out_.U32(field.offset);
  }

 private:
  base::ByteWriter out_;
  std::size_t offset_;
};

}  // namespace

bool HasNtlmSignature(base::ByteView token) {
  return token.size() >= kSignature.size() && std::equal(kSignature.begin(), kSignature.end(), token.begin());
}

absl::StatusOr<NegotiateMessage> NegotiateMessage::Decode(base::ByteView bytes) {
  MessageReader reader(bytes, MessageType::kNegotiate);
  NegotiateMessage out;
  out.flags = reader.in().U32();
  if (!reader.in().ok()) return reader.in().status();
  return out;
}

base::Bytes NegotiateMessage::Encode() const {
  constexpr std::size_t kHeader = 40;
  MessageWriter writer(MessageType::kNegotiate, kHeader);
  writer.out().U32(flags);
  writer.WriteField(writer.Reserve(0));  // domain
  writer.WriteField(writer.Reserve(0));  // workstation
  writer.out().Append(version);
  return writer.out().Take();
}

absl::StatusOr<ChallengeMessage> ChallengeMessage::Decode(base::ByteView bytes) {
  MessageReader reader(bytes, MessageType::kChallenge);
  base::ByteReader& in = reader.in();
  ChallengeMessage out;
  const Field target_name = reader.ReadField();
  out.flags = in.U32();
  reader.ReadArray(out.server_challenge);
  in.Skip(8);  // Reserved
  const Field target_info = reader.ReadField();
  if ((out.flags & ntlm_flag::kVersion) != 0) reader.ReadArray(out.version);
  if ((out.flags & ntlm_flag::kUnicode) != 0) out.target_name = reader.Name(target_name);
  if ((out.flags & ntlm_flag::kTargetInfo) != 0) out.target_info = reader.Payload(target_info);
  if (!in.ok()) return in.status();
  return out;
}

base::Bytes ChallengeMessage::Encode() const {
  constexpr std::size_t kHeader = 56;
  MessageWriter writer(MessageType::kChallenge, kHeader);
  const base::Bytes name = ToLittleEndian(target_name);
  writer.WriteField(writer.Reserve(name.size()));
  writer.out().U32(flags);
  writer.out().Append(server_challenge);
  writer.out().Fill(8);  // Reserved
  writer.WriteField(writer.Reserve(target_info.size()));
  writer.out().Append(version);
  writer.out().Append(name);
  writer.out().Append(target_info);
  return writer.out().Take();
}

absl::StatusOr<AuthenticateMessage> AuthenticateMessage::Decode(base::ByteView bytes) {
  MessageReader reader(bytes, MessageType::kAuthenticate);
  base::ByteReader& in = reader.in();
  AuthenticateMessage out;
  const Field lm = reader.ReadField();
  const Field nt = reader.ReadField();
  const Field domain = reader.ReadField();
  const Field user = reader.ReadField();
  const Field workstation = reader.ReadField();
  const Field session_key = reader.ReadField();
  out.flags = in.U32();
  out.lm_response = reader.Payload(lm);
  out.nt_response = reader.Payload(nt);
  if ((out.flags & ntlm_flag::kUnicode) != 0) {
    out.domain = reader.Name(domain);
    out.user = reader.Name(user);
    out.workstation = reader.Name(workstation);
  }
  if ((out.flags & ntlm_flag::kKeyExchange) != 0) out.encrypted_session_key = reader.Payload(session_key);
  if (!in.ok()) return in.status();

  const std::size_t header_end = std::min(reader.lowest(), bytes.size());
  if ((out.flags & ntlm_flag::kVersion) != 0 && header_end >= kMicOffset) reader.ReadArray(out.version);
  out.has_mic_field = header_end >= kMicOffset + kMicSize;
  return out;
}

base::Bytes AuthenticateMessage::Encode() const {
  MessageWriter writer(MessageType::kAuthenticate, has_mic_field ? kMicOffset + kMicSize : kMicOffset);
  const base::Bytes domain_octets = ToLittleEndian(domain);
  const base::Bytes user_octets = ToLittleEndian(user);
  const base::Bytes workstation_octets = ToLittleEndian(workstation);
  // The payload in the order of 4.2.4.3.
  const Field domain_field = writer.Reserve(domain_octets.size());
  const Field user_field = writer.Reserve(user_octets.size());
  const Field workstation_field = writer.Reserve(workstation_octets.size());
  const Field lm_field = writer.Reserve(lm_response.size());
  const Field nt_field = writer.Reserve(nt_response.size());
  const Field key_field = writer.Reserve(encrypted_session_key.size());
  for (const Field field : {lm_field, nt_field, domain_field, user_field, workstation_field, key_field}) {
    writer.WriteField(field);
  }
  writer.out().U32(flags);
  writer.out().Append(version);
  if (has_mic_field) writer.out().Fill(kMicSize);
  for (const base::Bytes* part : {&domain_octets, &user_octets, &workstation_octets, &lm_response,
                                  &nt_response, &encrypted_session_key}) {
    writer.out().Append(*part);
  }
  return writer.out().Take();
}

}  // namespace ipam::auth
