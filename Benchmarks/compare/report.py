"""Writes the table of a comparison, and the file that stores it with machine, versions, and every round."""

import dataclasses
import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess

import http_requests
import postgresql
import redis_streams
import rsyslog
from contestants import Run
from rows import TARGETS

ROOT = pathlib.Path(__file__).resolve().parents[2]


FORMATS = {"events/s": "{:,.0f} events/s", "µs": "{:.2f} µs", "ms": "{:.1f} ms", "MB": "{:.1f} MB",
           "MiB": "{:.0f} MiB", "KiB": "{:.0f} KiB", "×": "{:.2f} ×", "%": "{:.0%}", "%%": "{:.3f} %"}


def shown(value, unit):
    return "" if value is None else FORMATS[unit].format(value).replace("%", " %").replace("  ", " ")


def verdict(target, value):
    def reached(bound):
        return value >= bound if target.more else value <= bound
    if target.bound is None:
        return ""
    if target.aim is not None and reached(target.aim):
        return "yes, aim too"
    return "yes" if reached(target.bound) else "no"


def target_cells(target, rounds, cores):
    def median_of(figure):
        return statistics.median(figure(figures, cores) for figures in rounds)
    value = median_of(target.value)
    beside = ratio = ""
    if target.reference:
        beside = f"{target.against}: {shown(median_of(target.reference), target.unit)}"
        ratio = shown(value, target.ratio_unit)
    bounds = [f"{'≥' if target.more else '≤'} {shown(bound, target.bound_unit)}" if bound is not None else ""
              for bound in (target.bound, target.aim)]
    return [target.what, shown(median_of(target.measured), target.unit), beside, ratio, *bounds,
            verdict(target, value)]


def target_rows(results, cores):
    head = ["what", "measured", "beside", "ratio", "target", "aim", "met"]
    return [head] + [target_cells(t, results[t.row], cores) for t in TARGETS if t.row in results]


def program_rows(results):
    rows = [["row", "program", "events/s", "least", "most", "CPU µs/event", "its producer's", "most MiB"]]
    for row, rounds in results.items():
        for name in rounds[0]:
            runs = [figures[name] for figures in rounds]
            if isinstance(runs[0], Run):
                rows.append([row, name] + program_cells(runs))
    return rows


def program_cells(runs):
    def median_of(key):
        return statistics.median(getattr(run, key) for run in runs)
    rates = [run.rate for run in runs]
    return [f"{value:,.0f}" for value in (median_of("rate"), min(rates), max(rates))] + [
        f"{median_of('cpu_us'):.2f}", f"{median_of('sender_us'):.2f}",
        f"{median_of('memory'):.0f}" if runs[0].memory else ""]


def raw_rows(results):
    rows = [["row", "round", "program", "figures"]]
    for row, rounds in results.items():
        for index, figures in enumerate(rounds):
            for name, run in figures.items():
                rows.append([row, str(index + 1), name, raw_text(run)])
    return rows


def raw_text(run):
    values = dataclasses.asdict(run)
    values.update(values.pop("more"))
    return ", ".join(f"{k} {v:.6g}" if isinstance(v, float) else f"{k} {v}" for k, v in values.items())


def plain(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows)


def markdown(rows):
    lines = [rows[0], ["---"] * len(rows[0])] + rows[1:]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# --- The machine ---

def output(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
                              check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def commit():
    name = output(["git", "rev-parse", "--short", "HEAD"]) or "unknown"
    return name + ("-changed" if output(["git", "status", "--porcelain", "--untracked-files=no"]) else "")


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    found = re.search(r"model name.*: (.*)", text)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    virtual = ", virtual machine" if re.search(r"^flags.*\bhypervisor\b", text, re.M) else ""
    return (f"{found.group(1) if found else platform.machine()}, {os.cpu_count()} cores{virtual}, "
            f"{memory:.0f} GiB, Linux {platform.release()}")


def versions(place, results):
    parts = [output([place.binaries / "touchpointd", "--version"]),
             output([place.programs / "bare_parts", "--versions"])]
    if "single" in results:
        parts.append(f"rsyslog {rsyslog.version()}")
    if "durable" in results:
        parts += [f"Redis {redis_streams.version()}", f"PostgreSQL {postgresql.version()}"]
    if "http" in results:
        parts.append(f"nginx {http_requests.version()}")
    return ", ".join(part for part in parts if part)


def document(place, results, options, cores, commit):
    now = datetime.datetime.now(datetime.timezone.utc)
    text = f"""# make bench-compare, {now:%Y-%m-%d %H:%M} UTC, commit {commit}

{machine()}.
{versions(place, results)}.
{options.rounds} rounds, interleaved; producer and program under test share the cores.
Events of 465 bytes, three channels where nothing else is said.
Rates, CPU and memory are medians; a ratio is the median of the rounds' own ratios.
Bare PULL receives and drops. Bare parts receives, parses, adds metadata, deflates and writes, without syncs, answers,
ledger and recovery; "by recv" it reads the socket without libzmq. rsyslog (imczmq, omfile, zlib level 1) does not parse,
file by channel, or sync. Redis Streams (appendfsync always, 64 connections with 100 XADD in flight) and PostgreSQL (fsync
on, 16 clients, 100 rows of jsonb per INSERT) answer after a sync, as the acknowledged rows of the daemon do. nginx writes a
line of its access log per request: it reads no body, and syncs nothing.
Rows: {", ".join(results)}; scale of event counts: {options.scale:g}.
{"".join(f"Left out: {row}: {reason}.{chr(10)}" for row, reason in options.left_out.items())}
{markdown(target_rows(results, cores))}

## Programs

{markdown(program_rows(results))}

## Every round

CPU times (`cpu`, `sender_cpu`) in seconds, memory in MiB, latencies and syncs (`p50`, …) in µs.

{markdown(raw_rows(results))}
"""
    return now.strftime("%Y-%m-%dT%H%M%SZ-") + commit, text
