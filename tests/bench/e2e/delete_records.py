#!/usr/bin/python3
"""DeleteDnsResourceRecords of many records through both programs, watched live by a WebSocket.

    delete_records.py [--records N] [--seconds S] [--megabytes M]

The time runs from StartOperation, with at most 400 octets of XML a record, to the event `finished` at the watcher, which
has to see every event once. Memory is the most that each program ever had (VmHWM); the rows come by import, before either
starts. Beyond S or M the exit code is 1; 0: no bound.
"""

import argparse
import json
import re
import sys
import threading
import time

import measure
from stack import Stack

ZONE, SERVER_ZONE, FIRST = 301, 311, 100_000  # of the sample network; the first record id
AT_ONCE = 5_000  # rows of an import
TARGET = "target-of-all-the-aliases.ad.example.org"


def name_of(n):
    return f"historian-of-line-{n:06}"


def rows(first, end):
    yield "dns_resource_records:\n"
    for n in range(first, end):
        row = {"recordId": FIRST + n, "name": name_of(n), "recordType": "CNAME", "zoneRecordId": ZONE,
               "recordData": {"cname": {"hostnameAlias": TARGET}}}
        yield f"  - {json.dumps(row)}\n"


def parameters(count):
    record = ('<DnsResourceRecord z:Id="r{n}"><Name>{name}</Name><RecordClass>IN</RecordClass>'
              '<RecordData i:type="DnsResourceRecordDataCname"><HostnameAlias>' + TARGET + '</HostnameAlias></RecordData>'
              '<RecordId>{id}</RecordId><RecordType>CNAME</RecordType><TTL>PT1H</TTL>'
              f'<ZoneRecordId>{ZONE}</ZoneRecordId>'
              '<ZoneType>DNSForwardLookupZone</ZoneType></DnsResourceRecord>')
    every = [record.format(n=n, name=name_of(n), id=FIRST + n) for n in range(count)]
    assert max(map(len, every)) <= 400
    return ('<InitializeOperationParameters xmlns="http://Microsoft.Windows.Ipam" '
            'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" '
            'xmlns:z="http://schemas.microsoft.com/2003/10/Serialization/">'
            '<paramters z:Id="i1" i:type="DeleteDnsResourceRecordsParameters">'
            '<OperationId>DeleteDnsResourceRecords</OperationId>'
            f'<ResourceRecords>{"".join(every)}</ResourceRecords><ServerZoneId>{SERVER_ZONE}</ServerZoneId>'
            '<ZoneType>DNSForwardLookupZone</ZoneType></paramters></InitializeOperationParameters>')


class Watcher(threading.Thread):
    """Counts events by their text: reading 50 MB of JSON into objects would be most of what is measured."""

    SEQUENCE = re.compile(rb'"sequence":"?(\d+)')

    def __init__(self, port):
        super().__init__(daemon=True)
        self.client = measure.WebSocket(port)
        self.sequences, self.finished = [], None

    def run(self):
        for came, payload in self.client.texts():
            self.sequences += map(int, self.SEQUENCE.findall(payload))
            if b'"finished"' in payload:
                self.finished = came
                return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--megabytes", type=float, default=0)
    options = parser.parse_args()

    stack = Stack(captured=False)
    try:
        for first in range(0, options.records, AT_ONCE):
            part = stack.dir / "records.yaml"
            part.write_text("".join(rows(first, min(first + AT_ONCE, options.records))))
            stack.run_server_command("import", part)
    except BaseException:
        stack.close()
        raise
    with stack:
        watcher = Watcher(stack.http_port)
        watcher.start()
        pids = {"server": stack.server.pid, "gateway": stack.gateway.pid}
        body = {"parametersXml": parameters(options.records)}
        begun = time.time()
        started = stack.request("/v1/operations", body)
        answered = time.time() - begun
        watcher.join()
        memory = {name: measure.peak_kilobytes(pid) / 1024 for name, pid in pids.items()}
        used = {name: measure.cpu_seconds(pid)[0] for name, pid in pids.items()}
        operation = stack.get(started["name"])
        assert operation["state"] == "OPERATION_STATE_SUCCEEDED", operation["state"]
        assert operation["counts"]["succeeded"] == options.records, operation["counts"]
        assert watcher.sequences == list(range(1, int(operation["lastSequence"]) + 1)), len(watcher.sequences)
    seconds = watcher.finished - begun

    print(f"{options.records} records, {len(body['parametersXml']) / 1e6:.1f} MB of XML: StartOperation answered after "
          f"{answered:.2f} s, finished at the watcher after {seconds:.2f} s, {len(watcher.sequences)} events")
    for name in pids:
        print(f"{name}: at most {memory[name]:.0f} MB, {used[name]:.2f} s of processor")
    slow = options.seconds and seconds > options.seconds
    large = options.megabytes and max(memory.values()) > options.megabytes
    return 1 if slow or large else 0


if __name__ == "__main__":
    sys.exit(main())
