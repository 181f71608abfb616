#!/usr/bin/env python3
"""Fails when a route lacks a golden exchange for an outcome that it can have.

Verbs are read from the dialects' route tables, outcomes from Decline, Fault and RefusalKind. A cell
that cannot happen stands with its reason in test/golden/<dialect>/impossible.txt:

    get-balance,transactions insufficient_funds,limit_reached: asking moves no money
    * bad_signature: the dialect has no signatures

A title may also name a row of the tables that all dialects share. `X before Y and Z` in
order_of_checks.http says that more than one check fails and X answers; `row "..."` names a situation
of a rollback. Each dialect of ORDERED must name every check that it can fail, and each with a verb
`rollback` every row. What is not a check of a dialect is in its impossible.txt as well:

    order signature,tombstone: the dialect has neither
"""

import fnmatch
import pathlib
import re
import sys

import golden_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUTE = re.compile(
    r"\{\s*(?:\.method\s*=\s*)?Method::(\w+),\s*(?:\.pattern\s*=\s*)?\"(/[^\"]*)\","
    r"\s*(?:\.verb\s*=\s*)?\"([^\"]+)\"")
# What no dialect's route says: an unknown path, a preflight, what the native API prepares.
NOBODYS = {"none", "preflight", "setup"}

# The order of checks; a block is judged with the limits, and integrator calls its session a token.
CHECKS = ["path", "method", "size", "credential", "signature", "syntax", "idempotency", "tombstone",
          "player", "currency", "session", "round", "limits", "funds"]
RANKS = {word: rank for rank, word in enumerate(CHECKS)} | {
    "token": CHECKS.index("session"), "block": CHECKS.index("limits")}
ORDERED = {"operator", "integrator", "rgs", "sverse", "kgen"}
BEFORE = re.compile(r"(\w+) before (\w+(?:(?:, | and )\w+)*)")

ROLLBACK_ROWS = ["wager applied, no payout", "already rolled back", "wager unknown",
                 "wager arrives after its tombstone", "wager was refused",
                 "payout already in the round", "not the latest wager", "round closed",
                 "amount, round, currency differ", "session expired"]


def enumerators(header, name):
    text = (ROOT / "src" / header).read_text(encoding="utf-8")
    body = re.search(rf"enum class {name}\b[^{{]*\{{(.*?)\n\}};", text, re.DOTALL).group(1)
    body = re.sub(r"//[^\n]*", "", body)
    return [word.partition("=")[0].strip() for word in body.split(",") if word.strip()]


def outcomes():
    words = enumerators("ledger/outcome.h", "Decline") + enumerators("ledger/outcome.h", "Fault")
    words += enumerators("dialect/dialect.h", "RefusalKind")
    return ["done", "replay"] + [word for word in dict.fromkeys(words) if word != "none"]


def verbs_of(dialect):
    verbs = []
    for source in sorted((ROOT / "src/dialect").glob(f"{dialect}*.cc")):
        if not source.name.endswith("_test.cc"):
            verbs += [match.group(3) for match in ROUTE.finditer(source.read_text(encoding="utf-8"))]
    return list(dict.fromkeys(verbs))


def impossible_of(folder):
    """(verb patterns, outcome patterns, line) of each line of impossible.txt."""
    path = folder / "impossible.txt"
    rules = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if not line.strip() or line.startswith("#"):
            continue
        cells, colon, reason = line.partition(":")
        parts = cells.split()
        if len(parts) != 2 or not colon or not reason.strip():
            raise SystemExit(f"{path}: not `VERBS OUTCOMES: reason`: {line}")
        rules.append((parts[0].split(","), parts[1].split(","), line))
    return rules


def shown(folder, verbs, known):
    """The cells that exchanges show, and what is wrong with their titles."""
    cells, wrong = set(), []
    for path in sorted(folder.glob("*.http")):
        for exchange in golden_file.parse(path.read_text(encoding="utf-8")):
            words = exchange.title.partition(":")[0].split()
            place = f"{folder.name}/{path.name}:{exchange.line}"
            if len(words) != 2:
                wrong.append(f"{place}: the title is not `VERB OUTCOME: words`")
            elif words[0] not in verbs and words[0] not in NOBODYS:
                wrong.append(f"{place}: {folder.name} has no verb {words[0]}")
            elif words[1] not in known:
                wrong.append(f"{place}: there is no outcome {words[1]}")
            else:
                cells.add(tuple(words))
    return cells, wrong


def judge_order(folder, excused):
    """Is each check seen to answer before a later one, and to come after an earlier one?"""
    wrong, first, later = [], set(), set()
    text = (folder / "order_of_checks.http").read_text(encoding="utf-8")
    for exchange in golden_file.parse(text):
        for check, others in BEFORE.findall(exchange.title):
            others = re.split(r", | and ", others)
            if check not in RANKS or any(other not in RANKS for other in others):
                continue
            if any(RANKS[other] <= RANKS[check] for other in others):
                wrong.append(f"{folder.name}: not the order of checks: {exchange.title}")
            first.add(RANKS[check])
            later.update(RANKS[other] for other in others)
    for rank, check in enumerate(CHECKS):
        is_shown = (rank in first or check == CHECKS[-1]) and (rank in later or check == CHECKS[0])
        if is_shown == (check in excused):
            wrong.append(f"{folder.name}: order_of_checks.http " + (
                f"shows {check}, so it is possible" if is_shown
                else f"does not show {check} before a later check and after an earlier one"))
    return wrong


def judge_rollback_rows(folder):
    titles = [exchange.title for path in sorted(folder.glob("*.http"))
              for exchange in golden_file.parse(path.read_text(encoding="utf-8"))]
    return [f'{folder.name}: no exchange shows the row "{row}" of rollbacks' for row in ROLLBACK_ROWS
            if not any(f'row "{row}"' in title for title in titles)]


def judge(folder):
    verbs, known = verbs_of(folder.name), outcomes()
    cells, wrong = shown(folder, verbs, known)
    rules = impossible_of(folder)
    excused = {check for verb, checks, _ in rules if verb == ["order"] for check in checks}
    rules = [rule for rule in rules if rule[0] != ["order"]]
    if folder.name in ORDERED:
        wrong += judge_order(folder, excused)
    if "rollback" in verbs:
        wrong += judge_rollback_rows(folder)
    used = set()
    for verb in verbs:
        for outcome in known:
            rule = next((line for some_verbs, some_outcomes, line in rules
                         if any(fnmatch.fnmatchcase(verb, word) for word in some_verbs)
                         and any(fnmatch.fnmatchcase(outcome, word) for word in some_outcomes)), None)
            if rule is not None:
                used.add(rule)
            if rule is None and (verb, outcome) not in cells:
                wrong.append(f"{folder.name}: no exchange shows {verb} {outcome}")
            if rule is not None and (verb, outcome) in cells:
                wrong.append(f"{folder.name}: {verb} {outcome} is shown, so it is possible: {rule}")
    wrong += [f"{folder.name}: no cell needs this line: {line}" for _, _, line in rules
              if line not in used]
    if not verbs:
        wrong.append(f"{folder.name}: no routes found in src/dialect")
    return wrong, len(cells)


def main():
    wrong, cells = [], 0
    wanted = sys.argv[1:] or ["native", "operator", "integrator", "rgs", "sverse", "kgen"]
    for name in wanted:
        complaints, count = judge(ROOT / "test/golden" / name)
        wrong += complaints
        cells += count
    for line in wrong:
        print(line)
    print(f"golden matrix: {cells} cells shown, {len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
