"""A Kerberos realm on loopback for one test: a KDC with accounts, services, keytabs and credential caches.

As a program: kdc.py COMMAND ..., which runs the command in the realm and gives its exit code; 77 without krb5-kdc.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REALM = "CONTOSO.EXAMPLE"
USER, PASSWORD = "alice", "Pa55word"
HOST = "server1.contoso.example"
SERVICE = f"RPCSS/{HOST}"
TOOLS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit", "kvno")

KRB5_CONF = """
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  kdc_timesync = 1
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
  NOWHERE.EXAMPLE = {{
    kdc = 127.0.0.1:{closed}
  }}
[domain_realm]
  .contoso.example = {realm}
  127.0.0.1 = {realm}
[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[logging]
  kdc = FILE:{dir}/kdc.log
[dbmodules]
  {realm} = {{
    db_library = db2
    database_name = {dir}/principal
  }}
"""

KDC_CONF = """
[realms]
  {realm} = {{
    database_name = {dir}/principal
    key_stash_file = {dir}/stash
    acl_file = {dir}/acl
    max_life = 10h
    max_renewable_life = 1d
    supported_enctypes = {enctypes}
    default_principal_flags = +preauth
  }}
"""


def missing():
    """The name of a tool that is not installed, or None."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    return next((tool for tool in TOOLS if not shutil.which(tool, path=path)), None)


def free_port():
    with socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as udp:
        probe.bind(("127.0.0.1", 0))
        udp.bind(probe.getsockname())
        return probe.getsockname()[1]


class Realm:
    """Files are in `dir`: service.keytab, alice.keytab, and what the methods make."""

    def __init__(self, enctypes="aes256-cts:normal aes128-cts:normal"):
        self._temporary = tempfile.TemporaryDirectory(prefix="kdc")
        self.dir = Path(self._temporary.name)
        self.env = dict(os.environ, KRB5_CONFIG=f"{self.dir}/krb5.conf", KRB5_KDC_PROFILE=f"{self.dir}/kdc.conf",
                        KRB5CCNAME=f"FILE:{self.dir}/default.ccache", KRB5RCACHENAME="none:", KDC_DIR=str(self.dir),
                        PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
        self.env.pop("KRB5_KTNAME", None)
        self.port = free_port()
        values = {"realm": REALM, "dir": self.dir, "port": self.port, "closed": free_port(), "enctypes": enctypes}
        (self.dir / "krb5.conf").write_text(KRB5_CONF.format(**values))
        (self.dir / "kdc.conf").write_text(KDC_CONF.format(**values))
        (self.dir / "acl").write_text("")
        self.run("kdb5_util", "create", "-r", REALM, "-s", "-P", "master")
        self.admin(f"addprinc -pw {PASSWORD} {USER}")
        self.add_service("service", SERVICE)
        self.add_keytab("alice", USER)
        self._kdc = subprocess.Popen(["krb5kdc", "-n"], env=self.env, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self):
        for _ in range(600):
            if self._kdc.poll() is not None:
                raise RuntimeError("krb5kdc ended: " + self.log())
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("krb5kdc does not listen")

    def close(self):
        self._kdc.send_signal(signal.SIGTERM)
        self._kdc.wait(30)
        self._temporary.cleanup()

    def run(self, *command, **more):
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False, **more)
        if done.returncode != 0:
            raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def admin(self, *commands):
        self.run("kadmin.local", "-r", REALM, input="\n".join(commands) + "\n")

    def log(self):
        path = self.dir / "kdc.log"
        return path.read_text() if path.exists() else ""

    def add_service(self, keytab, *names):
        """New principals with random keys, in DIR/KEYTAB.keytab."""
        self.admin(*(f"addprinc -randkey {name}" for name in names))
        self.add_keytab(keytab, *names)

    def add_keytab(self, keytab, *names):
        """The keys that they have, without a new version."""
        self.admin(*(f"ktadd -norandkey -k {self.dir}/{keytab}.keytab {name}" for name in names))

    def log_on(self, cache, *services, life="1h"):
        """DIR/CACHE.ccache with a ticket of USER, and tickets for services."""
        path = f"{self.dir}/{cache}.ccache"
        self.run("kinit", "-c", path, "-l", life, USER, input=PASSWORD + "\n")
        for service in services:
            self.run("kvno", "-c", path, service)
        return path

    def set_clock_of(self, cache, seconds):
        """Its user's clock goes wrong by so much: MIT keeps the difference in the cache's header."""
        path = self.dir / f"{cache}.ccache"
        data = path.read_bytes()
        assert data[:2] == b"\x05\x04", data[:2]
        (size,) = struct.unpack_from(">H", data, 2)
        header = struct.pack(">HHii", 1, 8, seconds, 0)
        path.write_bytes(data[:2] + struct.pack(">H", len(header)) + header + data[4 + size:])


def fill(realm):
    """What tests/interop/auth/kerberos_test.cc wants beside."""
    realm.log_on("alice")
    realm.log_on("early", SERVICE)
    realm.set_clock_of("early", -900)
    realm.log_on("short", life="1s")
    # The service of the first key has a second one since.
    realm.add_service("old", f"RPCSS/old.{HOST}")
    realm.admin(f"cpw -randkey RPCSS/old.{HOST}")
    realm.admin(f"addprinc -randkey -maxlife 8s hasty")
    realm.add_keytab("hasty", "hasty")


def main():
    tool = missing()
    if tool:
        print(f"SKIPPED: {tool} is missing: install krb5-kdc krb5-admin-server krb5-user")
        return 77
    realm = Realm()
    try:
        fill(realm)
        return subprocess.run(sys.argv[1:], env=realm.env, check=False).returncode
    finally:
        realm.close()


if __name__ == "__main__":
    sys.exit(main())
