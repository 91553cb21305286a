"""Help that fits a terminal of 80 columns, and answers to mistyped arguments."""

import os
import re
import subprocess

import pytest

from waiting import BOUND_SECONDS

COLUMNS = 80
# A paragraph's line that is shorter than this although the next word would have fitted was broken by hand.
SLACK = 4


def run(program, *arguments):
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=BOUND_SECONDS, stdin=subprocess.DEVNULL,
        env=os.environ | {"COLUMNS": str(COLUMNS)},
    )


def helps(touchpoint):
    """Returns the overview of each program's help and of each command's."""
    commands = re.findall(
        r"(?m)^  ([a-z][a-z-]+)  ", run(touchpoint / "touchpointctl", "--help").stdout.split("OPTIONS:")[1]
    )
    assert {"status", "verify", "cat", "log-level"} <= set(commands)
    for words in [["touchpointd"], ["touchpoint-send"], ["touchpointctl"]] + [["touchpointctl", c] for c in commands]:
        done = run(touchpoint / words[0], *words[1:], "--help")
        assert done.returncode == 0, done.stderr
        yield " ".join(words), done.stdout.split("\nUSAGE:")[0]


def test_help_has_no_broken_lines(touchpoint):
    broken = []
    for name, text in helps(touchpoint):
        for paragraph in text.split("\n\n"):
            lines = paragraph.splitlines()
            if re.match(r"Examples?:$", lines[0]):
                broken += [(name, line) for line in lines[1:] if not line.startswith("  touchpoint")]
                continue
            for line, following in zip(lines, lines[1:]):
                word = following.split()[0]
                if not following.startswith(" ") and len(line) + 1 + len(word) <= COLUMNS - SLACK:
                    broken.append((name, line))
    assert not broken


@pytest.mark.parametrize(
    "word, meant", [("statu", "status"), ("patitions", "partitions"), ("verfy", "verify"), ("log-levle", "log-level")]
)
def test_a_mistyped_command_is_guessed(touchpoint, word, meant):
    done = run(touchpoint / "touchpointctl", word)
    assert done.returncode == 64
    assert f"there is no command '{word}', did you mean '{meant}'?" in done.stderr


def test_what_is_like_no_command_is_not_guessed(touchpoint):
    done = run(touchpoint / "touchpointctl", "xyzzy\x1b[31m")
    assert done.returncode == 64 and "did you mean" not in done.stderr and "\x1b" not in done.stderr


def test_a_time_that_is_none_comes_with_the_usage_of_its_command(touchpoint):
    done = run(touchpoint / "touchpointctl", "cat", "--from", "10m")
    assert done.returncode == 64
    assert "2026-11-22T10:00:00Z" in done.stderr and "--from" in done.stderr
    assert "Usage: touchpointctl cat " in done.stderr
