"""Drives auth_peer, and what the tests of this folder share."""

import subprocess
import sys
import unittest

DOMAIN, USER, PASSWORD = "CONTOSO", "alice", "Pa55word"

# A PDU as RPC protects it: header, body, sec_trailer.
HEADER, BODY, TRAILER = bytes(range(24)), b"sixteen octets!!" * 3, bytes(8)
PDU = HEADER + BODY + TRAILER


class PeerError(Exception):
    pass


class Peer:
    """One of our security contexts, in a process of its own."""

    tool = None

    def __init__(self, role, kind, password=PASSWORD, user=USER, keytab=None):
        self.process = subprocess.Popen(
            [self.tool, role, kind, DOMAIN, user, password, *([keytab] if keytab else [])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.complete = False
        self.peer = None

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def _ask(self, *words):
        self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if answer[0] == "error":
            raise PeerError(" ".join(answer[1:]))
        return answer[1:]

    def step(self, token=b""):
        out, state, self.peer = self._ask("step", token.hex() or "-")
        self.complete = state == "complete"
        return b"" if out == "-" else bytes.fromhex(out)

    def protect(self, level, pdu, at, size, header_signing=True):
        out, auth_value = self._ask(self._verb("protect", header_signing), level, pdu.hex(), at, size)
        return bytes.fromhex(out), bytes.fromhex(auth_value)

    def unprotect(self, level, pdu, at, size, auth_value, header_signing=True):
        return bytes.fromhex(self._ask(self._verb("unprotect", header_signing), level, pdu.hex(), at, size,
                                       auth_value.hex())[0])

    @staticmethod
    def _verb(verb, header_signing):
        return verb if header_signing else verb + "_body"


class PeerTest(unittest.TestCase):
    def peer(self, *args, **kwargs):
        peer = Peer(*args, **kwargs)
        self.addCleanup(peer.close)
        return peer


def skip(why):
    print("SKIPPED:", why)
    sys.exit(77)


def main():
    Peer.tool = sys.argv.pop(1)
    unittest.main(verbosity=2)
