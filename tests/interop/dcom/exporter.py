"""A stranger's object exporter and resolver, [MS-DCOM] 3.1, and its client of other exporters, 3.2."""

import itertools
import os
import struct
import threading

from impacket.dcerpc.v5 import dcomrt
from impacket.dcerpc.v5.ndr import NDRSTRUCT

import dcom
from bigendian import encode
from dcom import (CO_E_OBJNOTREG, E_NOINTERFACE, IID_REM_UNKNOWN, IID_REM_UNKNOWN2, IID_RESOLVER, INTEGRITY, NULL,
                  OR_INVALID_OXID, RPC_E_DISCONNECTED, RPC_S_ACCESS_DENIED, S_FALSE, S_OK, Fault)
from dcom import HRESULT, ULONG, RemQiResult
from wire import Client, Listener

NCA_OP_RANGE = dcom.NCA_OP_RANGE
REFS = 5


def dual_string_array(*addresses, principals=((10, ""), (9, ""))):
    """(words, security offset) of a DUALSTRINGARRAY, [MS-DCOM] 2.2.19."""
    words = []
    for address in addresses:
        words += [7, *map(ord, address), 0]
    words.append(0)
    security = len(words)
    for service, name in principals:
        words += [service, 0xFFFF, *map(ord, name), 0]
    return words + [0], security


def set_bindings(to, *addresses):
    words, to["wSecurityOffset"] = dual_string_array(*addresses)
    to["wNumEntries"], to["aStringArray"] = len(words), words


def guid(data):
    item = dcomrt.IID()
    item["Data"] = data
    return item


class Object:
    """What is exported: `interfaces` {IID: function(Call) -> stub}; counts the references to its one IPID each."""

    def __init__(self, exporter, interfaces):
        self.exporter, self.interfaces = exporter, interfaces
        self.oid = next(exporter.oids)
        self.ipids = {iid: os.urandom(16) for iid in interfaces}
        self.refs = dict.fromkeys(self.ipids.values(), 0)
        self.released = threading.Event()
        self.pinged = 0

    def standard(self, iid, refs=REFS):
        """STDOBJREF with new references."""
        self.refs[self.ipids[iid]] += refs
        std = dcomrt.STDOBJREF()
        std["flags"], std["cPublicRefs"] = 0, refs
        std["oxid"], std["oid"], std["ipid"] = self.exporter.oxid, self.oid, self.ipids[iid]
        return std

    def objref(self, iid):
        ref = dcomrt.OBJREF_STANDARD()
        ref["iid"], ref["std"] = iid[:16], self.standard(iid)
        words, security = dual_string_array(self.exporter.resolver_address)
        ref["saResAddr"] = struct.pack(f"<HH{len(words)}H", len(words), security, *words)
        return encode(ref, False)


class Exporter:
    """Resolver, IRemUnknown, IRemUnknown2 and the objects behind one Listener; more services by `services`. `refuses`:
    the resolver is behind a Listener of its own, which refuses authentication in this way. `oldest`: of DCOM 5.1, without
    ServerAlive2 and ResolveOxid2."""

    def __init__(self, accounts, services=None, interfaces=(), minimum=INTEGRITY, hint=None, refuses=None, oldest=False,
                 **options):
        self.oxid = struct.unpack("<Q", os.urandom(8))[0]
        self.oids = itertools.count(struct.unpack("<L", os.urandom(4))[0] << 8)
        self.unknown = os.urandom(16)
        self.minimum, self.hint = minimum, hint or minimum
        self.objects, self.by_ipid = [], {}
        self.oldest = oldest
        self.calls = []  # (interface, opnum) in their order
        self.aliveness = 0
        self.listener = Listener(accounts, {
            IID_RESOLVER: self._resolver,
            IID_REM_UNKNOWN: self._rem_unknown,
            IID_REM_UNKNOWN2: self._rem_unknown,
            **{iid: self._dispatch for iid in interfaces},
            **(services or {}),
        }, **options)
        self.plain = Listener(accounts, {IID_RESOLVER: self._resolver}, refuses=refuses) if refuses else None
        self.levels = set()  # of the calls that the resolver served, without ServerAlive

    @property
    def address(self):
        return f"127.0.0.1[{self.listener.port}]"

    @property
    def resolver_address(self):
        return f"127.0.0.1[{(self.plain or self.listener).port}]"

    @property
    def big(self):
        return self.listener.big

    def export(self, interfaces):
        made = Object(self, interfaces)
        self.objects.append(made)
        self.by_ipid.update((ipid, (made, iid)) for iid, ipid in made.ipids.items())
        return made

    def encode(self, message):
        return encode(message, self.big)

    def result(self, code, answer=dcom.Result):
        message = answer()
        message["ORPCthat"]["flags"], message["ORPCthat"]["extensions"] = 0, NULL
        message["ErrorCode"] = code
        return message

    def _checked(self, call):
        """[MS-DCOM] 3.1.1.5.4: protection of an ORPC call."""
        if call.level < self.minimum:
            raise Fault(RPC_S_ACCESS_DENIED)

    # --- IObjectExporter --------------------------------------------------------------------------------------------
    def _resolver(self, call):
        self.calls.append((IID_RESOLVER, call.opnum))
        method = {0: self._resolve, 1: self._simple_ping, 2: self._complex_ping, 3: self._alive, 4: self._resolve,
                  5: self._alive2}.get(call.opnum)
        if self.oldest and call.opnum in (4, 5):
            self.aliveness += call.opnum == 5
            method = None
        if method is None:
            raise Fault(NCA_OP_RANGE)
        if call.opnum not in (3, 5):
            self.levels.add(call.level)
            if not self.plain:
                self._checked(call)
        return self.encode(method(call))

    def _resolve(self, call):
        request = dcomrt.ResolveOxid2(call.stub)
        assert 7 in request["arRequestedProtseqs"], request["arRequestedProtseqs"]
        answer = dcomrt.ResolveOxid2Response() if call.opnum == 4 else dcomrt.ResolveOxidResponse()
        if request["pOxid"] == self.oxid:
            set_bindings(answer["ppdsaOxidBindings"], self.address)
            answer["pipidRemUnknown"], answer["pAuthnHint"], answer["ErrorCode"] = self.unknown, self.hint, 0
        else:
            answer["ppdsaOxidBindings"] = NULL
            answer["pipidRemUnknown"], answer["pAuthnHint"] = bytes(16), 0
            answer["ErrorCode"] = OR_INVALID_OXID
        return answer

    def _simple_ping(self, _):
        answer = dcomrt.SimplePingResponse()
        answer["ErrorCode"] = 0
        return answer

    def _complex_ping(self, call):
        request = dcomrt.ComplexPing(call.stub)
        answer = dcomrt.ComplexPingResponse()
        answer["pSetId"] = request["pSetId"] or next(self.oids)
        answer["pPingBackoffFactor"], answer["ErrorCode"] = 0, 0
        if request["cAddToSet"]:
            added = {item["Data"] for item in request["AddToSet"]}
            for made in self.objects:
                made.pinged += made.oid in added
        return answer

    def _alive(self, _):
        answer = dcomrt.ServerAliveResponse()
        answer["ErrorCode"] = 0
        return answer

    def _alive2(self, _):
        self.aliveness += 1
        answer = dcomrt.ServerAlive2Response()
        set_bindings(answer["ppdsaOrBindings"], self.address)
        answer["pReserved"], answer["ErrorCode"] = NULL, 0
        return answer

    # --- IRemUnknown ------------------------------------------------------------------------------------------------
    def _rem_unknown(self, call):
        self.calls.append((IID_REM_UNKNOWN, call.opnum))
        self._checked(call)
        if call.ipid != self.unknown:
            raise Fault(RPC_E_DISCONNECTED)
        method = {3: self._query, 4: self._add_refs, 5: self._release}.get(call.opnum)
        if method is None:
            raise Fault(NCA_OP_RANGE)
        return self.encode(method(call))

    def _query(self, call):
        request = dcomrt.RemQueryInterface(call.stub)
        assert request["ripid"] in self.by_ipid, "a query of an unknown IPID"
        wanted = [iid["Data"] for iid in request["iids"]]
        assert len(wanted) == request["cIids"] > 0, wanted
        made = self.by_ipid[request["ripid"]][0]
        names = {iid[:16]: iid for iid in made.interfaces}

        # As one struct: impacket pads a conformant array of 8-aligned elements in the wrong place.
        class Body(NDRSTRUCT):
            structure = (("referent", ULONG), ("maximum", ULONG),
                         *((f"result{n}", RemQiResult) for n in range(len(wanted))))

        class Response(dcomrt.DCOMANSWER):
            structure = (("body", Body), ("ErrorCode", HRESULT))
        answer = self.result(S_OK, Response)
        answer["body"]["referent"], answer["body"]["maximum"] = 0x20000, len(wanted)
        found = 0
        for n, iid in enumerate(wanted):
            result = answer["body"][f"result{n}"]
            result["hResult"] = S_OK if iid in names else E_NOINTERFACE
            if iid in names:
                result["std"] = made.standard(names[iid], request["cRefs"])
                found += 1
            else:
                result["std"]["ipid"] = bytes(16)
        answer["ErrorCode"] = S_OK if found == len(wanted) else S_FALSE if found else E_NOINTERFACE
        return answer

    def _add_refs(self, call):
        request = dcomrt.RemAddRef(call.stub)
        answer = self.result(S_OK, dcom.RemAddRefResponse)
        for element in request["InterfaceRefs"]:
            item = dcomrt.DWORD()
            item["Data"] = CO_E_OBJNOTREG
            if element["ipid"] in self.by_ipid:
                self.by_ipid[element["ipid"]][0].refs[element["ipid"]] += element["cPublicRefs"]
                item["Data"] = S_OK
            answer["pResults"].append(item)
        return answer

    def _release(self, call):
        request = dcomrt.RemRelease(call.stub)
        for element in request["InterfaceRefs"]:
            made = self.by_ipid.get(element["ipid"], (None,))[0]
            assert made is not None, f"release of an unknown IPID {element['ipid'].hex()}"
            made.refs[element["ipid"]] -= element["cPublicRefs"]
            assert made.refs[element["ipid"]] >= 0, "more released than given"
            if not any(made.refs.values()):
                made.released.set()
        return self.result(S_OK)

    # --- the interfaces of objects ----------------------------------------------------------------------------------
    def _dispatch(self, call):
        self._checked(call)
        made, iid = self.by_ipid.get(call.ipid, (None, None))
        if made is None:
            raise Fault(RPC_E_DISCONNECTED)
        assert iid == call.iid, "the IPID is of another interface"
        assert not self.oldest or dcom.version_of(call.stub) == (5, 1), "a version that is not ours"
        self.calls.append((iid, call.opnum))
        return self.encode(made.interfaces[iid](call))

    def close(self):
        self.listener.close()
        if self.plain:
            self.plain.close()


class Remote:
    """Somebody's object, found by its OBJREF: a connection to its exporter with references on it."""

    def __init__(self, objref, account, **options):
        self.reference, resolvers = dcom.parse_objref(objref)
        self.iid = dcomrt.OBJREF_STANDARD(objref)["iid"] + bytes(4)
        self.big = options.get("big", False)
        with Client(dcom.port_of(resolvers[0]), account, **options) as resolver:
            stub = resolver.call(IID_RESOLVER, 4, encode(dcom.resolve_request(self.reference.oxid), self.big))
        found = dcomrt.ResolveOxid2Response(stub)
        assert found["ErrorCode"] == 0, hex(found["ErrorCode"])
        bindings = found["ppdsaOxidBindings"]
        [address] = dcom.string_bindings(bindings["aStringArray"], bindings["wSecurityOffset"])
        self.unknown = found["pipidRemUnknown"]
        self.client = Client(dcom.port_of(address), account, **options)
        self.refs = {self.reference.ipid: self.reference.refs}

    def close(self):
        self.client.close()

    def orpc(self, iid, request, ipid, answer=dcom.Result):
        dcom.set_header(request)
        return answer(self.client.call(iid, request.opnum, encode(request, self.big), ipid))

    def call(self, request, iid=None, ipid=None):
        """The HRESULT of a method that has no other result."""
        return self.orpc(iid or self.iid, request, ipid or self.reference.ipid)["ErrorCode"]

    def query(self, iid):
        """The IPID of another interface, or None."""
        request = dcom.query_request(self.reference.ipid, REFS, iid)
        found = self.orpc(IID_REM_UNKNOWN, request, self.unknown, dcom.RemQueryInterfaceResponse)
        [result] = found["ppQIResults"]
        if result["hResult"] != S_OK:
            assert result["hResult"] == E_NOINTERFACE, hex(result["hResult"])
            return None
        ipid = result["std"]["ipid"]
        self.refs[ipid] = self.refs.get(ipid, 0) + result["std"]["cPublicRefs"]
        return ipid

    def release(self):
        held, self.refs = self.refs, {}
        elements = [(ipid, refs, 0) for ipid, refs in held.items()]
        return self.orpc(IID_REM_UNKNOWN, dcom.refs_request(dcomrt.RemRelease, *elements), self.unknown)["ErrorCode"]
