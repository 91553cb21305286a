"""What receiving costs: a bare read loop, a socket of libzmq, and the collector's own listener, in turn."""

import json
import pathlib
import socket
import statistics
import subprocess
import tempfile

import writers

PROGRAM = pathlib.Path(__file__).with_name("bare_recv.c")
# Connections, and events of 465 bytes in all, one per message.
LOADS = {1: 1_000_000, 64: 1_280_000}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def send(place, endpoint, connections, events):
    """Sends the events over so many connections, each of a process of its own, and waits for the end."""
    command = [place.programs / "sender", endpoint, "--pattern", "push", "--events", str(events // connections)]
    senders = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(connections)]
    for sender in senders:
        assert sender.wait() == 0, "a sender failed"


def bare(place, connections, events):
    """Returns microseconds of CPU per message of a loop that only reads."""
    port = free_port()
    reader = subprocess.Popen([place.programs / "bare_recv", str(port), str(connections)], stdout=subprocess.PIPE)
    writers.wait_until("the bare reader", lambda: is_open(port))
    send(place, f"tcp://127.0.0.1:{port}", connections, events)
    return json.loads(reader.communicate(timeout=60)[0])["cpu"] / events * 1e6


def is_open(port):
    # /proc/net/tcp has addresses in hexadecimal; 0A is LISTEN.
    return any(f":{port:04X} 00000000:0000 0A" in line for line in pathlib.Path("/proc/net/tcp").read_text().splitlines())


def daemon(binaries, place, engine, connections, events):
    """Returns microseconds of CPU per message of the threads that receive: receiver, and libzmq's I/O thread."""
    with tempfile.TemporaryDirectory(prefix="receive-", dir=place.folder) as name:
        folder = pathlib.Path(name)
        configuration = folder / "receive.yaml"
        configuration.write_text(
            f"sources:\n  - {{ name: push, pattern: pull, bind: ['tcp://127.0.0.1:*'], engine: {engine} }}\n"
            f"storage: {{ directory: {folder}/data }}\ncontrol: {{ socket: {folder}/s }}\nlog: {{ level: error }}\n")
        process = subprocess.Popen([binaries / "touchpointd", "--config", configuration], stderr=subprocess.DEVNULL)
        try:
            writers.wait_until("the daemon", (folder / "s").exists)
            endpoint = writers.control(folder / "s", "status")["sources"][0]["endpoints"][0]
            before = writers.cpu_by_thread(process.pid)
            send(place, endpoint, connections, events)
            writers.wait_until(
                "all events", lambda: writers.control(folder / "s", "stats")["ledger"]["received"] >= events)
            after = writers.cpu_by_thread(process.pid)
            return sum(after[kind] - before[kind] for kind in ("receiver", "I/O thread")) / events * 1e6
        finally:
            process.terminate()
            process.wait()


def answer(name, options, place):
    title = "what receiving a message of one event costs"
    if not (options.bin / "touchpointd").exists():
        return title, f"left out: no touchpointd in {options.bin} (make build)"
    subprocess.run(["cc", "-O2", "-o", place.programs / "bare_recv", PROGRAM], check=True)
    subprocess.run(["cc", "-O2", "-o", place.programs / "sender", writers.SENDER, "-lzmq", "-lz"], check=True)
    cases = {
        "bare recv": lambda *load: bare(place, *load),
        "libzmq": lambda *load: daemon(options.bin, place, "libzmq", *load),
        "native": lambda *load: daemon(options.bin, place, "native", *load),
    }
    lines = ["| connections | bare recv µs | libzmq µs | native µs | native / bare |", "|---:|---:|---:|---:|---:|"]
    for connections, events in LOADS.items():
        results = {case: [] for case in cases}
        for _ in range(options.rounds):
            for case, run in cases.items():
                results[case].append(run(connections, events))
        medians = {case: statistics.median(values) for case, values in results.items()}
        figures = " | ".join(f"{medians[case]:.2f}" for case in cases)
        lines.append(f"| {connections} | {figures} | {medians['native'] / medians['bare recv']:.2f} |")
    return title, "\n".join(lines)


NAMES = {"receiving": answer}
