#!/usr/bin/env python3
"""Two and three `coffer serve` over one PostgreSQL database keep one set of books.

    test/several.py --coffer build/release/coffer [--seconds 20]

Equal calls at different processes at once move once; 64 clients on one wallet over all processes never
bring it below zero; what is revoked or blocked at one is refused by the others; and while one process is
killed each second under load, nothing is lost, nothing is doubled, and `coffer verify` stays clean.
"""

import argparse
import pathlib
import random
import sys
import tempfile
import threading
import time

import crash
import twins
from demo_program import Caller, Demo, finish, load_player
from postgres_server import PostgresServer
from program import Program

CONFIG = """
[data]
directory = "{directory}"
master_key_file = "{key}"
[[listen]]
address = "127.0.0.1:{port}"
[log]
calls = false
level = "warning"
"""


class House:
    """A demo world in a database, and processes that serve it."""

    def __init__(self, coffer, uri, players, shards=0):
        self.program = Program(coffer)
        self.uri = uri
        world = pathlib.Path(self.program.file("world"))
        Demo(coffer, world, players=players, store=self.uri, shards=shards).start().stop()
        self.key = world / "master.key"
        self.servers = []

    def start_one(self, port=0):
        name = f"coffer-{len(self.program.running)}"
        directory = pathlib.Path(self.program.file(name))
        directory.mkdir(mode=0o700)
        config = self.program.write(name + ".toml", CONFIG.format(
            directory=directory, key=self.key, port=port))
        return self.program.start("serve", "--config", config, "--store", self.uri)

    def start(self, count):
        self.servers = [self.start_one() for _ in range(count)]
        return self

    def ports(self):
        return [server.port() for server in self.servers]

    def verify(self):
        code, said, complaint = self.program.run("verify", "--store", self.uri)
        return None if code == 0 else said + complaint

    def stop(self):
        """What is wrong with how they ended."""
        failures = []
        for server in self.servers:
            code, _ = server.stop()
            if code != 0:
                failures.append(f"a server ended with {code}:\n{server.said()[-2000:]}")
        if wrong := self.verify():
            failures.append(f"verify: {wrong}")
        return failures

    def close(self):
        self.program.close()


def check_revocation(ports):
    """A key revoked at the first process is refused by the last within a second."""
    first, last = Caller(ports[0]), Caller(ports[-1])
    failures = []
    status, made = first.native("POST", "/v1/keys", {"scopes": ["read"], "label": "short-lived"})
    if status != 201:
        return [f"no key could be made: {status} {made}"]

    def seen(expected):
        start = time.monotonic()
        while time.monotonic() - start < 5:
            status, _ = last.native("GET", "/v1/currencies", bearer=made["secret"])
            if status == expected:
                return time.monotonic() - start
        return None

    if (took := seen(200)) is None or took > 1:
        failures.append(f"a new key was known to another process after {took} s")
    status, answer = first.native("DELETE", "/v1/keys/" + made["id"])
    if status not in (200, 204):
        failures.append(f"the key could not be revoked: {status} {answer}")
    if (took := seen(401)) is None or took > 1:
        failures.append(f"a revoked key was refused by another process after {took} s")
    return failures


def check_block(ports):
    """A player blocked at the first process is refused by the others by the very next call."""
    first, failures = Caller(ports[0]), []
    for turn, port in enumerate(ports[1:]):
        player, other = 3 + turn, Caller(port)
        fields = {"amount": 1, "round_id": "block", "transaction_id": "before"}
        if (heard := other.integrator("debit", player, **fields))[0] != 200:
            failures.append(f"before the block: {heard}")
        status, answer = first.native("POST", f"/v1/players/{load_player(player)}/block",
                                      {"reason": "asked for a break"})
        if status != 200:
            failures.append(f"not blocked: {status} {answer}")
        fields["transaction_id"] = "after"
        heard = other.integrator("debit", player, **fields)
        if heard[0] == 200:
            failures.append(f"a blocked player could play: {heard}")
    return failures


class Wanderer(crash.Worker):
    """A worker that goes to another process whenever it likes, and when an answer is lost."""

    lost = 0

    def wander(self, ports, stopping):
        chance = self.movements.random
        while not self.failures and not (stopping.is_set() and self.unsettled is None):
            caller = Caller(chance.choice(ports))
            try:
                for _ in range(chance.randrange(1, 30)):
                    if self.unsettled is None:
                        if stopping.is_set():
                            break
                        self.unsettled = self.movements.next()
                    self.settle(caller)
            except crash.LOST:
                self.lost += 1
                time.sleep(0.02)
            finally:
                caller.connection.close()


def day_of_killing(house, options):
    """Load on all processes, one of which dies each second and comes again on the same port."""
    ports, stopping, chance = house.ports(), threading.Event(), random.Random(options.seed)
    workers = [Wanderer(number, chance.random()) for number in range(crash.WORKERS)]
    for worker in workers:
        for player in worker.players:
            player.prepare(Caller(ports[0]))
    threads = [threading.Thread(target=worker.wander, args=(ports, stopping)) for worker in workers]
    for thread in threads:
        thread.start()
    kills, end = 0, time.monotonic() + options.seconds
    while time.monotonic() < end:
        time.sleep(1)
        index = chance.randrange(len(ports))
        house.servers[index].kill()
        house.servers[index] = house.start_one(ports[index])
        kills += 1
    stopping.set()
    for thread in threads:
        thread.join(timeout=60)
    failures = [failure for worker in workers for failure in worker.failures]
    failures += ["a worker did not end" for thread in threads if thread.is_alive()]
    for port in ports:
        failures += crash.check_players(port, workers)
    print(f"{kills} processes killed, {sum(sum(worker.kinds.values()) for worker in workers)} "
          f"movements, {sum(worker.lost for worker in workers)} answers lost")
    return failures


def day_at_peace(house, _):
    ports = house.ports()
    return (twins.twins(ports) + twins.one_wallet(ports) + check_revocation(ports)
            + check_block(ports))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    arguments.add_argument("--seconds", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments.add_argument("--shards", type=int, default=0)
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    failures = []
    with PostgresServer() as server:
        for count, day in ((2, day_at_peace), (3, day_at_peace), (3, day_of_killing)):
            house = House(options.coffer, server.new_place(),
                          players=crash.WORKERS * crash.PLAYERS_EACH, shards=options.shards)
            try:
                house.start(count)
                failures += day(house, options) + house.stop()
            finally:
                house.close()
        if "deadlock detected" in server.log():
            failures.append("PostgreSQL found a deadlock")
    return finish(failures, 2 * (len(twins.TWIN_CALLS) + 4) + 1)


if __name__ == "__main__":
    sys.exit(main())
