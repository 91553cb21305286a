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


# Characters that control a terminal, change the direction of text, or are invisible.
UNSAFE = "\x1b]0;x\x07\x7f\x9b\u202e\u200b"


@pytest.mark.parametrize("arguments, code", [
    (["touchpointd", "--" + UNSAFE], 64), (["touchpointd", UNSAFE], 64), (["touchpointd", "--config"], 64),
    (["touchpointd", "--config", "/" + UNSAFE, "--check"], 78), (["touchpointd", "--config", "/" + UNSAFE], 78),
    (["touchpoint-send", "--" + UNSAFE], 64), (["touchpoint-send", "--window", UNSAFE], 64),
    (["touchpoint-send", "--pattern", UNSAFE], 64),
    (["touchpointctl", "--" + UNSAFE], 64), (["touchpointctl", "stats", "--" + UNSAFE], 64),
    (["touchpointctl", "stats", "--interval", UNSAFE], 64),
], ids=lambda value: " ".join(value).replace(UNSAFE, "?") if isinstance(value, list) else None)
def test_no_argument_steers_the_terminal_through_an_error(touchpoint, arguments, code):
    done = run(touchpoint / arguments[0], *arguments[1:])
    assert done.returncode == code, done.stderr
    assert done.stderr and done.stdout == ""
    assert not set(done.stderr) & set("\x1b\x07\x7f\x9b\u202e\u200b"), done.stderr
    if UNSAFE in " ".join(arguments):
        assert "?]0;x????" in done.stderr


@pytest.mark.parametrize("program", ["touchpointd", "touchpoint-send", "touchpointctl"])
def test_help_and_version_go_to_standard_output(touchpoint, program):
    for option, part in (("--help", "USAGE: " + program), ("--version", program + " 0.")):
        done = run(touchpoint / program, option)
        assert (done.returncode, done.stderr) == (0, "") and part in done.stdout
