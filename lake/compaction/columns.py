"""The columns of the table. They are fixed: nothing is inferred from events."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deltalake import Field, Schema
from deltalake.schema import PrimitiveType, VariantType

from .errors import USAGE, CompactError

# In the order of the table. `date`, the partition, comes last.
TIMES = ("receivedAt", "eventTime")
TEXTS = ("channel", "event", "type", "messageId", "userId", "anonymousId")
JSON = ("properties", "context", "traits", "rest")
PLACE = ("node", "source", "run", "seq")
FIXED = (*TIMES, *TEXTS, *JSON, *PLACE)
PARTITION = "date"

# The text of a value that a type takes. Both engines use these patterns, so that they agree about what does not fit.
PATTERNS = {
    "string": r"(?s).*",
    "long": r"-?[0-9]{1,19}",
    "double": r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?",
    "boolean": r"true|false",
    "timestamp": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[-+][0-9]{2}:[0-9]{2})",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STEP = re.compile(r"[^.'\"\[\]*$\\]+")


@dataclass(frozen=True)
class Declared:
    """A column of one's own: `total=properties.total:double`."""

    name: str
    path: tuple[str, ...]
    type: str


def declared(text: str) -> Declared:
    """Reads the argument of `--column`."""
    name, _, rest = text.partition("=")
    path, _, kind = rest.rpartition(":")
    steps = tuple(path.split("."))
    if not path or not _NAME.fullmatch(name) or not all(_STEP.fullmatch(step) for step in steps):
        raise CompactError(USAGE, f"--column {text}: write NAME=PATH:TYPE, for example total=properties.total:double")
    if kind not in PATTERNS:
        raise CompactError(USAGE, f"--column {text}: the type is one of {', '.join(PATTERNS)}")
    if name.lower() in {column.lower() for column in (*FIXED, PARTITION)}:
        raise CompactError(USAGE, f"--column {text}: every table has a column {name}: choose another name")
    if steps in (("channel",), ("timestamp",)):
        raise CompactError(USAGE, f"--column {text}: the columns channel and eventTime have it")
    if steps[0] == "_touchpoint":
        raise CompactError(USAGE, f"--column {text}: the collector's metadata is not part of the event")
    return Declared(name, steps, kind)


def schema(extra: list[Declared], variant: bool) -> Schema:
    """Returns the schema of the table."""
    fields = [Field(name, PrimitiveType("timestamp")) for name in TIMES]
    fields += [Field(name, PrimitiveType("string")) for name in TEXTS]
    fields += [Field(name, VariantType() if variant else PrimitiveType("string")) for name in JSON]
    fields += [Field(name, PrimitiveType("long" if name == "seq" else "string")) for name in PLACE]
    fields += [Field(column.name, PrimitiveType(column.type)) for column in extra]
    return Schema([*fields, Field(PARTITION, PrimitiveType("date"))])
