"""CancelOperation, from each of the ways to ask for it."""

import random
import subprocess
import time
import unittest

import grpc

from api_client import Api
from stack import BIN, HttpError, Stack, wait_until

RUNNING = "OPERATION_STATE_RUNNING"
CANCELLED = "OPERATION_STATE_CANCELLED"


class Cancel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(server_args=["--engine-step-delay=200ms"], progress2=True)
        cls.stack.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.stack.__exit__(None, None, None)

    def running(self, prefix):
        """An operation in the midst of its subtasks."""
        name = self.stack.start_records(40, prefix)["name"]
        wait_until(lambda: self.stack.get(name).get("counts", {}).get("succeeded", 0) > 1, 60, f"{name} runs")
        return name

    def check_cancelled(self, name):
        operation = self.stack.wait_done(name)
        self.assertEqual(operation["state"], CANCELLED)
        self.assertGreater(operation["counts"]["notRun"], 0)
        events = self.stack.events(name)
        self.assertEqual(sum("cancelRequested" in e for e in events), 1)
        self.assertTrue(operation["cancelTime"])
        return operation

    def ipamctl(self, *arguments):
        return subprocess.run([BIN / "ipamctl", f"--gateway=127.0.0.1:{self.stack.grpc_port}", *arguments],
                              capture_output=True, text=True, timeout=120)

    def test_the_source_says_that_it_can(self):
        wait_until(lambda: self.stack.source().get("canCancel"), what="can_cancel")

    def test_by_rest_once_and_again(self):
        name = self.running("rest")
        first = self.stack.request(f"/v1/{name}:cancel", {})
        self.assertEqual(first["state"], RUNNING)
        self.assertTrue(first["cancelTime"])
        again = self.stack.request(f"/v1/{name}:cancel", {})
        self.assertEqual(again["cancelTime"], first["cancelTime"])
        ended = self.check_cancelled(name)
        self.assertEqual(self.stack.request(f"/v1/{name}:cancel", {})["lastSequence"], ended["lastSequence"])

    def test_by_grpc(self):
        with Api(self.stack.grpc_port) as api:
            name = self.running("grpc")
            self.assertTrue(api.call("CancelOperation", name=name).HasField("cancel_time"))
            self.check_cancelled(name)
            with self.assertRaises(grpc.RpcError) as refused:
                api.call("CancelOperation", name="operations/none")
            self.assertEqual(refused.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_by_longrunning_operations(self):
        with Api(self.stack.grpc_port, "google.longrunning.Operations") as api:
            name = self.running("lro")
            api.call("CancelOperation", name=name)
            self.check_cancelled(name)
            operation = api.call("GetOperation", name=name)
            self.assertTrue(operation.done)
            self.assertEqual(operation.error.code, grpc.StatusCode.CANCELLED.value[0])

    def test_by_ipamctl_which_leaves_with_6(self):
        name = self.running("ctl")
        done = self.ipamctl("cancel", name, "--watch", "--progress=plain")
        self.assertEqual(done.returncode, 6, done)
        self.assertIn("cancel requested", done.stdout)
        self.assertIn("cancelled", done.stdout)
        self.check_cancelled(name)
        self.assertEqual(self.ipamctl("cancel", name).returncode, 0)
        self.assertEqual(self.ipamctl("cancel", "operations/none").returncode, 5)

    def test_an_end_that_won_the_race_keeps_its_state(self):
        random.seed(4)
        for moment in range(12):
            name = self.stack.start_records(2, f"race{moment}")["name"]
            time.sleep(random.uniform(0.2, 0.8))
            self.stack.request(f"/v1/{name}:cancel", {})
            operation = self.stack.wait_done(name)
            taken = "cancelTime" in operation
            failed = operation["overallStatus"] == "OVERALL_PROGRESS_STATUS_COMPLETED_WITH_FAILURE"
            with self.subTest(moment=moment, state=operation["state"]):
                # The server fails what it was asked to cancel, also where no subtask was left to be passed over.
                self.assertEqual(failed, taken)
                if operation.get("counts", {}).get("notRun", 0):
                    self.assertEqual(operation["state"], CANCELLED)
                elif not taken:
                    self.assertEqual(operation["state"], "OPERATION_STATE_SUCCEEDED")
                self.assertEqual(sum("cancelRequested" in e for e in self.stack.events(name)), int(taken))


class WithoutTheServer(unittest.TestCase):
    def test_it_is_unavailable_and_nothing_is_recorded(self):
        with Stack(server_args=["--engine-step-delay=300ms"], progress2=True) as stack:
            name = stack.start_records(20, "down")["name"]
            stack.kill("server")
            stack.wait_source("SOURCE_STATE_DISCONNECTED")
            wait_until(lambda: "lostReason" in stack.get(name))
            before = stack.events(name)
            with self.assertRaises(HttpError) as refused:
                stack.request(f"/v1/{name}:cancel", {})
            self.assertEqual(refused.exception.code, 503)
            self.assertEqual(stack.events(name), before)
            stack.start_server()


class WithoutTheInterface(unittest.TestCase):
    def test_it_is_unimplemented_and_the_source_says_so(self):
        with Stack(server_args=["--engine-step-delay=300ms"], progress2=False) as stack:
            name = stack.start_records(20, "cannot")["name"]
            with self.assertRaises(HttpError) as refused:
                stack.request(f"/v1/{name}:cancel", {})
            self.assertEqual(refused.exception.code, 501)
            self.assertNotIn("canCancel", stack.source())
            done = subprocess.run([BIN / "ipamctl", f"--gateway=127.0.0.1:{stack.grpc_port}", "cancel", name],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 5)
            self.assertIn("cannot cancel", done.stderr)


if __name__ == "__main__":
    unittest.main()
