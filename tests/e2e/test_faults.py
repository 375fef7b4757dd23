"""Programs that are killed, and programs that are asked to stop."""

import json
import random
import threading
import time
import unittest
import urllib.request

from stack import FINAL, Follower, HttpError, Stack, wait_until


class KilledGateway(unittest.TestCase):
    MOMENTS = 50

    def test_every_shown_event_is_there_once_and_the_outcome_is_unknown(self):
        random.seed(20)
        with Stack(server_args=["--engine-step-delay=25ms"], progress2=False) as stack:
            unknown = 0
            for moment in range(self.MOMENTS):
                try:
                    name = stack.start_records(20, f"moment{moment}")["name"]
                except HttpError as error:
                    self.fail(f"{moment}: {error.status}")
                follower = Follower(stack, name)
                time.sleep(random.uniform(0, 0.5))
                stack.kill("gateway")
                follower.join(10)
                stack.start_gateway()
                operation = stack.get(name)
                events = stack.events(name)
                with self.subTest(moment=moment):
                    self.assertEqual([int(e["sequence"]) for e in events], list(range(1, len(events) + 1)))
                    shown = {int(e["sequence"]): e for e in follower.events}
                    kept = {int(e["sequence"]): e for e in events}
                    for sequence, event in shown.items():
                        self.assertEqual(kept.get(sequence), event)
                    self.assertIn(operation["state"], FINAL)
                    if operation["state"] == "OPERATION_STATE_OUTCOME_UNKNOWN":
                        unknown += 1
                        self.assertIn("finished", events[-1])
                        self.assertTrue(operation["error"]["message"])
                        self.assertTrue(operation["endTime"])
            self.assertGreater(unknown, self.MOMENTS // 2)


class KilledServer(unittest.TestCase):
    def test_it_shows_within_five_seconds_and_comes_back_without_a_restart(self):
        with Stack(server_args=["--engine-step-delay=300ms"], progress2=False) as stack:
            name = stack.start("CreateDhcpScope")["name"]
            stack.kill("server")
            killed = time.monotonic()
            stack.wait_source("SOURCE_STATE_DISCONNECTED", 5)
            operation = wait_until(lambda: (lambda o: o if o["state"] in FINAL else None)(stack.get(name)), 5)
            self.assertLess(time.monotonic() - killed, 5)
            self.assertEqual(operation["state"], "OPERATION_STATE_OUTCOME_UNKNOWN")
            self.assertIn("server", operation["error"]["message"])
            with self.assertRaises(HttpError) as refused:
                stack.start("CreateDnsZone")
            self.assertEqual(refused.exception.code, 503)
            stack.start_server()
            stack.wait_source("SOURCE_STATE_CONNECTED", 15)
            done = stack.wait_done(stack.start("CreateDnsZone")["name"])
            self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED")


class Stopped(unittest.TestCase):
    def test_watchers_are_told_and_it_ends_within_ten_seconds(self):
        with Stack(server_args=["--engine-step-delay=500ms"]) as stack:
            name = stack.start("CreateDhcpScope")["name"]
            frames = []
            done = threading.Event()

            def follow():
                with urllib.request.urlopen(f"{stack.http}/v1/{name}:watch", timeout=30) as stream:
                    for line in stream:
                        frames.append(json.loads(line))
                done.set()

            threading.Thread(target=follow, daemon=True).start()
            wait_until(lambda: any("snapshotEnd" in f for f in frames))
            begun = time.monotonic()
            self.assertEqual(stack.stop("gateway"), 0)
            self.assertLess(time.monotonic() - begun, 10)
            self.assertTrue(done.wait(5))
            self.assertTrue(any("drain" in f for f in frames), frames[-3:])
            stack.start_gateway()


class WrongPassword(unittest.TestCase):
    def test_the_log_and_the_source_say_why_and_nothing_starts(self):
        stack = Stack()
        try:
            stack.start_server()
            stack.password = "wrong"
            stack.start_gateway(connected=False)
            source = stack.wait_source("SOURCE_STATE_DISCONNECTED")
            self.assertRegex(source["reason"], "(?i)password|logon|auth|denied")
            self.assertRegex(stack.log("server"), "wrong password for IPAM\\\\gateway")
            self.assertNotIn("T0p secret", stack.log("server") + stack.log("gateway"))
            with self.assertRaises(HttpError) as refused:
                stack.start("CreateDnsZone")
            self.assertEqual(refused.exception.code, 503)
            self.assertEqual(stack.request("/v1/operations").get("operations", []), [])
        finally:
            stack.close()


if __name__ == "__main__":
    unittest.main()
