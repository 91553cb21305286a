"""Must-fail twins: the same test with a defective program or disk must fail.

Each takes a function that creates stages, and has the same steps and the same check as its test.
"""

import crashes
import edge
import oracle
import rooms
from stage import EAT_MY_DATA, KEEP_OPEN

ROWS = []


def must_lose(what, how, attempt, attempts=10, caught=oracle.Lost):
    """Calls `attempt` with 0, 1, … until the ledger check reports that acknowledged events are lost."""
    for number in range(attempts):
        try:
            attempt(number)
        except oracle.NotRecovered:
            # A broken program cannot read back what it wrote: that says nothing about events.
            continue
        except caught as failure:
            ROWS.append((what, how, f"{failure.count} of {failure.acknowledged}", number + 1))
            return failure
    raise AssertionError(f"{what}: {how}, and {attempts} runs have not shown it: the test cannot fail")


def table():
    head = ("test", "its twin", "caught", "runs")
    rows = [head, *((*row[:3], str(row[3])) for row in ROWS)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def power_cuts(make, file_system, stopped):
    """`stopped`: whether the collector is stopped before each cut, or runs on."""

    def attempt(_):
        with make(file_system, preload=[EAT_MY_DATA]) as stage:
            stage.stopped_share = int(stopped)
            crashes.cut_again_and_again(stage, 3)
            stage.check()

    what = f"power cuts on {file_system}" + (", stopped first" if stopped else "")
    must_lose(what, "no sync reaches the disk (eatmydata)", attempt)


def power_cuts_under_sdks(make):
    def attempt(_):
        with make("ext4", preload=[EAT_MY_DATA], first=edge.listen_at) as stage, edge.senders(stage, 400) as sending:
            edge.cut_under_way(stage, sending, 1)
            edge.check(stage, sending)

    must_lose("power cuts under SDKs", "no sync reaches the disk (eatmydata)", attempt)


def power_cuts_at_calls(make):
    def on_disk(**shape):
        return make("ext4", preload=[EAT_MY_DATA], **shape)

    def attempt(number):
        crashes.end_at_call(on_disk, 60 + 20 * number, "cut")

    must_lose("power cut at the n-th call", "no sync reaches the disk (eatmydata)", attempt)


def kills(make):
    def attempt(_):
        with make() as stage:
            stage.faults.break_program("lazy")
            crashes.kill_again_and_again(stage, 3)
            stage.check()

    must_lose("kill -9", "writes stay in the process until the file is closed", attempt)


def kills_at_calls(make):
    def attempt(number):
        crashes.end_at_call(make, 60 + 20 * number, "kill_before", twin="lazy")

    must_lose("kill at the n-th call", "writes stay in the process until the file is closed", attempt)


def failed_calls(make, kind):
    """Simulates a program that ignores a failed call, or retries a sync: the second one reports success."""

    def attempt(_):
        with make() as stage:
            stage.faults.arm("lie", [kind], first=3, last=8)
            stage.load.wait_for_answers(stage.collector, 20)
            stage.check()

    more = " (or it is tried again)" if kind == "fdatasync" else ""
    must_lose(f"a failed {kind}", f"its error is not heard{more}", attempt)


def full_disk(make, mebibytes):
    def attempt(_):
        # Segments stay open, so that only their writes are refused.
        with make("ext4", mebibytes=mebibytes, settings=KEEP_OPEN) as stage:
            stage.faults.break_program("deaf")
            ballast = rooms.Ballast(stage.disk.place)
            stage.load.wait_for_answers(stage.collector, 200)
            ballast.load()
            stage.load.wait_for_answers(stage.collector, 200)
            ballast.drop()
            stage.check()

    must_lose("full disk", "refused writes are not heard", attempt)


def removed_file(make):
    """The check must notice a missing file that the test does not declare as removed."""

    def attempt(_):
        with make(settings=KEEP_OPEN) as stage:
            stage.load.wait_for_answers(stage.collector, 20)
            stage.settle()
            stage.collector.seal()
            sorted((stage.collector.data / "events").rglob("*.ndjson.gz"))[0].unlink()
            stage.check()

    must_lose("files removed", "a sealed file is gone, and the test does not say so", attempt)


def repetitions(make):
    """Killed when events are durable and not answered, so that they are resent."""

    def recognise_nothing(stage):
        stage.collector.settings["sources"][0]["dedup"] = "off"

    def attempt(_):
        with make(first=recognise_nothing) as stage:
            stage.load.wait_for_answers(stage.collector)
            stage.faults.arm("kill_after", ["fdatasync"])
            assert stage.collector.wait_for_exit() < 0
            stage.faults.disarm()
            stage.come_back()
            stage.check()

    how = "what was sent again is not recognised"
    must_lose("sent again", how, attempt, caught=oracle.Repeated)
