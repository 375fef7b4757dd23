#!/usr/bin/python3
"""How long an event takes to a WebSocket client: from the server raising it, and from the gateway receiving it.

    latency.py [--records M] [--step-delay TIME] [--operations N]

One watcher of everything while N operations run. All clocks are the one of this machine.
"""

import argparse

import measure
from stack import Stack, records


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--operations", type=int, default=1)
    parser.add_argument("--records", type=int, default=300)
    parser.add_argument("--step-delay", default="5ms")
    options = parser.parse_args()

    raised, received, ended = [], [], 0
    with Stack(server_args=[f"--engine-step-delay={options.step_delay}"], captured=False) as stack:
        watch = measure.WebSocket(stack.http_port).messages()
        for _, message in watch:
            if "snapshotEnd" in message["payload"]:
                break
        for n in range(options.operations):
            stack.request("/v1/operations", {"parametersXml": records(options.records, f"host{n}")})
        for came, message in watch:
            for event in message["payload"].get("events", {}).get("events", []):
                if "accepted" in event:
                    continue
                raised.append(came - measure.seconds_of(event["eventTime"]))
                received.append(came - measure.seconds_of(event["receiveTime"]))
                ended += "finished" in event
            if ended == options.operations:
                break

    for what, values in (("raised by the server", raised), ("received by the gateway", received)):
        print(f"{what} -> client: p50 {measure.percentile(values, .5) * 1e3:.2f} ms, "
              f"p99 {measure.percentile(values, .99) * 1e3:.2f} ms, {len(values)} events")


if __name__ == "__main__":
    main()
