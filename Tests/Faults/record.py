"""The record of long runs: a Markdown table with one line per run, and above it the sums beside their goals."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A figure of the record. `kind`: its name in the tally of a run; `goal`: the target for all runs together."""

    name: str
    kind: str
    goal: int | None = None


FIGURES = (
    Column("kills", "kills", 10_000),
    Column("at calls", "call kills", 2_000),
    Column("in recovery", "recovery kills", 2_000),
    Column("power cuts", "cuts", 12_000),
    Column("stopped first", "stopped cuts"),
    Column("failing calls", "injected errors", 5_000),
    Column("full disks", "full disks", 100),
    Column("crash points", "points", 10_000_000),
    Column("torn tails", "tails", 300_000),
    Column("flipped bits", "flips", 1_000_000),
    Column("acknowledged", "acknowledged"),
    Column("in doubt", "in doubt"),
    Column("lost", "lost"),
)
HEAD = (
    "date", "commit", "seed", "minutes", "machine", *(figure.name for figure in FIGURES), "calls of a run", "result",
)
PASSED = "passed"
_TOTALS, _RUNS = "## Totals", "## Runs"


class Record:
    """The file; it begins with any text, followed by the two tables."""

    def __init__(self, path):
        self.path = path
        text = path.read_text(encoding="utf-8") if path.exists() else "# Reliability record\n"
        self.introduction = text.split(_TOTALS)[0].rstrip("\n")
        rows = [row for row in map(cells, text.split(_RUNS)[-1].splitlines()) if len(row) == len(HEAD)]
        self.runs = [dict(zip(HEAD, row, strict=True)) for row in rows if row[0] != HEAD[0] and row[0].strip("-")]

    def append(self, run):
        """Adds a run, one text per column of `HEAD`, and writes the file."""
        self.runs.append({name: clean(run[name]) for name in HEAD})
        self.write()

    def write(self):
        tables = [self.introduction, "", _TOTALS, "", *self.totals(), "", _RUNS, ""]
        tables += [line(HEAD), line("---" for _ in HEAD), *(line(run[name] for name in HEAD) for run in self.runs)]
        self.path.write_text("\n".join(tables) + "\n", encoding="utf-8")

    def totals(self):
        parts = {True: [], False: []}
        for run in self.runs:
            parts[run["result"] == PASSED].append(run)
        rows = [("", "to reach", "in runs that passed", "in runs that failed"), ("---", "---:", "---:", "---:")]
        rows.append(("runs", "", *(f"{len(parts[has_passed])}" for has_passed in (True, False))))
        for figure in FIGURES:
            sums = [f"{sum(number(run[figure.name]) for run in parts[passed]):,}" for passed in (True, False)]
            rows.append((figure.name, f"{figure.goal:,}" if figure.goal else "", *sums))
        return list(map(line, rows))

    @property
    def calls_reached(self):
        """Returns how many calls of a run of 500 events all runs together have tested."""
        ends = [re.findall(r"\d+", run["calls of a run"]) for run in self.runs]
        return max((int(numbers[-1]) for numbers in ends if numbers), default=0)


def cells(row):
    return [cell.strip() for cell in row.strip().removeprefix("|").removesuffix("|").split("|")]


def line(texts):
    return "| " + " | ".join(texts) + " |"


def clean(text):
    return str(text).replace("|", "/").replace("\n", " ")


def number(text):
    """Parses a figure of a line; 0 if there is none."""
    digits = text.replace(",", "")
    return int(digits) if digits.isdigit() else 0
