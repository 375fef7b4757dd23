"""DCE/RPC associations of a stranger, both roles, on impacket's PDU classes: [MS-RPCE] 2.2.2 and 3.3.

Unlike impacket's own client these verify each signature, accept binds, and split at any size.
"""

import contextlib
import itertools
import socket
import struct
import threading

from impacket.dcerpc.v5 import rpcrt
from impacket.uuid import uuidtup_to_bin

import bigendian
from dcom import PRIVACY, Fault
from security import NTLM, SPNEGO, Acceptor, BadSignature, Initiator, LogonDenied, SpnegoAcceptor, SpnegoInitiator

NDR = uuidtup_to_bin(("8a885d04-1ceb-11c9-9fe8-08002b104860", "2.0"))
FEATURES = bytes.fromhex("2c1cb76c12984045")  # [MS-RPCE] 2.2.2.14: the syntax of bind-time feature negotiation
FIRST, LAST, MULTIPLEX, OBJECT = 1, 2, 0x10, 0x80
ACCESS_DENIED, UNKNOWN_IF, PROTOCOL_ERROR = 5, 0x1C010003, 0x1C01000B
TRAILER, SIGNATURE = 8, 16
TIMEOUT = 30


class Vanished(Exception):
    """The other side, or a fuse on this one, closed the connection."""


class Fuse:
    """Counts the PDUs of all wires that share it; at the boundary behind PDU `limit` all of them are cut."""

    def __init__(self, limit=None):
        self.limit, self.count, self.blown = limit, 0, False
        self.lock, self.wires = threading.Lock(), set()

    def add(self, wire):
        with self.lock:
            if self.blown:
                raise Vanished("the fuse blew")
            self.wires.add(wire)

    def remove(self, wire):
        with self.lock:
            self.wires.discard(wire)

    def before_pdu(self):
        with self.lock:
            if self.limit is None or self.count < self.limit:
                self.count += 1
                return
            self.blown = True
        self.cut()
        raise Vanished("the fuse blew")

    def cut(self):
        with self.lock:
            wires = list(self.wires)
        for wire in wires:
            wire.close()


class Secured:
    """One security context of an association: protects and opens what it is used for."""

    def __init__(self, context, level, identity):
        self.context, self.level, self.identity = context, level, identity
        self.failed = None

    def trailer(self, padding=0):
        trailer = rpcrt.SEC_TRAILER()
        trailer["auth_type"], trailer["auth_level"] = self.context.type, self.level
        trailer["auth_pad_len"], trailer["auth_ctx_id"] = padding, self.identity
        return trailer.getData()

    @property
    def covers(self):
        return self.level > rpcrt.RPC_C_AUTHN_LEVEL_CONNECT

    def seal(self, packet, begin):
        """`packet` with blank authentication: its stub, from `begin`, and signature filled in."""
        end = len(packet) - TRAILER - SIGNATURE
        channel, stub = self.context.outgoing, packet[begin:end]
        sealed = channel.cipher(stub) if self.level == PRIVACY else stub
        return packet[:begin] + sealed + packet[end:end + TRAILER] + channel.mac(packet[:-SIGNATURE])

    def open(self, packet, begin):
        end = len(packet) - TRAILER - SIGNATURE
        channel, stub = self.context.incoming, packet[begin:end]
        if self.level == PRIVACY:
            stub = channel.cipher(stub)
        channel.verify(packet[:begin] + stub + packet[end:end + TRAILER], packet[-SIGNATURE:])
        return stub


class Wire:
    """PDUs of one TCP connection, of either role."""

    def __init__(self, sock, fuse, max_frag=5840, big=False, log=None):
        sock.settimeout(TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.fuse, self.big, self.log = sock, fuse, big, log
        self.max_frag = self.max_xmit = max_frag
        self.secured = {}  # by auth_context_id
        fuse.add(self)

    def close(self):
        self.fuse.remove(self)
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.sock.recv(count - len(data))
            except OSError as error:
                if isinstance(error, TimeoutError):
                    raise
                raise Vanished(str(error)) from None
            if not more:
                raise Vanished("closed by the peer")
            data += more
        return data

    def read(self):
        data = self._exactly(16)
        assert data[:2] == b"\5\0" and data[4:8] == b"\x10\0\0\0", f"not a PDU header: {data.hex()}"
        length = struct.unpack_from("<H", data, 8)[0]
        assert 16 <= length <= self.max_frag, f"a fragment of {length} octets"
        data += self._exactly(length - 16)
        self.fuse.before_pdu()  # before it is seen
        if self.log:
            self.log("received", data)
        return data

    def write(self, data):
        self.fuse.before_pdu()
        if self.log:
            self.log("sent", data)
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Vanished(str(error)) from None

    # --- whole messages -------------------------------------------------------------------------------------------------
    def send_stub(self, new_header, stub, secured, head=b""):
        """As many fragments as it takes. `new_header` makes the header of each; `head` goes behind it, not sealed."""
        covered = secured is not None and secured.covers
        begin = new_header().get_header_size() + len(head)
        room = (self.max_xmit - begin - (TRAILER + SIGNATURE if covered else 0)) // 16 * 16
        for at in range(0, max(len(stub), 1), room):
            header, piece = new_header(), stub[at:at + room]
            header["flags"] = header["flags"] & ~(FIRST | LAST) | (FIRST if at == 0 else 0)
            if at + room >= len(stub):
                header["flags"] |= LAST
            header["alloc_hint"] = len(stub) - at
            padding = -len(piece) % 16 if covered else 0
            header["pduData"] = head + piece + b"\xbb" * padding
            if covered:
                header["sec_trailer"], header["auth_data"] = secured.trailer(padding), bytes(SIGNATURE)
                header["auth_len"] = SIGNATURE
            packet = header.getData()
            if self.big:
                packet = bigendian.header(packet)
            self.write(secured.seal(packet, begin) if covered else packet)

    def stub_of(self, packet, begin):
        """(stub, security context) of a fragment; BadSignature where it was touched."""
        auth_len = struct.unpack_from("<H", packet, 10)[0]
        if auth_len == 0:
            return packet[begin:], None
        end = len(packet) - auth_len - TRAILER
        trailer = rpcrt.SEC_TRAILER(packet[end:])
        secured = self.secured[trailer["auth_ctx_id"]]
        if secured.failed:
            raise secured.failed
        expected = secured.context.type, secured.level
        assert (trailer["auth_type"], trailer["auth_level"]) == expected, "another security context's trailer"
        stub = secured.open(packet, begin) if secured.covers else packet[begin:end]
        assert trailer["auth_pad_len"] <= len(stub), "more padding than stub"
        return stub[:len(stub) - trailer["auth_pad_len"]], secured

    def send_negotiation(self, kind, call_id, body, token=b"", secured=None, flags=FIRST | LAST):
        header = rpcrt.MSRPCHeader()
        header["type"], header["call_id"], header["flags"] = kind, call_id, flags
        header["pduData"] = body
        if token:
            padding = -len(body) % 4
            header["pduData"] += bytes(padding)
            header["sec_trailer"], header["auth_data"] = secured.trailer(padding), token
            header["auth_len"] = len(token)
        packet = header.getData()
        self.write(bigendian.header(packet) if self.big else packet)


def token_of(packet):
    """(sec_trailer, token) of a bind, auth3 or their answers, or (None, b"")."""
    auth_len = struct.unpack_from("<H", packet, 10)[0]
    if auth_len == 0:
        return None, b""
    return rpcrt.SEC_TRAILER(packet[-auth_len - TRAILER:]), packet[-auth_len:]


class Client(Wire):
    """The role that binds and calls."""

    def __init__(self, port, account=None, level=PRIVACY, mechanism=SPNEGO, host="127.0.0.1", fuse=None, with_mic=True,
                 **options):
        super().__init__(socket.create_connection((host, port), TIMEOUT), fuse or Fuse(), **options)
        self.calls = itertools.count(1)
        self.contexts = {}
        self.ours = None
        if account:
            context = SpnegoInitiator(account, with_mic) if mechanism == SPNEGO else Initiator(account)
            self.ours = self.secured[77] = Secured(context, level, 77)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _offer(self, kind, call_id, iid, number, token=b""):
        bind = rpcrt.MSRPCBind()
        bind["max_tfrag"] = bind["max_rfrag"] = self.max_frag
        item = rpcrt.CtxItem()
        item["ContextID"], item["TransItems"], item["AbstractSyntax"], item["TransferSyntax"] = number, 1, iid, NDR
        bind.addCtxItem(item)
        self.send_negotiation(kind, call_id, bind.getData(), token, self.ours)
        wanted = {rpcrt.MSRPC_BIND: rpcrt.MSRPC_BINDACK, rpcrt.MSRPC_ALTERCTX: rpcrt.MSRPC_ALTERCTX_R}[kind]
        answer = self.read()
        if answer[2] == rpcrt.MSRPC_FAULT:
            raise Fault(struct.unpack_from("<L", answer, 24)[0])
        if answer[2] == rpcrt.MSRPC_BINDNAK:
            raise Fault(rpcrt.MSRPCBindNak(answer[16:])["RejectedReason"])
        assert answer[2] == wanted, f"PDU {answer[2]} in answer to {kind}"
        ack = rpcrt.MSRPCBindAck(answer)
        result = ack.getCtxItem(1)
        assert result["Result"] == 0 and result["TransferSyntax"] == NDR, (result["Result"], result["Reason"])
        if kind == rpcrt.MSRPC_BIND:
            self.max_xmit = min(self.max_frag, ack["max_rfrag"])
        return token_of(answer)[1]

    def bind(self, iid):
        if iid in self.contexts:
            return self.contexts[iid]
        number = self.contexts[iid] = len(self.contexts)
        kind = rpcrt.MSRPC_ALTERCTX if number else rpcrt.MSRPC_BIND
        call_id = next(self.calls)
        if number or not self.ours:
            self._offer(kind, call_id, iid, number)
            return number
        context = self.ours.context
        token = context.step(self._offer(kind, call_id, iid, number, context.first()))
        if context.type == NTLM:
            self.send_negotiation(rpcrt.MSRPC_AUTH3, call_id, bytes(4), token, self.ours)
        else:
            context.step(self._offer(rpcrt.MSRPC_ALTERCTX, call_id, iid, number, token))
        return number

    def send_request(self, iid, opnum, stub, ipid=None):
        number, call_id = self.bind(iid), next(self.calls)

        def header():
            header = rpcrt.MSRPCRequestHeader()
            header["call_id"], header["ctx_id"], header["op_num"] = call_id, number, opnum
            if ipid is not None:
                header["flags"] |= OBJECT
                header["uuid"] = ipid
            return header
        self.send_stub(header, stub, self.ours)
        return call_id

    def call(self, iid, opnum, stub, ipid=None):
        """The stub of the answer; Fault where it is one."""
        call_id, stub = self.send_request(iid, opnum, stub, ipid), b""
        while True:
            packet = self.read()
            header = rpcrt.MSRPCRespHeader(packet)
            assert header["call_id"] == call_id, (header["call_id"], call_id)
            if header["type"] == rpcrt.MSRPC_FAULT:
                self.stub_of(packet, 32)  # its signature, where it has one
                raise Fault(struct.unpack_from("<L", packet, 24)[0])
            piece, secured = self.stub_of(packet, 24)
            assert header["type"] == rpcrt.MSRPC_RESPONSE, header["type"]
            if secured is not self.ours and self.ours.covers:
                raise BadSignature("a response without a signature")
            stub += piece
            if header["flags"] & LAST:
                return stub


class Call:
    """A request as a service sees it."""

    def __init__(self, iid, opnum, stub, ipid, account, level, wire):
        self.iid, self.opnum, self.stub, self.ipid = iid, opnum, stub, ipid
        self.account, self.level, self.wire = account, level, wire


class ServerConnection(Wire):
    """The role that is called: answers until the peer or the fuse ends it."""

    def __init__(self, sock, listener):
        super().__init__(sock, listener.fuse, listener.max_frag, listener.big, listener.log)
        self.listener = listener
        self.interfaces = {}  # by context id
        self.requests = {}  # by call id: fragments so far

    def run(self):
        try:
            while True:
                self._take(self.read())
        except Vanished:
            pass
        except BadSignature as error:
            self.listener.complaints.append(error)
        except Exception as error:  # shown by the test, which fails of it
            if not self.fuse.blown:
                self.listener.complaints.append(error)
        finally:
            self.close()

    def _take(self, packet):
        kind, call_id = packet[2], struct.unpack_from("<L", packet, 12)[0]
        if kind in (rpcrt.MSRPC_BIND, rpcrt.MSRPC_ALTERCTX):
            self._bind(packet, kind, call_id)
        elif kind == rpcrt.MSRPC_AUTH3:
            self._step(packet)
        elif kind == rpcrt.MSRPC_REQUEST:
            self._request(packet, call_id)
        else:
            assert kind in (18, 19), f"PDU type {kind} of a client"  # cancel, orphaned: its call goes on here

    def _step(self, packet):
        """(security context, answer) of the token in a PDU."""
        trailer, token = token_of(packet)
        if trailer is None:
            return None, b""
        identity = trailer["auth_ctx_id"]
        if identity not in self.secured:
            acceptor = {NTLM: Acceptor, SPNEGO: SpnegoAcceptor}[trailer["auth_type"]]
            self.secured[identity] = Secured(acceptor(self.listener.accounts), trailer["auth_level"], identity)
        secured = self.secured[identity]
        try:
            return secured, secured.context.step(token)
        except (LogonDenied, BadSignature) as error:
            self.listener.denied.append(str(error))
            secured.failed = Fault(ACCESS_DENIED)
            return secured, b""

    def _bind(self, packet, kind, call_id):
        offer = rpcrt.MSRPCBind(packet[16:])
        if self.listener.refuses == "silence":
            secured, token = None, b""
        else:
            secured, token = self._step(packet)
        if secured is not None and (secured.failed or self.listener.refuses == "bind"):
            if kind == rpcrt.MSRPC_ALTERCTX:
                return self._fault(call_id, ACCESS_DENIED, None)
            nak = rpcrt.MSRPCBindNak()
            nak["RejectedReason"], nak["SupportedVersions"] = 8, b"\1\5\0"  # authentication type not recognized
            return self.send_negotiation(rpcrt.MSRPC_BINDNAK, call_id, nak.getData())
        results, at = b"", 28
        for _ in range(offer["ctx_num"]):
            item = rpcrt.CtxItem(packet[at:at + 44])
            at += 24 + 20 * item["TransItems"]
            results += self._accept(item)
        if kind == rpcrt.MSRPC_BIND:
            self.max_xmit = min(self.max_frag, offer["max_rfrag"])
        # By hand: impacket writes the NUL of a secondary address that is not there, too.
        address = f"{self.listener.port}\0".encode() if kind == rpcrt.MSRPC_BIND else b""
        body = struct.pack("<HHLH", self.max_frag, self.max_frag, offer["assoc_group"] or 0x5742, len(address)) + address
        body += bytes(-len(body) % 4) + struct.pack("<L", offer["ctx_num"]) + results
        flags = FIRST | LAST
        if kind == rpcrt.MSRPC_BIND and self.listener.multiplex:
            flags |= packet[3] & MULTIPLEX
        answer = rpcrt.MSRPC_BINDACK if kind == rpcrt.MSRPC_BIND else rpcrt.MSRPC_ALTERCTX_R
        self.send_negotiation(answer, call_id, body, token, secured, flags)

    def _accept(self, item):
        result = rpcrt.CtxItemResult()
        if item["TransferSyntax"].startswith(FEATURES):
            result["Result"], result["Reason"], result["TransferSyntax"] = 3, 0, bytes(20)
        elif item["TransferSyntax"] != NDR:
            result["Result"], result["Reason"], result["TransferSyntax"] = 2, 2, bytes(20)
        elif item["AbstractSyntax"] not in self.listener.services:
            result["Result"], result["Reason"], result["TransferSyntax"] = 2, 1, bytes(20)
        else:
            self.interfaces[item["ContextID"]] = item["AbstractSyntax"]
            result["Result"], result["Reason"], result["TransferSyntax"] = 0, 0, NDR
        return result.getData()

    def _request(self, packet, call_id):
        header = rpcrt.MSRPCRequestHeader(packet)
        try:
            piece, secured = self.stub_of(packet, header.get_header_size())
        except Fault as fault:
            return self._fault(call_id, fault.code, None)
        stub = self.requests.pop(call_id, b"") + piece
        if not header["flags"] & LAST:
            self.requests[call_id] = stub
            return
        context = header["ctx_id"]
        account = secured.context.account if secured else None
        level = secured.level if secured else rpcrt.RPC_C_AUTHN_LEVEL_NONE
        ipid = header["uuid"] if header["flags"] & OBJECT else None
        try:
            if secured and self.listener.refuses == "call":
                raise Fault(ACCESS_DENIED)
            if context not in self.interfaces:
                raise Fault(UNKNOWN_IF)
            iid = self.interfaces[context]
            answer = self.listener.services[iid](Call(iid, header["op_num"], stub, ipid, account, level, self))
        except Fault as fault:
            return self._fault(call_id, fault.code, secured)

        def response():
            header = rpcrt.MSRPCRespHeader()
            header["call_id"], header["ctx_id"] = call_id, context
            return header
        self.send_stub(response, answer, secured)

    def _fault(self, call_id, code, secured):
        def fault():
            header = rpcrt.MSRPCRespHeader()
            header["type"], header["call_id"] = rpcrt.MSRPC_FAULT, call_id
            return header
        status = struct.pack(">LL" if self.big else "<LL", code, 0)
        self.send_stub(fault, b"", secured if self.listener.sign_faults else None, status)


class Listener:
    """Accepts on one port; `services`: {IID: function of a Call that gives the stub of the answer}."""

    def __init__(self, accounts, services, port=0, fuse=None, max_frag=5840, big=False, multiplex=True,
                 sign_faults=False, log=None, refuses=None):
        """`refuses`: authentication, by a bind_nak ("bind"), a bind_ack that passes over it ("silence"), or a fault to
        each call ("call")."""
        self.accounts = {(a.domain.upper(), a.user.upper()): a for a in accounts}
        self.services, self.fuse, self.max_frag, self.big = services, fuse or Fuse(), max_frag, big
        self.multiplex, self.sign_faults, self.log, self.refuses = multiplex, sign_faults, log, refuses
        self.complaints, self.denied = [], []  # what fails a test; log-ons refused
        self.connections, self.threads = [], []
        self.sock = socket.create_server(("127.0.0.1", port))
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            try:
                connection = ServerConnection(sock, self)
            except Vanished:
                sock.close()
                continue
            self.connections.append(connection)
            thread = threading.Thread(target=connection.run, daemon=True)
            self.threads.append(thread)
            thread.start()

    def close(self):
        """Every connection too; returns when nothing is served any more."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.thread.join(TIMEOUT)
        for connection in self.connections:
            connection.close()
        for thread in self.threads:
            thread.join(TIMEOUT)
