"""Real SDKs of Segment and RudderStack, and requests as those for browsers and phones make them."""

import gzip
import json
import socket

import pytest

from http_edge import KEY, Edge, source
from sdk_senders import PACKAGES, Senders, start
from waiting import wait_until


@pytest.fixture
def edge(daemon):
    def make(limits=None, **more):
        return Edge(daemon(sources=[source(**more)], limits=limits or {}))

    return make


def sdk(package, *arguments):
    """Runs the sender to its end; returns what it prints."""
    sender = start(package, package, *arguments)
    output, errors = sender.communicate(timeout=280)
    assert sender.returncode == 0, errors
    return output


@pytest.mark.parametrize("zipped", ["plain", "gzip"])
@pytest.mark.parametrize("package", PACKAGES)
def test_an_sdk_delivers_every_event_once(edge, package, zipped):
    web = edge()
    assert sdk(package, web.url, KEY, 10_000, zipped).split()[0] == "0"
    written = web.written()
    assert sorted(event["messageId"] for _, event in written) == sorted(f"{package}-{at}" for at in range(10_000))
    metadata, event = written[0]
    assert event["type"] == "track" and event["properties"]["note"] == "ü€"
    assert metadata["http"]["key"] == "shop-web" and metadata["http"]["path"] == "/v1/batch"
    assert KEY not in json.dumps(written)


def test_sdks_deliver_every_event_once_although_the_collector_is_killed(daemon):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    web = Edge(daemon(sources=[source(bind=[f"127.0.0.1:{port}"])]))
    senders = {name: start(package, name, web.url, KEY, 6_000, "gzip") for name, package in enumerate(PACKAGES)}
    for share in (0.2, 0.5):
        wait_until("events to arrive", lambda: web.collector.ledger()["received"] > share * 18_000)
        assert any(sender.poll() is None for sender in senders.values()), "nothing was under way"
        web.collector.kill()
        web.collector.start()
    for sender in senders.values():
        output, errors = sender.communicate(timeout=280)
        assert sender.returncode == 0 and output.split()[0] == "0", (output, errors)
    written = [event["messageId"] for _, event in web.written()]
    assert sorted(written) == sorted(f"{name}-{at}" for name in senders for at in range(6_000))


@pytest.mark.parametrize("limits,key,code", [
    ({}, "not-a-known-key", "unauthorized"), ({"message": "4KiB", "event": "1KiB"}, KEY, "too_large"),
], ids=["bad key", "too large"])
def test_a_refusal_makes_one_request_and_no_more(edge, limits, key, code):
    web = edge(limits)
    senders = [start(package, package, web.url, key, 50, "plain") for package in PACKAGES]
    for sender in senders:
        output, errors = sender.communicate(timeout=60)
        assert sender.returncode == 0 and output.split()[0] == "1" and code in output, (output, errors)
    stats = web.collector.ask("stats")["sources"]["web"]
    assert stats["rejected"] == stats["connections"]["connects"] == len(PACKAGES)
    assert web.collector.ledger()["received"] == 0


def test_sdks_wait_out_a_quota_and_other_keys_do_not(edge, tmp_path):
    web = edge(keys=[{"name": "shop-web", "key": KEY, "rate": 8}, {"name": "other", "key": "another-key"}])
    with Senders(tmp_path, web.url, 150) as senders:
        wait_until("a refusal", lambda: web.collector.ask("stats")["sources"]["web"]["rejected"] > 0)
        while senders.are_sending:
            assert web.post(b'{"event":"other"}', key="another-key")[0] == 200
        senders.finish()
    written = [event["messageId"] for _, event in web.written() if "messageId" in event]
    assert sorted(written) == sorted(senders.sent)


@pytest.mark.parametrize("path,kind", [
    ("/v1/track", "track"), ("/v1/t", "track"), ("/v1/identify", "identify"), ("/v1/i", "identify"),
    ("/v1/page", "page"), ("/v1/p", "page"), ("/v1/screen", "screen"), ("/v1/s", "screen"),
    ("/v1/group", "group"), ("/v1/g", "group"), ("/v1/alias", "alias"), ("/v1/a", "alias"),
])
def test_the_path_says_the_type_that_is_missing(edge, path, kind):
    web = edge()
    assert web.post(b'{"userId":"u"}', path)[0] == 200
    assert web.post(b'{"type":"own","userId":"u"}', path)[0] == 200
    assert [event for _, event in web.written()] == [{"type": kind, "userId": "u"}, {"type": "own", "userId": "u"}]


def test_a_phones_key_is_in_the_body(edge):
    web = edge()
    batch = {"batch": [{"type": "track", "messageId": str(at)} for at in range(20)], "sentAt": "2026-11-22T10:00:00Z"}
    swift = json.dumps(batch | {"writeKey": KEY}).encode()
    status, answer = web.post(swift, "/v1/b", {"Content-Type": "application/json; charset=utf-8"}, key=None)
    assert (status, answer["events"]) == (200, 20)
    # analytics-kotlin: gzip, in chunks, text/plain.
    kotlin = gzip.compress(json.dumps({"writeKey": KEY, "batch": [{"type": "track", "messageId": "k"}]}).encode())
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    status, _, body = web.ask("POST", "/v1/b", iter([kotlin[:40], kotlin[40:]]), headers, key=None)
    assert (status, json.loads(body)["events"]) == (200, 1)
    for bad in (batch, batch | {"writeKey": "other"}):
        status, answer = web.post(json.dumps(bad).encode(), "/v1/b", key=None)
        assert (status, answer["code"]) == (401, "unauthorized") and answer["message"]
    written = web.written()
    assert len(written) == 21 and {metadata["http"]["key"] for metadata, _ in written} == {"shop-web"}
    assert all(event["sentAt"] for _, event in written if event["messageId"] != "k")
    assert web.collector.ledger()["received"] == 21


def test_the_key_of_a_single_event_is_not_written(edge):
    web = edge()
    body = json.dumps({"writeKey": KEY, "event": "x", "messageId": "1"}).encode()
    assert web.post(body, "/v1/t", {"Content-Type": "text/plain"}, key=None)[0] == 200
    assert web.post(body, "/v1/t", {"Content-Type": "text/plain"}, key=None)[1]["duplicates"] == 1
    web.collector.kill()
    web.collector.start()
    web = Edge(web.collector)
    # By what is in the file, it is known again after a crash.
    assert web.post(body, "/v1/t", key=None)[1]["duplicates"] == 1
    ((_, event),) = web.written()
    assert event == {"type": "track", "event": "x", "messageId": "1"}


def test_an_empty_batch_is_no_event(edge):
    web = edge()
    assert web.post(b'{"batch":[]}', "/v1/batch") == (200, {"success": True, "status": "committed", "events": 0})
    assert web.collector.ledger()["received"] == 0


def test_telemetry_is_taken_and_forgotten(edge):
    web = edge()
    assert web.post(b'{"series":[]}', "/v1/m", {"Content-Type": "text/plain"}, key=None)[0] == 200
    assert web.collector.ledger()["received"] == 0


def test_too_large_a_body_is_400_which_sdks_take_as_final(edge):
    web = edge({"message": "64KiB", "event": "16KiB"})
    status, answer = web.post(b" " * (65 << 10), "/v1/batch")
    assert (status, answer["code"]) == (400, "too_large")


def test_settings_lead_sdks_to_this_collector(edge):
    web = edge(prefix="/x7")
    for path in (f"/x7/v1/projects/{KEY}/settings", f"/x7/projects/{KEY}/settings"):
        status, fields, body = web.ask("GET", path, key=None)
        settings = json.loads(body)
        assert status == 200 and fields["Content-Type"] == "application/json"
        segment = settings["integrations"]["Segment.io"]
        assert segment["apiHost"] == f"{web.address[0]}:{web.address[1]}/x7/v1" and segment["apiKey"] == KEY
        assert settings["httpConfig"]["rateLimitConfig"]["enabled"] is True
        assert settings["httpConfig"]["backoffConfig"]["enabled"] is True
        assert settings["metrics"]["sampleRate"] == 0
    status, _, body = web.ask("GET", "/x7/v1/projects/unknown/settings", key=None)
    assert status == 404 and json.loads(body)["code"]


def test_settings_name_the_configured_host(edge):
    web = edge(settings={"apiHost": "edge.shop.example/v1"})
    _, _, body = web.ask("GET", f"/v1/projects/{KEY}/settings", key=None)
    assert json.loads(body)["integrations"]["Segment.io"]["apiHost"] == "edge.shop.example/v1"
