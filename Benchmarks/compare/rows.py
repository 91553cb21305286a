"""The measurements of a round, and their targets."""

import dataclasses
import pathlib
import typing

from contestants import (
    Load, against_zlib, bare_fdatasync, bare_parts, bare_pull, daemon, daemon_with_keys, idle, samples)
from http_requests import Requests, edge, idle_edge, nginx
from postgresql import postgresql, rounded
from redis_streams import redis_streams
from rsyslog import rsyslog
from silent_peers import silent_peers

SINGLE_EVENTS = 1_500_000
BATCH_EVENTS = 2_000_000
PARTITION_EVENTS = 1_000_000
COMMIT_MS = 5
LATENCY_RATE = 10_000
CONNECTIONS = 10_000
HTTP_SECONDS = 5
# Requests per second for the time of answers: half of what is asked for.
HTTP_RATE = 12_500
HTTP_BATCH_RATE = 1_500
HTTP_IDLE = 1_000
# On, and never reached.
PLAN = f"plan: {{ directory: {pathlib.Path(__file__).parent / 'plan'}, mode: enforce }}\n"
BUDGETS = "limits: { perProducer: { eventsPerSecond: 1000000000, bytesPerSecond: 1024GiB, diskPerDay: 1048576GiB } }\n"


class Round:
    """Runs contestants one after another and stores their results."""

    def __init__(self, place, scale, cores, say):
        self.place, self.scale, self.cores, self.say = place, scale, cores, say
        self.figures = {}

    def load(self, events, **more):
        batch = more.get("batch", 1)
        return Load(max(batch, int(events * self.scale) // batch * batch), **more)

    def run(self, name, function, *arguments, **more):
        self.say(name)
        self.figures[name] = function(self.place, *arguments, **more)
        return self.figures[name]


def single(r):
    load = r.load(SINGLE_EVENTS)
    r.run("bare PULL", bare_pull, load)
    r.run("touchpointd", daemon, load)
    r.run("bare parts", bare_parts, load)
    r.run("bare parts by recv", bare_parts, load, receive="recv")
    # Slower, and without commits that a longer run would average out.
    r.run("rsyslog", rsyslog, r.load(SINGLE_EVENTS // 4))


def batch(r):
    load = r.load(BATCH_EVENTS, batch=100)
    r.run("bare PULL", bare_pull, load)
    r.run("touchpointd", daemon, load)
    acknowledged = dataclasses.replace(load, pattern="dealer")
    r.run("touchpointd, acknowledged", daemon, acknowledged)
    r.run("touchpointd, acknowledged, dedup off", daemon, acknowledged, reliable=", dedup: off")
    r.run("bare parts", bare_parts, load)


def durable(r):
    # Each some four seconds.
    r.run("Redis Streams", redis_streams, r.load(SINGLE_EVENTS * 2 // 3, batch=100))
    load = r.load(BATCH_EVENTS, batch=100, pattern="dealer", window=64)
    r.run("touchpointd", daemon, load, BUDGETS, reliable=", engine: native")
    r.run("touchpointd, CURVE", daemon_with_keys, load, BUDGETS, reliable=", engine: native")
    rows = Load(rounded(int(SINGLE_EVENTS // 4 * r.scale)), batch=100)
    r.run("PostgreSQL", postgresql, rows)


def plan(r):
    # An event that violated the plan would be in quarantine, and missing from those written.
    for name, load in (("one", r.load(SINGLE_EVENTS)), ("100", r.load(BATCH_EVENTS, batch=100))):
        r.run(f"touchpointd, {name} a message", daemon, load)
        r.run(f"touchpointd, {name} a message, plan", daemon, load, PLAN)


def latency(r):
    load = r.load(LATENCY_RATE * 5, pattern="dealer", window=100_000, rate=LATENCY_RATE)
    run = r.run("touchpointd", daemon, load, f"commit: {{ interval: {COMMIT_MS}ms }}\n")
    commits = max(1, run.more["commits"])
    size = max(1, run.more["compressedBytes"] // commits)
    r.run("bare fdatasync", bare_fdatasync, size, commits / run.seconds, run.seconds)


def zlib(r):
    # About four seconds each: in shorter runs the wait for the last commit would be a large part.
    for level, events in ((1, SINGLE_EVENTS), (6, SINGLE_EVENTS // 2)):
        load = r.load(events, batch=100)
        settings = f"compression: {{ engine: zlib, level: {level} }}\n"
        r.run(f"touchpointd, zlib {level}", daemon, load, settings)
        r.run(f"bare parts, zlib {level}", bare_parts, load, "zlib", level)


def size(r):
    r.run("touchpointd", daemon, r.load(SINGLE_EVENTS // 5), examine=against_zlib)
    r.run("touchpointd, samples", samples, against_zlib)


def partitions(r):
    settings = "partition: { maxOpen: 2048, maxValues: 2048 }\n"
    for name, channels in (("1 partition", 1), ("1000 partitions", 1000)):
        # Opening 1,000 files takes a second and happens once an hour; the rate is that of busy partitions. So many
        # events are sent first that each writer has opened its own.
        load = r.load(PARTITION_EVENTS, batch=100, channels=channels)
        r.run(name, daemon, load, settings, before=Load(400_000, batch=100, channels=channels))


def resting(r):
    # It does not vary from round to round: 30 s in the first round are enough.
    if r.is_first:
        r.run("touchpointd", idle, 30)


def connections(r):
    if r.is_first:
        r.run("touchpointd", silent_peers, CONNECTIONS, 20)


def http(r):
    seconds = max(1, int(HTTP_SECONDS * r.scale))
    r.run("nginx", nginx, Requests(seconds))
    r.run("touchpointd", edge, Requests(seconds))
    r.run("touchpointd, 100 a request", edge, Requests(seconds, connections=64, batch=100))
    r.run("touchpointd, half", edge, Requests(seconds, rate=HTTP_RATE))
    r.run("touchpointd, 100 a request, half", edge, Requests(seconds, connections=64, batch=100, rate=HTTP_BATCH_RATE))


def http_idle(r):
    if r.is_first:
        r.run("touchpointd", idle_edge, HTTP_IDLE, 20)


ROWS = {"single": single, "batch": batch, "durable": durable, "plan": plan, "latency": latency, "zlib": zlib,
        "size": size, "partitions": partitions, "idle": resting, "connections": connections, "http": http,
        "http-idle": http_idle}


@dataclasses.dataclass
class Target:
    """A figure of one round, compared with another, and the bound of their ratio.

    Without another figure the bound applies to the figure itself. `more` says whether more is better.
    """

    row: str
    what: str
    measured: typing.Callable
    unit: str
    reference: typing.Callable = None
    against: str = ""
    ratio: typing.Callable = lambda measured, reference: measured / reference
    ratio_unit: str = "%"
    bound: float = None
    aim: float = None
    more: bool = True

    @property
    def bound_unit(self):
        return self.ratio_unit if self.reference else self.unit

    def value(self, figures, cores):
        """Returns the value that is compared with the bound."""
        measured = self.measured(figures, cores)
        return self.ratio(measured, self.reference(figures, cores)) if self.reference else measured


def rate(name):
    return lambda figures, cores: figures[name].rate


def cpu(name):
    return lambda figures, cores: figures[name].cpu_us


def memory(name):
    return lambda figures, cores: figures[name].memory


def more(name, key, scale=1):
    return lambda figures, cores: figures[name].more[key] * scale


def allowed_latency(figures, cores):
    return COMMIT_MS + 3 * figures["bare fdatasync"].more["p99"] / 1000


def allowed_rate(name):
    """Returns the rate that the cores could reach if sending and the work of a bare program were all."""
    def allowed(figures, cores):
        parts = figures[name]
        return cores * 1e6 / (parts.sender_us + parts.cpu_us)
    return allowed


def partition_kib(figures, cores):
    return (figures["1000 partitions"].memory - figures["1 partition"].memory) * 1024 / 999


PULL, PARTS = "bare PULL", "bare parts"
CORES_LEFT = "cores / (sender + bare parts)"

TARGETS = [
    Target("single", "single-event messages, all committed", rate("touchpointd"), "events/s",
           rate("rsyslog"), "rsyslog", ratio_unit="×", bound=3.3, aim=4),
    Target("single", "the same", rate("touchpointd"), "events/s", rate(PULL), PULL, bound=0.45, aim=0.60),
    Target("single", "the same", rate("touchpointd"), "events/s", allowed_rate("bare parts by recv"),
           "cores / (sender + bare parts by recv)", bound=0.80),
    Target("single", "CPU an event", cpu("touchpointd"), "µs", cpu(PARTS), PARTS, ratio_unit="×",
           bound=1.25, aim=1.1, more=False),
    Target("single", "the same", cpu("touchpointd"), "µs", cpu(PULL), PULL, ratio_unit="×"),
    Target("batch", "100 events a message", rate("touchpointd"), "events/s", rate(PULL), PULL,
           bound=0.55, aim=0.75),
    Target("batch", "CPU an event, 100 a message", cpu("touchpointd"), "µs", cpu(PARTS), PARTS, ratio_unit="×"),
    Target("batch", "acknowledged, 100 a message, window 64", rate("touchpointd, acknowledged"), "events/s",
           rate("touchpointd"), "PUSH", bound=0.80),
    Target("batch", "the same, repeats not recognised (dedup: off)", rate("touchpointd, acknowledged, dedup off"),
           "events/s", rate("touchpointd"), "PUSH", bound=0.80),
    Target("durable", "acknowledged, budgets and turns on", rate("touchpointd"), "events/s", rate("Redis Streams"),
           "Redis Streams, appendfsync always", ratio_unit="×", bound=2.7),
    Target("durable", "the same", rate("touchpointd"), "events/s", rate("PostgreSQL"),
           "PostgreSQL, 100 rows per INSERT", ratio_unit="×", bound=8),
    Target("durable", "the same, CURVE", rate("touchpointd, CURVE"), "events/s", rate("touchpointd"), "without CURVE",
           bound=0.60),
    Target("plan", "with a tracking plan, one event a message", rate("touchpointd, one a message, plan"), "events/s",
           rate("touchpointd, one a message"), "without", bound=0.90),
    Target("plan", "with a tracking plan, 100 events a message", rate("touchpointd, 100 a message, plan"), "events/s",
           rate("touchpointd, 100 a message"), "without", bound=0.90),
    Target("latency", f"acknowledgement p99, {LATENCY_RATE:,} events/s, commit {COMMIT_MS} ms",
           more("touchpointd", "p99", 1e-3), "ms", allowed_latency, f"{COMMIT_MS} ms + 3 × fdatasync p99",
           bound=1, more=False),
    Target("latency", "the same", more("touchpointd", "p99", 1e-3), "ms", more("bare fdatasync", "waitP99", 1e-3),
           "waiting for a bare fdatasync, p99", ratio_unit="×"),
    Target("zlib", "engine zlib, level 1", rate("touchpointd, zlib 1"), "events/s",
           allowed_rate("bare parts, zlib 1"), CORES_LEFT, bound=0.90),
    Target("zlib", "engine zlib, level 6", rate("touchpointd, zlib 6"), "events/s",
           allowed_rate("bare parts, zlib 6"), CORES_LEFT, bound=0.90),
    Target("size", "size on disk", more("touchpointd", "fileBytes", 1e-6), "MB",
           more("touchpointd", "zlib6Bytes", 1e-6), "zlib -6 of one stream", bound=1, more=False),
    Target("size", "size on disk, sample events", more("touchpointd, samples", "fileBytes", 1e-6), "MB",
           more("touchpointd, samples", "zlib6Bytes", 1e-6), "zlib -6 of one stream", bound=1, more=False),
    Target("partitions", "1,000 busy partitions: loss of rate", rate("1000 partitions"), "events/s",
           rate("1 partition"), "1 partition", lambda many, one: 1 - many / one, bound=0.25, more=False),
    Target("partitions", "1,000 busy partitions: most memory", memory("1000 partitions"), "MiB", bound=512,
           more=False),
    Target("partitions", "memory a partition", partition_kib, "KiB"),
    Target("idle", "idle: share of a core", more("touchpointd", "percent"), "%%", bound=0.1, more=False),
    Target("idle", "idle: memory", more("touchpointd", "memory"), "MiB", bound=40, more=False),
    Target("connections", f"{CONNECTIONS:,} idle connections: memory they add", more("touchpointd", "growth"), "MiB",
           bound=40, more=False),
    Target("connections", f"{CONNECTIONS:,} idle connections: share of a core", more("touchpointd", "percent"), "%%",
           bound=1, more=False),
    Target("http", "HTTP, one event a request, durable, 256 connections", rate("touchpointd"), "events/s", bound=25_000),
    Target("http", "the same", rate("touchpointd"), "events/s", rate("nginx"), "nginx, a line of its log a request",
           ratio_unit="×"),
    Target("http", "HTTP, CPU a request", more("touchpointd", "cpuPerRequest"), "µs", more("nginx", "cpuPerRequest"),
           "nginx", ratio_unit="×"),
    Target("http", "the same", more("touchpointd", "cpuPerRequest"), "µs", bound=25, more=False),
    Target("http", "HTTP, 100 events a request, 64 connections", rate("touchpointd, 100 a request"), "events/s",
           bound=300_000),
    Target("http", f"HTTP, answer p99, {HTTP_RATE:,} requests/s", more("touchpointd, half", "p99", 1e-3), "ms", bound=50,
           more=False),
    Target("http", f"HTTP, answer p99, {HTTP_BATCH_RATE:,} requests/s of 100 events",
           more("touchpointd, 100 a request, half", "p99", 1e-3), "ms", bound=50, more=False),
    Target("http-idle", f"HTTP, {HTTP_IDLE:,} idle connections: share of a core", more("touchpointd", "percent"), "%%",
           bound=1, more=False),
]
