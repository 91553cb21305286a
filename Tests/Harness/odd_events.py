"""Events that a collector accepts and that confuse readers, with what each should be read as."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Expected:
    channel: str
    name: str | None
    message_id: str | None
    time: str | None

    @staticmethod
    def order_totals(with_copies):
        """Returns the sum of the orders."""
        totals = [10.5, 20.25, 0.25]
        return sum(totals) + (totals[1] if with_copies else 0)


@dataclass(frozen=True)
class OddEvent:
    sent: str
    expected: Expected
    # The text of a copy, if the event is also sent to the second source.
    again: str | None = None
    source: str = "reliable"


def odd(sent, channel="web", name=None, message_id=None, time=None, again=None, source="reliable"):
    if not isinstance(sent, str):
        sent = json.dumps(sent, ensure_ascii=False)
    return OddEvent(sent, Expected(channel, name, message_id, time), again, source)


def named(name, /, channel="web", **members):
    """Returns an event with this name and these members, and the expectation that follows from them."""
    key = members.get("messageId")
    return odd({"channel": channel, "event": name, **members}, channel, name, key if isinstance(key, str) and key else None)


def at(name, text, time, channel="web"):
    """Returns an event with this text as its time."""
    return odd({"channel": channel, "event": name, "timestamp": text}, channel, name, time=time)


ORDER = {"channel": "store", "event": "Order Completed", "timestamp": "2026-11-22T10:00:00.25Z"}
FIRST_TRY = json.dumps(ORDER | {"messageId": "o-2", "sentAt": "2026-11-22T10:00:01Z", "properties": {"total": 20.25}})
SECOND_TRY = FIRST_TRY.replace("10:00:01Z", "10:00:09Z")

EVENTS = [
    # Keys twice, keys that differ by case only.
    odd(
        '{"channel":"web","event":"key twice","event":"b","messageId":"k","messageId":"l","userId":"1","userId":"2"}',
        name="key twice", message_id="k",
    ),
    named("case", context={"useragent": "y", "userAgent": "x"}, userid=1, userId="2"),
    named("types", properties=[1, "a", {"b": None}], userId={"id": 7}, context=None),
    named("total as text", properties={"total": "not a number"}),
    # Times.
    at("epoch ms", 1700000000000, None),
    at("epoch text", "1534109600.089", None),
    at("empty time", "", None),
    at("text time", "last tuesday", None),
    at("now", "NOW", None),
    at("offset", "2026-11-22T23:30:00-05:00", "2026-11-23T04:30:00+00:00", channel="night shift"),
    at("utc", "2026-11-22T10:00:00.123456Z", "2026-11-22T10:00:00.123456+00:00"),
    at("long ago", "1815-12-10T12:00:00Z", "1815-12-10T12:00:00+00:00"),
    # Ids.
    named("id with zeros", messageId="00012"),
    named("id without zeros", messageId="12"),
    named("id as a number", messageId=12),
    named("empty id", messageId=""),
    *[named("no id", amount=amount) for amount in range(5)],
    named("no id", amount=4),
    odd(
        '{"specversion":"1.0","id":"ce-1","source":"/crm","type":"com.example.sale","channel":"crm","time":"2026-11-22T09:00:00Z"}',
        "crm", "com.example.sale", time="2026-11-22T09:00:00+00:00",
    ),
    # Numbers.
    odd('{"channel":"web","event":"20 digits","n":%s}' % ("9" * 20), name="20 digits"),
    odd('{"channel":"web","event":"300 digits","n":%s}' % ("9" * 300), name="300 digits"),
    odd('{"channel":"web","event":"small","n":-0.0,"m":1e-400,"k":1E5}', name="small"),
    # Names of folders and metadata, and names that readers use.
    named(
        "own names", receivedAt="2001-01-01T00:00:00Z", source="/crm", date="1999-12-31", hour=25, node=None, seq="x",
        run=[], json="{}", value=1, content="c", message_id="m", name="n", filename="f",
    ),
    # Channels.
    named("numeric", channel="42"),
    named("numeric", channel="007"),
    named("not ascii", channel="büro"),
    named("not ascii", channel="日本"),
    named("quotes", channel='q"}{\\":'),
    named("slash", channel="a b/ü=ä"),
    named("long", channel="k" * 200),
    odd({"event": "no channel"}, "unknown", "no channel"),
    odd({"event": "context", "context": {"channel": "pos"}, "date": "1.1."}, "pos", "context"),
    *[named("many", channel=f"many-{number}") for number in range(40)],
    # Names.
    odd({"channel": "web"}),
    odd({"channel": "web", "event": "", "type": "track"}, name="track"),
    named('name "} {\\" ✓ é'),
    # Copies: the same bytes, or another sentAt; and another event under a known id.
    odd(ORDER | {"messageId": "o-1", "properties": {"total": 10.5}}, "store", "Order Completed", "o-1",
        "2026-11-22T10:00:00.250000+00:00"),
    odd(FIRST_TRY, "store", "Order Completed", "o-2", "2026-11-22T10:00:00.250000+00:00", again=SECOND_TRY),
    odd(ORDER | {"messageId": "o-3", "properties": {"total": 0.25}}, "store", "Order Completed", "o-3",
        "2026-11-22T10:00:00.250000+00:00"),
    odd('{"channel":"web","event":"other","messageId":"c-1"}', name="other", message_id="c-1", source="other"),
    odd('{"channel":"web","event":"copy","messageId":"c-1","a":{"b":[1]}}', name="copy", message_id="c-1",
        again='{"channel":"web","event":"copy","messageId":"c-1","a":{"b":[1]}}'),
]
