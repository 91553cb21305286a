"""Connections that say nothing: what the daemon spends on them in memory and CPU."""

import contextlib
import json
import pathlib
import re
import resource
import subprocess
import tempfile
import time

from contestants import PATIENCE, Daemon, Figures, check_count, configure
from processes import cpu_seconds, memory_mib, wait_until

# Room for both ends, and for what the daemon keeps apart for files and others; more is not needed.
DESCRIPTORS = 3
OTHERS = 4096
SHORT = re.compile(r"(\d+) connections a source instead of limits\.connections")


def settings(connections):
    return f"limits: {{ connections: {connections} }}\npartition: {{ maxOpen: 16 }}\n"


def obstacle(place, connections):
    """Raises the limit of open files for so many connections; returns what to do if it stays too low, else None."""
    enough = DESCRIPTORS * connections + OTHERS
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < enough:
        with contextlib.suppress(ValueError, OSError):  # only root may, and not everywhere
            resource.setrlimit(resource.RLIMIT_NOFILE, (enough, enough))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = connections if soft == resource.RLIM_INFINITY or soft > connections + 64 else max(0, soft - 64)
    with tempfile.TemporaryDirectory() as folder:
        possible = min(possible, allowed_by_daemon(place, pathlib.Path(folder), connections))
    if possible >= connections:
        return None
    return (f"{connections:,} connections are too many for {soft:,} open files, with which the daemon takes {possible:,}:"
            f" raise the limit first (ulimit -Hn {enough} as root, or LimitNOFILE={enough} in a unit)")


def allowed_by_daemon(place, folder, connections):
    """Returns how many connections the daemon would take with the present limit of open files."""
    path = configure(folder, settings(connections), ", engine: native", "router", folder / "s")
    done = subprocess.run([place.binaries / "touchpointd", "--config", path, "--check"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise SystemExit(f"compare: touchpointd --check ended with exit code {done.returncode}: {done.stderr.strip()}")
    short = SHORT.search(done.stderr)
    return int(short.group(1)) if short else connections


def silent_peers(place, connections, seconds):
    """Measures the growth of the daemon by so many connections, and its share of a core after their handshakes."""
    reliable = ", engine: native"
    with place.fresh_folder() as folder, Daemon(place, folder, settings(connections), reliable, "router") as daemon:
        time.sleep(2)
        before = memory_mib(daemon.pid, "VmRSS")
        port = daemon.endpoints["router"].rpartition(":")[2]
        with subprocess.Popen([place.programs / "idle_connections", port, str(connections)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as process:
            if process.stdout.readline() != "open\n":
                raise SystemExit(f"compare: idle_connections ended with exit code {process.wait(PATIENCE)}")
            wait_until("the daemon to count the connections", lambda: peers(daemon) >= connections)
            cpu, start = cpu_seconds(daemon.pid), time.monotonic()
            time.sleep(seconds)
            share = (cpu_seconds(daemon.pid) - cpu) / (time.monotonic() - start)
            memory = memory_mib(daemon.pid, "VmRSS")
            check_count("the daemon's connections", connections, peers(daemon), "connections")
            output, _ = process.communicate(timeout=PATIENCE)
            if process.returncode != 0:
                raise SystemExit(f"compare: idle_connections ended with exit code {process.returncode}")
        return Figures({"percent": share * 100, "growth": memory - before, "memory": memory,
                        "pings": json.loads(output)["pings"]})


def peers(daemon):
    return sum(source["peers"] for source in daemon.control("stats")["sources"].values())
