#!/usr/bin/env python3
"""The primary ends under load, by a restart and for good, and a synchronous standby takes its place: nothing
acknowledged is lost, nothing is doubled, and the servers are never started again.

    test/failover.py --coffer build/release/coffer [--times 2] [--report]

Two `coffer serve` have one address that names both databases. Clients make movements of every kind; those
that were told "not now" repeat their call until it is answered. The primary is restarted (fast and
immediate), then all its processes are killed, and the standby is promoted. Then every acknowledged id must
be there once, every declined one must not, every balance must be exact, `coffer verify` must find nothing
wrong, and /readyz must have told the truth at each moment.
"""

import argparse
import decimal
import http.client
import itertools
import os
import pathlib
import platform
import random
import re
import signal
import subprocess
import sys
import threading
import time

import crash
import several
from demo_program import Caller, finish, load_player
from movements import Step
from postgres_server import PostgresServer, PostgresStandby, one_of, server_program

ROOT = pathlib.Path(__file__).resolve().parent.parent
WAIT_S = 60
STEADY = 200  # movements acknowledged in a row before the next blow
REFUSALS = 60  # "not now" heard while the database is away
CHECKS = 12


def wait_until(question, what):
    """None, or what was waited for in vain."""
    deadline = time.monotonic() + WAIT_S
    while not question():
        if time.monotonic() > deadline:
            return [f"waited in vain until {what}"]
        time.sleep(0.005)
    return []


class Pair:
    """A primary that answers a commit when its standby has it, too."""

    def __init__(self):
        self.primary = PostgresServer().start()
        try:
            # Else a standby waits for five seconds before it asks a primary that was away again.
            self.standby = PostgresStandby(self.primary, "wal_retrieve_retry_interval=100ms").start()
        except BaseException:
            self.primary.__exit__()
            raise
        self.primary.ask("alter system set synchronous_standby_names = 'standby'")
        self.primary.ask("select pg_reload_conf()")
        assert not wait_until(self.is_synchronous, "the standby is synchronous")

    def is_synchronous(self):
        return self.primary.ask("select sync_state from pg_stat_replication") == "sync"

    def uri(self):
        return one_of(self.primary, self.standby)

    def close(self):
        self.standby.__exit__()
        self.primary.__exit__()


class Worker(several.Wanderer):
    """Also asks, now and then, for what its player does not have; remembers when it was answered."""

    def __init__(self, number, seed):
        super().__init__(number, seed)
        self.declined, self.answered = [], []
        self.movements.kinds.append(self.overdraft)

    @staticmethod
    def overdraft(player, name):
        fields = {"amount": 50_000_000, "round_id": "o" + name, "transaction_id": "o" + name}
        return Step("overdraft", player, lambda c: c.integrator("debit", player.index, **fields), {},
                    accepted=(402,))

    def settle(self, caller):
        step = self.unsettled
        super().settle(caller)
        self.answered.append(time.monotonic())
        if step.kind == "overdraft" and not self.failures:
            self.declined.append(step.player.done.pop())

    def repeat_all(self, port):
        """Each id that was ever answered, again: what was acknowledged is there, what was declined is
        not. That neither moves anything is seen by the balances."""
        caller = Caller(port)
        try:
            for player in self.players:
                self.failures += crash.check_replays(caller, player, player.done)
            for step in self.declined:
                if (heard := step.call(caller))[0] != 402:
                    self.failures.append(f"a declined {step.kind} became {heard}")
        except crash.LOST as error:
            self.failures.append(f"a repeated call had no answer: {error}")


def ask_readiness(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status
    finally:
        connection.close()


class Load:
    """Movements on both servers until stop()."""

    def __init__(self, house, seed):
        self.house, self.ports = house, house.ports()
        chance = random.Random(seed)
        self.workers = [Worker(number, chance.random()) for number in range(crash.WORKERS)]
        for worker in self.workers:
            for player in worker.players:
                player.prepare(Caller(self.ports[0]))
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=worker.wander, args=(self.ports, self.stopping))
                        for worker in self.workers]
        for thread in self.threads:
            thread.start()

    def answers(self):
        return sum(len(worker.answered) for worker in self.workers)

    def lost(self):
        return sum(worker.lost for worker in self.workers)

    def failures(self):
        return [failure for worker in self.workers for failure in worker.failures]

    def goes_on(self, movements=STEADY):
        """So many more, and some of every worker, so that both servers are heard of."""
        before = [len(worker.answered) for worker in self.workers]
        start = self.answers()
        return wait_until(lambda: self.failures() or self.answers() > start + movements and all(
            len(worker.answered) > had for worker, had in zip(self.workers, before)),
            "the movements go on")

    def all_ready(self):
        return wait_until(lambda: all(ask_readiness(port) == 200 for port in self.ports),
                          "both servers say that they are ready")

    def first_answer_after(self, moment):
        return min(next(when for when in worker.answered if when > moment)
                   for worker in self.workers)

    def stop(self):
        """Ends it, and looks whether the books have what the callers were told."""
        self.stopping.set()
        deadline = time.monotonic() + WAIT_S
        for worker, thread in zip(self.workers, self.threads):
            thread.join(timeout=max(0, deadline - time.monotonic()))
            if thread.is_alive():
                worker.failures.append("a movement was never answered")  # which ends it
        for thread in self.threads:
            thread.join()
        if failures := self.failures():
            return failures
        threads = [threading.Thread(target=worker.repeat_all, args=(port,))
                   for worker, port in zip(self.workers, itertools.cycle(self.ports))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        failures = self.failures()
        for port in self.ports:
            failures += crash.check_players(port, self.workers)
        return failures


def outage(load, what, end, back):
    """`end` takes the database away, `back` brings it again; the failures and how long the callers went
    without an answer."""
    failures = load.goes_on() + load.all_ready()
    start = time.monotonic()
    end()
    gone = time.monotonic()
    failures += wait_until(lambda: all(ask_readiness(port) == 503 for port in load.ports),
                           f"both servers are not ready ({what})")
    heard = load.lost()
    # Until then nobody calls a server ready, and no movement is acknowledged.
    answers, untrue = load.answers(), []
    failures += wait_until(lambda: load.lost() > heard + REFUSALS or untrue.extend(
        port for port in load.ports if ask_readiness(port) != 503), f"calls are refused ({what})")
    failures += [f"port {port} said it was ready while the database was away" for port in untrue]
    if load.answers() != answers:
        failures.append(f"movements were answered without a database ({what})")
    away = time.monotonic()
    back()
    returned = time.monotonic()
    failures += load.goes_on() + load.all_ready()
    if failures:
        return failures, {}
    first = load.first_answer_after(away)
    return failures, {"what": what, "outage_s": first - start, "gone_s": gone - start,
                      "kept_away_s": away - gone, "database_s": returned - away,
                      "after_database_s": first - returned}


def one_failover(options, seed):
    pair, failures, outages = Pair(), [], []
    house = None
    try:
        house = several.House(options.coffer, pair.uri(), crash.WORKERS * crash.PLAYERS_EACH,
                              options.shards).start(2)
        load = Load(house, seed)
        primary = pair.primary
        for what, end, back in (
                ("restart, fast", primary.stop, primary.start),
                ("restart, immediate", lambda: primary.stop(signal.SIGQUIT), primary.start),
                ("killed, standby promoted", primary.kill, pair.standby.promote)):
            found, measured = outage(load, what, end, back)
            failures += found
            outages.append(measured)
            if failures:
                break
            if what.startswith("restart"):
                failures += wait_until(pair.is_synchronous, "the standby is synchronous again")
        failures += load.stop()
        for server in house.servers:
            if server.process.poll() is not None:
                failures.append(f"a server ended:\n{server.said()[-2000:]}")
        failures += house.stop()
        counts = {
            "acknowledged": sum(len(player.done) for worker in load.workers
                                for player in worker.players),
            "declined": sum(len(worker.declined) for worker in load.workers),
            "not_now_or_lost": load.lost()}
    finally:
        if house:
            house.close()
        pair.close()
    print(f"{counts['acknowledged']} movements acknowledged, {counts['declined']} declined, "
          f"{counts['not_now_or_lost']} times not now or no answer")
    for measured in filter(None, outages):
        print(f"{measured['what']}: {measured['outage_s']:.2f} s without an answer, of which the "
              f"database {measured['database_s']:.2f} to come back and "
              f"{measured['after_database_s']:.2f} from then to the first movement")
    return failures, {"seed": seed, **counts, "outages": outages, "failures": len(failures)}


# ---- what only the primary has --------------------------------------------------------------------


def waiting_for_standby(pair):
    return int(pair.primary.ask("select count(*) from pg_stat_activity where wait_event = 'SyncRep'"))


class Deposit(threading.Thread):
    """One call, whose answer comes when it comes."""

    def __init__(self, port, name):
        super().__init__()
        self.port, self.name, self.status = port, name, None
        self.start()

    def run(self):
        self.status, _ = Caller(self.port).native(
            "POST", f"/v1/players/{load_player(1)}/deposits",
            {"currency": "EUR", "amount": "7.00", "reason": "deposit"}, self.name)

    def refused(self):
        self.join()
        return [] if self.status == 503 else [
            f"deposit {self.name} was answered {self.status} although the standby has nothing of it"]


def only_on_the_primary(options):
    """A commit that reached the primary's disk and not the standby is acknowledged to nobody: not when
    somebody cancels its wait, and not to a caller who repeats it after the primary was started again."""
    pair, house = Pair(), None
    try:
        house = several.House(options.coffer, pair.uri(), 1).start(1)
        port = house.ports()[0]
        caller = Caller(port)
        before = decimal.Decimal(caller.balances(1)["EUR"])
        pair.standby.freeze()
        first = Deposit(port, "cancelled")
        failures = wait_until(lambda: waiting_for_standby(pair) > 0, "the commit waits")
        pair.primary.ask("select pg_cancel_backend(pid) from pg_stat_activity "
                         "where wait_event = 'SyncRep'")
        failures += first.refused()
        pair.primary.stop(signal.SIGQUIT)
        pair.primary.start()
        second = Deposit(port, "cancelled")
        # It is refused at once, or by a server that has tried to have it confirmed.
        failures += second.refused()
        failures += wait_until(lambda: waiting_for_standby(pair) > 0 or
                               not Deposit(port, "cancelled").refused() == [],
                               "the server waits for the standby")
        failures += Deposit(port, "cancelled").refused()
        if ask_readiness(port) != 503:
            failures.append("ready although the standby has nothing of the latest commit")
        pair.primary.kill()
        pair.standby.thaw()
        pair.standby.promote()
        failures += wait_until(lambda: ask_readiness(port) == 200, "the server is ready")
        # The movement is not there, and is made now; once.
        for _ in range(2):
            again = Deposit(port, "cancelled")
            again.join()
            if again.status not in (200, 201):
                failures.append(f"the deposit is answered {again.status} by the new primary")
        after = decimal.Decimal(Caller(port).balances(1)["EUR"])
        if after - before != 7:
            failures.append(f"{before} became {after} by one deposit of 7.00")
        return failures + house.stop()
    finally:
        if house:
            house.close()
        pair.close()


# ---- the report -----------------------------------------------------------------------------------


def first_line(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
    return (done.stdout.splitlines() or [""])[0]


def machine():
    cores = re.findall(r"^model name\s*: (.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    return (f"{len(cores)} cores of {cores[0] if cores else 'unknown make'}, "
            f"{round(memory / (1 << 20))} GB, Linux {platform.release()}")


def report(results, failures):
    """Everything was on one machine, the databases, the servers and the callers."""
    commit = first_line("git", "rev-parse", "--short=12", "HEAD")
    if first_line("git", "status", "--porcelain", "--untracked-files=no"):
        commit += " with changes"
    day = time.strftime("%Y-%m-%d", time.gmtime())
    path = ROOT / "bench" / "results" / f"{day}-{commit.replace(' ', '-')}-failover.md"
    lines = [
        f"# Coffer {commit}: a primary that ends under load", "",
        f"{day}, {machine()}; callers, both servers and both databases share them. Load average at "
        f"the end: {' '.join(map(str, os.getloadavg()))}.",
        first_line(server_program("postgres"), "--version") + ". Written by `./dev failover "
        f"{len(results)}`.", "",
        f"{len(failures)} failures in {len(results)} runs. In each: two `coffer serve`, "
        f"{crash.WORKERS} callers, a primary that waits for a synchronous standby.", "",
        "| run | acknowledged | declined | told \"not now\", or no answer | lost or doubled |",
        "|---|---|---|---|---|"]
    for number, result in enumerate(results, start=1):
        lines.append(f"| {number} | {result['acknowledged']} | {result['declined']} "
                     f"| {result['not_now_or_lost']} | {result['failures']} |")
    lines += ["", "Without an answer to anybody, in seconds: from the blow to the first movement "
              "acknowledged afterwards. The test keeps the database away until both servers have said "
              f"that they are not ready and {REFUSALS} calls were refused; that is part of it.", "",
              "| run | what | without an answer | kept away by the test | until the database took "
              "writes | from then to the first movement |", "|---|---|---|---|---|---|"]
    for number, result in enumerate(results, start=1):
        for one in filter(None, result["outages"]):
            lines.append(f"| {number} | {one['what']} | {one['outage_s']:.2f} "
                         f"| {one['kept_away_s']:.2f} | {one['database_s']:.2f} "
                         f"| {one['after_database_s']:.2f} |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path.relative_to(ROOT)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    arguments.add_argument("--times", type=int, default=2)
    arguments.add_argument("--shards", type=int, default=0)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments.add_argument("--report", action="store_true", help="write to bench/results/")
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    failures, results = only_on_the_primary(options), []
    for turn in range(options.times):
        if failures:
            break
        found, result = one_failover(options, options.seed + turn)
        failures += [f"failover {turn + 1}: {failure}" for failure in found]
        results.append(result)
    if options.report:
        print("written:", report(results, failures))
    return finish(failures, CHECKS * options.times + 1)


if __name__ == "__main__":
    sys.exit(main())
