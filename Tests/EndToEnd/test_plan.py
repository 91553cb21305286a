"""A tracking plan in the daemon: what it marks, what it keeps away, and how it is changed."""

import json
import subprocess
from pathlib import Path

import pytest
import zmq

from http_edge import Edge, source
from readback import lines_by_zcat
from test_alerts import metrics_port, scrape
from test_quarantine import metric
from waiting import BOUND_SECONDS

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "plan"
PLAN = """\
plan: shop
version: {version}
verdicts: {{ wrongType: {wrong_type}, unplannedEvent: {unplanned} }}
"""
EVENT = """\
event: order
properties:
  total: { type: number, required: true }
"""
MET = {"event": "order", "properties": {"total": 3}}
WRONG = {"event": "order", "properties": {"total": "a-secret"}}
OTHER = {"event": "refund"}


@pytest.fixture
def plan(tmp_path):
    """Writes the plan, and returns its folder."""
    folder = tmp_path / "plan"
    (folder / "events").mkdir(parents=True)

    def write(version=1, wrong_type="quarantine", unplanned="quarantine", event=EVENT):
        text = PLAN.format(version=version, wrong_type=wrong_type, unplanned=unplanned)
        (folder / "plan.yaml").write_text(text)
        (folder / "events" / "order.yaml").write_text(event)
        return folder
    return write


def send(producer, collector, *events):
    client = producer(zmq.DEALER, collector.endpoint("reliable"))
    client.send("\n".join(map(json.dumps, events)).encode())
    return json.loads(client.recv())


def reload(collector, **plan):
    collector.settings["plan"].update(plan)
    collector.configuration.write_text(json.dumps(collector.settings))
    return json.loads(collector.control("reload", "--json"))


def written(collector, root="events"):
    return [json.loads(line) for line in lines_by_zcat(collector.data, root)]


def test_violations_are_marked(daemon, producer, plan):
    collector = daemon(plan={"directory": str(plan(version=12))})
    answer = send(producer, collector, MET, WRONG, OTHER, {"event": "order"})
    assert (answer["status"], answer["events"], answer["quarantined"]) == ("committed", 4, [])
    assert answer["warnings"] == [
        {"index": 1, "violations": ["type properties.total"]}, {"index": 2, "violations": ["unplanned_event"]},
        {"index": 3, "violations": ["missing properties"]}]
    assert reload(collector, answers="off")["applied"] == ["plan.answers"]
    assert "warnings" not in send(producer, collector, WRONG)
    collector.drain()
    marks = [(line["_touchpoint"]["plan"], line["_touchpoint"].get("violations")) for line in written(collector)]
    assert marks == [(12, None), (12, ["type properties.total"]), (12, ["unplanned_event"]), (12, ["missing properties"]),
                     (12, ["type properties.total"])]
    assert collector.verify()["events"] == 5


def test_lines_with_several_violations_are_read_again(daemon, producer, plan):
    """After a crash the daemon, and then verify, find the members behind and before the list."""
    collector = daemon(plan={"directory": str(plan())})
    several = {"event": "order", "messageId": "m-1", "properties": {"total": [], "a}],\"b": 1, "c": 2}}
    assert send(producer, collector, several)["events"] == 1
    collector.kill()
    collector.start()
    collector.drain()
    (line,) = written(collector)
    assert line["_touchpoint"]["violations"] == [
        "type properties.total", 'unplanned properties.a}],"b', "unplanned properties.c"]
    assert collector.verify()["events"] == 1


def test_enforced_plan_keeps_events_away(daemon, producer, plan):
    collector = daemon(plan={"directory": str(plan(version=12)), "mode": "enforce"})
    answer = send(producer, collector, WRONG, MET, OTHER)
    assert [(piece["index"], piece["reason"], piece["detail"]) for piece in answer["quarantined"]] == [
        (0, "plan_violation", "type properties.total"), (2, "unplanned_event", "unplanned_event")]
    ledger = collector.ledger()
    assert (ledger["received"], ledger["written"], ledger["inFlight"]) == (3, 1, 0)
    collector.drain()
    assert [line["event"] for line in written(collector)] == ["order"]
    pieces = {piece["reason"]: piece for piece in written(collector, "quarantine")}
    assert json.loads(pieces["plan_violation"]["payload"]) == WRONG
    assert pieces["plan_violation"]["detail"] == "type properties.total"
    assert pieces["plan_violation"]["_touchpoint"]["plan"] == 12
    assert "a-secret" not in collector.log


def test_reload_takes_another_plan_whole_or_not_at_all(daemon, producer, plan):
    collector = daemon(plan={"directory": str(plan(version=1)), "mode": "off"})
    send(producer, collector, WRONG)
    assert reload(collector, mode="enforce")["applied"] == ["plan.mode", "plan"]
    assert send(producer, collector, WRONG)["quarantined"][0]["reason"] == "plan_violation"
    plan(version=2, event=EVENT.replace("number", "numbr"))
    refusal = collector.ask("reload")["error"]
    assert refusal["code"] == "bad_plan" and "events/order.yaml:3: type" in refusal["message"]
    assert send(producer, collector, MET)["quarantined"] == []
    plan(version=3, event=EVENT.replace("number", "string"))
    assert reload(collector)["applied"] == ["plan"]
    assert send(producer, collector, WRONG)["quarantined"] == []
    assert reload(collector, mode="annotate")["applied"] == ["plan.mode"]
    assert reload(collector, directory="")["applied"] == ["plan.directory", "plan"]
    send(producer, collector, OTHER)
    collector.drain()
    assert [line["_touchpoint"].get("plan") for line in written(collector)] == [None, 1, 3, None]


def test_plan_that_cannot_be_used_is_found_before_the_start(daemon, touchpoint, plan):
    folder = plan(event=EVENT.replace("required", "requird"))
    collector = daemon(start=False, plan={"directory": str(folder)})
    collector.configuration.write_text(collector.configuration_text())
    command = [touchpoint / "touchpointd", "--config", collector.configuration]
    for more in (["--check"], []):
        done = subprocess.run(command + more, capture_output=True, text=True, timeout=BOUND_SECONDS)
        assert done.returncode == 78
        assert f"{folder}/events/order.yaml:3: unknown key 'requird'" in done.stderr


def test_sample_events_meet_the_plan_beside_them(daemon, producer, samples):
    collector = daemon(plan={"directory": str(SAMPLES), "mode": "enforce"})
    client = producer(zmq.DEALER, collector.endpoint("reliable"))
    client.send(b"\n".join(samples))
    assert json.loads(client.recv()) == {"status": "committed", "events": len(samples), "quarantined": []}
    broken = json.loads(samples[-1]) | {"messageId": "not-a-uuid", "userId": 7}
    client.send(json.dumps(broken).encode())
    (piece,) = json.loads(client.recv())["quarantined"]
    assert (piece["reason"], piece["detail"]) == ("plan_violation", "format messageId; type userId")
    collector.drain()
    lines = written(collector)
    assert len(lines) == len(samples)
    assert {json.dumps(line["_touchpoint"].get("violations")) for line in lines} == {"null"}


def test_http_answers_name_violations(daemon, plan):
    web = Edge(daemon(sources=[source()], plan={"directory": str(plan())}))
    status, answer = web.post(json.dumps([MET, WRONG]).encode())
    assert (status, answer["events"]) == (200, 2)
    assert answer["warnings"] == [{"index": 1, "violations": ["type properties.total"]}]
    assert "warnings" not in web.post(json.dumps(MET).encode())[1]


def test_metrics_name_the_plan_and_count_verdicts(daemon, producer, plan):
    collector = daemon(plan={"directory": str(plan(version=7)), "mode": "enforce"}, metrics={"listen": "127.0.0.1:0"})
    send(producer, collector, MET, MET, WRONG, OTHER)
    plan(version=8, wrong_type="annotate")
    reload(collector)
    send(producer, collector, MET, WRONG)
    counts = {"ok": 3, "annotated": 1, "quarantined": 2}
    for verdict, count in counts.items():
        assert metric(collector, f'touchpoint_plan_events_total{{verdict="{verdict}"}}') == count
    assert metric(collector, 'touchpoint_plan_info{plan="shop",version="8"}') == 1
    reload(collector, mode="off")
    assert "touchpoint_plan" not in scrape(metrics_port(collector))


def test_status_counts_each_event_of_the_plan(daemon, producer, plan):
    collector = daemon(plan={"directory": str(plan(version=12)), "mode": "enforce"})
    folder = plan(version=12, event=EVENT + "owner: it\n")
    (folder / "events" / "never.yaml").write_text("event: never\nowner: it\nkpis: [orders]\n")
    (folder / "plan.yaml").write_text(
        PLAN.format(version=12, wrong_type="quarantine", unplanned="annotate") + "owners: { it: it@shop.example }\n")
    reload(collector)
    many = {"event": "order", "properties": {"total": 3, "more": 1}}
    send(producer, collector, MET, WRONG, OTHER, many)
    answer = collector.ask("plan")
    assert (answer["plan"], answer["version"], answer["mode"]) == ("shop", 12, "enforce")
    never, order = sorted(answer["events"], key=lambda event: event["event"])
    assert [order[key] for key in ("seen", "ok", "warned", "quarantined")] == [3, 1, 1, 1]
    assert order["bytes"] == sum(len(json.dumps(event)) for event in (MET, WRONG, many))
    assert answer["loadedAt"] < order["lastSeen"]
    assert (never["seen"], never["owner"], never["kpis"], "lastSeen" in never) == (0, "it", ["orders"], False)
    assert (answer["unplanned"]["seen"], answer["unplanned"]["warned"]) == (1, 1)
    text = collector.control("plan", "status")
    assert "plan 'shop', version 12, mode enforce" in text and "(unplanned)" in text
    plan(version=13)
    reload(collector)
    send(producer, collector, MET)
    assert {event["event"]: event["seen"] for event in collector.ask("plan")["events"]} == {"order": 4, "never": 0}


def test_without_a_plan_there_is_no_status(daemon):
    collector = daemon()
    for verb in ("plan", "drift"):
        assert collector.ask(verb)["error"]["code"] == "no_plan"


def test_drift_names_places_and_never_values(daemon, producer, plan):
    collector = daemon(plan={"directory": str(plan()), "mode": "annotate"}, metrics={"listen": "127.0.0.1:0"})
    secret = "ana@private.example"
    client = {"library": {"name": "analytics-go", "version": "3.0.0"}, "traits": {"contact": secret}}
    events = [
        MET, WRONG, {"event": "Orders", "context": client},
        {"event": "order", "properties": {"total": 1, "Total": 7, "buyer": secret}},
        {"event": "order", "properties": {"total": 1, "phone": 5, "card": "4111 1111 1111 1111"}}]
    send(producer, collector, *events)
    plan(version=2)
    reload(collector)
    send(producer, collector, WRONG)
    drift = {(entry["kind"], entry["event"], entry["path"]): entry for entry in collector.ask("drift")}
    assert set(drift) == {
        ("unplanned_event", "Orders", ""), ("personal", "Orders", "context.traits.contact"),
        ("type", "order", "properties.total"), ("unplanned", "order", "properties.Total"),
        ("unplanned", "order", "properties.buyer"), ("unplanned", "order", "properties.phone"),
        ("unplanned", "order", "properties.card")}
    orders = drift["unplanned_event", "Orders", ""]
    assert (orders["nearest"], orders["library"], orders["source"]) == ("order", "analytics-go 3.0.0", "reliable")
    assert drift["unplanned", "order", "properties.Total"]["nearest"] == "properties.total"
    wrong = drift["type", "order", "properties.total"]
    assert (wrong["count"], wrong["types"], wrong["personal"]) == (2, ["string"], False)
    assert wrong["firstSeen"] < wrong["lastSeen"]
    personal = {path for (_, _, path), entry in drift.items() if entry["personal"]}
    assert personal == {"context.traits.contact", "properties.buyer", "properties.phone", "properties.card"}
    assert metric(collector, "touchpoint_drift_entries") == 7
    assert metric(collector, 'touchpoint_plan_violations_total{event="order",kind="type"}') == 2
    assert metric(collector, 'touchpoint_plan_violations_total{event="order",kind="unplanned"}') == 2
    assert "Orders" not in "".join(line for line in scrape(metrics_port(collector)).splitlines() if "violations" in line)
    text = collector.control("drift") + json.dumps(collector.ask("drift"))
    assert secret not in text and "4111" not in text
    collector.drain()
    lines = {line["_touchpoint"]["seq"]: line for line in written(collector)}
    assert lines[orders["sample"]["seq"]]["event"] == "Orders"
    assert lines[orders["sample"]["seq"]]["_touchpoint"]["run"] == orders["sample"]["run"]


def test_a_source_has_a_mode_of_its_own(daemon, producer, plan):
    collector = daemon(plan={"directory": str(plan()), "mode": "off"})
    (reliable,) = [source for source in collector.settings["sources"] if source["name"] == "reliable"]
    assert "warnings" not in send(producer, collector, WRONG)
    reliable["plan"] = "enforce"
    assert reload(collector)["applied"] == ["sources.reliable.plan", "plan"]
    assert send(producer, collector, WRONG)["quarantined"][0]["reason"] == "plan_violation"
    reliable["plan"] = "annotate"
    assert reload(collector)["applied"] == ["sources.reliable.plan"]
    assert send(producer, collector, WRONG)["warnings"][0]["violations"] == ["type properties.total"]
    assert reload(collector, mode="enforce")["applied"] == ["plan.mode"]
    assert "warnings" in send(producer, collector, WRONG)
    reliable["plan"] = "off"
    assert reload(collector)["applied"] == ["sources.reliable.plan"]
    assert "warnings" not in send(producer, collector, WRONG)


def test_drift_of_files_needs_no_daemon(touchpoint, tmp_path, plan):
    data = tmp_path / "events.ndjson"
    events = [MET, {"event": "Order", "userId": "a@b.example"}, MET | {"userId": "192.0.2.7"}]
    data.write_text("".join(json.dumps(event) + "\n" for event in events))
    done = subprocess.run(
        [touchpoint / "touchpointctl", "drift", "--data", data, "--plan", plan()],
        capture_output=True, text=True, timeout=BOUND_SECONDS, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["Order", "unplanned_event", "1", "order", f"{data}:2"] in rows
    assert ["order", "personal", "userId", "*", "1", f"{data}:3"] in rows
    assert rows[-1] == ["3", "events,", "3", "entries"] and "example" not in done.stdout
