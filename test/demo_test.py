#!/usr/bin/env python3
"""The demo of the real program, end to end: its world, its continuation, its end.

    test/demo_test.py --coffer build/release/coffer [names of tests]
"""

import argparse
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import unittest

from program import Program, Server, environment, signed

COFFER = None
ALICE = "123e4567-e89b-12d3-a456-426614174000"
CAROL = "323e4567-e89b-12d3-a456-426614174000"
SVERSE_SESSION = "9d7b6121-30d3-44cf-8b4f-c00e2f4f016e"
RGS = {"playerId": ALICE, "gameUuid": "b23e45a7-9be8-d312-56a4-174000426614",
       "sessionId": "1c4f1d6d-5e37-4a8f-e642-def88a3b4749", "currency": "USD"}
READ = {"authorization": "Bearer demo-read-key"}
ADMIN = {"authorization": "Bearer demo-admin-key"}


def load_player(index):
    return f"00000000-0000-4000-8000-{index:012x}"


class DemoTest(unittest.TestCase):
    def setUp(self):
        self.coffer = Program(COFFER)
        self.addCleanup(self.coffer.close)
        self.data = self.coffer.file("world")

    def demo(self, *words):
        return self.coffer.start("demo", "--listen", "127.0.0.1:0", "--data", self.data, *words)

    def balances(self, server, player=ALICE):
        status, wallets = server.call("GET", f"/v1/players/{player}/wallets", **READ)
        self.assertEqual(status, 200, wallets)
        return {wallet["currency"]: wallet["balance"] for wallet in wallets}

    def wager(self, server, amount, identity):
        body = {**RGS, "amount": amount, "roundId": "r", "transactionId": identity,
                "transactionType": "CREDIT_SPIN", "transactionTimestamp": 1,
                "roundStarted": True, "roundFinished": False}
        return server.call("POST", "/credit", body, x_auth_token="demo-rgs-token")

    def integrator_balance(self, server, token, player_id):
        body = {"token": token, "player_id": player_id, "site_id": 1, "provider_id": 1,
                "game_id": "1", "currency": "EUR"}
        return server.call("POST", "/api/wallet/balance", body,
                           authorization="Basic ZGVtby1pbnRlZ3JhdG9yOmRlbW8taW50ZWdyYXRvci1zZWNyZXQ=",
                           x_request_signature=signed(json.dumps(body)))

    # ---- what it prints -------------------------------------------------------------------------

    def test_its_curl_lines_work_as_they_stand(self):
        server = self.demo("--store", "memory")
        lines = [line for line in server.said().splitlines() if line.startswith("curl ")]
        self.assertEqual(len(lines), 6)
        answers = [subprocess.run(["bash", "-c", line], capture_output=True, check=True,
                                  text=True).stdout for line in lines]
        operator, integrator, rgs, sverse, kgen, native = map(json.loads, answers)
        self.assertEqual(operator, {"balance": 1000})
        self.assertEqual((integrator["code"], integrator["balance"]), (1, 19626.0))
        self.assertEqual(rgs, {"balance": 1000.0})
        self.assertEqual([entry["balance"] for entry in sverse["data"]], [500, 0])
        self.assertEqual((kgen["bonus_balance"], kgen["lazy_balance"]), (50, 50))
        self.assertEqual(kgen["wallet_address"], "0x84b6f41fb37d0f7293c6cf405fcfb4b8c7a2c5b9")
        self.assertEqual(len(native), 5)

    def test_an_address_that_others_can_reach_needs_a_word(self):
        code, _, complaint = self.coffer.run("demo", "--listen", "0.0.0.0:0", "--data", self.data)
        self.assertEqual(code, 1)
        self.assertIn("--public-secrets-are-fine", complaint)
        server = self.coffer.start("demo", "--listen", "0.0.0.0:0", "--data", self.data,
                                   "--public-secrets-are-fine")
        self.assertEqual(server.call("GET", "/readyz")[0], 200)
        code, _, complaint = self.coffer.run("demo", "--listen", "localhost:0")
        self.assertEqual(code, 1)
        self.assertIn("numeric address", complaint)

    def test_its_temporary_folder_goes_with_it(self):
        temporary = self.coffer.file("tmp")
        os.mkdir(temporary)
        server = self.coffer.start("demo", "--listen", "127.0.0.1:0", TMPDIR=temporary)
        self.assertEqual(len(os.listdir(temporary)), 1)
        self.assertEqual(server.stop(signal.SIGINT)[0], 0)
        self.assertEqual(os.listdir(temporary), [])

    # ---- continued ------------------------------------------------------------------------------

    def test_a_world_is_continued_and_nothing_is_granted_twice(self):
        server = self.demo()
        self.assertEqual(self.wager(server, 12.5, "w1"), (200, {"balance": 987.5}))
        status, _ = server.call("POST", "/api/public/auth/logout",
                                authorization=f"Bearer {SVERSE_SESSION}")
        self.assertEqual(status, 200)
        status, _ = server.call("POST", f"/v1/players/{CAROL}/unblock", **ADMIN)
        self.assertEqual(status, 200)
        before = self.balances(server)
        self.assertEqual(server.stop()[0], 0)

        server = self.demo()
        self.assertEqual(self.balances(server), before)
        self.assertEqual(before, {"EUR": "19626.00", "USD": "987.50", "CRD": "1000",
                                  "GOLD": "500", "KGN": "50.00"})
        self.assertEqual(self.wager(server, 12.5, "w1"), (200, {"balance": 987.5}), "a replay")
        # The live sessions are there again; what a user did to the world stays.
        status, _ = server.call("GET", "/api/public/users/balance",
                                authorization=f"Bearer {SVERSE_SESSION}")
        self.assertEqual(status, 200)
        status, carol = server.call("GET", f"/v1/players/{CAROL}", **READ)
        self.assertEqual((status, carol["blocked"]), (200, False))
        self.assertEqual(server.stop()[0], 0)
        self.assertEqual(self.coffer.run("verify", "--data", self.data)[0], 0)

    def test_a_crowd_can_play_at_once_in_both_dialects(self):
        server = self.demo("--players", "300")
        for index in (1, 300):
            player = load_player(index)
            self.assertEqual(self.balances(server, player),
                             {"EUR": "1000000.00", "USD": "1000000.00"})
            status, answer = self.integrator_balance(server, player, 1000 + index)
            self.assertEqual((status, answer["balance"]), (200, 1000000.0))
            target = (f"/balance?playerId={player}&gameUuid={RGS['gameUuid']}&sessionId={player}"
                      "&currency=USD")
            self.assertEqual(server.call("GET", target, x_auth_token="demo-rgs-token"),
                             (200, {"balance": 1000000.0}))
        self.assertEqual(server.call("GET", f"/v1/players/{load_player(301)}", **READ)[0], 404)
        server.stop()
        server = self.demo("--players", "400")
        for index in (1, 300, 400):
            self.assertEqual(self.balances(server, load_player(index))["EUR"], "1000000.00")

    def test_the_public_examples_of_the_pages_stay_true_with_a_crowd(self):
        server = self.demo("--players", "10", "--store", "memory")
        self.assertEqual(self.balances(server)["EUR"], "19626.00")

    # ---- cut short ------------------------------------------------------------------------------

    def kill_while_filling(self, players, after_s):
        """Killed without a chance to clean up, unless it was ready first."""
        server = Server([COFFER, "demo", "--listen", "127.0.0.1:0", "--data", self.data,
                         "--players", str(players)], self.coffer.file("killed"), environment())
        self.coffer.running.append(server)
        # The moment is what this test is about: there is nothing to wait for.
        deadline = time.monotonic() + after_s
        while time.monotonic() < deadline and not re.search("listening on", server.said()):
            time.sleep(0.001)
        server.kill()

    def test_filling_that_was_killed_is_completed(self):
        seed = random.randrange(1 << 32)
        moments = random.Random(seed)
        print(f"seed {seed}", file=sys.stderr)
        players = 3000
        for _ in range(8):
            self.kill_while_filling(players, moments.uniform(0.01, 0.6))
        server = self.demo("--players", str(players))
        self.assertEqual(self.balances(server), {"EUR": "19626.00", "USD": "1000.00",
                                                 "CRD": "1000", "GOLD": "500", "KGN": "50.00"})
        status, carol = server.call("GET", f"/v1/players/{CAROL}", **READ)
        self.assertEqual((status, carol["blocked"]), (200, True))
        for index in moments.sample(range(1, players + 1), 50):
            self.assertEqual(self.balances(server, load_player(index)),
                             {"EUR": "1000000.00", "USD": "1000000.00"})
        self.assertEqual(server.stop()[0], 0)
        code, said, complaint = self.coffer.run("verify", "--data", self.data)
        self.assertEqual(code, 0, complaint)
        # Each opening balance is one transaction, and there are no others.
        self.assertIn(f" {8 + 2 * players} transactions", said)

    def test_filling_stops_when_asked_to(self):
        server = Server([COFFER, "demo", "--listen", "127.0.0.1:0", "--data", self.data,
                         "--players", "300000"], self.coffer.file("stopped"), environment())
        self.coffer.running.append(server)
        server.wait_for(lambda: pathlib.Path(self.data, "control.sock").exists())
        code, seconds = server.stop()
        self.assertIn((code, "interrupted" in server.said()), ((1, True), (0, False)))
        self.assertLess(seconds, 20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coffer", required=True)
    options, rest = parser.parse_known_args()
    COFFER = str(pathlib.Path(options.coffer).resolve())
    unittest.main(argv=[sys.argv[0], *rest])
