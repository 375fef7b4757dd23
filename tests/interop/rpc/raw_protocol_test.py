"""Samba's tests of a DCE/RPC server, PDU by PDU, against ours. Each that is not expected to pass says why."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import unittest

DOMAIN, USER, PASSWORD = "CONTOSO", "alice", "Pa55word"

try:
    from samba.tests.dcerpc import raw_protocol, raw_testcase
except ImportError as error:
    print(f"skipped: {error}: install python3-samba")
    sys.exit(77)

# What does not hold for us, and why: (names, reason). A test that holds all the same is an error here. But for
# spnego_call_bind, Samba 4.17's own server fails in each of them where it has neither named pipes nor a KDC.
KERBEROS = "this server has no keytab: krb5_test.py runs them"
SMB = "we offer no named pipes"
NDR64 = "wants the answer of a server that prefers NDR64, as Windows does; we, like Samba, have NDR only"
EXPECTED = (
    (r"krb5_.*", KERBEROS),
    (r"lsa_.*|assoc_group_ok2|assoc_group_fail3", SMB),
    (r"spnego_change_transfer|spnego_change_auth_type2", NDR64),
    (r"spnego_call_bind", "[MS-RPCE] 2.2.1.1.8: the level CALL must be taken as PKT; Samba refuses it"),
    (r"spnego_multiple_auth_hdr_signing", "wants Kerberos under SPNEGO: NTLM covers headers always"),
)


def start_server(program, *keytab):
    server = subprocess.Popen([program, DOMAIN, USER, PASSWORD, *keytab], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    return server, int(server.stdout.readline())


def connect_135_to(port):
    """The tests know port 135 only."""
    getaddrinfo = socket.getaddrinfo

    def lookup(host, wanted, *args):
        return getaddrinfo(host, port if wanted == 135 else wanted, *args)

    socket.getaddrinfo = lookup


def log_on_always():
    """Our acceptors refuse anonymous callers; the tests mean any who authenticate."""
    raw_testcase.RawDCERPCTest.get_anon_creds = raw_testcase.RawDCERPCTest.get_user_creds


def configure(folder):
    path = os.path.join(folder, "smb.conf")
    with open(path, "w", encoding="ascii") as conf:
        conf.write(f"[global]\nworkgroup = {DOMAIN}\nnetbios name = CLIENT1\n")
        for name in ("private dir", "lock directory", "state directory", "cache directory"):
            conf.write(f"{name} = {folder}\n")
    os.environ.update(SERVER="127.0.0.1", TARGET_HOSTNAME="127.0.0.1", SMB_CONF_PATH=path, DOMAIN=DOMAIN,
                      USERNAME=USER, PASSWORD=PASSWORD, REALM="", IGNORE_RANDOM_PAD="1", MAX_NUM_AUTH="64")


def expected_failure(test, expected):
    name = test._testMethodName.removeprefix("test_")
    for names, reason in expected:
        if re.fullmatch(names, name):
            test.__unittest_expecting_failure__ = True
            test._testMethodDoc = reason
    return test


def main():
    server, port = start_server(sys.argv[1])
    connect_135_to(port)
    log_on_always()
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        wanted = sys.argv[2:]
        suite = unittest.TestSuite()
        for test in unittest.defaultTestLoader.loadTestsFromTestCase(raw_protocol.TestDCERPC_BIND):
            if not wanted or test._testMethodName in wanted:
                suite.addTest(expected_failure(test, EXPECTED))
        result = unittest.TextTestRunner(verbosity=2).run(suite)
    server.stdin.close()
    server.wait(10)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
