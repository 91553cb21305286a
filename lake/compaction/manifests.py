"""What collectors say about their files: manifest lines, retired files, and days that a node has closed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Iterable, Iterator, Optional

from .checks import Expected
from .stores import Folder


@dataclass(frozen=True)
class SealedFile(Expected):
    """A manifest line of a file with events."""

    node: str
    firstReceivedAt: str
    lastReceivedAt: str
    input: str  # the folder in which it is

    @classmethod
    def of(cls, line: dict[str, Any]) -> Optional[SealedFile]:
        """Reads a line of a manifest or of an intent; None if it is no such line."""
        try:
            made = cls(**{name: line[name] for name in cls.__dataclass_fields__})
        except KeyError:
            return None
        counts = (made.events, made.rawBytes, made.compressedBytes)
        texts = (made.path, made.node, made.crc32, made.sha256, made.firstReceivedAt, made.lastReceivedAt, made.input)
        whole = all(isinstance(count, int) for count in counts) and all(isinstance(text, str) for text in texts)
        return made if whole else None

    def line(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @property
    def day(self) -> str:
        """The day of its last receipt, in UTC."""
        return self.lastReceivedAt[:10]


@dataclass
class Manifests:
    """Of all inputs together."""

    files: dict[str, SealedFile] = field(default_factory=dict)
    closed: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # by day and node
    contradicted: set[str] = field(default_factory=set)  # paths with two lines that differ


def objects(content: bytes) -> Iterator[dict[str, Any]]:
    """Returns the JSON objects of a file with one per line. A line that does not parse is skipped: a crash can leave one."""
    for text in content.split(b"\n"):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value


def read(inputs: Iterable[Folder]) -> Manifests:
    """Reads what all inputs say. Two inputs may have the same file; one of them is used."""
    found = Manifests()
    for folder in inputs:
        retired = {line.get("path") for name in _named(folder, "retired") for line in objects(folder.read(name))}
        for name in _named(folder, "manifest"):
            for line in objects(folder.read(name)):
                _add(found, SealedFile.of(line | {"input": folder.url}), retired)
        for name in _named(folder, "closed", ".json"):
            for mark in objects(folder.read(name).replace(b"\n", b" ")):
                day, node = name.split("/")[-2].removeprefix("date="), name.split("/")[-1].removesuffix(".json")
                found.closed[day, node] = mark
    return found


def _named(folder: Folder, kind: str, end: str = ".ndjson") -> list[str]:
    return [name for name in folder.list(kind) if name.endswith(end) and "/date=" in name]


def _add(found: Manifests, file: Optional[SealedFile], retired: set[Any]) -> None:
    if file is None or not file.path.startswith("events/") or file.path in retired:
        return
    known = found.files.setdefault(file.path, file)
    if known.sha256 != file.sha256:
        found.contradicted.add(file.path)
