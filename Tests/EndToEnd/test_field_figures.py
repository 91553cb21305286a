"""What is recognised of real events, without and with the presets of their senders.

The files are beside the repository, in `../shared/data`, or in the folder that TOUCHPOINT_TEST_DATA names; where there are
none, a few events of the same kinds take their place. Prints the table of docs/PROTOCOL.md.
"""

import gzip
import json
import os
from pathlib import Path

import zmq

from readback import lines_by_zcat

CORPUS = Path(os.environ.get("TOUCHPOINT_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "events"
FILES = {
    "email": ("email-esp-webhooks-anymail-BSD.ndjson.gz", [
        b'[{"event":"open","timestamp":1498093527,"message_id":"m","event_id":"e-1","email":"a@example.com"},'
        b'{"event":"bounce","ts_epoch":1520363423000,"message-id":"<m@x>"}]',
        b'{"RecordType":"Delivery","MessageID":"m-2","Recipient":"a@example.com","DeliveredAt":"2026-01-02T03:04:05.1234567-05:00"}',
        b'{"notificationType":"Delivery","mail":{"messageId":"s-1","timestamp":"2026-01-02T03:04:05.000Z"}}']),
    "github": ("github-webhooks-octokit.ndjson.gz", [
        b'{"action":"opened","issue":{"node_id":"I_1","updated_at":"2026-01-02T03:04:05Z"},"sender":{"id":1}}',
        b'{"ref":"refs/tags/simple","before":"0","after":"1","commits":[],"head_commit":{"id":"6113",'
        b'"timestamp":"2026-05-15T15:20:41Z"}}']),
    "jitsu": ("jitsu-MIT.ndjson.gz", [b'{"_timestamp":"2026-01-02T03:04:05Z","id":1,"name":"test"}']),
    "cloudevents": ("cloudevents-Apache.ndjson.gz", [
        b'{"specversion":"1.0","type":"shop.order","source":"/shop","id":"17","time":"2026-01-02T03:04:05Z"}']),
}
KEYS = ("time", "name", "id")


def payloads(kind):
    name, standins = FILES[kind]
    path = CORPUS / name
    if not path.exists():
        return standins
    with gzip.open(path) as lines:
        return [line.rstrip(b"\n") for line in lines]


def recognised(line):
    """What the line says the event is known by."""
    resolved = line["_touchpoint"]
    return {
        "time": "time" in resolved,
        "name": "name" in resolved or bool(line.get("event")) and isinstance(line["event"], str),
        "id": "id" in resolved or bool(line.get("messageId")) and isinstance(line["messageId"], str),
    }


def source(name, **fields):
    return {"name": name, "pattern": "router", "bind": ["tcp://127.0.0.1:*"], "dedup": "off"} | fields


def test_presets_recognise_real_events(daemon, producer):
    names = [f"{kind}-{way}" for kind in FILES for way in ("plain", "mapped")]
    collector = daemon(sources=[
        source(name, **({"fields": {"preset": name.split("-")[0]}} if name.endswith("mapped") else {}))
        for name in names])
    for name in names:
        client = producer(zmq.DEALER, collector.endpoint(name))
        for payload in payloads(name.split("-")[0]):
            client.send(payload)
            assert json.loads(client.recv())["status"] == "committed"
    collector.drain()
    lines = [json.loads(line) for line in lines_by_zcat(collector.data)]
    assert collector.verify()["events"] == len(lines)
    for kind in FILES:
        before, after = ([line for line in lines if line["_touchpoint"]["source"] == f"{kind}-{way}"]
                         for way in ("plain", "mapped"))
        assert len(after) == len(before) > 0
        counts = [sum(recognised(line)[key] for line in some) for key in KEYS for some in (before, after)]
        whole = sum(all(recognised(line).values()) for line in after)
        print(f"| {kind} | {len(after)} | " + " | ".join(map(str, counts)) + f" | {whole} |")
        for line in after if os.environ.get("SHOW_MISSING") else []:
            missing = [key for key, is_there in recognised(line).items() if not is_there]
            if missing:
                print(missing, json.dumps(line))
