"""The code that the pages show, taken from the pages themselves.

A fenced block with a language is run by a test, under the name in the comment above it (`<!-- run: NAME -->`, or
`<!-- file: NAME -->` for a program), or that comment says why not (`<!-- not run: WHY -->`). Blocks of JSON are read.
Blocks without a language show what comes out.
"""

import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md", "docs/GETTING_STARTED.md", "docs/PROTOCOL.md", "docs/EDGE.md", "docs/FILES.md", "clients/python/README.md",
)

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.M | re.S)
_VARIES = re.compile(
    r"…|[\d.]+(?= (?:s|events/s|MB/s)\b)|\d{4}-\d\d-\d\dT[\d:.]+Z|\d{8}T\d{6}\.\d{3}Z(?:-[0-9a-f]{4}(?=\"))?"
    r"|(?<=date=)[\d-]+|(?<=hour=)\d+|(?<=part-)\w+|(?<=\"node\":\")\w+"
    r"|(?<=127\.0\.0\.1:)\d+")
_MARK = re.compile(r"<!-- (run|file|not run): (.+?) -->\n *$")


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    text: str
    mark: str | None
    name: str | None

    def __str__(self):
        return f"{self.page}:{self.line} ({self.language or 'no language'}, {self.name or 'no name'})"


def blocks(page):
    """All fenced blocks of a page, in order."""
    content = (PROJECT / page).read_text()
    found = []
    for match in _FENCE.finditer(content):
        mark = _MARK.search(content, max(0, match.start() - 200), match.start())
        kind, name = mark.groups() if mark else (None, None)
        line = content.count("\n", 0, match.start()) + 1
        text = textwrap.dedent(match[3])
        found.append(Block(page, line, match[2], text, kind, name))
    return found


def block(page, name):
    """The one block with this name."""
    [found] = [b for b in blocks(page) if b.name == name and b.mark != "not run"]
    return found


def output(page, name):
    """What the page shows as the output of the block with this name: a pattern per line.

    Times, dates, rates and the node's name differ from run to run, and `…` is any text. All else is as shown.
    """
    found = blocks(page)
    [index] = [i for i, b in enumerate(found) if b.name == name and b.mark == "run"]
    shown = found[index + 1]
    assert not shown.language, f"{shown} is no output"
    return [_pattern(line) for line in shown.text.splitlines()]


def _pattern(line):
    pattern, end = "", 0
    for match in _VARIES.finditer(line):
        pattern += re.escape(line[end:match.start()]) + (".*" if match[0] == "…" else r"[\w.:-]+")
        end = match.end()
    return pattern + re.escape(line[end:])


def write_programs(folder, *names):
    """Puts files of the pages into a folder."""
    for name in names:
        [found] = [b for page in PAGES for b in blocks(page) if b.mark == "file" and b.name == name]
        (folder / name).write_text(found.text)


def json_texts(found):
    """Returns the JSON values of a block, one per line."""
    return [json.loads(line) for line in found.text.splitlines()]


# What tests run, by page: filled by `runs`.
run_by_tests = {}


def runs(page, *names):
    """Says which blocks of a page a test runs."""

    def mark(test):
        for name in names:
            run_by_tests[page, name] = test.__name__
        return test

    return mark
