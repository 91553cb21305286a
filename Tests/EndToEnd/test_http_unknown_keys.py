"""Requests with a key that the collector does not know: refused, or kept in quarantine."""

import base64
import gzip
import json
import random

import pytest

from http_edge import KEY, Edge, source
from readback import lines_by_zcat
from test_http_sdks import sdk
from test_quarantine import metric, noise
from waiting import wait_until

EVENT = b'{"event":"x","messageId":"1"}'
METRICS = {"listen": "127.0.0.1:0"}
OTHER = "not-a-known-key"


@pytest.fixture
def edge(daemon):
    def make(unknown="quarantine", quarantine=None, **more):
        settings = {"quarantine": quarantine} if quarantine else {}
        return Edge(daemon(sources=[source(unknownKey=unknown, **more)], metrics=METRICS, **settings))

    return make


def kept(web):
    """The lines of quarantine, each with its payload as text: pieces of a gzip message may be in the message's line."""
    web.collector.seal()
    lines = [json.loads(line) for line in lines_by_zcat(web.collector.data, "quarantine")]
    messages = {
        line["_touchpoint"]["seq"]: gzip.decompress(base64.b64decode(line["payload"]))
        for line in lines if line.get("encoding") == "gzip+base64"
    }
    for line in lines:
        if "message" in line:
            place = line["message"]
            text = messages[place["seq"]][place["offset"]:place["offset"] + place["bytes"]]
            line["payload"] = text.decode()
    return lines


def count(web, outcome):
    return metric(web.collector, f'touchpoint_http_unknown_keys_total{{source="web",outcome="{outcome}"}}')


@pytest.mark.parametrize("package", ["segment-analytics-python-2.4.0", "segment-analytics-python-2.3.4",
                                     "rudder-sdk-python-2.1.9"])
def test_an_sdk_with_a_forgotten_key_loses_nothing_and_repeats_nothing(edge, package):
    web = edge()
    assert sdk(package, web.url, OTHER, 300, "gzip").split()[0] == "0"
    lines = kept(web)
    ids = [json.loads(line["payload"])["messageId"] for line in lines]
    assert sorted(ids) == sorted(f"{package}-{at}" for at in range(300))
    assert {line["reason"] for line in lines} == {"unknown_key"}
    assert {line["_touchpoint"]["producer"] for line in lines} == {"(unknown)"}
    assert web.collector.ledger()["written"] == 0
    assert OTHER not in web.collector.log
    # Once it is known, they can be sent.
    web.collector.settings["sources"][0]["keys"].append({"name": "forgotten", "key": OTHER})
    web.collector.configuration.write_text(json.dumps(web.collector.settings))
    web.collector.control("reload")
    wait_until("the key to be known", lambda: web.post(b'{"event":"probe"}', key=OTHER)[1]["events"] == 1)
    assert web.post("\n".join(line["payload"] for line in lines).encode(), key=OTHER)[1]["events"] == 300
    web.collector.verify()


@pytest.mark.parametrize("place", ["header", "query", "body", "batch", "gzip"])
def test_the_answer_is_a_success_that_lists_what_is_kept(edge, place):
    web = edge()
    body, headers, path, key = EVENT, {}, "/v1/events", None
    if place == "header":
        key = OTHER
    elif place == "query":
        path += f"?writeKey={OTHER}"
    elif place == "body":
        body = json.dumps({"writeKey": OTHER, "event": "x"}).encode()
    else:
        body = json.dumps({"writeKey": OTHER, "batch": [{"event": "x"}]}).encode()
        body = gzip.compress(body) if place == "gzip" else body
    status, answer = web.post(body, path, headers, key)
    assert status == 200 and answer["success"] and answer["events"] == 0
    ((piece),) = answer["quarantined"]
    assert piece["reason"] == "unknown_key" and "not known" in piece["detail"]
    (line,) = kept(web)
    assert json.loads(line["payload"])["event"] == "x"
    assert count(web, "kept") == 1 and count(web, "refused") == 0
    assert metric(web.collector, 'touchpoint_events_quarantined_total{source="web",reason="unknown_key"}') == 1
    ledger = web.collector.ledger()
    assert ledger["quarantined"] == ledger["received"] == 1
    names = [row["name"] for row in web.collector.ask("producers")["producers"]]
    assert "(unknown)" in names


def test_without_any_key_nothing_is_kept(edge):
    web = edge()
    for path in ("/v1/events", "/v1/t", "/cloudevents"):
        assert web.post(EVENT, path, key=None)[0] == 401
    assert kept(web) == [] and count(web, "refused") == 3 and count(web, "kept") == 0


def test_damage_goes_to_quarantine_for_what_it_is(edge):
    web = edge()
    status, answer = web.post(EVENT + b'\n{"a":NaN}', key=OTHER)
    assert status == 200 and [piece["reason"] for piece in answer["quarantined"]] == ["unknown_key", "invalid_json"]
    status, answer = web.post(b"{", key=OTHER)
    assert (status, answer["code"], answer["kept"]) == (400, "invalid_json", True)


def test_only_so_many_are_kept(edge):
    web = edge()
    connection = web.connect()
    answers = []
    for at in range(1_000):
        connection.request("POST", "/v1/events", b'{"n":%d}' % at, {"X-Write-Key": OTHER})
        response = connection.getresponse()
        body = json.loads(response.read())
        answers.append(response.status)
        if response.status == 429:
            assert body["code"] == "quota" and 1 <= int(response.getheader("Retry-After")) <= 300
            break
    connection.close()
    assert answers[-1] == 429 and set(answers[:-1]) == {200} and len(answers) > 200
    assert count(web, "limited") == 1 and count(web, "kept") == len(answers) - 1
    # Those with a key are not held up.
    assert web.post(EVENT)[1]["events"] == 1
    assert len(kept(web)) == len(answers) - 1


def test_strangers_fill_only_their_share_of_quarantine(edge):
    web = edge(quarantine={"maxBytes": "1MiB", "perProducer": 10})
    dice = random.Random(7)

    def put():
        body = json.dumps({"noise": noise(dice, 20_000).decode()}).encode()
        return web.post(body, key=OTHER)[0]

    statuses = []
    wait_until("the share to be used up", lambda: statuses.append(put()) or statuses[-1] != 200)
    assert statuses[-1] == 503 and set(statuses[:-1]) == {200}
    # What others cannot send well is still kept.
    assert web.post(b"{")[1]["kept"] and web.post(EVENT)[1]["events"] == 1
    assert web.collector.ask("status")["quarantine"]["state"] == "open"


def test_refusing_is_counted_and_told_once(edge):
    web = edge("refuse")
    for _ in range(5):
        assert web.post(EVENT, key=OTHER)[0] == 401
        assert web.post(json.dumps({"writeKey": OTHER}).encode(), "/v1/t", key=None)[0] == 401
        assert web.post(EVENT, key=None)[0] == 401
    assert count(web, "refused") == 15 and count(web, "kept") == 0
    wait_until("the line", lambda: "requests refused" in web.collector.log)
    assert web.collector.log.count("requests refused") == 1
    assert kept(web) == [] and OTHER not in web.collector.log and KEY not in web.collector.log


def test_the_rule_changes_with_a_reload(edge):
    web = edge("refuse")
    assert web.post(EVENT, key=OTHER)[0] == 401
    web.collector.settings["sources"][0]["unknownKey"] = "quarantine"
    web.collector.configuration.write_text(json.dumps(web.collector.settings))
    answer = json.loads(web.collector.control("reload", "--json"))
    assert answer["applied"] == ["sources.web.unknownKey"] and answer["needsRestart"] == []
    assert web.post(EVENT, key=OTHER)[0] == 200
