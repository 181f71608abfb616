#!/usr/bin/env python3
"""The lint itself: what it must let through, and what it must not."""

import sys
import tempfile
import unittest
from pathlib import Path

import sql_lint

GOOD = [
    "select sequence from coffer_head where shard = $1 for update",
    "select r.hash from coffer_record r join coffer_journal j on j.shard = r.shard"
    " where r.shard = $1 and j.shard = $1 and r.hash = any ($2)",
    "insert into coffer_record (shard, hash) select $1, w.hash from unnest($2::uuid[]) as w (hash)"
    " on conflict (shard, hash) do update set sequence = excluded.sequence",
    "insert into coffer_meta (shard, name) values ($1, $2)",
    "update coffer_head set sequence = $2 where shard = $1",
    "create table if not exists coffer_x (shard smallint not null, amount numeric(38,0) not null,"
    " primary key (shard, amount))",
    "set lock_timeout = 1000",
    "begin isolation level read committed",
]
BAD = {
    "select now()": "time",
    "select sequence from coffer_head": "shard",
    "select sequence from coffer_head where shard = $10": "shard",
    "select sequence from coffer_head where shard > $1": "shard",
    "select 1 from coffer_record r join coffer_journal j on j.sequence = r.sequence"
    " where r.shard = $1": "j.shard",
    "update coffer_head set sequence = $2": "shard",
    "insert into coffer_meta (name, shard) values ($1, $2)": "shard first",
    "insert into coffer_meta values ($1, $2)": "names its columns",
    "insert into coffer_meta (shard) values ($2)": "one shard",
    "insert into coffer_meta (shard, name) values ($1, $2) on conflict (name) do nothing": "conflict",
    "create table coffer_x (shard smallint, primary key (shard))": "repeat",
    "create table if not exists coffer_x (id bigint not null, primary key (id))": "begins with shard",
    "create table if not exists coffer_x (shard smallint, a float8, primary key (shard))": "float8",
    "create table if not exists coffer_x (shard smallint, a bigint unique, primary key (shard))":
        "only a primary key",
    "create index coffer_i on coffer_x (shard)": "repeat",
    "alter table coffer_x add column y bigint": "ALTER",
    "select nextval('x') from coffer_head where shard = $1": "numbers",
    "select pg_advisory_xact_lock($1)": "advisory",
    "select amount / 2 from coffer_head where shard = $1": "arithmetic",
    "delete from coffer_journal where shard = $1": "taken away",
    "begin isolation level serializable": "read committed",
    "with w as (select 1) select 1": "common table",
    "select 1; select 2": "one statement",
    "notify coffer": "NOTIFY",
    "merge into coffer_head using x on true": "MERGE",
}


class SqlLint(unittest.TestCase):
    def test_the_subset_passes(self):
        for sql in GOOD:
            self.assertEqual(sql_lint.judge(sql), [], sql)

    def test_everything_else_is_named(self):
        for sql, word in BAD.items():
            wrong = sql_lint.judge(sql)
            self.assertTrue(any(word in why for why in wrong), f"{sql}: {wrong}")

    def test_what_is_postgresqls_own_is_judged_only_for_what_is_forbidden_everywhere(self):
        self.assertEqual(sql_lint.judge("alter table coffer_head set (fillfactor = 10)", own=True), [])
        self.assertTrue(sql_lint.judge("select now()", own=True))

    def test_sql_elsewhere_is_found_and_prose_is_not(self):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "src", "store", "x.cc")
            source.parent.mkdir(parents=True)
            source.write_text('auto a = "select name from "\n    "coffer_meta";\n'
                              'auto b = "update the books"; auto c = "Copy what is there to books";\n'
                              '// "select x from y"\n', encoding="utf-8")
            breaches = sql_lint.check(Path(folder))
            self.assertEqual(len(breaches), 1, breaches)
            self.assertIn("x.cc:1", breaches[0])

    def test_literals_side_by_side_are_one(self):
        self.assertEqual([text for _, text in sql_lint.strings_of('"a " "b"\n "c", "d"')], ["a bc", "d"])


if __name__ == "__main__":
    sys.exit(unittest.main())
