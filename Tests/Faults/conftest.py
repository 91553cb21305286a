"""Fixtures: stages, seeds, and a final report of what was done and which twins were detected.

TOUCHPOINT_SEED repeats the random choices of a run; every run prints its seed.
"""

import os
import random
from collections import Counter

import pytest

import loop_disk
import twins
from faulty_disk import compile_library
from stage import Stage

pytest_plugins = ["programs", "left_out"]

TALLY = Counter()


@pytest.fixture(scope="session")
def seed():
    return int(os.environ.get("TOUCHPOINT_SEED") or random.SystemRandom().randrange(1 << 32))


@pytest.fixture
def dice(seed, request):
    return random.Random(f"{seed} {request.node.nodeid}")


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return compile_library(tmp_path_factory.mktemp("library"))


@pytest.fixture
def stage(touchpoint, library, tmp_path, seed):
    """Creates stages: stage("ext4"), stage(None, preload=[…]). Their seeds follow from the run's."""
    made = 0

    def make(file_system=None, **shape):
        nonlocal made
        made += 1
        return Stage(touchpoint, tmp_path / f"stage-{made}", library, seed + made, file_system, **shape)

    return make


@pytest.fixture
def note():
    """Adds the tallies of stages to the summary of the run."""
    return TALLY.update


def pytest_collection_modifyitems(config, items):
    """Leaves out tests that need loop disks where there are none, and reports that."""
    why = loop_disk.why_not_here()
    left_out = config.pluginmanager.get_plugin("left_out")
    left_out.leave_out(config, items, "loop_disk", why and f"no loop disks here ({why})")


def pytest_configure(config):
    config.addinivalue_line("markers", "loop_disk: mounts file systems of its own")


def pytest_report_header():
    return f"TOUCHPOINT_SEED={os.environ.get('TOUCHPOINT_SEED', 'by chance; each test prints its own')}"


def pytest_terminal_summary(terminalreporter):
    if twins.ROWS:
        terminalreporter.section("must-fail twins")
        for line in twins.table():
            terminalreporter.write_line(line)
    if TALLY:
        terminalreporter.section("faults")
        counts = ", ".join(f"{kind} {TALLY[kind]:,}" for kind in sorted(TALLY) if kind != "restarts")
        terminalreporter.write_line(counts)
