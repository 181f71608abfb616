#!/usr/bin/env python3
"""How Coffer over PostgreSQL stands beside pgbench on the same server.

    bench/postgres.py [--program FILE] [--seconds N] [--rounds N] [--movements N] [--out FILE]

A real server is started, with fsync and synchronous_commit on. pgbench (TPC-B-like and simple-update,
prepared, the better of 8 and 32 clients) and Coffer take turns, because a machine's speed changes from
minute to minute: the ratio is what counts. Then one set of books grows to that many movements, its first
and its last part are compared, and `coffer verify` proves all books. What was measured is written to
bench/results/<date>-postgres-<commit>.md. With 5,000,000 movements it takes some ten minutes.
"""

import argparse
import datetime
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "test"))

from demo_program import Demo  # noqa: E402
from postgres_server import DEBIAN, PASSWORD, PostgresServer  # noqa: E402

SETTINGS = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=2GB",
            "max_wal_size=8GB", "max_connections=100")
PLAYERS, HOT_PLAYERS = 100_000, 32
PGBENCH_SCALE = 50
PART = 500_000  # what of growing books is compared


class Run:
    def __init__(self, options, server):
        self.options, self.server = options, server
        self.lines, self.failures = [], []

    def tell(self, line=""):
        self.lines.append(line)
        print(line, flush=True)

    # ---- pgbench ------------------------------------------------------------------------------

    def pgbench(self, *words):
        environment = dict(os.environ, PGPASSWORD=PASSWORD)
        done = subprocess.run([DEBIAN + "pgbench", "-h", "127.0.0.1", "-p", str(self.server.port), "-U",
                               "owner", *words, "postgres"], capture_output=True, text=True,
                              env=environment, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def transactions(self, *words):
        """The better rate of 8 and 32 clients."""
        return max(float(re.search(r"tps = ([\d.]+)", self.pgbench(
            "-n", "-M", "prepared", "-c", clients, "-j", "2", "-T", str(self.options.seconds),
            *words)).group(1)) for clients in ("8", "32"))

    # ---- Coffer -------------------------------------------------------------------------------

    def calls(self, demo, *words):
        """(calls a second, what the bench said)"""
        done = subprocess.run(
            [self.options.program, "bench", "--connect", f"127.0.0.1:{demo.port}", "--server-pid",
             str(demo.process.pid), "--dialect", "rgs", *words], capture_output=True, text=True,
            check=False)
        rate = re.search(r"^calls/s +(\d+)", done.stdout, re.MULTILINE)
        if done.returncode != 0 or not rate:
            self.failures.append(" ".join(words) + ": " + done.stdout[-500:] + done.stderr[-500:])
        return int(rate.group(1)) if rate else 0, done.stdout

    def new_books(self, folder, name):
        uri = self.server.new_place()
        demo = Demo(self.options.program, pathlib.Path(folder) / name, players=PLAYERS, store=uri,
                    shards=self.options.shards)
        demo.command.append("--no-log-calls")
        return uri, demo.start()

    def verify(self, uri):
        begun = time.monotonic()
        done = subprocess.run([self.options.program, "verify", "--store", uri], capture_output=True,
                              text=True, check=False)
        seconds = time.monotonic() - begun
        if done.returncode != 0:
            self.failures.append("verify: " + done.stdout + done.stderr)
        said = re.sub(r"^[^:]*:\d+/\w+: ", "", (done.stdout or done.stderr).strip())
        return f"`coffer verify`, {seconds:.0f} s: {said}"

    # ---- the parts ----------------------------------------------------------------------------

    def in_turns(self, uri, demo):
        self.tell("## In turns, a second")
        self.tell()
        self.tell("| round | TPC-B-like | simple-update | rgs wagers | of TPC-B | 2,048 under way | "
                  f"{HOT_PLAYERS} players | of all players |")
        self.tell("|---|---|---|---|---|---|---|---|")
        everybody = ("--players", str(PLAYERS), "--seconds", str(self.options.seconds))
        hot = ("--players", str(HOT_PLAYERS), "--seconds", str(self.options.seconds))
        said = ""
        for turn in range(1, self.options.rounds + 1):
            tpc_b, simple = self.transactions(), self.transactions("-N")
            rate, said = self.calls(demo, *everybody)
            wide, _ = self.calls(demo, *everybody, "--streams", "512")
            narrow, _ = self.calls(demo, *hot)
            self.tell(f"| {turn} | {tpc_b:.0f} | {simple:.0f} | {rate} | {rate / tpc_b:.1f} | {wide} | "
                      f"{narrow} | {narrow / max(rate, 1):.2f} |")
        self.tell()
        self.tell("The last of the runs with 512 calls under way:")
        self.tell()
        for line in said.splitlines():
            if re.match(r"calls/s|latency|failures|server CPU|client CPU|machine|books", line):
                self.tell("    " + line)
        demo.stop()
        self.tell()
        self.tell(self.verify(uri))

    def growth(self, uri, demo):
        total = self.options.movements
        self.tell()
        self.tell(f"## Books that grow to {total:,} movements")
        self.tell()
        everybody = ("--players", str(PLAYERS))
        first, _ = self.calls(demo, *everybody, "--calls", str(PART))
        if total > 2 * PART:
            self.calls(demo, *everybody, "--calls", str(total - 2 * PART))
        last, _ = self.calls(demo, *everybody, "--calls", str(PART))
        self.tell(f"The first {PART:,} went in at {first}/s, the last {PART:,} at {last}/s: "
                  f"{last / max(first, 1):.2f} of it.")
        demo.stop()
        self.tell()
        self.tell(self.verify(uri))
        size = self.server.sql(uri, "select string_agg(relname || ' ' || "
                                    "pg_total_relation_size(oid)::bigint / 1000000 || ' MB', ', ' order by "
                                    "relname) from pg_class where relkind = 'r' and relnamespace = "
                                    "current_schema()::regnamespace")
        self.tell(f"On disk, indexes included: {size.strip()}.")

    def whole(self, folder):
        options, server = self.options, self.server
        commit = re.search(r"commit\s+(\S+)", subprocess.run(
            [options.program, "version"], capture_output=True, text=True, check=True).stdout).group(1)
        version = server.sql(server.uri(), "show server_version").split()[0]
        cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
        today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        self.tell(f"# Coffer {commit} over PostgreSQL {version} beside pgbench")
        self.tell()
        self.tell(f"{today}, {os.cpu_count()} cores of {cpu}; server, database, client and disk share them. "
                  f"Load average at the start: {' '.join(f'{one:.2f}' for one in os.getloadavg())}.")
        self.tell(f"PostgreSQL with {', '.join(SETTINGS)}; pgbench -M prepared at scale {PGBENCH_SCALE}, "
                  f"the better of 8 and 32 clients; {options.seconds} s a run. Coffer: rgs /credit-debit "
                  f"over HTTP/2, one wager and one new round a call, {PLAYERS:,} players, 512 calls under "
                  "way where nothing else is said. The other side of each movement is the same house "
                  "account, which has no row: it is the sum of what stands under the players. So what is "
                  "measured is already the case of every movement on one house account.")
        self.tell()
        self.pgbench("-i", "-q", "-s", str(PGBENCH_SCALE))
        self.in_turns(*self.new_books(folder, "turns"))
        self.growth(*self.new_books(folder, "growth"))
        log = server.log()
        deadlocks = log.count("deadlock detected")
        errors = [line for line in log.splitlines() if re.search("ERROR|FATAL|PANIC", line)
                  and "coffer_meta" not in line  # `demo` asks whether there are tables
                  and "the database system is starting up" not in line]  # we ask whether it is
        self.tell()
        self.tell(f"In PostgreSQL's log: {deadlocks} deadlocks, {len(errors)} errors.")
        if deadlocks or errors:
            self.failures.append("\n".join(errors[:10]))
        name = f"{today}-postgres-{commit.replace('+', '-changed')}.md"
        out = pathlib.Path(options.out) if options.out else HERE / "results" / name
        out.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        print(f"written to {out}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", default="build/release/coffer")
    arguments.add_argument("--seconds", type=int, default=10)
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--movements", type=int, default=5_000_000)
    arguments.add_argument("--shards", type=int, default=0, help="of the books; as many as by default")
    arguments.add_argument("--out")
    options = arguments.parse_args()
    with PostgresServer(*SETTINGS) as server, tempfile.TemporaryDirectory() as folder:
        run = Run(options, server)
        run.whole(folder)
    for failure in run.failures:
        print("FAILED:", failure, file=sys.stderr)
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
