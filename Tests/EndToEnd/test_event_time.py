"""Filing by the events' own times: what is late, ahead of the clock or without a time."""

import datetime
import gzip
import json

import pytest
import zmq

from readback import lines_by_zcat, sealed_files


def time(**offset):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(**offset)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def commit(producer, collector, *events):
    client = producer(zmq.DEALER, collector.endpoint("reliable"))
    client.send("\n".join(map(json.dumps, events)).encode())
    answer = json.loads(client.recv())
    assert (answer["status"], answer["events"]) == ("committed", len(events)), answer


def folders(collector):
    """The folder of the time of every event, by the event's name."""
    found = {}
    for path in sealed_files(collector.data):
        with gzip.open(path) as lines:
            for line in lines:
                found[json.loads(line)["event"]] = "/".join(path.parts[-3:-1])
    return found


def hour(text):
    return f"date={text[:10]}/hour={text[11:13]}"


@pytest.mark.parametrize("into", ["received", "late"])
def test_late_events_and_times_ahead_are_marked_and_counted(daemon, producer, into):
    collector = daemon(partition={"time": "event", "late": {"into": into}})
    yesterday = time(hours=-30)
    times = {"now": time(), "yesterday": yesterday, "late": time(hours=-49), "ahead": time(minutes=6)}
    events = [{"event": name, "timestamp": text} for name, text in times.items()]
    events += [{"event": "none"}, {"event": "unreadable", "timestamp": "soon"}]
    commit(producer, collector, *events)
    status = collector.ask("status")["eventTime"]
    assert (status["events"], status["late"], status["future"], status["untimed"]) == (6, 1, 1, 2)
    assert (status["lateAfterSeconds"], status["futureSeconds"]) == (48 * 3600, 300)
    # Of four events with a time one came 49 hours late: below 2^18 seconds.
    assert (status["p50Seconds"], status["p99Seconds"]) == (1, 1 << 18)
    text = collector.control("status")
    assert "6 events today (UTC); half within 1.00 s, 99 % within 3d 00h" in text, text
    assert "1 later than 2d 00h; 1 ahead by more than 5m 00s; 2 without a readable time" in text, text
    ledger = collector.ledger()
    assert (ledger["late"], ledger["future"], ledger["untimed"], ledger["written"]) == (1, 1, 2, 6)
    collector.drain()
    lines = {event["event"]: event for event in map(json.loads, lines_by_zcat(collector.data))}
    marked = {name: [key for key in ("late", "future") if key in line["_touchpoint"]] for name, line in lines.items()}
    assert marked == {"now": [], "yesterday": [], "late": ["late"], "ahead": ["future"], "none": [], "unreadable": []}
    receipt = hour(lines["now"]["_touchpoint"]["receivedAt"])
    filed = folders(collector)
    assert filed["yesterday"] == hour(yesterday)
    assert filed["late"] == ("date=__late__/hour=__late__" if into == "late" else receipt)
    assert {filed[name] for name in ("ahead", "none", "unreadable")} == {receipt}
    assert lines["late"]["_touchpoint"]["time"] == times["late"], "the line still has the event's own time"
    assert collector.verify()["events"] == 6


def test_filing_by_receipt_judges_no_time(daemon, producer):
    collector = daemon()
    commit(producer, collector, {"event": "late", "timestamp": time(days=-9)})
    assert "eventTime" not in collector.ask("status")
    assert "event times" not in collector.control("status")
    assert collector.ledger()["late"] == 0
    collector.drain()
    (line,) = lines_by_zcat(collector.data)
    assert "late" not in json.loads(line)["_touchpoint"]
