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
