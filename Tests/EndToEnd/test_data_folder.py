"""Foreign files in a data folder, and calls that its file system or a container does not support."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
import zmq

from readback import assert_written
from test_dealer import answer_to, committed

NOBODY = 65534
REFUSE_CALLS = Path(__file__).resolve().parents[1] / "Harness" / "refuse_calls.py"


def refusing(*calls):
    """Returns a launcher for whose program the kernel refuses calls: refusing("renameat2=EINVAL")."""
    return [sys.executable, "-B", REFUSE_CALLS, *calls, "--"]


@pytest.fixture
def ordinary(daemon):
    """Creates a collector that an ordinary user will run, in a folder that such a user can reach."""
    place = Path(tempfile.mkdtemp(prefix="touchpoint-"))
    made = []

    def make(**settings):
        collector = daemon(start=False, folder=place, **settings)
        made.append(collector)
        collector.data.mkdir()
        if os.geteuid() == 0:
            for folder in (collector.folder, collector.short_folder, collector.data):
                os.chown(folder, NOBODY, NOBODY)
            collector.launcher = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        return collector

    yield make
    for collector in made:
        if collector.is_running:
            collector.drain()
    shutil.rmtree(place)


def is_taken_in(collector, producer, number=1):
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    return answer_to(dealer, b"%d" % number, b'{"event":"x","channel":"web"}') == committed(1)


def folder_of(collector, path, owner=NOBODY):
    folder = collector.data / path
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        for part in [folder, *folder.parents][: len(Path(path).parts)]:
            os.chown(part, owner, owner)
    return folder


@pytest.mark.parametrize("root", ["events", "quarantine"])
def test_the_folder_that_a_file_system_has_at_its_top_is_passed_over(ordinary, producer, root):
    collector = ordinary()
    folder_of(collector, root)
    lost = collector.data / root / "lost+found"
    lost.mkdir(mode=0o700)
    collector.start()
    assert is_taken_in(collector, producer)
    collector.seal()
    assert collector.verify()["events"] == 1


@pytest.mark.parametrize("folder, file, mask", [(0o750, 0o640, "077"), (0o700, 0o600, "022"), (0o755, 0o640, "0")])
def test_the_folders_mode_decides_who_may_read_not_the_mask_of_the_start(ordinary, producer, folder, file, mask):
    collector = ordinary()
    collector.data.chmod(folder)
    collector.launcher = ["sh", "-c", f'umask {mask}; exec "$@"', "sh", *collector.launcher]
    collector.start()
    assert is_taken_in(collector, producer)
    collector.seal()
    made = [path for name in ("events", "manifest") for path in [collector.data / name, *(collector.data / name).rglob("*")]]
    rights = {path.relative_to(collector.data): path.stat().st_mode & 0o777 for path in made}
    wrong = {path: oct(mode) for path, mode in rights.items() if mode != (file if path.suffix else folder & 0o750)}
    assert not wrong
    assert {path.suffix for path in rights} == {"", ".gz", ".ndjson"}


def test_a_manifest_that_may_only_be_read_is_read(ordinary, producer):
    collector = ordinary()
    manifest = folder_of(collector, "manifest/date=2026-01-02") / "other.ndjson"
    manifest.write_text('{"version":1}\n')
    manifest.chmod(0o444)
    collector.start()
    assert is_taken_in(collector, producer)


def test_a_link_in_the_tree_is_named_and_costs_no_other_partition(daemon, producer, tmp_path):
    collector = daemon(start=False, log={"level": "info"})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (collector.data / "events").mkdir(parents=True)
    (collector.data / "events" / "channel=web").symlink_to(elsewhere)
    collector.start()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    payload = b'{"event":"a","channel":"web"}\n{"event":"b","channel":"app"}\n'
    assert answer_to(dealer, b"1", payload) == committed(2)
    collector.seal()
    folders = sorted(path.name for path in (collector.data / "events").iterdir())
    assert folders == ["channel=__blocked__", "channel=app", "channel=web"]
    assert list(elsewhere.iterdir()) == [], "nothing follows the link"
    assert_written(collector.data, payload.splitlines())
    log = collector.log_path.read_text()
    assert log.count("passed over what is not Touchpoint's") == 1
    assert log.count("a partition's folder cannot be entered") == 1
    assert "channel=__blocked__" in log
    report = collector.verify()
    assert report["events"] == 2 and "events/channel=web" in report["passedOver"][0]


@pytest.mark.parametrize("name", ["events", "quarantine", "manifest"])
def test_a_link_in_place_of_a_whole_folder_says_what_to_do(daemon, tmp_path, name):
    collector = daemon(start=False)
    (tmp_path / "elsewhere").mkdir()
    collector.data.mkdir()
    (collector.data / name).symlink_to(tmp_path / "elsewhere")
    collector.launch()
    assert collector.wait_for_exit() in (73, 74)
    log = collector.log_path.read_text()
    assert name in log and "symbolic link" in log and "mount --bind" in log


@pytest.mark.parametrize(
    "calls",
    [["openat2=EPERM"], ["openat2=ENOSYS"], ["renameat2=EINVAL"], ["renameat2=EPERM", "openat2=EPERM"]],
    ids=" ".join,
)
def test_does_without_calls_that_it_is_refused(daemon, producer, calls):
    collector = daemon(start=False)
    collector.launcher = refusing(*calls)
    collector.start()
    assert is_taken_in(collector, producer)
    collector.kill()
    collector.start()
    assert is_taken_in(collector, producer, 2)
    collector.drain()
    assert collector.verify()["events"] == 2
    assert list(collector.data.rglob("*rename-check*")) == []


def test_links_are_not_followed_either_where_the_call_for_that_is_refused(daemon, producer, tmp_path):
    collector = daemon(start=False)
    collector.launcher = refusing("openat2=EPERM")
    (tmp_path / "elsewhere").mkdir()
    (collector.data / "events").mkdir(parents=True)
    (collector.data / "events" / "channel=web").symlink_to(tmp_path / "elsewhere")
    collector.start()
    assert is_taken_in(collector, producer)
    collector.drain()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert collector.verify()["events"] == 1


def test_does_not_start_where_no_file_can_get_its_name(daemon):
    collector = daemon(start=False)
    collector.launcher = refusing("renameat2=EINVAL", "linkat=EPERM")
    collector.launch()
    assert collector.wait_for_exit() == 73
    assert "neither rename a file without replacing another nor make hard links" in collector.log
