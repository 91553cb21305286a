"""Lines as columns of Arrow: what Spark reads, and DuckDB for lines that its JSON functions would change."""

from __future__ import annotations

import json
import zlib
from typing import Any, Iterable, Iterator, Optional

import pyarrow as pa
import pyarrow.compute as pc

from .lines import divided

ROWS = 8192
_INSTANT = pa.timestamp("us", "UTC")
_TEXTS = ("channel", "event", "type", "messageId", "userId", "anonymousId")
_REST = ("properties", "context", "traits", "rest", "node", "source", "run")
COLUMNS = pa.schema(
    [pa.field("receivedAt", _INSTANT), pa.field("eventTime", _INSTANT)]
    + [pa.field(name, pa.string()) for name in (*_TEXTS, *_REST)]
    + [pa.field("seq", pa.int64()), pa.field("identity", pa.string()), pa.field("alone", pa.bool_())]
)
_DIFFERS = ("_touchpoint", "sentAt")


def lines_of(content: bytes) -> Iterator[str]:
    """Returns the lines of a file, with no more than a piece of it in memory."""
    inflater = zlib.decompressobj(wbits=31)
    left = b""
    for start in range(0, len(content), 1 << 18):
        *whole, left = (left + inflater.decompress(content[start : start + (1 << 18)])).split(b"\n")
        for line in whole:
            yield line.decode()


def batches(lines: Iterable[str], channel: Optional[str]) -> Iterator[pa.RecordBatch]:
    """Returns the columns of lines. `channel` is that of lines that name none."""
    rows: list[dict[str, Any]] = []
    for line in lines:
        row = divided(line)
        row["channel"] = row["channel"] or channel
        rows.append(row)
        if len(rows) == ROWS:
            yield _batch(rows)
            rows = []
    if rows:
        yield _batch(rows)


def content(rest: Optional[str], *others: Optional[str]) -> str:
    """Returns what copies have in common of some texts of JSON, whichever engine has written them."""
    pairs = _parse(rest) if rest is not None else []
    left = [pair for pair in pairs if pair[0] not in _DIFFERS]
    return json.dumps([left, *(None if text is None else _parse(text) for text in others)])


def _parse(text: str) -> Any:
    """Reads JSON with its repeated keys. Numbers are equal as they are for DuckDB: as doubles, or by their digits."""
    return json.loads(text, object_pairs_hook=list, parse_int=_number)


def _number(text: str) -> Any:
    return int(text) if len(text) < 20 else text


def _batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    columns = []
    for field in COLUMNS:
        values = [row[field.name] for row in rows]
        if field.type == _INSTANT:
            columns.append(pc.cast(pa.array(values, pa.string()), _INSTANT))
        else:
            columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=COLUMNS)
