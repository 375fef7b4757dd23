"""What the end-to-end measures share: processor time of a process by thread, times of events, a WebSocket reader."""

import base64
import datetime
import json
import os
import pathlib
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
os.environ.setdefault("IPAM_BIN_DIR", str(pathlib.Path(__file__).resolve().parents[3] / "build" / "release" / "bin"))

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """(of the process, of its busiest thread)"""
    threads = []
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        fields = stat.read_text().rsplit(")", 1)[1].split()
        threads.append((int(fields[11]) + int(fields[12])) / TICK)
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK, max(threads)


def private_kilobytes(pid):
    """Memory that only this process has: what it would give back."""
    total = 0
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(("Private_Clean:", "Private_Dirty:")):
            total += int(line.split()[1])
    return total


def peak_kilobytes(pid):
    """The most physical memory that the process ever had."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError("no VmHWM")


def seconds_of(text):
    """Unix time of a timestamp in proto3 JSON, which has up to nine digits of a fraction."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    at = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return at.timestamp() + (float("0." + fraction) if fraction else 0)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


class WebSocket:
    """A client of /v1/ws: enough of RFC 6455 to read what this server sends."""

    def __init__(self, port, request=None):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(b"GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(os.urandom(16)) +
                            b"\r\n\r\n")
        self.buffer = bytearray()
        while b"\r\n\r\n" not in self.buffer:
            self._receive()
        head, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.decode())
        self.buffer = bytearray(rest)
        self._send(0x1, json.dumps({"type": "subscribe", "id": "1", "payload": request or {}}).encode())

    def _receive(self):
        part = self.socket.recv(1 << 16)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.buffer += part
        return time.time()

    def _send(self, opcode, payload):
        size = struct.pack("!B", 0x80 | len(payload)) if len(payload) < 126 else struct.pack("!BH", 0x80 | 126, len(payload))
        self.socket.sendall(struct.pack("!B", 0x80 | opcode) + size + bytes(4) + payload)

    def _next(self):
        """(opcode, payload) where a whole frame is there."""
        if len(self.buffer) < 2:
            return None
        size, at = self.buffer[1] & 0x7F, 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            if len(self.buffer) < at + wide:
                return None
            size, at = int.from_bytes(self.buffer[at:at + wide], "big"), at + wide
        if len(self.buffer) < at + size:
            return None
        opcode, payload = self.buffer[0] & 0x0F, bytes(self.buffer[at:at + size])
        del self.buffer[:at + size]
        return opcode, payload

    def texts(self):
        """(when its last byte came, text of a message) until the connection closes."""
        came = time.time()
        while True:
            frame = self._next()
            if frame is None:
                came = self._receive()
                continue
            opcode, payload = frame
            if opcode == 0x9:
                self._send(0xA, payload)
            elif opcode == 0x8:
                raise ConnectionError(f"closed: {payload!r}")
            elif opcode == 0x1:
                yield came, payload

    def messages(self):
        """(when its last byte came, message) until the subscription completes."""
        for came, payload in self.texts():
            message = json.loads(payload)
            if message["type"] == "error":
                raise ConnectionError(payload.decode())
            if message["type"] == "complete":
                return
            yield came, message
