#!/usr/bin/env python3
"""kill -9 under load, again and again on the same data, with movements of every kind.

    test/crash.py --coffer build/release/coffer [--crashes 20]

Each thread owns players of its own and keeps a naive account of them. A call whose answer was lost is
sent again after the restart, so that everything is definite in the end; then every balance must be
exact, every acknowledged id must replay, and `coffer verify` must find nothing wrong, after each crash.
"""

import argparse
import collections
import decimal
import http.client
import pathlib
import random
import sys
import tempfile
import threading
import time

from demo_program import Caller, Demo, finish, load_player, verify
from movements import Movements, Player

LOST = (OSError, http.client.HTTPException, ValueError)
WORKERS, PLAYERS_EACH = 8, 4


class Worker:
    """Moves the money of its players, from crash to crash."""

    def __init__(self, number, seed):
        self.players = [Player(1 + number * PLAYERS_EACH + one) for one in range(PLAYERS_EACH)]
        self.movements = Movements(str(number), self.players, seed)
        self.unsettled = None
        self.kinds = collections.Counter()
        self.failures = []

    def settle(self, caller):
        """Makes the call that is under way definite."""
        step = self.unsettled
        status, answer = step.call(caller)
        word = answer.get("error_code") if isinstance(answer, dict) else None
        if status == 503 or word == "TEMPORARILY_UNAVAILABLE":
            raise OSError("not now")
        self.unsettled = None
        if status not in step.accepted and word not in step.accepted:
            self.failures.append(f"{step.kind} of {step.player.native}: {status} {answer}")
            return
        for currency, change in step.changes.items():
            step.player.balance[currency] += change
        if step.then:
            step.then(answer)
        step.player.done.append(step)
        self.kinds[step.kind] += 1

    def run(self, port):
        """Until the server is gone."""
        try:
            caller = Caller(port)
            while not self.failures:
                if self.unsettled is None:
                    self.unsettled = self.movements.next()
                self.settle(caller)
        except LOST:
            return


def check_replays(caller, player, steps):
    failures = []
    for step in steps:
        status, answer = step.call(caller)
        # What was taken back since says so; that it is unknown none may say, and a movement made
        # anew would show in the balances.
        taken_back = isinstance(answer, dict) and (
            answer.get("code") == 14 or answer.get("error_code") == "INVALID_TRANSACTION")
        if status not in (200, 201) and not taken_back:
            failures.append(f"an acknowledged {step.kind} of {player.native} is gone: "
                            f"{status} {answer}")
    return failures


def check_players(port, workers):
    """Every balance is exact and acknowledged calls replay without a movement."""
    failures = []
    caller = Caller(port)
    for worker in workers:
        for player in worker.players:
            chosen = worker.movements.random.sample(player.done, min(10, len(player.done)))
            # The last ones are those that a crash could have taken.
            failures += check_replays(caller, player, player.done[-5:] + chosen)
            _, wallets = caller.native("GET", f"/v1/players/{load_player(player.index)}/wallets")
            found = {wallet["currency"]: wallet for wallet in wallets}
            for currency, expected in player.balance.items():
                balance = decimal.Decimal(found.get(currency, {"balance": "0"})["balance"])
                if balance != expected:
                    failures.append(f"{player.native} has {balance} {currency}, not {expected}")
            if "KGN" in found and decimal.Decimal(found["KGN"]["buckets"]["held"]) != player.held:
                failures.append(f"{player.native} does not have {player.held} KGN held")
    return failures


def one_life(demo, workers, seconds, coffer):
    """Load until the kill; then the books on the disk, and what the next server says."""
    threads = [threading.Thread(target=worker.run, args=(demo.port,)) for worker in workers]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    demo.kill()
    for thread in threads:
        thread.join()
    failures = [failure for worker in workers for failure in worker.failures]
    if wrong := verify(coffer, demo.data):
        failures.append(f"verify: {wrong}")
    demo.start()
    caller = Caller(demo.port)
    for worker in workers:
        if worker.unsettled is not None:
            worker.settle(caller)
    return failures + check_players(demo.port, workers)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    arguments.add_argument("--crashes", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    chance = random.Random(options.seed)
    workers = [Worker(number, chance.random()) for number in range(WORKERS)]
    failures = []
    with tempfile.TemporaryDirectory(prefix="coffer-crash-") as folder:
        demo = Demo(options.coffer, pathlib.Path(folder) / "data",
                    players=WORKERS * PLAYERS_EACH).start()
        caller = Caller(demo.port)
        for worker in workers:
            for player in worker.players:
                player.prepare(caller)
        for crash in range(options.crashes):
            found = one_life(demo, workers, chance.uniform(0.05, 2.5), options.coffer)
            failures += [f"after crash {crash + 1}: {failure}" for failure in found]
            if failures:
                break
        if (code := demo.stop()) != 0:
            failures.append(f"the last stop exited with {code}")
        if wrong := verify(options.coffer, demo.data):
            failures.append(f"verify at the end: {wrong}")
    kinds = sum((worker.kinds for worker in workers), collections.Counter())
    print(sum(kinds.values()), "movements:", ", ".join(f"{n} {kind}" for kind, n in
                                                       sorted(kinds.items())))
    missing = len(workers[0].movements.kinds) - len(kinds)
    if missing and not failures:
        failures.append(f"{missing} kinds of movement never happened")
    return finish(failures, options.crashes)


if __name__ == "__main__":
    sys.exit(main())
