"""Whether a file is what its manifest line says."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import Optional

MISSING = "the file is missing"
_PIECE = 1 << 20


@dataclass(frozen=True)
class Expected:
    """What a manifest line says of a file."""

    path: str
    events: int
    rawBytes: int
    compressedBytes: int
    crc32: str
    sha256: str


def problem(content: bytes, expected: Expected) -> Optional[str]:
    """Returns why the file must not be read, or None.

    The engines do not all check: DuckDB reads a file with a wrong CRC without an error.
    """
    if len(content) != expected.compressedBytes:
        return f"it has {len(content)} bytes, the manifest says {expected.compressedBytes}"
    if hashlib.sha256(content).hexdigest() != expected.sha256:
        return "its SHA-256 is not that of the manifest"
    inflater = zlib.decompressobj(wbits=31)
    lines = size = check = 0
    last = b"\n"
    try:
        for start in range(0, len(content), _PIECE):
            text = inflater.decompress(content[start : start + _PIECE])
            lines += text.count(b"\n")
            size += len(text)
            check = zlib.crc32(text, check)
            last = text[-1:] or last
    except zlib.error as error:
        return f"it cannot be inflated: {error}"
    if not inflater.eof or inflater.unused_data:
        return "its gzip member ends early" if not inflater.eof else "bytes follow its gzip member"
    if lines != expected.events or last != b"\n":
        return f"it has {lines} lines, the manifest says {expected.events}"
    if size != expected.rawBytes or check != int(expected.crc32, 16):
        return "its text is not that of the manifest"
    return None
