#!/usr/bin/env python3
"""Equal calls in flight at once move once, in every dialect that has ids; and 64 clients on one wallet
never bring it below zero, with an exact sum.

    test/twins.py --coffer build/release/coffer [--store memory]
"""

import argparse
import decimal
import pathlib
import sys
import tempfile
import threading

from demo_program import Caller, Demo, finish, load_player, verify

TWINS = 200
CLIENTS = 50  # connections; each sends TWINS / CLIENTS of the equal calls


def at_once(ports, count, work):
    """Runs work(caller, number) on `count` connections that start together, to all the ports in turn;
    what they returned."""
    barrier = threading.Barrier(count)
    results = [None] * count

    def run(number):
        caller = Caller(ports[number % len(ports)])
        caller.native("GET", "/v1/currencies")  # connected before the start
        barrier.wait()
        results[number] = work(caller, number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def movement(amount="1.00"):
    return {"currency": "EUR", "amount": amount, "reason": "twin"}


TWIN_CALLS = {
    "operator debit": ("CRD", -7, lambda c: c.operator("debit", 1, 7, "twin")),
    "operator credit": ("CRD", 8, lambda c: c.operator("credit", 1, 8, "twin")),
    "integrator debit": ("EUR", -2, lambda c: c.integrator(
        "debit", 1, amount=2, round_id="r", transaction_id="twin")),
    "integrator credit": ("EUR", 3, lambda c: c.integrator(
        "credit", 1, amount=3, round_id="r2", transaction_id="twin")),
    "integrator rollback": ("EUR", 2, lambda c: c.integrator(
        "rollback", 1, amount=2, round_id="r", transaction_id="twin")),
    "rgs credit-debit": ("USD", -4, lambda c: c.rgs(
        "/credit-debit", 1, creditAmount=5, debitAmount=1, roundStarted=True, roundFinished=False,
        roundId="r", transactionId="twin", transactionType="CREDIT_DEBIT_SPIN")),
    "rgs debit": ("USD", 6, lambda c: c.rgs(
        "/debit", 1, amount=6, roundFinished=False, roundId="r", transactionId="twin-2",
        transactionType="DEBIT_SPIN")),
    "rgs prize": ("USD", 9, lambda c: c.rgs("/tournament-prize", 1, amount=9, transactionId="twin-3")),
    "integrator rollback by its own id": ("EUR", 2, lambda c: c.integrator(
        "rollback", 1, amount=2, round_id="r4", transaction_id="twin-own",
        reference_transaction_id="twin-4")),
    "sverse credit": ("GOLD", 5, lambda c: c.call(
        "POST", "/api/public/wallets/GOLD/transactions",
        {"x-api-key": "demo-sverse-key", "idempotency-key": "twin"},
        {"sessionId": "9d7b6121-30d3-44cf-8b4f-c00e2f4f016e", "amount": 5, "type": "credit",
         "reason": "twin"})),
    "sverse debit": ("GOLD", -6, lambda c: c.call(
        "POST", "/api/public/wallets/GOLD/transactions",
        {"x-api-key": "demo-sverse-key", "idempotency-key": "twin-2"},
        {"sessionId": "9d7b6121-30d3-44cf-8b4f-c00e2f4f016e", "amount": 6, "type": "debit",
         "reason": "twin"})),
    "kgen withdrawal": ("KGN", -40, lambda c: c.call(
        "POST", "/fe/wallet/withdraw",
        {"user-jwt-token": TOKENS["dave"], "idempotency-key": "twin"})),
    "native deposit": ("EUR", 1, lambda c: c.native(
        "POST", f"/v1/players/{load_player(1)}/deposits", movement(), "twin")),
    "native withdrawal": ("EUR", -1, lambda c: c.native(
        "POST", f"/v1/players/{load_player(1)}/withdrawals", movement(), "twin")),
    "native adjustment": ("EUR", -3, lambda c: c.native(
        "POST", f"/v1/players/{load_player(1)}/adjustments", movement("-3.00"), "twin")),
}

# Whose wallet it is, where it is not load player 1's.
OWNERS = {"sverse": "123e4567-e89b-12d3-a456-426614174000",
          "kgen": "423e4567-e89b-12d3-a456-426614174000"}
TOKENS = {}


def balance(caller, currency, player):
    _, wallets = caller.native("GET", f"/v1/players/{player}/wallets")
    return {wallet["currency"]: decimal.Decimal(wallet["balance"]) for wallet in wallets}.get(
        currency, decimal.Decimal(0))


def twins(ports):
    """Each call 200 times at once: one movement, only answers that mean success."""
    failures = []
    caller = Caller(ports[0])
    caller.native("POST", f"/v1/players/{load_player(1)}/adjustments",
                  {"currency": "CRD", "amount": "1000", "reason": "play"}, "start")
    caller.integrator("debit", 1, amount=2, round_id="r4", transaction_id="twin-4")
    _, session = caller.call("POST", "/s2s/session", {
        "x-client-id": "demo-kgen", "x-client-secret": "demo-kgen-secret"}, {"user_id": "dave"})
    TOKENS["dave"] = session["access_token"]
    for name, (currency, change, call) in TWIN_CALLS.items():
        player = OWNERS.get(name.split()[0], load_player(1))
        before = balance(caller, currency, player)
        answers = at_once(ports, CLIENTS, lambda c, _, call=call: [
            call(c) for _ in range(TWINS // CLIENTS)])
        flat = [answer for answers_of_one in answers for answer in answers_of_one]
        wrong = [answer for answer in flat if answer[0] not in (200, 201)]
        if wrong:
            failures.append(f"{name}: {len(wrong)} of {len(flat)} twins heard {wrong[0]}")
        after = balance(caller, currency, player)
        if after - before != change:
            failures.append(f"{name}: {before} became {after}, expected a change of {change}")
    return failures


def one_wallet(ports):
    """64 clients draw on one wallet that cannot pay them all."""
    caller = Caller(ports[0])
    currency, player = "EUR", load_player(2)
    caller.native("POST", f"/v1/players/{player}/adjustments",
                  {"currency": currency, "amount": "-999900.00", "reason": "nearly empty"}, "drain")
    lowest = []

    def draw(one, number):
        done = 0
        for turn in range(5):
            status, answer = one.integrator("debit", 2, amount=0.70, round_id="shared",
                                            transaction_id=f"{number}-{turn}")
            if status == 200:
                done += 1
                lowest.append(answer["balance"])
            elif answer["code"] != 11:
                return f"heard {status} {answer}"
        return done

    results = at_once(ports, 64, draw)
    failures = [result for result in results if isinstance(result, str)]
    done = sum(result for result in results if not isinstance(result, str))
    left = balance(caller, currency, player)
    if done != 142 or left != decimal.Decimal("0.60"):
        failures.append(f"{done} debits of 0.70 from 100.00 left {left}, expected 142 and 0.60")
    if min(lowest) < 0:
        failures.append(f"a balance of {min(lowest)} was shown")
    return failures


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    arguments.add_argument("--store", default="rocksdb", choices=("memory", "rocksdb"))
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="coffer-twins-") as folder:
        data = pathlib.Path(folder) / "data"
        demo = Demo(options.coffer, data, players=4, store=options.store).start()
        failures = twins([demo.port]) + one_wallet([demo.port])
        demo.stop()
        if options.store == "rocksdb" and (wrong := verify(options.coffer, data)):
            failures.append(f"verify: {wrong}")
    return finish(failures, len(TWIN_CALLS) + 2)


if __name__ == "__main__":
    sys.exit(main())
