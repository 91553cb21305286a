"""ZeroMQ: a DEALER that sends [number, NDJSON] to a router source and receives [number, answer]."""

from __future__ import annotations

import logging
import os
import re
from typing import Optional, Sequence

import zmq
from zmq.utils.monitor import recv_monitor_message

from ._answers import Answer, Kind, committed, parsed
from ._settings import PathLike, Settings
from ._store import Record
from ._transport import Connected, Disconnected, Report, Wake
from .errors import SettingsError

LOG = logging.getLogger("touchpoint")
_ANSWERS_AT_ONCE = 256
_REFUSALS = (
    zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)
_REFUSED = (
    "the collector at {} ends the handshake: check that key_file is known to it, that collector_key_file is its "
    "public key, and that the source has keys if you have (touchpointctl keygen makes them)"
)


def read_certificate(path: PathLike, name: str) -> bytes:
    """Returns a key of a CZMQ certificate: `name` is `public-key` or `secret-key`; 40 characters of Z85."""
    place = os.fspath(path)
    try:
        with open(place, encoding="utf-8") as file:
            text = file.read(1 << 16)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the key file {place} cannot be read: {error}") from None
    found = re.search(rf'^\s*{name}\s*=\s*"([^"\s]{{40}})"\s*$', text, re.M)
    if found is None:
        hint = "your own NAME.key_secret" if name == "secret-key" else "a file that 'touchpointctl keygen' made"
        raise SettingsError(f"the key file {place} has no {name} of 40 characters: name {hint}")
    return found[1].encode()


def curve_keys(settings: Settings) -> Optional[tuple[bytes, bytes, bytes]]:
    """Returns own public, own secret and the collector's public key; None without encryption."""
    if settings.key_file is None or settings.collector_key_file is None:
        return None
    own = settings.key_file
    return (
        read_certificate(own, "public-key"),
        read_certificate(own, "secret-key"),
        read_certificate(settings.collector_key_file, "public-key"),
    )


def warn(settings: Settings) -> None:
    """Logs what works and should not be."""
    if settings.key_file is not None and os.stat(settings.key_file).st_mode & 0o077:
        LOG.warning("others can read the secret key %s: chmod 600 it", os.fspath(settings.key_file))


class ZeroMQTransport:
    """One connection of one thread. libzmq reconnects by itself; a monitor reports it."""

    def __init__(self, settings: Settings, wake: Wake) -> None:
        self._endpoint = settings.endpoint
        self._wake = wake
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.set(zmq.LINGER, 0)  # what has no answer is kept in the outbox
        self._socket.set(zmq.IMMEDIATE, 1)  # without a connection nothing is queued
        self._socket.set(zmq.SNDHWM, 2 * settings.window)
        self._socket.set(zmq.RCVHWM, 0)  # bounded by what was asked
        self._socket.set(zmq.MAXMSGSIZE, 1 << 20)  # an answer is shorter
        self._socket.set(zmq.RECONNECT_IVL_MAX, 2_000)
        self._socket.set(zmq.CONNECT_TIMEOUT, 10_000)
        self._socket.set(zmq.HANDSHAKE_IVL, 10_000)
        self._socket.set(zmq.HEARTBEAT_IVL, 10_000)
        self._socket.set(zmq.HEARTBEAT_TIMEOUT, 30_000)
        keys = curve_keys(settings)
        if keys:
            self._socket.curve_publickey, self._socket.curve_secretkey, self._socket.curve_serverkey = keys
        self._monitor = self._socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED | _REFUSALS
        )
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._monitor, zmq.POLLIN)
        self._poller.register(wake.descriptor, zmq.POLLIN)
        try:
            self._socket.connect(self._endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise SettingsError(f"the endpoint {self._endpoint} cannot be used: {error}") from None

    def send(self, number: int, records: Sequence[Record]) -> bool:
        payload = b"\n".join([record.payload for record in records])
        try:
            self._socket.send_multipart([b"%d" % number, payload], zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def wait(self, seconds: float) -> Sequence[Report]:
        ready = dict(self._poller.poll(int(seconds * 1000)))
        reports: list[Report] = []
        if self._wake.descriptor in ready:
            self._wake.clear()
        while self._monitor in ready and self._monitor.poll(0):
            event = recv_monitor_message(self._monitor)["event"]
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                reports.append(Connected())
            elif event == zmq.EVENT_DISCONNECTED:
                reports.append(Disconnected())
            else:
                reports.append(Disconnected(_REFUSED.format(self._endpoint)))
        while self._socket in ready and len(reports) < _ANSWERS_AT_ONCE:
            try:
                frames = self._socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                break
            if len(frames) == 2 and frames[0].isdigit():
                reports.append(self.answer(int(frames[0]), frames[1]))
        return reports

    @staticmethod
    def answer(number: int, text: bytes) -> Answer:
        """Reads an answer; one that is unknown means that nothing was kept."""
        answer = parsed(text) or {}
        status, reason = answer.get("status"), str(answer.get("reason", ""))
        if status == "committed":
            return committed(number, answer)
        if status == "rejected":
            return Answer(number, Kind.TOO_LARGE if reason == "too_large" else Kind.REFUSED, reason)
        return Answer(number, Kind.UNAVAILABLE, reason or f"the unknown status {status!r}")

    def close(self) -> None:
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)
        self._context.term()

    def abort(self) -> None:
        """No call waits longer than it was asked to."""

    def after_fork_in_child(self) -> None:
        """pyzmq leaves a parent's sockets alone. Their descriptors end with the child."""
