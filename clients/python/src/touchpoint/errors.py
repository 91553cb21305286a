"""The errors that calls of the client raise. Each message says what to do."""

from __future__ import annotations


class TouchpointError(Exception):
    """Any error of this package."""


class SettingsError(TouchpointError, ValueError):
    """A setting of the client has a value that cannot work: an endpoint, a limit, a key file."""


class EventError(TouchpointError, ValueError):
    """The collector would refuse this event: it is no JSON, too large, or has a field of a wrong type.

    Nothing was kept.
    """


class QueueFull(TouchpointError):
    """There is no room for the event, and `when_full` is "raise", or "block" and the time is over.

    Nothing was kept.
    """


class ClientClosed(TouchpointError):
    """The client was shut down before this call. Nothing was kept."""


class SpoolError(TouchpointError):
    """The spool's file cannot be opened, read or written. An event whose call raises this was not kept."""


class SpoolLocked(SpoolError):
    """Another process has this spool."""
