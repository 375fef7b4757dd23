"""Several management servers side by side, and `ipamctl doctor`, against the programs as they ship."""

import json
import re
import socket
import subprocess
import unittest

from stack import BIN, HttpError, Stack, free_ports, wait_until


def has_ipv6():
    with socket.socket(socket.AF_INET6) as s:
        try:
            s.bind(("::1", 0))
            return True
        except OSError:
            return False


def source_of(stack, name):
    return next(s for s in stack.request("/v1/sources")["sources"] if s["source"] == name)


def wait_source(stack, name, state, seconds=30):
    return wait_until(lambda: (lambda s: s if s["state"] == state else None)(source_of(stack, name)), seconds,
                      f"{name} {state}")


def doctor(stack, *arguments):
    """The exit code of ipamctl doctor and its two outputs."""
    done = subprocess.run([BIN / "ipamctl", f"--gateway=127.0.0.1:{stack.grpc_port}", "--timeout=90s", "doctor",
                           *arguments], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def steps(text):
    """[(mark, step)] of the output for people."""
    return re.findall(r"^(ok|warning|FAILED) +(\w+) ", text, re.M)


WELL = [("ok", step) for step in ("name", "port", "bind", "authentication", "level", "activation", "exporter",
                                  "callback")]


class Pair(Stack):
    """A second server, `ipam2`, beside that of the stack."""

    def __init__(self, **more):
        self.second_port, = free_ports(1)
        super().__init__(ports=(self.second_port,), **more)
        self.gateway_args.append(f"--source=name=ipam2,server=127.0.0.1:{self.second_port}")
        self.second = None

    def start_second(self):
        argv = [a.replace(f":{self.dcom_port}", f":{self.second_port}").replace("/ipam.db", "/second.db")
                for a in self.server_argv()]
        self.second = self.spawn("second", argv)
        wait_until(lambda: self.listens(self.second_port) or self.died("second"), what="the second server's port")

    def start_gateway(self, connected=True):
        super().start_gateway(connected=False)
        if connected:
            wait_source(self, "ipam1", "SOURCE_STATE_CONNECTED")

    def close(self):
        if self.second and self.second.poll() is None:
            self.second.kill()
            self.second.wait()
        super().close()


class TwoServers(unittest.TestCase):
    def test_each_goes_its_own_way(self):
        with Pair() as stack:
            one = source_of(stack, "ipam1")
            self.assertEqual(one["address"], f"127.0.0.1:{stack.dcom_port}")
            self.assertEqual(one["account"], "IPAM\\gateway")
            # The second one is not there yet.
            two = wait_source(stack, "ipam2", "SOURCE_STATE_DISCONNECTED")
            self.assertIn("refused", two["reason"])
            code, out, _ = doctor(stack, "ipam2")
            self.assertEqual(code, 1, out)
            self.assertEqual(steps(out), [("ok", "name"), ("FAILED", "port")])
            self.assertIn("start the management server", out)
            with self.assertRaises(HttpError) as refused:
                stack.start("CreateDnsZone", source="ipam2")
            self.assertEqual(refused.exception.code, 503)
            with self.assertRaises(HttpError) as unnamed:
                stack.start("CreateDnsZone")
            self.assertEqual(unnamed.exception.code, 400)

            stack.start_second()
            wait_source(stack, "ipam2", "SOURCE_STATE_CONNECTED")
            name = stack.start("CreateDnsZone", source="ipam2")["name"]
            self.assertEqual(stack.wait_done(name)["source"], "ipam2")
            code, out, _ = doctor(stack, "ipam2")
            self.assertEqual((code, steps(out)), (0, WELL), out)

            # It dies without a word, and comes back.
            stack.kill("second")
            wait_source(stack, "ipam2", "SOURCE_STATE_DISCONNECTED")
            done = stack.wait_done(stack.start("CreateDnsZone", source="ipam1")["name"])
            self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED")
            stack.start_second()
            wait_source(stack, "ipam2", "SOURCE_STATE_CONNECTED")
            self.assertEqual(source_of(stack, "ipam1")["since"], one["since"], "the other one was disturbed")


class SilentServer(unittest.TestCase):
    def test_it_is_disconnected_and_the_doctor_says_what_it_is(self):
        stack = Stack()
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(64)
            stack.dcom_port = silent.getsockname()[1]
            try:
                stack.start_gateway(connected=False)
                source = stack.wait_source("SOURCE_STATE_DISCONNECTED")
                self.assertIn("in time", source["reason"])
                code, out, _ = doctor(stack)
                self.assertEqual(code, 1, out)
                self.assertEqual(steps(out), [("ok", "name"), ("ok", "port"), ("FAILED", "bind")])
                self.assertEqual(stack.stop("gateway"), 0)
            finally:
                stack.close()


class CallbacksDoNotCome(unittest.TestCase):
    def test_the_source_and_the_doctor_name_the_address_and_what_to_set(self):
        # Nothing of the gateway listens on 127.0.0.2.
        stack = Stack(gateway_args=["--dcom-callback-advertise=127.0.0.2"])
        try:
            stack.start_server()
            stack.start_gateway(connected=False)
            source = stack.wait_source("SOURCE_STATE_CONNECTED_NO_CALLBACKS", 30)
            address = f"127.0.0.2[{stack.callback_port}]"
            self.assertIn(address, source["reason"])
            self.assertIn("dcom.callback_advertise", source["reason"])
            with self.assertRaises(HttpError) as refused:
                stack.start("CreateDnsZone")
            self.assertEqual(refused.exception.code, 400)
            self.assertEqual(refused.exception.status["code"], 9)  # FAILED_PRECONDITION
            self.assertIn(address, refused.exception.status["message"])
            self.assertEqual(stack.request("/v1/operations").get("operations", []), [])
            checked = stack.start("CreateDnsZone", validateOnly=True)
            self.assertNotIn("name", checked)
            code, out, _ = doctor(stack, "ipam1", "--output=json")
            self.assertEqual(code, 1, out)
            last = json.loads(out)["steps"][-1]
            self.assertEqual(last["step"], "DIAGNOSIS_STEP_CALLBACK")
            self.assertEqual(last["outcome"], "DIAGNOSIS_OUTCOME_FAILED")
            self.assertIn(address, last["detail"])
            self.assertIn("dcom.callback_advertise", last["advice"])
            self.assertEqual(stack.stop("gateway"), 0)
        finally:
            stack.close()


class Homed(Stack):
    """Both programs listen at all of `homes`; the gateway asks at the last one."""

    def __init__(self, *homes, **more):
        super().__init__(**more)
        self.homes = homes

    def listening(self, argv, option, port):
        return [a for a in argv if not a.startswith(option + "=")] + [f"{option}={home}:{port}" for home in self.homes]

    def server_argv(self):
        return self.listening(super().server_argv(), "--dcom-listen", self.dcom_port)

    def gateway_argv(self):
        argv = self.listening(super().gateway_argv(), "--dcom-callback-listen", self.callback_port)
        argv = [a for a in argv if not a.startswith("--dcom-server=")]
        return [*argv, f"--dcom-server={self.homes[-1]}:{self.dcom_port}"]

    def listens(self, port):
        if port != self.dcom_port:
            return super().listens(port)
        with socket.socket(socket.AF_INET6) as s:
            return s.connect_ex(("::1", port)) == 0


@unittest.skipUnless(has_ipv6(), "no ::1 here")
class SeveralAddresses(unittest.TestCase):
    def run_operations(self, *homes):
        with Homed(*homes) as stack:
            for operation in ("CreateDnsZone", "CreateDhcpScope"):
                self.assertEqual(stack.wait_done(stack.start(operation)["name"])["state"], "OPERATION_STATE_SUCCEEDED")
            code, out, _ = doctor(stack)
            self.assertEqual((code, steps(out)), (0, WELL), out)
            return out

    def test_of_both_families(self):
        out = self.run_operations("127.0.0.1", "127.0.0.2", "[::1]")
        for home in ("127.0.0.1", "127.0.0.2", "::1"):
            self.assertIn(f"{home}[", out)

    def test_of_ipv6_alone(self):
        self.assertNotIn("127.0.0.1", self.run_operations("[::1]"))


class Doctor(unittest.TestCase):
    def test_wrong_password_and_unknown_source(self):
        stack = Stack()
        try:
            stack.start_server()
            right, stack.password = stack.password, "wrong"
            stack.start_gateway(connected=False)
            stack.wait_source("SOURCE_STATE_DISCONNECTED")
            code, out, _ = doctor(stack, "ipam1")
            self.assertEqual(code, 1, out)
            self.assertEqual(steps(out), [("ok", "name"), ("ok", "port"), ("ok", "bind"), ("FAILED", "authentication")])
            self.assertIn("the server refused the logon of IPAM\\gateway", out)
            self.assertNotIn(right, out)
            for body in (None, {}):
                rest = stack.request("/v1/sources/ipam1:diagnose", body)["steps"]
                self.assertEqual([s["step"].rsplit("_", 1)[1].lower() for s in rest], [step for _, step in steps(out)])
                self.assertEqual(rest[-1]["outcome"], "DIAGNOSIS_OUTCOME_FAILED")
                self.assertIn("the server refused the logon", rest[-1]["detail"])
            with self.assertRaises(HttpError) as unknown:
                stack.request("/v1/sources/nobody:diagnose")
            self.assertEqual(unknown.exception.code, 404)
            code, out, err = doctor(stack, "nobody")
            self.assertEqual((code, out), (5, ""))
            self.assertIn("no source nobody", err)
            self.assertEqual(stack.stop("gateway"), 0)
        finally:
            stack.close()


class AddressInUse(unittest.TestCase):
    def test_the_gateway_says_so_in_one_line_and_ends(self):
        stack = Stack()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", stack.callback_port))
            taken.listen(1)
            try:
                done = subprocess.run(stack.gateway_argv(), capture_output=True, text=True, timeout=60,
                                      env={"IPAMGW_DCOM_PASSWORD": stack.password})
            finally:
                stack.close()
        self.assertEqual(done.returncode, 1, done.stderr)
        lines = [line for line in done.stderr.splitlines() if "ipam-gateway: " in line]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertIn(f"127.0.0.1:{stack.callback_port} is in use", lines[0])


if __name__ == "__main__":
    unittest.main()
