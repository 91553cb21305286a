"""Drains over HTTP/2: announced by GOAWAY, without a reset, and with each event there once."""

import json
import re
import subprocess
import threading
import time
import uuid

import pytest

from http2_client import Client
from http_edge import KEY
from test_http_2 import EVENT, edge  # noqa: F401
from test_http_tls import SecureEdge
from waiting import wait_until

LAST = (1 << 31) - 1


def test_a_drain_is_announced_at_once_and_resets_no_stream(edge):
    web = edge(slow=True)
    with Client(web, KEY) as client:
        taken = client.post(b'{"messageId":"taken"}')
        wait_until("the event to be in flight", lambda: web.collector.ledger()["inFlight"] == 1)
        unfinished = client.begin()
        client.send(unfinished, b'{"messageId":', ends=False)
        client.answer(client.begin("GET", "/health", ends=True))
        web.collector.control("drain")
        while not client.is_going_away:
            assert client.receive()
        # While requests are under way.
        assert client.goodbyes == [(LAST, 0)] and unfinished not in client.answers
        with pytest.raises(OSError):
            Client(web, KEY)
        client.send(unfinished, b'"unfinished"}')
        late = client.post(b'{"messageId":"late"}')
        assert client.answer(taken)[0] == 200
        for stream in (unfinished, late):
            status, headers, body = client.answer(stream)
            assert (status, headers["retry-after"], json.loads(body)["code"]) == (503, "1", "draining")
        while client.receive():
            pass
        assert client.resets == {} and client.goodbyes == [(LAST, 0), (late, 0)]
    assert web.collector.wait_for_exit() == 0
    web.collector.start()
    assert [event["messageId"] for _, event in SecureEdge(web.collector, web.folder).written()] == ["taken"]


def test_a_connection_without_requests_ends_at_once_in_a_drain(edge):
    web = edge()
    with Client(web, KEY) as client:
        assert client.answer(client.post(EVENT))[0] == 200
        began = time.monotonic()
        web.collector.control("drain")
        while client.receive():
            pass
        # Not after a second without requests: it has confirmed that it has heard of the end.
        assert client.goodbyes == [(LAST, 0), (1, 0)]
    assert web.collector.wait_for_exit() == 0
    print(f"the drain took {time.monotonic() - began:.2f} s")


def test_a_client_that_does_not_confirm_the_end_ends_as_well(edge):
    web = edge()
    client = Client(web, KEY)
    try:
        assert client.answer(client.post(EVENT))[0] == 200
        web.collector.control("drain")
        # It reads nothing and says nothing.
        assert web.collector.wait_for_exit() == 0
    finally:
        client.socket.close()


def test_a_drain_loses_no_request(edge):
    web = edge(threads=2)
    delivered, errors, goodbyes = [], [], []

    def client():
        try:
            with Client(web, KEY) as mine:
                while not mine.is_going_away:
                    names = [str(uuid.uuid4()) for _ in range(10)]
                    streams = {mine.post(json.dumps({"messageId": name}).encode()): name for name in names}
                    for stream, name in streams.items():
                        status, headers, body = mine.answer(stream)
                        if status == 200:
                            delivered.append(name)
                        elif status != 503 or json.loads(body)["code"] != "draining" or "connection" in headers:
                            errors.append((status, body))
                while mine.receive():
                    pass
                goodbyes.append(mine.goodbyes[0])
                errors.extend(mine.resets.items())
        except (OSError, AssertionError) as error:
            errors.append(repr(error))

    clients = [threading.Thread(target=client) for _ in range(8)]
    for thread in clients:
        thread.start()
    wait_until("events to arrive", lambda: len(delivered) > 300)
    web.collector.drain()
    for thread in clients:
        thread.join()
    assert errors == [] and goodbyes == [(LAST, 0)] * len(clients)
    web.collector.start()
    written = [event["messageId"] for _, event in SecureEdge(web.collector, web.folder).written()]
    assert set(delivered) <= set(written) and len(set(written)) == len(written)


def test_nghttp2_goes_elsewhere_and_counts_what_is_written(edge, tmp_path):
    """Under a drain h2load gets an answer to each request that it has begun, and 200 exactly for what is stored."""
    web = edge(threads=2)
    (tmp_path / "event").write_bytes(EVENT)
    load = subprocess.Popen(
        ["h2load", "-n", "4000000", "-c", "8", "-m", "50", "-d", tmp_path / "event", "-H", f"X-Write-Key: {KEY}",
         web.url + "/v1/events"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        wait_until("events to arrive", lambda: web.collector.ledger()["written"] > 2_000)
        web.collector.drain()
        output, _ = load.communicate(timeout=120)
    finally:
        load.kill()
    good, bad = map(int, re.search(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, (\d+) 5xx", output).groups())
    web.collector.start()
    assert len(SecureEdge(web.collector, web.folder).written()) == good, output
    assert good > 2_000
    print(output)
