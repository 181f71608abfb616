#!/usr/bin/env python3
"""operator's history of more than an answer holds, end to end: 10,000 entries, then a Link leads on.

    test/history_test.py --coffer build/release/coffer [names of tests]
"""

import argparse
import http.client
import json
import pathlib
import re
import socket
import sys
import unittest

from program import Program

COFFER = None
ALICE = "123e4567-e89b-12d3-a456-426614174000"
BOB = "223e4567-e89b-12d3-a456-426614174000"
ENTRIES_MAX = 10_000
PIPELINED = 200  # calls on the way at once


class HistoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.coffer = Program(COFFER)
        cls.addClassCleanup(cls.coffer.close)
        cls.server = cls.coffer.start("demo", "--listen", "127.0.0.1:0", "--store", "memory",
                                      "--data", cls.coffer.file("world"))
        _, answer = cls.server.call("POST", "/auth/get-token", {"secret": "demo-operator-secret"})
        cls.bearer = "Bearer " + answer["session_token"]
        # Amounts 1, 2, 3 ... in turn for two players and two game sessions.
        cls.moves = [{"user_id": (ALICE, BOB)[number % 2], "amount": number,
                      "pow_id": "a&b ü" if number % 4 == 0 else "other"}
                     for number in range(1, 2 * ENTRIES_MAX + 6)]
        # Calls on the way at once are decided in any order while their session is looked up: the
        # first one alone, so that the others find it known.
        cls.credit(cls.moves[:1])
        cls.credit(cls.moves[1:])

    @classmethod
    def credit(cls, moves):
        """One connection, many calls on the way: http.client would take a minute."""
        with socket.create_connection(("127.0.0.1", cls.server.port()), timeout=60) as connection:
            for start in range(0, len(moves), PIPELINED):
                batch = moves[start:start + PIPELINED]
                for move in batch:
                    body = json.dumps(move).encode()
                    connection.sendall(
                        f"POST /transaction/credit HTTP/1.1\r\nhost: test\r\n"
                        f"authorization: {cls.bearer}\r\ncontent-length: {len(body)}\r\n\r\n"
                        .encode() + body)
                answered = b""
                while answered.count(b"HTTP/1.1 200") < len(batch) or not answered.endswith(b"}"):
                    answered += (piece := connection.recv(1 << 16))
                    if not piece:
                        raise AssertionError(answered[-500:])

    def page(self, target):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port(), timeout=60)
        connection.request("GET", target, headers={"authorization": self.bearer})
        response = connection.getresponse()
        body = json.loads(response.read())
        connection.close()
        return response.status, body, response.getheader("link")

    def pages(self, target):
        """The amounts of each page, as far as the links lead."""
        amounts = []
        while target:
            status, entries, link = self.page(target)
            self.assertEqual(status, 200, entries)
            amounts.append([entry["amount"] for entry in entries])
            target = re.fullmatch(r'<(/[^<>]*)>; rel="next"', link).group(1) if link else None
        return amounts

    def amounts(self, keep):
        return [move["amount"] for move in reversed(self.moves) if keep(move)]

    def test_all_of_it_comes_once_and_newest_first(self):
        pages = self.pages("/transactions")
        self.assertEqual([len(page) for page in pages], [ENTRIES_MAX, ENTRIES_MAX, 5])
        self.assertEqual(sum(pages, []), self.amounts(lambda move: True))

    def test_the_link_keeps_the_filters(self):
        pages = self.pages(f"/transactions?user_id={ALICE}&date_from=2020-01-01")
        self.assertEqual([len(page) for page in pages], [ENTRIES_MAX, 2])
        self.assertEqual(sum(pages, []), self.amounts(lambda move: move["user_id"] == ALICE))

    def test_what_fits_has_no_link(self):
        pages = self.pages("/transactions?game_session_hash=a%26b%20%C3%BC")
        self.assertEqual(pages, [self.amounts(lambda move: move["pow_id"] == "a&b ü")])

    def test_a_cursor_belongs_to_its_filters(self):
        _, _, link = self.page("/transactions?date_from=2020-01-01")
        target = link[1:link.index(">")]
        self.assertEqual(self.page(target)[0], 200)
        self.assertEqual(self.page(target.replace("2020", "2021"))[0], 400)
        self.assertEqual(self.page(target[:-1] + ("B" if target[-1] == "A" else "A"))[0], 400)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coffer", required=True)
    options, rest = parser.parse_known_args()
    COFFER = str(pathlib.Path(options.coffer).resolve())
    unittest.main(argv=[sys.argv[0], *rest])
