"""HTTP: one POST per batch to an `http` source, a JSON array in gzip, one connection that is kept open.

Only an answer 200 that says `committed` is one. A proxy's page with 200 is not.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import http.client
import logging
import os
import select
import socket
import ssl
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Optional, Sequence
from urllib.parse import urlsplit

from ._answers import Answer, Kind, committed, parsed
from ._settings import Settings
from ._store import Record
from ._transport import Connected, Disconnected, Report, Wake
from ._version import VERSION
from .errors import SettingsError

LOG = logging.getLogger("touchpoint")
DEFAULT_PATH = "/v1/events"
_ANSWER_BYTES_MAX = 1 << 20
_CONNECT_SECONDS = 5.0
_COMPRESSION_LEVEL = 5
# What a payload in gzip may inflate to, by the collector's limits: 64 KiB and 100 bytes for each of its own.
_INFLATED_LEAST, _INFLATED_RATIO = 64 << 10, 100
_ADVICE = {
    401: "check write_key: the collector does not know it",
    403: "the collector does not allow this key here: ask its operator",
    404: "check the endpoint's path: {path} is no source of events there",
    405: "check the endpoint's path: {path} takes no events",
    415: "something between client and collector changes requests: check the endpoint",
}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class HTTPTransport:
    """Sends synchronously: `send` returns after the answer or the time-out, and `wait` hands the answer out."""

    def __init__(self, settings: Settings, wake: Wake) -> None:
        url = urlsplit(settings.endpoint)
        try:
            port = url.port
        except ValueError as error:
            raise SettingsError(f"the endpoint {settings.endpoint} has no port: {error}") from None
        if not url.hostname or url.username is not None or url.query or url.fragment:
            raise SettingsError(
                "an endpoint is http[s]://HOST[:PORT][/PATH]: pass a key as write_key, and leave out query and fragment"
            )
        self._host, self._port, self._path = url.hostname, port, url.path.rstrip("/") or DEFAULT_PATH
        self._tls = self._tls_context(settings) if url.scheme == "https" else None
        self._timeout = settings.first_timeout
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"touchpoint-python/{VERSION}",
        } | self._key_header(settings)
        self._wake = wake
        self._poll = select.poll()
        self._poll.register(wake.descriptor, select.POLLIN)
        self._connection: Optional[http.client.HTTPConnection] = None
        self._reports: list[Report] = []

    def warn(self, settings: Settings) -> None:
        """Logs what works and should not be."""
        if self._tls is None and settings.write_key and self._host not in _LOOPBACK:
            LOG.warning("write_key is sent to %s without encryption: use https", self._host)

    @staticmethod
    def _tls_context(settings: Settings) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=os.fspath(settings.ca_file) if settings.ca_file else None)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"ca_file {settings.ca_file} cannot be read: {error}") from None

    @staticmethod
    def _key_header(settings: Settings) -> dict[str, str]:
        if settings.write_key is None:
            return {}
        if not settings.write_key.isascii() or not settings.write_key.isprintable():
            raise SettingsError("write_key has characters that a header cannot have: check it")
        if settings.write_key_header == "x-write-key":
            return {"X-Write-Key": settings.write_key}
        return {"Authorization": "Basic " + base64.b64encode(f"{settings.write_key}:".encode()).decode()}

    def send(self, number: int, records: Sequence[Record]) -> bool:
        body, headers = self._body(records)
        was_open = self._connection is not None
        try:
            try:
                answer = self._posted(number, body, headers)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                if not was_open:
                    raise
                self._disconnect()  # the collector may close an idle connection at any time
                answer = self._posted(number, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self._disconnect()
            kind = Kind.MISCONFIGURED if isinstance(error, ssl.SSLCertVerificationError) else Kind.UNREACHABLE
            problem = f"no answer from {self._host}: {error or type(error).__name__}"
            self._reports += [Disconnected(), Answer(number, kind, problem)]
        else:
            self._reports.append(answer)
        return True

    def _body(self, records: Sequence[Record]) -> tuple[bytes, dict[str, str]]:
        """Returns a request's body and headers: in gzip, unless the collector would take that for a bomb."""
        plain = b"[" + b",".join([record.payload for record in records]) + b"]"
        small = gzip.compress(plain, _COMPRESSION_LEVEL, mtime=0)
        if len(plain) <= _INFLATED_LEAST + _INFLATED_RATIO * len(small):
            return small, self._headers | {"Content-Encoding": "gzip"}
        return plain, self._headers

    def _posted(self, number: int, body: bytes, headers: dict[str, str]) -> Answer:
        """Sends one request and reads its answer, in `_timeout` seconds all in all."""
        end = time.monotonic() + self._timeout
        watchdog = threading.Timer(self._timeout, self.abort)
        watchdog.daemon = True
        watchdog.start()
        try:
            connection = self._opened()
            connection.request("POST", self._path, body, headers)
            response = connection.getresponse()
            text = response.read(_ANSWER_BYTES_MAX + 1)
            if time.monotonic() >= end:  # what was read may be cut
                raise TimeoutError
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() >= end:
                raise TimeoutError(f"nothing within {self._timeout:g} s") from error
            raise
        finally:
            watchdog.cancel()
        if response.will_close or len(text) > _ANSWER_BYTES_MAX:
            self._disconnect()
        return self.answer(number, response.status, response.getheader("Retry-After"), text)

    def _opened(self) -> http.client.HTTPConnection:
        if self._connection is None:
            seconds = min(_CONNECT_SECONDS, self._timeout)
            made: http.client.HTTPConnection
            if self._tls:
                made = http.client.HTTPSConnection(self._host, self._port, timeout=seconds, context=self._tls)
            else:
                made = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
            self._connection = made
            made.connect()
            made.sock.settimeout(self._timeout)
            made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._reports.append(Connected())
        return self._connection

    def answer(self, number: int, status: int, retry_after: Optional[str], text: bytes) -> Answer:
        """Reads an answer by its status."""
        body = parsed(text) or {}
        reason = str(body.get("code", f"http_{status}"))
        detail = str(body.get("message", ""))[:500]
        later = seconds_of(retry_after)
        if status == 200 and body.get("status") == "committed":
            return committed(number, body)
        if status == 200:
            problem = f"the answer 200 from {self._host} is cut, or not a collector's: check the endpoint"
            return Answer(number, Kind.UNREACHABLE, problem)
        is_kept = body.get("kept") is True  # in quarantine: the events, not the body, are too large
        if status == 413 or (status == 400 and reason == "too_large" and not is_kept):
            return Answer(number, Kind.TOO_LARGE, "too_large", detail)
        if status == 400:
            return Answer(number, Kind.REFUSED, reason, detail, kept=is_kept)
        if status in (408, 429) or status >= 500:
            return Answer(number, Kind.UNAVAILABLE, reason, detail, retry_after=later)
        advice = _ADVICE.get(status, "it is no answer of a collector's http source: check the endpoint")
        problem = f"HTTP {status} ({reason}) from {self._host}: {advice.format(path=self._path)}"
        return Answer(number, Kind.MISCONFIGURED, problem, detail, retry_after=later)

    def wait(self, seconds: float) -> Sequence[Report]:
        if not self._reports and self._poll.poll(int(seconds * 1000)):
            self._wake.clear()
        reports, self._reports = self._reports, []
        return reports

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        self._disconnect()

    def abort(self) -> None:
        connection = self._connection
        opened = connection.sock if connection is not None else None
        if opened is not None:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def after_fork_in_child(self) -> None:
        opened = self._connection.sock if self._connection is not None else None
        if opened is not None:
            with contextlib.suppress(OSError):
                os.close(opened.detach())


def seconds_of(retry_after: Optional[str]) -> Optional[float]:
    """Reads a Retry-After header: seconds, or a date; None if it is neither."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
