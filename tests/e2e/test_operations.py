"""The six operations through every door of the gateway."""

import json
import re
import unittest
import urllib.request

from stack import OPERATIONS, Stack, free_ports, records, wait_until


class Operations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.stack.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.stack.__exit__(None, None, None)

    def test_each_sample_succeeds_with_its_events_in_order(self):
        for kind in OPERATIONS:
            with self.subTest(kind):
                started = self.stack.start(kind)
                self.assertEqual(started["kind"], kind)
                done = self.stack.wait_done(started["name"])
                self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED", json.dumps(done, indent=1))
                self.assertEqual(done["percent"], 100)
                self.assertGreaterEqual(done["counts"]["total"], 1)
                self.assertEqual(done["counts"]["succeeded"], done["counts"]["total"])
                events = self.stack.events(started["name"])
                self.assertEqual([int(e["sequence"]) for e in events], list(range(1, len(events) + 1)))
                self.assertIn("accepted", events[0])
                self.assertIn("started", events[1])
                self.assertIn("finished", events[-1])
                # Every subtask is announced before the first one starts.
                kinds = ["added" if "subtaskAdded" in e else "changed" if "subtaskChanged" in e else "" for e in events]
                self.assertLess(max(i for i, k in enumerate(kinds) if k == "added"), kinds.index("changed"))
                percents = [e["percentage"].get("percent", 0) for e in events if "percentage" in e]
                self.assertEqual(percents, sorted(percents))
                self.assertEqual(percents[-1], 100)

    def test_parameters_of_several_fragments_and_over_100_kb(self):
        xml = records(300)
        self.assertGreater(len(xml), 100_000)
        started = self.stack.request("/v1/operations", {"parametersXml": xml})
        done = self.stack.wait_done(started["name"], 120)
        self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED")
        self.assertEqual(done["counts"]["total"], 300)


class Metrics(unittest.TestCase):
    def figures(self):
        """Those of the server without labels, and the lines of those with some."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=20) as page:
            self.assertTrue(page.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
            lines = [line for line in page.read().decode().splitlines() if not line.startswith("#")]
        self.assertTrue(all(line.startswith("ipamds_") for line in lines), lines)
        return {k: float(v) for k, v in (line.rsplit(" ", 1) for line in lines)}

    def test_the_server_tells_what_it_does_and_what_it_holds(self):
        [self.port] = free_ports(1)
        with Stack(server_args=[f"--metrics-listen={self.port}"]) as stack:
            name = stack.start("CreateDhcpScope")["name"]
            self.assertEqual(stack.wait_done(name)["state"], "OPERATION_STATE_SUCCEEDED")
            figures = wait_until(lambda: (lambda f: f if f["ipamds_objects"] == 0 else None)(self.figures()),
                                 what="the release of the sessions")
            self.assertEqual(figures["ipamds_references"], 0)
            self.assertEqual(figures["ipamds_callbacks_held"], 0)
            self.assertGreaterEqual(figures["ipamds_connections"], 1)
            self.assertEqual(
                figures['ipamds_operations_ended_total{kind="CreateDhcpScope",status="CompletedWithSuccess"}'], 1)
            self.assertEqual(figures["ipamds_events_sent_total"],
                             sum(1 for event in stack.events(name) if event.get("sourceSequence")))
            self.assertEqual(figures["ipamds_faults_sent_total"], 0)
            self.assertEqual(figures["ipamds_authentication_failures_total"], 0)


class Deletion(unittest.TestCase):
    def test_records_that_were_deleted_can_be_made_again(self):
        with Stack() as stack:
            made = records(20)
            ids = iter(range(1, 21))  # those of the first records of a store
            gone = re.sub("<RecordType>", lambda match: f"<RecordId>{next(ids)}</RecordId>{match[0]}", made)
            gone = gone.replace("CreateDnsResourceRecords", "DeleteDnsResourceRecords")
            for xml in (made, gone, made):
                started = stack.request("/v1/operations", {"parametersXml": xml})
                done = stack.wait_done(started["name"], 120)
                self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED", json.dumps(done, indent=1))
                self.assertEqual(done["counts"]["succeeded"], 20)


class Streams(unittest.TestCase):
    """Each transport shows the same events as they happen; one token resumes on all of them."""

    def test_a_late_joiner_gets_the_snapshot_then_the_rest(self):
        with Stack(server_args=["--engine-step-delay=150ms"]) as stack:
            name = stack.start("CreateDhcpScope")["name"]
            with urllib.request.urlopen(f"{stack.http}/v1/{name}:watch?until_done=true", timeout=30) as stream:
                frames = [json.loads(line) for line in stream]
            self.assertIn("snapshot", frames[0])
            self.assertEqual(frames[0]["snapshot"]["name"], name)
            first = int(frames[0]["snapshot"]["lastSequence"])
            sequences = [int(e["sequence"]) for f in frames for e in f.get("events", {}).get("events", [])]
            self.assertEqual(sequences, list(range(first + 1, first + 1 + len(sequences))))
            self.assertEqual(sequences[-1], len(stack.events(name)))

    def test_a_token_of_one_transport_resumes_on_the_others(self):
        with Stack(server_args=["--engine-step-delay=100ms"]) as stack:
            name = stack.start("CreateDnsResourceRecords")["name"]
            with urllib.request.urlopen(f"{stack.http}/v1/{name}:watch", timeout=30) as stream:
                for line in stream:
                    frame = json.loads(line)
                    if "events" in frame:
                        break
            token, last = frame["resumeToken"], int(frame["events"]["events"][-1]["sequence"])
            request = urllib.request.Request(f"{stack.http}/v1/{name}:watch?until_done=true",
                                             headers={"Accept": "text/event-stream", "Last-Event-ID": token})
            sequences = []
            with urllib.request.urlopen(request, timeout=60) as stream:
                self.assertEqual(stream.headers["Content-Type"].split(";")[0], "text/event-stream")
                for line in stream:
                    if line.startswith(b"data:") and b'"events"' in line:
                        sequences += [int(e["sequence"]) for e in json.loads(line[5:])["events"]["events"]]
            self.assertEqual(sequences, list(range(last + 1, len(stack.events(name)) + 1)))


if __name__ == "__main__":
    unittest.main()
