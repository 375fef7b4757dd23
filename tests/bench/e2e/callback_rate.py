#!/usr/bin/python3
"""Callbacks a second from ipam-dcom-server through DCOM with packet privacy into the gateway's journal.

    callback_rate.py [--operations N] [--records M] [--watchers W]

N operations side by side of M DNS records each. The time runs from the first StartProgressCallback to the last
SetOverallStatus, as the gateway received them. Processor time is of each program and of its busiest thread: on a shared
machine it says more than the rate, for one thread can give at most 1 / (its time a callback).
"""

import argparse
import concurrent.futures
import threading
import time

import measure
from stack import FINAL, Stack, records


def read(port):
    try:
        for _ in measure.WebSocket(port).messages():
            pass
    except ConnectionError:
        pass  # the gateway ended


def wait_done(stack, names):
    """Operations without their subtasks, seldom asked for: the question must not become part of the measure."""
    while True:
        operations = stack.request("/v1/operations?page_size=1000")["operations"]
        done = [operation for operation in operations if operation["name"] in names and operation["state"] in FINAL]
        if len(done) == len(names):
            return done
        time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--operations", type=int, default=1)
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--watchers", type=int, default=0)
    parser.add_argument("--minimum", type=float, default=0, help="callbacks a second, below it the exit code is 1")
    options = parser.parse_args()

    with Stack(captured=False) as stack:
        for _ in range(options.watchers):
            threading.Thread(target=read, args=[stack.http_port], daemon=True).start()
        bodies = [{"parametersXml": records(options.records, f"host{n}")} for n in range(options.operations)]
        pids = {"server": stack.server.pid, "gateway": stack.gateway.pid}
        before = {name: measure.cpu_seconds(pid) for name, pid in pids.items()}
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            names = [started["name"] for started in pool.map(lambda body: stack.request("/v1/operations", body), bodies)]
        done = wait_done(stack, set(names))
        used = {name: [a - b for a, b in zip(measure.cpu_seconds(pid), before[name])] for name, pid in pids.items()}

        callbacks, first, last = 0, [], []
        for operation in done:
            assert operation["state"] == "OPERATION_STATE_SUCCEEDED", operation
            assert operation["counts"]["succeeded"] == options.records, operation["counts"]
            end = int(operation["lastSequence"])
            callbacks += end - 1  # the first is Accepted, which no callback brought
            path = f"/v1/{operation['name']}/events?page_size=1"
            first.append(stack.request(f"{path}&after_sequence=1")["events"][0])
            last.append(stack.request(f"{path}&after_sequence={end - 1}")["events"][0])
        assert all("started" in event for event in first) and all("finished" in event for event in last)
        elapsed = max(measure.seconds_of(e["receiveTime"]) for e in last) - min(
            measure.seconds_of(e["receiveTime"]) for e in first)

    print(f"{options.operations} operations, {callbacks} callbacks, {elapsed:.2f} s: {callbacks / elapsed:.0f} callbacks/s")
    for name, (process, thread) in used.items():
        print(f"{name}: {process / callbacks * 1e6:.0f} us of processor a callback, "
              f"{thread / callbacks * 1e6:.0f} us in its busiest thread")
    return 0 if callbacks / elapsed >= options.minimum else 1


if __name__ == "__main__":
    raise SystemExit(main())
