"""Exactly once for producers that send again: over kill -9, and where memory is short."""

import json
import random
import uuid

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
    # The newest are known, the oldest are written again; both are answered.
    assert answer_to(dealer, b"new", events(batches[-1]))["duplicates"] == 5_000
    assert "duplicates" not in answer_to(dealer, b"old", events(batches[0]))
    collector.drain()
    written = written_ids(collector)
    assert len(written) == 205_000 and len(set(written)) == 200_000
