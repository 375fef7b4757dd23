"""tshark reads what both programs send: one operation of each sample, at either level; sealed stubs too, for it knows the
password. Every test of tests/e2e has its traffic read for mistakes; here is what has to be in it."""

import re
import socket
import sys
import unittest

import capture
from stack import OPERATIONS, Stack

if not capture.wanted():
    print("skipped: no dumpcap or tshark: install tshark; or IPAM_CAPTURE=0")
    sys.exit(77)

CLSID = "85315930-13de-4dc6-87ab-5f9d6ede69a6"
IID_OPERATION = "cf20e80b-3a4c-4cd1-96eb-d82d8e4a5188"
IID_CALLBACKS = ("2560e58c-70d3-4adc-872b-d8a4d8604f84", "d00ba04b-90b1-4ce6-bb3b-0e4dd216bc88")
FAULT = "3"


class Dissection:
    """Mixed into a test case for each level."""

    @classmethod
    def setUpClass(cls):
        cls.stack = stack = Stack(server_args=[f"--auth-callback-level={cls.name}"],
                                  gateway_args=[f"--dcom-protection={cls.name}", f"--dcom-mechanism={cls.mechanism}"])
        cls.addClassCleanup(stack.close)
        stack.start_server()
        stack.start_gateway()
        cls.states = [stack.wait_done(stack.start(kind)["name"])["state"] for kind in OPERATIONS]
        for name in ("gateway", "server"):
            assert stack.stop(name) == 0, stack.log(name)
        stack.capture.stop()
        cls.ports = stack.capture.ports

    @classmethod
    def tshark(cls, show, *fields):
        return cls.stack.capture.read(show, *fields)

    def test_the_run_is_one(self):
        self.assertEqual(set(self.states), {"OPERATION_STATE_SUCCEEDED"})
        self.assertEqual(len(self.states), 6)

    def test_nothing_is_malformed(self):
        self.assertEqual(self.stack.capture.complaints(), [])

    def test_every_octet_is_of_a_pdu(self):
        """All payload is taken for PDUs: none is left that the dissector took for something else."""
        self.assertEqual(self.tshark("tcp.len > 0 && !dcerpc && !tcp.reassembled_in && !tcp.analysis.retransmission",
                                     "frame.number", "_ws.col.Info"), [])

    def test_no_fault_and_one_level(self):
        self.assertEqual(self.tshark(f"dcerpc.pkt_type == {FAULT}", "frame.number", "_ws.col.Info"), [])
        levels = {level for row in self.tshark("dcerpc.auth_level", "dcerpc.auth_level") for level in row[0]}
        self.assertEqual(levels, {self.level})

    def test_resolver(self):
        for port in self.ports:
            infos = self.infos(f"oxid && tcp.srcport == {port}")
            wanted = "ServerAlive2" if port == self.stack.dcom_port else "ResolveOxid2"
            self.assertTrue(any(wanted in info for info in infos), infos)
        bindings = {name for row in self.tshark("oxid && dcom.dualstringarray.network_addr",
                                                "dcom.dualstringarray.network_addr") for name in row[0]}
        self.assertEqual(bindings, {f"127.0.0.1[{port}]" for port in self.ports})

    def test_activation(self):
        activations = self.tshark(f"isystemactivator.opnum == 4 && tcp.dstport == {self.stack.dcom_port}",
                                  "isystemactivator.properties.instninfo.clsid", "isystemactivator.properties.iid",
                                  "isystemactivator.properties.instninfo.iid", "isystemactivator.properties.sri.protseq")
        self.assertGreaterEqual(len(activations), 6)  # and one by which the gateway sees what is offered
        for clsid, _, _, protocols in activations:
            self.assertEqual(clsid, [CLSID])
            self.assertEqual([int(p, 0) for p in protocols], [7])
        replies = self.tshark(f"isystemactivator.opnum == 4 && tcp.srcport == {self.stack.dcom_port}",
                              "isystemactivator.properties.scmresp.oxid", "dcom.dualstringarray.network_addr", "dcom.ipid")
        self.assertEqual(len(replies), len(activations))
        for oxid, address, ipid in replies:
            self.assertEqual(len(oxid), 1)
            self.assertIn(f"127.0.0.1[{self.stack.dcom_port}]", address)
            self.assertTrue(ipid)

    def test_references(self):
        for method in ("RemQueryInterface", "RemRelease"):
            for kind in ("request", "response"):
                self.assertTrue(any(f"{method} {kind}" in info for info in self.infos("remunk")), (method, kind))

    def test_calls_of_the_product(self):
        """Each request is answered; the operation goes one way, its callbacks the other."""
        for port, interfaces, opnums in ((self.stack.dcom_port, (IID_OPERATION,), {"3", "4"}),
                                         (self.stack.callback_port, IID_CALLBACKS, {"3", "4", "5", "6", "7", "8"})):
            with self.subTest(port=port):
                bound = {iid for row in self.tshark(f"tcp.dstport == {port} && dcerpc.cn_bind_to_uuid",
                                                    "dcerpc.cn_bind_to_uuid") for iid in row[0]}
                self.assertTrue(bound & set(interfaces), bound)
                rows = self.tshark(f"tcp.port == {port} && dcerpc.cn_call_id", "tcp.stream", "_ws.col.Info",
                                   "dcerpc.obj_id")
                # A frame may hold several PDUs: its information has one after the other.
                iid = "|".join(interfaces)
                asked, answered, objects = {}, set(), set()
                for (stream,), (info,), ids in rows:
                    for call, opnum in re.findall(rf"Request: call_id: (\d+)[^#]*? opnum: (\d+), Ctx: \d+ (?:{iid})", info):
                        asked[stream, call] = opnum
                        objects |= set(ids)
                    for call in re.findall(rf"Response: call_id: (\d+)[^#]*? Ctx: \d+ (?:{iid})", info):
                        answered.add((stream, call))
                self.assertGreaterEqual(len(asked), 6)
                self.assertLessEqual(set(asked.values()), opnums)
                self.assertGreaterEqual(len(objects), 6)  # IPIDs: one at least for each operation
                self.assertEqual(set(asked), answered)

    def infos(self, show):
        return [row[0][0] for row in self.tshark(show, "_ws.col.Info")]


class Integrity(Dissection, unittest.TestCase):
    name, level, mechanism = "integrity", "5", "ntlm"


class Privacy(Dissection, unittest.TestCase):
    name, level, mechanism = "privacy", "6", "spnego"


class Nonsense(unittest.TestCase):
    """What is wrong is found: else the tests above, and the check of every test, would say nothing."""

    def test_it_is_complained_of(self):
        stack = Stack(network=None)
        try:
            stack.start_server()
            bind = bytes.fromhex("05000b03100000004800000001000000d016d016000000000100000000000100"
                                 "c4fefc9960521b10bbcb00aa0021347a00000000045d888aeb1cc9119fe808002b10486002000000")
            self.assertEqual(len(bind), bind[8])
            for data in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", bind[:24] + b"\2" + bind[25:], bind):
                with socket.create_connection(("127.0.0.1", stack.dcom_port), 20) as connection:
                    connection.sendall(data)
                    connection.recv(1000)
            stack.capture.stop()
            words = [complaint[1] for complaint in stack.capture.complaints()]
            self.assertEqual(len(words), 2, words)
            self.assertIn("begins no PDU", words[0])
            self.assertIn("Malformed", words[1])
        finally:
            stack.judged = False
            stack.close()


if __name__ == "__main__":
    unittest.main()
