"""What REFERENCE.md lists is what a running daemon has: metrics, figures and verbs."""

import re

import pages
from test_alerts import metrics_port, scrape

REFERENCE = "docs/REFERENCE.md"
# The metrics of the process have no prefix.
PROCESS = "process_"


def section(heading):
    text = (pages.PROJECT / REFERENCE).read_text()
    return re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.M | re.S)[1]


def first_cells(heading):
    """The words in backquotes in the first column of a section's tables."""
    rows = re.findall(r"^\| (`[^|]*) \|", section(heading), re.M)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def test_every_metric_is_listed_and_every_listed_one_is_there(daemon):
    sources = [
        {"name": "producers", "pattern": "pull", "bind": ["tcp://127.0.0.1:*"]},
        {"name": "web", "pattern": "http", "bind": ["127.0.0.1:0"]},
    ]
    plan = {"directory": str(pages.PROJECT / "samples" / "plan")}
    collector = daemon(sources=sources, plan=plan, metrics={"listen": "127.0.0.1:0"})
    text = scrape(metrics_port(collector))
    served = set(re.findall(r"^# TYPE (\w+) ", text, re.M))
    listed = {name if name.startswith(PROCESS) else f"touchpoint_{name}" for name in first_cells("Metrics")}
    connections = section("Connections")
    short = re.findall(r"`(?:…|touchpoint_source)(_\w+)`", connections)
    listed |= {f"touchpoint_source{name}" for name in short}
    assert len(served) > 40
    assert served == listed, f"not listed: {sorted(served - listed)}, not there: {sorted(listed - served)}"


def test_every_figure_is_listed_and_every_listed_one_is_there(daemon):
    collector = daemon()
    stats, status = collector.ask("stats"), collector.ask("status")
    names = first_cells("`stats --json`")
    # A second name of a row is a member beside the first: of a source, of `rates`, of `bytes`.
    top = {re.split(r"[.\[]", name)[0] for name in names}
    of_source = {name.removeprefix("sources.NAME.") for name in names if name.startswith("sources.NAME.")}
    of_source |= {"thisRun", "bytes"}
    assert set(stats) <= top, f"not listed: {sorted(set(stats) - top)}"
    # `why` is there when there is something to say; the rates' names stand alone.
    assert top - set(stats) <= {"why", "10s", "60s"}, f"not there: {sorted(top - set(stats))}"
    assert set(stats["rates"]) == {"1s", "10s", "60s"}
    reliable = stats["sources"]["reliable"]
    assert set(reliable) <= of_source | {"why"}, f"not listed: {sorted(set(reliable) - of_source)}"
    assert set(reliable["connections"]) == set(first_cells("Connections"))
    for shown, heading in ((stats["dedup"], "Dedup"), (status["quarantine"], "Quarantine")):
        listed = set(first_cells(heading))
        assert set(shown) <= listed and listed - set(shown) <= {"why", "loadedPerSecond"}, (heading, sorted(shown))


def test_every_verb_is_listed_with_its_right(daemon):
    collector = daemon()
    verbs = collector.ask("help")["verbs"]
    rows = re.findall(r"^\| (`[^|]*) \| ([^|]*) \|$", section("The control socket").partition("| error code")[0], re.M)
    listed = {re.split(r"[ \[]", name)[0]: what.startswith("change")
              for names, what in rows for name in re.findall(r"`([^`]+)`", names)}
    assert listed == {verb["verb"]: verb["changes"] for verb in verbs}
