"""What events are known by, where their source says where they have it."""

import gzip
import json
import subprocess

import pytest
import zmq

import pages
from readback import lines_by_zcat

FIELDS = {
    "time": [{"path": "created", "unit": "s"}, "sent"], "name": ["kind", {"join": ["object", "action"]}],
    "id": {"join": ["shop", ["number", "no"]]}, "channel": {"const": "shop"},
}


def orders(**fields):
    return {"name": "orders", "pattern": "router", "bind": ["tcp://127.0.0.1:*"], "fields": FIELDS | fields}


@pytest.fixture
def send(producer):
    def send(collector, *payloads, source="orders"):
        client = producer(zmq.DEALER, collector.endpoint(source))
        for payload in payloads:
            client.send(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
            answer = json.loads(client.recv())
            assert answer["status"] == "committed" and not answer["quarantined"], answer
    return send


def resolved(collector):
    return [{key: value for key, value in json.loads(line)["_touchpoint"].items()
             if key in ("channel", "time", "name", "id", "identity", "idAlone", "idReused")}
            for line in lines_by_zcat(collector.data)]


def known(number, time="2020-09-13T12:26:40.000000Z", name="order.paid", channel="shop"):
    identity = f"1:7{len(str(number))}:{number}"
    return {"channel": channel, "time": time, "name": name, "id": identity, "identity": identity}


def order(number):
    return {"shop": 7, "number": number, "object": "order", "action": "paid", "created": 1600000000}


def test_copies_are_recognised_after_a_crash_and_a_restart(daemon, send):
    collector = daemon(sources=[orders()])
    send(collector, order(1), order(2), [order(1), order(3)])
    collector.kill()
    collector.start()
    send(collector, order(1), order(3) | {"total": 4})
    collector.drain()
    collector.start()
    send(collector, order(2), order(3), b'{"sh\\u006fp":7,"no":"4","kind":"k","sent":"Mon, 17 Jul 2023 11:11:22 -0700"}')
    ledger = collector.ledger()
    assert (ledger["written"], ledger["duplicate"]) == (5, 2), ledger
    collector.drain()
    lines = sorted(resolved(collector), key=lambda line: (line["id"], "idReused" in line))
    assert lines == [known(1), known(2), known(3), known(3) | {"idReused": True},
                     known(4, time="2023-07-17T18:11:22.000000Z", name="k")]
    assert collector.verify()["events"] == 5
    done = subprocess.run([collector.programs / "touchpointctl", "cat", "--channel", "shop", collector.data],
                          capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 5


@pages.runs("docs/PROTOCOL.md", "sources with fields")
def test_the_page_says_how(touchpoint, tmp_path):
    """The daemon takes the sources of the page, and says them again."""
    file = tmp_path / "one.yaml"
    file.write_text(pages.block("docs/PROTOCOL.md", "sources with fields").text)
    done = subprocess.run([touchpoint / "touchpointd", "--config", file, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'fields: { time: [{ path: "created", unit: s }, "payment.paidAt"], name: { join: ["object", "action"] },' in done.stdout
    assert "fields: { preset: email }" in done.stdout


def test_a_reload_applies_other_fields(daemon, send):
    collector = daemon(sources=[orders()])
    send(collector, order(1))
    collector.settings["sources"][0] |= {"fields": FIELDS | {"name": "object", "channel": "via", "idAlone": "on"}}
    collector.configuration.write_text(json.dumps(collector.settings))
    answer = json.loads(collector.control("reload", "--json"))
    assert answer["applied"] == ["sources.orders.fields"] and answer["needsRestart"] == [], answer
    send(collector, order(1) | {"other": 1}, order(2))
    collector.settings["sources"][0] |= {"fields": {"time": {"path": "a..b"}}}
    collector.configuration.write_text(json.dumps(collector.settings))
    collector.control("reload", expect=64)
    assert "a name is missing" in collector.log
    send(collector, order(2) | {"other": 1})
    del collector.settings["sources"][0]["fields"]
    collector.configuration.write_text(json.dumps(collector.settings))
    assert json.loads(collector.control("reload", "--json"))["applied"] == ["sources.orders.fields"]
    send(collector, order(1))
    collector.drain()
    assert resolved(collector) == [
        known(1), known(2, name="order", channel="unknown") | {"idAlone": True}, {"channel": "unknown"}]


def test_events_are_filed_and_planned_by_their_fields(daemon, send, tmp_path):
    plan = tmp_path / "plan"
    (plan / "events").mkdir(parents=True)
    (plan / "plan.yaml").write_text("plan: shop\nversion: 3\n")
    (plan / "events" / "paid.yaml").write_text("event: order.paid\nproperties:\n  total: { type: number, required: true }\n")
    collector = daemon(sources=[orders()], plan={"directory": str(plan)},
                       partition={"path": "{channel}/{event}/{date}/{shop}", "time": "event", "late": {"after": "0s"}})
    send(collector, order(1) | {"properties": {"total": 3}}, order(2))
    collector.drain()
    (path,) = (collector.data / "events").rglob("*.gz")
    assert path.parent.relative_to(collector.data / "events").parts == ("shop", "order.paid", "2020-09-13", "7")
    lines = [json.loads(line)["_touchpoint"] for line in lines_by_zcat(collector.data)]
    assert [line.get("violations") for line in lines] == [None, ["missing properties"]]


def test_hostile_events_are_only_events(daemon, send):
    """Deep paths, doubled keys, numbers out of range, wild times: every event is written, and nothing else happens."""
    deep = ".".join("d" * 16)
    collector = daemon(sources=[orders(id=[deep, "**.uuid"], time=["when", {"path": "created", "unit": "ns"}])])
    nested = b'{"d":' * 16
    events = [
        nested + b'"x"' + b"}" * 16, nested + b"[]" + b"}" * 16, b'{"a":[{"b":{"uuid":"deep"}}]}',
        b'{"uuid":"one","uuid":"two","kind":"\\ud83d\\ude00"}', b'{"when":1e308,"created":1e-308}',
        b'{"when":99999999999999999999999999,"created":-1}', b'{"when":"9999-12-31T23:59:60Z"}', b'{"when":"1e999"}',
        b'{"kind":"' + b"k" * 100_000 + b'","uuid":"' + b"u" * 100_000 + b'"}',
        b'{"uuid":[' + b",".join([b'{"uuid":"many"}'] * 20_000) + b"]}",
    ]
    send(collector, *events, b"\n".join(events))
    collector.drain()
    lines = resolved(collector)
    assert [line.get("id") for line in lines[:4]] == ["x", None, "deep", "one"]
    assert lines[3]["name"] == "\U0001f600"
    assert all("time" not in line for line in lines)
    assert len(lines) + collector_duplicates(collector) == 20


def collector_duplicates(collector):
    return 20 - collector.verify()["events"]


def test_a_list_is_taken_apart(daemon, send):
    """Each element is an event with what is around the list, in whatever form it comes; what is no such list stays."""
    collector = daemon(sources=[
        orders() | {"fields": {"preset": "ga4", "channel": {"const": "ga"}}},
        orders() | {"name": "keeping", "fields": {"split": {"path": "rows", "keep": ["shop"]}}}])
    beacon = {"client_id": "c1", "timestamp_micros": 1600000000000000,
              "events": [{"name": "page_view", "params": {"n": 1}}, {"name": "purchase", "client_id": "own"}]}
    sent = json.dumps(beacon).encode()
    send(collector, sent, sent, gzip.compress(sent.replace(b"c1", b"c2")), b'{"client_id":"c3","events":[]}', b'{"a":1}\n{"a":2}')
    send(collector, {"rows": [{"a": 1}, {"a": 2}], "shop": 7, "left": 1}, source="keeping")
    ledger = collector.ledger()
    assert (ledger["written"], ledger["duplicate"], ledger["quarantined"]) == (8, 3, 0), ledger
    collector.drain()
    lines = [json.loads(line) for line in lines_by_zcat(collector.data)]
    found = [{key: value for key, value in line.items() if key != "_touchpoint"} for line in lines]
    first = {"name": "page_view", "params": {"n": 1}, "timestamp_micros": 1600000000000000}
    assert first | {"client_id": "c1"} in found and first | {"client_id": "c2"} in found
    assert {"name": "purchase", "client_id": "own", "timestamp_micros": 1600000000000000} in found
    assert {"client_id": "c3", "events": []} in found and {"a": 2, "shop": 7} in found
    times = {line["_touchpoint"].get("time") for line in lines if "name" in line}
    assert times == {"2020-09-13T12:26:40.000000Z"}
    assert collector.verify()["events"] == 8


@pytest.mark.parametrize(("fields", "advice"), [
    ("{ split: a.b }", "is no name of a member of the object around the events"),
    ("{ split: { keep: [a] } }", "expected events, or { path: events, keep: [client_id] }"),
    ("{ preset: ga5 }", "did you mean 'ga4'?"),
    ("{ tiem: created }", "unknown key 'tiem' of 'fields', did you mean 'time'?"),
    ("{ time: { path: created, unit: seconds } }", "expected one of s, ms, us, ns"),
    ("{ time: { const: now } }", "'time' is a value of the event: a path, without 'const' and 'as'"),
    ("{ name: { path: a, unit: s } }", "'name' has no 'unit'; only 'time' has one"),
    ("{ id: { const: one } }", "'id' begins with a value of the event, not with 'const'"),
    ("{ id: { join: [a] } }", "expected 'join' alone, with at least two parts such as { join: [source, id] }"),
    ("{ id: [] }", "'id' is an empty list"),
    ("{ name: { as: a } }", "'name': expected a path, { path: created }, or { const: email }"),
    ("{ name: a..b }", "a path is names with points between, such as data.created"),
    ("[a]", "expected a mapping such as { time: { path: created, unit: s }, name: event_name }"),
])
def test_nonsense_is_refused_with_its_line(touchpoint, tmp_path, fields, advice):
    file = tmp_path / "one.yaml"
    file.write_text("node: c1\nsources:\n  - name: a\n    pattern: pull\n    bind: [\"tcp://127.0.0.1:*\"]\n"
                    f"    fields: {fields}\n")
    done = subprocess.run([touchpoint / "touchpointd", "--config", file, "--check"], capture_output=True, text=True)
    assert done.returncode == 78, done
    assert f"{file}:6: sources[0].fields: " in done.stderr and advice in done.stderr, done.stderr


def test_what_is_printed_means_the_same(touchpoint, tmp_path):
    file = tmp_path / "one.yaml"
    settings = {"sources": [orders(preset="stripe", idAlone="off", name=[{"path": "a\\\\.b", "as": 'x "y"'}, {"const": "${HOME}"}])]}
    text = json.dumps(settings).replace("${HOME}", "$${HOME}")
    file.write_text(text)

    def effective(path):
        done = subprocess.run([touchpoint / "touchpointd", "--config", path, "--check"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout
    first = effective(file)
    assert "preset: stripe" in first and "unit: s" in first
    again = tmp_path / "two.yaml"
    again.write_text(first)
    assert effective(again) == first
