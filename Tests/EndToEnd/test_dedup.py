"""Exactly once for producers that resend: across kill -9, and with little memory."""

import gzip
import json
import os
import random
import uuid
from pathlib import Path

import pytest
import zmq

from readback import lines_by_zcat, taken_apart
from test_dealer import answer_to
from waiting import wait_until


def events(ids):
    return "\n".join(
        f'{{"messageId":"{name}","channel":"c{at % 3}"}}' for at, name in enumerate(ids)
    ).encode()


def new_ids(random_numbers, count):
    return [str(uuid.UUID(int=random_numbers.getrandbits(128))) for _ in range(count)]


def written_ids(collector):
    return [json.loads(taken_apart(line)[1])["messageId"] for line in lines_by_zcat(collector.data)]


def lines_of_events(collector):
    return [taken_apart(line) for line in lines_by_zcat(collector.data)]


def dedup(collector):
    return collector.ask("status")["dedup"]


def wait_until_ready(collector):
    wait_until("the ids of earlier runs to be read", lambda: dedup(collector)["state"] == "ready")


@pytest.mark.parametrize("seals", [False, True], ids=["from open segments", "from files of ids"])
def test_a_retry_after_a_kill_is_not_written_again(daemon, producer, seals):
    collector = daemon(start=False)
    endpoint = f"ipc://{collector.short_folder}/reliable.sock"
    collector.settings["sources"] = [{"name": "reliable", "pattern": "router", "bind": [endpoint]}]
    collector.start()
    random_numbers = random.Random(7)
    batches = [new_ids(random_numbers, 250) for _ in range(8)]
    dealer = producer(zmq.DEALER, endpoint)
    for number, ids in enumerate(batches):
        answer = answer_to(dealer, b"first %d" % number, events(ids))
        assert answer == {"status": "committed", "events": 250, "quarantined": []}
    if seals:
        collector.seal()
        folder = collector.data / "dedup"
        wait_until("a file of ids for each channel", lambda: len(list(folder.glob("part-test-*.ids"))) == 3)
    collector.kill()
    collector.start()
    again = producer(zmq.DEALER, endpoint)
    for number, ids in enumerate(batches):
        answer = answer_to(again, b"again %d" % number, events(ids))
        assert answer == {"status": "committed", "events": 250, "duplicates": 250, "quarantined": []}
    assert dedup(collector)["loaded"] == 2000
    ledger = collector.ledger()
    assert ledger["duplicate"] == 2000 and ledger["inFlight"] == 0
    # A new event between old ones is written, in one message with them.
    mixed = batches[0][:10] + new_ids(random_numbers, 1)
    assert answer_to(again, b"mixed", events(mixed))["duplicates"] == 10
    collector.drain()
    assert sorted(written_ids(collector)) == sorted(sum(batches, []) + mixed[10:])
    assert collector.verify()["events"] == 2001


def router(collector, name="reliable", **more):
    endpoint = f"ipc://{collector.short_folder}/{name}.sock"
    return endpoint, {"name": name, "pattern": "router", "bind": [endpoint], **more}


def mails(ids, names, sent_at):
    return [
        json.dumps({"messageId": name, "event": event, "channel": f"c{at % 3}", "sentAt": sent_at})
        for at, name in enumerate(ids)
        for event in names
    ]


@pytest.mark.parametrize("keeps", ["all", "no files of ids", "no key"])
def test_other_events_with_one_id_are_written_and_known_again(daemon, producer, keeps):
    """Across kill -9, from open segments and sealed ones; with the files of dedup/ and without."""
    collector = daemon(start=False, commit={"interval": "10ms"})
    endpoint, source = router(collector)
    collector.settings["sources"] = [source]
    collector.start()
    ids = new_ids(random.Random(3), 40) + [f"mail {number}" for number in range(40)]
    dealer = producer(zmq.DEALER, endpoint)
    first = mails(ids, ["delivered", "opened"], "1")
    assert answer_to(dealer, b"1", "\n".join(first).encode()) == {
        "status": "committed",
        "events": 160,
        "quarantined": [],
    }
    collector.seal()
    # These stay in open segments.
    second = mails(ids, ["clicked"], "1")
    assert "duplicates" not in answer_to(dealer, b"2", "\n".join(second).encode())
    assert answer_to(dealer, b"3", "\n".join(mails(ids, ["opened"], "2")).encode())["duplicates"] == 80
    ledger = collector.ledger()
    assert ledger["written"] == 240 and ledger["reusedIds"] == 160 and ledger["duplicate"] == 80
    wait_until("the reuse to be said", lambda: "idReused" in collector.log)
    collector.kill()
    folder = collector.data / "dedup"
    if keeps == "no files of ids":
        for path in folder.iterdir():
            path.unlink()
    elif keeps == "no key":
        (folder / "key").unlink()
    collector.start()
    assert oct((folder / "key").stat().st_mode & 0o777) == "0o600"
    again = producer(zmq.DEALER, endpoint)
    resent = mails(ids, ["clicked", "delivered", "opened"], "3")
    assert answer_to(again, b"4", "\n".join(resent).encode())["duplicates"] == 240
    assert "duplicates" not in answer_to(again, b"5", "\n".join(mails(ids, ["bounced"], "1")).encode())
    assert collector.ledger()["reusedIds"] == 80
    collector.drain()
    written = lines_of_events(collector)
    assert sorted(original for _, original in written) == sorted(
        line.encode() for line in first + second + mails(ids, ["bounced"], "1")
    )
    marked = sum(metadata.get("idReused", False) for metadata, _ in written)
    assert marked == 240 and len(written) == 320
    assert collector.verify()["events"] == 320


def segment_calls():
    """Returns real calls that share ids, or samples if the real ones are missing."""
    root = Path(os.environ.get("TOUCHPOINT_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    path = root / "events" / "rudder-segment-spec-calls.ndjson.gz"
    if path.exists():
        return [line for line in gzip.decompress(path.read_bytes()).splitlines() if line]
    print(f"{path} is not there: samples are used instead, ten of them with each id")
    lines = (Path(__file__).resolve().parents[2] / "samples" / "completejourney.ndjson").read_bytes()
    events = [json.loads(line) for line in lines.splitlines()[:1_579]]
    return [
        json.dumps({**event, "messageId": f"m{at // 10}", "n": at}).encode()
        for at, event in enumerate(events)
    ]


def test_all_different_calls_of_real_producers_are_kept(daemon, producer):
    collector = daemon()
    wait_until_ready(collector)
    calls = segment_calls()
    assert len(set(calls)) == len(calls) == 1_579
    with_ids = [call for call in calls if isinstance(json.loads(call).get("messageId"), str)]
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    assert answer_to(dealer, b"1", b"\n".join(calls)) == {
        "status": "committed",
        "events": 1_579,
        "quarantined": [],
    }
    # Those without an id are written again; the others are duplicates.
    assert answer_to(dealer, b"2", b"\n".join(calls))["duplicates"] == len(with_ids)
    collector.drain()
    kept = [json.loads(original) for _, original in lines_of_events(collector)]
    assert len(kept) == 2 * 1_579 - len(with_ids)
    assert {json.dumps(event, sort_keys=True) for event in kept} == {
        json.dumps(json.loads(call), sort_keys=True) for call in calls
    }


def test_what_came_before_dedup_was_switched_on_is_known(daemon, producer):
    """A source shares its segments with one that always had dedup on."""
    collector = daemon(start=False)
    endpoints = {}
    for dedup_of_a in ("off", "on", "on"):
        sources = []
        for name, value in (("a", dedup_of_a), ("b", "on")):
            endpoints[name], source = router(collector, name, dedup=value)
            sources.append(source)
        collector.settings["sources"] = sources
        collector.start()
        answers = {}
        for name in ("a", "b"):
            dealer = producer(zmq.DEALER, endpoints[name])
            answers[name] = answer_to(dealer, b"1", events([f"of {name}"]))
        if dedup_of_a == "off":
            assert not any("duplicates" in answer for answer in answers.values())
        else:
            assert all(answer["duplicates"] == 1 for answer in answers.values()), answers
            status = dedup(collector)
            assert status["state"] == "ready"
            assert status["coveredSeconds"] == status["windowSeconds"] == 86_400
        collector.drain()
    # Files that can no longer be read are reported, and their ids are not recognised.
    for path in list((collector.data / "events").rglob("*.ndjson.gz")) + list(
        (collector.data / "dedup").iterdir()
    ):
        path.unlink()
    collector.start()
    wait_until("ids to be looked for", lambda: dedup(collector)["state"] == "incomplete")
    assert dedup(collector)["coveredSeconds"] < 600


def test_dedup_can_be_switched_off(daemon, producer):
    collector = daemon(start=False)
    endpoint = f"ipc://{collector.short_folder}/reliable.sock"
    collector.settings["sources"] = [
        {"name": "reliable", "pattern": "router", "bind": [endpoint], "dedup": "off"}
    ]
    collector.start()
    dealer = producer(zmq.DEALER, endpoint)
    for number in range(3):
        assert "duplicates" not in answer_to(dealer, b"%d" % number, events(["same"]))
    assert collector.ledger()["written"] == 3
    assert dedup(collector)["state"] == "off"


def test_short_memory_is_said_and_events_go_on_at_least_once(daemon, producer):
    collector = daemon(start=False, dedup={"maxMemory": "4MiB"})
    collector.start()
    wait_until_ready(collector)
    random_numbers = random.Random(8)
    batches = [new_ids(random_numbers, 5_000) for _ in range(40)]
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    for number, ids in enumerate(batches):
        assert answer_to(dealer, b"%d" % number, events(ids))["events"] == 5_000
    wait_until("the shortage to be said", lambda: "dedup.maxMemory does not suffice" in collector.log)
    status = dedup(collector)
    assert status["forgotten"] > 50_000 and status["bytes"] <= 4 << 20
    assert status["coveredSeconds"] < status["windowSeconds"]
    # The newest are duplicates, the oldest are written again; both are answered.
    assert answer_to(dealer, b"new", events(batches[-1]))["duplicates"] == 5_000
    assert "duplicates" not in answer_to(dealer, b"old", events(batches[0]))
    collector.drain()
    written = written_ids(collector)
    assert len(written) == 205_000 and len(set(written)) == 200_000
