"""kill -9 under acknowledged load: acknowledged events are in the files, whatever the moment.

The sender writes the id of an event to its log after its answer has arrived. TOUCHPOINT_SEED repeats the moments of a
run; a run prints its seed.
"""

import json
import os
import random
import signal
import subprocess
import time

from readback import lines_by_zcat, taken_apart
from waiting import BOUND_SECONDS, wait_until

ROUNDS = 5


class Load:
    """touchpoint-send with acknowledgements, through all kills, until it is told to end."""

    def __init__(self, programs, folder, endpoint):
        self.log = folder / "acknowledged.log"
        self.log.touch()
        self.errors = folder / "touchpoint-send.log"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [
                    programs / "touchpoint-send", "--pattern", "dealer", "--to", endpoint,
                    "--generate", "100000000", "--producers", "3", "--channels", "4",
                    "--batch", "20", "--window", "64", "--rate", "20000",
                    "--retry-after", "500ms", "--timeout", "60s",
                    "--acknowledged-log", self.log, "--json",
                ],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
            )

    def wait_for_progress(self, collector):
        before = self.log.stat().st_size

        def has_progressed():
            assert self.process.poll() is None, f"touchpoint-send ended: {self.errors.read_text()}"
            return self.log.stat().st_size > before

        try:
            wait_until("further acknowledgements", has_progressed)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{collector.log}") from None

    def finish(self):
        """Waits for the answers to all that was sent; returns the sender's summary."""
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=2 * BOUND_SECONDS)
        assert self.process.returncode == 130, f"{output}{self.errors.read_text()}"
        summary = json.loads(output)
        assert summary["unanswered"] == 0, summary
        return summary

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def kill_again_and_again(daemon, programs, folder, seed, rounds):
    print(f"seed {seed}: TOUCHPOINT_SEED={seed} repeats the moments of {rounds} kills")
    moments = random.Random(seed)
    collector = daemon(
        start=False, folder=folder.name, segment={"maxBytes": "128KiB", "maxAge": "1s"}
    )
    endpoint = f"ipc://{collector.short_folder}/reliable.sock"
    collector.settings["sources"] = [{"name": "reliable", "pattern": "router", "bind": [endpoint]}]
    collector.start()
    load = Load(programs, folder, endpoint)
    try:
        for _ in range(rounds):
            load.wait_for_progress(collector)
            time.sleep(moments.uniform(0, 1))
            collector.kill()
            collector.start()
        load.wait_for_progress(collector)
        summary = load.finish()
    finally:
        load.end()
    wait_until(
        "the end of the recovery", lambda: collector.ask("status")["recovery"]["state"] == "done"
    )
    collector.drain()
    assert_nothing_acknowledged_is_missing(collector, load, summary)


def assert_nothing_acknowledged_is_missing(collector, load, summary):
    acknowledged = load.log.read_text().split()
    assert len(acknowledged) == len(set(acknowledged)) == summary["acknowledged"]
    events = [json.loads(taken_apart(line)[1]) for line in lines_by_zcat(collector.data)]
    written = {event["messageId"] for event in events}
    missing = set(acknowledged) - written
    assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged: {sorted(missing)[:5]}"
    assert len(written) <= summary["sent"], "more is written than was sent"
    assert len(events) == len(written), f"{len(events) - len(written)} events were written twice"
    left = [path for path in collector.data.rglob("*") if path.name.endswith(".open")]
    assert not left, f"open segments are left: {left}"
    assert collector.verify()["events"] == len(events)
    print(
        f"{len(acknowledged)} acknowledged, 0 missing, {len(events) - len(written)} duplicates"
    )


def chosen_seed():
    return int(os.environ.get("TOUCHPOINT_SEED") or random.SystemRandom().randrange(1 << 32))


def test_what_is_acknowledged_outlives_kills(daemon, touchpoint, tmp_path):
    folder = tmp_path / "kills"
    folder.mkdir()
    kill_again_and_again(daemon, touchpoint, folder, chosen_seed(), ROUNDS)
