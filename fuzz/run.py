#!/usr/bin/env python3
"""Runs one fuzz target: first every file of its corpus, then new bytes for some seconds.

The committed corpus is only read. What is found on the way goes to build/fuzz/found/NAME, from where
the next longer run goes on and from where --merge takes what covers more than the committed corpus
does. Bytes that break the target lie beside it as build/fuzz/found/NAME-crash-*.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from seeds import seeds

BYTES_MAX = 4096  # of one input; what is longer finds little more and takes longer


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("FUZZ_SECONDS", "5")))
    parser.add_argument("--merge", action="store_true",
                        help="make the committed corpus anew of itself, the golden exchanges and "
                             "what was found")
    options = parser.parse_args()

    name = options.program.name.removeprefix("fuzz_")
    here = Path(__file__).resolve().parent
    corpus = here / "corpus" / name
    found = options.program.resolve().parent / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    if options.merge:
        corpus.mkdir(parents=True, exist_ok=True)
    elif not corpus.is_dir() or not any(corpus.iterdir()):
        print(f"{name} has no corpus in {corpus}: make one with --merge")
        return 1
    command = [options.program.resolve(), f"-max_len={BYTES_MAX}", "-timeout=10",
               "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={found}-"]
    dictionary = here / f"{name}.dict"
    if dictionary.is_file():
        command.append(f"-dict={dictionary}")
    if options.merge:
        return merge(command, corpus, found)
    replayed = subprocess.run([*command, "-runs=0", corpus], check=False)
    if replayed.returncode != 0:
        return replayed.returncode
    command += [f"-max_total_time={options.seconds}", "-reload=0", found, corpus]
    return subprocess.run(command, check=False).returncode


def merge(command, corpus, found):
    """Leaves the fewest, shortest inputs that cover what all of them together cover."""
    with tempfile.TemporaryDirectory() as folder:
        seeded, merged = Path(folder) / "seeded", Path(folder) / "merged"
        seeded.mkdir()
        merged.mkdir()
        for number, seed in enumerate(seeds(corpus.name)):
            (seeded / str(number)).write_bytes(seed[:BYTES_MAX])
        status = subprocess.run([*command, "-set_cover_merge=1", "-use_counters=0", merged, corpus, seeded, found], check=False)
        if status.returncode != 0:
            return status.returncode
        for path in corpus.iterdir():
            path.unlink()
        for path in merged.iterdir():
            shutil.copy(path, corpus / path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
