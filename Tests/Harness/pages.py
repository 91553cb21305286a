"""Extracts the code blocks of the documentation pages.

A fenced block with a language is run by a test, under the name in the comment above it (`<!-- run: NAME -->`, or
`<!-- file: NAME -->` for a program), or that comment says why not (`<!-- not run: WHY -->`). Blocks of JSON are
read. Blocks without a language show output.
"""

import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/PROTOCOL.md", "docs/FILES.md")

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.M | re.S)
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
    """Returns all fenced blocks of a page, in order."""
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
    """Returns the only block with this name."""
    [found] = [b for b in blocks(page) if b.name == name and b.mark != "not run"]
    return found


def write_programs(folder, *names):
    """Writes programs of PROTOCOL.md and FILES.md into a folder."""
    for name in names:
        [found] = [b for page in PAGES for b in blocks(page) if b.mark == "file" and b.name == name]
        (folder / name).write_text(found.text)


def json_texts(found):
    """Returns the JSON values in a block, one per line."""
    return [json.loads(line) for line in found.text.splitlines()]


# The blocks that tests run, by page: filled by `runs`.
run_by_tests = {}


def runs(page, *names):
    """Declares which blocks of a page a test runs."""

    def mark(test):
        for name in names:
            run_by_tests[page, name] = test.__name__
        return test

    return mark
