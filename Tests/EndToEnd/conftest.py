"""Fixtures: the built programs, collectors, and ZeroMQ sockets.

No test is skipped: a missing requirement is an error that says how to get it. Only tests that need root are left out
without it, and the run reports that at its end.
"""

import json
from pathlib import Path

import pytest
import zmq

import bare_root
from collector import Collector

PROJECT = Path(__file__).resolve().parents[2]
pytest_plugins = ["programs", "left_out"]


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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_of_{call.when}", outcome.get_result())


@pytest.fixture
def daemon(touchpoint, tmp_path, request):
    """Creates running collectors: daemon(), daemon(commit={"interval": "1s"}), daemon(start=False).

    Those still running at the end of a passed test must drain with exit code 0.
    """
    made = []

    def make(start=True, folder="collector", **settings):
        collector = Collector(touchpoint, tmp_path / folder, **settings)
        made.append(collector)
        return collector.start() if start else collector

    try:
        yield make
        report = getattr(request.node, "report_of_call", None)
        if report is not None and report.failed:
            for collector in made:
                print(collector.log)
        else:
            for collector in made:
                if collector.is_running:
                    collector.drain()
    finally:
        for collector in made:
            collector.remove()


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
