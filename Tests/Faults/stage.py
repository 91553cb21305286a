"""A collector on a disk that can fail, with its producer, and the operations common to all tests."""

import contextlib
import random
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import oracle
from collector import Collector, merged
from faulty_disk import FaultyDisk
from load import Load
from loop_disk import LoopDisk
from waiting import wait_until

# A collector that was killed or lost power runs again within this many seconds.
START_SECONDS = 5
# How much resident memory may vary without being a leak.
MEMORY_BYTES = 48 << 20
EAT_MY_DATA = "libeatmydata.so"
# The share of power cuts that find the collector stopped.
STOPPED_SHARE = 0.6

SMALL = {
    "limits": {"message": "64KiB", "event": "32KiB"},
    "ring": {"capacity": "1MiB"},
    "segment": {"maxBytes": "12KiB", "maxAge": "700ms", "idle": "500ms"},
    # A writer has a table of this size; a large one would take most of a start.
    "partition": {"maxValues": 2000},
    "commit": {"interval": "10ms"},
    "storage": {"minimumFree": "0MiB"},
    "shutdown": {"timeout": "1h"},
}
# Segments that are sealed only on request.
KEEP_OPEN = {"segment": {"maxBytes": "1GiB", "maxAge": "1h", "idle": "1h"}}


class Stage:
    """`with Stage(programs, folder, library, seed, "ext4") as stage:` runs a collector with a producer.

    `file_system`: "ext4" or "xfs" in an image file, or None for a plain folder. `preload`: libraries to preload in
    addition to the faulty disk. `first`: called with the stage before the first start. `recognises`: whether resent
    events must not be written again.
    """

    def __init__(self, programs, folder, library, seed, file_system=None, preload=(), mebibytes=None,
                 options=(), first=None, settings=None, recognises=True):
        self.programs = programs
        self.folder = Path(folder).resolve()
        self.library = library
        self.dice = random.Random(seed)
        self.seed = seed
        self.preload = preload
        self.disk = LoopDisk(file_system, mebibytes, options) if file_system else None
        self.first = first
        self.settings = settings or {}
        self.recognises = recognises
        self.tally = Counter()
        self.stopped_share = STOPPED_SHARE
        self.loads = []
        self.collector = None
        self.base = None
        self.cut_at = None

    def __enter__(self):
        self.folder.mkdir(parents=True)
        if self.disk:
            self.disk.__enter__()
        try:
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _set_up(self):
        data = (self.disk.place if self.disk else self.folder) / "data"
        self.collector = Collector(self.programs, self.folder / "collector", data=data, **SMALL)
        self.collector.settings = merged(self.collector.settings, self.settings)
        self.endpoint = f"ipc://{self.collector.short_folder}/reliable.sock"
        self.collector.settings["sources"] = [
            {
                "name": "reliable", "pattern": "router", "bind": [self.endpoint], "highWaterMark": 10_000,
                "dedup": "on" if self.recognises else "off",
            }
        ]
        self.faults = FaultyDisk(self.library, self.folder, data, self.preload)
        self.collector.environment = self.faults.environment
        if self.first:
            self.first(self)
            self.start_or_end()
        else:
            self.start()
        assert self.faults.is_ready, f"{self.library} was not preloaded"
        self.load = self.new_load()

    def __exit__(self, kind=None, *_):
        for load in self.loads:
            load.end()
        if self.collector:
            self.collector.remove()
        if self.disk:
            if kind:
                self._keep_data()
            self.disk.__exit__()

    def _keep_data(self):
        """Saves the disk's content before it is removed: nothing else can explain why a test failed."""
        with contextlib.suppress(OSError, shutil.Error):
            shutil.copytree(self.collector.data, self.folder / "data", symlinks=True)

    def new_load(self, **shape):
        load = Load(
            self.endpoint, self.folder / f"acknowledged-{len(self.loads)}.log",
            self.dice.randrange(1 << 32), **shape,
        )
        self.loads.append(load)
        return load

    # The collector's life

    def start(self):
        self.collector.start(START_SECONDS)

    def start_or_end(self):
        """Starts it; a fault may end it before it runs."""
        self.collector.launch()

        def is_settled():
            if not self.collector.is_running or self.faults.is_stopped:
                return True
            try:
                status = self.collector.ask("status", unless=lambda: self.faults.is_stopped)
                return status["state"] in ("running", "blocked")
            except (OSError, ValueError):
                return False

        wait_until("a collector that runs, or has ended", is_settled, every=0.005)

    def kill(self):
        self.collector.kill()
        self.tally["kills"] += 1

    def cut_power(self, stopped=None):
        """Cuts the power, and ends a collector that was stopped first: then none of its answers is in doubt.

        Otherwise it runs on for a while, and what it does with its dead disk must not matter. `stopped`: which of
        the two; None chooses at random.
        """
        if self.dice.random() < self.stopped_share if stopped is None else stopped:
            self.stop()
            self.disk.cut_power()
            self.collector.kill()
            self.tally["stopped cuts"] += 1
        else:
            self.cut_at = time.time()
            self.disk.cut_power()
        self.tally["cuts"] += 1

    def stop(self):
        """Stops the collector: no thread of it runs any more, and none is inside a call."""
        assert self.collector.is_running, f"touchpointd ended\n{self.collector.log}"
        process = self.collector.process
        tasks = Path(f"/proc/{process.pid}/task")

        def stands_still():
            return all(state_of(task) in "TZX" for task in tasks.iterdir())

        process.send_signal(signal.SIGSTOP)
        wait_until("all threads to stop", stands_still, every=0.002)

    def put_down(self):
        """Ends the collector, if it still runs, and restarts the machine, if the power was cut."""
        self.collector.kill()
        if self.disk and self.tally["cuts"] > self.tally["restarts"]:
            self._doubt_what_came_without_power()
            self.disk.restart()
            self.tally["restarts"] = self.tally["cuts"]

    def _doubt_what_came_without_power(self):
        """Marks answers of a collector that continued without power as in doubt.

        A call that is in the file system during its shutdown may return success for data that did not reach the
        disk: bare programs see that too, on XFS. With a real power failure no process is left to believe it.
        """
        moments = [moment for moment in (self.cut_at, self.faults.cut_at) if moment]
        if not moments:
            return
        moment = min(moments)
        self.cut_at = None
        self.faults.forget_cut()
        for load in self.loads:
            load.doubt_since(moment)

    def come_back(self):
        """Restarts machine and collector; unanswered messages are resent."""
        self.put_down()
        self.start()
        for load in self.loads:
            load.send_again()

    def status(self):
        return self.collector.ask("status")

    def wait_for_state(self, state, why=None):
        last = {}

        def holds():
            last.update(self.status())
            return last["state"] == state and (why is None or why in last.get("why", ""))

        try:
            wait_until(f"state '{state}'" + (f" because of '{why}'" if why else ""), holds, every=0.01)
        except AssertionError as failure:
            seen = f"{last.get('state')}: {last.get('why')}"
            raise AssertionError(f"{failure}; it is {seen}\n{self.collector.log}") from None
        return last.get("why")

    # The end

    def settle(self):
        for load in self.loads:
            load.settle(self.collector)

    def note_base(self):
        """Records the collector's descriptors and memory at rest, after it has worked a little."""
        self.settle()
        self.collector.ask("seal")
        files, memory = self._figures()
        # Without the producers' connections.
        self.base = (files - len(self.loads), memory)
        for load in self.loads:
            load.resume()

    def _figures(self):
        process = Path(f"/proc/{self.collector.process.pid}")
        pages = int((process / "statm").read_text().split()[1])
        return len(list((process / "fd").iterdir())), pages * 4096

    def check(self, absent=(), removed=()):
        """Runs the ledger check."""
        self.settle()
        found = oracle.check(
            self.collector, *self.loads, absent=absent, removed=removed, recognises=self.recognises
        )
        if self.base:
            self._check_figures()
        self.tally["in doubt"] = sum(len(load.doubtful) for load in self.loads)
        self.tally["acknowledged"] = sum(load.acknowledged for load in self.loads) - self.tally["in doubt"]
        self.tally["duplicates"] = found.duplicates
        return found

    def _check_figures(self):
        files, memory = self.base

        def are_back():
            now_files, now_memory = self._figures()
            return now_files - len(self.loads) <= files and now_memory <= memory + MEMORY_BYTES

        try:
            wait_until("descriptors and memory as before", are_back)
        except AssertionError as failure:
            raise AssertionError(f"{failure}: {self.base}, now {self._figures()}") from None


def state_of(task):
    """Returns the state of a thread, as a letter of proc(5); X if it has ended."""
    try:
        return (task / "stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"
