"""Against a real collector: everything once, from any thread, over pauses and restarts; what is refused is reported."""

import logging
import threading
import time

import pytest

from checks import assert_each_once, ids_of, stopped, written
from recording_server import committed
from touchpoint import ClientClosed, QueueFull
from waiting import wait_until

COUNT = 5_000


def test_events_are_committed_once_and_reported(router, client):
    collector = router()
    committed = []
    sender = client(on_committed=committed.extend)
    ids = [sender.track("u-1", "Order Completed", {"n": n}) for n in range(COUNT)]
    assert sender.flush()
    assert sorted(committed) == sorted(ids)
    stats = sender.stats()
    assert (stats.tracked, stats.committed, stats.queued, stats.unanswered, stats.bytes) == (COUNT, COUNT, 0, 0, 0)
    assert stats.connected and stats.messages <= COUNT / 100 + 5
    assert_each_once(collector, ids)


def test_few_events_are_sent_without_a_flush(router, client):
    router()
    committed = []
    sender = client(on_committed=committed.extend, batch_seconds=0.2)
    begin = time.monotonic()
    sender.track("u", "x")
    wait_until("the commit", lambda: committed)
    assert time.monotonic() - begin >= 0.2
    assert sender.stats().messages == 1


def test_batch_is_sent_when_it_is_full_by_events_or_bytes(router, client):
    router()
    committed = []
    by_events = client(on_committed=committed.extend, batch_seconds=3600, batch_events=10)
    for _ in range(10):
        by_events.track("u", "x")
    wait_until("ten commits", lambda: len(committed) == 10)
    by_bytes = client(on_committed=committed.extend, batch_seconds=3600, batch_bytes=10_000)
    for _ in range(3):
        by_bytes.track("u", "x", {"text": "y" * 4_000})
    wait_until("the commits of what fills a batch", lambda: len(committed) >= 12)
    assert by_events.stats().messages == 1 and by_bytes.stats().messages == 1


def test_call_returns_at_once_without_a_collector(client):
    sender = client()
    begin = time.monotonic()
    for _ in range(1_000):
        assert sender.track("u", "x")
    assert time.monotonic() - begin < 5
    assert not sender.flush(0.1)
    assert sender.stats().committed == 0 and not sender.stats().connected


def test_what_waits_is_sent_when_the_collector_starts(router, client, caplog, monkeypatch):
    monkeypatch.setattr("touchpoint._worker._ABSENT_SECONDS", 0.3)
    collector = router(start=False)
    sender = client()
    ids = [sender.track("u", "x", {"n": n}) for n in range(1_000)]
    wait_until("a word about the missing collector", lambda: "start the collector" in sender.stats().last_problem)
    assert [record for record in caplog.records if record.name == "touchpoint" and record.levelno == logging.WARNING]
    collector.start()
    assert sender.flush()
    assert_each_once(collector, ids)


def test_many_threads(router, client):
    collector = router()
    ids, lock = [], threading.Lock()
    sender = client()

    def track(name):
        mine = [sender.track(name, "x", {"n": n}) for n in range(500)]
        sender.flush()
        with lock:
            ids.extend(mine)

    threads = [threading.Thread(target=track, args=(f"u-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sender.flush() and sender.stats().committed == len(ids) == 4_000
    assert_each_once(collector, ids)


def test_flush_waits_only_for_earlier_events(server, client):
    """An event that is tracked meanwhile does not keep a flush from its end."""
    server.replies = [committed(1)]
    server.replies[0].seconds = 0.5
    sender = client(server.endpoint, batch_seconds=3600)
    sender.track("u", "first")
    results = []
    thread = threading.Thread(target=lambda: results.append(sender.flush()))
    thread.start()
    wait_until("the request", lambda: server.requests)
    sender.track("u", "second")
    thread.join()
    assert results == [True] and sender.stats().queued == 1


def test_pause_keeps_events_and_resend_writes_none_twice(router, client):
    collector = router()
    sender = client(answer_timeout=0.3)
    sender.track("u", "before")
    assert sender.flush()
    collector.control("pause")
    ids = [sender.track("u", "x", {"n": n}) for n in range(300)]
    assert not sender.flush(2)
    assert "paused" in sender.stats().last_problem and sender.stats().timeouts > 0
    collector.control("resume")
    assert sender.flush()
    assert sorted(ids_of(collector))[1:] and set(ids) < set(ids_of(collector))
    assert len(ids_of(collector)) == 301


def test_drain_and_restart(router, client):
    """A draining collector answers `unavailable`, or nothing: its successor gets the events."""
    collector = router()
    sender = client()
    ids = []
    for _ in range(3):
        ids += [sender.track("u", "x") for _ in range(500)]
        collector.drain()
        ids += [sender.track("u", "x") for _ in range(500)]
        collector.start()
    assert sender.flush()
    assert_each_once(collector, ids)


def test_quarantined_events_are_reported_one_by_one(router, client):
    collector = router(limits={"event": "2KiB"})
    rejected, committed = [], []
    sender = client(on_rejected=rejected.append, on_committed=committed.extend)
    good = [sender.track("u", "x", {"n": n}) for n in range(40)]
    bad = sender.track("u", "x", {"text": "y" * 4_000})
    good += [sender.track("u", "x", {"n": n}) for n in range(40)]
    infinite = sender.track("u", "x", {"n": 10**400})
    assert sender.flush()
    assert {one.message_id: one.reason for one in rejected} == {bad: "too_large", infinite: "invalid_json"}
    assert all(one.kept and one.detail and one.payload for one in rejected)
    assert sorted(committed) == sorted(good)
    stats = sender.stats()
    assert (stats.committed, stats.rejected) == (80, 2) and "quarantine" in stats.last_problem
    assert_each_once(collector, good)


def test_batches_longer_than_the_collector_takes(router, client):
    """The collector ends the connection without an answer: halves, and smaller batches from then on."""
    collector = router(limits={"message": "64KiB", "event": "4KiB"}, engine="native")
    sender = client()
    ids = [sender.track("u", "x", {"text": "y" * 1_000}) for _ in range(400)]
    assert sender.flush()
    assert "limits.message" in sender.stats().last_problem
    connects = sender.stats().connects
    ids += [sender.track("u", "x", {"text": "y" * 1_000}) for _ in range(400)]
    assert sender.flush() and sender.stats().connects == connects
    assert_each_once(collector, ids)


@pytest.mark.parametrize("error", [RuntimeError, SystemExit])
def test_failing_callback_ends_nothing(router, client, error):
    router()

    def fail(_):
        raise error("the program's fault")

    sender = client(on_committed=fail)
    for _ in range(2):
        sender.track("u", "x")
        assert sender.flush()
    assert sender.stats().committed == 2


def test_callback_may_track_but_not_wait(router, client):
    collector = router()
    problems, more = [], []

    def committed(ids):
        if len(more) < 3:
            more.append(sender.track("u", "follows"))
        for wait in (sender.flush, sender.shutdown):
            try:
                wait()
            except RuntimeError as error:
                problems.append(str(error))

    sender = client(on_committed=committed, batch_seconds=0.05)
    first = sender.track("u", "x")
    wait_until("what the callback tracked", lambda: sender.stats().committed == 4)
    assert "a callback cannot call them" in problems[0] and len(problems) >= 2
    assert sender.flush()
    assert_each_once(collector, [first, *more])


def test_full_queue_drops_the_new_event_and_reports_it(router, client):
    dropped = []
    sender = client(queue_events=100, on_dropped=dropped.append)
    ids = [sender.track("u", "x") for _ in range(150)]
    kept = ids[:100]
    assert all(kept) and ids[100:] == [None] * 50
    assert len(dropped) == 50 and {one.reason for one in dropped} == {"queue_full"}
    assert sender.stats().dropped == 50
    collector = router()
    assert sender.flush()
    assert_each_once(collector, kept)


def test_full_queue_by_bytes_raises_if_asked(client):
    sender = client(queue_bytes=10_000, when_full="raise")
    with pytest.raises(QueueFull) as caught:
        for _ in range(10):
            sender.track("u", "x", {"text": "y" * 3_000})
    assert "queue_bytes" in str(caught.value)
    assert sender.stats().tracked == 3


def test_full_queue_blocks_if_asked_and_no_longer_than_that(router, client):
    sender = client(queue_events=10, when_full="block", block_timeout=0.3)
    for _ in range(10):
        sender.track("u", "x")
    begin = time.monotonic()
    with pytest.raises(QueueFull):
        sender.track("u", "x")
    assert time.monotonic() - begin >= 0.3
    collector = router()
    patient = client(queue_events=10, when_full="block", batch_seconds=0.01)
    ids = [patient.track("u", "x") for _ in range(200)]
    assert patient.flush() and sender.flush()
    assert len(written(collector)) == 210 and all(ids)


def test_shutdown_reports_what_had_no_answer(router, client):
    collector = router()
    dropped = []
    sender = client(on_dropped=dropped.append)
    sender.track("u", "x")
    assert sender.flush()
    with stopped(collector.process):
        ids = [sender.track("u", "x") for _ in range(200)]
        begin = time.monotonic()
        assert not sender.shutdown(0.5)
        assert time.monotonic() - begin < 5
    assert sorted(one.message_id for one in dropped) == sorted(ids)
    assert {one.reason for one in dropped} == {"shutdown"}
    stats = sender.stats()
    assert (stats.tracked, stats.committed, stats.dropped, stats.queued, stats.unanswered) == (201, 1, 200, 0, 0)
    with pytest.raises(ClientClosed):
        sender.track("u", "x")
    assert sender.shutdown(0) and len(dropped) == 200


def test_context_manager_waits_for_answers(router, client):
    collector = router()
    with client() as sender:
        ids = [sender.track("u", "x") for _ in range(500)]
    assert_each_once(collector, ids)
