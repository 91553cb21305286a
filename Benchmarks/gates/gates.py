#!/usr/bin/env python3
"""Gates that cannot flake: what the stages and the daemon do is counted, not timed.

  instructions   of an event in each stage of stage-bench, by valgrind, against a threshold;
  allocations    of each stage: none an event (a commit has one; the mutex queue has one a record, which
                 shows that the counter sees them);
  the daemon     with its default settings: allocations of a million events, libzmq's apart.

The thresholds stand in Benchmarks/gates.json. `make gates` checks them; `make gates-update` writes what is
counted now. They hold for the toolchain and the libraries named there: others do other instructions.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import daemon_calls
import instructions
from calls import CallCount, allocations

LIBRARIES = ("libc6", "libisal2", "libsimdjson14", "zlib1g")


def measured_with():
    """Returns what a count depends on besides our own sources."""
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout
    version = re.search(r"Swift version \S+", swift)
    found = {"swift": version.group(0) if version else "unknown"}
    for library in LIBRARIES:
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", library], capture_output=True, text=True)
        found[library] = done.stdout or "not a package"
    return found


def count_instructions(program, stages):
    """Returns counts by stage; runs as many at a time as there are processors, which does not change the counts."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = pool.map(lambda s: instructions.per_unit(program, s[0], s[1]["iterations"]), stages.items())
        return dict(zip(stages, counts))


def count_allocations(program, stages, folder):
    """Returns by stage how much more twice the iterations allocate, per unit."""
    counter, found = CallCount(folder), {}
    for stage, gate in stages.items():
        totals = []
        for iterations in (gate["iterations"], 2 * gate["iterations"]):
            counter.reset()
            done = subprocess.run(
                [program, "--stage", stage, "--iterations", str(iterations)], check=True, text=True,
                capture_output=True, env=counter.environment(instructions.environment()),
                timeout=instructions.BOUND_SECONDS,
            )
            totals.append(allocations(counter.read()))
        units = int(re.match(r"\S+ (\d+) ", done.stdout).group(1)) / 2
        found[stage] = (totals[1] - totals[0]) / units
    return found


class Report:
    """Prints one line per gate, and records which of them fail."""

    def __init__(self):
        self.failures = []

    def line(self, what, value, limit, problem):
        print(f"{what:32}{value:>14,.2f}{limit:>14,.2f}  {problem or 'ok'}")
        if problem:
            self.failures.append(f"{what}: {problem}")


def compare_instructions(report, gates, counts):
    tolerance = gates["tolerance"]
    print(f"{'instructions':32}{'now':>14}{'threshold':>14}")
    for stage, now in counts.items():
        threshold = gates["stages"][stage]["instructions"]
        change, problem = now / threshold - 1, None
        if change > tolerance:
            problem = f"{change:+.1%}: more than {tolerance:.0%} above the threshold"
        elif change < -tolerance:
            problem = f"{change:+.1%}: better! Lower the threshold: make gates-update"
        report.line(stage, now, threshold, problem)


def compare_allocations(report, gates, counts):
    print(f"{'allocations':32}{'now':>14}{'threshold':>14}")
    for stage, now in counts.items():
        threshold = gates["stages"][stage]["allocations"]
        # A count that grows with the events grows by at least one per some thousand; a growing buffer's does not.
        problem = None if abs(now - threshold) < 0.001 else "not the same number any more"
        report.line(stage, now, threshold, problem)


def compare_daemon(report, gates, programs):
    print(f"{'allocations a million events':32}{'now':>14}{'at most':>14}")
    for pattern, limit in gates["daemon"].items():
        for engine in ("native", "libzmq"):
            found = daemon_calls.per_million(programs, pattern, engine)
            batch = daemon_calls.PATTERNS[pattern][1]
            problem = None if found["ours"] <= limit else "it allocates where events pass"
            if engine == "libzmq" and found["libzmq"] == 0:
                problem = "the counter is blind: libzmq allocates with every few messages"
            report.line(f"{engine}, {pattern}, {batch} a message", found["ours"], limit, problem)
            print(f"    beside it {found['libzmq']:,.0f} of libzmq; {found['commits']:,.0f} commits")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=pathlib.Path, default=".build/release/stage-bench")
    parser.add_argument("--programs", type=pathlib.Path, default=".build/release")
    parser.add_argument("--gates", type=pathlib.Path, default="Benchmarks/gates.json")
    parser.add_argument("--update", action="store_true", help="write the thresholds instead of checking them")
    options = parser.parse_args()
    problem = instructions.check_valgrind()
    if problem:
        raise SystemExit(f"gates: {problem}")
    gates = json.loads(options.gates.read_text())
    with tempfile.TemporaryDirectory(prefix="touchpoint-gates-") as folder:
        program = instructions.without_debug_information(options.bench.resolve(), pathlib.Path(folder))
        counted = count_instructions(program, gates["stages"])
        allocated = count_allocations(program, gates["stages"], pathlib.Path(folder))
    if options.update:
        for stage, gate in gates["stages"].items():
            gate |= {"instructions": round(counted[stage], 1), "allocations": round(allocated[stage], 3)}
        gates["measuredWith"] = measured_with()
        options.gates.write_text(json.dumps(gates, indent=2) + "\n")
        print(f"wrote {options.gates}: look at the difference before you commit it")
        return
    report = Report()
    compare_instructions(report, gates, counted)
    compare_allocations(report, gates, allocated)
    compare_daemon(report, gates, options.programs.resolve())
    if report.failures:
        print("\ngates: closed\n  " + "\n  ".join(report.failures), file=sys.stderr)
        if gates["measuredWith"] != measured_with():
            print(f"  The thresholds were measured with {gates['measuredWith']}\n"
                  f"  and this is               {measured_with()}", file=sys.stderr)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
