"""The history of the comparisons: one line of history.csv per row of a run's table of targets.

A result file keeps every round of one run. The history keeps what its first table says, over all runs, so that old
result files can go. Figures are numbers without separators; a ratio that the table shows in percent is a fraction.
"""

import csv
import re

COLUMNS = ("date", "commit", "machine", "row", "figure", "unit", "beside", "ratio")
NUMBER = re.compile(r"(-?[\d,]+(?:\.\d+)?) ?(.*)")


def append(text, path):
    """Appends the rows of a result file to the history, once per run; returns how many lines were added."""
    found = lines_of(text)
    known = set()
    if path.exists():
        with path.open(newline="") as file:
            known = {(line["date"], line["commit"]) for line in csv.DictReader(file)}
    if not found or (found[0]["date"], found[0]["commit"]) in known:
        return 0
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerows(found)
    return len(found)


def lines_of(text):
    """The history's lines for one result file, as `report.document` writes it."""
    date, commit = re.match(r"# make bench-compare, (.+? UTC), commit (\S+)\n", text).groups()
    machine = text.split("\n")[2].rstrip(".")
    lines, what = [], ""
    for cells in table(text):
        # 'the same' is the row above with another figure beside it.
        what = what if cells["what"] == "the same" else cells["what"].replace("the same, ", f"{what}, ")
        figure, unit = number(cells["measured"])
        beside = cells["beside"].rpartition(": ")[0]
        lines.append({"date": date, "commit": commit, "machine": machine, "row": what, "figure": figure, "unit": unit,
                      "beside": beside, "ratio": ratio(cells["ratio"])})
    return lines


def table(text):
    """The first table of a page, one dictionary per row."""
    rows = [line.strip("|\n ").split("|") for line in text.partition("\n\n## ")[0].split("\n") if line.startswith("|")]
    rows = [[cell.strip() for cell in row] for row in rows]
    width = max(len(row) for row in rows)
    head = rows[0]
    return [dict(zip(head, row + [""] * (width - len(row)))) for row in rows[2:]]


def number(cell):
    figure, unit = NUMBER.fullmatch(cell).groups()
    return figure.replace(",", ""), unit


def ratio(cell):
    """2.61 of '2.61 ×', 0.7 of '70 %'."""
    if not cell:
        return ""
    figure, unit = number(cell)
    return f"{float(figure) / 100:g}" if unit == "%" else figure
