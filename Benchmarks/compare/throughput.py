#!/usr/bin/env python3
"""Events a second and CPU an event: Touchpoint beside a bare libzmq PULL loop, same sender, same run.

Rounds are interleaved, because machines change speed. The daemon runs with its default settings in a
folder of its own; a round ends when every event is in a committed segment. Needs a C compiler and the
release build: make bench-throughput does all of it.
"""

import argparse
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import tempfile
import time


def control(path, verb):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(verb.encode() + b"\n")
        return json.loads(connection.makefile().readline())


def wait_until(what, condition, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise SystemExit(f"waited {seconds} s for {what}")


def send(binaries, endpoint, pattern, options):
    command = [
        binaries / "touchpoint-send", "--to", endpoint, "--pattern", pattern,
        "--generate", str(options.events), "--size", str(options.size),
        "--batch", str(options.batch), "--json",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def bare(binaries, program, options):
    messages = -(-options.events // options.batch)
    receiver = subprocess.Popen([program, str(messages)], stdout=subprocess.PIPE, text=True)
    sender = send(binaries, receiver.stdout.readline().strip(), "push", options)
    result = json.loads(receiver.stdout.readline())
    receiver.wait()
    sender.communicate()
    return options.events / result["seconds"], result["cpuSeconds"] / options.events * 1e6


def daemon(binaries, pattern, options):
    with tempfile.TemporaryDirectory(prefix="touchpoint-bench-") as folder:
        folder = pathlib.Path(folder)
        configuration = folder / "bench.yaml"
        configuration.write_text(
            f"sources:\n"
            f"  - {{ name: push, pattern: pull, bind: ['tcp://127.0.0.1:*'] }}\n"
            f"  - {{ name: dealer, pattern: router, bind: ['tcp://127.0.0.1:*'] }}\n"
            f"storage: {{ directory: {folder}/data }}\n"
            f"control: {{ socket: {folder}/s }}\n" + options.settings.replace("\\n", "\n") + "\n")
        process = subprocess.Popen(
            [binaries / "touchpointd", "--config", configuration], stderr=subprocess.DEVNULL)
        try:
            def started():
                try:
                    return control(folder / "s", "status")
                except OSError:
                    return None
            status = wait_until("the daemon", started)
            endpoints = {s["pattern"]: s["endpoints"][0] for s in status["sources"]}
            before = control(folder / "s", "stats")
            sender = send(binaries, endpoints["pull" if pattern == "push" else "router"], pattern, options)
            wait_until("the first event",
                       lambda: control(folder / "s", "stats")["ledger"]["received"])
            start = time.monotonic()
            def written():
                stats = control(folder / "s", "stats")
                return stats if stats["ledger"]["written"] >= options.events else None
            after = wait_until("the last commit", written)
            seconds = time.monotonic() - start
            sender.communicate()
            cpu = after["process"]["cpuSeconds"] - before["process"]["cpuSeconds"]
            ratio = after["bytes"]["raw"] / max(1, after["bytes"]["compressed"])
            return options.events / seconds, cpu / options.events * 1e6, ratio
        finally:
            process.terminate()
            process.wait()


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    return f"{re.search(r'model name.*: (.*)', text).group(1)}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path(".build/release"))
    parser.add_argument("--bare", type=pathlib.Path, required=True, help="the compiled bare_pull")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=465)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--settings", default="", help="YAML lines added to the daemon's configuration")
    options = parser.parse_args()
    figures = {"bare": [], "push": [], "dealer": []}
    for _ in range(options.rounds):
        figures["bare"].append(bare(options.bin, options.bare, options))
        figures["push"].append(daemon(options.bin, "push", options))
        if options.batch > 1:
            figures["dealer"].append(daemon(options.bin, "dealer", options))
    names = {"bare": "bare PULL loop", "push": "touchpointd, PUSH", "dealer": "touchpointd, DEALER (acknowledged)"}
    base = statistics.median(f[0] for f in figures["bare"])
    print(f"{machine()}; {options.events:,} events of about {options.size} bytes, "
          f"{options.batch} a message, {options.rounds} rounds, medians")
    print(f"{'':36}{'events/s':>12}{'of bare':>9}{'CPU µs/event':>14}{'ratio':>7}")
    for key, rounds in figures.items():
        if not rounds:
            continue
        rate = statistics.median(f[0] for f in rounds)
        cpu = statistics.median(f[1] for f in rounds)
        ratio = f"{statistics.median(f[2] for f in rounds):7.2f}" if key != "bare" else f"{'':7}"
        print(f"{names[key]:36}{rate:12,.0f}{rate / base:9.0%}{cpu:14.2f}{ratio}")


if __name__ == "__main__":
    main()
