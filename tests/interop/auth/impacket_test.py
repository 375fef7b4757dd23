"""Our NTLM against impacket's: as its server, and as the client of a server made of its primitives."""

import struct

import peer

try:
    from impacket import ntlm
    from Cryptodome.Cipher import ARC4
except ImportError as error:
    peer.skip(f"{error}: install python3-impacket")

VERSION_OF_SPEC = struct.pack("<8s", b"\x06\x01\x00\x00\x00\x00\x00\x0f")


class Session:
    """impacket's signing and sealing, in both directions."""

    def __init__(self, flags, key, us):
        them = "Server" if us == "Client" else "Client"
        self.flags = flags
        self.keys, self.rc4, self.sequence = {}, {}, {us: 0, them: 0}
        for side in (us, them):
            self.keys[side] = (ntlm.SIGNKEY(flags, key, side), ntlm.SEALKEY(flags, key, side))
            self.rc4[side] = ARC4.new(self.keys[side][1]).encrypt

    def apply(self, side, level, pdu, body):
        """(body as it goes over the wire, signature) for the next message that `side` sends."""
        sign, seal = self.keys[side]
        number = self.sequence[side]
        self.sequence[side] += 1
        if level == "privacy":
            sealed, signature = ntlm.SEAL(self.flags, sign, seal, pdu, body, number, self.rc4[side])
            return sealed, signature.getData()
        return body, ntlm.SIGN(self.flags, sign, pdu, number, self.rc4[side]).getData()


class Impacket(peer.PeerTest):
    def check_protection(self, ours, session, our_side):
        their_side = "Server" if our_side == "Client" else "Client"
        at, size = len(peer.HEADER), len(peer.BODY)
        for level in ("integrity", "privacy", "privacy", "integrity"):
            body, signature = session.apply(their_side, level, peer.PDU, peer.BODY)
            self.assertEqual(body != peer.BODY, level == "privacy")
            wire = peer.HEADER + body + peer.TRAILER
            self.assertEqual(ours.unprotect(level, wire, at, size, signature), peer.PDU)

            wire, signature = ours.protect(level, peer.PDU, at, size)
            body, expected = session.apply(our_side, level, peer.PDU, peer.BODY)
            self.assertEqual(wire, peer.HEADER + body + peer.TRAILER)
            self.assertEqual(signature, expected)

    def client(self, ours, password, domain=peer.DOMAIN):
        first = ntlm.getNTLMSSPType1("", domain, True, True)
        challenge = ours.step(first.getData())
        last, key = ntlm.getNTLMSSPType3(first, challenge, peer.USER.upper(), password, domain, use_ntlmv2=True)
        self.assertEqual(ours.step(last.getData()), b"")
        self.assertTrue(ours.complete)
        self.assertEqual(ours.peer, peer.DOMAIN + "\\" + peer.USER)
        return Session(last["flags"], key, "Client")

    def test_is_our_client(self):
        for kind in ("ntlm", "spnego"):
            for domain in (peer.DOMAIN, ""):
                ours = self.peer("acceptor", kind)
                self.check_protection(ours, self.client(ours, peer.PASSWORD, domain), "Server")

    def test_is_refused_with_a_wrong_password(self):
        with self.assertRaisesRegex(peer.PeerError, "UNAUTHENTICATED"):
            self.client(self.peer("acceptor", "ntlm"), "wrong")

    def test_is_refused_with_ntlm_v1(self):
        ours = self.peer("acceptor", "ntlm")
        first = ntlm.getNTLMSSPType1("", peer.DOMAIN, True, False)
        last, _ = ntlm.getNTLMSSPType3(first, ours.step(first.getData()), peer.USER, peer.PASSWORD, peer.DOMAIN,
                                       use_ntlmv2=False)
        with self.assertRaisesRegex(peer.PeerError, "UNAUTHENTICATED.*NTLMv1"):
            ours.step(last.getData())

    def test_finds_our_logon_right(self):
        ours = self.peer("initiator", "ntlm")
        negotiate = ours.step()
        flags = ntlm.NTLMAuthNegotiate()
        flags.fromString(negotiate)
        pairs = ntlm.AV_PAIRS()
        for av, name in ((ntlm.NTLMSSP_AV_HOSTNAME, "SERVER"), (ntlm.NTLMSSP_AV_DOMAINNAME, peer.DOMAIN)):
            pairs[av] = name.encode("utf-16le")
        pairs[ntlm.NTLMSSP_AV_TIME] = struct.pack("<Q", 133_000_000_000_000_000)
        challenge = ntlm.NTLMAuthChallenge()
        challenge["flags"] = flags["flags"] | ntlm.NTLMSSP_NEGOTIATE_TARGET_INFO
        challenge["domain_len"] = challenge["domain_max_len"] = 0
        challenge["domain_offset"] = 56
        challenge["challenge"] = b"8 octets"
        challenge["reserved"] = b""
        challenge["TargetInfoFields_len"] = challenge["TargetInfoFields_max_len"] = len(pairs.getData())
        challenge["TargetInfoFields_offset"] = 56
        challenge["Version"] = VERSION_OF_SPEC
        challenge["VersionLen"] = 8
        challenge["domain_name"] = b""
        challenge["TargetInfoFields"] = pairs.getData()
        challenge = challenge.getData()
        self.assertEqual(len(challenge), 56 + len(pairs.getData()))

        authenticate = ours.step(challenge)
        self.assertTrue(ours.complete)
        answer = ntlm.NTLMAuthChallengeResponse()
        answer.fromString(authenticate)
        proof, blob = answer["ntlm"][:16], answer["ntlm"][16:]
        key = ntlm.NTOWFv2(peer.USER, peer.PASSWORD, peer.DOMAIN)
        self.assertEqual(proof, ntlm.hmac_md5(key, b"8 octets" + blob))
        session_key = ntlm.generateEncryptedSessionKey(ntlm.hmac_md5(key, proof), answer["session_key"])
        without_mic = authenticate[:72] + bytes(16) + authenticate[88:]
        self.assertEqual(authenticate[72:88], ntlm.hmac_md5(session_key, negotiate + challenge + without_mic))
        self.check_protection(ours, Session(answer["flags"], session_key, "Server"), "Client")


if __name__ == "__main__":
    peer.main()
