"""touchpointctl verify, repair and cat on the folders of a running and a damaged collector."""

import json
import signal
import subprocess

import pytest
import zmq

from collector import Collector
from readback import lines_by_zcat, sealed_files
from waiting import BOUND_SECONDS, wait_until

VERIFICATIONS = 15


def tool(programs, *arguments, expect=0):
    done = subprocess.run(
        [programs / "touchpointctl", *arguments], capture_output=True, timeout=BOUND_SECONDS
    )
    assert done.returncode == expect, (
        f"touchpointctl {arguments}: exit code {done.returncode}, not {expect}\n"
        f"{done.stdout[-2000:].decode()}{done.stderr.decode()}"
    )
    return done


def metadata(line):
    return json.loads(line)["_touchpoint"]


def numbers(lines):
    """Groups lines by source and run, in their order."""
    found = {}
    for line in lines:
        data = metadata(line)
        found.setdefault((data["source"], data["run"]), []).append(data["seq"])
    return found


@pytest.fixture
def load(touchpoint):
    """Starts touchpoint-send against a collector; it ends with the test at the latest."""
    processes = []

    def start(endpoint, pattern, *more):
        process = subprocess.Popen(
            [
                touchpoint / "touchpoint-send", "--pattern", pattern, "--to", endpoint,
                "--generate", "100000000", "--channels", "6", "--batch", "20", *more,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stderr.close()


def busy_collector(daemon, load, **settings):
    """Seals several files per second under load from two kinds of producers."""
    collector = daemon(segment={"maxBytes": "96KiB", "maxAge": "1s"}, **settings)
    loads = [
        load(collector.endpoint("reliable"), "dealer", "--rate", "2000"),
        load(collector.endpoint("producers"), "push", "--rate", "1000"),
    ]
    wait_until("sealed files", lambda: len(sealed_files(collector.data)) > 5)
    return collector, loads


def finish(loads):
    for process in loads:
        process.send_signal(signal.SIGINT)
        process.wait(BOUND_SECONDS)


def test_verify_finds_nothing_while_files_are_sealed(daemon, load):
    collector, loads = busy_collector(daemon, load)
    files = []

    def verify():
        report = collector.verify()
        assert report["findings"] == [], report["findings"]
        files.append(report["files"])
        return len(files) >= VERIFICATIONS and files[-1] > files[0]

    wait_until(f"{VERIFICATIONS} verifications, with files sealed meanwhile", verify)
    assert any(process.poll() is None for process in loads), "the load has ended"
    finish(loads)
    collector.drain()
    report = collector.verify()
    assert report["gaps"] == [] and report["openFiles"] == 0
    assert report["sources"] == report["manifestSources"]
    print(f"{len(files)} verifications of up to {files[-1]} files: no finding")


def test_verify_has_no_finding_after_kills_under_load(daemon, load):
    collector, loads = busy_collector(daemon, load)
    finish(loads)
    collector.kill()
    report = collector.verify()
    assert report["openFiles"] > 0
    collector.start()
    report = collector.verify()
    wait_until(
        "the end of the recovery", lambda: collector.ask("status")["recovery"]["state"] == "done"
    )
    report = collector.verify()
    assert report["openFiles"] == 0
    ledger = collector.ask("stats")["ledger"]
    assert sum(source["written"] for source in report["sources"].values()) == ledger["written"]


def test_cat_beside_the_daemon_gives_each_source_in_order(daemon, load, touchpoint):
    collector, loads = busy_collector(daemon, load)
    lines = tool(touchpoint, "cat", collector.data).stdout.splitlines()
    assert len(lines) > 100
    for run, found in numbers(lines).items():
        assert found == sorted(set(found)), f"not in order: {run}"
    finish(loads)
    collector.seal()
    everything = tool(touchpoint, "cat", collector.data).stdout.splitlines()
    assert sorted(everything) == sorted(lines_by_zcat(collector.data))
    unordered = tool(touchpoint, "cat", "--unordered", collector.data).stdout.splitlines()
    assert sorted(unordered) == sorted(everything)
    pushed = tool(touchpoint, "cat", "--source", "producers", collector.data).stdout.splitlines()
    assert pushed == [line for line in everything if metadata(line)["source"] == "producers"]
    channel = tool(touchpoint, "cat", "--channel", "web-2", collector.data).stdout.splitlines()
    assert channel == [line for line in everything if json.loads(line)["channel"] == "web-2"]
    time = metadata(everything[len(pushed) // 2])["receivedAt"]
    later = tool(touchpoint, "cat", "--from", time, collector.data).stdout.splitlines()
    assert later == [line for line in everything if metadata(line)["receivedAt"] >= time]
    head = subprocess.run(
        f"'{touchpoint / 'touchpointctl'}' cat '{collector.data}' | head -n 1",
        shell=True, capture_output=True, timeout=BOUND_SECONDS,
    )
    assert head.stdout.splitlines() == everything[:1] and not head.stderr


def test_repair_saves_what_is_behind_damage(daemon, producer, touchpoint):
    # One writer and no hour in the path: all of it is in one file.
    collector = daemon(writers=1, partition={"path": "channel={channel}"})
    push = producer(zmq.PUSH, collector.endpoint("producers"))
    text = "".join(chr(97 + n * n % 26) for n in range(400))
    for start in range(0, 8000, 100):
        batch = [
            json.dumps({"event": "Damage", "channel": "web", "n": n * 7919 % 100003, "text": text})
            for n in range(start, start + 100)
        ]
        push.send("\n".join(batch).encode())
    collector.wait_for_received(8000)
    collector.seal()
    collector.drain()
    [path] = sealed_files(collector.data)
    everything = tool(touchpoint, "cat", path).stdout.splitlines()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)

    broken = tool(touchpoint, "verify", collector.data, expect=65).stdout.decode()
    assert path.name in broken and "what to do about" in broken and "repair" in broken, broken
    planned = json.loads(tool(touchpoint, "repair", "-n", "--json", path, expect=65).stdout)
    assert planned["isDryRun"] and "repaired" not in planned["files"][0]
    done = tool(touchpoint, "repair", path, expect=65)
    commands = [line.strip() for line in done.stdout.decode().splitlines() if " mv -n " in line]
    assert len(commands) == 2, done.stdout
    for command in commands:
        subprocess.run(command, shell=True, check=True, timeout=BOUND_SECONDS)

    [repaired] = sealed_files(collector.data)
    saved = tool(touchpoint, "cat", repaired).stdout.splitlines()
    assert set(saved) < set(everything) and len(everything) - len(saved) < 2600
    gone = planned["files"][0]["gone"][0]
    lost = [metadata(line)["seq"] for line in everything if line not in set(saved)]
    assert gone["count"] == len(lost) and planned["files"][0]["isGoneExact"]
    assert gone["ranges"] == [{"first": min(lost), "last": max(lost)}]
    report = collector.verify()
    assert report["findings"] == [] and len(report["replaced"]) == 2
    # After the daemon's next start the repaired file has a manifest line.
    collector.start()
    wait_until("a manifest line", lambda: repaired.name in manifests(collector))
    assert collector.verify()["findings"] == []


def manifests(collector: Collector):
    return "".join(path.read_text() for path in collector.data.glob("manifest/*/*.ndjson"))
