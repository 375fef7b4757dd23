"""Log-on and signatures of a stranger, both roles, on impacket's NTLM and SPNEGO messages.

impacket leaves the acceptor, every check of a signature and the mechListMIC to its user; they are here by [MS-NLMP] 3.4
and [MS-SPNG] 3.1.5. A context gives `outgoing` and `incoming` once it is `complete`.
"""

import hmac
import os
import struct
import time

from Cryptodome.Cipher import ARC4
from impacket import ntlm, spnego

NTLM = 10  # RPC_C_AUTHN_WINNT
SPNEGO = 9  # RPC_C_AUTHN_GSS_NEGOTIATE
OID_NTLM = spnego.TypesMech["NTLMSSP - Microsoft NTLM Security Support Provider"]
VERSION = bytes.fromhex("0a0061580000000f")
MIC_OFFSET = 72  # [MS-NLMP] 2.2.1.3: behind Version
AV_FLAGS, MIC_PRESENT = 6, 2


class BadSignature(Exception):
    pass


class LogonDenied(Exception):
    pass


def hmac_md5(key, *parts):
    return hmac.digest(key, b"".join(parts), "md5")


class Channel:
    """One direction of a session, [MS-NLMP] 3.4.4.2: extended session security."""

    def __init__(self, flags, key, mode):
        assert flags & ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY, "not extended session security"
        self.flags, self.sequence = flags, 0
        self.sign_key, self.seal_key = ntlm.SIGNKEY(flags, key, mode), ntlm.SEALKEY(flags, key, mode)
        self.restart()

    def restart(self):
        """After the mechListMIC the cipher begins anew, the sequence goes on, [MS-SPNG] 3.3.5.1."""
        self.cipher = ARC4.new(self.seal_key).encrypt

    def mac(self, message):
        signature = ntlm.MAC(self.flags, self.cipher, self.sign_key, self.sequence, message).getData()
        self.sequence += 1
        return signature

    def verify(self, message, signature):
        expected = self.mac(message)
        if not hmac.compare_digest(expected, signature):
            raise BadSignature(f"{signature.hex()} where {expected.hex()} was expected")


class Context:
    """What both roles share: the channels, when the exported session key is known."""
    type = NTLM
    complete = False

    def finish(self, flags, key, ours, theirs):
        self.outgoing, self.incoming = Channel(flags, key, ours), Channel(flags, key, theirs)
        self.complete = True


class Initiator(Context):
    def __init__(self, account):
        self.account = account

    def first(self):
        self.negotiate = ntlm.getNTLMSSPType1("", "", signingRequired=True, use_ntlmv2=True)
        return self.negotiate.getData()

    def step(self, token):
        response, key = ntlm.getNTLMSSPType3(self.negotiate, token, self.account.user, self.account.password,
                                             self.account.domain, use_ntlmv2=True)
        self.finish(response["flags"], key, "Client", "Server")
        return response.getData()


class Acceptor(Context):
    OFFERED = (ntlm.NTLMSSP_NEGOTIATE_UNICODE | ntlm.NTLMSSP_REQUEST_TARGET | ntlm.NTLMSSP_NEGOTIATE_SIGN |
               ntlm.NTLMSSP_NEGOTIATE_SEAL | ntlm.NTLMSSP_NEGOTIATE_NTLM | ntlm.NTLMSSP_NEGOTIATE_ALWAYS_SIGN |
               ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY | ntlm.NTLMSSP_NEGOTIATE_128 |
               ntlm.NTLMSSP_NEGOTIATE_KEY_EXCH | ntlm.NTLMSSP_NEGOTIATE_56 | ntlm.NTLMSSP_NEGOTIATE_VERSION)

    def __init__(self, accounts):
        self.accounts = accounts
        self.account = None
        self.had_mic = False

    def step(self, token):
        kind = struct.unpack_from("<L", token, 8)[0]
        return self._challenge(token) if kind == 1 else self._authenticate(token)

    def _challenge(self, token):
        negotiate = ntlm.NTLMAuthNegotiate()
        negotiate.fromString(token)
        names = ntlm.AV_PAIRS()
        names[ntlm.NTLMSSP_AV_DOMAINNAME] = "STRANGE".encode("utf-16-le")
        names[ntlm.NTLMSSP_AV_HOSTNAME] = "STRANGER".encode("utf-16-le")
        names[ntlm.NTLMSSP_AV_DNS_DOMAINNAME] = "strange.example".encode("utf-16-le")
        names[ntlm.NTLMSSP_AV_DNS_HOSTNAME] = "stranger.strange.example".encode("utf-16-le")
        names[ntlm.NTLMSSP_AV_TIME] = struct.pack("<Q", 116444736000000000 + int(time.time() * 10_000_000))
        target = "STRANGE".encode("utf-16-le")
        self.challenge = os.urandom(8)
        self.flags = negotiate["flags"] & self.OFFERED | ntlm.NTLMSSP_NEGOTIATE_TARGET_INFO
        if self.flags & ntlm.NTLMSSP_REQUEST_TARGET:
            self.flags |= ntlm.NTLMSSP_TARGET_TYPE_DOMAIN
        answer = ntlm.NTLMAuthChallenge()
        answer["flags"], answer["challenge"] = self.flags, self.challenge
        answer["Version"] = VERSION if self.flags & ntlm.NTLMSSP_NEGOTIATE_VERSION else b""
        answer["domain_name"], answer["domain_offset"] = target, 48 + len(answer["Version"])
        answer["TargetInfoFields"] = names.getData()
        answer["TargetInfoFields_offset"] = answer["domain_offset"] + len(target)
        self.messages = token, answer.getData()
        return self.messages[1]

    def _authenticate(self, token):
        message = ntlm.NTLMAuthChallengeResponse()
        message.fromString(token)
        user, domain = (message[name].decode("utf-16-le") for name in ("user_name", "domain_name"))
        account = self.accounts.get((domain.upper(), user.upper()))
        if account is None:
            raise LogonDenied(f"no account {domain}\\{user}")
        proof, temp = message["ntlm"][:16], message["ntlm"][16:]
        response_key = ntlm.NTOWFv2(user, account.password, domain)
        if not hmac.compare_digest(proof, hmac_md5(response_key, self.challenge, temp)):
            raise LogonDenied(f"wrong password for {domain}\\{user}")
        key, flags = hmac_md5(response_key, proof), message["flags"]
        if flags & ntlm.NTLMSSP_NEGOTIATE_KEY_EXCH:
            begin = message["session_key_offset"]
            key = ARC4.new(key).decrypt(token[begin:begin + message["session_key_len"]])
        pairs = ntlm.AV_PAIRS(temp[28:])
        if pairs[AV_FLAGS] and struct.unpack("<L", pairs[AV_FLAGS][1])[0] & MIC_PRESENT:
            blank = token[:MIC_OFFSET] + bytes(16) + token[MIC_OFFSET + 16:]
            if hmac_md5(key, *self.messages, blank) != token[MIC_OFFSET:MIC_OFFSET + 16]:
                raise LogonDenied("the MIC of AUTHENTICATE_MESSAGE is wrong")
            self.had_mic = True
        self.account = account
        self.finish(flags, key, "Server", "Client")
        return b""


def der(tag, *parts):
    return bytes([tag]) + spnego.asn1encode(b"".join(parts))


def elements(data):
    """{tag: content} of the elements of a DER sequence's content."""
    found = {}
    while data:
        content, size = spnego.asn1decode(data[1:])
        found[data[0]] = content
        data = data[1 + size:]
    return found


def token_fields(data):
    """{context tag: value} of a NegTokenResp."""
    [(tag, body)] = elements(data).items()
    assert tag == 0xA1, f"NegTokenResp begins with {tag:#x}"
    return {tag: next(iter(elements(value).values())) for tag, value in elements(elements(body)[0x30]).items()}


def mech_list(*oids):
    return der(0x30, *(der(0x06, oid) for oid in oids))


class SpnegoInitiator:
    type = SPNEGO
    complete = False

    def __init__(self, account, with_mic=True):
        self.ntlm, self.with_mic = Initiator(account), with_mic

    def first(self):
        token = spnego.SPNEGO_NegTokenInit()
        token["MechTypes"], token["MechToken"] = [OID_NTLM], self.ntlm.first()
        return token.getData()

    def step(self, token):
        fields = token_fields(token)
        if not self.ntlm.complete:
            response = self.ntlm.step(fields[0xA2])
            self.outgoing, self.incoming = self.ntlm.outgoing, self.ntlm.incoming
            parts = [der(0xA2, der(0x04, response))]
            if self.with_mic:
                parts.append(der(0xA3, der(0x04, self.outgoing.mac(mech_list(OID_NTLM)))))
                self.outgoing.restart()
            return der(0xA1, der(0x30, *parts))
        if fields[0xA0] != b"\0":
            raise LogonDenied(f"negState {fields[0xA0].hex()}")
        if 0xA3 in fields:
            self.incoming.verify(mech_list(OID_NTLM), fields[0xA3])
            self.incoming.restart()
        elif self.with_mic:
            raise BadSignature("no mechListMIC in answer to ours")
        self.complete = True
        return b""


class SpnegoAcceptor:
    type = SPNEGO
    complete = False

    def __init__(self, accounts):
        self.ntlm = Acceptor(accounts)

    @property
    def account(self):
        return self.ntlm.account

    def step(self, token):
        if token[0] == 0x60:
            offer = spnego.SPNEGO_NegTokenInit(token)
            self.mechanisms = offer["MechTypes"]
            assert self.mechanisms[0] == OID_NTLM, self.mechanisms
            answer = spnego.SPNEGO_NegTokenResp()
            answer["NegState"], answer["SupportedMech"] = b"\1", OID_NTLM  # accept-incomplete
            answer["ResponseToken"] = self.ntlm.step(offer["MechToken"])
            return answer.getData()
        fields = token_fields(token)
        self.ntlm.step(fields[0xA2])
        self.outgoing, self.incoming = self.ntlm.outgoing, self.ntlm.incoming
        parts = [der(0xA0, der(0x0A, b"\0"))]  # accept-completed
        if 0xA3 in fields:
            signed = mech_list(*self.mechanisms)
            self.incoming.verify(signed, fields[0xA3])
            parts.append(der(0xA3, der(0x04, self.outgoing.mac(signed))))
            self.incoming.restart()
            self.outgoing.restart()
        self.complete = True
        return der(0xA1, der(0x30, *parts))
