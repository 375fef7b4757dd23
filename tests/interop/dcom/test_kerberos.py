"""Kerberos: impacket as the client of ipam-dcom-server, in a realm made for the test."""

import os
import pathlib
import socket
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import dcom  # first: it skips the file where impacket is not installed
import kdc
from dcom import CLSID, IID_OPERATION, INTEGRITY, PRIVACY, S_OK, Account, Connection
from impacket.dcerpc.v5 import dcomrt, rpcrt
from impacket.krb5 import gssapi
from stack import Stack, sample

HOST = "127.0.0.1"


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
        before = dict(os.environ)
        cls.addClassCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update(cls.realm.env)

    def stack(self, server_args=(), gateway_args=()):
        stack = Stack([f"--auth-keytab={self.realm.dir}/server.keytab",
                       f"--engine-administrator={kdc.REALM}\\{kdc.USER}", *server_args], gateway_args,
                      captured=False)  # what Kerberos sealed tshark cannot read
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


del Kerberos

if __name__ == "__main__":
    unittest.main()
