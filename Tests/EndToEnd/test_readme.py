"""What README.md and GETTING_STARTED.md do by hand, line by line, and what they show."""

import json
import os
import re
import subprocess

import duckdb
import pytest

import pages
from waiting import BOUND_SECONDS, wait_until

README = "README.md"
GETTING_STARTED = "docs/GETTING_STARTED.md"
# Each line is run as it stands; what it does not say, where to listen and where the socket is, these programs add.
WRAPPERS = {
    "touchpointd": 'if [[ $* != *--check* ]]; then set -- --config "$FOLDER/readme.json" "$@"; fi\n'
    'if [[ $* != *--check* ]]; then exec "$REAL/touchpointd" "$@" >/dev/null; fi; exec "$REAL/touchpointd" "$@"',
    "touchpoint-send": '"$REAL/touchpoint-send" --to "$ENDPOINT" "$@"',
    "touchpointctl": 'verb=$1; shift; if [[ $verb != verify ]]; then set -- --socket "$SOCKET" "$@"; fi; '
    '"$REAL/touchpointctl" "$verb" "$@"',
}


class ByHand:
    """A shell in a folder of its own, as somebody has it who follows a page."""

    def __init__(self, page, touchpoint, collector, folder):
        self.page, self.touchpoint, self.collector, self.folder = page, touchpoint, collector, folder
        endpoint = collector.endpoint("reliable")
        collector.settings["sources"][1]["bind"] = [endpoint]
        collector.drain()
        (folder / "readme.json").write_text(json.dumps(collector.settings))
        (folder / "samples").symlink_to(pages.PROJECT / "samples")
        programs = folder / "programs"
        programs.mkdir()
        for name, text in WRAPPERS.items():
            (programs / name).write_text(f"#!/bin/bash\n{text}\n")
            (programs / name).chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{programs}:{os.environ['PATH']}", "REAL": str(touchpoint), "FOLDER": str(folder),
            "ENDPOINT": endpoint, "SOCKET": str(collector.socket),
        }

    def run(self, name):
        """Runs the block with this name, and returns what it prints."""
        text = pages.block(self.page, name).text.replace("export PATH=", "UNUSED=")
        done = subprocess.run(["bash", "-c", text], cwd=self.folder, env=self.environment, capture_output=True,
                              text=True, timeout=BOUND_SECONDS)
        return done.stdout + done.stderr

    def is_answered(self):
        done = subprocess.run([self.touchpoint / "touchpointctl", "ping", "--socket", self.collector.socket],
                              capture_output=True, timeout=BOUND_SECONDS)
        return done.returncode == 0

    def drain(self):
        if self.is_answered():
            subprocess.run([self.touchpoint / "touchpointctl", "drain", "--socket", self.collector.socket],
                           capture_output=True, timeout=BOUND_SECONDS)
            wait_until("the end of touchpointd", lambda: not self.is_answered())


@pages.runs(README, "one event over HTTP")
def test_one_event_over_http(daemon):
    collector = daemon(sources=[{"name": "web", "pattern": "http", "bind": ["127.0.0.1:0"], "channel": "web"}])
    text = pages.block(README, "one event over HTTP").text
    assert "http://127.0.0.1:5573/" in text
    text = text.replace("http://127.0.0.1:5573", collector.endpoint("web").rstrip("/"))
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=BOUND_SECONDS)
    [shown] = pages.output(README, "one event over HTTP")
    assert re.fullmatch(shown, done.stdout.strip()), done.stdout + done.stderr
    assert collector.ledger()["written"] == 1


@pytest.fixture
def by_hand(touchpoint, daemon, tmp_path):
    """Makes shells: by_hand(PAGE)."""
    made = []

    def make(page):
        # A collector made for its configuration only: the page starts it.
        collector = daemon(start=False, storage={"directory": "./touchpoint-data", "minimumFree": "1MiB"})
        collector.start()
        made.append(ByHand(page, touchpoint, collector, tmp_path))
        return made[-1]

    yield make
    for shell in made:
        shell.drain()


@pages.runs(README, "one event")
def test_one_event(by_hand):
    shell = by_hand(README)
    printed = shell.run("one event")
    shown = pages.output(README, "one event")
    assert re.fullmatch("\n".join(shown) + "\n", printed), f"{printed}\nis not\n" + "\n".join(shown)
    wait_until("the end of touchpointd", lambda: not shell.is_answered())


@pages.runs(GETTING_STARTED, "start and send", "not JSON", "seal", "numbers", "by channel")
def test_two_minutes_by_hand(by_hand, tmp_path):
    shell = by_hand(GETTING_STARTED)
    assert_shows(shell.run("start and send"), "start and send")
    assert_shows(shell.run("not JSON"), "not JSON")
    # How many files it is, how large, and how many messages, depends on the pace of the writers.
    sealed = shell.run("seal")
    assert_shows(sealed, "seal", but="sealed| *events/")
    assert re.search(r"^sealed \d+ segments$", sealed, re.M), sealed
    with duckdb.connect() as database:
        query = pages.block(GETTING_STARTED, "by channel").text
        query = query.replace("touchpoint-data", str(tmp_path / "touchpoint-data"))
        rows = dict(database.execute(query).fetchall())
    assert rows["web"] >= 1 and sum(rows.values()) == 4002
    numbers = shell.run("numbers")
    assert_shows(numbers, "numbers", but="reliable|8 files")
    assert re.search(r"^reliable +running +4,003 +4,002 +1 ", numbers, re.M), numbers
    assert re.search(r"^\d+ files, 4,003 events, ", numbers, re.M), numbers
    wait_until("the end of touchpointd", lambda: not shell.is_answered())


def assert_shows(printed, name, but="$"):
    """Every line that the page shows is there, those aside that begin with the pattern `but`."""
    for line in pages.output(GETTING_STARTED, name):
        if not re.match(but, line.replace("\\", "")):
            assert re.search(f"^{line}$", printed, re.M), f"{line}\nis not in\n{printed}"


@pages.runs(GETTING_STARTED, "collector.yaml", "check a configuration")
def test_a_short_configuration(by_hand, tmp_path):
    shell = by_hand(GETTING_STARTED)
    pages.write_programs(tmp_path, "collector.yaml")
    printed = shell.run("check a configuration")
    assert 'node: "store-12"' in printed and "directory: " in printed and "collected" in printed, printed
    assert "maxOpen:" in printed, "every setting is listed"
