"""A start after kill -9: its log messages, their order, and how much it reads."""

import json
import re

import zmq

from test_dealer import answer_to
from waiting import wait_until

CHANNELS = 300


def batch(channels, prefix):
    return "\n".join(
        json.dumps({"event": "x", "messageId": f"{prefix}{n}", "channel": f"channel-{n}"}) for n in range(channels)
    ).encode()


def killed_with_open_files(daemon, producer, **settings):
    """Returns a collector that was killed with one open file per channel, all events acknowledged."""
    collector = daemon(
        start=False, writers=1, partition={"maxValues": 1_000, "maxOpen": 1_000},
        segment={"maxAge": "1h", "idle": "1h"}, **settings,
    )
    collector.start()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    answer = answer_to(dealer, b"first", batch(CHANNELS, "m"))
    assert answer == {"status": "committed", "events": CHANNELS, "quarantined": []}
    collector.kill()
    assert len(list(collector.data.rglob(".*.open"))) == CHANNELS
    return collector


def messages(collector):
    """Returns the messages of the log's last run, in order."""
    text = collector.log_path.read_text()
    begin = text.rfind("\n", 0, text.rindex("sources wait until")) + 1
    return [line.split(" ", 2)[2] for line in text[begin:].splitlines() if line.count(" ") > 1]


def place(lines, start):
    return next(at for at, line in enumerate(lines) if line.lstrip().startswith(start))


def test_acknowledged_intake_opens_before_recovery_and_says_when(daemon, producer):
    collector = killed_with_open_files(daemon, producer, log={"level": "info"})
    collector.launch()
    seen = []

    def is_running():
        try:
            status = collector.ask("status")
        except (OSError, json.JSONDecodeError):
            return False
        source = next(source for source in status["sources"] if source["name"] == "reliable")
        seen.append((status["state"], source["state"], status["dedup"]["state"]))
        return status["state"] == "running"

    wait_until("the collector to run", is_running)
    for state, source, dedup in seen:
        # Never "running" while a source accepts nothing; it may have opened since the state was read.
        assert state == "starting" or source == "running", seen
        assert dedup == "ready" if state == "running" else state == "starting", seen
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    assert answer_to(dealer, b"probe", batch(1, "new"))["status"] == "committed"
    # Events acknowledged before are duplicates, answered again once they are durable in a sealed file.
    again = answer_to(dealer, b"again", batch(CHANNELS, "m"))
    assert again == {"status": "committed", "events": CHANNELS, "duplicates": CHANNELS, "quarantined": []}
    wait_until("the end of the recovery", lambda: collector.ask("status")["recovery"]["state"] == "done")
    lines = messages(collector)
    waits, opens, done = (
        place(lines, text) for text in ("sources wait until", "sources open", "recovery done")
    )
    assert waits < opens < done, lines
    assert f"files={CHANNELS}" in lines[opens] and f"events={CHANNELS}" in lines[opens], lines[opens]
    assert re.search(r"milliseconds=\d+", lines[opens]) and f"files={CHANNELS}" in lines[done], lines
    assert not any(line.lstrip().startswith("recovered") for line in lines), "a line a file is too much"
    collector.drain()
    assert collector.verify()["events"] == CHANNELS + 1


def test_a_start_after_many_days_reads_the_last_ones(daemon, producer):
    collector = daemon(start=False, log={"level": "info"})
    days = [f"2026-0{month}-{day:02}" for month in range(1, 7) for day in range(1, 29)]
    line = {
        "compressedBytes": 1, "crc32": "00000000", "events": 3, "node": "test", "rawBytes": 1, "reason": "age",
        "run": "r", "sequences": [{"events": 3, "first": 0, "last": 2, "run": "r", "source": "old"}],
        "sha256": "", "version": 1,
    }
    for day in days:
        folder = collector.data / "manifest" / f"date={day}"
        folder.mkdir(parents=True)
        lines = [
            json.dumps(line | {"path": f"events/date={day}/f{n}.ndjson.gz", "sealedAt": f"{day}T10:00:00.000000Z"})
            for n in range(5)
        ]
        (folder / "test.ndjson").write_text("\n".join(lines) + "\n")
    read = []
    for _ in range(2):
        collector.start()
        wait_until("the summaries", lambda: len(list(collector.data.glob("manifest/*/test.summary.json"))) == len(days))
        wait_until("the ledger", lambda: collector.ask("stats")["sources"].get("old") is not None)
        assert collector.ask("stats")["sources"]["old"]["ledger"]["written"] == 15 * len(days)
        lines = messages(collector)
        done = lines[place(lines, "recovery done")]
        read.append(int(re.search(r"manifestLines=(\d+)", done).group(1)))
        collector.drain()
    assert read == [5 * len(days), 0]
    summary = json.loads((collector.data / "manifest" / f"date={days[0]}" / "test.summary.json").read_text())
    assert summary["totals"]["written"] == {"old": 15} and summary["files"] == 5
