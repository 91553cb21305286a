"""Faults of all kinds, one after another, on one stage: the long run chooses them at random."""

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

# A fault aimed at a call that is not made is disarmed after this many seconds.
AIM_SECONDS = 3
# A fault is aimed at one of the next calls: more of them for kinds that every commit makes.
REACH = 60
SHORT_REACH = 6
COMMON = {"write", "fdatasync"}
# Checks whether the fault has occurred, before calls of every kind are forced.
LOOKS = 20
# How long a moment lasts, in seconds, and how often in a hundred.
MOMENTS = {0.015: 80, 0.1: 17, 0.6: 3}
# Between messages of a producer: it must be slower than the collector, or creating events would be most of the work.
GAP_SECONDS = 0.002
# Calls that recovery makes per segment.
CALLS_A_SEGMENT = 6
# Failures in a row, with errors from which it recovers without waiting for room on the disk.
FAILURES = 4
SHORT_ERRORS = [error for error in ERRORS if error not in (errno.ENOSPC, errno.EDQUOT)]


def moment(stage):
    (longest,) = stage.dice.choices(list(MOMENTS), list(MOMENTS.values()))
    wait_a_moment(stage.dice, longest)


def working(stage):
    stage.load.resume().wait_for_answers(stage.collector, stage.dice.randrange(1, 8))


def aim(stage, action, kinds=PERSISTENCE, last=None, error=0):
    """Arms a fault some calls ahead, and causes those calls; returns whether the fault occurred."""
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
    """Returns one of the calls of the next recovery, or one shortly after: it seals the open segments."""
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
    """Cuts the power, and again during the recovery from that."""
    cut_no_return(stage)
    crashes.recover_until_cut(stage, call_of_recovery(stage))
    stage.come_back()


def cut_no_return(stage):
    stage.cut_power()
    moment(stage)
    stage.put_down()


def fail(stage):
    """Some calls fail, for a while; the collector continues on its own."""
    if fail_some(stage):
        moment(stage)
        stage.faults.disarm()
        go_on(stage)


def fail_in_a_row(stage):
    """Single calls fail, in quick succession."""
    oracle.recovered(stage.collector)
    for _ in range(FAILURES):
        is_met = aim(stage, "fail", [stage.dice.choice(KINDS)], error=stage.dice.choice(SHORT_ERRORS))
        stage.faults.disarm()
        stage.tally["injected errors"] += int(is_met)
        go_on(stage)


def fail_then_kill(stage):
    """Kills it while a call fails: its own repair is interrupted."""
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
    """The disk fails during recovery, at some calls or at all from one on."""
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
    # An error during recovery is left to the next start; a separate action covers that.
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
    """Fills the disk for a moment; sometimes the collector is killed, or the power is cut, meanwhile."""
    # A lack of room during recovery is left to the next start too.
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
    """Drains under load, and starts again."""
    stage.collector.drain()
    stage.come_back()


def change_load(stage):
    """Adds another producer, with a different rhythm."""
    if len(stage.loads) < 4:
        stage.load.pause()
        stage.load = stage.new_load(
            window=stage.dice.choice([1, 4, 16, 64]), events=stage.dice.choice([1, 5, 30]),
            gap=stage.dice.choice([0.001, 0.005]),
        )


# How often, so that together with the runs ended at calls each figure of the record grows at its own rate.
ACTIONS = {
    kill: 64, kill_at_a_call: 7, kill_in_recovery: 8, cut: 45, cut_at_a_call: 40, cut_in_recovery: 4, fail: 6,
    fail_in_a_row: 4, fail_then_kill: 10, fail_then_cut: 10, fail_in_recovery: 7, half_a_write: 2, fill: 2,
    drain: 4, change_load: 6,
}


def play(stage, actions, say=lambda _: None):
    """Performs so many random actions, then the ledger check."""
    stage.load.gap = GAP_SECONDS
    stage.note_base()
    for _ in range(actions):
        (action,) = stage.dice.choices(list(ACTIONS), list(ACTIONS.values()))
        say(action.__name__)
        working(stage)
        action(stage)
    stage.check()


def shape(dice: random.Random):
    """Chooses what differs from stage to stage."""
    file_system = dice.choice(["ext4", "xfs"])
    recognises = dice.random() < 0.5
    segment = dice.choice([
        {"maxBytes": "4KiB", "maxAge": "300ms", "idle": "200ms"},
        {"maxBytes": "12KiB", "maxAge": "700ms", "idle": "500ms"},
        {"maxBytes": "256KiB", "maxAge": "10s", "idle": "10s"},
    ])
    return {
        "file_system": file_system,
        # Small segments make tens of thousands of files per stage, each with a file of its ids. (From 512 MiB on
        # mkfs.ext4 creates one inode per 16 KiB instead of 4.)
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
