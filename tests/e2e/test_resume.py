"""Sessions that are lost and had back: a server with IIpamOperationWithProgress2, and either side that goes away."""

import json
import os
import pathlib
import random
import resource
import signal
import time
import unittest
import urllib.request

from stack import FINAL, Follower, Stack, wait_until


def changes(events):
    """What the server said, by its own numbers, without what differs from run to run."""
    return [next(key for key in event if key not in
                 ("operation", "sequence", "receiveTime", "eventTime", "sourceSequence"))
            for event in events if "sourceSequence" in event]


class ResumeTest(unittest.TestCase):
    def check_events(self, events, shown=()):
        """Each once and in order, by the gateway's numbers and by the server's; and what was shown is there."""
        self.assertEqual([int(e["sequence"]) for e in events], list(range(1, len(events) + 1)))
        numbers = [int(e["sourceSequence"]) for e in events if "sourceSequence" in e]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        kept = {int(e["sequence"]): e for e in events}
        for event in shown:
            self.assertEqual(kept.get(int(event["sequence"])), event)

    def until(self, condition, seconds=30, what="it"):
        return wait_until(condition, seconds, what)


class KilledGateway(ResumeTest):
    MOMENTS = 50

    def test_every_operation_ends_with_its_true_state_and_every_event_is_there_once(self):
        random.seed(21)
        with Stack(server_args=["--engine-step-delay=25ms"], progress2=True) as stack:
            undisturbed = stack.start_records(20, "undisturbed")["name"]
            state = stack.wait_done(undisturbed)["state"]
            said = changes(stack.events(undisturbed))
            resumed = 0
            for moment in range(self.MOMENTS):
                name = stack.start_records(20, f"moment{moment}")["name"]
                follower = Follower(stack, name)
                time.sleep(random.uniform(0, 0.5))
                stack.kill("gateway")
                follower.join(10)
                stack.start_gateway()
                operation = stack.wait_done(name)
                events = stack.events(name)
                with self.subTest(moment=moment):
                    self.assertEqual(operation["state"], state)
                    self.assertNotIn("lostReason", operation)
                    self.check_events(events, follower.events)
                    self.assertEqual(changes(events), said)
                    resumed += any("sourceResumed" in e for e in events)
            self.assertGreater(resumed, self.MOMENTS // 2)


class StoppedGateway(ResumeTest):
    def test_an_operation_goes_on_over_a_restart_that_was_asked_for(self):
        with Stack(server_args=["--engine-step-delay=100ms"], progress2=True) as stack:
            name = stack.start_records(20, "restart")["name"]
            self.until(lambda: len(stack.events(name)) > 5)
            self.assertEqual(stack.stop("gateway"), 0)
            stack.start_gateway(connected=False)
            self.assertEqual(stack.wait_done(name)["state"], "OPERATION_STATE_SUCCEEDED")
            events = stack.events(name)
            self.check_events(events)
            self.assertEqual([sum(kind in e for e in events) for kind in ("sourceLost", "sourceResumed", "finished")],
                             [1, 1, 1])


class KilledServer(ResumeTest):
    def test_it_shows_within_five_seconds_and_the_restarted_server_goes_on(self):
        with Stack(server_args=["--engine-step-delay=300ms"], progress2=True) as stack:
            name = stack.start_records(20, "killed")["name"]
            self.until(lambda: len(stack.events(name)) > 5)
            stack.kill("server")
            killed = time.monotonic()
            stack.wait_source("SOURCE_STATE_DISCONNECTED", 5)
            operation = self.until(lambda: (lambda o: o if "lostReason" in o else None)(stack.get(name)), 5)
            self.assertLess(time.monotonic() - killed, 5)
            self.assertEqual(operation["state"], "OPERATION_STATE_RUNNING")
            self.assertNotIn("endTime", operation)
            stack.start_server()
            operation = stack.wait_done(name)
            self.assertEqual(operation["state"], "OPERATION_STATE_SUCCEEDED")
            self.assertEqual(operation["counts"], {"total": 20, "succeeded": 20})
            self.assertNotIn("lostReason", operation)
            events = stack.events(name)
            self.check_events(events)
            self.assertTrue(any("sourceResumed" in e for e in events))

    def test_both_killed_the_operation_goes_on_and_ends(self):
        with Stack(server_args=["--engine-step-delay=100ms"], progress2=True) as stack:
            name = stack.start_records(20, "both")["name"]
            self.until(lambda: len(stack.events(name)) > 5)
            stack.kill("gateway")
            stack.kill("server")
            stack.start_gateway(connected=False)
            self.assertIn("lostReason", stack.get(name))
            stack.start_server()
            self.assertEqual(stack.wait_done(name)["state"], "OPERATION_STATE_SUCCEEDED")
            self.check_events(stack.events(name))


class UnreachableServer(ResumeTest):
    def test_a_server_that_stands_still_is_lost_and_resumed_when_it_goes_on(self):
        with Stack(server_args=["--engine-step-delay=300ms"], progress2=True) as stack:
            name = stack.start_records(20, "still")["name"]
            self.until(lambda: len(stack.events(name)) > 5)
            stack.server.send_signal(signal.SIGSTOP)
            try:
                self.until(lambda: "lostReason" in stack.get(name), 15, "the loss")
            finally:
                stack.server.send_signal(signal.SIGCONT)
            self.assertEqual(stack.wait_done(name)["state"], "OPERATION_STATE_SUCCEEDED")
            events = stack.events(name)
            self.check_events(events)
            self.assertTrue(any("sourceResumed" in e for e in events))


class FullDisk(ResumeTest):
    def test_what_cannot_be_journaled_is_shown_to_nobody_and_comes_again(self):
        stack = Stack(server_args=["--engine-step-delay=100ms"], progress2=True)
        stack.restore_signals = False
        with stack:
            name = stack.start_records(30, "full")["name"]
            self.until(lambda: len(stack.events(name)) > 10)
            follower = Follower(stack, name)
            # The journal's log cannot grow; its mark, which is shorter than this, can be written.
            resource.prlimit(stack.gateway.pid, resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
            before = stack.events(name)
            time.sleep(3)  # many events of the server, and attempts to resume
            held = stack.events(name)
            self.assertLessEqual(len(held), len(before) + 1, "one may have been on its way")
            resource.prlimit(stack.gateway.pid, resource.RLIMIT_FSIZE,
                             (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            self.assertEqual(stack.wait_done(name)["state"], "OPERATION_STATE_SUCCEEDED")
            self.check_events(stack.events(name), follower.events)


class ResumeTimeout(ResumeTest):
    def test_watchers_of_the_end_are_let_go_and_the_true_end_comes_later(self):
        with Stack(server_args=["--engine-step-delay=300ms"], gateway_args=["--dcom-resume-timeout=1s"],
                   progress2=True) as stack:
            name = stack.start_records(20, "late")["name"]
            self.until(lambda: len(stack.events(name)) > 5)
            stack.kill("server")
            with urllib.request.urlopen(f"{stack.http}/v1/{name}:watch?until_done=true", timeout=60) as stream:
                frames = [json.loads(line) for line in stream]  # to its end
            shown = [e for f in frames for e in f.get("events", {}).get("events", [])]
            operation = stack.get(name)
            self.assertEqual(operation["state"], "OPERATION_STATE_OUTCOME_UNKNOWN")
            self.assertIn("endTime", operation)
            self.assertEqual(operation["error"]["details"][0]["reason"], "RESUME_TIMEOUT")
            self.assertIn("finished", shown[-1])
            # Also over a restart of the gateway.
            stack.kill("gateway")
            stack.start_gateway(connected=False)
            stack.start_server()
            self.until(lambda: stack.get(name)["state"] != "OPERATION_STATE_OUTCOME_UNKNOWN", 60, "the true end")
            self.assertEqual(stack.get(name)["state"], "OPERATION_STATE_SUCCEEDED")
            events = stack.events(name)
            self.check_events(events, shown)
            self.assertEqual(sum("finished" in e for e in events), 2)


class LostRecord(ResumeTest):
    def test_a_server_that_does_not_know_the_operation_leaves_its_outcome_unknown(self):
        with Stack(server_args=["--engine-step-delay=300ms"], progress2=True) as stack:
            name = stack.start_records(20, "forgotten")["name"]
            self.until(lambda: len(stack.events(name)) > 5)
            stack.kill("server")
            for file in pathlib.Path(stack.dir).glob("ipam.db*"):
                os.unlink(file)
            stack.start_server()
            operation = stack.wait_done(name)
            self.assertEqual(operation["state"], "OPERATION_STATE_OUTCOME_UNKNOWN")
            self.assertIn("does not know", operation["error"]["message"])
            self.assertIn(operation["state"], FINAL)


if __name__ == "__main__":
    unittest.main()
