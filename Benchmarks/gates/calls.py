"""Reads the counts of call_count.c: which calls a program made, from which call site."""

import os
import pathlib
import shutil
import subprocess
from collections import Counter

SOURCE = pathlib.Path(__file__).with_name("call_count.c")
ALLOCATIONS = ("malloc", "new")
PLACES, FILE_BYTES = 16384, 1 << 19


class CallCount:
    """The counter, prepared for one program."""

    def __init__(self, folder):
        self.library = folder / "call_count.so"
        self.file = folder / "calls"
        self.file.write_bytes(bytes(FILE_BYTES))
        # A Swift toolchain includes clang.
        compiler = shutil.which("cc") or "clang"
        subprocess.run([compiler, "-O2", "-fPIC", "-shared", "-o", self.library, SOURCE], check=True)

    def environment(self, base):
        return dict(base, LD_PRELOAD=str(self.library), CALL_COUNT_FILE=str(self.file))

    def reset(self):
        self.file.write_bytes(bytes(FILE_BYTES))

    def read(self):
        """Returns the calls so far, by name and by the library or program that made them."""
        content = self.file.read_bytes()
        mapped = content[PLACES * 16:].rstrip(b"\0").decode()
        calls = Counter()
        for at in range(0, PLACES * 16, 16):
            key = int.from_bytes(content[at:at + 8], "little")
            count = int.from_bytes(content[at + 8:at + 16], "little")
            if count:
                calls[ALLOCATIONS[key >> 56], module(mapped, key & (1 << 56) - 1)] += count
        return calls


def module(mapped, address):
    """Returns the file that is mapped at an address."""
    for line in mapped.splitlines():
        parts = line.split(maxsplit=5)
        start, end = (int(part, 16) for part in parts[0].split("-"))
        if start <= address < end:
            return os.path.basename(parts[5]) if len(parts) > 5 else "nothing"
    return "nothing"


def allocations(calls):
    return sum(count for (name, _), count in calls.items() if name in ALLOCATIONS)
