"""DEALER and REQ to router: the answers, and their guarantees."""

import gzip
import json
import subprocess

import pytest
import zmq

from readback import assert_written, lines_by_zcat, taken_apart
from waiting import wait_until


def answer_to(dealer, request_id, payload):
    dealer.send_multipart([request_id, payload])
    echoed, answer = dealer.recv_multipart()
    assert echoed == request_id
    return json.loads(answer)


def committed(events, quarantined=()):
    return {"status": "committed", "events": events, "quarantined": list(quarantined)}


def test_answers_when_committed(daemon, producer, samples):
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    for start in range(0, 1000, 100):
        payload = b"\n".join(samples[start : start + 100])
        assert answer_to(dealer, b"%d" % start, payload) == committed(100)
    assert collector.ledger()["written"] == 1000
    collector.seal()
    assert_written(collector.data, samples[:1000])


@pytest.mark.parametrize(
    "request_id",
    [b"a", b"\x00", b"\x00\xff\n\x80{}", bytes(range(1, 256)), b"\xff" * 255],
    ids=["one byte", "a zero", "no text", "255 different", "255 alike"],
)
def test_request_ids_are_opaque(daemon, producer, request_id):
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    assert answer_to(dealer, request_id, b'{"event":"a"}') == committed(1)
    [piece] = answer_to(dealer, request_id, b"no json")["quarantined"]
    assert (piece["index"], piece["reason"]) == (0, "invalid_json")


def test_payload_alone_is_answered_alone(daemon, producer):
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    dealer.send(b'{"event":"a"}')
    frames = dealer.recv_multipart()
    assert [json.loads(frame) for frame in frames] == [committed(1)]


def test_req_is_answered(daemon, producer, samples):
    collector = daemon()
    req = producer(zmq.REQ, collector.endpoint("reliable"))
    for event in samples[:20]:
        req.send(event)
        assert json.loads(req.recv()) == committed(1)
    collector.seal()
    assert_written(collector.data, samples[:20])


def test_many_in_flight_are_each_answered_once(daemon, producer, samples):
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    ids = [b"id-%d" % index for index in range(500)]
    for request_id, event in zip(ids, samples):
        dealer.send_multipart([request_id, event])
    answers = [dealer.recv_multipart() for _ in ids]
    assert sorted(echoed for echoed, _ in answers) == sorted(ids)
    assert all(json.loads(answer) == committed(1) for _, answer in answers)


def test_two_producers_get_their_own_answers(daemon, producer):
    collector = daemon()
    dealers = [producer(zmq.DEALER, collector.endpoint("reliable")) for _ in range(2)]
    for number, dealer in enumerate(dealers):
        dealer.send_multipart([b"same id", b"\n".join([b"{}"] * (number + 1))])
    for number, dealer in enumerate(dealers):
        echoed, answer = dealer.recv_multipart()
        assert (echoed, json.loads(answer)) == (b"same id", committed(number + 1))


def test_quarantined_events_are_named_by_index(daemon, producer):
    collector = daemon(limits={"event": "1KiB", "depth": 8})
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    good = b'{"event":"good"}'
    bad = [
        (b'{"event":', "invalid_json"),
        (b"17", "not_an_object"),
        (b'{"_touchpoint":1}', "reserved_key"),
        (b'{"long":"' + b"x" * 2000 + b'"}', "too_large"),
        (b'{"deep":' + b"[" * 20 + b"]" * 20 + b"}", "too_deep"),
        (b'{"event":"\xff"}', "invalid_utf8"),
    ]
    lines = [good]
    for payload, _ in bad:
        lines += [payload, good]
    answer = answer_to(dealer, b"1", b"\n".join(lines))
    pieces = answer.pop("quarantined")
    assert answer == {"status": "committed", "events": len(bad) + 1}
    assert [piece["index"] for piece in pieces] == [2 * n + 1 for n in range(len(bad))]
    assert [piece["reason"] for piece in pieces] == [reason for _, reason in bad]
    collector.seal()
    assert_written(collector.data, [good] * (len(bad) + 1))
    for reason in {reason for _, reason in bad}:
        assert list(collector.data.glob(f"quarantine/reason={reason}/**/*.ndjson.gz")), reason
    kept = [json.loads(line) for line in lines_by_zcat(collector.data, "quarantine")]
    assert len(kept) == len(bad)
    texts = [record["payload"] for record in kept]
    assert all(bad[n][0].decode() in texts for n in range(len(bad) - 1))


def test_answers_and_quarantine_say_why_and_where(daemon, producer):
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    good = [b'{"n":%d}' % n for n in range(6)]
    bad = [
        (b'{"event":"cut \\ud83d"}', "lone surrogate", 14),
        (b'{"total":NaN}', "NaN", 9),
        (b'{"event":"a\xff"}', "0xFF is not valid UTF-8", 11),
    ]
    lines = [good[0], bad[0][0], good[1], bad[1][0], bad[2][0], good[2]]
    payload = b"\n".join(lines) + b"\n"
    batch = b'{"channel":"pos","batch":[%s,%s,%s,%s]}' % (good[3], bad[0][0], good[4], good[5])
    first, second = answer_to(dealer, b"1", payload), answer_to(dealer, b"2", gzip.compress(batch))
    assert (first["events"], second["events"]) == (3, 3)
    pieces = [(payload, piece) for piece in first["quarantined"]] + [(batch, piece) for piece in second["quarantined"]]
    collector.seal()
    kept = sorted(
        (json.loads(line) for line in lines_by_zcat(collector.data, "quarantine")), key=lambda r: r["_touchpoint"]["seq"]
    )
    assert len(pieces) == len(kept) == 4
    for (sent, piece), record, (text, cause, at) in zip(pieces, kept, bad + bad[:1]):
        assert sent[piece["offset"] :].startswith(text)
        assert piece["detail"].startswith(f"byte {piece['offset'] + at}: ") and cause in piece["detail"]
        assert (record["offset"], record["detail"]) == (piece["offset"], piece["detail"])
    assert_written(collector.data, good)


@pytest.mark.parametrize(
    "frames, reason",
    [
        ([b"x" * 256, b"{}"], "request_id_too_long"),
        ([b"id"] * 9 + [b"{}"], "too_many_frames"),
    ],
)
def test_messages_that_make_no_sense_are_rejected(daemon, producer, frames, reason):
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    dealer.send_multipart(frames)
    assert json.loads(dealer.recv_multipart()[-1]) == {"status": "rejected", "reason": reason}
    assert answer_to(dealer, b"next", b"{}") == committed(1)


def test_what_was_answered_outlives_a_kill(daemon, producer, samples):
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    assert answer_to(dealer, b"1", b"\n".join(samples[:100])) == committed(100)
    collector.kill()
    collector.start()
    wait_until(
        "the end of the recovery", lambda: collector.ask("status")["recovery"]["state"] == "done"
    )
    assert_written(collector.data, samples[:100])
    assert collector.verify()["events"] == 100


def test_while_draining_nothing_is_promised_that_is_not_kept(daemon, producer):
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    assert answer_to(dealer, b"first", b'{"id":"first"}') == committed(1)
    dealer.setsockopt(zmq.RCVTIMEO, 100)
    process = collector.process
    for index in range(2000):
        if index == 1000:
            process.terminate()
        try:
            # After the collector is gone, libzmq's queue fills, and sending would block.
            waits = 0 if index < 1000 else zmq.NOBLOCK
            dealer.send_multipart([b"%d" % index, b'{"id":"%d"}' % index], flags=waits)
        except zmq.Again:
            break
    statuses = {"first": "committed"}

    def ended_and_no_answer_left():
        try:
            while True:
                request_id, answer = dealer.recv_multipart()
                answer = json.loads(answer)
                statuses[request_id.decode()] = answer["status"]
                if answer["status"] == "unavailable":
                    assert answer["reason"] == "draining"
        except zmq.Again:
            return process.poll() is not None

    wait_until("the collector to end", ended_and_no_answer_left)
    assert collector.wait_for_exit() == 0
    assert set(statuses.values()) <= {"committed", "unavailable"}
    originals = [taken_apart(line)[1] for line in lines_by_zcat(collector.data)]
    written = {json.loads(original)["id"] for original in originals}
    promised = {key for key, status in statuses.items() if status == "committed"}
    refused = {key for key, status in statuses.items() if status == "unavailable"}
    assert promised <= written
    assert not refused & written


def test_touchpoint_send_waits_for_the_answers(daemon, touchpoint, samples, tmp_path):
    collector = daemon()
    file, log = tmp_path / "events.ndjson", tmp_path / "acknowledged.log"
    file.write_bytes(b"\n".join(samples) + b"\n")
    done = subprocess.run(
        [
            touchpoint / "touchpoint-send", "--pattern", "dealer", "--batch", "50", "--json",
            "--to", collector.endpoint("reliable"), "--acknowledged-log", log, file,
        ],
        capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["acknowledged"] == len(samples)
    ids = [json.loads(event)["messageId"] for event in samples]
    assert sorted(log.read_text().split()) == sorted(ids)
    collector.seal()
    assert_written(collector.data, samples)


def test_gzip_of_events_that_are_much_alike_is_taken(daemon, producer):
    """Honest events can be compressed to a seventieth: no lower limit than 100 would do."""
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    page = "https://shop.example/" + "".join(chr(97 + at * at % 26) for at in range(150))
    events = [{"event": "Heartbeat", "device": "till-7", "n": at, "context": {"page": page}} for at in range(3_000)]
    text = b"\n".join(json.dumps(event).encode() for event in events)
    payload = gzip.compress(text, 9)
    assert len(text) > 700_000 and 60 < (len(text) - 65_536) / len(payload) < 90
    assert answer_to(dealer, b"1", payload) == committed(3_000)
    [piece] = answer_to(dealer, b"2", gzip.compress(b" " * 4_000_000 + b"{}", 9))["quarantined"]
    assert piece["reason"] == "too_large"
