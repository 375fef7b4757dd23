"""impacket as a DCOM client, with what its own classes leave out: exact fault codes, any port, several interfaces a call.

The calls of ipam_progress.idl are written here by hand, from the IDL.
"""

import re
import struct
import sys
import uuid

try:
    from impacket.dcerpc.v5 import dcomrt, rpcrt, transport
    from impacket.dcerpc.v5.dcom.oaut import DECIMAL
    from impacket.dcerpc.v5.dtypes import BOOL, GUID, LONG, LPWSTR, NULL, ULONG
    from impacket.dcerpc.v5.ndr import NDRPOINTER, NDRSTRUCT, NDRUniConformantArray
    from impacket.uuid import uuidtup_to_bin
except ImportError as error:
    print(f"skipped: {error}: install python3-impacket")
    sys.exit(77)

CONNECT = rpcrt.RPC_C_AUTHN_LEVEL_CONNECT
PACKET = rpcrt.RPC_C_AUTHN_LEVEL_PKT
NONE = rpcrt.RPC_C_AUTHN_LEVEL_NONE
INTEGRITY = rpcrt.RPC_C_AUTHN_LEVEL_PKT_INTEGRITY
PRIVACY = rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY

HRESULT = ULONG  # impacket's is signed

S_OK, S_FALSE = 0, 1
E_ILLEGAL_METHOD_CALL = 0x8000000E
E_NOINTERFACE = 0x80004002
E_FAIL = 0x80004005
E_ACCESSDENIED = 0x80070005
E_OUTOFMEMORY = 0x8007000E
E_INVALIDARG = 0x80070057
REGDB_E_CLASSNOTREG = 0x80040154
CO_E_OBJNOTREG = 0x800401FB
RPC_E_DISCONNECTED = 0x80010108
RPC_E_VERSION_MISMATCH = 0x80010110
RPC_E_INVALID_HEADER = 0x80010111
RPC_E_INVALID_OBJECT = 0x80010114
NCA_OP_RANGE = 0x1C010002
NCA_CONTEXT_MISMATCH = 0x1C00001A
NCA_INVALID_BOUND = 0x1C000007
RPC_X_BAD_STUB_DATA = 1783
RPC_S_ACCESS_DENIED = 5
ERROR_NOT_FOUND = 0x80070490
OR_INVALID_OXID, OR_INVALID_OID, OR_INVALID_SET = 1910, 1911, 1912


def interface(text, version="0.0"):
    return uuidtup_to_bin((text, version))


def clsid(text):
    return uuid.UUID(text).bytes_le


CLSID = clsid("85315930-13DE-4DC6-87AB-5F9D6EDE69A6")
IID_OPERATION = interface("CF20E80B-3A4C-4CD1-96EB-D82D8E4A5188")
IID_OPERATION2 = interface("5C4FC82B-A98E-47D4-8492-F37E8D615524")
IID_CALLBACK = interface("2560E58C-70D3-4ADC-872B-D8A4D8604F84")
IID_CALLBACK2 = interface("D00BA04B-90B1-4CE6-BB3B-0E4DD216BC88")
IID_RESOLVER = dcomrt.IID_IObjectExporter
IID_REM_UNKNOWN = dcomrt.IID_IRemUnknown
IID_REM_UNKNOWN2 = dcomrt.IID_IRemUnknown2


# --- ipam_progress.idl ------------------------------------------------------------------------------------------------
class Result(dcomrt.DCOMANSWER):
    structure = (("ErrorCode", HRESULT),)


class InitializeOperationParameters(dcomrt.DCOMCALL):
    opnum = 3
    structure = (("parameters", LPWSTR),)


class StartOperationWithCallback(dcomrt.DCOMCALL):
    opnum = 4
    structure = (("progressCallback", dcomrt.PMInterfacePointer),)


class GetOperationId(dcomrt.DCOMCALL):
    opnum = 5
    structure = ()


class GetOperationIdResponse(dcomrt.DCOMANSWER):
    structure = (("operationId", GUID), ("ErrorCode", HRESULT))


class ResumeCallback(dcomrt.DCOMCALL):
    opnum = 6
    structure = (("operationId", GUID), ("lastSequence", dcomrt.ULONGLONG),
                 ("progressCallback", dcomrt.PMInterfacePointer))


class CancelOperation(dcomrt.DCOMCALL):
    opnum = 7
    structure = (("operationId", GUID),)


class SetInitiator(dcomrt.DCOMCALL):
    opnum = 8
    structure = (("initiator", LPWSTR),)


# --- IClassFactory ----------------------------------------------------------------------------------------------------
class FactoryCreateInstance(dcomrt.DCOMCALL):
    """RemoteCreateInstance of unknwn.idl."""
    opnum = 3
    structure = (("riid", GUID),)


class FactoryCreateInstanceResponse(dcomrt.DCOMANSWER):
    structure = (("ppvObject", dcomrt.PMInterfacePointer), ("ErrorCode", HRESULT))


class IpamSubTaskInstance(NDRSTRUCT):
    structure = (
        ("failedCompletionStatus", LPWSTR),
        ("isNonDeterministicProgress", BOOL),
        ("progressStatusDescriptions", LPWSTR),
        ("subTaskInstanceDetails", LPWSTR),
        ("subTaskInstanceId", LONG),
        ("subTaskName", LPWSTR),
        ("subTaskStatus", ULONG),  # [v1_enum]
        ("subTaskUniqueId", LONG),
    )


class PIpamSubTaskInstance(NDRPOINTER):
    referent = (("Data", IpamSubTaskInstance),)


class StartProgressCallback(dcomrt.DCOMCALL):
    opnum = 3
    structure = (("isNonDeterministic", BOOL),)


class SetCompletionPercentage(dcomrt.DCOMCALL):
    opnum = 4
    structure = (("completionPercentage", DECIMAL),)


class SetSubTaskStatus(dcomrt.DCOMCALL):
    opnum = 5
    structure = (
        ("subTaskInstance", PIpamSubTaskInstance),
        ("status", ULONG),
        ("percentComplete", DECIMAL),
        ("completionStatus", LPWSTR),
    )


class SetOverallStatus(dcomrt.DCOMCALL):
    opnum = 6
    structure = (("overallStatus", ULONG), ("completionStatus", LPWSTR))


class AddSubTask(dcomrt.DCOMCALL):
    opnum = 7
    structure = (("subTaskInstance", PIpamSubTaskInstance),)


class IpamProgressEvent(NDRSTRUCT):
    structure = (
        ("sequence", dcomrt.ULONGLONG),
        ("time", dcomrt.ULONGLONG),
        ("kind", ULONG),
        ("isNonDeterministic", BOOL),
        ("percentComplete", DECIMAL),
        ("overallStatus", ULONG),
        ("subTaskStatus", ULONG),
        ("subTaskInstance", PIpamSubTaskInstance),
        ("completionStatus", LPWSTR),
    )


def report_progress(events, count=None):
    """ReportProgress, opnum 8. impacket pads a conformant array before and after its size: here both are one struct."""
    class Body(NDRSTRUCT):
        structure = (("count", ULONG), ("maximum", ULONG),
                     *((f"event{n}", IpamProgressEvent) for n in range(len(events))))

    class ReportProgress(dcomrt.DCOMCALL):
        opnum = 8
        structure = (("body", Body),)

    request = ReportProgress()
    request["body"]["count"] = len(events) if count is None else count
    request["body"]["maximum"] = len(events)
    for n, event in enumerate(events):
        request["body"][f"event{n}"] = event
    return request


def read_report_progress(stub):
    """The events of a ReportProgress request, whose array impacket would misplace too."""
    class Counts(dcomrt.DCOMCALL):
        structure = (("count", ULONG), ("maximum", ULONG))

    counts = Counts(stub)
    assert counts["count"] == counts["maximum"], (counts["count"], counts["maximum"])

    class Body(NDRSTRUCT):
        structure = (("count", ULONG), ("maximum", ULONG),
                     *((f"event{n}", IpamProgressEvent) for n in range(counts["count"])))

    class Request(dcomrt.DCOMCALL):
        structure = (("body", Body),)

    body = Request(stub)["body"]
    return [body[f"event{n}"] for n in range(counts["count"])]


def text(value):
    """A [string, unique] argument."""
    return NULL if value is None else value + "\0"


def decimal(value, scale=0, sign=0, high=0):
    result = DECIMAL()
    result["wReserved"], result["scale"], result["sign"] = 0, scale, sign
    result["Hi32"], result["Lo64"] = high, value
    return result


def fill_subtask(to, identity=1, name=None, status=0, description=None, details=None, failed=None):
    """Into a PIpamSubTaskInstance: the fields of IpamSubTaskInstance."""
    to["failedCompletionStatus"] = text(failed)
    to["isNonDeterministicProgress"] = 0
    to["progressStatusDescriptions"] = text(description)
    to["subTaskInstanceDetails"] = text(details)
    to["subTaskInstanceId"] = identity
    to["subTaskName"] = text(name)
    to["subTaskStatus"] = status
    to["subTaskUniqueId"] = identity


# --- IRemUnknown with more than one interface -------------------------------------------------------------------------
class RemQiResult(NDRSTRUCT):
    structure = (("hResult", HRESULT), ("std", dcomrt.STDOBJREF))


class RemQueryInterfaceResponse(dcomrt.DCOMANSWER):
    class Results(NDRPOINTER):
        class Array(NDRUniConformantArray):
            item = RemQiResult
        referent = (("Data", Array),)
    structure = (("ppQIResults", Results), ("ErrorCode", HRESULT))


class RemAddRefResponse(dcomrt.DCOMANSWER):
    structure = (("pResults", dcomrt.DWORD_ARRAY), ("ErrorCode", HRESULT))


# --- connections ------------------------------------------------------------------------------------------------------
class Fault(Exception):
    def __init__(self, code):
        super().__init__(f"fault {code:#010x}")
        self.code = code


class Account:
    def __init__(self, domain, user, password, auth_type=rpcrt.RPC_C_AUTHN_WINNT):  # its SPNEGO holds Kerberos only
        self.domain, self.user, self.password, self.auth_type = domain, user, password, auth_type


def set_header(request, flags=0, version=(5, 7)):
    header = dcomrt.ORPCTHIS()
    header["version"]["MajorVersion"], header["version"]["MinorVersion"] = version
    header["cid"] = uuid.uuid4().bytes_le
    header["extensions"] = NULL
    header["flags"] = flags
    request["ORPCthis"] = header


def version_of(stub):
    """(major, minor) of the ORPCTHIS in front of a little-endian stub."""
    return struct.unpack_from("<HH", stub)


class Connection:
    """One TCP connection with one interface bound at one level; `account` None: not authenticated."""

    def __init__(self, port, iid, account=None, level=PRIVACY, host="127.0.0.1"):
        self.dce = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{host}[{port}]").get_dce_rpc()
        self.seen = b""
        wire = self.dce.get_rpc_transport()
        receive = wire.recv

        def tapped(*args, **kwargs):
            data = receive(*args, **kwargs)
            self.seen += data
            return data
        wire.recv = tapped
        if account:
            self.dce.set_credentials(account.user, account.password, account.domain)
            self.dce.set_auth_type(account.auth_type)
            self.dce.set_auth_level(level)
        self.dce.connect()
        if iid:
            self._faults(lambda: self.dce.bind(iid))

    def close(self):
        self.dce.disconnect()

    def _faults(self, do):
        """impacket looses the code of a fault in words: it is taken from the PDU."""
        self.seen = b""
        try:
            return do()
        except rpcrt.DCERPCException:
            if len(self.seen) >= 28 and self.seen[2] == rpcrt.MSRPC_FAULT:
                raise Fault(struct.unpack_from("<L", self.seen, 24)[0]) from None
            raise

    def raw(self, opnum, stub, ipid=None):
        """The stub of the answer."""
        def exchange():
            self.dce.call(opnum, stub, ipid)
            return self.dce.recv()
        return self._faults(exchange)

    def call(self, request, answer, ipid=None):
        return answer(self.raw(request.opnum, request, ipid))

    def orpc(self, request, ipid, answer=Result, flags=0, version=(5, 7)):
        """An ORPC call: ORPCTHIS goes in front."""
        set_header(request, flags, version)
        return self.call(request, answer, ipid)


class Reference:
    """What an activation or an OBJREF says of one interface."""

    def __init__(self, oxid, oid, ipid, rem_unknown=None, refs=5):
        self.oxid, self.oid, self.ipid, self.rem_unknown, self.refs = oxid, oid, ipid, rem_unknown, refs


def activate(connection, class_id, iid):
    """RemoteCreateInstance by impacket's own code, on a connection that has IRemoteSCMActivator bound."""
    dce = connection.dce
    bind, dce.bind = dce.bind, lambda _: None  # it would bind a second time
    try:
        got = connection._faults(lambda: dcomrt.IRemoteSCMActivator(dce).RemoteCreateInstance(class_id, iid))
    finally:
        dce.bind = bind
    return Reference(got.get_oxid(), got.get_oid(), got.get_iPid(), got.get_ipidRemUnknown()), got


def parse_objref(data):
    """(Reference, [resolver string bindings]) of an OBJREF_STANDARD, [MS-DCOM] 2.2.18.4."""
    ref = dcomrt.OBJREF_STANDARD(data)
    assert ref["flags"] == dcomrt.FLAGS_OBJREF_STANDARD, ref["flags"]
    std = ref["std"]
    address = ref["saResAddr"]
    entries, security = struct.unpack_from("<HH", address)
    words = address[4:4 + 2 * entries]
    return (Reference(std["oxid"], std["oid"], std["ipid"], refs=std["cPublicRefs"]),
            string_bindings(struct.unpack(f"<{entries}H", words), security))


def string_bindings(words, security):
    """The network addresses of a DUALSTRINGARRAY, [MS-DCOM] 2.2.19."""
    found, at = [], 0
    while words[at] != 0:
        end = words.index(0, at)
        if words[at] == 7:  # ncacn_ip_tcp
            found.append("".join(map(chr, words[at + 1:end])))
        at = end + 1
    assert at < security
    return found


def port_of(binding):
    return int(re.fullmatch(r".*\[(\d+)\]", binding)[1])


def refs_request(call, *refs):
    """RemAddRef or RemRelease of (ipid, public, private)..."""
    request = call()
    request["cInterfaceRefs"] = len(refs)
    for ipid, public, private in refs:
        element = dcomrt.REMINTERFACEREF()
        element["ipid"], element["cPublicRefs"], element["cPrivateRefs"] = ipid, public, private
        request["InterfaceRefs"].append(element)
    return request


def query_request(ipid, refs, *iids):
    request = dcomrt.RemQueryInterface()
    request["ripid"], request["cRefs"], request["cIids"] = ipid, refs, len(iids)
    for iid in iids:
        item = dcomrt.IID()
        item["Data"] = iid[:16]
        request["iids"].append(item)
    return request


def resolve_request(oxid):
    request = dcomrt.ResolveOxid2()
    request["pOxid"], request["cRequestedProtseqs"] = oxid, 1
    request["arRequestedProtseqs"].append(7)
    return request


def ping_request(set_id, sequence, add=(), remove=()):
    request = dcomrt.ComplexPing()
    request["pSetId"], request["SequenceNum"] = set_id, sequence
    for count, field, oids in (("cAddToSet", "AddToSet", add), ("cDelFromSet", "DelFromSet", remove)):
        request[count] = len(oids)
        if not oids:
            request[field] = NULL
        for oid in oids:
            item = dcomrt.OID()
            item["Data"] = oid
            request[field].append(item)
    return request
