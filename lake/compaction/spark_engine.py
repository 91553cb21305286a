"""The work of a unit in Spark, on whatever master the session has.

Files are read as binary files and divided in Python (`batches.py`): Spark's own JSON functions take the last of a
repeated key, or do not tell a string from a number. Executors need pyarrow; `executors.py` travels to them.
"""

from __future__ import annotations

import functools
import math
import os
import sys
import tempfile
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any, Optional

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from .batches import COLUMNS, content
from .checks import MISSING, Expected
from .columns import FIXED, JSON, PATTERNS, Declared
from .engine import Job, Outcome, channel_of
from .executors import MODULES, bare, checked
from .executors import rows as rows_of
from .lines import STRINGS, VALUES
from .manifests import SealedFile
from .stores import Folder, folder_at
from .table import TARGET_BYTES, Written

ROWS_PER_FILE = 5_000_000
_PARQUET_SHARE = 0.1  # of the text, at most
_PLACE = ["node", "source", "run", "seq"]
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.variant.allowDuplicateKeys": "true",
    # gzip files are packed into tasks by their compressed size.
    "spark.sql.files.maxPartitionBytes": str(32 << 20),
    # A batch of binary files is one file: each may have hundreds of megabytes.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1",
    "spark.sql.files.ignoreCorruptFiles": "false",
}
_TYPES = {name: "bigint" if name == "long" else name for name in PATTERNS}
_LINE_TYPES = {pa.timestamp("us", "UTC"): "timestamp", pa.int64(): "bigint", pa.bool_(): "boolean", pa.string(): "string"}
_ROW = ", ".join(f"{field.name} {_LINE_TYPES[field.type]}" for field in COLUMNS)


class SparkEngine:
    """The session of `spark-submit`, or one of its own."""

    name = "spark"

    def __init__(self) -> None:
        # Spark would take `python3`, which may have no pyarrow.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.appName("touchpoint compact").config("spark.ui.showConsoleProgress", "false")
        self._spark = builder.getOrCreate()
        self._work = tempfile.TemporaryDirectory(prefix="touchpoint-compact-")
        self._spark.sparkContext.addPyFile(_package(Path(self._work.name)))
        for key, value in _SETTINGS.items():
            self._spark.conf.set(key, value)

    def close(self) -> None:
        self._spark.stop()
        self._work.cleanup()

    def problems(self, files: list[SealedFile]) -> dict[str, str]:
        folders = {file.input: folder_at(file.input) for file in files}
        found = {file.path: MISSING for file in files if folders[file.input].size(file.path) is None}
        there = [file for file in files if file.path not in found]
        if there:
            check = functools.partial(checked, {bare(_url(file)): _expected(file) for file in there})
            rows = self._contents(there).mapInArrow(check, "path string, problem string").collect()
            found |= {row["path"]: row["problem"] for row in rows}
        return found

    def _contents(self, files: list[SealedFile]) -> DataFrame:
        reader = self._spark.read.format("binaryFile").option("recursiveFileLookup", "true")
        return reader.load([_url(file) for file in files]).select("path", "content")

    def compact(self, job: Job) -> Outcome:
        self._spark.conf.set("spark.sql.shuffle.partitions", self._partitions(job))
        channels = {bare(_url(file)): channel_of(file.path) for file in job.files}
        divided = self._contents(job.files).mapInArrow(functools.partial(rows_of, channels), _ROW)
        rows = divided.withColumn("date", F.to_date("receivedAt")).persist(StorageLevel.DISK_ONLY)
        try:
            read = rows.count()
            copies = self._copies(rows, job).persist(StorageLevel.DISK_ONLY)
            duplicates = copies.count()
            kept = rows.join(copies, _PLACE, "left_anti") if duplicates else rows
            files = self._write(kept, job)
            copies.unpersist()
            return Outcome(read, duplicates, files)
        finally:
            rows.unpersist()

    def _partitions(self, job: Job) -> int:
        """Returns into how many parts the keys of rows are divided: one per core, or per 512 MiB of text."""
        text = sum(file.rawBytes for file in job.files)
        return max(self._spark.sparkContext.defaultParallelism, text >> 29)

    # Copies

    def _copies(self, rows: DataFrame, job: Job) -> DataFrame:
        """Returns where the rows are that are copies of an earlier row, or of a published one."""
        own = rows.where("identity IS NOT NULL")
        shared = own.groupBy("identity").count().where("count > 1").select("identity")
        published = self._published(own, rows, job)
        if published is not None:
            shared = shared.union(published.select("identity")).distinct()
        compared = own.join(shared, "identity", "left_semi").select(*_key(job.variant, False), F.lit(False).alias("stays"))
        if published is not None:
            compared = compared.unionByName(published)
        ordered = Window.partitionBy("identity", "told").orderBy("receivedAt", F.col("stays").desc(), *_PLACE)
        moment = F.unix_micros("receivedAt")
        following = ordered.rowsBetween(1, Window.unboundedFollowing)
        gaps = {
            "since": moment - F.lag(moment).over(ordered),
            "until": F.min(F.when(F.col("stays"), moment)).over(following) - moment,
        }
        near = job.window * 1_000_000
        found = compared.withColumns(gaps).where(f"NOT stays AND (since <= {near} OR until <= {near})")
        return found.select(*_PLACE)

    def _published(self, own: DataFrame, rows: DataFrame, job: Job) -> Optional[DataFrame]:
        """Returns the keys of published rows whose ids are also in this unit; None if no published row is near."""
        span = F.expr(f"INTERVAL {job.window} SECONDS")
        first, last = F.to_date(F.min("receivedAt") - span), F.to_date(F.max("receivedAt") + span)
        bounds = rows.agg(first.cast("string"), last.cast("string")).collect()[0]
        files = job.table.files(bounds[0], bounds[1]) if bounds[0] else []
        if not files:
            return None
        stored = self._spark.read.parquet(*map(_spark_url, files))
        rest = F.to_json("rest") if job.variant else F.col("rest")
        other = F.get_json_object(rest, "$._touchpoint.identity")
        alone = F.coalesce(F.get_json_object(rest, "$._touchpoint.idAlone") == "true", F.lit(False))
        found = stored.withColumns({"identity": F.coalesce(other, F.col("messageId")), "alone": alone})
        found = found.join(own.select("identity").distinct(), "identity", "left_semi")
        return found.select(*_key(job.variant, True), F.lit(True).alias("stays"))

    # Writing

    def _write(self, kept: DataFrame, job: Job) -> list[Written]:
        days = [str(row[0]) for row in kept.select("date").distinct().orderBy("date").collect()]
        size = sum(file.rawBytes for file in job.files) * _PARQUET_SHARE
        parts = max(1, math.ceil(size / max(1, len(days)) / TARGET_BYTES))
        written: list[Written] = []
        for day in days:
            below = f"date={day}/{job.name}"
            place = _spark_url(job.folder.of(below))
            rows = kept.where(F.col("date") == F.lit(day).cast("date")).select(*_stored(job))
            sorted_rows = rows.repartition(parts, "channel").sortWithinPartitions("channel", "receivedAt", *_PLACE)
            (
                sorted_rows.write.option("maxRecordsPerFile", ROWS_PER_FILE)
                .option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
                .parquet(place)
            )
            written += self._read_back(job.folder, below)
        return written

    def _read_back(self, folder: Folder, below: str) -> list[Written]:
        """Counts the rows of the files that were written. Files without rows are left out."""
        stored = self._spark.read.parquet(_spark_url(folder.of(below)))
        found = (
            stored.groupBy(F.col("_metadata.file_name").alias("name"))
            .agg(F.count("*"), *(F.date_format(edge("receivedAt"), "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'") for edge in (F.min, F.max)))
            .collect()
        )
        rows = {row[0]: row for row in found}
        written = []
        for path in folder.list(below):
            name = path.split("/")[-1]
            if name in rows:
                _, count, first, last = rows[name]
                written.append(Written(path, folder.size(path) or 0, count, first, last))
            elif not name.endswith(".parquet"):
                folder.delete(path)  # checksums of Hadoop, which no reader of the table needs
        return written


def _package(folder: Path) -> str:
    """Returns an archive of the modules that executors need: the script's folder is not on their machines."""
    path = folder / "compaction.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in MODULES:
            archive.write(Path(__file__).with_name(f"{name}.py"), f"compaction/{name}.py")
    return str(path)


def _expected(file: SealedFile) -> Expected:
    return Expected(**{field.name: getattr(file, field.name) for field in fields(Expected)})


def _key(variant: bool, is_published: bool) -> list[Column]:
    """Returns the columns that tell copies. `told` is equal if all that the producer sent is, but for `sentAt`."""

    def text(name: str) -> Column:
        if not variant:
            return F.col(name)
        return F.to_json(name if is_published else F.parse_json(name))

    names = ("channel", "event", "type", "messageId", "userId", "anonymousId")
    said = F.udf(content, "string")(*(text(name) for name in ("rest", "properties", "context", "traits")))
    parts = [*map(F.col, names), F.col("eventTime").cast("string"), said]
    told = F.when(F.col("alone"), F.lit("")).otherwise(F.md5(F.to_json(F.array(*parts))))
    return [F.col("identity"), told.alias("told"), F.col("receivedAt"), *map(F.col, _PLACE)]


def _stored(job: Job) -> list[Column]:
    columns = [F.parse_json(name).alias(name) if job.variant and name in JSON else F.col(name) for name in FIXED]
    return columns + [_declared(column).alias(column.name) for column in job.extra]


def _declared(column: Declared) -> Column:
    first, *others = column.path
    place, steps = (first, others) if first in VALUES else ("rest", list(column.path))
    text: Any = F.get_json_object(place, "$" + "".join(f"['{step}']" for step in steps))
    if first in STRINGS and not others:
        text = F.coalesce(F.col(first), text)
    return F.when(F.regexp_like(text, F.lit(f"^({PATTERNS[column.type]})$")), text.try_cast(_TYPES[column.type]))


def _url(file: SealedFile) -> str:
    return _spark_url(folder_at(file.input).of(file.path))


def _spark_url(url: str) -> str:
    return url.replace("s3://", "s3a://", 1) if url.startswith("s3://") else url
