"""The comparison with other programs: it counts what arrives, and says what is missing."""

import json
import shutil
import socket
import subprocess
import sys

import pytest

import pages
from collector import ANY_PORT
from waiting import wait_until

FOLDER = pages.PROJECT / "Benchmarks/compare"
sys.path.append(str(FOLDER))
import compare  # noqa: E402
import contestants  # noqa: E402
import http_requests  # noqa: E402
import postgresql  # noqa: E402
import redis_streams  # noqa: E402
import silent_peers  # noqa: E402
from rows import TARGETS  # noqa: E402

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL".ljust(55, b"\0")
READY = b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06ROUTER"


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """Returns the folder of the comparison's programs in C that these tests need."""
    folder = tmp_path_factory.mktemp("compare")
    for name in ("sender", "idle_connections"):
        subprocess.run([shutil.which("cc") or "clang", "-O2", "-o", folder / name, FOLDER / f"{name}.c", "-lzmq", "-lz"],
                       check=True)
    return folder


@pytest.fixture
def place(touchpoint, compiled, tmp_path):
    return contestants.Place(touchpoint, compiled, tmp_path / "runs")


@pytest.fixture
def silent(compiled):
    """Starts idle_connections: silent(port, count)."""
    started = []

    def start(port, count):
        started.append(subprocess.Popen([compiled / "idle_connections", str(port), str(count)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def received(connection, count):
    found = b""
    while len(found) < count:
        part = connection.recv(count - len(found))
        assert part, f"the connection ended after {found!r}"
        found += part
    return found


@pytest.mark.parametrize("module", [redis_streams, postgresql, http_requests])
def test_names_the_programs_that_are_not_installed(module, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgresql, "DEBIAN", str(tmp_path))
    assert set(module.PROGRAMS) <= set(module.missing())


def test_ends_with_a_sentence_before_the_first_round(touchpoint, tmp_path):
    done = subprocess.run([sys.executable, "-B", FOLDER / "compare.py", "--bin", touchpoint, "--programs", tmp_path],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == (f"compare: no {', '.join(compare.COMPILED)} in {tmp_path}: make bench-compare builds it\n")


def test_refuses_a_run_of_which_events_are_missing():
    contestants.check_count("Redis Streams", 100, 100)
    with pytest.raises(SystemExit, match="Redis Streams: 99 events are there instead of 100"):
        contestants.check_count("Redis Streams", 100, 99)


def test_every_row_has_a_target():
    assert {target.row for target in TARGETS} == set(compare.ROWS)


def test_leaves_a_row_out_only_if_nobody_asked_for_it(capsys):
    class Options:
        only, rows, left_out = None, ["idle", "connections"], {}

    compare.leave_out(Options, "connections", None)
    assert Options.rows == ["idle", "connections"]
    compare.leave_out(Options, "connections", "few files")
    assert (Options.rows, Options.left_out) == (["idle"], {"connections": "few files"})
    assert "'connections' is left out: few files" in capsys.readouterr().err
    Options.only = ["connections"]
    with pytest.raises(SystemExit, match="few files"):
        compare.leave_out(Options, "connections", "few files")


def test_reads_the_rate_behind_an_event_with_commas_and_quotes():
    text = '"test","rps","avg_latency_ms","min","p50","p95","p99","max"\n' \
           '"XADD events * event {"a":"1,2","b":3}","267000.50","1","2","3","4","5","6"\n'
    assert redis_streams.rate(text) == 267000.5
    with pytest.raises(SystemExit, match="cannot be read"):
        redis_streams.rate("WARNING: Could not fetch server CONFIG")


def test_reads_rows_per_second_of_pgbench():
    assert postgresql.rate("latency average = 17.9 ms\ntps = 890.25 (without initial connection time)\n") == 89025
    with pytest.raises(SystemExit, match="no tps"):
        postgresql.rate("pgbench: error: connection failed")


def test_writes_one_row_per_event():
    assert postgresql.statement(['{"a":1}', '{"b":"it\'s"}']) == (
        "INSERT INTO events VALUES\n('{\"a\":1}'),\n('{\"b\":\"it''s\"}');\n")
    assert [postgresql.rounded(events) for events in (1, 1_600, 3_199, 3_200)] == [1_600, 1_600, 1_600, 3_200]


def test_the_producer_prints_events_of_the_same_size(place):
    events = place.events(12)  # with numbers of one digit and of two
    assert [len(event) for event in events] == [465] * 12
    assert [json.loads(event)["generated"]["sequence"] for event in events] == list(range(1, 13))


def test_the_producer_sends_with_keys(place):
    load = contestants.Load(200, batch=100, pattern="dealer")
    run = contestants.daemon_with_keys(place, load, reliable=", engine: native")
    assert run.events == 200 and run.rate > 0


def test_the_producer_gets_nowhere_without_its_key(place, tmp_path):
    place.folder.mkdir()
    keys = contestants.Keys(place, tmp_path)
    for path in keys.admitted.iterdir():
        path.write_text((keys.folder / "collector.key").read_text())
    with contestants.Daemon(place, tmp_path, "", f", engine: native{keys.settings}") as daemon:
        command = [place.programs / "sender", daemon.endpoints["router"], "--pattern", "dealer", "--events", "1",
                   "--keys", keys.of_sender]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            wait_until("a failed handshake", lambda: failed_handshakes(daemon) > 0)
            assert process.poll() is None
            process.kill()
        assert daemon.control("stats")["ledger"]["received"] == 0


def failed_handshakes(daemon):
    return daemon.control("stats")["sources"]["reliable"]["connections"]["failedHandshakes"]


def test_silent_connections_complete_their_handshake_and_stay(daemon, silent):
    running = daemon(sources=[{"name": "reliable", "pattern": "router", "bind": [ANY_PORT], "engine": "native"}])
    process = silent(running.endpoint("reliable").rpartition(":")[2], 200)
    assert process.stdout.readline() == "open\n"
    assert running.ask("stats")["sources"]["reliable"]["peers"] == 200
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, json.loads(output)["open"]) == (0, 200)


def test_silent_connections_answer_heartbeats(silent):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        process = silent(server.getsockname()[1], 1)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            assert received(connection, 64)[:12] == GREETING[:12]
            connection.sendall(GREETING)
            assert received(connection, 30) == READY.replace(b"ROUTER", b"DEALER")
            connection.sendall(READY + b"\x04\x0a\x04PING\x00\x64a,b")
            assert process.stdout.readline() == "open\n"
            assert received(connection, 10) == b"\x04\x08\x04PONGa,b"
            output, _ = process.communicate(timeout=60)
    assert json.loads(output) == {"open": 1, "pings": 1}


def test_silent_connections_fail_if_one_is_ended(silent):
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = silent(server.getsockname()[1], 1)
        server.settimeout(60)
        server.accept()[0].close()
        assert process.wait(60) == 1
    assert process.stderr.read().startswith("idle_connections: ")


def test_counts_the_connections_that_the_limit_of_files_allows(place, tmp_path):
    prlimit = [shutil.which("prlimit"), "--nofile=512:512", sys.executable, "-B", "-c",
               "import sys, pathlib; sys.path.append(sys.argv[1])\n"
               "import contestants, resource, silent_peers\n"
               "resource.setrlimit = lambda *_: (_ for _ in ()).throw(ValueError())  # as without the right to raise it\n"
               "place = contestants.Place(*map(pathlib.Path, sys.argv[2:]))\n"
               "print(silent_peers.obstacle(place, 100), silent_peers.obstacle(place, 400), sep='\\n')",
               FOLDER, place.binaries, place.programs, tmp_path]
    few, many = subprocess.run(prlimit, stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout.splitlines()
    assert few == "None"
    assert many.startswith("400 connections are too many for 512 open files, with which the daemon takes ")


@pytest.mark.parametrize("batch", [1, 100])
def test_every_request_that_wrk_has_an_answer_for_is_in_the_ledger(place, batch):
    run = http_requests.edge(place, http_requests.Requests(1, connections=4, batch=batch))
    assert run.events > 0 and run.events % batch == 0
    assert run.more["p99"] >= run.more["p50"] > 0 and run.more["cpuPerRequest"] > 0


def test_wrk_waits_between_its_requests(place):
    requests = http_requests.Requests(1, connections=4, rate=200)
    assert requests.pause == 20
    run = http_requests.edge(place, requests)
    # The time of the answers is a part of the 20 ms.
    assert requests.pause < 20 and 0 < run.rate < 1000 * 4 / requests.pause


def test_a_request_that_is_refused_ends_the_comparison(place, tmp_path):
    place.folder.mkdir()
    with contestants.Daemon(place, tmp_path, "", only="http") as daemon:
        url = daemon.endpoints["http"] + "/no-such-path"
        with pytest.raises(SystemExit, match="refused requests are there instead of 0"):
            http_requests.Requests(1, connections=1).send(place, url)


def test_nginx_writes_a_line_for_each_request(place):
    assert http_requests.nginx(place, http_requests.Requests(1, connections=4)).events > 0


def test_idle_connections_of_the_edge_are_counted(place):
    assert http_requests.idle_edge(place, 20, 0.2).more["percent"] >= 0
