"""touchpoint-send against a real collector: files of every kind, refusals by line, restarts."""

import gzip
import json
import socket
import subprocess
import time

from readback import assert_same_events, lines_by_zcat
from waiting import finished, wait_until


def free_endpoint():
    """Returns an endpoint that stays the same across restarts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def send(touchpoint, collector, *arguments, source="reliable", expect=0):
    """Runs touchpoint-send to its end; returns the summary and its other output."""
    pattern = "dealer" if source == "reliable" else "push"
    code, output, errors = finished([
        touchpoint / "touchpoint-send", "--pattern", pattern, "--to", collector.endpoint(source),
        "--json", *arguments,
    ])
    assert code == expect, f"exit code {code}, not {expect}\n{output}{errors}{collector.log}"
    return json.loads(output), errors


def test_gzip_pretty_printed_objects_and_arrays(touchpoint, daemon, tmp_path, samples):
    collector = daemon()
    events = [json.loads(line) for line in samples[:300]]
    events[7]["brackets"] = 'in a string: }]{[ \\" "'
    lines = "".join(json.dumps(event) + "\n" for event in events[:100]).encode()
    middle = len(lines) // 2
    members = gzip.compress(lines[:middle]) + gzip.compress(lines[middle:])
    (tmp_path / "lines.ndjson.gz").write_bytes(members)
    (tmp_path / "pretty.json").write_text("\n".join(json.dumps(e, indent=2) for e in events[100:200]))
    (tmp_path / "array.json.gz").write_bytes(gzip.compress(json.dumps(events[200:], indent=1).encode()))
    files = [tmp_path / name for name in ("lines.ndjson.gz", "pretty.json", "array.json.gz")]
    summary, errors = send(touchpoint, collector, "--batch", "20", *files)
    assert summary["acknowledged"] == 300 and summary["quarantined"] == 0 and not errors
    collector.seal()
    assert_same_events(collector.data, events)


def test_names_the_lines_that_are_refused_and_why(touchpoint, daemon, tmp_path):
    collector = daemon()
    path = tmp_path / "mixed.ndjson"
    lines = [
        '{"n":1}', "", "not json", '{"n":2}', '["a"]', '{"bad":3,}', '{"n":3}', '{"torn":"of', '{"n":4}', '{"n":5}',
    ]
    path.write_text("\n".join(lines) + "\n")
    for batch in ("1", "3", "100"):
        summary, errors = send(touchpoint, collector, "--batch", batch, path, expect=65)
        assert summary["acknowledged"] == 5 and summary["quarantined"] == 4
        told = sorted(finding["line"] for finding in summary["findings"])
        assert told == [3, 5, 6, 8], errors
        for line in (3, 5, 6, 8):
            assert f"{path} line {line}: quarantined: " in errors, errors
    collector.seal()
    assert sorted(json.loads(line)["n"] for line in lines_by_zcat(collector.data)) == sorted([1, 2, 3, 4, 5] * 3)


def test_sends_nothing_from_inside_a_broken_object(touchpoint, daemon, tmp_path):
    collector = daemon()
    path = tmp_path / "broken.json"
    path.write_text('{"n":1}\n{\n  "list": [\n    {"inner": 1}\n  ],\n  "end":\n')
    summary, errors = send(touchpoint, collector, path, expect=65)
    assert summary["acknowledged"] == 1 and summary["refused"] == 1
    assert f"{path} line 2: refused: not_separable" in errors
    collector.seal()
    [event] = lines_by_zcat(collector.data)
    assert json.loads(event)["n"] == 1


def test_a_message_with_thousands_of_bad_pieces_is_sent_once(touchpoint, daemon, tmp_path):
    collector = daemon()
    path = tmp_path / "bad.ndjson"
    path.write_text("{x}\n" * 1500)
    summary, errors = send(touchpoint, collector, "--batch", "1500", path, expect=65)
    assert summary["quarantined"] == 1500 and summary["retried"] == 0 and summary["unanswered"] == 0
    assert f"{path} line 1: quarantined: invalid_json" in errors and "more like these" in errors
    assert len(errors.splitlines()) == 21
    assert collector.ask("stats")["sources"]["reliable"]["messages"] == 1


def test_batches_end_before_the_collector_breaks_the_connection(touchpoint, daemon, tmp_path):
    collector = daemon()
    path = tmp_path / "large.ndjson"
    with path.open("w") as file:
        for n in range(2000):
            file.write(json.dumps({"n": n, "text": "y" * 5000}) + "\n")
    for source in ("reliable", "producers"):
        before = collector.ledger()["received"]
        summary, _ = send(touchpoint, collector, "--batch", "1000", path, source=source)
        assert summary["sent"] == 2000
        assert collector.wait_for_received(before + 2000)["written"] >= before + 2000


def test_says_that_messages_may_be_above_the_limit(touchpoint, daemon, tmp_path):
    collector = daemon(limits={"message": "64KiB", "event": "64KiB"})
    path = tmp_path / "large.ndjson"
    path.write_text((json.dumps({"text": "y" * 900}) + "\n") * 1000)
    for source in ("reliable", "producers"):
        more = ("--timeout", "3s", "--batch", "500")
        _, errors = send(touchpoint, collector, *more, path, source=source, expect=69)
        assert "limits.message" in errors and "broke" in errors, errors
    summary, _ = send(touchpoint, collector, "--batch", "500", "--max-message", "64KiB", path)
    assert summary["acknowledged"] == 1000


class Stream:
    """touchpoint-send at a steady rate; measures the time between its acknowledgements."""

    def __init__(self, touchpoint, endpoint, folder):
        self.log = folder / "acknowledged.log"
        self.log.touch()
        self.process = subprocess.Popen(
            [
                touchpoint / "touchpoint-send", "--pattern", "dealer", "--to", endpoint, "--json",
                "--generate", "1000000", "--rate", "2000", "--acknowledged-log", self.log,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )
        wait_until("acknowledgements", lambda: self.log.stat().st_size > 10_000)

    def longest_silence(self, action):
        """Returns the longest time without an acknowledgement from before `action` until after it."""
        size, last, longest, until = self.log.stat().st_size, time.monotonic(), 0.0, None
        action = iter(action())
        while until is None or time.monotonic() < until:
            now, grown = time.monotonic(), self.log.stat().st_size
            if grown > size:
                longest, size, last = max(longest, now - last), grown, now
            if until is None and next(action, self) is self:
                until = time.monotonic() + 3
            time.sleep(0.002)
        return max(longest, time.monotonic() - last)

    def finish(self):
        self.process.terminate()
        output, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 130
        return json.loads(output)


def test_goes_on_at_once_after_a_restart(touchpoint, daemon, tmp_path):
    endpoint = free_endpoint()
    collector = daemon(sources=[{"name": "reliable", "pattern": "router", "bind": [endpoint]}])
    stream = Stream(touchpoint, endpoint, tmp_path)
    away = []

    def restart(end):
        def steps():
            began = time.monotonic()
            end()
            yield
            collector.start()
            away.append(time.monotonic() - began)
            yield
        return steps

    for end in (collector.kill, collector.drain):
        silence = stream.longest_silence(restart(end))
        # The collector's own downtime, a reconnect, and a commit; not a timeout.
        assert silence < away[-1] + 0.9, (silence, away)
    summary = stream.finish()
    assert summary["unanswered"] == 0 and summary["acknowledged"] == summary["sent"]
    collector.drain()
    ids = [json.loads(line)["messageId"] for line in lines_by_zcat(collector.data)]
    acknowledged = stream.log.read_text().split()
    assert len(ids) == len(set(ids)) and set(acknowledged) <= set(ids)
    print(f"away {away[0]:.2f} and {away[1]:.2f} s")
