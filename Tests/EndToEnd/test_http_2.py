"""HTTP/2 on sources with TLS: the same answers for each stream, floods, and a load."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest
from hyperframe import frame

from http2_client import Client, ended_by, head_block
from http_edge import KEY, source
from prometheus import compiled
from test_http_tls import SecureEdge, certificate
from waiting import wait_until

EVENT = b'{"event":"x"}'


@pytest.fixture
def edge(daemon, tmp_path):
    certificate(tmp_path)

    def make(limits=None, slow=False, **more):
        """`slow`: each commit takes more than a second."""
        tls = {"certificate": str(tmp_path / "edge.pem"), "key": str(tmp_path / "edge.key")}
        collector = daemon(start=False, sources=[source(tls=tls, **more)], limits=limits or {})
        if slow:
            library = compiled(Path(__file__).with_name("slow_disk.c"), tmp_path)
            collector.environment |= {"LD_PRELOAD": str(library), "SLOW_DISK_WHILE": str(library)}
        return SecureEdge(collector.start(), tmp_path)

    return make


def curl(web, *arguments, path="/v1/events"):
    """Status, version and body of an answer that curl gets."""
    address = web.url.replace("127.0.0.1", "localhost")
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "30", "--cacert", web.folder / "edge.pem", "-H", f"X-Write-Key: {KEY}",
         "-w", "\n%{http_code} %{http_version}", *arguments, address + path],
        capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    body, _, last = done.stdout.rpartition("\n")
    return (*last.split(), body)


def test_curl_agrees_on_either_version(edge, tmp_path):
    web = edge()
    for option, version in (("--http2", "2"), ("--http1.1", "1.1")):
        status, spoken, body = curl(web, option, "-d", EVENT.decode())
        assert (status, spoken) == ("200", version) and json.loads(body)["status"] == "committed"
    assert curl(web, "--http2", path="/health") == ("200", "2", "ok\n")
    assert curl(web, "--http2", "-I", path="/health")[:2] == ("200", "2")
    # A long body, of which curl asks whether it is wanted.
    (tmp_path / "body").write_bytes(b" " * (2 << 20) + EVENT)
    began = time.monotonic()
    status, spoken, body = curl(web, "--http2", "-H", "Expect: 100-continue", "--data-binary", f"@{tmp_path}/body")
    assert (status, spoken) == ("200", "2")
    assert "edge" not in body and time.monotonic() - began < 20
    (tmp_path / "body").write_bytes(b" " * (5 << 20) + EVENT)
    status, spoken, body = curl(web, "--http2", "--data-binary", f"@{tmp_path}/body")
    assert (status, spoken, json.loads(body)["code"]) == ("413", "2", "too_large")
    assert len(web.written()) == 3


def test_streams_of_a_connection_are_answered_each_for_itself(edge):
    web = edge()
    with Client(web, KEY) as client:
        good = [client.post(b'{"messageId":"%d"}' % at) for at in range(60)]
        bad, repeated = client.post(b"no event"), client.post(b'{"messageId":"7"}')
        missing = client.begin("GET", "/nothing", ends=True)
        for stream in good:
            status, headers, body = client.answer(stream)
            assert (status, json.loads(body)["events"]) == (200, 1)
            assert headers["content-type"] == "application/json" and "connection" not in headers
        assert json.loads(client.answer(bad)[2])["code"] == "invalid_json"
        assert json.loads(client.answer(repeated)[2])["duplicates"] == 1
        status, headers, body = client.answer(missing)
        assert (status, json.loads(body)["code"]) == (404, "not_found") and "connection" not in headers
        assert client.resets == {} and not client.is_going_away
    wait_until("the connection to end", lambda: web.collector.ask("stats")["sources"]["web"]["peers"] == 0)
    figures = web.collector.ask("stats")["sources"]["web"]["connections"]
    assert figures["connects"] == figures["disconnects"] == 1 and figures["violations"] == 0
    written = web.written()
    assert sorted(int(event["messageId"]) for _, event in written) == list(range(60))
    assert {metadata["http"]["key"] for metadata, _ in written} == {"shop-web"}


def test_expect_is_answered_before_the_body(edge):
    with Client(edge(), KEY) as client:
        stream = client.begin(headers=[("expect", "100-continue"), ("content-length", str(len(EVENT)))])
        while stream not in client.informed:
            assert client.receive(), client.resets
        assert client.informed[stream] == "100"
        client.send(stream, EVENT)
        assert client.answer(stream)[0] == 200


def test_a_refused_body_is_not_read_on_and_others_go_on(edge):
    web = edge()
    with Client(web, KEY) as client:
        stream = client.begin(headers=[("content-length", str(50 << 20))])
        client.send(stream, b" " * 60_000, ends=False)
        status, headers, body = client.answer(stream)
        assert (status, json.loads(body)["code"]) == (413, "too_large") and "connection" not in headers
        while stream not in client.resets:
            assert client.receive(), client.resets
        # Without an error: the answer counts.
        assert client.resets[stream] == 0
        assert client.answer(client.post(EVENT))[0] == 200
        slow = client.begin(headers=[("content-length", "13")])
        client.send(slow, EVENT[:5], ends=False)
        assert client.answer(client.post(EVENT))[0] == 200
    assert len(web.written()) == 2


@pytest.mark.parametrize("fields", [
    [("x-long", "v" * (17 << 10))], [(f"x-{at}", "v") for at in range(101)],
], ids=["field", "count"])
def test_too_much_of_a_head_is_refused(edge, fields):
    with Client(edge(), KEY) as client:
        stream = client.begin("GET", "/health", fields, ends=True)
        status, _, body = client.answer(stream)
        assert (status, json.loads(body)["code"]) == (431, "headers_too_large")
        assert client.answer(client.begin("GET", "/health", ends=True))[0] == 200


def test_who_is_too_slow_is_told_so(edge):
    with Client(edge(timeouts={"body": "1s"}), KEY) as client:
        stream = client.begin(headers=[("content-length", "13")])
        client.send(stream, EVENT[:5], ends=False)
        status, _, body = client.answer(stream)
        assert (status, json.loads(body)["code"]) == (408, "slow")


def test_an_idle_connection_is_told_and_closed(edge):
    with Client(edge(timeouts={"idle": "1s"}), KEY) as client:
        assert client.answer(client.post(EVENT))[0] == 200
        while client.receive():
            pass
        assert client.is_going_away


def heads(count, flags=("END_HEADERS", "END_STREAM")):
    for at in range(count):
        one = frame.HeadersFrame(1 + 2 * at, head_block())
        for flag in flags:
            one.flags.add(flag)
        yield one.serialize()


def resets():
    for at, head in enumerate(heads(1_000, ["END_HEADERS"])):
        yield head + frame.RstStreamFrame(1 + 2 * at, error_code=8).serialize()


def pings():
    for _ in range(2_000):
        yield frame.PingFrame(0, b"12345678").serialize()


def settings():
    for at in range(2_000):
        yield frame.SettingsFrame(0, {4: 65_535 + at}).serialize()


def continuations():
    yield frame.HeadersFrame(1, head_block()).serialize()
    for _ in range(1_000):
        yield frame.ContinuationFrame(1, head_block(("x-more", "v" * 100))[4:]).serialize()


def empty_data():
    yield from heads(1, ["END_HEADERS"])
    for _ in range(1_000):
        yield frame.DataFrame(1, b"").serialize()


def a_bomb():
    """Fields that are short on the wire and long once decoded."""
    encoder = b"\x40\x01x" + b"\x7f" + bytes([0x80 | ((3_900 - 127) & 0x7F), (3_900 - 127) >> 7]) + b"v" * 3_900
    one = frame.HeadersFrame(1, head_block() + encoder + b"\xbe" * 10_000)
    for flag in ("END_HEADERS", "END_STREAM"):
        one.flags.add(flag)
    yield one.serialize()


@pytest.mark.parametrize("flood", [resets, pings, settings, continuations, empty_data, a_bomb], ids=lambda one: one.__name__)
def test_a_flood_ends_its_connection_and_no_other(edge, flood):
    web = edge()
    with Client(web, KEY) as good:
        assert good.answer(good.post(EVENT))[0] == 200
        has_ended, code = ended_by(web, flood())
        # No code means that its bytes were still under way when the connection ended.
        assert has_ended and code != 0, code
        assert good.answer(good.post(EVENT))[0] == 200
        violations = web.collector.ask("stats")["sources"]["web"]["connections"]["violations"]
        assert violations == 1
    assert len(web.written()) == 2


def test_bodies_of_streams_count_in_the_budget(edge):
    web = edge({"message": "1MiB"}, buffered="1MiB")
    with Client(web, KEY) as large, Client(web, KEY) as other:
        taken, streams = 0, []
        while taken < 1 << 20:
            streams.append(large.begin(headers=[("content-length", "200000")]))
            sent = 0
            while sent < 199_999 and taken < 1 << 20:
                part = large.send(streams[-1], b"x" * min(199_999 - sent, 50_000), ends=False)
                sent, taken = sent + part, taken + part
                if not part:
                    assert large.receive()
        # The budget is used up: nothing more of any connection with streams is read.
        wait_until("the other connection not to be read", lambda: not is_read(other))
        large.socket.close()
        wait_until("it to be read again", lambda: is_read(other))
        assert other.answer(other.post(EVENT))[0] == 200
    assert len(web.written()) == 1


def is_read(client):
    """Whether a request is answered within a moment."""
    stream = client.begin("GET", "/health", ends=True)
    client.socket.settimeout(0.5)
    try:
        return client.answer(stream)[0] == 200
    except TimeoutError:
        return False
    finally:
        client.socket.settimeout(30)


def test_a_load_of_streams_is_taken(edge, tmp_path):
    web = edge(threads=2)
    (tmp_path / "event").write_bytes(EVENT)
    done = subprocess.run(
        ["h2load", "-n", "4000", "-c", "8", "-m", "50", "-d", tmp_path / "event", "-H", f"X-Write-Key: {KEY}",
         web.url + "/v1/events"],
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "4000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout
    assert re.search(r"status codes: 4000 2xx", done.stdout)
    assert web.collector.wait_for_received(4_000)["written"] == 4_000
