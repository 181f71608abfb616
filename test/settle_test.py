#!/usr/bin/env python3
"""Withdrawals by the real program to a real chain, seen by the player.

    test/settle_test.py --coffer build/release/coffer [names of tests]
"""

import json
import os
import signal
import subprocess
import unittest

import commands_fixture
from chain import Chain, Front
from commands_fixture import NATIVE, Commands

CHAIN_ID = 1337
PAYEE = "0x3c0000000000000000000000000000000000f040"
TOKEN = 10 ** 18
# The example of the definition of Web3 Secret Storage, whose password is `testpassword`.
KEYSTORE = """{"crypto": {"cipher": "aes-128-ctr",
"cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
"ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
"kdf": "scrypt", "kdfparams": {"dklen": 32, "n": 262144, "r": 1, "p": 8,
"salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
"mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},
"id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3}"""
KEYSTORE_ADDRESS = "0x008aeeda4d805471df9b2a5b0f38a0c3bcba786b"


class SettleTest(Commands):
    def setUp(self):
        super().setUp()
        self.chain = Chain(CHAIN_ID)
        self.addCleanup(self.chain.close)
        self.token = self.chain.deploy_token()
        self.chain.give_tokens(self.token, KEYSTORE_ADDRESS, 1_000_000 * TOKEN)
        self.chain.ask("anvil_setBalance", KEYSTORE_ADDRESS, hex(10 * TOKEN))
        self.keystore = self.secret("hot.json", KEYSTORE)
        self.secret("hot.password", "testpassword\n")
        self.secret("seed.json", KEYSTORE)
        self.config = self.coffer.write("coffer.toml", f"""
data.directory = "data"
log.calls = false
[[listen]]
address = "127.0.0.1:0"
dialects = ["kgen"]
[[listen]]
address = "127.0.0.1:0"
dialects = ["native"]
[[chain]]
name = "anvil"
chain_id = {CHAIN_ID}
urls = ["{self.chain.url}"]
look_every_ms = 50
confirmations = 2
wait_for_finalized = false
[[token]]
chain = "anvil"
tenant = "games"
currency = "TOK"
contract = "{self.token}"
sweep_above = "3.00"
[[hot_wallet]]
chain = "anvil"
keystore = "hot.json"
password_file = "hot.password"
[deposits]
keystore = "seed.json"
password_file = "hot.password"
""")

    def secret(self, name, text):
        path = self.coffer.write(name, text)
        os.chmod(path, 0o600)
        return path

    def native(self, method, path, body=None, key=None, **headers):
        status, answer = self.server.call(method, path, body, NATIVE,
                                          authorization=f"Bearer {key or self.key}", **headers)
        self.assertIn(status, (200, 201), answer)
        return answer

    def found_world(self, install_key):
        tenant = self.native("POST", "/v1/tenants", {"name": "games"}, install_key)
        self.key = self.native("POST", f"/v1/tenants/{tenant['id']}/keys",
                               {"scopes": ["read", "play", "cashier", "admin"]},
                               install_key)["secret"]
        self.native("POST", "/v1/currencies",
                    {"code": "TOK", "name": "Token", "scale": 2, "chain_scale": 18})
        wallet = self.native("POST", "/v1/integrations",
                             {"dialect": "kgen", "name": "wallet", "currencies": ["TOK"]})
        where = f"/v1/integrations/{wallet['id']}/credentials"
        client = self.native("POST", where, {"kind": "basic", "client_id": "client"})
        self.native("POST", where, {"kind": "signing_key"})
        self.native("POST", "/v1/players",
                    {"id": "eve", "payout_address": PAYEE,
                     "aliases": [{"integration": wallet["id"], "external_id": "eve"}]})
        self.client_secret = client["secret"]
        self.log_in()

    def log_in(self):
        status, session = self.server.call(
            "POST", "/s2s/session", {"user_id": "eve"}, x_client_id="client",
            x_client_secret=self.client_secret)
        self.assertEqual(status, 200, session)
        self.player = {"user_jwt_token": session["access_token"]}

    def earn(self, amount, key):
        self.native("POST", "/v1/players/eve/adjustments",
                    {"currency": "TOK", "amount": amount, "bucket": "earned", "reason": "won"},
                    idempotency_key=key)

    def ask(self, path):
        status, answer = self.server.call("GET", path, **self.player)
        self.assertEqual(status, 200, answer)
        return answer

    def withdraw(self):
        status, answer = self.server.call("POST", "/fe/wallet/withdraw", **self.player)
        self.assertEqual((status, answer), (200, {"msg": "wallet withdrawl successful"}))

    def newest_withdrawal(self):
        rows = self.ask("/fe/wallet/transactions")["fromTransactions"]
        return [row for row in rows if row["description"]["type"] == "WITHDRAW"][0]

    def when(self, status):
        """The newest withdrawal, as soon as it has that status; blocks go on meanwhile."""
        def question():
            self.chain.ask("evm_mine")
            row = self.newest_withdrawal()
            return row if row["sync_status"] == status else None
        return self.server.wait_for(question)

    def metric(self, line):
        _, text = self.server.call("GET", "/metrics", None, NATIVE)
        return line in text.splitlines()

    def start(self):
        self.install_key = self.init()
        self.server = self.serve()
        self.found_world(self.install_key)

    def test_what_was_earned_arrives_and_the_player_sees_the_whole_way(self):
        self.start()
        self.earn("12.50", "a")
        self.chain.ask("evm_setAutomine", False)
        self.withdraw()
        sent = self.server.wait_for(lambda: (row := self.newest_withdrawal())["sync_status"]
                                    == "IN_PROGRESS" and row)
        self.assertEqual((sent["block_number"], sent["gas_fee"]), (0, 0))
        balance = self.ask("/fe/wallet/balance")
        self.assertEqual((balance["earned_balance"], balance["on_chain_balance"]), (0, 0))
        self.assertEqual(self.chain.tokens(self.token, PAYEE), 0)
        done = self.when("COMPLETED")
        self.assertEqual(self.chain.tokens(self.token, PAYEE), 12 * TOKEN + TOKEN // 2)
        self.assertEqual(done["tx_hash"], sent["tx_hash"])
        receipt = self.chain.ask("eth_getTransactionReceipt", done["tx_hash"])
        self.assertEqual(done["block_number"], int(receipt["blockNumber"], 16))
        fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        self.assertAlmostEqual(done["gas_fee"], fee / TOKEN, places=17)
        self.assertEqual(done["amount"], 12.5)
        self.assertFalse(self.ask("/fe/wallet/balance")["wallet_transaction_error"])
        self.assertTrue(self.server.wait_for(
            lambda: self.metric('coffer_settle_completed_total{chain="anvil"} 1')))
        wallet, = self.native("GET", "/v1/hot-wallets", key=self.install_key)
        self.assertEqual((wallet["address"], wallet["next_nonce"], wallet["under_way"],
                          wallet["oldest_unconfirmed_at"], wallet["paused"]),
                         (KEYSTORE_ADDRESS, 1, 0, None, False))
        tokens, = wallet["tokens"]
        self.assertEqual(tokens["contract"], self.token)
        self.assertGreater(int(tokens["units"]), 999_000 * TOKEN)
        self.assertTrue(9 < float(wallet["coins"]) <= 10, wallet)
        code, _ = self.server.stop()
        self.assertEqual(code, 0)
        code, said, complaint = self.coffer.run("verify", "--config", self.config)
        self.assertEqual((code, complaint), (0, ""), said)

    def test_a_reverted_transfer_comes_back_and_is_told(self):
        self.start()
        selector = "0x" + self.selector_of_refuse()
        self.chain.run(to=self.token, data=f"{selector}{int(PAYEE, 16):064x}")
        self.earn("3.00", "a")
        self.withdraw()
        self.when("FAILED")
        balance = self.ask("/fe/wallet/balance")
        self.assertEqual((balance["earned_balance"], balance["wallet_transaction_error"]),
                         (3, True))
        self.assertEqual(self.chain.tokens(self.token, PAYEE), 0)
        self.chain.run(to=self.token, data=f"{selector}{0:064x}")
        self.withdraw()
        self.when("COMPLETED")
        self.assertFalse(self.ask("/fe/wallet/balance")["wallet_transaction_error"])
        self.assertEqual(self.chain.tokens(self.token, PAYEE), 3 * TOKEN)

    def selector_of_refuse(self):
        return self.chain.ask("web3_sha3", "0x" + b"refuse(address)".hex())[2:10]

    def test_a_server_that_was_killed_finds_what_it_had_sent(self):
        self.start()
        self.chain.ask("evm_setAutomine", False)
        self.earn("1.00", "a")
        self.withdraw()
        sent = self.server.wait_for(lambda: (row := self.newest_withdrawal())["sync_status"]
                                    == "IN_PROGRESS" and row)
        self.server.stop(signal.SIGKILL)
        self.server = self.serve()
        self.assertEqual(self.when("COMPLETED")["tx_hash"], sent["tx_hash"])
        self.assertEqual(self.chain.tokens(self.token, PAYEE), TOKEN)

    def deposit_address(self):
        return self.native("POST", "/v1/players/eve/deposit-address", {"currency": "TOK"})

    def bought(self):
        self.chain.ask("evm_mine")
        return self.ask("/fe/wallet/balance")["bought_balance"]

    def test_what_is_sent_to_a_players_address_is_his(self):
        self.start()
        # As soon as the settler has seen the currency, there are addresses.
        self.server.wait_for(lambda: self.server.call(
            "POST", "/v1/players/eve/deposit-address", {"currency": "TOK"}, NATIVE,
            authorization=f"Bearer {self.key}")[0] in (200, 201))
        given = self.deposit_address()
        self.assertEqual((given["index"], given["chain_id"]), (0, CHAIN_ID))
        self.assertEqual(given["contract"], self.token)
        self.assertEqual(self.deposit_address(), given)
        self.chain.give_tokens(self.token, given["address"], 5 * TOKEN + TOKEN // 4 + 7)
        self.server.wait_for(lambda: self.bought() == 5.25)
        balance = self.ask("/fe/wallet/balance")
        self.assertEqual((balance["on_chain_balance"], balance["lazy_balance_delta"],
                          balance["is_lazy_balance_updated"]), (5.25, 0, True))
        row, = self.ask("/fe/wallet/transactions")["toTransactions"]
        receipt = self.chain.ask("eth_getTransactionReceipt", row["tx_hash"])
        self.assertEqual(row["block_number"], int(receipt["blockNumber"], 16))
        self.assertEqual(row["description"]["type"], "DEPOSIT")
        one, = self.native("GET", "/v1/deposits?player=eve")
        self.assertEqual((one["amount"], one["rest"], one["units"]),
                         ("5.25", "7", str(5 * TOKEN + TOKEN // 4 + 7)))
        self.assertEqual((one["tx_hash"], one["address"]), (row["tx_hash"], given["address"]))
        self.native("GET", f"/v1/transactions/{one['id']}")
        # It is worth a sweep, all of it, and the hot wallet pays the gas.
        had = self.chain.tokens(self.token, KEYSTORE_ADDRESS)
        self.server.wait_for(lambda: self.chain.ask("evm_mine") and
                             self.chain.tokens(self.token, given["address"]) == 0)
        self.assertEqual(self.chain.tokens(self.token, KEYSTORE_ADDRESS) - had,
                         5 * TOKEN + TOKEN // 4 + 7)
        wallet, = self.native("GET", "/v1/hot-wallets", key=self.install_key)
        self.assertEqual(wallet["address"], KEYSTORE_ADDRESS)
        # Killed and started anew it reads the same blocks again.
        self.server.stop(signal.SIGKILL)
        self.server = self.serve()
        self.chain.give_tokens(self.token, given["address"], TOKEN)
        self.server.wait_for(lambda: self.bought() == 6.25)
        self.assertTrue(self.metric('coffer_deposits_recorded_total{chain="anvil"} 1'))
        # What goes out again is no longer on the chain.
        self.earn("2.00", "a")
        self.withdraw()
        self.when("COMPLETED")
        balance = self.ask("/fe/wallet/balance")
        self.assertEqual((balance["on_chain_balance"], balance["lazy_balance_delta"]), (4.25, 2))
        self.server.stop()
        code, said, complaint = self.coffer.run("verify", "--config", self.config)
        self.assertEqual((code, complaint), (0, ""), said)
        code, said, complaint = self.coffer.run("explain", "--config", self.config, one["id"])
        self.assertEqual((code, complaint), (0, ""), said)
        self.assertIn(f"{CHAIN_ID}, transaction {row['tx_hash']}, event", said)

    def test_another_seed_than_the_books_own_is_refused(self):
        self.start()
        self.server.stop()
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        own = 'keystore = "seed.json"\npassword_file = "hot.password"'
        self.assertIn(own, text)
        self.coffer.write("coffer.toml", text.replace(own, 'seed_environment = "SEED"'))
        result = self.coffer.run("serve", "--config", self.config, SEED="0f" * 32)
        self.assert_fails(result, "the addresses in these books follow from another seed")
        self.assertNotIn("0f0f", result[2])

    def test_a_key_that_others_may_read_is_refused(self):
        self.init()
        os.chmod(self.keystore, 0o644)
        result = self.coffer.run("serve", "--config", self.config)
        self.assert_fails(result, "others may read it")
        self.assertNotIn("d172bf74", result[2])
        os.chmod(self.keystore, 0o600)
        self.secret("hot.password", "another")
        self.assert_fails(self.coffer.run("serve", "--config", self.config),
                          "the password is wrong")

    def certificate(self, name, of):
        paths = self.coffer.file(f"{name}.pem"), self.coffer.file(f"{name}.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", f"/CN={name}",
                        "-addext", f"subjectAltName={of}", "-out", paths[0], "-keyout", paths[1]],
                       check=True, capture_output=True)
        return paths

    def serve_by_https(self, certificate, trusted):
        front = Front(self.chain.url, *certificate)
        self.addCleanup(front.close)
        more = f'ca_file = "{trusted}"' if trusted else ""
        self.serve_with_nodes(f'urls = ["{front.url}"]\n{more}')
        return front

    def serve_with_nodes(self, nodes):
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        plain = f'urls = ["{self.chain.url}"]'
        self.assertIn(plain, text)
        self.server = self.serve(self.coffer.write("nodes.toml", text.replace(plain, nodes)))

    def test_a_node_that_dies_when_it_has_taken_a_transaction_costs_nothing(self):
        self.start()
        self.server.stop()
        front = Front(self.chain.url, dies_of="eth_sendRawTransaction")
        self.addCleanup(front.close)
        self.serve_with_nodes(f'urls = ["{front.url}", "{self.chain.url}"]')
        self.earn("2.00", "a")
        self.withdraw()
        self.when("COMPLETED")
        self.assertTrue(front.is_dead)
        self.assertEqual(self.chain.tokens(self.token, PAYEE), 2 * TOKEN)
        used = self.chain.ask("eth_getTransactionCount", KEYSTORE_ADDRESS, "latest")
        self.assertEqual(int(used, 16), 1)
        paid, = self.native("GET", "/v1/withdrawals")
        self.assertEqual(paid["chain"]["attempts"], 1)

    def test_a_node_by_https_is_asked_only_if_its_certificate_is_vouched_for(self):
        self.start()
        self.server.stop()
        right = self.certificate("right", "IP:127.0.0.1")
        self.certificate("other", "IP:127.0.0.1")
        elsewhere = self.certificate("elsewhere", "IP:127.0.0.2")
        # Vouched for by nobody that is known, by somebody else, and for another address.
        for certificate, trusted in ((right, None), (right, "other.pem"),
                                     (elsewhere, "elsewhere.pem")):
            front = self.serve_by_https(certificate, trusted)
            self.earn("1.00", f"under {certificate} {trusted}")
            self.server.wait_for(
                lambda: self.metric('coffer_deposits_alarm{chain="anvil",reason="node"} 1'))
            self.assertEqual(front.asked, 0)
            self.server.stop()
        front = self.serve_by_https(right, "right.pem")
        self.withdraw()
        self.when("COMPLETED")
        self.assertEqual(self.chain.tokens(self.token, PAYEE), 3 * TOKEN)
        self.assertGreater(front.asked, 10)

    def test_the_demo_pays_to_a_test_chain(self):
        chain = Chain(31337)
        self.addCleanup(chain.close)
        self.server = self.coffer.start("demo", "--listen", "127.0.0.1:0", "--store", "memory",
                                        "--data", self.coffer.file("world"), "--chain", chain.url)
        alice = "123e4567-e89b-12d3-a456-426614174000"
        status, answer = self.server.call(
            "POST", f"/v1/players/{alice}/adjustments",
            {"currency": "KGN", "amount": "2.50", "bucket": "earned", "reason": "won"},
            authorization="Bearer demo-admin-key", idempotency_key="a")
        self.assertEqual(status, 201, answer)
        status, session = self.server.call("POST", "/s2s/session", {"user_id": "alice"},
                                           x_client_id="demo-kgen",
                                           x_client_secret="demo-kgen-secret")
        self.assertEqual(status, 200, session)
        self.player = {"user_jwt_token": session["access_token"]}
        before = chain.coins(PAYEE)
        self.withdraw()
        self.server.wait_for(lambda: self.newest_withdrawal()["sync_status"] == "COMPLETED")
        self.assertEqual(chain.coins(PAYEE) - before, 2 * TOKEN + TOKEN // 2)
        # The lines that it prints after those of the dialects bring alice a deposit.
        lines = [line for line in self.server.said().splitlines() if line.startswith("curl ")][6:]
        self.assertEqual(len(lines), 3)
        for line in lines[:2]:
            done = subprocess.run(["bash", "-c", line], capture_output=True, check=True, text=True)
            self.assertIn("0x", json.loads(done.stdout)["result"], line)

        def deposits():
            done = subprocess.run(["bash", "-c", lines[2]], capture_output=True, check=True)
            return json.loads(done.stdout)

        one, = self.server.wait_for(deposits)
        self.assertEqual((one["player"], one["currency"], one["amount"]), (alice, "GEM", "5"))


if __name__ == "__main__":
    unittest.installHandler()
    commands_fixture.run(SettleTest, __doc__)
