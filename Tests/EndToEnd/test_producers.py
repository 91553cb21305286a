"""Who sends what: producers by key or address, their figures, limits, shares, and ids of their own."""

import gzip
import json
import os
import time

import zmq
from test_alerts import metrics_port, scrape
from test_curve import EVENT, ask, connect, keys, source  # noqa: F401 (fixtures)

from waiting import wait_until

# Figures by key, and what limits them, are the native engine's.
NATIVE = {"engine": "native"}


def producers(collector, *arguments):
    return collector.ask(" ".join(("producers", *arguments)))["producers"]


def named(collector, name):
    return next(one for one in producers(collector) if one["name"] == name)


def lines(collector):
    collector.seal()
    found = []
    for path in sorted(collector.data.glob("events/**/*.ndjson.gz")):
        found += [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    return found


def event(number, **more):
    return json.dumps({"messageId": f"m{number}", "event": "x"} | more).encode()


def test_lines_and_figures_name_the_key(daemon, keys, connect):
    shop, till = keys.make("shop-7", admit=True), keys.make("till", admit=True)
    certificate = keys.admitted / "till.key"
    certificate.write_text(certificate.read_text().replace('"till"', '"till \\ é"'))
    collector = daemon(sources=[source(keys)])
    dealers = [connect(zmq.DEALER, collector.endpoint("reliable"), pair) for pair in (shop, till)]
    assert ask(dealers[0], b"[%s,%s]" % (EVENT, EVENT))["events"] == 2
    assert ask(dealers[1], EVENT)["events"] == 1
    assert ask(dealers[1], b"nothing")["quarantined"][0]["reason"] == "invalid_json"
    by_name = {one["name"]: one for one in producers(collector, "reliable")}
    assert set(by_name) == {"shop-7", 'till \\ é'}
    assert all(one["kind"] == "key" and one["connections"]["count"] == 1 for one in by_name.values())
    assert (by_name["shop-7"]["ledger"]["written"], by_name["shop-7"]["traffic"]["messages"]) == (2, 1)
    till_figures = by_name['till \\ é']
    assert till_figures["ledger"]["quarantined"] == 1 and till_figures["traffic"]["answers"] == 2
    assert sum(one["ledger"]["received"] for one in by_name.values()) == collector.ledger()["received"] == 4
    text = collector.control("producers", "--sort", "quarantined")
    rows = text.splitlines()
    assert rows[1].split()[1] == "till" and "shop-7" in rows[2]
    written = lines(collector)
    assert sorted(line["_touchpoint"]["producer"] for line in written) == ["shop-7", "shop-7", 'till \\ é']
    refused = next(collector.data.glob("quarantine/**/*.ndjson.gz"))
    piece = json.loads(gzip.decompress(refused.read_bytes()))
    assert piece["_touchpoint"]["producer"] == 'till \\ é'
    collector.verify()
    assert collector.control("producers", "nobody", expect=64) == ""


def test_metrics_by_producer_are_bounded_series(daemon, keys, connect):
    shop = keys.make("shop-7", admit=True)
    collector = daemon(sources=[source(keys)], metrics={"listen": "127.0.0.1:0"})
    assert ask(connect(zmq.DEALER, collector.endpoint("reliable"), shop), EVENT)["events"] == 1
    text = scrape(metrics_port(collector))
    assert 'touchpoint_producer_events_written_total{source="reliable",producer="shop-7"} 1\n' in text


def test_a_key_cannot_suppress_the_ids_of_another(daemon, keys, connect):
    shop, rogue = keys.make("shop-7", admit=True), keys.make("rogue", admit=True)
    collector = daemon(sources=[source(keys, dedup="on")])
    assert collector.ask("status")["sources"][0]["dedupScope"] == "producer"
    dealers = [connect(zmq.DEALER, collector.endpoint("reliable"), pair) for pair in (rogue, shop)]
    for dealer in dealers:
        for number in range(200):
            assert "duplicates" not in ask(dealer, event(number))
    assert ask(dealers[1], event(7))["duplicates"] == 1
    # After a crash each key still has its own ids.
    collector.kill()
    collector.start()
    again = [connect(zmq.DEALER, collector.endpoint("reliable"), pair) for pair in (rogue, shop)]
    for number in range(200):
        assert ask(again[1], event(number))["duplicates"] == 1
    late = keys.make("late", admit=True)
    collector.control("reload")
    assert "duplicates" not in ask(connect(zmq.DEALER, collector.endpoint("reliable"), late), event(7))
    # And after a drain, from the files of ids.
    collector.drain()
    collector.start()
    dealer = connect(zmq.DEALER, collector.endpoint("reliable"), rogue)
    assert all(ask(dealer, event(number))["duplicates"] == 1 for number in range(200))
    written = lines(collector)
    assert len(written) == 401
    assert len({(line["_touchpoint"]["producer"], line["messageId"]) for line in written}) == 401


def test_without_keys_addresses_are_told_apart_and_ids_are_everybodys(daemon, producer):
    collector = daemon(sources=[{"name": "reliable", "pattern": "router", "bind": ["tcp://127.0.0.1:*"], "dedup": "on"} | NATIVE])
    assert collector.ask("status")["sources"][0]["dedupScope"] == "everybody"
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    assert ask(dealer, event(1))["events"] == 1
    [one] = producers(collector)
    assert (one["name"], one["kind"], one["ledger"]["written"]) == ("tcp://127.0.0.1", "address", 1)
    assert "producer" not in lines(collector)[0]["_touchpoint"]


def test_rates_are_held_by_back_pressure(daemon, keys, connect):
    shop, other = keys.make("shop-7", admit=True), keys.make("other", admit=True)
    collector = daemon(
        sources=[source(keys, "pull", "producers"), source(keys)],
        limits={"perProducer": {"eventsPerSecond": 500}},
    )
    push = connect(zmq.PUSH, collector.endpoint("producers"), shop, sndhwm=100_000)
    begun = time.monotonic()
    for _ in range(3_000):
        push.send(EVENT)
    dealer = connect(zmq.DEALER, collector.endpoint("reliable"), other)
    # Another producer does not wait for it.
    assert ask(dealer, EVENT)["events"] == 1
    wait_until("it to be held", lambda: named(collector, "shop-7")["state"] == "rate")
    wait_until("everything to be there", lambda: named(collector, "shop-7")["ledger"]["written"] == 3_000, bound=60)
    # 500 at once, the rest at 500 per second, but for what was read at once.
    assert time.monotonic() - begun > 2
    assert collector.ask("producers")["limits"]["eventsPerSecond"] == 500


def test_a_day_that_is_used_up_is_answered(daemon, keys, connect):
    shop, other = keys.make("shop-7", admit=True), keys.make("other", admit=True)
    collector = daemon(sources=[source(keys)], limits={"perProducer": {"diskPerDay": "20KiB"}})
    dealer = connect(zmq.DEALER, collector.endpoint("reliable"), shop)
    padding = "p" * 5_000
    answers = []
    while not answers or answers[-1]["status"] == "committed":
        answers.append(ask(dealer, event(len(answers), padding=padding)))
        assert len(answers) < 10
    assert answers[-1] == {"status": "unavailable", "reason": "quota"}
    assert len(answers) >= 4
    figures = named(collector, "shop-7")
    assert figures["state"] == "quota" and figures["refusal"]["reason"] == "quota"
    assert figures["usage"]["bytesToday"] >= 20 << 10
    assert ask(connect(zmq.DEALER, collector.endpoint("reliable"), other), EVENT)["events"] == 1
    assert len(lines(collector)) == len(answers)


def test_quarantine_is_shared(daemon, keys, connect):
    rogue, shop = keys.make("rogue", admit=True), keys.make("shop-7", admit=True)
    collector = daemon(sources=[source(keys)], quarantine={"maxBytes": "1MiB", "perProducer": 10})
    dealer = connect(zmq.DEALER, collector.endpoint("reliable"), rogue)
    # Incompressible, so that lines are about as large on disk.
    for number in range(100):
        answer = ask(dealer, b"\xff" + number.to_bytes(2, "big") + os.urandom(4_000))
        if answer["status"] == "unavailable":
            break
    assert answer == {"status": "unavailable", "reason": "quarantine_full"}
    assert named(collector, "rogue")["state"] == "quarantine_full"
    assert collector.ask("status")["quarantine"]["state"] == "open"
    # Its events are still written, and the rejected pieces of others are kept.
    assert ask(dealer, EVENT)["events"] == 1
    other = connect(zmq.DEALER, collector.endpoint("reliable"), shop)
    assert ask(other, b"nothing")["quarantined"][0]["reason"] == "invalid_json"
    assert collector.ask("status")["ledgerBalanced"]
