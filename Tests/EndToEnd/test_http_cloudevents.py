"""CloudEvents over HTTP, made by the Python package: structured, binary, and batches."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pages
from http_edge import Edge, source

FOLDER = Path(sys.prefix) / "sdk" / "cloudevents-2.2.0"
MAKER = Path(pages.PROJECT) / "Tests" / "Harness" / "cloudevent_maker.py"


@pytest.fixture
def edge(daemon):
    return Edge(daemon(sources=[source()]))


def made(mode, identity="1", origin="/shop"):
    """Headers and body of an event as the package sends it."""
    done = subprocess.run(
        [sys.executable, "-B", MAKER, mode, identity, origin],
        env=os.environ | {"PYTHONPATH": str(FOLDER)}, capture_output=True, text=True,
    )
    assert done.returncode == 0, f"{done.stderr}\nmake it with `make venv`"
    message = json.loads(done.stdout)
    return message["headers"], base64.b64decode(message["body"])


@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_both_modes_become_the_same_event(edge, mode):
    headers, body = made(mode)
    assert edge.post(body, "/cloudevents", headers) == (200, {"success": True, "status": "committed", "events": 1})
    ((metadata, event),) = edge.written()
    assert metadata["name"] == "shop.order" and metadata["id"] == "1"
    wanted = {
        "specversion": "1.0", "type": "shop.order", "id": "1", "source": "/shop", "subject": "Euro € 5 %",
        "datacontenttype": "application/json", "data": {"total": 17.5},
    }
    assert {name: event.get(name) for name in wanted} == wanted


def test_data_that_is_no_json_is_base64(edge):
    headers, body = made("text")
    assert edge.post(body, "/cloudevents", headers)[0] == 200
    ((_, event),) = edge.written()
    assert base64.b64decode(event["data_base64"]) == b"hello" and "data" not in event


def test_a_batch_is_an_array(edge):
    events = [json.loads(made("structured", str(at))[1]) for at in range(3)]
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    assert edge.post(json.dumps(events), "/cloudevents", headers)[1]["events"] == 3
    assert edge.post(b"[]", "/cloudevents", headers)[1]["events"] == 0
    assert [event["id"] for _, event in edge.written()] == ["0", "1", "2"]


@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_id_and_source_together_are_an_event(edge, mode):
    sent = {}

    def send(identity, origin):
        if (identity, origin) not in sent:
            # The package notes the time.
            sent[identity, origin] = made(mode, identity, origin)
        headers, body = sent[identity, origin]
        return edge.post(body, "/cloudevents", headers)[1].get("duplicates", 0)

    assert [send("1", "/shop"), send("1", "/till"), send("1", "/shop"), send("2", "/shop")] == [0, 0, 1, 0]
    edge.collector.kill()
    edge.collector.start()
    edge = Edge(edge.collector)
    assert [send("1", "/till"), send("3", "/till")] == [1, 0]
    wanted = [("1", "/shop"), ("1", "/till"), ("2", "/shop"), ("3", "/till")]
    assert [(event["id"], event["source"]) for _, event in edge.written()] == wanted


def test_a_batch_that_is_repeated_is_there_once(edge):
    events = [json.loads(made("structured", str(at))[1]) for at in range(3)]
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    answers = [edge.post(json.dumps(events[:at]), "/cloudevents", headers)[1].get("duplicates", 0) for at in (2, 3)]
    assert answers == [0, 2]
    # The same id with other content is another event, and no id is none.
    del events[0]["id"]
    changed = json.dumps([events[1] | {"data": 7}, events[0], events[0]])
    assert "duplicates" not in edge.post(changed, "/cloudevents", headers)[1]
    written = edge.written()
    assert [metadata.get("idReused", False) for metadata, _ in written] == [False] * 3 + [True] + [False] * 2
    assert written[0][0]["identity"] == "1:05:/shop" and written[0][0]["id"] == "0"


def test_attributes_cannot_break_out_of_their_event(edge):
    headers = {"ce-specversion": "1.0", "ce-id": '1","data":{"x":1},"y":"', "ce-type": "t", "ce-source": "s\\"}
    assert edge.post(b"{}", "/cloudevents", headers)[0] == 200
    ((_, event),) = edge.written()
    assert event["id"] == headers["ce-id"] and event["source"] == "s\\" and event["data"] == {}


def test_a_sender_is_told_that_it_may_send(edge):
    status, fields, _ = edge.ask("OPTIONS", "/cloudevents", None, {"WebHook-Request-Origin": "till.example"}, key=None)
    assert (status, fields["WebHook-Allowed-Origin"], fields["WebHook-Allowed-Rate"]) == (204, "till.example", "*")


def test_bad_data_and_codings_are_refused(edge):
    headers, _ = made("binary")
    status, answer = edge.post(b'{"a":', "/cloudevents", headers)
    assert (status, answer["kept"]) == (400, True)
    status, answer = edge.post(b"{}", "/cloudevents", headers | {"Content-Encoding": "gzip"})
    assert (status, answer["code"]) == (415, "coding")
    assert edge.post(b"{}", "/cloudevents", headers, key=None)[0] == 401
    status, answer = edge.post(b"<x/>", "/cloudevents", {"Content-Type": "application/cloudevents+xml"})
    assert (status, answer["code"]) == (415, "coding")
    del headers["ce-id"]
    status, answer = edge.post(b"{}", "/cloudevents", headers)
    assert (status, answer["code"]) == (400, "bad_request") and "ce-id" in answer["message"]
