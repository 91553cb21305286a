"""What HTTP clients are told when nothing can be taken, and when the collector ends."""

import contextlib
import http.client
import json
import socket
import subprocess
import threading
import uuid
from pathlib import Path

import pytest

from http_edge import KEY, Edge, read, source
from prometheus import compiled
from sdk_senders import Senders
from waiting import wait_until

EVENT = b'{"event":"x"}'


@pytest.fixture
def edge(daemon):
    def make(settings=None, **more):
        return Edge(daemon(sources=[source(**more)], **(settings or {})))

    return make


@pytest.fixture
def slowed(daemon, tmp_path):
    """Starts a collector whose disk is slow until the file that is returned beside it is removed."""
    def make(**more):
        collector = daemon(start=False, sources=[source(**more)])
        mark = tmp_path / "slow"
        collector.environment = {
            "LD_PRELOAD": str(compiled(Path(__file__).parent / "slow_disk.c", tmp_path)), "SLOW_DISK_WHILE": str(mark),
        }
        web = Edge(collector.start())
        mark.touch()
        return web, mark

    return make


def test_a_paused_source_says_so_at_once(edge):
    web = edge()
    web.collector.control("pause")
    status, fields, body = web.ask("POST", "/v1/events", EVENT)
    answer = json.loads(body)
    assert (status, answer["code"], fields["Retry-After"]) == (503, "blocked", "5") and "paused" in answer["message"]
    assert web.ask("GET", "/ready")[0] == 503 and web.ask("GET", "/health")[0] == 200
    web.collector.control("resume")
    assert web.ask("GET", "/ready")[0] == 200
    assert web.post(EVENT)[0] == 200
    assert len(web.written()) == 1


def test_an_answer_that_takes_too_long_is_unknown(slowed):
    web, mark = slowed(timeouts={"answer": "300ms"})
    event = json.dumps({"messageId": str(uuid.uuid4())}).encode()
    connection = web.connect()
    connection.request("POST", "/v1/events", event, {"X-Write-Key": KEY})
    status, fields, body = read(connection)
    assert (status, json.loads(body)["code"], fields["Retry-After"]) == (503, "timeout", "1")
    mark.unlink()
    # The late answer belongs to no request: the next one on the connection gets its own.
    def again():
        connection.request("POST", "/v1/events", event, {"X-Write-Key": KEY})
        status, _, body = read(connection)
        return status == 200 and json.loads(body)

    assert wait_until("an answer", again)["duplicates"] == 1
    wait_until("the late answer to be dropped", lambda: web.collector.ask("stats")["acknowledgements"]["dropped"] >= 1)
    assert len(web.written()) == 1


def test_an_answer_is_never_that_of_a_later_connection(slowed):
    web, mark = slowed(timeouts={"answer": "20s"})
    first = web.connect()
    first.request("POST", "/v1/events", EVENT, {"X-Write-Key": KEY})
    wait_until("it to be in flight", lambda: web.collector.ledger()["received"] == 1)
    first.close()
    wait_until("it to be gone", lambda: web.collector.ask("stats")["sources"]["web"]["peers"] == 0)
    # It has the number of the first one, and its first request.
    second = web.connect()
    second.request("POST", "/v1/events", b"no event", {"X-Write-Key": KEY})
    status, _, body = read(second)
    second.close()
    mark.unlink()
    assert (status, json.loads(body)["code"]) == (400, "invalid_json")


def test_an_answer_counts_for_its_key_although_keys_change(slowed):
    keys = [{"name": "old", "key": KEY}, {"name": "stays", "key": "another-key"}]
    web, mark = slowed(keys=keys, timeouts={"answer": "20s"})
    connection = web.connect()
    connection.request("POST", "/v1/events", EVENT, {"X-Write-Key": KEY})
    wait_until("it to be in flight", lambda: web.collector.ledger()["received"] == 1)
    web.collector.settings["sources"][0]["keys"] = keys[1:]
    web.collector.configuration.write_text(json.dumps(web.collector.settings))
    web.collector.control("reload")
    # Its head is judged by the new keys: the loop has them.
    wait_until("the old key to be refused", lambda: web.ask("POST", "/v1/events", EVENT)[0] == 401)
    mark.unlink()
    assert read(connection)[0] == 200
    connection.close()
    answers = {one["name"]: one["traffic"]["answers"] for one in web.collector.ask("producers")["producers"]}
    assert answers["old"] >= 1 and answers.get("stays", 0) == 0


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("kind", ["idle", "busy"])
def test_a_drain_resets_no_connection_and_loses_nothing(edge, kind, threads):
    web = edge(threads=threads)
    delivered, errors, stop = [], [], threading.Event()

    def client():
        connection = web.connect()
        while not stop.is_set():
            name = str(uuid.uuid4())
            try:
                connection.request("POST", "/v1/events", json.dumps({"messageId": name}), {"X-Write-Key": KEY})
                status, fields, body = read(connection)
            except (OSError, http.client.HTTPException) as error:
                errors.append(repr(error))
                return
            if status == 200:
                delivered.append(name)
                if fields.get("Connection") == "close":
                    # The next request would open another connection.
                    return
            elif status == 503 and json.loads(body)["code"] == "draining":
                assert fields["Retry-After"] and fields["Connection"] == "close"
                return
            else:
                errors.append((status, body))
                return

    clients = [threading.Thread(target=client) for _ in range(16)]
    idle = [web.connect() for _ in range(8)]
    for connection in idle:
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b"ok\n"
    if kind == "busy":
        for thread in clients:
            thread.start()
        wait_until("events to arrive", lambda: len(delivered) > 100)
    web.collector.drain()
    stop.set()
    for thread in clients:
        if thread.ident:
            thread.join()
    # An idle connection was closed, not reset.
    for connection in idle:
        assert connection.sock.recv(10) == b""
        connection.close()
    assert errors == []
    web.collector.start()
    written = [event["messageId"] for _, event in Edge(web.collector).written()]
    assert set(delivered) <= set(written) and len(set(written)) == len(written)


def test_a_grace_takes_requests_as_before(edge):
    web = edge(timeouts={"grace": "3s"})
    connection = web.connect()
    connection.request("POST", "/v1/events", EVENT, {"X-Write-Key": KEY})
    assert read(connection)[0] == 200
    web.collector.control("drain")
    wait_until("/ready to say that it drains", lambda: web.ask("GET", "/ready")[0] == 503)
    connection.request("POST", "/v1/events", EVENT, {"X-Write-Key": KEY})
    assert read(connection)[0] == 200
    assert web.collector.wait_for_exit() == 0
    with contextlib.suppress(OSError):
        connection.close()


# Posts events with ids of their own; at the end prints how many were answered with 200, 503 and otherwise, and how many
# connections ended without an answer.
LOAD = """
local threads, number, taken, ending, other = {}, 0, 0, 0, 0
function setup(thread) table.insert(threads, thread); thread:set("id", #threads) end
function request()
  number = number + 1
  return wrk.format("POST", "/v1/events", { ["X-Write-Key"] = "KEY" }, '{"messageId":"' .. id .. "-" .. number .. '"}')
end
function response(status)
  if status == 200 then taken = taken + 1 elseif status == 503 then ending = ending + 1 else other = other + 1 end
  wrk.thread:set("counts", taken .. " " .. ending .. " " .. other)
end
function done(summary)
  for _, thread in ipairs(threads) do print("COUNTS " .. thread:get("counts") .. " " .. summary.errors.read) end
end
"""


def test_a_drain_under_wrk_answers_every_request(daemon, tmp_path):
    web = Edge(daemon(sources=[source()]))
    script = tmp_path / "load.lua"
    script.write_text(LOAD.replace("KEY", KEY))
    load = subprocess.Popen(
        ["wrk", "-t1", "-c64", "-d2s", "-s", script, web.url], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )
    wait_until("events to arrive", lambda: web.collector.ledger()["received"] > 500)
    web.collector.drain()
    output = load.communicate(timeout=60)[0]
    [counts] = [line for line in output.splitlines() if line.startswith("COUNTS")]
    taken, _, other, reset = map(int, counts.split()[1:])
    # New connections are refused at the end; none that was accepted ends without an answer.
    assert (other, reset) == (0, 0), output
    web.collector.start()
    written = [event["messageId"] for _, event in Edge(web.collector).written()]
    assert len(written) == len(set(written)) == taken


def test_sdks_go_on_by_themselves_over_drains(daemon, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    web = Edge(daemon(sources=[source(bind=[f"127.0.0.1:{port}"])]))
    with Senders(tmp_path, web.url, 1_500) as senders:
        for share in (0.1, 0.3):
            wait_until("events to arrive", lambda: len(senders.delivered) > share * len(senders.sent))
            assert senders.are_sending
            web.collector.drain()
            web.collector.start()
        senders.finish()
    written = [event["messageId"] for _, event in Edge(web.collector).written()]
    assert sorted(written) == sorted(senders.sent)
    assert web.collector.ledger()["duplicate"] == 0
