"""The programs that PROTOCOL.md and the client's README show, with the client for Python as it is in clients/python.

Its own tests are in clients/python/tests.
"""

import json
import os
import re
import sys

import pytest

import pages
from readback import lines_by_zcat
from waiting import finished

PROTOCOL, README = "docs/PROTOCOL.md", "clients/python/README.md"


@pytest.fixture
def by_hand(daemon, tmp_path, monkeypatch):
    """Runs the command of a page on a collector; returns what the collector has written then."""
    monkeypatch.setenv("PYTHONPATH", os.fspath(pages.PROJECT / "clients" / "python" / "src"))

    def run(page, program):
        collector = daemon()
        pages.write_programs(tmp_path, program)
        text = pages.block(page, f"{program} by hand").text
        text = text.replace("python3", f"{sys.executable} -B").replace("tcp://127.0.0.1:5572", collector.endpoint("reliable"))
        code, output, errors = finished(["bash", "-ec", f"cd {tmp_path}; {text}"])
        assert code == 0 and not errors, output + errors
        patterns = pages.output(page, f"{program} by hand")
        lines = output.splitlines()
        assert len(lines) == len(patterns) and all(map(re.fullmatch, patterns, lines)), output
        collector.drain()
        return [json.loads(line) for line in lines_by_zcat(collector.data)]

    return run


@pages.runs(PROTOCOL, "shop.py", "shop.py by hand")
def test_shop_of_the_protocol_page(by_hand, tmp_path):
    identify, track = sorted(by_hand(PROTOCOL, "shop.py"), key=lambda event: event["type"])
    assert (identify["type"], identify["traits"], identify["channel"]) == ("identify", {"plan": "gold"}, "web")
    assert (track["event"], track["userId"], track["properties"]["total"]) == ("Order Completed", "u-1", 39.9)
    assert (tmp_path / "shop.spool").exists()


@pages.runs(README, "order.py", "order.py by hand")
def test_order_of_the_clients_page(by_hand):
    events = by_hand(README, "order.py")
    assert sorted(event["type"] for event in events) == ["identify", "track"]
