"""A call to every route of every dialect, for tenants.py.

A builder takes a credential and a subject (what the call names) and gives method, target, headers
and body. It asks the subject for each name it uses, so that the test can put another's name there,
one at a time.
"""

import json
import uuid

from tenants_world import GAME, basic, signature


def bearer(token):
    return {} if token is None else {"authorization": f"Bearer {token}"}


def new_id(subject):
    """A transaction id for a new movement; the subject's where the test puts another's there."""
    return subject["new_id"] or str(uuid.uuid4())


# ---- native --------------------------------------------------------------------------------------


def native(method, pattern, body=None, **names):
    """`names`: what fills the braces of the pattern, as keys of the subject."""

    def build(credential, subject):
        target = pattern
        for brace, name in names.items():
            target = target.replace("{" + brace + "}", str(subject[name]))
        content = body(subject) if body else None
        return method, target, {**bearer(credential), "idempotency-key": str(uuid.uuid4())}, content

    return build


def money(subject):
    return {"currency": subject["currency"], "amount": "1", "reason": "test"}


def session(subject):
    return {"integration": subject["integration"], "player": subject["player"],
            "currency": subject["currency"]}


def player_with_alias(subject):
    return {"aliases": [{"integration": subject["integration"], "external_id": str(uuid.uuid4())}]}


def promotion(subject):
    return {"id": str(uuid.uuid4()), "player": subject["player"], "currency": subject["currency"],
            "budget": "1"}


def integration(subject):
    return {"dialect": "rgs", "name": str(uuid.uuid4()), "currencies": [subject["currency"]]}


NATIVE = {
    ("POST", "/v1/tenants"): native("POST", "/v1/tenants", lambda subject: {"name": "third"}),
    ("GET", "/v1/tenants"): native("GET", "/v1/tenants"),
    ("POST", "/v1/tenants/{id}/keys"): native(
        "POST", "/v1/tenants/{id}/keys", lambda subject: {"scopes": ["read"]}, id="tenant"),
    ("POST", "/v1/keys"): native("POST", "/v1/keys", lambda subject: {"scopes": ["read"]}),
    ("GET", "/v1/keys"): native("GET", "/v1/keys"),
    ("DELETE", "/v1/keys/{id}"): native("DELETE", "/v1/keys/{id}", id="key"),
    ("POST", "/v1/integrations"): native("POST", "/v1/integrations", integration),
    ("GET", "/v1/integrations"): native("GET", "/v1/integrations"),
    ("PATCH", "/v1/integrations/{id}"): native(
        "PATCH", "/v1/integrations/{id}", lambda subject: {"name": str(uuid.uuid4())},
        id="integration"),
    ("POST", "/v1/integrations/{id}/credentials"): native(
        "POST", "/v1/integrations/{id}/credentials", lambda subject: {}, id="integration"),
    ("DELETE", "/v1/integrations/{id}/credentials/{credential}"): native(
        "DELETE", "/v1/integrations/{id}/credentials/{credential}", id="integration",
        credential="credential"),
    ("POST", "/v1/currencies"): native(
        "POST", "/v1/currencies",
        lambda subject: {"code": uuid.uuid4().hex, "name": "x", "scale": 0}),
    ("GET", "/v1/currencies"): native("GET", "/v1/currencies"),
    ("POST", "/v1/players"): native("POST", "/v1/players", player_with_alias),
    ("GET", "/v1/players"): native(
        "GET", "/v1/players?integration={i}&external_id={e}", i="integration", e="player"),
    ("GET", "/v1/players/{id}"): native("GET", "/v1/players/{id}", id="player"),
    ("POST", "/v1/players/{id}/block"): native(
        "POST", "/v1/players/{id}/block", lambda subject: {"reason": "test"}, id="player"),
    ("POST", "/v1/players/{id}/unblock"): native("POST", "/v1/players/{id}/unblock", id="player"),
    ("PUT", "/v1/players/{id}/payout-address"): native(
        "PUT", "/v1/players/{id}/payout-address", lambda subject: {"address": "0x" + "a" * 40},
        id="player"),
    ("PUT", "/v1/players/{id}/limits"): native(
        "PUT", "/v1/players/{id}/limits",
        lambda subject: {"limits": [{"currency": subject["currency"], "wager_max": "1"}]},
        id="player"),
    ("GET", "/v1/players/{id}/wallets"): native("GET", "/v1/players/{id}/wallets", id="player"),
    ("POST", "/v1/players/{id}/deposits"): native(
        "POST", "/v1/players/{id}/deposits", money, id="player"),
    ("POST", "/v1/players/{id}/withdrawals"): native(
        "POST", "/v1/players/{id}/withdrawals", money, id="player"),
    ("POST", "/v1/players/{id}/adjustments"): native(
        "POST", "/v1/players/{id}/adjustments", money, id="player"),
    ("POST", "/v1/players/{id}/deposit-address"): native(
        "POST", "/v1/players/{id}/deposit-address",
        lambda subject: {"currency": subject["currency"]}, id="player"),
    ("POST", "/v1/sessions"): native("POST", "/v1/sessions", session),
    ("DELETE", "/v1/sessions/{id}"): native("DELETE", "/v1/sessions/{id}", id="session"),
    ("GET", "/v1/transactions"): native(
        "GET", "/v1/transactions?player={p}&integration={i}&currency={c}&external_id={e}&round={r}",
        p="player", i="integration", c="currency", e="external_id", r="round_name"),
    ("GET", "/v1/transactions/{id}"): native("GET", "/v1/transactions/{id}", id="transaction"),
    ("POST", "/v1/transactions/{id}/reversal"): native(
        "POST", "/v1/transactions/{id}/reversal", lambda subject: {"reason": "test"},
        id="transaction"),
    ("GET", "/v1/rounds"): native(
        "GET", "/v1/rounds?player={p}&integration={i}", p="player", i="integration"),
    ("GET", "/v1/rounds/{id}"): native("GET", "/v1/rounds/{id}", id="round"),
    ("POST", "/v1/rounds/{id}/close"): native("POST", "/v1/rounds/{id}/close", id="round"),
    ("GET", "/v1/withdrawals"): native("GET", "/v1/withdrawals"),
    ("POST", "/v1/withdrawals/{id}/cancel"): native(
        "POST", "/v1/withdrawals/{id}/cancel", lambda subject: {"reason": "test"}, id="withdrawal"),
    ("POST", "/v1/withdrawals/{id}/retry"): native(
        "POST", "/v1/withdrawals/{id}/retry", id="withdrawal"),
    ("POST", "/v1/withdrawals/{id}/approve"): native(
        "POST", "/v1/withdrawals/{id}/approve", id="withdrawal"),
    ("GET", "/v1/deposits"): native("GET", "/v1/deposits?player={p}", p="player"),
    ("PUT", "/v1/currencies/{code}/withdrawal-policy"): native(
        "PUT", "/v1/currencies/{code}/withdrawal-policy", lambda subject: {"approval_above": "1000000"},
        code="currency"),
    ("GET", "/v1/currencies/{code}/withdrawal-policy"): native(
        "GET", "/v1/currencies/{code}/withdrawal-policy", code="currency"),
    ("GET", "/v1/hot-wallets"): native("GET", "/v1/hot-wallets"),
    ("POST", "/v1/chains/{id}/pause"): native(
        "POST", "/v1/chains/31337/pause", lambda subject: {"reason": "test"}),
    ("POST", "/v1/chains/{id}/resume"): native("POST", "/v1/chains/31337/resume"),
    ("POST", "/v1/promotions"): native("POST", "/v1/promotions", promotion),
    ("GET", "/v1/promotions"): native("GET", "/v1/promotions"),
}

# ---- operator ------------------------------------------------------------------------------------


def operator_move(path):
    def build(token, subject):
        body = {"user_id": subject["player"], "amount": 1, "pow_id": "hand"}
        return "POST", path, bearer(token), body

    return build


def get_token(secret, subject):
    return "POST", "/auth/get-token", {}, {} if secret is None else {"secret": secret}


OPERATOR = {
    ("POST", "/auth/get-token"): get_token,
    ("GET", "/get-balance/{user_id}"): lambda token, subject: (
        "GET", f"/get-balance/{subject['player']}", bearer(token), None),
    ("POST", "/transaction/debit"): operator_move("/transaction/debit"),
    ("POST", "/transaction/credit"): operator_move("/transaction/credit"),
    ("GET", "/transactions"): lambda token, subject: (
        "GET", f"/transactions?user_id={subject['player']}"
        f"&game_session_hash={subject['round_name']}", bearer(token), None),
}

# ---- integrator ----------------------------------------------------------------------------------


def integrator(verb, fields):
    looks_back = verb in ("rollback", "status")

    def build(credential, subject):
        every = {"token": lambda: subject["launch_token"], "player_id": lambda: subject["number"],
                 "site_id": lambda: 1, "provider_id": lambda: 1, "game_id": lambda: "game",
                 "currency": lambda: subject["currency"], "amount": lambda: 1,
                 "round_id": lambda: subject["round_name"], "action": lambda: "debit",
                 "transaction_id":
                     lambda: subject["external_id"] if looks_back else new_id(subject)}
        body = json.dumps({name: every[name]() for name in fields}).encode()
        headers = {}
        if credential is not None:
            pair, key = credential
            headers = {"authorization": basic(pair), "x-request-signature": signature(key, body)}
        return "POST", "/api/wallet/" + verb, headers, body

    return build


WHO = ["token", "player_id", "site_id", "currency"]
MOVE = WHO + ["provider_id", "game_id", "amount", "round_id", "transaction_id"]
INTEGRATOR = {
    ("POST", "/api/wallet/authenticate"): integrator("authenticate", WHO),
    ("POST", "/api/wallet/balance"): integrator("balance", WHO + ["provider_id", "game_id"]),
    ("POST", "/api/wallet/debit"): integrator("debit", MOVE),
    ("POST", "/api/wallet/credit"): integrator("credit", MOVE),
    ("POST", "/api/wallet/rollback"): integrator("rollback", MOVE),
    ("POST", "/api/wallet/status"): integrator("status", MOVE + ["action"]),
}

# ---- rgs -----------------------------------------------------------------------------------------


def rgs_headers(token):
    return {} if token is None else {"x-auth-token": token}


def rgs_move(path, kind=None, **more):
    def build(token, subject):
        is_rollback = path == "/credit/rollback"
        body = {"playerId": subject["player"],
                "transactionId": subject["external_id"] if is_rollback else new_id(subject),
                "transactionTimestamp": 1, "currency": subject["currency"], "amount": 1}
        if path != "/tournament-prize":
            body |= {"gameUuid": GAME, "sessionId": subject["rgs_session"],
                     "roundId": subject["round_name"]}
        if kind:
            body |= {"transactionType": kind, "roundFinished": False}
        if kind and kind.startswith("FREEBET"):
            body["promotionExternalId"] = subject["promotion"]
        return "POST", path, rgs_headers(token), body | more

    return build


def rgs_question(path, **names):
    def build(token, subject):
        query = "&".join(f"{name}={subject[key]}" for name, key in names.items())
        return "GET", f"{path}?gameUuid={GAME}&{query}", rgs_headers(token), None

    return build


RGS = {
    ("GET", "/session"): rgs_question("/session", playerToken="player_token"),
    ("GET", "/balance"): rgs_question("/balance", playerId="player", sessionId="rgs_session",
                                      currency="currency", promotionExternalId="promotion"),
    ("POST", "/debit"): rgs_move("/debit", "DEBIT_SPIN"),
    ("POST", "/credit"): rgs_move("/credit", "FREEBET_CREDIT_SPIN"),
    ("POST", "/credit-debit"): rgs_move("/credit-debit", "CREDIT_DEBIT_SPIN", creditAmount=1,
                                        debitAmount=1, roundStarted=True),
    ("POST", "/credit/rollback"): rgs_move("/credit/rollback"),
    ("POST", "/tournament-prize"): rgs_move("/tournament-prize"),
}

# ---- sverse --------------------------------------------------------------------------------------
# A credential here is (api key, session).


def api_key(credential):
    key = credential[0] if credential else None
    return {} if key is None else {"x-api-key": key}


def sverse_session(method, path):
    def build(credential, subject):
        token = credential[1] if credential else None
        return method, path(subject), bearer(token), None

    return build


def login(path):
    def build(credential, subject):
        name = subject["login_name"] or uuid.uuid4().hex
        return "POST", path, api_key(credential), {
            "gameCode": subject["game_code"], "email": f"{name}@players.example", "username": name,
            "password": "correct horse"}

    return build


def transact(credential, subject):
    path = f"/api/public/wallets/{subject['currency']}/transactions"
    return "POST", path, api_key(credential), {"sessionId": subject["sverse_session"], "amount": 1,
                                               "type": "debit", "reason": "test"}


SVERSE = {
    ("POST", "/api/public/auth/register"): login("/api/public/auth/register"),
    ("POST", "/api/public/auth/login"): login("/api/public/auth/login"),
    ("POST", "/api/public/auth/logout"): sverse_session(
        "POST", lambda subject: "/api/public/auth/logout"),
    ("POST", "/api/public/auth/refresh"): sverse_session(
        "POST", lambda subject: "/api/public/auth/refresh"),
    ("GET", "/api/public/users/balance"): sverse_session(
        "GET", lambda subject: "/api/public/users/balance"),
    ("GET", "/api/public/wallets/{currencyCode}/transactions"): sverse_session(
        "GET", lambda subject: f"/api/public/wallets/{subject['currency']}/transactions"),
    ("POST", "/api/public/wallets/{currencyCode}/transactions"): transact,
    ("GET", "/api/private/users/{identity}/wallets/balance"): lambda credential, subject: (
        "GET", f"/api/private/users/{subject['player']}/wallets/balance", api_key(credential),
        None),
}

# ---- kgen ----------------------------------------------------------------------------------------


def kgen_server(path, body):
    def build(pair, subject):
        headers = {} if pair is None else {"x-client-id": pair[0], "x-client-secret": pair[1]}
        return "POST", path, headers, body(subject)

    return build


def kgen_user(method, path):
    def build(token, subject):
        return method, path, {} if token is None else {"user-jwt-token": token}, None

    return build


KGEN = {
    ("POST", "/s2s/session"): kgen_server(
        "/s2s/session", lambda subject: {"user_id": "fresh user"}),
    ("POST", "/s2s/session/refresh"): kgen_server(
        "/s2s/session/refresh", lambda subject: {"refresh_token": subject["refresh_token"]}),
    ("GET", "/fe/wallet/balance"): kgen_user("GET", "/fe/wallet/balance"),
    ("GET", "/fe/wallet/transactions"): kgen_user("GET", "/fe/wallet/transactions"),
    ("POST", "/fe/wallet/withdraw"): kgen_user("POST", "/fe/wallet/withdraw"),
}

CALLS = {"native": NATIVE, "operator": OPERATOR, "integrator": INTEGRATOR, "rgs": RGS,
         "sverse": SVERSE, "kgen": KGEN}
