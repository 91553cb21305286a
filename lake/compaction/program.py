"""Arguments in, units of work, an exit code out."""

from __future__ import annotations

import argparse
import re
import secrets
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NoReturn, Optional

from deltalake.exceptions import DeltaError
from obstore.exceptions import BaseError

from . import days, manifests, units
from .columns import Declared, declared
from .engine import Engine, Job, Outcome
from .errors import BAD_FILES, LEDGER, LOCAL, UNREACHABLE, USAGE, CompactError
from .manifests import Manifests, SealedFile
from .stores import Folder
from .table import Table
from .units import Taken

_SIZES = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Options:
    """What was asked."""

    engine: str
    inputs: list[Folder]
    table: Folder
    window: int
    variant: bool
    extra: list[Declared]
    unit_bytes: int
    until: Optional[str]
    optimize: bool
    dry_run: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CompactError(USAGE, f"{message} (--help lists the options)")


def _size(text: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]*)(|KiB|MiB|GiB|TiB)", text)
    if match is None:
        raise CompactError(USAGE, f"--unit-bytes {text}: write a number of bytes, or one with KiB, MiB, GiB or TiB")
    return int(match[1]) * _SIZES[match[2]]


def _span(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if match is None:
        raise CompactError(USAGE, f"--window {text}: write a number with s, m, h or d, for example 1d; 0s keeps all copies")
    return int(match[1]) * _SPANS[match[2]]


def _instant(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise CompactError(USAGE, f"--until {text}: write a day or a time, for example 2026-11-22T00:00:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parsed(arguments: list[str]) -> Options:
    parser = _Parser(prog="compact.py", description=__import__("__main__").__doc__)
    parser.add_argument("--engine", required=True, choices=("spark", "duckdb"), help="who reads, sorts and writes")
    parser.add_argument("--input", required=True, action="append", metavar="URL",
                        help="a data folder, or a store with the folders of several nodes; may be repeated")
    parser.add_argument("--table", required=True, metavar="URL", help="the Delta table; made if there is none")
    parser.add_argument("--window", default="1d", help="how far apart two copies of an event may be (1d)")
    parser.add_argument("--json", default="text", choices=("text", "variant"), help="how JSON is stored (text)")
    parser.add_argument("--column", default=[], action="append", metavar="N=PATH:TYPE",
                        help="a column of one's own: total=properties.total:double; may be repeated")
    parser.add_argument("--unit-bytes", default="8GiB", metavar="SIZE", help="text per commit (8GiB)")
    parser.add_argument("--until", metavar="T", help="only files whose events were all received before this time")
    parser.add_argument("--optimize", action="store_true", help="merge small files of complete days, remove old leftovers")
    parser.add_argument("--dry-run", action="store_true", help="say what would be read, and change nothing")
    found = parser.parse_args(arguments)
    extra = [declared(text) for text in found.column]
    if len({column.name.lower() for column in extra}) < len(extra):
        raise CompactError(USAGE, "--column: two columns have one name")
    return Options(
        found.engine, [Folder(url) for url in found.input], Folder(found.table), _span(found.window),
        found.json == "variant", extra, _size(found.unit_bytes), _instant(found.until) if found.until else None,
        found.optimize, found.dry_run,
    )


class Run:
    """One run: units until nothing is left to read."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._engine: Optional[Engine] = None
        self._bad: dict[str, str] = {}

    def run(self) -> int:
        options = self._options
        found = manifests.read(options.inputs)
        for path in sorted(found.contradicted):
            self._refuse(path, "two manifest lines of this path have different files")
        try:
            if options.dry_run:
                self._plan(found)
            else:
                self._compact(found)
        finally:
            if self._engine is not None:
                self._engine.close()
        return BAD_FILES if self._bad else 0

    # Steps

    def _plan(self, found: Manifests) -> None:
        table = Table.open(self._options.table.url)
        taken = Taken(self._options.table)
        taken.add(table)
        left = self._left(found, taken)
        number = 0
        begun = units.intent(self._options.table, (table.unit if table else 0) + 1)
        while begun or left:
            number += 1
            files = begun or units.chosen(left, self._options.unit_bytes)
            text = sum(file.rawBytes for file in files)
            print(f"would read {len(files)} files, {sum(f.events for f in files)} events, {text} bytes of text")
            paths = {file.path for file in files}
            left, begun = [file for file in left if file.path not in paths], None
        print(f"{number} units")

    def _compact(self, found: Manifests) -> None:
        options = self._options
        table = Table.prepare(options.table.url, options.extra, options.variant)
        taken = Taken(options.table)
        while True:
            taken.add(table)
            files = units.intent(options.table, table.unit + 1)
            if files is None:
                files = units.chosen(self._right_again(self._left(found, taken), taken), options.unit_bytes)
                if not files:
                    break
                files = units.begin(options.table, table.unit + 1, files)
            self._do(table, table.unit + 1, [_where_now(file, found) for file in files])
            table = Table.prepare(options.table.url, options.extra, options.variant)
        self._end(table, found, taken)

    def _left(self, found: Manifests, taken: Taken) -> list[SealedFile]:
        usable = (file for file in found.files.values() if file.path not in self._bad)
        return units.waiting(usable, taken, self._options.until)

    def _right_again(self, files: list[SealedFile], taken: Taken) -> list[SealedFile]:
        """Leaves out files that an earlier unit refused and that are still wrong."""
        again = [file for file in files if file.path in taken.refused]
        for path, text in (self._asked().problems(again) if again else {}).items():
            self._refuse(path, text)
        return [file for file in files if file.path not in self._bad]

    def _do(self, table: Table, unit: int, files: list[SealedFile]) -> None:
        """Does one unit and commits it."""
        options, began = self._options, time.monotonic()
        engine = self._asked()
        wrong = engine.problems(files)
        name = f"{unit}-{secrets.token_hex(6)}"
        refused = [file for file in files if file.path in wrong]
        right = [file for file in files if file.path not in wrong]
        done = Outcome(0, 0, [])
        if right:
            done = engine.compact(Job(right, table, options.table, name, options.window, options.variant, options.extra))
        try:
            ledger = _ledger(files, refused, done) | {"unit": unit, "engine": engine.name}
            if refused:
                options.table.create(units.refused_path(name), units.as_list(refused))
            table.commit(unit, done.files, ledger, name if refused else None)
        except CompactError:
            for file in done.files:
                options.table.delete(file.path)
            raise
        for path, text in wrong.items():
            self._refuse(path, text)
        print(
            f"unit {unit}: {len(files)} files, {ledger['read']} read = {ledger['written']} written + "
            f"{ledger['duplicates']} duplicates + {ledger['refused']} refused, {time.monotonic() - began:.1f} s",
            flush=True,
        )

    def _end(self, table: Table, found: Manifests, taken: Taken) -> None:
        complete = days.complete_to(found, taken.paths)
        if complete is not None:
            table.set_complete_to(complete)
            print(f"complete to {complete}")
        elif found.closed:
            print("no day is complete yet")
        else:
            print("no closed/ marks in the input: no day is known to be complete")
        if self._options.optimize:
            today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
            over = [day for day in table.days() if (day <= complete if complete is not None else day < today)]
            print(f"merged the files of {len(table.optimize(over))} days, removed {table.vacuum()} old files")

    def _asked(self) -> Engine:
        """Returns the engine, which starts when it is first needed."""
        if self._engine is None:
            if self._options.engine == "spark":
                from .spark_engine import SparkEngine

                self._engine = SparkEngine()
            else:
                from .duckdb_engine import DuckDBEngine

                self._engine = DuckDBEngine()
        return self._engine

    def _refuse(self, path: str, text: str) -> None:
        self._bad[path] = text
        print(f"refused {path}: {text}", file=sys.stderr, flush=True)


def _where_now(file: SealedFile, found: Manifests) -> SealedFile:
    """An intent of another run may name a folder that this machine calls otherwise."""
    known = found.files.get(file.path)
    return known if known is not None and known.sha256 == file.sha256 else file


def _ledger(files: list[SealedFile], refused: list[SealedFile], done: Outcome) -> dict[str, Any]:
    read = sum(file.events for file in files)
    left_out = sum(file.events for file in refused)
    written = sum(file.rows for file in done.files)
    if done.read != read - left_out or read != written + done.duplicates + left_out:
        raise CompactError(
            LEDGER,
            f"nothing was committed: {read} events read are not {written} written + {done.duplicates} duplicates + "
            f"{left_out} refused (the engine counted {done.read}); please report this",
        )
    return {"files": len(files), "read": read, "written": written, "duplicates": done.duplicates, "refused": left_out}


def main(arguments: list[str]) -> int:
    try:
        return Run(parsed(arguments)).run()
    except CompactError as error:
        code, text = error.code, str(error)
    except (BaseError, DeltaError) as error:
        code, text = UNREACHABLE, f"the store does not answer as it should: {error}"
    except OSError as error:
        code, text = LOCAL, str(error)
    print(f"compact.py: {text}", file=sys.stderr)
    return code
