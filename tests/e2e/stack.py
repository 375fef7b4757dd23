"""A running pair of ipam-dcom-server and ipam-gateway on loopback, for tests.

Every port is free and fixed before a program starts, so that a program that is killed comes back where it was.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import capture

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("IPAM_BIN_DIR", SOURCE / "build" / "asan" / "bin")).resolve()
SAMPLES = SOURCE / "deploy" / "samples"
OPERATIONS = ["CreateDnsZone", "CreateDnsResourceRecords", "CreateDhcpScope", "CreateDhcpReservation",
              "CreateIpamIPAddress", "CreateDhcpFailover"]
DOMAIN, USER = "IPAM", "gateway"
FINAL = ("OPERATION_STATE_SUCCEEDED", "OPERATION_STATE_SUCCEEDED_WITH_WARNINGS", "OPERATION_STATE_PARTIALLY_FAILED",
         "OPERATION_STATE_FAILED", "OPERATION_STATE_CANCELLED", "OPERATION_STATE_OUTCOME_UNKNOWN")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def sample(operation):
    return (SAMPLES / f"{operation}.xml").read_text()


def records(count, prefix="host"):
    """Parameters of CreateDnsResourceRecords with `count` CNAME records: one subtask each, none of them there before."""
    xml = sample("CreateDnsResourceRecords")
    head, tail = xml.index('<DnsResourceRecord z:Id="i4"'), xml.index('<DnsResourceRecord z:Id="i5"')
    many = "".join(xml[head:tail].replace('z:Id="i4"', f'z:Id="m{n}"').replace("historian", f"{prefix}-{n}")
                   for n in range(count))
    return xml[:xml.index("<DnsResourceRecord ")] + many + xml[xml.index("</ResourceRecords>"):]


def wait_until(condition, seconds=30, what="it"):
    """The first true value of condition(), polled; fails the test after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)


class Follower(threading.Thread):
    """Reads the NDJSON stream of an operation until it breaks; keeps what it was shown."""

    def __init__(self, stack, name):
        super().__init__(daemon=True)
        self.url = f"{stack.http}/v1/{name}:watch?start=START_MODE_EARLIEST"
        self.events = []
        self.start()

    def run(self):
        try:
            with urllib.request.urlopen(self.url, timeout=30) as stream:
                for line in stream:
                    self.events += json.loads(line).get("events", {}).get("events", [])
        except (OSError, ValueError):
            pass


class HttpError(Exception):
    def __init__(self, code, status):
        super().__init__(f"HTTP {code}: {status}")
        self.code, self.status = code, status


class Stack:
    """Use as a context manager; `server_args` and `gateway_args` are more options of the programs. `progress2`: whether
    the server offers IIpamOperationWithProgress2; None: as it does by itself. What they say to each other over DCOM is
    captured, and close() fails where tshark finds it malformed, unless `captured` is false: for tests that send nonsense.
    `ports`: of more programs, whose DCOM is captured too. `store`: of the server, instead of a file of its own."""

    # False: the programs ignore SIGXFSZ, as Python does, and see EFBIG where a limit of file sizes stands.
    restore_signals = True

    def __init__(self, server_args=(), gateway_args=(), network=SAMPLES / "network.yaml", password="T0p secret, isn't it",
                 progress2=None, captured=True, ports=(), store=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="ipam-e2e-"))
        self.dcom_port, self.callback_port, self.grpc_port, self.http_port = free_ports(4)
        self.password = password
        self.store = store or f"{self.dir}/ipam.db"
        self.server_args, self.gateway_args = list(server_args), list(gateway_args)
        if progress2 is not None:
            self.server_args.append(f"--progress2={'on' if progress2 else 'off'}")
        self.server = self.gateway = self.capture = None
        self.judged = True  # what was captured, at the end
        if captured and capture.wanted():
            self.capture = capture.Capture(self.dir / "dcom.pcapng", (self.dcom_port, self.callback_port, *ports), password)
        (self.dir / "accounts").write_bytes(subprocess.run(
            [BIN / "ipam-dcom-server", "account", f"{DOMAIN}\\{USER}"], input=password.encode() + b"\n",
            check=True, capture_output=True).stdout)
        (self.dir / "accounts").chmod(0o600)
        if network:
            self.run_server_command("import", str(network))

    # --- programs ---------------------------------------------------------------------------------------------------
    def run_server_command(self, *arguments):
        return subprocess.run([BIN / "ipam-dcom-server", f"--store-path={self.store}", *arguments],
                              check=True, capture_output=True, text=True, timeout=60)

    def server_argv(self):
        return [str(BIN / "ipam-dcom-server"), f"--dcom-listen=127.0.0.1:{self.dcom_port}",
                f"--auth-accounts={self.dir}/accounts", f"--store-path={self.store}",
                f"--engine-administrator={DOMAIN}\\{USER}", *self.server_args]

    def gateway_argv(self):
        return [str(BIN / "ipam-gateway"), f"--dcom-server=127.0.0.1:{self.dcom_port}", "--dcom-source=ipam1",
                f"--dcom-domain={DOMAIN}", f"--dcom-user={USER}",
                f"--dcom-callback-listen=127.0.0.1:{self.callback_port}",
                f"--grpc-listen=127.0.0.1:{self.grpc_port}", f"--http-listen=127.0.0.1:{self.http_port}",
                f"--journal-path={self.dir}/journal.db", *self.gateway_args]

    def spawn(self, name, argv, **environment):
        if self.capture:
            self.capture.wait_started()
        with open(self.dir / f"{name}.log", "ab") as log:
            return subprocess.Popen(argv, stdout=log, stderr=log, cwd="/", env={**os.environ, **environment},
                                    restore_signals=self.restore_signals)

    def start_server(self):
        self.server = self.spawn("server", self.server_argv())
        wait_until(lambda: self.listens(self.dcom_port) or self.died("server"), what="the server's port")

    def start_gateway(self, connected=True):
        self.gateway = self.spawn("gateway", self.gateway_argv(), IPAMGW_DCOM_PASSWORD=self.password)
        wait_until(lambda: self.listens(self.http_port) or self.died("gateway"), what="the gateway's port")
        if connected:
            self.wait_source("SOURCE_STATE_CONNECTED")

    def died(self, name):
        process = getattr(self, name)
        if process.poll() is not None:
            raise AssertionError(f"{name} ended with {process.returncode}:\n{self.log(name)}")

    def kill(self, name):
        process = getattr(self, name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, name):
        """SIGTERM; gives the exit code, and fails where it takes longer than the promised 10 s (and some for ASan)."""
        process = getattr(self, name)
        process.terminate()
        try:
            return process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{name} did not stop:\n{self.log(name)}") from None

    def log(self, name):
        path = self.dir / f"{name}.log"
        return path.read_text(errors="replace")[-6000:] if path.exists() else ""

    def __enter__(self):
        try:
            self.start_server()
            self.start_gateway()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                for name in ("gateway", "server"):
                    process = getattr(self, name)
                    if process and process.poll() is None:
                        code = self.stop(name)
                        assert code == 0, f"{name} ended with {code}:\n{self.log(name)}"
            else:
                for name in ("server", "gateway"):
                    print(f"--- {name}.log\n{self.log(name)}")
        finally:
            self.close()

    def close(self):
        for process in (self.gateway, self.server):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        try:
            if self.capture:
                self.capture.judge() if self.judged else self.capture.stop()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    # --- the API over REST ------------------------------------------------------------------------------------------
    @staticmethod
    def listens(port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    @property
    def http(self):
        return f"http://127.0.0.1:{self.http_port}"

    def request(self, path, body=None, **headers):
        """The JSON of an answer; HttpError with google.rpc.Status where there is one."""
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.http + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise HttpError(error.code, json.loads(error.read())) from None

    def start(self, operation, **fields):
        return self.request("/v1/operations", {"parametersXml": sample(operation), **fields})

    def start_records(self, count, prefix="host", **fields):
        return self.request("/v1/operations", {"parametersXml": records(count, prefix), **fields})

    def get(self, name):
        return self.request(f"/v1/{name}")

    def events(self, name):
        return self.request(f"/v1/{name}/events?page_size=10000").get("events", [])

    def wait_done(self, name, seconds=60):
        return wait_until(lambda: (lambda op: op if op.get("state") in FINAL else None)(self.get(name)), seconds,
                          f"the end of {name}")

    def source(self):
        return self.request("/v1/sources")["sources"][0]

    def wait_source(self, state, seconds=15):
        return wait_until(lambda: (lambda s: s if s.get("state") == state else None)(self.source()), seconds, state)
