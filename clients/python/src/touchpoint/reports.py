"""What the client reports: to callbacks, and by `stats`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rejection:
    """An event that the collector refused. The client does not resend it.

    `reason` is the collector's code, such as `invalid_json`; `detail` is its text for people. If `kept` is true, the
    event is on the collector's stable storage, in its quarantine. Otherwise the collector has not kept it; a client
    with a spool moves it to the spool's table `rejected`.
    """

    message_id: str
    reason: str
    detail: str
    kept: bool
    payload: bytes


@dataclass(frozen=True)
class Drop:
    """An event that the client gave up before it had an answer.

    `reason` is `queue_full`, `spool_full`, or `shutdown`: there was no answer when the client ended. After `shutdown`
    the collector may have the event nevertheless.
    """

    message_id: str
    reason: str
    payload: bytes


@dataclass(frozen=True)
class Stats:
    """Counts of events since the client was made, or since the process was forked; and its present state.

    `tracked` = `committed` + `rejected` + `dropped` + `queued` + `unanswered` - what a spool had at the start.
    """

    tracked: int = 0  # accepted by a call, or dropped by it
    committed: int = 0  # on the collector's stable storage; `duplicates` of them were there already
    duplicates: int = 0
    rejected: int = 0  # refused by the collector, quarantined ones included
    dropped: int = 0
    queued: int = 0  # now: not sent yet
    unanswered: int = 0  # now: sent at least once, or in a batch that is to be sent
    bytes: int = 0  # now: of queued and unanswered events
    messages: int = 0  # batches handed to the transport, resent ones included
    resent: int = 0  # of these, the second and further copies
    timeouts: int = 0  # batches resent because no answer came: in time, or before the connection broke
    unavailable: int = 0  # answers that asked to try later, and failed requests
    connects: int = 0
    connected: bool = False
    last_problem: str = ""  # why events are waiting, or were refused; empty if nothing was wrong yet
