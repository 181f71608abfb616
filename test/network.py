#!/usr/bin/env python3
"""The network between the servers and PostgreSQL fails at any message, again and again under load; and it
is slow, or silent.

    test/network.py --coffer build/release/coffer --proxy build/release/postgres_proxy [--faults 40]

After each fault the movements go on without anybody being started again, and in the end every acknowledged
one is there once. Of a database that does not answer every dialect says "not now" in its own words, what
waits for it is bounded, and the memory of the server does not grow.
"""

import argparse
import pathlib
import random
import subprocess
import sys
import threading
import time

import crash
import failover
import several
from demo_program import Caller, finish, load_player
from postgres_server import PostgresServer

CHECKS = 6
CLIENTS, STREAMS = 64, 256  # more calls at once than a port holds (8192)


class Proxy:
    """The program postgres_proxy in front of a server."""

    def __init__(self, program, server):
        self.server = server
        self.process = subprocess.Popen([program, str(server.port)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline().strip()
        assert said, f"the proxy did not take: {command}"
        return said

    def through(self, uri):
        return uri.replace(f":{self.server.port}/", f":{self.port}/")

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def random_fault(chance):
    kind = chance.choice(("cut", "stall", "swallow", "refuse", "spoil"))
    side = "client" if kind == "refuse" else chance.choice(("client", "server"))
    if kind in ("swallow", "spoil"):
        side = "server"
    state = {"refuse": chance.choice(("40001", "40P01", "55P03", "57014", "53100", "XX000")),
             "spoil": chance.choice(("XX000", "58030", "40003"))}.get(kind, "")
    return f"{kind} {side} {chance.randrange(120)} {state}".strip()


def day_of_faults(house, proxy, options):
    """Each fault hits a message of whatever is under way; then the load must go on."""
    load, chance, failures = failover.Load(house, options.seed), random.Random(options.seed), []
    for _ in range(options.faults):
        command = random_fault(chance)
        proxy.tell(command)
        failures += failover.wait_until(lambda: proxy.tell("fired") == "yes", f"{command} happens")
        # What is stalled stays so until somebody has been told so, or the others have gone on.
        lost, answers = load.lost(), load.answers()
        failures += failover.wait_until(
            lambda: load.lost() > lost or load.answers() > answers + 50, f"{command} is over")
        proxy.tell("release")
        failures += load.goes_on(20)
        if failures or load.failures():
            failures.append(f"after {command}")
            break
    failures += load.all_ready() + load.stop()
    moved = sum(len(player.done) for worker in load.workers for player in worker.players)
    print(f"{options.faults} faults, {moved} movements acknowledged, {load.lost()} times not now")
    return failures


def not_now_in_every_dialect(port):
    """Each dialect's words for it; what it heard instead, where it heard something else."""
    player = failover.Worker(0, 0).players[0]
    caller = Caller(port)
    token = NOT_NOW_TOKENS["operator"]
    caller.operator_token = token
    heard = {
        "integrator": caller.integrator("debit", 1, amount=1, round_id="n", transaction_id="n"),
        "rgs": caller.rgs("/tournament-prize", 1, amount=1, transactionId="n"),
        "operator": caller.operator("credit", 1, 1, "n"),
        "sverse": caller.call("POST", "/api/public/wallets/GOLD/transactions",
                              {"x-api-key": "demo-sverse-key", "idempotency-key": "n"},
                              {"sessionId": NOT_NOW_TOKENS["sverse"], "amount": 1,
                               "type": "credit", "reason": "n"}),
        "kgen": caller.call("POST", "/fe/wallet/withdraw", {
            "user-jwt-token": NOT_NOW_TOKENS["kgen"], "idempotency-key": "n"}),
        "native": caller.native("POST", f"/v1/players/{player.native}/deposits",
                                {"currency": "EUR", "amount": "1", "reason": "n"}, "n"),
    }
    right = {
        "integrator": lambda status, answer: status == 503 and answer["code"] == 21,
        "rgs": lambda status, answer: status == 400 and
        answer["error_code"] == "TEMPORARILY_UNAVAILABLE",
    }
    return [f"{dialect} says {answer} of a database that does not answer"
            for dialect, answer in heard.items()
            if not right.get(dialect, lambda status, _: status == 503)(*answer)]


NOT_NOW_TOKENS = {}


def prepare_tokens(port):
    """Sessions that the calls need, made while the database still answers."""
    player = failover.Worker(0, 0).players[0]
    caller = Caller(port)
    player.prepare(caller)
    caller.operator("credit", 1, 1, "first")
    NOT_NOW_TOKENS.update(operator=caller.operator_token, sverse=player.sverse_token,
                          kgen=player.kgen_token)


def memory_mb(process):
    text = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="utf-8")
    return int(text.split("Rss:")[1].split()[0]) / 1024


class Flood:
    """More calls at once than there is room for, each answered and sent again, until stop()."""

    def __init__(self, port, folder):
        body = pathlib.Path(folder) / "prize"
        body.write_text(
            '{"playerId": "%s", "gameUuid": "b23e45a7-9be8-d312-56a4-174000426614", "sessionId": "%s",'
            ' "transactionTimestamp": 1632771475000, "currency": "USD", "amount": 1,'
            ' "transactionId": "flood"}' % (load_player(2), load_player(2)), encoding="utf-8")
        self.process = subprocess.Popen(
            ["h2load", "-D", "3600", "-c", str(CLIENTS), "-m", str(STREAMS), "-H",
             "x-auth-token: demo-rgs-token", "-d", str(body),
             f"http://127.0.0.1:{port}/tournament-prize"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def calls_by_outcome(server):
    """How many calls there were so far, by their end."""
    counts = {}
    for line in server.call("GET", "/metrics")[1].splitlines():
        if line.startswith("coffer_calls_total{") and 'dialect="rgs"' in line:
            outcome = line.split('outcome="')[1].split('"')[0]
            counts[outcome] = counts.get(outcome, 0) + int(float(line.rsplit(" ", 1)[1]))
    return counts


def flooded(house, proxy, what, folder):
    """A flood of calls while the database is so; what the server holds meanwhile."""
    server, failures = house.servers[0], []
    flood = Flood(server.port(), folder)
    try:
        start = calls_by_outcome(server).get("not_now", 0)
        # First what is full once: queues, buffers, the connections' own memory.
        failures += failover.wait_until(
            lambda: calls_by_outcome(server).get("not_now", 0) > start + 20_000,
            f"20,000 calls are refused ({what})")
        full = memory_mb(server.process)
        failures += failover.wait_until(
            lambda: calls_by_outcome(server).get("not_now", 0) > start + 100_000,
            f"100,000 calls are refused ({what})")
        after = memory_mb(server.process)
    finally:
        flood.stop()
    print(f"{what}: {full:.0f} MB after 20,000 refusals, {after:.0f} MB after 100,000")
    if after > full + 48:
        failures.append(f"{what}: memory grew from {full:.0f} to {after:.0f} MB")
    return failures


def slow_and_silent(house, proxy, folder):
    port = house.ports()[0]
    prepare_tokens(port)
    balance = Caller(port).balances(1)
    failures = []
    # Slow: a trip takes most of what it may, and calls are answered, but not all that come.
    proxy.tell("delay 150")
    status, answer = Caller(port).rgs("/tournament-prize", 3, amount=1, transactionId="slow")
    if status != 200:
        failures.append(f"a slow database was taken for one that is away: {status} {answer}")
    failures += flooded(house, proxy, "slow database", folder)
    proxy.tell("delay 0")
    failures += failover.wait_until(lambda: failover.ask_readiness(port) == 200, "ready again")
    # Silent: connections stay open and nothing comes. Nobody is told "done", everybody is told soon.
    proxy.tell("delay 3600000")
    failures += failover.wait_until(lambda: failover.ask_readiness(port) == 503, "not ready")
    failures += not_now_in_every_dialect(port)
    failures += flooded(house, proxy, "silent database", folder)
    if failover.ask_readiness(port) != 503:
        failures.append("ready although the database does not answer")
    proxy.tell("delay 0")
    proxy.tell("cut-all")  # what was under way comes never
    failures += failover.wait_until(lambda: failover.ask_readiness(port) == 200, "ready again")
    if Caller(port).balances(1) != balance:
        failures.append(f"what was refused moved something: {Caller(port).balances(1)}, {balance}")
    for _ in range(2):
        status, answer = Caller(port).rgs("/tournament-prize", 1, amount=1, transactionId="n")
        if status != 200:
            failures.append(f"what was refused is not taken later: {status} {answer}")
    usd = [float(balances["USD"]) for balances in (balance, Caller(port).balances(1))]
    if usd[1] - usd[0] != 1:
        failures.append(f"one prize of 1.00, repeated, made {usd[1]} of {usd[0]}")
    return failures


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    arguments.add_argument("--proxy", required=True)
    arguments.add_argument("--faults", type=int, default=40)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    failures = []
    with PostgresServer() as server:
        for processes, day in (
                (2, lambda house, proxy: day_of_faults(house, proxy, options)),
                (1, lambda house, proxy: slow_and_silent(house, proxy, house.program.folder.name))):
            proxy = Proxy(options.proxy, server)
            house = several.House(options.coffer, proxy.through(server.new_place()),
                                  crash.WORKERS * crash.PLAYERS_EACH)
            try:
                house.start(processes)
                failures += day(house, proxy) + house.stop()
            finally:
                house.close()
                proxy.close()
    return finish(failures, CHECKS + options.faults)


if __name__ == "__main__":
    sys.exit(main())
