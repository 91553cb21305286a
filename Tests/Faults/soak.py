"""soak.py --programs DIR --minutes N: mixes loads and faults by dice until the time is over, and records it.

First the must-fail twins have to be caught; then stage after stage, each with the ledger check at its end.
`--record FILE` appends a line to a table in Markdown, for a run that failed as well; `--seed S` repeats the dice
of a run, and `--only N` its stage N alone. `--points N` runs `make crashes POINTS=N` of the project as its last
part. Ends with 0 only if nothing was lost.
"""

import argparse
import datetime
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "Tests" / "Harness"))

import crashes  # noqa: E402
import loop_disk  # noqa: E402
import mixture  # noqa: E402
import oracle  # noqa: E402
import twins  # noqa: E402
from faulty_disk import compile_library  # noqa: E402
from stage import Stage  # noqa: E402

# One stage: so many actions on one data folder.
ACTIONS = 12
# Every so many stages the run of 500 events is ended at a call of its own.
CALLS_EVERY = 3

COLUMNS = (
    "date", "commit", "seed", "minutes", "machine", "kills", "at calls", "in recovery", "power cuts",
    "injected errors", "full disks", "simulated points", "acknowledged", "lost", "duplicates", "result",
)


class Soak:
    def __init__(self, arguments, folder):
        self.programs = arguments.programs.resolve()
        self.seed = arguments.seed
        self.folder = folder
        self.library = compile_library(folder)
        self.tally = Counter()
        self.stages = 0

    def make(self, file_system=None, **shape):
        """A stage of the twins, whose dice follow from the seed as well."""
        self.stages += 1
        place = self.folder / f"twin-{self.stages}"
        return Stage(self.programs, place, self.library, f"{self.seed}-twin-{self.stages}", file_system, **shape)

    def prove_that_it_can_fail(self):
        twins.power_cuts(self.make, "ext4")
        twins.power_cuts(self.make, "xfs")
        twins.kills(self.make)
        twins.failed_calls(self.make, "fdatasync")
        twins.full_disk(self.make, 24)
        for line in twins.table():
            print(f"  {line}", flush=True)

    def play(self, number):
        """Stage `number` of the run: the same dice each time."""
        dice = random.Random(f"{self.seed}-{number}")
        place = self.folder / f"stage-{number}"
        actions = []
        try:
            if number % CALLS_EVERY == 0:
                self._end_at_calls(dice, place, actions)
            else:
                shape = mixture.shape(dice)
                with Stage(self.programs, place, self.library, f"{self.seed}-{number}", **shape) as stage:
                    try:
                        mixture.play(stage, ACTIONS, actions.append)
                    finally:
                        self.tally.update(stage.tally)
        except BaseException:
            print(f"\nstage {number} failed after: {', '.join(actions)}", file=sys.stderr)
            print(f"its dice again: --seed {self.seed} --only {number}", file=sys.stderr)
            raise
        shutil.rmtree(place, ignore_errors=True)

    def _end_at_calls(self, dice, place, actions):
        """Runs of 500 events that end at calls, one behind the other over the whole soak."""
        made = 0

        def make(file_system=None, **shape):
            nonlocal made
            made += 1
            seed = dice.randrange(1 << 32)
            return Stage(self.programs, place / str(made), self.library, seed, file_system, **shape)

        for action, file_system in [
            ("kill_before", None), ("kill_after", None), ("cut", "ext4"), ("cut", "xfs")
        ]:
            number = dice.randrange(1, 400)
            again = dice.randrange(1, 20) if dice.random() < 0.5 else None
            actions.append(f"{action} {number} {again}")
            self.tally.update(
                crashes.end_at_call(lambda **shape: make(file_system, **shape), number, action, again)  # noqa: B023
            )


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


def record(path, arguments, tally, minutes, points, lost, result):
    """Appends one line; the table is there already, with its head."""
    cells = (
        datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M"), commit_of(PROJECT), arguments.seed,
        f"{minutes:.0f}", machine(), tally["kills"], tally["call kills"], tally["recovery kills"], tally["cuts"],
        tally["injected errors"], tally["full disks"], points, tally["acknowledged"], lost, tally["duplicates"],
        result,
    )
    text = [f"{cell:,}" if isinstance(cell, int) and cell != arguments.seed else str(cell) for cell in cells]
    line = "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in text) + " |\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(line)


def explore(points):
    """The simulated disk's part; gives the number of points that it passed."""
    if points == 0:
        return 0
    done = subprocess.run(["make", "crashes", f"POINTS={points}"], cwd=PROJECT)
    assert done.returncode == 0, f"make crashes POINTS={points} ended with exit code {done.returncode}"
    return points


def run(soak, arguments):
    end = time.monotonic() + 60 * arguments.minutes
    if arguments.only is not None:
        soak.play(arguments.only)
        return
    soak.prove_that_it_can_fail()
    number = 0
    told = time.monotonic()
    while number == 0 or time.monotonic() < end:
        number += 1
        soak.play(number)
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(f"  {number} stages: {counts(soak.tally)}", flush=True)


def counts(tally):
    hidden = ("restarts", "partitions", "in doubt")
    return ", ".join(f"{kind} {tally[kind]:,}" for kind in sorted(tally) if kind not in hidden)


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--minutes", type=float, default=5, metavar="N")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--only", type=int, metavar="N", help="one stage of a run, to look at it")
    parser.add_argument("--points", type=int, default=0, metavar="N")
    parser.add_argument("--record", type=Path, metavar="FILE")
    return parser.parse_args()


def main():
    arguments = parsed()
    why = loop_disk.why_not_here()
    if why:
        print(f"soak: no loop disks here ({why}); there is nothing to run without", file=sys.stderr)
        return 1
    begin = time.monotonic()
    print(f"seed {arguments.seed}, {arguments.minutes:g} minutes", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="touchpoint-soak-"))
    soak = Soak(arguments, folder)
    lost, points, result = 0, 0, "passed"
    try:
        run(soak, arguments)
        points = explore(arguments.points)
    except oracle.Lost as failure:
        lost, result = failure.count, f"FAILED: {str(failure).splitlines()[0]}"
        traceback.print_exc()
    except Exception as failure:
        lost, result = "?", f"FAILED: {(str(failure).splitlines() or [type(failure).__name__])[0]}"
        traceback.print_exc()
    minutes = (time.monotonic() - begin) / 60
    print(f"{counts(soak.tally)}\n{result} after {minutes:.1f} minutes")
    if arguments.record and arguments.only is None:
        record(arguments.record, arguments, soak.tally, minutes, points, lost, result)
    if result == "passed":
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"the files are in {folder}", file=sys.stderr)
    return 0 if result == "passed" else 1


if __name__ == "__main__":
    sys.exit(main())
