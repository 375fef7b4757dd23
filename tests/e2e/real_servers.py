"""Kea and PowerDNS of the distribution on loopback, for tests: what an operation did is read back from them."""

import json
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request

from stack import Stack, free_ports, wait_until

HOOKS = next(iter(pathlib.Path("/usr/lib").glob("*/kea/hooks")), None)
API_KEY = "k3y of the zones"


class Program:
    """A process of its own in a directory of its own; close() ends both."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="ipam-real-"))
        self.process = None

    def spawn(self, *argv, **environment):
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen([str(a) for a in argv], stdout=log, stderr=log,
                                            env={"PATH": "/usr/sbin:/usr/bin", **environment})

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


class Kea(Program):
    """A DHCP server that hears relays on loopback, without a subnet."""

    def __init__(self, family=4):
        super().__init__()
        self.family, self.name = family, f"Dhcp{family}"
        self.socket = self.dir / "control.sock"
        self.ha_port, self.port, self.relay_port = free_ports(3)
        self.configuration = {self.name: {
            "interfaces-config": {"interfaces": ["lo/127.0.0.1"], "dhcp-socket-type": "udp"} if family == 4 else
                                 {"interfaces": ["lo/::1"]},
            "control-socket": {"socket-type": "unix", "socket-name": str(self.socket)},
            "lease-database": {"type": "memfile", "persist": False},
            **({"data-directory": str(self.dir)} if family == 6 else {}),
            "loggers": [{"name": "*", "severity": "WARN"}]}}
        (self.dir / "kea.json").write_text(json.dumps(self.configuration))
        self.run()

    def spawn_kea(self, program, *argv):
        home = str(self.dir)
        self.spawn(program, *argv, KEA_PIDFILE_DIR=home, KEA_LOCKFILE_DIR=home, KEA_LOGGER_DESTINATION="stderr")

    def run(self):
        self.spawn_kea(f"kea-dhcp{self.family}", "-p", self.port, "-P", self.relay_port, "-c", self.dir / "kea.json")
        wait_until(self.answers, what=f"Kea:\n{(self.dir / 'log').read_text()}")

    def answers(self):
        try:
            return self.command("config-get")
        except OSError:
            return None

    def command(self, name):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(str(self.socket))
            s.sendall(json.dumps({"command": name}).encode())
            answer = b""
            while part := s.recv(65536):
                answer += part
        return json.loads(answer)

    def section(self):
        return self.command("config-get")["arguments"][self.name]

    def subnets(self):
        return {s["subnet"]: s for s in self.section()[f"subnet{self.family}"]}

    def lease(self, subnet, seconds=30):
        """The address that a client behind a relay is given: discover, offer, request, acknowledgement."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as relay:
            relay.bind(("127.0.0.1", self.relay_port))
            relay.settimeout(1)
            offer = self.exchange(relay, subnet, 1, b"", 2, seconds)
            server = offer[1][54]
            request = b"\x32\x04" + socket.inet_aton(offer[0]) + b"\x36\x04" + server
            return self.exchange(relay, subnet, 3, request, 5, seconds)[0]

    def exchange(self, relay, subnet, kind, options, wanted, seconds):
        # RFC 2131, and RFC 3527 for the subnet of the client: the relay is on loopback.
        link = b"\x52\x06\x05\x04" + socket.inet_aton(subnet)
        packet = struct.pack(">BBBBLHH4s4s4s4s16s64s128s", 1, 1, 6, 1, 0x49504D41, 0, 0, b"", b"", b"",
                             socket.inet_aton("127.0.0.1"), b"\x02\x00\x5e\x10\x00\x01", b"", b"")
        packet += b"\x63\x82\x53\x63\x35\x01" + bytes([kind]) + options + link + b"\xff"
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            relay.sendto(packet, ("127.0.0.1", self.port))
            try:
                answer = relay.recv(4096)
            except TimeoutError:
                continue
            found, at = {}, 240
            while answer[at] != 255:
                if answer[at]:
                    found[answer[at]] = answer[at + 2:at + 2 + answer[at + 1]]
                    at += answer[at + 1]
                    at += 1
                at += 1
            if found.get(53) == bytes([wanted]):
                return socket.inet_ntoa(answer[16:20]), found
        raise AssertionError(f"no answer to a message of type {kind}:\n{(self.dir / 'log').read_text()}")


    def lease6(self, link, seconds=30):
        """The address that a client behind a DHCPv6 relay at `link` is given (RFC 8415): solicit, advertise, request, reply."""
        def option(code, value):
            return struct.pack(">HH", code, len(value)) + value

        def options(data):
            found, at = {}, 0
            while at < len(data):
                code, size = struct.unpack_from(">HH", data, at)
                found[code] = data[at + 4:at + 4 + size]
                at += 4 + size
            return found

        client = option(1, bytes.fromhex("0003000102005e100001"))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as relay:
            relay.bind(("::1", self.relay_port))
            relay.settimeout(1)

            def exchange(kind, content, wanted):
                message = option(9, bytes([kind]) + b"IPM" + client + content)
                packet = b"\x0c\x00" + socket.inet_pton(socket.AF_INET6, link) + socket.inet_pton(
                    socket.AF_INET6, "fe80::5eff:fe10:1") + message
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    relay.sendto(packet, ("::1", self.port))
                    try:
                        answer = options(relay.recv(4096)[34:])[9]
                    except TimeoutError:
                        continue
                    if answer[0] == wanted:
                        return options(answer[4:])
                raise AssertionError(f"no answer to a message of type {kind}:\n{(self.dir / 'log').read_text()}")

            association = struct.pack(">III", 7, 0, 0)
            offered = exchange(1, option(3, association), 2)
            address = options(offered[3][12:])[5]
            given = exchange(3, option(2, offered[2]) + option(3, association + option(5, address)), 7)
            return socket.inet_ntop(socket.AF_INET6, options(given[3][12:])[5][:16]), given


class ControlAgent(Program):
    """Before a Kea, over HTTP; `password`: of the user ipam, else nobody has to say who it is."""

    def __init__(self, kea, port=None, password=None):
        super().__init__()
        self.port = port or free_ports(1)[0]
        authentication = {"type": "basic", "realm": "kea", "clients": [{"user": "ipam", "password": password}]}
        (self.dir / "agent.json").write_text(json.dumps({"Control-agent": {
            "http-host": "127.0.0.1", "http-port": self.port,
            "control-sockets": {f"dhcp{kea.family}": {"socket-type": "unix", "socket-name": str(kea.socket)}},
            **({"authentication": authentication} if password else {}),
            "loggers": [{"name": "*", "severity": "WARN"}]}}))
        if password:
            (self.dir / "password").write_text(password + "\n")
        Kea.spawn_kea(self, "kea-ctrl-agent", "-c", self.dir / "agent.json")
        wait_until(lambda: Stack.listens(self.port), what="the control agent")


class PowerDns(Program):
    """`address`: listens at its port 53, where others look for it; else at some port of 127.0.0.1."""

    def __init__(self, address=None):
        super().__init__()
        self.dns_port, self.api_port = free_ports(2)
        self.address = address or "127.0.0.1"
        if address:
            self.dns_port = 53
        with open("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql") as schema:
            subprocess.run(["sqlite3", self.dir / "pdns.db"], stdin=schema, check=True)
        (self.dir / "pdns.conf").write_text(
            f"launch=gsqlite3\ngsqlite3-database={self.dir}/pdns.db\ngsqlite3-pragma-foreign-keys=yes\n"
            f"local-address={self.address}:{self.dns_port}\nsocket-dir={self.dir}\napi=yes\napi-key={API_KEY}\nwebserver=yes\n"
            f"webserver-address=127.0.0.1\nwebserver-port={self.api_port}\nwebserver-allow-from=127.0.0.0/8\nprimary=yes\n"
            "secondary=yes\nallow-axfr-ips=127.0.0.0/8\nquery-local-address=127.0.0.1\n"
            "daemon=no\nguardian=no\ndisable-syslog=yes\nwrite-pid=no\n"
            "default-soa-content=ns1.@ hostmaster.@ 0 10800 3600 604800 3600\n")
        (self.dir / "key").write_text(API_KEY + "\n")
        self.spawn("pdns_server", f"--config-dir={self.dir}")
        wait_until(self.answers, what=f"PowerDNS:\n{(self.dir / 'log').read_text()}")

    def answers(self):
        try:
            return self.zones() is not None
        except OSError:
            return False

    def zones(self):
        request = urllib.request.Request(f"http://127.0.0.1:{self.api_port}/api/v1/servers/localhost/zones",
                                         headers={"X-API-Key": API_KEY})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return sorted(zone["name"] for zone in json.loads(answer.read()))

    def dig(self, name, kind):
        found = subprocess.run(["dig", "+short", "+tries=5", "+time=5", f"@{self.address}", "-p", str(self.dns_port),
                                name, kind], check=True, capture_output=True, text=True)
        return found.stdout.split("\n")[:-1]


class Recursor(Program):
    def __init__(self):
        super().__init__()
        self.dns_port, self.api_port = free_ports(2)
        self.address = "127.0.0.1"
        (self.dir / "api").mkdir()
        (self.dir / "recursor.conf").write_text(
            f"local-address=127.0.0.1\nlocal-port={self.dns_port}\nsocket-dir={self.dir}\nconfig-dir={self.dir}\n"
            f"api-config-dir={self.dir}/api\ninclude-dir={self.dir}/api\nforward-zones=\nforward-zones-recurse=\nauth-zones=\n"
            "dont-query=\nhint-file=no\nsecurity-poll-suffix=\nwebserver=yes\nwebserver-address=127.0.0.1\n"
            f"webserver-port={self.api_port}\nwebserver-allow-from=127.0.0.0/8\napi-key={API_KEY}\ndaemon=no\n"
            "disable-syslog=yes\nwrite-pid=no\ndnssec=off\n")
        (self.dir / "key").write_text(API_KEY + "\n")
        self.spawn("pdns_recursor", f"--config-dir={self.dir}")
        wait_until(lambda: Stack.listens(self.api_port), what=f"the recursor:\n{(self.dir / 'log').read_text()}")

    dig = PowerDns.dig
