#!/usr/bin/env python3
"""Touchpoint beside its parts and its rivals: the same events, one machine, one run.

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
import http_requests
import postgresql
import redis_streams
import report
import rsyslog
import silent_peers
from contestants import Place
from rows import CONNECTIONS, ROWS, SINGLE_EVENTS, Round

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = ("touchpointd", "touchpointctl", "touchpoint-send")
COMPILED = ("sender", "bare_pull", "bare_parts", "bare_fdatasync", "idle_connections")
# What else a row needs, by row: a function that names the programs that are missing.
RIVALS = {"single": [lambda: [] if rsyslog.version() else ["rsyslogd"]],
          "durable": [redis_streams.missing, postgresql.missing],
          "http": [http_requests.missing]}


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
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW",
                        help=f"some rows: {', '.join(ROWS)}")
    options = parser.parse_args()
    options.scale = options.events / SINGLE_EVENTS
    options.rows = options.only or list(ROWS)
    options.left_out = {}
    return options


def say(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)


def run_round(place, index, options, results):
    cores = len(os.sched_getaffinity(0))
    for name in options.rows:
        begin = time.monotonic()
        r = Round(place, options.scale, cores, lambda program: say(
            f"round {index + 1} of {options.rounds}, {name}: {program}"))
        r.is_first = index == 0
        ROWS[name](r)
        if r.figures:
            results.setdefault(name, []).append(r.figures)
        say(f"round {index + 1} of {options.rounds}, {name}: done in {time.monotonic() - begin:.0f} s")


def check(place, options):
    for folder, names in ((place.binaries, OWN), (place.programs, COMPILED)):
        lacking = [name for name in names if not (folder / name).exists()]
        if lacking:
            raise SystemExit(f"compare: no {', '.join(lacking)} in {folder}: make bench-compare builds it")
    lacking = [name for row in options.rows for missing in RIVALS.get(row, []) for name in missing()]
    if lacking:
        raise SystemExit(f"compare: not installed: {', '.join(lacking)}. make bench-compare installs what is missing")
    # A segment is a file: 1,000 partitions per writer need more than the usual 1,024.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if "connections" in options.rows:
        leave_out(options, "connections", silent_peers.obstacle(place, CONNECTIONS))


def leave_out(options, row, reason):
    """Leaves a row out if there is a reason, and says so; it is an error if the row was asked for by its name."""
    if not reason:
        return
    if options.only:
        raise SystemExit(f"compare: {reason}")
    print(f"compare: the row '{row}' is left out: {reason}", file=sys.stderr)
    options.rows.remove(row)
    options.left_out[row] = reason


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
    for row, reason in options.left_out.items():
        print(f"\nleft out: {row}: {reason}")
    name, text = report.document(place, results, options, cores, commit)
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"{name}.md"
    path.write_text(text)
    history.append(text, options.results / "history.csv")
    print(f"\nwritten to {path}, and appended to history.csv beside it")


if __name__ == "__main__":
    main()
