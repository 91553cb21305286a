"""Observes running processes from outside, through /proc, without disturbing them."""

import os
import pathlib
import time


def wait_until(what, condition, seconds=120, pause=0.01):
    """Waits for a true value of the condition and returns it; exits with a message after the time limit."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(pause)
    raise SystemExit(f"compare: waited {seconds} s for {what}")


def cpu_seconds(pid):
    """Returns the CPU time of all living threads, in nanosecond resolution (/proc/PID/stat counts in 10 ms)."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            pass  # a thread that has just ended
    return total / 1e9


def tree_cpu_seconds(pid):
    """Returns the CPU time of a process and its children, also of those that have ended, in steps of 10 ms."""
    ticks = 0
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            # After the name, which is in parentheses: state, parent, …, and four times from the twelfth on.
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if path.parent.name == str(pid):
            ticks += sum(map(int, fields[11:15]))
        elif fields[1] == str(pid):
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mib(pid, key):
    """Returns VmRSS, or VmHWM: the maximum so far."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"compare: no {key} in /proc/{pid}/status")


def listening_port(pid):
    """Returns the TCP port that a process listens on, None if there is none yet."""
    inodes = set()
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[9] in inodes:
            return int(fields[1].split(":")[1], 16)
    return None


def end_of_work(pid, seconds=120):
    """Returns the time from which a process used no CPU for half a second, and its CPU time then.

    For programs that do not report when they are done. Checks every 10 ms; less than 0.5 ms of CPU between two checks
    is housekeeping.
    """
    used, moment = cpu_seconds(pid), time.monotonic()
    deadline = moment + seconds
    while time.monotonic() < deadline:
        time.sleep(0.01)
        now = cpu_seconds(pid)
        if now - used > 0.0005:
            moment = time.monotonic()
        used = now
        if time.monotonic() - moment > 0.5:
            return moment, used
    raise SystemExit(f"compare: waited {seconds} s for process {pid} to come to rest")
