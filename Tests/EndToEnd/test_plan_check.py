"""touchpointctl plan check: what it prints, and its exit codes."""

import subprocess

import pytest

from waiting import BOUND_SECONDS

PLAN = """\
plan: shop
version: 3
owners: { marketing: ana@shop.example }
"""
EVENT = """\
event: Order Completed
description: A customer has paid.
owner: marketing
properties:
  total: { type: number, required: true, minimum: 0 }
"""


@pytest.fixture
def check(touchpoint, tmp_path):
    """Returns the exit code and the output of a check of these files."""
    def run(*options, **files):
        (tmp_path / "plan" / "events").mkdir(parents=True)
        for name, text in files.items():
            (tmp_path / "plan" / f"{name.replace('__', '/')}.yaml").write_text(text)
        done = subprocess.run([touchpoint / "touchpointctl", "plan", "check", *options], capture_output=True, text=True,
                              cwd=tmp_path, timeout=BOUND_SECONDS)
        return done.returncode, done.stdout
    return run


def test_whole_plan_is_ok(check):
    assert check(plan=PLAN, events__order=EVENT) == (0, "plan 'shop', version 3: 1 events, 0 terms, 0 warnings\nok\n")


def test_problem_has_file_and_line(check):
    code, output = check(plan=PLAN, events__order=EVENT.replace("minimum: 0", "minimun: 0"))
    assert code == 78
    assert output.startswith("events/order.yaml:5: unknown key 'minimun'")
    assert output.endswith("NOT ok\n")


@pytest.mark.parametrize(("options", "code", "end"), [((), 0, "ok"), (("--strict",), 78, "NOT ok")])
def test_warning_is_an_error_only_if_strict(check, options, code, end):
    found, output = check(*options, plan=PLAN, events__order=EVENT + "  email: { type: string }\n")
    lines = output.splitlines()
    assert (found, lines[-1]) == (code, end)
    assert lines[0] == "events/order.yaml:6: warning: property 'email' looks like personal data and has no 'privacy'"


def test_no_plan_is_an_error(check):
    code, output = check()
    assert code == 78
    assert output == "plan.yaml: cannot be read: No such file or directory\nNOT ok\n"
