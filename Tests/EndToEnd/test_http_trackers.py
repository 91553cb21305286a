"""Snowplow's trackers and PostHog's SDKs, and requests as they make them in browsers."""

import base64
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

import pages
from http_edge import KEY, Edge, source

SDKS = Path(sys.prefix) / "sdk"
SENDER = Path(pages.PROJECT) / "Tests" / "Harness" / "tracker_sender.py"
SNOWPLOW, POSTHOG = "snowplow-tracker-1.1.0", "posthog-7.91.1"
TP2 = "/com.snowplowanalytics.snowplow/tp2"
SCHEMA = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def edge(daemon):
    def make(limits=None, partition=None, **more):
        web = source(profiles=["segment", "snowplow", "posthog"], **more)
        settings = {"partition": partition} if partition else {}
        return Edge(daemon(sources=[web], limits=limits or {}, **settings))

    return make


def send(package, *arguments):
    """Runs a tracker to its end; returns what it reports as failures, and the ids of its events."""
    folder = SDKS / package
    assert folder.is_dir(), f"{folder} is missing; make it with `make venv`"
    done = subprocess.run(
        [sys.executable, "-B", SENDER, package, *map(str, arguments)], env=os.environ | {"PYTHONPATH": str(folder)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280,
    )
    assert done.returncode == 0, done.stderr
    failures, _, ids = done.stdout.partition("\n")
    return failures, ids.split()


@pytest.mark.parametrize("how", ["post", "get"])
def test_a_tracker_of_snowplow_delivers_every_event_once(edge, how):
    web = edge()
    failures, ids = send(SNOWPLOW, web.url, KEY, 10_000, how)
    assert failures == "0" and len(ids) == 10_000
    written = web.written()
    assert sorted(event["eid"] for _, event in written) == sorted(ids)
    metadata, event = written[0]
    assert event["se_la"] == "ü€" and event["e"] == "se" and event["se_va"] == "0"
    assert metadata["name"] == "se" and metadata["identity"] == event["eid"]
    assert metadata["http"]["key"] == "shop-web" and metadata["producer"] == "shop-web"
    assert metadata["time"].replace(":", "").startswith(web_time(event["dtm"]))


def web_time(milliseconds):
    from datetime import datetime, timezone

    return datetime.fromtimestamp(int(milliseconds) / 1000, timezone.utc).strftime("%Y-%m-%dT%H%M%S")


@pytest.mark.parametrize("how", ["plain", "gzip"])
def test_an_sdk_of_posthog_delivers_every_event_once(edge, how):
    web = edge()
    failures, ids = send(POSTHOG, web.url, KEY, 10_000, how)
    assert failures == "0" and len(ids) == 10_000
    written = web.written()
    assert sorted(event["uuid"] for _, event in written) == sorted(ids)
    metadata, event = written[0]
    assert event["event"] == "Order Completed" and event["properties"]["note"] == "ü€"
    assert metadata["identity"] == event["uuid"] and metadata["http"]["key"] == "shop-web"
    assert KEY not in json.dumps(written) and metadata["time"]


def test_events_behind_one_that_is_too_large_arrive(edge):
    web = edge({"message": "64KiB", "event": "64KiB"})
    failures, ids = send(SNOWPLOW, web.url, KEY, 10, "huge")
    # What was in one request with it is lost with it; the tracker goes on.
    assert failures.split()[0] == "1" and len(ids) == 9
    assert [event["eid"] for _, event in web.written()] == ids[2:]


def data(*events):
    return json.dumps({"schema": SCHEMA, "data": list(events)}).encode()


def told(web, body, path=TP2, key=KEY, headers=None):
    status, fields, answer = web.ask("POST", path, body, headers, key=key)
    return status, answer


def test_a_repetition_of_snowplow_is_there_once(edge):
    web = edge(partition={"path": "event={event}"})
    event = {"e": "pv", "eid": "1", "dtm": "1700000000123", "stm": "1", "aid": KEY}
    assert told(web, data(event), key=None) == (200, b"ok")
    # The time of sending is another one at each attempt; another event under the id is one.
    assert told(web, data(event | {"stm": "2"}, event | {"url": "x"}), key=None) == (200, b"ok")
    web.collector.kill()
    web.collector.start()
    web = Edge(web.collector)
    assert told(web, data(event | {"stm": "3"}), key=None) == (200, b"ok")
    written = web.written()
    assert [event.get("url") for _, event in written] == [None, "x"]
    assert written[0][0]["time"] == "2023-11-14T22:13:20.123000Z"
    assert [metadata.get("idReused", False) for metadata, _ in written] == [False, True]
    assert [folder.name for folder in (web.collector.data / "events").iterdir()] == ["event=pv"]


def test_trackers_of_snowplow_are_refused_by_400_alone(edge):
    web = edge({"message": "64KiB", "event": "16KiB"})
    huge = data({"e": "pv", "x": "y" * 70_000})
    for path, method, body, headers in (
        (TP2, "POST", huge, {}), ("/com.other/tp2", "POST", b"{}", {}), (TP2, "PUT", b"{}", {}),
        (TP2, "POST", b"{}", {"Content-Encoding": "br"}), ("/i", "GET", None, {}), ("/i?x", "POST", b"{}", {}),
    ):
        status, _, answer = web.ask(method, path, body, headers)
        assert (status, bool(json.loads(answer)["code"])) == (400, True), path
    assert told(web, data({"e": "pv"}), key=None)[0] == 401
    # Of what cannot be accepted a tracker is told that it arrived: it is in quarantine.
    assert told(web, data({"e": "x" * 20_000})) == (200, b"ok")
    assert told(web, b'{"schema":"x","data":[{"e":"pv"},{"e":,"a":1},{"e":"pp"}]}') == (200, b"ok")
    assert told(web, data()) == (200, b"ok")
    status, fields, answer = web.ask("GET", "/i?e=pv&eid=9", headers={"Accept": "image/avif,*/*"})
    assert (status, fields["Content-Type"]) == (200, "image/gif")
    assert [event["e"] for _, event in web.written()] == ["pv", "pp", "pv"]
    assert web.collector.ledger()["quarantined"] == 2


@pytest.mark.parametrize("damaged, good", [
    (b'{"data":[{"e":"1"},{"e":2x},{"e":"3"}],"schema":"s"}', ["1", "3"]),
    (b'{"data":[{"e":"1"},7,{"e":"3"}]}', ["1", "3"]), (b'{"data":[{"e":"1"},{"e":"2"}', []),
    (b'{"data":[{"e":"1"}]} x', []), (b'{"data":[{"e":"1"}],"data":[{"e":"2"}]}', []), (b'{"schema":x,"data":[{"e":"1"}]}', []),
    (b'{"a":{"data":[{"e":"1"}]}}', []), (b'[{"e":"1"},{"e":"2"}]', ["1", "2"]),
])
def test_one_bad_event_in_data_costs_no_other(edge, damaged, good):
    web = edge()
    assert told(web, damaged) == (200, b"ok")
    assert [event["e"] for _, event in web.written() if "e" in event] == good


CAPTURE = {"event": "seen", "uuid": "0190-1", "properties": {"token": KEY, "a": 1}, "timestamp": "2026-11-22T10:00:00Z"}


@pytest.mark.parametrize("path", ["/e/", "/e", "/i/v0/e/", "/capture/", "/track", "/batch/"])
def test_the_paths_of_posthog(edge, path):
    web = edge()
    body = json.dumps(CAPTURE).encode()
    zipped = path + "?compression=gzip-js&_=1700000000"
    for at, (path, body, headers) in enumerate((
        (path, json.dumps({"api_key": KEY, **CAPTURE, "uuid": "0"}).encode(), {}), (path, b"[" + body + b"]", {}),
        (zipped, gzip.compress(body), {"Content-Type": "text/plain"}), (zipped, body, {}),
        (path, urlencode({"data": base64.b64encode(body).decode(), "compression": "base64"}).encode(), FORM),
        (path, urlencode({"data": body.decode()}).encode(), {}), (path, gzip.compress(body), FORM),
        (path, json.dumps({"api_key": KEY, "batch": [CAPTURE], "sent_at": "x"}).encode(), {}),
    )):
        status, _, answer = web.ask("POST", path, body, headers, key=None)
        assert (status, json.loads(answer)) == (200, {"status": 1}), at
    query = urlencode({"data": base64.b64encode(json.dumps(CAPTURE | {"uuid": "2"}).encode()).decode()})
    status, _, answer = web.ask("GET", f"{path}?{query}", key=None)
    assert (status, json.loads(answer)) == (200, {"status": 1})
    written = web.written()
    assert [event["uuid"] for _, event in written] == ["0", "0190-1", "2"]
    assert [event for _, event in written] == [CAPTURE | {"uuid": at, "properties": {"a": 1}} for at in ("0", "0190-1", "2")]
    assert written[1][0]["identity"] == "0190-1"


def test_what_posthog_cannot_send_is_refused(edge):
    web = edge()
    body = json.dumps({"event": "x", "api_key": "not-a-known-key"}).encode()
    assert web.post(body, "/e/", key=None)[1]["code"] == "unauthorized"
    status, answer = web.post(b"no JSON", "/e/")
    assert (status, answer["code"], answer["kept"]) == (400, "invalid_json", True)
    assert web.ask("GET", "/e/?data=x")[0] == 400 and web.ask("PUT", "/e/", b"{}")[0] == 405
    assert web.post(b'{"api_key":"x","batch":[]}', "/batch/") == (200, {"status": 1})
    # The value of another service is no key of this one.
    assert web.post(b'{"event":"x","token":"t-1","properties":{"token":"t-2"}}', "/e/") == (200, {"status": 1})
    assert [event for _, event in web.written()] == [{"event": "x", "token": "t-1", "properties": {"token": "t-2"}}]


def test_without_the_profiles_there_are_no_such_paths(daemon):
    web = Edge(daemon(sources=[source()]))
    for path in (TP2, "/e/", "/batch/"):
        assert web.ask("POST", path, b"{}")[0] == 404
    assert web.ask("GET", "/i?e=pv")[0] == 404
