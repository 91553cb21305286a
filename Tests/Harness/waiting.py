"""Waits for conditions, with a time limit whose error names the condition.

A limit counts only the time in which this process runs. A process that is stopped for minutes, together with the one
it waits for, does not time out.
"""

import select
import subprocess
import time

# Generous: a loaded machine is slow, not broken.
BOUND_SECONDS = 30.0
# The pauses between two checks start with this and grow.
_FIRST_PAUSE = 0.0005
# A longer time between two checks counts as time in which nothing ran.
_LONGEST_TURN = 1.0
# How often a blocking call checks the condition, in seconds.
_LOOK_SECONDS = 0.25


def wait_until(what, condition, bound=BOUND_SECONDS, every=0.02):
    """Returns the first true value of `condition`; fails with `what` after the time limit.

    Checks at least every `every` seconds, more often at first.
    """
    waited, pause, last = 0.0, min(_FIRST_PAUSE, every), time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        if waited > bound:
            raise AssertionError(f"waited {bound:g} s in vain for: {what}")
        time.sleep(pause)
        pause = min(every, 1.5 * pause)
        now = time.monotonic()
        waited += min(now - last, _LONGEST_TURN)
        last = now


def wait_for_input(what, connection, unless=None, bound=BOUND_SECONDS):
    """Waits until a socket is readable or its other end is closed; InterruptedError if `unless` holds."""
    look = _LOOK_SECONDS if unless is None else _FIRST_PAUSE
    # Unlike select, it takes descriptors above 1,023: a test may have many sockets.
    poll = select.poll()
    poll.register(connection, select.POLLIN)

    def is_there():
        if unless and unless():
            raise InterruptedError(what)
        return poll.poll(look * 1000)

    wait_until(what, is_there, bound)


def finished(command, bound=BOUND_SECONDS):
    """Runs a program to its end; returns exit code, output and error output as texts."""
    command = list(map(str, command))

    def end():
        try:
            return process.communicate(timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            return None

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            output, errors = wait_until(f"the end of {' '.join(command)[:200]}", end, bound)
        except BaseException:
            process.kill()
            raise
    return process.returncode, output, errors
