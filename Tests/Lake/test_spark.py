"""The job with Spark, beside the same work with DuckDB."""

import json
from pathlib import Path

import pyspark
from deltalake import DeltaTable

import folders
from folders import ACCEPTED, BULK, IDS, REPEATED, events_files, ledgers, places, rows

COLUMNS = (
    "receivedAt", "eventTime", "channel", "event", "type", "messageId", "userId", "anonymousId", "properties", "context", "traits",
    "rest", "total", "page", "number", "user", "moment",
)
DECLARED = (
    "--column", "total=properties.total:double", "--column", "page=context.page.path:string", "--column", "number=n:long",
    "--column", "user=userId:string", "--column", "moment=timestamp.at:timestamp",
)
JSON = ("properties", "context", "traits", "rest")


def by_place(table):
    found = rows(table, f"SELECT node, source, run, seq, {', '.join(COLUMNS)} FROM events")
    return {row[:4]: dict(zip(COLUMNS, row[4:])) for row in found}


def value(text):
    """A text of JSON as its value, with repeated keys."""
    return None if text is None else repr(json.loads(text, object_pairs_hook=sorted_pairs))


def sorted_pairs(pairs):
    return sorted(pairs, key=lambda pair: (pair[0], repr(pair[1])))


def test_both_engines_agree(nodes, compact, tmp_path):
    """spark-submit, all files at once: the same rows as with DuckDB, column by column."""
    spark, duck = tmp_path / "spark", tmp_path / "duck"
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    done = compact("spark", nodes.folders, spark, *DECLARED, program=(submit,))
    assert [unit[1:] for unit in done.units] == [(nodes.written, nodes.duplicates, 0)]
    compact("duckdb", nodes.folders, duck, *DECLARED)
    assert places(spark) == places(duck) and len(places(spark)) == nodes.written
    assert rows(spark, "SELECT count(*) FROM events WHERE event = 'accepted'") == [(len(ACCEPTED),)]
    assert rows(spark, "SELECT count(*) FROM events WHERE event IN ('ids', 'reused')") == [(len(IDS),)]
    assert rows(spark, "SELECT count(*) FROM events WHERE event = 'a' AND userId = '1'") == [(len(REPEATED),)]
    left, right = by_place(spark), by_place(duck)
    for place, row in left.items():
        for name in COLUMNS:
            mine, other = row[name], right[place][name]
            assert (value(mine) == value(other)) if name in JSON else (mine == other), (place, name, mine, other)
    for file in DeltaTable(str(spark)).file_uris():
        found = rows(spark, "SELECT channel, receivedAt FROM read_parquet($file)", file=file)
        assert found == sorted(found)
        assert rows(spark, "SELECT DISTINCT compression FROM parquet_metadata($file)", file=file) == [("ZSTD",)]
        [(kind,)] = rows(spark, "SELECT logical_type FROM parquet_schema($file) WHERE name = 'receivedAt'", file=file)
        assert "MICROS" in kind


def test_units_of_both_engines_in_one_table(nodes, compact, tmp_path):
    """One collector's files by Spark, then the other's by DuckDB, and the other way: copies are found in what is there."""
    for first, second in (("duckdb", "spark"), ("spark", "duckdb")):
        table = tmp_path / f"{first}-first"
        compact(first, nodes.folders[0], table)
        compact(second, nodes.folders[1], table)
        assert len(places(table)) == nodes.written
        assert sum(ledger["duplicates"] for ledger in ledgers(table)) == nodes.duplicates
        assert [ledger["engine"] for ledger in ledgers(table)] == [first, second]


def test_damaged_files_are_refused(nodes, compact, tmp_path):
    damaged = nodes.copied(tmp_path)
    files = events_files(damaged[0])
    folders.damage_crc(damaged[0], files[0])
    folders.cut(files[1])
    folders.add_line(damaged[0], files[2])
    files[3].unlink()
    done = compact("spark", damaged, tmp_path / "table", expect=65)
    for file in files[:4]:
        assert f"refused {file.relative_to(damaged[0])}:" in done.errors
    duck = compact("duckdb", damaged, tmp_path / "duck", expect=65)
    assert duck.units == done.units and places(tmp_path / "duck") == places(tmp_path / "table")


def test_variant(nodes, compact, tmp_path):
    table = tmp_path / "table"
    compact("spark", nodes.folders[0], table, "--json", "variant")
    compact("duckdb", nodes.folders[1], table, "--json", "variant")
    assert len(places(table)) == nodes.written
    [(total, kind)] = rows(table, "SELECT sum(properties.total::DOUBLE), any_value(typeof(properties)) FROM events "
                                  "WHERE messageId LIKE 'bulk-%'")
    assert kind == "VARIANT" and abs(total - sum(round(number * 0.37, 2) for number in range(BULK))) < 0.01
