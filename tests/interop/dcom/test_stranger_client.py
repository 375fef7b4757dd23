"""A stranger as management client of ipam-dcom-server: it exports a callback and receives every event of an operation.

All of its side is impacket's NDR, NTLM and PDU classes and what is written on them in this folder.
"""

import contextlib
import sqlite3
import time
import unittest
import uuid
import xml.etree.ElementTree as ElementTree

import dcom  # first: it skips the file where impacket is not installed
from activation import activate
from bigendian import encode
from callback import ADD, FAILURE, OVERALL, PERCENT, START, SUBTASK, SUCCESS, Callback
from dcom import (CLSID, CONNECT, E_ACCESSDENIED, E_FAIL, E_ILLEGAL_METHOD_CALL, E_INVALIDARG, ERROR_NOT_FOUND,
                  IID_CALLBACK, IID_CALLBACK2, IID_OPERATION, IID_OPERATION2, IID_REM_UNKNOWN, IID_RESOLVER, INTEGRITY,
                  NONE, PRIVACY, RPC_S_ACCESS_DENIED, S_FALSE, S_OK, Account, Fault)
from impacket.dcerpc.v5 import dcomrt
from security import NTLM, SPNEGO
from stack import DOMAIN, OPERATIONS, USER, Stack, records, sample, wait_until
from wire import Client, Fuse, Vanished

RPC_S_SEC_PKG_ERROR = 1825
NOT_RUN = 6  # IpamSubTaskStatus
SMALL = 1432  # [MS-RPCE] 2.2.2.6: what every implementation has to take
RESOLVED, ASKED, RELEASED = (IID_RESOLVER, 4), (IID_REM_UNKNOWN, 3), (IID_REM_UNKNOWN, 5)


class Session:
    """An activated object of our server and the connection to it."""

    def __init__(self, port, account, level=PRIVACY, iid=IID_OPERATION, **options):
        self.client, self.big = Client(port, account, level, **options), options.get("big", False)
        self.iid = iid
        self.reference = activate(self.client, CLSID, iid)

    def close(self):
        self.client.close()

    def call(self, request, answer=dcom.Result, iid=None, ipid=None):
        dcom.set_header(request)
        stub = encode(request, self.big)
        return answer(self.client.call(iid or self.iid, request.opnum, stub, ipid or self.reference.ipid))

    def orpc(self, request, iid=None, ipid=None):
        return self.call(request, dcom.Result, iid, ipid)["ErrorCode"]

    def initialize(self, xml):
        request = dcom.InitializeOperationParameters()
        request["parameters"] = dcom.text(xml)
        return self.orpc(request)

    def start(self, callback, request=None):
        request, objref = request or dcom.StartOperationWithCallback(), callback.objref()
        request["progressCallback"]["ulCntData"] = len(objref)
        request["progressCallback"]["abData"] = list(objref)
        return self.orpc(request)

    # IIpamOperationWithProgress2
    def identify(self):
        answer = self.call(dcom.GetOperationId(), dcom.GetOperationIdResponse)
        return answer["ErrorCode"], answer["operationId"]

    def resume(self, identity, last, callback):
        request = dcom.ResumeCallback()
        request["operationId"], request["lastSequence"] = identity, last
        return self.start(callback, request)

    def cancel(self, identity):
        request = dcom.CancelOperation()
        request["operationId"] = identity
        return self.orpc(request)

    def initiate(self, name):
        request = dcom.SetInitiator()
        request["initiator"] = dcom.text(name)
        return self.orpc(request)

    def release(self):
        reference = self.reference
        request = dcom.refs_request(dcomrt.RemRelease, (reference.ipid, reference.refs, 0))
        return self.orpc(request, IID_REM_UNKNOWN, reference.rem_unknown)


class Base(unittest.TestCase):
    server_args, progress2, captured = (), None, True
    count = 0

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(server_args=cls.server_args, progress2=cls.progress2, captured=cls.captured)
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start_server()
        cls.account = Account(DOMAIN, USER, cls.stack.password)

    def setUp(self):
        self.callbacks = []

    def tearDown(self):
        self.stack.died("server")
        for callback in self.callbacks:
            callback.close()
            self.assertEqual(callback.exporter.listener.complaints, [])
            if callback.exporter.plain:
                self.assertEqual(callback.exporter.plain.complaints, [])

    def session(self, **options):
        session = Session(self.stack.dcom_port, self.account, **options)
        self.addCleanup(session.close)
        return session

    def callback(self, accounts=None, **options):
        callback = Callback(accounts or [self.account], **options)
        self.callbacks.append(callback)
        return callback

    def new_records(self, count):
        """Parameters that were not used before, and the names of their records."""
        Base.count += 1
        prefix = f"stranger{Base.count}"
        return records(count, prefix), [f"{prefix}-{n}" for n in range(count)]

    def run_operation(self, xml, callback, **options):
        session = self.session(**options)
        self.assertEqual(session.initialize(xml), S_OK)
        self.assertEqual(session.start(callback), S_OK)
        callback.wait_done()
        self.assertTrue(callback.object.released.wait(30), "the callback was not released")
        return session

    def works_still(self):
        """The next client is served."""
        callback = self.callback()
        self.run_operation(self.new_records(1)[0], callback)
        self.check(callback.events)

    def check(self, events, outcome=SUCCESS):
        """The order of [MS-IPAMM2] 3.21.1.1, and what each event has to say."""
        kinds = [event.kind for event in events]
        self.assertEqual(kinds[0], START)
        self.assertEqual(kinds.count(START), 1)
        self.assertEqual(kinds[-1], OVERALL)
        self.assertEqual(events[-1].status, outcome)
        announced = {event.subtask.id: event.subtask.name for event in events if event.kind == ADD}
        self.assertEqual(len(announced), kinds.count(ADD))
        self.assertLess(max(i for i, kind in enumerate(kinds) if kind == ADD), kinds.index(SUBTASK))
        ends = {}
        for event in events:
            if event.kind == SUBTASK:
                self.assertEqual(event.subtask.name, announced[event.subtask.id])
                self.assertNotIn(event.subtask.id, ends, "something behind its end")
                self.assertTrue(0 <= event.percent <= 100)
                if event.status > 1:
                    ends[event.subtask.id] = event.status
        self.assertEqual(set(ends), set(announced))
        percents = [event.percent for event in events if event.kind == PERCENT]
        self.assertEqual(percents, sorted(set(percents)))
        if outcome == SUCCESS:
            self.assertEqual(percents[-1], 100)
        for event in events:
            for xml in (event.completion, event.subtask and event.subtask.details, event.subtask and event.subtask.failed):
                if xml is not None:
                    ElementTree.fromstring(xml)
        return list(announced.values())


class Events(Base):
    def test_each_operation_by_the_base_interface(self):
        for operation in OPERATIONS:
            with self.subTest(operation):
                callback = self.callback()
                self.run_operation(sample(operation), callback)
                self.check(callback.events)
                self.assertEqual(callback.callers, {(USER, PRIVACY)})
                calls = callback.exporter.calls
                self.assertEqual(calls[:2], [RESOLVED, ASKED])
                self.assertEqual({iid for iid, _ in calls if iid not in (IID_RESOLVER, IID_REM_UNKNOWN)}, {IID_CALLBACK})
                self.assertEqual(calls[-1], RELEASED)

    def test_both_interfaces_tell_the_same(self):
        told = {}
        for batched in (False, True):
            xml, names = self.new_records(40)
            callback = self.callback(batched=batched)
            self.run_operation(xml, callback)
            told[batched] = self.check(callback.events), [
                (e.kind, e.status, e.percent, e.subtask and e.subtask.id) for e in callback.events]
            self.assertEqual([name for name in names if not any(name in subtask for subtask in told[batched][0])], [])
            if not batched:
                continue
            sequences = [sequence for batch in callback.batches for sequence in batch]
            self.assertEqual(sequences, list(range(1, len(callback.events) + 1)))  # none twice, none left out
            self.assertGreater(max(map(len, callback.batches)), 1)
            times = [event.time for event in callback.events]
            self.assertEqual(times, sorted(times))
            self.assertLess(abs(times[0] / 10_000_000 - 11644473600 - time.time()), 600)
            self.assertEqual({iid for iid, opnum in callback.exporter.calls if opnum > 5}, {IID_CALLBACK2})
        self.assertEqual(told[False][1], told[True][1])

    def test_logs_on_and_levels(self):
        """Raw NTLM and SPNEGO, its mechListMIC left out too, at both levels: each signature is checked by the stranger."""
        for options in ({"mechanism": NTLM}, {"mechanism": SPNEGO}, {"mechanism": SPNEGO, "with_mic": False}):
            for level in (INTEGRITY, PRIVACY):
                with self.subTest(options=options, level=level):
                    callback = self.callback()
                    self.run_operation(self.new_records(1)[0], callback, level=level, **options)
                    self.check(callback.events)

    def test_of_the_oldest_version(self):
        """ResolveOxid where there is no ResolveOxid2, and 5.1 in each callback."""
        callback = self.callback(oldest=True)
        self.run_operation(self.new_records(2)[0], callback)
        self.check(callback.events)
        self.assertEqual(callback.exporter.calls[:3], [RESOLVED, (IID_RESOLVER, 0), ASKED])

    def test_one_call_at_a_time(self):
        """A stranger that does not agree to concurrent multiplexing."""
        callback = self.callback(multiplex=False)
        self.run_operation(self.new_records(3)[0], callback)
        self.check(callback.events)

    def test_fragments(self):
        for batched in (False, True):
            with self.subTest(batched=batched):
                xml, names = self.new_records(60)
                callback = self.callback(batched=batched, max_frag=SMALL)
                self.run_operation(xml, callback, max_frag=SMALL)
                self.assertEqual(len(self.check(callback.events)), len(names))


class Extension(Base):
    """IIpamOperationWithProgress2: an operation outlives its session."""
    progress2 = True
    server_args = ("--engine-step-delay=50ms", f"--auth-trusted-initiator={DOMAIN}\\{USER}",
                   "--engine-administrator=CORP\\alice")

    def begin(self, count):
        """(session, callback, operation's GUID) of an operation that has begun to tell."""
        callback, session = self.callback(batched=True), self.session(iid=IID_OPERATION2)
        self.assertEqual(session.identify(), (E_ILLEGAL_METHOD_CALL, bytes(16)))
        self.assertEqual(session.initialize(self.new_records(count)[0]), S_OK)
        result, identity = session.identify()
        self.assertEqual(result, S_OK)
        self.assertNotEqual(identity, bytes(16))
        self.assertEqual(session.initiate(f"{DOMAIN}\\{USER}"), S_OK)
        self.assertEqual(session.start(callback), S_OK)
        return session, callback, identity

    def test_another_session_takes_the_callbacks_over(self):
        _, callback, identity = self.begin(8)
        callback.wait(lambda: len(callback.events) > 12)
        callback.close()
        held = list(callback.events)
        session, resumed = self.session(iid=IID_OPERATION2), self.callback(batched=True, last=len(held))
        self.assertEqual(session.resume(identity, len(held), resumed), S_OK)
        resumed.wait_done()
        sequences = [event.sequence for event in held + resumed.events]
        self.assertEqual(sequences, list(range(1, len(sequences) + 1)))
        self.check(held + resumed.events)
        self.assertTrue(resumed.object.released.wait(30))
        again = self.callback(batched=True)
        self.assertEqual(session.resume(identity, 0, again), S_OK)  # ended: all of it once more
        again.wait_done()
        self.assertEqual([event.sequence for event in again.events], sequences)
        self.assertEqual(session.cancel(identity), S_FALSE)

    def test_for_whom_it_acts(self):
        """The one named is authorized in place of the account; who is named late is not."""
        callback, session = self.callback(), self.session(iid=IID_OPERATION2)
        self.assertEqual(session.initiate("CORP\\bob"), E_ILLEGAL_METHOD_CALL)
        self.assertEqual(session.initialize(self.new_records(1)[0]), S_OK)
        self.assertEqual(session.initiate("CORP\\bob"), S_OK)
        self.assertEqual(session.start(callback), E_ACCESSDENIED)
        self.assertEqual(callback.events, [])
        for name in ("CORP\\alice", "alice@corp"):
            callback, session = self.callback(), self.session(iid=IID_OPERATION2)
            self.assertEqual(session.initialize(self.new_records(1)[0]), S_OK)
            result, identity = session.identify()
            self.assertEqual((result, session.initiate(name)), (S_OK, S_OK))
            self.assertEqual(session.start(callback), S_OK)
            callback.wait_done()
            self.check(callback.events)
            with contextlib.closing(sqlite3.connect(f"{self.stack.dir}/ipam.db")) as store:
                [(account, initiator)] = store.execute("SELECT account, initiator FROM operations WHERE guid = ?",
                                                       (str(uuid.UUID(bytes_le=identity)),))
            self.assertEqual((account, initiator.lower()), (f"{DOMAIN}\\{USER}", "corp\\alice"))
            self.assertIn(f"for {account} on behalf of {initiator}", self.stack.log("server"))

    def test_what_cannot_be_resumed(self):
        session, callback, identity = self.begin(1)
        callback.wait_done()
        other = self.callback(batched=True)
        self.assertEqual(session.resume(bytes(range(16)), 0, other), ERROR_NOT_FOUND)
        self.assertEqual(session.resume(identity, len(callback.events) + 1, other), E_INVALIDARG)
        self.assertEqual(session.cancel(bytes(range(16))), ERROR_NOT_FOUND)
        self.assertEqual(other.events, [])

    def test_it_is_cancelled(self):
        session, callback, identity = self.begin(30)
        callback.wait(lambda: any(event.kind == SUBTASK for event in callback.events))
        self.assertEqual(session.cancel(identity), S_OK)
        callback.wait_done()
        self.check(callback.events, FAILURE)
        self.assertIn(NOT_RUN, {event.status for event in callback.events if event.kind == SUBTASK})
        self.assertEqual(session.cancel(identity), S_FALSE)


class BigEndian(Base):
    captured = False  # tshark reads an OBJREF in the order of its PDU: it is little-endian always, [MS-DCOM] 2.2.18

    def test_all_that_the_stranger_sends(self):
        """Its calls and its answers, [C706] 14.1."""
        for batched in (False, True):
            with self.subTest(batched=batched):
                callback = self.callback(batched=batched, big=True)
                self.run_operation(self.new_records(3)[0], callback, big=True)
                self.check(callback.events)


class CallbacksAtIntegrity(Base):
    server_args = ("--auth-callback-level=integrity",)

    def test_they_are_signed(self):
        callback = self.callback()
        self.run_operation(self.new_records(2)[0], callback)
        self.check(callback.events)
        self.assertEqual(callback.callers, {(USER, INTEGRITY)})

    def test_a_client_that_wants_more_refuses_them(self):
        callback, session = self.callback(minimum=PRIVACY), self.session()
        self.assertEqual(session.initialize(self.new_records(1)[0]), S_OK)
        self.assertGreaterEqual(session.start(callback), 0x80000000)
        self.assertEqual(callback.events, [])


class PlainResolver(Base):
    """Strangers whose resolver takes no authentication, in each of the ways to refuse it; their callbacks do."""
    server_args = ("--auth-resolver-fallback=on",)

    def test_it_is_asked_without(self):
        for refuses in ("bind", "silence", "call"):
            with self.subTest(refuses):
                callback = self.callback(refuses=refuses)
                self.run_operation(self.new_records(2)[0], callback)
                self.check(callback.events)
                self.assertEqual(callback.callers, {(USER, PRIVACY)})
                self.assertEqual(callback.exporter.levels, {NONE})
                port = callback.exporter.plain.port
                said = [line for line in self.stack.log("server").splitlines() if f":{port} refuses" in line]
                self.assertEqual(len(said), 1, said)


class PlainResolverByDefault(Base):
    def test_the_policy_does_not_let_it_be_asked_without(self):
        for refuses in ("bind", "silence", "call"):
            with self.subTest(refuses):
                callback, session = self.callback(refuses=refuses), self.session()
                self.assertEqual(session.initialize(self.new_records(1)[0]), S_OK)
                self.assertGreaterEqual(session.start(callback), 0x80000000)
                self.assertEqual((callback.events, callback.exporter.levels), ([], set()))
        self.works_still()


class Refusals(Base):
    server_args = ("--engine-step-delay=20ms",)

    def test_the_server_refuses_a_wrong_password_and_a_weak_level(self):
        reference = self.session().reference
        request = dcom.InitializeOperationParameters()
        request["parameters"] = dcom.text(sample(OPERATIONS[0]))
        dcom.set_header(request)
        for mechanism in (NTLM, SPNEGO):
            for account, level in ((Account(DOMAIN, USER, "wrong"), PRIVACY), (self.account, CONNECT)):
                with self.subTest(mechanism=mechanism, level=level), self.assertRaises(Fault) as raised:
                    with Client(self.stack.dcom_port, account, level, mechanism) as client:
                        client.call(IID_OPERATION, 3, request.getData(), reference.ipid)
                self.assertIn(raised.exception.code, (RPC_S_ACCESS_DENIED, RPC_S_SEC_PKG_ERROR))
        self.works_still()

    def test_the_client_refuses_the_log_on_of_the_server(self):
        callback, session = self.callback([Account(DOMAIN, USER, "another")]), self.session()
        self.assertEqual(session.initialize(self.new_records(1)[0]), S_OK)
        self.assertGreaterEqual(session.start(callback), 0x80000000)
        self.assertIn("wrong password", callback.exporter.listener.denied[0])
        self.assertEqual(callback.events, [])
        self.works_still()

    def test_a_start_that_the_callback_refuses(self):
        """It fails StartOperationWithCallback with its HRESULT, and nothing starts."""
        for result in (E_INVALIDARG, E_FAIL):
            callback, session = self.callback(answers=lambda event: result), self.session()
            self.assertEqual(session.initialize(self.new_records(1)[0]), S_OK)
            self.assertEqual(session.start(callback), result)
            self.assertTrue(callback.object.released.wait(30))
            self.assertEqual([call for call in callback.exporter.calls if call[0] == IID_CALLBACK], [(IID_CALLBACK, 3)])
        self.works_still()

    def test_a_refusal_later_ends_the_callbacks(self):
        for batched in (False, True):
            with self.subTest(batched=batched):
                callback, session = self.callback(
                    batched=batched, answers=lambda event: E_INVALIDARG if event.kind == SUBTASK else S_OK), self.session()
                self.assertEqual(session.initialize(self.new_records(3)[0]), S_OK)
                self.assertEqual(session.start(callback), S_OK)
                self.assertTrue(callback.object.released.wait(30))
                self.assertEqual({event.kind for event in callback.events}, {START, ADD})
        self.works_still()

    def test_a_session_that_the_client_releases(self):
        """The operation and its callbacks do not depend on it."""
        callback, session = self.callback(), self.session()
        self.assertEqual(session.initialize(self.new_records(5)[0]), S_OK)
        self.assertEqual(session.start(callback), S_OK)
        self.assertEqual(session.release(), S_OK)
        with self.assertRaises(Fault) as raised:
            session.start(callback)
        self.assertEqual(raised.exception.code, dcom.RPC_E_DISCONNECTED)
        session.close()
        callback.wait_done()
        self.check(callback.events)


class Vanishing(Base):
    """All connections of the stranger are cut at each boundary between two PDUs of a whole operation, in turn."""

    def attempt(self, limit, batched):
        fuse = Fuse(limit)
        callback = self.callback(fuse=fuse, batched=batched)
        try:
            session = Session(self.stack.dcom_port, self.account, fuse=fuse)
            self.addCleanup(session.close)
            if session.initialize(self.new_records(1)[0]) == S_OK and session.start(callback) == S_OK:
                wait_until(lambda: fuse.blown or callback.object.released.is_set(), what="the end")
        except Vanished:
            pass
        except Fault as fault:
            self.fail(f"{limit}: {fault}")
        return fuse, callback

    def test_at_each_pdu_boundary(self):
        for batched in (False, True):
            whole, callback = self.attempt(None, batched)
            self.check(callback.events)
            for limit in range(whole.count):
                with self.subTest(batched=batched, limit=limit):
                    fuse, _ = self.attempt(limit, batched)
                    self.assertTrue(fuse.blown)
                    self.stack.died("server")
            self.works_still()


if __name__ == "__main__":
    unittest.main()
