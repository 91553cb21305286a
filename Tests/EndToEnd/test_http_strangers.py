"""What clients that are broken, slow or hostile get from the HTTP source, and what they cost."""

import contextlib
import gzip
import json
import os
import socket
import time

import pytest

from http_edge import KEY, Edge, source
from waiting import wait_until

EVENT = b'{"event":"x"}'
HEAD = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Write-Key: " + KEY.encode() + b"\r\n"


@pytest.fixture
def edge(daemon):
    def make(settings=None, **more):
        return Edge(daemon(sources=[source(**more)], **(settings or {})))

    return make


def only_answer(text):
    """Status and JSON of the one answer in a connection's bytes."""
    head, _, body = text.partition(b"\r\n\r\n")
    assert text.count(b"HTTP/1.1 ") == 1, text
    return int(head.split(b" ")[1]), json.loads(body)


@pytest.mark.parametrize("request_bytes", [
    b"nonsense\r\n\r\n",
    HEAD + b"Content-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n" + EVENT + b"\r\n0\r\n\r\n",
    HEAD + b"Content-Length: 13\r\nContent-Length: 14\r\n\r\n" + EVENT,
    HEAD + b"Content-Length: -1\r\n\r\n" + EVENT,
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + EVENT + b"\r\n0\r\n\r\n",
    HEAD + b"Bad Name: x\r\n\r\n",
    b"POST /v1/events HTTP/9.9\r\n\r\n",
], ids=["no HTTP", "both lengths", "two lengths", "negative", "bad chunk", "bad name", "bad version"])
def test_what_is_no_http_is_refused_and_ends_the_connection(edge, request_bytes):
    web = edge()
    status, answer = only_answer(web.raw(request_bytes))
    assert status == 400 and answer["code"] == "bad_request" and answer["message"]
    assert web.post(EVENT)[0] == 200
    assert web.collector.ledger()["received"] == 1


@pytest.mark.parametrize("fields", [
    b"X-Long: " + b"x" * (17 << 10) + b"\r\n",
    b"".join(b"X-%d: %s\r\n" % (at, b"y" * 8_000) for at in range(9)),
    b"".join(b"X-%d: y\r\n" % at for at in range(101)),
], ids=["one field", "all fields", "many fields"])
def test_too_much_of_a_head_is_refused(edge, fields):
    web = edge()
    status, answer = only_answer(web.raw(HEAD + fields + b"Content-Length: 13\r\n\r\n" + EVENT))
    assert (status, answer["code"]) == (431, "headers_too_large")
    assert web.post(EVENT)[0] == 200


@pytest.mark.parametrize("start", [HEAD, HEAD + b"Content-Length: 13\r\n\r\n{"], ids=["head", "body"])
def test_who_is_too_slow_is_told_so(edge, start):
    web = edge(timeouts={"header": "1s", "body": "1s"})
    begun = time.monotonic()
    status, answer = only_answer(web.raw(start))
    assert (status, answer["code"]) == (408, "slow")
    assert time.monotonic() - begun < 20
    assert web.collector.ask("stats")["sources"]["web"]["connections"]["timedOut"] == 1
    assert web.post(EVENT)[0] == 200


def test_an_idle_connection_is_closed_without_an_answer(edge):
    web = edge(timeouts={"idle": "1s"})
    assert web.raw() == b""
    assert web.raw(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").endswith(b"ok\n")


def test_a_trickle_does_not_hold_a_connection_open(edge):
    web = edge(timeouts={"body": "1s"})
    with socket.create_connection(web.address) as connection:
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        connection.settimeout(0.1)
        begun, answer = time.monotonic(), b""
        while not answer:
            assert time.monotonic() - begun < 30, "it goes on for ever"
            with contextlib.suppress(TimeoutError):
                connection.sendall(b" ")
                answer = connection.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_bomb_is_refused_and_costs_no_memory(edge):
    web = edge()
    bomb = gzip.compress(bytes(128 << 20), 9)
    before = resident(web)
    for _ in range(8):
        status, answer = web.post(bomb)
        assert (status, answer["code"], answer["kept"]) == (400, "too_large", True)
    assert resident(web) - before < 96 << 20
    assert web.post(EVENT)[0] == 200


def test_unfinished_bodies_have_a_budget(edge):
    web = edge(buffered="1MiB", timeouts={"body": "3s"})
    before = resident(web)
    with contextlib.ExitStack() as stack:
        for _ in range(64):
            connection = stack.enter_context(socket.create_connection(web.address))
            connection.setblocking(False)
            connection.sendall(HEAD + b"Content-Length: 4000000\r\n\r\n")
            with contextlib.suppress(BlockingIOError):
                while True:
                    connection.send(bytes(1 << 16))
        # What is not read stays with the system; the others go on once the slow ones are gone.
        assert resident(web) - before < 48 << 20
        wait_until("the slow ones to be refused",
                   lambda: web.collector.ask("stats")["sources"]["web"]["connections"]["timedOut"] >= 32)
    assert web.post(EVENT)[0] == 200


def test_connections_have_a_limit(edge):
    web = edge(connections=3)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            connection = web.connect()
            stack.callback(connection.close)
            connection.request("GET", "/health")
            assert connection.getresponse().read() == b"ok\n"
        with pytest.raises(OSError), socket.create_connection(web.address) as one_more:
            one_more.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            if not one_more.recv(100):
                raise ConnectionResetError
        assert web.collector.ask("stats")["sources"]["web"]["connections"]["refused"] >= 1
    wait_until("a place", lambda: succeeds(lambda: web.post(EVENT)[0] == 200))


def test_a_client_that_leaves_before_its_answer_costs_nothing(edge):
    web = edge({"commit": {"interval": "300ms"}})
    for _ in range(50):
        with socket.create_connection(web.address) as connection:
            connection.sendall(HEAD + b"Content-Length: 13\r\n\r\n" + EVENT)
    web.collector.wait_for_received(50)
    assert web.post(EVENT)[0] == 200
    assert len(web.written()) == 51


def succeeds(action):
    with contextlib.suppress(OSError):
        return action()
    return False


def resident(web):
    """Bytes of memory that the collector uses."""
    pages = int(open(f"/proc/{web.collector.process.pid}/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
