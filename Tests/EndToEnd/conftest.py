"""Fixtures: the built programs, collectors (both from Tests/Harness), and ZeroMQ sockets.

No test is skipped: a missing requirement is an error that says how to get it. Only tests that need root are left out
without it, and the run reports that at its end.
"""

import json
from pathlib import Path

import pytest
import zmq

import bare_root

PROJECT = Path(__file__).resolve().parents[2]
pytest_plugins = ["programs", "left_out", "daemons"]


@pytest.fixture(scope="session")
def samples():
    """Real events, each as bytes."""
    path = PROJECT / "samples" / "completejourney.ndjson"
    lines = path.read_bytes().splitlines()
    assert lines and all(json.loads(line) for line in lines)
    return lines


def pytest_configure(config):
    config.addinivalue_line("markers", "bare_root: changes into a root folder of its own")


def pytest_collection_modifyitems(config, items):
    config.pluginmanager.get_plugin("left_out").leave_out(config, items, "bare_root", bare_root.why_not_here())


@pytest.fixture
def producer():
    """Creates connected sockets: producer(zmq.PUSH, endpoint)."""
    context = zmq.Context()
    sockets = []

    def make(kind, endpoint, bind=False, identity=None):
        socket = context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.SNDTIMEO, 30_000)
        socket.setsockopt(zmq.RCVTIMEO, 30_000)
        if identity is not None:
            socket.setsockopt(zmq.IDENTITY, identity)
        if bind:
            socket.bind(endpoint)
        else:
            socket.connect(endpoint)
        sockets.append(socket)
        return socket

    yield make
    for socket in sockets:
        socket.close()
    context.term()
