"""kill -9 at random moments, and two runs at once: each event once, and nothing visible that no commit names."""

import os
import random
import subprocess
import sys
import time

import pytest

import folders
from folders import PROJECT, ledgers, places
from waiting import wait_until

KILLS = int(os.environ.get("TOUCHPOINT_KILLS", "50"))
SEED = int(os.environ.get("TOUCHPOINT_SEED", "23"))
BOUND = 120.0
UNIT = "150KiB"


class Runs:
    """Starts the job without waiting for it."""

    def __init__(self, nodes, folder, environment, engine="duckdb"):
        self.nodes, self.folder, self.environment, self.engine = nodes, folder, environment, engine

    def start(self, table):
        inputs = [part for folder in self.nodes.folders for part in ("--input", str(folder))]
        command = [sys.executable, "-B", PROJECT / "lake" / "compact.py", "--engine", self.engine, *inputs, "--unit-bytes", UNIT]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen([*command, "--table", table], env=self.environment, stdout=log, stderr=log)

    def end(self, process):
        wait_until("the end of the job", lambda: process.poll() is not None, BOUND)
        return process.returncode

    def finish(self, table):
        """Runs it until there is nothing left to do."""
        code = self.end(self.start(table))
        assert code == 0, (self.folder / "log").read_text()[-3000:]

    @property
    def log(self):
        return (self.folder / "log").read_text()[-3000:]


@pytest.fixture
def runs(nodes, tmp_path, environment):
    return Runs(nodes, tmp_path, environment)


def is_there(table):
    return (table / "_delta_log" / "00000000000000000000.json").exists()


def check_whole(nodes, table):
    assert len(places(table)) == nodes.written
    found = ledgers(table)
    assert [ledger["unit"] for ledger in found] == list(range(1, len(found) + 1)), "a unit was committed twice or never"
    assert sum(ledger["written"] for ledger in found) == nodes.written
    assert sum(ledger["duplicates"] for ledger in found) == nodes.duplicates


def test_kills(nodes, runs, tmp_path):
    dice = random.Random(SEED)
    began = time.monotonic()
    runs.finish(tmp_path / "measured")
    usual = time.monotonic() - began
    all_places = folders.sent_places(nodes.folders)
    killed = tables = begun = 0
    while killed < KILLS:
        table = tmp_path / f"table-{tables}"
        tables += 1
        while killed < KILLS:
            process = runs.start(table)
            try:
                process.wait(dice.uniform(0.1, 0.9) * usual)
                break  # it has read everything
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
            if is_there(table):
                begun += 1
                assert places(table) <= all_places
                ledgers(table)
        runs.finish(table)
        check_whole(nodes, table)
    assert begun > KILLS / 4, "most kills came before the work had begun"
    print(f"{killed} kills with seed {SEED}, {begun} of them in a table that was begun, {tables} tables whole")


def test_two_at_once(nodes, runs, tmp_path):
    dice = random.Random(SEED)
    second_ends = set()
    for number in range(6):
        table = tmp_path / f"table-{number}"
        pair = [runs.start(table), runs.start(table)]
        if number % 2:
            time.sleep(dice.uniform(0.5, 1.5))  # not a condition: the moment of the kill is random
            pair[0].kill()
            pair[0].wait()
            pair = pair[1:]
        codes = [runs.end(process) for process in pair]
        assert set(codes) <= {0, 75}, runs.log
        second_ends |= set(codes)
        runs.finish(table)
        check_whole(nodes, table)
        named = {path.name for path in table.glob("date=*/*")}
        assert named, "no file was written"
    assert 75 in second_ends, "no two runs met"


def test_kills_of_spark(nodes, tmp_path, environment):
    dice = random.Random(SEED)
    runs = Runs(nodes, tmp_path, environment, "spark")
    table = tmp_path / "table"
    for _ in range(3):
        process = runs.start(table)
        with_work = dice.uniform(5, 25)
        try:
            process.wait(with_work)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if is_there(table):
            places(table)
    runs.engine = "duckdb"
    runs.finish(table)
    check_whole(nodes, table)
