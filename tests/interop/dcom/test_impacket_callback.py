"""impacket, given an OBJREF, calls a callback object that the gateway's exporter made; callback_host holds the object."""

import collections
import queue
import socket
import subprocess
import threading
import unittest

import dcom  # first: it skips the file where impacket is not installed
from dcom import (E_FAIL, E_ILLEGAL_METHOD_CALL, E_INVALIDARG, IID_CALLBACK, IID_CALLBACK2, IID_REM_UNKNOWN,
                  IID_RESOLVER, INTEGRITY, NULL, PRIVACY, RPC_E_DISCONNECTED, S_OK, Account, Connection, Fault, decimal,
                  fill_subtask, text)
from impacket.dcerpc.v5 import dcomrt
from stack import BIN

socket.setdefaulttimeout(30)
DOMAIN, USER, PASSWORD, OTHER = "IPAM", "gateway", "Pa55word", "other"
IPAM = "http://Microsoft.Windows.Ipam"
NOT_STARTED, IN_PROGRESS, SUCCESS, FAILURE = range(4)


def completion(type_name="DhcpMsmOverallCompletionStatus"):
    return (f'<completionStatus xmlns="{IPAM}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" '
            f'i:type="{type_name}"/>')


class Host:
    """The running program: commands in, lines out; each operation has a queue of its own, for its second word."""

    def __init__(self):
        self.process = subprocess.Popen([BIN / "callback_host", DOMAIN, USER, PASSWORD, OTHER], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.lines = collections.defaultdict(queue.Queue)
        self.lock = threading.Lock()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port = int(self.expect("port"))

    def _read(self):
        for line in self.process.stdout:
            words = line.split()
            self._of(words[1] if words[0] in ("event", "objref", "done", "session") else "").put(line.rstrip("\n"))

    def _of(self, name):
        with self.lock:
            return self.lines[name]

    def send(self, *words):
        print(*words, file=self.process.stdin, flush=True)

    def expect(self, start):
        words = start.split()
        line = self._of(words[1] if len(words) > 1 and words[0] != "error" else "").get(timeout=30)
        assert line.startswith(start), f"{line!r} where {start!r} was expected"
        return line[len(start):].strip()

    def quiet(self, name):
        return self._of(name).empty()

    def close(self):
        self.process.stdin.close()
        code = self.process.wait(20)
        self.reader.join(20)
        self.process.stdout.close()
        return code


class Callback(unittest.TestCase):
    count = 0

    @classmethod
    def setUpClass(cls):
        cls.host = Host()

    @classmethod
    def tearDownClass(cls):
        assert cls.host.close() == 0

    def connect(self, iid, user=USER, level=PRIVACY, password=PASSWORD):
        connection = Connection(self.host.port, iid, Account(DOMAIN, user, password), level)
        self.addCleanup(connection.close)
        return connection

    def operation(self, answered=True):
        """Starts an operation; gives its name and the reference of its callback, found by its OBJREF alone."""
        Callback.count += 1
        name = f"operation-{Callback.count}"
        self.host.send("start", name)
        self.host.expect(f"event {name} accepted")
        reference, resolvers = dcom.parse_objref(bytes.fromhex(self.host.expect(f"objref {name} ")))
        self.assertEqual([dcom.port_of(r) for r in resolvers], [self.host.port])
        resolver = self.connect(IID_RESOLVER)
        found = resolver.call(dcom.resolve_request(reference.oxid), dcomrt.ResolveOxid2Response)
        self.assertEqual(found["ErrorCode"], 0)
        bindings = found["ppdsaOxidBindings"]
        addresses = dcom.string_bindings(bindings["aStringArray"], bindings["wSecurityOffset"])
        self.assertEqual(addresses, [f"127.0.0.1[{self.host.port}]"])
        reference.rem_unknown = found["pipidRemUnknown"]
        if answered:
            self.answer(name)
        return name, reference

    def answer(self, name):
        self.host.send("answer", name, "0")
        self.host.expect(f"done {name} OK")

    def query2(self, reference):
        """The IPID of IIpamOperationWithProgressCallback2."""
        found = self.connect(IID_REM_UNKNOWN).orpc(
            dcom.query_request(reference.ipid, 1, IID_CALLBACK2), reference.rem_unknown, dcom.RemQueryInterfaceResponse)
        self.assertEqual(found["ErrorCode"], S_OK)
        return found["ppQIResults"][0]["std"]["ipid"]

    def running(self, level=PRIVACY):
        """(name, reference, call) of an operation that has started; call(request) gives the HRESULT."""
        name, reference = self.operation()
        connection = self.connect(IID_CALLBACK, level=level)

        def call(request):
            return connection.orpc(request, reference.ipid)["ErrorCode"]
        self.assertEqual(call(self.start_progress()), S_OK)
        self.host.expect(f"event {name} started")
        return name, reference, call

    def finish(self, name, call):
        self.assertEqual(call(self.overall(SUCCESS)), S_OK)
        self.host.expect(f"event {name} overall 2")

    # --- requests -----------------------------------------------------------------------------------------------------
    @staticmethod
    def start_progress(non_deterministic=0):
        request = dcom.StartProgressCallback()
        request["isNonDeterministic"] = non_deterministic
        return request

    @staticmethod
    def percentage(value):
        request = dcom.SetCompletionPercentage()
        request["completionPercentage"] = value
        return request

    @staticmethod
    def add(**subtask):
        request = dcom.AddSubTask()
        if subtask:
            fill_subtask(request["subTaskInstance"], **subtask)
        else:
            request["subTaskInstance"] = NULL
        return request

    @staticmethod
    def subtask(status, percent, xml=None, **subtask):
        request = dcom.SetSubTaskStatus()
        if subtask:
            fill_subtask(request["subTaskInstance"], **subtask)
        else:
            request["subTaskInstance"] = NULL
        request["status"], request["percentComplete"], request["completionStatus"] = status, percent, text(xml)
        return request

    @staticmethod
    def overall(status, xml=None):
        request = dcom.SetOverallStatus()
        request["overallStatus"], request["completionStatus"] = status, text(xml)
        return request

    @staticmethod
    def event(sequence, kind, percent=None, overall=0, status=0, subtask=None, time=132_000_000_000_000_000):
        event = dcom.IpamProgressEvent()
        event["sequence"], event["time"], event["kind"], event["isNonDeterministic"] = sequence, time, kind, 0
        event["percentComplete"] = percent or decimal(0)
        event["overallStatus"], event["subTaskStatus"] = overall, status
        if subtask is None:
            event["subTaskInstance"] = NULL
        else:
            fill_subtask(event["subTaskInstance"], **subtask)
        event["completionStatus"] = NULL
        return event

    # --- tests --------------------------------------------------------------------------------------------------------
    def test_each_method_at_both_levels(self):
        for level in (INTEGRITY, PRIVACY):
            with self.subTest(level=level):
                name, _, call = self.running(level)
                self.assertEqual(call(self.add(identity=7, name="Scope 10.0.0.0", description="waits")), S_OK)
                self.host.expect(f"event {name} added 7 name=Scope 10.0.0.0 description=waits status=0")
                self.assertEqual(call(self.subtask(1, decimal(125, scale=1), identity=7, name="Ümläut 𝄞")), S_OK)
                self.host.expect(f"event {name} changed 7 name=Ümläut 𝄞 description=- status=1 percent=12.5")
                self.assertEqual(call(self.percentage(decimal(50))), S_OK)
                self.host.expect(f"event {name} percent 50")
                self.assertEqual(call(self.percentage(decimal(100))), S_OK)
                self.host.expect(f"event {name} percent 100")
                self.assertEqual(call(self.overall(IN_PROGRESS)), S_OK)
                self.host.expect(f"event {name} overall 1")
                self.assertEqual(call(self.overall(SUCCESS, completion())), S_OK)
                self.host.expect(f"event {name} overall 2")

    def test_callbacks_before_the_start_is_answered(self):
        """As a server makes them: its answer waits for StartProgressCallback."""
        name, reference = self.operation(answered=False)
        connection = self.connect(IID_CALLBACK)
        self.assertEqual(connection.orpc(self.start_progress(1), reference.ipid)["ErrorCode"], S_OK)
        self.host.expect(f"event {name} started non-deterministic")
        self.answer(name)
        self.finish(name, lambda request: connection.orpc(request, reference.ipid)["ErrorCode"])

    def test_wrong_order(self):
        name, reference = self.operation()
        connection = self.connect(IID_CALLBACK)

        def call(request):
            return connection.orpc(request, reference.ipid)["ErrorCode"]
        for early in (self.percentage(decimal(1)), self.add(identity=1), self.subtask(1, decimal(0), identity=1),
                      self.overall(SUCCESS)):
            self.assertEqual(call(early), E_ILLEGAL_METHOD_CALL)
        self.assertEqual(call(self.start_progress()), S_OK)
        self.host.expect(f"event {name} started")
        self.assertEqual(call(self.start_progress()), E_ILLEGAL_METHOD_CALL)
        self.finish(name, call)
        for late in (self.start_progress(), self.percentage(decimal(1)), self.add(identity=1), self.overall(SUCCESS)):
            self.assertEqual(call(late), E_ILLEGAL_METHOD_CALL)
        self.assertTrue(self.host.quiet(name))

    def test_bad_arguments_change_nothing(self):
        name, _, call = self.running()
        for what, bad in {
            "NULL subtask added": self.add(),
            "NULL subtask set": self.subtask(1, decimal(0)),
            "status of the instance": self.add(identity=1, status=7),
            "details that are not well formed": self.add(identity=1, details="<a>"),
            "details with another root": self.add(identity=1, details=completion()),
            "failed status that is no exception": self.add(identity=1, failed="<a/>"),
            "status": self.subtask(7, decimal(0), identity=1),
            "percent above 100": self.subtask(1, decimal(1001, scale=1), identity=1),
            "exception that is none": self.subtask(2, decimal(0), "<a/>", identity=1),
            "percentage above 100": self.percentage(decimal(101)),
            "percentage below 0": self.percentage(decimal(1, sign=0x80)),
            "scale above 28": self.percentage(decimal(1, scale=29)),
            "sign that is none": self.percentage(decimal(1, sign=1)),
            "huge percentage": self.percentage(decimal(0, high=0xFFFFFFFF)),
            "overall status": self.overall(4),
            "completion status that is not XML": self.overall(SUCCESS, "done"),
            "completion status of an unknown type": self.overall(SUCCESS, completion("Nonsense")),
            "completion status with a DTD": self.overall(SUCCESS, "<!DOCTYPE a []>" + completion()),
        }.items():
            with self.subTest(what):
                self.assertEqual(hex(call(bad)), hex(E_INVALIDARG))
        self.assertTrue(self.host.quiet(name))
        self.finish(name, call)

    def test_report_progress(self):
        name, reference = self.operation()
        connection = self.connect(IID_CALLBACK2)
        ipid = self.query2(reference)

        def report(*events):
            return connection.orpc(dcom.report_progress(events), ipid)["ErrorCode"]
        started, added = self.event(1, 0), self.event(2, 4, subtask={"identity": 3, "name": "Zone"})
        self.assertEqual(report(self.event(2, 0)), E_INVALIDARG)  # a hole
        self.assertEqual(report(added), E_ILLEGAL_METHOD_CALL)
        self.assertEqual(report(started, added), S_OK)
        self.host.expect(f"event {name} started")
        self.host.expect(f"event {name} added 3 name=Zone")
        self.assertEqual(report(started, added), S_OK)  # sent again whole
        self.assertEqual(report(added, self.event(3, 1, percent=decimal(25))), S_OK)
        self.host.expect(f"event {name} percent 25")
        for bad in (self.event(5, 1), self.event(4, 5), self.event(4, 1, percent=decimal(101)), self.event(4, 4),
                    self.event(0, 1), self.event(4, 3, overall=4)):
            self.assertEqual(report(bad), E_INVALIDARG)
        self.assertEqual(report(self.event(4, 1, percent=decimal(50)), self.event(6, 1)), E_INVALIDARG)
        self.assertTrue(self.host.quiet(name))
        self.assertEqual(report(self.event(4, 2, status=1, percent=decimal(5), subtask={"identity": 3}),
                                self.event(5, 3, overall=FAILURE)), S_OK)
        self.host.expect(f"event {name} changed 3")
        self.host.expect(f"event {name} overall 3")

    def test_array_bounds(self):
        """A fault; the method is not called."""
        name, reference, call = self.running()
        connection, ipid = self.connect(IID_CALLBACK2), self.query2(reference)
        with self.assertRaises(Fault) as raised:
            connection.orpc(dcom.report_progress([]), ipid)
        self.assertEqual(raised.exception.code, dcom.NCA_INVALID_BOUND)
        with self.assertRaises(Fault) as raised:
            connection.orpc(dcom.report_progress([self.event(n + 1, 1) for n in range(1025)]), ipid)
        self.assertEqual(raised.exception.code, dcom.NCA_INVALID_BOUND)
        with self.assertRaises(Fault) as raised:
            connection.orpc(dcom.report_progress([self.event(1, 1)], count=2), ipid)
        self.assertIn(raised.exception.code, (dcom.NCA_INVALID_BOUND, dcom.RPC_X_BAD_STUB_DATA))
        self.finish(name, call)

    def test_opnums_that_are_not_there(self):
        name, reference, call = self.running()
        for iid, ipid, opnums in ((IID_CALLBACK, reference.ipid, (0, 1, 2, 8, 99)),
                                  (IID_CALLBACK2, self.query2(reference), (9, 99))):
            connection = self.connect(iid)
            for opnum in opnums:
                request = self.start_progress()
                request.opnum = opnum
                with self.assertRaises(Fault) as raised:
                    connection.orpc(request, ipid)
                self.assertEqual(raised.exception.code, dcom.NCA_OP_RANGE)
        self.finish(name, call)

    def test_only_the_servers_account_may_call(self):
        name, reference, call = self.running()
        for iid, request in ((IID_CALLBACK, self.percentage(decimal(1))), (IID_CALLBACK, self.start_progress())):
            with self.assertRaises(Fault) as raised:
                self.connect(iid, user=OTHER).orpc(request, reference.ipid)
            self.assertEqual(raised.exception.code, dcom.E_ACCESSDENIED)
        # Nor take its references away.
        release = dcom.refs_request(dcomrt.RemRelease, (reference.ipid, reference.refs, 0))
        self.assertEqual(
            self.connect(IID_REM_UNKNOWN, user=OTHER).orpc(release, reference.rem_unknown)["ErrorCode"],
            dcom.E_ACCESSDENIED)
        for connection in (self.connect(IID_CALLBACK, user="nobody"),
                           self.connect(IID_CALLBACK, password="wrong"),
                           self.connect(IID_CALLBACK, level=dcom.CONNECT),
                           self.connect(IID_CALLBACK, level=dcom.PACKET)):
            with self.assertRaises(Fault) as raised:
                connection.orpc(self.percentage(decimal(1)), reference.ipid)
            self.assertEqual(raised.exception.code, dcom.RPC_S_ACCESS_DENIED)
        anonymous = Connection(self.host.port, IID_CALLBACK)
        self.addCleanup(anonymous.close)
        with self.assertRaises(Fault) as raised:
            anonymous.orpc(self.percentage(decimal(1)), reference.ipid)
        self.assertEqual(raised.exception.code, dcom.RPC_S_ACCESS_DENIED)
        self.finish(name, call)

    def test_release_at_the_end(self):
        name, reference, call = self.running()
        self.finish(name, call)
        self.release(reference)
        self.host.expect(f"session {name} released")
        with self.assertRaises(Fault) as raised:
            call(self.percentage(decimal(1)))
        self.assertEqual(raised.exception.code, RPC_E_DISCONNECTED)

    def test_release_before_the_end_loses_the_outcome(self):
        name, reference, call = self.running()
        self.assertEqual(call(self.percentage(decimal(10))), S_OK)
        self.host.expect(f"event {name} percent 10")
        self.release(reference)
        self.host.expect(f"event {name} unknown the server released the callback before the end of the operation")
        self.host.expect(f"session {name} released")

    def test_references_are_counted(self):
        name, reference, call = self.running()
        unknown = self.connect(IID_REM_UNKNOWN)
        added = unknown.orpc(dcom.refs_request(dcomrt.RemAddRef, (reference.ipid, 1, 0)), reference.rem_unknown,
                             dcom.RemAddRefResponse)
        self.assertEqual(added["ErrorCode"], S_OK)
        self.release(reference)
        self.assertEqual(call(self.percentage(decimal(10))), S_OK)
        self.host.expect(f"event {name} percent 10")
        self.release(reference, 1)
        self.host.expect(f"event {name} unknown")
        self.host.expect(f"session {name} released")

    def test_pings_of_the_callback(self):
        _, reference, _ = self.running()
        resolver = self.connect(IID_RESOLVER)
        made = resolver.call(dcom.ping_request(0, 1, [reference.oid]), dcomrt.ComplexPingResponse)
        self.assertEqual(made["ErrorCode"], 0)
        simple = dcomrt.SimplePing()
        simple["pSetId"] = made["pSetId"]
        self.assertEqual(resolver.call(simple, dcomrt.SimplePingResponse)["ErrorCode"], 0)
        removed = resolver.call(dcom.ping_request(made["pSetId"], 2, [], [reference.oid]), dcomrt.ComplexPingResponse)
        self.assertEqual(removed["ErrorCode"], 0)

    def next_event(self, command, name):
        self.host.send(command, name)
        self.host.send("answer", "nobody", "0")  # answered behind it: the command was read
        self.host.expect("error nothing waits for nobody")

    def test_an_event_that_cannot_be_journaled(self):
        name, _, call = self.running()
        self.next_event("fail", name)
        self.assertEqual(call(self.percentage(decimal(10))), E_FAIL)
        self.host.expect(f"event {name} unknown a callback could not be journaled")
        self.host.expect(f"session {name} released")

    def test_an_event_over_a_limit_is_as_if_it_had_not_been(self):
        name, reference, call = self.running()
        self.next_event("refuse", name)
        self.assertEqual(call(self.overall(SUCCESS, completion())), E_INVALIDARG)
        self.assertEqual(call(self.percentage(decimal(100))), S_OK)
        self.host.expect(f"event {name} percent 100")
        self.finish(name, call)

        name, reference = self.operation()
        connection, ipid = self.connect(IID_CALLBACK2), self.query2(reference)

        def report(*events):
            return connection.orpc(dcom.report_progress(events), ipid)["ErrorCode"]
        self.assertEqual(report(self.event(1, 0)), S_OK)
        self.host.expect(f"event {name} started")
        self.next_event("refuse", name)
        self.assertEqual(report(self.event(2, 3, overall=SUCCESS)), E_INVALIDARG)
        self.assertEqual(report(self.event(2, 3, overall=SUCCESS)), S_OK)
        self.host.expect(f"event {name} overall 2")

    def test_a_lost_connection_loses_the_outcome(self):
        """A server keeps the connection of a callback open while it holds the callback."""
        name, reference = self.operation()
        bystander, caller = (Connection(self.host.port, IID_CALLBACK, Account(DOMAIN, USER, PASSWORD))
                             for _ in range(2))
        self.assertEqual(caller.orpc(self.start_progress(), reference.ipid)["ErrorCode"], S_OK)
        self.host.expect(f"event {name} started")
        bystander.close()
        self.assertEqual(caller.orpc(self.percentage(decimal(3)), reference.ipid)["ErrorCode"], S_OK)
        self.host.expect(f"event {name} percent 3")
        caller.close()
        self.host.expect(f"event {name} unknown")
        self.host.expect(f"session {name} released")

    def test_a_start_that_the_server_refuses(self):
        name, reference = self.operation(answered=False)
        self.host.send("answer", name, hex(dcom.E_ACCESSDENIED))
        self.host.expect(f"event {name} refused")
        self.host.expect(f"done {name} PERMISSION_DENIED")
        self.host.expect(f"session {name} released")
        with self.assertRaises(Fault) as raised:
            self.connect(IID_CALLBACK).orpc(self.start_progress(), reference.ipid)
        self.assertEqual(raised.exception.code, RPC_E_DISCONNECTED)

    def release(self, reference, refs=None):
        request = dcom.refs_request(dcomrt.RemRelease, (reference.ipid, refs or reference.refs, 0))
        answer = self.connect(IID_REM_UNKNOWN).orpc(request, reference.rem_unknown)
        self.assertEqual(answer["ErrorCode"], S_OK)


if __name__ == "__main__":
    unittest.main()
