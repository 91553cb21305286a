"""The questions that small programs answer: the cases of each, and the columns to show."""

import dataclasses
import gzip
import itertools
import pathlib
import statistics

KIB = 1024
REAL_EVENTS = pathlib.Path(__file__).parents[2] / "../shared/data/events"


@dataclasses.dataclass
class Case:
    """One cell, or several side by side: a program and its options."""
    row: str
    column: str
    program: str
    options: dict


@dataclasses.dataclass
class Metric:
    """A number of a program's output: its median over the rounds; of a list, a quantile of all values together.

    With `best` (min or max) the fastest round follows in brackets: noise only slows down a thread that computes, and
    other guests of a shared machine can slow a core by a third for seconds."""
    key: str
    head: str
    form: str = "{:,.1f}"
    scale: float = 1
    quantile: float | None = None
    best: object = None

    def text(self, results):
        values = [result[self.key] for result in results]
        if self.quantile is None:
            median = self.form.format(statistics.median(values) * self.scale)
            return f"{median} ({self.form.format(self.best(values) * self.scale)})" if self.best else median
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
    """The places of programs and files; `{lines}`, `{real}` and `{folder}` in options are replaced by them."""

    def __init__(self, programs, folder):
        self.programs = programs
        self.folder = folder
        self.names = {"{lines}": folder / "lines", "{real}": folder / "real", "{folder}": folder}

    def fill(self, options):
        return [f"{key}={self.names.get(value, value)}" for key, value in options.items()]

    def make_lines(self, run):
        """Writes event lines as the daemon does: 100 MB of generated ones, and real ones if there are any."""
        made = run([self.programs / "make_lines", f"file={self.names['{lines}']}", "megabytes=100"])
        yield f"generated lines: {made['lines']:,}, {made['bytes'] / 1e6:.0f} MB"
        count = write_real_lines(self.names["{real}"]) if REAL_EVENTS.is_dir() else 0
        if count == 0:
            self.names["{real}"] = self.names["{lines}"]
            yield "real lines: none found, generated ones stand in for them"
        else:
            yield f"real lines: {count:,}, {self.names['{real}'].stat().st_size / 1e6:.1f} MB, from shared/data/events"


def write_real_lines(path):
    """Writes the sample events, one file after another, each after its metadata; omits GitHub's, which are half of
    all bytes and unlike any customer's events."""
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


PAYLOADS = (64, 256, 465, KIB, 4 * KIB, 16 * KIB, 64 * KIB)


def copy_threshold():
    return Question(
        "copying the payload into the ring, or keeping libzmq's message", "payload",
        [Case(size(count), how, "copy_threshold", {"how": how, "size": count})
         for count in PAYLOADS for how in ("copy", "keep")],
        [Metric("rate", "messages/s", "{:,.0f}"), Metric("cpu_us", "CPU µs", "{:.2f}"),
         Metric("receiver_us", "receiver's CPU µs", "{:.2f}")])


def pinned_memory():
    arrivals = {"under load": (0, 20000), "one every 100 µs": (1, 1000)}
    return Question(
        "memory that messages pin until the writer has read them, for each byte of payload", "payload",
        [Case(size(count), f"{how}, {arrival}", "copy_threshold",
              {"how": how, "size": count, "paced": paced, "hold": min(hold, (64 << 20) // count)})
         for count in PAYLOADS
         for how in ("copy", "keep") for arrival, (paced, hold) in arrivals.items()],
        [Metric("pinned", "bytes a byte", "{:.2f}")])


def publish_batch():
    idles = {"dozes": 500, "sleeps": 0}
    loads = {"full load": (0, 0), "200k/s": (200000, 800)}
    return Question(
        "messages a publication in the ring; a consumer that dozes 500 µs at a time, or sleeps at once", "batch",
        [Case(str(batch), f"{idle}, {load}", "ring_publish",
              {"batch": batch, "doze": us, "rate": rate, "work": work, "seconds": 0.2})
         for batch in (1, 4, 16, 64, 256, 1024) for idle, us in idles.items() for load, (rate, work) in loads.items()],
        [Metric("rate", "events/s", "{:,.0f}", best=max),
         Metric("producer_ns", "producer ns/event", "{:,.0f}", best=min),
         Metric("wakes_k", "wake-ups/1,000", "{:,.2f}"), Metric("p50_us", "p50 µs", "{:,.0f}")])


def high_water_mark():
    waits = {"zmq_poll at once": -1} | {f"sleep {us} µs": us for us in (100, 500)}
    return Question(
        "messages of one event that libzmq may hold for a peer (RCVHWM)", "RCVHWM",
        [Case(f"{mark:,}", wait, "pull_model", {"hwm": mark, "idle": us})
         for mark in (100, 1000, 10000, 100000) for wait, us in waits.items()],
        [Metric("rate", "events/s", "{:,.0f}"), Metric("cpu_us", "CPU µs/event", "{:.2f}"),
         Metric("p99_us", "p99 µs", "{:,.0f}")])


def high_water_memory():
    return Question(
        "what the queue of one peer takes, running and when nobody receives", "RCVHWM",
        [Case(f"{mark:,}", "", "pull_model", {"hwm": mark, "idle": 100, "fill": 1, "seconds": 0.2})
         for mark in (100, 1000, 10000, 100000)],
        [Metric("running_mib", "running MiB"), Metric("full_mib", "full MiB")])


def coalescing():
    loads = {"full load": 0, "10k/s": 10000, "50k/s": 50000, "100k/s": 100000, "200k/s": 200000}
    waits = {"zmq_poll at once": -1, "yield, look again": 0}
    waits |= {f"sleep {us} µs": us for us in (50, 100, 200, 500, 1000)}
    return Question(
        "sleep after EAGAIN before waiting in zmq_poll", "on EAGAIN",
        [Case(wait, load, "pull_model", {"idle": us, "rate": rate})
         for wait, us in waits.items() for load, rate in loads.items()],
        [Metric("rate", "events/s", "{:,.0f}"), Metric("cpu_us", "CPU µs/event", "{:.2f}"),
         Metric("p50_us", "p50 µs", "{:,.0f}"), Metric("p99_us", "p99 µs", "{:,.0f}")])


def pending_size():
    pieces = (4 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB, 256 * KIB)
    # zlib is so much slower that the work around it hardly shows; three sizes are enough.
    engines = {"ISA-L 1": ("isal", 1, 128, pieces), "zlib 6": ("zlib", 6, 8, pieces[0:5:2])}
    return Question(
        "raw bytes gathered before a call of deflate, without a flush", "pending",
        [Case(size(piece), f"{engine}, {streams} stream{'s' if streams > 1 else ''}", "deflate_pieces",
              {"file": "{lines}", "engine": name, "level": level, "piece": piece, "streams": streams,
               "megabytes": megabytes})
         for piece in pieces for engine, (name, level, megabytes, some) in engines.items() if piece in some
         for streams in (1, 1000)],
        [Metric("mbps", "MB/s", "{:,.0f}", best=max), Metric("memory_mib", "MiB", "{:,.1f}")])


def shared_stream():
    pieces = (2 * KIB, 8 * KIB, 32 * KIB)
    ways = {"own stream": {"flush": 1}}
    ways |= {f"shared, {size(kept)}": {"dictionary": kept} for kept in (4 * KIB, 8 * KIB, 32 * KIB)}
    return Question(
        "one ISA-L stream for all segments, with their last lines as its dictionary; a flush a piece", "piece, segments",
        [Case(f"{size(piece)}, {streams}", way, "deflate_pieces",
              {"file": "{lines}", "kilotokens": 8, "piece": piece, "streams": streams, "megabytes": 128, **more})
         for streams in (3, 1000) for piece in pieces for way, more in ways.items()],
        [Metric("mbps", "MB/s", "{:,.0f}", best=max), Metric("ratio", "ratio", "{:.2f}"),
         Metric("memory_mib", "MiB", "{:,.1f}")])


def level_buffer():
    texts = {"generated": "{lines}", "real": "{real}"}
    names = {1: "MIN", 2: "", 4: "", 8: "", 16: "SMALL", 32: "MEDIUM", 64: "LARGE", 128: "EXTRA_LARGE"}
    engines = [("ISA-L 0", "isal", 0, 1)]
    engines += [(f"ISA-L {level}, {kilo} Ki {name}".rstrip(), "isal", level, kilo)
                for level in (1, 2, 3) for kilo, name in names.items()
                if level == 1 or name in ("MIN", "SMALL", "LARGE")]
    engines += [("zlib 1", "zlib", 1, 1), ("zlib 6", "zlib", 6, 1)]
    return Question(
        "ISA-L's levels and level buffers, one stream, steps of 64 KiB, no flush", "engine, level, symbols a block",
        [Case(row, column, "deflate_stream", {"file": file, "engine": engine, "level": level, "kilotokens": kilo,
                                              "megabytes": 4 if engine == "zlib" or level == 3 else 24})
         for row, engine, level, kilo in engines for column, file in texts.items()],
        [Metric("ratio", "ratio", "{:.2f}"), Metric("mbps", "MB/s", "{:,.0f}", best=max),
         Metric("block_kib", "KiB a block", "{:,.0f}"), Metric("memory_kib", "KiB a stream", "{:,.0f}")])


def history():
    texts = {"generated": "{lines}", "real": "{real}"}
    return Question(
        "ISA-L's look-back (hist_bits), level 1", "look-back",
        [Case(size(1 << bits), column, "deflate_stream", {"file": file, "history": bits})
         for bits in (12, 13, 14, 15) for column, file in texts.items()],
        [Metric("ratio", "ratio", "{:.2f}"), Metric("mbps", "MB/s", "{:,.0f}", best=max)])


def flushes():
    engines = {"ISA-L 1": ("isal", 1, 24), "zlib 6": ("zlib", 6, 4)}
    flushes = {"none": (0, 0), "full, 1 MiB": (0, KIB * KIB)}
    flushes |= {f"sync, {size(every)}": (every, 0) for every in (256 * KIB, 64 * KIB, 16 * KIB, 4 * KIB)}
    flushes |= {"sync, 64 KiB, and full, 1 MiB": (64 * KIB, KIB * KIB), "full, 64 KiB": (0, 64 * KIB)}
    return Question(
        "what flushes cost, one stream", "flush every",
        [Case(row, column, "deflate_stream",
              {"file": "{lines}", "engine": engine, "level": level, "megabytes": megabytes, "sync": sync, "full": full,
               "step": min(64 * KIB, sync or 64 * KIB)})
         for row, (sync, full) in flushes.items() for column, (engine, level, megabytes) in engines.items()],
        [Metric("mbps", "MB/s", "{:,.0f}", best=max), Metric("ratio", "ratio", "{:.2f}")])


def step_overhead():
    return Question(
        "ISA-L level 1: what a call costs, by its input", "input a call",
        [Case(size(step), f"{kilo} Ki symbols{', sync flush a call' if sync else ''}", "deflate_stream",
              {"file": "{lines}", "step": step, "kilotokens": kilo, "sync": sync, "megabytes": 12})
         for step in (465, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB)
         for kilo, sync in ((16, 0), (64, 0), (16, 1))],
        [Metric("ns_step", "µs a call", "{:,.2f}", scale=1e-3, best=min),
         Metric("ratio", "ratio", "{:.2f}"), Metric("block_kib", "KiB a block", "{:,.0f}")])


def json_stages():
    shapes = {"one event": "single", "100 events, whole message": "whole", "100 events, line by line": "lines"}
    parses = {"stage 1": ("json_stages", "stage1"), "DOM": ("json_stages", "dom"),
              "On-Demand, x86-64": ("json_stages", "ondemand"),
              "On-Demand, haswell": ("json_stages_haswell", "ondemand")}
    return Question(
        "simdjson's parts on events of 465 bytes", "message",
        [Case(row, column, program, {"parse": parse, "shape": shape, "seconds": 0.2})
         for row, shape in shapes.items() for column, (program, parse) in parses.items()],
        [Metric("ns", "ns/event", "{:,.0f}", best=min)])


def write_path():
    commits = {"25 KB": 25_000, "250 KB": 250_000, "2.5 MB": 2_500_000}
    hows = {"write, fdatasync": "plain", "sync_file_range ahead": "range", "fallocate, KEEP_SIZE": "keep",
            "fallocate, longer file": "extend", "O_DIRECT": "direct", "O_DIRECT, KEEP_SIZE": "direct-keep"}
    return Question(
        "a commit's way to the disk, 20 commits a round", "how",
        [Case(row, column, "write_path", {"how": how, "bytes": count, "folder": "{folder}"})
         for row, how in hows.items() for column, count in commits.items()],
        [Metric("latency_us", "p50 ms", "{:.2f}", 1e-3, 0.5), Metric("latency_us", "p99 ms", "{:.2f}", 1e-3, 0.99),
         Metric("blocked_us", "writer blocked before it, ms", "{:.2f}", 1e-3, 0.5),
         Metric("cpu_us", "CPU ms", "{:.2f}", 1e-3, 0.5)])


SYNCS = {"fdatasync of each": "each", "sync_file_range of all, then each": "range", "each, on 4 threads": "threads",
         "sync_file_range of all, then each on 4 threads": "range-threads", "one syncfs": "syncfs"}


def many_files():
    return Question(
        "a commit of many files with 8 KiB each", "how",
        [Case(row, f"{count:,} file{'s' if count > 1 else ''}", "many_files",
              {"how": how, "files": count, "folder": "{folder}", "commits": 3})
         for row, how in SYNCS.items() for count in (1, 10, 100, 1000)],
        [Metric("ms", "ms", "{:,.2f}", quantile=0.5)])


def foreign_data():
    return Question(
        "the same with 1 GiB on the file system that another process has written and not synced", "how",
        [Case(row, f"{count} files", "many_files",
              {"how": how, "files": count, "folder": "{folder}", "commits": 1, "other": 1024})
         for row, how in SYNCS.items() if how in ("each", "range", "syncfs") for count in (10, 100)],
        [Metric("ms", "ms", "{:,.2f}", quantile=0.5)])


def io_threads():
    return Question(
        "one or two I/O threads in libzmq's context", "peers, events a message",
        [Case(f"{peers}, {batch}", f"{count} I/O thread{'s' if count > 1 else ''}", "pull_model",
              {"peers": peers, "batch": batch, "io": count, "idle": 100})
         for batch in (1, 100) for peers in (1, 2, 4) for count in (1, 2)],
        [Metric("rate", "events/s", "{:,.0f}"), Metric("cpu_us", "CPU µs/event", "{:.2f}"),
         Metric("senders_us", "senders' CPU µs/event", "{:.2f}")])


QUESTIONS = {
    "copy-threshold": copy_threshold,
    "pinned-memory": pinned_memory,
    "publish-batch": publish_batch,
    "coalescing": coalescing,
    "high-water-mark": high_water_mark,
    "high-water-memory": high_water_memory,
    "pending-size": pending_size,
    "shared-stream": shared_stream,
    "level-buffer": level_buffer,
    "history": history,
    "flushes": flushes,
    "step-overhead": step_overhead,
    "write-path": write_path,
    "many-files": many_files,
    "foreign-data": foreign_data,
    "io-threads": io_threads,
    "json": json_stages,
}
