"""Full disks, missing permissions, and files that vanish under the running collector."""

import contextlib
import gzip
import os
import shutil
import subprocess
import zlib

from load import wait_a_moment
from waiting import wait_until

FULL = "No space left on device"


class Ballast:
    """Occupies all room of a file system, and frees it."""

    def __init__(self, place):
        self.path = place / "ballast"

    def load(self):
        size = 1 << 20
        with self.path.open("ab", buffering=0) as file:
            while size >= 512:
                try:
                    os.posix_fallocate(file.fileno(), file.tell(), size)
                    file.seek(0, os.SEEK_END)
                except OSError:
                    size //= 2

    def drop(self):
        self.path.unlink(missing_ok=True)


def fill_again_and_again(stage, cycles, crash=None):
    """Fills disks under load: it blocks, reports it, and continues on its own. `crash` is called meanwhile."""
    ballast = Ballast(stage.disk.place)
    try:
        for _ in range(cycles):
            stage.load.resume().wait_for_answers(stage.collector, 30)
            fill(stage, ballast)
            wait_a_moment(stage.dice, 0.2)
            if crash:
                crash()
            ballast.drop()
            stage.load.wait_for_answers(stage.collector, 3)
            stage.wait_for_state("running")
            stage.tally["full disks"] += 1
    finally:
        ballast.drop()


def fill(stage, ballast):
    """Occupies room until the collector reports that there is none: files grow into what is left."""

    def is_blocked():
        ballast.load()
        return stage.status()["state"] == "blocked"

    try:
        wait_until("a collector that is blocked by a full disk", is_blocked, every=0.01)
    except AssertionError as failure:
        raise AssertionError(f"{failure}\n{stage.collector.log}") from None


class Inodes:
    """Occupies all inodes of a file system, and frees them."""

    def __init__(self, place):
        self.folder = place / "many"

    def load(self):
        self.folder.mkdir(exist_ok=True)
        number = len(os.listdir(self.folder))
        with contextlib.suppress(OSError):
            while True:
                (self.folder / str(number)).touch(exist_ok=False)
                number += 1

    def drop(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def set_immutable(path, on):
    """Makes a folder refuse new names, even from root."""
    done = subprocess.run(["chattr", "+i" if on else "-i", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def identifiers_in(path):
    """Returns the events in a file that is still open, as far as it can be read."""
    unpacker = zlib.decompressobj(31)
    raw = unpacker.decompress(path.read_bytes())
    lines = raw.decode(errors="replace").split("\n")[:-1]
    return {line.split('"messageId": "')[1].split('"')[0] for line in lines if '"messageId": "' in line}


def open_segments(stage):
    return sorted(path for path in stage.collector.data.rglob(".part-*.open"))


def sealed_identifiers(path):
    lines = gzip.decompress(path.read_bytes()).decode().split("\n")[:-1]
    return {line.split('"messageId": "')[1].split('"')[0] for line in lines if '"messageId": "' in line}
