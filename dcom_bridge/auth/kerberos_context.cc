#include "dcom_bridge/auth/kerberos_context.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/der.h"
#include "dcom_bridge/auth/spnego_token.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/strings.h"

namespace ipam::auth {
namespace {

// Levels that protect each PDU; below kIntegrity as kIntegrity, see rpc::EffectiveLevel().
bool Signs(AuthLevel level) { return level >= AuthLevel::kCall; }

// Far above any ticket that a PDU can carry.
constexpr std::size_t kMaxToken = 0x10000;

gss_iov_buffer_desc Iov(OM_uint32 type, base::ByteView bytes) { return {type, GssInput(bytes)}; }

// The parts of a PDU as wrap tokens cover it. There is no padding buffer: RPC pads bodies to 16 octets, which
// is a multiple of every cipher's block.
using WrapIov = std::array<gss_iov_buffer_desc, 4>;
WrapIov ToIov(base::ByteView pdu, std::size_t body_offset, std::size_t body_size, base::ByteView token,
              bool header_signing) {
  const OM_uint32 around = header_signing ? GSS_IOV_BUFFER_TYPE_SIGN_ONLY : GSS_IOV_BUFFER_TYPE_EMPTY;
  return {Iov(GSS_IOV_BUFFER_TYPE_HEADER, token), Iov(around, pdu.first(body_offset)),
          Iov(GSS_IOV_BUFFER_TYPE_DATA, pdu.subspan(body_offset, body_size)),
          Iov(around, pdu.subspan(body_offset + body_size))};
}

// Some clients frame their AP-REQ ([RFC4121] 4.1) although DCE style has none; Windows
// takes that, MIT's library does not. Without DCE style a logon is refused in any case.
base::ByteView WithoutFraming(base::ByteView token) {
  constexpr std::array<std::uint8_t, 2> kApReq = {0x01, 0x00};
  DerReader top(token);
  DerReader framed(top.Read(der::kApplication0, "no framing"));
  const base::ByteView oid = framed.Read(der::kObjectIdentifier, "no mechanism");
  top.ExpectEnd("octets after the token");
  const base::ByteView inner = framed.rest();
  const bool is_framed = top.ok() && framed.ok() &&
                         std::equal(oid.begin(), oid.end(), kKerberosOid.begin(), kKerberosOid.end()) &&
                         inner.size() > kApReq.size() &&
                         std::equal(kApReq.begin(), kApReq.end(), inner.begin());
  return is_framed ? inner.subspan(kApReq.size()) : token;
}

}  // namespace

absl::StatusOr<Token> KerberosContext::Step(base::ByteView token) {
  if (state_ == State::kComplete)
    return Die(absl::FailedPreconditionError("Kerberos: a token after the last"));
  if (state_ == State::kDead) return absl::FailedPreconditionError("Kerberos: the context has failed before");
  if (token.size() > kMaxToken) return Die(absl::InvalidArgumentError("Kerberos: the token is too long"));
  absl::StatusOr<Token> out = Advance(token);
  if (!out.ok()) return Die(out.status());
  if (!out->complete) {
    state_ = State::kWaiting;
    return out;
  }
  if (absl::Status fit = OnComplete(); !fit.ok()) return Die(std::move(fit));
  state_ = State::kComplete;
  return out;
}

absl::Status KerberosContext::Die(absl::Status why) {
  state_ = State::kDead;
  context_.Reset();
  return why;
}

absl::Status KerberosContext::OnComplete() {
  OM_uint32 minor = 0, flags = 0;
  OM_uint32 major = gss_inquire_context(&minor, context_.get(), nullptr, nullptr, nullptr, nullptr, &flags,
                                        nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return GssError("the new context", major, minor);
  // Without it two tokens would do, and an AP-REQ could be sent again by who has heard it.
  if ((flags & GSS_C_DCE_STYLE) == 0)
    return absl::UnauthenticatedError("Kerberos: the peer does not ask for DCE style");
  // [MS-RPCE] 3.3.1.5.2.2: detection of replays for packet, of the order for integrity. A client of the level
  // connect asks for neither; that they are missing shows at the first PDU, as with Windows and Samba.
  may_sign_ = (flags & GSS_C_INTEG_FLAG) != 0 && (flags & (GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG)) != 0;
  may_seal_ = may_sign_ && (flags & GSS_C_CONF_FLAG) != 0;

  constexpr std::array<std::uint8_t, 48> kShape{};
  WrapIov wrap = ToIov(kShape, 16, 16, {}, true);
  int sealed = 0;
  major = gss_wrap_iov_length(&minor, context_.get(), 1, GSS_C_QOP_DEFAULT, &sealed, wrap.data(),
                              static_cast<int>(wrap.size()));
  if (major != GSS_S_COMPLETE) return GssError("size of a wrap token", major, minor);
  wrap_size_ = wrap[0].buffer.length;
  std::array<gss_iov_buffer_desc, 2> mic = {Iov(GSS_IOV_BUFFER_TYPE_DATA, kShape),
                                            Iov(GSS_IOV_BUFFER_TYPE_MIC_TOKEN, {})};
  major = gss_get_mic_iov_length(&minor, context_.get(), GSS_C_QOP_DEFAULT, mic.data(),
                                 static_cast<int>(mic.size()));
  if (major != GSS_S_COMPLETE) return GssError("size of a MIC token", major, minor);
  mic_size_ = mic[1].buffer.length;
  return absl::OkStatus();
}

std::size_t KerberosContext::SignatureSize(AuthLevel level) const {
  if (!Signs(level)) return 0;
  return level == AuthLevel::kPrivacy ? wrap_size_ : mic_size_;
}

absl::Status KerberosContext::CheckReady(AuthLevel level, std::size_t pdu_size, std::size_t body_offset,
                                         std::size_t body_size) const {
  if (state_ != State::kComplete) return absl::FailedPreconditionError("Kerberos: the context has no keys");
  if (!may_sign_) return absl::FailedPreconditionError("Kerberos: signing was not negotiated");
  if (level == AuthLevel::kPrivacy && !may_seal_)
    return absl::FailedPreconditionError("Kerberos: sealing was not negotiated");
  if (body_offset > pdu_size || body_size > pdu_size - body_offset)
    return absl::InvalidArgumentError("the body lies outside the PDU");
  return absl::OkStatus();
}

absl::StatusOr<base::Bytes> KerberosContext::Protect(AuthLevel level, std::span<std::uint8_t> pdu,
                                                     std::size_t body_offset, std::size_t body_size,
                                                     bool header_signing) {
  if (!Signs(level)) return base::Bytes();
  IPAM_RETURN_IF_ERROR(CheckReady(level, pdu.size(), body_offset, body_size));
  OM_uint32 minor = 0;
  if (level != AuthLevel::kPrivacy) {
    gss_buffer_desc covered =
        GssInput(header_signing ? base::ByteView(pdu) : base::ByteView(pdu).subspan(body_offset, body_size));
    GssBuffer mic;
    const OM_uint32 major = gss_get_mic(&minor, context_.get(), GSS_C_QOP_DEFAULT, &covered, mic.address());
    if (major != GSS_S_COMPLETE) return GssError("signing", major, minor);
    return mic.Copy();
  }
  base::Bytes token(wrap_size_);
  WrapIov iov = ToIov(pdu, body_offset, body_size, token, header_signing);
  int sealed = 0;
  const OM_uint32 major = gss_wrap_iov(&minor, context_.get(), 1, GSS_C_QOP_DEFAULT, &sealed, iov.data(),
                                       static_cast<int>(iov.size()));
  if (major != GSS_S_COMPLETE) return GssError("sealing", major, minor);
  if (sealed == 0 || iov[0].buffer.length != wrap_size_)
    return absl::InternalError("Kerberos: a wrap token of another kind than announced");
  return token;
}

absl::Status KerberosContext::Unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t body_offset,
                                        std::size_t body_size, base::ByteView auth_value,
                                        bool header_signing) {
  if (!Signs(level)) return absl::OkStatus();
  IPAM_RETURN_IF_ERROR(CheckReady(level, pdu.size(), body_offset, body_size));
  OM_uint32 minor = 0, major = 0;
  if (level != AuthLevel::kPrivacy) {
    gss_buffer_desc covered =
        GssInput(header_signing ? base::ByteView(pdu) : base::ByteView(pdu).subspan(body_offset, body_size));
    gss_buffer_desc mic = GssInput(auth_value);
    gss_qop_t quality = 0;
    major = gss_verify_mic(&minor, context_.get(), &covered, &mic, &quality);
  } else {
    base::Bytes token(auth_value.begin(), auth_value.end());  // decrypted in place
    WrapIov iov = ToIov(pdu, body_offset, body_size, token, header_signing);
    int sealed = 0;
    gss_qop_t quality = 0;
    major =
        gss_unwrap_iov(&minor, context_.get(), &sealed, &quality, iov.data(), static_cast<int>(iov.size()));
    if (major == GSS_S_COMPLETE && sealed == 0)
      return Die(absl::UnauthenticatedError("Kerberos: a message was not sealed that had to be"));
  }
  // Anything supplementary too: a repeated, old, skipped or overtaking message.
  if (major == GSS_S_COMPLETE) return absl::OkStatus();
  const absl::Status why = GssError("the signature of a message is wrong or out of order", major, minor);
  return Die(absl::UnauthenticatedError(why.message()));
}

absl::StatusOr<base::Bytes> KerberosContext::MakeMechListMic(base::ByteView mech_types) {
  if (state_ != State::kComplete) return absl::FailedPreconditionError("Kerberos: the context has no keys");
  OM_uint32 minor = 0;
  gss_buffer_desc covered = GssInput(mech_types);
  GssBuffer mic;
  const OM_uint32 major = gss_get_mic(&minor, context_.get(), GSS_C_QOP_DEFAULT, &covered, mic.address());
  if (major != GSS_S_COMPLETE) return GssError("mechListMIC", major, minor);
  return mic.Copy();
}

absl::Status KerberosContext::CheckMechListMic(base::ByteView mech_types, base::ByteView mic) {
  if (state_ != State::kComplete) return absl::FailedPreconditionError("Kerberos: the context has no keys");
  OM_uint32 minor = 0;
  gss_buffer_desc covered = GssInput(mech_types), token = GssInput(mic);
  gss_qop_t quality = 0;
  const OM_uint32 major = gss_verify_mic(&minor, context_.get(), &covered, &token, &quality);
  if (major == GSS_S_COMPLETE) return absl::OkStatus();
  return Die(absl::UnauthenticatedError("SPNEGO: the mechListMIC is wrong"));
}

void KerberosInitiator::Prepare(absl::AnyInvocable<void()> ready) {
  pending_ = client_->Begin(target_spn_, std::move(ready));
}

absl::StatusOr<Token> KerberosInitiator::Advance(base::ByteView token) {
  if (state() == State::kStart) {
    if (!token.empty()) return absl::InvalidArgumentError("Kerberos: an initiator speaks first");
    IPAM_ASSIGN_OR_RETURN(KerberosClient::FirstLeg first,
                          pending_ ? pending_->Take() : client_->BeginNow(target_spn_));
    context_ = std::move(first.context);
    return Token{std::move(first.token), false};
  }
  absl::StatusOr<base::Bytes> last = KerberosClient::Finish(context_, target_spn_, token);
  if (!last.ok()) return last.status();
  return Token{*std::move(last), true};
}

absl::StatusOr<Token> KerberosAcceptor::Advance(base::ByteView token) {
  if (token.empty()) return absl::InvalidArgumentError("Kerberos: an acceptor answers");
  OM_uint32 minor = 0, flags = 0;
  gss_buffer_desc input = GssInput(state() == State::kStart ? WithoutFraming(token) : token);
  GssBuffer output;
  GssName client;
  const OM_uint32 major = gss_accept_sec_context(&minor, context_.address(), keys_->credential(), &input,
                                                 GSS_C_NO_CHANNEL_BINDINGS, client.address(), nullptr,
                                                 output.address(), &flags, nullptr, nullptr);
  if (GSS_ERROR(major)) return GssError("the logon of a client", major, minor);
  if ((major & GSS_S_CONTINUE_NEEDED) != 0) return Token{output.Copy(), false};
  GssBuffer name;
  const OM_uint32 shown = gss_display_name(&minor, client.get(), name.address(), nullptr);
  if (GSS_ERROR(shown)) return GssError("the client's name", shown, minor);
  IPAM_ASSIGN_OR_RETURN(peer_, ParsePrincipal(name.text()));
  return Token{output.Copy(), true};
}

absl::StatusOr<Principal> ParsePrincipal(std::string_view name) {
  Principal out;
  std::string* part = &out.user;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '@') {
      if (part == &out.domain) return absl::UnauthenticatedError("Kerberos: a principal with two realms");
      part = &out.domain;
    } else if (c == '\\' && i + 1 < name.size() && name[i + 1] == '@') {
      part->push_back(name[++i]);  // of an enterprise name
    } else if (c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      // A slash inside of a component would look like two components, a backslash like the end of a domain.
      return absl::UnauthenticatedError("Kerberos: a principal with characters that are refused");
    } else {
      part->push_back(c);
    }
  }
  if (out.user.empty() || out.domain.empty())
    return absl::UnauthenticatedError("Kerberos: a principal without name or realm");
  return out;
}

}  // namespace ipam::auth
