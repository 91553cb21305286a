"""touchpointctl plan export and import: other tools say the same of events as the plan, and the reverse."""

import csv
import html.parser
import io
import json
import os
import random
import subprocess
from pathlib import Path

import jsonschema_rs
import pytest

from test_plan_schemas import changed, iglu_schemas, made
from waiting import BOUND_SECONDS

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
# Of the real schemas; all of them with TOUCHPOINT_PAIRS set.
IGLU_MAX = 660 if "TOUCHPOINT_PAIRS" in os.environ else 40


@pytest.fixture
def plan(touchpoint, tmp_path):
    """Runs `touchpointctl plan`."""
    def run(*arguments, code=0, stdin=b""):
        done = subprocess.run([touchpoint / "touchpointctl", "plan", *arguments], input=stdin, capture_output=True,
                              cwd=tmp_path, timeout=BOUND_SECONDS)
        assert code in (None, done.returncode), (done.returncode, done.stdout[-2000:], done.stderr)
        return (done.stdout or done.stderr).decode()
    return run


@pytest.fixture
def hostile(tmp_path):
    """A plan whose texts mean something to Markdown, HTML and spreadsheets."""
    (tmp_path / "plan" / "events").mkdir(parents=True)
    (tmp_path / "plan" / "plan.yaml").write_text("plan: <b>p</b>\nversion: 1\nowners: { it: \"a|b\" }\n")
    (tmp_path / "plan" / "events" / "a.yaml").write_text(
        "event: \"=1+1\"\nowner: it\ndescription: \"<script>alert(1)</script> a|b, \\\"c\\\"\"\n"
        "properties: { \"a~1/b%\": { type: string, values: [\"x,y\", z] } }\n")
    return "plan"


class Cells(html.parser.HTMLParser):
    """The tags of a page, and the texts of its cells."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.cells = set(), []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag in ("td", "th", "h2"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data.strip("\n")


def test_page_tells_people_all_of_the_plan(plan):
    page = Cells(plan("export", "--format", "html", SAMPLES / "plan"))
    for text in ("Order Completed", "stores", "marketing@shop.example", "products[].sales_value", "number, from 0, in USD", "hash"):
        assert text in page.cells
    markdown = plan("export", SAMPLES / "plan")
    assert "## Order Completed\n\nA household has paid for a basket." in markdown
    assert "Owner: stores. Status: live." in markdown
    assert "| total | What was paid | yes | number, from 0, in USD |  |" in markdown


def test_texts_of_a_plan_are_only_texts(plan, hostile):
    page = Cells(plan("export", "--format", "html", hostile))
    assert "script" not in page.tags and "b" not in page.tags
    assert '<script>alert(1)</script> a|b, "c"' in page.cells
    assert "<script>" not in plan("export", "--format", "markdown", hostile)
    rows = list(csv.DictReader(io.StringIO(plan("export", "--format", "csv", hostile), newline="")))
    assert [row["event"] for row in rows] == ["'=1+1", "'=1+1"]
    assert rows[0]["description"] == '<script>alert(1)</script> a|b, "c"'
    assert (rows[1]["property"], rows[1]["type"], rows[1]["values"]) == ("a~1/b%", "string", "x,y|z")


def test_schema_says_the_same_as_the_plan(plan, samples, tmp_path):
    dice = random.Random(7)
    chosen = [json.loads(line) for line in dice.sample(samples, 40)]
    events = chosen + [value for event in chosen for value in (changed(event, dice), changed(changed(event, dice), dice))]
    events = [event for event in events if isinstance(event, dict)]
    events = [event for event in events if event.get("event") in ("Order Completed", "Mail Sent", "Coupon Redeemed")]
    expected = [is_met(plan, SAMPLES / "plan", event) for event in events]
    schema = json.loads(plan("export", "--format", "json-schema", SAMPLES / "plan"))
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    assert [event for event, is_valid in zip(events, expected) if validator.is_valid(event) != is_valid] == []
    assert 20 < sum(expected) < len(events) - 20


def is_met(plan, folder, event):
    """Whether a plan finds nothing in an event."""
    output = plan("check", folder, "--data", "-", code=None, stdin=json.dumps(event).encode())
    return "1 events: 1 allowed, 0 annotated, 0 quarantined" in output


PROPERTIES = {"type": "object", "required": ["total"], "properties": {
    "total": {"type": "number", "minimum": 0, "description": "What was paid"}, "a.b": {"type": ["string", "null"], "maxLength": 4},
    "products": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}}}}
WHOLE = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "labels": {"team": "shop"}, "properties": {
    "properties": PROPERTIES, "context": {"type": "object"}, "traits": {"type": "object"}}}
ANY_OF = {"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}


@pytest.mark.parametrize(("form", "document"), [
    ("segment", {"display_name": "Shop", "rules": {"events": [
        {"name": "Order Completed", "description": "Paid", "version": 1, "rules": WHOLE},
        {"name": "Either", "rules": {"properties": {"properties": ANY_OF}}}], "identify": {}}}),
    ("segment", {"data": {"trackingPlan": {"name": "Shop"}, "rules": [
        {"type": "TRACK", "key": "Order Completed", "version": 1, "jsonSchema": WHOLE | {"description": "Paid"}},
        {"type": "TRACK", "key": "Either", "jsonSchema": {"properties": {"properties": ANY_OF}}}]}}),
    ("rudderstack", {"name": "Shop", "events": [
        {"name": "Order Completed", "description": "Paid", "eventType": "track", "rules": WHOLE},
        {"name": "Either", "eventType": "track", "rules": {"properties": {"properties": ANY_OF}}}]}),
])
def test_plans_of_other_tools_are_taken(plan, tmp_path, form, document):
    (tmp_path / "other.json").write_text(json.dumps(document))
    output = plan("import", "--format", form, "--output", "made", "other.json")
    assert output == "2 events, 1 of them with a JSON Schema: plan written to made\n"
    assert (tmp_path / "made" / "events" / "order-completed.yaml").read_text() == (
        'event: "Order Completed"\ndescription: "Paid"\nproperties:\n'
        '  total: { type: number, required: true, minimum: 0, description: "What was paid" }\n'
        '  "a\\\\.b": { type: [string, "null"], maxLength: 4 }\n  products: { type: array }\n'
        '  "products[]": { type: object }\n  "products[].sku": { type: string, required: true }\n')
    assert "plan 'Shop', version 1: 2 events" in plan("check", "made")
    validator = jsonschema_rs.Draft202012Validator(json.loads(plan("export", "--format", "json-schema", "made")))
    for name, properties, is_valid in [
            ("Order Completed", {"total": 1, "more": 2, "products": [{"sku": "a", "n": 1}]}, True),
            ("Order Completed", {"total": -1}, False), ("Order Completed", {"total": 1, "products": [{}]}, False),
            ("Order Completed", {"total": 1, "a.b": "12345"}, False), ("Either", {"b": 1}, True), ("Either", {}, False)]:
        assert validator.is_valid({"event": name, "properties": properties}) == is_valid, (name, properties)


def test_what_is_no_plan_is_refused(plan, tmp_path):
    (tmp_path / "other.json").write_text('{"a": 1}')
    assert "no list of events" in plan("import", "--format", "segment", "--output", "made", "other.json", code=65)
    (tmp_path / "other.json").write_text('{"events": [{"name": "a"}, {"name": "a"}]}')
    assert "'a' is there twice" in plan("import", "--format", "rudderstack", "--output", "made", "other.json", code=65)
    assert not (tmp_path / "made").exists()


def test_real_schemas_survive(plan, tmp_path):
    """Imported and exported again, a schema has the same verdicts, by another implementation."""
    compared, short, refused = 0, 0, []
    for index, (name, text) in enumerate(iglu_schemas()):
        if index % (660 // IGLU_MAX):
            continue
        (tmp_path / "schema.json").write_bytes(text)
        folder = f"made-{index}"
        output = plan("import", "--format", "iglu", "--output", folder, "schema.json", code=None)
        if "is not supported" in output:
            refused.append(name)
            continue
        short += "0 of them" in output
        exported = plan("export", "--format", "json-schema", folder, code=None)
        if "cannot be a part of another" in exported:
            refused.append(name)
            continue
        original = json.loads(text)
        event = original["self"]["name"]
        for key in ("$schema", "self"):
            original.pop(key, None)
        one = jsonschema_rs.Draft7Validator(original, validate_formats=False)
        other = jsonschema_rs.Draft202012Validator(json.loads(exported), validate_formats=False)
        dice = random.Random(index)
        values = [value for value in made(original) if isinstance(value, dict)]
        for value in values + [changed(value, dice) for value in values]:
            if isinstance(value, dict):
                whole = {"event": event, "traits" if event in ("identify", "group") else "properties": value}
                assert one.is_valid(value) == other.is_valid(whole), (name, value)
                compared += 1
    print(f"compared {compared} values; {short} schemas in the short form; refused {refused}")
    assert compared > IGLU_MAX or not short
    assert len(refused) < 20


def test_diff_tells_what_happens_to_real_events(plan, tmp_path):
    for version, least in ((1, 0), (2, 5)):
        (tmp_path / f"p{version}" / "events").mkdir(parents=True)
        (tmp_path / f"p{version}" / "plan.yaml").write_text(
            f"plan: p\nversion: {version}\nowners: {{ it: it@shop.example }}\nverdicts: {{ rule: quarantine }}\n")
        (tmp_path / f"p{version}" / "events" / "a.yaml").write_text(
            f"event: A\nowner: it\nproperties:\n  n: {{ type: integer, minimum: {least} }}\n")
    (tmp_path / "e.ndjson").write_text("".join(json.dumps({"event": "A", "properties": {"n": n}}) + "\n" for n in range(-2, 10)))
    lines = plan("diff", "p1", "p2", "--data", "e.ndjson").splitlines()
    assert lines[0] == "12 events, 10 met the old plan; of these the new one annotates 0 and quarantines 5"
    assert lines[2].split() == ["A", "range", "properties.n", "quarantine", "it", "5", "e.ndjson:3,", "e.ndjson:4,", "e.ndjson:5"]
    assert lines[-1] == "ok: 1 changes, version 2"


def test_page_of_the_plan_says_what_check_prints(plan, tmp_path):
    page = (SAMPLES.parent / "docs" / "PLAN.md").read_text()
    part = page[page.index("## What is wrong with this event?"):page.index("| question |")]
    event, expected = (block.split("```")[0] for block in (part.split("```json\n")[1], part.split("prints:\n\n```\n")[1]))
    (tmp_path / "FILE").write_text(json.dumps(json.loads(event)) + "\n")
    assert plan("check", SAMPLES / "plan", "--data", "FILE", code=1).endswith(expected)
