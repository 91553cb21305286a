"""A stage whose collector takes events over HTTP, from four SDKs at once."""

import json
import socket
from collections import Counter

import oracle
from http_edge import Edge, source
from load import wait_a_moment
from readback import lines_by_zcat, taken_apart
from sdk_senders import Senders
from waiting import wait_until


def listen_at(stage):
    """For `first` of a stage: its only source speaks HTTP, on the same port after each start."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    stage.collector.settings["sources"] = [source(bind=[f"127.0.0.1:{port}"])]


def senders(stage, count):
    return Senders(stage.folder, f"http://{stage.collector.settings['sources'][0]['bind'][0]}", count)


def wait_for_deliveries(stage, sending):
    """Waits until all SDKs have delivered something, and one of them more than before."""
    before = sending.progress

    def have_grown():
        assert sending.are_sending, "nothing is under way any more: the SDKs need more events"
        assert stage.collector.is_running, stage.collector.log
        now = sending.progress
        return all(now.values()) and now != before

    wait_until("a delivery of each SDK", have_grown)


def cut_under_way(stage, sending, cuts):
    """Cuts the power while SDKs are sending; those that wait before they try again send after that."""
    for _ in range(cuts):
        wait_for_deliveries(stage, sending)
        wait_a_moment(stage.dice, 0.05)
        # Nothing answers after the cut: what the SDKs took as delivered until now was answered before.
        stage.cut_power(stopped=True)
        stage.come_back()


def kill_under_way(stage, sending, kills):
    for _ in range(kills):
        wait_for_deliveries(stage, sending)
        wait_a_moment(stage.dice, 0.05)
        stage.kill()
        stage.come_back()


def assert_refuses(stage):
    """It refuses with a time to wait, is not ready, and is alive."""
    web = Edge(stage.collector)
    status, fields, body = web.ask("POST", "/v1/batch", b'{"batch":[{"type":"track","messageId":"refused"}]}')
    assert (status, json.loads(body)["code"], fields["Retry-After"]) == (503, "blocked", "5"), body
    assert json.loads(body)["message"]
    status, fields, body = web.ask("GET", "/ready", key=None)
    assert status == 503 and fields["Retry-After"]
    assert web.ask("GET", "/health", key=None)[0] == 200


def check(stage, sending):
    """Every event that an SDK took as delivered is there, none twice, and none that was not sent."""
    oracle.recovered(stage.collector)
    stage.collector.ask("seal")
    lines = lines_by_zcat(stage.collector.data)
    found = Counter(json.loads(original)["messageId"] for _, original in map(taken_apart, lines))
    delivered = set(sending.delivered)
    missing = delivered - found.keys()
    if missing:
        raise oracle.Lost(missing, len(delivered))
    twice = {name for name, count in found.items() if count > 1}
    if twice:
        raise oracle.Repeated(twice, len(found))
    assert found.keys() <= sending.sent
    stage.collector.verify()
    oracle.assert_balanced(stage.collector)
    assert stage.collector.ledger()["written"] == len(lines)
    oracle.check_log(stage.collector)
    stage.tally["delivered by SDKs"] = len(delivered)
