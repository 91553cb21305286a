"""The recipes of FILES.md on a tree with odd events, written by a real collector."""

import datetime
import gzip
import json
import subprocess
import sys
from collections import Counter

import duckdb
import pytest
import zmq

import pages
from collector import Collector
from odd_events import EVENTS, Expected
from readback import sealed_files
from waiting import BOUND_SECONDS, finished

FILES = "docs/FILES.md"
ROUTERS = ("reliable", "again", "other")
# Spark starts slowly on a loaded machine.
SPARK_SECONDS = 240.0


class Tree:
    """A sealed tree, and the events sent to it."""

    def __init__(self, folder, day, expected, copies):
        self.folder, self.day, self.expected, self.copies = folder, day, expected, copies

    @property
    def unique(self):
        """Returns channel, name and id of each event without copies, with their counts."""
        return Counter((e.channel, e.name, e.message_id) for e in self.expected)

    @property
    def times(self):
        return Counter((e.name, e.time) for e in self.expected)

    def code(self, name):
        """Returns a block of the page, for this tree's day."""
        return pages.block(FILES, name).text.replace("2026-11-22", self.day)


def request(context, endpoint, payload):
    with context.socket(zmq.REQ) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, int(BOUND_SECONDS * 1000))
        socket.connect(endpoint)
        socket.send(payload)
        return json.loads(socket.recv())


def collector_in(touchpoint, folder):
    sources = [{"name": name, "pattern": "router", "bind": ["tcp://127.0.0.1:*"]} for name in ROUTERS]
    return Collector(touchpoint, folder, sources=sources).start()


def days(folder):
    return {path.name.removeprefix("date=") for path in folder.glob("data/events/*/date=*")}


@pytest.fixture(scope="module")
def context():
    with zmq.Context() as made:
        yield made


@pytest.fixture(scope="module")
def tree(touchpoint, tmp_path_factory, context):
    """A tree with all odd events in files of two sources, some of them twice."""
    while True:
        folder = tmp_path_factory.mktemp("tree")
        collector = collector_in(touchpoint, folder)
        try:
            copies = 0
            for number, event in enumerate(EVENTS):
                answer = request(context, collector.endpoint(event.source), event.sent.encode())
                assert answer["events"] == 1 and not answer["quarantined"], (event, answer)
                if number % 10 == 9:
                    collector.seal()
            for event in EVENTS:
                if event.again:
                    answer = request(context, collector.endpoint("again"), event.again.encode())
                    assert answer["events"] == 1, answer
                    copies += 1
            collector.seal()
            collector.drain()
        finally:
            collector.remove()
        [day, *others] = days(folder)
        if not others:  # or midnight came in between
            return Tree(folder, day, [event.expected for event in EVENTS], copies)


@pytest.fixture
def database(tree, monkeypatch):
    monkeypatch.chdir(tree.folder)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def instant(value):
    """Converts a reader's time of any type to the form that the tests compare."""
    if value is None or str(value) == "NaT":
        return None
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    return value.astimezone(datetime.timezone.utc).isoformat()


def check(tree, rows):
    """Asserts that rows of channel, name, id, time are the events that were sent, each once."""
    rows = list(rows)
    assert Counter((channel, name, key) for channel, name, key, _ in rows) == tree.unique
    assert Counter((name, instant(time)) for _, name, _, time in rows) == tree.times


@pages.runs(
    FILES, "events view", "events by channel", "totals by name", "unique events view",
    "events by local day", "to parquet",
)
def test_duckdb(tree, database):
    database.execute(tree.code("events view"))
    by_channel = dict(database.sql(tree.code("events by channel")).fetchall())
    assert sum(by_channel.values()) == len(EVENTS) + tree.copies
    assert set(by_channel) == {event.expected.channel for event in EVENTS}
    totals = {name: total for name, _, total in database.sql(tree.code("totals by name")).fetchall()}
    assert totals["Order Completed"] == Expected.order_totals(with_copies=True)
    database.execute(tree.code("unique events view"))
    check(tree, database.sql("SELECT channel, name, message_id, time FROM unique_events").fetchall())
    # Members of an event named like folders or metadata are still the event's own.
    own = database.sql("SELECT event->>'$.date', event->>'$.source' FROM events WHERE name = 'own names'").fetchall()
    assert own == [("1999-12-31", "/crm")]
    assert database.sql("SELECT DISTINCT typeof(hour), typeof(date) FROM events").fetchall() == [("VARCHAR", "DATE")]
    wide = database.sql("SELECT event->>'$.n' FROM events WHERE name = '300 digits'").fetchall()
    assert wide == [("9" * 300,)]
    rows = database.execute(tree.code("events by local day")).fetchall()
    assert sum(count for _, _, count in rows) == len(EVENTS)
    [night] = [day for day, channel, _ in rows if channel == "night shift"]
    # 23:30, five hours behind UTC, is the next morning in Berlin.
    assert night == datetime.date(2026, 11, 23)
    database.execute(tree.code("to parquet"))
    [(count,)] = database.sql("SELECT count(*) FROM 'parquet/**/*.parquet'").fetchall()
    assert count == len(EVENTS)


def run_python(tree, name, more, bound=BOUND_SECONDS, **environment):
    """Runs a recipe as a program with a few lines appended; returns the JSON that those print."""
    pages.write_programs(tree.folder, "rows.py")
    program = tree.folder / f"recipe_{name}.py"
    program.write_text(tree.code(name) + more)
    variables = [f"{key}={value}" for key, value in environment.items()]
    command = ["env", f"--chdir={tree.folder}", *variables, sys.executable, "-B", program.name]
    code, output, errors = finished(command, bound)
    assert code == 0, output + errors
    return json.loads(output.splitlines()[-1])


# Spark is made for far more than a hundred events: these settings suit a machine of two cores.
SPARK_DEFAULTS = """
spark.master local[2]
spark.ui.enabled false
spark.sql.shuffle.partitions 2
spark.sql.files.openCostInBytes 1024
"""


@pages.runs(FILES, "spark")
def test_spark(tree):
    (tree.folder / "spark-defaults.conf").write_text(SPARK_DEFAULTS)
    found = run_python(tree, "spark", """
import json
columns = ["channel", "name", "message_id", F.date_format("time", "yyyy-MM-dd HH:mm:ss.SSSSSSXXX")]
rows = [list(row) for row in unique.select(*columns).collect()]
[lines] = events.agg(F.count("*"), F.sum("total")).collect()
print(json.dumps({"rows": rows, "lines": lines[0], "total": lines[1]}))
""", SPARK_SECONDS, SPARK_CONF_DIR=tree.folder, SPARK_LOCAL_IP="127.0.0.1")
    # Spark shows a numeric id as text; every other reader, and the collector, treat it as missing.
    rows = [[c, name, None if name == "id as a number" else key, time] for c, name, key, time in found["rows"]]
    check(tree, rows)
    assert found["lines"] == len(EVENTS) + tree.copies
    assert round(found["total"], 2) == Expected.order_totals(with_copies=True)


@pages.runs(FILES, "pandas")
def test_pandas(tree):
    found = run_python(tree, "pandas", """
import json
rows = events[["channel", "name", "message_id", "time"]].astype(object)
rows = [[None if pd.isna(value) else str(value) for value in row] for row in rows.values.tolist()]
wide = [event["n"] for event in events["event"] if str(event.get("n", "")).startswith("9")]
print(json.dumps({"rows": rows, "total": round(float(events["total"].sum()), 2), "wide": wide}))
""")
    check(tree, found["rows"])
    assert found["total"] == Expected.order_totals(with_copies=False)
    assert sorted(map(len, map(str, found["wide"]))) == [20, 300]


@pages.runs(FILES, "polars")
def test_polars(tree):
    found = run_python(tree, "polars", """
rows = events.select("channel", "name", "message_id", pl.col("time").dt.to_string("%+")).rows()
print(json.dumps(rows))
""")
    check(tree, found)


@pages.runs(FILES, "rows.py")
def test_rows_keep_what_was_sent(tree, monkeypatch):
    monkeypatch.chdir(tree.folder)
    pages.write_programs(tree.folder, "rows.py")
    space = {}
    exec((tree.folder / "rows.py").read_text(), space)
    rows = list(space["rows"]("data/events/**/*.ndjson.gz"))
    assert len(rows) == len(EVENTS) + tree.copies and set(rows[0]) == set(space["COLUMNS"])
    ids = [row["message_id"] for row in rows]
    assert "00012" in ids and "12" in ids
    twice = next(row for row in rows if row["name"] == "key twice")
    assert twice["event"]["userId"] == "1"


@pages.runs(FILES, "quarantine")
def test_quarantine_empty_and_full(touchpoint, tmp_path, context, monkeypatch):
    monkeypatch.chdir(tmp_path)
    collector = collector_in(touchpoint, tmp_path)
    query = pages.block(FILES, "quarantine").text
    try:
        endpoint = collector.endpoint("reliable")
        request(context, endpoint, b'{"good":1}')
        collector.seal()
        with duckdb.connect() as database:
            assert database.execute(query).fetchall() == []
        control = b'{"\x01":' + b'"\x01\x02\x03"' * 700_000
        for bad in (b"not json", b'"' * (4000 << 10), control, gzip.compress(b"\n\t" * (1 << 20)), b"\xff\xfe{"):
            answer = request(context, endpoint, bad)
            assert answer["status"] == "committed" and answer["quarantined"], answer
        collector.seal()
        collector.drain()
    finally:
        collector.remove()
    with duckdb.connect() as database:
        found = {reason: (count, example) for reason, count, example in database.execute(query).fetchall()}
    assert sum(count for count, _ in found.values()) >= 5
    assert all(example for _, example in found.values())


@pages.runs(FILES, "day complete", "numbers complete")
def test_a_day_is_complete(tree, database):
    query = tree.code("day complete")
    files = sealed_files(tree.folder / "data")
    complete = database.execute(query).fetchall()
    assert complete == [(len(files), len(EVENTS) + tree.copies, 0)]
    numbers = database.execute(tree.code("numbers complete")).fetchall()
    assert [(source, missing) for source, _, _, missing in numbers] == [("again", 0), ("other", 0), ("reliable", 0)]
    aside = files[0].with_name("aside")
    files[0].rename(aside)
    try:
        assert database.execute(query).fetchall()[0][2] == 1
    finally:
        aside.rename(files[0])


def test_a_day_without_anything_is_complete(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as database:
        query = pages.block(FILES, "day complete").text
        assert database.execute(query).fetchall() == [(0, 0, 0)]
        assert database.execute(pages.block(FILES, "numbers complete").text).fetchall() == []


@pages.runs(FILES, "zcat", "open files")
def test_shell(tree, touchpoint):
    places = (("channel=web/", "channel=web/"), ("hour=10/", "hour=*/"), ("T10:00:00Z", "T00:00:00Z"))
    text = tree.code("zcat")
    for old, new in places:
        text = text.replace(old, new)
    text = text.replace("T11:00:00Z", "T23:59:59.999999Z")
    outputs = [shell(tree, touchpoint, line) for line in text.splitlines()]
    web = sum(event.expected.channel == "web" for event in EVENTS)
    copies = [event for event in EVENTS if event.again and event.expected.channel == "web"]
    assert len(outputs[0].splitlines()) == 2
    counts = [line.split(None, 1) for line in outputs[1].splitlines()]
    assert sum(int(count) for count, _ in counts) == web + len(copies)
    assert int(outputs[2]) == len(EVENTS) + tree.copies
    assert all(json.loads(line)["_touchpoint"]["channel"] == "web" for line in outputs[3].splitlines())
    assert shell(tree, touchpoint, tree.code("open files")) == ""


def shell(tree, touchpoint, text):
    done = subprocess.run(
        ["bash", "-c", f"PATH={touchpoint}:$PATH; {text}"],
        cwd=tree.folder, capture_output=True, text=True, timeout=BOUND_SECONDS,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout
