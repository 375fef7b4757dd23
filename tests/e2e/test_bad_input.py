"""What a caller gets wrong, and bytes that no client of ours would send."""

import contextlib
import errno
import json
import os
import random
import re
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
import uuid

import grpc

from api_client import Api
from stack import BIN, DOMAIN, SAMPLES, USER, HttpError, Stack, free_ports, records, sample, wait_until

EPM = uuid.UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa")
NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.stack.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.stack.__exit__(None, None, None)

    def refused(self, code, path, body=None):
        with self.assertRaises(HttpError) as refused:
            self.stack.request(path, body)
        self.assertEqual(refused.exception.code, code, refused.exception.status)
        self.assertTrue(refused.exception.status["message"])
        return refused.exception.status

    def operations(self):
        return self.stack.request("/v1/operations").get("operations", [])


class Parameters(Case):
    """INVALID_ARGUMENT with the line or the field; nothing is started and nothing is recorded."""

    def cases(self):
        zone = sample("CreateDnsZone")
        entity = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n'
        laughs = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>\n'
        declaration, body = zone.split("\n", 1)
        yield "empty", "", "line 1"
        yield "no XML", "hello", "line 1"
        yield "cut off", zone[:len(zone) // 2], "line 2[0-9]"
        yield "wrong end tag", zone.replace("</OperationId>", "</OperationIdd>"), "line 4"
        yield "no such entity", zone.replace(">plant<", ">&nosuch;<"), "line 43"
        yield "DTD", f"{declaration}\n<!DOCTYPE a>\n{body}", "line 2.*document type"
        yield "external entity", entity + body.replace(">plant<", ">&e;<"), "line 1.*document type"
        yield "entities in entities", laughs + body.replace(">plant<", ">&c;<"), "line 1.*document type"
        yield "another root", "<a/>", "line 1.*InitializeOperationParameters"
        yield "text for a number", zone.replace(">31<", ">many<"), "line 5: paramters.ServerId"
        yield "number out of range", zone.replace(">31<", ">" + "9" * 30 + "<"), "line 5: paramters.ServerId"
        yield "no such enumerator", zone.replace(">Secure<", ">Wood<"), "line 2[0-9]: .*DynamicUpdateStatus"
        yield "no such member", zone.replace("<ServerId>31</ServerId>", "<Server>31</Server>"), "line [56]: paramters"
        yield "members out of order", zone.replace("<OperationId>CreateDnsZone</OperationId>", "").replace(
            "<ServerId>31</ServerId>", "<ServerId>31</ServerId><OperationId>CreateDnsZone</OperationId>"), "line 5"
        yield "unknown OperationId", zone.replace(">CreateDnsZone<", ">CreateMoon<"), "line 4.*OperationId.*CreateMoon"
        yield "no OperationId", zone.replace("<OperationId>CreateDnsZone</OperationId>", ""), "OperationId is missing"
        yield "type of another operation", zone.replace("CreateDnsZoneParameters", "CreateDhcpScopeParameters"), \
            "line 3: paramters"
        yield "no such type", zone.replace("CreateDnsZoneParameters", "Moon"), "line 3: paramters"
        yield "server missing", zone.replace(">31<", ">0<"), "line 5: paramters.ServerId: is missing"
        start, end = zone.index("<ServerZone"), zone.index("</ServerZone>") + len("</ServerZone>")
        yield "zone missing", zone[:start] + zone[end:], "paramters.ServerZone|ServerZone.*expected"
        yield "zone null", zone[:start] + '<ServerZone i:nil="true"/>' + zone[end:], "line 6: paramters.ServerZone"
        yield "nested too deep", zone.replace("<ServerZone ", "<a>" * 300 + "<ServerZone "), "line 6"
        yield "value over 1 MiB", zone.replace(">plant<", ">" + "p" * (1 << 20) + "p<"), "line 43"
        yield "a reference to nowhere", zone[:start] + '<ServerZone z:Ref="i99" i:nil="true"/>' + zone[end:], "line 6"
        yield "not of XML", zone.replace(">plant<", ">pl\x01nt<"), "line 43"

    def test_each_is_refused_with_its_place(self):
        for label, xml, place in self.cases():
            for validate_only in (False, True):
                with self.subTest(label, validate_only=validate_only):
                    status = self.refused(400, "/v1/operations", {"parametersXml": xml, "validateOnly": validate_only})
                    self.assertEqual(status["code"], 3)
                    [violation] = status["details"][0]["fieldViolations"]
                    self.assertEqual(violation["field"], "parameters_xml")
                    self.assertRegex(violation["description"], place)
                    self.assertNotIn("root:", violation["description"])  # of /etc/passwd
        self.assertEqual(self.operations(), [])
        self.assertNotIn("operation ", self.stack.log("server"))

    def test_bodies_that_are_no_request(self):
        xml = sample("CreateDnsZone")
        self.refused(400, "/v1/operations", {})
        self.refused(400, "/v1/operations", {"parametersXml": xml, "noSuchField": 1})
        self.refused(400, "/v1/operations", {"parametersXml": 7})
        self.refused(400, "/v1/operations", [xml])
        self.refused(400, "/v1/operations", {"parametersXml": xml, "requestId": "r" * 129})
        self.refused(404, "/v1/operations", {"parametersXml": xml, "source": "elsewhere"})
        for body, kind, code in ((b"{", "application/json", 400), (b"\xff\xfe", "application/json", 400),
                                 (b"{}", "text/plain", 415), (b"a=1", "application/x-www-form-urlencoded", 415)):
            request = urllib.request.Request(self.stack.http + "/v1/operations", body, {"Content-Type": kind})
            with self.subTest(body), self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request, timeout=30)
            self.assertEqual(refused.exception.code, code)
            refused.exception.close()
        self.assertEqual(self.operations(), [])

    def test_validate_only_of_a_good_one_leaves_no_trace(self):
        for _ in range(2):
            answer = self.stack.start("CreateDnsZone", validateOnly=True, requestId="never")
            self.assertEqual(answer, {"source": "ipam1", "kind": "CreateDnsZone"})
        self.assertEqual(self.operations(), [])
        # The zone was not made, and the key was not taken.
        with Stack() as stack:
            stack.start("CreateDnsZone", validateOnly=True, requestId="once")
            done = stack.wait_done(stack.start("CreateDnsZone", requestId="once")["name"])
            self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED")
            self.assertEqual(len(stack.request("/v1/operations")["operations"]), 1)


class Requests(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.names = [cls.stack.start_records(2, f"r{n}")["name"] for n in range(3)]
        for name in cls.names:
            cls.stack.wait_done(name)

    def test_unknown_names_are_not_found(self):
        for rest in ("", "/events", "/subtasks", "/completion_status", ":watch"):
            with self.subTest(rest):
                status = self.refused(404, "/v1/operations/nosuch" + rest)
                self.assertEqual(status["code"], 5)
                self.assertIn("operations/nosuch", status["message"])
        self.refused(404, "/v1/operations/nosuch:cancel", {})
        self.refused(404, "/v1/operations:watch?names=operations/nosuch")
        self.refused(404, "/v1/nosuch")
        for bad in ("UPPER", "a" * 64, ".."):
            with self.subTest(bad):
                self.refused(404, f"/v1/operations/{bad}")
        with Api(self.stack.grpc_port) as api:
            for method, fields in (("GetOperation", {"name": "operations/nosuch"}),
                                   ("ListEvents", {"parent": "operations/nosuch"}),
                                   ("ListSubtasks", {"parent": "operations/nosuch"}),
                                   ("CancelOperation", {"name": "operations/nosuch"})):
                with self.subTest(method), self.assertRaises(grpc.RpcError) as refused:
                    api.call(method, **fields)
                self.assertEqual(refused.exception.code(), grpc.StatusCode.NOT_FOUND)
            with self.assertRaises(grpc.RpcError) as refused:
                list(api.watch(names=["operations/nosuch"]))
            self.assertEqual(refused.exception.code(), grpc.StatusCode.NOT_FOUND)

    def frames(self, query):
        with urllib.request.urlopen(f"{self.stack.http}/v1/operations:watch?until_done=true&{query}", timeout=30) as s:
            return [json.loads(line) for line in s]

    def test_a_bad_resume_token_resets_or_is_out_of_range(self):
        good = self.frames("")[-1]["resumeToken"]
        self.assertEqual(self.frames(f"resume_token={good}&strict_resume=true"), [])  # done: nothing is left to say
        flipped = good[:-1] + ("A" if good[-1] != "A" else "B")
        for token in ("nonsense", flipped, good[:-2], good + "AA", "A" * 64, "A" * 65, "A" * 5000):
            with self.subTest(token[:80]):
                frames = self.frames(f"resume_token={token}")
                self.assertTrue(frames[0]["reset"]["reason"])
                self.assertEqual(sorted(f["snapshot"]["name"] for f in frames if "snapshot" in f), sorted(self.names))
                status = self.refused(400, f"/v1/operations:watch?resume_token={token}&strict_resume=true")
                self.assertEqual(status["code"], 11)

    def test_filters_page_sizes_and_page_tokens(self):
        for path in ("/v1/operations?filter=", f"/v1/{self.names[0]}/subtasks?filter=", "/v1/operations:watch?filter="):
            for bad in ("state", "state%3D", "%28", "nosuch%3D1", "state%3DNOSUCH", "%22", "a" * 5000,
                        "%28" * 500 + "state%3DRUNNING"):
                with self.subTest(path + bad[:40]):
                    status = self.refused(400, path + bad)
                    self.assertEqual(status["code"], 3)
                    self.assertIn("filter", status["message"])
        self.refused(400, "/v1/operations?filter=create_time%3E%22yesterday%22")
        for path in ("/v1/operations", f"/v1/{self.names[0]}/events", f"/v1/{self.names[0]}/subtasks", "/v1/sources"):
            for bad in ("page_size=-1", "page_size=many", "page_size=99999999999", "page_token=nonsense",
                        "page_size=1&page_size=2", "nosuch=1", "page_size=1%"):
                with self.subTest(path + "?" + bad):
                    self.assertEqual(self.refused(400, f"{path}?{bad}")["code"], 3)
        page = self.stack.request("/v1/operations?page_size=2")
        self.assertEqual(len(page["operations"]), 2)
        token = page["nextPageToken"]
        rest = self.stack.request(f"/v1/operations?page_size=2&page_token={token}")
        self.assertEqual(len(rest["operations"]), 1)
        # A token is for the list that gave it.
        self.refused(400, f"/v1/operations?page_token={token}&filter=state%3DRUNNING")
        self.refused(400, f"/v1/{self.names[0]}/events?page_token={token}")
        self.assertEqual(len(self.stack.request("/v1/operations?page_size=1000000")["operations"]), 3)


class RequestId(unittest.TestCase):
    def test_the_same_operation_also_after_a_restart(self):
        with Stack() as stack:
            first = stack.start_records(2, "a", requestId="key")
            self.assertEqual(stack.start_records(2, "a", requestId="key")["name"], first["name"])
            stack.wait_done(first["name"])
            self.assertEqual(stack.start_records(2, "a", requestId="key")["name"], first["name"])
            with self.assertRaises(HttpError) as refused:
                stack.start_records(2, "b", requestId="key")
            self.assertEqual((refused.exception.code, refused.exception.status["code"]), (409, 6))
            stack.kill("gateway")
            stack.start_gateway()
            again = stack.start_records(2, "a", requestId="key")
            self.assertEqual((again["name"], again["state"]), (first["name"], "OPERATION_STATE_SUCCEEDED"))
            with self.assertRaises(HttpError) as refused:
                stack.start_records(2, "b", requestId="key")
            self.assertEqual(refused.exception.status["code"], 6)
            self.assertEqual(len(stack.request("/v1/operations")["operations"]), 1)

    def test_callers_at_the_same_time_share_one(self):
        with Stack(server_args=["--engine-step-delay=50ms"]) as stack:
            names = []

            def call():
                names.append(stack.start_records(3, "c", requestId="together")["name"])

            threads = [threading.Thread(target=call) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual((len(names), len(set(names))), (8, 1))


# --- hostile bytes ----------------------------------------------------------------------------------------------------
def pdu(kind, body, flags=3, call_id=1, length=None):
    """A connection-oriented PDU, C706 12.6.3.1."""
    size = 16 + len(body) if length is None else length
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, size, 0, call_id) + body


def bind(contexts=1):
    body = struct.pack("<HHIB3x", 5840, 5840, 0, contexts)
    for n in range(contexts):
        body += struct.pack("<HBx", n, 1) + EPM.bytes_le + struct.pack("<HH", 3, 0)
        body += NDR.bytes_le + struct.pack("<I", 2)
    return pdu(11, body)


def dcom_attacks(rng):
    yield rng.randbytes(4096)
    yield b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    yield b"\x05"
    yield bind()[:20]
    yield pdu(11, b"\0" * 8, length=65535)
    yield pdu(11, b"", length=3)
    yield pdu(11, rng.randbytes(200))
    yield pdu(99, rng.randbytes(200))
    yield pdu(0, rng.randbytes(200))  # a request before any bind
    yield bind(200)
    yield bind() + bind()
    yield bind() + pdu(0, struct.pack("<IHH", 8, 0, 3) + rng.randbytes(100))
    yield bind() + pdu(0, struct.pack("<IHH", 0xFFFFFFFF, 0, 2) + b"\xff" * 100)
    yield bind() + pdu(0, struct.pack("<IHH", 8, 7, 0xFFFF))
    yield bind() + pdu(16, rng.randbytes(500))  # AUTH3 without a token
    # A call whose fragments never end, 8 MiB of them: beyond what a call may have.
    yield bind() + pdu(0, struct.pack("<IHH", 5000, 0, 2) + bytes(5000), flags=1) + pdu(
        0, struct.pack("<IHH", 5000, 0, 2) + bytes(5000), flags=0) * 1600


def http_attacks(rng):
    get = b"GET /v1/operations HTTP/1.1\r\nHost: localhost\r\n"
    post = b"POST /v1/operations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    yield rng.randbytes(4096)
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(300)  # a TLS hello
    yield get + b"X: " + b"y" * 100_000 + b"\r\n\r\n"
    yield b"GET /" + b"y" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"GET /v1/operations HTTP/9.9\r\nHost: localhost\r\n\r\n"
    yield b"GET /v1/operations HTTP/1.1\r\n\r\n"
    yield post + b"Content-Length: 99999999999\r\n\r\n{"
    yield post + b"Content-Length: -1\r\n\r\n{"
    yield post + b"Content-Length: 50\r\n\r\n{"
    yield post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"
    # 37 MiB in chunks: beyond what a body may have.
    yield post + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 600
    yield post + b"Content-Length: 60000\r\n\r\n" + b'{"a":' * 10_000 + b"1" * 10_000
    yield b"GET /v1/ws HTTP/1.1\r\nHost: localhost\r\n"


UPGRADE = (b"GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")


def websocket_frame(payload, opcode=1, first=0x80, masked=True, length=None):
    size = len(payload) if length is None else length
    head = bytes([first | opcode])
    mask = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask | size])
    elif size < 65536:
        head += bytes([mask | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mask | 127]) + struct.pack(">Q", size)
    return head + (bytes(4) if masked else b"") + payload


def websocket_attacks(rng):
    yield UPGRADE + rng.randbytes(4096)
    yield UPGRADE + websocket_frame(b"{}", masked=False)
    yield UPGRADE + websocket_frame(b"", length=1 << 62)
    yield UPGRADE + websocket_frame(b"x" * 200_000)
    yield UPGRADE + (websocket_frame(b"x" * 1000, first=0) + websocket_frame(b"x" * 1000, opcode=0, first=0) * 500)
    yield UPGRADE + websocket_frame(b"\xff\xfe\xfd")
    yield UPGRADE + websocket_frame(b"x" * 200, opcode=9)
    yield UPGRADE + websocket_frame(b"{}", opcode=5)
    yield UPGRADE + websocket_frame(b"{}", opcode=2)
    yield UPGRADE + websocket_frame(b"[" * 60_000)
    yield UPGRADE + websocket_frame(b'{"type":"subscribe"}')
    yield UPGRADE + websocket_frame(b'{"type":"subscribe","id":"1"}')[:12]


class HostileBytes(unittest.TestCase):
    ROUNDS = 12
    MEBIBYTE = 1024  # of /proc's kB

    def keep_no_freed_memory(self):
        """ASan holds up to 256 MiB of freed memory back, which is not the product's: 8 MiB for programs of this test."""
        before = os.environ.get("ASAN_OPTIONS", "")
        os.environ["ASAN_OPTIONS"] = before + ":quarantine_size_mb=8"
        self.addCleanup(os.environ.__setitem__, "ASAN_OPTIONS", before)

    @staticmethod
    def resident(process):
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    @staticmethod
    def descriptors(process):
        return len(os.listdir(f"/proc/{process.pid}/fd"))

    def attack(self, port, data, wait):
        """Sends all that is taken; with `wait` expects that the peer closes, or is still there with few bytes sent."""
        with socket.socket() as s:
            s.settimeout(20)
            s.connect(("127.0.0.1", port))
            try:
                s.sendall(data)
                if not wait:
                    return
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass
            except OSError as error:
                # Cut off: that is an answer too. ENOTCONN: before we could say that we are done.
                if not isinstance(error, ConnectionError) and error.errno != errno.ENOTCONN:
                    raise

    def test_each_is_answered_or_cut_off_and_others_go_on(self):
        self.keep_no_freed_memory()
        rng = random.Random(33)
        with Stack(server_args=["--engine-step-delay=20ms"], captured=False) as stack:
            ports = {"DCOM": stack.dcom_port, "callback": stack.callback_port, "gRPC": stack.grpc_port,
                     "HTTP": stack.http_port, "WebSocket": stack.http_port}
            attacks = {"DCOM": dcom_attacks, "callback": dcom_attacks, "gRPC": http_attacks, "HTTP": http_attacks,
                       "WebSocket": websocket_attacks}
            # Once of each first: buffers and tables that stay belong to the base line.
            for name, make in attacks.items():
                for data in make(rng):
                    self.attack(ports[name], data, wait=True)
            stack.wait_done(stack.start_records(3, "before")["name"])
            before = {p: (self.resident(p), self.descriptors(p)) for p in (stack.server, stack.gateway)}

            over = threading.Event()
            errors = []

            def assail(name):
                own = random.Random(name)
                try:
                    for _ in range(self.ROUNDS):
                        for data in attacks[name](own):
                            self.attack(ports[name], data, wait=own.random() < 0.5)
                            if over.is_set():
                                return
                except Exception as error:
                    errors.append((name, error))

            threads = [threading.Thread(target=assail, args=(name,), daemon=True) for name in attacks]
            for thread in threads:
                thread.start()
            done, n, slowest = 0, 0, 0
            while any(thread.is_alive() for thread in threads) or done == 0:
                n += 1
                begun = time.monotonic()
                operation = stack.wait_done(stack.start_records(10, f"during{n}")["name"])
                slowest = max(slowest, time.monotonic() - begun)
                self.assertEqual(operation["state"], "OPERATION_STATE_SUCCEEDED")
                self.assertEqual(stack.source()["state"], "SOURCE_STATE_CONNECTED")
                done += 1
                if done >= 200:
                    over.set()
            for thread in threads:
                thread.join(60)
            self.assertEqual(errors, [])
            self.assertLess(slowest, 30)
            for process, (resident, descriptors) in before.items():
                self.assertIsNone(process.poll())
                wait_until(lambda p=process, d=descriptors: self.descriptors(p) <= d + 8, 30, "the end of connections")
                self.assertLess(self.resident(process), resident + 128 * self.MEBIBYTE)

    def test_many_that_say_half_a_thing_and_stay(self):
        self.keep_no_freed_memory()
        with Stack(captured=False) as stack, contextlib.ExitStack() as open_sockets:
            before = {p: self.resident(p) for p in (stack.server, stack.gateway)}
            halves = {stack.dcom_port: bind()[:20], stack.callback_port: bind()[:20],
                      stack.http_port: b"POST /v1/operations HTTP/1.1\r\nHost: localhost\r\n",
                      stack.grpc_port: b"PRI * HTTP/2.0\r\n"}
            for _ in range(200):
                for port, data in halves.items():
                    s = open_sockets.enter_context(socket.create_connection(("127.0.0.1", port), 20))
                    s.sendall(data)
            for n in range(3):
                done = stack.wait_done(stack.start_records(3, f"among{n}")["name"])
                self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED")
            for process, resident in before.items():
                self.assertLess(self.resident(process), resident + 96 * self.MEBIBYTE)

    def test_answers_to_the_clearest_ones(self):
        with Stack(captured=False) as stack:
            def http(data):
                with socket.create_connection(("127.0.0.1", stack.http_port), 20) as s:
                    s.sendall(data)
                    return s.recv(65536)

            for data, status in zip(http_attacks(random.Random(1)), (400, 400, 431, 431, 400, 400, 413)):
                self.assertRegex(http(data), b"^HTTP/1.1 %d " % status)
            for port in (stack.dcom_port, stack.callback_port):
                with socket.create_connection(("127.0.0.1", port), 20) as s:
                    s.sendall(bind())
                    answer = s.recv(65536)
                    self.assertIn(answer[2], (12, 13))  # bind_ack, bind_nak
                with socket.create_connection(("127.0.0.1", port), 20) as s:
                    s.sendall(random.Random(2).randbytes(4096))
                    with contextlib.suppress(ConnectionError):
                        while s.recv(65536):  # a fault or not, then the end
                            pass


# --- programs ---------------------------------------------------------------------------------------------------------
class Programs(unittest.TestCase):
    """One clear line on stderr and an exit code: 2 for what was written wrong, 1 for what cannot be had."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.accounts = self.file("accounts", subprocess.run(
            [BIN / "ipam-dcom-server", "account", f"{DOMAIN}\\{USER}"], input="secret\n", check=True,
            capture_output=True, text=True).stdout)
        os.chmod(self.accounts, 0o600)
        self.dcom, self.callback, self.grpc, self.http = free_ports(4)

    def file(self, name, text):
        path = os.path.join(self.dir.name, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def server(self, *more, accounts=None):
        return [str(BIN / "ipam-dcom-server"), f"--dcom-listen=127.0.0.1:{self.dcom}",
                f"--auth-accounts={accounts or self.accounts}", f"--store-path={self.dir.name}/ipam.db", *more]

    def gateway(self, *more):
        return [str(BIN / "ipam-gateway"), f"--dcom-server=127.0.0.1:{self.dcom}", f"--dcom-domain={DOMAIN}",
                f"--dcom-user={USER}", "--dcom-password=secret", f"--dcom-callback-listen=127.0.0.1:{self.callback}",
                f"--grpc-listen=127.0.0.1:{self.grpc}", f"--http-listen=127.0.0.1:{self.http}",
                f"--journal-path={self.dir.name}/journal.db", *more]

    def fails(self, code, pattern, argv, **environment):
        with self.subTest(" ".join(argv[-2:])):
            ran = subprocess.run(argv, capture_output=True, text=True, timeout=60, env={**os.environ, **environment},
                                 check=False)
            self.assertEqual(ran.returncode, code, ran.stderr)
            # The gateway may have begun to call its server, which is not there, and log it.
            said = [line for line in ran.stderr.splitlines() if not re.search("warning.*Connection refused", line)]
            self.assertEqual(len(said), 1, ran.stderr)
            self.assertRegex(said[0], f"^{os.path.basename(argv[0])}: .*{pattern}")
            self.assertEqual(ran.stdout, "")

    def test_unknown_flags_keys_and_values(self):
        unknown = self.file("unknown.yaml", "# first\ndcom:\n  lisen: x\n")
        section = self.file("section.yaml", "moon: {phase: full}\n")
        broken = self.file("broken.yaml", "dcom: {listen: [\n")
        for argv in (self.server, self.gateway):
            self.fails(2, "no-such-flag", argv("--no-such-flag=1"))
            self.fails(2, "unknown.yaml:3: unknown key 'dcom.lisen'", argv(f"--config={unknown}"))
            self.fails(2, "section.yaml:1: unknown key 'moon.phase'", argv(f"--config={section}"))
            self.fails(2, "broken.yaml:[12]: ", argv(f"--config={broken}"))
            self.fails(2, "log-level.*loud", argv("--log-level=loud"))
            self.fails(2, "cannot read /no/such/file", argv("--config=/no/such/file"))
        self.fails(2, "--dcom-listen: 'nonsense'", self.server("--dcom-listen=nonsense"))
        self.fails(2, "--engine-step-delay: 'soon'", self.server("--engine-step-delay=soon"))
        self.fails(2, "--http-listen: '1:99999'", self.gateway("--http-listen=1:99999"))
        self.fails(2, "dcom-protection.*none", self.gateway("--dcom-protection=none"))
        self.fails(2, "http-threads", self.gateway("--http-threads=0"))
        self.fails(2, "dcom-user is missing", [str(BIN / "ipam-gateway"), "--dcom-server=127.0.0.1:1"])

    def test_files_that_are_not_there(self):
        self.fails(1, "/no/such/accounts", self.server(accounts="/no/such/accounts"))
        self.fails(1, "/no/such/folder", self.server("--store-path=/no/such/folder/ipam.db"))
        self.fails(1, "/no/such/folder", self.server("--pid-file=/no/such/folder/pid"))
        self.fails(1, "/no/such.yaml", self.server("import", "/no/such.yaml"))
        self.fails(1, "/no/such/folder", self.gateway("--journal-path=/no/such/folder/journal.db"))
        self.fails(1, "/no/such/folder", self.gateway("--pid-file=/no/such/folder/pid"))
        self.fails(2, "IPAMGW_DCOM_PASSWORD_FILE: cannot read /no/such/password", self.gateway(),
                   IPAMGW_DCOM_PASSWORD_FILE="/no/such/password")
        broken = self.file("broken.yaml", "moons: [{name: x}]\n")
        self.fails(2, "broken.yaml: line 1: .*moons", self.server("import", broken))
        self.fails(2, "wrong:1", self.server(accounts=self.file("wrong", "not an account\n")))
        self.fails(1, "no database|not a database|journal", self.gateway(
            "--journal-path=" + self.file("junk.db", "junk " * 1000)))
        self.fails(1, "not a database|store", self.server("--store-path=" + self.file("junk2.db", "junk " * 1000)))

    def test_ports_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            # In place of the free one: some of the options take several addresses.
            self.dcom, free = port, self.dcom
            self.fails(1, f"127.0.0.1:{port}.*in use", self.server())
            self.dcom = free
            for one in ("callback", "grpc", "http"):
                free = getattr(self, one)
                setattr(self, one, port)
                self.fails(1, f"127.0.0.1:{port}.*in use", self.gateway())
                setattr(self, one, free)

    def test_a_journal_has_one_gateway(self):
        with Stack() as stack:
            journal = f"{stack.dir}/journal.db"
            self.fails(1, f"{journal} is in use by another process", self.gateway(f"--journal-path={journal}"))

    def test_an_unknown_variable_warns(self):
        for name in ("IPAMDS_NO_SUCH", "IPAMGW_NO_SUCH"):
            os.environ[name] = "1"
            self.addCleanup(os.environ.pop, name)
        with Stack() as stack:
            self.assertRegex(stack.log("server"), "warn.*unknown variable IPAMDS_NO_SUCH is ignored")
            self.assertRegex(stack.log("gateway"), "warn.*unknown variable IPAMGW_NO_SUCH is ignored")

    def test_an_import_that_fails_leaves_the_store_empty(self):
        network = SAMPLES.joinpath("network.yaml").read_text(encoding="utf-8")
        half = self.file("half.yaml", network + "\nmoons:\n- {name: x}\n")
        self.fails(2, "half.yaml: line [0-9]+: .*moons", self.server("import", half))
        exported = subprocess.run(self.server("export"), capture_output=True, text=True, timeout=60, check=True).stdout
        self.assertNotIn("dns_servers:\n  -", exported)


if __name__ == "__main__":
    unittest.main()
