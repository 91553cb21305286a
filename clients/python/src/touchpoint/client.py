"""The client: what a program calls. Every call but `flush`, `shutdown` and `when_full="block"` returns at once."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
from dataclasses import asdict
from types import TracebackType
from typing import Callable, Mapping, Optional, Sequence, Type

from . import _fork
from ._calls import Calls
from ._event import Json, completed, encoded
from ._settings import GIB, KIB, MIB, PathLike, Settings
from ._spool import SpoolStore
from ._store import MemoryStore, Store
from ._worker import Worker, check
from .errors import ClientClosed, EventError, QueueFull
from .reports import Drop, Rejection, Stats

LOG = logging.getLogger("touchpoint")
DEFAULT_ENDPOINT = "tcp://127.0.0.1:5572"
# What belongs to a parent process. It is kept, so that no destructor touches the parent's connections.
_of_the_parent: list[object] = []


class _Life:
    """What a client has in one process."""

    def __init__(self, settings: Settings) -> None:
        self.process = os.getpid()
        self.store: Store
        if settings.spool is None:
            self.store = MemoryStore(settings.queue_events, settings.queue_bytes)
        else:
            self.store = SpoolStore(os.fspath(settings.spool), settings.spool_bytes, settings.spool_fsync)
        self.worker = Worker(settings, self.store)
        self.has_started = False

    def start(self) -> None:
        """Starts the thread, once. The caller holds the store's lock."""
        if self.has_started:
            return
        try:
            self.worker.start()
            self.has_started = True
        except RuntimeError as error:  # no resources, or the interpreter is ending: the event is kept all the same
            LOG.warning("the client's thread does not start now: %s", error)


class Touchpoint(Calls):
    """Sends events to a collector, in the background, and keeps each until the collector has it on stable storage.

    All methods may be called by any thread, and after a fork. A call that returns a messageId has kept the event: in
    the spool, or in memory if there is none. A call that returns None has dropped it (`when_full="drop"`).

    :param endpoint: `tcp://HOST:PORT` or `ipc://PATH` of a router source, `https://HOST[:PORT][/PATH]` of an http one.
    :param channel: the channel of events that have none: `web`, `store`.
    :param write_key: HTTP: the key that the operator has assigned. `write_key_header`: `authorization` (Basic), or
        `x-write-key`. `ca_file`: certificates (PEM) to trust instead of the system's.
    :param key_file: ZeroMQ: your NAME.key_secret, and `collector_key_file` its NAME.key, made by `touchpointctl keygen`.
    :param spool: a file that keeps events until they are committed, also when the process dies; on a local disk.
        `{slot}` in it is the first number that no other process uses. With `spool_fsync` it survives power cuts too.
    :param spool_bytes: bytes of events that the spool holds at most; `queue_events`, `queue_bytes`: without a spool.
    :param when_full: "drop" the new event and report it, "raise" QueueFull, or "block" for `block_timeout` seconds.
    :param batch_events: send as soon as so many events, or `batch_bytes`, wait; or the first has waited `batch_seconds`.
    :param event_bytes: the largest event; the collector's `limits.event` is the same by default.
    :param window: ZeroMQ: batches that may be without an answer at a time.
    :param answer_timeout: seconds until a batch is resent: 1, doubled each time up to 30; HTTP: 10.
    :param exit_timeout: seconds that the end of the program waits for answers.
    :param on_committed: called with the messageIds of a batch that is on the collector's stable storage.
    :param on_rejected: called with a Rejection. `on_dropped`: called with a Drop. Callbacks run in the client's thread,
        but for drops of a full queue, and must not wait for the client.
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        *,
        channel: Optional[str] = None,
        write_key: Optional[str] = None,
        write_key_header: str = "authorization",
        ca_file: Optional[PathLike] = None,
        key_file: Optional[PathLike] = None,
        collector_key_file: Optional[PathLike] = None,
        spool: Optional[PathLike] = None,
        spool_bytes: int = GIB,
        spool_fsync: bool = False,
        queue_events: int = 100_000,
        queue_bytes: int = 64 * MIB,
        when_full: str = "drop",
        block_timeout: float = 30.0,
        batch_events: int = 100,
        batch_bytes: int = 256 * KIB,
        batch_seconds: float = 0.5,
        event_bytes: int = MIB,
        window: int = 32,
        answer_timeout: Optional[float] = None,
        exit_timeout: float = 5.0,
        on_committed: Optional[Callable[[Sequence[str]], object]] = None,
        on_rejected: Optional[Callable[[Rejection], object]] = None,
        on_dropped: Optional[Callable[[Drop], object]] = None,
    ) -> None:
        values = {name: value for name, value in locals().items() if name != "self"}
        self._settings = Settings(**values)
        check(self._settings)
        self._is_closed = False
        # Guards `_life`; never held while another lock is taken, but at a fork.
        self._life_lock = threading.RLock()
        self._life: Optional[_Life] = None
        _fork.register(self)
        life = self._own()
        with life.store.lock:
            if life.store.events:
                life.start()
        atexit.register(self._at_exit)

    # Sending, waiting, ending

    def send(self, event: Json) -> Optional[str]:
        """Any JSON object as an event, for fields of your own: adds only `messageId` and `timestamp`, if they are missing.

        Returns the messageId.
        """
        if not isinstance(event, Mapping):
            raise EventError(f"an event is a dict, not a {type(event).__name__}")
        made = completed(event)
        if self._settings.channel is not None and made.get("channel") is None:
            made["channel"] = self._settings.channel
        return self._keep(str(made["messageId"]), encoded(made, self._settings.event_bytes))

    def flush(self, timeout: float = 30.0) -> bool:
        """Waits until all events of earlier calls have their final answers; false if `timeout` seconds did not suffice."""
        life = self._present()
        if life is None:
            return True
        self._refuse_callback(life)
        end = time.monotonic() + timeout
        store = life.store
        with store.lock:
            target = store.last_key
            if store.events and not store.is_closed:
                life.start()
                life.worker.flush_to(target)
            while not store.is_closed:
                lowest = store.lowest()
                if lowest is None or lowest > target:
                    return True
                left = end - time.monotonic()
                if left <= 0:
                    return False
                store.changed.wait(left)
            return store.lowest() is None

    @staticmethod
    def _refuse_callback(life: _Life) -> None:
        if threading.current_thread() is life.worker.thread:
            raise RuntimeError("flush and shutdown wait for answers, so a callback cannot call them")

    def shutdown(self, timeout: float = 10.0) -> bool:
        """Takes no more events, waits like `flush`, and ends the thread; true if every event has its final answer.

        Events without an answer stay in the spool for the next start; without a spool they are dropped and reported.
        """
        life = self._present()
        if life is not None:
            self._refuse_callback(life)
        self._is_closed = True
        atexit.unregister(self._at_exit)
        if life is None or life.store.is_closed:
            return True
        is_complete = self.flush(timeout)
        life.worker.stop(1.0)
        with life.store.lock:
            lost = [] if life.store.is_closed else life.store.left()
            life.store.close()
            life.worker.counts.dropped += len(lost)
        if lost:
            LOG.warning("%d events had no answer and are dropped: a spool would keep them for the next start", len(lost))
        for record in lost:
            life.worker.call(self._settings.on_dropped, Drop(record.message_id, "shutdown", record.payload))
        return is_complete

    def stats(self) -> Stats:
        """Returns the counts of this process."""
        life = self._present()
        if life is None:
            return Stats()
        store = life.store
        with store.lock:
            is_lost = store.is_closed and not store.is_durable
            return Stats(
                **asdict(life.worker.counts),
                queued=0 if is_lost else store.waiting,
                unanswered=0 if is_lost else store.taken,
                bytes=0 if is_lost else store.bytes,
            )

    def __enter__(self) -> "Touchpoint":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.shutdown()

    def _at_exit(self) -> None:
        self.shutdown(self._settings.exit_timeout)

    # Keeping

    def _keep(self, message_id: str, payload: bytes) -> Optional[str]:
        """Puts an event into the store, if there is room."""
        self._check_open(None)
        life = self._own()
        store, counts = life.store, life.worker.counts
        with store.lock:
            self._check_open(store)
            if store.has_room(len(payload)) or self._wait_for_room(life, len(payload)):
                store.put(message_id, payload)
                counts.tracked += 1
                life.start()
                life.worker.notice(len(payload))
                return message_id
            if self._settings.when_full != "drop":
                raise QueueFull(
                    f"no room for the event: {store.events} events with {store.bytes} bytes have no answer yet "
                    f"({counts.last_problem or 'the collector is slow, or cannot be reached'}). "
                    "Look at the collector, or raise spool_bytes, queue_events and queue_bytes"
                )
            counts.tracked += 1
            counts.dropped += 1
        life.worker.call(self._settings.on_dropped, Drop(message_id, store.full_reason, payload))
        return None

    def _wait_for_room(self, life: _Life, size: int) -> bool:
        if self._settings.when_full != "block" or threading.current_thread() is life.worker.thread:
            return False
        end = time.monotonic() + self._settings.block_timeout
        while not life.store.has_room(size):
            left = end - time.monotonic()
            if left <= 0:
                return False
            life.store.changed.wait(left)
            self._check_open(life.store)
        return True

    def _check_open(self, store: Optional[Store]) -> None:
        if self._is_closed or (store is not None and store.is_closed):
            raise ClientClosed("the client was shut down: make a new one, or shut it down later")

    # Processes

    def _present(self) -> Optional[_Life]:
        """Returns what this process has; None in a fork's child that has sent nothing yet."""
        with self._life_lock:
            if self._life is not None and self._life.process != os.getpid():
                _of_the_parent.append(self._life)  # a fork that Python did not see
                self._life = None
            return self._life

    def _own(self) -> _Life:
        """Returns what this process has, and makes it if it has nothing."""
        with self._life_lock:
            life = self._present()
            if life is None:
                life = self._life = _Life(self._settings)
                self._finish_with_multiprocessing()
            return life

    def _finish_with_multiprocessing(self) -> None:
        """Flushes at the end of a child of multiprocessing, which runs no exit handlers in some versions of Python."""
        process = sys.modules.get("multiprocessing.process")
        if process is not None and process.parent_process() is not None:
            from multiprocessing.util import Finalize

            Finalize(None, self._at_exit, exitpriority=10)

    def before_fork(self) -> None:
        """Waits until no thread is in the middle of something, and keeps it so until the fork is over."""
        self._life_lock.acquire()
        if self._life is not None:
            self._life.store.lock.acquire()
            self._life.store.before_fork()

    def after_fork_in_parent(self) -> None:
        if self._life is not None:
            self._life.store.lock.release()
        self._life_lock.release()

    def after_fork_in_child(self) -> None:
        """Leaves everything to the parent. The next event makes a new queue, connection and thread."""
        life, self._life = self._life, None
        self._life_lock = threading.RLock()
        if life is not None:
            _of_the_parent.append(life)
            life.store.after_fork_in_child()
            life.worker.after_fork_in_child()

