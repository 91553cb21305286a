"""Client of the event collector Touchpoint.

    from touchpoint import Touchpoint

    with Touchpoint("tcp://127.0.0.1:5572") as touchpoint:
        touchpoint.track("u-1", "Order Completed", {"total": 39.9})
"""

from ._version import VERSION as __version__
from .client import Touchpoint
from .errors import ClientClosed, EventError, QueueFull, SettingsError, SpoolError, SpoolLocked, TouchpointError
from .reports import Drop, Rejection, Stats

__all__ = [
    "ClientClosed",
    "Drop",
    "EventError",
    "QueueFull",
    "Rejection",
    "SettingsError",
    "SpoolError",
    "SpoolLocked",
    "Stats",
    "Touchpoint",
    "TouchpointError",
    "__version__",
]
