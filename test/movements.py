"""Random movements of every kind in all five dialects and the native API, for tests that break off in the
middle: each can be sent again, and says what it changes.
"""

import decimal
import random

from demo_program import load_player

CURRENCIES = ("EUR", "USD", "CRD", "GOLD", "KGN")
SVERSE = "d0000000-0000-4000-8000-0000000000a4"
DEMO_GRANT = decimal.Decimal(1_000_000)


class Step:
    """One movement: `call(caller)` may be made again until it is answered; `changes` is what the wallets
    of the player then have more, `then(answer)` remembers what later movements need."""

    def __init__(self, kind, player, call, changes, then=None, accepted=(200, 201)):
        self.kind, self.player, self.call, self.changes = kind, player, call, changes
        self.then, self.accepted = then, accepted


class Player:
    """One load player's expected balances, and what can still be taken back."""

    def __init__(self, index):
        self.index = index
        self.native = load_player(index)
        self.balance = {currency: decimal.Decimal(0) for currency in CURRENCIES}
        self.balance["EUR"] = self.balance["USD"] = DEMO_GRANT
        self.held = decimal.Decimal(0)
        self.debits, self.wagers, self.rounds, self.deposits = [], [], [], []
        self.done = []  # calls that were acknowledged: sending one again must move nothing
        self.sverse_token = self.kgen_token = None

    def prepare(self, caller):
        """Sessions, and an address to be paid out to."""
        status, session = caller.native("POST", "/v1/sessions", {
            "integration": SVERSE, "player": self.native, "currency": "GOLD"})
        assert status == 201, session
        self.sverse_token = session["token"]
        status, answer = caller.native("PUT", f"/v1/players/{self.native}/payout-address",
                                       {"address": f"0x{self.index:040x}"})
        assert status in (200, 204), answer
        status, session = caller.call("POST", "/s2s/session", {
            "x-client-id": "demo-kgen", "x-client-secret": "demo-kgen-secret"},
            {"user_id": self.native})
        assert status == 200 and not session["is_new_user"], session
        self.kgen_token = session["access_token"]


class Movements:
    """Makes steps for some players; `name` keeps the ids of several makers apart."""

    def __init__(self, name, players, seed):
        self.name, self.players, self.random = name, players, random.Random(seed)
        self.count = 0
        self.kinds = [self.debit, self.credit, self.rollback, self.rollback_by_own_id, self.wager,
                      self.wager_and_payout, self.payout, self.rgs_rollback, self.prize,
                      self.operator_credit, self.operator_debit, self.sverse_credit,
                      self.sverse_debit, self.deposit, self.withdrawal, self.adjustment,
                      self.reversal, self.kgen_win, self.kgen_withdraw]

    def next(self):
        while True:
            self.count += 1
            player = self.random.choice(self.players)
            step = self.random.choice(self.kinds)(player, f"{self.name}-{self.count}")
            if step:
                return step

    def amount(self, low=0):
        return decimal.Decimal(self.random.randrange(low, 500)) / 100

    # ---- integrator -----------------------------------------------------------------------------

    @staticmethod
    def integrator(kind, player, verb, fields, change, then=None):
        return Step(kind, player, lambda c: c.integrator(verb, player.index, **fields),
                    {"EUR": change}, then)

    def debit(self, player, name):
        amount = self.amount()
        fields = {"amount": float(amount), "round_id": "r" + name, "transaction_id": "d" + name}
        return self.integrator("debit", player, "debit", fields, -amount,
                               lambda _: player.debits.append((fields, amount)))

    def credit(self, player, name):
        amount = self.amount()
        fields = {"amount": float(amount), "round_id": "c" + name, "transaction_id": "c" + name}
        return self.integrator("credit", player, "credit", fields, amount)

    def rollback(self, player, _):
        if not player.debits:
            return None
        fields, was = player.debits.pop()
        return self.integrator("rollback", player, "rollback", fields, was)

    def rollback_by_own_id(self, player, name):
        if not player.debits:
            return None
        fields, was = player.debits.pop()
        own = {**fields, "transaction_id": "u" + name,
               "reference_transaction_id": fields["transaction_id"]}
        return self.integrator("rollback by an id of its own", player, "rollback", own, was)

    # ---- rgs ------------------------------------------------------------------------------------

    def spin(self, kind, player, name, staked, won, then=None):
        fields = {"creditAmount": float(staked), "debitAmount": float(won), "roundStarted": True,
                  "roundFinished": False, "roundId": "r" + name, "transactionId": "w" + name,
                  "transactionType": "CREDIT_DEBIT_SPIN"}
        return Step(kind, player, lambda c: c.rgs("/credit-debit", player.index, **fields),
                    {"USD": won - staked}, then)

    def wager(self, player, name):
        staked = self.amount()
        undo = {"amount": float(staked), "roundId": "r" + name, "transactionId": "w" + name}
        where = player.wagers if self.random.randrange(2) else player.rounds
        return self.spin("wager", player, name, staked, decimal.Decimal(0),
                         lambda _: where.append((undo, staked)))

    def wager_and_payout(self, player, name):
        return self.spin("wager and payout", player, name, self.amount(), self.amount(1))

    def payout(self, player, name):
        if not player.rounds:
            return None
        opened, _ = player.rounds.pop()
        won = self.amount()
        fields = {"amount": float(won), "roundId": opened["roundId"], "roundFinished": True,
                  "transactionId": "p" + name, "transactionType": "DEBIT_SPIN"}
        return Step("payout", player, lambda c: c.rgs("/debit", player.index, **fields),
                    {"USD": won})

    def rgs_rollback(self, player, _):
        if not player.wagers:
            return None
        fields, was = player.wagers.pop()
        # Taken back already, by the try whose answer was lost, is INVALID_TRANSACTION: done.
        return Step("rgs rollback", player,
                    lambda c: c.rgs("/credit/rollback", player.index, **fields), {"USD": was},
                    accepted=(200, "INVALID_TRANSACTION"))

    def prize(self, player, name):
        won = self.amount()
        return Step("prize", player, lambda c: c.rgs(
            "/tournament-prize", player.index, amount=float(won), transactionId="t" + name),
            {"USD": won})

    # ---- operator, sverse -----------------------------------------------------------------------

    def whole(self, player, currency):
        """Of what the player has, so that it is never refused."""
        return decimal.Decimal(self.random.randrange(1, 1 + min(50, int(player.balance[currency]))))

    def operator_credit(self, player, name):
        amount = self.random.randrange(1, 50)
        return Step("operator credit", player,
                    lambda c: c.operator("credit", player.index, amount, name),
                    {"CRD": decimal.Decimal(amount)})

    def operator_debit(self, player, name):
        if player.balance["CRD"] < 1:
            return None
        amount = self.whole(player, "CRD")
        return Step("operator debit", player,
                    lambda c: c.operator("debit", player.index, int(amount), name),
                    {"CRD": -amount})

    @staticmethod
    def sverse(player, name, verb, amount, change):
        body = {"sessionId": player.sverse_token, "amount": int(amount), "type": verb,
                "reason": name}
        return Step("sverse " + verb, player, lambda c: c.call(
            "POST", "/api/public/wallets/GOLD/transactions",
            {"x-api-key": "demo-sverse-key", "idempotency-key": name}, body), {"GOLD": change})

    def sverse_credit(self, player, name):
        amount = decimal.Decimal(self.random.randrange(1, 50))
        return self.sverse(player, name, "credit", amount, amount)

    def sverse_debit(self, player, name):
        if player.balance["GOLD"] < 1:
            return None
        amount = self.whole(player, "GOLD")
        return self.sverse(player, name, "debit", amount, -amount)

    # ---- native, kgen ---------------------------------------------------------------------------

    @staticmethod
    def native(kind, player, path, body, name, changes, then=None):
        return Step(kind, player, lambda c: c.native("POST", path, body, name), changes, then)

    def cashier(self, kind, player, name, amount, change, then=None):
        body = {"currency": "EUR", "amount": str(amount), "reason": kind}
        return self.native(kind, player, f"/v1/players/{player.native}/{kind}s", body, name,
                           {"EUR": change}, then)

    def deposit(self, player, name):
        amount = self.amount(1)
        return self.cashier("deposit", player, name, amount, amount,
                            lambda answer: player.deposits.append((answer["id"], amount)))

    def withdrawal(self, player, name):
        amount = self.amount(1)
        return self.cashier("withdrawal", player, name, amount, -amount)

    def adjustment(self, player, name):
        amount = self.amount(1) * self.random.choice((-1, 1))
        return self.cashier("adjustment", player, name, amount, amount)

    def reversal(self, player, name):
        if not player.deposits:
            return None
        uid, was = player.deposits.pop()
        return self.native("reversal", player, f"/v1/transactions/{uid}/reversal",
                           {"reason": "reversal"}, name, {"EUR": -was})

    def kgen_win(self, player, name):
        """kgen has no call that pays: what it withdraws is earned elsewhere."""
        amount = self.amount(1)
        body = {"currency": "KGN", "amount": str(amount), "bucket": "earned", "reason": "won"}
        return self.native("kgen win", player, f"/v1/players/{player.native}/adjustments", body,
                           name, {"KGN": amount})

    @staticmethod
    def kgen_withdraw(player, name):
        if player.balance["KGN"] <= 0:
            return None
        earned = player.balance["KGN"]

        def held(_):
            player.held += earned

        return Step("kgen withdrawal", player, lambda c: c.call(
            "POST", "/fe/wallet/withdraw",
            {"user-jwt-token": player.kgen_token, "idempotency-key": name}), {"KGN": -earned}, held)
