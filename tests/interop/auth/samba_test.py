"""Samba's GENSEC as the client of our acceptor: NTLMSSP, SPNEGO, and NTLMSSP without its SPNEGO wrapping."""

import os
import tempfile

import peer

try:
    from samba import NTSTATUSError, credentials, gensec, param
except ImportError as error:
    peer.skip(f"{error}: install python3-samba")


class Samba(peer.PeerTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "smb.conf")
        with open(path, "w", encoding="ascii") as conf:
            conf.write(f"[global]\nworkgroup = {peer.DOMAIN}\nnetbios name = CLIENT1\n")
            for name in ("private dir", "lock directory", "state directory", "cache directory"):
                conf.write(f"{name} = {folder.name}\n")
        self.lp = param.LoadParm()
        self.lp.load(path)

    def client(self, mechanism, feature, password=peer.PASSWORD):
        creds = credentials.Credentials()
        creds.guess(self.lp)
        creds.set_username(peer.USER.upper())
        creds.set_domain(peer.DOMAIN.lower())
        creds.set_password(password)
        creds.set_kerberos_state(credentials.DONT_USE_KERBEROS)
        client = gensec.Security.start_client({"lp_ctx": self.lp, "target_hostname": "server1"})
        client.set_credentials(creds)
        client.want_feature(feature)
        client.start_mech_by_name(mechanism)
        return client

    def log_on(self, client, ours):
        finished, token = client.update(b"")
        while not (finished and ours.complete):
            token = ours.step(token)
            if not finished:
                finished, token = client.update(token)
        self.assertEqual(ours.peer, peer.DOMAIN + "\\" + peer.USER)

    PAIRS = (("ntlmssp", "ntlm"), ("spnego", "spnego"), ("ntlmssp", "spnego"))

    def test_signs_and_we_check_and_back(self):
        for theirs, kind in self.PAIRS:
            with self.subTest(client=theirs, acceptor=kind):
                ours, client = self.peer("acceptor", kind), self.client(theirs, gensec.FEATURE_SIGN)
                self.log_on(client, ours)
                at, size = len(peer.HEADER), len(peer.BODY)
                for _ in range(3):
                    signature = client.sign_packet(peer.BODY, peer.PDU)
                    self.assertEqual(ours.unprotect("integrity", peer.PDU, at, size, signature), peer.PDU)
                    wire, signature = ours.protect("integrity", peer.PDU, at, size)
                    self.assertEqual(wire, peer.PDU)
                    client.check_packet(peer.BODY, peer.PDU, signature)
                wire, signature = ours.protect("integrity", peer.PDU, at, size)
                with self.assertRaises(NTSTATUSError):
                    client.check_packet(peer.BODY, peer.PDU[:-1] + b"x", signature)

    def test_seals_and_we_unseal_and_back(self):
        for theirs, kind in self.PAIRS:
            with self.subTest(client=theirs, acceptor=kind):
                ours, client = self.peer("acceptor", kind), self.client(theirs, gensec.FEATURE_SEAL)
                self.log_on(client, ours)
                size = len(peer.BODY)
                for _ in range(3):  # GENSEC wraps whole messages: signature, then all of it sealed
                    wrapped = client.wrap(peer.BODY)
                    self.assertEqual(len(wrapped), 16 + size)
                    self.assertEqual(ours.unprotect("privacy", wrapped[16:], 0, size, wrapped[:16]), peer.BODY)
                    sealed, signature = ours.protect("privacy", peer.BODY, 0, size)
                    self.assertNotEqual(sealed, peer.BODY)
                    self.assertEqual(client.unwrap(signature + sealed), peer.BODY)

    def test_speaks_first_without_a_token(self):
        self.lp.set("spnego:client_no_optimistic", "yes")
        ours, client = self.peer("acceptor", "spnego"), self.client("spnego", gensec.FEATURE_SEAL)
        self.log_on(client, ours)
        wrapped = client.wrap(peer.BODY)
        self.assertEqual(ours.unprotect("privacy", wrapped[16:], 0, len(peer.BODY), wrapped[:16]), peer.BODY)

    def test_is_refused_with_a_wrong_password(self):
        for theirs, kind in self.PAIRS:
            with self.subTest(client=theirs, acceptor=kind):
                with self.assertRaisesRegex(peer.PeerError, "UNAUTHENTICATED.*wrong password"):
                    self.log_on(self.client(theirs, gensec.FEATURE_SEAL, "wrong"), self.peer("acceptor", kind))


if __name__ == "__main__":
    peer.main()
