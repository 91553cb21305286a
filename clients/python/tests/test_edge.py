"""HTTP against a real collector's `http` source."""

import os
import threading
import time

import pytest

from checks import assert_each_once, ids_of
from waiting import wait_until

KEY = "a-key-of-the-shop"


@pytest.fixture
def edge(daemon):
    """Creates a collector with one http source, on a port that stays the same over its restarts."""

    def make(limits=None, **key):
        source = {"name": "web", "pattern": "http", "bind": ["127.0.0.1:0"], "keys": [{"name": "shop", "key": KEY, **key}]}
        collector = daemon(sources=[source], limits=limits or {})
        source["bind"] = [collector.endpoint("web").removeprefix("http://")]
        return collector

    return make


@pytest.mark.parametrize("header", ["authorization", "x-write-key"])
def test_events_are_there_once(edge, client, header):
    collector = edge()
    sender = client(collector.endpoint("web"), write_key=KEY, write_key_header=header)
    ids = [sender.track("u", "x", {"n": n}) for n in range(2_000)]
    assert sender.flush() and sender.stats().committed == 2_000 and sender.stats().connects == 1
    assert_each_once(collector, ids)


def test_key_that_becomes_known_later_is_enough(edge, client):
    collector = edge()
    sender = client(collector.endpoint("web"), write_key="a-new-key-of-the-shop")
    id = sender.track("u", "x")
    wait_until("a word about the key", lambda: "check write_key" in sender.stats().last_problem)
    text = collector.configuration.read_text()
    collector.configuration.write_text(text.replace(KEY, "a-new-key-of-the-shop"))
    collector.control("reload")
    assert sender.flush() and sender.stats().rejected == 0
    assert_each_once(collector, [id])


def test_pieces_in_quarantine_and_whole_bodies(edge, client):
    collector = edge(limits={"event": "2KiB"})
    rejected = []
    sender = client(collector.endpoint("web"), write_key=KEY, on_rejected=rejected.append)
    good = [sender.track("u", "x") for _ in range(20)]
    bad = [sender.track("u", "x", {"text": os.urandom(2_000).hex()})]
    assert sender.flush()
    bad.append(sender.track("u", "x", {"text": os.urandom(2_000).hex()}))
    assert sender.flush()
    assert [(one.message_id, one.reason, one.kept) for one in rejected] == [(id, "too_large", True) for id in bad]
    assert_each_once(collector, good)


def test_body_over_the_limit_is_split(edge, client):
    collector = edge(limits={"message": "64KiB", "event": "16KiB"})
    sender = client(collector.endpoint("web"), write_key=KEY)
    ids = [sender.track("u", "x", {"text": os.urandom(3_000).hex()}) for _ in range(80)]
    assert sender.flush() and sender.stats().rejected == 0
    assert_each_once(collector, ids)


def test_pause_is_waited_for(edge, client):
    collector = edge()
    sender = client(collector.endpoint("web"), write_key=KEY, batch_seconds=0)
    collector.control("pause")
    id = sender.track("u", "x")
    wait_until("a refusal", lambda: sender.stats().unavailable > 0)
    collector.control("resume")
    assert sender.flush()
    assert_each_once(collector, [id])


def test_quota_is_waited_for(edge, client):
    collector = edge(rate=3)
    sender = client(collector.endpoint("web"), write_key=KEY, batch_events=10)
    ids = [sender.track("u", "x", {"n": n}) for n in range(100)]
    assert sender.flush(60) and sender.stats().rejected == 0
    assert "quota" in sender.stats().last_problem
    assert_each_once(collector, ids)


def test_collector_is_killed(edge, client, tmp_path):
    collector = edge()
    committed, tracked, over = [], [], threading.Event()
    sender = client(
        collector.endpoint("web"), write_key=KEY, spool=tmp_path / "events.spool", on_committed=committed.extend,
        batch_seconds=0.01, batch_events=20)

    def track():
        while not over.is_set():
            tracked.append(sender.track("u", "x", {"n": len(tracked)}))
            time.sleep(0.0005)

    thread = threading.Thread(target=track)
    thread.start()
    try:
        for _ in range(4):
            before = len(committed)
            wait_until("further commits", lambda: len(committed) > before)  # noqa: B023
            collector.kill()
            collector.start()
    finally:
        over.set()
        thread.join()
    assert sender.flush(60)
    assert sorted(committed) == sorted(tracked) == sorted(ids_of(collector))
