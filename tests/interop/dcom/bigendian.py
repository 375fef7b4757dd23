"""Big-endian data representation, [C706] 14.1, for what a stranger sends.

impacket writes little-endian only: PDU headers are turned over here field by field; its NDR classes are told to write
the other order while `encoding` is entered.
"""

import contextlib
import struct
import threading

from impacket.dcerpc.v5 import dtypes, ndr, rpcrt

DREP = bytes(4)
# Fixed fields behind the common header, [C706] 12.6.4.
FIELDS = {
    rpcrt.MSRPC_REQUEST: "LHH",
    rpcrt.MSRPC_RESPONSE: "LH",
    rpcrt.MSRPC_FAULT: "LH",
    rpcrt.MSRPC_BIND: "HHL",
    rpcrt.MSRPC_BINDACK: "HHLH",
    rpcrt.MSRPC_ALTERCTX: "HHL",
    rpcrt.MSRPC_ALTERCTX_R: "HHLH",
    rpcrt.MSRPC_BINDNAK: "H",
    rpcrt.MSRPC_AUTH3: "",
}


def _turn(packet, at, form):
    values = struct.unpack_from("<" + form, packet, at)
    struct.pack_into(">" + form, packet, at, *values)
    return at + struct.calcsize("<" + form)


def _turn_uuid(packet, at):
    _turn(packet, at, "LHH")
    return at + 16


def _turn_syntax(packet, at):
    return _turn(packet, _turn_uuid(packet, at), "L")


def header(packet):
    """A PDU with everything turned over that is not stub or token; of a stub only its place counts."""
    packet = bytearray(packet)
    kind, flags = packet[2], packet[3]
    frag_len, auth_len = struct.unpack_from("<HH", packet, 8)
    if auth_len:
        _turn(packet, frag_len - auth_len - 4, "L")
    packet[4:8] = DREP
    _turn(packet, 8, "HHL")
    if kind in (rpcrt.MSRPC_BINDACK, rpcrt.MSRPC_ALTERCTX_R):
        address = struct.unpack_from("<H", packet, 24)[0]
    at = _turn(packet, 16, FIELDS[kind])
    if kind == rpcrt.MSRPC_REQUEST and flags & 0x80:
        _turn_uuid(packet, at)
    elif kind in (rpcrt.MSRPC_BIND, rpcrt.MSRPC_ALTERCTX):
        at += 4
        for _ in range(packet[at - 4]):
            syntaxes = packet[at + 2]
            at = _turn_syntax(packet, _turn(packet, at, "H") + 2)
            for _ in range(syntaxes):
                at = _turn_syntax(packet, at)
    elif kind in (rpcrt.MSRPC_BINDACK, rpcrt.MSRPC_ALTERCTX_R):
        at += address
        at += -at % 4 + 4
        for _ in range(packet[at - 4]):
            at = _turn_syntax(packet, _turn(packet, at, "HH"))
    return bytes(packet)


lock = threading.RLock()  # who encodes holds it: both orders share impacket


@contextlib.contextmanager
def encoding():
    """Impacket's NDR writes big-endian. It reads nothing meanwhile: other threads wait in `encode`."""
    def pack(form, *values):
        return struct.pack(form.replace("<", ">"), *values)

    def guid(self, soFar=0):
        data = bytearray(original_guid(self, soFar))
        _turn_uuid(data, len(data) - 16)
        return bytes(data)

    def wide(self, soFar=0):
        swapped = self.fields["Data"]
        self.fields["Data"] = b"".join(swapped[i + 1:i + 2] + swapped[i:i + 1] for i in range(0, len(swapped), 2))
        try:
            return original_wide(self, soFar)
        finally:
            self.fields["Data"] = swapped
    original_guid, original_wide = dtypes.GUID.getData, dtypes.WSTR.getData
    ndr.pack, dtypes.GUID.getData, dtypes.WSTR.getData = pack, guid, wide
    try:
        yield
    finally:
        ndr.pack, dtypes.GUID.getData, dtypes.WSTR.getData = struct.pack, original_guid, original_wide


def encode(message, big):
    """The octets of an NDRCALL in either order."""
    with lock:
        if not big:
            return message.getData()
        with encoding():
            return message.getData()
