"""Tenants that are furnished alike, for tenants.py: what one has, the other has its like of."""

import base64
import copy
import datetime
import hashlib
import hmac
import http.client
import itertools
import json
import time
import uuid

INSTALL_KEY = "demo-install-key"
SCOPES = ("read", "play", "cashier", "admin")
DIALECTS = ("operator", "integrator", "rgs", "sverse", "kgen")
GAME = "b23e45a7-9be8-d312-56a4-174000426614"
BETS = 24
DEAD_AFTER_S = 1.5  # what is to be expired lives so long


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body) if self.body else None

    def comparable(self):
        """Everything but the request's own id and the clock."""
        skipped = ("date", "x-request-id")
        headers = sorted((name.lower(), value) for name, value in self.headers
                         if name.lower() not in skipped)
        body = self.body
        own = next((value for name, value in self.headers if name.lower() == "x-request-id"), "")
        body = body.replace(own.encode(), b"REQUEST") if own else body
        try:
            request_id = json.loads(body).get("request_id", "")
        except (ValueError, AttributeError):
            request_id = ""
        if request_id:
            body = body.replace(request_id.encode(), b"REQUEST")
        return self.status, headers, body

    def __str__(self):
        return f"{self.status} {self.body.decode('utf-8', 'backslashreplace')[:300]}"


class Http:
    """One call a connection. Each comes from an address of its own, so that the brake on guessed
    secrets, which counts by address, does not answer for the credentials."""

    def __init__(self, port):
        self.port = port
        self.addresses = itertools.cycle(range(2, 250))
        self.calls = 0

    def send(self, method, target, headers=(), body=None):
        self.calls += 1
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=20,
            source_address=(f"127.0.0.{next(self.addresses)}", 0))
        content = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        try:
            connection.request(method, target, body=content, headers=dict(headers))
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def native(self, key, method, target, body=None, expect=(200, 201, 204)):
        headers = {"authorization": f"Bearer {key}", "idempotency-key": str(uuid.uuid4())}
        answer = self.send(method, target, headers, body)
        if answer.status not in expect:
            raise RuntimeError(f"{method} {target} {body}: {answer}")
        return answer.json()


def soon():
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=DEAD_AFTER_S)
    return end.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def basic(pair):
    return "Basic " + base64.b64encode(f"{pair[0]}:{pair[1]}".encode()).decode()


def signature(key, body):
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def jwt(key, claims, algorithm="HS256"):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = part(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()) + "." + \
        part(json.dumps(claims).encode())
    return signed + "." + part(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())


class Tenant:
    """`subject` holds every id by which a call can name something here; the credentials are by
    dialect and by state: live, expired, revoked."""

    def __init__(self, http_client, label, number, money):
        self.http = http_client
        self.label = label
        self.money = money
        self.subject = {"currency": label.upper(), "player": str(uuid.uuid4()), "number": number,
                        "user": f"user-{label}", "game_code": f"game-{label}", "new_id": None,
                        "login_name": None}
        self.make_keys()
        self.make_integrations()
        self.make_player()
        self.make_withdrawal()
        self.make_sessions()
        dead_at = time.monotonic() + DEAD_AFTER_S + 0.1
        self.make_history()
        time.sleep(max(0.0, dead_at - time.monotonic()))
        self.make_spare()

    def call(self, method, target, body=None, **more):
        return self.http.native(self.key, method, target, body, **more)

    def make_keys(self):
        http_client = self.http
        tenant = http_client.native(INSTALL_KEY, "POST", "/v1/tenants", {"name": self.label})
        self.subject["tenant"] = tenant["id"]
        self.key = http_client.native(INSTALL_KEY, "POST", f"/v1/tenants/{tenant['id']}/keys",
                                      {"scopes": SCOPES})["secret"]
        self.scoped = {scope: self.call("POST", "/v1/keys", {"scopes": [scope]})["secret"]
                       for scope in SCOPES}
        revoked = self.call("POST", "/v1/keys", {"scopes": SCOPES})
        self.call("DELETE", "/v1/keys/" + revoked["id"])
        expired = self.call("POST", "/v1/keys", {"scopes": SCOPES, "expires_at": soon()})
        self.dead_keys = {"expired": expired["secret"], "revoked": revoked["secret"]}
        self.subject["key"] = self.call("POST", "/v1/keys", {"scopes": ["read"]})["id"]

    def make_integrations(self):
        code = self.subject["currency"]
        self.call("POST", "/v1/currencies", {"code": code, "name": code, "scale": 2})
        self.add_integrations(self.label)

    def add_integrations(self, label):
        code = self.subject["currency"]
        settings = {"integrator": {"provider_ids": [1]},
                    "sverse": {"game_code": "game-" + label}}
        kinds = {"operator": ["secret"], "rgs": ["secret"], "integrator": ["basic", "signing_key"],
                 "sverse": ["client_key", "server_key"], "kgen": ["basic", "signing_key"]}
        self.integrations, self.credentials = {}, {}
        for dialect in DIALECTS:
            made = self.call("POST", "/v1/integrations", {
                "dialect": dialect, "name": f"{label}-{dialect}", "currencies": [code],
                "settings": settings.get(dialect, {})})
            self.integrations[dialect] = made["id"]
            for kind in kinds[dialect]:
                self.credentials[dialect, kind] = self.make_credentials(made["id"], kind)
        self.subject["integration"] = self.integrations["rgs"]

    def sibling(self):
        """The same tenant, as another integration of each dialect sees it."""
        other = copy.copy(self)
        other.subject = dict(self.subject)
        other.add_integrations(self.label + "-2")
        other.sessions = dict(self.sessions)
        other.sessions["kgen"] = {"live": other.open("kgen")["token"]}
        return other

    def make_credentials(self, integration, kind):
        path = f"/v1/integrations/{integration}/credentials"
        revoked = self.call("POST", path, {"kind": kind})
        self.call("DELETE", f"{path}/{revoked['id']}")
        expired = self.call("POST", path, {"kind": kind, "expires_at": soon()})
        live = self.call("POST", path, {"kind": kind})

        def secret(one):
            return (one["client_id"], one["secret"]) if kind == "basic" else one["secret"]

        return {"live": secret(live), "expired": secret(expired), "revoked": secret(revoked)}

    def make_player(self):
        subject = self.subject
        self.call("POST", "/v1/players", {"id": subject["player"], "aliases": [
            {"integration": self.integrations["integrator"], "external_id": str(subject["number"]),
             "site_id": 1},
            {"integration": self.integrations["kgen"], "external_id": subject["user"]}]})
        for bucket in ("bought", "earned"):
            self.call("POST", f"/v1/players/{subject['player']}/deposits", {
                "currency": subject["currency"], "amount": self.money, "bucket": bucket,
                "reason": "start"})
        promotion = self.call("POST", "/v1/promotions", {
            "id": "promotion-" + self.label, "player": subject["player"],
            "currency": subject["currency"], "budget": "10"})
        subject["promotion"] = promotion["id"]

    def make_withdrawal(self):
        """One to a chain, in a currency of its own, that waits for approval."""
        code, player = self.subject["currency"] + "C", "/v1/players/" + self.subject["player"]
        self.call("POST", "/v1/currencies",
                  {"code": code, "name": code, "scale": 2, "chain_scale": 18})
        self.call("PUT", f"/v1/currencies/{code}/withdrawal-policy", {"approval_above": "1"})
        self.call("PUT", player + "/payout-address", {"address": "0x" + "b" * 40})
        self.call("POST", player + "/deposits", {
            "currency": code, "amount": "5", "bucket": "earned", "reason": "start"})
        withdrawal = self.call("POST", player + "/withdrawals", {
            "currency": code, "amount": "5", "reason": "start"})
        self.subject["withdrawal"] = withdrawal["id"]

    def open(self, dialect, **more):
        subject = self.subject
        return self.call("POST", "/v1/sessions", {
            "integration": self.integrations[dialect], "player": subject["player"],
            "currency": subject["currency"], **more})

    def make_sessions(self):
        self.sessions = {}
        for dialect in DIALECTS:
            revoked = self.open(dialect)
            self.call("DELETE", "/v1/sessions/" + revoked["id"])
            self.sessions[dialect] = {"live": self.open(dialect)["token"],
                                      "expired": self.open(dialect, ttl_s=1)["token"],
                                      "revoked": revoked["token"]}
        spare = self.open("sverse")
        self.subject["session"] = spare["id"]
        self.subject["launch_token"] = self.sessions["integrator"]["live"]
        self.subject["player_token"] = self.open("rgs")["token"]
        self.subject["sverse_session"] = self.sessions["sverse"]["live"]

    def make_history(self):
        subject = self.subject
        pair = self.credentials["kgen", "basic"]["live"]
        subject["refresh_token"] = self.http.send(
            "POST", "/s2s/session", {"x-client-id": pair[0], "x-client-secret": pair[1]},
            {"user_id": subject["user"]}).json()["refresh_token"]
        subject["rgs_session"] = self.http.send(
            "GET", f"/session?playerToken={self.sessions['rgs']['live']}&gameUuid={GAME}",
            {"x-auth-token": self.credentials["rgs", "secret"]["live"]}).json()["sessionId"]
        body = json.dumps({"token": subject["launch_token"], "player_id": subject["number"],
                           "site_id": 1, "currency": subject["currency"]}).encode()
        self.http.send("POST", "/api/wallet/authenticate", self.integrator_headers(body), body)
        # Enough ids that each is another's but once in the test.
        self.bets = [f"bet-{self.label}-{count}" for count in range(BETS)]
        subject["round_name"], subject["external_id"] = "round-" + self.label, self.bets[-1]
        for bet in self.bets:
            self.place(bet)
        subject["transaction"] = self.call("GET", "/v1/transactions?kind=wager")[-1]["id"]
        subject["round"] = self.call("GET", "/v1/rounds")[0]["id"]

    def place(self, bet):
        """The same id in rgs and in integrator: two movements."""
        subject = self.subject
        in_rgs = {"playerId": subject["player"], "amount": 1, "gameUuid": GAME,
                  "sessionId": subject["rgs_session"], "roundId": subject["round_name"],
                  "transactionId": bet, "transactionType": "CREDIT_SPIN", "transactionTimestamp": 1,
                  "roundFinished": False, "currency": subject["currency"]}
        body = json.dumps({"token": subject["launch_token"], "player_id": subject["number"],
                           "site_id": 1, "provider_id": 1, "game_id": "game",
                           "currency": subject["currency"], "amount": 1, "transaction_id": bet,
                           "round_id": subject["round_name"]}).encode()
        token = {"x-auth-token": self.credentials["rgs", "secret"]["live"]}
        for answer in (self.http.send("POST", "/credit", token, in_rgs),
                       self.http.send("POST", "/api/wallet/debit", self.integrator_headers(body),
                                      body)):
            if answer.status != 200:
                raise RuntimeError(f"a bet: {answer}")

    def make_spare(self):
        """One more credential, once the one that was to expire has made room for it."""
        path = f"/v1/integrations/{self.integrations['rgs']}/credentials"
        self.subject["credential"] = self.call("POST", path, {})["id"]

    def integrator_headers(self, body, pair=None, key=None):
        pair = pair or self.credentials["integrator", "basic"]["live"]
        key = key or self.credentials["integrator", "signing_key"]["live"]
        return {"authorization": basic(pair), "x-request-signature": signature(key, body)}

    def snapshot(self):
        """All that a tenant can see of itself, but when its keys were used last."""
        paths = ["/v1/keys", "/v1/integrations", "/v1/currencies", "/v1/promotions",
                 "/v1/players/" + self.subject["player"], "/v1/transactions?limit=1000",
                 f"/v1/players/{self.subject['player']}/wallets", "/v1/rounds?limit=1000",
                 "/v1/withdrawals",
                 f"/v1/currencies/{self.subject['currency']}/withdrawal-policy"]
        seen = {path: self.call("GET", path) for path in paths}

        def without_use(value):
            if isinstance(value, dict):
                return {name: without_use(item) for name, item in value.items()
                        if name != "last_used_at"}
            return [without_use(item) for item in value] if isinstance(value, list) else value

        return without_use(seen)
