"""What browsers and trackers ask for about people, and what is kept then."""

import json
import urllib.parse

import pytest

from http_edge import KEY, Edge, source
from readback import lines_by_zcat
from test_quarantine import metric
from waiting import finished, wait_until

GPC, DNT = {"Sec-GPC": "1"}, {"DNT": "1"}
DROP = {"gpc": "drop", "dnt": "drop"}


@pytest.fixture
def edge(daemon):
    return lambda **more: Edge(daemon(sources=[source(**more)], metrics={"listen": "127.0.0.1:0"}))


def curl(web, headers, body='{"event":"x","messageId":"1"}'):
    fields = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    code, output, errors = finished(
        ["curl", "-sS", "-u", f"{KEY}:", "-A", "a browser", *fields, f"{web.url}/v1/events", "-d", body])
    assert code == 0, errors
    return json.loads(output)


def is_balanced(ledger):
    parts = ("written", "quarantined", "duplicate", "declined", "dropped", "inFlight")
    return ledger["received"] == sum(ledger[name] for name in parts)


@pytest.mark.parametrize("rules,headers,kept", [
    ({}, GPC | DNT, {"ip": "127.0.0.0", "userAgent": "a browser"}),
    ({"gpc": "mark"}, GPC | DNT, {"ip": "127.0.0.0", "userAgent": "a browser", "gpc": True}),
    ({"ip": "full", "dnt": "mark"}, DNT, {"ip": "127.0.0.1", "userAgent": "a browser", "dnt": True}),
    ({"ip": "full", "gpc": "anonymise"}, GPC, {"gpc": True, "anonymous": True}),
    ({"ip": "full", "gpc": "anonymise"}, {"Sec-GPC": "0"}, {"ip": "127.0.0.1", "userAgent": "a browser"}),
    ({"gpc": "mark", "dnt": "anonymise"}, GPC | DNT, {"gpc": True, "dnt": True, "anonymous": True}),
    ({"ip": "full"}, {"SP-Anonymous": "*"}, {"anonymous": True}),
    ({"ip": "full"}, {"X-IP-Policy": "stripLastOctet"}, {"ip": "127.0.0.0", "userAgent": "a browser"}),
    ({"ip": "full"}, {"X-IP-Policy": "remove"}, {"userAgent": "a browser"}),
    ({"ip": "truncate"}, {"X-IP-Policy": "keep"}, {"ip": "127.0.0.0", "userAgent": "a browser"}),
])
def test_as_much_of_a_request_is_noted_as_its_wishes_allow(edge, rules, headers, kept):
    web = edge(privacy=rules)
    assert curl(web, headers)["events"] == 1
    ((metadata, event),) = web.written()
    assert metadata["http"] == {"key": "shop-web", "path": "/v1/events"} | kept
    assert event == {"event": "x", "messageId": "1"}


def test_what_is_to_be_dropped_is_counted_and_nowhere_else(edge):
    web = edge(privacy={"gpc": "drop"})
    assert curl(web, GPC) == {"success": True, "status": "committed", "events": 0}
    batch = json.dumps({"batch": [{"event": "secret", "messageId": str(at)} for at in range(20)]})
    assert web.post(batch.encode(), "/v1/batch", GPC)[1]["events"] == 0
    # Nor is what cannot be accepted kept.
    assert web.post(b'{"event":"secret",', headers=GPC) == (200, {"success": True, "status": "committed", "events": 0})
    assert web.post(b'{"event":"secret"}', headers=GPC, key="not-a-known-key")[0] == 401
    # In a body as well a wrong key is wrong.
    body = {"event": "secret", "writeKey": "not-a-known-key"}
    assert web.post(json.dumps(body).encode(), "/v1/t", GPC, key=None)[0] == 401
    assert web.post(json.dumps(body | {"writeKey": KEY}).encode(), "/v1/t", GPC, key=None)[1]["events"] == 0
    wait_until("all to be counted", lambda: web.collector.ledger()["inFlight"] == 0)
    ledger = web.collector.ledger()
    assert ledger["declined"] == 23 and ledger["received"] == 23 and is_balanced(ledger)
    # The id was not remembered.
    assert curl(web, {})["events"] == 1 and [event["event"] for _, event in web.written()] == ["x"]
    ledger = web.collector.ledger()
    assert ledger["written"] == 1 and ledger["duplicate"] == 0 and is_balanced(ledger)
    assert metric(web.collector, "touchpoint_events_declined_total{") == 23
    assert "declined: 23" in web.collector.control("stats")
    files = [path for path in web.collector.data.rglob("*.gz") if "quarantine" in str(path)]
    assert not files and b"secret" not in b"".join(lines_by_zcat(web.collector.data))
    web.collector.verify()


def test_a_pixel_and_a_link_are_answered_and_leave_nothing(edge):
    web = edge(privacy=DROP, redirect={"hosts": ["shop.example"]})
    status, fields, image = web.ask("GET", f"/pixel.gif?writeKey={KEY}&event=x", headers=GPC, key=None)
    assert status == 200 and fields["Content-Type"] == "image/gif" and image
    query = urllib.parse.urlencode({"u": "https://shop.example/sale"})
    status, fields, _ = web.ask("GET", f"/r?{query}", headers=DNT, key=None)
    assert status == 302 and fields["Location"] == "https://shop.example/sale"
    wait_until("both to be counted", lambda: web.collector.ledger()["declined"] == 2)
    assert web.written() == []


def test_quarantine_does_not_say_who_sent_it(edge):
    web = edge(privacy={"gpc": "anonymise"})
    assert web.post(b"{1", headers=GPC)[0] == 400
    assert web.post(b"{2")[0] == 400
    web.collector.seal()
    lines = [json.loads(line) for line in lines_by_zcat(web.collector.data, "quarantine")]
    assert {line["payload"]: line["_touchpoint"]["peer"] for line in lines} == {
        "{1": "http://anonymous", "{2": "http://127.0.0.0",
    }


def test_a_reload_takes_other_rules(edge):
    web = edge()
    assert curl(web, GPC)["events"] == 1
    web.collector.settings["sources"][0]["privacy"] = {"gpc": "drop", "ip": "none"}
    web.collector.configuration.write_text(json.dumps(web.collector.settings))
    answer = json.loads(web.collector.control("reload", "--json"))
    assert answer["applied"] == ["sources.web.privacy"] and answer["needsRestart"] == []
    wait_until("the new rule", lambda: curl(web, GPC)["events"] == 0)
    assert curl(web, {}, '{"event":"y"}')["events"] == 1
    metadata = {event["event"]: metadata for metadata, event in web.written()}
    assert "ip" not in metadata["y"]["http"] and "ip" in metadata["x"]["http"]


@pytest.mark.parametrize("rules", [{"gpc": "keep"}, {"dnt": "annonymise"}, {"ip": "cut"}, {"gcp": "drop"}])
def test_a_rule_that_is_none_prevents_the_start(daemon, rules):
    collector = daemon(start=False, sources=[source(privacy=rules)]).launch()
    assert collector.wait_for_exit() == 78
    assert "privacy" in collector.log
