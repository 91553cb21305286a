#!/usr/bin/env python3
"""Touchpoint beside its parts and its rivals: the same producer, one machine, one run.

Programs run one after the other, in rounds, because machines change speed. The daemon runs with its default
settings, in a folder of its own, on ports that the system assigns; a run ends when every event is in a committed
segment, and counts only if the ledger says so. Prints the table of targets, writes it with all figures to
Benchmarks/results, and appends it to history.csv there. `make bench-compare` builds what it needs.
"""

import argparse
import os
import pathlib
import resource
import sys
import time

import history
import report
import rsyslog
from contestants import Place
from rows import ROWS, SINGLE_EVENTS, Round

ROOT = pathlib.Path(__file__).resolve().parents[2]


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / ".build/release",
                        help="folder of touchpointd")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / ".build/bench",
                        help="folder of the compiled programs beside this file")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / ".build/bench",
                        help="where runs write; its disk is the one that is measured")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "Benchmarks/results")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=SINGLE_EVENTS,
                        help="of the row 'single'; the other rows' counts change in proportion")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW",
                        help=f"some rows: {', '.join(ROWS)}")
    options = parser.parse_args()
    options.scale = options.events / SINGLE_EVENTS
    return options


def say(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)


def run_round(place, index, options, results):
    cores = len(os.sched_getaffinity(0))
    for name in options.only:
        begin = time.monotonic()
        r = Round(place, options.scale, cores, lambda program: say(
            f"round {index + 1} of {options.rounds}, {name}: {program}"))
        r.is_first = index == 0
        ROWS[name](r)
        if r.figures:
            results.setdefault(name, []).append(r.figures)
        say(f"round {index + 1} of {options.rounds}, {name}: done in {time.monotonic() - begin:.0f} s")


def check(place, options):
    if not (place.binaries / "touchpointd").exists():
        raise SystemExit(f"compare: no touchpointd in {place.binaries}: make bench-compare builds it")
    if "single" in options.only and not rsyslog.version():
        raise SystemExit("compare: no rsyslog: make bench-compare installs it")
    # A segment is a file: 1,000 partitions per writer need more than the usual 1,024.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main():
    options = parse()
    place = Place(options.bin.resolve(), options.programs.resolve(), options.folder.resolve())
    check(place, options)
    results, commit = {}, report.commit()
    for index in range(options.rounds):
        run_round(place, index, options, results)
    say("")
    cores = len(os.sched_getaffinity(0))
    print(report.plain(report.target_rows(results, cores)), end="\n\n")
    print(report.plain(report.program_rows(results)))
    name, text = report.document(place, results, options, cores, commit)
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"{name}.md"
    path.write_text(text)
    history.append(text, options.results / "history.csv")
    print(f"\nwritten to {path}, and appended to history.csv beside it")


if __name__ == "__main__":
    main()
