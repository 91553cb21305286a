"""Data folders of two real collectors, what they were sent, and tables as DuckDB reads them."""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from collector import Collector
from odd_events import EVENTS

PROJECT = Path(__file__).resolve().parents[2]
BULK = 6000
BOTH = 400  # events that both collectors were sent
UNIT = re.compile(r"unit (\d+): (\d+) files, (\d+) read = (\d+) written \+ (\d+) duplicates \+ (\d+) refused")

# Values that JSON readers must accept, each as the value of a member.
ACCEPTED = [
    "[[]   ]", '[""]', "[]", '["a"]', "[false]", '[null, 1, "1", {}]', "[null]", " [1]", "[1,null,null,null,2]", "[2] ",
    "[0e+1]", "[0e1]", "[ 4]", "[-0]", "[123]", "[1E22]", "[1E-2]", "[1E+2]", "[123e45]", "[123.456e78]", "[1e-2]",
    "[1e+2]", "[123.456789]", "[20e1]", "[-123]", "[-1]", "[-0.0]", "[0.%s1]" % ("0" * 76), '{"a":"b","a":"b"}',
    '{"a":"b","a":"c"}', '{"":0}', '{"foo\\u0000bar": 42}', "{}", '{"a":[]}', '{"title":"\\u041f\\u043e"}',
    '["\\u0060\\u012a\\u12AB"]', '["\\uD801\\udc37"]', '["\\ud83d\\ude39\\ud83d\\udc8d"]', '["\\"\\\\\\/\\b\\f\\n\\r\\t"]',
    '["\\\\u0000"]', '["\\""]', '["a/*b*/c/*d//e"]', '["\\\\a"]', '["\\\\n"]', '["\\u0012"]', '["\\uFFFF"]', '["asd"]',
    '[ "asd"]', '["\\uDBFF\\uDFFF"]', '["new\\u00A0line"]', '["\U0010ffff"]', '["\\u0000"]', '["\\u002c"]', '["π"]',
    '["\U0001bfff"]', '["asd "]', '" "', '["\\u0821"]', '["\\u0123"]', '["\u2028"]', '["\u2029"]',
    '["\\u0061\\u30af\\u30EA\\u30b9"]', '["new\\u000Aline"]', '["\x7f"]', '["\\uA66D"]', '["\\u005C"]', '["⍂㈴⍂"]',
    '["\\u200B"]', '["\\u2064"]', '["\\uFDD0"]', '["\\uFFFE"]', '["\\u0022"]', '["€𝄞"]', '["aa"]', "false", "42", "-0.1",
    "null", '"asd"', "true", '""', "1e-400", "-%s" % ("9" * 60), "0.1234567890123456789012345678901234567890",
]
REPEATED = [
    '{"channel":"web","event":"a","event":"b","messageId":"r%d","messageId":"s","userId":"1","userId":2,' % number
    + '"properties":{"x":1,"x":2}}'
    for number in range(8)
]
# Ids by which no event is recognised, and one that is reused with other content: all are kept.
IDS = [{"event": "ids", "channel": "web", "messageId": value} for value in (12, 12, "", "", None, [1], "k" * 1025, "k" * 1025)]
IDS += [{"event": "reused", "channel": "web", "messageId": "same", "n": number} for number in range(3)]


def bulk(number):
    """Returns a usual event of a web shop."""
    return {
        "type": "track", "event": ("Product Viewed", "Order Completed", "Cart Updated")[number % 3],
        "channel": ("web", "app")[number % 2], "messageId": f"bulk-{number}", "userId": f"u-{number % 700}",
        "timestamp": f"2026-11-22T10:{number % 60:02}:00.{number:06}Z",
        "properties": {"total": round(number * 0.37, 2), "sku": f"sku-{number % 50}", "quantity": number % 9},
        "context": {"page": {"path": f"/p/{number % 40}"}, "library": {"name": "shop", "version": "1.0"}},
    }


@dataclass
class Nodes:
    """The data folders, and how many events they have."""

    folders: list[Path]
    written: int = 0
    duplicates: int = 0
    programs: Path | None = None
    copies: list[Path] = field(default_factory=list)

    def copied(self, place):
        """Returns copies of the folders that a test may damage."""
        made = []
        for folder in self.folders:
            made.append(place / folder.parent.name / "data")
            shutil.copytree(folder, made[-1])
        return made


def write_two_nodes(programs, folder):
    """Starts two collectors and sends them events: 400 usual ones and some others to both of them."""
    events = [bulk(number) for number in range(BULK)]
    half = BULK // 2
    odd = [event.sent.encode() for event in EVENTS] + [text.encode() for text in REPEATED]
    odd += [('{"event":"accepted","channel":"web","value":%s}' % text).encode() for text in ACCEPTED]
    odd += [json.dumps(event).encode() for event in IDS]
    first = [json.dumps(event).encode() for event in events[: half + BOTH]] + odd
    retried = [REPEATED[0].encode(), json.dumps({"sentAt": "2026-11-22T10:00:09Z"} | IDS[-1]).encode()]
    second = [json.dumps(event | {"sentAt": "2026-11-22T10:00:00Z"}).encode() for event in events[half:]] + retried
    folders = []
    for node, lines in (("c1", first), ("c2", second)):
        collector = Collector(programs, folder / node, node=node, segment={"maxBytes": "64KiB"}).start()
        try:
            for part in range(3):
                path = folder / f"{node}-{part}.ndjson"
                path.write_bytes(b"".join(line + b"\n" for line in lines[part::3]))
                send(programs, collector, path, len(lines[part::3]))
                collector.seal()
            collector.drain()
        finally:
            collector.remove()
        folders.append(collector.data)
    total = len(first) + len(second)
    copies = BOTH + len(retried)
    return Nodes(folders, total - copies, copies, programs)


def send(programs, collector, path, count):
    command = [programs / "touchpoint-send", "--pattern", "dealer", "--to", collector.endpoint("reliable"), path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and f"acknowledged {count}," in done.stdout, done.stdout + done.stderr


@dataclass(frozen=True)
class Outcome:
    """What a run of the job printed."""

    output: str
    errors: str

    @property
    def units(self):
        """Returns read, written, duplicates and refused of each unit."""
        found = [tuple(map(int, match.groups()))[2:] for match in UNIT.finditer(self.output)]
        for read, written, duplicates, refused in found:
            assert read == written + duplicates + refused
        return found


def sent_places(folders):
    """Returns (node, source, run, seq) of every line in the files."""
    found = set()
    for folder in folders:
        for path in folder.glob("events/**/*.ndjson.gz"):
            for line in gzip.open(path, "rb"):
                about = json.loads(line)["_touchpoint"]
                found.add((about["node"], about["source"], about["run"], about["seq"]))
    return found


def rows(table, query="SELECT node, source, run, seq FROM events", **more):
    """Asks DuckDB about the files that the table's commits name."""
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        files = DeltaTable(str(table)).file_uris()
        if not files:
            return []
        source = f"read_parquet({files!r}, union_by_name=true, hive_partitioning=true)"
        database.execute(f"CREATE VIEW events AS SELECT * FROM {source}")
        return database.execute(query, more or None).fetchall()


def places(table):
    """Returns the places of all rows, and asserts that none is there twice."""
    found = rows(table)
    assert len(set(found)) == len(found), "a row is there twice"
    return set(found)


def ledgers(table):
    """Returns the ledgers of all units, by their commits."""
    found = [json.loads(entry["touchpoint"]) for entry in DeltaTable(str(table)).history() if "touchpoint" in entry]
    for ledger in found:
        assert ledger["read"] == ledger["written"] + ledger["duplicates"] + ledger["refused"], ledger
    return sorted(found, key=lambda ledger: ledger["unit"])


# Damage


def events_files(folder):
    return sorted(folder.glob("events/**/*.ndjson.gz"))


def damage_crc(folder, path):
    """Changes the CRC in the trailer of a file; its manifest line agrees with the changed file."""
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    amend(folder, path, sha256=hashlib.sha256(content).hexdigest())


def cut(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def add_line(folder, path):
    """Adds a line to a file; its manifest line agrees but for the number of lines."""
    text = gzip.decompress(path.read_bytes())
    text += text.splitlines(keepends=True)[0]
    content = gzip.compress(text, 1)
    path.write_bytes(content)
    amend(folder, path, sha256=hashlib.sha256(content).hexdigest(), rawBytes=len(text), compressedBytes=len(content),
          crc32=f"{zlib.crc32(text):08x}")


def amend(folder, path, **changes):
    """Changes the manifest line of a file."""
    for manifest in folder.glob("manifest/*/*.ndjson"):
        lines = [json.loads(line) for line in manifest.read_text().splitlines()]
        for line in lines:
            if line["path"] == str(path.relative_to(folder)):
                line.update(changes)
        manifest.write_text("".join(json.dumps(line) + "\n" for line in lines))
