"""Faults of all kinds, one after the other, on one stage: what the long run throws dice over."""

import errno
import random

import crashes
import errors
import oracle
import rooms
from errors import ERRORS, KINDS
from faulty_disk import FOR_EVER, PERSISTENCE
from load import wait_a_moment
from waiting import wait_until

# A fault that is aimed at a call which is not made is taken back after so many seconds.
AIM_SECONDS = 3
# A fault is aimed at one of so many calls from now on: of kinds that every commit makes, and of others.
REACH = 60
SHORT_REACH = 6
COMMON = {"write", "fdatasync"}
# Looks at whether a fault was met, before calls of every kind are asked for.
LOOKS = 20
# How long a moment may last, in seconds, and how often in a hundred.
MOMENTS = {0.015: 80, 0.1: 17, 0.6: 3}
# Between messages of a producer: it has to be slower than the collector, or making events is most of the work.
GAP_SECONDS = 0.002
# Calls that recovery makes for a segment.
CALLS_A_SEGMENT = 6
# Failures in a row; of errors from which it comes back without waiting for room on the disk.
FAILURES = 4
SHORT_ERRORS = [error for error in ERRORS if error not in (errno.ENOSPC, errno.EDQUOT)]


def moment(stage):
    (longest,) = stage.dice.choices(list(MOMENTS), list(MOMENTS.values()))
    wait_a_moment(stage.dice, longest)


def working(stage):
    stage.load.resume().wait_for_answers(stage.collector, stage.dice.randrange(1, 8))


def aim(stage, action, kinds=PERSISTENCE, last=None, error=0):
    """Arms a fault some calls ahead, and sees that they are made; gives whether it was met."""
    reach = REACH if COMMON.intersection(kinds) else SHORT_REACH
    stage.faults.arm(action, kinds, first=stage.dice.randrange(1, reach), last=last, error=error)
    looks = 0

    def is_met():
        nonlocal looks
        looks += 1
        if looks % LOOKS == 0:
            errors.send_burst(stage)
            stage.collector.tell("seal")
        return stage.faults.hits > 0

    try:
        wait_until("the call", is_met, bound=AIM_SECONDS, every=0.001)
    except AssertionError:
        stage.faults.disarm()
    return stage.faults.hits > 0


def kill(stage):
    moment(stage)
    stage.kill()
    stage.come_back()


def kill_at_a_call(stage):
    if aim(stage, stage.dice.choice(["kill_before", "kill_after"])):
        stage.collector.wait_for_exit()
        stage.faults.disarm()
        stage.tally["call kills"] += 1
        stage.come_back()


def kill_in_recovery(stage):
    stage.kill()
    for _ in range(stage.dice.randrange(1, 4)):
        crashes.recover_until_killed(stage, call_of_recovery(stage))
    stage.come_back()


def call_of_recovery(stage):
    """One of the calls that the next recovery makes, or a few behind them: it seals what stands open."""
    return stage.dice.randrange(1, 6 + CALLS_A_SEGMENT * len(rooms.open_segments(stage)))


def cut(stage):
    moment(stage)
    stage.cut_power()
    moment(stage)
    stage.come_back()


def cut_at_a_call(stage):
    if aim(stage, crashes.way_to_cut(stage)):
        crashes.wait_for_cut(stage)
        moment(stage)
        stage.come_back()


def cut_in_recovery(stage):
    """Power fails, and again while the collector recovers from that."""
    cut_no_return(stage)
    crashes.recover_until_cut(stage, call_of_recovery(stage))
    stage.come_back()


def cut_no_return(stage):
    stage.cut_power()
    moment(stage)
    stage.put_down()


def fail(stage):
    """Some calls fail, for a while; it goes on by itself."""
    if fail_some(stage):
        moment(stage)
        stage.faults.disarm()
        go_on(stage)


def fail_in_a_row(stage):
    """Single calls fail, one soon after the other."""
    oracle.recovered(stage.collector)
    for _ in range(FAILURES):
        is_met = aim(stage, "fail", [stage.dice.choice(KINDS)], error=stage.dice.choice(SHORT_ERRORS))
        stage.faults.disarm()
        stage.tally["injected errors"] += int(is_met)
        go_on(stage)


def fail_then_kill(stage):
    """Killed while a call fails: what it did to save itself is cut short."""
    if fail_some(stage):
        moment(stage)
        stage.kill()
        stage.faults.disarm()
        stage.come_back()


def fail_then_cut(stage):
    if fail_some(stage):
        moment(stage)
        stage.cut_power()
        stage.faults.disarm()
        stage.come_back()


def fail_in_recovery(stage):
    """The disk fails while it recovers, at some calls or at all from one on."""
    kinds = stage.dice.sample([*PERSISTENCE, "read", "open_read"], 3)
    first = stage.dice.randrange(1, 30)
    last = stage.dice.choice([first, first + 3, FOR_EVER])
    stage.kill()
    stage.faults.arm("fail", kinds, first=first, last=last, error=stage.dice.choice(ERRORS))
    stage.start_or_end()
    moment(stage)
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
    # What has no room in a recovery is left to the next start as well.
    oracle.recovered(stage.collector)
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
            window=stage.dice.choice([1, 4, 16, 64]), events=stage.dice.choice([1, 5, 30]),
            gap=stage.dice.choice([0.001, 0.005]),
        )


# How often, so that together with the runs that end at calls each figure of the record grows at its own pace.
ACTIONS = {
    kill: 64, kill_at_a_call: 7, kill_in_recovery: 8, cut: 45, cut_at_a_call: 40, cut_in_recovery: 4, fail: 6,
    fail_in_a_row: 4, fail_then_kill: 10, fail_then_cut: 10, fail_in_recovery: 7, half_a_write: 2, fill: 2,
    drain: 4, change_load: 6,
}


def play(stage, actions, say=lambda _: None):
    """So many actions by the stage's dice, then the ledger check."""
    stage.load.gap = GAP_SECONDS
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
    recognises = dice.random() < 0.5
    segment = dice.choice([
        {"maxBytes": "4KiB", "maxAge": "300ms", "idle": "200ms"},
        {"maxBytes": "12KiB", "maxAge": "700ms", "idle": "500ms"},
        {"maxBytes": "256KiB", "maxAge": "10s", "idle": "10s"},
    ])
    return {
        "file_system": file_system,
        # An open segment or two make tens of thousands of files in a stage, each with one of its ids. (From 512 MiB on
        # mkfs.ext4 gives an inode for 16 KiB instead of 4.)
        "mebibytes": 448,
        "recognises": recognises,
        "settings": {
            "segment": segment,
            "writers": dice.choice([1, 2, 3]),
            "partition": {"maxOpen": dice.choice([2, 256, 256, 256])},
            "compression": {"engine": dice.choice(["isal", "zlib"]), "level": dice.choice([1, 3])},
            "storage": {"minimumFree": dice.choice(["0MiB", "4MiB"])},
        },
    }
