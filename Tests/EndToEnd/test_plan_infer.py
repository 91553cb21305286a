"""touchpointctl plan infer, and plan check --data: a plan learned from events accepts them, and others like them."""

import gzip
import json
import os
import random
import subprocess
from pathlib import Path

import pytest
import zmq

from test_dealer import answer_to
from waiting import BOUND_SECONDS

PROJECT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("TOUCHPOINT_TEST_DATA", PROJECT.parent / "shared" / "data")) / "events"
# Files whose events have no names; here each file is a kind of event.
NAMELESS = ["github-webhooks", "email-esp", "jitsu", "segment-analytics-go"]
HELD_OUT_SHARE_MAX = 0.02


@pytest.fixture
def plan(touchpoint, tmp_path):
    """Runs touchpointctl plan; returns exit code, output, and errors."""
    def run(*words, stdin=None):
        done = subprocess.run([touchpoint / "touchpointctl", "plan", *map(str, words)], input=stdin, capture_output=True,
                              cwd=tmp_path, timeout=BOUND_SECONDS)
        return done.returncode, done.stdout.decode(), done.stderr.decode()
    return run


def verdicts(output):
    """The figures of plan check --data: events, allowed, annotated, quarantined."""
    line = next(line for line in output.splitlines() if " allowed, " in line)
    return [int(word) for word in line.replace(",", "").split() if word.isdigit()]


def corpora():
    yield "samples", (PROJECT / "samples" / "completejourney.ndjson").read_bytes().splitlines()
    if not DATA.exists():
        print(f"{DATA} is not there: only the samples are learned")
        return
    for path in sorted(DATA.glob("*.ndjson.gz")):
        lines = gzip.decompress(path.read_bytes()).splitlines()
        if any(path.name.startswith(name) for name in NAMELESS):
            named = [{"event": path.name, "properties": json.loads(line)} for line in lines]
            lines = [json.dumps(event).encode() for event in named]
        yield path.name, lines


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_learned_plan_accepts_the_other_half(plan, tmp_path, seed):
    total = beside = 0
    for number, (name, lines) in enumerate(corpora()):
        if seed is not None:
            random.Random(seed).shuffle(lines)
        folder, half, other = (tmp_path / f"{number}{end}" for end in ("-plan", "-a.ndjson", "-b.ndjson"))
        half.write_bytes(b"\n".join(lines[0::2]) + b"\n")
        other.write_bytes(b"\n".join(lines[1::2]) + b"\n")
        code, output, errors = plan("infer", "--output", folder, half)
        assert code == 0, errors
        code, output, _ = plan("check", folder, "--data", half)
        assert code == 0 and "\nok\n" in output, output
        assert verdicts(output)[2:] == [0, 0], f"{name}: {output}"
        code, output, _ = plan("check", folder, "--data", other)
        events, allowed, *_ = verdicts(output)
        print(f"{name}: {events - allowed} of {events} events of the other half violate the plan")
        # Of a small corpus 4 events are more than 2 %: what all of 172 have is required, and 4 of 171 others may lack it.
        assert events - allowed <= max(4, HELD_OUT_SHARE_MAX * events), f"{name}: {output}"
        total, beside = total + events, beside + events - allowed
    assert total >= 2000 and beside <= HELD_OUT_SHARE_MAX * total


def test_data_folder_is_read_beside_the_daemon(daemon, producer, plan, tmp_path, samples):
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    assert answer_to(dealer, b"1", b"\n".join(samples[:2000]))["events"] == 2000
    collector.seal()
    assert answer_to(dealer, b"2", b"\n".join(samples[2000:]))["events"] == len(samples) - 2000
    code, output, errors = plan("infer", "--output", "plan", collector.data)
    assert code == 0, errors
    assert output == f"{len(samples)} events, 3 names: plan written to plan\n"
    assert (plan("infer", "--output", "same", PROJECT / "samples" / "completejourney.ndjson"))[0] == 0
    for path in sorted((tmp_path / "plan").rglob("*.yaml")):
        assert path.read_text() == (tmp_path / "same" / path.relative_to(tmp_path / "plan")).read_text()
    code, output, _ = plan("check", "plan", "--data", collector.data)
    assert (code, verdicts(output)) == (0, [len(samples), len(samples), 0, 0])
    code, output, _ = plan("check", "plan", "--data", collector.data, "--to", "2020-01-01T00:00:00Z")
    assert (code, verdicts(output)) == (0, [0, 0, 0, 0])


def event(name, **properties):
    return json.dumps({"event": name, "properties": properties}) + "\n"


def test_rules_come_from_enough_events(plan, tmp_path):
    lines = [event("A b", n=i, size="SM"[i % 2], at="2026-11-22", mail=f"a{i}@shop.example", maybe=None if i % 3 else "x")
             for i in range(100)] + [event("rare", kind="x")]
    code, output, errors = plan("infer", "-", stdin="".join(lines).encode())
    assert (code, errors) == (0, "")
    for line in ['n: { type: integer, required: true }',
                 'size: { type: string, values: ["M", "S"], required: true }',
                 'at: { type: string, format: date, required: true }',
                 "mail: { type: string, format: email, required: true }  # e-mail addresses: say 'privacy'",
                 'maybe: { type: [string, "null"], required: true }',
                 'kind: { type: any }  # seen 1 times: string']:
        assert f"\n  {line}\n" in output
    assert "shop.example" not in output
    code, output, _ = plan("infer", "-", stdin="".join(lines[:99]).encode())
    assert "required" not in output and "n: { type: number }" in output


def test_hostile_names_are_quoted(plan, tmp_path):
    names = ['a: b', '#x', '*', '- y', 'a.b[]', '\\', '"', "'", 'true', '1', '\u2028\x7f', '&a', '{', 'é🐲', '', '%', '@', '~']
    lines = [json.dumps({"event": name or "none", "properties": {n: {n: i} for n in names}}) for i, name in enumerate(names * 60)]
    code, output, errors = plan("infer", "--output", "plan", "-", stdin="\n".join(lines).encode())
    assert code == 0, errors
    code, output, _ = plan("check", "plan", "--data", "-", "--examples", "0", stdin="\n".join(lines).encode())
    found = [line.split() for line in output.splitlines() if " unplanned " in line]
    assert code == 0 and "\nok\n" in output
    # Only the member without a name cannot be described.
    assert {row[-2] for row in found} <= {"annotate", "allow"} and "unplanned_event" not in output
    assert errors.count("properties beyond the limits") == len(set(names))


def test_places_without_values_and_exit_1_when_quarantined(plan, tmp_path):
    (tmp_path / "plan" / "events").mkdir(parents=True)
    (tmp_path / "plan" / "plan.yaml").write_text("plan: p\nversion: 1\nverdicts: { wrongType: quarantine }\n")
    (tmp_path / "plan" / "events" / "a.yaml").write_text("event: A\nproperties:\n  n: { type: integer }\n")
    lines = [event("A", n=1), event("A", n="secret-1"), event("A", n="secret-2"), event("B"), "broken\n", "7\n"]
    (tmp_path / "e.ndjson").write_text("".join(lines))
    code, output, _ = plan("check", "plan", "--data", "e.ndjson", "--examples", "1")
    assert code == 1 and "secret" not in output
    assert "4 events: 1 allowed, 1 annotated, 2 quarantined\n2 lines are not one JSON object\n" in output
    rows = [line.split() for line in output.splitlines()]
    assert ["A", "type", "properties.n", "quarantine", "2", "e.ndjson:2"] in rows
    assert ["B", "unplanned_event", "annotate", "1", "e.ndjson:4"] in rows


def test_a_folder_with_files_is_not_written_to(plan, tmp_path):
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "mine").write_text("x")
    code, _, errors = plan("infer", "--output", "plan", "-", stdin=event("A").encode())
    assert code == 73 and "not an empty folder" in errors
    assert [path.name for path in (tmp_path / "plan").iterdir()] == ["mine"]


def test_limits_are_said_and_counted(plan):
    wide = json.dumps({"event": "wide", "properties": {f"p{i}": i for i in range(1500)}}) + "\n"
    many = "".join(event(f"e{i}") for i in range(10_001))
    code, output, errors = plan("infer", "--output", "plan", "-", stdin=(wide + many).encode())
    assert code == 0
    assert output == "10002 events, 10000 names: plan written to plan\n"
    assert "event 'wide': properties beyond the limits, 476 times" in errors
    assert "2 events have names beyond the limit of 10000" in errors
