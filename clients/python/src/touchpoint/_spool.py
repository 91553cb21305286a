"""The spool: events in a SQLite file, which survive the process.

An event is in the file before `track` returns, and is removed after the collector has committed it. The order of the
two steps at each end makes "at least once"; the collector recognises the second copy, so the files have it once.

`PATH.lock` is locked (flock) while a process has the spool. SQLite's connection does not live through a fork: it is
closed before and opened when it is needed next. Without `fsync` a write survives the process, `kill -9` included, and
with it a power cut.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import time
from typing import Any, Iterator, Optional, Sequence

from ._store import Record, Store
from .errors import SpoolError, SpoolLocked
from .reports import Rejection

LOG = logging.getLogger("touchpoint")
APPLICATION_ID = 0x54504331  # "TPC1": says that the file is a spool
SLOTS = 256
REFUSED_MAX = 1_000  # rows of the table `rejected`; the oldest are removed
_BUSY_SECONDS = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rejected (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), payload BLOB NOT NULL);
"""


def locked(path: str) -> tuple[str, int]:
    """Returns the spool's path and the descriptor of its lock. `{slot}` in a path is the first free number."""
    if "{slot}" not in path:
        return path, _lock(path)
    for slot in range(SLOTS):
        with contextlib.suppress(SpoolLocked):
            chosen = path.replace("{slot}", str(slot))
            return chosen, _lock(chosen)
    raise SpoolLocked(f"all {SLOTS} spools {path} are in use: end processes that you do not need")


def _lock(path: str) -> int:
    place = path + ".lock"
    try:
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SpoolError(
            f"the spool's lock {place} cannot be opened ({error.strerror}): make its folder, and let this user write there"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise SpoolLocked(
            f"the spool {path} is in use by process {holder}: a spool is for one client of one process. "
            "Use another path, or write {slot} in the path to use the first free number"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


class SpoolStore(Store):
    """A queue in a file. Errors of the file are SpoolErrors."""

    full_reason = "spool_full"
    is_durable = True

    def __init__(self, path: str, bytes_max: int, fsync: bool) -> None:
        super().__init__(None, bytes_max)
        self._fsync = fsync
        self._connection: Optional[sqlite3.Connection] = None
        self._cursor = 0  # the last key that was taken
        self._unremoved: list[tuple[int, int]] = []  # ranges of keys whose removal failed
        self.path, self._descriptor = locked(path)
        try:
            with self._errors("opened"):
                count, size, first, last = self._opened().execute(
                    "SELECT COUNT(*), COALESCE(SUM(LENGTH(payload)), 0), COALESCE(MIN(id), 1), COALESCE(MAX(id), 0) FROM events"
                ).fetchone()
        except BaseException:
            self._disconnect()
            os.close(self._descriptor)
            raise
        self.events, self.bytes, self.last_key, self._cursor = count, size, last, first - 1
        if count:
            self.waiting_since = time.monotonic()
            LOG.info("the spool %s has %d events of an earlier process", self.path, count)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        if self.is_closed:
            raise SpoolError(f"the spool {self.path} is closed: the client was shut down")
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # events are nobody else's business
        made = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            tables = made.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
            if tables and made.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise SpoolError(f"{self.path} is a database of something else: use another path for the spool")
            made.execute("PRAGMA journal_mode = WAL")
            made.execute(f"PRAGMA synchronous = {'FULL' if self._fsync else 'NORMAL'}")
            made.execute("PRAGMA journal_size_limit = 16777216")
            made.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID}; COMMIT;")
        except BaseException:
            made.close()
            raise
        self._connection = made
        return made

    @contextlib.contextmanager
    def _errors(self, done: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            advice = "look at its disk and permissions"
            if "not a database" in str(error) or "malformed" in str(error):
                advice = "it is damaged or no spool. Move it away, and keep it: it may have events"
            raise SpoolError(f"the spool {self.path} cannot be {done} ({error}): {advice}") from error
        except OSError as error:
            raise SpoolError(
                f"the spool {self.path} cannot be {done} ({error.strerror}): look at its folder and permissions"
            ) from error

    def _insert(self, message_id: str, payload: bytes) -> int:
        with self._errors("written"):
            cursor = self._opened().execute(
                "INSERT INTO events (message_id, payload) VALUES (?, ?)", (message_id, payload)
            )
        return int(cursor.lastrowid or 0)

    def _read(self, events_max: int) -> list[Record]:
        with self._errors("read"):
            rows: list[Any] = self._opened().execute(
                "SELECT id, message_id, payload FROM events WHERE id > ? ORDER BY id LIMIT ?", (self._cursor, events_max)
            ).fetchall()
        return [Record(*row) for row in rows]

    def _have_taken(self, records: Sequence[Record]) -> None:
        if records:
            self._cursor = records[-1].key

    def remove(self, records: Sequence[Record], refused: Sequence[Rejection]) -> None:
        # The keys of a batch are neighbours: what lies between the first and the last is in the batch or gone.
        self._unremoved.append((records[0].key, records[-1].key))
        try:
            with self._errors("written"):
                self._remove_all(refused)
            self._unremoved.clear()
        except SpoolError as error:
            LOG.warning("%s. Answered events stay in it, are resent after the next start, and recognised", error)

    def _remove_all(self, refused: Sequence[Rejection]) -> None:
        connection = self._opened()
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(
                "INSERT INTO rejected (message_id, reason, detail, payload) VALUES (?, ?, ?, ?)",
                [(one.message_id, one.reason, one.detail, one.payload) for one in refused if not one.kept],
            )
            if refused:
                connection.execute(f"DELETE FROM rejected WHERE id <= (SELECT MAX(id) FROM rejected) - {REFUSED_MAX}")
            connection.executemany("DELETE FROM events WHERE id BETWEEN ? AND ?", self._unremoved)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    def lowest_waiting(self) -> int:
        return self._cursor + 1

    def left(self) -> list[Record]:
        return []

    def close(self) -> None:
        if not self.is_closed:
            super().close()
            self._disconnect()
            os.close(self._descriptor)

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def before_fork(self) -> None:
        self._disconnect()

    def after_fork_in_child(self) -> None:
        if not self.is_closed:
            os.close(self._descriptor)
