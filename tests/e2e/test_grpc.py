"""A client that is not ours and not C++: python3-grpcio, with messages from server reflection alone."""

import asyncio
import itertools
import json
import threading
import time
import unittest

import grpc
import websockets

from api_client import PROGRESS, Api, health_pb2
from stack import Stack, records, sample, wait_until

SUCCEEDED = "OPERATION_STATE_SUCCEEDED"


def sequences(frames, name=None):
    return [e.sequence for f in frames for e in f.events.events if name is None or e.operation == name]


class GrpcCase(unittest.TestCase):
    prefixes = itertools.count()

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(server_args=["--engine-step-delay=100ms"])
        cls.stack.__enter__()
        cls.api = Api(cls.stack.grpc_port)

    @classmethod
    def tearDownClass(cls):
        cls.api.__exit__()
        cls.stack.__exit__(None, None, None)

    def refused(self, code, method, /, **fields):
        with self.assertRaises(grpc.RpcError) as refused:
            answer = self.api.call(method, **fields)
            if method == "WatchOperations":
                list(answer)
        self.assertEqual(refused.exception.code(), code, refused.exception.details())
        return refused.exception

    def start(self, kind, /, **fields):
        return self.api.call("StartOperation", parameters_xml=sample(kind), **fields)

    def start_records(self, count=12):
        """The name of an operation with that many subtasks; it succeeds however often it is started."""
        return self.api.call("StartOperation", parameters_xml=records(count, f"n{next(self.prefixes)}")).name

    def finish(self, name):
        for _ in self.api.watch(names=[name], until_done=True):
            pass


class Methods(GrpcCase):
    def test_reflection_lists_what_is_served(self):
        services = self.api.services()
        for service in (PROGRESS, "google.longrunning.Operations", "grpc.health.v1.Health",
                        "grpc.reflection.v1alpha.ServerReflection"):
            self.assertIn(service, services)

    def test_health_serves(self):
        for service in ("", PROGRESS, "google.longrunning.Operations"):
            answer = self.api.health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
            self.assertEqual(answer.status, health_pb2.HealthCheckResponse.SERVING, service)
        with self.assertRaises(grpc.RpcError) as unknown:
            self.api.health.Check(health_pb2.HealthCheckRequest(service="no.such"), timeout=10)
        self.assertEqual(unknown.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_an_operation_is_followed_to_its_end(self):
        started = self.start("CreateDhcpScope", source="ipam1")
        self.assertEqual(started.kind, "CreateDhcpScope")
        frames = list(self.api.watch(names=[started.name], until_done=True))
        kinds = [f.WhichOneof("frame") for f in frames]
        self.assertEqual(kinds[0], "snapshot")
        self.assertIn("snapshot_end", kinds)
        self.assertEqual(frames[kinds.index("snapshot_end")].snapshot_end.operations, 1)
        for frame in frames:
            self.assertRegex(frame.resume_token, "^[A-Za-z0-9_-]{1,64}$")
            self.assertGreater(frame.server_time.seconds, 0)
        first = frames[0].snapshot.last_sequence
        got = sequences(frames)
        self.assertEqual(got, list(range(first + 1, first + 1 + len(got))))
        last = [e for f in frames for e in f.events.events][-1]
        self.assertEqual(self.api.state(last.finished.state), SUCCEEDED)

        operation = self.api.call("GetOperation", name=started.name)
        self.assertEqual(self.api.state(operation.state), SUCCEEDED)
        self.assertEqual(operation.percent, 100)
        self.assertEqual(operation.last_sequence, got[-1])
        self.assertEqual(len(operation.subtasks), operation.counts.total)
        self.assertEqual(operation.counts.succeeded, operation.counts.total)
        self.assertIn("EntityStatusCollection", operation.completion_status_xml)

        subtasks = []
        token = ""
        while True:
            page = self.api.call("ListSubtasks", parent=started.name, page_size=1, page_token=token)
            self.assertLessEqual(len(page.subtasks), 1)
            subtasks += page.subtasks
            token = page.next_page_token
            if not token:
                break
        self.assertEqual([s.instance_id for s in subtasks], [s.instance_id for s in operation.subtasks])
        chosen = self.api.call("ListSubtasks", parent=started.name, filter="status = COMPLETED_WITH_SUCCESS")
        self.assertEqual(len(chosen.subtasks), len(subtasks))
        none = self.api.call("ListSubtasks", parent=started.name, filter="status = NOT_RUN")
        self.assertEqual(len(none.subtasks), 0)

        events = []
        token = ""
        while True:
            page = self.api.call("ListEvents", parent=started.name, page_size=3, page_token=token)
            self.assertLessEqual(len(page.events), 3)
            events += page.events
            token = page.next_page_token
            if not token:
                break
        self.assertEqual([e.sequence for e in events], list(range(1, operation.last_sequence + 1)))
        after = self.api.call("ListEvents", parent=started.name, after_sequence=operation.last_sequence - 2)
        self.assertEqual([e.sequence for e in after.events], [operation.last_sequence - 1, operation.last_sequence])
        # The stream showed what the journal keeps.
        shown = {e.sequence: e for f in frames for e in f.events.events}
        for event in events:
            if event.sequence in shown:
                self.assertEqual(shown[event.sequence], event)

    def test_lists_by_filter_and_page(self):
        names = [self.start(kind).name for kind in ("CreateDnsZone", "CreateDnsZone", "CreateIpamIPAddress")]
        for name in names:
            self.finish(name)
        everything = [o.name for o in self.api.call("ListOperations").operations]
        self.assertEqual([n for n in everything if n in names], names[::-1])
        zones = self.api.call("ListOperations", filter="kind = CreateDnsZone").operations
        self.assertEqual({o.kind for o in zones}, {"CreateDnsZone"})
        self.assertEqual({names[0], names[1]} - {o.name for o in zones}, set())
        self.assertNotIn(names[2], [o.name for o in zones])
        self.assertEqual(len(self.api.call("ListOperations", filter='source = "elsewhere"').operations), 0)
        running = self.api.call("ListOperations", filter="state = RUNNING AND kind = CreateDnsZone").operations
        self.assertFalse({o.name for o in running} & set(names))
        paged, token = [], ""
        while True:
            page = self.api.call("ListOperations", page_size=2, page_token=token)
            self.assertLessEqual(len(page.operations), 2)
            paged += [o.name for o in page.operations]
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(paged, everything)

    def test_sources(self):
        [source] = self.api.call("ListSources").sources
        self.assertEqual(source.source, "ipam1")
        state = source.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number[source.state].name
        self.assertEqual(state, "SOURCE_STATE_CONNECTED")

    def test_refusals(self):
        code = grpc.StatusCode
        for method, field in (("GetOperation", "name"), ("ListEvents", "parent"), ("ListSubtasks", "parent"),
                              ("CancelOperation", "name")):
            with self.subTest(method):
                error = self.refused(code.NOT_FOUND, method, **{field: "operations/nosuch"})
                self.assertEqual(self.api.details(error).reason, "OPERATION_NOT_FOUND")
                self.refused(code.INVALID_ARGUMENT, method, **{field: "nosuch"})
        self.refused(code.NOT_FOUND, "WatchOperations", names=["operations/nosuch"])
        self.refused(code.INVALID_ARGUMENT, "WatchOperations", filter="state =")
        self.refused(code.NOT_FOUND, "StartOperation", source="elsewhere", parameters_xml=sample("CreateDnsZone"))
        error = self.refused(code.INVALID_ARGUMENT, "StartOperation", parameters_xml="<a/>")
        bad = self.api.details(error, "google.rpc.BadRequest")
        self.assertEqual(bad.field_violations[0].field, "parameters_xml")
        self.assertIn("line 1", bad.field_violations[0].description)
        self.refused(code.OUT_OF_RANGE, "WatchOperations", resume_token="nonsense", strict_resume=True)
        for seconds in (0, 61):
            heartbeat = self.api.message("google.protobuf.Duration", seconds=seconds)
            self.refused(code.INVALID_ARGUMENT, "WatchOperations", heartbeat=heartbeat)

    def test_cancel_of_one_that_has_ended_changes_nothing(self):
        name = self.start_records()
        self.finish(name)
        self.assertEqual(self.api.state(self.api.call("CancelOperation", name=name).state), SUCCEEDED)

    def test_longrunning_operations(self):
        name = self.start_records(2)
        with Api(self.stack.grpc_port, "google.longrunning.Operations") as longrunning:
            done = longrunning.call("WaitOperation", name=name)
            self.assertTrue(done.done)
            self.assertEqual(done.metadata.type_url, "type.googleapis.com/ipam.progress.v1.Operation")
            self.assertEqual(longrunning.call("GetOperation", name=name), done)
            self.assertIn(name, [o.name for o in longrunning.call("ListOperations", name="operations").operations])


class Streams(GrpcCase):
    def test_a_late_joiner_gets_the_snapshot_then_the_rest(self):
        name = self.start_records()
        early = self.api.watch(names=[name], until_done=True)
        for frame in early:
            if len(sequences([frame])) and max(sequences([frame])) >= 4:
                break
        frames = list(self.api.watch(names=[name], until_done=True))
        self.assertGreaterEqual(frames[0].snapshot.last_sequence, 4)
        self.assertTrue(frames[0].snapshot.subtasks)
        first = frames[0].snapshot.last_sequence
        got = sequences(frames)
        self.assertEqual(got, list(range(first + 1, first + 1 + len(got))))
        # And one that comes after the end: the snapshot says it.
        after = list(self.api.watch(names=[name], until_done=True))
        self.assertEqual(self.api.state(after[0].snapshot.state), SUCCEEDED)
        self.assertEqual(sequences(after), [])

    def test_latest_skips_percentages_and_never_a_state(self):
        name = self.start_records()
        enum = self.api.pool.FindEnumTypeByName("ipam.progress.v1.Delivery")
        latest = enum.values_by_name["DELIVERY_LATEST"].number
        frames = list(self.api.watch(names=[name], until_done=True, delivery=latest))
        got = sequences(frames)
        self.assertEqual(got, sorted(set(got)))
        seen = {e.sequence for f in frames for e in f.events.events}
        snapshot = frames[0].snapshot.last_sequence
        for event in self.api.call("ListEvents", parent=name, page_size=1000).events:
            if event.sequence > snapshot and event.WhichOneof("change") not in ("percentage", "subtask_changed"):
                self.assertIn(event.sequence, seen)

    def test_heartbeats_every_second_carry_tokens(self):
        start = self.api.pool.FindEnumTypeByName("ipam.progress.v1.StartMode").values_by_name["START_MODE_LIVE"].number
        heartbeat = self.api.message("google.protobuf.Duration", seconds=1)
        watch = self.api.watch(filter='source = "elsewhere"', start=start, heartbeat=heartbeat)
        times = []
        for frame in watch:
            self.assertEqual(frame.WhichOneof("frame"), "heartbeat")
            self.assertTrue(frame.resume_token)
            times.append(time.monotonic())
            if len(times) == 4:
                break
        watch.cancel()
        self.assertGreater(times[3] - times[1], 1.5)
        self.assertLess(times[3] - times[1], 8)

    def test_a_token_of_the_websocket_resumes_here(self):
        name = self.start_records()

        async def follow():
            async with websockets.connect(f"ws://127.0.0.1:{self.stack.http_port}/v1/ws",
                                          subprotocols=["ipam-progress.v1.json"]) as socket:
                await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"names": [name]}}))
                async for text in socket:
                    payload = json.loads(text)["payload"]
                    if "events" in payload:
                        return payload["resumeToken"], int(payload["events"]["events"][-1]["sequence"])

        token, last = asyncio.run(asyncio.wait_for(follow(), 30))
        frames = list(self.api.watch(names=[name], until_done=True, resume_token=token, strict_resume=True))
        self.assertNotIn("snapshot", [f.WhichOneof("frame") for f in frames])
        end = self.api.call("GetOperation", name=name).last_sequence
        self.assertEqual(sequences(frames), list(range(last + 1, end + 1)))

    def test_a_token_of_here_resumes_on_the_websocket(self):
        name = self.start_records()
        for frame in self.api.watch(names=[name], until_done=True):
            if frame.WhichOneof("frame") == "events":
                break
        token, last = frame.resume_token, frame.events.events[-1].sequence

        async def follow():
            got = []
            async with websockets.connect(f"ws://127.0.0.1:{self.stack.http_port}/v1/ws",
                                          subprotocols=["ipam-progress.v1.json"]) as socket:
                await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {
                    "names": [name], "resumeToken": token, "strictResume": True, "untilDone": True}}))
                async for text in socket:
                    message = json.loads(text)
                    if message["type"] == "complete":
                        return got
                    self.assertEqual(message["type"], "next", message)
                    self.assertNotIn("snapshot", message["payload"])
                    got += [int(e["sequence"]) for e in message["payload"].get("events", {}).get("events", [])]

        got = asyncio.run(asyncio.wait_for(follow(), 60))
        end = self.api.call("GetOperation", name=name).last_sequence
        self.assertEqual(got, list(range(last + 1, end + 1)))


class Stopped(unittest.TestCase):
    def test_drain_then_unavailable_and_health_not_serving(self):
        with Stack(server_args=["--engine-step-delay=500ms"]) as stack, Api(stack.grpc_port) as api:
            name = api.call("StartOperation", parameters_xml=sample("CreateDhcpScope")).name
            health, frames, errors = [], [], []

            def watch_health():
                try:
                    for answer in api.health.Watch(health_pb2.HealthCheckRequest(), timeout=60):
                        health.append(answer.status)
                except grpc.RpcError as error:
                    health.append(error.code())

            def watch_operation():
                try:
                    for frame in api.watch(names=[name], until_done=True):
                        frames.append(frame)
                except grpc.RpcError as error:
                    errors.append(error.code())

            threads = [threading.Thread(target=t) for t in (watch_health, watch_operation)]
            for thread in threads:
                thread.start()
            wait_until(lambda: health and any(f.WhichOneof("frame") == "events" for f in frames))
            self.assertEqual(health, [health_pb2.HealthCheckResponse.SERVING])
            self.assertEqual(stack.stop("gateway"), 0)
            for thread in threads:
                thread.join(15)
            self.assertEqual(errors, [grpc.StatusCode.UNAVAILABLE])
            self.assertEqual(frames[-1].WhichOneof("frame"), "drain")
            self.assertTrue(frames[-1].resume_token)
            self.assertTrue(frames[-1].drain.HasField("retry_after"))
            self.assertEqual(health[1], health_pb2.HealthCheckResponse.NOT_SERVING)
            with self.assertRaises(grpc.RpcError) as gone:
                api.health.Check(health_pb2.HealthCheckRequest(), timeout=10)
            self.assertEqual(gone.exception.code(), grpc.StatusCode.UNAVAILABLE)
            # The token of the last frame goes on after the restart: nothing is missing, nothing is said twice.
            last = max(sequences(frames))
            stack.start_gateway(connected=False)
            with Api(stack.grpc_port) as again:
                rest = list(again.watch(names=[name], until_done=True, resume_token=frames[-1].resume_token))
                end = again.call("GetOperation", name=name).last_sequence
                self.assertEqual(sequences(rest), list(range(last + 1, end + 1)))


if __name__ == "__main__":
    unittest.main()
