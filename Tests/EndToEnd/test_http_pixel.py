"""Events in the query of an image, as pages without scripts and mails have them."""

import base64
import json

import pytest

from http_edge import KEY, Edge, source

EVENT = {"userId": "u", "event": "Email Opened", "properties": {"subject": "ü"}}


@pytest.fixture
def edge(daemon):
    return Edge(daemon(sources=[source()]))


def image(edge, path, method="GET"):
    """Asks for an image; it comes whatever became of the event."""
    status, fields, body = edge.ask(method, path, key=None)
    assert status == 200 and fields["Content-Type"] == "image/gif" and fields["Cache-Control"] == "no-store"
    if method == "GET":
        assert body.startswith(b"GIF89a") and len(body) == 43
    return fields


def test_an_image_brings_an_event(edge):
    data = base64.b64encode(json.dumps(EVENT | {"writeKey": KEY}).encode()).decode()
    image(edge, f"/v1/pixel/track?data={data}&writeKey={KEY}")
    ((metadata, event),) = edge.written()
    assert event == EVENT | {"type": "track"}
    assert metadata["http"]["key"] == "shop-web" and metadata["http"]["path"] == "/v1/pixel/track"
    assert KEY not in json.dumps([metadata, event])


@pytest.mark.parametrize("query,event", [
    ("event=x&userId=u", {"event": "x", "userId": "u"}),
    ("event=x&properties.total=7&properties.item.name=a%20b", {
        "event": "x", "properties": {"total": "7", "item": {"name": "a b"}},
    }),
    # Nothing is lost: a repeated name is an array, and a value beside members has the empty name.
    ("a.b=1&a=2&a.b=3&a.c=4", {"a": {"b": ["1", "3"], "c": "4", "": "2"}}),
    ("a=1&a.b=2", {"a": {"b": "2", "": "1"}}),
    ('a=%22%5C%0A%00&b', {"a": '"\\\n\0', "b": ""}),
])
def test_a_query_is_an_object(edge, query, event):
    image(edge, f"/pixel.gif?{query}&writeKey={KEY}")
    ((_, found),) = edge.written()
    assert found == event


@pytest.mark.parametrize("path", [
    "/pixel.gif?event=x", "/pixel.gif?event=x&writeKey=other", f"/pixel.gif?writeKey={KEY}",
    f"/pixel.gif?data=!&writeKey={KEY}", "/pixel.gif?" + "&".join(f"a{at}=1" for at in range(101)) + f"&writeKey={KEY}",
    "/pixel.gif",
], ids=["no key", "other key", "no event", "bad data", "too many fields", "nothing"])
def test_what_cannot_be_taken_is_still_an_image(edge, path):
    image(edge, path)
    assert edge.collector.ledger()["received"] == 0
    assert edge.collector.ask("stats")["sources"]["web"]["rejected"] == 1


def test_a_paused_source_still_answers_with_the_image(edge):
    edge.collector.control("pause")
    image(edge, f"/pixel.gif?event=x&writeKey={KEY}")
    assert edge.collector.ledger()["received"] == 0


def test_head_writes_nothing(edge):
    image(edge, f"/pixel.gif?event=x&writeKey={KEY}", "HEAD")
    assert edge.collector.ledger()["received"] == 0
