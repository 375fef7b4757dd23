"""The server on PostgreSQL: what it tells of a store that it cannot have, and operations behind kills of either."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from stack import BIN, SAMPLES, Stack, records, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from postgres import Cluster  # noqa: E402

RECORDS = 20
SECRET = "s3cret-0f-the-store"


class Postgres(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="ipam-pg-")
        os.chmod(cls.dir.name, 0o755)
        cls.cluster = Cluster(pathlib.Path(cls.dir.name) / "c")
        cls.cluster.start()
        cls.addClassCleanup(cls.dir.cleanup)
        cls.addClassCleanup(cls.cluster.remove)
        access = cls.cluster.directory / "data" / "pg_hba.conf"
        access.write_text("local all ipam scram-sha-256\n" + access.read_text())
        cls.cluster.psql("postgres", f"CREATE ROLE ipam LOGIN PASSWORD '{SECRET}'")
        cls.cluster.psql("postgres", "SELECT pg_reload_conf()")

    def database(self, name, owner="postgres"):
        self.cluster.psql("postgres", f"CREATE DATABASE {name} OWNER {owner}")
        return self.cluster.uri(name, owner)

    @staticmethod
    def run_server(store, *arguments, **environment):
        return subprocess.run([BIN / "ipam-dcom-server", f"--store-path={store}", *arguments], capture_output=True,
                              text=True, timeout=60, env={**os.environ, **environment})

    def export(self, store):
        ran = self.run_server(store, "export")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def fails(self, words, store, *arguments, **environment):
        """One line that says it, and nothing of the password."""
        ran = self.run_server(store, *arguments, **environment)
        self.assertNotEqual(ran.returncode, 0)
        self.assertRegex(ran.stderr, words)
        self.assertEqual(len(ran.stderr.strip().splitlines()), 1, ran.stderr)
        self.assertNotIn(SECRET, ran.stderr + ran.stdout)

    def test_a_store_that_cannot_be_had(self):
        store = self.database("secured", "ipam")
        network = str(SAMPLES / "network.yaml")
        self.assertEqual(self.run_server(store, "import", network, PGPASSWORD=SECRET).returncode, 0)
        passfile = pathlib.Path(self.dir.name) / "pgpass"
        passfile.write_text(f"*:*:secured:ipam:{SECRET}\n")
        passfile.chmod(0o600)
        self.assertEqual(self.run_server(f"{store}&passfile={passfile}", "show", "dns_zones").returncode, 0)
        self.fails("secured.*password authentication failed", store, "show", "dns_zones", PGPASSWORD=SECRET + "x")
        self.fails("secured.*no password", store, "show", "dns_zones")
        self.fails('database "nothing" does not exist', self.cluster.uri("nothing"), "show", "dns_zones")
        self.fails("/nowhere.*No such file", f"postgresql://ipam:{SECRET}@/secured?host=/nowhere", "show", "dns_zones")
        self.fails("as libpq reads it", f"postgresql://ipam:{SECRET}@[::1/secured", "show", "dns_zones")
        self.cluster.psql("secured", "CREATE SCHEMA other; CREATE TABLE other.t ()")
        self.fails("not a store of this server", f"{self.cluster.uri('secured')}&options=-csearch_path%3Dother",
                   "show", "dns_zones")
        self.cluster.psql("secured", "UPDATE ipam_store SET version = 1000")
        self.fails("has version 1000 of the schema", self.cluster.uri("secured"), "show", "dns_zones")

    def test_export_and_import_between_the_two(self):
        sqlite, again = (f"{self.dir.name}/{name}.db" for name in ("first", "again"))
        self.assertEqual(self.run_server(sqlite, "import", str(SAMPLES / "network.yaml")).returncode, 0)
        first = self.export(sqlite)
        self.assertIn("dns_zones:", first)
        store = self.database("moved")
        for target in (store, again):
            file = pathlib.Path(self.dir.name) / "moved.yaml"
            file.write_text(first)
            ran = self.run_server(target, "import", str(file))
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertEqual(self.export(target), first)

    def test_operations_go_on_behind_kills_of_the_server_and_of_the_database(self):
        store = self.database("plant")
        with Stack(server_args=["--engine-step-delay=100ms"], store=store, progress2=True, captured=False) as stack:
            self.fails("another server writes the store: ipam-dcom-server, process", store, "import",
                       str(SAMPLES / "network.yaml"))
            name = stack.request("/v1/operations", {"parametersXml": records(RECORDS)})["name"]
            made = lambda: int(self.cluster.psql("plant", "SELECT count(*) FROM dns_resource_records"))  # noqa: E731
            wait_until(lambda: made() >= 3, 60, "the first records")
            stack.kill("server")
            stack.start_server()
            before = made()
            wait_until(lambda: made() >= before + 3, 60, "more records")
            self.cluster.stop()
            self.cluster.start_again()
            done = stack.wait_done(name, 180)
            self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED")
            self.assertEqual(made(), RECORDS)
            sequences = self.cluster.psql("plant", "SELECT count(*), max(sequence) FROM operation_events").split("|")
            self.assertEqual(sequences[0], sequences[1])
            self.assertIn("dns_zones:", self.export(store))


if __name__ == "__main__":
    unittest.main()
