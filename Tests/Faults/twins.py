"""Must-fail twins: the same test with a program or a disk that breaks its promise must be caught."""

import oracle

ROWS = []


def must_lose(what, how, attempt, attempts=10):
    """Calls `attempt` with 0, 1, … until the ledger check says that acknowledged events are gone."""
    for number in range(attempts):
        try:
            attempt(number)
        except oracle.Lost as lost:
            ROWS.append((what, how, f"{lost.count} of {lost.acknowledged}", number + 1))
            return lost
    raise AssertionError(f"{what}: {how}, and {attempts} runs have not shown a loss: the test cannot fail")


def table():
    head = ("test", "its twin", "lost, and caught", "runs")
    rows = [head, *((*row[:3], str(row[3])) for row in ROWS)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
