"""Our client against Samba's endpoint mapper and management interface (samba-dcerpcd), at every level."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

# The port of an endpoint mapper is always the same; this address nobody else uses.
HOST, PORT = "127.0.0.77", 135
DOMAIN, USER, PASSWORD = "CONTOSO", "root", "Pa55word"
DCERPCD = "/usr/libexec/samba/samba-dcerpcd"
CONF = """[global]
workgroup = {domain}
netbios name = SERVER1
server role = standalone server
interfaces = {host}/8
bind interfaces only = yes
private dir = {folder}
lock directory = {folder}/lock
state directory = {folder}/state
cache directory = {folder}/cache
pid directory = {folder}/pid
ncalrpc dir = {folder}/ncalrpc
log file = {folder}/log
rpc start on demand helpers = no
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def connects():
    try:
        socket.create_connection((HOST, PORT), 1).close()
        return True
    except OSError:
        return False


class Samba:
    def __init__(self):
        # Unix sockets go there, whose paths are short.
        self.folder = tempfile.mkdtemp(prefix="smb", dir="/tmp")
        conf = os.path.join(self.folder, "smb.conf")
        for name in ("lock", "state", "cache", "pid", "ncalrpc"):
            os.mkdir(os.path.join(self.folder, name), 0o755)
        with open(conf, "w", encoding="ascii") as file:
            file.write(CONF.format(folder=self.folder, domain=DOMAIN, host=HOST))
        subprocess.run(["smbpasswd", "-c", conf, "-a", "-s", USER], input=f"{PASSWORD}\n{PASSWORD}\n", text=True,
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.daemon = subprocess.Popen([DCERPCD, "-s", conf, "--libexec-rpcds", "-F", "--no-process-group"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self):
        deadline = time.monotonic() + 60
        while not connects():
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace").read())
            time.sleep(0.1)

    def stop(self):
        self.daemon.terminate()  # its helpers go with it
        self.daemon.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


class AgainstSamba(unittest.TestCase):
    program = None

    @classmethod
    def setUpClass(cls):
        cls.samba = Samba()
        cls.addClassCleanup(cls.samba.stop)
        cls.samba.wait()

    def ask(self, kind, level, password=PASSWORD):
        done = subprocess.run([self.program, HOST, str(PORT), DOMAIN, USER, password, kind, level],
                              stdout=subprocess.PIPE, text=True, timeout=120, check=True)
        return done.stdout.splitlines()

    def test_every_level(self):
        for kind, level in (("none", "none"), ("ntlm", "packet"), ("ntlm", "integrity"), ("ntlm", "privacy"),
                            ("spnego", "packet"), ("spnego", "integrity"), ("spnego", "privacy")):
            with self.subTest(kind=kind, level=level):
                told = self.ask(kind, level)
                self.assertRegex(told[0], r"^interfaces [1-9]")
                self.assertEqual(told[1:4], ["listening 1", "fragments", "ept_map 135 status 0"])
                entries, batches = map(int, re.fullmatch(r"ept_lookup (\d+) entries in (\d+) batches", told[4]).groups())
                self.assertGreater(entries, 4)
                self.assertGreaterEqual(batches, entries // 2)
                self.assertEqual(told[5], "ept_lookup_handle_free status 0")
                self.assertRegex(told[6], "^error UNIMPLEMENTED: the server has no interface")

    def test_connect_is_bound_and_its_calls_are_refused(self):
        # Samba takes no calls at this level: it answers impacket with the same fault, 1.
        for kind in ("ntlm", "spnego"):
            with self.subTest(kind=kind):
                self.assertEqual(self.ask(kind, "connect")[0], "error S_FALSE")

    def test_wrong_password(self):
        # Under auth3, which has no answer, Samba tells it to the first request.
        for kind, why in (("ntlm", "^error nca_s_proto_error"), ("spnego", "^error UNAUTHENTICATED")):
            with self.subTest(kind=kind):
                self.assertRegex(self.ask(kind, "privacy", "wrong")[0], why)


if __name__ == "__main__":
    if not os.access(DCERPCD, os.X_OK) or not shutil.which("smbpasswd"):
        skip("no samba-dcerpcd: install samba-common-bin")
    if os.geteuid() != 0:
        skip("port 135 and Samba's accounts want root")
    if connects():
        skip(f"{HOST}:{PORT} is in use")
    AgainstSamba.program = sys.argv.pop(1)
    unittest.main()
