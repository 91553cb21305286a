"""A forked child starts afresh: no event twice, no shared socket, no lock that nobody releases.

The collectors recognise no duplicates here (`dedup: off`), so that a second copy would be seen.
"""

import multiprocessing
import os
import signal
import threading
import time

import pytest

from checks import assert_each_once, finish, ids_of
from touchpoint import SpoolLocked
from waiting import BOUND_SECONDS, wait_until

PATIENT = {"answer_timeout": 60.0}  # no resend: what is there twice was sent by two processes


def in_child(action):
    """Runs an action in a forked child; returns the lines that it returns."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        signal.alarm(int(2 * BOUND_SECONDS))  # one that waits for a lock would never end
        try:
            os.close(reader)
            with os.fdopen(writer, "w") as output:
                output.write("\n".join(action()))
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as output:
        lines = output.read().split()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return lines


def tracked(sender, count=50):
    return [sender.track("u", "x", {"process": os.getpid()}) for _ in range(count)]


@pytest.mark.parametrize("has_spool", [False, True])
def test_queue_of_the_parent_is_sent_by_the_parent_alone(router, client, tmp_path, has_spool):
    collector = router(start=False, dedup="off")
    more = {"spool": tmp_path / "events-{slot}.spool"} if has_spool else {}
    sender = client(**PATIENT, **more)
    ids = tracked(sender)

    def child():
        assert sender.stats().tracked == 0
        mine = tracked(sender)
        assert not sender.shutdown(0.2) or not has_spool
        return mine if has_spool else []

    left = in_child(child)
    ids += tracked(sender)
    collector.start()
    assert sender.flush()
    if has_spool:
        # The child's events wait in a spool of its own, for whoever takes that slot.
        assert len(left) == 50 and client(**PATIENT, **more).shutdown()
    assert_each_once(collector, ids + left)


@pytest.mark.parametrize("has_spool", [False, True])
def test_parent_and_children_send_side_by_side(router, client, tmp_path, has_spool):
    collector = router(dedup="off")
    more = {"spool": tmp_path / "events-{slot}.spool"} if has_spool else {}
    sender = client(**PATIENT, **more)
    ids = tracked(sender)
    assert sender.flush()

    def child():
        # By another thread than the one that forked: it would find the locks that the child has inherited.
        mine = []
        thread = threading.Thread(target=lambda: mine.extend(tracked(sender)))
        thread.start()
        thread.join()
        assert sender.flush(20) and sender.stats().committed == 50
        return mine + in_child(lambda: (tracked(sender, 5), sender.flush(20))[0])

    for _ in range(3):
        ids += in_child(child) + tracked(sender)
    assert sender.flush()
    assert_each_once(collector, ids)


def test_fork_while_other_threads_track(router, client, tmp_path):
    """The child neither waits for a lock that a vanished thread had, nor finds a spool in the middle of a write."""
    collector = router(dedup="off")
    sender = client(**PATIENT, spool=tmp_path / "events-{slot}.spool")
    ids, over, lock = [], threading.Event(), threading.Lock()

    def track():
        while not over.is_set():
            id = sender.track("u", "x")
            with lock:
                ids.append(id)
            time.sleep(0.0002)

    threads = [threading.Thread(target=track) for _ in range(4)]
    for thread in threads:
        thread.start()
    found = []
    try:
        for _ in range(10):
            found += in_child(lambda: (tracked(sender, 20), sender.flush(20))[0])
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert sender.flush() and len(found) == 200
    assert_each_once(collector, ids + found)


def test_child_of_a_client_with_one_spool_is_told_what_to_do(client, tmp_path):
    sender = client(spool=tmp_path / "events.spool")
    tracked(sender, 1)

    def child():
        with pytest.raises(SpoolLocked) as caught:
            sender.track("u", "x")
        assert "{slot}" in str(caught.value) and str(os.getppid()) in str(caught.value)
        return []

    in_child(child)


def test_no_connection_to_the_spool_lives_through_a_fork(router, client, tmp_path):
    """SQLite forbids it: the child's copy would believe in locks that the child does not have."""
    router()
    sender = client(spool=tmp_path / "events.spool")
    tracked(sender, 1)
    store = sender._life.store

    def child():
        assert store._connection is None
        return []

    in_child(child)
    tracked(sender, 1)
    assert sender.flush() and store._connection is not None


def test_spool_is_free_when_the_parent_ends_before_its_child(client, tmp_path):
    """The child has the descriptor of its parent's lock; it closes it."""
    sender = client(spool=tmp_path / "events.spool")
    tracked(sender, 3)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    os.close(reader)
    try:
        sender.shutdown(0)
        assert client(spool=tmp_path / "events.spool").stats().queued == 3
    finally:
        os.close(writer)
        os.waitpid(child, 0)


PARENT_AND_CHILD = """
import os, sys, touchpoint
client = touchpoint.Touchpoint(sys.argv[1], spool=sys.argv[2])
ids = [client.track("u", "x") for _ in range(50)]
if os.fork() == 0:
    sys.exit(0)  # an end with all destructors
os.wait()
ids += [client.track("u", "x") for _ in range(50)]
print("\\n".join(ids), flush=True)
os.kill(os.getpid(), 9)
"""


def test_end_of_a_child_leaves_the_spool_alone(router, client, program, endpoint, tmp_path):
    output, _ = finish(program(PARENT_AND_CHILD, endpoint, tmp_path / "events.spool"), expect=-9)
    collector = router()
    assert client(spool=tmp_path / "events.spool").shutdown()
    assert_each_once(collector, output.split())
    assert len(output.split()) == 100


def worker(sender, count, results):
    results.put(tracked(sender, count))


def test_children_of_multiprocessing_flush_at_their_end(router, client):
    collector = router(dedup="off")
    sender = client(**PATIENT, batch_seconds=3600, batch_events=10_000)
    ids = tracked(sender)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=worker, args=(sender, 30, results)) for _ in range(3)]
    for process in processes:
        process.start()
    for _ in processes:
        ids += results.get(timeout=BOUND_SECONDS)
    for process in processes:
        process.join()
    results.close()
    results.join_thread()
    assert sender.flush()
    assert_each_once(collector, ids)


def test_http_connection_is_not_shared(server, client):
    sender = client(server.endpoint, batch_seconds=0.01)
    tracked(sender, 1)
    assert sender.flush()
    in_child(lambda: (tracked(sender, 1), sender.flush(20))[0])
    tracked(sender, 1)
    assert sender.flush()
    assert [len(request.events) for request in server.requests] == [1, 1, 1]
    first, second, third = (request.client for request in server.requests)
    assert first == third != second


def test_parent_closes_its_http_connection_although_a_child_lives(server, client):
    sender = client(server.endpoint, batch_seconds=0.01)
    tracked(sender, 1)
    assert sender.flush()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    os.close(reader)
    try:
        assert sender.shutdown()
        wait_until("the end of the connection", lambda: server.open_connections == 0)
    finally:
        os.close(writer)
        os.waitpid(child, 0)


def test_collector_sees_each_event_of_a_preloading_server_once(router, client):
    """As gunicorn with `preload_app`: the client is made before the fork, and used after it alone."""
    collector = router(dedup="off")
    sender = client(**PATIENT)
    assert sender._life.worker.thread.ident is None, "no thread before the first event"
    ids = [id for _ in range(4) for id in in_child(lambda: (tracked(sender), sender.shutdown(20))[0])]
    assert sorted(ids_of(collector)) == sorted(ids) and len(ids) == 200
