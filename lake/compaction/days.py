"""Which days are complete in the table, over all nodes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Optional

from .manifests import Manifests

NODE_DAYS = 7


def complete_to(found: Manifests, committed: set[str]) -> Optional[str]:
    """Returns the last day up to which everything is committed; None if no first day is complete.

    A day needs a mark in `closed/` of every node that has files or marks in the seven days that end with it, and all
    files with receipts up to that day must be committed, as many as the mark counts.
    """
    files = list(found.files.values())
    if not found.closed or not files:
        return None
    active: dict[str, set[str]] = {}
    counts: dict[tuple[str, str], int] = {}
    for file in files:
        active.setdefault(file.day, set()).add(file.node)
        counts[file.day, file.node] = counts.get((file.day, file.node), 0) + 1
    for closed_day, node in found.closed:
        active.setdefault(closed_day, set()).add(node)
    first_open = min((file.firstReceivedAt[:10] for file in files if file.path not in committed), default="9999-12-31")
    reached = None
    day = date.fromisoformat(min(active))
    while day.isoformat() < first_open:
        text = day.isoformat()
        before = {(day - timedelta(days=back)).isoformat() for back in range(NODE_DAYS)}
        nodes = {node for one in before for node in active.get(one, ())}
        if not nodes or not all(_is_closed(found, text, node, counts) for node in nodes):
            break
        reached, day = text, day + timedelta(days=1)
    return reached


def _is_closed(found: Manifests, day: str, node: str, counts: dict[tuple[str, str], int]) -> bool:
    mark = found.closed.get((day, node))
    if mark is None:
        return False
    files = mark.get("files")
    return not isinstance(files, int) or files == counts.get((day, node), 0)
