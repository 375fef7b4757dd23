#include "dcom_bridge/auth/spnego_token.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "dcom_bridge/auth/der.h"

namespace ipam::auth {
namespace {

// 1.3.6.1.5.5.2, RFC 4178 section 3
constexpr std::array<std::uint8_t, 6> kSpnegoOid = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x02};

// Windows offers five; each more is work for us and nothing for the peer.
constexpr std::size_t kMaxMechTypes = 32;

base::Bytes Copy(base::ByteView bytes) { return base::Bytes(bytes.begin(), bytes.end()); }

// [n] EXPLICIT OCTET STRING OPTIONAL
std::optional<base::Bytes> ReadOctets(DerReader& in, std::uint8_t n, std::string_view what) {
  const std::optional<base::ByteView> field = in.ReadOptional(der::Context(n), what);
  if (!field) return std::nullopt;
  DerReader inner(*field);
  const base::ByteView octets = inner.Read(der::kOctetString, what);
  inner.ExpectEnd(what);
  if (!inner.ok()) {
    in.Fail(what);
    return std::nullopt;
  }
  return Copy(octets);
}

base::Bytes ContextOctets(std::uint8_t n, base::ByteView octets) {
  return DerElement(der::Context(n), {DerElement(der::kOctetString, {octets})});
}

absl::Status ReadMechTypes(base::ByteView field, NegTokenInit& out) {
  DerReader wrapper(field);
  DerReader list(wrapper.Read(der::kSequence, "mechTypes is no sequence"));
  wrapper.ExpectEnd("octets after mechTypes");
  if (!wrapper.ok()) return wrapper.status();
  out.mech_types_der = Copy(field);
  while (!list.at_end()) {
    const base::ByteView oid = list.Read(der::kObjectIdentifier, "a mechType is no object identifier");
    if (out.mech_types.size() == kMaxMechTypes) list.Fail("more than 32 mechTypes");
    if (list.ok()) out.mech_types.push_back(Copy(oid));
  }
  return list.status();
}

}  // namespace

const Oid kNtlmOid = {0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0A};
const Oid kKerberosOid = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02};
const Oid kMsKerberosOid = {0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 0x01, 0x02, 0x02};

absl::StatusOr<NegTokenInit> NegTokenInit::Decode(base::ByteView bytes) {
  DerReader top(bytes);
  DerReader framed(top.Read(der::kApplication0, "no GSS-API framing"));
  top.ExpectEnd("octets after the token");
  if (!top.ok()) return top.status();
  const base::ByteView oid = framed.Read(der::kObjectIdentifier, "no mechanism in the framing");
  if (!std::equal(oid.begin(), oid.end(), kSpnegoOid.begin(), kSpnegoOid.end())) framed.Fail("not of SPNEGO");
  DerReader choice(framed.Read(der::Context(0), "not a negTokenInit"));
  framed.ExpectEnd("octets after negTokenInit");
  if (!framed.ok()) return framed.status();
  DerReader in(choice.Read(der::kSequence, "negTokenInit is no sequence"));
  choice.ExpectEnd("octets after the sequence");
  if (!choice.ok()) return choice.status();

  NegTokenInit out;
  if (const auto field = in.ReadOptional(der::Context(0), "mechTypes")) {
    if (absl::Status read = ReadMechTypes(*field, out); !read.ok()) return read;
  }
  // [MS-SPNG] 3.1.5.3: the acceptor MUST ignore reqFlags.
  in.ReadOptional(der::Context(1), "reqFlags");
  out.mech_token = ReadOctets(in, 2, "mechToken");
  // negHints or mechListMIC, and what later revisions may add.
  while (!in.at_end()) in.Skip();
  if (!in.ok()) return in.status();
  return out;
}

base::Bytes EncodeMechTypes(const std::vector<Oid>& mech_types) {
  base::Bytes list;
  for (const Oid& oid : mech_types) {
    const base::Bytes element = DerElement(der::kObjectIdentifier, {oid});
    list.insert(list.end(), element.begin(), element.end());
  }
  return DerElement(der::kSequence, {list});
}

base::Bytes NegTokenInit::Encode() const {
  const base::Bytes types = DerElement(der::Context(0), {EncodeMechTypes(mech_types)});
  const base::Bytes token = mech_token ? ContextOctets(2, *mech_token) : base::Bytes();
  const base::Bytes init = DerElement(der::Context(0), {DerElement(der::kSequence, {types, token})});
  return DerElement(der::kApplication0, {DerElement(der::kObjectIdentifier, {kSpnegoOid}), init});
}

absl::StatusOr<NegTokenResp> NegTokenResp::Decode(base::ByteView bytes) {
  DerReader top(bytes);
  DerReader choice(top.Read(der::Context(1), "not a negTokenResp"));
  top.ExpectEnd("octets after the token");
  if (!top.ok()) return top.status();
  DerReader in(choice.Read(der::kSequence, "negTokenResp is no sequence"));
  choice.ExpectEnd("octets after the sequence");
  if (!choice.ok()) return choice.status();

  NegTokenResp out;
  if (const auto field = in.ReadOptional(der::Context(0), "negState")) {
    DerReader inner(*field);
    const base::ByteView state = inner.Read(der::kEnumerated, "negState");
    inner.ExpectEnd("octets after negState");
    if (!inner.ok()) return inner.status();
    if (state.size() != 1 || state[0] > static_cast<std::uint8_t>(NegState::kRequestMic)) {
      in.Fail("unknown negState");
    } else {
      out.state = static_cast<NegState>(state[0]);
    }
  }
  if (const auto field = in.ReadOptional(der::Context(1), "supportedMech")) {
    DerReader inner(*field);
    out.supported_mech = Copy(inner.Read(der::kObjectIdentifier, "supportedMech"));
    inner.ExpectEnd("octets after supportedMech");
    if (!inner.ok()) return inner.status();
  }
  out.response_token = ReadOctets(in, 2, "responseToken");
  out.mech_list_mic = ReadOctets(in, 3, "mechListMIC");
  while (!in.at_end()) in.Skip();
  if (!in.ok()) return in.status();
  return out;
}

base::Bytes NegTokenResp::Encode() const {
  base::Bytes fields;
  const auto add = [&fields](const base::Bytes& field) {
    fields.insert(fields.end(), field.begin(), field.end());
  };
  if (state) {
    const std::array<std::uint8_t, 1> octet = {static_cast<std::uint8_t>(*state)};
    add(DerElement(der::Context(0), {DerElement(der::kEnumerated, {octet})}));
  }
  if (supported_mech)
    add(DerElement(der::Context(1), {DerElement(der::kObjectIdentifier, {*supported_mech})}));
  if (response_token) add(ContextOctets(2, *response_token));
  if (mech_list_mic) add(ContextOctets(3, *mech_list_mic));
  return DerElement(der::Context(1), {DerElement(der::kSequence, {fields})});
}

}  // namespace ipam::auth
