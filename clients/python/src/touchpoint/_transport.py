"""What a transport does for the worker, and the descriptor by which other threads wake it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import Protocol, Sequence, Union

from ._answers import Answer
from ._store import Record


@dataclass(frozen=True)
class Connected:
    """A connection is ready for messages. What an earlier one held is lost."""


@dataclass(frozen=True)
class Disconnected:
    """There is no connection; `problem` says why, if it is known and somebody has to do something."""

    problem: str = ""


Report = Union[Answer, Connected, Disconnected]


class Wake:
    """Ends the wait of the worker. Calls of `set` and `close` need one lock: a closed descriptor may be another's."""

    def __init__(self) -> None:
        self.descriptor, self._writer = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._writer, False)

    def set(self) -> None:
        with contextlib.suppress(OSError):  # full: it is set. -1: nobody waits
            os.write(self._writer, b"w")

    def clear(self) -> None:
        with contextlib.suppress(OSError):
            os.read(self.descriptor, 4096)

    def close(self) -> None:
        for descriptor in (self.descriptor, self._writer):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self.descriptor = self._writer = -1


class Transport(Protocol):
    """A connection to a collector. Only the worker's thread calls it, but for `abort`."""

    def send(self, number: int, records: Sequence[Record]) -> bool:
        """Sends a batch; false if there is no connection or no room now."""

    def wait(self, seconds: float) -> Sequence[Report]:
        """Waits at most so long, or until the wake is set, and returns what has arrived."""

    def close(self) -> None:
        """Closes everything; does not wait for anything."""

    def abort(self) -> None:
        """Ends a call of `send` that another thread is in."""

    def after_fork_in_child(self) -> None:
        """Closes the child's copies of what belongs to the parent."""
