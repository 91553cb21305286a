"""Few descriptors: they are distributed, lower limits are reported, and nothing hangs."""

import json
from pathlib import Path

import pytest
import zmq

from test_dealer import answer_to
from waiting import finished

FEW = 256


def limited(soft, hard=None):
    return ["prlimit", f"--nofile={soft}:{hard or soft}"]


def over_partitions(count):
    return "\n".join(json.dumps({"event": "x", "channel": f"channel-{n}"}) for n in range(count)).encode()


@pytest.fixture
def constrained(daemon):
    collector = daemon(start=False, partition={"maxValues": 1_000}, writers=2, log={"level": "info"})
    collector.launcher = limited(FEW)
    return collector.start()


def test_one_message_over_more_partitions_than_descriptors(constrained, producer):
    dealer = producer(zmq.DEALER, constrained.endpoint("reliable"))
    for number in range(3):
        answer = answer_to(dealer, b"%d" % number, over_partitions(400))
        assert answer == {"status": "committed", "events": 400, "quarantined": []}
        assert constrained.ask("status")["state"] == "running"
    log = constrained.log_path.read_text()
    assert "the limit of open files is low" in log and "partition.maxOpen" in log
    assert "intake stopped" not in log
    constrained.drain()
    assert constrained.verify()["events"] == 1_200


def test_the_limit_is_raised_as_far_as_it_may_be(daemon):
    collector = daemon(start=False)
    collector.launcher = limited(FEW, 4_096)
    collector.start()
    limits = Path(f"/proc/{collector.process.pid}/limits").read_text()
    assert next(line for line in limits.splitlines() if line.startswith("Max open files")).split()[3] == "4096"


def test_too_few_are_said_in_a_sentence(daemon):
    collector = daemon(start=False)
    collector.launcher = limited(32)
    collector.launch()
    assert collector.wait_for_exit() == 78
    assert "the limit of open files is 32" in collector.log and "LimitNOFILE=" in collector.log


@pytest.mark.parametrize(("limit", "code", "said"), [(32, 78, "need at least"), (FEW, 0, "instead of partition.maxOpen")])
def test_the_check_of_a_configuration_says_so_too(daemon, limit, code, said):
    collector = daemon()
    exit_code, _, errors = finished(
        [*limited(limit), collector.programs / "touchpointd", "--config", collector.configuration, "--check"]
    )
    assert exit_code == code and said in errors
