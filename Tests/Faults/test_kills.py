"""kill -9 at random moments, and at the calls that change the disk."""

import pytest

import crashes
import twins

KILLS = 100
KILLS_A_FOLDER = 20


def test_what_is_acknowledged_outlives_kills(stage, seed, note):
    print(f"TOUCHPOINT_SEED={seed}")
    for _ in range(KILLS // KILLS_A_FOLDER):
        with stage() as here:
            here.note_base()
            crashes.kill_again_and_again(here, KILLS_A_FOLDER)
            here.check()
        note(here.tally)


def test_what_is_sent_again_and_not_recognised_is_caught(stage):
    twins.repetitions(stage)


def test_kills_of_a_collector_that_answers_before_it_writes_are_caught(stage):
    twins.kills(stage)
