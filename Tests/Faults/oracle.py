"""The ledger check, with which every test of this folder ends.

Every acknowledged event is in the files, exactly as sent; everything in the files was sent; every sealed file is
complete and matches its line in the manifest; no two lines have the same number; the daemon's own check and its
ledger agree.
"""

import errno
import hashlib
import json
import os
import zlib
from collections import Counter

from readback import sealed_files, taken_apart
from waiting import finished, wait_until

# The daemon reports this where it could not read which events it has.
NOT_RECOGNISED = "may be written again"


class Lost(AssertionError):
    """Acknowledged events are lost: this must never happen, except in must-fail twins."""

    def __init__(self, missing, acknowledged, problems=()):
        self.count = len(missing)
        self.acknowledged = acknowledged
        some = ", ".join(sorted(missing)[:5])
        more = "".join(f"\n{problem}" for problem in problems[:5])
        super().__init__(f"{self.count} of {acknowledged} acknowledged are gone: {some}{more}")


class NotRecovered(AssertionError):
    """The recovery has not ended."""


class Repeated(AssertionError):
    """Events are stored twice although the daemon has deduplication on."""

    def __init__(self, again, events, more=""):
        self.count = len(again)
        self.acknowledged = events
        super().__init__(f"{self.count} of {events} are there twice: {', '.join(sorted(again)[:5])}{more}")


class Found:
    """The content of the files of a data folder."""

    def __init__(self):
        self.events = Counter()
        self.numbers = Counter()
        self.lines = 0
        self.quarantined = 0
        # Errors in single files.
        self.problems = []

    @property
    def duplicates(self):
        return sum(self.events.values()) - len(self.events)

    @property
    def twice(self):
        return {identifier for identifier, count in self.events.items() if count > 1}


def recovered(collector):
    """Waits for the end of the recovery."""

    def is_done():
        return collector.ask("status")["recovery"]["state"] == "done"

    try:
        wait_until("the end of the recovery", is_done)
    except AssertionError as failure:
        raise NotRecovered(f"{failure}\n{collector.log}") from None


def check(collector, *loads, absent=(), removed=(), recognises=True):
    """Checks everything on a running collector. Its loads have settled, or their collector was killed.

    `absent`: identifiers that a test itself removed. `removed`: paths of sealed files that it removed. `recognises`:
    whether resent events must be recognised.
    """
    recovered(collector)
    answer = collector.ask("seal")
    assert "error" not in answer, f"{answer}\n{collector.log}"
    found = check_files(collector.data, loads, absent, removed)
    if recognises:
        assert_recognised(collector, found, loads)
    hidden = [str(path) for path in collector.data.rglob(".*") if path.name.startswith(".part-")]
    assert not hidden, f"left behind: {hidden}\n{collector.log}"
    check_daemon(collector, found, whole=not removed)
    check_log(collector)
    return found


def check_log(collector):
    """Asserts that no file was used after it was closed: the next one with its number would be written instead."""
    lines = collector.log_path.read_text(errors="replace").splitlines()
    wrong = [line for line in lines if os.strerror(errno.EBADF) in line]
    assert not wrong, "\n".join(wrong)


def check_files(data, loads, absent=(), removed=()):
    """Checks what the files alone can tell."""
    acknowledged = [line.split()[0] for load in loads for line in load.log_path.read_text().splitlines()]
    assert len(acknowledged) == len(set(acknowledged)), "one identifier acknowledged twice"
    sent, refused = {}, {}
    for load in loads:
        assert not load.wrong_answers, f"answers that make no sense: {load.wrong_answers[:3]}"
        sent.update(load.sent)
        refused.update(load.refused)
    found = Found()
    manifest = read_manifest(data, found.problems)
    for kind, expected in (("events", sent), ("quarantine", refused)):
        for path in sealed_files(data, kind):
            entry = manifest.pop(str(path.relative_to(data)), None)
            try:
                read_file(path, entry, expected, found)
            except AssertionError as problem:
                found.problems.append(str(problem))
    gone = manifest.keys() - set(removed)
    if gone:
        found.problems.append(f"lines of the manifest without a file: {sorted(gone)}")
    doubtful = set().union(*(load.doubtful for load in loads))
    missing = set(acknowledged) - found.events.keys() - set(absent) - doubtful
    if missing:
        raise Lost(missing, len(acknowledged), found.problems)
    assert not found.problems, found.problems
    assert_once(found, loads)
    return found


def assert_once(found, loads):
    """Asserts that events sent once are stored once, and that no two lines have the same number."""
    repeated = set().union(*(load.repeated for load in loads))
    invented = found.twice - repeated
    assert not invented, f"there twice, but sent once: {sorted(invented)[:5]}"
    numbers = [number for number, count in found.numbers.items() if count > 1]
    assert not numbers, f"numbers that two lines have: {sorted(numbers)[:5]}"


def assert_recognised(collector, found, loads):
    """Asserts that no event is stored twice, resent or not. Pieces in quarantine have no identifier to recognise."""
    if NOT_RECOGNISED in collector.log_path.read_text(errors="replace"):
        return
    again = found.twice.difference(*(load.refused for load in loads))
    if again:
        raise Repeated(again, len(found.events), f"\n{collector.log}")
    assert collector.ask("status")["dedup"]["state"] == "ready", collector.log


def read_manifest(data, problems):
    """Returns the entries by path. A line that a crash tore is skipped, as the format requires."""
    entries = {}
    for path in sorted((data / "manifest").rglob("*.ndjson")):
        for line in path.read_bytes().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry["path"] in entries:
                problems.append(f"two lines for {entry['path']}")
            entries[entry["path"]] = entry
    return entries


def read_file(path, entry, expected, found):
    """Reads one sealed file as far as it is intact; raises its error."""
    packed = path.read_bytes()
    unpacker = zlib.decompressobj(31)
    try:
        raw = unpacker.decompress(packed)
    except zlib.error as error:
        raise AssertionError(f"{path} is damaged: {error}") from None
    assert unpacker.eof and not unpacker.unused_data, f"{path} is not one whole gzip member"
    assert raw.endswith(b"\n"), f"{path} does not end with a line break"
    lines = raw[:-1].split(b"\n")
    for line in lines:
        read_line(path, line, expected, found)
    found.lines += len(lines)
    if "reason=" in str(path):
        found.quarantined += len(lines)
    assert entry is not None, f"{path} has no line in the manifest"
    for key, value in {
        "events": len(lines), "rawBytes": len(raw), "compressedBytes": len(packed),
        "sha256": hashlib.sha256(packed).hexdigest(), "crc32": f"{zlib.crc32(raw):08x}",
    }.items():
        assert entry[key] == value, f"{path}: {key} is {value}, the manifest says {entry[key]}"


def read_line(path, line, expected, found):
    metadata, original = taken_apart(line)
    if "reason=" in str(path):
        original = json.loads(original)["payload"].encode()
        identifier = original.split(b'"')[3].decode()
    else:
        body = json.loads(original)
        identifier = body["messageId"]
        checksum = body.pop("sum")
        assert zlib.crc32(json.dumps(body).encode()) == checksum, f"{path}: {line[:200]!r}"
    assert identifier in expected, f"{path}: {identifier} was never sent"
    assert original == expected[identifier], f"{path}: {identifier} is not what was sent"
    found.events[identifier] += 1
    found.numbers[metadata["source"], metadata["run"], metadata["seq"]] += 1


def check_daemon(collector, found, whole=True):
    """Compares the daemon's own check, and its ledger, with the content of the files."""
    collector.verify(expect=0 if whole else 65)
    files = list(map(str, sealed_files(collector.data)))
    for start in range(0, len(files), 1000):
        code, _, errors = finished(["gzip", "-t", *files[start : start + 1000]])
        assert code == 0 and not errors, errors
    assert_balanced(collector)
    if whole:
        ledger = collector.ledger()
        in_files = (found.lines - found.quarantined, found.quarantined)
        in_ledger = (ledger["written"], ledger["quarantined"])
        assert in_files == in_ledger, f"files have {in_files}, the ledger says {ledger}\n{collector.log}"


def assert_balanced(collector):
    """Asserts received = written + quarantined + duplicate + dropped + inFlight, which holds at any moment."""
    stats = collector.ask("stats")
    ledgers = [stats["ledger"], *(source["ledger"] for source in stats["sources"].values())]
    for ledger in ledgers:
        parts = ("written", "quarantined", "duplicate", "dropped", "inFlight")
        assert ledger["received"] == sum(ledger[part] for part in parts), ledger
