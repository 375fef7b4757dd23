"""A stranger as the management server of ipam-gateway: it runs a scripted operation and calls the gateway back.

All of its side is impacket's NDR, NTLM and PDU classes and what is written on them in this folder; what the gateway made
of it is read at its API.
"""

import decimal
import re
import unittest

import dcom  # first: it skips the file where impacket is not installed
from callback import ADD, FAILURE, IN_PROGRESS, OVERALL, PERCENT, START, SUBTASK, SUCCESS, Event, SubTask
from dcom import (CONNECT, E_ACCESSDENIED, E_ILLEGAL_METHOD_CALL, E_INVALIDARG, IID_OPERATION, IID_OPERATION2,
                  IID_REM_UNKNOWN, IID_RESOLVER, INTEGRITY, PRIVACY, S_OK, Account)
from impacket.dcerpc.v5 import dcomrt
from operation_server import OperationServer, error_information
from security import NTLM, SPNEGO
from stack import DOMAIN, FINAL, USER, HttpError, Stack, wait_until
from wire import Fuse

SMALL = 1432  # [MS-RPCE] 2.2.2.6: what every implementation has to take
IPAM = 'xmlns="http://Microsoft.Windows.Ipam" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
DETAILS = f'<SubTaskInstanceDetails {IPAM} i:type="ScopeOptionDataFormatter"><OptionId>3</OptionId></SubTaskInstanceDetails>'
COMPLETION = f'<completionStatus {IPAM} i:type="DhcpMsmOverallCompletionStatus"/>'
STATUS = ("NOT_STARTED", "IN_PROGRESS", "COMPLETED_WITH_ERROR", "COMPLETED_WITH_WARNING", "COMPLETED_WITH_SUCCESS",
          "NOT_APPLICABLE", "NOT_RUN")
NOT_RUN = STATUS.index("NOT_RUN")
OUTCOMES = {SUCCESS: "OPERATION_STATE_SUCCEEDED", FAILURE: "OPERATION_STATE_FAILED"}
FILETIME = 133_000_000_000_000_000


def number(text):
    return decimal.Decimal(text)


def subtask(identity, name, status=0, description=None, details=None):
    return SubTask(identity, identity, name, status, description, details, None, False)


def script(padding=""):
    """Every kind of callback; times in the order of events."""
    first, second = "Option 3 Router" + padding, "Zwei: Ümläut 𝄞"
    events = [
        Event(START),
        Event(ADD, subtask=subtask(1, first, details=DETAILS)),
        Event(ADD, subtask=subtask(-7, second, description="waits")),
        Event(SUBTASK, status=1, percent=number("0"), subtask=subtask(1, first, 1)),
        Event(SUBTASK, status=1, percent=number("12.5"), subtask=subtask(1, first, 1)),
        Event(PERCENT, percent=number("33.25")),
        Event(SUBTASK, status=4, percent=number("100"), subtask=subtask(1, first, 4)),
        Event(SUBTASK, status=3, percent=number("100.000"), subtask=subtask(-7, second, 3)),
        Event(PERCENT, percent=number("100")),
        Event(OVERALL, status=IN_PROGRESS),
        Event(OVERALL, status=SUCCESS, completion=COMPLETION),
    ]
    for n, event in enumerate(events):
        event.time = FILETIME + 10_000_000 * n
    return events


def shown(event):
    """Of an event of the API, what a script says."""
    if "started" in event:
        return (START,)
    if "percentage" in event:
        return PERCENT, event["percentage"].get("percent", 0)
    if "finished" in event:
        return OVERALL, event["finished"]["state"]
    for key, kind in (("subtaskAdded", ADD), ("subtaskChanged", SUBTASK)):
        if key in event:
            task = event[key]
            return (kind, task["instanceId"], task["uniqueId"], task["name"], task["status"]) + (
                (task.get("percent", 0),) if kind == SUBTASK else ())
    return (next(iter(set(event) - {"operation", "sequence", "receiveTime", "sourceSequence", "eventTime"})),)


def expected(event):
    if event.kind == START:
        return (START,)
    if event.kind == PERCENT:
        return PERCENT, float(event.percent)
    if event.kind == OVERALL:
        return OVERALL, OUTCOMES.get(event.status)
    task = event.subtask
    status = "SUBTASK_STATUS_" + STATUS[event.status or 0]
    return (event.kind, task.id, task.unique_id, task.name, status) + (
        (float(event.percent),) if event.kind == SUBTASK else ())


class Base(unittest.TestCase):
    gateway_args, captured = (), True

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(gateway_args=cls.gateway_args, network=None, captured=cls.captured)
        cls.addClassCleanup(cls.stack.close)
        cls.account = Account(DOMAIN, USER, cls.stack.password)
        cls.stack.start_gateway(connected=False)

    def setUp(self):
        self.server = None

    def tearDown(self):
        self.stack.died("gateway")
        self.close()

    def close(self):
        if self.server:
            complaints, self.server = self.server.close(), None
            self.assertEqual(complaints, [])

    def serve(self, events=None, connected=True, account=None, **options):
        """A new stranger where the last one was."""
        self.close()
        self.server = OperationServer(account or self.account, events or script(), port=self.stack.dcom_port, **options)
        if connected:
            self.connected()
        return self.server

    def connected(self):
        """By this stranger, not by the one before it."""
        wait_until(lambda: self.server.exporter.aliveness and self.stack.source()["state"] == "SOURCE_STATE_CONNECTED",
                   what="the connection")

    def run_operation(self, **fields):
        """(the operation of the API, that of the stranger) when it has ended."""
        name = self.stack.start("CreateDhcpScope", **fields)["name"]
        done = self.stack.wait_done(name)
        operation = self.server.operations[-1]
        wait_until(lambda: operation.ended, what="the last answer to the stranger")
        return done, operation

    def check(self, done, operation):
        """Every event of the script is in the journal, in its order."""
        self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED_WITH_WARNINGS")
        events = self.stack.events(done["name"])
        self.assertEqual([int(event["sequence"]) for event in events], list(range(1, len(events) + 1)))
        self.assertEqual(shown(events[0]), ("accepted",))
        wanted = [expected(event) for event in self.server.script]
        got = [shown(event) for event in events[1:]]
        self.assertEqual(got[:-2], wanted[:-2])
        self.assertEqual(got[-1], (OVERALL, done["state"]))
        [added] = [event["subtaskAdded"] for event in events if event.get("subtaskAdded", {}).get("instanceId") == 1]
        self.assertEqual(added["detailsXml"], DETAILS)
        self.assertEqual(set(operation.results), {S_OK})
        return events

    def works_still(self):
        self.serve()
        self.check(*self.run_operation())


class Operations(Base):
    def test_by_the_base_interface(self):
        server = self.serve()
        done, operation = self.run_operation()
        self.check(done, operation)
        self.assertIn("CreateDhcpScope", operation.parameters)
        calls = server.exporter.calls
        activated = calls.index((dcomrt.IID_IRemoteSCMActivator, 4))
        self.assertEqual(set(calls[:activated]) - {(IID_RESOLVER, 5)}, set())  # ServerAlive2 before the activation
        self.assertEqual([call for call in calls if call[0] == IID_OPERATION],
                         [(IID_OPERATION, 4), (IID_OPERATION, 3), (IID_OPERATION, 4)])  # the first: can it call back
        wait_until(lambda: server.sessions[-1].object.released.is_set(), what="the release of the session")
        self.assertIn((IID_REM_UNKNOWN, 5), server.exporter.calls)

    def test_of_the_oldest_version(self):
        """RemoteActivation, and 5.1 in each call: all that a server without ServerAlive2 has."""
        server = self.serve(oldest=True)
        self.check(*self.run_operation())
        calls = server.exporter.calls
        self.assertIn((dcomrt.IID_IActivation, 0), calls)
        self.assertNotIn((dcomrt.IID_IRemoteSCMActivator, 4), calls)
        wait_until(lambda: server.sessions[-1].object.released.is_set(), what="the release of the session")

    def test_by_report_progress(self):
        server = self.serve(extended=True, batched=True)
        done, operation = self.run_operation()
        events = self.check(done, operation)
        sequences = [int(event["sourceSequence"]) for event in events if "sourceSequence" in event]
        self.assertEqual(sequences, list(range(1, len(server.script) + 1)))
        self.assertEqual(events[1]["eventTime"], "2022-06-18T04:26:40Z")
        self.assertLess(len(operation.results), len(server.script) - 1)  # several in a call
        self.assertIn((IID_OPERATION2, 5), server.exporter.calls)
        wait_until(lambda: server.sessions[-1].object.released.is_set(), what="the release of the session")

    def test_log_ons_and_one_call_at_a_time(self):
        """The stranger calls back by raw NTLM and by SPNEGO, and checks what the gateway signs."""
        for options in ({"mechanism": NTLM}, {"mechanism": SPNEGO}, {"mechanism": SPNEGO, "with_mic": False}):
            with self.subTest(options):
                self.serve(caller_options=options, multiplex=False)
                self.check(*self.run_operation())

    def test_fragments(self):
        for batched in (False, True):
            with self.subTest(batched=batched):
                self.serve(script(" " + "long " * 2000), batched=batched, max_frag=SMALL,
                           caller_options={"max_frag": SMALL})
                self.check(*self.run_operation())


class Extension(Base):
    """IIpamOperationWithProgress2: what the gateway asks of it."""

    def test_it_resumes_where_the_callbacks_ended(self):
        def vanish(number, remote):
            if number == 4 and not self.server.operations[-1].resumes:
                remote.close()
                return "stop"
        server = self.serve(extended=True, batched=True, before=vanish)
        done, operation = self.run_operation()
        self.assertEqual(operation.resumes, [4])
        self.assertEqual(operation.starts, 1)
        self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED_WITH_WARNINGS")
        events = self.stack.events(done["name"])
        sequences = [int(event["sourceSequence"]) for event in events if "sourceSequence" in event]
        self.assertEqual(sequences, list(range(1, len(server.script) + 1)))
        kinds = [shown(event)[0] for event in events]
        self.assertLess(kinds.index("sourceLost"), kinds.index("sourceResumed"))
        self.assertEqual(kinds.index("sourceLost"), 5)  # behind accepted and the four that were answered

    def test_a_server_that_forgot_the_operation(self):
        def forget(number, remote):
            if number == 4:
                self.server.operations[-1].id = bytes(16)
                remote.close()
                return "stop"
        self.serve(extended=True, batched=True, before=forget)
        done = self.stack.wait_done(self.stack.start("CreateDhcpScope")["name"])
        self.assertEqual(done["state"], "OPERATION_STATE_OUTCOME_UNKNOWN")
        self.assertEqual(self.server.operations[-1].resumes, [])

    def test_it_cancels(self):
        def until_cancelled(begin, _):
            if begin == 4:
                wait_until(lambda: self.server.operations[-1].cancelled, what="CancelOperation")
                not_reached = [Event(SUBTASK, status=NOT_RUN, percent=number("0"), subtask=event.subtask)
                               for event in self.server.script[1:3]]
                self.server.script[4:] = [*not_reached, Event(OVERALL, status=FAILURE)]
        self.serve(extended=True, batched=True, before=until_cancelled)
        name = self.stack.start("CreateDhcpScope")["name"]
        wait_until(lambda: len(self.stack.events(name)) >= 5, what="the first events")
        self.stack.request(f"/v1/{name}:cancel", {})
        done = self.stack.wait_done(name)
        self.assertEqual(done["state"], "OPERATION_STATE_CANCELLED")
        self.assertIn("cancelRequested", [shown(event)[0] for event in self.stack.events(name)])
        self.assertIn((IID_OPERATION2, 7), self.server.exporter.calls)
        self.stack.request(f"/v1/{name}:cancel", {})  # ended already: unchanged

    def test_a_server_without_it_cannot_cancel(self):
        def wait(number, _):
            if number == 4:
                wait_until(lambda: refused, what="the refusal")
        refused = []
        self.serve(before=wait)
        name = self.stack.start("CreateDhcpScope")["name"]
        with self.assertRaises(HttpError) as raised:
            self.stack.request(f"/v1/{name}:cancel", {})
        refused.append(raised.exception)
        self.assertEqual(raised.exception.code, 501)
        self.stack.wait_done(name)


class BigEndian(Base):
    captured = False  # tshark reads an OBJREF in the order of its PDU: it is little-endian always, [MS-DCOM] 2.2.18

    def test_all_that_the_stranger_sends(self):
        """Its calls and its answers, [C706] 14.1."""
        for batched in (False, True):
            with self.subTest(batched=batched):
                self.serve(extended=batched, batched=batched, big=True, caller_options={"big": True})
                self.check(*self.run_operation())


class Integrity(Base):
    gateway_args = ("--dcom-protection=integrity", "--dcom-mechanism=ntlm")

    def test_signed_and_not_sealed(self):
        self.serve(caller_options={"level": INTEGRITY, "mechanism": NTLM})
        self.check(*self.run_operation())

    def test_a_server_that_wants_more_is_not_there(self):
        self.serve(minimum=PRIVACY, connected=False)
        wait_until(lambda: "ERROR_ACCESS_DENIED" in self.stack.source().get("reason", ""), what="the reason")
        with self.assertRaises(HttpError) as refused:
            self.stack.start("CreateDhcpScope")
        self.assertEqual(refused.exception.code, 503)
        self.assertEqual(self.server.operations, [])


class Refusals(Base):
    def refused(self):
        with self.assertRaises(HttpError) as raised:
            self.stack.start("CreateDhcpScope")
        return raised.exception

    def test_a_server_that_refuses_the_password(self):
        server = self.serve(connected=False, account=Account(DOMAIN, USER, "another"))
        wait_until(lambda: server.exporter.listener.denied, what="an attempt")
        wait_until(lambda: re.search("(?i)denied|auth|password|log-?on", self.stack.source().get("reason", "")),
                   what="the reason")
        self.assertEqual(self.refused().code, 503)
        self.works_still()

    def test_who_may_not_call_back(self):
        """The gateway refuses a wrong password, a level below its own and none, and gives such a server nothing to do."""
        for options, caller in ((None, Account(DOMAIN, USER, "wrong")), (None, Account(DOMAIN, "nobody", "x")),
                                ({"level": CONNECT}, None), ({"level": INTEGRITY}, None), ({"mechanism": NTLM},
                                Account(DOMAIN, USER, "wrong"))):
            with self.subTest(options=options, caller=caller and caller.user):
                server = self.serve(caller=caller, caller_options=options, connected=False)
                # Of this stranger, not of the one before it.
                wait_until(lambda: server.exporter.aliveness and (server.refused or not caller) and
                           self.stack.source()["state"] == "SOURCE_STATE_CONNECTED_NO_CALLBACKS", what="the state")
                self.assertIn(self.refused().code, (400, 503))
                self.assertLessEqual(set(server.refused), {5, 1825})
                self.assertEqual(server.operations, [])
        self.works_still()

    def test_results_of_the_server(self):
        for method in ("initialize_result", "start_result"):
            for result, code in ((E_INVALIDARG, 400), (E_ACCESSDENIED, 403), (E_ILLEGAL_METHOD_CALL, 400)):
                with self.subTest(method=method, result=hex(result)):
                    server = self.serve()
                    setattr(server, method, result)
                    self.assertEqual(self.refused().code, code)
                    wait_until(lambda: server.sessions[-1].object.released.is_set(), what="the release of the session")
        self.works_still()

    def test_the_words_of_the_server(self):
        """Of the IpamException in the error information; of the HRESULT alone where that is none."""
        exception = ("<q:IpamException xmlns:q='http://schemas.datacontract.org/2004/07/Microsoft.Windows.Ipam'>"
                     "<IpamExceptionData xmlns:d='http://Microsoft.Windows.Ipam'><d:ExceptionId>IpamApiAddScopeFailed"
                     "</d:ExceptionId><d:ExceptionMessage>no room in the \N{DOOR}</d:ExceptionMessage>"
                     "</IpamExceptionData></q:IpamException>")
        whole = error_information(exception)
        for method in ("initialize_result", "start_result"):
            for name, information in (("whole", whole), ("cut", whole[:-40]), ("no exception", error_information("?"))):
                with self.subTest(method=method, information=name):
                    server = self.serve()
                    server.information = information
                    setattr(server, method, E_INVALIDARG)
                    refused = self.refused()
                    self.assertEqual(refused.code, 400)
                    check = self.assertIn if name == "whole" else self.assertNotIn
                    check("no room in the \N{DOOR}", refused.status["message"])
                    self.assertTrue(refused.status["message"])
        self.works_still()

    def test_events_that_the_gateway_refuses(self):
        """E_INVALIDARG and E_ILLEGAL_METHOD_CALL are the stranger's to read; its operation stays what it was."""
        bad = script()
        bad[5].percent = number("101")
        server = self.serve(bad)
        name = self.stack.start("CreateDhcpScope")["name"]
        wait_until(lambda: server.operations[-1].ended, what="the end of the script")
        self.assertEqual(server.operations[-1].results, [S_OK] * 5 + [E_INVALIDARG])
        done = self.stack.wait_done(name)  # released before its end
        self.assertEqual(done["state"], "OPERATION_STATE_OUTCOME_UNKNOWN")
        twice = script()
        twice[1] = Event(START)
        server = self.serve(twice)
        self.stack.start("CreateDhcpScope")
        wait_until(lambda: server.operations[-1].ended, what="the end of the script")
        self.assertEqual(server.operations[-1].results, [S_OK, E_ILLEGAL_METHOD_CALL])
        self.works_still()

    def test_a_callback_that_is_released_before_the_end(self):
        def release(number, remote):
            if number == 4:
                assert remote.release() == S_OK
                return "stop"
        self.serve(before=release)
        done = self.stack.wait_done(self.stack.start("CreateDhcpScope")["name"])
        self.assertEqual(done["state"], "OPERATION_STATE_OUTCOME_UNKNOWN")
        self.assertEqual(len(self.stack.events(done["name"])), 6)  # accepted, four of the script, finished
        self.works_still()

    def test_a_callback_address_that_is_tried_before_the_start(self):
        """A start on a session that was not initialized: resolved, asked for an interface, refused."""
        server = self.serve(batched=True)
        self.run_operation()
        self.assertEqual(server.refused, [])


class Faults(Base):
    captured = False  # tshark passes over the signature of a fault, and cannot unseal what comes behind it

    def test_they_are_read_with_and_without_a_signature(self):
        for sign in (False, True):
            with self.subTest(sign=sign):
                server = self.serve(sign_faults=sign)
                server.initialize_result = dcom.Fault(dcom.RPC_E_DISCONNECTED)
                with self.assertRaises(HttpError) as raised:
                    self.stack.start("CreateDhcpScope")
                self.assertIn("0x80010108", raised.exception.status["message"].lower())
                wait_until(lambda: server.sessions[-1].object.released.is_set(), what="the release of the session")
        self.works_still()


class Vanishing(Base):
    """All connections of the stranger are cut at each boundary between two PDUs of a whole operation, in turn."""

    def attempt(self, limit):
        fuse = Fuse(limit)
        server = self.serve(script()[:2] + script()[-2:], connected=False, fuse=fuse, caller_options={"fuse": fuse})
        name = None

        def begun():
            nonlocal name
            try:
                name = self.stack.start("CreateDhcpScope")["name"]
            except HttpError as error:
                self.assertIn(error.code, (400, 500, 503), error)  # 400: it was cut while it called back
            return name or fuse.blown
        wait_until(begun, what="a start")
        if name:
            done = self.stack.wait_done(name)
            self.assertIn(done["state"], FINAL)
        if limit is None:
            wait_until(lambda: server.operations[-1].ended and server.sessions[-1].object.released.is_set(),
                       what="the releases")
        return fuse

    def test_at_each_pdu_boundary(self):
        whole = self.attempt(None)
        for limit in range(whole.count):
            with self.subTest(limit=limit):
                self.attempt(limit)
                self.stack.died("gateway")
        for operation in self.stack.request("/v1/operations?page_size=1000")["operations"]:
            self.assertIn(operation["state"], FINAL)
        self.works_still()


if __name__ == "__main__":
    unittest.main()
