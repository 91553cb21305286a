"""Waiting for conditions, with a bound that says what was waited for.

A bound counts the time in which this process ran. One that was stopped for minutes, together with what it waits
for, has not waited.
"""

import select
import subprocess
import time

# Generous: a loaded machine is slow, not broken.
BOUND_SECONDS = 30.0
# The pauses between two looks begin with this and grow.
_FIRST_PAUSE = 0.0005
# More than this between two looks is time in which nothing ran.
_LONGEST_TURN = 1.0
# What waits in a call looks up so often.
_LOOK_SECONDS = 0.25


def wait_until(what, condition, bound=BOUND_SECONDS, every=0.02):
    """Gives the first true value of `condition`; fails with `what` when the bound has passed.

    Looks at most `every` seconds apart, more often in the beginning.
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
    """Waits until a socket can be read from, or its other end is closed; InterruptedError when `unless` holds."""
    look = _LOOK_SECONDS if unless is None else _FIRST_PAUSE

    def is_there():
        if unless and unless():
            raise InterruptedError(what)
        return select.select([connection], [], [], look)[0]

    wait_until(what, is_there, bound)


def finished(command, bound=BOUND_SECONDS):
    """Runs a program to its end; gives exit code, output and error output as texts."""
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
