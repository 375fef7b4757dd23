"""RemoteCreateInstance, [MS-DCOM] 3.1.2.5.2.3.3, of a stranger: as impacket's client asks, and as a server answers; and
RemoteActivation, 3.1.2.5.2.3.1, as a server of before 5.6 does.
"""

import struct

from impacket.dcerpc.v5 import dcomrt

import bigendian
import dcom
from dcom import E_NOINTERFACE, NULL, REGDB_E_CLASSNOTREG, RPC_S_ACCESS_DENIED, S_OK, Fault
from exporter import guid, set_bindings


class _Dce:
    """What impacket's IRemoteSCMActivator needs of its own connection, on a wire.Client."""

    def __init__(self, client):
        self.client = client

    def bind(self, iid):
        self.client.bind(iid)

    def request(self, request):
        stub = bigendian.encode(request, self.client.big)
        answer = dcomrt.RemoteCreateInstanceResponse(self.client.call(dcomrt.IID_IRemoteSCMActivator, 4, stub))
        assert answer["ErrorCode"] == 0, hex(answer["ErrorCode"])
        return answer

    def get_auth_type(self):
        return self.client.ours.context.type

    def get_rpc_transport(self):
        return self

    def getRemoteHost(self):
        return "127.0.0.1"


def activate(client, class_id, iid):
    """impacket's own request and reading of the answer, over connections that check signatures."""
    got = dcomrt.IRemoteSCMActivator(_Dce(client)).RemoteCreateInstance(class_id, iid)
    return dcom.Reference(got.get_oxid(), got.get_oid(), got.get_iPid(), got.get_ipidRemUnknown())


def _properties(objref):
    """{CLSID: octets} of activation properties, [MS-DCOM] 2.2.22."""
    assert objref["clsid"] == dcomrt.CLSID_ActivationPropertiesIn, objref["clsid"].hex()
    blob = objref["pObjectData"]
    assert struct.unpack_from("<L", blob)[0] == len(blob) - 8, "dwSize"
    header = dcomrt.CustomHeader()
    size = header.fromString(blob, 8)
    header.fromStringReferents(blob, 8 + size)
    assert header["totalSize"] == len(blob) - 8 and header["cIfs"] == len(header["pclsid"]) == len(header["pSizes"])
    found, at = {}, 8 + header["headerSize"]
    for class_id, size in zip(header["pclsid"], header["pSizes"]):
        assert size["Data"] % 8 == 0, "a property is padded to 8"
        found[class_id["Data"]] = blob[at:at + size["Data"]]
        at += size["Data"]
    assert at == len(blob), "octets behind the properties"
    return found


def _read(kind, data):
    value = kind()
    value.fromStringReferents(data, value.fromString(data))
    return value


def _marshal(value):
    data = value.getData()
    data += value.getDataReferents(len(data))
    return data + bytes(-len(data) % 8)


class Activator:
    """IRemoteSCMActivator for one class; `make` gives an exporter.Object for each instance."""

    def __init__(self, class_id, make):
        self.class_id, self.make = class_id, make

    def attach(self, exporter):
        self.exporter = exporter
        return self

    def __call__(self, call):
        self.exporter.calls.append((dcomrt.IID_IRemoteSCMActivator, call.opnum))
        if call.level < self.exporter.minimum:
            raise Fault(RPC_S_ACCESS_DENIED)
        if call.opnum != 4:
            raise Fault(dcom.NCA_OP_RANGE)
        request = dcomrt.RemoteCreateInstance(call.stub)
        given = _properties(dcomrt.OBJREF_CUSTOM(b"".join(request["pActProperties"]["abData"])))
        wanted = _read(dcomrt.InstantiationInfoData, given[dcomrt.CLSID_InstantiationInfo])
        scm = _read(dcomrt.ScmRequestInfoData, given[dcomrt.CLSID_ScmRequestInfo])
        assert 7 in scm["remoteRequest"]["pRequestedProtseqs"], "ncacn_ip_tcp was not asked for"
        iids = [iid["Data"] for iid in wanted["pIID"]]
        assert len(iids) == wanted["cIID"] > 0, iids
        answer = self.exporter.result(S_OK, dcomrt.RemoteCreateInstanceResponse)
        if wanted["classId"] != self.class_id:
            answer["ppActProperties"], answer["ErrorCode"] = NULL, REGDB_E_CLASSNOTREG
        else:
            with bigendian.lock:
                data = self._reply(iids)
            answer["ppActProperties"]["ulCntData"], answer["ppActProperties"]["abData"] = len(data), list(data)
        return self.exporter.encode(answer)

    def _reply(self, iids):
        made = self.make()
        names = {iid[:16]: iid for iid in made.interfaces}
        out = dcomrt.PropsOutInfo()
        out["cIfs"] = len(iids)
        for iid in iids:
            out["piid"].append(guid(iid))
            result = dcomrt.HRESULT()
            result["Data"] = 0 if iid in names else E_NOINTERFACE - (1 << 32)
            out["phresults"].append(result)
            if iid in names:
                pointer, objref = dcomrt.PMInterfacePointer(), made.objref(names[iid])
                pointer["ulCntData"], pointer["abData"] = len(objref), list(objref)
                out["ppIntfData"].append(pointer)
            else:
                out["ppIntfData"].append(NULL)
        scm = dcomrt.ScmReplyInfoData()
        reply = scm["remoteReply"]
        reply["Oxid"], reply["ipidRemUnknown"] = self.exporter.oxid, self.exporter.unknown
        reply["authnHint"] = self.exporter.hint
        set_bindings(reply["pdsaOxidBindings"], self.exporter.address)
        blob = dcomrt.ACTIVATION_BLOB()
        blob["CustomHeader"]["destCtx"], blob["CustomHeader"]["pdwReserved"] = 2, NULL
        blob["Property"] = b""
        for class_id, value in ((dcomrt.CLSID_PropsOutInfo, out), (dcomrt.CLSID_ScmReplyInfo, scm)):
            data, size = _marshal(value), dcomrt.DWORD()
            size["Data"] = len(data)
            blob["CustomHeader"]["pclsid"].append(guid(class_id))
            blob["CustomHeader"]["pSizes"].append(size)
            blob["Property"] += data
        objref = dcomrt.OBJREF_CUSTOM()
        objref["iid"] = dcomrt.IID_IActivationPropertiesOut[:16]
        objref["clsid"], objref["cbExtension"] = dcomrt.CLSID_ActivationPropertiesOut, 0
        objref["pObjectData"] = blob.getData()
        objref["ObjectReferenceSize"] = len(objref["pObjectData"]) + 8
        return objref.getData()


class OldActivator(Activator):
    """IActivation."""

    def __call__(self, call):
        self.exporter.calls.append((dcomrt.IID_IActivation, call.opnum))
        if call.level < self.exporter.minimum:
            raise Fault(RPC_S_ACCESS_DENIED)
        if call.opnum != 0:
            raise Fault(dcom.NCA_OP_RANGE)
        request = dcomrt.RemoteActivation(call.stub)
        assert dcom.version_of(call.stub) == (5, 1), "not the version that ServerAlive2 was missing for"
        assert 7 in request["aRequestedProtseqs"], "ncacn_ip_tcp was not asked for"
        iids = [iid["Data"] for iid in request["pIIDs"]]
        assert len(iids) == request["Interfaces"] > 0, iids
        answer = self.exporter.result(S_OK, dcomrt.RemoteActivationResponse)
        known = request["Clsid"] == self.class_id
        answer["phr"] = 0 if known else REGDB_E_CLASSNOTREG - (1 << 32)
        answer["pOxid"], answer["pipidRemUnknown"] = self.exporter.oxid, self.exporter.unknown
        answer["pAuthnHint"] = self.exporter.hint
        answer["pServerVersion"]["MajorVersion"], answer["pServerVersion"]["MinorVersion"] = 5, 1
        set_bindings(answer["ppdsaOxidBindings"], self.exporter.address)
        made = self.make() if known else None
        names = {iid[:16]: iid for iid in made.interfaces} if known else {}
        for iid in iids:
            result = dcomrt.HRESULT()
            result["Data"] = 0 if iid in names else E_NOINTERFACE - (1 << 32)
            answer["pResults"].append(result)
            if iid in names:
                pointer, objref = dcomrt.PMInterfacePointer(), made.objref(names[iid])
                pointer["ulCntData"], pointer["abData"] = len(objref), list(objref)
                answer["ppInterfaceData"].append(pointer)
            else:
                answer["ppInterfaceData"].append(NULL)
        return self.exporter.encode(answer)
