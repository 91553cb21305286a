"""The stages of the long run, each with its own seed, so that any process can run them in any order.

Most stages are mixtures of faults; every third one ends runs of 500 events at a call, one call after another over the
whole record.
"""

import datetime
import random
import shutil
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import crashes
import mixture
import oracle
from stage import Stage

# Actions of a mixture, on one data folder. Each restart has more to read than the one before.
ACTIONS = 13
CALLS_EVERY = 3
# A run of 500 events makes fewer calls that change the disk.
CALLS = 400


@dataclass
class Run:
    """The common settings of all stages of a run. `first_call`: where the last run stopped, counted over all runs."""

    programs: Path
    folder: Path
    library: Path
    seed: int
    first_call: int

    def stage(self, name, *dice, file_system=None, **shape):
        return Stage(self.programs, self.folder / name, self.library, "-".join(map(str, dice)), file_system, **shape)


@dataclass
class Outcome:
    """The result of a stage. `failure` is None if it passed; `lost` is None if that is unknown."""

    number: int
    tally: Counter = field(default_factory=Counter)
    actions: list = field(default_factory=list)
    failure: str | None = None
    trace: str = ""
    lost: int | None = None


def play(run, number):
    """Runs stage `number`, from 1; raises only if it is interrupted."""
    outcome = Outcome(number)
    dice = random.Random(f"{run.seed}-{number}")
    try:
        if number % CALLS_EVERY == 0:
            end_at_calls(run, number, dice, outcome)
        else:
            mix(run, number, dice, outcome)
    except Exception as failure:
        outcome.failure = (str(failure).splitlines() or [type(failure).__name__])[0]
        outcome.trace = traceback.format_exc()
        outcome.lost = failure.count if isinstance(failure, oracle.Lost) else None
    else:
        shutil.rmtree(run.folder / f"stage-{number}", ignore_errors=True)
    return outcome


def mix(run, number, dice, outcome):
    with run.stage(f"stage-{number}", run.seed, number, **mixture.shape(dice)) as stage:
        try:
            mixture.play(stage, ACTIONS, lambda action: note(stage, action, outcome.actions))
        finally:
            outcome.tally.update(stage.tally)


def note(stage, action, actions):
    """Records an action, also with its time in the stage's folder, to compare with the collector's log."""
    actions.append(action)
    with (stage.folder / "actions.log").open("a") as log:
        log.write(f"{datetime.datetime.now(datetime.UTC):%H:%M:%S.%f} {action}\n")


def end_at_calls(run, number, dice, outcome):
    """Ends four runs of 500 events at the same call: killed before and after it, and by two power cuts."""
    call = call_of(run, number)
    cuts = [(dice.choice(crashes.CUTS), file_system) for file_system in ("ext4", "xfs")]
    for action, file_system in [("kill_before", None), ("kill_after", None), *cuts]:
        again = dice.randrange(1, 20) if dice.random() < 0.7 else None
        outcome.actions.append(f"{action} {call} {again}")
        name = f"stage-{number}/{len(outcome.actions)}"

        def make(name=name, file_system=file_system, **shape):
            return run.stage(name, run.seed, number, name, file_system=file_system, **shape)

        outcome.tally.update(crashes.end_at_call(make, call, action, again))


def call_of(run, number):
    return 1 + (run.first_call + number // CALLS_EVERY - 1) % CALLS


def calls_reached(run, stages):
    """Returns at how many calls, counted over all runs, runs have ended after so many stages."""
    return run.first_call + stages // CALLS_EVERY


def assert_no_more_calls(make):
    """Asserts that the run of 500 events makes fewer calls than are tested."""
    calls = crashes.calls_of_a_run(make)
    assert calls < CALLS, f"a run of {crashes.EVENTS} events makes {calls} calls, {CALLS} are gone through"
    return calls
