"""Counts the allocations of the real daemon during intake, libzmq's separately."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time

from calls import CallCount, allocations

BOUND_SECONDS = 120.0
WARM_UP_EVENTS, EVENTS = 100_000, 400_000
PATTERNS = {"push": ("pull", 1), "dealer": ("router", 100)}


def wait_until(what, condition):
    end = time.monotonic() + BOUND_SECONDS
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        # Each poll costs the daemon some allocations.
        time.sleep(0.25)
    raise SystemExit(f"gates: waited {BOUND_SECONDS:g} s for {what}")


class Daemon:
    """touchpointd with its default settings, its own loopback ports, and the counter preloaded."""

    def __init__(self, programs, folder, engine):
        self.programs, self.socket = programs, folder / "s"
        self.counter = CallCount(folder)
        configuration = folder / "gates.yaml"
        configuration.write_text(
            "sources:\n"
            f"  - {{ name: push, pattern: pull, bind: ['tcp://127.0.0.1:*'], engine: {engine} }}\n"
            f"  - {{ name: dealer, pattern: router, bind: ['tcp://127.0.0.1:*'], engine: {engine} }}\n"
            f"storage: {{ directory: {folder}/data, minimumFree: 1MiB }}\n"
            f"control: {{ socket: {self.socket} }}\n"
        )
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [programs / "touchpointd", "--config", configuration],
                stderr=log, env=self.counter.environment(os.environ),
            )

    def ask(self, verb):
        if self.process.poll() is not None:
            raise SystemExit(f"gates: touchpointd ended by itself\n{self.log.read_text()[-4000:]}")
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
            connection.settimeout(BOUND_SECONDS)
            connection.connect(str(self.socket))
            connection.sendall(verb.encode() + b"\n")
            return json.loads(connection.makefile().readline())
        return None

    def send(self, pattern, events):
        """Sends so many events and waits until they are written."""
        source, batch = PATTERNS[pattern]
        status = wait_until("the daemon's control socket", lambda: self.ask("status"))
        endpoint = next(s["endpoints"][0] for s in status["sources"] if s["pattern"] == source)
        before = self.ask("stats")["ledger"]["written"]
        subprocess.run(
            [
                self.programs / "touchpoint-send", "--to", endpoint, "--pattern", pattern,
                "--generate", str(events), "--size", "465", "--batch", str(batch), "--json",
            ],
            check=True, stdout=subprocess.DEVNULL, timeout=BOUND_SECONDS,
        )
        wait_until(
            f"{events} events to be written",
            lambda: self.ask("stats")["ledger"]["written"] >= before + events,
        )

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(BOUND_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def per_million(programs, pattern, engine):
    """Returns allocations and commits per million events, libzmq's allocations separately."""
    with tempfile.TemporaryDirectory(prefix="touchpoint-gates-") as folder:
        daemon = Daemon(programs, pathlib.Path(folder), engine)
        try:
            daemon.send(pattern, WARM_UP_EVENTS)
            before, commits = daemon.counter.read(), daemon.ask("stats")["commit"]["count"]
            daemon.send(pattern, EVENTS)
            calls = daemon.counter.read() - before
            commits = daemon.ask("stats")["commit"]["count"] - commits
        finally:
            daemon.end()
    scale = 1_000_000 / EVENTS
    theirs = {key: count for key, count in calls.items() if key[1].startswith("libzmq")}
    return {
        "ours": (allocations(calls) - allocations(theirs)) * scale,
        "libzmq": allocations(theirs) * scale,
        "commits": commits * scale,
    }
