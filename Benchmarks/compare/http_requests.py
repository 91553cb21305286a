"""HTTP sources: wrk's requests to touchpointd, and to nginx, which only writes a line of its log for each.

touchpointd answers when the events of a request are durable. nginx answers at once: it does not read what is in a
request, parse, file or sync. wrk has one thread, and makes every event anew, with an id of its own.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

from contestants import PATIENCE, Daemon, Figures, Run, check_count, check_ledger, children_cpu_seconds, ends, log_of
from processes import cpu_seconds, memory_mib, tree_cpu_seconds, wait_until

PROGRAMS = ("wrk", "nginx")
SCRIPT = pathlib.Path(__file__).with_name("requests.lua")
WARMING = 1


def missing():
    """Returns the names of programs that are not installed."""
    return [name for name in PROGRAMS if not shutil.which(name)]


class Requests:
    """What wrk sends: `batch` events a request, over `connections`, for `seconds`; with `rate`, some requests per second."""

    def __init__(self, seconds, connections=256, batch=1, rate=0):
        self.seconds, self.connections, self.batch, self.rate = seconds, connections, batch, rate
        self.pause = 0
        self.pace(0)

    def pace(self, answered):
        """Sets how long wrk waits between an answer, which takes so many microseconds, and the next request."""
        if self.rate:
            self.pause = max(1, round(self.connections / self.rate * 1000 - answered / 1000))

    def send(self, place, url, seconds=None):
        """Runs wrk to its end; returns what it counted, and its CPU time."""
        [event] = place.events(1)
        event, found = re.subn(r'(?<="messageId":")[^"]*', f"{os.urandom(6).hex()}-@", event)
        assert found == 1, event
        cpu = children_cpu_seconds()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds or self.seconds}s", "--timeout", "30s", "-s", SCRIPT, url],
            env=os.environ | {"BATCH": str(self.batch), "PAUSE": str(self.pause), "EVENT": event},
            stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True)
        sent = json.loads(done.stdout.strip().splitlines()[-1])
        for what in ("refused", "broken"):
            check_count(url, 0, sent[what], f"{what} requests")
        return sent, children_cpu_seconds() - cpu

    def run(self, sent, sender_cpu, cpu, memory):
        events = sent["requests"] * self.batch
        more = {"p50": sent["p50"], "p99": sent["p99"], "cpuPerRequest": cpu / sent["requests"] * 1e6}
        return Run(events, sent["seconds"], cpu, sender_cpu, memory, more)


def edge(place, requests):
    """Every event that wrk got an answer for is in the ledger; those of its last requests may be there beside."""
    with place.fresh_folder() as folder, Daemon(place, folder, "", only="http") as daemon:
        url = daemon.endpoints["http"] + "/v1/events"
        warming, _ = requests.send(place, url, WARMING)
        requests.pace(warming["p50"])
        before, cpu = daemon.control("stats")["ledger"]["written"], cpu_seconds(daemon.pid)
        sent, sender_cpu = requests.send(place, url)
        cpu = cpu_seconds(daemon.pid) - cpu
        ledger = wait_until("the last events", lambda: settled(daemon))
        check_ledger(ledger, ledger["received"])
        extra = ledger["written"] - before - sent["requests"] * requests.batch
        # wrk stops with requests under way, of both of its runs.
        if not 0 <= extra <= 2 * requests.connections * requests.batch:
            raise SystemExit(f"compare: {sent['requests']} requests were answered, but the ledger has {extra} events more")
        return requests.run(sent, sender_cpu, cpu, memory_mib(daemon.pid, "VmHWM"))


def settled(daemon):
    ledger = daemon.control("stats")["ledger"]
    return ledger if ledger["inFlight"] == 0 else None


def idle_edge(place, connections, seconds):
    """Measures the daemon's share of a core with connections that have asked once and then say nothing."""
    with place.fresh_folder() as folder, Daemon(place, folder, "", only="http") as daemon:
        host, _, port = daemon.endpoints["http"].removeprefix("http://").rpartition(":")
        opened = []
        try:
            for _ in range(connections):
                opened.append(socket.create_connection((host, int(port)), timeout=PATIENCE))
                opened[-1].sendall(b"GET /health HTTP/1.1\r\nHost: idle\r\n\r\n")
                assert opened[-1].recv(4096).startswith(b"HTTP/1.1 200 ")
            cpu, start = cpu_seconds(daemon.pid), time.monotonic()
            time.sleep(seconds)
            share = (cpu_seconds(daemon.pid) - cpu) / (time.monotonic() - start)
            check_count("the daemon's connections", connections, daemon.control("stats")["sources"]["web"]["peers"],
                        "connections")
        finally:
            for connection in opened:
                connection.close()
        return Figures({"percent": share * 100, "memory": memory_mib(daemon.pid, "VmRSS")})


def nginx(place, requests):
    with place.fresh_folder() as folder:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        configuration = folder / "nginx.conf"
        configuration.write_text(f"""daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log {folder}/access.log; client_body_temp_path {folder}/body; keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "ok"; }} }}
}}
""")
        process = subprocess.Popen(["nginx", "-p", folder, "-c", configuration], stderr=subprocess.DEVNULL)
        try:
            wait_until("nginx to start", lambda: process.poll() is not None or answers(port))
            if process.poll() is not None:
                raise SystemExit(f"compare: nginx ended with exit code {process.returncode}" + log_of(folder / "error.log"))
            url = f"http://127.0.0.1:{port}/v1/events"
            requests.send(place, url, WARMING)
            cpu = tree_cpu_seconds(process.pid)
            sent, sender_cpu = requests.send(place, url)
            cpu = tree_cpu_seconds(process.pid) - cpu
            lines = sum(1 for _ in (folder / "access.log").open())
            if lines < sent["requests"]:
                raise SystemExit(f"compare: nginx wrote {lines} lines for {sent['requests']} requests")
            return requests.run(sent, sender_cpu, cpu, 0)
        finally:
            ends(process)


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return False
    return True


def version():
    done = subprocess.run(["nginx", "-v"], stderr=subprocess.PIPE, text=True, check=True)
    return done.stderr.strip().rpartition("/")[2]
