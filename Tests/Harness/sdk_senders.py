"""Four SDKs that send to a collector at once, and what each of them takes as delivered."""

import os
import subprocess
import sys
from pathlib import Path

from http_edge import KEY

FOLDER = Path(sys.prefix) / "sdk"
SENDER = Path(__file__).with_name("sdk_sender.py")
PACKAGES = (
    "segment-analytics-python-2.4.0", "segment-analytics-python-2.3.4", "analytics-python-1.4.post1",
    "rudder-sdk-python-2.1.9",
)


def start(package, name, *arguments):
    """Starts the sender with an SDK from its own folder; its events' ids begin with a name."""
    folder = FOLDER / package
    assert folder.is_dir(), f"{folder} is missing; make it with `make venv`"
    return subprocess.Popen(
        [sys.executable, "-B", SENDER, package, str(name), *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(folder)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )


class Senders:
    """`with Senders(folder, url, count) as senders:` starts all SDKs; each sends so many events."""

    def __init__(self, folder, url, count):
        self.url = url
        self.count = count
        self.logs = {name: Path(folder) / f"delivered-{name}" for name in PACKAGES}
        self.running = {}

    def __enter__(self):
        for name, log in self.logs.items():
            log.touch()
            self.running[name] = start(name, name, self.url, KEY, self.count, "gzip", log)
        return self

    def __exit__(self, *_):
        for sender in self.running.values():
            sender.kill()
            sender.communicate()

    @property
    def sent(self):
        return {f"{name}-{at}" for name in self.logs for at in range(self.count)}

    @property
    def delivered(self):
        """The ids that the SDKs took as delivered until now."""
        return [line for log in self.logs.values() for line in log.read_text().split()]

    @property
    def progress(self):
        """Bytes of the logs, a figure that grows with each delivery of an SDK."""
        return {name: log.stat().st_size for name, log in self.logs.items()}

    @property
    def are_sending(self):
        return any(sender.poll() is None for sender in self.running.values())

    def finish(self):
        """Waits for the ends of all; no SDK has given anything up, or reports more than once what it delivered."""
        for name, sender in self.running.items():
            output, errors = sender.communicate(timeout=280)
            assert sender.returncode == 0 and output.split()[0] == "0", (name, output, errors)
        delivered = self.delivered
        assert sorted(delivered) == sorted(self.sent), f"{len(delivered)} of {len(self.sent)} delivered"
