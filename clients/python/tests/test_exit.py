"""The end of a program that calls neither `flush` nor `shutdown`."""

import time

from checks import assert_each_once, finish

TRACK = """
import logging, sys, touchpoint
logging.basicConfig()
client = touchpoint.Touchpoint(sys.argv[1], batch_seconds=3600, exit_timeout=float(sys.argv[2]), spool=sys.argv[3] or None)
for number in range(250):
    print(client.track("u", "x", {"n": number}))
"""


def test_events_are_flushed(router, program, endpoint):
    collector = router()
    output, errors = finish(program(TRACK, endpoint, 20, ""))
    assert len(output.split()) == 250 and not errors
    assert_each_once(collector, output.split())


def test_events_are_flushed_after_an_error_of_the_program(router, program, endpoint):
    collector = router()
    output, errors = finish(program(TRACK + "raise SystemExit(3)", endpoint, 20, ""), expect=3)
    assert_each_once(collector, output.split())


def test_end_is_bounded_and_says_what_is_lost(program, endpoint):
    begin = time.monotonic()
    _, errors = finish(program(TRACK, endpoint, 0.5, ""))
    assert time.monotonic() - begin < 10
    assert "250 events had no answer and are dropped: a spool would keep them" in errors


def test_spool_keeps_what_the_end_could_not_send(router, program, endpoint, client, tmp_path):
    output, errors = finish(program(TRACK, endpoint, 0.2, tmp_path / "events.spool"))
    assert "dropped" not in errors
    collector = router()
    assert client(spool=tmp_path / "events.spool").shutdown()
    assert_each_once(collector, output.split())


def test_interrupted_program_flushes(router, program, endpoint):
    collector = router()
    process = program(TRACK + "sys.stdout.flush()\nimport time\ntime.sleep(600)", endpoint, 20, "")
    ids = [process.stdout.readline().strip() for _ in range(250)]
    process.send_signal(2)
    _, errors = finish(process, expect=-2)
    assert "KeyboardInterrupt" in errors
    assert_each_once(collector, ids)
