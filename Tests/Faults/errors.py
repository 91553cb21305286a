"""Calls of the running collector that fail, once or until the cause is gone."""

import errno
import os

import oracle
from faulty_disk import FOR_EVER
from load import CHANNELS, wait_a_moment
from waiting import wait_until

ERRORS = (
    errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOENT, errno.EMFILE, errno.ENOMEM,
    errno.EINVAL,
)
# Calls that a working collector makes to store events and to seal files.
KINDS = ("write", "fdatasync", "fsync", "rename", "mkdir", "open_create", "open_read")
BURST = 6
# How long to watch a call that fails forever, in seconds.
LOOK = 0.25


def calls_of_a_burst(stage):
    """Returns how often each kind of call is made when messages open new partitions and seal them."""
    before = stage.faults.of_kind()
    send_burst(stage)
    stage.settle()
    stage.collector.seal()
    after = stage.faults.of_kind()
    return {kind: after[kind] - before[kind] for kind in KINDS}


def send_burst(stage):
    """Sends messages that need a new folder, new files, and sealing of old ones."""
    stage.tally["partitions"] += 1
    stage.load.channels = [*CHANNELS, f"new-{stage.tally['partitions']}"]
    stage.load.send(BURST)


def fail_call(stage, kind, number, error, for_ever=False, action="fail"):
    """Tests one fault: the `number`-th call of this kind, from now on, fails."""
    stage.load.pause()
    last = FOR_EVER if for_ever else None
    stage.faults.arm(action, [kind], first=number, last=last, error=error)
    meet(stage, f"call {number} of {kind}")
    if for_ever:
        while_it_fails(stage, kind, error)
    stage.faults.disarm()
    stage.settle()
    stage.wait_for_state("running")
    stage.tally["injected errors"] += 1


def fail_some_calls(stage, kinds, error):
    """Simulates an intermittent disk: consecutive calls of several kinds fail, including those of repairs."""
    first = stage.dice.randrange(1, 30)
    stage.faults.arm("fail", kinds, first=first, last=first + stage.dice.randrange(1, 12), error=error)
    meet(stage, f"call {first} of {', '.join(kinds)}")
    stage.settle()
    stage.wait_for_state("running")
    stage.faults.disarm()
    stage.tally["injected errors"] += stage.faults.hits


def opens_of_a_start(stage):
    """Returns how often it opens something to read from its start to the end of its recovery."""
    stage.kill()
    stage.faults.count(["open_read"])
    stage.start()
    oracle.recovered(stage.collector)
    calls = stage.faults.calls
    stage.faults.disarm()
    return calls


def fail_to_open_in_a_start(stage, number, error):
    """Lets the n-th of these calls fail: it does not start, or its recovery still ends."""
    stage.kill()
    stage.faults.arm("fail", ["open_read"], first=number, error=error)
    stage.start_or_end()
    if stage.collector.is_running:
        oracle.recovered(stage.collector)
    stage.tally["injected errors"] += int(stage.faults.hits > 0)
    stage.faults.disarm()


def meet(stage, what):
    """Sends until the call has been made."""

    def is_met():
        assert stage.collector.is_running, f"touchpointd ended\n{stage.collector.log}"
        if stage.faults.hits == 0 and stage.load.unanswered == 0:
            send_burst(stage)
        return stage.faults.hits > 0

    try:
        wait_until(what, is_met, every=0.002)
    except AssertionError as failure:
        raise AssertionError(f"{failure}\n{stage.collector.log}") from None


def while_it_fails(stage, kind, error):
    """It keeps running and reports why it is blocked. The final check shows that it acknowledged nothing in doubt."""
    why = stage.wait_for_state("blocked", os.strerror(error))
    assert kind.split("_")[0] in why.lower() or operation_of(kind) in why, f"'{why}' does not say what failed"
    send_burst(stage)
    wait_a_moment(stage.dice, LOOK)
    assert stage.collector.ask("ping")["pong"] is True
    assert stage.status()["state"] == "blocked", stage.collector.log


def operation_of(kind):
    """Returns the collector's name for a kind of call in its messages."""
    return {
        "fdatasync": "datasync", "fsync": "syncFolder", "mkdir": "createFolder", "open_create": "open",
        "open_read": "", "space": "space",
    }.get(kind, kind)
