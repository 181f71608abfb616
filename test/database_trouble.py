#!/usr/bin/env python3
"""A PostgreSQL in trouble under load: no connection is left, its disk is full, the disk of its log is full.
Calls hear "not now", /readyz says so, nothing acknowledged is lost, and when the trouble is over the
movements go on without a server being started again.

    test/database_trouble.py --coffer build/release/coffer

Runs in a mount namespace of its own, on small disks in memory; needs root or unprivileged user namespaces.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import crash
import failover
import full_disk
import several
from demo_program import finish
from postgres_server import DEBIAN, PostgresServer, become, other_user

DISK = "128m"
REFUSALS = 200
CONNECTIONS = 12
FREE_CONNECTIONS = CONNECTIONS - 3 - 1  # three are kept for the owner, who has one more


class Session:
    """One that stays, so that what is asked does not take connections and give them back meanwhile."""

    def __init__(self, uri):
        self.lock = threading.Lock()
        self.process = subprocess.Popen(
            [DEBIAN + "psql", "-X", "-q", "-A", "-t", "-d", uri], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=become, cwd="/")

    def ask(self, text):
        with self.lock:
            self.process.stdin.write(text + ";\n\\echo end of answer\n")
            self.process.stdin.flush()
            lines = []
            while (line := self.process.stdout.readline().strip()) != "end of answer":
                assert self.process.poll() is None, lines
                lines.append(line)
            return "\n".join(lines)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


class Hogs:
    """Takes every connection that can be had, until stop()."""

    def __init__(self, session, uri):
        self.session, self.uri, self.held = session, uri, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            hog = subprocess.Popen([DEBIAN + "psql", "-X", "-q", "-d", self.uri, "-c",
                                    "select pg_sleep(3600)"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, preexec_fn=become, cwd="/")
            self.held.append(hog)
            while hog.poll() is None and not self.stopping.is_set() and not self.is_in(hog):
                time.sleep(0.01)

    def count(self):
        return int(self.session.ask("select count(*) from pg_stat_activity where usename = 'hog'"))

    def is_in(self, hog):
        living = sum(1 for one in self.held if one.poll() is None)
        return hog.poll() is None and self.count() >= living

    def stop(self):
        self.stopping.set()
        self.thread.join()
        # A session that sleeps does not notice that its caller is gone.
        self.session.ask("select pg_terminate_backend(pid) from pg_stat_activity "
                         "where usename = 'hog'")
        for hog in self.held:
            hog.wait()


def refused(load, what, said=()):
    """Waits until callers are told so; then both probes must say so as well."""
    lost = load.lost()
    failures = failover.wait_until(lambda: load.lost() > lost + REFUSALS, f"calls are refused: {what}")
    failures += failover.wait_until(
        lambda: all(failover.ask_readiness(port) == 503 for port in load.ports), f"not ready: {what}")
    # It stays so while the trouble lasts.
    lost, answers, untrue = load.lost(), load.answers(), []
    while load.lost() < lost + REFUSALS and not untrue:
        untrue = [port for port in load.ports if failover.ask_readiness(port) != 503]
    if untrue:
        failures.append(f"ready: {what}")
    if load.answers() != answers:
        failures.append(f"{load.answers() - answers} movements were answered: {what}")
    log = load.house.servers[0].said()
    return failures + [f"the log does not say {words}: {what}" for words in said if words not in log]


def going_on(load):
    return load.goes_on() + load.all_ready()


def no_connection_left(options):
    """As a role that may not use those that are kept for the owner."""
    with PostgresServer(f"max_connections={CONNECTIONS}") as server:
        server.ask("create role runs login password 'p@ss/word'; "
                   "create role hog login password 'p@ss/word'")
        house = several.House(options.coffer, server.uri(), crash.WORKERS * crash.PLAYERS_EACH)
        hogs, session = None, Session(server.uri())
        try:
            code, _, complaint = house.program.run("migrate", "--store", house.uri, "--runtime-role",
                                                   "runs")
            failures = [] if code == 0 else [complaint]
            owners, house.uri = house.uri, house.uri.replace("//owner", "//runs")
            house.start(1)
            load = failover.Load(house, options.seed)
            failures += going_on(load)
            hogs = Hogs(session, server.uri().replace("//owner", "//hog"))

            def is_exhausted():
                session.ask("select pg_terminate_backend(pid) from pg_stat_activity "
                            "where usename = 'runs'")
                return hogs.count() == FREE_CONNECTIONS

            failures += failover.wait_until(is_exhausted, "every connection is taken")
            failures += refused(load, "no connection is left", ("the store cannot be reached",))
            hogs.stop()
            hogs = None
            failures += going_on(load) + load.stop()
            house.uri = owners
            return failures + house.stop()
        finally:
            if hogs:
                hogs.stop()
            session.close()
            house.close()


class Disk:
    """A small one in memory, that a folder of a server which is not running moves to."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="coffer-disk-"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", self.path], check=True)

    def take(self, folder):
        shutil.copytree(folder, self.path / folder.name, symlinks=True)
        shutil.rmtree(folder)
        folder.symlink_to(self.path / folder.name)
        if user := other_user():
            for path in (self.path, *self.path.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid)
        (self.path / folder.name).chmod(0o700)

    def fill(self):
        full_disk.fill(self.path / "filler")

    def free(self):
        (self.path / "filler").unlink()

    def close(self):
        subprocess.run(["umount", "--lazy", self.path], check=False)
        self.path.rmdir()


def disk_full(options, folder, what, trouble, said):
    """`trouble(server)` makes it need space at once."""
    disk, server = Disk(), PostgresServer()
    house = None
    try:
        disk.take(pathlib.Path(server.folder) / "data" / folder)
        server.start()
        house = several.House(options.coffer, server.uri(), crash.WORKERS * crash.PLAYERS_EACH)
        house.start(1)
        load = failover.Load(house, options.seed)
        failures = going_on(load)
        disk.fill()
        trouble(server)
        failures += refused(load, what, said)
        disk.free()
        if server.process.poll() is not None:  # it gave up; whoever watches over it starts it again
            server.start()
        failures += going_on(load) + load.stop()
        return failures + house.stop()
    finally:
        if house:
            house.close()
        server.__exit__()
        disk.close()


def need_log(server):
    """A new segment of the log, until there is no space for one."""
    for _ in range(64):
        try:
            server.ask("select pg_switch_wal()")
        except RuntimeError:
            return


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = arguments.parse_args()
    if (code := full_disk.in_own_namespace()) is not None:
        return code
    print(f"seed {options.seed}")
    failures = no_connection_left(options)
    failures += disk_full(options, "base", "the disk is full", lambda server: None,
                          ("53100",))
    failures += disk_full(options, "pg_wal", "the disk of the log is full", need_log,
                          ("the store cannot be reached",))
    return finish(failures, 3 * 6)


if __name__ == "__main__":
    sys.exit(main())
