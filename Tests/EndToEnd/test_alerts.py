"""The rules of deploy/prometheus/rules.yml: alerts fire when there is a reason, and clear when it is gone."""

import json
import re
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest
import zmq

from prometheus import RULES, Prometheus, compiled, promtool
from waiting import BOUND_SECONDS, wait_until

HERE = Path(__file__).resolve().parent
UNIT_TESTS = HERE / "alert_tests.yml"
# They depend on the machine's disk and limits, not on the test.
NOT_OURS = {"TouchpointDiskFills", "TouchpointDiskLow", "TouchpointInodesLow"}
# Provoked below, in a running collector; the others are in alert_tests.yml.
PROVOKED = {
    "TouchpointDown", "TouchpointBlocked", "TouchpointSourceClosed", "TouchpointQuarantine",
    "TouchpointSlowCommits", "TouchpointBackPressure", "TouchpointDiskLow", "TouchpointReloadFailed",
}


def metrics_port(collector):
    """Returns the port it listens on, from the log: the system chose it."""
    return int(wait_until(
        "the port in the log", lambda: re.findall(r" metrics=(\d+) ", collector.log_path.read_text())
    )[-1])


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=BOUND_SECONDS) as answer:
        return answer.read().decode()


@pytest.fixture
def prometheus(tmp_path):
    made = []

    def make(port):
        made.append(Prometheus(tmp_path / "prometheus", port))
        return made[-1]

    yield make
    for one in made:
        one.end()


def test_rules_are_accepted_and_all_of_them_tested():
    code, output = promtool("check", "rules", RULES)
    assert code == 0 and "SUCCESS" in output, output
    alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
    in_unit_tests = set(re.findall(r"alertname: (\w+)", UNIT_TESTS.read_text()))
    assert alerts == PROVOKED | in_unit_tests


def test_rules_fire_and_clear_in_their_own_time(tmp_path):
    # promtool also compares annotations, which are for people.
    rules = tmp_path / "rules.yml"
    rules.write_text(re.sub(r"(?m)^ +(annotations:|summary: .*|description: .*)\n", "", RULES.read_text()))
    copy = tmp_path / "alert_tests.yml"
    copy.write_text(UNIT_TESTS.read_text().replace("RULES", str(rules)))
    code, output = promtool("test", "rules", copy)
    assert code == 0, output


def test_promtool_finds_nothing_wrong_with_the_metrics(daemon, producer):
    collector = daemon(metrics={"listen": "127.0.0.1:0"})
    port = metrics_port(collector)
    before = scrape(port)
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    for payload in (b"{bad", b'{"event":"Good","channel":"web"}'):
        dealer.send_multipart([b"1", payload])
        dealer.recv_multipart()
    after = scrape(port)
    for text in (before, after):
        code, output = promtool("check", "metrics", given=text)
        assert code == 0 and not output.strip(), output

    def series(text):
        return {line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")}

    # For Prometheus a counter that begins at 1 has not grown. Only those of a producer begin with it.
    assert series(before) <= series(after)
    assert all('producer="tcp://' in one for one in series(after) - series(before))
    bad = 'touchpoint_events_quarantined_total{source="reliable",reason="invalid_json"}'
    assert f"{bad} 0\n" in before and f"{bad} 1\n" in after


class Load:
    """Sends acknowledged requests, one after another, until told to end."""

    def __init__(self, producer, endpoint):
        self.dealer = producer(zmq.DEALER, endpoint)
        self.is_over = False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.is_over:
            self.dealer.send_multipart([b"1", b'{"event":"Load","channel":"web"}'])
            while not self.is_over and not self.dealer.poll(100):
                pass
            if not self.is_over:
                self.dealer.recv_multipart()

    def end(self):
        self.is_over = True
        self.thread.join()


def wait_for_alerts(prometheus, expected, what):
    """Waits until these alerts fire; returns all that fire then."""
    wait_until(f"{what}: {sorted(expected)} to fire", lambda: expected <= prometheus.firing(), 90, every=0.5)


def wait_for_none(prometheus, which, what):
    wait_until(
        f"{what}: none of {sorted(which)} to fire", lambda: not which & prometheus.firing(), 90, every=0.5
    )


def flood(touchpoint, endpoint):
    """Sends more events than rings of 16 KiB hold."""
    return subprocess.Popen(
        [
            touchpoint / "touchpoint-send", "--pattern", "push", "--to", endpoint, "--generate", "100000000",
            "--batch", "4", "--size", "500",
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )


def reconfigure(collector, text, expect=0):
    collector.configuration.write_text(text)
    collector.control("reload", expect=expect)


def test_alerts_fire_and_clear(daemon, producer, prometheus, touchpoint, tmp_path):
    mark = tmp_path / "slow"
    collector = daemon(
        start=False, metrics={"listen": "127.0.0.1:0"},
        limits={"message": "4KiB", "event": "4KiB"}, ring={"capacity": "16KiB"}, writers=1,
    )
    collector.environment = {
        "LD_PRELOAD": str(compiled(HERE / "slow_disk.c", tmp_path)), "SLOW_DISK_WHILE": str(mark),
    }
    collector.start()
    port = metrics_port(collector)
    watch = prometheus(port)
    wait_until("a scrape", lambda: watch.value("up") == 1)
    wait_until("quiet", lambda: not watch.firing() - NOT_OURS)

    load = Load(producer, collector.endpoint("reliable"))
    pushing = flood(touchpoint, collector.endpoint("producers"))
    try:
        producer(zmq.PUSH, collector.endpoint("producers")).send(b"{bad")
        mark.touch()
        wait_for_alerts(
            watch, {"TouchpointQuarantine", "TouchpointSlowCommits", "TouchpointBackPressure"}, "under load"
        )
    finally:
        load.end()
        pushing.kill()
        pushing.wait()
    mark.unlink()
    wait_for_none(
        watch, {"TouchpointQuarantine", "TouchpointSlowCommits", "TouchpointBackPressure"}, "after the load"
    )

    good = collector.configuration.read_text()
    collector.control("pause", "reliable")
    reconfigure(collector, good + "\nnonsense: [\n", expect=64)
    wait_for_alerts(watch, {"TouchpointSourceClosed", "TouchpointReloadFailed"}, "paused, refused")
    assert "TouchpointBlocked" not in watch.firing()
    collector.control("resume", "reliable")
    greedy = json.loads(good)
    greedy["storage"]["minimumFree"] = f"{1 << 50}"
    reconfigure(collector, json.dumps(greedy))
    wait_for_none(watch, {"TouchpointReloadFailed"}, "a good file")
    wait_for_alerts(
        watch, {"TouchpointBlocked", "TouchpointDiskLow", "TouchpointSourceClosed"}, "too little room"
    )
    reconfigure(collector, good)
    wait_for_none(
        watch, {"TouchpointBlocked", "TouchpointDiskLow", "TouchpointSourceClosed"}, "enough room"
    )

    written = collector.wait_for_received(1)["written"]
    collector.kill()
    wait_for_alerts(watch, {"TouchpointDown"}, "killed")
    collector.settings["metrics"]["listen"] = f"127.0.0.1:{port}"
    collector.start()
    wait_for_none(watch, {"TouchpointDown"}, "started again")
    wait_until("the ledger of all runs", lambda: collector.ledger()["written"] >= written)
    # Events of earlier runs do not count for this one.
    assert watch.value("sum(touchpoint_events_written_total)") == 0
    assert watch.value("sum(increase(touchpoint_events_written_total[10s]))") == 0
    assert not watch.firing() - NOT_OURS
