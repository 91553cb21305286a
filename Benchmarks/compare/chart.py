#!/usr/bin/env python3
"""Draws docs/images/rates.svg from the most recent result file of the comparison.

Bars of events per second, one message per event and 100 events per message, each program beside the others. The picture
is legible on light and dark pages. `make chart` runs this.
"""

import pathlib
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "Benchmarks/results"
PICTURE = ROOT / "docs/images/rates.svg"

# Row and program of the table, and what the bar says.
GROUPS = (
    ("One event per message", (
        ("single", "touchpointd", "touchpointd: parsed, filed, synced"),
        ("single", "bare PULL", "bare libzmq: received and dropped"),
        ("single", "bare parts", "bare parts: no syncs, no answers"),
        ("single", "rsyslog", "rsyslog: not parsed, not synced"))),
    ("100 events per message", (
        ("batch", "touchpointd", "touchpointd: parsed, filed, synced"),
        ("batch", "touchpointd, acknowledged", "touchpointd: the same, acknowledged"),
        ("batch", "bare PULL", "bare libzmq: received and dropped"),
        ("batch", "bare parts", "bare parts: no syncs, no answers"))),
)
WIDTH, LABEL, BAR, STEP = 720, 264, 16, 24
STYLE = """
    text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #57606a; }
    .head { font-weight: 600; fill: #24292f; }
    .own { fill: #0969da; } .other { fill: #afb8c1; }
    @media (prefers-color-scheme: dark) {
      text { fill: #9198a1; } .head { fill: #e6edf3; } .own { fill: #4493f8; } .other { fill: #57606a; }
    }"""


def rates(text):
    """Median events per second, by row and program."""
    table = text.partition("\n## Programs\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n") if line.startswith("|")]
    return {(row[0], row[1]): int(row[2].replace(",", "")) for row in rows[2:]}


def picture(text):
    found = rates(text)
    bars = [found[row, program] for _, group in GROUPS for row, program, _ in group]
    scale = (WIDTH - LABEL - 80) / max(bars)
    parts, y = [], 8
    for head, group in GROUPS:
        y += 16
        parts.append(f'<text class="head" x="0" y="{y}">{head}, events/s</text>')
        y += 8
        for row, program, label in group:
            rate = found[row, program]
            kind = "own" if program.startswith("touchpointd") else "other"
            parts.append(f'<text x="0" y="{y + 13}">{escape(label)}</text>')
            parts.append(f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{rate * scale:.0f}" height="{BAR}" rx="2"/>')
            parts.append(f'<text x="{LABEL + rate * scale + 6:.0f}" y="{y + 13}">{rate:,}</text>')
            y += STEP
        y += 8
    lines = text.split("\n")
    for line in (lines[0].removeprefix("# "), lines[2].rstrip(".")):
        y += 17
        parts.append(f'<text x="0" y="{y}">{escape(line)}</text>')
    body = "\n  ".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 10}" width="{WIDTH}" role="img"\n'
            f'     aria-label="Events per second, Touchpoint beside other programs">\n'
            f'  <style>{STYLE}\n  </style>\n  {body}\n</svg>\n')


def main():
    newest = max(RESULTS.glob("*.md"))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(newest.read_text()))
    print(f"{PICTURE.relative_to(ROOT)} shows {newest.name}")


if __name__ == "__main__":
    main()
