#!/usr/bin/python3
"""What an idle watcher costs the gateway: private memory of the process before and after, divided.

    idle_memory.py [--watchers N]

A few come first, so that what the process needs once is not counted.
"""

import argparse
import time

import grpc

import measure
from stack import Stack

METHOD = "/ipam.progress.v1.ProgressService/WatchOperations"
WARM = 50


def watch_by_websocket(stack):
    client = measure.WebSocket(stack.http_port)
    for _, message in client.messages():
        if "snapshotEnd" in message["payload"]:
            return client


def grpc_channel(stack):
    options = [("grpc.use_local_subchannel_pool", 1)]  # a connection of its own
    return grpc.insecure_channel(f"127.0.0.1:{stack.grpc_port}", options=options)


def watch_by_grpc(channel):
    # Bytes as they are: the empty request watches everything, and a first frame says that the watch stands.
    stream = channel.unary_stream(METHOD, request_serializer=bytes, response_deserializer=bytes)(b"")
    next(stream)
    return channel, stream


def cost(stack, count, connect):
    held = [connect() for _ in range(WARM)]
    time.sleep(1)
    before = measure.private_kilobytes(stack.gateway.pid)
    held += [connect() for _ in range(count)]
    time.sleep(1)
    each = (measure.private_kilobytes(stack.gateway.pid) - before) / count
    return each, held


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--watchers", type=int, default=1000)
    count = parser.parse_args().watchers
    with Stack(captured=False) as stack:
        each, held = cost(stack, count, lambda: watch_by_websocket(stack))
        print(f"{count} idle WebSockets: {each:.1f} KB each (at most 12)")
    with Stack(captured=False) as stack:
        each, held = cost(stack, count, lambda: watch_by_grpc(grpc_channel(stack)))
        print(f"{count} idle gRPC streams on connections of their own: {each:.1f} KB each (at most 48)")
        del held
    with Stack(captured=False) as stack:
        shared = [grpc_channel(stack) for _ in range(10)]
        turn = iter(range(10 * (count + WARM)))
        each, held = cost(stack, count, lambda: watch_by_grpc(shared[next(turn) % 10]))
        print(f"{count} idle gRPC streams on 10 connections: {each:.1f} KB each")
        del held


if __name__ == "__main__":
    main()
