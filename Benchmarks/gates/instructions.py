"""Counts the instructions of a stage with valgrind.

valgrind emulates its own processor: the same one, with AVX2 and without SHA-NI or AVX-512, on every x86-64 machine
that has AVX2. So the count depends on the program and its libraries, not on the machine; two runs differ by some
hundred instructions in a hundred million.
"""

import os
import re
import subprocess

# valgrind takes a second to load the program; no stage runs longer than a minute under it.
BOUND_SECONDS = 300


def environment():
    """Returns the environment of a counted program: nothing of the caller's that could change its behaviour."""
    kept = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    # Swift seeds the hashes of every process randomly, unless told otherwise.
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "LC_ALL": "C", "SWIFT_DETERMINISTIC_HASHING": "1",
    }


def check_valgrind():
    """Returns why instructions cannot be compared here; None if they can."""
    try:
        done = subprocess.run(
            ["valgrind", "--tool=none", "-v", "/bin/true"], capture_output=True, text=True, timeout=BOUND_SECONDS
        )
    except FileNotFoundError:
        return "valgrind is not installed: scripts/setup valgrind"
    found = re.search(r"hwcaps: (.*)", done.stdout + done.stderr)
    features = found.group(1) if found else "nothing"
    if "AMD64" not in features or "avx2" not in features:
        return (
            "the instruction counts are those of an x86-64 processor with AVX2, and valgrind "
            f"reports {features}: run the gates on such a machine"
        )
    return None


def without_debug_information(program, folder):
    """Returns a copy that valgrind can read: 3.19 fails on the DWARF 5 that Swift 6.3 writes."""
    copy = folder / program.name
    subprocess.run(["objcopy", "--strip-debug", program, copy], check=True)
    return copy


def count(program, stage, iterations):
    """Returns the instructions of one run, and its number of units (events, records, commits)."""
    command = [
        "valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
        program, "--stage", stage, "--iterations", str(iterations),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=BOUND_SECONDS)
    counted = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    units = re.match(rf"{re.escape(stage)}: (\d+) ", done.stdout)
    if done.returncode != 0 or not counted or not units:
        raise SystemExit(f"gates: valgrind with stage {stage}: exit code {done.returncode}\n{done.stderr[-4000:]}")
    return int(counted.group(1).replace(",", "")), int(units.group(1))


def per_unit(program, stage, iterations):
    """Returns the instructions per event; the start-up is in both runs and cancels out."""
    once, units = count(program, stage, iterations)
    twice, _ = count(program, stage, 2 * iterations)
    return (twice - once) / units
