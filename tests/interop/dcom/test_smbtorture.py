"""Samba's smbtorture against the running ipam-dcom-server, on port 135: rpc.mgmt looks for its endpoint mapper there."""

import os
import re
import shutil
import socket
import subprocess
import sys
import unittest

from stack import DOMAIN, USER, Stack, wait_until

if not shutil.which("smbtorture"):
    print("skipped: no smbtorture: install samba-testsuite")
    sys.exit(77)

OPTIONS = ("", "ntlm,sign", "ntlm,seal", "ntlm,packet", "spnego,sign", "spnego,seal", "spnego,packet", "bigendian",
           "ntlm,seal,bigendian", "spnego,sign,bigendian", "padcheck", "ntlm,seal,padcheck")
SUITES = ("rpc.oxidresolve", "rpc.epmapper", "rpc.mgmt")

# All that these suites have. What cannot pass here, with the reason; the rest has to.
WMI = "activates a class of WMI, which is Windows' own"
INSERT = "registers an endpoint over the network: ept_insert is for the local host only, [C706] Appendix O"
TESTS = {
    "oxidresolver.ServerAlive": None,
    "oxidresolver.ServerAlive2": None,
    "oxidresolver.ComplexPing": WMI,
    "oxidresolver.SimplePing": "pings a set that was never made and expects success",
    "oxidresolver.ResolveOxid": WMI,
    "oxidresolver.ResolveOxid2": WMI,
    "epmapper.Map_simple": None,
    "epmapper.Map_full": INSERT,
    "epmapper.Lookup_simple": "wants 0x16c9a0d6 behind the last entry; Windows ends with a NULL handle and 0",
    "epmapper.Lookup_terminate_search": None,
    "epmapper.Insert_noreplace": INSERT,
    "mgmt": None,
}


class DefaultPort(Stack):
    """The server alone, at an address of loopback that nobody else has, on port 135."""

    def __init__(self):
        super().__init__(password="Pa55word", captured=False)  # smbtorture takes it on the command line
        self.address = f"127.135.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"

    def server_argv(self):
        argv = super().server_argv()
        assert argv[1].startswith("--dcom-listen=")
        argv[1] = f"--dcom-listen={self.address}:135"
        return argv

    def start_server(self):
        self.server = self.spawn("server", self.server_argv())
        wait_until(lambda: self.open() or self.died("server"), what="port 135")

    def open(self):
        with socket.socket() as s:
            return s.connect_ex((self.address, 135)) == 0


class Smbtorture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = DefaultPort()
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start_server()
        cls.config = cls.stack.dir / "smb.conf"
        folders = ("private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir")
        cls.config.write_text(f"[global]\nworkgroup = {DOMAIN}\nnetbios name = CLIENT1\n" +
                              "".join(f"{folder} = {cls.stack.dir}\n" for folder in folders))

    def run_suite(self, suite, options, password=None):
        """{test: "success" or another outcome}, and all that was printed."""
        binding = f"ncacn_ip_tcp:{self.stack.address}[{options}]"
        done = subprocess.run(["smbtorture", binding, "-s", self.config,
                               "-U", f"{DOMAIN}\\{USER}%{password or self.stack.password}", suite],
                              capture_output=True, text=True, timeout=120)
        text = done.stdout + done.stderr
        return {name: outcome for outcome, name in
                re.findall(r"^(success|failure|error|skip): ([\w.]+)", text, re.MULTILINE)}, text

    def test_each_suite_at_each_protection(self):
        seen = set()
        for options in OPTIONS:
            for suite in SUITES:
                with self.subTest(suite=suite, options=options):
                    outcomes, text = self.run_suite(suite, options)
                    seen |= set(outcomes)
                    for name, outcome in outcomes.items():
                        if TESTS[name] is None:
                            self.assertEqual(outcome, "success", f"{name}\n{text}")
                        else:
                            self.assertNotEqual(outcome, "success", f"{name} passes: it is here for {TESTS[name]}")
                    if suite == "rpc.mgmt":  # of every interface that the mapper knew
                        self.assertEqual(text.count("server is listening"), 5, text)
                    self.stack.died("server")
        self.assertEqual(seen, set(TESTS))

    def test_a_wrong_password(self):
        outcomes, text = self.run_suite("rpc.oxidresolve", "ntlm,sign", password="wrong")
        self.assertNotIn("success", outcomes.values(), text)
        self.assertRegex(text, "NT_STATUS_(ACCESS_DENIED|LOGON_FAILURE)")


if __name__ == "__main__":
    unittest.main()
