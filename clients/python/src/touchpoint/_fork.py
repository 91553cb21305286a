"""What a fork does to the clients of a process.

No spool is open at the moment of a fork, and no lock is held by another thread. The child starts afresh: without
events, sockets and threads of its parent.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from typing import Protocol


class Forked(Protocol):
    """A client, as the process's forks see it."""

    def before_fork(self) -> None: ...

    def after_fork_in_parent(self) -> None: ...

    def after_fork_in_child(self) -> None: ...


_clients: "weakref.WeakSet[Forked]" = weakref.WeakSet()
_held: list[Forked] = []
# Held during a fork: no client is made in the middle of one.
_lock = threading.RLock()


def register(client: Forked) -> None:
    """Calls the client's methods at each fork, as long as somebody else keeps it."""
    with _lock:
        _clients.add(client)


def _before() -> None:
    # One order for all threads that fork; a thread holds at most one of these locks otherwise.
    _lock.acquire()
    for client in sorted(_clients, key=id):
        client.before_fork()
        _held.append(client)


def _after_in_parent() -> None:
    while _held:
        with contextlib.suppress(Exception):
            _held.pop().after_fork_in_parent()
    _lock.release()


def _after_in_child() -> None:
    global _lock
    _lock = threading.RLock()
    while _held:
        with contextlib.suppress(Exception):
            _held.pop().after_fork_in_child()


os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
