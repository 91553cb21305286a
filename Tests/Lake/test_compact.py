"""The job with DuckDB on the folders of two real collectors."""

import datetime
import json
import shutil

from deltalake import DeltaTable

import folders
from folders import ACCEPTED, BULK, IDS, REPEATED, events_files, ledgers, places, rows


def test_every_event_once(nodes, compact, tmp_path):
    table = tmp_path / "table"
    done = compact("duckdb", nodes.folders, table)
    [(read, written, duplicates, refused)] = done.units
    assert (written, duplicates, refused) == (nodes.written, nodes.duplicates, 0)
    assert len(places(table)) == nodes.written and places(table) <= folders.sent_places(nodes.folders)
    assert ledgers(table)[0]["read"] == read == nodes.written + nodes.duplicates
    bulk = rows(table, "SELECT messageId, count(*) FROM events WHERE messageId LIKE 'bulk-%' GROUP BY 1")
    assert len(bulk) == BULK and all(count == 1 for _, count in bulk)
    # The first receipt stays: the first collector was sent everything before the second one.
    assert rows(table, "SELECT DISTINCT node FROM events WHERE messageId = 'bulk-3100'") == [("c1",)]
    # A second run has nothing to do.
    assert compact("duckdb", nodes.folders, table).units == []
    assert DeltaTable(str(table)).transaction_version("touchpoint") == 1


def test_odd_events_are_all_there(nodes, compact, tmp_path):
    table = tmp_path / "table"
    compact("duckdb", nodes.folders, table)
    assert rows(table, "SELECT count(*) FROM events WHERE event = 'accepted'") == [(len(ACCEPTED),)]
    values = [json.loads(rest)["value"] for (rest,) in rows(table, "SELECT rest FROM events WHERE event = 'accepted'")]
    assert sorted(map(repr, values)) == sorted(repr(json.loads(text)) for text in ACCEPTED)
    assert rows(table, "SELECT count(*) FROM events WHERE event = 'a' AND messageId LIKE 'r%' AND userId = '1'") == [(len(REPEATED),)]
    assert rows(table, "SELECT count(*) FROM events WHERE event IN ('ids', 'reused')") == [(len(IDS),)]
    digits = rows(table, "SELECT rest FROM events WHERE rest LIKE '%1234567890123456789012345678901234567890%'")
    assert len(digits) == 1, "a number has lost digits"


def test_columns(nodes, compact, tmp_path):
    table = tmp_path / "table"
    more = ("--column", "total=properties.total:double", "--column", "page=context.page.path:string", "--column", "n=n:long")
    compact("duckdb", nodes.folders, table, *more)
    [row] = rows(table, "SELECT receivedAt::DATE = date, eventTime, channel, event, type, messageId, userId, anonymousId, "
                        "properties, traits, rest, source, total, page, n FROM events WHERE messageId = 'bulk-3'")
    moment = datetime.datetime(2026, 11, 22, 10, 3, 0, 3, tzinfo=datetime.timezone.utc)
    assert row == (True, moment, "app", "Product Viewed", "track", "bulk-3", "u-3", None,
                   '{"total":1.11,"sku":"sku-3","quantity":3}', None, None, "reliable", 1.11, "/p/3", None)
    assert rows(table, "SELECT n FROM events WHERE event = 'reused' ORDER BY n") == [(0,), (1,), (2,)]
    # Values that do not fit are NULL, and stay in the JSON.
    assert rows(table, "SELECT total FROM events WHERE event = 'total as text'") == [(None,)]
    late = ("--column", "sku=properties.sku:string", *more)
    assert compact("duckdb", nodes.folders, table, *late).units == []
    assert rows(table, "SELECT count(*) FROM (DESCRIBE events) WHERE column_name = 'sku'") == [(0,)]
    assert "sku" in DeltaTable(str(table)).schema().to_json()
    wrong = compact("duckdb", nodes.folders, table, "--column", "total=properties.total:string", expect=78)
    assert "declare that type" in wrong.errors
    assert "--json text" in compact("duckdb", nodes.folders, table, "--json", "variant", expect=78).errors


def test_files_are_sorted_and_compressed(nodes, compact, tmp_path):
    table = tmp_path / "table"
    compact("duckdb", nodes.folders, table)
    for file in DeltaTable(str(table)).file_uris():
        found = rows(table, "SELECT channel, receivedAt FROM read_parquet($file)", file=file)
        assert found == sorted(found)
        facts = rows(table, "SELECT DISTINCT compression FROM parquet_metadata($file)", file=file)
        assert facts == [("ZSTD",)]
        [(kind,)] = rows(table, "SELECT logical_type FROM parquet_schema($file) WHERE name = 'receivedAt'", file=file)
        assert "MICROS" in kind and "isAdjustedToUTC=1" in kind.replace("true", "1")


def test_copies_over_units(nodes, compact, tmp_path):
    """Each file is a unit: copies are found in what is published."""
    table = tmp_path / "table"
    done = compact("duckdb", nodes.folders, table, "--unit-bytes", "1")
    assert len(done.units) == sum(len(events_files(folder)) for folder in nodes.folders)
    assert sum(unit[1] for unit in done.units) == nodes.written == len(places(table))
    assert len(ledgers(table)) == len(done.units)
    none = compact("duckdb", nodes.folders, tmp_path / "all", "--window", "0s", "--unit-bytes", "1")
    assert sum(unit[2] for unit in none.units) < nodes.duplicates


def test_variant(nodes, compact, tmp_path):
    table = tmp_path / "table"
    [(_, written, duplicates, _)] = compact("duckdb", nodes.folders, table, "--json", "variant").units
    assert (written, duplicates) == (nodes.written, nodes.duplicates)
    totals = rows(table, "SELECT sum(properties.total::DOUBLE), typeof(any_value(properties)) FROM events WHERE messageId LIKE 'bulk-%'")
    assert totals == [(sum(round(number * 0.37, 2) for number in range(BULK)), "VARIANT")] or abs(totals[0][0] - 6658890) < 1
    units = compact("duckdb", nodes.folders, tmp_path / "units", "--json", "variant", "--unit-bytes", "200KiB").units
    assert sum(unit[1] for unit in units) == nodes.written and len(units) > 1


def test_damaged_files_are_refused_and_taken_once_right(nodes, compact, tmp_path):
    damaged = nodes.copied(tmp_path)
    table = tmp_path / "table"
    files = events_files(damaged[0])
    one, two, three, four = files[0], files[1], files[2], files[3]
    folders.damage_crc(damaged[0], one)
    folders.cut(two)
    folders.add_line(damaged[0], three)
    four.unlink()
    done = compact("duckdb", damaged, table, expect=65)
    for file in (one, two, three, four):
        assert f"refused {file.relative_to(damaged[0])}:" in done.errors
    assert done.errors.count("refused ") == 4 and done.units[0][3] > 0
    # They are named at every run, and make no unit while they are wrong.
    again = compact("duckdb", damaged, table, expect=65)
    assert again.units == [] and again.errors.count("refused ") == 4
    for file in (one, two, three, four):
        shutil.copy(nodes.folders[0] / file.relative_to(damaged[0]), file)
    shutil.rmtree(damaged[0] / "manifest")
    shutil.copytree(nodes.folders[0] / "manifest", damaged[0] / "manifest")
    [(read, written, _, refused)] = compact("duckdb", damaged, table).units
    assert refused == 0 and read > 0
    assert sum(ledger["written"] for ledger in ledgers(table)) == nodes.written == len(places(table))


def test_a_manifest_line_per_file_counts(nodes, compact, tmp_path):
    """Torn lines are skipped, a file without a line is not read, a file of two inputs is read once."""
    copied = nodes.copied(tmp_path)
    [manifest] = copied[0].glob("manifest/*/*.ndjson")
    *lines, last = manifest.read_bytes().splitlines(keepends=True)
    manifest.write_bytes(b"".join(lines) + lines[0] + last[:40])
    done = compact("duckdb", [*copied, nodes.folders[1]], tmp_path / "table")
    assert done.units[0][0] == nodes.written + nodes.duplicates - json.loads(last)["events"]


def closed(folder, day, node, files):
    place = folder / "closed" / f"date={day}"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{node}.json").write_text(json.dumps({"files": files}))


def test_watermark(nodes, compact, tmp_path):
    copied = nodes.copied(tmp_path)
    table = tmp_path / "table"
    [day] = {path.name.removeprefix("date=") for folder in copied for path in folder.glob("events/*/date=*")}
    counts = [len(events_files(folder)) for folder in copied]
    closed(copied[0], day, "c1", counts[0])
    held = tmp_path / "held"
    shutil.move(copied[1] / "manifest", held)
    closed(copied[1], day, "c2", counts[1])
    assert "no day is complete yet" in compact("duckdb", copied, table).output
    shutil.move(held, copied[1] / "manifest")
    assert f"complete to {day}" in compact("duckdb", copied, table).output
    assert DeltaTable(str(table)).metadata().configuration["touchpoint.completeTo"] == day
    assert "no day is known" in compact("duckdb", nodes.folders, tmp_path / "plain").output


def test_dry_run_until_and_optimize(nodes, compact, tmp_path):
    table = tmp_path / "table"
    said = compact("duckdb", nodes.folders, table, "--dry-run", "--unit-bytes", "200KiB").output
    units = int(said.splitlines()[-1].split()[0])
    assert units > 1 and not table.joinpath("_delta_log").exists()
    assert compact("duckdb", nodes.folders, table, "--until", "2020-01-01").units == []
    assert len(compact("duckdb", nodes.folders, table, "--unit-bytes", "200KiB").units) == units
    before = places(table)
    [day] = {path.name.removeprefix("date=") for folder in nodes.folders for path in folder.glob("events/*/date=*")}
    copied = nodes.copied(tmp_path)
    for folder in copied:
        closed(folder, day, folder.parent.name, len(events_files(folder)))
    assert "merged the files of 1 days" in compact("duckdb", copied, table, "--optimize").output
    assert len(DeltaTable(str(table)).file_uris()) == 1 and places(table) == before
    assert compact("duckdb", copied, table).units == [], "what was committed is forgotten"


def test_usage(compact, tmp_path):
    (tmp_path / "empty").mkdir()
    for more, text in (
        (("--window", "1 day"), "for example 1d"), (("--unit-bytes", "0"), "MiB"), (("--column", "total"), "NAME=PATH:TYPE"),
        (("--column", "event=x:string"), "another name"), (("--column", "a=b:int"), "one of"), (("--until", "soon"), "2026-11-22"),
        (("--column", "at=timestamp:string"), "eventTime"),
        (("--nonsense",), "--help"),
    ):
        assert text in compact("duckdb", tmp_path / "empty", tmp_path / "t", *more, expect=64).errors
    assert "s3://BUCKET" in compact("duckdb", "ftp://x/y", tmp_path / "t", expect=64).errors
