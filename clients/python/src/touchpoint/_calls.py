"""The calls of Segment's libraries, as far as they make events. `Touchpoint.send` keeps them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping, Optional

from ._event import LIBRARY, Json, new_message_id, timestamp_text
from .errors import EventError


class Calls:
    """Makes an event of each call. `user_id` may be None if there is an `anonymous_id`; `timestamp` is now by default."""

    def track(
        self,
        user_id: Optional[str],
        event: str,
        properties: Optional[Json] = None,
        *,
        anonymous_id: Optional[str] = None,
        channel: Optional[str] = None,
        context: Optional[Json] = None,
        timestamp: Optional[datetime] = None,
        message_id: Optional[str] = None,
    ) -> Optional[str]:
        """Something happened: `track("u-1", "Order Completed", {"total": 39.9})`. Returns the messageId."""
        fields = {"event": _text("event", event), "properties": _object("properties", properties)}
        return self._put("track", user_id, fields, anonymous_id, channel, context, timestamp, message_id)

    def identify(
        self,
        user_id: Optional[str],
        traits: Optional[Json] = None,
        *,
        anonymous_id: Optional[str] = None,
        channel: Optional[str] = None,
        context: Optional[Json] = None,
        timestamp: Optional[datetime] = None,
        message_id: Optional[str] = None,
    ) -> Optional[str]:
        """Who a user is: `identify("u-1", {"plan": "gold"})`. Returns the messageId."""
        fields = {"traits": _object("traits", traits)}
        return self._put("identify", user_id, fields, anonymous_id, channel, context, timestamp, message_id)

    def page(
        self,
        user_id: Optional[str],
        name: Optional[str] = None,
        properties: Optional[Json] = None,
        *,
        category: Optional[str] = None,
        anonymous_id: Optional[str] = None,
        channel: Optional[str] = None,
        context: Optional[Json] = None,
        timestamp: Optional[datetime] = None,
        message_id: Optional[str] = None,
    ) -> Optional[str]:
        """A page of a site was seen. Returns the messageId."""
        fields = {"name": name, "category": category, "properties": _object("properties", properties)}
        return self._put("page", user_id, fields, anonymous_id, channel, context, timestamp, message_id)

    def screen(
        self,
        user_id: Optional[str],
        name: Optional[str] = None,
        properties: Optional[Json] = None,
        *,
        category: Optional[str] = None,
        anonymous_id: Optional[str] = None,
        channel: Optional[str] = None,
        context: Optional[Json] = None,
        timestamp: Optional[datetime] = None,
        message_id: Optional[str] = None,
    ) -> Optional[str]:
        """A screen of an app was seen. Returns the messageId."""
        fields = {"name": name, "category": category, "properties": _object("properties", properties)}
        return self._put("screen", user_id, fields, anonymous_id, channel, context, timestamp, message_id)

    def group(
        self,
        user_id: Optional[str],
        group_id: str,
        traits: Optional[Json] = None,
        *,
        anonymous_id: Optional[str] = None,
        channel: Optional[str] = None,
        context: Optional[Json] = None,
        timestamp: Optional[datetime] = None,
        message_id: Optional[str] = None,
    ) -> Optional[str]:
        """A user belongs to a group: a company, a household. Returns the messageId."""
        fields = {"groupId": _text("group_id", group_id), "traits": _object("traits", traits)}
        return self._put("group", user_id, fields, anonymous_id, channel, context, timestamp, message_id)

    def alias(
        self,
        previous_id: str,
        user_id: str,
        *,
        channel: Optional[str] = None,
        context: Optional[Json] = None,
        timestamp: Optional[datetime] = None,
        message_id: Optional[str] = None,
    ) -> Optional[str]:
        """Two ids are one user. Returns the messageId."""
        fields = {"previousId": _text("previous_id", previous_id)}
        return self._put("alias", _text("user_id", user_id), fields, None, channel, context, timestamp, message_id)

    def send(self, event: Json) -> Optional[str]:
        raise NotImplementedError

    def _put(
        self,
        kind: str,
        user_id: Optional[str],
        fields: dict[str, Any],
        anonymous_id: Optional[str],
        channel: Optional[str],
        context: Optional[Json],
        timestamp: Optional[datetime],
        message_id: Optional[str],
    ) -> Optional[str]:
        if user_id is None and anonymous_id is None:
            raise EventError("nobody did this: pass user_id, or None and an anonymous_id")
        event: dict[str, Any] = {
            "type": kind,
            "messageId": message_id if message_id is not None else new_message_id(),
            "timestamp": timestamp_text(timestamp),
            "channel": channel,
            "userId": _id("user_id", user_id),
            "anonymousId": _id("anonymous_id", anonymous_id),
            **fields,
            "context": {**(_object("context", context) or {}), "library": LIBRARY},
        }
        return self.send({name: value for name, value in event.items() if value is not None})


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise EventError(f"{name} is {value!r:.60}: pass a text with at least one character")
    return value


def _object(name: str, value: Optional[Json]) -> Optional[dict[str, Any]]:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise EventError(f"{name} is a {type(value).__name__}: pass a dict")
    return dict(value)


def _id(name: str, value: object) -> Optional[str]:
    """Returns an id as a text: a number in one producer and a text in another would be two users."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise EventError(f"{name} is {value!r:.60}: pass a text or a whole number")
    return str(value)
