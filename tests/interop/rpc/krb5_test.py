"""Samba's tests of a DCE/RPC server, PDU by PDU, with Kerberos: all krb5 tests, and the spnego tests with Kerberos inside."""

import os
import re
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))

import kdc  # noqa: E402
import raw_protocol_test as suite  # noqa: E402  (it skips the file where Samba is not installed)
from samba import credentials  # noqa: E402
from samba.tests.dcerpc import raw_protocol, raw_testcase  # noqa: E402

# What does not hold for us, and why: (names, reason). A test that holds all the same is an error here.
EXPECTED = tuple(entry for entry in suite.EXPECTED if "spnego" in entry[0] and "hdr_signing" not in entry[0])


def use_kerberos(realm):
    def creds(_):
        found = credentials.Credentials()
        found.guess()
        found.set_realm(kdc.REALM)
        found.set_domain(suite.DOMAIN)
        found.set_username(kdc.USER)
        found.set_password(kdc.PASSWORD)
        found.set_kerberos_state(credentials.MUST_USE_KERBEROS)
        return found

    raw_testcase.RawDCERPCTest.get_user_creds = creds
    raw_testcase.RawDCERPCTest.get_anon_creds = creds
    os.environ.update(realm.env, REALM=kdc.REALM, TARGET_HOSTNAME=kdc.HOST)


def main():
    tool = kdc.missing()
    if tool:
        print(f"SKIPPED: {tool} is missing: install krb5-kdc krb5-admin-server krb5-user")
        return 77
    realm = kdc.Realm()
    try:
        # GENSEC asks for a ticket of the host.
        realm.add_service("host", f"host/{kdc.HOST}")
        server, port = suite.start_server(sys.argv[1], f"{realm.dir}/host.keytab")
        suite.connect_135_to(port)
        with tempfile.TemporaryDirectory() as folder:
            suite.configure(folder)
            use_kerberos(realm)
            wanted = sys.argv[2:]
            tests = unittest.TestSuite()
            for test in unittest.defaultTestLoader.loadTestsFromTestCase(raw_protocol.TestDCERPC_BIND):
                name = test._testMethodName
                if name in wanted or (not wanted and re.match("test_(krb5|spnego)_", name)):
                    tests.addTest(suite.expected_failure(test, EXPECTED))
            result = unittest.TextTestRunner(verbosity=2).run(tests)
        server.stdin.close()
        server.wait(10)
    finally:
        realm.close()
    return 0 if result.wasSuccessful() and result.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
