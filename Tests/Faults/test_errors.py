"""Each call that the collector needs fails once, and forever, with each of nine errors."""

import errno

import pytest

import errors
import twins

CASES = 6


@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize("kind", errors.KINDS)
def test_goes_on_by_itself_after_a_failed_call(stage, seed, note, dice, kind, for_ever):
    print(f"TOUCHPOINT_SEED={seed}")
    with stage() as here:
        here.note_base()
        calls = errors.calls_of_a_burst(here)
        for error in dice.sample(errors.ERRORS, CASES):
            number = dice.randrange(1, calls[kind] + 1)
            print(f"call {number} of {kind}: {errno.errorcode[error]}")
            errors.fail_call(here, kind, number, error, for_ever)
        here.check()
    note(here.tally)


def test_goes_on_when_calls_fail_in_a_row(stage, seed, note, dice):
    """Repairs fail too, and each continues from what the previous one did."""
    print(f"TOUCHPOINT_SEED={seed}")
    # Few open segments: many are sealed, and wait to be committed when a call fails.
    with stage(settings={"partition": {"maxOpen": 2}}) as here:
        here.note_base()
        for _ in range(2 * CASES):
            kinds = dice.sample(errors.KINDS, dice.randrange(1, 4))
            error = dice.choice(errors.ERRORS)
            print(f"{kinds}: {errno.errorcode[error]}")
            errors.fail_some_calls(here, kinds, error)
        here.check()
    note(here.tally)


def test_takes_nothing_for_missing_that_a_start_cannot_open(stage, seed, note):
    """Manifests, folders and segments that exist, but cannot be opened once."""
    print(f"TOUCHPOINT_SEED={seed}")
    with stage() as here:
        here.note_base()
        here.load.resume().wait_for_answers(here.collector, 3)
        here.load.pause()
        for number in range(1, errors.opens_of_a_start(here) + 1):
            errors.fail_to_open_in_a_start(here, number, errno.ENOENT)
        here.kill()
        here.come_back()
        here.check()
    note(here.tally)


def test_goes_on_after_half_a_write(stage, seed, note, dice):
    print(f"TOUCHPOINT_SEED={seed}")
    with stage() as here:
        here.note_base()
        for _ in range(CASES):
            errors.fail_call(here, "write", dice.randrange(1, 9), 0, action="half")
        here.check()
    note(here.tally)


@pytest.mark.parametrize("kind", ["write", "fdatasync"])
def test_a_failed_call_that_nobody_hears_of_is_caught(stage, kind):
    twins.failed_calls(stage, kind)
