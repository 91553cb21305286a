"""soak.py --programs DIR --minutes N: mixes loads and faults by dice until the time is over, and records it.

First the must-fail twins have to be caught; then stage after stage, `--jobs J` at once, each with the ledger check
at its end. `--record FILE` adds a line to a record in Markdown, for a run that failed as well; `--seed S` repeats
the dice of a run, and `--only N` its stage N alone. `--points N` runs `make crashes POINTS=N` of the project as its
last part; with `--minutes 0` there is nothing else. Ends with 0 only if nothing was lost.

The process may be stopped for any time, together with those that it started (kill -STOP of the process group): no
wait is bounded by a clock that goes on meanwhile.
"""

import argparse
import datetime
import multiprocessing
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "Tests" / "Harness"))

import exploration  # noqa: E402
import long_run  # noqa: E402
import loop_disk  # noqa: E402
import record  # noqa: E402
import twins  # noqa: E402
from faulty_disk import compile_library  # noqa: E402

TOLD_SECONDS = 10
# The faults that are counted; the rest of a tally gives details.
FAULTS = ("kills", "call kills", "recovery kills", "cuts", "injected errors", "full disks")


class Failed(Exception):
    """A stage failed. `lost`: how many acknowledged events are lost, "?" if it failed otherwise."""

    def __init__(self, outcome):
        self.lost = "?" if outcome.lost is None else outcome.lost
        super().__init__(outcome.failure)


def prove_that_it_can_fail(run):
    made = 0

    def make(file_system=None, **shape):
        nonlocal made
        made += 1
        return run.stage(f"twin-{made}", run.seed, "twin", made, file_system=file_system, **shape)

    for file_system in ("ext4", "xfs"):
        for stopped in (False, True):
            twins.power_cuts(make, file_system, stopped)
    twins.kills(make)
    twins.repetitions(make)
    twins.failed_calls(make, "fdatasync")
    twins.full_disk(make, 24)
    for row in twins.table():
        print(f"  {row}", flush=True)
    calls = long_run.assert_no_more_calls(make)
    print(f"  a run of {long_run.crashes.EVENTS} events makes {calls} calls", flush=True)


class Stages:
    """Runs stages until the time is over, several at once; `passed` is how many passed."""

    def __init__(self, run, jobs, minutes):
        self.run = run
        self.jobs = jobs
        self.end = time.monotonic() + 60 * minutes
        self.tally = Counter()
        self.begun = 0
        self.passed = 0
        self.failures = []

    def play(self):
        """Raises `Failed` with the first stage that failed, once those running beside it are over too."""
        context = multiprocessing.get_context("spawn")
        told = begin = time.monotonic()
        with ProcessPoolExecutor(self.jobs, context) as pool:
            playing = set()
            while self.fill(pool, playing):
                over, playing = wait(playing, return_when=FIRST_COMPLETED)
                for future in over:
                    self.note(future.result())
                now = time.monotonic()
                if now - told > TOLD_SECONDS:
                    told = now
                    rate = sum(self.tally[kind] for kind in FAULTS) / (now - begin)
                    print(f"  {self.passed} stages, {rate:.1f} faults/s: {counts(self.tally)}", flush=True)
        if self.failures:
            raise Failed(min(self.failures, key=lambda outcome: outcome.number))

    def fill(self, pool, playing):
        """Starts as many stages as can run at once; returns false when all are over."""
        while len(playing) < self.jobs and not self.failures and time.monotonic() < self.end:
            self.begun += 1
            playing.add(pool.submit(long_run.play, self.run, self.begun))
        return len(playing) > 0

    def note(self, outcome):
        self.tally.update(outcome.tally)
        if outcome.failure is None:
            self.passed += 1
        else:
            self.failures.append(outcome)
            tell(self.run, outcome)


def tell(run, outcome):
    number, seed, call = outcome.number, run.seed, run.first_call
    print(f"\n{outcome.trace}\nstage {number} failed after: {', '.join(outcome.actions)}", file=sys.stderr)
    print(f"its dice again: --seed {seed} --only {number} --first-call {call}", file=sys.stderr)


def counts(tally):
    return ", ".join(f"{kind} {text_of(tally[kind])}" for kind in sorted(tally) if kind not in ("restarts", "partitions"))


def commit_of(project):
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=project, capture_output=True, text=True
    )
    return done.stdout.strip() or "?"


def machine():
    cpu = "?"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    return f"{cpu}, {os.cpu_count()} cores, Linux {platform.release()}"


def line_of(arguments, tally, minutes, calls, result):
    """Returns a run in the record's form: one text per column."""
    told = {figure.name: text_of(tally[figure.kind]) for figure in record.FIGURES}
    return told | {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M"),
        "commit": commit_of(PROJECT), "seed": arguments.seed, "minutes": f"{minutes:.0f}", "machine": machine(),
        "calls of a run": calls, "result": result,
    }


def text_of(figure):
    """Formats a figure of the record; an unknown one is a text already."""
    return f"{figure:,}" if isinstance(figure, int) else figure


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--minutes", type=float, default=5, metavar="N")
    # They spend much of their time waiting.
    parser.add_argument("--jobs", type=int, default=1 + (os.cpu_count() or 1), metavar="J", help="stages at once")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--only", type=int, metavar="N", help="one stage of a run, to look at it")
    parser.add_argument("--first-call", type=int, metavar="K", help="else where the runs of the record stopped")
    parser.add_argument("--points", type=int, default=0, metavar="N")
    parser.add_argument("--crashflags", default="", metavar="FLAGS", help="for make crashes, besides --seed")
    parser.add_argument(
        "--explored", type=Path, nargs="+", default=[], metavar="FILE",
        help="outputs of a crash-explorer that was run by itself and passed, to record",
    )
    parser.add_argument("--record", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    if not (arguments.minutes > 0 or arguments.only or arguments.points or arguments.explored):
        parser.error("--minutes 0 without --points: there is nothing to do")
    return arguments


def play(arguments, folder, first_call, tally):
    """Runs the part on real disks; returns how many calls of a run were tested."""
    why = loop_disk.why_not_here()
    assert why is None, f"no loop disks here ({why}); there is nothing to run without"
    run = long_run.Run(
        arguments.programs.resolve(), folder, compile_library(folder), arguments.seed, first_call
    )
    if arguments.only is not None:
        outcome = long_run.play(run, arguments.only)
        tally.update(outcome.tally)
        if outcome.failure is not None:
            tell(run, outcome)
            raise Failed(outcome)
        return first_call
    prove_that_it_can_fail(run)
    stages = Stages(run, arguments.jobs, arguments.minutes)
    try:
        stages.play()
    finally:
        tally.update(stages.tally)
    return long_run.calls_reached(run, stages.begun)


def perform(arguments, folder, first_call, tally):
    """Runs all parts; returns the column of calls and the result, and adds the rest to the tally."""
    reached = first_call
    try:
        if arguments.minutes > 0 or arguments.only is not None:
            reached = play(arguments, folder, first_call, tally)
        if arguments.points > 0:
            tally.update(exploration.explore(PROJECT, arguments.points, arguments.seed, arguments.crashflags))
        for path in arguments.explored:
            tally.update(exploration.counted(path.read_text()))
        result = record.PASSED
    except Exception as failure:
        print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
        tally["lost"] = getattr(failure, "lost", "?")
        result = f"FAILED: {(str(failure).splitlines() or [type(failure).__name__])[0]}"
    return f"{first_call + 1}–{reached}" if reached > first_call else "–", result


def main():
    arguments = parsed()
    begin = time.monotonic()
    print(f"seed {arguments.seed}, {arguments.minutes:g} minutes, {arguments.jobs} at once", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="touchpoint-soak-"))
    first_call = arguments.first_call
    if first_call is None:
        first_call = record.Record(arguments.record).calls_reached if arguments.record else 0
    tally = Counter()
    calls, result = perform(arguments, folder, first_call, tally)
    minutes = (time.monotonic() - begin) / 60
    print(f"{counts(tally)}\n{result} after {minutes:.1f} minutes")
    if arguments.record and arguments.only is None:
        record.Record(arguments.record).append(line_of(arguments, tally, minutes, calls, result))
    if result == record.PASSED:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"the files are in {folder}", file=sys.stderr)
    return 0 if result == record.PASSED else 1


if __name__ == "__main__":
    sys.exit(main())
