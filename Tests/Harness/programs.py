"""The built programs, for every test of whole programs.

No test is skipped: a missing program is an error that says how to get it.
"""

import os
from pathlib import Path

import pytest

PROGRAMS = ("touchpointd", "touchpointctl", "touchpoint-send")


@pytest.fixture(scope="session")
def touchpoint():
    """Returns the folder of the programs, from TOUCHPOINT_BIN."""
    place = os.environ.get("TOUCHPOINT_BIN")
    if not place:
        pytest.fail("TOUCHPOINT_BIN is not set: run 'make test', or give the folder of the programs")
    folder = Path(place).resolve()
    missing = [name for name in PROGRAMS if not os.access(folder / name, os.X_OK)]
    if missing:
        pytest.fail(f"{folder} has no {', '.join(missing)}: run 'make build'")
    return folder
