#!/usr/bin/env python3
"""The commands over a PostgreSQL database: its tables, several servers, their end, and books that move.

    test/postgres_commands_test.py --coffer build/release/coffer
"""

import pathlib
import time

from commands_fixture import NATIVE, Commands, run
from postgres_server import PostgresServer

CONFIG = """
[data]
directory = "{directory}"
store = "{store}"
{more}
[[listen]]
address = "127.0.0.1:0"
dialects = ["operator", "rgs"]
[[listen]]
address = "127.0.0.1:0"
dialects = ["native"]
"""


class PostgresCommandsTest(Commands):
    """Its own books in a place of the one server, and a configuration that names them."""

    server = None

    @classmethod
    def setUpClass(cls):
        cls.server = PostgresServer().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.look_for_the_password)
        self.uri = self.server.new_place()
        self.config = self.write_postgres_config("books")

    def write_postgres_config(self, directory, more=""):
        return self.coffer.write(directory + ".toml", CONFIG.format(
            directory=directory, store=self.uri, more=more))

    def look_for_the_password(self):
        for server in self.coffer.running:
            self.assert_no_password(server.said())

    def assert_no_password(self, text):
        for piece in ("p%40ss", "p@ss", "Fword", "ss/word"):
            self.assertNotIn(piece, text)

    def run_well(self, *words):
        code, said, complaint = self.coffer.run(*words)
        self.assertEqual((code, complaint), (0, ""))
        self.assert_no_password(said)
        return said

    def assert_fails(self, result, words):
        super().assert_fails(result, words)
        self.assert_no_password(result[2])

    def second_config(self, name="second"):
        """Another server's: a directory of its own, the same master key."""
        directory = pathlib.Path(self.coffer.file(name))
        directory.mkdir(mode=0o700)
        return self.write_postgres_config(name, 'master_key_file = "books/master.key"')

    # ---- tables -----------------------------------------------------------------------------------

    def test_tables_are_made_by_migrate_and_by_nobody_else(self):
        self.assert_fails(self.coffer.run("init", "--config", self.config), "coffer migrate")
        self.assertFalse(pathlib.Path(self.coffer.file("books"), "master.key").exists())
        self.assert_fails(self.coffer.run("serve", "--config", self.config,
                                          COFFER_MASTER_KEY="5" * 64), "coffer migrate")
        self.assert_fails(self.coffer.run("verify", "--store", self.uri), "coffer migrate")
        self.assertIn("schema 1 of 1 shard made", self.run_well("migrate", "--config", self.config))
        self.assertIn("was there already", self.run_well("migrate", "--store", self.uri))

    def test_the_number_of_shards_is_chosen_once(self):
        self.assertIn("schema 2 of 3 shards made",
                      self.run_well("migrate", "--store", self.uri, "--shards", "3"))
        self.assertIn("was there already",
                      self.run_well("migrate", "--store", self.uri, "--shards", "3"))
        self.assertIn("was there already", self.run_well("migrate", "--store", self.uri))
        self.assert_fails(self.coffer.run("migrate", "--store", self.uri, "--shards", "4"),
                          "their number never changes")
        self.init()
        self.assertIn("0 wallets", self.run_well("verify", "--store", self.uri))
        self.assert_fails(self.coffer.run("copy", "--from", self.uri, "--to",
                                          "rocksdb:" + self.coffer.file("copied")),
                          "of one shard")

    def test_init_begins_the_books_once(self):
        self.run_well("migrate", "--store", self.uri)
        self.init()
        self.assert_fails(self.coffer.run("init", "--config", self.second_config()),
                          "holds books already")

    # ---- several servers --------------------------------------------------------------------------

    def begin(self):
        """The books with a tenant in them, and two servers."""
        self.run_well("migrate", "--store", self.uri)
        install = self.init()
        one, two = self.serve(), self.serve(self.second_config())
        key = self.found_tenant(one, install)
        # A new credential is known to the other servers within a second, too.
        begun = time.monotonic()
        two.wait_for(lambda: two.call("GET", "/v1/currencies", None, NATIVE,
                                      authorization="Bearer " + key)[0] == 200)
        self.assertLess(time.monotonic() - begun, 1)
        return one, two, key

    def test_a_server_with_another_master_key_is_refused(self):
        one, _, _ = self.begin()
        stranger = self.second_config("stranger")
        code, said, complaint = self.coffer.run("serve", "--config", stranger,
                                                COFFER_MASTER_KEY="5" * 64)
        self.assertEqual((code, said), (1, ""))
        self.assertIn("begun with another master key", complaint)
        self.assertNotIn("5" * 64, complaint)
        # A fingerprint is no key, and nobody is known by less than all of it.
        kept = self.server.sql(self.uri, "select encode(value, 'hex') from coffer_meta "
                                         "where name = 'master_key_fingerprint'").strip()
        key = pathlib.Path(self.coffer.file("books"), "master.key").read_text().strip()
        self.assertEqual(len(kept), 64)
        self.assertNotEqual(kept, key)
        self.assertEqual(one.stop()[0], 0, one.said())

    def test_what_is_moved_at_one_server_is_there_at_the_other(self):
        one, two, key = self.begin()
        self.assertEqual(self.balance(two, key), "100.00")
        again = self.deposit(two, key, "50.00", "second")
        self.assertEqual(self.deposit(one, key, "50.00", "second")["id"], again["id"])
        self.assertEqual(self.balance(one, key), "150.00")
        said = self.run_well("verify", "--store", self.uri)
        self.assertRegex(said, r"^owner@127\.0\.0\.1:\d+/postgres: \d+ records, .* the hash chain holds\n$")
        for server in (one, two):
            self.assertEqual(server.stop()[0], 0, server.said())
        self.assertEqual(self.run_well("verify", "--config", self.config), said)

    def test_a_key_is_made_and_revoked_while_servers_run(self):
        one, two, _ = self.begin()
        said = self.run_well("key", "create", "--store", self.uri, "--tenant", "casino", "--scope",
                             "read")
        uid, secret = (line.split()[1] for line in said.splitlines()[:2])

        def heard(server, expected):
            deadline = time.monotonic() + 1
            while time.monotonic() < deadline:
                status, _ = server.call("GET", "/v1/currencies", None, NATIVE,
                                        authorization="Bearer " + secret)
                if status == expected:
                    return True
            return False

        self.assertTrue(heard(one, 200) and heard(two, 200))
        self.run_well("key", "revoke", "--store", self.uri, uid)
        self.assertTrue(heard(one, 401) and heard(two, 401))

    def test_explain_finds_a_transaction_by_either_way(self):
        one, _, key = self.begin()
        made = self.deposit(one, key, "5.00", "explained")
        running = self.run_well("explain", "--config", self.config, made["id"])
        self.assertIn("5.00", running)
        one.stop()
        self.assertEqual(self.run_well("explain", "--config", self.config, made["id"]), running)
        code, said, _ = self.coffer.run("explain", "--store", self.uri, "explained")
        self.assertEqual(code, 0)
        self.assertIn("5.00", said)

    def test_servers_outlive_the_database(self):
        one, two, key = self.begin()
        self.server.kill()
        try:
            for server in (one, two):
                begun = time.monotonic()
                status, _ = server.call("GET", "/v1/players/eve/wallets", None, NATIVE,
                                        authorization="Bearer " + key)
                self.assertEqual(status, 503)
                self.assertLess(time.monotonic() - begun, 3)
                server.wait_for(lambda server=server: server.call(
                    "GET", "/readyz", None, NATIVE)[0] == 503)
        finally:
            self.server.start()
        for server in (one, two):
            server.wait_for(lambda server=server: server.call(
                "GET", "/readyz", None, NATIVE)[0] == 200)
            self.assertEqual(self.balance(server, key), "100.00")
        self.deposit(two, key, "1.00", "after")
        self.assertEqual(self.balance(one, key), "101.00")

    # ---- what is PostgreSQL's own business --------------------------------------------------------

    def test_backup_and_reindex_say_whose_business_that_is(self):
        self.run_well("migrate", "--store", self.uri)
        self.assert_fails(self.coffer.run("backup", "--store", self.uri, "--to",
                                          self.coffer.file("copy")), "pg_basebackup")
        self.assert_fails(self.coffer.run("reindex", "--store", self.uri), "PostgreSQL")

    # ---- books that move --------------------------------------------------------------------------

    def test_books_begun_in_a_directory_move_into_a_database_and_back(self):
        self.uri, place = "rocksdb", self.uri
        small = self.write_postgres_config("books")
        code, said, _ = self.coffer.run("init", "--config", small)
        self.assertEqual(code, 0)
        server = self.serve(small)
        key = self.found_tenant(server, said.split("installation key")[1].split()[0])
        server.stop()
        self.uri = place
        books = "rocksdb:" + self.coffer.file("books")
        self.assert_fails(self.coffer.run("copy", "--from", books, "--to", place), "coffer migrate")
        self.run_well("migrate", "--store", place)
        self.assertRegex(self.run_well("copy", "--from", books, "--to", place),
                         r"^[1-9]\d* records copied, and both journals end alike; .* chain holds\n")
        self.assertRegex(self.run_well("copy", "--from", books, "--to", place), r"^0 records copied")

        server = self.serve(self.second_config())
        self.assertEqual(self.balance(server, key), "100.00")
        self.deposit(server, key, "11.00", "moved")
        server.stop()
        self.assertRegex(self.run_well("copy", "--from", place, "--to", books), r"^1 records copied")
        self.assertIn("chain holds", self.run_well("verify", "--data", self.coffer.file("books")))

    def test_a_copy_overwrites_no_other_books(self):
        self.begin()
        for server in self.coffer.running:
            server.stop()
        other = self.server.new_place()
        self.run_well("migrate", "--store", other)
        config = self.coffer.write("other.toml", CONFIG.format(
            directory="other", store=other, more=""))
        self.run_well("init", "--config", config)
        self.assert_fails(self.coffer.run("copy", "--from", self.uri, "--to", other), "other books")


if __name__ == "__main__":
    run(PostgresCommandsTest, __doc__)
