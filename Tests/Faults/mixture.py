"""Faults of all kinds, one after the other, on one stage: what the long run throws dice over."""

import random

import crashes
import oracle
import rooms
from errors import ERRORS, KINDS
from faulty_disk import FOR_EVER, PERSISTENCE
from load import wait_a_moment
from waiting import wait_until

# A fault that is aimed at a call which is not made is taken back after so many seconds.
AIM_SECONDS = 3


def working(stage):
    stage.load.resume().wait_for_answers(stage.collector, stage.dice.randrange(1, 20))


def aim(stage, action, kinds=PERSISTENCE, last=None, error=0):
    """Arms a fault some calls ahead; gives whether it was met."""
    stage.faults.arm(action, kinds, first=stage.dice.randrange(1, 80), last=last, error=error)
    try:
        wait_until("the call", lambda: stage.faults.hits > 0, bound=AIM_SECONDS, every=0.001)
    except AssertionError:
        stage.faults.disarm()
    return stage.faults.hits > 0


def kill(stage):
    wait_a_moment(stage.dice, crashes.BETWEEN)
    stage.kill()
    stage.come_back()


def kill_at_a_call(stage):
    if aim(stage, stage.dice.choice(["kill_before", "kill_after"])):
        stage.collector.process.wait()
        stage.faults.disarm()
        stage.tally["call kills"] += 1
        stage.come_back()


def kill_in_recovery(stage):
    stage.kill()
    for _ in range(stage.dice.randrange(1, 4)):
        crashes.recover_until_killed(stage, stage.dice.randrange(1, 40))
    stage.come_back()


def cut(stage):
    wait_a_moment(stage.dice, crashes.BETWEEN)
    stage.cut_power()
    wait_a_moment(stage.dice, crashes.BETWEEN)
    stage.come_back()


def cut_at_a_call(stage):
    if aim(stage, "cut"):
        crashes.wait_for_cut(stage)
        stage.faults.disarm()
        stage.tally["cuts"] += 1
        wait_a_moment(stage.dice, crashes.BETWEEN)
        stage.come_back()


def cut_in_recovery(stage):
    """Power fails, and again while the collector recovers from that."""
    cut_no_return(stage)
    crashes.recover_until_cut(stage, stage.dice.randrange(1, 40))
    stage.come_back()


def cut_no_return(stage):
    stage.cut_power()
    wait_a_moment(stage.dice, crashes.BETWEEN)
    stage.put_down()


def fail(stage):
    """Some calls fail, for a while; it goes on by itself."""
    if fail_some(stage):
        wait_a_moment(stage.dice, 0.3)
        stage.faults.disarm()
        go_on(stage)


def fail_then_kill(stage):
    """Killed while a call fails: what it did to save itself is cut short."""
    if fail_some(stage):
        wait_a_moment(stage.dice, 0.3)
        stage.kill()
        stage.faults.disarm()
        stage.come_back()


def fail_then_cut(stage):
    if fail_some(stage):
        wait_a_moment(stage.dice, 0.3)
        stage.cut_power()
        stage.faults.disarm()
        stage.come_back()


def fail_in_recovery(stage):
    """The disk fails while it recovers: the next start finishes what this one could not."""
    stage.kill()
    kinds = stage.dice.sample([*PERSISTENCE, "read", "open_read"], 3)
    first = stage.dice.randrange(1, 30)
    last = stage.dice.choice([first, first + 3, FOR_EVER])
    stage.faults.arm("fail", kinds, first=first, last=last, error=stage.dice.choice(ERRORS))
    stage.start_or_end()
    wait_a_moment(stage.dice, 0.3)
    stage.tally["injected errors"] += int(stage.faults.hits > 0)
    stage.faults.disarm()
    stage.kill()
    stage.come_back()


def fail_some(stage):
    # What fails in a recovery is left to the next start; that has an action of its own.
    oracle.recovered(stage.collector)
    kinds = stage.dice.sample(KINDS, stage.dice.randrange(1, 4))
    last = stage.dice.choice([None, 90, FOR_EVER])
    is_met = aim(stage, "fail", kinds, last, stage.dice.choice(ERRORS))
    stage.tally["injected errors"] += int(is_met)
    return is_met


def go_on(stage):
    stage.load.wait_for_answers(stage.collector)
    stage.wait_for_state("running")


def half_a_write(stage):
    if aim(stage, "half", ["write"]):
        stage.tally["injected errors"] += 1
        stage.faults.disarm()
        go_on(stage)


def fill(stage):
    """The disk is full, for a moment; sometimes the collector is killed, or the power goes, meanwhile."""
    ballast = rooms.Ballast(stage.disk.place)
    rooms.fill(stage, ballast)
    wait_a_moment(stage.dice, 0.2)
    stage.tally["full disks"] += 1
    end = stage.dice.choice(["room", "kill", "cut"])
    if end == "cut":
        stage.cut_power()
        stage.put_down()
        ballast.drop()
        stage.come_back()
    else:
        ballast.drop()
        if end == "kill":
            kill(stage)
        else:
            go_on(stage)


def drain(stage):
    """An orderly end, under load, and a start."""
    stage.collector.drain()
    stage.come_back()


def change_load(stage):
    """Another producer beside the others, with another rhythm."""
    if len(stage.loads) < 4:
        stage.load.pause()
        stage.load = stage.new_load(
            window=stage.dice.choice([1, 4, 16, 64]), events=stage.dice.choice([1, 5, 30])
        )


ACTIONS = {
    kill: 6, kill_at_a_call: 6, kill_in_recovery: 2, cut: 8, cut_at_a_call: 8, cut_in_recovery: 2, fail: 8,
    fail_then_kill: 4, fail_then_cut: 4, fail_in_recovery: 2, half_a_write: 1, fill: 2, drain: 1, change_load: 2,
}


def play(stage, actions, say=lambda _: None):
    """So many actions by the stage's dice, then the ledger check."""
    stage.note_base()
    for _ in range(actions):
        (action,) = stage.dice.choices(list(ACTIONS), list(ACTIONS.values()))
        say(action.__name__)
        working(stage)
        action(stage)
    stage.check()


def shape(dice: random.Random):
    """What differs from stage to stage."""
    file_system = dice.choice(["ext4", "xfs"])
    segment = dice.choice([
        {"maxBytes": "4KiB", "maxAge": "300ms", "idle": "200ms"},
        {"maxBytes": "12KiB", "maxAge": "700ms", "idle": "500ms"},
        {"maxBytes": "256KiB", "maxAge": "10s", "idle": "10s"},
    ])
    return {
        "file_system": file_system,
        "mebibytes": 48 if file_system == "ext4" else None,
        "settings": {
            "segment": segment,
            "writers": dice.choice([1, 2, 3]),
            "partition": {"maxOpen": dice.choice([2, 256])},
            "compression": {"engine": dice.choice(["isal", "zlib"]), "level": dice.choice([1, 3])},
            "storage": {"minimumFree": dice.choice(["0MiB", "4MiB"])},
        },
    }
