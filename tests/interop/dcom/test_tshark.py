"""tshark reads what both programs send: one operation of each sample, at packet integrity so that it can see the stubs."""

import re
import shutil
import subprocess
import sys
import time
import unittest

from stack import OPERATIONS, Stack, wait_until

for tool in ("dumpcap", "tshark"):
    if not shutil.which(tool):
        print(f"skipped: no {tool}: install tshark")
        sys.exit(77)

CLSID = "85315930-13de-4dc6-87ab-5f9d6ede69a6"
IID_OPERATION = "cf20e80b-3a4c-4cd1-96eb-d82d8e4a5188"
IID_CALLBACKS = ("2560e58c-70d3-4adc-872b-d8a4d8604f84", "d00ba04b-90b1-4ce6-bb3b-0e4dd216bc88")
FAULT = "3"
INTEGRITY = "5"
WARNING = 0x600000

# Of the loopback's TCP, and no word about what is in it.
TCP_GROUP = 0x02000000  # PI_SEQUENCE


class Dissection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        arguments = {"server_args": ["--auth-callback-level=integrity"], "gateway_args": ["--dcom-protection=integrity"]}
        cls.stack = stack = Stack(**arguments)
        cls.addClassCleanup(stack.close)
        cls.file = stack.dir / "run.pcapng"
        ports = (stack.dcom_port, stack.callback_port)
        capture = subprocess.Popen(["dumpcap", "-q", "-i", "lo", "-B", "64", "-w", cls.file,
                                    "-f", " or ".join(f"tcp port {port}" for port in ports)],
                                   stderr=subprocess.PIPE, text=True)
        try:
            for line in capture.stderr:
                if line.startswith("File:"):
                    break
            else:
                raise AssertionError("dumpcap did not start; it needs the right to capture")
            stack.start_server()
            stack.start_gateway()
            cls.states = [stack.wait_done(stack.start(kind)["name"])["state"] for kind in OPERATIONS]
            for name in ("gateway", "server"):
                assert stack.stop(name) == 0, stack.log(name)
            sizes = [0]
            wait_until(lambda: time.sleep(0.5) or sizes.append(cls.file.stat().st_size) or sizes[-1] == sizes[-2] > 0,
                       what="the end of the capture")
        finally:
            capture.terminate()
            capture.wait(30)
            capture.stderr.close()
        cls.ports = ports

    @classmethod
    def tshark(cls, show, *fields):
        """The values of `fields`, a list each, of the frames that the display filter `show` selects."""
        argv = ["tshark", "-r", cls.file, "-Y", show, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=|"]
        for port in cls.ports:
            argv += ["-d", f"tcp.port=={port},dcerpc"]
        for field in fields:
            argv += ["-e", field]
        out = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=300).stdout
        return [[value.split("|") if value else [] for value in line.split("\t")] for line in out.splitlines()]

    def test_the_run_is_one(self):
        self.assertEqual(set(self.states), {"OPERATION_STATE_SUCCEEDED"})
        self.assertEqual(len(self.states), 6)

    def test_nothing_is_malformed(self):
        self.assertEqual(self.tshark("_ws.malformed || _ws.short", "frame.number", "_ws.col.Info"), [])
        unexpected = []
        for number, severities, groups, messages, info in self.tshark(
                f"_ws.expert.severity >= {WARNING}", "frame.number", "_ws.expert.severity", "_ws.expert.group",
                "_ws.expert.message", "_ws.col.Info"):
            for severity, group, message in zip(severities, groups, messages, strict=True):
                if int(severity, 0) >= WARNING and int(group, 0) != TCP_GROUP:
                    unexpected.append((number, message, info))
        self.assertEqual(unexpected, [])

    def test_every_octet_is_of_a_pdu(self):
        """All payload is taken for PDUs: none is left that the dissector took for something else."""
        self.assertEqual(self.tshark("tcp.len > 0 && !dcerpc && !tcp.reassembled_in && !tcp.analysis.retransmission",
                                     "frame.number", "_ws.col.Info"), [])

    def test_no_fault_and_one_level(self):
        self.assertEqual(self.tshark(f"dcerpc.pkt_type == {FAULT}", "frame.number", "_ws.col.Info"), [])
        levels = {level for row in self.tshark("dcerpc.auth_level", "dcerpc.auth_level") for level in row[0]}
        self.assertEqual(levels, {INTEGRITY})

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
        self.assertEqual(len(activations), 6)
        for clsid, _, _, protocols in activations:
            self.assertEqual(clsid, [CLSID])
            self.assertEqual([int(p, 0) for p in protocols], [7])
        replies = self.tshark(f"isystemactivator.opnum == 4 && tcp.srcport == {self.stack.dcom_port}",
                              "isystemactivator.properties.scmresp.oxid", "dcom.dualstringarray.network_addr", "dcom.ipid")
        self.assertEqual(len(replies), 6)
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


if __name__ == "__main__":
    unittest.main()
