"""What the calls make of their arguments, and what they refuse."""

import json
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from checks import written
from touchpoint import EventError, SettingsError, Touchpoint

BERLIN = timezone(timedelta(hours=2))


@pytest.fixture
def kept(client):
    """A client whose events go nowhere, and a function that returns the latest."""
    made = client(channel="web")

    def latest():
        return json.loads(made._life.store.left()[-1].payload)

    return made, latest


def test_every_call_arrives_as_segment_names_it(router, client):
    collector = router()
    sender = client(channel="store")
    before = datetime.now(timezone.utc)
    ids = [
        sender.track("u-1", "Order Completed", {"total": 39.9, "items": [{"sku": "a"}]}),
        sender.identify("u-1", {"plan": "gold"}),
        sender.page("u-1", "Home", {"path": "/"}, category="shop"),
        sender.screen(None, "Cart", anonymous_id="a-1", channel="app"),
        sender.group("u-1", "g-1", {"size": 3}, context={"ip": "192.0.2.1"}),
        sender.alias("old", "u-1"),
        sender.send({"kind": "own", "channel": "till"}),
    ]
    assert sender.flush()
    events = {event["messageId"]: event for event in written(collector)}
    assert sorted(events) == sorted(ids)
    track, identify, page, screen, group, alias, own = (events[id] for id in ids)
    assert (track["type"], track["event"], track["userId"], track["channel"]) == ("track", "Order Completed", "u-1", "store")
    assert track["properties"] == {"total": 39.9, "items": [{"sku": "a"}]}
    assert identify["traits"] == {"plan": "gold"}
    assert (page["name"], page["category"], page["properties"]) == ("Home", "shop", {"path": "/"})
    assert (screen["anonymousId"], screen["channel"]) == ("a-1", "app") and "userId" not in screen
    assert (group["groupId"], group["traits"], group["context"]["ip"]) == ("g-1", {"size": 3}, "192.0.2.1")
    assert (alias["previousId"], alias["userId"]) == ("old", "u-1")
    assert (own["kind"], own["channel"]) == ("own", "till")
    assert track["context"]["library"]["name"] == "touchpoint-python"
    for event in events.values():
        assert uuid.UUID(event["messageId"]).version == 4
        assert before <= datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
        assert event["_touchpoint"]["time"] == event["timestamp"]


def test_time_is_that_of_the_call_and_in_utc(kept):
    sender, latest = kept
    sender.track("u", "x", timestamp=datetime(2026, 11, 22, 10, 0, 0, 123456, BERLIN))
    assert latest()["timestamp"] == "2026-11-22T08:00:00.123456Z"


def test_values_of_the_library_have_a_form(kept):
    sender, latest = kept
    id = uuid.uuid4()
    sender.track("u", "x", {"d": date(2026, 1, 2), "t": datetime(2026, 1, 2, tzinfo=BERLIN), "id": id, "m": Decimal("39.90")})
    assert latest()["properties"] == {"d": "2026-01-02", "t": "2026-01-02T00:00:00+02:00", "id": str(id), "m": 39.9}


def test_id_and_number_as_user_id(kept):
    sender, latest = kept
    assert sender.track(17, "x", message_id="shop-1001") == "shop-1001"
    assert (latest()["userId"], latest()["messageId"]) == ("17", "shop-1001")


def test_event_is_as_it_was_at_the_call(kept):
    sender, latest = kept
    properties = {"n": [1]}
    sender.track("u", "x", properties)
    properties["n"].append(2)
    assert latest()["properties"] == {"n": [1]}


def nested(levels):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


ITSELF = {}
ITSELF["self"] = ITSELF


@pytest.mark.parametrize(("properties", "said"), [
    ({"total": float("nan")}, "properties.total is nan"),
    ({"a": [{"b": float("inf")}]}, "properties.a[0].b is inf"),
    ({"text": "\ud83d"}, "properties.text has half of a surrogate pair"),
    ({"\udc00": 1}, "surrogate"),
    ({"x": {1, 2}}, "properties.x: a set cannot be written"),
    ({"x": b"raw"}, "properties.x: a bytes cannot be written"),
    ({(1, 2): "x"}, "key of type tuple"),
    ({"x": Decimal("NaN")}, "properties.x: the Decimal NaN"),
    ({"x": Decimal("0.12345678901234567890")}, "send str(value)"),
    ({"x": nested(64)}, "nested deeper than 64"),
    (ITSELF, "nested deeper than 64"),
    ({"x": "y" * (1 << 20)}, "event_bytes allows 1048576"),
    ("no dict", "properties is a str: pass a dict"),
])
def test_event_that_the_collector_would_refuse(kept, properties, said):
    sender, _ = kept
    with pytest.raises(EventError) as caught:
        sender.track("u", "x", properties)
    assert said in str(caught.value)
    assert sender.stats().tracked == 0


@pytest.mark.parametrize(("call", "said"), [
    (lambda one: one.track("u", ""), "event is ''"),
    (lambda one: one.track(None, "x"), "pass user_id"),
    (lambda one: one.track("", "x"), "user_id is ''"),
    (lambda one: one.track(True, "x"), "user_id is True"),
    (lambda one: one.track("u", "x", timestamp=datetime(2026, 1, 1)), "no time zone"),
    (lambda one: one.track("u", "x", timestamp="today"), "timestamp is a str"),
    (lambda one: one.track("u", "x", message_id=""), "messageId"),
    (lambda one: one.track("u", "x", message_id="x" * 1025), "more than 1024 bytes"),
    (lambda one: one.send({"_touchpoint": 1}), "_touchpoint"),
    (lambda one: one.send({"batch": [{}]}), "envelope"),
    (lambda one: one.send([1]), "a dict, not a list"),
    (lambda one: one.group("u", None), "group_id is None"),
])
def test_call_that_says_what_to_pass(kept, call, said):
    sender, _ = kept
    with pytest.raises(EventError) as caught:
        call(sender)
    assert said in str(caught.value)


def test_depth_of_the_collector_is_ours(router, client):
    """64 levels are accepted by both; the collector counts as the client does."""
    collector = router()
    sender = client()
    id = sender.track("u", "x", {"x": nested(62)})
    assert sender.flush() and sender.stats().rejected == 0
    assert [event["messageId"] for event in written(collector)] == [id]


@pytest.mark.parametrize(("settings", "said"), [
    ({"endpoint": "localhost:5572"}, "tcp://HOST:PORT"),
    ({"endpoint": "tcp://localhost"}, "no port"),
    ({"endpoint": "http://key@localhost"}, "write_key"),
    ({"endpoint": "http://localhost:x"}, "no port"),
    ({"endpoint": "tcp://localhost:1", "write_key": "k"}, "key_file"),
    ({"endpoint": "https://localhost", "key_file": "k"}, "write_key"),
    ({"endpoint": "https://localhost", "ca_file": "/nowhere.pem"}, "ca_file"),
    ({"endpoint": "http://localhost", "write_key": "a\nb"}, "write_key"),
    ({"key_file": "a"}, "collector_key_file"),
    ({"key_file": "/nowhere.key_secret", "collector_key_file": "/nowhere.key"}, "cannot be read"),
    ({"when_full": "wait"}, "drop, raise, block"),
    ({"batch_events": 0}, "at least 1"),
    ({"batch_bytes": 5 << 20}, "4194304"),
    ({"answer_timeout": 0}, "answer_timeout"),
    ({"batch_seconds": -1}, "batch_seconds"),
])
def test_setting_that_cannot_work(settings, said):
    with pytest.raises(SettingsError) as caught:
        Touchpoint(**settings)
    assert said in str(caught.value)
