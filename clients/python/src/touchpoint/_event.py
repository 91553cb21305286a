"""What an event is: made from the arguments of a call, checked, and written as JSON once.

The collector recognises a resent event by its `messageId` and its bytes, so the bytes are made here and never again.
"""

from __future__ import annotations

import json
import math
import re
import uuid
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any, Mapping, Optional

from ._version import VERSION
from .errors import EventError

Json = Mapping[str, Any]
LIBRARY = {"name": "touchpoint-python", "version": VERSION}
DEPTH_MAX = 64  # the collector's limits.depth
MESSAGE_ID_BYTES_MAX = 1024
_SURROGATE = re.compile("[\ud800-\udfff]")


def new_message_id() -> str:
    """Returns a random UUID. It reads the system's random numbers, so two forked processes never make the same."""
    return str(uuid.uuid4())


def timestamp_text(moment: Optional[datetime]) -> str:
    """Returns RFC 3339 in UTC, with microseconds; without a moment, of now."""
    if moment is None:
        moment = datetime.now(timezone.utc)
    if not isinstance(moment, datetime):
        raise EventError(f"timestamp is a {type(moment).__name__}: pass a datetime with a time zone")
    if moment.tzinfo is None:
        raise EventError("timestamp has no time zone: use datetime.now(timezone.utc), or moment.astimezone()")
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def completed(event: Json) -> dict[str, Any]:
    """Returns a copy of the event with `messageId` and `timestamp`, and checks what the collector reserves."""
    made = dict(event)
    if "_touchpoint" in made:
        raise EventError("the key '_touchpoint' is the collector's: leave it out")
    if isinstance(made.get("batch"), (list, tuple)):
        raise EventError("a list under 'batch' at the top is an envelope of several events: send them one by one")
    if made.get("messageId") is None:
        made["messageId"] = new_message_id()
    _check_message_id(made["messageId"])
    if made.get("timestamp") is None:
        made["timestamp"] = timestamp_text(None)
    elif isinstance(made["timestamp"], datetime):
        made["timestamp"] = timestamp_text(made["timestamp"])
    return made


def _check_message_id(value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise EventError("messageId is not a text with at least one character: leave it out, and one is made")
    if len(value.encode("utf-8", "surrogatepass")) > MESSAGE_ID_BYTES_MAX:
        raise EventError(f"messageId has more than {MESSAGE_ID_BYTES_MAX} bytes: use a shorter one, such as a UUID")


def encoded(event: Json, bytes_max: int) -> bytes:
    """Returns the event as one line of JSON. An EventError names the field that cannot be written."""
    try:
        text = json.dumps(event, allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_plain)
        payload = text.encode()
    except EventError as error:
        raise EventError(_problem(event, "", 1) or str(error)) from None
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise EventError(_problem(event, "", 1) or f"the event cannot be written as JSON: {error}") from None
    if len(payload) > bytes_max:
        raise EventError(
            f"the event has {len(payload)} bytes of JSON, and event_bytes allows {bytes_max}: send less in it"
        )
    if payload.count(b"{") + payload.count(b"[") > DEPTH_MAX:  # otherwise it cannot be too deep
        problem = _problem(event, "", 1)
        if problem:
            raise EventError(problem)
    return payload


def _plain(value: Any) -> Any:
    """Returns what JSON has for a value of Python's library that json does not know."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise EventError(f"a {type(value).__name__} cannot be written as JSON")


def _number(value: Decimal) -> float:
    number = float(value)
    if not math.isfinite(number) or Decimal(repr(number)) != value:
        raise EventError(f"the Decimal {value} has no exact number in JSON: send str(value)")
    return number


def _problem(value: Any, path: str, depth: int) -> Optional[str]:
    """Searches for the first field that cannot be written; returns a sentence about it."""
    place = path or "the event"
    if isinstance(value, (Mapping, list, tuple)) and depth > DEPTH_MAX:
        return f"{path[:100]}… is nested deeper than {DEPTH_MAX} levels: send less structure"
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, (str, int, float, bool)) and key is not None:
                return f"{place} has a key of type {type(key).__name__}: keys are texts"
            found = _problem(key, path, depth) if isinstance(key, str) else None
            found = found or _problem(inner, f"{path}.{key}".lstrip("."), depth + 1)
            if found:
                return found
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            found = _problem(inner, f"{path}[{index}]", depth + 1)
            if found:
                return found
    elif isinstance(value, str):
        if _SURROGATE.search(value):
            return f"{place} has half of a surrogate pair, as a text cut within an emoji has: repair the text"
    elif isinstance(value, float):
        if not math.isfinite(value):
            return f"{place} is {value}, which JSON does not have: send null, or leave it out"
    elif value is not None and not isinstance(value, int):
        try:
            _plain(value)
        except EventError as error:
            return f"{place}: {error}"
    return None
