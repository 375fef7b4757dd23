#include "dcom_bridge/auth/ntlm_channel.h"

#include <algorithm>

#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::auth {
namespace {

constexpr std::uint32_t kSignatureVersion = 1;

}  // namespace

NtlmChannel::NtlmChannel(const Key& sign_key, const Key& seal_key, bool key_exchange)
    : sign_key_(sign_key), seal_key_(seal_key), rc4_(seal_key.view()), key_exchange_(key_exchange) {}

absl::Status NtlmChannel::CheckSequence() const {
  // A number that comes again would make an old message good again.
  if (sequence_ == UINT32_MAX) return absl::ResourceExhaustedError("NTLM: sequence numbers are used up");
  return absl::OkStatus();
}

NtlmChannel::Checksum NtlmChannel::Digest(base::ByteView message) const {
  base::ByteWriter number;
  number.U32(sequence_);
  const Key digest = HmacMd5(sign_key_.view(), {number.view(), message});
  Checksum out;
  std::copy_n(digest.value.begin(), out.size(), out.begin());
  return out;
}

base::Bytes NtlmChannel::Signature(Checksum checksum) {
  if (key_exchange_) rc4_.Apply(checksum);
  base::ByteWriter out;
  out.U32(kSignatureVersion);
  out.Append(checksum);
  out.U32(sequence_++);
  return out.Take();
}

// The RC4 stream covers the data first, then the checksum (3.4.3).
absl::StatusOr<base::Bytes> NtlmChannel::Protect(base::ByteView message, std::span<std::uint8_t> sealed) {
  IPAM_RETURN_IF_ERROR(CheckSequence());
  const Checksum checksum = Digest(message);
  rc4_.Apply(sealed);
  return Signature(checksum);
}

absl::Status NtlmChannel::Unprotect(base::ByteView message, std::span<std::uint8_t> sealed,
                                    base::ByteView signature) {
  IPAM_RETURN_IF_ERROR(CheckSequence());
  rc4_.Apply(sealed);
  if (!ConstantTimeEqual(Signature(Digest(message)), signature)) {
    return absl::UnauthenticatedError("NTLM: the signature of a message is wrong or out of order");
  }
  return absl::OkStatus();
}

}  // namespace ipam::auth
