"""The effect of more writers: the daemon itself on the cores of this machine, and arithmetic for more cores."""

import json
import os
import pathlib
import re
import resource
import socket
import statistics
import subprocess
import tempfile
import time

SENDER = pathlib.Path(__file__).parents[1] / "compare" / "sender.c"
WRITERS = (1, 2, 4, 8)
WORKLOADS = {
    "ISA-L 1, single": {"batch": 1, "events": 300_000, "compression": "{ engine: isal, level: 1 }"},
    "ISA-L 1, 100 a message": {"batch": 100, "events": 600_000, "compression": "{ engine: isal, level: 1 }"},
    "zlib 6, 100 a message": {"batch": 100, "events": 120_000, "compression": "{ engine: zlib, level: 6 }"},
}
THREADS = {"I/O thread": r"ZMQbg/IO/\d+", "receiver": r"receiver-0", "writers": r"writer-\d+",
           "committers": r"committer-\d+"}


def control(path, verb):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(verb.encode() + b"\n")
        return json.loads(connection.makefile().readline())


def wait_until(what, condition, seconds=60, pause=0.01):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(pause)
    raise SystemExit(f"waited {seconds} s for {what}")


def threads(pid):
    """Returns the daemon's threads by id, with their names."""
    tasks = pathlib.Path(f"/proc/{pid}/task")
    return {int(task.name): (task / "comm").read_text().strip() for task in tasks.iterdir()}


def cpu_by_thread(pid):
    """Returns CPU seconds by kind of thread."""
    seconds = dict.fromkeys(THREADS, 0.0)
    for task, name in threads(pid).items():
        kind = next((kind for kind, pattern in THREADS.items() if re.fullmatch(pattern, name)), None)
        if kind:
            seconds[kind] += int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0]) / 1e9
    return seconds


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def pin(pid, writer_cores, other_cores):
    """Pins writers and committers to some cores and all other threads to others."""
    for task, name in threads(pid).items():
        own = re.match("writer|committer", name)
        os.sched_setaffinity(task, writer_cores if own else other_cores)


def sender_command(place, binaries, endpoint, workload):
    """Returns the command of the comparison's lean sender if built, else touchpoint-send, which costs more CPU."""
    events, batch = str(workload["events"]), str(workload["batch"])
    if not SENDER.exists():
        return [binaries / "touchpoint-send", "--to", endpoint, "--pattern", "push", "--generate", events,
                "--batch", batch]
    program = place.programs / "sender"
    if not program.exists():
        subprocess.run(["cc", "-O2", "-o", program, SENDER, "-lzmq", "-lz"], check=True)
    return [program, endpoint, "--pattern", "push", "--events", events, "--batch", batch]


def start(binaries, folder, writers, workload):
    """Starts the daemon with the smallest rings: a second writer takes part when the first ring is half full, and
    32 MiB of events, half of the default's, would be much of such a short run."""
    configuration = folder / "writers.yaml"
    configuration.write_text(
        f"sources:\n  - {{ name: push, pattern: pull, bind: ['tcp://127.0.0.1:*'] }}\n"
        f"writers: {writers}\ncompression: {workload['compression']}\nring: {{ capacity: 16MiB }}\n"
        f"storage: {{ directory: {folder}/data }}\ncontrol: {{ socket: {folder}/s }}\n")
    return subprocess.Popen([binaries / "touchpointd", "--config", configuration], stderr=subprocess.DEVNULL)


def status(folder):
    try:
        return control(folder / "s", "status")
    except OSError:
        return None


def run(binaries, place, writers, workload, cores=None):
    """Returns events per second from the sender's start to the last commit, and CPU microseconds per event."""
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        folder = pathlib.Path(folder)
        daemon = start(binaries, folder, writers, workload)
        sender = None
        try:
            endpoint = wait_until("the daemon", lambda: status(folder))["sources"][0]["endpoints"][0]
            if cores:
                pin(daemon.pid, *cores)
            before = cpu_by_thread(daemon.pid)
            command = sender_command(place, binaries, endpoint, workload)
            # From here, not from the first event seen: with both cores busy an answer of the control socket can be a
            # tenth of a second late, far more than the sender takes to start.
            begin = time.monotonic()
            sender = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            if cores:
                os.sched_setaffinity(sender.pid, cores[1])
            wait_until("the last commit",
                       lambda: control(folder / "s", "stats")["ledger"]["written"] >= workload["events"])
            seconds = time.monotonic() - begin
            after = cpu_by_thread(daemon.pid)
            # The sender is the only child that ends in between.
            sent = -children_cpu()
            sender.wait(timeout=10)
            sent += children_cpu()
            used = {kind: (after[kind] - before[kind]) / workload["events"] * 1e6 for kind in THREADS}
            return {"rate": workload["events"] / seconds, "sender": sent / workload["events"] * 1e6, **used}
        finally:
            for process in (sender, daemon):
                if process and process.poll() is None:
                    process.terminate()
                    process.wait(timeout=60)


def medians(results):
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def rates(measured):
    heads = [f"{workload} {what}" for what in ("events/s", "CPU µs/event") for workload in WORKLOADS]
    lines = [f"| writers | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for row in (*WRITERS, "one core"):
        found = [measured[row, workload] for workload in WORKLOADS]
        texts = [f"{m['rate']:,.0f}" for m in found] + [f"{sum(m[kind] for kind in THREADS):.2f}" for m in found]
        lines.append(f"| {'1, on a core of its own' if row == 'one core' else row} | {' | '.join(texts)} |")
    return lines


def by_thread(measured):
    lines = [f"| 1 writer: CPU µs/event | {' | '.join(WORKLOADS)} |", "|---|" + "---:|" * len(WORKLOADS)]
    for kind in (*THREADS, "sender"):
        texts = [f"{measured[1, workload][kind]:.2f}" for workload in WORKLOADS]
        lines.append(f"| {'(sender)' if kind == 'sender' else kind} | {' | '.join(texts)} |")
    return lines


def bound(cpu, cores, sender):
    """Computes a rate, without measuring: at most what the I/O thread or the receiver can do alone, and at most what
    all cores can do together."""
    spent = sum(cpu[kind] for kind in THREADS) + (cpu["sender"] if sender else 0)
    bounds = {kind: 1e6 / cpu[kind] for kind in ("I/O thread", "receiver")} | {"cores": cores * 1e6 / spent}
    first = min(bounds, key=bounds.get)
    return f"{bounds[first]:,.0f} ({first})"


def projected(measured):
    lines = [f"| calculated: cores | {' | '.join(f'{w} events/s' for w in WORKLOADS)} |",
             "|---|" + "---:|" * len(WORKLOADS)]
    for cores, sender in ((2, True), (2, False), (4, False), (8, False), (16, False)):
        texts = [bound(measured[1, workload], cores, sender) for workload in WORKLOADS]
        lines.append(f"| {cores}{', sender included' if sender else ''} | {' | '.join(texts)} |")
    return lines


def answer(name, options, place):
    title = "writers on the cores there are, and on more"
    if not (options.bin / "touchpointd").exists():
        return title, f"left out: no touchpointd in {options.bin} (make build)"
    cores = sorted(os.sched_getaffinity(0))
    runs = {(writers, workload): [] for writers in (*WRITERS, "one core") for workload in WORKLOADS}
    for _ in range(options.rounds):
        for (writers, workload), results in runs.items():
            alone = writers == "one core"
            split = ({cores[-1]}, set(cores[:-1]) or {cores[-1]}) if alone else None
            results.append(run(options.bin, place, 1 if alone else writers, WORKLOADS[workload], split))
    measured = {key: medians(results) for key, results in runs.items()}
    return title, "\n".join([*rates(measured), "", *by_thread(measured), "", *projected(measured)])


NAMES = {"writers": answer}
