"""The client's settings, checked before anything begins."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Callable, Optional, Sequence, Union
from urllib.parse import urlsplit

from .errors import SettingsError
from .reports import Drop, Rejection

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
MESSAGE_BYTES = 4 * MIB  # the collector's limits.message
PathLike = Union[str, "os.PathLike[str]"]
ZEROMQ_SCHEMES = ("tcp", "ipc")
HTTP_SCHEMES = ("http", "https")
POLICIES = ("drop", "raise", "block")


@dataclass(frozen=True)
class Settings:
    """All settings of one client; times in seconds. `Touchpoint` documents each."""

    endpoint: str
    channel: Optional[str]
    write_key: Optional[str]
    write_key_header: str
    ca_file: Optional[PathLike]
    key_file: Optional[PathLike]
    collector_key_file: Optional[PathLike]
    spool: Optional[PathLike]
    spool_bytes: int
    spool_fsync: bool
    queue_events: int
    queue_bytes: int
    when_full: str
    block_timeout: float
    batch_events: int
    batch_bytes: int
    batch_seconds: float
    event_bytes: int
    window: int
    answer_timeout: Optional[float]
    exit_timeout: float
    on_committed: Optional[Callable[[Sequence[str]], object]]
    on_rejected: Optional[Callable[[Rejection], object]]
    on_dropped: Optional[Callable[[Drop], object]]

    def __post_init__(self) -> None:
        self._check_endpoint()
        if self.when_full not in POLICIES:
            raise SettingsError(f"when_full is {self.when_full!r}: use one of {', '.join(POLICIES)}")
        for name in ("queue_events", "queue_bytes", "spool_bytes", "batch_events", "batch_bytes", "event_bytes", "window"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise SettingsError(f"{name} is {value!r}: use a whole number of at least 1")
        for name in ("block_timeout", "batch_seconds", "exit_timeout"):
            if not 0 <= getattr(self, name) <= 86_400:
                raise SettingsError(f"{name} is {getattr(self, name)!r}: use seconds, from 0 to 86400")
        if self.answer_timeout is not None and not 0.01 <= self.answer_timeout <= 3_600:
            raise SettingsError(f"answer_timeout is {self.answer_timeout!r}: use seconds, from 0.01 to 3600")
        if max(self.batch_bytes, self.event_bytes) > MESSAGE_BYTES:
            raise SettingsError(
                f"batch_bytes and event_bytes are at most {MESSAGE_BYTES}: a collector takes no longer message"
            )

    def _check_endpoint(self) -> None:
        scheme = urlsplit(self.endpoint).scheme
        if scheme in ZEROMQ_SCHEMES:
            if not re.fullmatch(r"tcp://[^\s/]+:\d{1,5}|ipc://.+", self.endpoint):
                raise SettingsError(f"the endpoint {self.endpoint!r} has no port: use tcp://HOST:PORT or ipc://PATH")
            if bool(self.key_file) != bool(self.collector_key_file):
                raise SettingsError("CURVE needs both key_file (your NAME.key_secret) and collector_key_file (its NAME.key)")
            if self.write_key is not None or self.ca_file is not None:
                raise SettingsError(f"write_key and ca_file are for HTTP; {self.endpoint} is ZeroMQ: use key_file")
        elif scheme in HTTP_SCHEMES:
            if self.key_file or self.collector_key_file:
                raise SettingsError(f"key_file is for ZeroMQ; {self.endpoint} is HTTP: use write_key, and https")
        else:
            raise SettingsError(
                f"the endpoint {self.endpoint!r} is none: use tcp://HOST:PORT or ipc://PATH of a router source, "
                "or https://HOST[:PORT] of an http source"
            )
        if self.write_key_header not in ("authorization", "x-write-key"):
            raise SettingsError(f"write_key_header is {self.write_key_header!r}: use authorization or x-write-key")

    @property
    def is_http(self) -> bool:
        """Whether the endpoint is an HTTP source; otherwise it is ZeroMQ."""
        return urlsplit(self.endpoint).scheme in HTTP_SCHEMES

    @property
    def first_timeout(self) -> float:
        """How long to wait for the first answer to a batch."""
        if self.answer_timeout is not None:
            return self.answer_timeout
        return 10.0 if self.is_http else 1.0
