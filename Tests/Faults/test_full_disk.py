"""A full disk: intake stops, nothing is lost, and it continues on its own."""

import signal

import pytest

import rooms
import twins

pytestmark = pytest.mark.loop_disk

CYCLES = 10
# Enough for what is written between two cycles, and soon full.
MEBIBYTES = 24


@pytest.mark.parametrize("file_system", ["ext4", "xfs"])
def test_goes_on_by_itself_when_there_is_room_again(stage, seed, note, file_system):
    print(f"TOUCHPOINT_SEED={seed}")
    mebibytes = MEBIBYTES if file_system == "ext4" else None
    with stage(file_system, mebibytes=mebibytes) as here:
        here.note_base()
        rooms.fill_again_and_again(here, CYCLES)
        here.check()
    note(here.tally)


def test_stops_intake_before_the_disk_is_full(stage, note):
    settings = {"storage": {"minimumFree": "8MiB"}}
    with stage("ext4", mebibytes=MEBIBYTES, settings=settings) as here:
        here.note_base()
        ballast = rooms.Ballast(here.disk.place)
        for _ in range(2):
            here.load.resume().wait_for_answers(here.collector, 3)
            ballast.load()
            why = here.wait_for_state("blocked")
            print(why)
            ballast.drop()
            here.wait_for_state("running")
            here.load.wait_for_answers(here.collector, 3)
            here.tally["full disks"] += 1
        here.check()
    note(here.tally)


def test_starts_on_a_full_disk(stage, seed, note):
    """Killed and started on a full disk: acknowledged events are there, and intake starts when there is room."""
    print(f"TOUCHPOINT_SEED={seed}")
    with stage("ext4", mebibytes=MEBIBYTES) as here:
        here.note_base()

        def crash():
            here.kill()
            here.start_or_end()
            assert here.collector.is_running, f"it does not start on a full disk\n{here.collector.log}"
            here.load.send_again()

        rooms.fill_again_and_again(here, 4, crash)
        here.kill()
        here.come_back()
        here.check()
    note(here.tally)


def test_drains_on_a_full_disk_as_soon_as_there_is_room(stage):
    with stage("ext4", mebibytes=MEBIBYTES) as here:
        ballast = rooms.Ballast(here.disk.place)
        here.load.wait_for_answers(here.collector, 3)
        rooms.fill(here, ballast)
        here.load.pause()
        here.collector.process.send_signal(signal.SIGTERM)
        here.wait_for_state("draining")
        ballast.drop()
        code = here.collector.wait_for_exit()
        assert code == 0, here.collector.log
        here.start()
        here.load.send_again()
        here.check()


def test_inodes_are_room_as_well(stage, note):
    with stage("ext4", mebibytes=MEBIBYTES, options=["-N", "256"]) as here:
        here.note_base()
        inodes = rooms.Inodes(here.disk.place)
        for cycle in range(2):
            here.load.resume().wait_for_answers(here.collector, 3)
            inodes.load()
            here.load.channels = [f"new-{cycle}"]
            why = here.wait_for_state("blocked", rooms.FULL)
            print(why)
            assert here.status()["disk"]["availableFiles"] < 8
            inodes.drop()
            here.load.wait_for_answers(here.collector, 3)
            here.wait_for_state("running")
            here.tally["inodes exhausted"] += 1
        here.check()
    note(here.tally)


def test_writes_that_a_full_disk_refused_unheard_are_caught(stage):
    twins.full_disk(stage, MEBIBYTES)
