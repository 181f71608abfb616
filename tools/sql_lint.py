#!/usr/bin/env python3
"""Says whether every SQL text of the program is in the subset that PostgreSQL 15 to 18, Citus, CockroachDB
and YugabyteDB all run unchanged.

    tools/sql_lint.py [root]

The texts are in src/store/postgres_sql.h, and a text that looks like SQL anywhere else is a breach. What
stands there below a heading with "may fail elsewhere" is PostgreSQL's own: only what is forbidden
everywhere is forbidden there. Prints each breach and exits 1 if there is one.
"""

import re
import sys
from pathlib import Path

HOME = Path("src/store/postgres_sql.h")
OWN_HEADING = "may fail elsewhere"
TEST_FILE = re.compile(r"_(test|fuzz|bench|fixture)\.(?:cc|h)$")
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
SQL = re.compile(r"^(select|insert|update|delete|create|alter|drop|grant|revoke|truncate|begin|commit|rollback|"
                 r"set|show|with|merge|notify|listen|lock|copy|vacuum|explain|call|do)\s+[a-z_(]", re.IGNORECASE)
# Prose that begins with the same words is not SQL: it has none of these behind them.
SQL_TOO = re.compile(r"\b(from|into|table|values|where|on|set|schema|role|isolation|to|=|_timeout|mode)\b",
                     re.IGNORECASE)

FORBIDDEN = [
    (r"\bnow\s*\(|\bcurrent_(time|date|timestamp)\b|\blocaltime|\bclock_timestamp|\bstatement_timestamp",
     "the time comes from the process"),
    (r"\brandom\s*\(|\bgen_random_uuid|\buuid_generate", "random bytes come from the process"),
    (r"\bnextval\b|\bcurrval\b|\bserial\b|\bbigserial\b|\bidentity\b|\bcreate\s+sequence\b",
     "numbers come from the process"),
    (r"\btrigger\b|\bcreate\s+(or\s+replace\s+)?(function|procedure|rule)\b", "nothing happens by itself"),
    (r"\bnotify\b|\blisten\b", "NOTIFY does not exist everywhere"),
    (r"advisory", "advisory locks do not exist everywhere"),
    (r"\bmerge\s+into\b", "MERGE does not exist everywhere"),
    (r"\bserializable\b", "read committed and row locks"),
    (r"\bsavepoint\b", "a batch is all or nothing"),
    (r"/|\bdiv\s*\(", "arithmetic is the process's"),
    (r"\b(delete\s+from|truncate|drop)\b", "nothing is ever taken away"),
    (r"\bwith\s+\w+\s+as\s*\(", "no common table expressions"),
    (r"\bjsonb?_|\breal\b|\bdouble\b|\bfloat\d?\b|\bmoney\b", "a type that is not in the subset"),
]
TYPES = {"smallint", "bigint", "text", "uuid", "bytea", "jsonb", "boolean", "timestamptz", "numeric(38,0)"}


def strings_of(text):
    """(position, text) of each literal, with those that stand side by side as one."""
    found = []
    at = 0
    text = re.sub(r"//[^\n]*", lambda match: " " * len(match.group()), text)
    for match in STRING.finditer(text):
        between = text[at:match.start()]
        if found and not between.strip():
            found[-1][1] += match.group(1)
        else:
            found.append([match.start(), match.group(1)])
        at = match.end()
    return found


def looks_like_sql(text):
    first = text.split(" ", 1)[0]
    return bool((first.islower() or first.isupper()) and SQL.match(text) and SQL_TOO.search(text[text.find(" "):]))


def judge(sql, own=False):
    """What is wrong with one statement."""
    sql = " ".join(sql.split())
    wrong = [why for pattern, why in FORBIDDEN if re.search(pattern, sql, re.IGNORECASE)]
    if ";" in sql:
        wrong.append("one statement at a time")
    if own:
        return wrong
    verb = sql.split(" ", 1)[0].lower()
    if verb == "create":
        wrong += judge_table(sql)
    elif verb == "alter":
        wrong.append("an ALTER must be one that can be repeated, and every database must know it")
    elif verb == "insert":
        wrong += judge_insert(sql)
    elif verb in ("select", "update"):
        wrong += judge_shards(sql)
    return wrong


def judge_table(sql):
    wrong = []
    if not re.match(r"create table if not exists \w+ \(", sql):
        return ["only tables are made, and it must be possible to repeat it: create table if not exists"]
    body = sql[sql.index("(") + 1:sql.rindex(")")]
    key = re.search(r"primary key \(([^)]*)\)", body)
    if not key or key.group(1).split(",")[0].strip() != "shard":
        wrong.append("the primary key begins with shard")
    if re.search(r"\bunique\b|\breferences\b|\bdefault\b|\bcheck\b", body):
        wrong.append("only a primary key, not null, and no defaults")
    columns = body[:key.start()] if key else body
    for column in re.split(r",(?![^(]*\))", columns):
        words = column.split()
        if words and words[1] not in TYPES:
            wrong.append(f"{words[1]} is not in the subset of types")
    return wrong


def judge_insert(sql):
    match = re.match(r"insert into \w+ \((\w+)", sql)
    if not match or match.group(1) != "shard":
        return ["an insert names its columns, shard first"]
    if not re.search(r"\)\s*(select \$1\b|values \(\$1\b)", sql):
        return ["an insert names one shard: $1"]
    conflict = re.search(r"on conflict \((\w+)", sql)
    if conflict and conflict.group(1) != "shard":
        return ["a conflict is one of a key that begins with shard"]
    return []


def judge_shards(sql):
    """Every table that a statement reads or changes has its shard named by equality with $1."""
    tables = re.findall(r"\b(?:from|join|update)\s+(coffer_\w+)(?:\s+(?!on\b|where\b|set\b|join\b|order\b)(\w+))?",
                        sql)
    aliases = [alias or "" for _, alias in tables]
    return [f"{table} without its shard: {alias + '.' if alias else ''}shard = $1"
            for (table, _), alias in zip(tables, aliases)
            if not re.search(rf"(?<![\w.]){re.escape(alias + '.') if alias else ''}shard = \$1(?!\d)", sql)]


def check(root):
    breaches = []
    for path in sorted(root.joinpath("src").rglob("*.*")):
        name = path.relative_to(root)
        if path.suffix not in (".h", ".cc") or TEST_FILE.search(path.name):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        own_from = text.find(OWN_HEADING, text.find("// ----")) if name == HOME else -1
        for at, sql in strings_of(text):
            if not looks_like_sql(sql) and name != HOME:
                continue
            line = text.count("\n", 0, at) + 1
            if name != HOME:
                breaches.append(f"{name}:{line}: SQL belongs into {HOME}: {sql[:60]}")
                continue
            own = 0 <= own_from < at
            breaches += [f"{name}:{line}: {why}: {sql[:70]}"
                         for why in judge(sql, own) if " " in sql]
    return breaches


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    breaches = check(root)
    for breach in breaches:
        print(breach)
    print(f"{len(breaches)} breaches" if breaches else "the SQL is portable")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
