"""The Delta table: what it contains, and the one commit per unit."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Iterable, Optional

from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.schema import Field, PrimitiveType
from deltalake.transaction import AddAction, RemoveAction

from .columns import JSON, PARTITION, Declared, schema
from .errors import ANOTHER_WAS_FIRST, CONFIGURATION, CompactError

APPLICATION = "touchpoint"
COMPLETE_TO = "touchpoint.completeTo"
TARGET_BYTES = 256 << 20
VACUUM_HOURS = 7 * 24


@dataclass(frozen=True)
class Written:
    """A Parquet file that an engine has written, read back."""

    path: str  # below the table
    bytes: int
    rows: int
    first: str  # the lowest and highest receivedAt
    last: str

    @property
    def day(self) -> str:
        return self.path.split("/")[0].removeprefix("date=")


class Table:
    """One version of a table. A commit fails if another unit was committed after that version."""

    def __init__(self, delta: DeltaTable) -> None:
        self.delta = delta

    @classmethod
    def open(cls, url: str) -> Optional[Table]:
        """Opens the table; None if there is none."""
        try:
            return cls(DeltaTable(url))
        except TableNotFoundError:
            return None

    @classmethod
    def prepare(cls, url: str, extra: list[Declared], variant: bool) -> Table:
        """Opens the table or makes it, and adds declared columns that it does not have."""
        table = cls.open(url)
        if table is None:
            try:
                DeltaTable.create(url, schema(extra, variant), partition_by=[PARTITION], mode="error")
            except DeltaError:
                # Another run made it at the same time, or the place is not to be written: opening tells.
                pass
            table = cls(DeltaTable(url))
        table._check(extra, variant)
        missing = [column for column in extra if column.name not in table._types()]
        if missing:
            table.delta.alter.add_columns([Field(column.name, PrimitiveType(column.type)) for column in missing])
            table = cls(DeltaTable(url))
        return table

    def _types(self) -> dict[str, Any]:
        return {field["name"]: field["type"] for field in json.loads(self.delta.schema().to_json())["fields"]}

    def _check(self, extra: list[Declared], variant: bool) -> None:
        types = self._types()
        if types.get(JSON[0]) != ("variant" if variant else "string"):
            kind = "text" if variant else "variant"
            raise CompactError(CONFIGURATION, f"the table has JSON as {kind}: run with --json {kind}")
        for column in extra:
            if types.get(column.name, column.type) != column.type:
                raise CompactError(
                    CONFIGURATION,
                    f"the table has the column {column.name} as {types[column.name]}: "
                    f"declare that type, or another name for {column.type}",
                )

    @property
    def unit(self) -> int:
        """The number of the last committed unit; 0 before the first."""
        return self.delta.transaction_version(APPLICATION) or 0

    def has_refused(self, name: str) -> bool:
        """Whether the list of refused files with this name belongs to a committed unit."""
        return self.delta.transaction_version(f"{APPLICATION}/refused/{name}") is not None

    def files(self, first_day: str, last_day: str) -> list[str]:
        """Returns the URLs of the files of some days."""
        return self.delta.file_uris(partition_filters=[(PARTITION, ">=", first_day), (PARTITION, "<=", last_day)])

    def commit(self, unit: int, files: Iterable[Written], ledger: dict[str, Any], refused: Optional[str]) -> None:
        """Adds the files of a unit. If another run has committed since this version: exit code 75."""
        now = int(time.time() * 1000)
        actions: list[AddAction | RemoveAction] = [
            AddAction(file.path, file.bytes, {PARTITION: file.day}, now, True, _statistics(file)) for file in files
        ]
        transactions = [Transaction(APPLICATION, unit, now)]
        if refused is not None:
            transactions.append(Transaction(f"{APPLICATION}/refused/{refused}", unit, now))
        properties = CommitProperties(
            custom_metadata={"touchpoint": json.dumps(ledger, sort_keys=True)}, app_transactions=transactions
        )
        try:
            self.delta.create_write_transaction(
                actions, "append", self.delta.schema(), [PARTITION], commit_properties=properties
            )
        except CommitFailedError as error:
            raise CompactError(ANOTHER_WAS_FIRST, f"another run has committed unit {unit}: run again ({error})") from error

    def set_complete_to(self, day: Optional[str]) -> None:
        """Stores the watermark, if it has changed."""
        if day is not None and self.delta.metadata().configuration.get(COMPLETE_TO) != day:
            self.delta.alter.set_table_properties({COMPLETE_TO: day}, raise_if_not_exists=False)

    def optimize(self, days: Iterable[str]) -> list[str]:
        """Merges the small files of each of these days. Returns the days in which there were any."""
        merged = []
        properties = WriterProperties(compression="ZSTD", compression_level=3)
        for day in days:
            done = self.delta.optimize.compact(
                partition_filters=[(PARTITION, "=", day)], target_size=TARGET_BYTES, writer_properties=properties
            )
            if done["numFilesAdded"]:
                merged.append(day)
        return merged

    def vacuum(self) -> int:
        """Removes files of more than seven days ago that no commit names. Returns how many."""
        return len(self.delta.vacuum(VACUUM_HOURS, dry_run=False, full=True))

    def days(self) -> list[str]:
        """Returns the days that have rows."""
        return sorted({partition[PARTITION] for partition in self.delta.partitions()})


def _statistics(file: Written) -> str:
    bounds = {"minValues": {"receivedAt": file.first}, "maxValues": {"receivedAt": file.last}}
    return json.dumps({"numRecords": file.rows, **bounds, "nullCount": {"receivedAt": 0}})
