#!/usr/bin/env python3
"""Two `coffer serve` over one PostgreSQL database pay withdrawals out of the same hot wallets, and look
for the same deposits.

    test/settle_several.py --coffer build/release/coffer

Withdrawals are asked for at both while blocks wait; then the one that holds hot wallets is killed. The
other takes them over when their lease has ended, and each withdrawal is paid once. Then players send tokens
to their deposit addresses while one server after another is killed and a new one started: each transfer is
credited once, and all of it comes to a hot wallet, once.
"""

import argparse
import pathlib
import sys

from chain import Chain
from demo_program import Demo, finish
from postgres_server import PostgresServer
from program import Program

CHAIN_ID = 31337
COUNT = 24
PLAYERS = 4
COIN = 10 ** 18
# The second, third and fourth account of anvil, whose keys it prints.
KEYS = ("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
        "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6")
ADDRESSES = ("0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
             "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
             "0x90f79bf6eb2c4f870365e785982e1f101e93b906")
SEED = "5eed" * 16
TOKEN = 10 ** 18
ROUNDS = 3
CONFIG = """
[data]
directory = "{directory}"
master_key_file = "{key}"
[[listen]]
address = "127.0.0.1:0"
[log]
calls = false
level = "warning"
[[chain]]
name = "anvil"
chain_id = 31337
urls = ["{url}"]
look_every_ms = 50
confirmations = 2
wait_for_finalized = false
lease_s = 2
[[token]]
chain = "anvil"
tenant = "demo"
currency = "KGN"
[[token]]
chain = "anvil"
tenant = "demo"
currency = "GEM"
contract = "{token}"
decimals = 18
sweep_above = "2"
[deposits]
seed_environment = "SEED"
"""
HOT_WALLET = """
[[hot_wallet]]
chain = "anvil"
key_environment = "HOT_WALLET_{number}"
"""


def payee(player):
    return f"0xcc{player:038x}"


class House:
    def __init__(self, coffer, uri, chain, shards):
        self.program, self.uri, self.chain = Program(coffer), uri, chain
        world = pathlib.Path(self.program.file("world"))
        Demo(coffer, world, players=0, store=uri, shards=shards).start().stop()
        self.key = world / "master.key"
        self.token = chain.deploy_token()

    def start(self):
        name = f"coffer-{len(self.program.running)}"
        directory = pathlib.Path(self.program.file(name))
        directory.mkdir(mode=0o700)
        text = CONFIG.format(directory=directory, key=self.key, url=self.chain.url,
                             token=self.token)
        text += "".join(HOT_WALLET.format(number=number) for number in range(len(KEYS)))
        keys = {f"HOT_WALLET_{number}": key for number, key in enumerate(KEYS)}
        server = self.program.start("serve", "--config", self.program.write(name + ".toml", text),
                                    "--store", self.uri, SEED=SEED, **keys)
        told = pathlib.Path(f"/proc/{server.process.pid}/environ").read_bytes()
        for secret in (SEED, *KEYS):
            assert secret.encode() not in told, "the environment still shows a secret"
        return server


def native(server, method, path, body=None, **headers):
    status, answer = server.call(method, path, body, authorization="Bearer demo-admin-key",
                                 **headers)
    assert status in (200, 201), (status, answer)
    return answer


def states(server):
    return [one["state"] for one in native(server, "GET", "/v1/withdrawals?limit=1000")]


def withdraw(server, number):
    player = f"p{number % PLAYERS}"
    for what, more in (("adjustments", {"bucket": "earned"}), ("withdrawals", {})):
        native(server, "POST", f"/v1/players/{player}/{what}",
               {"currency": "KGN", "amount": "1", "reason": "test", **more},
               idempotency_key=f"{what}-{number}")


def check(house, chain):
    first, second = house.start(), house.start()
    for player in range(PLAYERS):
        native(first, "POST", "/v1/players",
               {"id": f"p{player}", "payout_address": payee(player)})
    chain.ask("evm_setAutomine", False)
    for number in range(COUNT):
        withdraw((first, second)[number % 2], number)
    # All are sent, whoever holds the hot wallets, and none is mined.
    second.wait_for(lambda: states(second).count("broadcast") == COUNT)
    first.kill()
    chain.ask("evm_setAutomine", True)

    def all_paid():
        chain.ask("evm_mine")
        return states(second).count("completed") == COUNT

    second.wait_for(all_paid)
    for number in range(COUNT, COUNT + 6):
        withdraw(second, number)
    second.wait_for(lambda: chain.ask("evm_mine") and
                    states(second).count("completed") == COUNT + 6)
    failures = []
    for player in range(PLAYERS):
        asked = sum(1 for number in range(COUNT + 6) if number % PLAYERS == player)
        if (got := chain.coins(payee(player))) != asked * COIN:
            failures.append(f"player {player} got {got / COIN} of {asked}")
    used = sum(int(chain.ask("eth_getTransactionCount", one, "latest"), 16) for one in ADDRESSES)
    if used != COUNT + 6:
        failures.append(f"{used} nonces for {COUNT + 6} withdrawals")
    code, _ = second.stop()
    if code != 0:
        failures.append(f"the second server ended with {code}")
    return failures + verify(house)


def verify(house):
    for server in house.program.running:
        for secret in (SEED, *KEYS):
            assert secret not in server.said(), "a secret is in the log"
    code, said, complaint = house.program.run("verify", "--store", house.uri)
    return [f"verify: {said}{complaint}"] if code != 0 else []


def deposit_address(server, player):
    status, given = server.call("POST", f"/v1/players/p{player}/deposit-address",
                                {"currency": "GEM"}, authorization="Bearer demo-admin-key")
    return given["address"] if status in (200, 201) else None


def bought(server, player):
    wallets = native(server, "GET", f"/v1/players/p{player}/wallets")
    found = [one["buckets"]["bought"] for one in wallets if one["currency"] == "GEM"]
    return int(found[0]) if found else 0


def check_deposits(house, chain):
    servers = [house.start(), house.start()]
    addresses = [servers[player % 2].wait_for(lambda p=player: deposit_address(servers[p % 2], p))
                 for player in range(PLAYERS)]
    had = chain.tokens(house.token, ADDRESSES[0])
    sent = [0] * PLAYERS
    transfers = 0

    def send(count):
        nonlocal transfers
        for number in range(count):
            player = number % PLAYERS
            tokens = 1 + (transfers + number) % 3
            chain.give_tokens(house.token, addresses[player], tokens * TOKEN)
            sent[player] += tokens
            transfers += 1

    for _ in range(ROUNDS):
        send(PLAYERS)
        victim, other = servers
        # Some of it is credited, some is final and some is not, whoever moves it at this moment.
        other.wait_for(lambda: chain.ask("evm_mine") and
                       len(native(other, "GET", "/v1/deposits?limit=1000")) > transfers - PLAYERS)
        send(PLAYERS)
        victim.kill()
        send(PLAYERS)
        servers = [other, house.start()]

    last = servers[1]
    last.wait_for(lambda: chain.ask("evm_mine") and
                  [bought(last, player) for player in range(PLAYERS)] == sent)
    # What is left at an address is less than is swept; so each gets enough for one last sweep.
    send(PLAYERS)
    send(PLAYERS)
    last.wait_for(lambda: chain.ask("evm_mine") and
                  [bought(last, player) for player in range(PLAYERS)] == sent and
                  not any(chain.tokens(house.token, one) >= 2 * TOKEN for one in addresses))
    failures = []
    known = native(last, "GET", "/v1/deposits?limit=1000")
    names = {(one["tx_hash"], one["log_index"]) for one in known}
    if len(known) != transfers or len(names) != transfers:
        failures.append(f"{len(known)} deposits, {len(names)} of them different, of {transfers}")
    left = sum(chain.tokens(house.token, one) for one in addresses)
    swept = chain.tokens(house.token, ADDRESSES[0]) - had
    if swept + left != sum(sent) * TOKEN:
        failures.append(f"{swept / TOKEN} swept and {left / TOKEN} left of {sum(sent)}")
    for server in servers:
        if (code := server.stop()[0]) != 0:
            failures.append(f"a server ended with {code}")
    return failures + verify(house)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--coffer", required=True)
    parser.add_argument("--shards", type=int, default=0)
    options = parser.parse_args()
    chain = Chain(CHAIN_ID)
    try:
        with PostgresServer() as database:
            house = House(options.coffer, database.uri(), chain, options.shards)
            try:
                failures = check(house, chain) + check_deposits(house, chain)
            finally:
                house.program.close()
    finally:
        chain.close()
    return finish(failures, 2)


if __name__ == "__main__":
    sys.exit(main())
