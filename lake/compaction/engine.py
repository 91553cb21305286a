"""What a unit asks of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Protocol
from urllib.parse import unquote

from .columns import Declared
from .manifests import SealedFile
from .stores import Folder
from .table import Table, Written


@dataclass(frozen=True)
class Job:
    """A unit's work. All its files are right."""

    files: list[SealedFile]
    table: Table
    folder: Folder  # of the table
    name: str  # of the folder in each day: unit and a random part
    window: int  # seconds
    variant: bool
    extra: list[Declared]


@dataclass(frozen=True)
class Outcome:
    """What the engine counted, and the files that it wrote."""

    read: int
    duplicates: int
    files: list[Written]


class Engine(Protocol):
    """Reads gzip files of lines, removes copies, writes sorted Parquet files."""

    name: str

    def problems(self, files: list[SealedFile]) -> dict[str, str]:
        """Returns, by path, why a file must not be read."""

    def compact(self, job: Job) -> Outcome:
        """Writes `date=D/<name>/*.parquet` below the table. Nothing names these files before the commit."""

    def close(self) -> None:
        """Frees what the engine holds."""


def channel_of(path: str) -> Optional[str]:
    """Returns the channel that a file's folder names, for lines that do not name theirs."""
    for part in path.split("/"):
        if part.startswith("channel=") and part != "channel=__HIVE_DEFAULT_PARTITION__":
            return unquote(part.removeprefix("channel="))
    return None
