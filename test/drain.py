#!/usr/bin/env python3
"""SIGTERM under load: nothing new comes in, calls inside finish, HTTP/2 peers hear GOAWAY, the program ends
with 0 within ten seconds, and every call that was acknowledged is in the books.

    test/drain.py --coffer build/release/coffer [--drains 3]
"""

import argparse
import http.client
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from crash import Worker, check_players
from demo_program import Caller, Demo, finish, verify

WORKERS = 8
END_S = 10
SETTINGS, GOAWAY = 4, 7
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Http2Peer(threading.Thread):
    """An idle HTTP/2 connection that notes the kinds of the frames it gets, until it is closed."""

    def __init__(self, port):
        super().__init__()
        self.peer = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.peer.sendall(PREFACE + self.frame(SETTINGS))
        self.frames = []
        self.last_error = None

    @staticmethod
    def frame(kind, flags=0):
        return struct.pack(">IBBI", 0, kind, flags, 0)[1:]

    def run(self):
        stream = self.peer.makefile("rb")
        while len(head := stream.read(9)) == 9:
            length, kind = int.from_bytes(head[:3], "big"), head[3]
            payload = stream.read(length)
            self.frames.append(kind)
            if kind == SETTINGS and not head[4]:
                self.peer.sendall(self.frame(SETTINGS, flags=1))
            if kind == GOAWAY:
                self.last_error = int.from_bytes(payload[4:8], "big")
        self.peer.close()


class H2load:
    """nghttp2's load generator over HTTP/2, asking for a page that every server has."""

    def __init__(self, port):
        self.process = subprocess.Popen(
            ["h2load", "-n", "100000000", "-c", "4", "-m", "16", f"http://127.0.0.1:{port}/healthz"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def end(self):
        try:
            return self.process.communicate(timeout=20)[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "h2load went on although the server is gone"


def one_drain(demo, workers, coffer):
    failures = []
    peer = Http2Peer(demo.port)
    peer.start()
    noise = H2load(demo.port)
    threads = [threading.Thread(target=worker.run, args=(demo.port,)) for worker in workers]
    for thread in threads:
        thread.start()
    time.sleep(1)
    before = sum(sum(worker.kinds.values()) for worker in workers)
    start = time.monotonic()
    demo.process.send_signal(signal.SIGTERM)
    try:
        code = demo.process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        demo.kill()
        code = "no end in 60 s"
    seconds = time.monotonic() - start
    for thread in (*threads, peer):
        thread.join()
    if "finished in" not in noise.end():
        failures.append("h2load did not see the end")
    if code != 0 or seconds >= END_S:
        failures.append(f"ended with {code} after {seconds:.1f} s")
    if before == 0:
        failures.append("there was no load")
    if GOAWAY not in peer.frames or peer.last_error != 0:
        failures.append(f"no GOAWAY of peace: frames {peer.frames}, error {peer.last_error}")
    failures += [failure for worker in workers for failure in worker.failures]
    if wrong := verify(coffer, demo.data):
        failures.append(f"verify: {wrong}")
    return failures


def settle(demo, workers):
    """What was cut off, if anything was, is sent again; then all balances must be exact."""
    demo.start()
    caller = Caller(demo.port)
    for worker in workers:
        if worker.unsettled is not None:
            worker.settle(caller)
    return check_players(demo.port, workers)


def nobody_new(demo):
    """No connection is taken while the last call inside is waited for."""
    with socket.create_connection(("127.0.0.1", demo.port), timeout=20) as inside:
        inside.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nPOST /credit HTTP/1.1\r\nhost: a\r\n"
                       b"content-length: 2\r\n\r\n{")
        inside.recv(1)
        demo.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=5)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                break
        else:
            return ["connections are taken while draining"]
        if demo.process.poll() is not None:
            return ["the end did not wait for the call inside"]
        inside.sendall(b"}")
        answer = inside.makefile("rb").read()
    failures = [] if b"UNAUTHORIZED" in answer else [f"the call inside heard {answer[-300:]}"]
    if (code := demo.process.wait(timeout=30)) != 0:
        failures.append(f"ended with {code}")
    return failures


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    arguments.add_argument("--drains", type=int, default=3)
    options = arguments.parse_args()
    workers = [Worker(number, number) for number in range(WORKERS)]
    failures = []
    with tempfile.TemporaryDirectory(prefix="coffer-drain-") as folder:
        demo = Demo(options.coffer, pathlib.Path(folder) / "data", players=4 * WORKERS).start()
        caller = Caller(demo.port)
        for worker in workers:
            for player in worker.players:
                player.prepare(caller)
        for _ in range(options.drains):
            failures += one_drain(demo, workers, options.coffer)
            failures += settle(demo, workers)
        failures += nobody_new(demo)
        if demo.process.poll() is None:
            demo.kill()
    print(sum(sum(worker.kinds.values()) for worker in workers), "movements")
    return finish(failures, options.drains + 1)


if __name__ == "__main__":
    sys.exit(main())
