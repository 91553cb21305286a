"""A running touchpointd with its own folder, configuration and control socket."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from waiting import BOUND_SECONDS, finished, wait_for_input, wait_until

ANY_PORT = "tcp://127.0.0.1:*"

# What receives the messages of sources that do not say so: a value of sources[].engine.
ENGINE = os.environ.get("TOUCHPOINT_ENGINE", "native")


def with_engine(source):
    """Returns a source that names its engine, unless it names one or only libzmq can receive its messages."""
    if "engine" in source or source.get("pattern") in ("sub", "http") or source.get("connect"):
        return source
    return source | {"engine": ENGINE}


def merged(base, changes):
    """Returns `base` with `changes` applied; objects are merged key by key, everything else is replaced."""
    result = dict(base)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            value = merged(result[key], value)
        result[key] = value
    return result


class Collector:
    """Starts with `start`; ends with `drain` (asserts exit code 0), `kill` or `end`."""

    def __init__(self, programs, folder, data=None, **settings):
        self.programs = Path(programs)
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = Path(data) if data else self.folder / "data"
        # Variables that are added to the program's environment.
        self.environment = {}
        # A program that starts it, with its arguments.
        self.launcher = []
        # A Unix socket's path has at most 107 bytes; pytest's folders are longer.
        self.short_folder = Path(tempfile.mkdtemp(prefix="touchpoint-"))
        self.socket = self.short_folder / "control.sock"
        self.log_path = self.folder / "touchpointd.log"
        self.configuration = self.folder / "touchpointd.yaml"
        self.process = None
        self.settings = merged(
            {
                "node": "test",
                "sources": [
                    {"name": "producers", "pattern": "pull", "bind": [ANY_PORT]},
                    {"name": "reliable", "pattern": "router", "bind": [ANY_PORT]},
                ],
                "ring": {"capacity": "16MiB"},
                "commit": {"interval": "20ms"},
                "storage": {"directory": str(self.data), "minimumFree": "1MiB"},
                "control": {"socket": str(self.socket)},
                "shutdown": {"timeout": "20s"},
                "log": {"level": "debug"},
            },
            settings,
        )

    # Life

    def launch(self):
        """Starts the program and does not wait."""
        if "sources" in self.settings:
            self.settings["sources"] = [with_engine(source) for source in self.settings["sources"]]
        self.configuration.write_text(self.configuration_text())
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.launcher, self.programs / "touchpointd", "--config", self.configuration],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | self.environment,
            )
        return self

    def configuration_text(self):
        """The settings as YAML, which JSON is."""
        return json.dumps(self.settings, indent=2) + "\n"

    def start(self, bound=BOUND_SECONDS):
        """Starts the program and waits until it reports that it is running."""
        self.launch()
        try:
            wait_until(f"state 'running' on the control socket {self.socket}", self._is_running, bound)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.log}") from None
        return self

    def _is_running(self):
        code = self.process.poll()
        assert code is None, f"touchpointd ended with exit code {code} at its start"
        try:
            return self.ask("status").get("state") == "running"
        except (OSError, json.JSONDecodeError):
            return False

    def drain(self, sign=signal.SIGTERM):
        """Ends it with a signal, and asserts exit code 0."""
        self.process.send_signal(sign)
        code = self.wait_for_exit()
        assert code == 0, f"touchpointd ended with exit code {code} after {sign.name}\n{self.log}"

    def wait_for_exit(self):
        """Waits for the end of the program and returns its exit code."""
        try:
            wait_until("the end of touchpointd", lambda: self.process.poll() is not None)
        except AssertionError as failure:
            self.kill()
            raise AssertionError(f"{failure}\n{self.log}") from None
        code = self.process.returncode
        self.process = None
        return code

    def kill(self):
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def remove(self):
        """Kills it and removes everything outside its folder."""
        self.kill()
        shutil.rmtree(self.short_folder, ignore_errors=True)

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def log(self):
        text = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        return f"--- the last lines of {self.log_path}\n" + "\n".join(text.splitlines()[-40:])

    # Talk

    def ask(self, request, unless=None):
        """Sends a line to the control socket, returns the JSON of its answer; an OSError if `unless` holds before."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(str(self.socket))
            connection.sendall(request.encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                wait_for_input(f"an answer to '{request}'", connection, unless)
                part = connection.recv(1 << 16)
                if not part:
                    break
                answer += part
            return json.loads(answer)

    def tell(self, request):
        """Sends one line to the control socket; ignores the answer, and a missing socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, contextlib.suppress(OSError):
            connection.connect(str(self.socket))
            connection.sendall(request.encode() + b"\n")

    def control(self, *arguments, expect=0):
        """Runs touchpointctl VERB… on this collector's socket; returns its output."""
        code, output, errors = finished([self.programs / "touchpointctl", *arguments, "--socket", self.socket])
        assert code == expect, (
            f"touchpointctl {' '.join(arguments)}: exit code {code}, not {expect}\n{output}{errors}{self.log}"
        )
        return output

    def endpoint(self, source, index=0):
        """Returns the endpoint on which a source listens: the system assigned the port."""
        return next(s for s in self.ask("status")["sources"] if s["name"] == source)["endpoints"][index]

    def ledger(self):
        return self.ask("stats")["ledger"]

    def wait_for_received(self, events):
        """Waits until so many events were received and none is in flight."""
        last = {}

        def is_complete():
            last.update(self.ledger())
            return last["received"] >= events and last["inFlight"] == 0

        try:
            wait_until(f"{events} events received and none in flight", is_complete)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; the ledger says {last}\n{self.log}") from None
        return last

    def seal(self):
        """Seals all open segments."""
        return json.loads(self.control("seal", "--json"))

    def verify(self, expect=0):
        """Runs touchpointctl verify on the data folder; returns its report."""
        code, output, errors = finished([self.programs / "touchpointctl", "verify", "--json", self.data])
        assert code == expect, (
            f"touchpointctl verify: exit code {code}, not {expect}\n{output}{errors}{self.log}"
        )
        return json.loads(output)["verify"]

    def __str__(self):
        return f"Collector({os.fspath(self.folder)})"
