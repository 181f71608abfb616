#!/usr/bin/env python3
"""A disk that fills up under load: calls fail with "not now", nothing acknowledged is lost, and the server
runs on when there is space again.

    test/full_disk.py --coffer build/release/coffer

Runs in a mount namespace of its own, on a small tmpfs; needs root or unprivileged user namespaces.
"""

import argparse
import decimal
import http.client
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from demo_program import Caller, Demo, finish, verify

INSIDE = "COFFER_TEST_FULL_DISK"
SIZE = "512m"  # the store wants 256 MiB free, and RocksDB allocates its log ahead


def in_own_namespace():
    if INSIDE in os.environ:
        return None
    command = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user", "--user"])
    return subprocess.run(command + [sys.executable] + sys.argv,
                          env={**os.environ, INSIDE: "1"}, check=False).returncode


class Load(threading.Thread):
    """One wallet's debits, one after the other; remembers what was acknowledged and what was refused."""

    def __init__(self, port, player):
        super().__init__()
        self.port, self.player = port, player
        self.acknowledged, self.refused, self.wrong, self.last_ok = [], 0, [], 0.0
        self.stop = threading.Event()

    def run(self):
        caller = Caller(self.port)
        number = 0
        while not self.stop.is_set():
            number += 1
            fields = {"amount": 1, "round_id": "r", "transaction_id": f"{self.player}-{number}"}
            try:
                status, answer = caller.integrator("debit", self.player, **fields)
            except (OSError, http.client.HTTPException):
                caller = Caller(self.port)
                time.sleep(0.05)
                continue
            if status == 200:
                self.acknowledged.append(fields)
                self.last_ok = time.monotonic()
            elif status == 503 and answer["code"] == 21:
                self.refused += 1
                time.sleep(0.02)
            else:
                self.wrong.append(f"{status} {answer}")


def wait_until(question, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if question():
            return True
        time.sleep(0.05)
    return False


def ready(port):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False


def fill(path):
    """Takes all the space that is left."""
    with open(path, "wb", buffering=0) as filler:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    filler.write(b"\0" * size)
            except OSError:
                pass


def play(options, disk):
    data = disk / "data"
    demo = Demo(options.coffer, data, players=8)
    demo.log_path = disk.parent / "demo.log"
    demo.start()
    loads = [Load(demo.port, player) for player in range(1, 5)]
    for load in loads:
        load.start()
    failures = []
    if not wait_until(lambda: all(len(load.acknowledged) > 20 for load in loads), 30):
        failures.append("the load did not start")
    fill(disk / "filler")
    if not wait_until(lambda: all(load.refused > 5 for load in loads) or
                      demo.process.poll() is not None, 60):
        failures.append("calls went on although the disk is full")
    if ready(demo.port):
        failures.append("ready although the disk is full")
    (disk / "filler").unlink()
    freed = time.monotonic()
    if not wait_until(lambda: ready(demo.port), 15):
        failures.append("not ready although there is space again")
    if not wait_until(lambda: all(load.last_ok > freed for load in loads), 15):
        failures.append("calls do not go on although there is space again")
    for load in loads:
        load.stop.set()
        load.join()
        failures += load.wrong[:3]
    failures += check_acknowledged(demo.port, loads)
    if demo.stop() != 0:
        failures.append("the stop failed")
    if wrong := verify(options.coffer, data):
        failures.append(f"verify: {wrong}")
    said = demo.log_path.read_text()
    for word in ("no space", "the store takes writes again"):
        if word not in said:
            failures.append(f"the log does not say: {word}")
    print(sum(len(load.acknowledged) for load in loads), "acknowledged,",
          sum(load.refused for load in loads), "refused")
    return failures


def check_acknowledged(port, loads):
    failures = []
    caller = Caller(port)
    for load in loads:
        before = decimal.Decimal(caller.balances(load.player)["EUR"])
        # The last ones are those that the full disk could have taken.
        for fields in load.acknowledged[-500:] + load.acknowledged[:100]:
            status, answer = caller.integrator("debit", load.player, **fields)
            if status != 200:
                failures.append(f"acknowledged and gone: {fields}: {status} {answer}")
        if decimal.Decimal(caller.balances(load.player)["EUR"]) != before:
            failures.append(f"an acknowledged debit of player {load.player} was made anew")
    return failures


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    options = arguments.parse_args()
    if (code := in_own_namespace()) is not None:
        return code
    with tempfile.TemporaryDirectory(prefix="coffer-full-") as folder:
        disk = pathlib.Path(folder) / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", disk], check=True)
        try:
            failures = play(options, disk)
        finally:
            subprocess.run(["umount", "--lazy", disk], check=False)
    return finish(failures, 6)


if __name__ == "__main__":
    sys.exit(main())
