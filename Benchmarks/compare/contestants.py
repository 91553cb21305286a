"""One run of each program that is compared: a fresh process, a fresh folder, the same producer."""

import contextlib
import dataclasses
import gzip
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import zlib

from processes import cpu_seconds, memory_mib, wait_until

PATIENCE = 120
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples/completejourney.ndjson"


@dataclasses.dataclass
class Load:
    """The producer's load."""

    events: int
    batch: int = 1
    pattern: str = "push"
    window: int = 64
    rate: float = 0
    size: int = 465
    channels: int = 3

    @property
    def messages(self):
        return -(-self.events // self.batch)


@dataclasses.dataclass
class Run:
    """The result of one run. CPU times are in seconds, memory in MiB."""

    events: int
    seconds: float
    cpu: float
    sender_cpu: float = 0
    memory: float = 0
    more: dict = dataclasses.field(default_factory=dict)

    @property
    def rate(self):
        return self.events / self.seconds

    @property
    def cpu_us(self):
        return self.cpu / self.events * 1e6

    @property
    def sender_us(self):
        return self.sender_cpu / self.events * 1e6


@dataclasses.dataclass
class Figures:
    """The result of a run whose rate and CPU do not matter."""

    more: dict


@dataclasses.dataclass
class Place:
    """The folders of the programs and of the runs."""

    binaries: pathlib.Path
    programs: pathlib.Path
    folder: pathlib.Path

    @contextlib.contextmanager
    def fresh_folder(self):
        """Yields an empty folder; pending writes of earlier runs are synced before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        os.sync()
        try:
            yield path
        finally:
            shutil.rmtree(path)

    def events(self, count):
        """Returns some of the producer's events, for programs that are not reached by ZeroMQ."""
        command = [self.programs / "sender", "-", "--events", str(count)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True)
        return done.stdout.splitlines()

    def send(self, endpoint, load, keys=None):
        """Runs the producer to its end and returns its output."""
        command = [self.programs / "sender", endpoint]
        if keys:
            command += ["--keys", keys]
        for field in dataclasses.fields(load):
            command += [f"--{field.name}", str(getattr(load, field.name))]
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
        return json.loads(done.stdout)


def ends(process, signal_number=signal.SIGTERM):
    """Ends a process with a signal and waits for it; returns the exit code."""
    if process.poll() is None:
        process.send_signal(signal_number)
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise SystemExit(f"compare: {process.args[0]} did not end within {PATIENCE} s") from None


def log_of(path):
    """Returns the end of a log, for a message."""
    return f":\n{path.read_text(errors='replace')[-2000:].strip()}"


def children_cpu_seconds():
    """Returns the CPU time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def check_count(where, sent, found, what="events"):
    if found != sent:
        raise SystemExit(f"compare: {where}: {found} {what} are there instead of {sent}")


# --- The bare programs: they print their endpoint, receive a number of messages, and print JSON. ---

def bare(place, command, load):
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            sent = place.send(process.stdout.readline().strip(), load)
            result = json.loads(process.stdout.readline())
        finally:
            ends(process)
    key, expected = ("events", load.events) if "events" in result else ("messages", load.messages)
    check_count(command[0].name, expected, result[key], key)
    more = {k: result[k] for k in ("rawBytes", "compressedBytes") if k in result}
    return Run(load.events, result["seconds"], result["cpuSeconds"], sent["cpuSeconds"], more=more)


def bare_pull(place, load):
    return bare(place, [place.programs / "bare_pull", str(load.messages)], load)


def bare_parts(place, load, engine="isal", level=1, receive="libzmq"):
    with place.fresh_folder() as folder:
        command = [place.programs / "bare_parts", folder, str(load.messages)]
        return bare(place, command + ["--engine", engine, "--level", str(level), "--receive", receive], load)


def bare_fdatasync(place, size, per_second, seconds):
    """Measures appending and syncing at this rate on an otherwise idle machine, in microseconds."""
    with place.fresh_folder() as folder:
        command = [place.programs / "bare_fdatasync", folder / "file", str(size), str(per_second), str(seconds)]
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
    return Figures(json.loads(done.stdout))


# --- touchpointd ---

def configure(folder, settings, reliable, only, control):
    """Writes a configuration: the defaults except ports, folder, and the settings of a row; returns its path.

    `reliable`: further settings of the acknowledged source. `only`: the pattern of the only source; else pull and router.
    """
    sources = {
        "pull": "  - { name: producers, pattern: pull, bind: ['tcp://127.0.0.1:*'] }\n",
        "router": f"  - {{ name: reliable, pattern: router, bind: ['tcp://127.0.0.1:*']{reliable} }}\n",
        "http": "  - { name: web, pattern: http, bind: ['127.0.0.1:0'] }\n"}
    path = folder / "touchpointd.yaml"
    path.write_text(
        "sources:\n" + "".join(sources[pattern] for pattern in ([only] if only else ["pull", "router"])) +
        f"storage: {{ directory: {folder}/data }}\n"
        f"control: {{ socket: {control} }}\n" + settings)
    return path


class Daemon:
    """A running touchpointd; see `configure`."""

    def __init__(self, place, folder, settings, reliable="", only=None):
        self.data = folder / "data"
        # The path of a Unix socket has at most 107 bytes.
        self.private = pathlib.Path(tempfile.mkdtemp(prefix="touchpoint-"))
        self.control_socket = self.private / "s"
        configuration = configure(folder, settings, reliable, only, self.control_socket)
        self.log = (folder / "touchpointd.log").open("w+")
        self.process = subprocess.Popen(
            [place.binaries / "touchpointd", "--config", configuration], stderr=self.log)
        self.pid = self.process.pid
        self.endpoints = {}

    def __enter__(self):
        status = wait_until("touchpointd to start", self.try_status)
        self.endpoints = {s["pattern"]: s["endpoints"][0] for s in status["sources"]}
        return self

    def __exit__(self, kind, *_):
        self.drain() if kind is None else self.process.kill()
        self.process.wait()
        if kind is not None:
            self.log.seek(0)
            print(self.log.read())
        self.log.close()
        shutil.rmtree(self.private)

    def drain(self):
        code = ends(self.process)
        if code != 0:
            raise SystemExit(f"compare: touchpointd ended with exit code {code}")

    def control(self, verb):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.control_socket))
            connection.sendall(verb.encode() + b"\n")
            return json.loads(connection.makefile().readline())

    def try_status(self):
        if self.process.poll() is not None:
            raise SystemExit(f"compare: touchpointd ended with exit code {self.process.returncode}")
        try:
            status = self.control("status")
        except OSError:
            return None
        return status if status["recovery"]["state"] == "done" else None

    def endpoint(self, load):
        return self.endpoints["pull" if load.pattern == "push" else "router"]

    def wait_for(self, events, pause=0.01):
        """Waits until `events` events are written and committed; returns the time, and the figures then."""
        def written():
            stats = self.control("stats")
            return stats if stats["ledger"]["written"] >= events else None
        stats = wait_until(f"{events} events to be committed", written, PATIENCE, pause)
        return time.monotonic(), stats


class Keys:
    """Certificates of a collector and a producer, which touchpointctl makes, for CURVE."""

    def __init__(self, place, folder):
        self.folder, self.admitted = folder / "keys", folder / "producers"
        for path in (self.folder, self.admitted):
            path.mkdir(mode=0o700)
        for name in ("collector", "producer"):
            subprocess.run([place.binaries / "touchpointctl", "keygen", name, "--folder", self.folder],
                           stdout=subprocess.DEVNULL, timeout=PATIENCE, check=True)
        shutil.copy(self.folder / "producer.key", self.admitted)
        keys = [self.key("collector.key", "public"), self.key("producer.key", "public"),
                self.key("producer.key_secret", "secret")]
        self.of_sender = folder / "sender.keys"
        self.of_sender.touch(mode=0o600)
        self.of_sender.write_text("\n".join(keys) + "\n")

    def key(self, file, kind):
        return re.search(rf'^\s*{kind}-key = "(.{{40}})"$', (self.folder / file).read_text(), re.M).group(1)

    @property
    def settings(self):
        return f", curve: {{ keys: {self.admitted}, secret: {self.folder}/collector.key_secret }}"


def daemon_with_keys(place, load, settings="", reliable=""):
    """The same, with CURVE on the acknowledged source."""
    with place.fresh_folder() as folder:
        keys = Keys(place, folder)
        return daemon(place, load, settings, reliable=reliable + keys.settings, keys=keys.of_sender)


def daemon(place, load, settings="", before=None, examine=None, reliable="", keys=None):
    """The time is from the first message sent to the commit that covers the last event.

    `before` is a load that is sent first and not counted; `examine` reads the sealed files; `keys` are the producer's.
    """
    with place.fresh_folder() as folder, Daemon(place, folder, settings, reliable) as collector:
        if before:
            place.send(collector.endpoint(before), before)
            collector.wait_for(before.events)
        expected = load.events + (before.events if before else 0)
        cpu = cpu_seconds(collector.pid)
        sent = place.send(collector.endpoint(load), load, keys)
        # No polling while the producer sends. With many channels a poll is not cheap.
        end, stats = collector.wait_for(expected, pause=0.01 if load.channels < 100 else 0.05)
        cpu = cpu_seconds(collector.pid) - cpu
        check_ledger(stats["ledger"], expected)
        seconds = end - sent["startedAt"]
        if load.pattern == "dealer":
            check_answers(sent, load)
            seconds = sent["seconds"]  # the producer knows itself when the last event was durable
        run = Run(load.events, seconds, cpu, sent["cpuSeconds"], memory_mib(collector.pid, "VmHWM"),
                  {**figures_of(stats), **sent.get("latency", {})})
        if examine:
            collector.drain()
            run.more.update(examine(collector.data))
        return run


def figures_of(stats):
    return {"commits": stats["commit"]["count"], "openSegments": stats["openSegments"],
            "rawBytes": stats["bytes"]["raw"], "compressedBytes": stats["bytes"]["compressed"]}


def check_ledger(ledger, events):
    expected = {"received": events, "written": events, "quarantined": 0, "dropped": 0, "inFlight": 0}
    wrong = {k: ledger[k] for k, v in expected.items() if ledger[k] != v}
    if wrong:
        raise SystemExit(f"compare: {events} events were sent, but the ledger says {wrong}")


def check_answers(sent, load):
    if sent["acknowledged"] != load.events or sent["quarantinedMessages"] or sent["rejectedMessages"]:
        raise SystemExit(f"compare: of {load.events} events {sent['acknowledged']} were acknowledged")


def samples(place, examine, repeat=20):
    """Sends the sample events repeatedly, one per message: real events instead of generated ones."""
    with place.fresh_folder() as folder, Daemon(place, folder, "") as collector:
        command = [place.binaries / "touchpoint-send", "--to", collector.endpoints["pull"], "--repeat", str(repeat),
                   SAMPLES]
        subprocess.run(command, stdout=subprocess.DEVNULL, timeout=PATIENCE, check=True)
        collector.wait_for(repeat * len(SAMPLES.read_bytes().splitlines()))
        collector.drain()
        return Figures(examine(collector.data))


def against_zlib(data):
    """Returns the bytes of the sealed files, and of all their lines compressed as one stream by zlib's level 6."""
    files = sorted(data.glob("events/**/part-*.ndjson.gz"))
    deflate, bytes_of_zlib = zlib.compressobj(6, zlib.DEFLATED, 31), 0
    for path in files:
        with gzip.open(path) as lines:
            while chunk := lines.read(1 << 20):
                bytes_of_zlib += len(deflate.compress(chunk))
    return {"fileBytes": sum(path.stat().st_size for path in files),
            "zlib6Bytes": bytes_of_zlib + len(deflate.flush())}


def idle(place, seconds):
    """Measures an idle daemon: share of a core, and memory."""
    with place.fresh_folder() as folder, Daemon(place, folder, "") as collector:
        time.sleep(2)
        cpu, start = cpu_seconds(collector.pid), time.monotonic()
        time.sleep(seconds)
        share = (cpu_seconds(collector.pid) - cpu) / (time.monotonic() - start)
        return Figures({"percent": share * 100, "memory": memory_mib(collector.pid, "VmRSS")})
