"""Power cuts, kills and failing disks while four SDKs send over HTTP: what they took as delivered is there, once."""

import errno
import os

import pytest

import edge
import rooms
import twins
from faulty_disk import FOR_EVER

# Enough to be under way for the time of the faults.
EVENTS = 3_000
FAULTS = 3


@pytest.mark.loop_disk
def test_what_sdks_delivered_outlives_power_cuts(stage, seed, note):
    print(f"TOUCHPOINT_SEED={seed}")
    with stage("ext4", first=edge.listen_at) as here, edge.senders(here, EVENTS) as sending:
        edge.cut_under_way(here, sending, FAULTS)
        sending.finish()
        edge.check(here, sending)
    note(here.tally)


def test_what_sdks_delivered_outlives_kills(stage, seed, note):
    print(f"TOUCHPOINT_SEED={seed}")
    with stage(first=edge.listen_at) as here, edge.senders(here, EVENTS) as sending:
        edge.kill_under_way(here, sending, FAULTS)
        sending.finish()
        edge.check(here, sending)
    note(here.tally)


@pytest.mark.loop_disk
def test_sdks_go_on_by_themselves_after_a_full_disk(stage, note):
    with stage("ext4", mebibytes=24, first=edge.listen_at) as here, edge.senders(here, EVENTS) as sending:
        ballast = rooms.Ballast(here.disk.place)
        edge.wait_for_deliveries(here, sending)
        rooms.fill(here, ballast)
        print(here.wait_for_state("blocked"))
        edge.assert_refuses(here)
        ballast.drop()
        here.wait_for_state("running")
        sending.finish()
        edge.check(here, sending)
        here.tally["full disks"] += 1
    note(here.tally)


def test_sdks_go_on_by_themselves_after_failed_syncs(stage, note):
    with stage(first=edge.listen_at) as here, edge.senders(here, EVENTS) as sending:
        edge.wait_for_deliveries(here, sending)
        here.faults.arm("fail", ["fdatasync"], first=1, last=FOR_EVER, error=errno.EIO)
        here.wait_for_state("blocked", os.strerror(errno.EIO))
        edge.assert_refuses(here)
        here.faults.disarm()
        here.wait_for_state("running")
        sending.finish()
        edge.check(here, sending)
        here.tally["injected errors"] += 1
    note(here.tally)


@pytest.mark.loop_disk
def test_power_cuts_without_syncs_are_caught_over_http(stage):
    twins.power_cuts_under_sdks(stage)
