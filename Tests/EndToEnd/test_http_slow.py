"""Many clients that are slow, idle or costly at once: good ones lose nothing, and memory is bounded."""

import contextlib
import gzip
import json
import os
import resource
import socket
import subprocess
import threading
import time

import pytest

from http_edge import KEY, Edge, read, source
from waiting import wait_until

SLOW = 1_000
IDLE = 8_000
EVENT = b'{"event":"x"}'
# What may come on top of the memory at rest, beside what bodies may take.
MEMORY_BYTES = 96 << 20
# A loaded machine is slow.
ANSWER_SECONDS = 5


@pytest.fixture
def edge(daemon):
    def make(settings=None, **more):
        return Edge(daemon(sources=[source(**more)], **(settings or {})))

    return make


@contextlib.contextmanager
def good_clients(web, count=4):
    """Clients that post one event after the other; at the end, all of them were answered in time and are there."""
    sent, answers, stop = [], [], threading.Event()

    def client(name):
        connection = web.connect()
        with contextlib.closing(connection):
            number = 0
            while not stop.is_set():
                number += 1
                begun = time.monotonic()
                event = json.dumps({"messageId": f"{name}-{number}"})
                connection.request("POST", "/v1/events", event, {"X-Write-Key": KEY})
                answers.append((read(connection)[0], time.monotonic() - begun))
                sent.append(f"{name}-{number}")

    threads = [threading.Thread(target=client, args=(name,)) for name in range(count)]
    for thread in threads:
        thread.start()
    wait_until("answers", lambda: len(answers) > count)
    before = len(answers)
    try:
        yield
        wait_until("more answers", lambda: len(answers) > before + count)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert {status for status, _ in answers} == {200}
    assert max(seconds for _, seconds in answers) < ANSWER_SECONDS
    written = [event["messageId"] for _, event in web.written() if "messageId" in event]
    assert sorted(written) == sorted(sent)


def resident(web):
    pages = int(open(f"/proc/{web.collector.process.pid}/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors(web):
    return len(os.listdir(f"/proc/{web.collector.process.pid}/fd"))


def connections(web):
    return web.collector.ask("stats")["sources"]["web"]["connections"]


@pytest.mark.parametrize("options,path", [
    (["-H", "-t", "POST"], f"/v1/events?writeKey={KEY}"),
    (["-B", "-t", "POST", "-s", "100000"], f"/v1/events?writeKey={KEY}"),
    # Requests in a row, whose answers are read byte by byte.
    (["-X", "-k", "8", "-w", "10", "-y", "20", "-n", "1", "-z", "1"], f"/v1/projects/{KEY}/settings"),
], ids=["heads", "bodies", "reading"])
def test_slow_clients_cost_good_ones_nothing(edge, options, path):
    web = edge(timeouts={"header": "1s", "body": "1s", "idle": "1s"})
    before, files = resident(web), descriptors(web)
    with good_clients(web):
        subprocess.run(
            ["slowhttptest", "-c", str(SLOW), "-r", str(SLOW), "-i", "1", "-l", "4", "-p", "1", *options,
             "-u", web.url.rstrip("/") + path],
            check=True, capture_output=True, timeout=120,
        )
        assert resident(web) - before < MEMORY_BYTES
    figures = connections(web)
    # On a loaded machine it does not open all of them in time.
    assert figures["connects"] > SLOW / 2
    if "-X" not in options:
        assert figures["timedOut"] > SLOW / 2
    wait_until("all connections to end", lambda: descriptors(web) <= files)


def test_idle_connections_cost_good_clients_nothing(edge):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, IDLE + 1_000)), hard))
    web = edge()
    before, files = resident(web), descriptors(web)
    with contextlib.ExitStack() as stack:
        with good_clients(web):
            idle = [stack.enter_context(socket.create_connection(web.address)) for _ in range(IDLE)]
            wait_until("all connections to be accepted", lambda: descriptors(web) >= files + IDLE)
            assert resident(web) - before < MEMORY_BYTES
        # Each of them is as good as a new one.
        for connection in idle[:: IDLE // 10]:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(1 << 16).endswith(b"ok\n")
        assert connections(web)["refused"] == 0
    wait_until("all connections to end", lambda: descriptors(web) <= files)
    assert resident(web) - before < MEMORY_BYTES


def test_a_burst_of_connections_has_a_queue(edge):
    web = edge()
    listening = subprocess.run(
        ["ss", "-Hltn", f"sport = :{web.address[1]}"], check=True, capture_output=True, text=True,
    ).stdout.split()
    allowed = int(open("/proc/sys/net/core/somaxconn").read())
    assert int(listening[2]) == min(4_096, allowed), listening


def test_costly_bodies_are_bounded(edge):
    """Bombs, bodies over the limit with and without a length, and as many events as one body may have, all at once."""
    web = edge()
    limit = 4 << 20
    events = b"".join(b'{"n":%d}\n' % number for number in range(100_000))
    bodies = [
        # 130 KB, which would be 128 MiB.
        (gzip.compress(bytes(128 << 20), 9), 400, "too_large"),
        (b" " * (limit + 1), 413, "too_large"),
        ((b" " * (1 << 16) for _ in range(limit // (1 << 16) + 1)), 413, "too_large"),
        (events, 200, None),
        (events + EVENT, 400, "too_many_events"),
        (gzip.compress(events), 200, None),
    ]
    assert 100_000 < len(bodies[0][0]) < 140_000
    wrong = []

    def client(body, expected, code):
        status, _, answer = web.ask("POST", "/v1/events", body)
        answer = json.loads(answer)
        if (status, answer.get("code")) != (expected, code) or (code is None and answer["events"] != 100_000):
            wrong.append((expected, code, status, answer))

    before = resident(web)
    peak = 0
    with good_clients(web, count=2):
        threads = [threading.Thread(target=client, args=body) for body in bodies]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            peak = max(peak, resident(web) - before)
            time.sleep(0.01)
    assert wrong == []
    print(f"{peak >> 20} MiB on top")
    assert peak < MEMORY_BYTES
