"""The metrics of HTTP sources."""

import re
import socket

import pytest

from http_edge import KEY, Edge, source
from test_alerts import metrics_port, scrape
from waiting import wait_until

EVENT = b'{"event":"x"}'


@pytest.fixture
def edge(daemon):
    return lambda **more: Edge(daemon(sources=[source(**more)], metrics={"listen": "127.0.0.1:0"}))


def series(web, name):
    """The samples of a metric by their labels' values, without the source."""
    text = scrape(metrics_port(web.collector))
    lines = re.findall(rf"^touchpoint_http_{name}\{{source=\"web\",?(.*)\}} (\S+)$", text, re.M)
    return {tuple(re.findall(r'"([^"]*)"', labels)): float(value) for labels, value in lines}


def test_every_series_is_there_from_the_start(edge):
    web = edge()
    requests = series(web, "requests_total")
    profiles = {profile for profile, _ in requests}
    assert {"segment", "events", "cloudevents", "pixel", "webhook", "redirect", "other"} <= profiles
    codes = {code for _, code in requests}
    assert {"200", "302", "400", "401", "403", "404", "405", "408", "413", "415", "429", "431", "503"} <= codes
    assert len(requests) == len(profiles) * len(codes) < 250 and set(requests.values()) == {0}
    assert series(web, "answer_seconds_count") == {(): 0} and series(web, "buffered_bytes") == {(): 0}
    assert set(series(web, "unknown_keys_total")) == {("refused",), ("kept",), ("limited",)}


def test_requests_are_counted_by_what_they_were_for_and_their_code(edge):
    hook = {"path": "/hooks/crm", "secrets": ["a-secret-of-the-crm"], "signature": {"header": "X-Sign"}}
    web = edge(redirect={"hosts": ["shop.example"]}, webhooks=[hook])
    assert web.post(EVENT)[0] == 200
    assert web.post(b"{")[0] == 400
    assert web.post(EVENT, key="not-a-known-key")[0] == 401
    assert web.post(EVENT, "/v1/t")[0] == 200
    assert web.post(EVENT, "/nowhere")[0] == 404
    assert web.post(EVENT, "/hooks/crm")[0] == 401
    assert web.ask("GET", f"/pixel.gif?writeKey={KEY}&event=x", key=None)[0] == 200
    assert web.ask("GET", "/r?u=https%3A%2F%2Fshop.example%2F", key=None)[0] == 302
    assert web.ask("GET", "/r?u=https%3A%2F%2Fother.example%2F", key=None)[0] == 400
    assert web.raw(b"no HTTP at all\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    counted = {labels: value for labels, value in series(web, "requests_total").items() if value}
    assert counted == {
        ("events", "200"): 1, ("events", "400"): 1, ("events", "401"): 1, ("segment", "200"): 1, ("other", "404"): 1,
        ("webhook", "401"): 1, ("pixel", "200"): 1, ("redirect", "302"): 1, ("redirect", "400"): 1, ("other", "400"): 1,
    }
    # Those whose events came whole, refused or not.
    assert series(web, "answer_seconds_count") == {(): 5}
    assert 0 < series(web, "answer_seconds_sum")[()] < 60
    buckets = series(web, "answer_seconds_bucket")
    assert buckets[("+Inf",)] == 5 and list(buckets.values()) == sorted(buckets.values())


def test_bodies_that_are_not_whole_are_buffered(edge):
    web = edge()
    head = f"POST /v1/events HTTP/1.1\r\nHost: a\r\nX-Write-Key: {KEY}\r\nContent-Length: 200000\r\n\r\n"
    with socket.create_connection(web.address) as connection:
        connection.sendall(head.encode() + b" " * 100_000)
        wait_until("the bytes to count", lambda: series(web, "buffered_bytes") == {(): 100_000})
    wait_until("the bytes to be gone", lambda: series(web, "buffered_bytes") == {(): 0})
