"""Samba's GENSEC as the client of our acceptor with Kerberos: raw and in SPNEGO."""

import os
import sys
import tempfile

import peer

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
import kdc  # noqa: E402

try:
    from samba import NTSTATUSError, credentials, gensec, param
except ImportError as error:
    peer.skip(f"{error}: install python3-samba")


class SambaKerberos(peer.PeerTest):
    @classmethod
    def setUpClass(cls):
        tool = kdc.missing()
        if tool:
            peer.skip(f"{tool} is missing: install krb5-kdc krb5-admin-server krb5-user")
        cls.realm = kdc.Realm()
        cls.addClassCleanup(cls.realm.close)
        cls.realm.add_service("host", f"host/{kdc.HOST}")
        os.environ.update(cls.realm.env)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "smb.conf")
        with open(path, "w", encoding="ascii") as conf:
            conf.write(f"[global]\nworkgroup = {peer.DOMAIN}\nnetbios name = CLIENT1\nrealm = {kdc.REALM}\n")
            for name in ("private dir", "lock directory", "state directory", "cache directory"):
                conf.write(f"{name} = {folder.name}\n")
        self.lp = param.LoadParm()
        self.lp.load(path)

    def client(self, kind, feature):
        creds = credentials.Credentials()
        creds.guess(self.lp)
        creds.set_realm(kdc.REALM)
        creds.set_username(kdc.USER)
        creds.set_password(kdc.PASSWORD)
        creds.set_kerberos_state(credentials.MUST_USE_KERBEROS)
        client = gensec.Security.start_client({"lp_ctx": self.lp, "target_hostname": kdc.HOST})
        client.set_credentials(creds)
        client.want_feature(gensec.FEATURE_DCE_STYLE)
        client.want_feature(feature)
        client.start_mech_by_name(kind)
        return client

    def log_on(self, kind, feature):
        name = {"kerberos": "gssapi_krb5", "spnego": "spnego"}[kind]
        ours = self.peer("acceptor", kind, keytab=f"{self.realm.dir}/host.keytab")
        client = self.client(name, feature)
        finished, token = client.update(b"")
        while not (finished and ours.complete):
            token = ours.step(token)
            if not finished:
                finished, token = client.update(token)
        self.assertEqual(ours.peer, kdc.REALM + "\\" + kdc.USER)
        return client, ours

    def test_signs_and_we_check_and_back(self):
        at, size = len(peer.HEADER), len(peer.BODY)
        for kind in ("kerberos", "spnego"):
            for header_signing in (False, True):
                with self.subTest(kind=kind, header_signing=header_signing):
                    client, ours = self.log_on(kind, gensec.FEATURE_SIGN)
                    if header_signing:
                        client.want_feature(gensec.FEATURE_SIGN_PKT_HEADER)
                    for _ in range(3):
                        signature = client.sign_packet(peer.BODY, peer.PDU)
                        self.assertEqual(ours.unprotect("integrity", peer.PDU, at, size, signature,
                                                        header_signing), peer.PDU)
                        wire, signature = ours.protect("integrity", peer.PDU, at, size, header_signing)
                        self.assertEqual(wire, peer.PDU)
                        client.check_packet(peer.BODY, peer.PDU, signature)
                    _, signature = ours.protect("integrity", peer.PDU, at, size, header_signing)
                    with self.assertRaises(NTSTATUSError):
                        client.check_packet(peer.BODY[:-1] + b"x", peer.PDU[:-9] + b"x" + peer.TRAILER, signature)


if __name__ == "__main__":
    peer.main()
