"""A stranger's callback object: IIpamOperationWithProgressCallback and, where asked for, its batched form.

It knows ipam_progress.idl by the NDR structures of dcom.py alone, and keeps what it is told.
"""

import dataclasses
import decimal
import threading

import dcom
from dcom import E_INVALIDARG, IID_CALLBACK, IID_CALLBACK2, S_OK, Fault
from exporter import Exporter

START, PERCENT, SUBTASK, OVERALL, ADD = range(5)  # IpamProgressEventKind
NOT_STARTED, IN_PROGRESS, SUCCESS, FAILURE = range(4)  # IpamOverallProgressStatus


@dataclasses.dataclass
class SubTask:
    id: int
    unique_id: int
    name: str
    status: int
    description: str
    details: str
    failed: str
    non_deterministic: bool


@dataclasses.dataclass
class Event:
    kind: int
    sequence: int = 0
    time: int = 0
    non_deterministic: bool = False
    percent: decimal.Decimal = None
    status: int = None
    subtask: SubTask = None
    completion: str = None


def string(field):
    """The text of an LPWSTR that was read; its NUL has to be there, [C706] 14.3.4."""
    if field == b"" or field is None:
        return None
    assert field.endswith("\0"), f"no NUL at the end of {field!r}"
    return field[:-1]


def number(value):
    """A DECIMAL, [MS-OAUT] 2.2.26."""
    assert value["scale"] <= 28 and value["sign"] in (0, 0x80), (value["scale"], value["sign"])
    result = decimal.Decimal(value["Hi32"] << 64 | value["Lo64"]).scaleb(-value["scale"])
    return -result if value["sign"] else result


def instance(pointer):
    if pointer.fields["ReferentID"] == 0:
        return None
    return SubTask(pointer["subTaskInstanceId"], pointer["subTaskUniqueId"], string(pointer["subTaskName"]),
                   pointer["subTaskStatus"], string(pointer["progressStatusDescriptions"]),
                   string(pointer["subTaskInstanceDetails"]), string(pointer["failedCompletionStatus"]),
                   bool(pointer["isNonDeterministicProgress"]))


class Callback:
    """`answers`: function of an Event that gives the HRESULT, instead of S_OK. `last`: the sequence that is held already."""

    def __init__(self, accounts, batched=False, answers=None, last=0, **options):
        self.answers = answers or (lambda event: S_OK)
        self.events, self.batches = [], []
        self.changed = threading.Condition()
        self.callers = set()  # (account, level)
        self.last = last
        interfaces = {IID_CALLBACK: self._one}
        if batched:
            interfaces[IID_CALLBACK2] = self._batch
        self.exporter = Exporter(accounts, interfaces=tuple(interfaces), **options)
        self.object = self.exporter.export(interfaces)

    def objref(self):
        return self.object.objref(IID_CALLBACK)

    def _take(self, event):
        result = self.answers(event)
        if result == S_OK:
            with self.changed:
                self.events.append(event)
                self.changed.notify_all()
        return result

    def _one(self, call):
        self.callers.add((call.account.user, call.level))
        if call.opnum == 3:
            event = Event(START, non_deterministic=bool(dcom.StartProgressCallback(call.stub)["isNonDeterministic"]))
        elif call.opnum == 4:
            event = Event(PERCENT, percent=number(dcom.SetCompletionPercentage(call.stub)["completionPercentage"]))
        elif call.opnum == 5:
            request = dcom.SetSubTaskStatus(call.stub)
            event = Event(SUBTASK, percent=number(request["percentComplete"]), status=request["status"],
                          subtask=instance(request.fields["subTaskInstance"]),
                          completion=string(request["completionStatus"]))
        elif call.opnum == 6:
            request = dcom.SetOverallStatus(call.stub)
            event = Event(OVERALL, status=request["overallStatus"], completion=string(request["completionStatus"]))
        elif call.opnum == 7:
            event = Event(ADD, subtask=instance(dcom.AddSubTask(call.stub).fields["subTaskInstance"]))
        else:
            raise Fault(dcom.NCA_OP_RANGE)
        return self.exporter.result(self._take(event))

    def _batch(self, call):
        if call.opnum != 8:
            return self._one(call)
        self.callers.add((call.account.user, call.level))
        events = []
        for read in dcom.read_report_progress(call.stub):
            kind = read["kind"]
            event = Event(kind, read["sequence"], read["time"], bool(read["isNonDeterministic"]),
                          number(read["percentComplete"]), read["overallStatus"] if kind == OVERALL else None,
                          instance(read.fields["subTaskInstance"]), string(read["completionStatus"]))
            if kind == SUBTASK:
                event.status = read["subTaskStatus"]
            if kind not in (PERCENT, SUBTASK):
                assert event.percent == 0, "fields that the kind does not carry are zero"
                event.percent = None
            events.append(event)
        self.batches.append([event.sequence for event in events])
        for event in events:
            if event.sequence <= self.last:
                continue
            if event.sequence != self.last + 1:
                return self.exporter.result(E_INVALIDARG)
            result = self._take(event)
            if result != S_OK:
                return self.exporter.result(result)
            self.last = event.sequence
        return self.exporter.result(S_OK)

    @property
    def done(self):
        return bool(self.events) and self.events[-1].kind == OVERALL and self.events[-1].status in (SUCCESS, FAILURE)

    def wait(self, condition, seconds=60):
        with self.changed:
            assert self.changed.wait_for(condition, seconds), f"only {len(self.events)} events: {self.events[-3:]}"

    def wait_done(self):
        self.wait(lambda: self.done)

    def close(self):
        self.exporter.close()
