"""The container image: built from this tree with buildah on a Debian base, and the quickstart's job run in it."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import capture
from stack import SOURCE, free_ports

BASE = "docker.io/library/debian:bookworm-slim"


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("building an image in a chroot needs root")
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="ipam-image-", dir=os.environ.get("TMPDIR", "/var/tmp")))
        cls.addClassCleanup(cls.remove)
        cls.storage = ["--root", f"{cls.dir}/storage", "--runroot", f"{cls.dir}/run", "--storage-driver", "overlay"]
        base = cls.dir / "base.tar"
        cls.run_program(["mmdebstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", str(base)], 600)
        container = cls.buildah("from", "scratch").strip()
        cls.buildah("add", container, str(base), "/")
        cls.buildah("commit", "--rm", container, BASE)
        # A compiler cache of this machine, where there is one, saves the second compilation of the tree.
        cache = subprocess.run(["ccache", "--get-config", "cache_dir"], capture_output=True, text=True).stdout.strip()
        volumes = ["--volume", f"{cache}:/root/.cache/ccache"] if cache and pathlib.Path(cache).is_dir() else []
        cls.buildah("build", "--format", "docker", "--isolation", "chroot", "--network", "host", "--pull=never",
                    "--layers", *volumes, "-t", "ipam-progress-gateway:test", str(SOURCE), seconds=3000)

    @classmethod
    def remove(cls):
        subprocess.run(["buildah", *cls.storage, "rm", "--all"], capture_output=True)
        shutil.rmtree(cls.dir, ignore_errors=True)

    @staticmethod
    def run_program(command, seconds=120):
        result = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
        if result.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with {result.returncode}:\n"
                                 f"{result.stdout[-3000:]}\n{result.stderr[-3000:]}")
        return result.stdout

    @classmethod
    def buildah(cls, verb, *arguments, seconds=300):
        return cls.run_program(["buildah", *cls.storage, verb, *arguments], seconds)

    def container(self):
        name = self.buildah("from", "--pull=never", "localhost/ipam-progress-gateway:test").strip()
        self.addCleanup(self.buildah, "rm", name)
        return name

    def in_container(self, *command, seconds=180):
        return self.buildah("run", "--isolation", "chroot", "--network", "host", self.container(), "--", *command,
                            seconds=seconds)

    def test_it_runs_the_quickstart_s_job(self):
        dcom, callback = free_ports(2)
        traffic = None
        if capture.wanted():
            traffic = capture.Capture(self.dir / "dcom.pcapng", (dcom, callback), "")
            self.addCleanup(traffic.stop)
            traffic.wait_started()
        output = self.in_container(
            "sh", "-euc", '/usr/share/ipam-progress-gateway/deploy/quickstart.sh --dir /tmp/demo "$@"; '
            "cat /tmp/demo/quickstart.env", "sh", "--once", f"--dcom-port={dcom}", f"--callback-port={callback}",
            "--grpc-port=0", "--http-port=0", "--step-delay=20ms")
        for operation in ("CreateDnsZone", "CreateDhcpScope", "CreateDhcpFailover"):
            self.assertRegex(output, f"{operation} .*: succeeded")
        if traffic:
            traffic.judge(re.search("(?m)^IPAM_DCOM_PASSWORD=(.+)$", output)[1])

    def test_it_has_the_three_programs_a_user_without_rights_and_a_health_check(self):
        config = json.loads(self.buildah("inspect", "--type", "image", "localhost/ipam-progress-gateway:test"))["Docker"]
        self.assertEqual(config["config"]["User"], "10001")
        self.assertIn("ipamctl", " ".join(config["config"]["Healthcheck"]["Test"]))
        for program in ("ipam-gateway", "ipam-dcom-server", "ipamctl"):
            self.assertIn(program, self.in_container(program, "--version"))
        self.assertEqual(self.in_container("id", "-u").strip(), "10001")
        self.assertNotIn("g++", self.in_container("sh", "-c", "ls /usr/bin"))


class Compose(unittest.TestCase):
    def test_the_compose_file_is_valid(self):
        result = subprocess.run(["docker-compose", "-f", str(SOURCE / "deploy" / "compose.yaml"), "config"],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    unittest.main()
