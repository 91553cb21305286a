"""Units: which files a commit reads.

The intent of unit n is `_inputs/<n>.ndjson`, made before the work begins and never changed. Whoever finds it does that
unit, so that two runs, or a run after a crash, do the same work, and one of their commits is refused. Files that a unit
had to leave out are in `_inputs/<n>-<random>.refused.ndjson`; the commit says which of these lists is its own.
"""

from __future__ import annotations

from typing import Iterable, Optional

from .manifests import SealedFile, objects
from .stores import Folder
from .table import Table

INPUTS = "_inputs"


def intent_path(unit: int) -> str:
    return f"{INPUTS}/{unit}.ndjson"


def refused_path(name: str) -> str:
    return f"{INPUTS}/{name}.refused.ndjson"


def read_list(folder: Folder, path: str) -> list[SealedFile]:
    files = (SealedFile.of(line) for line in objects(folder.read(path)))
    return [file for file in files if file is not None]


def as_list(files: Iterable[SealedFile]) -> bytes:
    return "".join(file.line() + "\n" for file in files).encode()


class Taken:
    """What the committed units have read."""

    def __init__(self, folder: Folder) -> None:
        self.paths: set[str] = set()
        self.refused: set[str] = set()
        self._folder = folder
        self._unit = 0

    def add(self, table: Optional[Table]) -> None:
        """Reads what was committed since the last call."""
        if table is None or table.unit == self._unit:
            return
        names = [path.split("/")[-1] for path in self._folder.list(INPUTS)]
        lists = [name.removesuffix(".refused.ndjson") for name in names if name.endswith(".refused.ndjson")]
        for unit in range(self._unit + 1, table.unit + 1):
            paths = {file.path for file in read_list(self._folder, intent_path(unit))}
            self.paths |= paths
            self.refused -= paths
            for name in lists:
                if name.split("-")[0] == str(unit) and table.has_refused(name):
                    left_out = {file.path for file in read_list(self._folder, refused_path(name))}
                    self.paths -= left_out
                    self.refused |= left_out
        self._unit = table.unit


def waiting(files: Iterable[SealedFile], taken: Taken, until: Optional[str]) -> list[SealedFile]:
    """Returns the files that no unit has read, in the order of their receipt."""
    found = [file for file in files if file.path not in taken.paths and (until is None or file.lastReceivedAt < until)]
    return sorted(found, key=lambda file: (file.firstReceivedAt, file.path))


def chosen(files: list[SealedFile], unit_bytes: int) -> list[SealedFile]:
    """Returns the first files, up to so many bytes of text, and at least one."""
    taken: list[SealedFile] = []
    size = 0
    for file in files:
        size += file.rawBytes
        if taken and size > unit_bytes:
            break
        taken.append(file)
    return taken


def intent(folder: Folder, unit: int) -> Optional[list[SealedFile]]:
    """Returns the files of a unit that a run has begun; None if none has."""
    try:
        return read_list(folder, intent_path(unit))
    except FileNotFoundError:
        return None


def begin(folder: Folder, unit: int, files: list[SealedFile]) -> list[SealedFile]:
    """Writes the intent of a unit. Returns that of another run, if it was first."""
    if folder.create(intent_path(unit), as_list(files)):
        return files
    return read_list(folder, intent_path(unit))
