"""Fixtures: the built programs and real collectors (Tests/Harness), clients that end with the test, an HTTP server."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from recording_server import RecordingServer
from touchpoint import Touchpoint

pytest_plugins = ["programs", "daemons"]
SOURCES = Path(__file__).resolve().parents[1] / "src"


@pytest.fixture
def endpoint():
    """An endpoint that stays the same over restarts of a collector."""
    with tempfile.TemporaryDirectory(prefix="touchpoint-") as folder:
        yield f"ipc://{folder}/reliable.sock"


@pytest.fixture
def router(daemon, endpoint):
    """Creates a collector with one router source on `endpoint`: router(), router(start=False, dedup="off")."""

    def make(start=True, **more):
        settings = {name: more.pop(name) for name in ("limits", "folder") if name in more}
        source = {"name": "reliable", "pattern": "router", "bind": [endpoint], **more}
        return daemon(start=start, sources=[source], **settings)

    return make


@pytest.fixture
def client(endpoint):
    """Creates clients of `endpoint`, or of another one; those that are open at the end are closed at once."""
    made = []

    def make(place=None, **settings):
        made.append(Touchpoint(place or endpoint, **settings))
        return made[-1]

    yield make
    for one in made:
        one.shutdown(0)


@pytest.fixture
def server():
    """An HTTP server that answers as it is told, and records what it received."""
    with RecordingServer() as running:
        yield running


@pytest.fixture
def program(tmp_path):
    """Starts Python programs that have the client: program("import touchpoint; …", argument); they end with the test."""
    running = []

    def start(text, *arguments, **more):
        process = subprocess.Popen(
            [sys.executable, "-B", "-c", text, *map(str, arguments)], cwd=tmp_path, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(SOURCES)}, **more,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()
