"""What the tests of the commands share: books, a tenant in them, and how a command fails."""

import argparse
import re
import sys
import unittest

from program import Program

NATIVE = 1  # the second [[listen]] block of their configurations


class Commands(unittest.TestCase):
    path = None  # of the program
    config = None

    def setUp(self):
        self.coffer = Program(self.path)
        self.addCleanup(self.coffer.close)

    def init(self):
        code, said, complaint = self.coffer.run("init", "--config", self.config)
        self.assertEqual((code, complaint), (0, ""))
        return re.search(r"installation key +(\S+)", said).group(1)

    def serve(self, config=None, **more):
        return self.coffer.start("serve", "--config", config or self.config, **more)

    def found_tenant(self, server, install_key):
        """A tenant with a player who has 100.00 EUR; its key."""
        headers = {"authorization": f"Bearer {install_key}"}
        status, tenant = server.call("POST", "/v1/tenants", {"name": "casino"}, NATIVE, **headers)
        self.assertEqual(status, 201, tenant)
        scopes = {"scopes": ["read", "play", "cashier", "admin"]}
        status, key = server.call("POST", f"/v1/tenants/{tenant['id']}/keys", scopes, NATIVE,
                                  **headers)
        self.assertEqual(status, 201, key)
        headers = {"authorization": f"Bearer {key['secret']}"}
        for path, body in (("/v1/currencies", {"code": "EUR", "name": "Euro", "scale": 2}),
                           ("/v1/players", {"id": "eve"})):
            status, answer = server.call("POST", path, body, NATIVE, **headers)
            self.assertEqual(status, 201, answer)
        self.deposit(server, key["secret"], "100.00", "first")
        return key["secret"]

    def deposit(self, server, key, amount, idempotency_key):
        status, answer = server.call(
            "POST", "/v1/players/eve/deposits",
            {"currency": "EUR", "amount": amount, "reason": "test"}, NATIVE,
            authorization=f"Bearer {key}", idempotency_key=idempotency_key)
        self.assertIn(status, (200, 201), answer)
        return answer

    def balance(self, server, key):
        status, wallets = server.call("GET", "/v1/players/eve/wallets", None, NATIVE,
                                      authorization=f"Bearer {key}")
        self.assertEqual(status, 200, wallets)
        return wallets[0]["balance"]

    def assert_fails(self, result, words):
        code, _, complaint = result
        self.assertEqual(code, 1, complaint)
        self.assertIn(words, complaint)


def run(tests, words):
    """The whole script: the program is named by --coffer, the rest is unittest's."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--coffer", required=True)
    options, rest = parser.parse_known_args()
    tests.path = options.coffer
    unittest.main(argv=[sys.argv[0], *rest])
