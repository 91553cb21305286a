"""The spool: events outlive the process, and nobody else's events are lost with them."""

import sqlite3

import pytest

from checks import assert_each_once, finish, ids_of
from recording_server import Reply
from touchpoint import EventError, SpoolError, SpoolLocked
from waiting import wait_until

TRACK_AND_DIE = """
import os, sys, touchpoint
client = touchpoint.Touchpoint(sys.argv[1], spool=sys.argv[2])
for number in range(int(sys.argv[3])):
    print(client.track("u", "x", {"n": number}), flush=True)
os.kill(os.getpid(), 9)
"""
HOLD = """
import sys, time, touchpoint
client = touchpoint.Touchpoint(sys.argv[1], spool=sys.argv[2])
print("open", flush=True)
time.sleep(600)
"""


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "events.spool"


def rows(path, table="events"):
    with sqlite3.connect(path) as connection:
        found = connection.execute(f"SELECT message_id FROM {table} ORDER BY id").fetchall()
    connection.close()
    return [id for (id,) in found]


def test_event_is_in_the_file_before_the_call_returns(client, spool):
    sender = client(spool=spool)
    for _ in range(3):
        id = sender.track("u", "x")
        assert rows(spool)[-1] == id


def test_next_start_sends_what_a_killed_process_left(router, client, program, endpoint, spool):
    output, _ = finish(program(TRACK_AND_DIE, endpoint, spool, 1_234), expect=-9)
    ids = output.split()
    assert len(ids) == 1_234 and rows(spool) == ids
    collector = router()
    sender = client(spool=spool)
    wait_until("the events of the process before", lambda: not rows(spool))
    assert sender.shutdown() and sender.stats().committed == 1_234
    assert_each_once(collector, ids)


def test_event_leaves_the_file_only_when_it_is_committed(router, client, spool):
    collector = router()
    collector.control("pause")
    seen = []
    sender = client(spool=spool, on_committed=lambda ids: seen.append(set(ids) & set(rows(spool))))
    ids = [sender.track("u", "x") for _ in range(50)]
    assert not sender.flush(0.7) and rows(spool) == ids and not seen
    collector.control("resume")
    assert sender.flush() and rows(spool) == []
    assert seen == [set()], "events were in the file when on_committed was called"


def test_shutdown_without_a_collector_loses_nothing(router, client, spool):
    dropped = []
    sender = client(spool=spool, on_dropped=dropped.append)
    ids = [sender.track("u", "x") for _ in range(500)]
    assert not sender.shutdown(0.2)
    assert not dropped and sender.stats().queued + sender.stats().unanswered == 500
    collector = router()
    assert client(spool=spool).shutdown()
    assert_each_once(collector, ids)


def test_full_spool_drops_the_new_event_and_reports_it(router, client, spool):
    dropped = []
    sender = client(spool=spool, spool_bytes=20_000, on_dropped=dropped.append)
    ids = [sender.track("u", "x", {"text": "y" * 1_000}) for _ in range(30)]
    kept = [id for id in ids if id]
    assert 10 < len(kept) < 20 and ids == kept + [None] * (30 - len(kept))
    assert {one.reason for one in dropped} == {"spool_full"} and rows(spool) == kept
    sender.shutdown(0)
    again = client(spool=spool, spool_bytes=20_000)
    assert again.track("u", "x", {"text": "y" * 1_000}) is None, "the next start counts what is there"
    collector = router()
    assert again.flush() and again.track("u", "x", message_id="later") == "later"
    assert again.flush()
    assert_each_once(collector, [*kept, "later"])


def test_full_disk_is_an_error_of_the_call_and_nothing_else(router, client, spool):
    sender = client(spool=spool)
    first = sender.track("u", "x")
    sender._life.store._opened().execute("PRAGMA max_page_count = 1")  # SQLite's own SQLITE_FULL
    with pytest.raises(SpoolError) as caught:
        for _ in range(100):
            sender.track("u", "x", {"text": "y" * 5_000})
    assert "full" in str(caught.value) and "disk" in str(caught.value)
    sender._life.store._opened().execute("PRAGMA max_page_count = 100000")
    last = sender.track("u", "x")
    collector = router()
    assert sender.flush() and sender.stats().tracked == sender.stats().committed
    ids = ids_of(collector)
    assert {first, last} <= set(ids) and len(ids) == len(set(ids)) == sender.stats().tracked


def test_second_process_is_refused_and_told_why(client, endpoint, program, spool):
    holder = program(HOLD, endpoint, spool)
    assert holder.stdout.readline() == "open\n" or finish(holder)
    with pytest.raises(SpoolLocked) as caught:
        client(spool=spool)
    assert f"process {holder.pid}" in str(caught.value) and "{slot}" in str(caught.value)
    holder.kill()
    holder.wait()
    assert client(spool=spool).track("u", "x")


def test_second_client_of_the_same_process_is_refused(client, spool):
    client(spool=spool)
    with pytest.raises(SpoolLocked):
        client(spool=spool)


def test_slot_is_the_first_free_number(client, tmp_path):
    path = tmp_path / "events-{slot}.spool"
    first, second = client(spool=path), client(spool=path)
    first.track("u", "x")
    second.track("u", "x")
    assert {one.name for one in tmp_path.glob("*.spool")} == {"events-0.spool", "events-1.spool"}
    first.shutdown(0)
    assert client(spool=path).stats().queued == 1


@pytest.mark.parametrize("content", [b"no database at all\n" * 100, None])
def test_file_of_something_else_is_left_alone(client, spool, content):
    if content is None:
        with sqlite3.connect(spool) as connection:
            connection.execute("CREATE TABLE mine (x)")
        connection.close()
        content = spool.read_bytes()
    else:
        spool.write_bytes(content)
    with pytest.raises(SpoolError) as caught:
        client(spool=spool)
    assert "ove it away" in str(caught.value) or "another path" in str(caught.value)
    assert spool.read_bytes() == content
    spool.unlink()
    assert client(spool=spool).track("u", "x"), "the lock was not released"


def test_missing_folder(client, tmp_path):
    with pytest.raises(SpoolError) as caught:
        client(spool=tmp_path / "nowhere" / "events.spool")
    assert "make its folder" in str(caught.value)


def test_only_the_user_can_read_the_file(client, spool):
    client(spool=spool).track("u", "x")
    for path in spool.parent.glob("events.spool*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_power_cut_setting_reaches_the_database(client, spool):
    assert client(spool=spool, spool_fsync=True)._life.store._opened().execute("PRAGMA synchronous").fetchone() == (2,)


def test_what_the_collector_has_not_kept_goes_to_a_table(client, server, spool):
    server.replies = [Reply(413, {"code": "too_large", "message": "too long"})]
    rejected = []
    sender = client(server.endpoint, spool=spool, on_rejected=rejected.append)
    id = sender.track("u", "x")
    assert sender.flush()
    assert rows(spool) == [] and rows(spool, "rejected") == [id]
    assert [(one.message_id, one.reason, one.kept) for one in rejected] == [(id, "too_large", False)]


def test_event_that_is_refused_by_the_client_leaves_no_trace(client, spool):
    sender = client(spool=spool)
    with pytest.raises(EventError):
        sender.track("u", "x", {"n": float("nan")})
    assert rows(spool) == [] and sender.stats().queued == 0
