"""Events that have no answer yet: in memory (`MemoryStore`) or in a file (`SpoolStore`, _spool.py).

A store is bounded. An event is *waiting* until the worker takes it, and *taken* until it is settled: answered for good.
Keys count up, so that `flush` can wait for everything up to a key.

All methods need `lock`; callers hold it, so that several steps are one. `changed` is notified when room appears or
events are settled.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import NamedTuple, Optional, Sequence

from .reports import Rejection


class Record(NamedTuple):
    """One event: its key in the store, its id, and the bytes that each copy has."""

    key: int
    message_id: str
    payload: bytes


class Store:
    """The counts and bounds that both kinds share."""

    full_reason = "queue_full"
    is_durable = False

    def __init__(self, events_max: Optional[int], bytes_max: int) -> None:
        # Not a plain lock: a signal handler may track while its thread is in here.
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.is_closed = False
        self.events = 0
        self.bytes = 0
        self.last_key = 0
        self.waiting_since: Optional[float] = None
        self._events_max = events_max
        self._bytes_max = bytes_max
        self._taken: dict[int, int] = {}  # key -> bytes, in the order of keys
        self._taken_bytes = 0

    @property
    def waiting(self) -> int:
        """Events that are not taken."""
        return self.events - len(self._taken)

    @property
    def waiting_bytes(self) -> int:
        return self.bytes - self._taken_bytes

    @property
    def taken(self) -> int:
        return len(self._taken)

    def has_room(self, size: int) -> bool:
        """Whether an event of so many bytes fits. One that is alone always fits."""
        if self.events == 0:
            return True
        if self._events_max is not None and self.events >= self._events_max:
            return False
        return self.bytes + size <= self._bytes_max

    def put(self, message_id: str, payload: bytes) -> int:
        """Keeps one event and returns its key. Ask `has_room` first."""
        key = self._insert(message_id, payload)
        if self.waiting == 0:
            self.waiting_since = time.monotonic()
        self.last_key = key
        self.events += 1
        self.bytes += len(payload)
        return key

    def take(self, events_max: int, bytes_max: int) -> list[Record]:
        """Takes waiting events in order, within both bounds; at least one, if there is one."""
        records: list[Record] = []
        size = 0
        for record in self._read(events_max):
            size += len(record.payload)
            if records and size > bytes_max:
                break
            records.append(record)
            self._taken[record.key] = len(record.payload)
            self._taken_bytes += len(record.payload)
        self._have_taken(records)
        if not records:  # somebody else has emptied the file
            self.events, self.bytes = len(self._taken), self._taken_bytes
        self.waiting_since = time.monotonic() if self.waiting else None
        return records

    def remove(self, records: Sequence[Record], refused: Sequence[Rejection]) -> None:
        """Removes events that have their answer from a durable store. Of refused ones, it keeps what nobody else has."""

    def settle(self, records: Sequence[Record]) -> None:
        """Forgets events that have their answer, after callbacks know it: then `flush` ends, and there is room."""
        self._forget(records)
        for record in records:
            size = self._taken.pop(record.key)
            self._taken_bytes -= size
            self.events -= 1
            self.bytes -= size
        self.changed.notify_all()

    def lowest(self) -> Optional[int]:
        """Returns the lowest key that is not settled."""
        for key in self._taken:
            return key
        return self.lowest_waiting() if self.waiting else None

    def _insert(self, message_id: str, payload: bytes) -> int:
        raise NotImplementedError

    def _read(self, events_max: int) -> list[Record]:
        raise NotImplementedError

    def _have_taken(self, records: Sequence[Record]) -> None:
        raise NotImplementedError

    def _forget(self, records: Sequence[Record]) -> None:
        """Frees what the store itself has of these events."""

    def lowest_waiting(self) -> int:
        """Returns a number not above the key of the first waiting event, and above all taken before."""
        raise NotImplementedError

    def left(self) -> list[Record]:
        """Returns the events that are lost when the store is closed now."""
        raise NotImplementedError

    def close(self) -> None:
        self.is_closed = True
        self.changed.notify_all()

    def before_fork(self) -> None:
        """Leaves nothing open that parent and child must not share. The caller holds the lock until after the fork."""

    def after_fork_in_child(self) -> None:
        """Closes the child's copies of what belongs to the parent."""


class MemoryStore(Store):
    """A queue in memory; what is in it is lost with the process."""

    def __init__(self, events_max: int, bytes_max: int) -> None:
        super().__init__(events_max, bytes_max)
        self._queue: deque[Record] = deque()
        self._records: dict[int, Record] = {}  # taken

    def _insert(self, message_id: str, payload: bytes) -> int:
        record = Record(self.last_key + 1, message_id, payload)
        self._queue.append(record)
        return record.key

    def _read(self, events_max: int) -> list[Record]:
        return [self._queue[index] for index in range(min(events_max, len(self._queue)))]

    def _have_taken(self, records: Sequence[Record]) -> None:
        for record in records:
            self._records[record.key] = self._queue.popleft()

    def _forget(self, records: Sequence[Record]) -> None:
        for record in records:
            del self._records[record.key]

    def lowest_waiting(self) -> int:
        return self._queue[0].key

    def left(self) -> list[Record]:
        return [*self._records.values(), *self._queue]
