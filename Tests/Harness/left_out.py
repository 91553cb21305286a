"""Tests that need special permissions: without them they are left out, and the run reports that at its end."""

import pytest

LEFT_OUT = pytest.StashKey()


def leave_out(config, items, marker, why):
    """Removes the tests with `marker` from `items`, if there is a reason why they cannot run."""
    if why is None:
        return
    left_out = [item for item in items if item.get_closest_marker(marker)]
    config.stash.setdefault(LEFT_OUT, []).extend((why, item.nodeid) for item in left_out)
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter, config):
    if config.stash.get(LEFT_OUT, []):
        terminalreporter.section("NOT RUN", sep="!")
        for why, name in config.stash[LEFT_OUT]:
            terminalreporter.write_line(f"{name}: {why}")
