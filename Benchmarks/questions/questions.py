#!/usr/bin/env python3
"""Measures the questions behind the daemon's defaults; README.md beside it has the answers.

Builds the small programs of this folder, runs every case of a question in turn, round after round (machines change
speed), and prints one table of medians a question. The whole takes some ten minutes on two cores: make
bench-questions, or one question: python3 Benchmarks/questions/questions.py --only write-path.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time

import cases
import receive
import writers

HERE = pathlib.Path(__file__).parent
LIBRARIES = {
    "make_lines": ["-lz"],
    "deflate_stream": ["-lisal", "-lz"],
    "deflate_pieces": ["-lisal", "-lz"],
    "json_stages": ["-lsimdjson", "-lz"],
    "json_stages_haswell": ["-lsimdjson", "-lz"],
    "pull_model": ["-lzmq"],
    "copy_threshold": ["-lzmq", "-pthread"],
    "ring_publish": ["-pthread"],
    "write_path": [],
    "many_files": ["-pthread"],
}


def build(name, folder):
    """Compiles a program, unless it is newer than its sources."""
    stem = name.removesuffix("_haswell")
    source = next(p for p in (HERE / f"{stem}.c", HERE / f"{stem}.cpp") if p.exists())
    program = folder / name
    newest = max(p.stat().st_mtime for p in [source, *HERE.glob("*.h")])
    if program.exists() and program.stat().st_mtime > newest:
        return
    compiler = ["c++", "-std=c++17", "-O3"] if source.suffix == ".cpp" else ["cc", "-O2"]
    if name != stem:
        compiler.append("-march=haswell")
    command = [*compiler, "-DNDEBUG", "-Wall", "-Wextra", "-o", program, source, *LIBRARIES[name]]
    subprocess.run(command, check=True)


def run(command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{result.stderr}exit code {result.returncode}")
    return json.loads(result.stdout)


def measure(question, rounds, place):
    """Returns one list of results per case; every round runs all cases in turn."""
    results = [[] for _ in question.cases]
    for _ in range(question.rounds or rounds):
        for case, gathered in zip(question.cases, results):
            gathered.append(run([place.programs / case.program, *place.fill(case.options)]))
    return results


def table(question, results):
    """Formats Markdown: one table per metric if the cases make many columns, else one table with all metrics."""
    columns = list(dict.fromkeys(case.column for case in question.cases))
    cells = {}
    for case, gathered in zip(question.cases, results):
        cells.setdefault(case.row, {})[case.column] = gathered
    if len(columns) <= 2:
        return one_table(question.head, columns, question.metrics, cells)
    return "\n\n".join(one_table(f"{question.head}: {metric.head}", columns, [metric], cells)
                       for metric in question.metrics)


def one_table(head, columns, metrics, cells):
    heads = [f"{column} {metric.head if len(metrics) > 1 else ''}".strip() for metric in metrics for column in columns]
    lines = [f"| {head} | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for row, found in cells.items():
        texts = [metric.text(found[column]) if column in found else "" for metric in metrics for column in columns]
        lines.append(f"| {row} | {' | '.join(texts)} |")
    return "\n".join(lines)


def machine(folder):
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name.*: (.*)", text).group(1)
    types = subprocess.run(["df", "--output=fstype", folder], capture_output=True, text=True, check=True)
    system = types.stdout.split()[-1]
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, temporary files on {system}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    programs = writers.NAMES | receive.NAMES
    everything = cases.QUESTIONS | programs
    parser.add_argument("--only", action="append", metavar="NAME", help="of: " + ", ".join(everything))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path(".build/release"))
    parser.add_argument("--programs", type=pathlib.Path, default=pathlib.Path(".build/bench/questions"))
    parser.add_argument("--temporary", help="where to write files that are measured; default: the system's")
    options = parser.parse_args()
    names = options.only or list(everything)
    unknown = set(names) - set(everything)
    if unknown:
        parser.error(f"no such question: {', '.join(sorted(unknown))}")
    options.programs.mkdir(parents=True, exist_ok=True)
    for name in LIBRARIES:
        build(name, options.programs)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="touchpoint-questions-", dir=options.temporary) as folder:
        place = cases.Place(options.programs, pathlib.Path(folder))
        print(machine(folder))
        for note in place.make_lines(run):
            print(note)
        for name in names:
            start = time.monotonic()
            if name in programs:
                title, text = programs[name](name, options, place)
            else:
                question = cases.QUESTIONS[name]()
                title, text = question.title, table(question, measure(question, options.rounds, place))
            print(f"\n## {name}: {title}\n\n{text}\n\n({time.monotonic() - start:.0f} s)", flush=True)
    print(f"\n{time.monotonic() - begin:.0f} s in all")


if __name__ == "__main__":
    sys.exit(main())
