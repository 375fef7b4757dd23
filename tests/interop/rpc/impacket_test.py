"""impacket as the client of our server: management and endpoint mapper at every level of authentication."""

import subprocess
import sys
import unittest

DOMAIN, USER, PASSWORD = "CONTOSO", "alice", "Pa55word"

try:
    from impacket.dcerpc.v5 import epm, mgmt, rpcrt, transport
    from impacket.uuid import uuidtup_to_bin
except ImportError as error:
    print(f"skipped: {error}: install python3-impacket")
    sys.exit(77)

NETLOGON = ("12345678-1234-abcd-ef00-01234567cffb", "1.0")
LEVELS = {
    "none": None,
    "connect": rpcrt.RPC_C_AUTHN_LEVEL_CONNECT,
    "packet": rpcrt.RPC_C_AUTHN_LEVEL_PKT,
    "integrity": rpcrt.RPC_C_AUTHN_LEVEL_PKT_INTEGRITY,
    "privacy": rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY,
}


class Impacket(unittest.TestCase):
    program = None

    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([cls.program, DOMAIN, USER, PASSWORD], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        cls.port = int(cls.server.stdout.readline())

    @classmethod
    def tearDownClass(cls):
        cls.server.stdin.close()
        cls.server.wait(10)
        cls.server.stdout.close()

    def connect(self, interface=None, level=None, password=PASSWORD):
        dce = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:127.0.0.1[{self.port}]").get_dce_rpc()
        if level is not None:
            dce.set_credentials(USER, password, DOMAIN)
            dce.set_auth_type(rpcrt.RPC_C_AUTHN_WINNT)  # its SPNEGO holds Kerberos only
            dce.set_auth_level(level)
        dce.connect()
        self.addCleanup(dce.disconnect)
        if interface is not None:
            dce.bind(interface)
        return dce

    def at_every_level(self):
        for name, level in LEVELS.items():
            with self.subTest(level=name):
                yield level

    def test_management(self):
        for level in self.at_every_level():
            dce = self.connect(mgmt.MSRPC_UUID_MGMT, level)
            interfaces = mgmt.hinq_if_ids(dce)["if_id_vector"]
            self.assertEqual(interfaces["count"], 2)
            self.assertEqual(mgmt.his_server_listening(dce)["status"], 0)
            self.assertEqual(len(mgmt.hinq_stats(dce, 4)["statistics"]), 4)

    def test_endpoint_lookup(self):
        for level in self.at_every_level():
            dce = self.connect(level=level)  # hept_lookup() binds
            entries = epm.hept_lookup(None, dce=dce)
            self.assertEqual(len(entries), 3)
            self.assertEqual(bytes(entries[0]["annotation"]), b"interop\0")
            self.assertEqual(entries[0]["tower"]["Floors"][0]["InterfaceUUID"],
                             uuidtup_to_bin(NETLOGON)[:16])

    def test_endpoint_map(self):
        for level in self.at_every_level():
            dce = self.connect(level=level)  # hept_map() binds
            binding = epm.hept_map("127.0.0.1", uuidtup_to_bin(NETLOGON), protocol="ncacn_ip_tcp", dce=dce)
            self.assertEqual(binding, "ncacn_ip_tcp:127.0.0.1[135]")

    def test_endpoint_map_without_a_match(self):
        dce = self.connect()
        unknown = uuidtup_to_bin(("00112233-4455-6677-8899-aabbccddeeff", "1.0"))
        with self.assertRaisesRegex(Exception, "(?i)16c9a0d6"):
            epm.hept_map("127.0.0.1", unknown, protocol="ncacn_ip_tcp", dce=dce)

    def test_alter_context(self):
        for level in (None, rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY):
            with self.subTest(level=level):
                dce = self.connect(uuidtup_to_bin(NETLOGON), level)
                other = dce.alter_ctx(mgmt.MSRPC_UUID_MGMT)
                self.assertEqual(mgmt.hinq_if_ids(other)["if_id_vector"]["count"], 2)
                other.call(0, b"")
                other.recv()

    def test_fragments(self):
        dce = self.connect(uuidtup_to_bin(NETLOGON), rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY)
        dce.set_max_fragment_size(200)
        dce.call(4, b"x" * 100_000)
        self.assertEqual(dce.recv(), bytes(12))

    def test_wrong_password(self):
        dce = self.connect(mgmt.MSRPC_UUID_MGMT, rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY, password="wrong")
        with self.assertRaisesRegex(rpcrt.DCERPCException, "(?i)access_denied"):
            mgmt.hinq_if_ids(dce)


if __name__ == "__main__":
    Impacket.program = sys.argv.pop(1)
    unittest.main()
