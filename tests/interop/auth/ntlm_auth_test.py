"""Our initiator against Samba's acceptors, NTLMSSP and SPNEGO, in the program ntlm_auth."""

import base64
import os
import shutil
import subprocess
import tempfile

import peer

PROGRAM = shutil.which("ntlm_auth")
if PROGRAM is None:
    peer.skip("no ntlm_auth: install winbind")

PROTOCOLS = {"ntlm": "squid-2.5-ntlmssp", "spnego": "gss-spnego"}


class NtlmAuth(peer.PeerTest):
    def server(self, kind):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "smb.conf")
        with open(path, "w", encoding="ascii") as conf:
            conf.write(f"[global]\nworkgroup = {peer.DOMAIN}\nnetbios name = SERVER1\n")
            for name in ("private dir", "lock directory", "state directory", "cache directory"):
                conf.write(f"{name} = {folder.name}\n")
        process = subprocess.Popen(
            [PROGRAM, "--configfile=" + path, "--helper-protocol=" + PROTOCOLS[kind], "--username=" + peer.USER,
             "--domain=" + peer.DOMAIN, "--password=" + peer.PASSWORD],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

        def close():
            process.stdin.close()
            process.wait(10)
            process.stdout.close()

        self.addCleanup(close)

        def ask(line):
            process.stdin.write(line + "\n")
            process.stdin.flush()
            return process.stdout.readline().split()

        self.assertEqual(
            ask("SF NTLMSSP_FEATURE_SESSION_KEY NTLMSSP_FEATURE_SIGN NTLMSSP_FEATURE_SEAL"), ["OK"])
        return ask

    def log_on(self, kind, password):
        ours, ask = self.peer("initiator", kind, password=password), self.server(kind)
        answer = ask("YR " + base64.b64encode(ours.step()).decode())
        self.assertEqual(answer[0], "TT")
        token = ours.step(base64.b64decode(answer[1]))
        return ours, ask("KK " + base64.b64encode(token).decode())

    def test_lets_us_in(self):
        ours, answer = self.log_on("ntlm", peer.PASSWORD)
        self.assertEqual(answer, ["AF", peer.DOMAIN + "\\" + peer.USER])
        self.assertTrue(ours.complete)

    def test_lets_us_in_by_spnego_and_both_prove_the_list_of_mechanisms(self):
        ours, answer = self.log_on("spnego", peer.PASSWORD)
        self.assertEqual((answer[0], answer[2]), ("AF", peer.DOMAIN + "\\" + peer.USER))
        self.assertFalse(ours.complete)
        last = base64.b64decode(answer[1])
        self.assertEqual(ours.step(last), b"")
        self.assertTrue(ours.complete)

    def test_proves_itself_to_us(self):
        ours, answer = self.log_on("spnego", peer.PASSWORD)
        last = bytearray(base64.b64decode(answer[1]))
        last[-5] ^= 1  # the checksum in the mechListMIC
        with self.assertRaisesRegex(peer.PeerError, "UNAUTHENTICATED.*mechListMIC"):
            ours.step(bytes(last))

    def test_refuses_a_wrong_password(self):
        for kind in PROTOCOLS:
            _, answer = self.log_on(kind, "wrong")
            self.assertEqual(answer[0], "NA")


if __name__ == "__main__":
    peer.main()
