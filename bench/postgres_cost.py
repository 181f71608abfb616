#!/usr/bin/env python3
"""What a durable movement costs over PostgreSQL, for docs/SCALING.md: processor time of each part, bytes of
its log and of its tables. The database, the server and the callers share the machine.

    bench/postgres_cost.py --coffer build/release/coffer [--calls 300000]

Prints a table as bench/results/ has them.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test"))

from demo_program import Demo  # noqa: E402  (after the path is known)
from postgres_server import PostgresServer, children_of  # noqa: E402

TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")
TABLES = ("coffer_journal", "coffer_record", "coffer_head")


def cpu_us(postmaster):
    """Of the server's processes, those that have ended included."""
    total = 0
    for process in (postmaster, *children_of(postmaster)):
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        own, children = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
        total += own + (children if process == postmaster else 0)
    return total * TICK_US


def figures(server):
    sizes = ", ".join(f"pg_table_size('{table}'), pg_indexes_size('{table}')" for table in TABLES)
    row = server.ask("select pg_current_wal_lsn() - '0/0'::pg_lsn, sequence, " + sizes +
                     " from coffer_head").split("|")
    return [int(float(value)) for value in row]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--coffer", required=True)
    arguments.add_argument("--calls", type=int, default=300_000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="coffer-cost-") as folder, PostgresServer(
            "shared_buffers=1GB", "max_wal_size=8GB") as server:
        demo = Demo(options.coffer, pathlib.Path(folder) / "world", players=20_000,
                    store=server.uri()).start()
        try:
            server.ask("checkpoint")
            before, cpu = figures(server), cpu_us(server.process.pid)
            done = subprocess.run(
                [options.coffer, "bench", "--connect", f"127.0.0.1:{demo.port}", "--server-pid",
                 str(demo.process.pid), "--players", "20000", "--connections", "8", "--streams",
                 "256", "--calls", str(options.calls), "--no-verify"],
                capture_output=True, text=True, check=True)
            cpu = (cpu_us(server.process.pid) - cpu) / options.calls
            after = figures(server)
        finally:
            demo.stop()
    print(done.stdout)
    rate = re.search(r"^calls/s\s+(\d+)", done.stdout, re.M)[1]
    own = re.search(r"^server CPU (\S+) us a call(.*)$", done.stdout, re.M)
    caller = re.search(r"^client CPU (\S+) us", done.stdout, re.M)
    spent = [(new - old) / options.calls for old, new in zip(before, after)]
    print("| what | a movement |\n|---|---|")
    print(f"| durable movements a second, all on one machine | {rate} |")
    print(f"| Coffer's processor time | {own[1]} us{own[2].replace('coffer-', '')} |")
    print(f"| PostgreSQL's processor time | {cpu:.1f} us |")
    print(f"| the caller's | {caller[1] if caller else '?'} us |")
    print(f"| journal records | {spent[1]:.2f} |")
    print(f"| PostgreSQL's log (WAL) | {spent[0]:.0f} bytes |")
    for number, table in enumerate(TABLES):
        print(f"| {table} | {spent[2 + 2 * number]:.0f} bytes, and {spent[3 + 2 * number]:.0f} of its "
              "index |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
