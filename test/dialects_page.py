#!/usr/bin/env python3
"""Keeps the table of outcomes in docs/DIALECTS.md true: it says what the golden exchanges say, which is
what the program answers.

    test/dialects_page.py           fails where the table and the exchanges differ
    test/dialects_page.py --write   writes the table anew
"""

import collections
import pathlib
import re
import sys

import golden_file
import golden_matrix

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/DIALECTS.md"
DIALECTS = ("operator", "integrator", "rgs", "sverse", "kgen", "native")
HEAD = ("| outcome | " + " | ".join(DIALECTS) + " |", "|---" * (len(DIALECTS) + 1) + "|")
# A dialect's own word beside the status, where its answers have one.
WORDS = {"integrator": re.compile(r'"code": (\d+)'), "rgs": re.compile(r'"error_code": "(\w+)"')}


def word_of(dialect, exchange):
    status = str(exchange.status)
    own = WORDS.get(dialect)
    found = own.search("\n".join(exchange.answer_body)) if own else None
    return f"{status} {found.group(1)}" if found else status


def words_shown():
    """(outcome, dialect) -> the words of its exchanges, the usual one first."""
    shown = collections.defaultdict(collections.Counter)
    for dialect in DIALECTS:
        verbs = golden_matrix.verbs_of(dialect)
        for path in sorted((ROOT / "test/golden" / dialect).glob("*.http")):
            for exchange in golden_file.parse(path.read_text(encoding="utf-8")):
                title = exchange.title.partition(":")[0].split()
                # The answer to a HEAD has no body to have a word in.
                if len(title) == 2 and title[0] in verbs and exchange.method != "HEAD":
                    shown[title[1], dialect][word_of(dialect, exchange)] += 1
    return shown


def table():
    shown = words_shown()
    rows = list(HEAD)
    for outcome in golden_matrix.outcomes():
        cells = [", ".join(sorted(shown[outcome, dialect])) or "–" for dialect in DIALECTS]
        if any(cell != "–" for cell in cells):
            rows.append(f"| {outcome} | " + " | ".join(cells) + " |")
    return rows


def main():
    text = PAGE.read_text(encoding="utf-8")
    lines = text.split("\n")
    start = lines.index(HEAD[0])
    end = next(at for at in range(start, len(lines)) if not lines[at].startswith("|"))
    wanted = table()
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text("\n".join(lines[:start] + wanted + lines[end:]), encoding="utf-8")
        return 0
    missing = [f"the page lacks: {row}" for row in wanted if row not in lines[start:end]]
    wrong = [f"the exchanges do not say: {row}" for row in lines[start:end] if row not in wanted]
    links = [f"the page does not lead to {dialect}'s own" for dialect in DIALECTS
             if f"(dialects/{dialect}.md)" not in text]
    for line in missing + wrong + links:
        print(line)
    print(f"docs/DIALECTS.md: {len(wanted) - 2} outcomes, {len(missing + wrong + links)} complaints")
    return 1 if missing or wrong or links else 0


if __name__ == "__main__":
    sys.exit(main())
