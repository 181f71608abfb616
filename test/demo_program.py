"""`coffer demo` as a process whose data outlives it, and calls to it in four dialects.

A Demo is started, killed and started again on the same data. A Caller is one keep-alive connection; its
movements are idempotent, so that a call whose answer was lost can be sent again.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import time

READY_S = 60


def load_player(index):
    """The native id of load player `index` (1..), which is also its integrator token and rgs session."""
    return f"00000000-0000-4000-8000-{index:012x}"


class Demo:
    def __init__(self, coffer, data, players=0, store="rocksdb", shards=0):
        self.command = [coffer, "demo", "--listen", "127.0.0.1:0", "--store", store, "--data",
                        str(data)]
        self.command += ["--players", str(players)] if players else []
        self.command += ["--shards", str(shards)] if shards else []
        self.data = data
        self.log_path = pathlib.Path(str(data) + ".log")
        self.process = None
        self.port = None

    def start(self):
        self.log_path.write_text("")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT)
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self.process.poll() is None:
            said = self.log_path.read_text(errors="replace")
            if match := re.search(r"listening on http://[^\s:]+:(\d+)", said):
                self.port = int(match.group(1))
                return self
            time.sleep(0.01)
        raise RuntimeError(f"the demo did not start:\n{self.log_path.read_text()[-2000:]}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Drains; returns the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=30)


class Caller:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.operator_token = None

    def call(self, method, path, headers, body=None):
        """(status, JSON); OSError or HTTPException when the answer is lost."""
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, headers)
        response = self.connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if content else None

    def integrator(self, verb, player, currency="EUR", **fields):
        body = {"token": load_player(player), "player_id": 1000 + player, "site_id": 1,
                "provider_id": 1, "game_id": "game", "currency": currency, **fields}
        text = json.dumps(body)
        signature = hmac.new(b"demo-integrator-signing-key", text.encode(), hashlib.sha256).hexdigest()
        basic = base64.b64encode(b"demo-integrator:demo-integrator-secret").decode()
        self.connection.request("POST", f"/api/wallet/{verb}", text,
                                {"authorization": "Basic " + basic, "x-request-signature": signature})
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def rgs(self, path, player, **fields):
        body = {"playerId": load_player(player), "gameUuid": "b23e45a7-9be8-d312-56a4-174000426614",
                "sessionId": load_player(player), "transactionTimestamp": 1632771475000,
                "currency": "USD", **fields}
        return self.call("POST", path, {"x-auth-token": "demo-rgs-token"}, body)

    def native(self, method, path, body=None, key=None, bearer="demo-admin-key"):
        headers = {"authorization": "Bearer " + bearer}
        if key:
            headers["idempotency-key"] = key
        return self.call(method, path, headers, body)

    def operator(self, verb, player, amount, key):
        if self.operator_token is None:
            status, answer = self.call("POST", "/auth/get-token", {},
                                       {"secret": "demo-operator-secret"})
            if status != 200:
                return status, answer
            self.operator_token = answer["session_token"]
        return self.call("POST", f"/transaction/{verb}",
                         {"authorization": "Bearer " + self.operator_token, "idempotency-key": key},
                         {"user_id": load_player(player), "amount": amount, "message": "m",
                          "pow_id": "game"})

    def balances(self, player):
        """Units of each currency with its decimals, as text."""
        _, wallets = self.native("GET", f"/v1/players/{load_player(player)}/wallets")
        return {wallet["currency"]: wallet["balance"] for wallet in wallets}


def verify(coffer, data):
    """`coffer verify`; what it said, or None when all is well."""
    done = subprocess.run([coffer, "verify", "--data", str(data)], capture_output=True, text=True,
                          check=False)
    return None if done.returncode == 0 else done.stdout + done.stderr


def finish(failures, checks):
    """Prints the result of a script and gives its exit code."""
    for failure in failures[:20]:
        print("FAILED:", failure)
    print(f"{checks - min(len(failures), checks)} passed, {len(failures)} failed")
    return os.EX_OK if not failures and checks > 0 else 1
