"""Kerberos: impacket as the client of ipam-dcom-server, and ipam-gateway with it, in a realm made for the test."""

import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import dcom  # first: it skips the file where impacket is not installed
import kdc
from dcom import CLSID, IID_OPERATION, INTEGRITY, PRIVACY, S_OK, Account, Connection
from impacket.dcerpc.v5 import dcomrt, rpcrt
from impacket.krb5 import gssapi
from stack import BIN, Stack, sample, wait_until

HOST, CLIENT = "127.0.0.1", "gateway.contoso.example"


def setUpModule():
    tool = kdc.missing()
    if tool:
        print(f"SKIPPED: {tool} is missing: install krb5-kdc krb5-admin-server krb5-user")
        sys.exit(77)
    socket.setdefaulttimeout(30)


class Kerberos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.realm = kdc.Realm()
        cls.addClassCleanup(cls.realm.close)
        # impacket asks for host/, others for RPCSS/; both programs are at one address here.
        cls.realm.add_service("server", f"RPCSS/{kdc.HOST}", f"host/{HOST}")
        cls.realm.add_service("gateway", f"RPCSS/{CLIENT}")
        before = dict(os.environ)
        cls.addClassCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update(cls.realm.env)

    def stack(self, server_args=(), gateway_args=()):
        stack = Stack([f"--auth-keytab={self.realm.dir}/server.keytab",
                       f"--engine-administrator={kdc.REALM}\\{kdc.USER}", *server_args], gateway_args)
        self.addCleanup(stack.close)
        return stack


def get_mic(self, key, data, sequence, direction="init"):
    """impacket's own, [RFC4121] 4.2.6.1, which joins text to octets."""
    token = self.MIC()
    token["Flags"], token["SND_SEQ"] = 4, struct.pack(">Q", sequence)
    token["SGN_CKSUM"] = self.checkSumProfile().checksum(key, gssapi.KG_USAGE_INITIATOR_SIGN,
                                                         data + token.getData()[:16])
    return token.getData()


gssapi.GSSAPI_AES.GSS_GetMIC = get_mic


class Impacket(Kerberos):
    def setUp(self):
        self.running = self.stack()
        self.running.start_server()
        # It takes the variable for a path, and cannot read the answer of MIT's KDC to a logon by password.
        self.addCleanup(os.environ.update, KRB5CCNAME=os.environ["KRB5CCNAME"])
        os.environ["KRB5CCNAME"] = self.realm.log_on("impacket", f"host/{HOST}")

    def connect(self, iid, level):
        account = Account(kdc.REALM, kdc.USER, kdc.PASSWORD, rpcrt.RPC_C_AUTHN_GSS_NEGOTIATE)
        connection = Connection(self.running.dcom_port, iid, account, level, HOST)
        self.addCleanup(connection.close)
        return connection

    def test_activates_and_calls(self):
        for name, level in {"integrity": INTEGRITY, "privacy": PRIVACY}.items():
            with self.subTest(name):
                reference, _ = dcom.activate(self.connect(dcomrt.IID_IRemoteSCMActivator, level), CLSID, IID_OPERATION)
                request = dcom.InitializeOperationParameters()
                request["parameters"] = dcom.text(sample("CreateDhcpScope"))
                answer = self.connect(IID_OPERATION, level).orpc(request, reference.ipid)
                self.assertEqual(hex(answer["ErrorCode"]), hex(S_OK))
        self.running.died("server")


class Gateway(Kerberos):
    def run_operation(self, stack):
        stack.start_server()
        stack.start_gateway()
        done = stack.wait_done(stack.start("CreateDhcpScope")["name"])
        self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED")

    def common(self, *more):
        return [f"--dcom-spn=RPCSS/{kdc.HOST}", f"--dcom-kerberos-principal={kdc.USER}@{kdc.REALM}", *more]

    def test_calls_and_is_called_back_by_kerberos(self):
        cache = self.realm.log_on("gateway")
        for credentials in (f"--dcom-keytab={self.realm.dir}/alice.keytab", f"--dcom-ccache=FILE:{cache}"):
            with self.subTest(credentials):
                self.run_operation(self.stack(
                    [f"--auth-callback-keytab={self.realm.dir}/server.keytab",
                     f"--auth-callback-account=RPCSS/{kdc.HOST}@{kdc.REALM}",
                     f"--auth-callback-spn=RPCSS/{CLIENT}"],
                    self.common(credentials, "--dcom-mechanism=kerberos",
                                f"--dcom-callback-keytab={self.realm.dir}/gateway.keytab",
                                f"--dcom-callback-account={kdc.REALM}\\RPCSS/{kdc.HOST}")))

    def diagnosed(self, *gateway_args, state="SOURCE_STATE_DISCONNECTED"):
        """What the source says of itself, and the steps of the doctor."""
        stack = self.stack(gateway_args=["--dcom-mechanism=kerberos", *gateway_args])
        stack.start_server()
        stack.start_gateway(connected=False)
        source = wait_until(lambda: (lambda s: s if s["state"] == state else None)(stack.source()), what=state)
        done = subprocess.run([BIN / "ipamctl", f"--gateway=127.0.0.1:{stack.grpc_port}", "--timeout=90s", "doctor",
                               "ipam1", "--output=json"], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return source["reason"], json.loads(done.stdout)["steps"]

    def failed(self, steps, step):
        last = steps[-1]
        self.assertEqual((last["step"], last["outcome"]), (step, "DIAGNOSIS_OUTCOME_FAILED"), steps)
        return last["detail"], last["advice"]

    def test_a_service_that_the_kdc_does_not_know_names_itself(self):
        reason, steps = self.diagnosed(f"--dcom-keytab={self.realm.dir}/alice.keytab", "--dcom-spn=RPCSS/nobody.example",
                                       f"--dcom-kerberos-principal={kdc.USER}@{kdc.REALM}")
        detail, advice = self.failed(steps, "DIAGNOSIS_STEP_AUTHENTICATION")
        self.assertIn("a ticket for RPCSS/nobody.example", detail)
        for text in (reason, advice):
            self.assertIn("set the target SPN", text)
            self.assertIn("setspn -S RPCSS/nobody.example ", text)
            self.assertIn("kadmin -q 'addprinc -randkey RPCSS/nobody.example'", text)

    def test_a_clock_that_is_wrong_names_itself(self):
        # The account has its ticket already, so that nobody asks the KDC for the right time.
        self.realm.log_on("early", f"RPCSS/{kdc.HOST}")
        self.realm.set_clock_of("early", -900)
        reason, steps = self.diagnosed(*self.common(f"--dcom-ccache=FILE:{self.realm.dir}/early.ccache"))
        detail, advice = self.failed(steps, "DIAGNOSIS_STEP_AUTHENTICATION")
        self.assertIn("the KDC's clock is 15m behind ours", reason)
        self.assertIn("the KDC's clock is 15m behind ours", detail)
        self.assertIn("the clocks of both sides must agree", advice)

    def test_the_doctor_walks_the_whole_way(self):
        # Nobody may call back: the server has no account of its own here.
        _, steps = self.diagnosed(*self.common(f"--dcom-keytab={self.realm.dir}/alice.keytab"),
                                  state="SOURCE_STATE_CONNECTED_NO_CALLBACKS")
        self.assertEqual([s["outcome"].rsplit("_", 1)[1] for s in steps], ["OK"] * 7 + ["FAILED"])
        self.failed(steps, "DIAGNOSIS_STEP_CALLBACK")


del Kerberos

if __name__ == "__main__":
    unittest.main()
