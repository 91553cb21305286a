"""PUSH to pull: every form of a payload, read back in three ways."""

import gzip
import json

import pytest
import zmq

from readback import assert_same_events, assert_written, lines_by_zcat, sealed_files, taken_apart
from waiting import wait_until


def ndjson(events):
    return b"\n".join(events)


def array(events):
    return b"[" + b", ".join(events) + b"]"


def batch(events):
    return b'{"batch": [' + b",".join(events) + b"]}"


FORMS = {
    "ndjson": ndjson,
    "ndjson with empty lines": lambda events: b"\n\n".join(events) + b"\n",
    "array": array,
    "batch": batch,
    "gzip of ndjson": lambda events: gzip.compress(ndjson(events)),
    "gzip of array": lambda events: gzip.compress(array(events)),
    "gzip of batch": lambda events: gzip.compress(batch(events)),
}


@pytest.mark.parametrize("form", FORMS)
def test_many_events_in_a_message(daemon, producer, samples, form):
    collector = daemon()
    push = producer(zmq.PUSH, collector.endpoint("producers"))
    sent = samples[:500]
    for start in range(0, len(sent), 100):
        push.send(FORMS[form](sent[start : start + 100]))
    collector.wait_for_received(len(sent))
    collector.seal()
    assert_written(collector.data, sent)
    assert collector.verify()["events"] == len(sent)


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_one_event_a_message(daemon, producer, samples, squeeze):
    collector = daemon()
    push = producer(zmq.PUSH, collector.endpoint("producers"))
    for event in samples:
        push.send(squeeze(event))
    collector.wait_for_received(len(samples))
    collector.seal()
    assert_written(collector.data, samples)


def test_unusual_events_are_kept_byte_for_byte(daemon, producer):
    collector = daemon()
    push = producer(zmq.PUSH, collector.endpoint("producers"))
    sent = [
        b"{}",
        b'{ "a" : 1 , "b" : [ ] }',
        b'{"pretty":\n  {"printed": [1,\r\n 2]}\n}',
        '{"text":"Größe 漢字 😀 \\u00e9 \\ud83d\\ude00 \\n\\t\\\\ \\"","":null}'.encode(),
        b'{"big":123456789012345678901234567890,"small":1.10e-3,"minus":-0.0}',
        b'{"twice":1,"twice":2}',
        b'{"long":"' + b"x" * 900_000 + b'"}',
        b'{"channel":"../../etc","event":"a/b"}',
        b'{"channel":17,"messageId":{"not":"text"}}',
    ]
    for event in sent:
        push.send(event)
    collector.wait_for_received(len(sent))
    collector.seal()
    assert_written(collector.data, sent)
    for path in sealed_files(collector.data):
        assert path.resolve().is_relative_to(collector.data.resolve())


def test_batch_hands_down_context_and_sent_at(daemon, producer):
    collector = daemon()
    push = producer(zmq.PUSH, collector.endpoint("producers"))
    own = {"event": "own", "context": {"channel": "own"}, "sentAt": "2026-11-22T09:00:00Z"}
    bare = {"event": "bare", "properties": {"a": 1}}
    handed = {"context": {"channel": "handed", "ip": "10.0.0.1"}, "sentAt": "2026-11-22T10:00:00Z"}
    push.send(json.dumps({"batch": [own, bare], **handed}).encode())
    collector.wait_for_received(2)
    collector.seal()
    assert_same_events(collector.data, [own, {**bare, **handed}])
    channels = {path.relative_to(collector.data).parts[1] for path in sealed_files(collector.data)}
    assert channels == {"channel=own", "channel=handed"}


def test_metadata_names_node_source_and_number(daemon, producer, samples):
    collector = daemon(node="n1")
    push = producer(zmq.PUSH, collector.endpoint("producers"))
    push.send(ndjson(samples[:10]))
    collector.wait_for_received(10)
    collector.seal()
    metadata = [taken_apart(line)[0] for line in lines_by_zcat(collector.data)]
    assert {record["node"] for record in metadata} == {"n1"}
    assert {record["source"] for record in metadata} == {"producers"}
    assert len({record["seq"] for record in metadata}) == 10


def test_draining_writes_and_seals_what_was_received(daemon, producer, samples):
    collector = daemon(commit={"interval": "1m"})
    push = producer(zmq.PUSH, collector.endpoint("producers"))
    push.send(ndjson(samples[:1000]))
    wait_until("1000 events received", lambda: collector.ledger()["received"] == 1000)
    collector.drain()
    assert_written(collector.data, samples[:1000])
    assert not list(collector.data.rglob(".*.open")), "open segments are left"
