"""Reads the written files in three ways, and compares them with what was sent."""

import gzip
import json
import subprocess
from collections import defaultdict

import duckdb

MARK = b'{"_touchpoint":'


def sealed_files(data, kind="events"):
    """Returns all sealed files below a data folder's `events` or `quarantine`."""
    return sorted(
        path for path in (data / kind).rglob("*.ndjson.gz") if not path.name.startswith(".")
    )


def lines_by_zcat(data, kind="events"):
    lines = []
    for path in sealed_files(data, kind):
        done = subprocess.run(["zcat", path], capture_output=True)
        assert done.returncode == 0 and not done.stderr, f"zcat {path}: {done.stderr.decode()}"
        lines += whole_lines(path, done.stdout)
    return lines


def lines_by_python(data, kind="events"):
    lines = []
    for path in sealed_files(data, kind):
        with gzip.open(path, "rb") as file:
            lines += whole_lines(path, file.read())
    return lines


def texts_by_duckdb(data, kind="events"):
    """Returns the texts of the objects as DuckDB's JSON reader separates them."""
    if not sealed_files(data, kind):
        return []
    pattern = str(data / kind / "**" / "*.ndjson.gz")
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT json FROM read_ndjson_objects(?)", [pattern]).fetchall()
    return [text for (text,) in rows]


def whole_lines(path, content):
    assert content.endswith(b"\n"), f"{path} does not end with a line break"
    return content[:-1].split(b"\n")


def taken_apart(line):
    """Splits a written line into its metadata and the bytes that the producer sent."""
    assert line.startswith(MARK), f"no metadata in front: {line[:200]!r}"
    text = line.decode()
    metadata, end = json.JSONDecoder().raw_decode(text, len(MARK))
    rest = text[end:].encode()
    original = b"{" + rest.removeprefix(b",")
    spliced = line[: len(line) - len(rest)] + (b"," if rest.strip() != b"}" else b"") + original[1:]
    assert spliced == line, f"not spliced as the format says: {line[:200]!r}"
    return metadata, original


def canonical(event):
    return json.dumps(event, sort_keys=True)


def as_one_line(event):
    """Returns what is written for an event: its bytes without line breaks, and without blanks around it."""
    return event.strip(b" \t\r\n").replace(b"\r", b"").replace(b"\n", b"")


def assert_written(data, sent):
    """Asserts that the files contain every event sent once, byte for byte, and nothing else."""
    lines = lines_by_zcat(data)
    assert lines_by_python(data) == lines, "zcat and Python read different lines"
    metadata_and_originals = [taken_apart(line) for line in lines]
    originals = sorted(original for _, original in metadata_and_originals)
    expected = sorted(as_one_line(event) for event in sent)
    assert len(originals) == len(expected), f"{len(originals)} written, {len(expected)} sent"
    assert originals == expected
    assert_same_events(data, [json.loads(event) for event in sent])
    quarantined = [json.loads(line)["_touchpoint"] for line in lines_by_zcat(data, "quarantine")]
    assert_sequences([metadata for metadata, _ in metadata_and_originals] + quarantined)


def assert_same_events(data, events):
    """Asserts that DuckDB reads these events from the files, metadata aside."""
    read = [json.loads(text) for text in texts_by_duckdb(data)]
    for event in read:
        metadata = event.pop("_touchpoint")
        assert {"receivedAt", "node", "source", "seq"} <= metadata.keys(), metadata
    assert sorted(map(canonical, read)) == sorted(map(canonical, events))


def assert_sequences(metadata):
    """Asserts that the numbers of each source and run count up without gaps and duplicates.

    Quarantined events have numbers of the same series.
    """
    numbers = defaultdict(list)
    for record in metadata:
        numbers[record["source"], record.get("run")].append(record["seq"])
    for key, found in numbers.items():
        first = min(found)
        assert sorted(found) == list(range(first, first + len(found))), f"seq of {key}: {found}"
