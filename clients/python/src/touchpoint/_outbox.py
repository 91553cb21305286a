"""The batches without a final answer, and when each is to be sent. No clock, no socket, no thread: time is passed in.

A batch is *due* at a time. Sending it makes it due after its time-out, which doubles. An answer that asks to try later
makes it due after a back-off, which doubles as well. Both have jitter. If the collector names a
time, that counts.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Optional, Sequence

from ._answers import Kind
from ._store import Record

LONGEST_TIMEOUT = 30.0
LONGEST_RETRY_AFTER = 300.0
RECONNECT_PAUSE = 1.0  # after a connection that brought no answer: the batch may be what breaks it
# First and longest back-off in seconds. Jitter takes off up to half.
BACK_OFF = {
    Kind.UNAVAILABLE: (0.2, 5.0),
    Kind.UNREACHABLE: (0.5, 30.0),
    Kind.MISCONFIGURED: (1.0, 60.0),
}


@dataclass
class Batch:
    """Events that are sent together, always in this order."""

    number: int
    records: Sequence[Record]
    due: float
    timeout: float
    copies: int = 0  # handed to the transport
    failures: int = 0  # answers that asked to try later, in a row
    is_answered: bool = False  # since it was last sent: it is due by a back-off, not by its time-out

    @property
    def size(self) -> int:
        return sum(len(record.payload) for record in self.records)


class Outbox:
    """At most `window` batches; more only while one is split."""

    def __init__(self, window: int, first_timeout: float, dice: Optional[random.Random] = None) -> None:
        self._window = window
        self._first_timeout = first_timeout
        self._dice = dice or random.Random()
        self._batches: dict[int, Batch] = {}
        self._numbers = 0
        self._was_heard = True  # an answer has arrived since the last connection

    @property
    def has_room(self) -> bool:
        return len(self._batches) < self._window

    def add(self, records: Sequence[Record], now: float) -> Batch:
        """Adds a batch that is due at once."""
        self._numbers += 1
        batch = Batch(self._numbers, records, now, self._first_timeout)
        self._batches[batch.number] = batch
        return batch

    def due(self, now: float) -> list[Batch]:
        return [batch for batch in self._batches.values() if batch.due <= now]

    def next_due(self) -> Optional[float]:
        return min((batch.due for batch in self._batches.values()), default=None)

    def sent(self, batch: Batch, now: float) -> None:
        """The transport has the batch: without an answer it is due after its time-out."""
        batch.copies += 1
        batch.is_answered = False
        batch.due = now + batch.timeout * self._dice.uniform(1.0, 1.2)
        batch.timeout = min(2 * batch.timeout, max(LONGEST_TIMEOUT, self._first_timeout))

    def find(self, number: int) -> Optional[Batch]:
        """Returns the batch that an answer is for; None after its final answer."""
        return self._batches.get(number)

    def heard(self) -> None:
        """An answer has arrived on this connection."""
        self._was_heard = True

    def postpone(self, batch: Batch, kind: Kind, now: float, retry_after: Optional[float] = None) -> float:
        """Resends the batch later; returns in how many seconds."""
        first, longest = BACK_OFF[kind]
        if retry_after is not None:
            wait = min(max(retry_after, 0.0), LONGEST_RETRY_AFTER) * self._dice.uniform(1.0, 1.1)
        else:
            wait = min(first * 2.0 ** min(batch.failures, 20), longest) * self._dice.uniform(0.5, 1.0)
        batch.failures += 1
        batch.is_answered = True
        batch.timeout = self._first_timeout
        batch.due = now + wait
        return wait

    def reconnected(self, now: float, can_split: bool = True) -> int:
        """What the connection before held is lost: resend it at once.

        If nothing was answered on it, resend a little later, and in halves, if that is allowed: one of the batches may
        be what breaks connections. Returns the bytes of the longest of these; 0 if there is none.
        """
        lost = [batch for batch in self._batches.values() if batch.copies and not batch.is_answered]
        is_suspect = bool(lost) and not self._was_heard
        self._was_heard = False
        for batch in lost:
            batch.due = now + RECONNECT_PAUSE if is_suspect else now
            if is_suspect and can_split and len(batch.records) > 1:
                self.split(batch, batch.due)
        return max((batch.size for batch in lost), default=0) if is_suspect and can_split else 0

    def remove(self, batch: Batch) -> None:
        """The batch has its final answer."""
        del self._batches[batch.number]

    def split(self, batch: Batch, now: float) -> None:
        """Replaces a batch by its halves."""
        self.remove(batch)
        middle = len(batch.records) // 2
        for half in (batch.records[:middle], batch.records[middle:]):
            self.add(half, now)
