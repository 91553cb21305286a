"""What Spark's executors run. This module and those that it imports need nothing but pyarrow and Spark."""

from __future__ import annotations

import re
from typing import Iterable, Iterator, Optional

import pyarrow as pa

from .batches import batches, lines_of
from .checks import Expected, problem

MODULES = ("__init__", "batches", "checks", "executors", "lines")


def checked(expected: dict[str, Expected], parts: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Returns path and problem of the files that must not be read."""
    for part in parts:
        for path, content in zip(part.column(0).to_pylist(), part.column(1)):
            file = expected[bare(path)]
            text = problem(content.as_py(), file)
            if text is not None:
                yield pa.RecordBatch.from_pydict({"path": [file.path], "problem": [text]})


def rows(channels: dict[str, Optional[str]], parts: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Returns the columns of the lines of files."""
    for part in parts:
        for path, content in zip(part.column(0).to_pylist(), part.column(1)):
            yield from batches(lines_of(content.as_py()), channels[bare(path)])


def bare(url: str) -> str:
    """Returns a URL without its scheme, which Spark writes in its own way."""
    return re.sub(r"^[a-z0-9]+:/*", "", url).lstrip("/")
