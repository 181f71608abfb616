#!/usr/bin/env python3
"""kill -9 under load, again and again on the same data, with movements of every kind.

    test/crash.py --coffer build/release/coffer [--crashes 20]

Each thread owns players of its own and keeps a naive account of them. A call whose answer was lost is
sent again after the restart, so that everything is definite in the end; then every balance must be
exact, every acknowledged id must replay, and `coffer verify` must find nothing wrong, after each crash.
"""

import argparse
import decimal
import http.client
import pathlib
import random
import sys
import tempfile
import threading
import time

from demo_program import Caller, Demo, finish, load_player, verify

LOST = (OSError, http.client.HTTPException, ValueError)


class Player:
    """One load player's expected balances, and the wagers that can still be taken back."""

    def __init__(self, index):
        self.index = index
        self.balance = {"EUR": decimal.Decimal(1_000_000), "USD": decimal.Decimal(1_000_000),
                        "CRD": decimal.Decimal(0)}
        self.open_debits = []
        self.open_wagers = []
        self.done = []  # calls that were acknowledged: sending one again must move nothing


class Worker(threading.Thread):
    def __init__(self, number, players, seed):
        super().__init__()
        self.number = number
        self.players = players
        self.random = random.Random(seed)
        self.port = None
        self.unsettled = None
        self.count = 0
        self.failures = []

    def next_step(self):
        """(player, call, what it changes) of a random movement; `call` can be made more than once."""
        player = self.random.choice(self.players)
        self.count += 1
        name = f"{self.number}-{self.count}"
        amount = decimal.Decimal(self.random.randrange(0, 500)) / 100
        kind = self.random.randrange(6)
        if kind == 0:
            fields = {"amount": float(amount), "round_id": "r" + name, "transaction_id": "d" + name}
            return (player, lambda c: c.integrator("debit", player.index, **fields),
                    ("EUR", -amount), lambda: player.open_debits.append((fields, amount)), (200,))
        if kind == 1:
            fields = {"amount": float(amount), "round_id": "c" + name, "transaction_id": "c" + name}
            return (player, lambda c: c.integrator("credit", player.index, **fields),
                    ("EUR", amount), None, (200,))
        if kind == 2 and player.open_debits:
            fields, was = player.open_debits.pop()
            return (player, lambda c: c.integrator("rollback", player.index, **fields),
                    ("EUR", was), None, (200,))
        if kind == 3 and player.open_wagers:
            fields, was = player.open_wagers.pop()
            # Taken back already, by the try whose answer was lost, is INVALID_TRANSACTION: done.
            return (player, lambda c: c.rgs("/credit/rollback", player.index, **fields),
                    ("USD", was), None, (200, "INVALID_TRANSACTION"))
        if kind == 4:
            whole = self.random.randrange(1, 50)
            return (player, lambda c: c.operator("credit", player.index, whole, name),
                    ("CRD", decimal.Decimal(whole)), None, (200,))
        fields = {"creditAmount": float(amount), "debitAmount": 0, "roundStarted": True,
                  "roundFinished": False, "roundId": "r" + name, "transactionId": "w" + name,
                  "transactionType": "CREDIT_DEBIT_SPIN"}
        undo = {"amount": float(amount), "roundId": "r" + name, "transactionId": "w" + name}
        return (player, lambda c: c.rgs("/credit-debit", player.index, **fields),
                ("USD", -amount), lambda: player.open_wagers.append((undo, amount)), (200,))

    def settle(self, caller, step):
        player, call, (currency, change), then, accepted = step
        status, answer = call(caller)
        word = answer.get("error_code") if isinstance(answer, dict) else None
        if status == 503 or word == "TEMPORARILY_UNAVAILABLE":
            raise OSError("not now")
        if status not in accepted and word not in accepted:
            self.failures.append(f"{load_player(player.index)}: {status} {answer}")
            return
        player.balance[currency] += change
        if then:
            then()
        if len(accepted) == 1:
            player.done.append(call)

    def run(self):
        try:
            caller = Caller(self.port)
            while True:
                if self.unsettled is None:
                    self.unsettled = self.next_step()
                self.settle(caller, self.unsettled)
                self.unsettled = None
        except LOST:
            return


def check_players(port, workers):
    """Every balance is exact and acknowledged calls replay without a movement."""
    failures = []
    caller = Caller(port)
    for worker in workers:
        for player in worker.players:
            for call in worker.random.sample(player.done, min(10, len(player.done))):
                status, answer = call(caller)
                # A wager that was taken back since says so; that it is unknown none may say, and a
                # movement made anew would show in the balances below.
                taken_back = answer.get("code") == 14 or answer.get("error_code") == "INVALID_TRANSACTION"
                if status != 200 and not taken_back:
                    failures.append(f"an acknowledged call is gone: {status} {answer}")
            balances = caller.balances(player.index)
            for currency, expected in player.balance.items():
                found = decimal.Decimal(balances.get(currency, "0"))
                if found != expected:
                    failures.append(f"{load_player(player.index)} has {found} {currency}, "
                                    f"expected {expected}")
    return failures


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    arguments.add_argument("--crashes", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    chance = random.Random(options.seed)
    workers = [Worker(number, [Player(1 + number * 4 + one) for one in range(4)], chance.random())
               for number in range(8)]
    failures = []
    with tempfile.TemporaryDirectory(prefix="coffer-crash-") as folder:
        data = pathlib.Path(folder) / "data"
        demo = Demo(options.coffer, data, players=32).start()
        for crash in range(options.crashes):
            threads = []
            for worker in workers:
                again = Worker(worker.number, worker.players, chance.random())
                again.unsettled, again.count = worker.unsettled, worker.count
                again.port = demo.port
                threads.append(again)
                again.start()
            time.sleep(chance.uniform(0.05, 0.8))
            demo.kill()
            for thread in threads:
                thread.join()
                failures += thread.failures
            workers = threads
            if wrong := verify(options.coffer, data):
                failures.append(f"verify after crash {crash + 1}: {wrong}")
            demo.start()
            caller = Caller(demo.port)
            for worker in workers:
                if worker.unsettled is not None:
                    worker.settle(caller, worker.unsettled)
                    worker.unsettled = None
            if wrong := check_players(demo.port, workers):
                failures += wrong
                break
        code = demo.stop()
        if code != 0:
            failures.append(f"the last stop exited with {code}")
        if wrong := verify(options.coffer, data):
            failures.append(f"verify at the end: {wrong}")
    print(sum(worker.count for worker in workers), "movements")
    return finish(failures, options.crashes)


if __name__ == "__main__":
    sys.exit(main())
