"""What tests wait for, and read back from a collector's files."""

import contextlib
import json
import signal

from readback import lines_by_zcat
from waiting import BOUND_SECONDS


def finish(process, expect=0):
    """Waits for the end of a program; returns its output and its errors."""
    output, errors = process.communicate(timeout=2 * BOUND_SECONDS)
    assert process.returncode == expect, output + errors
    return output, errors


def written(collector):
    """Drains a collector and returns the events of its files."""
    if collector.is_running:
        collector.drain()
    return [json.loads(line) for line in lines_by_zcat(collector.data)]


def ids_of(collector):
    return [event["messageId"] for event in written(collector)]


def assert_each_once(collector, ids):
    """Asserts that the files have exactly these events, each once."""
    assert sorted(ids_of(collector)) == sorted(ids)


@contextlib.contextmanager
def stopped(process):
    """A process that does not run for a while."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)
