#!/usr/bin/env python3
"""Says whether the house stands: the includes, the lists of sources and the sizes of files.

The laws are in docs/ARCHITECTURE.md. There is no list of exceptions: whoever needs one moves a door in
DOORS, where everybody sees it. `tools/house.py [root]` prints each breach and exits 1 if there is one.
"""

import re
import sys
from pathlib import Path

# Floors on one storey do not know each other.
STOREY = {"base": 0, "store": 1, "ledger": 2, "dialect": 3, "settle": 3, "http": 4, "app": 5}

# Through what other floors enter; `None` is every header.
DOORS = {
    "base": None,
    "store": {"store.h", "record.h", "record_key.h", "directory_kinds.h"},
    "ledger": {"ledger.h", "intent.h", "outcome.h", "directory.h", "verify.h"},
    "dialect": {"desk.h", "call.h", "dialects.h", "public_id.h", "words.h"},
    "settle": {"settler.h"},
    "http": {"server.h"},
    "app": set(),
}

# What only the floor that puts the house together may open.
OPENERS = {"store": {"memory_store.h", "postgres_store.h", "rocks_store.h"}}
OPENING_FLOOR = "app"

OUTHOUSES = ("test", "sim", "fuzz", "bench")  # these may include anything
# What the program is not made of: it may enter another floor where it likes, and nobody else may
# include it.
TEST_FILE = re.compile(r"_(test|fuzz|bench|fixture)\.(?:cc|h)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
# Whatever the program gets from the environment is handed down by the floor that started it.
ENVIRONMENT = re.compile(r"\b(?:secure_)?getenv\s*\(|\benviron\b\s*[\[;=]")
LINES_MAX = 500
COLUMNS_MAX = 100
# Written in halves so that this file may be read by itself.
FORBIDDEN = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "GTEST_" + "SKIP")) + r")\b")


def files_under(folder, *patterns):
    return sorted(path for pattern in patterns for path in folder.rglob(pattern) if path.is_file())


class House:
    def __init__(self, root):
        self.root = Path(root)
        self.breaches = []
        self.headers = {}  # "floor/name.h" -> the headers of the house it includes
        self.included = set()
        self.listed = {}

    def breach(self, path, line, text):
        where = path.relative_to(self.root)
        self.breaches.append(f"{where}:{line}: {text}" if line else f"{where}: {text}")

    def check(self):
        for floor in sorted(p.name for p in (self.root / "src").iterdir() if p.is_dir()):
            if floor not in STOREY:
                self.breach(self.root / "src" / floor, 0, "a floor that the house does not have")
                continue
            for path in files_under(self.root / "src" / floor, "*.h", "*.cc"):
                self.check_includes(path, floor)
        for folder in OUTHOUSES:
            for path in files_under(self.root / folder, "*.h", "*.cc"):
                self.check_includes(path, None)
        self.check_lists()
        self.check_circles()
        for name in sorted(set(self.headers) - self.included):
            self.breach(self.root / "src" / name, 0, "nobody includes this header")
        self.check_text()
        return self.breaches

    def check_includes(self, path, floor):
        text = path.read_text(encoding="utf-8", errors="replace")
        ours = []
        asks = ENVIRONMENT.search(text)
        if asks and floor and floor != OPENING_FLOOR and not TEST_FILE.search(path.name):
            line = text.count("\n", 0, asks.start()) + 1
            self.breach(path, line, f"{floor} reads the environment")
        for match in INCLUDE.finditer(text):
            name = match.group(2)
            line = text.count("\n", 0, match.start(2)) + 1
            if (self.root / "src" / name).is_file():
                if match.group(1) == "<":
                    self.breach(path, line, f"our own {name} is included with angle brackets")
                ours.append(name)
                self.included.add(name)
                if floor and TEST_FILE.search(name) and not TEST_FILE.search(path.name):
                    self.breach(path, line, f"the program includes {name}, which is for tests")
                if floor:
                    self.check_way(path, line, floor, name)
            elif match.group(1) == '"' and (floor or not (self.root / name).is_file()):
                self.breach(path, line, f"{name} is not a path from src/")
        if floor and path.suffix == ".h":
            self.headers[path.relative_to(self.root / "src").as_posix()] = ours

    def check_way(self, path, line, floor, name):
        target, _, rest = name.partition("/")
        if target == floor or target not in STOREY:
            return
        if STOREY[target] >= STOREY[floor]:
            way = "up to" if STOREY[target] > STOREY[floor] else "sideways to"
            self.breach(path, line, f"{floor} reaches {way} {name}")
            return
        doors = DOORS[target]
        if doors is None or TEST_FILE.search(path.name) or rest in doors:
            return
        if floor == OPENING_FLOOR and rest in OPENERS.get(target, set()):
            return
        self.breach(path, line, f"{name} is not a door of {target}")

    def list_of(self, folder):
        """The words of a folder's CMakeLists.txt, without its comments."""
        if folder not in self.listed:
            path = self.root / folder / "CMakeLists.txt"
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            words = re.sub(r"#.*", "", text).replace('"', " ").replace("(", " ").replace(")", " ")
            self.listed[folder] = set(words.split())
        return self.listed[folder]

    def check_lists(self):
        folders = [f"src/{floor}" for floor in STOREY] + list(OUTHOUSES)
        for folder in folders:
            for path in files_under(self.root / folder, "*.cc"):
                name = path.relative_to(self.root / folder).as_posix()
                if name in self.list_of(folder) or self.listed_elsewhere(path):
                    continue
                self.breach(path, 0, f"not listed in {folder}/CMakeLists.txt")

    def listed_elsewhere(self, path):
        """A fuzz or bench target lies beside what it tries and is built by fuzz/ or bench/."""
        kind = TEST_FILE.search(path.name)
        if not kind or kind.group(1) not in ("fuzz", "bench"):
            return False
        whole = path.relative_to(self.root).as_posix()
        return any(word.endswith(whole) for word in self.list_of(kind.group(1)))

    def check_circles(self):
        done = set()

        def visit(name, trail):
            if name in trail:
                circle = trail[trail.index(name):] + [name]
                self.breach(self.root / "src" / name, 0, "a circle: " + " -> ".join(circle))
                return
            if name in done:
                return
            for other in self.headers.get(name, []):
                visit(other, trail + [name])
            done.add(name)

        for name in sorted(self.headers):
            visit(name, [])

    def check_text(self):
        for folder in ("src", "cmake", "tools") + OUTHOUSES:
            for path in files_under(self.root / folder, "*.h", "*.cc", "*.py", "*.cmake",
                                    "CMakeLists.txt"):
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
                if len(lines) > LINES_MAX:
                    self.breach(path, 0, f"{len(lines)} lines, more than {LINES_MAX}")
                for number, line in enumerate(lines, 1):
                    if folder == "src" and len(line) > COLUMNS_MAX:
                        self.breach(path, number, f"{len(line)} columns, more than {COLUMNS_MAX}")
                    if word := FORBIDDEN.search(line):
                        self.breach(path, number, f"the word {word.group(1)}")


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    breaches = House(root).check()
    for breach in breaches:
        print(breach)
    print("the house stands" if not breaches else f"{len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
