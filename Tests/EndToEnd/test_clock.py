"""Wrong clocks, and events of long ago."""

import json

import pytest
import zmq

from clock import Clock
from readback import lines_by_zcat, sealed_files
from waiting import wait_until

DAY = 86_400


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


def send(producer, collector, events):
    client = producer(zmq.DEALER, collector.endpoint("reliable"))
    for event in events:
        client.send(json.dumps(event).encode())
        answer = json.loads(client.recv())
        assert answer["status"] == "committed" and answer.get("quarantined", []) == [], answer


def recovered(collector):
    wait_until("the end of the recovery", lambda: collector.ask("status")["recovery"]["state"] == "done")


def test_what_a_clock_that_was_ahead_named_is_listed_after_a_crash(daemon, producer, clock):
    collector = daemon(start=False)
    collector.environment = clock.environment
    clock.move(400 * DAY)
    collector.start()
    send(producer, collector, [{"event": "sealed", "messageId": f"s{n}"} for n in range(5)])
    collector.seal()
    send(producer, collector, [{"event": "open", "messageId": f"o{n}"} for n in range(3)])
    collector.kill()
    # Simulates a crash before the lines were written.
    for manifest in collector.data.glob("manifest/*/*"):
        manifest.unlink()
    clock.move(0)
    collector.start()
    recovered(collector)
    assert collector.ledger()["written"] == 8
    # Ids are recognised whatever the clock showed.
    send(producer, collector, [{"event": "sealed", "messageId": "s0"}, {"event": "open", "messageId": "o0"}])
    assert collector.ledger()["duplicate"] == 2
    collector.drain()
    assert collector.verify()["events"] == 8


def test_a_clock_that_is_put_back_makes_no_second_line_of_a_file(daemon, producer, clock):
    collector = daemon(start=False)
    collector.environment = clock.environment
    collector.start()
    clock.move(-400 * DAY)
    send(producer, collector, [{"event": "x", "messageId": f"m{n}"} for n in range(4)])
    collector.seal()
    names = [path.name for path in sealed_files(collector.data)]
    run = collector.ask("status")["run"]
    assert names and all(name.split("-")[-2] >= run.split("-")[0] for name in names), (names, run)
    collector.drain()
    lines = [line for path in collector.data.glob("manifest/*/*.ndjson") for line in path.read_text().splitlines()]
    assert len(lines) == len(names)
    assert collector.verify()["events"] == 4


def test_a_clock_before_1970_stands_at_1970(daemon, producer, clock):
    collector = daemon(start=False)
    collector.environment = clock.environment
    clock.set(-10 * DAY)
    collector.start()
    send(producer, collector, [{"event": "x", "messageId": "m", "timestamp": "2026-11-22T10:00:00Z"}])
    collector.drain()
    (path,) = sealed_files(collector.data)
    assert "date=1970-01-01" in path.parts
    (line,) = lines_by_zcat(collector.data)
    assert json.loads(line)["_touchpoint"]["receivedAt"] == "1970-01-01T00:00:00.000000Z"


def test_events_are_filed_under_their_own_time_whatever_it_is(daemon, producer):
    folders = {
        "1969-12-31T23:59:59Z": "date=1969-12-31/hour=23",
        "1970-01-01T00:00:00+01:00": "date=1969-12-31/hour=23",
        "1900-01-01T00:00:00.5Z": "date=1900-01-01/hour=00",
        "0001-01-01T00:00:00Z": "date=0001-01-01/hour=00",
        "9999-12-31T23:59:59.999999999Z": "date=9999-12-31/hour=23",
    }
    collector = daemon(partition={"time": "event", "late": {"after": "0s"}, "future": "0s"})
    send(producer, collector, [{"event": time, "timestamp": time} for time in folders])
    collector.drain()
    assert len(lines_by_zcat(collector.data)) == len(folders)
    entries = [
        json.loads(line)
        for path in collector.data.glob("manifest/*/*.ndjson") for line in path.read_text().splitlines()
    ]
    for time, folder in folders.items():
        day = time[:10] if "+" not in time else "1969-12-31"
        found = [entry for entry in entries if f"/{folder}/" in entry["path"]]
        assert found and any(entry["firstEventTime"].startswith(day) for entry in found), (time, entries)
    assert collector.verify()["events"] == len(folders)
