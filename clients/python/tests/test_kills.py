"""kill -9 of the collector and of the client, at random moments.

What on_committed reported is in the files exactly once, and so is every event whose call returned, if the client has a
spool. TOUCHPOINT_KILLS sets the number of kills, TOUCHPOINT_SEED repeats the moments of a run; a run prints its seed.
"""

import os
import random
import threading
import time

import pytest

from checks import assert_each_once, ids_of
from waiting import wait_until

KILLS = int(os.environ.get("TOUCHPOINT_KILLS") or 3)

TRACK = """
import os, sys, touchpoint

def committed(ids):
    os.write(log, "".join(f"{one}\\n" for one in ids).encode())

log = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
client = touchpoint.Touchpoint(sys.argv[1], spool=sys.argv[2], on_committed=committed, batch_seconds=0.02, batch_events=20)
number = 0
while True:
    number += 1
    os.write(1, f"{client.track('u', 'x', {'n': number})}\\n".encode())
"""


@pytest.fixture
def moments():
    seed = int(os.environ.get("TOUCHPOINT_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"seed {seed}: TOUCHPOINT_SEED={seed} repeats the moments of {KILLS} kills")
    return random.Random(seed)


@pytest.mark.parametrize("has_spool", [False, True])
def test_collector_is_killed(router, client, tmp_path, moments, has_spool):
    collector = router()
    committed, dropped, tracked = [], [], []
    more = {"spool": tmp_path / "events.spool"} if has_spool else {}
    sender = client(
        on_committed=committed.extend, on_dropped=dropped.append, when_full="block", batch_seconds=0.005, batch_events=20, **more)
    over = threading.Event()

    def track(name):
        while not over.is_set():
            tracked.append(sender.track(name, "x", {"n": len(tracked)}))
            time.sleep(0.0002)

    threads = [threading.Thread(target=track, args=(f"u-{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(KILLS):
            before = len(committed)
            wait_until("further commits", lambda: len(committed) > before)  # noqa: B023
            time.sleep(moments.uniform(0, 0.5))
            collector.kill()
            collector.start()
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert sender.flush()
    stats = sender.stats()
    assert sorted(committed) == sorted(tracked) and not dropped and stats.committed == len(tracked)
    assert_each_once(collector, tracked)
    print(f"{len(tracked)} events, {stats.connects} connections, {stats.resent} batches resent, {stats.duplicates} duplicates")


def test_client_is_killed(router, client, program, endpoint, tmp_path, moments):
    collector = router()
    spool, log = tmp_path / "events.spool", tmp_path / "committed.log"
    log.touch()
    returned = []
    for kill in range(KILLS):
        before = log.stat().st_size
        process = program(TRACK, endpoint, spool, log)
        wait_until("further commits", lambda: log.stat().st_size > before or process.poll() is not None)  # noqa: B023
        output = []
        reader = threading.Thread(target=lambda: output.extend(process.communicate()))  # noqa: B023
        reader.start()
        time.sleep(moments.uniform(0, 0.4))
        if kill % 3 == 2:
            collector.kill()
            collector.start()
        process.kill()
        reader.join()
        assert process.returncode == -9, output
        # The last line may be cut.
        returned += output[0].split("\n")[:-1]
    last = client(spool=spool)
    left = last.stats().queued + last.stats().unanswered
    assert last.shutdown(30)
    found = ids_of(collector)
    assert len(found) == len(set(found)), f"{len(found) - len(set(found))} events are there twice"
    missing = set(returned) - set(found)
    assert not missing, f"{len(missing)} of {len(returned)} events whose call returned are missing"
    assert set(log.read_text().split()) <= set(found)
    # An event may be in the spool although the process did not live to say so.
    assert len(found) - len(returned) <= KILLS
    print(f"{len(found)} events over {KILLS} kills; the last process left {left} in the spool")
