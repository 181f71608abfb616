#!/usr/bin/env python3
"""Two tenants on one real server: nobody gets at what is not his, or learns that it is there.

    test/tenants.py --coffer build/release/coffer [--store memory]

Every route of every dialect is called with every wrong credential: none, garbage, an expired one,
a revoked one, another integration's, another tenant's, one with too small a scope. All are refused,
those that are not live in the same words, and nothing has happened. Then every route is called by
a live credential with every id of the other tenant in turn: the answer is that to an id that never
was. Last, the same calls with their own ids work, so that it was not the calls that were wrong.
"""

import argparse
import re
import sys
import time
import uuid

import golden
import golden_matrix
from tenants_calls import CALLS
from tenants_world import INSTALL_KEY, Http, Tenant, jwt

# Names that a tenant chooses itself: another's may be used, and then it is one's own.
OWN_WORDS = {"new_id", "external_id", "round_name"}
NOT_IDS = {"game_code", "login_name"}
# What would make other calls impossible, in the order in which it is done at the end.
LAST = ["/api/wallet/status", "/api/wallet/rollback", "/api/wallet/credit", "/credit/rollback",
        "/credit-debit", "/credit", "/debit", "/v1/transactions/{id}/reversal",
        "/v1/rounds/{id}/close", "/v1/withdrawals/{id}/approve", "/v1/withdrawals/{id}/cancel",
        "/v1/integrations/{id}/credentials/{credential}", "/v1/integrations/{id}/credentials"]
# What this world, which has no chain, cannot give even to its owner, and how it says so.
WITHOUT_A_CHAIN = {"/v1/players/{id}/deposit-address": 409, "/v1/withdrawals/{id}/retry": 409}
UNKNOWN = {"number": 999_999_999, "currency": "NIL"}
NATIVE_ROUTE = re.compile(
    r"\{Method::(\w+),\s*\"(/[^\"]*)\",\s*\"[^\"]+\",\s*((?:scope_\w+[\s|]*)+),", re.DOTALL)
BALANCE = re.compile(rb'"balance": ?"?(-?[\d.]+)')


class Report:
    def __init__(self):
        self.wrong = []

    def expect(self, truth, text):
        if not truth:
            self.wrong.append(text)


class Recorder(dict):
    """A subject that remembers which of its names were asked for."""

    def __init__(self, subject):
        super().__init__(subject)
        self.used = []

    def __getitem__(self, name):
        if name not in self.used:
            self.used.append(name)
        return super().__getitem__(name)


def sources(dialect):
    return [(golden_matrix.ROOT / "src/dialect" / name.name).read_text(encoding="utf-8")
            for name in sorted((golden_matrix.ROOT / "src/dialect").glob(f"{dialect}*.cc"))
            if not name.name.endswith("_test.cc")]


def method_of(word):
    return {"del": "DELETE"}.get(word, word.upper())


def judge_coverage(report):
    """Against the source, so that a route that is new here, or in a new dialect, is missed."""
    listed = (golden_matrix.ROOT / "src/dialect/dialects.h").read_text(encoding="utf-8")
    for dialect in set(re.findall(r"&(\w+)_dialect", listed)) ^ set(CALLS):
        report.expect(False, f"the dialect {dialect} is not in both the list and this test")
    for dialect, calls in CALLS.items():
        routes = {(method_of(match.group(1)), match.group(2))
                  for text in sources(dialect) for match in golden_matrix.ROUTE.finditer(text)}
        for route in routes ^ set(calls):
            report.expect(False, f"{dialect}: {route} is not in both the routes and this test")
        written = sum(len(re.findall(r"\{\s*Method::", text)) for text in sources(dialect))
        report.expect(written == len(routes),
                      f"{dialect}: {written} routes are written in a way that this test reads as "
                      f"{len(routes)}")


def judge_methods(http, report):
    """Against the running program: what a path takes, as its `Allow` says."""
    paths = {}
    for calls in CALLS.values():
        for method, pattern in calls:
            paths.setdefault(pattern, set()).add(method)
    for pattern, methods in paths.items():
        answer = http.send("BREW", re.sub(r"\{\w+\}", "x", pattern))
        allow = dict((name.lower(), value) for name, value in answer.headers).get("allow", "")
        taken = set(filter(None, allow.split(", "))) - {"HEAD"}
        report.expect(answer.status == 405 and taken == methods,
                      f"{pattern} takes {sorted(taken)}, and this test sends {sorted(methods)}")


def scopes_of_native():
    text = "".join(sources("native"))
    return {(method_of(method), pattern): re.findall(r"scope_(\w+)", scopes)
            for method, pattern, scopes in NATIVE_ROUTE.findall(text)}


# ---- credentials ---------------------------------------------------------------------------------


def right_credential(tenant, dialect, route):
    secrets, sessions = tenant.credentials, tenant.sessions
    if dialect == "native":
        is_installation = route[1].startswith(("/v1/tenants", "/v1/chains", "/v1/hot-wallets"))
        return INSTALL_KEY if is_installation else tenant.key
    if dialect == "operator":
        return secrets["operator", "secret"]["live"] if route[1] == "/auth/get-token" \
            else sessions["operator"]["live"]
    if dialect == "integrator":
        return secrets["integrator", "basic"]["live"], secrets["integrator", "signing_key"]["live"]
    if dialect == "rgs":
        return secrets["rgs", "secret"]["live"]
    if dialect == "kgen":
        return secrets["kgen", "basic"]["live"] if route[1].startswith("/s2s") \
            else sessions["kgen"]["live"]
    kind = "server_key" if "private" in route[1] else "client_key"
    spent = route[1].endswith(("/logout", "/refresh"))
    return secrets["sverse", kind]["live"], \
        tenant.open("sverse")["token"] if spent else tenant.subject["sverse_session"]


def dead_states(secrets):
    return [(state, secrets[state]) for state in ("expired", "revoked")]


def wrong_credentials(tenant, other, dialect, route, scopes):
    """(name, credential, whether it is dead); the dead ones must all hear the same."""
    secrets, sessions = tenant.credentials, tenant.sessions
    garbage = "no-such-secret-at-all-in-here-nor-anywhere"
    if dialect == "native":
        small = {**tenant.scoped, "install": INSTALL_KEY}
        return [("garbage", garbage, True)] + \
            [(state, key, True) for state, key in tenant.dead_keys.items()] + \
            [("only " + scope, key, False) for scope, key in small.items() if scope not in scopes]
    if dialect in ("operator", "rgs"):
        by_token = dialect == "operator" and route[1] != "/auth/get-token"
        own = sessions["operator"] if by_token else secrets[dialect, "secret"]
        another = secrets["rgs" if dialect == "operator" else "operator", "secret"]["live"]
        return [("garbage", garbage, True), ("another integration's", another, True)] + \
            [(state, secret, True) for state, secret in dead_states(own)]
    if dialect == "integrator":
        pairs, keys = secrets["integrator", "basic"], secrets["integrator", "signing_key"]
        live, key = pairs["live"], keys["live"]
        return [("garbage", (("nobody", garbage), key), True),
                ("a wrong secret", ((live[0], garbage), key), True),
                ("another integration's", (secrets["kgen", "basic"]["live"], key), True)] + \
            [(state, (pair, key), True) for state, pair in dead_states(pairs)] + \
            [("a key that is " + state, (live, one), False) for state, one in dead_states(keys)] + \
            [("another tenant's key",
              (live, other.credentials["integrator", "signing_key"]["live"]), False),
             ("another tenant's client",
              (other.credentials["integrator", "basic"]["live"], key), False)]
    if dialect == "sverse":
        return wrong_in_sverse(tenant, other, route, garbage)
    return wrong_in_kgen(tenant, other, route, garbage)


def wrong_in_sverse(tenant, other, route, garbage):
    secrets, sessions = tenant.credentials, tenant.sessions
    by_key = "x-api-key" in CALLS["sverse"][route](("key", "session"), tenant.subject)[2]
    if not by_key:
        return [("garbage", (None, garbage), True),
                ("another dialect's", (None, sessions["operator"]["live"]), True)] + \
            [(state, (None, token), False) for state, token in dead_states(sessions["sverse"])]
    # A server key may do what a client key may, but not the other way round. On the server's route
    # another tenant's key is a live one whose player is asked for as foreign below.
    kind = "server_key" if "private" in route[1] else "client_key"
    more = [("a client key", (secrets["sverse", "client_key"]["live"], None), True)] \
        if kind == "server_key" else \
        [("another tenant's", (other.credentials["sverse", kind]["live"], None), False)]
    return [("garbage", (garbage, None), True),
            ("another integration's", (secrets["rgs", "secret"]["live"], None), True)] + \
        [(state, (key, None), True) for state, key in dead_states(secrets["sverse", kind])] + more


def wrong_in_kgen(tenant, other, route, garbage):
    secrets = tenant.credentials
    if route[1].startswith("/s2s"):
        pairs = secrets["kgen", "basic"]
        return [("garbage", ("nobody", garbage), True),
                ("a wrong secret", (pairs["live"][0], garbage), True),
                ("another integration's", secrets["integrator", "basic"]["live"], True)] + \
            [(state, pair, True) for state, pair in dead_states(pairs)]
    now = int(time.time())
    claims = {"iss": tenant.integrations["kgen"], "sub": tenant.subject["user"], "sid": garbage,
              "iat": now - 9, "exp": now + 900, "user_id": tenant.subject["user"],
              "wallet_address": ""}
    own, foreign = (one.credentials["kgen", "signing_key"]["live"] for one in (tenant, other))
    return [("garbage", garbage, True), ("a session that never was", jwt(own, claims), True),
            ("a wrong key", jwt(garbage, claims), True),
            ("no signature", jwt(own, claims, "none"), True),
            ("another tenant's key", jwt(foreign, claims), True)] + \
        [(state, token, True) for state, token in dead_states(tenant.sessions["kgen"])]


def is_refusal(dialect, answer):
    if dialect == "rgs":
        return answer.status == 400 and answer.json() == {"error_code": "UNAUTHORIZED"}
    return answer.status in (401, 403)


# ---- the three walks -----------------------------------------------------------------------------


def walk_wrong_credentials(http, tenant, other, report):
    scopes = scopes_of_native()
    before = [one.snapshot() for one in (tenant, other)]
    for dialect, calls in CALLS.items():
        for route, build in calls.items():
            place = f"{dialect} {route[0]} {route[1]}"
            answer = http.send(*build(None, tenant.subject))
            bare = answer.status == 400 and route[1] == "/auth/get-token"  # the secret is a field
            report.expect(bare or is_refusal(dialect, answer), f"{place} with none: {answer}")
            heard = {}
            for name, credential, is_dead in wrong_credentials(tenant, other, dialect, route,
                                                               scopes.get(route)):
                answer = http.send(*build(credential, tenant.subject))
                report.expect(is_refusal(dialect, answer), f"{place} with {name}: {answer}")
                if is_dead:
                    heard[name] = answer
            first = next(iter(heard.values())).comparable()
            for name, answer in heard.items():
                report.expect(answer.comparable() == first, f"{place}: {name} hears something else")
    for one, was in zip((tenant, other), before):
        report.expect(one.snapshot() == was, f"wrong credentials changed something in {one.label}")


# What another integration of the same tenant and dialect may do as well: its secrets buy tokens, its
# players are the tenant's, and what names neither session nor round nor movement needs neither.
SHARED = {"operator": None, "rgs": {"/tournament-prize"},
          "sverse": {"/api/public/auth/register", "/api/public/auth/login",
                     "/api/private/users/{identity}/wallets/balance"},
          "kgen": {"/s2s/session"}, "integrator": set()}


def walk_another_integration(http, tenant, report):
    """Everything that a session, a token, a round or an id of one integration opens is closed to
    another of the same dialect, although both are the tenant's."""
    other = tenant.sibling()
    before = tenant.snapshot()
    now = int(time.time())
    for dialect, shared in SHARED.items():
        for route, build in CALLS[dialect].items():
            if shared is None or route[1] in shared:
                continue
            credential = right_credential(other, dialect, route)
            if dialect == "sverse":
                credential = credential[0], tenant.subject["sverse_session"]
                if "x-api-key" not in build(credential, tenant.subject)[2]:
                    continue  # the session is the only credential, and its own
            if dialect == "kgen" and route[1].startswith("/fe"):
                credential = jwt(other.credentials["kgen", "signing_key"]["live"], {
                    "iss": tenant.integrations["kgen"], "sub": tenant.subject["user"],
                    "sid": tenant.subject["refresh_token"], "iat": now, "exp": now + 900,
                    "user_id": tenant.subject["user"], "wallet_address": ""})
            answer = http.send(*build(credential, tenant.subject))
            report.expect(answer.status >= 400,
                          f"{dialect} {route[0]} {route[1]} by another integration: {answer}")
    after = tenant.snapshot()
    movements = next(path for path in after if path.startswith("/v1/transactions"))
    # A rollback of what is unknown to it leaves a tombstone of its own.
    after[movements] = [one for one in after[movements]
                        if one["integration"] not in other.integrations.values()]
    report.expect(after == before, f"another integration of {tenant.label} changed something")


def foreign_and_unknown(name, other, bets):
    foreign = next(bets) if name in ("new_id", "external_id") else other.subject[name]
    return foreign, UNKNOWN.get(name, str(uuid.uuid4()))


def without_balance(answer):
    """Movements of one's own go on between two calls; balances are compared by size below."""
    status, headers, body = answer.comparable()
    skipped = ("x-balance", "x-transaction-id", "location", "content-length")
    return status, [pair for pair in headers if pair[0] not in skipped], BALANCE.sub(b"", body)


def walk_foreign_ids(http, tenant, other, report):
    before = other.snapshot()
    bets = iter(other.bets)
    pairs = 0
    for dialect, calls in CALLS.items():
        for route, build in calls.items():
            place = f"{dialect} {route[0]} {route[1]}"
            credential = right_credential(tenant, dialect, route)
            recorder = Recorder(tenant.subject)
            build(credential, recorder)
            if dialect == "native" and credential == INSTALL_KEY:
                continue  # the installation's key sees all tenants
            for name in recorder.used:
                if name in NOT_IDS:
                    continue
                answers = [http.send(*build(credential, tenant.subject | {name: value}))
                           for value in foreign_and_unknown(name, other, bets)]
                report.expect(without_balance(answers[0]) == without_balance(answers[1]),
                              f"{place}: foreign {name}: {answers[0]}, unknown: {answers[1]}")
                sizes = [float(size) for answer in answers for size in BALANCE.findall(answer.body)]
                report.expect(not sizes or max(sizes) - min(sizes) < 100,
                              f"{place}: {name} shows another's balance: {sizes}")
                is_own = name in OWN_WORDS or route[1] in ("/debit", "/credit/rollback")
                report.expect(is_own or answers[0].status >= 400 or answers[0].body == b"[]",
                              f"{place}: foreign {name} works: {answers[0]}")
                pairs += 1
    report.expect(other.snapshot() == before, f"{tenant.label} changed something in {other.label}")
    return pairs


def walk_own_ids(http, tenant, report):
    tenant.subject["login_name"] = "player-" + tenant.label
    calls = [(dialect, route, build) for dialect, calls in CALLS.items()
             for route, build in calls.items()]
    calls.sort(key=lambda call: LAST.index(call[1][1]) if call[1][1] in LAST else -1)
    for dialect, route, build in calls:
        answer = http.send(*build(right_credential(tenant, dialect, route), tenant.subject))
        report.expect(answer.status < 300 or answer.status == WITHOUT_A_CHAIN.get(route[1]),
                      f"{dialect} {route[0]} {route[1]} with all that is right: {answer}")


def main():
    arguments = argparse.ArgumentParser(description="Keeps two tenants apart.")
    arguments.add_argument("--coffer", required=True, help="the program")
    arguments.add_argument("--store", default="memory", choices=("memory", "rocksdb"))
    options = arguments.parse_args()
    report = Report()
    judge_coverage(report)
    world = golden.World(options.coffer, options.store)
    try:
        http = Http(world.port)
        one, two = Tenant(http, "one", 101, "1000"), Tenant(http, "two", 202, "50000")
        judge_methods(http, report)
        for tenant, other in ((one, two), (two, one)):
            walk_wrong_credentials(http, tenant, other, report)
        for tenant in (one, two):
            walk_another_integration(http, tenant, report)
        pairs = sum(walk_foreign_ids(http, *both, report) for both in ((one, two), (two, one)))
        walk_own_ids(http, Tenant(http, "three", 303, "1000"), report)
    finally:
        world.close()
    for line in report.wrong:
        print(line)
    print(f"tenants: {http.calls} calls, {pairs} pairs of a foreign and an unknown id: "
          + (f"{len(report.wrong)} wrong" if report.wrong else "all apart"))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
