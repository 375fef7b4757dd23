"""impacket as the management client of ipam-dcom-server: resolver, activation, sessions, references, pings."""

import socket
import struct
import unittest
import uuid

import dcom  # first: it skips the file where impacket is not installed
from dcom import (CLSID, E_ILLEGAL_METHOD_CALL, E_INVALIDARG, E_NOINTERFACE, IID_OPERATION, IID_REM_UNKNOWN,
                  IID_REM_UNKNOWN2, IID_RESOLVER, INTEGRITY, NCA_CONTEXT_MISMATCH, NULL, PRIVACY, RPC_E_DISCONNECTED,
                  RPC_S_ACCESS_DENIED, S_FALSE, S_OK, Account, Connection, Fault)
from impacket.dcerpc.v5 import dcomrt, epm, mgmt, rpcrt, transport
from stack import DOMAIN, OPERATIONS, USER, Stack, sample

socket.setdefaulttimeout(30)
LEVELS = {"integrity": INTEGRITY, "privacy": PRIVACY}
UNKNOWN = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff").bytes_le


class Server(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(captured=False)  # its bad stubs are for the server to judge
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start_server()
        cls.port = cls.stack.dcom_port
        cls.account = Account(DOMAIN, USER, cls.stack.password)

    def tearDown(self):
        self.stack.died("server")

    def connect(self, iid, level=PRIVACY, account=None):
        connection = Connection(self.port, iid, account or self.account, level)
        self.addCleanup(connection.close)
        return connection

    def anonymous(self, iid):
        connection = Connection(self.port, iid)
        self.addCleanup(connection.close)
        return connection

    def activate(self, level=PRIVACY, class_id=CLSID, iid=IID_OPERATION):
        return dcom.activate(self.connect(dcomrt.IID_IRemoteSCMActivator, level), class_id, iid)[0]

    def session(self, level=PRIVACY):
        """A new session object and a connection to its interface."""
        reference = self.activate(level)
        return reference, self.connect(IID_OPERATION, level)

    def rem_unknown(self, level=PRIVACY):
        return self.connect(IID_REM_UNKNOWN, level)

    def assertFault(self, code, call, *args, **kwargs):
        with self.assertRaises(Fault) as raised:
            call(*args, **kwargs)
        self.assertEqual(hex(raised.exception.code), hex(code))

    def initialize(self, connection, ipid, parameters):
        request = dcom.InitializeOperationParameters()
        request["parameters"] = dcom.text(parameters)
        return connection.orpc(request, ipid)["ErrorCode"]

    def start(self, connection, ipid, objref=None):
        request = dcom.StartOperationWithCallback()
        if objref is None:
            request["progressCallback"] = NULL
        else:
            request["progressCallback"]["ulCntData"] = len(objref)
            request["progressCallback"]["abData"] = list(objref)
        return connection.orpc(request, ipid)["ErrorCode"]


class Resolver(Server):
    def test_an_anonymous_client_finds_the_server(self):
        resolver = self.anonymous(IID_RESOLVER)
        self.assertEqual(resolver.call(dcomrt.ServerAlive(), dcomrt.ServerAliveResponse)["ErrorCode"], 0)
        alive = resolver.call(dcomrt.ServerAlive2(), dcomrt.ServerAlive2Response)
        self.assertEqual(alive["ErrorCode"], 0)
        self.assertEqual((alive["pComVersion"]["MajorVersion"], alive["pComVersion"]["MinorVersion"]), (5, 7))
        bindings = alive["ppdsaOrBindings"]
        self.assertEqual(dcom.string_bindings(bindings["aStringArray"], bindings["wSecurityOffset"]),
                         [f"127.0.0.1[{self.port}]"])

    def test_an_anonymous_client_reaches_nothing_else(self):
        resolver = self.anonymous(IID_RESOLVER)
        reference = self.activate()
        self.assertFault(RPC_S_ACCESS_DENIED, resolver.raw, 0, dcom.resolve_request(reference.oxid))
        self.assertFault(RPC_S_ACCESS_DENIED, resolver.raw, 4, dcom.resolve_request(reference.oxid))
        self.assertFault(RPC_S_ACCESS_DENIED, resolver.raw, 2, dcom.ping_request(0, 1))
        scm = self.anonymous(dcomrt.IID_IRemoteSCMActivator)
        self.assertFault(RPC_S_ACCESS_DENIED, dcom.activate, scm, CLSID, IID_OPERATION)
        operation = self.anonymous(IID_OPERATION)
        request = dcom.InitializeOperationParameters()
        request["parameters"] = dcom.text(sample("CreateDhcpScope"))
        self.assertFault(RPC_S_ACCESS_DENIED, operation.orpc, request, reference.ipid)

    def test_endpoint_mapper(self):
        dce = self.anonymous(None).dce
        offered = {bytes(e["tower"]["Floors"][0]["InterfaceUUID"]) for e in epm.hept_lookup(None, dce=dce)}
        for iid in (IID_RESOLVER, dcomrt.IID_IRemoteSCMActivator, dcomrt.IID_IActivation):
            self.assertIn(iid[:16], offered)
            mapped = epm.hept_map("127.0.0.1", iid, protocol="ncacn_ip_tcp", dce=self.anonymous(None).dce)
            self.assertEqual(mapped, f"ncacn_ip_tcp:127.0.0.1[{self.port}]")
        self.lookup_in_batches(len(offered))
        with self.assertRaisesRegex(rpcrt.DCERPCException, "(?i)16c9a0d6"):
            epm.hept_map("127.0.0.1", dcom.interface(str(uuid.uuid4())), protocol="ncacn_ip_tcp",
                         dce=self.anonymous(None).dce)

    def lookup_in_batches(self, offered):
        """ept_lookup by its handle, one entry at a time, to the end; then one that is freed before."""
        mapper = self.anonymous(epm.MSRPC_UUID_PORTMAP)
        null = bytes(20)

        def look(handle):
            """(handle, number of entries, status)"""
            # All elements, no object, no interface, all versions; one entry.
            stub = mapper.raw(2, struct.pack("<IIII", 0, 0, 0, 1) + handle + struct.pack("<I", 1))
            return stub[:20], struct.unpack_from("<I", stub, 20)[0], struct.unpack("<I", stub[-4:])[0]

        handle, entries = null, 0
        while True:
            handle, count, status = look(handle)
            self.assertEqual((count, status), (1, 0))
            entries += count
            if handle == null:
                break
            self.assertLess(entries, 1000)
        self.assertGreaterEqual(entries, offered)
        held, _, _ = look(null)
        self.assertNotEqual(held, null)
        freed = mapper.raw(4, held)  # ept_lookup_handle_free
        self.assertEqual(freed, null + bytes(4))
        self.assertFault(NCA_CONTEXT_MISMATCH, look, held)

    def test_management(self):
        management = self.anonymous(mgmt.MSRPC_UUID_MGMT)
        known = mgmt.hinq_if_ids(management.dce)["if_id_vector"]
        known = {bytes(known["if_id"][n]["Data"]["Uuid"]) for n in range(known["count"])}
        for iid in (IID_RESOLVER, dcomrt.IID_IRemoteSCMActivator, dcomrt.IID_IActivation):
            self.assertIn(iid[:16], known)
        # is_server_listening, and stop_server_listening, which is refused.
        self.assertEqual(struct.unpack("<2I", management.raw(2, b"")), (0, 1))
        self.assertEqual(struct.unpack("<I", management.raw(3, b"")), (RPC_S_ACCESS_DENIED,))
        self.assertEqual(struct.unpack("<2I", management.raw(2, b"")), (0, 1))
        self.assertIn(b"RPCSS/127.0.0.1\0", management.raw(4, struct.pack("<II", rpcrt.RPC_C_AUTHN_WINNT, 100)))
        first, second = (struct.unpack("<7I", management.raw(1, struct.pack("<I", 4))) for _ in range(2))
        self.assertEqual((first[:2], first[6]), ((4, 4), 0))
        # calls in and out, packets in and out: between the two nobody else asked.
        self.assertEqual([now - before for now, before in zip(second[2:6], first[2:6])], [1, 0, 1, 1])

    def test_resolve_oxid2(self):
        for name, level in LEVELS.items():
            with self.subTest(name):
                reference = self.activate(level)
                resolver = self.connect(IID_RESOLVER, level)
                found = resolver.call(dcom.resolve_request(reference.oxid), dcomrt.ResolveOxid2Response)
                self.assertEqual(found["ErrorCode"], 0)
                self.assertEqual(found["pipidRemUnknown"], reference.rem_unknown)
                bindings = found["ppdsaOxidBindings"]
                self.assertEqual(dcom.string_bindings(bindings["aStringArray"], bindings["wSecurityOffset"]),
                                 [f"127.0.0.1[{self.port}]"])
                self.assertGreaterEqual(found["pAuthnHint"], INTEGRITY)

    def test_an_unknown_oxid(self):
        resolver = self.connect(IID_RESOLVER)
        answer = resolver.raw(4, dcom.resolve_request(1))
        self.assertEqual(struct.unpack("<L", answer[-4:])[0], dcom.OR_INVALID_OXID)


class OfIpv6(Stack):
    """Its server listens on ::1 alone."""

    def server_argv(self):
        return [a.replace("127.0.0.1", "[::1]") if a.startswith("--dcom-listen=") else a for a in super().server_argv()]

    @staticmethod
    def listens(port):
        with socket.socket(socket.AF_INET6) as s:
            return s.connect_ex(("::1", port)) == 0


class EndpointMapperOfIpv6(unittest.TestCase):
    def test_it_knows_the_interfaces(self):
        stack = OfIpv6(captured=False)
        self.addCleanup(stack.close)
        stack.start_server()
        for iid in (IID_RESOLVER, dcomrt.IID_IRemoteSCMActivator):
            dce = transport.TCPTransport("::1", stack.dcom_port).get_dce_rpc()
            dce.connect()
            self.addCleanup(dce.disconnect)
            mapped = epm.hept_map("::1", iid, protocol="ncacn_ip_tcp", dce=dce)
            self.assertEqual(mapped, f"ncacn_ip_tcp:::1[{stack.dcom_port}]")
        stack.died("server")


class Activation(Server):
    def test_at_both_levels(self):
        for name, level in LEVELS.items():
            with self.subTest(name):
                first, second = self.activate(level), self.activate(level)
                self.assertEqual(first.oxid, second.oxid)
                self.assertNotEqual(first.oid, second.oid)
                self.assertNotEqual(first.ipid, second.ipid)

    def test_impackets_own_path(self):
        """CoCreateInstanceEx, its pings and RemRelease: impacket knows port 135 only."""
        getaddrinfo = socket.getaddrinfo

        def lookup(host, port, *args, **kwargs):
            return getaddrinfo(host, self.port if port == 135 else port, *args, **kwargs)
        socket.getaddrinfo = lookup
        try:
            connection = dcomrt.DCOMConnection("127.0.0.1", USER, self.stack.password, DOMAIN, oxidResolver=True)
            try:
                found = connection.CoCreateInstanceEx(CLSID, IID_OPERATION)
                request = dcom.InitializeOperationParameters()
                request["parameters"] = dcom.text("<nonsense/>")
                # It looks for a class named as the request's with Response behind it.
                dcom.InitializeOperationParametersResponse = dcom.Result
                dcom.DCERPCSessionError = dcomrt.DCERPCSessionError
                with self.assertRaises(dcomrt.DCERPCSessionError) as raised:
                    found.request(request, IID_OPERATION, found.get_iPid())
                self.assertEqual(raised.exception.error_code, E_INVALIDARG)
                self.assertEqual(found.RemAddRef()["ErrorCode"], 0)
                again = found.RemQueryInterface(1, (IID_OPERATION,))
                self.assertEqual(again.get_iPid(), found.get_iPid())
                self.assertEqual(found.RemRelease()["ErrorCode"], 0)
                found.disconnect()
            finally:
                connection.disconnect()
        finally:
            socket.getaddrinfo = getaddrinfo

    def test_by_the_older_interface(self):
        scm = self.connect(dcomrt.IID_IActivation)
        scm.dce.bind = lambda _: None
        reply = {}

        def keep(request, uuid=None):
            reply["it"] = scm.call(request, dcomrt.RemoteActivationResponse)
            return reply["it"]
        scm.dce.request = keep
        dcomrt.IActivation(scm.dce).RemoteActivation(CLSID, IID_OPERATION)
        self.assertEqual(reply["it"]["phr"], S_OK)
        reference, _ = dcom.parse_objref(b"".join(reply["it"]["ppInterfaceData"][0]["abData"]))
        self.assertEqual(self.initialize(self.connect(IID_OPERATION), reference.ipid, sample(OPERATIONS[0])), S_OK)

    def test_class_object(self):
        scm = self.connect(dcomrt.IID_IRemoteSCMActivator)
        scm.dce.bind = lambda _: None
        factory = dcomrt.IRemoteSCMActivator(scm.dce).RemoteGetClassObject(CLSID, dcomrt.IID_IClassFactory)
        request = dcom.FactoryCreateInstance()
        request["riid"] = IID_OPERATION[:16]
        made = self.connect(dcomrt.IID_IClassFactory).orpc(request, factory.get_iPid(),
                                                           dcom.FactoryCreateInstanceResponse)
        self.assertEqual(made["ErrorCode"], S_OK)
        reference, _ = dcom.parse_objref(b"".join(made["ppvObject"]["abData"]))
        self.assertEqual(self.initialize(self.connect(IID_OPERATION), reference.ipid, sample(OPERATIONS[0])), S_OK)

    def test_an_unknown_class_and_interface(self):
        with self.assertRaises(rpcrt.DCERPCException) as raised:
            self.activate(class_id=UNKNOWN)
        self.assertEqual(raised.exception.error_code, dcom.REGDB_E_CLASSNOTREG)
        with self.assertRaises(rpcrt.DCERPCException) as raised:
            self.activate(iid=UNKNOWN + bytes(4))
        self.assertEqual(raised.exception.error_code, E_NOINTERFACE)

    def test_weaker_levels_are_refused(self):
        for level in (dcom.CONNECT, dcom.PACKET):
            with self.subTest(level=level):
                self.assertFault(RPC_S_ACCESS_DENIED, self.activate, level)
                # What is activated may not be called weaker either.
                reference = self.activate()
                connection = self.connect(IID_OPERATION, level)
                request = dcom.InitializeOperationParameters()
                request["parameters"] = dcom.text(sample(OPERATIONS[0]))
                self.assertFault(RPC_S_ACCESS_DENIED, connection.orpc, request, reference.ipid)

    def test_who_cannot_log_on_is_refused(self):
        for name, account in {
            "wrong password": Account(DOMAIN, USER, "wrong"),
            "unknown user": Account(DOMAIN, "nobody", self.stack.password),
            "other domain": Account("ELSEWHERE", USER, self.stack.password),
        }.items():
            with self.subTest(name):
                connection = self.connect(dcomrt.IID_IRemoteSCMActivator, account=account)
                with self.assertRaises(Fault) as raised:
                    dcom.activate(connection, CLSID, IID_OPERATION)
                self.assertEqual(raised.exception.code, RPC_S_ACCESS_DENIED)
        self.activate()


class Session(Server):
    def test_each_sample_initializes(self):
        for name, level in LEVELS.items():
            for operation in OPERATIONS:
                with self.subTest(level=name, operation=operation):
                    reference, connection = self.session(level)
                    self.assertEqual(self.initialize(connection, reference.ipid, sample(operation)), S_OK)

    def test_over_many_fragments(self):
        reference, connection = self.session()
        connection.dce.set_max_fragment_size(1000)
        xml = sample("CreateDhcpScope").replace("?>", "?><!--" + "x" * 300_000 + "-->", 1)
        if "x" * 1000 not in xml:
            xml = "<!--" + "x" * 300_000 + "-->" + xml
        self.assertEqual(self.initialize(connection, reference.ipid, xml), S_OK)

    def test_wrong_order(self):
        reference, connection = self.session()
        self.assertEqual(self.start(connection, reference.ipid), E_ILLEGAL_METHOD_CALL)
        self.assertEqual(self.start(connection, reference.ipid, b"MEOW"), E_ILLEGAL_METHOD_CALL)
        # A call that was not allowed changes nothing.
        self.assertEqual(self.initialize(connection, reference.ipid, sample(OPERATIONS[0])), S_OK)
        self.assertEqual(self.initialize(connection, reference.ipid, sample(OPERATIONS[0])), E_ILLEGAL_METHOD_CALL)
        self.assertEqual(self.start(connection, reference.ipid), E_INVALIDARG)

    def test_bad_parameters_end_the_session(self):
        good = sample("CreateDhcpScope")
        for name, bad in {
            "NULL": None,
            "empty": "",
            "no XML": "operation: CreateDhcpScope",
            "not well formed": good[:-20],
            "other root": "<parameters/>",
            "DTD": '<!DOCTYPE x [<!ENTITY e "e">]>' + good[good.index("<", 2):],
            "unknown operation": good.replace("CreateDhcpScope", "CreateNothing"),
        }.items():
            with self.subTest(name):
                reference, connection = self.session()
                self.assertEqual(self.initialize(connection, reference.ipid, bad), E_INVALIDARG)
                self.assertEqual(self.initialize(connection, reference.ipid, good), E_ILLEGAL_METHOD_CALL)
                self.assertEqual(self.start(connection, reference.ipid), E_ILLEGAL_METHOD_CALL)

    def test_a_refusal_says_why(self):
        """The IpamException is the description of the error information, [MS-DCOM] 2.2.21.2."""
        reference, connection = self.session()
        request = dcom.InitializeOperationParameters()
        request["parameters"] = dcom.text("<nonsense/>")
        answer = connection.orpc(request, reference.ipid)
        self.assertEqual(answer["ErrorCode"], E_INVALIDARG)
        extents = answer["ORPCthat"]["extensions"]["extent"]
        data = b"".join(extents[0]["data"])
        self.assertEqual(extents[0]["id"], dcomrt.CLSID_ERROR_EXTENSION)
        objref = dcomrt.OBJREF_CUSTOM(data)
        self.assertEqual(objref["signature"], 0x574F454D)
        self.assertEqual(objref["clsid"], dcomrt.CLSID_ErrorObject)
        self.assertIn("IpamException".encode("utf-16-le"), data)
        self.assertIn("nonsense".encode("utf-16-le"), data)

    def test_text_that_is_not_utf16(self):
        reference, connection = self.session()
        request = dcom.InitializeOperationParameters()
        request["parameters"] = dcom.text("<a>#</a>")
        header = dcomrt.ORPCTHIS()
        header["cid"], header["extensions"], header["flags"] = UNKNOWN, NULL, 0
        request["ORPCthis"] = header
        stub = (request.getData() + request.getDataReferents()).replace(b"#\0", b"\x00\xd8")
        answer = dcom.Result(connection.raw(3, stub, reference.ipid))
        self.assertEqual(answer["ErrorCode"], E_INVALIDARG)

    def test_callbacks_that_are_none(self):
        """A callback that cannot be reached fails the call, and leaves the session as it was."""
        standard = dcomrt.OBJREF_STANDARD()
        standard["iid"] = dcom.IID_CALLBACK[:16]
        standard["std"]["flags"], standard["std"]["cPublicRefs"] = 0, 5
        standard["std"]["oxid"], standard["std"]["oid"], standard["std"]["ipid"] = 7, 8, UNKNOWN
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            address = f"127.0.0.1[{closed.getsockname()[1]}]"
        words = [7, *map(ord, address), 0, 0, 10, 0xFFFF, 0, 0]
        standard["saResAddr"] = struct.pack(f"<HH{len(words)}H", len(words), len(address) + 3, *words)
        reference, connection = self.session()
        self.assertEqual(self.initialize(connection, reference.ipid, sample(OPERATIONS[0])), S_OK)
        self.assertEqual(self.start(connection, reference.ipid, b"MEOW"), E_INVALIDARG)
        result = self.start(connection, reference.ipid, standard.getData())
        self.assertGreaterEqual(result, 0x80000000)
        self.assertNotIn(result, (E_INVALIDARG, E_ILLEGAL_METHOD_CALL))
        self.assertEqual(self.start(connection, reference.ipid, standard.getData()), result)
        self.assertEqual(self.initialize(connection, reference.ipid, sample(OPERATIONS[0])), E_ILLEGAL_METHOD_CALL)


class Calls(Server):
    def request(self):
        request = dcom.InitializeOperationParameters()
        request["parameters"] = dcom.text(sample(OPERATIONS[0]))
        return request

    def test_an_unknown_ipid(self):
        connection = self.connect(IID_OPERATION)
        self.assertFault(RPC_E_DISCONNECTED, connection.orpc, self.request(), UNKNOWN)
        self.assertFault(RPC_E_DISCONNECTED, connection.orpc, self.request(), None)

    def test_opnums_that_are_not_there(self):
        reference, connection = self.session()
        for opnum in (0, 1, 2, 5, 6, 200):
            request = self.request()
            request.opnum = opnum
            self.assertFault(dcom.NCA_OP_RANGE, connection.orpc, request, reference.ipid)
        self.assertEqual(self.initialize(connection, reference.ipid, sample(OPERATIONS[0])), S_OK)

    def test_an_interface_that_the_object_lacks(self):
        reference = self.activate()
        connection = self.connect(IID_REM_UNKNOWN)
        self.assertFault(0x80010113, connection.orpc, self.request(), reference.ipid)  # RPC_E_INVALID_IPID

    def test_bad_headers(self):
        reference, connection = self.session()
        self.assertFault(dcom.RPC_E_VERSION_MISMATCH, connection.orpc, self.request(), reference.ipid, version=(5, 8))
        self.assertFault(dcom.RPC_E_VERSION_MISMATCH, connection.orpc, self.request(), reference.ipid, version=(4, 7))
        self.assertFault(dcom.RPC_E_INVALID_HEADER, connection.orpc, self.request(), reference.ipid, flags=1)
        self.assertEqual(connection.orpc(self.request(), reference.ipid, version=(5, 1))["ErrorCode"], S_OK)

    def test_bad_stubs(self):
        reference, connection = self.session()
        header = struct.pack("<HHLL16sL", 5, 7, 0, 0, UNKNOWN, 0)
        for code, stub in (
            (dcom.RPC_X_BAD_STUB_DATA, b""),
            (dcom.RPC_X_BAD_STUB_DATA, header[:20]),
            (dcom.RPC_X_BAD_STUB_DATA, header),
            (dcom.RPC_X_BAD_STUB_DATA, header + struct.pack("<L", 1)),
            (dcom.RPC_X_BAD_STUB_DATA, header + struct.pack("<LLLL", 1, 0x7FFFFFFF, 0, 0x7FFFFFFF) + b"a\0"),
            (dcom.NCA_INVALID_BOUND, header + struct.pack("<LLLL", 1, 2, 1, 2) + b"a\0\0\0"),
        ):
            with self.subTest(stub=stub[32:].hex()):
                self.assertFault(code, connection.raw, 3, stub, reference.ipid)
        self.assertEqual(self.initialize(connection, reference.ipid, sample(OPERATIONS[0])), S_OK)


class References(Server):
    def alive(self, ipid):
        """Whether the object is there: a NULL start in the wrong order tells."""
        connection = self.connect(IID_OPERATION)
        try:
            self.assertEqual(self.start(connection, ipid), E_ILLEGAL_METHOD_CALL)
            return True
        except Fault as fault:
            self.assertEqual(fault.code, RPC_E_DISCONNECTED)
            return False

    def release(self, unknown, reference, *refs):
        request = dcom.refs_request(dcomrt.RemRelease, *refs)
        return unknown.orpc(request, reference.rem_unknown)["ErrorCode"]

    def test_query_interface(self):
        for name, level in LEVELS.items():
            with self.subTest(name):
                reference = self.activate(level)
                unknown = self.rem_unknown(level)
                request = dcom.query_request(reference.ipid, 1, IID_OPERATION, UNKNOWN, dcomrt.IID_IUnknown)
                answer = unknown.orpc(request, reference.rem_unknown, dcom.RemQueryInterfaceResponse)
                self.assertEqual(answer["ErrorCode"], S_FALSE)
                results = answer["ppQIResults"]
                self.assertEqual([r["hResult"] for r in results], [S_OK, E_NOINTERFACE, S_OK])
                self.assertEqual(results[0]["std"]["ipid"], reference.ipid)
                self.assertEqual(results[0]["std"]["oid"], reference.oid)
                self.assertEqual(results[0]["std"]["oxid"], reference.oxid)
                self.assertEqual(results[2]["std"]["oid"], reference.oid)

    def test_query_of_what_is_not_there(self):
        reference = self.activate()
        unknown = self.rem_unknown()
        answer = unknown.orpc(dcom.query_request(UNKNOWN, 1, IID_OPERATION), reference.rem_unknown,
                              dcom.RemQueryInterfaceResponse)
        self.assertEqual(answer["ErrorCode"], dcom.RPC_E_INVALID_OBJECT)
        answer = unknown.orpc(dcom.query_request(reference.ipid, 1, UNKNOWN), reference.rem_unknown,
                              dcom.RemQueryInterfaceResponse)
        self.assertEqual(answer["ErrorCode"], E_NOINTERFACE)

    def test_the_last_release_ends_the_object(self):
        reference = self.activate()
        unknown = self.rem_unknown()
        self.assertEqual(self.release(unknown, reference, (reference.ipid, reference.refs - 1, 0)), S_OK)
        self.assertTrue(self.alive(reference.ipid))
        answer = unknown.orpc(dcom.refs_request(dcomrt.RemAddRef, (reference.ipid, 2, 0), (UNKNOWN, 1, 0)),
                              reference.rem_unknown, dcom.RemAddRefResponse)
        self.assertEqual(answer["ErrorCode"], S_FALSE)
        self.assertEqual([r["Data"] for r in answer["pResults"]], [S_OK, dcom.CO_E_OBJNOTREG])
        self.assertEqual(self.release(unknown, reference, (reference.ipid, 1, 0), (UNKNOWN, 1, 0)), S_OK)
        self.assertTrue(self.alive(reference.ipid))
        self.assertEqual(self.release(unknown, reference, (reference.ipid, 2, 0)), S_OK)
        self.assertFalse(self.alive(reference.ipid))
        self.assertEqual(self.release(unknown, reference, (reference.ipid, 1, 0)), S_OK)

    def test_private_references_hold_too(self):
        reference = self.activate()
        unknown = self.rem_unknown()
        answer = unknown.orpc(dcom.refs_request(dcomrt.RemAddRef, (reference.ipid, 0, 1)), reference.rem_unknown,
                              dcom.RemAddRefResponse)
        self.assertEqual(answer["ErrorCode"], S_OK)
        self.release(unknown, reference, (reference.ipid, reference.refs, 0))
        self.assertTrue(self.alive(reference.ipid))
        self.release(unknown, reference, (reference.ipid, 0, 1))
        self.assertFalse(self.alive(reference.ipid))

    def test_the_remote_unknown_has_both_interfaces_and_no_end(self):
        reference = self.activate()
        unknown = self.connect(IID_REM_UNKNOWN2)
        for _ in range(3):
            self.release(unknown, reference, (reference.rem_unknown, 100, 0))
        answer = unknown.orpc(dcom.query_request(reference.ipid, 1, IID_OPERATION), reference.rem_unknown,
                              dcom.RemQueryInterfaceResponse)
        self.assertEqual(answer["ErrorCode"], S_OK)

    def test_pings(self):
        for name, level in LEVELS.items():
            with self.subTest(name):
                reference, other = self.activate(level), self.activate(level)
                resolver = self.connect(IID_RESOLVER, level)

                def ping(*args):
                    return resolver.call(dcom.ping_request(*args), dcomrt.ComplexPingResponse)
                made = ping(0, 1, [reference.oid, other.oid])
                self.assertEqual(made["ErrorCode"], 0)
                self.assertNotEqual(made["pSetId"], 0)
                self.assertEqual(ping(made["pSetId"], 2, [], [other.oid])["ErrorCode"], 0)
                self.assertEqual(ping(made["pSetId"], 3, [12345])["ErrorCode"], dcom.OR_INVALID_OID)
                request = dcomrt.SimplePing()
                request["pSetId"] = made["pSetId"]
                self.assertEqual(resolver.call(request, dcomrt.SimplePingResponse)["ErrorCode"], 0)
                request["pSetId"] = 0x1234
                self.assertEqual(resolver.call(request, dcomrt.SimplePingResponse)["ErrorCode"], dcom.OR_INVALID_SET)
                self.assertEqual(ping(0x1234, 1, [reference.oid])["ErrorCode"], dcom.OR_INVALID_SET)


if __name__ == "__main__":
    unittest.main()
