"""The HTTP source's answers: what is kept, what is refused, and what a client can know from it."""

import gzip
import json
import subprocess
import zlib

import pytest

from http_edge import KEY, Edge, source
from waiting import wait_until

EVENT = b'{"event":"x"}'


@pytest.fixture
def edge(daemon):
    def make(limits=None, **more):
        return Edge(daemon(sources=[source(**more)], limits=limits or {}))

    return make


def test_an_event_is_on_the_disk_when_its_answer_comes(edge):
    web = edge()
    assert web.post(b'{"event":"x","messageId":"1"}') == (200, {"success": True, "status": "committed", "events": 1})
    web.collector.kill()
    web.collector.start()
    wait_until("the event to be found", lambda: web.collector.ledger()["written"] == 1)
    ((metadata, event),) = Edge(web.collector).written()
    assert event == {"event": "x", "messageId": "1"}
    assert metadata["source"] == "web"


@pytest.mark.parametrize("body", [
    EVENT, EVENT + b"\n" + EVENT, b"[" + EVENT + b"," + EVENT + b"]", b'{"batch":[' + EVENT + b"]}",
], ids=["object", "lines", "array", "batch"])
@pytest.mark.parametrize("coding", ["none", "gzip", "unnamed gzip", "deflate"])
def test_everything_that_the_protocol_allows_is_taken(edge, body, coding):
    web = edge()
    count = body.count(b"event")
    headers = {"Content-Type": "text/plain"}
    sent = body
    if "gzip" in coding:
        sent = gzip.compress(body)
    elif coding == "deflate":
        sent = zlib.compress(body)
    if coding in ("gzip", "deflate"):
        headers["Content-Encoding"] = coding
    assert web.post(sent, headers=headers) == (200, {"success": True, "status": "committed", "events": count})
    assert [event for _, event in web.written()] == [{"event": "x"}] * count


def test_a_repeated_event_is_answered_and_not_written_again(edge):
    web = edge()
    event = b'{"event":"x","messageId":"1"}'
    assert web.post(event)[0] == 200
    assert web.post(event) == (200, {"success": True, "status": "committed", "events": 1, "duplicates": 1})
    assert len(web.written()) == 1


def test_one_bad_event_costs_no_good_one(edge):
    web = edge()
    status, answer = web.post(b"[" + (EVENT + b",") * 99 + b'{"a":NaN}]')
    assert status == 200 and answer["events"] == 99
    assert [(piece["index"], piece["reason"]) for piece in answer["quarantined"]] == [(99, "invalid_json")]
    assert len(web.written()) == 99


def test_what_has_no_good_event_is_kept_and_refused(edge):
    web = edge()
    status, answer = web.post(b'{"event":')
    assert status == 400 and answer["code"] == "invalid_json" and answer["kept"] is True and answer["message"]
    assert web.collector.ledger()["quarantined"] == 1


def test_chunks_and_expect_are_taken(edge, tmp_path):
    web = edge()
    body = tmp_path / "body"
    body.write_bytes(b"\n".join([EVENT] * 5_000))
    for options in (["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"]):
        done = subprocess.run(
            ["curl", "-sS", "-w", " %{http_code} %{time_total}", "-H", f"X-Write-Key: {KEY}", *options,
             "--data-binary", f"@{body}", f"{web.url}/v1/events"],
            capture_output=True, text=True, check=True,
        )
        answer, status, _ = done.stdout.rsplit(" ", 2)
        assert (status, json.loads(answer)["events"]) == ("200", 5_000)


def test_expect_is_answered_before_the_body_is_sent(edge):
    web = edge()
    connection = web.connect()
    connection.putrequest("POST", "/v1/events")
    for name, value in (("X-Write-Key", KEY), ("Expect", "100-continue"), ("Content-Length", str(len(EVENT)))):
        connection.putheader(name, value)
    connection.endheaders()
    first = connection.sock.recv(100)
    assert first.startswith(b"HTTP/1.1 100 ")
    connection.send(EVENT)
    assert connection.getresponse().status == 200


@pytest.mark.parametrize("headers,query", [
    ({"Authorization": "Basic YS1rZXktb2YtdGhlLXNob3A6"}, ""),
    ({"Authorization": f"Bearer {KEY}"}, ""),
    ({"X-Write-Key": KEY}, ""),
    ({}, f"?writeKey={KEY}"),
    ({}, f"?a=b&token={KEY}"),
], ids=["basic", "bearer", "header", "query", "token"])
def test_a_key_may_be_in_several_places(edge, headers, query):
    web = edge()
    assert web.post(EVENT, f"/v1/events{query}", headers, key=None)[0] == 200


@pytest.mark.parametrize("headers", [
    {}, {"X-Write-Key": "another"}, {"Authorization": "Basic !"}, {"Authorization": "Basic YQ=="},
    # The first one found decides.
    {"Authorization": "Bearer nobody's"},
], ids=["none", "other", "bad base64", "short", "bearer"])
def test_without_a_known_key_nothing_is_kept(edge, headers):
    web = edge()
    status, answer = web.post(EVENT, headers=headers, key=None)
    assert (status, answer["code"]) == (401, "unauthorized") and answer["message"]
    assert web.collector.ledger()["received"] == 0
    log = wait_until("a line in the log", lambda: (text := web.collector.log_path.read_text()) and "write key" in text and text)
    assert "nobody" not in log and "another" not in log


def test_other_paths_methods_and_codings_are_refused_with_a_code(edge):
    web = edge()
    cases = [
        ("POST", "/nowhere", {}, 404, "not_found"),
        ("GET", "/v1/events", {}, 405, "method"),
        ("POST", "/health", {}, 405, "method"),
        ("POST", "/v1/events", {"Content-Encoding": "br"}, 415, "coding"),
        ("POST", "/v1/events", {"Content-Type": "multipart/form-data; boundary=x"}, 415, "coding"),
    ]
    for method, path, headers, status, code in cases:
        found, fields, body = web.ask(method, path, EVENT if method == "POST" else None, headers)
        answer = json.loads(body)
        assert (found, answer["code"]) == (status, code) and answer["message"], (method, path)
        assert "WWW-Authenticate" not in fields and fields["Cache-Control"] == "no-store"


def test_a_prefix_stands_in_front_of_all_paths(edge):
    web = edge(prefix="/x7")
    assert web.post(EVENT, "/x7/v1/events")[0] == 200
    assert web.post(EVENT, "/v1/events")[0] == 404
    assert web.ask("GET", "/health")[0] == 200


def test_a_body_over_the_limit_is_refused_declared_or_counted(edge):
    web = edge(limits={"message": "64KiB", "event": "16KiB"})
    body = b" " * (65 << 10)
    status, fields, answer = web.ask("POST", "/v1/events", body)
    assert (status, json.loads(answer)["code"], fields["Connection"]) == (413, "too_large", "close")
    status, fields, answer = web.ask("POST", "/v1/events", (body[at: at + 1024] for at in range(0, len(body), 1024)))
    assert (status, json.loads(answer)["code"], fields["Connection"]) == (413, "too_large", "close")
    assert web.post(b" " * (63 << 10) + EVENT)[0] == 200
    assert web.collector.ledger()["received"] == 1


def test_a_key_has_its_rate(edge):
    web = edge(keys=[{"name": "slow", "key": KEY, "rate": 2}, {"name": "free", "key": "another-key"}])
    answers = [web.ask("POST", "/v1/events", EVENT) for _ in range(12)]
    refused = [(fields, json.loads(body)) for status, fields, body in answers if status == 429]
    assert answers[0][0] == 200 and refused
    for fields, body in refused:
        assert body["code"] == "quota" and 1 <= int(fields["Retry-After"]) <= 300 and fields["X-RateLimit-Reset"]
    assert web.post(EVENT, key="another-key")[0] == 200
    in_body = json.dumps({"writeKey": KEY, "event": "x"}).encode()
    status, fields, body = web.ask("POST", "/v1/t", in_body, key=None)
    assert (status, json.loads(body)["code"], fields["Retry-After"]) == (429, "quota", "1")


def test_a_connection_goes_on_after_an_answer(edge):
    web = edge()
    connection = web.connect()
    statuses = []
    for key in (KEY, "wrong-key", KEY):
        connection.request("POST", "/v1/events", EVENT, {"X-Write-Key": key})
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    assert statuses == [200, 401, 200]
    assert web.collector.ask("stats")["sources"]["web"]["connections"]["connects"] == 1


def test_requests_in_a_row_are_answered_in_order(edge):
    web = edge()
    one = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Write-Key: %s\r\nContent-Length: %d\r\n\r\n%s"
    requests = b"".join(one % (KEY.encode(), len(body), body) for body in (EVENT, b"[]", EVENT + b"\n" + EVENT))
    last = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = web.raw(requests + last)
    assert [int(part.split(b"}")[0].split(b",")[0]) for part in answer.split(b'"events":')[1:]] == [1, 0, 2]
    assert answer.endswith(b"ok\n") and answer.count(b"HTTP/1.1 200 OK") == 4
