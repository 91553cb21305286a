"""The one thread of a client: makes batches, sends them, resends them, and settles them by their answers."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Optional

from ._answers import Answer, Kind, rejections
from ._http import HTTPTransport
from ._outbox import Batch, Outbox
from ._settings import Settings
from ._store import Store
from ._transport import Connected, Disconnected, Report, Transport, Wake
from ._zeromq import ZeroMQTransport, curve_keys, warn
from .reports import Rejection

LOG = logging.getLogger("touchpoint")
_LONGEST_WAIT = 60.0
_NO_ROOM_WAIT = 0.1  # the transport takes nothing now
_PAUSE_AFTER_FAULT = 1.0
_ABSENT_SECONDS = 2.0  # without a connection until it is said
_LEAST_BATCH_BYTES = 16 << 10
_LOG_PAUSE = 60.0  # between two warnings of the same cause


@dataclass
class Counts:
    """As in `Stats`, which documents them. The store's lock is needed."""

    tracked: int = 0
    committed: int = 0
    duplicates: int = 0
    rejected: int = 0
    dropped: int = 0
    messages: int = 0
    resent: int = 0
    timeouts: int = 0
    unavailable: int = 0
    connects: int = 0
    connected: bool = False
    last_problem: str = ""


def check(settings: Settings) -> None:
    """Raises what a transport with these settings would raise, without a connection."""
    if settings.is_http:
        wake = Wake()
        try:
            HTTPTransport(settings, wake).warn(settings)
        finally:
            wake.close()
    else:
        curve_keys(settings)
        warn(settings)


def new_transport(settings: Settings, wake: Wake) -> Transport:
    return HTTPTransport(settings, wake) if settings.is_http else ZeroMQTransport(settings, wake)


class Worker:
    """Runs from `start` to `stop`. Other threads call `notice`, `flush_to` and `stop`; `counts` needs the store's lock."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.counts = Counts()
        self._settings = settings
        self._store = store
        self._wake = Wake()
        self._outbox = Outbox(settings.window if not settings.is_http else 1, settings.first_timeout)
        self._transport: Optional[Transport] = None
        self._batch_bytes = settings.batch_bytes
        self._flush_to = 0
        self._is_ending = False
        self._absent_since: Optional[float] = None
        self._logged: dict[str, float] = {}
        self.thread = threading.Thread(target=self._run, name="touchpoint", daemon=True)

    # Called by other threads

    def start(self) -> None:
        self.thread.start()

    def notice(self, size: int) -> None:
        """An event of so many bytes is new: wakes the worker if it has to decide. The caller holds the store's lock."""
        waiting, after = self._store.waiting, self._store.waiting_bytes
        if waiting == 1 or waiting == self._settings.batch_events or after - size < self._batch_bytes <= after:
            self._wake.set()

    def flush_to(self, key: int) -> None:
        """Sends everything up to this key without waiting for more. The caller holds the store's lock."""
        self._flush_to = max(self._flush_to, key)
        self._wake.set()

    def stop(self, seconds: float) -> bool:
        """Ends the thread, at most so late; true if it has ended."""
        with self._store.lock:
            self._is_ending = True
            self._wake.set()
            if self.thread.ident is None:
                self._wake.close()
                return True
        self.thread.join(seconds)
        transport = self._transport
        if self.thread.is_alive() and transport is not None:
            transport.abort()
            self.thread.join(1.0)
        return not self.thread.is_alive()

    def after_fork_in_child(self) -> None:
        self._wake.close()
        if self._transport is not None:
            self._transport.after_fork_in_child()

    # The thread

    def _run(self) -> None:
        while not self._is_ending:
            try:
                self._transport = new_transport(self._settings, self._wake)
                self._reconnected()
                self._serve(self._transport)
            except Exception as fault:  # whatever it is: events wait, and the next turn may succeed
                self._problem(f"the client's thread failed and starts anew: {type(fault).__name__}: {fault}", fault)
                time.sleep(_PAUSE_AFTER_FAULT)
            finally:
                self._close_transport()
        with self._store.lock:
            self._wake.close()

    def _close_transport(self) -> None:
        transport, self._transport = self._transport, None
        self._set_connected(False)
        if transport is not None:
            try:
                transport.close()
            except Exception:
                LOG.exception("the connection could not be closed")

    def _serve(self, transport: Transport) -> None:
        while not self._is_ending:
            self._make_batches()
            has_room = True
            for batch in self._outbox.due(time.monotonic()):
                if self._is_ending:
                    return
                has_room = transport.send(batch.number, batch.records)
                if not has_room:
                    self._missing_connection()
                    break
                self._has_sent(batch)
            for report in transport.wait(self._wait(has_room)):
                self._take(report)

    def _make_batches(self) -> None:
        with self._store.lock:
            while self._outbox.has_room and not self._store.is_closed and self._is_batch_due():
                records = self._store.take(self._settings.batch_events, self._batch_bytes)
                if not records:
                    return
                self._outbox.add(records, time.monotonic())

    def _is_batch_due(self) -> bool:
        store, settings = self._store, self._settings
        if store.waiting == 0 or store.waiting_since is None:
            return False
        return (
            store.waiting >= settings.batch_events
            or store.waiting_bytes >= self._batch_bytes
            or time.monotonic() - store.waiting_since >= settings.batch_seconds
            or self._flush_to >= store.lowest_waiting()
        )

    def _wait(self, has_room: bool) -> float:
        """Returns how long nothing is to be done, unless something arrives; in seconds."""
        if not has_room:
            return _NO_ROOM_WAIT
        now = time.monotonic()
        until = [now + _LONGEST_WAIT]
        due = self._outbox.next_due()
        if due is not None:
            until.append(due)
        with self._store.lock:
            if self._outbox.has_room and self._store.waiting_since is not None:
                until.append(now if self._is_batch_due() else self._store.waiting_since + self._settings.batch_seconds)
        # A millisecond more: poll takes whole ones, and rounds down.
        return max(0.0, min(until) - now + 0.001) if min(until) > now else 0.0

    def _missing_connection(self) -> None:
        now = time.monotonic()
        if self.counts.connected:
            return
        if self._absent_since is None:
            self._absent_since = now
        elif now - self._absent_since >= _ABSENT_SECONDS:
            self._problem(f"no connection to {self._settings.endpoint}: start the collector, or check the endpoint")

    def _has_sent(self, batch: Batch) -> None:
        was_timeout = batch.copies > 0 and not batch.is_answered
        is_copy = batch.copies > 0
        self._outbox.sent(batch, time.monotonic())
        with self._store.lock:
            self.counts.messages += 1
            self.counts.resent += is_copy
            self.counts.timeouts += was_timeout
        if was_timeout:
            self._problem("no answer in time: the collector is paused, its disk is full or slow, or it was restarted")

    # Answers

    def _take(self, report: Report) -> None:
        if isinstance(report, Connected):
            self._absent_since = None
            with self._store.lock:
                self.counts.connected = True
                self.counts.connects += 1
                is_first = self.counts.connects == 1
            if not is_first:
                self._reconnected()
        elif isinstance(report, Disconnected):
            self._set_connected(False)
            if report.problem:
                self._problem(report.problem)
        else:
            batch = self._outbox.find(report.number)
            if batch is not None:  # otherwise it is the answer to a second copy
                self._answered(report, batch)

    def _reconnected(self) -> None:
        """Resends; in smaller batches if the last connection broke before an answer, since a batch may be the cause."""
        longest = self._outbox.reconnected(time.monotonic(), can_split=not self._settings.is_http)
        if not longest:
            return
        self._batch_bytes = min(self._batch_bytes, max(longest // 2, _LEAST_BATCH_BYTES))
        self._problem(
            "connections break before any answer: if the collector is not restarting, a batch or an event is longer than "
            "its limits.message; set batch_bytes and event_bytes to less than that"
        )

    def _answered(self, answer: Answer, batch: Batch) -> None:
        if answer.kind in (Kind.COMMITTED, Kind.REFUSED):
            self._settle(answer, batch)
        elif answer.kind is Kind.TOO_LARGE:
            self._outbox.heard()
            if len(batch.records) > 1:
                self._outbox.split(batch, time.monotonic())
            else:
                self._settle(answer, batch)
        elif answer.reason == "quarantine_full" and len(batch.records) > 1:
            self._outbox.split(batch, time.monotonic())  # only the event that would go there has to wait
        else:
            wait = self._outbox.postpone(batch, answer.kind, time.monotonic(), answer.retry_after)
            with self._store.lock:
                self.counts.unavailable += 1
            text = " ".join(part for part in (answer.reason, answer.detail) if part)
            self._problem(f"events wait at least {wait:.1f} s: {text}")

    def _settle(self, answer: Answer, batch: Batch) -> None:
        """Forgets a batch by its final answer: in the spool first, then callbacks, then whoever waits in `flush`."""
        self._outbox.heard()
        self._outbox.remove(batch)
        refused = rejections(answer, batch.records)
        accepted = [record.message_id for index, record in enumerate(batch.records) if index not in refused]
        with self._store.lock:
            if self._store.is_closed:
                return
            self._store.remove(batch.records, list(refused.values()))
        if accepted:
            self.call(self._settings.on_committed, accepted)
        for one in refused.values():
            self._refused(one)
        with self._store.lock:
            if self._store.is_closed:
                return
            self._store.settle(batch.records)
            self.counts.committed += len(accepted)
            self.counts.duplicates += answer.duplicates
            self.counts.rejected += len(refused)

    def _refused(self, one: Rejection) -> None:
        where = "it is in the collector's quarantine" if one.kept else "the collector has not kept it"
        self._problem(f"the collector refused an event: {one.reason} {one.detail}; {where}".replace(" ;", ";"))
        self.call(self._settings.on_rejected, one)

    @staticmethod
    def call(callback: Optional[Callable[[Any], object]], value: object) -> None:
        """Calls a callback of the program; its errors are logged, and end nothing."""
        if callback is None:
            return
        try:
            callback(value)
        except (Exception, SystemExit):
            LOG.exception("a callback of the program failed; sending goes on")

    def _set_connected(self, connected: bool) -> None:
        with self._store.lock:
            self.counts.connected = connected

    def _problem(self, text: str, fault: Optional[BaseException] = None) -> None:
        """Logs a cause at most once a minute, and keeps it for `stats`."""
        with self._store.lock:
            self.counts.last_problem = text
        # Numbers differ from case to case; the cause does not.
        cause = "".join(character for character in text if not character.isdigit())
        now = time.monotonic()
        if len(self._logged) > 100:
            self._logged.clear()
        if now - self._logged.get(cause, -_LOG_PAUSE) >= _LOG_PAUSE:
            self._logged[cause] = now
            LOG.warning("%s", text, exc_info=fault)
