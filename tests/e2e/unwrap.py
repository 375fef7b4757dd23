"""Makes a capture of DCE/RPC over TCP readable: one frame for each PDU, and NTLM that went inside SPNEGO as raw NTLM, for
tshark unseals only that. After its mechListMIC the cipher begins anew ([MS-SPNG] 3.3.5.1): without it nothing changes.
"""

import pathlib
import socket
import struct

NTLM, SPNEGO, KERBEROS = 10, 9, 16
PRIVACY = 6
NTLMSSP = b"NTLMSSP\0"
SYN, ACK, PSH = 2, 16, 8
BIND, ALTER_CONTEXT, ALTER_CONTEXT_RESP, BIND_ACK, AUTH3 = 11, 14, 15, 12, 16
GLOBAL = struct.pack("<LHHlLLL", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)  # LINKTYPE_RAW


def packets(file):
    """(time, address pair, ports, sequence, flags, payload) of the TCP packets of a pcap file of Ethernet frames."""
    data = pathlib.Path(file).read_bytes()
    if len(data) < 24:
        return  # dumpcap was stopped before it wrote
    assert data[:4] == GLOBAL[:4] and struct.unpack_from("<L", data, 20)[0] == 1, "not a pcap file of Ethernet frames"
    at = 24
    while at + 16 <= len(data):
        seconds, micros, kept, _ = struct.unpack_from("<LLLL", data, at)
        frame, at = data[at + 16:at + 16 + kept], at + 16 + kept
        if len(frame) < kept:
            return  # dumpcap was cut off
        kind = struct.unpack_from(">H", frame, 12)[0]
        if kind == 0x0800:
            size, length = (frame[14] & 15) * 4, struct.unpack_from(">H", frame, 16)[0]
            ip = frame[14:14 + length]
            addresses = ip[12:16], ip[16:20]
        else:
            size, ip = 40, frame[14:]
            addresses = ip[8:24], ip[24:40]
        tcp = ip[size:]
        ports = struct.unpack_from(">HH", tcp)
        yield (seconds, micros), addresses, ports, struct.unpack_from(">L", tcp, 4)[0], tcp[13], tcp[(tcp[12] >> 4) * 4:]


class Stream:
    """One direction of a connection: its octets in order, from its SYN on."""

    def __init__(self, sequence):
        self.next, self.waiting, self.data = sequence, {}, b""
        self.written = sequence  # of the new file

    def take(self, sequence, payload):
        self.waiting[sequence] = payload
        while self.waiting:
            begin = next((s for s in self.waiting if (self.next - s) % 2**32 < 2**31), None)
            if begin is None:
                return
            fresh = self.waiting.pop(begin)[(self.next - begin) % 2**32:]
            self.data += fresh
            self.next = (self.next + len(fresh)) % 2**32

    def pdus(self):
        """Whole ones; ValueError behind the last where something else begins."""
        while len(self.data) >= 16:
            if self.data[:2] != b"\5\0":
                raise ValueError(f"{self.data[:16].hex()} begins no PDU")
            form = ">H" if self.data[4] < 16 else "<H"
            length = struct.unpack_from(form, self.data, 8)[0]
            if length < 16:
                raise ValueError(f"a PDU of {length} octets")
            if len(self.data) < length:
                return
            pdu, self.data = self.data[:length], self.data[length:]
            yield pdu


class Connection:
    def __init__(self):
        self.streams = {}  # by (address, port) of the sender
        self.ntlm = set()  # auth_context_ids
        self.broken = None


def inner_token(token):
    """The NTLM message in a SPNEGO token, or None."""
    at = token.find(NTLMSSP)
    if at < 0:
        return None
    for octets in (1, 2, 3):  # of the length of the OCTET STRING before it
        if token[at - 1 - octets] == 4:
            length = token[at - 1] if octets < 3 else struct.unpack_from(">H", token, at - 2)[0]
            return token[at:at + length]
    raise ValueError("an NTLM message that is no OCTET STRING")


def unwrapped(pdu, connection):
    """The PDU with raw NTLM where it had NTLM in SPNEGO. None: Kerberos sealed it, tshark would take it for readable."""
    order = ">" if pdu[4] < 16 else "<"
    auth_len = struct.unpack_from(order + "H", pdu, 10)[0]
    begin = len(pdu) - auth_len - 8
    if auth_len == 0 or pdu[begin] not in (SPNEGO, KERBEROS):
        return pdu
    context = struct.unpack_from(order + "L", pdu, begin + 4)[0]
    if pdu[2] not in (BIND, BIND_ACK, ALTER_CONTEXT, ALTER_CONTEXT_RESP, AUTH3):
        if context in connection.ntlm:
            return pdu[:begin] + bytes([NTLM]) + pdu[begin + 1:]
        return None if pdu[begin + 1] == PRIVACY else pdu
    token = inner_token(pdu[begin + 8:])
    if token is not None:
        connection.ntlm.add(context)
        whole = pdu[:begin] + bytes([NTLM]) + pdu[begin + 1:begin + 8] + token
    elif context in connection.ntlm:  # the last leg: a MIC, and no message of NTLM's
        whole, token = pdu[:begin], b""
    else:
        return pdu
    return whole[:8] + struct.pack(order + "HH", len(whole), len(token)) + whole[12:]


def frame(addresses, ports, sequence, acknowledged, flags, payload):
    tcp = struct.pack(">HHLLBBHHH", *ports, sequence % 2**32, acknowledged % 2**32, 5 << 4, flags, 65535, 0, 0) + payload
    if len(addresses[0]) == 4:
        return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, socket.IPPROTO_TCP, 0, *addresses) + tcp
    return struct.pack(">LHBB16s16s", 6 << 28, len(tcp), socket.IPPROTO_TCP, 64, *addresses) + tcp


def unwrap(file, out):
    """Writes the new file; gives what was sent that is no PDU: (ports, words)."""
    connections, strange = {}, []
    with open(out, "wb") as written:
        written.write(GLOBAL)

        def write(when, addresses, ports, *rest):
            data = frame(addresses, ports, *rest)
            written.write(struct.pack("<LLLL", *when, len(data), len(data)) + data)

        for when, addresses, ports, sequence, flags, payload in packets(file):
            sender, receiver = zip(addresses, ports)
            key = frozenset((sender, receiver))
            if flags & SYN:
                if not flags & ACK:
                    connections[key] = Connection()
                if key in connections:
                    streams = connections[key].streams
                    streams[sender] = Stream((sequence + 1) % 2**32)
                    acknowledged = streams[receiver].next if receiver in streams else 0
                    write(when, addresses, ports, sequence, acknowledged, flags & (SYN | ACK), b"")
                continue
            connection = connections.get(key)
            if connection is None or connection.broken or not payload or len(connection.streams) < 2:
                continue
            mine, other = connection.streams[sender], connection.streams[receiver]
            mine.take(sequence, payload)
            try:
                for pdu in mine.pdus():
                    pdu = unwrapped(pdu, connection)
                    if pdu is None:
                        continue
                    write(when, addresses, ports, mine.written, other.written, PSH | ACK, pdu)
                    mine.written += len(pdu)
            except ValueError as error:
                connection.broken = str(error)
                strange.append((ports, connection.broken))
    return strange
