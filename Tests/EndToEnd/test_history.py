"""The history of the comparisons: what `make bench-compare` appends to history.csv."""

import csv
import re
import sys

import pages

sys.path.append(str(pages.PROJECT / "Benchmarks/compare"))
import chart  # noqa: E402
import history  # noqa: E402
import report  # noqa: E402
from rows import Target  # noqa: E402

RESULTS = pages.PROJECT / "Benchmarks/results"


def lines(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def document(rows):
    return ("# make bench-compare, 2026-01-02 03:04 UTC, commit 0123abc-changed\n\n"
            f"A processor, 2 cores, Linux 6.1.\nversions.\n\n{report.markdown(rows)}\n\n## Programs\n\n| a |\n| --- |\n| 1 |\n")


def test_appends_every_row_of_a_run_once(tmp_path):
    rows = [["what", "measured", "beside", "ratio", "target", "aim", "met"],
            ["messages, all", "1,234,567 events/s", "rsyslog: 617,283 events/s", "2.00 ×", "≥ 3.30 ×", "", "no"],
            ["the same", "1,234,567 events/s", "bare PULL: 2,469,134 events/s", "50 %", "≥ 45 %", "", "yes"],
            ["the same, off", "9 events/s", "1 + 1: 3 ms", "117 %", "", "", ""],
            ["idle: share", "0.060 %", "", "", "≤ 0.100 %", "", "yes"]]
    path = tmp_path / "history.csv"
    assert history.append(document(rows), path) == 4
    assert history.append(document(rows), path) == 0, "a run is there once"
    found = lines(path)
    assert {(line["date"], line["commit"], line["machine"]) for line in found} == {
        ("2026-01-02 03:04 UTC", "0123abc-changed", "A processor, 2 cores, Linux 6.1")}
    assert [tuple(line.values())[3:] for line in found] == [
        ("messages, all", "1234567", "events/s", "rsyslog", "2.00"),
        ("messages, all", "1234567", "events/s", "bare PULL", "0.5"),
        ("messages, all, off", "9", "events/s", "1 + 1", "1.17"),
        ("idle: share", "0.060", "%", "", "")]


def test_reads_every_unit_that_the_table_can_show():
    for unit in report.FORMATS:
        target = Target("row", "what", lambda figures, cores: 1234.5, unit,
                        lambda figures, cores: 1000.0, "against", ratio_unit="×")
        [line] = history.lines_of(document([["what", "measured", "beside", "ratio", "target", "aim", "met"],
                                            report.target_cells(target, [{}], 2)]))
        assert line["unit"] == unit.replace("%%", "%") and float(line["figure"]) > 0, line
        assert (line["beside"], line["ratio"]) == ("against", "1.23")


def test_the_kept_results_are_in_the_history():
    kept = sorted(RESULTS.glob("*.md"))
    assert kept, "the most recent result is kept in full"
    found = lines(RESULTS / "history.csv")
    assert list(found[0]) == list(history.COLUMNS)
    for path in kept:
        rows = history.lines_of(path.read_text())
        assert rows and all(row in found for row in rows), path


def test_the_chart_shows_the_most_recent_result():
    newest = max(RESULTS.glob("*.md"))
    assert chart.PICTURE.read_text() == chart.picture(newest.read_text()), "'make chart' draws it"


def test_the_figures_of_the_first_page_are_those_of_the_most_recent_result():
    table = (pages.PROJECT / "README.md").read_text().partition("| events/s | ratio |")[2].partition("\n\n")[0]
    shown = re.findall(r"\| ([\d,]{6,}) \| (.*) \|$", table, re.M)
    assert len(shown) == 3
    newest = max(RESULTS.glob("*.md")).read_text()
    for rate, ratios in shown:
        rows = [line for line in newest.splitlines() if f"| {rate} events/s |" in line]
        for ratio in re.findall(r"[\d.]+ [×%]", ratios):
            assert any(f"| {ratio} |" in line for line in rows), f"{rate}, {ratio}"
