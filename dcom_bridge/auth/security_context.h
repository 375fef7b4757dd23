// One security context of a connection, as the RPC layer sees it: tokens in, tokens out, then protection of
// PDUs. NTLM, Kerberos and SPNEGO around them implement it. Bytes only: no socket, no thread, no clock
// of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

// [MS-RPCE] 2.2.1.1.7
enum class AuthType : std::uint8_t { kNone = 0, kSpnego = 9, kNtlm = 10, kKerberos = 16 };

// [MS-RPCE] 2.2.1.1.8
enum class AuthLevel : std::uint8_t {
  kDefault = 0,
  kNone = 1,
  kConnect = 2,
  kCall = 3,
  kPacket = 4,
  kIntegrity = 5,
  kPrivacy = 6,
};

// Who the peer proved to be.
struct Principal {
  std::string domain;
  std::string user;  // as the account file, or the KDC, writes it; Kerberos: `domain` is the realm
  // "DOMAIN\user"; the key of authorization and of the callback rule.
  std::string Name() const { return domain.empty() ? user : domain + "\\" + user; }
};

struct Token {
  base::Bytes bytes;      // to send; may be empty
  bool complete = false;  // this side needs no more tokens and may protect PDUs once the bytes are sent
};

class SecurityContext {
 public:
  virtual ~SecurityContext() = default;

  virtual AuthType type() const = 0;

  // Of an initiator, before its first Step(): fetches what that needs from elsewhere, such as a ticket from a
  // KDC, which may take long. `ready` is called once, from any thread or from inside, unless the context is
  // destroyed before; Step() tells what went wrong. Without Prepare() the first Step() may block.
  virtual void Prepare(absl::AnyInvocable<void()> ready) { ready(); }

  // Takes the peer's token (empty for an initiator's first step), gives the answer. kUnauthenticated:
  // refused, with a reason for the log that never holds a secret; kInvalidArgument: malformed. After an error
  // the context is dead.
  virtual absl::StatusOr<Token> Step(base::ByteView token) = 0;

  // Once complete: whether kPrivacy may be used. An initiator may have asked for less than the level that it
  // wrote into the sec_trailer.
  virtual bool MaySeal() const = 0;

  // Size of the auth_value that Protect() gives at `level`; constant for a context. Valid after the first
  // Step().
  virtual std::size_t SignatureSize(AuthLevel level) const = 0;

  // Protects one PDU. `pdu` is the whole PDU from the common header to the end of the sec_trailer, without
  // auth_value, all lengths final; `body` is the part that privacy encrypts in place (stub data with its
  // padding). Gives auth_value. `header_signing` says whether PFC_SUPPORT_HEADER_SIGN was negotiated; NTLM
  // with extended session security covers the whole PDU always ([MS-RPCE] 2.2.2.11, and interop: the MAC
  // covers the PDU with the sec_trailer), and ignores it.
  virtual absl::StatusOr<base::Bytes> Protect(AuthLevel level, std::span<std::uint8_t> pdu,
                                              std::size_t body_offset, std::size_t body_size,
                                              bool header_signing) = 0;

  // The reverse, in place. kUnauthenticated: the signature is wrong or out of order; the connection must be
  // closed.
  virtual absl::Status Unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                                 std::size_t body_size, base::ByteView auth_value, bool header_signing) = 0;

  // Of an acceptor, once complete: the initiator. Of an initiator: nothing.
  virtual std::optional<Principal> peer() const = 0;

  // Of an initiator: the acceptor's clock when it answered, where the mechanism tells it (NTLM: MsvAvTimestamp
  // of the challenge, [MS-NLMP] 2.2.2.1). For what an operator reads: nothing is decided by it.
  virtual std::optional<absl::Time> peer_time() const { return std::nullopt; }
};

}  // namespace ipam::auth
