"""Redis Streams with every command synced, as a child process with its own folder and socket, not a system service.

`redis-benchmark` adds the comparison's event to one stream, 64 connections with 100 commands in flight each, over a
Unix socket. Redis answers after the append-only file is synced, as touchpointd does. It does not parse the event, file
by channel or compress. Snapshots and rewrites of the file are off: they would only take time from it.
"""

import shutil
import subprocess
import tempfile

from contestants import PATIENCE, Run, check_count, children_cpu_seconds, ends, log_of
from processes import cpu_seconds, memory_mib, wait_until

PROGRAMS = ("redis-server", "redis-benchmark", "redis-cli")
CONNECTIONS, PIPELINE = 64, 100
STREAM = "events"


def missing():
    """Returns the names of programs that are not installed."""
    return [name for name in PROGRAMS if not shutil.which(name)]


def redis_streams(place, load):
    """The time is redis-benchmark's own, from its first command to its last answer."""
    with place.fresh_folder() as folder, tempfile.TemporaryDirectory(prefix="touchpoint-") as private:
        # The path of a Unix socket has at most 107 bytes.
        socket = f"{private}/s"
        command = ["redis-server", "--port", "0", "--unixsocket", socket, "--dir", folder, "--daemonize", "no",
                   "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--auto-aof-rewrite-percentage", "0"]
        with (folder / "redis.log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_until("redis-server to start", lambda: process.poll() is not None or answers(socket))
            if process.poll() is not None:
                raise SystemExit(f"compare: redis-server ended with exit code {process.returncode}"
                                 + log_of(folder / "redis.log"))
            return measured(place, load, process.pid, socket)
        finally:
            ends(process)


def answers(socket):
    return ask(socket, "PING") == "PONG"


def ask(socket, *command):
    done = subprocess.run(["redis-cli", "-s", socket, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, timeout=PATIENCE, check=False)
    return done.stdout.strip()


def measured(place, load, pid, socket):
    [event] = place.events(1)
    before, sender = cpu_seconds(pid), children_cpu_seconds()
    done = subprocess.run(
        ["redis-benchmark", "-s", socket, "-c", str(CONNECTIONS), "-P", str(PIPELINE), "-n", str(load.events), "--csv",
         "XADD", STREAM, "*", "event", event],
        stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True)
    sender, used = children_cpu_seconds() - sender, cpu_seconds(pid) - before
    check_count("Redis Streams", load.events, int(ask(socket, "XLEN", STREAM)))
    return Run(load.events, load.events / rate(done.stdout), used, sender, memory_mib(pid, "VmHWM"))


def rate(text):
    """Returns the commands per second of redis-benchmark's CSV: two lines, each with the rate seventh from its end."""
    # The first field is the command with the event, whose quotes and commas are not escaped.
    last = text.strip().splitlines()[-1].rsplit(",", 7)
    if len(last) != 8:
        raise SystemExit(f"compare: redis-benchmark printed what cannot be read: {text[-200:]!r}")
    return float(last[1].strip('"'))


def version():
    done = subprocess.run(["redis-server", "--version"], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split("v=")[1].split()[0]
