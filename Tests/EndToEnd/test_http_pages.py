"""Web pages and proxies: origins, preflights, addresses, and what is noted of a request."""

import json

import pytest

from http_edge import KEY, Edge, source
from waiting import wait_until

EVENT = b'{"event":"x"}'
SHOP = "https://www.shop.example"
EVIL = "https://www.shop.example.evil.example"


@pytest.fixture
def edge(daemon):
    return lambda **more: Edge(daemon(sources=[source(**more)]))


def test_a_preflight_is_answered_for_the_pages_of_any_key(edge):
    web = edge()
    asked = "authorization,content-type,x-retry-count"
    status, fields, body = web.ask("OPTIONS", "/v1/t", None, {
        "Origin": SHOP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": asked,
    }, key=None)
    assert (status, body) == (204, b"") and "Content-Length" not in fields
    assert fields["Access-Control-Allow-Origin"] == SHOP and fields["Access-Control-Allow-Credentials"] == "true"
    assert fields["Access-Control-Allow-Headers"] == asked and fields["Access-Control-Max-Age"] == "7200"
    assert fields["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert fields["Vary"] == "Origin, Access-Control-Request-Headers"


@pytest.mark.parametrize("origin", [EVIL, "null", "http://www.shop.example", None])
def test_other_pages_are_told_nothing_and_store_nothing(edge, origin):
    web = edge()
    headers = {"Origin": origin} if origin else {}
    status, fields, _ = web.ask("OPTIONS", "/v1/t", None, headers, key=None)
    assert status == 204 and not [name for name in fields if name.startswith("Access-Control")]
    if origin:
        status, fields, body = web.ask("POST", "/v1/events", EVENT, headers)
        assert (status, json.loads(body)["code"]) == (403, "origin")
        assert not [name for name in fields if name.startswith("Access-Control")]
        body = json.dumps({"writeKey": KEY, "event": "x"}).encode()
        assert web.post(body, "/v1/t", headers, key=None)[0] == 403
    assert web.collector.ledger()["received"] == 0


def test_a_page_reads_every_answer(edge):
    web = edge()
    cases = [
        ("/v1/events", EVENT, KEY, 200), ("/v1/events", b"{", KEY, 400), ("/v1/events", EVENT, "other-key", 401),
        ("/v1/nowhere", EVENT, KEY, 404),
    ]
    for path, body, key, expected in cases:
        status, fields, _ = web.ask("POST", path, body, {"Origin": SHOP}, key)
        assert status == expected
        assert fields["Access-Control-Allow-Origin"] == SHOP and fields["Access-Control-Allow-Credentials"] == "true"
        assert fields["Access-Control-Expose-Headers"] == "Retry-After" and fields["Vary"] == "Origin"


def test_a_key_in_the_body_is_good_only_for_its_own_pages(edge):
    web = edge(keys=[
        {"name": "shop-web", "key": KEY, "origins": [SHOP]},
        {"name": "other", "key": "another-key", "origins": ["https://other.example"], "channel": "other"},
    ])
    body = json.dumps({"writeKey": KEY, "event": "x"}).encode()
    assert web.post(body, "/v1/t", {"Origin": SHOP}, key=None)[0] == 200
    status, answer = web.post(body, "/v1/t", {"Origin": "https://other.example"}, key=None)
    assert (status, answer["code"]) == (403, "origin")
    other = json.dumps({"writeKey": "another-key", "event": "y"}).encode()
    assert web.post(other, "/v1/t", key=None)[0] == 200
    assert {(event["event"], metadata["channel"]) for metadata, event in web.written()} == {
        ("x", "unknown"), ("y", "other")
    }


def test_an_open_source_takes_pages_of_this_machine_only(edge):
    web = edge(keys=[])
    assert web.post(EVENT, headers={"Origin": "http://localhost:3000"}, key=None)[0] == 200
    assert web.post(EVENT, headers={"Origin": "https://somewhere.example"}, key=None)[0] == 403
    assert web.post(EVENT, key=None)[0] == 200


def test_a_request_is_noted_beside_its_event(edge):
    web = edge(proxies=["127.0.0.0/8"])
    headers = {
        "User-Agent": 'Mozilla "5"', "X-Forwarded-For": "6.6.6.6, 24.5.68.91", "Cookie": "secret=1", "Origin": SHOP,
    }
    assert web.post(EVENT, "/v1/events?utm=secret", headers)[0] == 200
    ((metadata, _),) = web.written()
    assert metadata["http"] == {
        "key": "shop-web", "ip": "24.5.68.0", "userAgent": 'Mozilla "5"', "origin": SHOP, "path": "/v1/events",
    }
    everything = "".join(path.read_text(errors="replace") for path in [web.collector.log_path])
    for secret in ("24.5.68.91", "secret", "6.6.6.6", KEY):
        assert secret not in everything and secret not in json.dumps(metadata)
    web.collector.verify()


@pytest.mark.parametrize("more,ip", [
    ({}, "127.0.0.0"), ({"proxies": ["10.0.0.0/8"]}, "127.0.0.0"), ({"privacy": {"ip": "none"}}, None),
    ({"privacy": {"ip": "full"}}, "127.0.0.1"), ({"privacy": {"ip": "full"}, "proxies": ["127.0.0.1"]}, "9.9.9.9"),
    ({"metadata": ["path"]}, None), ({"metadata": []}, None),
])
def test_as_much_of_an_address_is_kept_as_was_asked_for(edge, more, ip):
    web = edge(**more)
    assert web.post(EVENT, headers={"X-Forwarded-For": "9.9.9.9"})[0] == 200
    ((metadata, _),) = web.written()
    assert metadata.get("http", {}).get("ip") == ip


def test_keys_change_with_a_reload(edge):
    web = edge()
    web.collector.settings["sources"][0]["keys"] = [{"name": "new", "key": "a-new-key"}]
    web.collector.configuration.write_text(json.dumps(web.collector.settings))
    answer = json.loads(web.collector.control("reload", "--json"))
    assert answer["applied"] == ["sources.web.keys"] and answer["needsRestart"] == []
    wait_until("the new key to be good", lambda: web.post(EVENT, key="a-new-key")[0] == 200)
    assert web.post(EVENT)[0] == 401
