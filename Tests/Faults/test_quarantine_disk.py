"""Rejected pieces that fill a disk: quarantine's own, or the one that it shares with the events."""

import contextlib
import json
import os
import random
import time

import pytest
import zmq

from collector import Collector
from loop_disk import LoopDisk, run
from waiting import wait_until

pytestmark = pytest.mark.loop_disk

MEBIBYTE = 1 << 20
MINIMUM = 16 * MEBIBYTE
PUT_OFF = {"status": "unavailable", "reason": "quarantine_full"}


@contextlib.contextmanager
def collector_on(programs, folder, data, **settings):
    collector = Collector(programs, folder, data=data, **settings)
    try:
        yield collector.start()
        collector.drain()
    except BaseException:
        print(collector.log)
        raise
    finally:
        collector.remove()


@contextlib.contextmanager
def connected(kind, endpoint):
    with zmq.Context() as context, context.socket(kind) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, 20_000)
        socket.setsockopt(zmq.SNDTIMEO, 20_000)
        socket.connect(endpoint)
        yield socket


@contextlib.contextmanager
def small_mount(place, size):
    place.mkdir(parents=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place)
    try:
        yield
    finally:
        run("umount", "-l", place)


def answer(socket, payload):
    socket.send_multipart([b"q", payload])
    return json.loads(socket.recv_multipart()[-1])


def test_a_full_disk_of_quarantine_holds_up_no_events(touchpoint, tmp_path, note):
    data = tmp_path / "data"
    with small_mount(data / "quarantine", "256k"):
        with collector_on(touchpoint, tmp_path / "collector", data) as collector, \
                connected(zmq.DEALER, collector.endpoint("reliable")) as dealer, \
                connected(zmq.PUSH, collector.endpoint("producers")) as pusher:
            for _ in range(20):
                pusher.send(b'[{"event":"Pushed"},5]')
            wait_until("a full quarantine", lambda: collector.ask("status")["quarantine"]["state"] == "full")
            status = collector.ask("status")
            assert "No space left on device" in status["quarantine"]["why"]
            assert status["state"] == "running"
            assert answer(dealer, b'{"n":1}\nbad') == PUT_OFF
            for number in range(100):
                assert answer(dealer, b'{"n":%d}' % number)["status"] == "committed"
            wait_until("what was pushed", lambda: collector.ledger()["written"] == 120)
            ledger = collector.ledger()
            assert ledger["dropped"] == 20 and ledger["quarantined"] == 0 and ledger["inFlight"] == 0
            assert collector.ask("status")["state"] == "running"
            run("mount", "-o", "remount,size=32m", data / "quarantine")
            wait_until("room in quarantine", lambda: collector.ask("status")["quarantine"]["state"] == "open")
            assert len(answer(dealer, b'{"n":1}\nbad')["quarantined"]) == 1
            collector.control("status")
        assert collector.verify()["sources"]["reliable"] == {"quarantined": 1, "written": 101}
    note({"full quarantines": 1})


def test_what_was_taken_is_written_though_the_disk_of_quarantine_is_full_now(touchpoint, tmp_path, note):
    data = tmp_path / "data"
    dice = random.Random(3)
    with small_mount(data / "quarantine", "4m"):
        with collector_on(touchpoint, tmp_path / "collector", data) as collector, \
                connected(zmq.DEALER, collector.endpoint("reliable")) as dealer:
            kept = 0
            while (said := answer(dealer, b"{" + dice.randbytes(40_000)))["status"] == "committed":
                assert len(said["quarantined"]) == 1
                kept += 1
                assert kept < 500, "a disk of 4 MiB takes everything"
            assert said == PUT_OFF
            assert answer(dealer, b'{"n":1}')["status"] == "committed"
            assert collector.ask("status")["state"] == "running"
            collector.seal()
        assert collector.verify()["sources"]["reliable"] == {"quarantined": kept, "written": 1}
    assert kept > 30
    note({"full quarantines": 1})


def test_random_frames_leave_the_room_that_has_to_be_left(touchpoint, tmp_path, note):
    dice = random.Random(5)
    frames = [b"{" + dice.randbytes(200_000) for _ in range(16)]
    with LoopDisk("ext4", 128) as disk:
        with collector_on(
            touchpoint, tmp_path / "collector", disk.place / "data",
            storage={"minimumFree": f"{MINIMUM >> 20}MiB"}, ring={"capacity": "64MiB"},
            sources=[{"name": "plain", "pattern": "pull", "bind": ["tcp://127.0.0.1:*"]}],
        ) as collector, connected(zmq.PUSH, collector.endpoint("plain")) as pusher:
            least = 1 << 62
            blocked_at = None
            number = 0
            while blocked_at is None or time.monotonic() < blocked_at + 2:
                with contextlib.suppress(zmq.Again):
                    for _ in range(20):
                        pusher.send(frames[number % len(frames)], zmq.DONTWAIT)
                        number += 1
                system = os.statvfs(disk.place)
                least = min(least, system.f_bavail * system.f_frsize)
                if blocked_at is None and collector.ask("status")["state"] == "blocked":
                    blocked_at = time.monotonic()
            writers = os.cpu_count()
            print(f"{least / MEBIBYTE:.1f} MiB were left of {MINIMUM / MEBIBYTE:.0f}, {number} frames sent")
            # The data in progress of a writer, and the room reserved for its file of quarantine.
            assert least > MINIMUM - (writers + 1) * 2 * MEBIBYTE
            collector.kill()
            collector.settings["storage"]["minimumFree"] = "1MiB"
            collector.start()
    note({"full disks": 1})
