#!/usr/bin/env python3
"""The commands of the real program, end to end: what is made, refused, kept and told.

    test/commands_test.py --coffer build/release/coffer [names of tests]
"""

import json
import os
import pathlib
import re
import signal
import socket
import ssl
import stat
import subprocess

from commands_fixture import NATIVE, Commands, run

COMMANDS = ("init", "key create", "key list", "key revoke", "serve", "demo", "verify", "backup",
            "restore", "explain", "reindex", "check-config", "version", "migrate", "copy")
CONFIG = """
[data]
directory = "{directory}"
[log]
calls = true
[[listen]]
address = "127.0.0.1:0"
dialects = ["operator", "rgs"]
[[listen]]
address = "127.0.0.1:0"
dialects = ["native"]
"""


class CommandsTest(Commands):
    def setUp(self):
        super().setUp()
        self.config = self.write_config("books")

    def write_config(self, directory, more=""):
        return self.coffer.write(f"{directory}.toml", CONFIG.format(directory=directory) + more)

    # ---- help and configuration -----------------------------------------------------------------

    def test_every_command_explains_itself_with_examples(self):
        for command in COMMANDS:
            code, said, _ = self.coffer.run(*command.split(), "--help")
            self.assertEqual(code, 0, command)
            self.assertIn("Examples:\n  coffer ", said.replace("  cp", "  coffer"), command)

    def test_a_wrong_command_line_ends_with_an_error(self):
        for words in ((), ("sevre",), ("serve",), ("verify",), ("demo", "--players", "-1"),
                      ("verify", "--data", "a", "--config", "b")):
            self.assertEqual(self.coffer.run(*words)[0], 2, words)

    def test_a_slip_of_the_pen_is_named_and_not_what_it_leaves_missing(self):
        for words, slip in ((("sevre", "--config", "x"), "sevre"),
                            (("serve", "--confg", "x"), "--confg"),
                            (("key", "create", "--data", "x", "--scopes", "read"), "--scopes")):
            complaint = self.coffer.run(*words)[2]
            self.assertIn("nothing here is called " + slip, complaint)
            self.assertNotIn("required", complaint)
        self.assertIn("`coffer key create --help`",
                      self.coffer.run("key", "create", "--scopes", "read")[2])
        self.assertIn("Subcommands:", self.coffer.run()[2])

    def test_version_names_version_commit_build_and_format(self):
        code, said, _ = self.coffer.run("version")
        self.assertEqual(code, 0)
        self.assertRegex(said, r"^coffer \d+\.\d+\.\d+\ncommit \S+\nbuild .+\njournal format \d+\n$")

    def test_check_config_prints_every_mistake_with_its_place(self):
        path = self.coffer.write("bad.toml", "[server]\nio_thread = 2\n[log]\nlevel = \"loud\"\n")
        code, _, complaint = self.coffer.run("check-config", "--config", path)
        self.assertEqual(code, 1)
        self.assertEqual(complaint.splitlines(), [
            f"{path}:2:1: unknown key server.io_thread; did you mean io_threads?",
            f"{path}:4:9: log.level is one of \"debug\", \"info\", \"warning\", \"error\", "
            "not \"loud\""])
        self.assertEqual(self.coffer.run("serve", "--config", path)[0], 1)
        self.assertEqual(self.coffer.run("check-config", "--config", self.config)[0], 0)

    def test_check_config_looks_for_the_certificates(self):
        path = self.coffer.write("tls.toml", '[[listen]]\naddress = "127.0.0.1:0"\n'
                                             'certificate = "none.pem"\nkey = "none.key"\n')
        self.assert_fails(self.coffer.run("check-config", "--config", path), "none.pem")

    def test_the_documented_configuration_is_a_good_one(self):
        shipped = pathlib.Path(__file__).resolve().parent.parent / "config" / "coffer.toml"
        self.assertEqual(self.coffer.run("check-config", "--config", str(shipped))[0], 0)

    # ---- init and serve -------------------------------------------------------------------------

    def test_init_makes_private_books_and_overwrites_nothing(self):
        self.init()
        directory = self.coffer.file("books")
        self.assertEqual(stat.S_IMODE(os.stat(directory).st_mode), 0o700)
        key_file = pathlib.Path(directory) / "master.key"
        self.assertEqual(stat.S_IMODE(key_file.stat().st_mode), 0o600)
        before = key_file.read_text()
        self.assert_fails(self.coffer.run("init", "--config", self.config), "overwrite")
        self.assertEqual(key_file.read_text(), before)

    def test_what_was_moved_is_there_after_a_restart(self):
        server = self.serve_after_init()
        key = self.found_tenant(server, self.install_key)
        self.assertEqual(server.stop()[0], 0)
        server = self.serve()
        self.assertEqual(self.balance(server, key), "100.00")
        self.deposit(server, key, "100.00", "first")  # a replay
        self.assertEqual(self.balance(server, key), "100.00")

    def serve_after_init(self):
        self.install_key = self.init()
        return self.serve()

    def test_each_port_serves_what_it_was_told_to(self):
        server = self.serve_after_init()
        self.assertEqual(server.call("GET", "/readyz", None, NATIVE)[0], 200)
        self.assertEqual(server.call("GET", "/metrics", None, NATIVE)[0], 200)
        self.assertEqual(server.call("GET", "/metrics")[0], 404)
        self.assertEqual(server.call("GET", "/v1/tenants")[0], 404)
        self.assertEqual(server.call("POST", "/auth/get-token", {"secret": "x"})[0], 401)
        self.assertEqual(server.call("POST", "/auth/get-token", {"secret": "x"}, NATIVE)[0], 404)

    def test_serve_needs_init_first(self):
        self.assert_fails(self.coffer.run("serve", "--config", self.config), "coffer init")

    def test_serve_refuses_a_master_key_that_others_can_read(self):
        self.init()
        os.chmod(self.coffer.file("books/master.key"), 0o644)
        self.assert_fails(self.coffer.run("serve", "--config", self.config), "chmod 600")

    def test_serve_says_where_a_lost_master_key_was_to_be_kept(self):
        self.init()
        os.rename(self.coffer.file("books/master.key"), self.coffer.file("copy"))
        self.assert_fails(self.coffer.run("serve", "--config", self.config), "kept apart")

    def test_the_environment_can_bring_the_master_key(self):
        self.init()
        path = pathlib.Path(self.coffer.file("books/master.key"))
        elsewhere = self.coffer.file("elsewhere.key")
        path.rename(elsewhere)
        self.assert_fails(self.coffer.run("serve", "--config", self.config), "master key")
        self.assertEqual(self.serve(COFFER_MASTER_KEY_FILE=elsewhere).stop()[0], 0)
        text = pathlib.Path(elsewhere).read_text().strip()
        self.assertEqual(self.serve(COFFER_MASTER_KEY=text).stop()[0], 0)

    def test_a_second_process_is_told_who_has_the_books(self):
        server = self.serve_after_init()
        words = f"in use by process {server.process.pid} (coffer serve)"
        data = self.coffer.file("books")
        for command in (("serve", "--config", self.config), ("verify", "--data", data),
                        ("reindex", "--data", data), ("key", "list", "--data", data),
                        ("demo", "--listen", "127.0.0.1:0", "--data", data)):
            self.assert_fails(self.coffer.run(*command), words)
        self.assertEqual(server.call("GET", "/readyz", None, NATIVE)[0], 200)

    def test_an_address_in_use_is_a_clear_error(self):
        self.init()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            path = self.coffer.write("taken.toml", '[data]\ndirectory = "books"\n[[listen]]\n'
                                                   f'address = "127.0.0.1:{port}"\n')
            self.assert_fails(self.coffer.run("serve", "--config", path), str(port))

    # ---- the end of a server --------------------------------------------------------------------

    def test_sigterm_and_sigint_end_it_well_and_soon(self):
        self.init()
        for number in (signal.SIGTERM, signal.SIGINT):
            code, seconds = self.serve().stop(number)
            self.assertEqual(code, 0)
            self.assertLess(seconds, 10)

    def test_a_call_inside_is_answered_while_draining_and_no_new_one_is(self):
        server = self.serve_after_init()
        with socket.create_connection(("127.0.0.1", server.port(NATIVE)), timeout=30) as peer:
            whole = b"GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n"
            body = b'{"name": "late"}'
            half = (b"POST /v1/tenants HTTP/1.1\r\nhost: a\r\nauthorization: Bearer "
                    + self.install_key.encode() + b"\r\ncontent-length: "
                    + str(len(body)).encode() + b"\r\n\r\n" + body[:5])
            peer.sendall(whole + half)
            answers = peer.makefile("rb")
            while answers.readline().strip():
                pass
            answers.readline()  # `ready`: the second call has begun by now
            server.send(signal.SIGTERM)
            server.wait_for(lambda: "draining" in server.said())
            peer.sendall(body[5:])
            self.assertIn(b" 201 ", answers.readline())
            self.assertIn(b"connection: close", answers.read().lower())
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", server.port(NATIVE)), timeout=5).close()
        self.assertEqual(server.process.wait(timeout=15), 0)

    def test_a_call_that_never_ends_does_not_keep_the_server(self):
        self.init()
        path = self.coffer.write("hasty.toml", pathlib.Path(self.config).read_text()
                                 + "[server]\ndrain_ms = 300\n")
        server = self.serve(path)
        with socket.create_connection(("127.0.0.1", server.port()), timeout=30) as peer:
            peer.sendall(b"GET /readyz HTTP/1.1\r\nhost: a\r\n\r\nPOST /credit HTTP/1.1\r\n")
            peer.recv(1)
            code, seconds = server.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 8)

    def test_sighup_reads_the_certificates_again(self):
        self.init()
        self.make_certificate("first")
        path = self.coffer.write("tls.toml", '[data]\ndirectory = "books"\n[[listen]]\n'
                                 'address = "127.0.0.1:0"\ncertificate = "c.pem"\nkey = "k.pem"\n')
        server = self.serve(path)
        self.assertTrue(server.urls[0].startswith("https://"))
        first = self.certificate_of(server)
        self.make_certificate("second")
        server.send(signal.SIGHUP)
        server.wait_for(lambda: "certificates reloaded" in server.said())
        second = self.certificate_of(server)
        self.assertNotEqual(first, second)
        pathlib.Path(self.coffer.file("c.pem")).write_text("no certificate")
        server.send(signal.SIGHUP)
        server.wait_for(lambda: "not reloaded" in server.said())
        self.assertEqual(self.certificate_of(server), second)

    def make_certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", f"/CN={name}",
                        "-keyout", self.coffer.file("k.pem"), "-out", self.coffer.file("c.pem")],
                       check=True, capture_output=True)

    def certificate_of(self, server):
        return ssl.get_server_certificate(("127.0.0.1", server.port()), timeout=20)

    # ---- keys -----------------------------------------------------------------------------------

    def test_a_lost_key_is_not_a_lost_wallet(self):
        server = self.serve_after_init()
        self.found_tenant(server, self.install_key)
        server.stop()
        place = ("--config", self.config)
        code, said, _ = self.coffer.run("key", "create", *place, "--tenant", "casino", "--scope",
                                        "read,cashier", "--label", "spare", "--days", "3")
        self.assertEqual(code, 0)
        uid = re.search(r"id +(\S+)", said).group(1)
        secret = re.search(r"secret +(\S+)", said).group(1)
        server = self.serve()
        self.assertEqual(self.balance(server, secret), "100.00")
        server.stop()
        _, listed, _ = self.coffer.run("key", "list", *place)
        self.assertRegex(listed, rf"{uid} +casino +read,cashier +expires .*spare\n")
        self.assertNotIn(secret, listed)
        self.assertEqual(self.coffer.run("key", "revoke", *place, uid)[0], 0)
        self.assertRegex(self.coffer.run("key", "list", *place)[1], rf"{uid} .* revoked ")
        server = self.serve()
        status, _ = server.call("GET", "/v1/players/eve/wallets", None, NATIVE,
                                authorization=f"Bearer {secret}")
        self.assertEqual(status, 401)

    def test_key_create_says_what_is_missing(self):
        self.init()
        create = ("key", "create", "--config", self.config)
        self.assert_fails(self.coffer.run(*create, "--scope", "read"), "POST /v1/tenants")
        self.assert_fails(self.coffer.run(*create, "--scope", "reed"), "no scope reed")
        self.assert_fails(self.coffer.run(*create, "--scope", "read,install"), "alone")
        self.assert_fails(self.coffer.run(*create, "--scope", "read", "--tenant", "x"), "no tenant")
        self.assertEqual(self.coffer.run(*create, "--scope", "install")[0], 0)

    # ---- backup, restore, verify, reindex -------------------------------------------------------

    def test_a_backup_of_a_running_server_restores_to_that_moment(self):
        server = self.serve_after_init()
        key = self.found_tenant(server, self.install_key)
        backup = self.coffer.file("backup")
        code, said, complaint = self.coffer.run("backup", "--config", self.config, "--to", backup)
        self.assertEqual(code, 0, complaint)
        self.assertIn("the hash chain holds", said)
        self.assertNotIn("master.key", os.listdir(backup))
        self.deposit(server, key, "5.00", "after the backup")
        self.assert_fails(self.coffer.run("backup", "--config", self.config, "--to", backup),
                          "not empty")
        self.assertEqual(self.balance(server, key), "105.00")
        server.stop()

        again = self.coffer.file("again")
        code, said, complaint = self.coffer.run(
            "restore", "--from", backup, "--data", again,
            "--master-key-file", self.coffer.file("books/master.key"))
        self.assertEqual(code, 0, complaint)
        self.assert_fails(self.coffer.run("restore", "--from", backup, "--data", again),
                          "not empty")
        server = self.serve(self.write_config("again"))
        self.assertEqual(self.balance(server, key), "100.00")

    def test_a_backup_of_stopped_books_needs_no_server(self):
        self.init()
        backup = self.coffer.file("backup")
        code, _, complaint = self.coffer.run("backup", "--data", self.coffer.file("books"), "--to",
                                             backup)
        self.assertEqual(code, 0, complaint)
        self.assertEqual(self.coffer.run("verify", "--data", backup)[0], 0)

    def test_restore_wants_a_backup(self):
        os.mkdir(self.coffer.file("empty"))
        self.assert_fails(self.coffer.run("restore", "--from", self.coffer.file("empty"), "--data",
                                          self.coffer.file("new")), "not a backup")

    def test_verify_prints_one_line_and_finds_a_changed_byte(self):
        server = self.serve_after_init()
        self.found_tenant(server, self.install_key)
        server.stop()
        data = self.coffer.file("books")
        code, said, _ = self.coffer.run("verify", "--data", data)
        self.assertEqual(code, 0)
        self.assertEqual(len(said.splitlines()), 1)
        changed = self.change_a_byte(data)
        code, said, complaint = self.coffer.run("verify", "--data", data)
        self.assertEqual((code, said), (1, ""))
        # Which file and where, or which record of the journal.
        self.assertRegex(complaint, rf"({re.escape(changed)}|record \d+)")
        self.assert_fails(self.coffer.run("verify", "--data", self.coffer.file("none")),
                          "no data directory")

    def change_a_byte(self, data):
        """In the middle of the file that holds the deposit's reason."""
        for path in sorted(pathlib.Path(data, "store").iterdir()):
            content = bytearray(path.read_bytes()) if path.is_file() else bytearray()
            at = content.find(b"eve")
            if at >= 0:
                content[at] ^= 1
                path.write_bytes(content)
                return path.name
        self.fail("the journal is nowhere")

    def test_reindex_makes_the_index_again(self):
        server = self.serve_after_init()
        key = self.found_tenant(server, self.install_key)
        server.stop()
        data = self.coffer.file("books")
        self.assertEqual(self.coffer.run("reindex", "--data", data)[0], 0)
        self.assertEqual(self.coffer.run("verify", "--data", data)[0], 0)
        server = self.serve()
        self.deposit(server, key, "100.00", "first")  # still known, so a replay
        self.assertEqual(self.balance(server, key), "100.00")

    def test_an_index_that_is_gone_is_made_again_by_itself_and_by_reindex(self):
        server = self.serve_after_init()
        key = self.found_tenant(server, self.install_key)
        server.kill()  # so that there is a tail which no run covers
        data = self.coffer.file("books")
        runs = pathlib.Path(data, "store", "index")
        for command in ("verify", "reindex", "verify"):
            for run in runs.iterdir():
                run.unlink()
            self.assertEqual(self.coffer.run(command, "--data", data)[0], 0)
        for run in runs.iterdir():
            run.write_bytes(b"no run")
        server = self.serve()
        self.deposit(server, key, "100.00", "first")  # still known, so a replay
        self.assertEqual(self.balance(server, key), "100.00")

    # ---- explain --------------------------------------------------------------------------------

    def test_explain_tells_the_story_by_either_id_running_or_not(self):
        server = self.serve_after_init()
        key = self.found_tenant(server, self.install_key)
        deposit = self.deposit(server, key, "7.00", "story-1")
        place = ("--config", self.config)
        code, told, complaint = self.coffer.run("explain", *place, "story-1")
        self.assertEqual(code, 0, complaint)
        for words in (deposit["id"], "native: deposit applied", "casino", "eve", "+7.00 EUR",
                      "107.00 EUR after it"):
            self.assertIn(words, told)
        self.assertEqual(self.coffer.run("explain", *place, deposit["id"])[1], told)
        self.assert_fails(self.coffer.run("explain", *place, "story-2"), "no transaction story-2")
        server.stop()
        self.assertEqual(self.coffer.run("explain", *place, deposit["id"])[1], told)
        self.assertEqual(self.coffer.run("explain", *place, "story-1")[1], told)

    # ---- logs -----------------------------------------------------------------------------------

    def test_logs_are_json_where_asked_and_hold_no_secret(self):
        install_key = self.init()
        config = self.coffer.write("json.toml", pathlib.Path(self.config).read_text().replace(
            "[log]", '[log]\nformat = "json"\npath = "coffer.log"'))
        server = self.serve(config)
        server.call("GET", "/v1/tenants?secret=hidden-word", None, NATIVE,
                    authorization=f"Bearer {install_key}")
        server.stop()
        text = pathlib.Path(self.coffer.file("coffer.log")).read_text()
        calls = [line for line in map(json.loads, text.splitlines()) if line["message"] == "call"]
        self.assertEqual([line["path"] for line in calls], ["/v1/tenants"])
        self.assertNotIn("hidden-word", text)
        self.assertNotIn(install_key, text)


if __name__ == "__main__":
    run(CommandsTest, __doc__)
