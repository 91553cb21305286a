"""The simulated disk's part of the long run: runs `make crashes` and parses its output."""

import re
import subprocess
import sys
from collections import Counter

POINTS = re.compile(r"crash points: ([\d,]+)")
TAILS = re.compile(r"torn tails: ([\d,]+)")
FLIPS = re.compile(r"([\d,]+) in (?:open|sealed) files")


def counted(text):
    """Returns points, tails and flips from crash-explorer's output. Raises AssertionError if it found a violation."""

    def total(pattern, within):
        return sum(int(number.replace(",", "")) for line in within for number in pattern.findall(line))

    lines = text.splitlines()
    found = [line for line in lines if line.startswith("FAILED")]
    assert not found, found[0]
    flips = [line for line in lines if "flipped bits:" in line]
    return Counter(points=total(POINTS, lines), tails=total(TAILS, lines), flips=total(FLIPS, flips))


def explore(project, points, seed, flags):
    """Runs it and prints its output; returns its counts. Raises AssertionError if it failed."""
    command = ["make", "crashes", f"POINTS={points}", f"CRASHFLAGS=--seed {seed} {flags}"]
    lines = []
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            lines.append(line)
    assert process.returncode == 0, f"{' '.join(command)} ended with exit code {process.returncode}"
    counts = counted("".join(lines))
    assert counts["points"] >= points, f"{points} points were asked for, the output names {counts['points']}"
    return counts
