"""The questions that small programs answer: which cases each has, and what is shown of them."""

import dataclasses
import gzip
import itertools
import pathlib
import statistics

KIB = 1024
REAL_EVENTS = pathlib.Path(__file__).parents[2] / "../shared/data/events"


@dataclasses.dataclass
class Case:
    """One cell, or some beside each other: a program and its options."""
    row: str
    column: str
    program: str
    options: dict


@dataclasses.dataclass
class Metric:
    """A number of a program's answer: its median over the rounds; of a list, a quantile of all values together."""
    key: str
    head: str
    form: str = "{:,.1f}"
    scale: float = 1
    quantile: float | None = None

    def text(self, results):
        values = [result[self.key] for result in results]
        if self.quantile is None:
            return self.form.format(statistics.median(values) * self.scale)
        ordered = sorted(itertools.chain.from_iterable(values))
        return self.form.format(ordered[round(self.quantile * (len(ordered) - 1))] * self.scale)


@dataclasses.dataclass
class Question:
    title: str
    head: str
    cases: list
    metrics: list
    rounds: int | None = None


class Place:
    """Where programs and files are; `{lines}`, `{real}` and `{folder}` in options stand for them."""

    def __init__(self, programs, folder):
        self.programs = programs
        self.folder = folder
        self.names = {"{lines}": folder / "lines", "{real}": folder / "real", "{folder}": folder}

    def fill(self, options):
        return [f"{key}={self.names.get(value, value)}" for key, value in options.items()]

    def make_lines(self, run):
        """Event lines as the daemon writes them: 100 MB of generated ones, and real ones where there are any."""
        made = run([self.programs / "make_lines", f"file={self.names['{lines}']}", "megabytes=100"])
        yield f"generated lines: {made['lines']:,}, {made['bytes'] / 1e6:.0f} MB"
        count = write_real_lines(self.names["{real}"]) if REAL_EVENTS.is_dir() else 0
        if count == 0:
            self.names["{real}"] = self.names["{lines}"]
            yield "real lines: none found, generated ones stand in for them"
        else:
            yield f"real lines: {count:,}, {self.names['{real}'].stat().st_size / 1e6:.1f} MB, from shared/data/events"


def write_real_lines(path):
    """The sample events one file after the other, each with the metadata in front; GitHub's, half of all bytes
    and like no customer's event, are left out."""
    count = 0
    with open(path, "wb") as out:
        for file in sorted(REAL_EVENTS.glob("*.ndjson.gz")):
            if file.name.startswith("github"):
                continue
            for event in gzip.open(file):
                event = event.strip()
                if not event.startswith(b"{") or event == b"{}":
                    continue
                count += 1
                time = f"2026-11-22T10:00:00.{count // 64 * 192:06}Z"
                head = f'{{"_touchpoint":{{"receivedAt":"{time}","node":"c1","source":"producers","seq":{count},'
                out.write(head.encode() + b'"run":"20261122T095959.093Z-25a1"},' + event[1:] + b"\n")
    return count


def size(count):
    return f"{count} B" if count < KIB else f"{count // KIB} KiB"


def coalescing():
    loads = {"full load": 0, "10k/s": 10000, "50k/s": 50000, "100k/s": 100000, "200k/s": 200000}
    waits = {"zmq_poll at once": -1, "yield, look again": 0} | {f"sleep {us} µs": us for us in (50, 100, 200, 500, 1000)}
    return Question(
        "sleep after EAGAIN before waiting in zmq_poll", "on EAGAIN",
        [Case(wait, load, "pull_model", {"idle": us, "rate": rate, "seconds": 0.3})
         for wait, us in waits.items() for load, rate in loads.items()],
        [Metric("rate", "events/s", "{:,.0f}"), Metric("cpu_us", "CPU µs/event", "{:.2f}"),
         Metric("p50_us", "p50 µs", "{:,.0f}"), Metric("p99_us", "p99 µs", "{:,.0f}")])


def pending_size():
    engines = {"ISA-L 1": ("isal", 1, 256), "zlib 6": ("zlib", 6, 16)}
    return Question(
        "raw bytes gathered before a call of deflate, without a flush", "pending",
        [Case(size(piece), f"{engine}, {streams} stream{'s' if streams > 1 else ''}", "deflate_pieces",
              {"file": "{lines}", "engine": name, "level": level, "piece": piece, "streams": streams,
               "megabytes": megabytes if streams > 1 else min(megabytes, 64)})
         for piece in (4 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB, 256 * KIB)
         for engine, (name, level, megabytes) in engines.items() for streams in (1, 1000)],
        [Metric("mbps", "MB/s", "{:,.0f}"), Metric("ratio", "ratio", "{:.2f}"),
         Metric("memory_mib", "MiB", "{:,.1f}")])


def level_buffer():
    texts = {"generated": "{lines}", "real": "{real}"}
    engines = [("ISA-L 0", "isal", 0, "min")]
    engines += [(f"ISA-L {level}, {buffer}", "isal", level, buffer)
                for level in (1, 2, 3) for buffer in ("min", "small", "medium", "large", "extra")]
    engines += [("zlib 1", "zlib", 1, "small"), ("zlib 6", "zlib", 6, "small")]
    return Question(
        "ISA-L's levels and level buffers, one stream, steps of 64 KiB, no flush", "engine, level, buffer",
        [Case(row, column, "deflate_stream", {"file": file, "engine": engine, "level": level, "buffer": buffer,
                                              "megabytes": 48 if engine == "isal" else 8})
         for row, engine, level, buffer in engines for column, file in texts.items()],
        [Metric("ratio", "ratio", "{:.2f}"), Metric("mbps", "MB/s", "{:,.0f}"),
         Metric("block_kib", "KiB a block", "{:,.0f}"), Metric("memory_kib", "KiB a stream", "{:,.0f}")])


def history():
    texts = {"generated": "{lines}", "real": "{real}"}
    return Question(
        "ISA-L's look-back (hist_bits), level 1, small buffer", "look-back",
        [Case(size(1 << bits), column, "deflate_stream", {"file": file, "history": bits})
         for bits in (12, 13, 14, 15) for column, file in texts.items()],
        [Metric("ratio", "ratio", "{:.2f}"), Metric("mbps", "MB/s", "{:,.0f}")])


def flushes():
    engines = {"ISA-L 1": ("isal", 1, 48), "zlib 6": ("zlib", 6, 16)}
    flushes = {"none": (0, 0), "full, 1 MiB": (0, KIB * KIB)}
    flushes |= {f"sync, {size(every)}": (every, 0) for every in (256 * KIB, 64 * KIB, 16 * KIB, 4 * KIB)}
    flushes |= {"sync, 64 KiB, and full, 1 MiB": (64 * KIB, KIB * KIB), "full, 64 KiB": (0, 64 * KIB)}
    return Question(
        "what flushes cost, one stream", "flush every",
        [Case(row, column, "deflate_stream",
              {"file": "{lines}", "engine": engine, "level": level, "megabytes": megabytes, "sync": sync, "full": full,
               "step": min(64 * KIB, sync or 64 * KIB)})
         for row, (sync, full) in flushes.items() for column, (engine, level, megabytes) in engines.items()],
        [Metric("mbps", "MB/s", "{:,.0f}"), Metric("ratio", "ratio", "{:.2f}")])


def step_overhead():
    return Question(
        "ISA-L level 1: what a call costs, by its input", "input a call",
        [Case(size(step), f"{buffer} buffer{', sync flush a call' if sync else ''}", "deflate_stream",
              {"file": "{lines}", "step": step, "buffer": buffer, "sync": sync})
         for step in (465, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB)
         for buffer, sync in (("small", 0), ("large", 0), ("small", 1))],
        [Metric("ns_step", "µs a call", "{:,.2f}", scale=1e-3), Metric("ns_kib", "µs a KiB", "{:.2f}", scale=1e-3),
         Metric("ratio", "ratio", "{:.2f}"), Metric("block_kib", "KiB a block", "{:,.0f}")])


def json_stages():
    shapes = {"one event": "single", "100 events, whole message": "whole", "100 events, line by line": "lines"}
    parses = {"stage 1": ("json_stages", "stage1"), "DOM": ("json_stages", "dom"),
              "On-Demand, x86-64": ("json_stages", "ondemand"),
              "On-Demand, haswell": ("json_stages_haswell", "ondemand")}
    return Question(
        "simdjson's parts on events of 465 bytes", "message",
        [Case(row, column, program, {"parse": parse, "shape": shape})
         for row, shape in shapes.items() for column, (program, parse) in parses.items()],
        [Metric("ns", "ns/event", "{:,.0f}")])


QUESTIONS = {
    "coalescing": coalescing,
    "pending-size": pending_size,
    "level-buffer": level_buffer,
    "history": history,
    "flushes": flushes,
    "step-overhead": step_overhead,
    "json": json_stages,
}
