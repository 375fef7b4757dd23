#!/usr/bin/python3
"""Writes the *.hex files of this folder with python3-samba, an NDR engine that is not ours: the stubs of the endpoint
mapper as Samba's client and server make them."""
import pathlib

import samba
from samba.dcerpc import epmapper, mgmt, misc
from samba.ndr import ndr_pack_in, ndr_pack_out, ndr_unpack

HERE = pathlib.Path(__file__).parent
# [C706] appendix L: an interface, NDR 2.0, connection-oriented RPC, port 135, 10.0.0.1.
TOWER = bytes.fromhex("0500 1300 0d 01000000 0200 0300 0400000000000000 0200 0200 0500"
                      "1300 0d 045d888aeb1cc9119fe808002b104860 0200 0200 0000"
                      "0100 0b 0200 0000  0100 07 0200 0087  0100 09 0400 0a000001")


def tower():
    size = len(TOWER).to_bytes(4, "little")
    return ndr_unpack(epmapper.epm_twr_t, size + size + TOWER)


def handle(text):
    found = misc.policy_handle()
    found.handle_type, found.uuid = 0, misc.GUID(text)
    return found


NO_HANDLE, HANDLE = handle("00000000-0000-0000-0000-000000000000"), handle("11223344-5566-7788-99aa-bbccddeeff00")


def write(name, what, octets):
    lines = "\n".join(octets[at:at + 32].hex() for at in range(0, len(octets), 32))
    (HERE / f"{name}.hex").write_text(f"// made by python3-samba {samba.version}: {what}\n{lines}\n")


def inq_if_ids():
    call = mgmt.inq_if_ids()
    ids = []
    for text, version in (("99fcfec4-5260-101b-bbcb-00aa0021347a", 0), ("e1af8308-5d1f-11c9-91a4-08002b14a0fa", 3)):
        one, found = mgmt.ndr_syntax_id_p(), misc.ndr_syntax_id()
        found.uuid, found.if_version = misc.GUID(text), version
        one.id = found
        ids.append(one)
    vector = mgmt.rpc_if_id_vector_t()
    vector.count, vector.if_id = len(ids), ids
    call.out_if_id_vector, call.result = vector, 0
    write("mgmt_inq_if_ids.response", "inq_if_ids of the management interface, two interfaces", ndr_pack_out(call))


def inq_stats():
    call = mgmt.inq_stats()
    call.in_max_count, call.in_unknown = 4, 0
    write("mgmt_inq_stats.request", "inq_stats, all four; Samba has a second word that [C706] has not",
          ndr_pack_in(call))
    figures = mgmt.statistics()
    figures.count, figures.statistics = 4, [1, 2, 3, 4]
    call.out_statistics, call.result = figures, 0
    write("mgmt_inq_stats.response", "inq_stats, all four", ndr_pack_out(call))


def is_server_listening():
    call = mgmt.is_server_listening()
    call.out_status, call.result = 0, 1
    write("mgmt_is_server_listening.response", "is_server_listening: yes", ndr_pack_out(call))


def stop_server_listening():
    call = mgmt.stop_server_listening()
    call.result = 5
    write("mgmt_stop_server_listening.response", "stop_server_listening: rpc_s_access_denied", ndr_pack_out(call))


def inq_princ_name():
    call = mgmt.inq_princ_name()
    call.in_authn_proto, call.in_princ_name_size = 10, 8
    write("mgmt_inq_princ_name.request", "inq_princ_name of NTLM, room for 8", ndr_pack_in(call))


def ept_map():
    call = epmapper.epm_Map()
    call.in_object, call.in_map_tower = misc.GUID("00000000-0000-0000-0000-000000000000"), tower()
    call.in_entry_handle, call.in_max_towers = NO_HANDLE, 4
    write("ept_map.request", "ept_map for one tower, at most four answers", ndr_pack_in(call))
    found = epmapper.epm_twr_p_t()
    found.twr = tower()
    call.out_entry_handle, call.out_num_towers, call.out_towers, call.result = NO_HANDLE, 1, [found], 0
    write("ept_map.response", "ept_map, one tower of four", ndr_pack_out(call))


def ept_lookup():
    call = epmapper.epm_Lookup()
    call.in_inquiry_type, call.in_object, call.in_interface_id = 1, None, None
    call.in_vers_option, call.in_entry_handle, call.in_max_ents = 1, HANDLE, 10
    write("ept_lookup.request", "ept_lookup that goes on, ten entries at most", ndr_pack_in(call))
    entry = epmapper.epm_entry_t()
    entry.object, entry.tower, entry.annotation = misc.GUID("00000000-0000-0000-0000-000000000000"), tower(), "abc"
    call.out_entry_handle, call.out_num_ents, call.out_entries, call.result = HANDLE, 1, [entry], 0
    write("ept_lookup.response", "ept_lookup, one entry of ten, more to come", ndr_pack_out(call))


def ept_lookup_handle_free():
    call = epmapper.epm_LookupHandleFree()
    call.in_entry_handle = HANDLE
    write("ept_lookup_handle_free.request", "ept_lookup_handle_free", ndr_pack_in(call))
    call.out_entry_handle, call.result = NO_HANDLE, 0
    write("ept_lookup_handle_free.response", "ept_lookup_handle_free", ndr_pack_out(call))


ept_map()
ept_lookup()
ept_lookup_handle_free()
inq_if_ids()
inq_stats()
is_server_listening()
stop_server_listening()
inq_princ_name()
