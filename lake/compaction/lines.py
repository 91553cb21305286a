"""Divides the line of an event into columns, without changing a byte of what goes into them.

The rules of a line, which the SQL of `duckdb_engine.py` follows as well:

- Of a repeated key the first one counts. The others stay in `rest`.
- `event`, `type`, `userId`, `anonymousId`, and a `messageId` that the collector recognises, are columns if they are
  strings. `properties`, `context` and `traits` are columns whatever they are. `null` is NULL.
- `channel` and `timestamp` are left out of `rest` if their columns have all that they say.
- Every other member, and every member of `_touchpoint` that has no column, stays in `rest`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from json.scanner import make_scanner
from typing import Any, Iterator, Optional

MARK = '{"_touchpoint":'
ID_BYTES_MAX = 1024
STRINGS = frozenset(("event", "type", "messageId", "userId", "anonymousId"))
VALUES = frozenset(("properties", "context", "traits"))
META = frozenset(("receivedAt", "time", "channel", "node", "source", "run", "seq"))
# A time whose text says no more than the column.
PLAIN_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")

_KEY = re.compile(r'[ \t\r\n,]*("(?:[^"\\]|\\.)*+")[ \t\r\n]*:[ \t\r\n]*')


class Number(str):
    """The text of a number. Python would refuse to convert one of 5,000 digits."""


_scan = make_scanner(json.JSONDecoder(parse_int=Number, parse_float=Number))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Member:
    """A member of an object: its key, its value, and where both are in the text."""

    key: str
    value: Any
    start: int
    value_start: int
    end: int


def members(text: str, at: int) -> Iterator[Member]:
    """Returns the members of the object whose first one begins at or after `at`."""
    while True:
        match = _KEY.match(text, at)
        if match is None:
            return
        value, end = _scan(text, match.end())
        yield Member(json.loads(match[1]), value, match.start(1), match.end(), end)
        at = end


def divided(text: str) -> dict[str, Any]:
    """Returns the columns of a line, and `identity` and `alone`, by which copies are recognised."""
    meta, kept, end = _metadata(text)
    columns: dict[str, Any] = {
        "receivedAt": meta["receivedAt"], "eventTime": _text(meta.get("time")), "channel": _text(meta.get("channel")),
        **dict.fromkeys((*STRINGS, *VALUES)),
        "node": meta["node"], "source": meta["source"], "run": meta["run"], "seq": int(meta["seq"]),
    }
    rest: list[str] = []
    seen: set[str] = set()
    for member in members(text, end):
        if member.key in seen or not _taken(member, columns, text):
            rest.append(text[member.start : member.end])
        seen.add(member.key)
    if kept:
        rest.append('"_touchpoint":{' + ",".join(kept) + "}")
    columns["rest"] = "{" + ",".join(rest) + "}" if rest else None
    columns["identity"] = _text(meta.get("identity")) or columns["messageId"]
    columns["alone"] = meta.get("idAlone") is True
    return columns


def _metadata(text: str) -> tuple[dict[str, Any], list[str], int]:
    """Returns the members of `_touchpoint`, the texts of those without a column, and where the object ends."""
    if not text.startswith(MARK):
        raise ValueError("a line does not begin with _touchpoint")
    meta: dict[str, Any] = {}
    kept: list[str] = []
    end = len(MARK) + 1
    for member in members(text, end):
        meta.setdefault(member.key, member.value)
        if member.key not in META:
            kept.append(text[member.start : member.end])
        end = member.end
    return meta, kept, end + 1


def _taken(member: Member, columns: dict[str, Any], text: str) -> bool:
    """Puts a member into its column; False if it has to stay in `rest`."""
    key, value = member.key, member.value
    if key in STRINGS:
        fits = value is None or (_is_id(value) if key == "messageId" else type(value) is str)
        if fits:
            columns[key] = value
        return fits
    if key in VALUES:
        columns[key] = None if value is None else text[member.value_start : member.end]
        return True
    if key == "channel":
        return type(value) is str and value == columns["channel"]
    is_plain = key == "timestamp" and type(value) is str and PLAIN_TIME.fullmatch(value) is not None
    return is_plain and columns["eventTime"] is not None


def _is_id(value: Any) -> bool:
    return type(value) is str and 0 < len(value.encode("utf-8", "surrogatepass")) <= ID_BYTES_MAX


def _text(value: Any) -> Optional[str]:
    return value if type(value) is str and value else None
