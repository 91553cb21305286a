"""What an operator's scripts see: exit codes of status, seal, reload and verify, and the log's levels."""

import json
import re
import subprocess

import zmq

from waiting import BOUND_SECONDS, finished, wait_until


def events(channel, count=1):
    return "\n".join(json.dumps({"event": "Health", "channel": channel}) for _ in range(count)).encode()


def committed(dealer, payload):
    dealer.send_multipart([b"1", payload])
    answer = json.loads(dealer.recv_multipart()[-1])
    assert answer["status"] == "committed", answer


def wait_until_healthy(collector):
    wait_until("health", lambda: finished(status_command(collector))[0] == 0)


def status_command(collector, *more):
    return [collector.programs / "touchpointctl", "status", "--socket", collector.socket, *more]


def test_status_tells_scripts_when_not_all_is_well(daemon):
    collector = daemon()
    wait_until_healthy(collector)
    assert re.search(r"(?m)^healthy +yes$", collector.control("status"))
    collector.control("pause", "reliable")
    text = collector.control("status", expect=1)
    assert "NO: source reliable is paused" in text and "running: paused by an operator: reliable" in text
    as_json = json.loads(collector.control("status", "--json", expect=1))
    assert [source["state"] for source in as_json["sources"]] == ["running", "paused"]
    for lines in (collector.control("stats"), collector.control("stats", "--follow", "--count", "1")):
        assert "paused" in lines or "1/2 open" in lines, lines
    collector.control("pause")
    assert "NO: the daemon is paused" in collector.control("status", expect=1)
    collector.control("resume")
    collector.control("status")
    # Blocked: no disk has that much room.
    collector.settings["storage"]["minimumFree"] = f"{1 << 50}"
    collector.configuration.write_text(json.dumps(collector.settings))
    collector.control("reload")
    assert "NO: the daemon is blocked" in collector.control("status", expect=1)
    collector.settings["storage"]["minimumFree"] = "1MiB"
    collector.configuration.write_text(json.dumps(collector.settings))
    collector.control("reload")
    wait_until_healthy(collector)
    collector.drain()
    collector.control("status", expect=69)


def test_seal_means_a_folder(daemon, producer):
    collector = daemon(partition={"path": "channel={channel}"})
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    for channel in ("web-1", "web-10", "web-11"):
        committed(dealer, events(channel))
    text = collector.control("seal", "channel=web-1")
    assert "sealed 1 segment\n" in text and "channel=web-1/" in text
    assert len(json.loads(collector.control("partitions", "--json"))) == 2
    code, _, errors = finished(
        [collector.programs / "touchpointctl", "seal", "channel=web", "--socket", collector.socket]
    )
    assert code == 64 and "no open segment is in 'channel=web'" in errors
    assert json.loads(collector.control("seal", "--json"))["sealed"] == 2
    # Without open segments, sealing all of them succeeds.
    assert "sealed 0 segments" in collector.control("seal")


def test_a_refused_file_fails_the_reload_and_shows_until_a_good_one(daemon):
    collector = daemon()
    wait_until_healthy(collector)
    good = collector.configuration.read_text()
    collector.configuration.write_text(good.replace('"commit"', '"comit"'))
    collector.control("reload", expect=64)
    # The running daemon is healthy nevertheless.
    assert "NOT in force: " in collector.control("status") and "comit" in collector.control("status")
    assert "reload failed" in collector.log_path.read_text()
    collector.configuration.write_text(good)
    assert "nothing has changed" in collector.control("reload")
    assert "NOT in force" not in collector.control("status")


def test_every_level_that_help_names_exists_and_does_something(daemon, producer):
    collector = daemon(log={"level": "error"})
    help_text = collector.control("log-level", "--help")
    levels = ("debug", "info", "notice", "warning", "error")
    for level in levels:
        assert level in help_text
        assert f"log level is {level}" in collector.control("log-level", level)
    for level in ("trace", "critical", "loud"):
        assert level not in help_text
        collector.control("log-level", level, expect=64)
    # At `error` the log records who changed what, and no other success.
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    committed(dealer, events("web"))
    collector.control("seal")
    log = collector.log_path.read_text()
    assert " committed " not in log and " sealed " not in log
    assert "verb=seal" in log and "verb=log-level" in log and "uid=" in log
    collector.control("log-level", "debug")
    committed(dealer, events("web"))
    collector.control("seal")
    wait_until("debug records", lambda: {" committed ", " sealed "} <= found(collector))
    # A file whose level is unchanged does not reset an operator's level; a changed one does.
    collector.control("reload")
    assert "configuration read again" in collector.log_path.read_text()
    collector.settings["log"]["level"] = "warning"
    collector.configuration.write_text(json.dumps(collector.settings))
    collector.control("reload")
    before = collector.log_path.read_text().count(" committed ")
    committed(dealer, events("web"))
    collector.control("flush")
    assert collector.log_path.read_text().count(" committed ") == before


def found(collector):
    log = collector.log_path.read_text()
    return {word for word in (" committed ", " sealed ") if word in log}


def verify(collector, *arguments):
    code, output, errors = finished(
        [collector.programs / "touchpointctl", "verify", *arguments, collector.data]
    )
    assert (output.splitlines()[-1] == "ok") == (code == 0), output + errors
    return code, output


def generate(collector, *arguments):
    done = subprocess.run(
        [
            collector.programs / "touchpoint-send", "--pattern", "dealer", "--to", collector.endpoint("reliable"),
            "--generate", *arguments,
        ],
        capture_output=True, text=True, timeout=BOUND_SECONDS,
    )
    assert done.returncode == 0, done.stderr


def test_verify_says_ok_exactly_when_it_exits_so(daemon):
    collector = daemon(partition={"path": "channel={channel}"})
    generate(collector, "1000", "--channels", "3")
    collector.control("seal")
    assert verify(collector, "--generated")[0] == 0
    assert verify(collector, "--generated", "--expected", "1000")[0] == 0
    code, output = verify(collector, "--generated", "--expected", "1200")
    assert code == 65 and "lost 200" in output and "generated events are not as they were sent" in output
    code, _, errors = finished([collector.programs / "touchpointctl", "verify", "--expected", "9", collector.data])
    assert code == 64 and "--expected goes with --generated" in errors

    files = sorted((collector.data / "events").rglob("part-*.ndjson.gz"))
    assert len(files) == 3
    files[0].unlink()
    code, output = verify(collector)
    assert code == 65 and "BAD missingFile" in output and output.endswith("NOT ok: 1 finding\n")
    code, output = verify(collector, "--allow-missing")
    assert code == 0 and "BAD" not in output and "note: files that manifests name and that are gone, which --allow-missing allows: 1\n" in output
    # A damaged file beside them is still reported clearly.
    files[1].write_bytes(files[1].read_bytes()[:-9])
    code, output = verify(collector, "--allow-missing")
    bad = [line for line in output.splitlines() if line.startswith("BAD ")]
    assert code == 65 and bad and all(files[1].name in line for line in bad), output
