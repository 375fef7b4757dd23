#!/usr/bin/python3
"""Writes the *.hex files of this folder with impacket (Debian: python3-impacket), an NDR engine that is not ours.

impacket fills alignment gaps with letters of its own and draws referent identifiers at random. Both are the sender's
choice: here gaps are zero and identifiers count up, so that the files do not change from run to run.
"""
import importlib.util
import itertools
import pathlib
import re
import sys
from struct import pack
from uuid import UUID

source = importlib.util.find_spec("impacket.dcerpc.v5.ndr")
text = pathlib.Path(source.origin).read_text()
text = re.sub(r"b'\\x(?:[a-f][a-f]|AB)'(?=\s*\*\s*pad)", r"b'\\x00'", text)
ndr = importlib.util.module_from_spec(source)
sys.modules["impacket.dcerpc.v5.ndr"] = ndr
exec(compile(text, source.origin, "exec"), ndr.__dict__)


class Counter:
    def __init__(self):
        self.values = itertools.count(0x20000, 4)

    def randint(self, low, high):
        return next(self.values)


ndr.random = Counter()

from impacket.dcerpc.v5 import dcomrt as d  # noqa: E402
from impacket.dcerpc.v5.dtypes import NULL  # noqa: E402

HERE = pathlib.Path(__file__).parent


def guid(text):
    return UUID(text).bytes_le


IID = guid("2560e58c-70d3-4adc-872b-d8a4d8604f84")
IID2 = guid("d00ba04b-90b1-4ce6-bb3b-0e4dd216bc88")
CLSID = guid("85315930-13de-4dc6-87ab-5f9d6ede69a6")
IPID = guid("00001a2b-0c02-0000-8f3e-5d6c7b8a9907")
IPID2 = guid("00002a2b-0c02-0000-8f3e-5d6c7b8a9907")
CID = guid("7d3f9c1e-0b52-4a86-9e1d-c45a60f8b217")
OXID = 0x99AABBCCDDEEFF00
OID = 0x1122334455667788


def write(name, data):
    lines = ["// impacket 0.10 (make_golden.py)"]
    lines += [data[i : i + 32].hex() for i in range(0, len(data), 32)]
    (HERE / (name + ".hex")).write_text("\n".join(lines) + "\n")
    print(name, len(data))


def units(strings, securities):
    out = b""
    for tower, address in strings:
        out += pack("<H", tower) + address.encode("utf-16le") + b"\0\0"
    out += b"\0\0"
    offset = len(out) // 2
    for service, principal in securities:
        out += pack("<HH", service, 0xFFFF) + principal.encode("utf-16le") + b"\0\0"
    out += b"\0\0"
    return out, offset


BINDINGS = units([(7, "127.0.0.1[49152]"), (7, "gateway.example[49152]")], [(9, ""), (10, "HOST/gateway")])
RESOLVER = units([(7, "127.0.0.1")], [(10, "")])


def array(target, dual):
    octets, offset = dual
    target["wNumEntries"] = len(octets) // 2
    target["wSecurityOffset"] = offset
    for i in range(0, len(octets), 2):
        target["aStringArray"].append(int.from_bytes(octets[i : i + 2], "little"))


def std(target, ipid=IPID, refs=5, flags=0):
    target["flags"] = flags
    target["cPublicRefs"] = refs
    target["oxid"] = OXID
    target["oid"] = OID
    target["ipid"] = ipid


def this(target, flags=0):
    target["version"]["MajorVersion"] = 5
    target["version"]["MinorVersion"] = 7
    target["flags"] = flags
    target["cid"] = CID
    target["extensions"] = NULL


# --- IObjectExporter
m = d.ResolveOxid()
m["pOxid"] = OXID
m["cRequestedProtseqs"] = 2
m["arRequestedProtseqs"].append(7)
m["arRequestedProtseqs"].append(8)
write("resolve_oxid.request", m.getData())

m = d.ResolveOxidResponse()
array(m["ppdsaOxidBindings"], BINDINGS)
m["pipidRemUnknown"] = IPID
m["pAuthnHint"] = 5
m["ErrorCode"] = 0
write("resolve_oxid.response", m.getData())

m = d.ResolveOxid2Response()
array(m["ppdsaOxidBindings"], BINDINGS)
m["pipidRemUnknown"] = IPID
m["pAuthnHint"] = 6
m["pComVersion"]["MajorVersion"] = 5
m["pComVersion"]["MinorVersion"] = 7
m["ErrorCode"] = 0
write("resolve_oxid2.response", m.getData())

m = d.ResolveOxid2Response()
m["ppdsaOxidBindings"] = NULL
m["pipidRemUnknown"] = b"\0" * 16
m["pAuthnHint"] = 0
m["pComVersion"]["MajorVersion"] = 5
m["pComVersion"]["MinorVersion"] = 7
m["ErrorCode"] = 0x776
write("resolve_oxid2.failed.response", m.getData())

m = d.SimplePing()
m["pSetId"] = 0x0807060504030201
write("simple_ping.request", m.getData())

m = d.ComplexPing()
m["pSetId"] = 0x0807060504030201
m["SequenceNum"] = 3
m["cAddToSet"] = 2
m["cDelFromSet"] = 1
for value, name in ((OID, "AddToSet"), (OID + 1, "AddToSet"), (OID + 2, "DelFromSet")):
    oid = d.OID()
    oid["Data"] = value
    m[name].append(oid)
write("complex_ping.request", m.getData())

m = d.ComplexPing()
m["pSetId"] = 0
m["SequenceNum"] = 1
m["cAddToSet"] = 0
m["cDelFromSet"] = 0
m["AddToSet"] = NULL
m["DelFromSet"] = NULL
write("complex_ping.empty.request", m.getData())

m = d.ComplexPingResponse()
m["pSetId"] = 0x0807060504030201
m["pPingBackoffFactor"] = 2
m["ErrorCode"] = 5
write("complex_ping.response", m.getData())

m = d.ServerAlive2Response()
m["pComVersion"]["MajorVersion"] = 5
m["pComVersion"]["MinorVersion"] = 7
array(m["ppdsaOrBindings"], RESOLVER)
m["pReserved"] = NULL
m["ErrorCode"] = 0
write("server_alive2.response", m.getData())

# --- object references
objref = d.OBJREF_STANDARD()
objref["iid"] = IID
std(objref["std"])
objref["saResAddr"] = pack("<HH", len(RESOLVER[0]) // 2, RESOLVER[1]) + RESOLVER[0]
STANDARD = objref.getData()
write("objref.standard", STANDARD)

objref = d.OBJREF_HANDLER()
objref["flags"] = d.FLAGS_OBJREF_HANDLER
objref["iid"] = IID
std(objref["std"], flags=0x1000)
objref["clsid"] = CLSID
objref["saResAddr"] = pack("<HH", len(BINDINGS[0]) // 2, BINDINGS[1]) + BINDINGS[0]
write("objref.handler", objref.getData())

objref = d.OBJREF_CUSTOM()
objref["iid"] = IID
objref["clsid"] = CLSID
objref["pObjectData"] = b"hello"
objref["ObjectReferenceSize"] = 5
write("objref.custom", objref.getData())

# impacket's OBJREF_EXTENDED cannot marshal its element: its parts do.
objref = d.OBJREF()
objref["flags"] = d.FLAGS_OBJREF_EXTENDED
objref["iid"] = IID
reference = d.STDOBJREF()
std(reference)
element = d.DATAELEMENT()
element["dataID"] = CLSID
element["cbSize"] = 5
element["cbRounded"] = 8
element["Data"] = b"envoy\0\0\0"
write(
    "objref.extended",
    objref.getData()
    + reference.getData()
    + pack("<L", 0x4E535956)
    + pack("<HH", len(RESOLVER[0]) // 2, RESOLVER[1])
    + RESOLVER[0]
    + pack("<LL", 1, 0x4E535956)
    + element.getData(),
)


def pointer(target, octets):
    target["ulCntData"] = len(octets)
    target["abData"] = list(octets)


# --- IRemUnknown
m = d.RemQueryInterface()
this(m["ORPCthis"])
m["ripid"] = IPID
m["cRefs"] = 5
m["cIids"] = 2
for value in (IID, IID2):
    iid = d.IID()
    iid["Data"] = value
    m["iids"].append(iid)
write("rem_query_interface.request", m.getData())

m = d.RemAddRef()
this(m["ORPCthis"])
m["cInterfaceRefs"] = 2
for ipid, public, private in ((IPID, 5, 0), (IPID2, 0, 1)):
    ref = d.REMINTERFACEREF()
    ref["ipid"] = ipid
    ref["cPublicRefs"] = public
    ref["cPrivateRefs"] = private
    m["InterfaceRefs"].append(ref)
write("rem_add_ref.request", m.getData())

m = d.RemAddRefResponse()
m["ORPCthat"]["flags"] = 0
m["ORPCthat"]["extensions"] = NULL
for value in (0, 0x800401FB):
    result = d.DWORD()
    result["Data"] = value
    m["pResults"].append(result)
m["ErrorCode"] = 1
write("rem_add_ref.response", m.getData())

m = d.RemRelease()
this(m["ORPCthis"])
m["cInterfaceRefs"] = 1
ref = d.REMINTERFACEREF()
ref["ipid"] = IPID
ref["cPublicRefs"] = 5
ref["cPrivateRefs"] = 0
m["InterfaceRefs"].append(ref)
write("rem_release.request", m.getData())

# --- IActivation
m = d.RemoteActivation()
this(m["ORPCthis"], 1)
m["Clsid"] = CLSID
m["pwszObjectName"] = NULL
m["pObjectStorage"] = NULL
m["ClientImpLevel"] = 2
m["Mode"] = 0
m["Interfaces"] = 1
iid = d.IID()
iid["Data"] = IID
m["pIIDs"].append(iid)
m["cRequestedProtseqs"] = 1
m["aRequestedProtseqs"].append(7)
write("remote_activation.request", m.getData())

m = d.RemoteActivation()
this(m["ORPCthis"], 1)
m["Clsid"] = CLSID
m["pwszObjectName"] = "name\0"
pointer(m["pObjectStorage"], STANDARD)
m["ClientImpLevel"] = 2
m["Mode"] = 0xFFFFFFFF
m["Interfaces"] = 2
for value in (IID, IID2):
    iid = d.IID()
    iid["Data"] = value
    m["pIIDs"].append(iid)
m["cRequestedProtseqs"] = 1
m["aRequestedProtseqs"].append(7)
write("remote_activation.full.request", m.getData())

m = d.RemoteActivationResponse()
m["ORPCthat"]["flags"] = 0
m["ORPCthat"]["extensions"] = NULL
m["pOxid"] = OXID
array(m["ppdsaOxidBindings"], BINDINGS)
m["pipidRemUnknown"] = IPID2
m["pAuthnHint"] = 5
m["pServerVersion"]["MajorVersion"] = 5
m["pServerVersion"]["MinorVersion"] = 7
m["phr"] = 0
one = d.PMInterfacePointer()
pointer(one, STANDARD)
m["ppInterfaceData"].append(one)
result = d.HRESULT()
result["Data"] = 0
m["pResults"].append(result)
m["ErrorCode"] = 0
write("remote_activation.response", m.getData())


# --- IRemoteSCMActivator
def serialized(data):
    octets = data.getData() + data.getDataReferents()
    return octets + b"\0" * (-len(octets) % 8)


def blob(properties):
    out = d.ACTIVATION_BLOB()
    out["CustomHeader"]["destCtx"] = 2
    out["CustomHeader"]["pdwReserved"] = NULL
    octets = b""
    for clsid_value, data in properties:
        clsid = d.CLSID()
        clsid["Data"] = clsid_value
        out["CustomHeader"]["pclsid"].append(clsid)
        size = d.DWORD()
        size["Data"] = len(data)
        out["CustomHeader"]["pSizes"].append(size)
        octets += data
    out["Property"] = octets
    return out.getData()


def custom(iid, clsid, data):
    out = d.OBJREF_CUSTOM()
    out["iid"] = iid[:-4]
    out["clsid"] = clsid
    out["pObjectData"] = data
    out["ObjectReferenceSize"] = len(data)
    return out.getData()


info = d.InstantiationInfoData()
info["classId"] = CLSID
info["classCtx"] = 0x10
info["cIID"] = 2
for value in (IID, IID2):
    iid = d.IID()
    iid["Data"] = value
    info["pIID"].append(iid)
info["clientCOMVersion"]["MajorVersion"] = 5
info["clientCOMVersion"]["MinorVersion"] = 7
info["thisSize"] = len(serialized(info))
context = d.ActivationContextInfoData()
pointer(context["pIFDClientCtx"], STANDARD)
context["pIFDPrototypeCtx"] = NULL
location = d.LocationInfoData()
location["machineName"] = NULL
scm = d.ScmRequestInfoData()
scm["pdwReserved"] = NULL
scm["remoteRequest"]["ClientImpLevel"] = 2
scm["remoteRequest"]["cRequestedProtseqs"] = 1
scm["remoteRequest"]["pRequestedProtseqs"].append(7)
REQUEST = custom(
    d.IID_IActivationPropertiesIn,
    d.CLSID_ActivationPropertiesIn,
    blob(
        [
            (d.CLSID_InstantiationInfo, serialized(info)),
            (d.CLSID_ActivationContextInfo, serialized(context)),
            (d.CLSID_ServerLocationInfo, serialized(location)),
            (d.CLSID_ScmRequestInfo, serialized(scm)),
        ]
    ),
)
write("activation_properties_in", REQUEST)

instance = d.InstanceInfoData()
instance["fileName"] = "file\0"
instance["mode"] = 3
instance["ifdROT"] = NULL
pointer(instance["ifdStg"], STANDARD)
write("instance_info", serialized(instance))

security = d.SecurityInfoData()
security["dwAuthnFlags"] = 0
security["pServerInfo"]["dwReserved1"] = 0
security["pServerInfo"]["pwszName"] = "server\0"
security["pServerInfo"]["pdwReserved"] = NULL
security["pServerInfo"]["dwReserved2"] = 0
security["pdwReserved"] = NULL
write("security_info", serialized(security))

props = d.PropsOutInfo()
props["cIfs"] = 2
for value, hresult in ((IID, 0), (IID2, 0x80004002)):
    iid = d.IID()
    iid["Data"] = value
    props["piid"].append(iid)
    result = d.HRESULT()
    result["Data"] = hresult - (1 << 32) if hresult >> 31 else hresult
    props["phresults"].append(result)
one = d.PMInterfacePointer()
pointer(one, STANDARD)
props["ppIntfData"].append(one)
props["ppIntfData"].append(ndr.NDRPOINTERNULL())
reply = d.ScmReplyInfoData()
reply["pdwReserved"] = 0
reply["remoteReply"]["Oxid"] = OXID
array(reply["remoteReply"]["pdsaOxidBindings"], BINDINGS)
reply["remoteReply"]["ipidRemUnknown"] = IPID2
reply["remoteReply"]["authnHint"] = 6
reply["remoteReply"]["serverVersion"]["MajorVersion"] = 5
reply["remoteReply"]["serverVersion"]["MinorVersion"] = 7
REPLY = custom(
    d.IID_IActivationPropertiesOut,
    d.CLSID_ActivationPropertiesOut,
    blob([(d.CLSID_PropsOutInfo, serialized(props)), (d.CLSID_ScmReplyInfo, serialized(reply))]),
)
write("activation_properties_out", REPLY)

m = d.RemoteCreateInstance()
this(m["ORPCthis"], 1)
m["pUnkOuter"] = NULL
pointer(m["pActProperties"], REQUEST)
write("remote_create_instance.request", m.getData())

m = d.RemoteGetClassObject()
this(m["ORPCthis"], 1)
pointer(m["pActProperties"], REQUEST)
write("remote_get_class_object.request", m.getData())

m = d.RemoteCreateInstanceResponse()
m["ORPCthat"]["flags"] = 0
m["ORPCthat"]["extensions"] = NULL
pointer(m["ppActProperties"], REPLY)
m["ErrorCode"] = 0
write("remote_create_instance.response", m.getData())

# --- last, so that the referent identifiers of what stands before stay as they are
m = d.SimplePingResponse()
m["ErrorCode"] = 0x778
write("simple_ping.response", m.getData())

m = d.ServerAliveResponse()
m["ErrorCode"] = 0
write("server_alive.response", m.getData())

m = d.RemReleaseResponse()
m["ORPCthat"]["flags"] = 0
m["ORPCthat"]["extensions"] = NULL
m["ErrorCode"] = 0
write("rem_release.response", m.getData())

# --- extensions of a header
m = d.RemRelease()
m["ORPCthis"]["version"]["MajorVersion"] = 5
m["ORPCthis"]["version"]["MinorVersion"] = 7
m["ORPCthis"]["flags"] = 0
m["ORPCthis"]["cid"] = CID
extensions = m["ORPCthis"]["extensions"]
extensions["size"] = 1
extensions["reserved"] = 0
extent = d.PORPC_EXTENT()
extent["id"] = CLSID
extent["size"] = 5
extent["data"] = list(b"hello\0\0\0")
extensions["extent"].append(extent)
extensions["extent"].append(ndr.NDRPOINTERNULL())
m["cInterfaceRefs"] = 1
ref = d.REMINTERFACEREF()
ref["ipid"] = IPID
ref["cPublicRefs"] = 5
ref["cPrivateRefs"] = 0
m["InterfaceRefs"].append(ref)
write("rem_release.extension.request", m.getData())

special = d.SpecialPropertiesData()
special["dwSessionId"] = 0xFFFFFFFF
special["fRemoteThisSessionId"] = 0
special["fClientImpersonating"] = 0
special["fPartitionIDPresent"] = 0
special["dwDefaultAuthnLvl"] = 6
special["guidPartition"] = b"\0" * 16
special["dwPRTFlags"] = 0
special["dwOrigClsctx"] = 0x10
special["dwFlags"] = 2
special["Reserved0"] = 0
special["Reserved"] = b"\0" * 32
write("special_properties", serialized(special))
