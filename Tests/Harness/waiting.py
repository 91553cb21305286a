"""Waiting for conditions, with a bound that says what was waited for."""

import time

# Generous: a loaded machine is slow, not broken.
BOUND_SECONDS = 30.0


def wait_until(what, condition, bound=BOUND_SECONDS, every=0.02):
    """Gives the first true value of `condition`; fails with `what` when the bound has passed."""
    end = time.monotonic() + bound
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {bound:g} s in vain for: {what}")
        time.sleep(every)
