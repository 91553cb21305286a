"""What a collector's answer means for a batch, in terms that both transports share."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Optional, Sequence

from ._store import Record
from .reports import Rejection

PIECES_MAX = 100  # the piece after so many includes the rest of the message


class Kind(Enum):
    """What to do with the batch."""

    COMMITTED = "committed"  # on stable storage, but for `pieces`
    REFUSED = "refused"  # final; nothing of it is an event
    TOO_LARGE = "too_large"  # split it; final for a single event
    UNAVAILABLE = "unavailable"  # resend soon
    UNREACHABLE = "unreachable"  # no answer, or none that can be read: resend later
    MISCONFIGURED = "misconfigured"  # somebody has to change something: resend rarely, and say so


@dataclass(frozen=True)
class Answer:
    """An answer to the batch with this number."""

    number: int
    kind: Kind
    reason: str = ""
    detail: str = ""
    duplicates: int = 0
    kept: bool = False  # what was refused is in quarantine
    pieces: Sequence[dict[str, Any]] = field(default_factory=tuple)
    retry_after: Optional[float] = None  # seconds, as the collector asks


def parsed(text: bytes) -> Optional[dict[str, Any]]:
    """Returns the object of an answer, or None if it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def committed(number: int, answer: dict[str, Any]) -> Answer:
    """Reads an answer with the status `committed`."""
    duplicates, pieces = answer.get("duplicates"), answer.get("quarantined")
    return Answer(
        number,
        Kind.COMMITTED,
        duplicates=duplicates if isinstance(duplicates, int) else 0,
        pieces=[piece for piece in pieces if isinstance(piece, dict)] if isinstance(pieces, list) else [],
    )


def rejections(answer: Answer, records: Sequence[Record]) -> dict[int, Rejection]:
    """Returns what was refused of a batch that has its final answer, by the position of the event."""
    if answer.kind is not Kind.COMMITTED:
        return {
            index: Rejection(record.message_id, answer.reason, answer.detail, answer.kept, record.payload)
            for index, record in enumerate(records)
        }
    found: dict[int, Rejection] = {}
    for position, piece in enumerate(answer.pieces):
        index = piece.get("index")
        if not isinstance(index, int) or not 0 <= index < len(records):
            continue
        for covered in range(index, len(records) if position == PIECES_MAX else index + 1):
            record = records[covered]
            found[covered] = Rejection(
                record.message_id, str(piece.get("reason", "")), str(piece.get("detail", "")), True, record.payload
            )
    return found
