"""What ipam-dcom-server refuses: levels below its minimum (the hardening of CVE-2021-26414), and who guesses passwords."""

import socket
import subprocess
import unittest

import dcom  # first: it skips the file where impacket is not installed
from dcom import (CLSID, CONNECT, IID_OPERATION, INTEGRITY, PACKET, PRIVACY, RPC_S_ACCESS_DENIED, S_OK, Account,
                  Connection, Fault)
from impacket.dcerpc.v5 import dcomrt, rpcrt
from stack import BIN, DOMAIN, USER, Stack, sample, wait_until

socket.setdefaulttimeout(30)


class Policy(unittest.TestCase):
    def start(self, *options):
        self.stack = Stack(options, captured=False)
        self.addCleanup(self.stack.close)
        self.stack.start_server()

    def connect(self, iid, level=PRIVACY, password=None):
        account = Account(DOMAIN, USER, password or self.stack.password)
        connection = Connection(self.stack.dcom_port, iid, account, level)
        self.addCleanup(connection.close)
        return connection

    def activate(self, level):
        return dcom.activate(self.connect(dcomrt.IID_IRemoteSCMActivator, level), CLSID, IID_OPERATION)[0]

    def call(self, reference, level):
        request = dcom.InitializeOperationParameters()
        request["parameters"] = dcom.text(sample("CreateDhcpScope"))
        return self.connect(IID_OPERATION, level).orpc(request, reference.ipid)["ErrorCode"]


class Levels(Policy):
    def check(self, refused, taken):
        reference = self.activate(PRIVACY)
        for level in refused:
            with self.subTest(refused=level):
                for act in (lambda: self.activate(level), lambda: self.call(reference, level)):
                    with self.assertRaises(Fault) as raised:
                        act()
                    self.assertEqual(raised.exception.code, RPC_S_ACCESS_DENIED)
        for level in taken:
            with self.subTest(taken=level):
                self.assertEqual(self.call(self.activate(level), level), S_OK)
        self.stack.died("server")

    # impacket does not sign at the level packet, which is no lower than integrity where it is signed.
    def test_nothing_below_integrity(self):
        self.start()
        self.check((CONNECT, PACKET), (INTEGRITY, PRIVACY))

    def test_nothing_below_privacy_where_that_is_the_minimum(self):
        self.start("--auth-minimum-level=privacy")
        self.check((CONNECT, PACKET, INTEGRITY), (PRIVACY,))


class Guessing(Policy):
    def test_locks_the_account_for_a_while(self):
        self.start("--auth-lock-after=3", "--auth-lock-time=3s")
        for _ in range(3):
            with self.assertRaises(Exception):
                self.activate_with("wrong")
        with self.assertRaises(Exception):
            self.activate_with(None)
        self.assertIn("is refused for 3s after too many failed logons", self.stack.log("server"))
        wait_until(self.gets_in, 60, "the end of the lock")

    def activate_with(self, password):
        connection = self.connect(dcomrt.IID_IRemoteSCMActivator, PRIVACY, password)
        return dcom.activate(connection, CLSID, IID_OPERATION)

    def gets_in(self):
        try:
            return self.activate_with(None)
        except (Fault, rpcrt.DCERPCException, OSError):
            return None


class Accounts(unittest.TestCase):
    def test_are_added_from_standard_input_only(self):
        stack = Stack(captured=False)
        self.addCleanup(stack.close)
        file = stack.dir / "more"

        def account(*arguments, password="secret\n"):
            return subprocess.run([BIN / "ipam-dcom-server", "account", *arguments, f"--auth-accounts={file}"],
                                  input=password, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(account("add", "A\\one").returncode, 0)
        self.assertEqual(account("add", "two", password="other\n").returncode, 0)
        self.assertEqual(file.stat().st_mode & 0o7777, 0o600)
        self.assertRegex(file.read_text(), r"\AA\\one:[0-9a-f]{32}\ntwo:[0-9a-f]{32}\n\Z")
        self.assertNotEqual(account("add", "three", "secret").returncode, 0)
        self.assertNotEqual(account("add", "three", password="").returncode, 0)
        self.assertEqual(account("remove", "a\\ONE").returncode, 0)
        self.assertRegex(file.read_text(), r"\Atwo:[0-9a-f]{32}\n\Z")
        self.assertEqual(account("remove", "nobody").returncode, 1)


if __name__ == "__main__":
    unittest.main()
