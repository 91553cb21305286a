"""When batches are due: time-outs, back-off, reconnects. Without a clock."""

import random

import pytest

from touchpoint._answers import Answer, Kind, rejections
from touchpoint._http import seconds_of
from touchpoint._outbox import Outbox
from touchpoint._store import Record

RECORDS = [Record(key, f"m-{key}", b"{}") for key in range(1, 5)]


def outbox(**more):
    return Outbox(**{"window": 2, "first_timeout": 1.0, "dice": random.Random(7), **more})


def test_new_batch_is_due_at_once_and_window_bounds_them():
    box = outbox()
    first = box.add(RECORDS, 10.0)
    assert box.has_room and box.due(10.0) == [first]
    box.add(RECORDS, 10.0)
    assert not box.has_room


def test_timeout_doubles_up_to_half_a_minute():
    box = outbox()
    batch = box.add(RECORDS, 0.0)
    waits, now = [], 0.0
    for _ in range(8):
        box.sent(batch, now)
        waits.append(batch.due - now)
        now = batch.due
    for expected, wait in zip([1, 2, 4, 8, 16, 30, 30, 30], waits):
        assert expected <= wait <= 1.2 * expected


@pytest.mark.parametrize(("kind", "first", "longest"), [
    (Kind.UNAVAILABLE, 0.2, 5.0), (Kind.UNREACHABLE, 0.5, 30.0), (Kind.MISCONFIGURED, 1.0, 60.0)])
def test_back_off_doubles_with_jitter(kind, first, longest):
    box = outbox()
    batch = box.add(RECORDS, 0.0)
    waits = [box.postpone(batch, kind, 0.0) for _ in range(12)]
    for attempt, wait in enumerate(waits):
        expected = min(first * 2**attempt, longest)
        assert expected / 2 <= wait <= expected
    assert len({round(wait / min(first * 2**attempt, longest), 3) for attempt, wait in enumerate(waits)}) > 6


def test_retry_after_counts_and_has_a_limit():
    box = outbox()
    batch = box.add(RECORDS, 0.0)
    assert 7.0 <= box.postpone(batch, Kind.UNAVAILABLE, 0.0, 7.0) <= 7.7
    assert box.postpone(batch, Kind.UNAVAILABLE, 0.0, 1e9) <= 330.0
    assert box.postpone(batch, Kind.UNAVAILABLE, 0.0, -5.0) == 0.0


def test_postponed_batch_has_its_first_timeout_again():
    box = outbox()
    batch = box.add(RECORDS, 0.0)
    for _ in range(4):
        box.sent(batch, 0.0)
    box.postpone(batch, Kind.UNAVAILABLE, 0.0)
    box.sent(batch, 0.0)
    assert batch.due <= 1.2


def test_reconnect_resends_at_once_what_was_sent_and_only_that():
    box = outbox(window=3)
    sent, new, postponed = (box.add(RECORDS, 0.0) for _ in range(3))
    box.sent(sent, 0.0)
    box.sent(postponed, 0.0)
    box.postpone(postponed, Kind.UNAVAILABLE, 0.0, 50.0)
    box.heard()
    box.reconnected(0.1)
    assert sent.due == 0.1 and new.due == 0.0 and postponed.due >= 50.0


def test_reconnect_waits_a_second_if_the_connection_before_brought_no_answer():
    box = outbox()
    batch = box.add(RECORDS[:1], 0.0)
    box.sent(batch, 0.0)
    assert not box.reconnected(0.1)
    box.sent(batch, 0.1)
    assert box.reconnected(0.2)
    assert batch.due == 1.2


def test_batch_that_may_break_connections_is_resent_in_halves():
    box = outbox()
    batch = box.add(RECORDS, 0.0)
    for expected in (0, 8):
        box.sent(batch, 0.0)
        assert box.reconnected(0.1) == expected, "the bytes of the batch"
    assert [half.records for half in box.due(1.1)] == [RECORDS[:2], RECORDS[2:]]
    whole = outbox()
    batch = whole.add(RECORDS, 0.0)
    for _ in range(2):
        whole.sent(batch, 0.0)
        assert not whole.reconnected(0.1, can_split=False)
    assert whole.due(1.1) == [batch]


def test_reconnects_without_a_batch_prove_nothing():
    box = outbox()
    assert not any(box.reconnected(0.1) for _ in range(5))


def test_split_keeps_order_and_every_event():
    box = outbox()
    batch = box.add(RECORDS[:3], 0.0)
    box.split(batch, 1.0)
    assert [half.records for half in box.due(1.0)] == [RECORDS[:1], RECORDS[1:3]]
    assert box.find(batch.number) is None


def test_rejections_by_position_and_the_rest_after_a_hundred():
    records = [Record(key, f"m-{key}", b"{}") for key in range(150)]
    one = Answer(1, Kind.COMMITTED, pieces=[{"index": 3, "reason": "too_large"}, {"more": 7}, {"index": 900}])
    assert {index: found.reason for index, found in rejections(one, records).items()} == {3: "too_large"}
    many = [{"index": index, "reason": "invalid_json"} for index in range(100)] + [{"index": 120, "reason": "invalid_json"}]
    found = rejections(Answer(1, Kind.COMMITTED, pieces=many), records)
    assert sorted(found) == [*range(100), *range(120, 150)]


@pytest.mark.parametrize(("text", "seconds"), [
    (None, None), ("7", 7.0), (" 0 ", 0.0), ("soon", None), ("", None), ("-3", None),
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("9" * 400, 999_999_999.0)])
def test_retry_after_header(text, seconds):
    assert seconds_of(text) == seconds
