"""Folders, files and manifests that are made read-only, removed or replaced under the running collector."""

import errno
import os
import shutil

import pytest

import rooms
import twins
from loop_disk import run
from stage import KEEP_OPEN


def settled(here):
    """Waits until everything is acknowledged, nothing is in flight, and some segments are open."""
    here.load.resume().wait_for_answers(here.collector, 20)
    here.settle()


def goes_on(here):
    """Asserts that the collector accepts events again, and into visible files."""
    here.load.channels = ["web", "behind"]
    here.load.resume().wait_for_answers(here.collector, 20)
    here.settle()
    here.wait_for_state("running")


@pytest.mark.loop_disk
@pytest.mark.parametrize("folder", ["events", "events/channel=web", "manifest", "quarantine"])
def test_goes_on_when_a_read_only_folder_is_writable_again(stage, note, folder):
    with stage("ext4") as here:
        # Each folder is needed repeatedly.
        here.load.broken_share = 0.3
        here.note_base()
        settled(here)
        here.collector.seal()
        place = here.collector.data / folder
        # In a read-only folder a file can still grow, even the manifest itself.
        locked = [place, *(path for path in place.rglob("*") if path.is_dir() or folder == "manifest")]
        for path in locked:
            rooms.set_immutable(path, True)
        try:
            here.load.channels = ["web", "new"]
            here.load.resume()
            why = here.wait_for_state("blocked", os.strerror(errno.EPERM))
            print(why)
        finally:
            for path in locked:
                rooms.set_immutable(path, False)
        here.load.wait_for_answers(here.collector, 20)
        here.wait_for_state("running")
        here.check()
        here.tally["read-only folders"] += 1
    note(here.tally)


def test_an_open_file_that_is_removed_costs_no_more_than_what_was_in_it(stage, note):
    """Removing a file removes its events; what is acknowledged afterwards must be in other files."""
    with stage(settings=KEEP_OPEN) as here:
        here.note_base()
        settled(here)
        taken = set()
        for path in rooms.open_segments(here):
            if "channel=web" in str(path):
                taken |= rooms.identifiers_in(path)
                path.unlink()
        assert taken
        goes_on(here)
        here.check(absent=taken)
        here.tally["removed"] += 1
    note(here.tally)


def test_a_partition_folder_that_is_removed_is_made_again(stage, note):
    with stage(settings=KEEP_OPEN) as here:
        here.note_base()
        settled(here)
        folder = here.collector.data / "events" / "channel=web"
        taken = set()
        for path in rooms.open_segments(here):
            if folder in path.parents:
                taken |= rooms.identifiers_in(path)
        sealed = sorted(folder.rglob("*.ndjson.gz"))
        taken |= set().union(*map(rooms.sealed_identifiers, sealed))
        shutil.rmtree(folder)
        goes_on(here)
        here.check(
            absent=taken, removed={str(path.relative_to(here.collector.data)) for path in sealed}
        )
        here.tally["removed"] += 1
    note(here.tally)


def test_a_partition_folder_without_open_files_that_is_removed_is_made_again(stage, note):
    with stage() as here:
        here.note_base()
        settled(here)
        here.collector.seal()
        folder = here.collector.data / "events" / "channel=web"
        files = sorted(folder.rglob("*.ndjson.gz"))
        taken = set().union(*map(rooms.sealed_identifiers, files))
        shutil.rmtree(folder)
        goes_on(here)
        here.check(
            absent=taken, removed={str(path.relative_to(here.collector.data)) for path in files}
        )
        here.tally["removed"] += 1
    note(here.tally)


def test_a_sealed_file_moved_away_is_nobodys_concern(stage, note):
    with stage() as here:
        settled(here)
        here.collector.seal()
        path = sorted((here.collector.data / "events").rglob("*.ndjson.gz"))[0]
        taken = rooms.sealed_identifiers(path)
        path.unlink()
        goes_on(here)
        here.check(absent=taken, removed={str(path.relative_to(here.collector.data))})
        here.tally["removed"] += 1
    note(here.tally)


def test_a_manifest_that_is_removed_is_begun_again(stage, note):
    with stage() as here:
        here.note_base()
        settled(here)
        here.collector.seal()
        shutil.rmtree(here.collector.data / "manifest")
        goes_on(here)
        here.collector.seal()
        here.kill()
        # Recovery writes the lines of the files that have none.
        here.come_back()
        here.check()
        here.tally["removed"] += 1
    note(here.tally)


def test_a_manifest_that_is_replaced_by_a_folder_is_told(stage, note):
    with stage() as here:
        here.note_base()
        settled(here)
        here.collector.seal()
        (manifest,) = (here.collector.data / "manifest").rglob("*.ndjson")
        aside = manifest.with_suffix(".aside")
        manifest.rename(aside)
        manifest.mkdir()
        here.load.resume()
        why = here.wait_for_state("blocked", os.strerror(errno.EISDIR))
        print(why)
        manifest.rmdir()
        aside.rename(manifest)
        here.load.wait_for_answers(here.collector, 20)
        here.wait_for_state("running")
        here.check()
        here.tally["replaced"] += 1
    note(here.tally)


@pytest.mark.loop_disk
@pytest.mark.parametrize("file_system", ["ext4", "xfs"])
def test_a_file_system_that_goes_away_blocks_and_does_not_end_it(stage, note, file_system):
    with stage(file_system) as here:
        here.note_base()
        here.load.resume().wait_for_answers(here.collector, 20)
        here.cut_power(stopped=False)
        why = here.wait_for_state("blocked", os.strerror(errno.EIO))
        print(why)
        assert here.collector.ask("ping")["pong"] is True
        here.come_back()
        here.check()
    note(here.tally)


@pytest.mark.loop_disk
def test_a_file_system_error_blocks_and_does_not_end_it(stage, note):
    """ext4 detects an error and makes itself read-only."""
    with stage("ext4") as here:
        here.note_base()
        here.load.resume().wait_for_answers(here.collector, 20)
        here.disk.remount("errors=remount-ro")
        here.disk.provoke_an_error()
        why = here.wait_for_state("blocked")
        assert os.strerror(errno.EROFS) in why or os.strerror(errno.EIO) in why
        print(why)
        here.collector.kill()
        here.disk.unmount()
        run("fsck.ext4", "-p", "-f", here.disk.image, codes=(0, 1))
        here.disk.mount()
        here.come_back()
        here.check()
        here.tally["file system errors"] += 1
    note(here.tally)


def test_a_removed_file_that_the_test_does_not_name_is_caught(stage):
    twins.removed_file(stage)
