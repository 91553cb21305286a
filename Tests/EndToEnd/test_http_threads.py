"""HTTP sources with several event loops: to everybody outside they are one."""

import contextlib
import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
import uuid
from pathlib import Path

import pytest

from http_edge import KEY, Edge, read, source
from waiting import wait_until

EVENT = b'{"event":"x"}'
LOOPS = 4


@pytest.fixture
def edge(daemon):
    def make(settings=None, **more):
        return Edge(daemon(sources=[source(threads=LOOPS, **more)], **(settings or {})))

    return make


def ask(connection, body=EVENT, key=KEY, path="/v1/events"):
    connection.request("POST", path, body, {"X-Write-Key": key} if key else {})
    status, fields, answer = read(connection)
    return status, fields, json.loads(answer)


@contextlib.contextmanager
def connected(web, count):
    """Connections of which each was used once, so that every event loop has its share."""
    with contextlib.ExitStack() as stack:
        connections = [web.connect() for _ in range(count)]
        for connection in connections:
            stack.callback(connection.close)
            connection.request("GET", "/health")
            assert connection.getresponse().read() == b"ok\n"
        yield connections


def turns(collector):
    """By thread of an event loop, how often it has waited for something."""
    found = {}
    for task in Path(f"/proc/{collector.process.pid}/task").iterdir():
        status = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines() if ":" in line)
        if status["Name"].strip().startswith("NIO-ELT"):
            found[task.name] = int(status["voluntary_ctxt_switches"])
    return found


def test_connections_are_spread_over_the_loops(edge):
    web = edge()
    with connected(web, 2 * LOOPS) as connections:
        before = turns(web.collector)
        for _ in range(50):
            for connection in connections:
                assert ask(connection)[0] == 200
        # A loop without connections only looks at deadlines, four times a second.
        after = turns(web.collector)
    busy = [name for name in after if after[name] - before.get(name, 0) >= 100]
    assert len(busy) >= LOOPS, (before, after)
    stats = web.collector.ask("stats")["sources"]["web"]
    assert stats["messages"] == stats["ledger"]["written"] == 100 * LOOPS
    assert stats["connections"]["connects"] == 2 * LOOPS
    assert len(web.written()) == 100 * LOOPS


def test_a_killed_collector_has_every_answered_event_once(daemon):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    web = Edge(daemon(sources=[source(threads=LOOPS, bind=[f"127.0.0.1:{port}"])], writers=2))
    events = [str(uuid.uuid4()) for _ in range(4_000)]
    delivered = []

    def client(mine):
        connection = web.connect()
        for name in mine:
            while True:
                try:
                    status, _, _ = ask(connection, json.dumps({"messageId": name}))
                    if status == 200:
                        break
                except (OSError, http.client.HTTPException):
                    connection.close()
                time.sleep(0.01)
            delivered.append(name)
        connection.close()

    clients = [threading.Thread(target=client, args=(events[at::16],)) for at in range(16)]
    for thread in clients:
        thread.start()
    for share in (0.2, 0.5):
        wait_until("events to be answered", lambda: len(delivered) > share * len(events))
        assert len(delivered) < len(events), "nothing was under way"
        web.collector.kill()
        web.collector.start()
    for thread in clients:
        thread.join()
    assert sorted(event["messageId"] for _, event in web.written()) == sorted(events)
    ledger = web.collector.ledger()
    assert ledger["received"] == ledger["written"] + ledger["duplicate"] and ledger["inFlight"] == 0


def test_the_rate_of_a_key_is_that_of_all_loops(edge):
    web = edge(keys=[{"name": "slow", "key": KEY, "rate": 5}, {"name": "free", "key": "another-key"}])
    with connected(web, 4 * LOOPS) as connections:
        began = time.monotonic()
        answers = [ask(connection)[0] for _ in range(4) for connection in connections]
        # Two seconds of its rate at once, and its rate since then.
        allowed = 10 + 5 * (time.monotonic() - began) + 1
        assert set(answers) == {200, 429} and answers.count(200) <= allowed
        assert all(ask(connection, key="another-key")[0] == 200 for connection in connections)


def test_a_producers_limit_is_that_of_all_loops(edge):
    web = edge({"limits": {"perProducer": {"diskPerDay": "1MiB"}}})
    body = b'{"event":"%s"}' % (b"x" * 50_000)
    with connected(web, 2 * LOOPS) as connections:
        for _ in range(4):
            for connection in connections:
                ask(connection, body)
        wait_until("its day to be used up on all loops", lambda: {ask(one)[0] for one in connections} == {429})
    assert 20 <= web.collector.ledger()["written"] < 4 * 2 * LOOPS


def test_new_keys_reach_all_loops(edge):
    web = edge()
    with connected(web, 2 * LOOPS) as connections:
        web.collector.settings["sources"][0]["keys"] = [{"name": "new", "key": "a-new-key"}]
        web.collector.configuration.write_text(json.dumps(web.collector.settings))
        answer = json.loads(web.collector.control("reload", "--json"))
        assert answer["applied"] == ["sources.web.keys"] and answer["needsRestart"] == []
        wait_until("the new key", lambda: all(ask(one, key="a-new-key")[0] == 200 for one in connections))
        assert [ask(one)[0] for one in connections] == [401] * len(connections)


def test_more_loops_need_a_restart(edge):
    web = edge()
    web.collector.settings["sources"][0]["threads"] = 2
    web.collector.configuration.write_text(json.dumps(web.collector.settings))
    answer = json.loads(web.collector.control("reload", "--json"))
    assert answer["needsRestart"] == ["sources.web"], answer


def test_connections_of_all_loops_have_one_limit(edge):
    web = edge(connections=LOOPS + 1)
    with connected(web, LOOPS + 1):
        for _ in range(LOOPS):
            with pytest.raises((OSError, http.client.HTTPException)):
                with connected(web, 1):
                    pass
        stats = web.collector.ask("stats")["sources"]["web"]
        assert stats["connections"]["refused"] == LOOPS and stats["peers"] == LOOPS + 1
    wait_until("places", lambda: succeeds(lambda: web.post(EVENT)[0] == 200))


def test_bodies_of_all_loops_have_one_budget(edge):
    web = edge({"limits": {"message": "1MiB"}}, buffered="1MiB")

    def head(length, more=""):
        fields = f"Host: x\r\nX-Write-Key: {KEY}\r\nContent-Length: {length}{more}"
        return f"POST /v1/events HTTP/1.1\r\n{fields}\r\n\r\n".encode()

    with contextlib.ExitStack() as stack:
        def connect():
            connection = stack.enter_context(socket.create_connection(web.address))
            connection.settimeout(30)
            return connection

        large, other = connect(), connect()
        for connection in (large, other):
            connection.sendall(head(1_000_000) + b"x" * 600_000)

        def held():
            """A connection whose head was read, and whose body is not."""
            connection = connect()
            connection.sendall(head(len(EVENT), "\r\nExpect: 100-continue"))
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 100")
            connection.sendall(EVENT)
            connection.settimeout(0.5)
            with contextlib.suppress(TimeoutError):
                assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
                return None
            connection.settimeout(30)
            return connection

        waiting = [wait_until("the budget to be used up", held) for _ in range(LOOPS)]
        large.close()
        for connection in waiting:
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
    assert len(web.written()) >= LOOPS


def test_a_token_is_used_once_on_all_loops(edge):
    secret = "a-secret-of-mail"
    web = edge(webhooks=[{"path": "/hooks/mailgun", "preset": "mailgun", "secrets": [secret]}])
    now, token = str(int(time.time())), "7" * 50
    signature = hmac.new(secret.encode(), (now + token).encode(), hashlib.sha256).hexdigest()
    body = json.dumps({
        "signature": {"timestamp": now, "token": token, "signature": signature}, "event-data": {"id": "1"},
    })
    with connected(web, LOOPS) as connections:
        answers = [ask(one, body, None, "/hooks/mailgun")[0] for one in connections]
    assert sorted(answers) == [200] + [401] * (LOOPS - 1)


def test_a_pause_holds_all_loops(edge):
    web = edge()
    with connected(web, 2 * LOOPS) as connections:
        web.collector.control("pause", "web")
        assert [ask(one)[2]["code"] for one in connections] == ["blocked"] * len(connections)
        web.collector.control("resume", "web")
        assert [ask(one)[0] for one in connections] == [200] * len(connections)


def succeeds(action):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return action()
    return False
