"""What two programs say to each other over DCOM on loopback, captured by dumpcap and read by tshark, which knows the
NT password and so sees what NTLM sealed. IPAM_CAPTURE=0 switches it off.
"""

import os
import re
import shutil
import subprocess
import time

import unwrap

LIMIT_KB = 8000  # of a file; a capture that reaches it ends there
WARNING = 0x600000
TCP_GROUP = 0x02000000  # PI_SEQUENCE: of the loopback's TCP, and no word about what is in it

PADDING = re.compile(r"\[Long frame \([123] bytes?\)\]$")
REQUEST, RESPONSE = "0", "2"
MALFORMED = "Malformed Packet (Exception occurred)"


def wanted():
    return os.environ.get("IPAM_CAPTURE", "1") != "0" and shutil.which("dumpcap") and shutil.which("tshark")


class Capture:
    """`ports`: all PDUs of these TCP ports of loopback. `file` is what tshark reads, made by stop()."""

    def __init__(self, file, ports, password, limit_kb=LIMIT_KB):
        self.file, self.ports, self.password = file, ports, password
        self.raw, self.strange = f"{file}.raw", []
        self.process = subprocess.Popen(
            ["dumpcap", "-q", "-P", "-i", "lo", "-B", "16", "-a", f"filesize:{limit_kb}", "-w", self.raw,
             "-f", " or ".join(f"tcp port {port}" for port in ports)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.started = False

    def wait_started(self):
        if self.started:
            return
        for line in self.process.stderr:
            if line.startswith("File:"):
                self.started = True
                return
        raise AssertionError("dumpcap did not start: it needs the right to capture, or IPAM_CAPTURE=0")

    def stop(self):
        """Behind the last packet that was sent."""
        if self.process.returncode is None:
            sizes = [-1, self.size()]
            while self.process.poll() is None and sizes[-1] != sizes[-2]:
                time.sleep(0.3)
                sizes.append(self.size())
            self.process.terminate()
            self.process.wait(30)
            self.process.stderr.close()
            self.strange = unwrap.unwrap(self.raw, self.file) if self.size() else []

    def judge(self, password=None):
        """Stops, and fails where tshark complains. `password`: where it was not known at the beginning."""
        self.stop()
        self.password = password or self.password
        complaints = self.complaints()
        assert not complaints, f"tshark on what went over DCOM: {complaints[:20]}"

    def size(self):
        try:
            return os.stat(self.raw).st_size
        except FileNotFoundError:
            return 0

    def read(self, show, *fields):
        """The values of `fields`, a list each, of the frames that the display filter `show` selects."""
        argv = ["tshark", "-r", self.file, "-Y", show, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=|",
                "-o", f"ntlmssp.nt_password:{self.password}"]
        for port in self.ports:
            argv += ["-d", f"tcp.port=={port},dcerpc"]
        for field in fields:
            argv += ["-e", field]
        out = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=300).stdout
        return [[value.split("|") if value else [] for value in line.split("\t")] for line in out.splitlines()]

    def complaints(self):
        """What is no PDU, and what tshark has against the others: (frame, message, information of the packet)."""
        found = [("-", words, str(ports)) for ports, words in self.strange]
        if not os.path.exists(self.file):
            return found
        for number, kind, hint, trailer, severities, groups, messages, info in self.read(
                f"_ws.malformed || _ws.short || _ws.expert.severity >= {WARNING}", "frame.number", "dcerpc.pkt_type",
                "dcerpc.cn_alloc_hint", "dcerpc.rpc_sec_vt.signature", "_ws.expert.severity", "_ws.expert.group",
                "_ws.expert.message", "_ws.col.Info"):
            if kind == [REQUEST] and hint == ["0"] and messages == [MALFORMED]:
                continue  # tshark wants a sealed request to have a body; ServerAlive2 has none
            if kind == [RESPONSE] and hint == ["16"] and messages == [MALFORMED] and "RemQueryInterface" in info[0]:
                continue  # ORPCTHAT, NULL, HRESULT: tshark wants results even of a call that failed
            if trailer and messages == ["Long frame"] and PADDING.search(info[-1]):
                continue  # what aligns a verification trailer to 4, [MS-RPCE] 2.2.2.13, is not of the stub
            found += [(number[0], message, " ".join(info)) for severity, group, message
                      in zip(severities, groups, messages, strict=True)
                      if int(severity, 0) >= WARNING and int(group, 0) != TCP_GROUP]
        return found
