"""/v1/ws with a client that is not ours (python3-websockets), and by hand where a client would not misbehave."""

import asyncio
import itertools
import json
import socket
import threading
import time
import unittest
import urllib.request

import websockets

from stack import HttpError, Stack
from test_bad_input import websocket_frame

PROTOCOL = "ipam-progress.v1.json"


def connect(stack, protocols=(PROTOCOL,)):
    return websockets.connect(f"ws://127.0.0.1:{stack.http_port}/v1/ws", subprotocols=list(protocols) or None)


async def say(client, kind, **fields):
    await client.send(json.dumps({"type": kind, **fields}))


async def hear(client):
    return json.loads(await asyncio.wait_for(client.recv(), 30))


async def close_code(client):
    try:
        while True:
            await asyncio.wait_for(client.recv(), 30)
    except websockets.ConnectionClosed:
        return client.close_code


def metric(stack, name):
    with urllib.request.urlopen(stack.http + "/metrics", timeout=20) as page:
        lines = page.read().decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name + " "))


def limited(coroutine, seconds=90):
    return asyncio.run(asyncio.wait_for(coroutine, seconds))


class WebSocket(unittest.TestCase):
    prefixes = itertools.count()

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(server_args=["--engine-step-delay=80ms"])
        cls.stack.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.stack.__exit__(None, None, None)

    def start(self, count=8):
        return self.stack.start_records(count, f"w{next(self.prefixes)}")["name"]

    def handshake(self, **headers):
        """The answer to a handshake written by hand; None leaves a header out."""
        fields = {"Host": f"127.0.0.1:{self.stack.http_port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
                  **{name.replace("_", "-"): value for name, value in headers.items()}}
        lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
        with socket.create_connection(("127.0.0.1", self.stack.http_port), 20) as s:
            s.sendall(("GET /v1/ws HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode())
            return s.recv(65536).decode()

    # --- the handshake ----------------------------------------------------------------------------------------------
    def test_subprotocols(self):
        async def chosen(*protocols):
            async with connect(self.stack, protocols) as client:
                return client.subprotocol

        self.assertEqual(limited(chosen(PROTOCOL)), PROTOCOL)
        self.assertEqual(limited(chosen("graphql-transport-ws", PROTOCOL)), PROTOCOL)
        self.assertIsNone(limited(chosen()))
        with self.assertRaises(websockets.InvalidStatusCode) as refused:
            limited(chosen("graphql-transport-ws"))
        self.assertEqual(refused.exception.status_code, 400)

    def test_foreign_origins_and_unknown_hosts_are_refused(self):
        own = f"http://127.0.0.1:{self.stack.http_port}"
        self.assertRegex(self.handshake(), "^HTTP/1.1 101 ")
        self.assertRegex(self.handshake(Origin=own), "^HTTP/1.1 101 ")
        self.assertRegex(self.handshake(Host=f"localhost:{self.stack.http_port}"), "^HTTP/1.1 101 ")
        for origin in ("https://evil.example", "null", own + ".evil.example", "http://localhost",
                       f"http://127.0.0.1:{self.stack.grpc_port}"):
            with self.subTest(origin):
                self.assertRegex(self.handshake(Origin=origin), "^HTTP/1.1 403 ")
        for host in ("evil.example", f"evil.example:{self.stack.http_port}", "127.0.0.1.evil.example"):
            with self.subTest(host):
                self.assertRegex(self.handshake(Host=host), "^HTTP/1.1 403 ")
        self.assertRegex(self.handshake(Host=None), "^HTTP/1.1 400 ")
        with self.assertRaises(HttpError) as refused:
            self.stack.request("/v1/operations", Origin="https://evil.example")
        self.assertEqual(refused.exception.code, 403)
        with self.assertRaises(HttpError) as refused:
            self.stack.request("/v1/operations", Host="evil.example")
        self.assertEqual(refused.exception.code, 403)

    def test_what_is_no_handshake(self):
        self.assertRegex(self.handshake(Upgrade=None), "^HTTP/1.1 426 ")
        self.assertRegex(self.handshake(Sec_WebSocket_Version="8"), "^HTTP/1.1 426 (?s:.*)Sec-WebSocket-Version: 13")
        self.assertRegex(self.handshake(Sec_WebSocket_Key="short"), "^HTTP/1.1 400 ")

    # --- messages ---------------------------------------------------------------------------------------------------
    def test_init_subscribe_next_complete(self):
        name = self.start()

        async def follow():
            async with connect(self.stack) as client:
                await say(client, "connection_init", payload={})
                ack = await hear(client)
                self.assertEqual(ack["type"], "connection_ack")
                self.assertGreaterEqual(ack["payload"]["heartbeat_ms"], 1000)
                await say(client, "subscribe", id="a", payload={"names": [name], "untilDone": True})
                payloads = []
                while True:
                    message = await hear(client)
                    self.assertEqual(message["id"], "a")
                    if message["type"] == "complete":
                        break
                    self.assertEqual(message["type"], "next")
                    payloads.append(message["payload"])
                # The id is free again; the connection is open.
                await say(client, "subscribe", id="a", payload={"names": [name], "untilDone": True})
                self.assertIn("snapshot", (await hear(client))["payload"])
                return payloads

        payloads = limited(follow())
        self.assertEqual(payloads[0]["snapshot"]["name"], name)
        first = int(payloads[0]["snapshot"]["lastSequence"])
        got = [e for p in payloads for e in p.get("events", {}).get("events", [])]
        kept = self.stack.events(name)
        self.assertEqual(got, kept[first:])
        self.assertTrue(all(p["resumeToken"] for p in payloads))

    def test_without_init_and_two_subscriptions_side_by_side(self):
        names = [self.start(), self.start()]

        async def follow():
            seen, done = {"0": [], "1": []}, set()
            async with connect(self.stack, ()) as client:
                for n, name in enumerate(names):
                    await say(client, "subscribe", id=str(n), payload={
                        "names": [name], "untilDone": True, "start": "START_MODE_EARLIEST"})
                while len(done) < 2:
                    message = await hear(client)
                    if message["type"] == "complete":
                        done.add(message["id"])
                    else:
                        seen[message["id"]] += message["payload"].get("events", {}).get("events", [])
            return seen

        seen = limited(follow())
        for n, name in enumerate(names):
            self.assertEqual(seen[str(n)], self.stack.events(name))

    def test_complete_of_the_client_ends_one_subscription_only(self):
        async def follow():
            async with connect(self.stack) as client:
                for number in "12":
                    await say(client, "subscribe", id=number, payload={"start": "START_MODE_LIVE", "heartbeat": "1s"})
                await say(client, "complete", id="1")
                await say(client, "ping", payload={"n": 7})
                while (message := await hear(client))["type"] != "pong":
                    pass
                self.assertEqual(message["payload"], {"n": 7})
                for _ in range(3):
                    message = await hear(client)
                    self.assertEqual((message["type"], message["id"]), ("next", "2"))

        limited(follow())

    def test_an_error_ends_the_subscription_not_the_connection(self):
        async def follow():
            async with connect(self.stack) as client:
                for payload, code in (({"filter": "state ="}, 3), ({"names": ["operations/nosuch"]}, 5),
                                      ({"heartbeat": "61s"}, 3), ({"noSuchField": 1}, 3), ({"names": 7}, 3),
                                      ({"resumeToken": "nonsense", "strictResume": True}, 11)):
                    await say(client, "subscribe", id="x", payload=payload)
                    message = await hear(client)
                    self.assertEqual((message["type"], message["id"], message["payload"]["code"]), ("error", "x", code))
                    self.assertTrue(message["payload"]["message"])
                await say(client, "subscribe", id="x", payload={"resumeToken": "nonsense"})
                self.assertIn("reset", (await hear(client))["payload"])

        limited(follow())

    def test_ping_and_pong(self):
        async def follow():
            async with connect(self.stack) as client:
                await say(client, "ping")
                self.assertEqual(await hear(client), {"type": "pong"})
                await say(client, "pong")
                await asyncio.wait_for(await client.ping(b"of the protocol"), 20)
                await say(client, "ping", payload={"a": "b"})
                self.assertEqual(await hear(client), {"type": "pong", "payload": {"a": "b"}})

        limited(follow())

    def test_close_codes_of_what_is_wrong(self):
        subscribe = json.dumps({"type": "subscribe", "id": "1", "payload": {}})
        cases = {
            "no JSON": (["{"], 4400), "no object": (["[]"], 4400), "no type": (["{}"], 4400),
            "unknown type": (['{"type":"moon","id":"1"}'], 4400), "no id": (['{"type":"subscribe"}'], 4400),
            "number as id": (['{"type":"subscribe","id":1}'], 4400), "long id": (
                [json.dumps({"type": "subscribe", "id": "x" * 129})], 4400),
            "payload is no object": (['{"type":"subscribe","id":"1","payload":[]}'], 4400), "binary": ([b"{}"], 4400),
            "deep": (['{"type":"ping","payload":' + '{"a":' * 100 + "1" + "}" * 101], 4400),
            "id in use": ([subscribe, subscribe], 4409), "two inits": (['{"type":"connection_init"}'] * 2, 4429),
            "33 subscriptions": ([json.dumps({"type": "subscribe", "id": str(n)}) for n in range(33)], 4429),
            "too large": (["x" * 70_000], 1009),
        }

        async def closed(messages):
            async with connect(self.stack) as client:
                for message in messages:
                    await client.send(message)
                return await close_code(client)

        for label, (messages, code) in cases.items():
            with self.subTest(label):
                self.assertEqual(limited(closed(messages)), code)


class Stopped(unittest.TestCase):
    def test_drain_then_1012(self):
        with Stack(server_args=["--engine-step-delay=500ms"]) as stack:
            name = stack.start("CreateDhcpScope")["name"]
            ready = threading.Event()
            result = {}

            async def follow():
                async with connect(stack) as busy, connect(stack) as idle:
                    await say(busy, "subscribe", id="1", payload={"names": [name]})
                    await say(idle, "connection_init")
                    await hear(idle)
                    drain = None
                    while drain is None:
                        message = await hear(busy)
                        if "events" in message.get("payload", {}):
                            ready.set()
                        drain = message["payload"].get("drain")
                    result.update(drain=drain, busy=await close_code(busy), idle=await close_code(idle))

            thread = threading.Thread(target=lambda: limited(follow()))
            thread.start()
            self.assertTrue(ready.wait(30))
            begun = time.monotonic()
            self.assertEqual(stack.stop("gateway"), 0)
            self.assertLess(time.monotonic() - begun, 10)
            thread.join(30)
            self.assertEqual((result["busy"], result["idle"]), (1012, 1012))
            self.assertRegex(result["drain"]["retryAfter"], r"^[0-9.]+s$")
            stack.start_gateway(connected=False)


class SlowConsumer(unittest.TestCase):
    def test_it_is_cut_off_and_others_are_not_disturbed(self):
        with Stack() as stack:
            # Events enough that no buffer of any kernel hides who does not read.
            text = "h" * 40
            names = [stack.start_records(400, f"{text}{n}")["name"] for n in range(3)]
            for name in names:
                stack.wait_done(name, 120)
            slow = [socket.socket() for _ in range(3)]
            try:
                for s in slow:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    s.connect(("127.0.0.1", stack.http_port))
                    s.sendall(b"GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
                    # The whole journal, 32 times over.
                    for n in range(32):
                        s.sendall(websocket_frame(json.dumps({"type": "subscribe", "id": str(n), "payload": {
                            "start": "START_MODE_EARLIEST"}}).encode()))

                async def follow(name):
                    got = []
                    async with connect(stack) as client:
                        await say(client, "subscribe", id="1", payload={"names": [name], "untilDone": True,
                                                                        "start": "START_MODE_EARLIEST"})
                        while (message := await hear(client))["type"] == "next":
                            got += [int(e["sequence"]) for e in message["payload"].get("events", {}).get("events", [])]
                    return got

                end = time.monotonic() + 120
                for n in itertools.count():
                    name = stack.start_records(20, f"fast{n}")["name"]
                    begun = time.monotonic()
                    self.assertEqual(limited(follow(name)), [int(e["sequence"]) for e in stack.events(name)])
                    self.assertLess(time.monotonic() - begun, 45)
                    cut = metric(stack, "ipamgw_http_resets_total")
                    if cut == len(slow) or time.monotonic() > end:
                        break
                    time.sleep(0.5)
                self.assertEqual(cut, len(slow))
                for s in slow:
                    s.settimeout(20)
                    with self.assertRaises(ConnectionResetError):
                        while s.recv(1 << 20):
                            pass
            finally:
                for s in slow:
                    s.close()


if __name__ == "__main__":
    unittest.main()
