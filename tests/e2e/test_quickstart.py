"""deploy/quickstart.sh as a user runs it, with programs that are built already."""

import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest
import urllib.request

import capture
from stack import BIN, OPERATIONS, SOURCE, FINAL, Stack, free_ports, wait_until

SCRIPT = str(SOURCE / "deploy" / "quickstart.sh")
NAMES = {"IPAM_DCOM_HOST", "IPAM_DCOM_PORT", "IPAM_DCOM_USER", "IPAM_DCOM_PASSWORD", "IPAM_DCOM_DOMAIN",
         "IPAM_CALLBACK_PORT", "IPAM_GRPC", "IPAM_HTTP", "IPAM_GATEWAY_PID", "IPAM_SERVER_PID"}
FREE_PORTS = ("--dcom-port", "0", "--callback-port", "0", "--grpc-port", "0", "--http-port", "0")


def alive(pid):
    """Runs, and is not only waiting to be reaped."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Quickstart(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ipam-quickstart-test-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name) / "state"
        self.output = pathlib.Path(folder.name) / "output"
        dcom, callback = free_ports(2)
        self.ports = ("--dcom-port", str(dcom), "--callback-port", str(callback), "--grpc-port", "0", "--http-port", "0")
        self.capture = None
        if capture.wanted():
            self.capture = capture.Capture(pathlib.Path(folder.name) / "dcom.pcapng", (dcom, callback), "")
            self.addCleanup(self.judge)
            self.capture.wait_started()
        self.addCleanup(self.end_what_is_left)

    def judge(self):
        """What tshark has against the traffic; the quickstart that made it chose the password."""
        made = (self.dir / "quickstart.env").exists()
        self.capture.judge(self.env()["IPAM_DCOM_PASSWORD"] if made else "")

    def end_what_is_left(self):
        for name in ("gateway", "server"):
            try:
                pid = int((self.dir / f"{name}.pid").read_text(encoding="ascii"))
                os.kill(pid, signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError, ValueError):
                pass

    def arguments(self, *options, ports=None):
        return [SCRIPT, "--dir", str(self.dir), *(ports or self.ports), *options]

    def environment(self):
        return {**os.environ, "IPAM_BIN_DIR": str(BIN)}

    def run_once(self, *options, **kind):
        return subprocess.run(self.arguments(*options, **kind), env=self.environment(), capture_output=True, text=True,
                              timeout=180, stdin=subprocess.DEVNULL, check=False)

    def serve(self, *options):
        """The script in the background, ready; `self.output` has what it says."""
        with open(self.output, "wb") as out:
            script = subprocess.Popen(self.arguments(*options), env=self.environment(), stdout=out,
                                      stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd="/")
        self.addCleanup(lambda: script.poll() is None and (script.kill(), script.wait()))

        def ready():
            self.assertIsNone(script.poll(), self.said())
            return "serving until Ctrl-C" in self.said()

        wait_until(ready, 90, "the quickstart")
        return script

    def said(self):
        return self.output.read_text(encoding="utf-8", errors="replace")

    def env(self):
        lines = (self.dir / "quickstart.env").read_text(encoding="ascii").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def stop(self, script):
        begun = time.monotonic()
        script.terminate()
        code = script.wait(30)
        self.assertLess(time.monotonic() - begun, 15)
        return code

    def request(self, path, body=None):
        stack = Stack.__new__(Stack)  # for its request alone
        stack.http_port = int(self.env()["IPAM_HTTP"].rsplit(":", 1)[1])
        return stack.request(path, body)

    def start(self, *options):
        """The script in the background, once the first operation is under way."""
        with open(self.output, "wb") as out:
            script = subprocess.Popen(self.arguments(*options), env=self.environment(), stdout=out,
                                      stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.addCleanup(lambda: script.poll() is None and (script.kill(), script.wait()))
        wait_until((self.dir / "quickstart.env").exists, 90, "quickstart.env")
        wait_until(lambda: len(self.operations()) == len(OPERATIONS), 60, "the operations")
        return script

    def operations(self):
        return self.request("/v1/operations").get("operations", [])

    def kill(self, name):
        """SIGKILL for the program that quickstart.env names; its argv."""
        pid = int(self.env()[f"IPAM_{name.upper()}_PID"])
        argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), 10)
        return argv

    def start_again(self, argv):
        """From another folder, and without the environment of the first."""
        again = subprocess.Popen(argv, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env={"PATH": os.environ["PATH"]}, start_new_session=True)
        self.addCleanup(lambda: again.poll() is None and (again.kill(), again.wait()))
        return again

    def source(self):
        """The one source, or nothing where the gateway does not answer."""
        try:
            [source] = self.request("/v1/sources")["sources"]
            return source
        except OSError:
            return {}

    def wait_source(self, state, seconds):
        wait_until(lambda: self.source().get("state") == f"SOURCE_STATE_{state}", seconds, state)

    def gone(self, env):
        return not alive(env["IPAM_GATEWAY_PID"]) and not alive(env["IPAM_SERVER_PID"])


class Once(Quickstart):
    def test_it_shows_the_operations_and_ends_with_their_result(self):
        ran = self.run_once("--once", "--step-delay", "20ms")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        if self.capture:
            wait_until(lambda: self.capture.size() > 20_000, what="the capture of six operations")
        for operation in OPERATIONS:
            self.assertRegex(ran.stdout + ran.stderr, operation)
        env = self.env()
        self.assertEqual(set(env), NAMES)
        self.assertTrue(all(env.values()), env)
        self.assertEqual((env["IPAM_DCOM_HOST"], env["IPAM_DCOM_DOMAIN"], env["IPAM_DCOM_USER"]),
                         ("127.0.0.1", "IPAM", "gateway"))
        self.assertEqual((env["IPAM_DCOM_PORT"], env["IPAM_CALLBACK_PORT"]), (self.ports[1], self.ports[3]))
        self.assertRegex(env["IPAM_GRPC"], r"^127\.0\.0\.1:[1-9][0-9]*$")
        self.assertRegex(env["IPAM_HTTP"], r"^http://127\.0\.0\.1:[1-9][0-9]*$")
        self.assertTrue(self.gone(env))
        # Secrets are the user's alone, and no log has them.
        for path in self.dir.rglob("*"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)
            if path.suffix == ".log":
                self.assertNotIn(env["IPAM_DCOM_PASSWORD"], path.read_text(encoding="utf-8", errors="replace"))
        self.assertNotIn(env["IPAM_DCOM_PASSWORD"], ran.stdout + ran.stderr)

        # The same DIR again: nothing runs twice, and it says so.
        again = self.run_once("--once")
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        self.assertRegex(again.stdout, "ran before and is not run again")
        self.assertTrue(self.gone(self.env()))

        # And served: the six are there, all succeeded.
        script = self.serve()
        operations = self.request("/v1/operations")["operations"]
        self.assertEqual(sorted(o["kind"] for o in operations), sorted(OPERATIONS))
        self.assertEqual({o["state"] for o in operations}, {"OPERATION_STATE_SUCCEEDED"})
        same = self.env()
        for name in NAMES - {"IPAM_GATEWAY_PID", "IPAM_SERVER_PID"}:
            self.assertEqual(same[name], env[name], name)
        self.assertEqual(self.stop(script), 0, self.said())
        self.assertTrue(self.gone(same))

    def test_the_exit_code_is_that_of_the_operations(self):
        # In an empty store the operations find no server: they fail.
        ran = self.run_once("--once", "--import", "none", "--step-delay", "0", ports=FREE_PORTS)
        self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
        env = self.env()
        self.assertTrue(self.gone(env))
        self.assertNotIn("0", (env["IPAM_DCOM_PORT"], env["IPAM_CALLBACK_PORT"]))


class Serving(Quickstart):
    def test_no_demo_serves_until_sigterm(self):
        script = self.serve("--no-demo")
        env = self.env()
        self.assertEqual(self.request("/v1/operations"), {})
        for line in ("dashboard", "WebSocket", "gRPC", "terminal"):
            self.assertIn(line, self.said())
        with urllib.request.urlopen(env["IPAM_HTTP"] + "/", timeout=20) as page:
            self.assertIn(b"<html", page.read().lower())
        started = subprocess.run([BIN / "ipamctl", "--gateway", env["IPAM_GRPC"], "start", "--watch",
                                  SOURCE / "deploy" / "samples" / "CreateDnsZone.xml"], capture_output=True, text=True,
                                 timeout=60, check=False)
        self.assertEqual(started.returncode, 0, started.stdout + started.stderr)
        self.assertEqual(self.stop(script), 0, self.said())
        self.assertTrue(self.gone(env))
        self.assertIn("stopping", self.said())

    def test_sigint_and_a_stop_while_the_bars_move(self):
        script = self.start("--step-delay", "1s")
        env = self.env()
        begun = time.monotonic()
        script.send_signal(signal.SIGINT)
        self.assertEqual(script.wait(30), 130, self.said())
        self.assertLess(time.monotonic() - begun, 15)
        self.assertTrue(self.gone(env))

    def test_either_program_may_be_killed_and_started_by_its_own_argv(self):
        script = self.serve("--no-demo")
        env = self.env()
        for name in ("gateway", "server"):
            with self.subTest(name):
                argv = self.kill(name)
                self.assertFalse([a for a in argv if env["IPAM_DCOM_PASSWORD"].encode() in a])
                if name == "server":
                    self.wait_source("DISCONNECTED", 15)
                again = self.start_again(argv)
                self.wait_source("CONNECTED", 30)
                self.assertIsNone(script.poll(), self.said())
        sample = SOURCE / "deploy" / "samples" / "CreateDnsZone.xml"
        subprocess.run([BIN / "ipamctl", "--gateway", env["IPAM_GRPC"], "start", "--watch", sample],
                       capture_output=True, timeout=60, check=True)
        [operation] = self.request("/v1/operations")["operations"]
        self.assertIn(operation["state"], FINAL)
        # SIGTERM stops those that run now, though it is for us to reap them.
        script.terminate()
        self.assertEqual(script.wait(30), 0, self.said())
        wait_until(lambda: again.poll() is not None, 15, "the end of the server")
        with socket.socket() as s:
            self.assertNotEqual(s.connect_ex(("127.0.0.1", int(env["IPAM_DCOM_PORT"]))), 0)

    def test_operations_go_on_where_either_program_was_killed(self):
        # A kill in the middle of each of two steps of the slowest operation, which has eight.
        script = self.start("--step-delay", "4s", "--once")
        wait_until(lambda: any(o.get("counts", {}).get("succeeded") for o in self.operations()), 30, "the first step")
        names = [o["name"] for o in self.operations()]
        gateway = self.start_again(self.kill("gateway"))
        self.wait_source("CONNECTED", 30)
        running = [o["name"] for o in self.operations() if o["state"] not in FINAL]
        self.assertTrue(running)
        self.wait_resumed(running, 1)

        argv = self.kill("server")
        killed = time.monotonic()
        self.wait_source("DISCONNECTED", 5)
        running = [name for name in running if self.request(f"/v1/{name}")["state"] not in FINAL]
        self.assertTrue(running)
        wait_until(lambda: all("lostReason" in self.request(f"/v1/{name}") for name in running), 5, "the loss")
        self.assertLess(time.monotonic() - killed, 5)
        server = self.start_again(argv)
        self.wait_resumed(running, 2)

        def ended():
            self.assertIsNone(script.poll(), self.said())
            return all(self.request(f"/v1/{name}")["state"] in FINAL for name in names)

        # The script leaves soon behind the last end, and takes the gateway with it: it is held here to be asked.
        script.send_signal(signal.SIGSTOP)
        wait_until(ended, 90, "the end of all")
        for name in names:
            with self.subTest(name):
                self.assertEqual(self.request(f"/v1/{name}")["state"], "OPERATION_STATE_SUCCEEDED")
                events = self.request(f"/v1/{name}/events?page_size=1000")["events"]
                self.assertEqual([int(e["sequence"]) for e in events], list(range(1, len(events) + 1)))
                numbers = [int(e["sourceSequence"]) for e in events if "sourceSequence" in e]
                self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
                self.assertEqual(sum("finished" in e for e in events), 1)
        script.send_signal(signal.SIGCONT)
        self.assertEqual(script.wait(60), 0, self.said())
        self.assertIn("session resumed", self.said())
        for process in (gateway, server):
            wait_until(lambda p=process: p.poll() is not None, 15, "the end of the programs")

    def test_a_demonstration_that_was_killed_with_all_goes_on_in_its_folder(self):
        script = self.start("--step-delay", "1s", "--once")
        names = {o["name"] for o in self.operations()}
        script.kill()
        script.wait()
        for name in ("server", "gateway"):
            self.kill(name)
        again = self.run_once("--once", "--step-delay", "1s")
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        script = self.serve()
        operations = self.operations()
        self.assertEqual({o["name"] for o in operations}, names)
        self.assertEqual({o["state"] for o in operations}, {"OPERATION_STATE_SUCCEEDED"})
        self.assertEqual(self.stop(script), 0, self.said())

    def wait_resumed(self, names, times):
        def resumed(name):
            events = self.request(f"/v1/{name}/events?page_size=1000")["events"]
            return sum("sourceResumed" in e for e in events) >= times or any("finished" in e for e in events)

        wait_until(lambda: all(resumed(name) for name in names), 30, "source_resumed")

    def test_a_cancelled_operation_is_the_result(self):
        script = self.start("--step-delay", "2s", "--once")
        name = next(o["name"] for o in self.operations() if o["kind"] == "CreateDhcpScope")
        self.request(f"/v1/{name}:cancel", {})
        self.assertEqual(script.wait(90), 6, self.said())
        self.assertRegex(self.said(), "cancelled")
        self.assertTrue(self.gone(self.env()))

    def test_without_the_extension_a_killed_gateway_leaves_outcomes_unknown(self):
        script = self.start("--step-delay", "2s", "--once", "--progress2", "off")
        wait_until(lambda: any(o.get("counts", {}).get("succeeded") for o in self.operations()), 30, "the first step")
        [source] = self.request("/v1/sources")["sources"]
        self.assertNotIn("canCancel", source)
        self.start_again(self.kill("gateway"))
        self.assertEqual(script.wait(90), 4, self.said())
        self.assertIn("outcome unknown", self.said())

    def test_an_empty_store_and_one_script_a_folder(self):
        script = self.serve("--no-demo", "--import", "none")
        second = self.run_once("--once", "--import", "none")
        self.assertEqual(second.returncode, 1)
        self.assertRegex(second.stderr, "^quickstart: .*in use by another quickstart")
        self.assertEqual(len(second.stderr.splitlines()), 1)
        exported = subprocess.run([BIN / "ipam-dcom-server", f"--config={self.dir}/server.yaml", "export"], timeout=60,
                                  capture_output=True, text=True, check=True).stdout
        self.assertNotRegex(exported, r"(?m)^dns_servers:\n *-")
        self.assertEqual(self.stop(script), 0)


class Refused(Quickstart):
    def fails(self, code, pattern, *options, **kind):
        with self.subTest(options):
            ran = self.run_once(*options, **kind)
            self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
            said = [line for line in ran.stderr.splitlines() if line.startswith("quickstart: ")]
            self.assertEqual(len(said), 1, ran.stderr)
            self.assertRegex(ran.stderr, pattern)

    def test_options(self):
        self.fails(2, "unknown option '--moon'", "--moon")
        self.fails(2, "unknown option 'moon'", "moon")
        self.fails(2, "--import needs a value", "--once", "--import")
        self.fails(2, "--import needs a value", "--import=")
        self.fails(2, "--http-port: '99999' is no port", "--http-port", "99999")
        self.fails(2, "--grpc-port: 'x' is no port", "--grpc-port=x")
        self.fails(2, "--step-delay: 'soon' is no time", "--step-delay", "soon")
        self.fails(2, "--progress2: 'maybe' is neither on nor off", "--progress2", "maybe")
        self.assertFalse(self.dir.exists())
        shown = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(shown.returncode, 0)
        for option in ("--once", "--no-demo", "--import", "--dir", "--dcom-port", "--callback-port", "--grpc-port",
                       "--http-port", "--step-delay", "--progress2"):
            self.assertIn(option, shown.stdout)

    def test_files(self):
        self.fails(1, "cannot read /no/such.yaml", "--import", "/no/such.yaml")
        self.fails(1, "the import of .* failed", "--no-demo", "--import", __file__)
        # The folder is not spoilt by it.
        ran = self.run_once("--once", "--step-delay", "0")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_ports_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            for option in ("--dcom-port", "--callback-port", "--grpc-port", "--http-port"):
                self.fails(1, f"{port}.*in use", "--no-demo", option, port)
                for pid_file in self.dir.glob("*.pid"):
                    self.fail(f"{pid_file} was left")


if __name__ == "__main__":
    unittest.main()
