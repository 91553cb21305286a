"""The collector, or the power, ends at each call that changes the disk."""

import pytest

import crashes
import twins

CALLS = 200


def sample(calls, size, dice):
    """Returns numbers from 1 to `calls`, evenly distributed, each at a random place in its part."""
    return [1 + min(calls - 1, int((part + dice.random()) * calls / size)) for part in range(size)]


@pytest.mark.parametrize("action", ["kill_before", "kill_after"])
def test_outlives_kills_at_each_call(stage, seed, note, dice, action):
    print(f"TOUCHPOINT_SEED={seed}")
    calls = crashes.calls_of_a_run(stage)
    print(f"{calls} calls change the disk in a run of {crashes.EVENTS} events")
    for number in sample(calls, CALLS // 4, dice):
        again = dice.randrange(1, 12) if dice.random() < 0.5 else None
        note(crashes.end_at_call(stage, number, action, again))


@pytest.mark.loop_disk
@pytest.mark.parametrize("file_system", ["ext4", "xfs"])
def test_outlives_power_cuts_at_each_call(stage, seed, note, dice, file_system):
    print(f"TOUCHPOINT_SEED={seed}")

    def on_disk(**shape):
        return stage(file_system, **shape)

    calls = crashes.calls_of_a_run(on_disk)
    for number in sample(calls, CALLS // 4, dice):
        again = dice.randrange(1, 12) if dice.random() < 0.5 else None
        note(crashes.end_at_call(on_disk, number, dice.choice(crashes.CUTS), again))


@pytest.mark.loop_disk
def test_power_cuts_at_calls_without_syncs_are_caught(stage):
    twins.power_cuts_at_calls(stage)


def test_kills_at_calls_of_a_collector_that_answers_before_it_writes_are_caught(stage):
    twins.kills_at_calls(stage)
