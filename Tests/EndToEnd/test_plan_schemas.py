"""touchpointctl plan validate: the same verdicts as jsonschema-rs, for values that were made from a schema and then changed.

Schemas are those below, and where they are the real ones of Iglu Central and those of the official tests. TOUCHPOINT_PAIRS
sets how many pairs of schema and value are compared (make schema-pairs PAIRS=1000000).
"""

import copy
import json
import os
import random
import subprocess
import tarfile
import warnings
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from waiting import BOUND_SECONDS

DATA = Path(os.environ.get("TOUCHPOINT_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "schema"
PAIRS = int(os.environ.get("TOUCHPOINT_PAIRS", "20000"))
MADE_PER_SCHEMA = 8

BUILT_IN = [
    {"type": "object", "required": ["total"], "additionalProperties": False, "properties": {
        "total": {"type": "number", "minimum": 0, "multipleOf": 0.01}, "currency": {"enum": ["EUR", "USD", None]},
        "coupon": {"type": ["string", "null"], "maxLength": 4}, "count": {"type": "integer", "exclusiveMaximum": 9}}},
    {"type": "array", "minItems": 1, "maxItems": 4, "uniqueItems": True, "items": {
        "oneOf": [{"type": "integer"}, {"type": "string", "pattern": "^[a-c]+$"}, {"const": {"a": [1, 2.5]}}]}},
    {"type": "object", "patternProperties": {"^x": {"type": "integer"}, "y$": {"minimum": 3}},
     "propertyNames": {"minLength": 2}, "minProperties": 1, "maxProperties": 3},
    {"definitions": {"tree": {"type": "object", "properties": {
        "left": {"$ref": "#/definitions/tree"}, "value": {"type": "number"}}, "required": ["value"]}},
     "$ref": "#/definitions/tree"},
    {"if": {"type": "string"}, "then": {"minLength": 3}, "else": {"not": {"type": "boolean"}}},
    {"type": "object", "dependencies": {"a": ["b"], "c": {"required": ["d"], "properties": {"d": {"type": "null"}}}},
     "properties": {name: {"type": ["integer", "null"]} for name in "abcd"}},
    {"type": "array", "items": [{"type": "string"}, {"type": "boolean"}], "additionalItems": {"type": "number"},
     "contains": {"const": 1}},
]
ODD = [None, True, False, 0, -0.0, 1, 1.0, -1, 0.1, 1e300, 12345678901234567890, "", "a", "é", "🐲", "a\n", " ", [], {}, [[]], {"": 0}]


def iglu_schemas():
    archive = DATA / "iglu-central.tar.gz"
    if not archive.exists():
        print(f"{archive} is not there: its real schemas are left out")
        return
    with tarfile.open(archive) as files:
        for member in files:
            if member.isfile() and "/jsonschema/" in member.name:
                yield member.name, files.extractfile(member).read()


def schemas():
    """Yields a name, a schema without $schema, and its draft."""
    for index, schema in enumerate(BUILT_IN):
        yield f"built-in {index}", schema, "7"
    for name, text in iglu_schemas():
        schema = json.loads(text)
        schema.pop("$schema", None)
        yield name, schema, "7"
    for folder, draft in (("draft7", "7"), ("draft2020-12", "2020-12")):
        for path in sorted((DATA / "JSON-Schema-Test-Suite" / "tests" / folder).glob("*.json")):
            for index, group in enumerate(json.loads(path.read_text())):
                schema = group["schema"]
                if isinstance(schema, dict):
                    schema = {key: value for key, value in schema.items() if key != "$schema"}
                yield f"{folder}/{path.name}[{index}]", schema, draft


def made(schema):
    """Returns values that hypothesis makes of a schema; arbitrary ones if it cannot."""
    values = []

    def collect(strategy, count):
        @settings(max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))
        @given(strategy)
        def take(value):
            values.append(value)
        take()

    anything = st.recursive(st.sampled_from(ODD), lambda inner: st.lists(inner, max_size=3)
                            | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3), max_leaves=6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # It changes what it is passed.
            collect(from_schema(copy.deepcopy(schema)), MADE_PER_SCHEMA)
        except Exception:
            pass
        collect(anything, 4)
    return values


def changed(value, dice):
    """Returns a value with one place changed."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        copy = dict(value)
        key = dice.choice(list(copy))
        choice = dice.random()
        if choice < 0.15:
            del copy[key]
        elif choice < 0.3:
            copy[dice.choice(["a", "x1", "new", key + "y", key.upper()])] = dice.choice(ODD)
        else:
            copy[key] = changed(copy[key], dice)
        return copy
    if isinstance(value, list) and value and dice.random() < 0.85:
        copy = list(value)
        index = dice.randrange(len(copy))
        choice = dice.random()
        if choice < 0.2:
            del copy[index]
        elif choice < 0.4:
            copy.append(copy[index])
        else:
            copy[index] = changed(copy[index], dice)
        return copy
    if isinstance(value, str) and dice.random() < 0.6:
        return dice.choice([value + "x", value[1:], value * 3, value.upper(), value + "\n", value[::-1]])
    if isinstance(value, (int, float)) and not isinstance(value, bool) and dice.random() < 0.6:
        # Beyond doubles the other implementation rounds.
        if abs(value) < 1e15:
            return dice.choice([value + 1, value - 1, -value, float(value), value + 0.5, value * 10])
    return dice.choice(ODD)


def ours(program, schema, draft, values, folder):
    """Returns a verdict for each value, or the reason why the schema is refused."""
    (folder / "s.json").write_text(json.dumps(schema))
    lines = b"".join(json.dumps(value, ensure_ascii=index % 2 == 0).encode() + b"\n" for index, value in enumerate(values))
    done = subprocess.run(
        [program, "plan", "validate", "--draft", draft, "--lines", "--schema", folder / "s.json", "--instance", "-"],
        input=lines, capture_output=True, timeout=BOUND_SECONDS)
    if done.returncode == 78:
        return done.stderr.decode()
    assert done.returncode in (0, 65), done.stderr
    answers = done.stdout.decode().splitlines()
    assert len(answers) == len(values), answers[-3:]
    return [answer.endswith(": valid") for answer in answers]


def test_same_verdicts_as_jsonschema_rs(touchpoint, tmp_path):
    dice = random.Random(20)
    found = list(schemas())
    if PAIRS < 50000:
        # The built-in ones, and some of the others.
        found = found[:len(BUILT_IN)] + dice.sample(found[len(BUILT_IN):], min(120, len(found) - len(BUILT_IN)))
    each = max(20, PAIRS // len(found))
    pairs = refused = valid = 0
    different = []
    for name, schema, draft in found:
        validator = jsonschema_rs.Draft7Validator if draft == "7" else jsonschema_rs.Draft202012Validator
        try:
            theirs = validator(schema, validate_formats=False)
        except Exception:
            continue
        values = made(schema)
        values += [changed(dice.choice(values), dice) for _ in range(each - len(values))]
        verdicts = ours(touchpoint / "touchpointctl", schema, draft, values, tmp_path)
        if isinstance(verdicts, str):
            refused += 1
            continue
        divides = "multipleOf" in json.dumps(schema)
        for value, verdict in zip(values, verdicts):
            # Where doubles have no decimals left, the other implementation divides what it rounded.
            if divides and "e+" in json.dumps(value):
                continue
            pairs += 1
            expected = theirs.is_valid(value)
            valid += expected
            if expected != verdict:
                different.append(f"{name}: {json.dumps(value)}: jsonschema-rs {expected}, here {verdict}")
    print(f"{pairs} pairs of {len(found) - refused} schemas, {valid} valid; {refused} schemas refused, {len(different)} different")
    assert not different, "\n".join(different[:40])
    # Both verdicts are there, each of them often.
    assert min(valid, pairs - valid) >= min(PAIRS, 1000) // 10


def test_real_schemas_compile(touchpoint, tmp_path):
    refused = {}
    count = 0
    for name, schema in iglu_schemas():
        count += 1
        (tmp_path / "s.json").write_bytes(schema)
        done = subprocess.run(
            [touchpoint / "touchpointctl", "plan", "validate", "--formats", "--schema", tmp_path / "s.json", "--instance", "-"],
            input=b"{}", capture_output=True, timeout=BOUND_SECONDS)
        if done.returncode not in (0, 65):
            refused[name] = done.stderr.decode()
    print(f"{count} schemas, {len(refused)} refused")
    # They are schemas of schemas, and refer to other documents.
    assert all("$ref 'http" in reason for reason in refused.values()), refused
    assert len(refused) <= 2


def test_says_what_is_wrong_without_the_value(touchpoint, tmp_path):
    (tmp_path / "s.json").write_text(json.dumps(
        {"type": "object", "required": ["total"], "properties": {"mail": {"type": "string", "format": "email"}}}))
    (tmp_path / "i.json").write_text('{"mail": "secret"}')
    run = [touchpoint / "touchpointctl", "plan", "validate", "--schema", tmp_path / "s.json", "--instance", tmp_path / "i.json"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=BOUND_SECONDS)
    assert (done.returncode, done.stdout) == (65, "invalid: missing total\n")
    done = subprocess.run([*run, "--formats"], capture_output=True, text=True, timeout=BOUND_SECONDS)
    assert (done.returncode, done.stdout) == (65, "invalid: format mail, missing total\n")


@pytest.mark.parametrize(("schema", "instance", "code", "text"), [
    ('{"$dynamicRef": "#a"}', "{}", 78, "s.json:1: #: $dynamicRef is not supported in draft 2020-12"),
    ("{", "{}", 78, "s.json:1: not valid JSON"),
    ("{}", '{"a": }', 65, "not JSON from byte"),
    (None, "{}", 74, "cannot read"),
])
def test_refuses_by_name(touchpoint, tmp_path, schema, instance, code, text):
    if schema is not None:
        (tmp_path / "s.json").write_text(schema)
    (tmp_path / "i.json").write_text(instance)
    done = subprocess.run(
        [touchpoint / "touchpointctl", "plan", "validate", "--schema", "s.json", "--instance", "i.json"],
        capture_output=True, text=True, cwd=tmp_path, timeout=BOUND_SECONDS)
    assert done.returncode == code
    assert text in done.stdout + done.stderr
