"""A stranger's management server: a class whose sessions run a script of events and call their client back.

Its NDR is that of dcom.py, its PDUs those of wire.py. With `extended` it has IIpamOperationWithProgress2 too.
"""

import struct
import threading
import uuid
import xml.etree.ElementTree as ElementTree

from impacket.dcerpc.v5 import dcomrt

import dcom
from activation import Activator, OldActivator
from callback import ADD, OVERALL, PERCENT, START, SUBTASK, string
from dcom import (CLSID, E_FAIL, E_ILLEGAL_METHOD_CALL, E_INVALIDARG, ERROR_NOT_FOUND, IID_CALLBACK2, IID_OPERATION,
                  IID_OPERATION2, NULL, S_FALSE, S_OK, Fault)
from exporter import Exporter, Remote
from wire import Vanished


def fill(pointer, subtask):
    pointer["failedCompletionStatus"] = dcom.text(subtask.failed)
    pointer["isNonDeterministicProgress"] = int(subtask.non_deterministic)
    pointer["progressStatusDescriptions"] = dcom.text(subtask.description)
    pointer["subTaskInstanceDetails"] = dcom.text(subtask.details)
    pointer["subTaskInstanceId"], pointer["subTaskUniqueId"] = subtask.id, subtask.unique_id
    pointer["subTaskName"], pointer["subTaskStatus"] = dcom.text(subtask.name), subtask.status


def decimal_of(value):
    """A DECIMAL of a decimal.Decimal, with its scale."""
    _, digits, exponent = value.as_tuple()
    number = int("".join(map(str, digits)))
    return dcom.decimal(number & (1 << 64) - 1, scale=-exponent, high=number >> 64)


def base_call(event):
    """The call of IIpamOperationWithProgressCallback that tells an event."""
    if event.kind == START:
        request = dcom.StartProgressCallback()
        request["isNonDeterministic"] = int(event.non_deterministic)
    elif event.kind == PERCENT:
        request = dcom.SetCompletionPercentage()
        request["completionPercentage"] = decimal_of(event.percent)
    elif event.kind == SUBTASK:
        request = dcom.SetSubTaskStatus()
        fill(request["subTaskInstance"], event.subtask)
        request["status"], request["percentComplete"] = event.status, decimal_of(event.percent)
        request["completionStatus"] = dcom.text(event.completion)
    elif event.kind == OVERALL:
        request = dcom.SetOverallStatus()
        request["overallStatus"], request["completionStatus"] = event.status, dcom.text(event.completion)
    else:
        request = dcom.AddSubTask()
        fill(request["subTaskInstance"], event.subtask)
    return request


def batched_event(event, sequence):
    result = dcom.IpamProgressEvent()
    result["sequence"], result["time"], result["kind"] = sequence, event.time, event.kind
    result["isNonDeterministic"] = int(event.non_deterministic)
    result["percentComplete"] = dcom.decimal(0) if event.percent is None else decimal_of(event.percent)
    result["overallStatus"] = event.status if event.kind == OVERALL else 0
    result["subTaskStatus"] = event.status if event.kind == SUBTASK else 0
    if event.subtask is None:
        result["subTaskInstance"] = NULL
    else:
        fill(result["subTaskInstance"], event.subtask)
    result["completionStatus"] = dcom.text(event.completion)
    return result


def error_information(description):
    """OBJREF_CUSTOM of an error object, [MS-DCOM] 2.2.21.2: with a description, and neither source nor help."""
    name = (description + "\0").encode("utf-16-le")
    count = len(name) // 2
    data = struct.pack("<LL16sLLLLL", 0, 0, IID_OPERATION[:16], 0, 0xFFFFFFFF, count, 0, count) + name + bytes(4)
    return struct.pack("<4sL16s16sLL", b"MEOW", 4, dcom.clsid("1CF2B120-547D-101B-8E65-08002B2BD119"),
                       dcomrt.CLSID_ErrorObject, 0, len(data) + 8) + data


def explained(result, information):
    """An answer with the error information ORPC extension, [MS-DCOM] 2.2.21.1."""
    message = dcom.Result()
    message["ORPCthat"]["flags"], message["ErrorCode"] = 0, result
    extensions, extent = message["ORPCthat"]["extensions"], dcomrt.PORPC_EXTENT()
    extent["id"], extent["size"] = dcomrt.CLSID_ERROR_EXTENSION, len(information)
    extent["data"] = [bytes([octet]) for octet in information + bytes(-len(information) % 8)]
    extensions["size"], extensions["reserved"], extensions["extent"] = 1, 0, [extent, NULL]
    return message


class Operation:
    """What was started, and outlives its session."""

    def __init__(self, server, parameters):
        self.server, self.parameters = server, parameters
        self.id = uuid.uuid4().bytes_le
        self.initiator = None
        self.cancelled = self.ended = False
        self.results = []  # of callbacks, in their order
        self.starts, self.resumes = 0, []  # last sequences that resumes named


class Session:
    """One instance of the class; `state` is that of [MS-IPAMM2] 3.19.1.1."""

    def __init__(self, server):
        self.server, self.state, self.operation = server, "new", None
        interfaces = {IID_OPERATION: self.call}
        if server.extended:
            interfaces[IID_OPERATION2] = self.call
        self.object = server.exporter.export(interfaces)

    def call(self, call):
        method = {3: self.initialize, 4: self.start}
        if call.iid == IID_OPERATION2:
            method |= {5: self.identify, 6: self.resume, 7: self.cancel, 8: self.initiator}
        if call.opnum not in method:
            raise Fault(dcom.NCA_OP_RANGE)
        answer = method[call.opnum](call.stub)
        if not isinstance(answer, int):
            return answer
        if answer >= 0x80000000 and self.server.information:
            return explained(answer, self.server.information)
        return self.server.exporter.result(answer)

    def initialize(self, stub):
        if self.state != "new":
            return E_ILLEGAL_METHOD_CALL
        parameters = string(dcom.InitializeOperationParameters(stub)["parameters"])
        ElementTree.fromstring(parameters)
        result = self.server.initialize_result
        self.state = "initialized" if result == S_OK else "failed"
        if isinstance(result, Fault):
            raise result
        self.operation = Operation(self.server, parameters)
        return result

    def _unmarshal(self, request):
        objref = b"".join(request["progressCallback"]["abData"])
        remote = Remote(objref, self.server.caller, **self.server.caller_options)
        self.server.remotes.append(remote)
        try:
            remote.batched = remote.query(IID_CALLBACK2) if self.server.batched else None
        except Fault:
            remote.close()
            raise
        return remote

    def start(self, stub):
        """Resolved before the order is checked: a client tries its address by a start that is not allowed."""
        try:
            remote = self._unmarshal(dcom.StartOperationWithCallback(stub))
        except Fault as fault:
            self.server.refused.append(fault.code)
            return E_FAIL
        if self.state != "initialized" or self.server.start_result:
            self.server.tried += self.state == "new"
            self.state = self.state if self.state == "new" else "failed"
            remote.release()
            remote.close()
            return E_ILLEGAL_METHOD_CALL if self.state == "new" else self.server.start_result
        self.state = "started"
        operation = self.operation
        operation.starts += 1
        self.server.operations.append(operation)
        try:
            result = self.server.tell(operation, remote, 0, 1)
        except Fault as fault:
            self.server.refused.append(fault.code)
            result = E_FAIL
        if result == S_OK:
            self.server.go_on(operation, remote, 1)
        else:
            remote.close()
        return result

    def identify(self, _):
        if self.state != "initialized":
            answer = self.server.exporter.result(E_ILLEGAL_METHOD_CALL, dcom.GetOperationIdResponse)
            answer["operationId"] = bytes(16)
        else:
            answer = self.server.exporter.result(S_OK, dcom.GetOperationIdResponse)
            answer["operationId"] = self.operation.id
        return answer

    def _find(self, identity):
        return next((operation for operation in self.server.operations if operation.id == identity), None)

    def resume(self, stub):
        request = dcom.ResumeCallback(stub)
        operation, last = self._find(request["operationId"]), request["lastSequence"]
        if operation is None:
            return ERROR_NOT_FOUND
        if last > len(self.server.script):
            return E_INVALIDARG
        operation.resumes.append(last)
        remote = self._unmarshal(request)
        self.server.go_on(operation, remote, last)
        return S_OK

    def cancel(self, stub):
        operation = self._find(dcom.CancelOperation(stub)["operationId"])
        if operation is None:
            return ERROR_NOT_FOUND
        if operation.ended:
            return S_FALSE
        operation.cancelled = True
        return S_OK

    def initiator(self, stub):
        if self.state != "initialized":
            return E_ILLEGAL_METHOD_CALL
        self.operation.initiator = string(dcom.SetInitiator(stub)["initiator"])
        return S_OK


class OperationServer:
    """`caller`: the account that calls back; `caller_options`: of its connections. `before(n)`: run before event n."""

    def __init__(self, account, script, extended=False, batched=False, caller=None, caller_options=None,
                 before=lambda number, remote: None, oldest=False, **options):
        self.script, self.extended, self.batched, self.before = script, extended, batched, before
        self.caller, self.caller_options = caller or account, caller_options or {}
        self.initialize_result = self.start_result = S_OK  # or what these calls fail with; a Fault too
        self.information = None  # error information beside each failure
        self.operations, self.sessions, self.remotes, self.threads = [], [], [], []
        self.tried, self.refused = 0, []  # starts that were no starts; faults of callbacks' resolution
        activator = (OldActivator if oldest else Activator)(CLSID, self._make)
        interfaces = (IID_OPERATION, IID_OPERATION2) if extended else (IID_OPERATION,)
        activation = dcomrt.IID_IActivation if oldest else dcomrt.IID_IRemoteSCMActivator
        self.exporter = Exporter([account], {activation: activator}, interfaces, oldest=oldest, **options)
        activator.attach(self.exporter)

    @property
    def port(self):
        return self.exporter.listener.port

    def _make(self):
        session = Session(self)
        self.sessions.append(session)
        return session.object

    def tell(self, operation, remote, begin, end):
        """Events begin..end of the script; the HRESULT of the first that was refused, or S_OK."""
        if remote.batched:
            request = dcom.report_progress([batched_event(e, begin + 1 + n) for n, e in enumerate(self.script[begin:end])])
            result = remote.call(request, IID_CALLBACK2, remote.batched)
            operation.results.append(result)
            return result
        for event in self.script[begin:end]:
            result = remote.call(base_call(event))
            operation.results.append(result)
            if result != S_OK:
                return result
        return S_OK

    def go_on(self, operation, remote, begin):
        """The rest of the script by a thread of its own, for the answer to go out; then the release."""
        thread = threading.Thread(target=self._go_on, args=(operation, remote, begin), daemon=True)
        self.threads.append(thread)
        thread.start()

    def _go_on(self, operation, remote, begin):
        try:
            while begin < len(self.script):
                if self.before(begin, remote) == "stop":
                    return
                end = min(begin + 3, len(self.script)) if remote.batched else begin + 1
                if self.tell(operation, remote, begin, end) != S_OK:
                    break
                begin = end
            operation.ended = True
            remote.release()
        except (Vanished, Fault, OSError) as error:
            operation.results.append(error)
        finally:
            remote.close()

    def close(self):
        """Gives what was wrong with what it was sent."""
        self.exporter.close()
        for remote in self.remotes:
            remote.close()
        for thread in self.threads:
            thread.join(30)
        return self.exporter.listener.complaints
