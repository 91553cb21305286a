"""Power cuts on real file systems: no acknowledged event is lost when the power is back."""

import pytest

import crashes
import twins

pytestmark = pytest.mark.loop_disk

CUTS = 50
CUTS_A_DISK = 10


@pytest.mark.parametrize("file_system", ["ext4", "xfs"])
def test_what_is_acknowledged_outlives_power_cuts(stage, seed, note, file_system):
    print(f"TOUCHPOINT_SEED={seed}")
    for _ in range(CUTS // CUTS_A_DISK):
        with stage(file_system) as here:
            here.note_base()
            crashes.cut_again_and_again(here, CUTS_A_DISK)
            here.check()
        note(here.tally)


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped first"])
@pytest.mark.parametrize("file_system", ["ext4", "xfs"])
def test_power_cuts_without_syncs_are_caught(stage, file_system, stopped):
    twins.power_cuts(stage, file_system, stopped)
