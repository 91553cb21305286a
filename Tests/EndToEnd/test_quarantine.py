"""The limits of quarantine, as producers and operators see them, with real programs and sockets."""

import json
import random
import subprocess
import urllib.request

import zmq

from readback import sealed_files
from test_alerts import metrics_port
from waiting import BOUND_SECONDS, finished, wait_until

PUT_OFF = {"status": "unavailable", "reason": "quarantine_full"}
GOOD = b'{"event":"Order Completed","messageId":"good"}'


def noise(dice, count):
    """Returns bytes that are no event and hardly compressible."""
    return b"{" + dice.randbytes(count // 2).hex().encode()


def ask(dealer, name, payload):
    dealer.send_multipart([name, payload])
    identifier, answer = dealer.recv_multipart()
    assert identifier == name
    return json.loads(answer)


def fill(dealer, dice):
    """Sends rejected pieces until there is no room for them any more; returns their number."""
    for number in range(200):
        answer = ask(dealer, b"fill", noise(dice, 20_000))
        if answer == PUT_OFF:
            return number
        assert answer["status"] == "committed" and len(answer["quarantined"]) == 1, answer
    raise AssertionError("quarantine takes everything")


def is_balanced(ledger):
    names = ("written", "quarantined", "duplicate", "dropped", "inFlight")
    return ledger["received"] == sum(ledger[name] for name in names)


def metric(collector, name):
    with urllib.request.urlopen(
        f"http://127.0.0.1:{metrics_port(collector)}/metrics", timeout=BOUND_SECONDS
    ) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith(name)).split()[-1])


def reload(collector, **quarantine):
    collector.settings["quarantine"] = quarantine
    collector.configuration.write_text(json.dumps(collector.settings))
    return collector.control("reload")


def test_a_full_quarantine_holds_up_no_event(daemon, producer):
    collector = daemon(
        quarantine={"maxBytes": "256KiB", "maxAge": "0s"}, metrics={"listen": "127.0.0.1:0"}
    )
    dice = random.Random(7)
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    pusher = producer(zmq.PUSH, collector.endpoint("producers"))
    pieces = fill(dealer, dice)
    size = sum(path.stat().st_size for path in (collector.data / "quarantine").rglob("*") if path.is_file())
    assert 200_000 < size < 300_000, f"{size} bytes of {pieces} pieces"
    # Events are still accepted; a message with both is not.
    assert ask(dealer, b"good", GOOD)["status"] == "committed"
    assert ask(dealer, b"both", GOOD.replace(b"good", b"both") + b"\n5\n") == PUT_OFF
    for _ in range(3):
        pusher.send(b'[{"event":"Pushed"},5]')

    def is_counted():
        ledger = collector.ask("stats")["sources"]["producers"]["ledger"]
        assert is_balanced(ledger), ledger
        return ledger["dropped"] == 3 and ledger["inFlight"] == 0

    wait_until("what was dropped", is_counted)
    ledger = collector.ask("stats")["sources"]["producers"]["ledger"]
    assert ledger["written"] == 3 and ledger["reasons"]["dropped"] == {"quarantine_full": 3}
    text = collector.control("status", expect=1)
    assert "NO: quarantine is full" in text and "FULL: " in text and "quarantine.maxBytes" in text, text
    status = collector.ask("status")["quarantine"]
    assert status["state"] == "full" and status["refusedMessages"] == 2 and status["maxBytes"] == 256 << 10
    assert metric(collector, "touchpoint_quarantine_full") == 1
    assert metric(collector, "touchpoint_quarantine_refused_messages_total") == 2
    dropped = 'touchpoint_events_dropped_total{source="producers",reason="quarantine_full"}'
    assert metric(collector, dropped) == 3
    wait_until("a word in the log", lambda: "quarantine is full" in collector.log_path.read_text())
    # touchpoint-send waits for room, as it waits for a collector that is about to end.
    assert "in force now: quarantine.maxBytes" in reload(collector, maxBytes="10MiB", maxAge="0s")
    collector.control("status")
    assert ask(dealer, b"both", GOOD.replace(b"good", b"both") + b"\n5\n")["events"] == 1
    wait_until("a word in the log", lambda: "takes rejected pieces again" in collector.log_path.read_text())
    assert collector.log_path.read_text().count("quarantine is full") == 1
    collector.drain()
    report = collector.verify()
    assert report["sources"]["reliable"] == {"quarantined": pieces + 1, "written": 2}
    assert report["gaps"] == []


def test_touchpoint_send_waits_for_room_in_quarantine(daemon, producer, tmp_path):
    collector = daemon(quarantine={"maxBytes": "64KiB", "maxAge": "0s"})
    fill(producer(zmq.DEALER, collector.endpoint("reliable")), random.Random(8))
    lines = tmp_path / "lines.ndjson"
    lines.write_bytes(GOOD + b"\n" + noise(random.Random(9), 300) + b"\n")
    command = [
        collector.programs / "touchpoint-send", "--to", collector.endpoint("reliable"), "--pattern", "dealer",
        "--lines", "--batch", "2", lines,
    ]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as sender:
        wait_until("it to be put off", lambda: collector.ask("status")["quarantine"]["refusedMessages"] >= 3)
        assert sender.poll() is None
        reload(collector, maxBytes="1MiB", maxAge="0s")
        output = sender.communicate(timeout=BOUND_SECONDS)[0]
    # 65: the collector accepted it, and one of its lines is in quarantine.
    assert sender.returncode == 65, output


def test_files_go_when_they_are_old_enough_and_nothing_is_missing(daemon, producer):
    collector = daemon(
        quarantine={"maxBytes": "128KiB", "maxAge": "1h"}, segment={"idle": "200ms"},
        metrics={"listen": "127.0.0.1:0"},
    )
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    pieces = fill(dealer, random.Random(10))
    assert ask(dealer, b"good", GOOD)["status"] == "committed"
    collector.seal()
    ours = sealed_files(collector.data, "quarantine")
    assert ours
    # Other files there are not the daemon's.
    foreign = ours[0].parent / "part-other-0-20200101T000000.000Z-0.ndjson.gz"
    foreign.write_bytes(b"theirs")
    link = ours[0].parent / "part-test-0-20200101T000000.000Z-0.ndjson.gz"
    link.symlink_to(foreign)
    reload(collector, maxBytes="128KiB", maxAge="1s")
    wait_until("old files to go", lambda: not any(path.exists() for path in ours))
    wait_until("room in quarantine", lambda: collector.ask("status")["quarantine"]["state"] == "open")
    assert foreign.exists() and link.is_symlink()
    assert metric(collector, "touchpoint_quarantine_removed_files_total") == len(ours)
    reload(collector, maxBytes="128KiB", maxAge="1h")
    before = collector.ledger()
    foreign.unlink()
    link.unlink()
    collector.control("status")
    report = collector.verify()
    assert (report["removedFiles"], report["removedEvents"]) == (len(ours), pieces)
    assert report["findings"] == [] and report["tornManifestLines"] == 0
    text = finished([collector.programs / "touchpointctl", "verify", collector.data])[1]
    assert "quarantine.maxAge removed" in text and text.endswith("ok\n"), text
    # The totals of all runs, from files, are unchanged by it, and by a restart.
    for end in (collector.drain, collector.kill):
        end()
        collector.start()
        wait_until("recovery", lambda: collector.ask("status")["recovery"]["state"] == "done")
        after = collector.ledger()
        assert after["quarantined"] == before["quarantined"] == pieces
        assert after["written"] == before["written"] == 1 and is_balanced(after)
    assert "file that is gone" not in collector.log_path.read_text()
    collector.drain()
    collector.verify()


def test_a_start_counts_what_is_there(daemon, producer):
    collector = daemon(quarantine={"maxBytes": "128KiB", "maxAge": "0s"})
    fill(producer(zmq.DEALER, collector.endpoint("reliable")), random.Random(11))
    collector.kill()
    collector.start()
    wait_until("the bytes of before", lambda: collector.ask("status")["quarantine"]["state"] == "full")
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    assert ask(dealer, b"bad", b"5") == PUT_OFF
    assert ask(dealer, b"good", GOOD)["status"] == "committed"
