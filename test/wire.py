#!/usr/bin/env python3
"""The real program and other people's clients: curl over HTTP/1.1, HTTP/2 and TLS, nghttp, and h2load with
two thousand equal debits that move once.

    test/wire.py --coffer build/release/coffer
"""

import argparse
import decimal
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from demo_program import Caller, Demo, finish, load_player, verify
from program import Program

TWINS = 2000
CONFIG = """
[data]
directory = "books"
[[listen]]
address = "127.0.0.1:0"
certificate = "c.pem"
key = "k.pem"
"""


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60,
                          check=False)
    return done.stdout + done.stderr


def wager(player):
    """The body of an rgs wager of 1.00, and the headers that go with it."""
    body = json.dumps({
        "playerId": load_player(player), "gameUuid": "b23e45a7-9be8-d312-56a4-174000426614",
        "sessionId": load_player(player), "transactionTimestamp": 1632771475000, "currency": "USD",
        "creditAmount": 1, "debitAmount": 0, "roundStarted": True, "roundFinished": False,
        "roundId": "r", "transactionId": "twin", "transactionType": "CREDIT_DEBIT_SPIN"})
    return body, "x-auth-token: demo-rgs-token"


def expect(failures, what, wanted, heard):
    if wanted not in heard:
        failures.append(f"{what}: expected {wanted}, heard {heard[-400:]}")


def cleartext(port, folder, failures):
    """One wager by each client; each hears the balance after its own."""
    url = f"http://127.0.0.1:{port}/credit-debit"
    for player, (what, options) in enumerate({
            "curl h1": ["--http1.1"], "curl h2": ["--http2-prior-knowledge"],
            "curl upgrade": ["--http2"]}.items(), start=1):
        body, token = wager(player)
        heard = run("curl", "-sS", "-i", *options, "-H", token, "-d", body, url)
        expect(failures, what, "HTTP/1.1 200" if "h1" in what or "upgrade" in what else "HTTP/2 200",
               heard)
        expect(failures, what, "999999", heard)
    body, token = wager(4)
    path = pathlib.Path(folder) / "body"
    path.write_text(body, encoding="utf-8")
    expect(failures, "nghttp", ":status: 200", run("nghttp", "-v", "-H", token, "-d", path, url))
    for player, protocol in ((5, []), (6, ["--h1"])):
        body, token = wager(player)
        path.write_text(body, encoding="utf-8")
        heard = run("h2load", "-n", TWINS, "-c", 16, "-m", 8, *protocol, "-H", token, "-d", path, url)
        expect(failures, f"h2load {protocol}", f"{TWINS} 2xx", heard)
    caller = Caller(port)
    for player in range(1, 7):
        balance = decimal.Decimal(caller.balances(player)["USD"])
        if balance != 999_999:
            failures.append(f"player {player} has {balance} after one wager of 1.00")


def over_tls(coffer, failures):
    program = Program(coffer)
    try:
        config = program.write("coffer.toml", CONFIG)
        program.run("init", "--config", config)
        done = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", program.file("k.pem"), "-out",
             program.file("c.pem")], capture_output=True, check=True)
        assert done.returncode == 0
        server = program.start("serve", "--config", config)
        url = f"{server.urls[0]}/auth/get-token"
        assert url.startswith("https://"), url
        trust = ["--cacert", program.file("c.pem"), "-d", '{"secret": "x"}']
        for options, wanted in ((["--http1.1"], "HTTP/1.1 401"), (["--http2"], "HTTP/2 401"),
                                (["--tls-max", "1.2"], "HTTP/2 401"),
                                (["--tlsv1.3"], "HTTP/2 401")):
            expect(failures, f"curl {options}", wanted, run("curl", "-sS", "-i", *options, *trust, url))
        expect(failures, "curl without TLS", "curl: (",
               run("curl", "-sS", url.replace("https", "http")))
        expect(failures, "curl with TLS 1.1", "curl: (",
               run("curl", "-sS", "--tls-max", "1.1", *trust, url))
        body = program.write("body", '{"secret": "x"}')
        expect(failures, "nghttp over TLS", ":status: 401", run("nghttp", "-v", "-d", body, url))
        heard = run("h2load", "-n", 200, "-c", 4, "-d", body, url)
        if not re.search(r"200 4xx", heard):
            failures.append(f"h2load over TLS: {heard[-400:]}")
        if server.stop()[0] != 0:
            failures.append("the server with TLS did not end well")
    finally:
        program.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    options = arguments.parse_args()
    failures = []
    with tempfile.TemporaryDirectory(prefix="coffer-wire-") as folder:
        demo = Demo(options.coffer, pathlib.Path(folder) / "data", players=6).start()
        cleartext(demo.port, folder, failures)
        second = run(options.coffer, "demo", "--listen", "127.0.0.1:0", "--data", demo.data)
        expect(failures, "a second process", f"in use by process {demo.process.pid}", second)
        if demo.stop() != 0:
            failures.append("the demo did not end well")
        if wrong := verify(options.coffer, demo.data):
            failures.append(f"verify: {wrong}")
    over_tls(options.coffer, failures)
    return finish(failures, 16)


if __name__ == "__main__":
    sys.exit(main())
