"""Crashes of the collector, or of its disk, at random moments and at chosen calls."""

import select
import signal
import socket

from load import wait_a_moment
from waiting import wait_until

# The longest time between two random crashes, in seconds.
BETWEEN = 0.06
# How a call ends the power: during the call, or with the collector stopped before or after it.
CUTS = ("cut", "stop_before", "stop_after")


def cut_again_and_again(stage, cuts):
    """Cuts the power under load: half at random moments, half at the n-th call that changes the disk."""
    for _ in range(cuts):
        stage.load.resume().wait_for_answers(stage.collector)
        if stage.dice.random() < 0.5:
            wait_a_moment(stage.dice, BETWEEN)
            stage.cut_power()
        else:
            cut_at_a_call(stage)
        # The collector runs on without a disk for a moment; its answers from then must be true too.
        wait_a_moment(stage.dice, BETWEEN / 2)
        stage.come_back()


def cut_at_a_call(stage):
    stage.faults.arm(way_to_cut(stage), first=stage.dice.randrange(1, 60))
    wait_for_cut(stage)


def way_to_cut(stage):
    return stage.dice.choice(CUTS[1:]) if stage.dice.random() < stage.stopped_share else CUTS[0]


def wait_for_cut(stage):
    """Waits for the call at which the power is cut, and cuts it if the collector was only stopped there."""
    try:
        wait_until("a power cut at a call", lambda: stage.faults.is_cut, every=0.001)
    except AssertionError as failure:
        raise AssertionError(f"{failure}\n{stage.collector.log}") from None
    if stage.faults.is_stopped:
        stage.cut_power(stopped=True)
    else:
        stage.tally["cuts"] += 1
    stage.faults.disarm()


def kill_again_and_again(stage, kills):
    """Kills with -9 at random moments, sometimes during the recovery from the previous kill."""
    for _ in range(kills):
        if stage.dice.random() < 0.8:
            stage.load.resume().wait_for_answers(stage.collector)
        wait_a_moment(stage.dice, BETWEEN)
        stage.kill()
        stage.come_back()


# The run that is ended at each of its calls.

EVENTS = 500
WINDOW = 4


def run_once(stage):
    """Writes and seals 500 events, with similar calls in a similar order each time. Returns false if it was ended."""
    load = stage.load
    load.pause()
    load.window = WINDOW
    while load.acknowledged < EVENTS:
        before = load.answers
        load.send(WINDOW)
        wait_until(
            "answers, or an end",
            lambda: load.answers >= before + WINDOW or has_ended(stage), every=0.0005,
        )
        if has_ended(stage):
            return False
    return sealed(stage)


def sealed(stage):
    """Seals; returns false if a fault ended it first. Without a disk a collector would answer only after a while."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(stage.collector.socket))
            connection.sendall(b"seal\n")
        except OSError:
            assert has_ended(stage), stage.collector.log
            return False
        wait_until(
            "an answer to seal, or an end",
            lambda: has_ended(stage) or select.select([connection], [], [], 0.001)[0], every=0.0005,
        )
        if not has_ended(stage) and is_answered(connection):
            return True
    wait_until("an end", lambda: has_ended(stage))
    return False


def is_answered(connection):
    try:
        answer = connection.recv(1 << 16)
    except OSError:
        return False
    assert b'"error"' not in answer, answer
    return len(answer) > 0


def has_ended(stage):
    return not stage.collector.is_running or stage.faults.is_cut


def calls_of_a_run(make_stage):
    """Returns how many calls there are at which such a run can be ended."""
    with make_stage(first=lambda stage: stage.faults.count()) as stage:
        assert run_once(stage)
        return stage.faults.calls


def end_at_call(make_stage, number, action, recovery_number=None, twin="none"):
    """Ends a run at its n-th call, and optionally the recovery after it at one of its calls.

    Returns the tally, which includes whether the call was reached.
    """

    def aim(stage):
        stage.faults.break_program(twin)
        stage.faults.arm(action, first=number)

    with make_stage(first=aim) as stage:
        reached = not run_once(stage)
        stage.faults.disarm()
        if not reached and stage.faults.hits > 0:
            # At one of the calls after the last answer, which write files of ids.
            wait_until("an end", lambda: has_ended(stage))
            reached = True
        if reached:
            note_end(stage, action)
            come_back_through(stage, recovery_number)
        stage.check()
        return stage.tally


def note_end(stage, action):
    if action in CUTS:
        wait_for_cut(stage)
    else:
        stage.tally["call kills"] += 1
        assert stage.collector.wait_for_exit() == -signal.SIGKILL, stage.collector.log


def come_back_through(stage, recovery_number):
    """Starts again; with a number, is first killed at that call of the recovery."""
    if recovery_number is not None:
        stage.put_down()
        recover_until_killed(stage, recovery_number)
    stage.come_back()


def recover_until_killed(stage, number):
    """Starts, and is killed at the n-th call that changes the disk, if it makes that many."""
    stage.faults.arm("kill_before", first=number)
    recover(stage)
    stage.tally["recovery kills"] += int(stage.faults.hits > 0)
    stage.put_down()


def recover_until_cut(stage, number):
    """Starts, and loses power at the n-th call that changes the disk, if it makes that many."""
    stage.faults.arm(way_to_cut(stage), first=number)
    recover(stage)
    if stage.faults.hits > 0:
        wait_for_cut(stage)
        stage.tally["recovery cuts"] += 1
    stage.put_down()


def recover(stage):
    """Starts, and waits until it has recovered or met the armed fault."""
    stage.collector.launch()
    wait_until(
        "the end of the recovery, or a fault in it",
        lambda: stage.faults.hits > 0 or not stage.collector.is_running or is_recovered(stage),
        every=0.004,
    )
    stage.faults.disarm()


def is_recovered(stage):
    try:
        # A stopped collector does not answer.
        status = stage.collector.ask("status", unless=lambda: stage.faults.hits > 0)
        return status["recovery"]["state"] == "done"
    except (OSError, ValueError):
        return False
