"""touchpointctl plan diff: what each change is, and the version it asks for."""

import subprocess

import pytest

from waiting import BOUND_SECONDS

EVENT = """\
event: Order Completed
properties:
  total: { type: number, minimum: 0 }
  size: { type: string, values: [S, M] }
  note: { type: [string, "null"], maxLength: 9 }
  box: { type: object }
"""
CHANGES = [
    ("", "", None),
    ("event: Order Completed", "event: Order Completed\ndescription: Paid.", None),
    ("event: Order Completed", "event: Order completed", "model: event 'Order Completed': removed"),
    ("  size: { type: string, values: [S, M] }\n", "", "model: event 'Order Completed', size: removed"),
    ("minimum: 0 }", "minimum: 0, required: true }", "model: event 'Order Completed', total: is required now"),
    ("total: { type: number, minimum: 0 }", "total: { type: string }",
     "model: event 'Order Completed', total: accepts fewer types, or others"),
    ("total: { type: number", "total: { type: integer", "revision: event 'Order Completed', total: accepts fewer types, or others"),
    ("minimum: 0", "minimum: 1", "revision: event 'Order Completed', total: minimum or maximum changed"),
    ("minimum: 0", "minimum: -1", "addition: event 'Order Completed', total: minimum or maximum changed"),
    ("[S, M]", "[S]", "revision: event 'Order Completed', size: accepted values changed"),
    ("[S, M]", "[S, M, L]", "addition: event 'Order Completed', size: accepted values changed"),
    ("maxLength: 9", "maxLength: 8", "revision: event 'Order Completed', note: bounds of its length changed"),
    ("maxLength: 9", "maxLength: 9, pattern: a", "revision: event 'Order Completed', note: pattern a"),
    ("  box:", "  more: { type: string }\n  box:", "addition: event 'Order Completed', more: added"),
    ("  box:", "  box.of: { type: string }\n  box:", "revision: event 'Order Completed', box.of: added"),
]


@pytest.mark.parametrize(("old", "new", "line"), CHANGES)
def test_change_has_its_rank(touchpoint, tmp_path, old, new, line):
    def diff(version):
        for folder, event, number in (("old", EVENT, 3), ("new", EVENT.replace(old, new, 1) if old else EVENT, version)):
            (tmp_path / folder / "events").mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / "plan.yaml").write_text(f"plan: shop\nversion: {number}\n")
            (tmp_path / folder / "events" / "order.yaml").write_text(event)
        done = subprocess.run([touchpoint / "touchpointctl", "plan", "diff", "old", "new"], capture_output=True, text=True,
                              cwd=tmp_path, timeout=BOUND_SECONDS)
        return done.returncode, done.stdout.splitlines()
    code, lines = diff(3)
    if line is None:
        assert (code, lines) == (0, ["ok: 0 changes, version 3"])
        assert diff(2)[0] == 1
        return
    assert (code, lines[0], lines[-1]) == (1, line, "NOT ok: version is 3, raise it to 4")
    code, lines = diff(4)
    assert (code, lines[0]) == (0, line)
