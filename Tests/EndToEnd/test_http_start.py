"""Settings of HTTP sources that prevent the start, and Unix sockets."""

import json
import socket
import stat

import pytest

from http_edge import KEY, Edge, source

EVENT = b'{"event":"x"}'


@pytest.mark.parametrize("more,says", [
    ({"bind": ["0.0.0.0:0"], "keys": []}, "give the source 'keys'"),
    ({"bind": ["tcp://127.0.0.1:0"]}, "pattern http has ADDRESS:PORT"),
    ({"bind": []}, "nothing to bind"),
    ({"profiles": []}, "an empty list would answer no path"),
    ({"profiles": ["segmnt"]}, "did you mean 'segment'?"),
    ({"prefix": "x7/"}, "no prefix"),
    ({"proxies": ["10.0.0.0/99"]}, "is no network"),
    ({"proxies": ["10.0.0.256"]}, "is no network"),
    ({"keys": [{"name": "a", "key": "short"}]}, "a key has 8 to 256"),
    ({"keys": [{"name": "a"}]}, "a key needs 'name' and 'key'"),
    ({"keys": [{"name": "a", "key": KEY}, {"name": "b", "key": KEY}]}, "have the same key"),
    ({"keys": [{"name": "a", "key": KEY}, {"name": "a", "key": KEY + "x"}]}, "two keys have the name 'a'"),
    ({"keys": [{"name": "a", "key": KEY, "origins": ["shop.example"]}]}, "is no origin"),
    ({"keys": [{"name": "a", "key": KEY, "orgins": []}]}, "did you mean 'origins'?"),
    ({"keys": [{"name": "a", "key": "${NOT_SET_HERE}"}]}, "'NOT_SET_HERE' is not set"),
    ({"tls": {"certificate": "/etc/edge.pem"}}, "'key' is missing"),
    ({"threads": 0}, "threads: 0 is outside 1...16"),
    ({"threads": 17}, "threads: 17 is outside 1...16"),
    ({"pattern": "pull", "bind": ["tcp://127.0.0.1:*"], "keys": [], "threads": 2}, "threads: only pattern http has it, not pull"),
    ({"connect": ["tcp://127.0.0.1:1"]}, "pattern http has no 'connect'"),
    ({"pattern": "router", "bind": ["tcp://127.0.0.1:*"], "engine": "auto"}, "only pattern http has it, not router"),
    ({"pattern": "pull", "bind": ["127.0.0.1:1"], "keys": []}, "is no endpoint of ZeroMQ"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_setting_that_cannot_work_prevents_the_start(daemon, more, says):
    collector = daemon(start=False, sources=[source(**more)]).launch()
    assert collector.wait_for_exit() == 78
    assert says in collector.log, collector.log
    assert KEY not in collector.log


def test_a_port_in_use_prevents_the_start(daemon):
    with socket.create_server(("127.0.0.1", 0)) as other:
        collector = daemon(start=False, sources=[source(bind=[f"127.0.0.1:{other.getsockname()[1]}"])]).launch()
        assert collector.wait_for_exit() == 73
    assert "source 'web'" in collector.log and "in use" in collector.log


def test_a_unix_socket_has_its_mode_and_goes_with_the_daemon(daemon):
    collector = daemon(start=False)
    path = collector.short_folder / "edge.sock"
    collector.settings["sources"] = [source(bind=[f"unix:{path}"], keys=[], socket={"mode": "0600"})]
    collector.start()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n" + EVENT)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
    collector.seal()
    assert collector.ledger()["written"] == 1
    collector.drain()
    assert not path.exists()


def test_secrets_of_the_environment_are_not_printed(daemon, touchpoint, tmp_path):
    import os
    import subprocess

    file = tmp_path / "check.yaml"
    file.write_text(json.dumps({"sources": [source(keys=[{"name": "a", "key": "${EDGE_KEY}"}])]}))
    done = subprocess.run(
        [touchpoint / "touchpointd", "--config", file, "--check"],
        env=os.environ | {"EDGE_KEY": "a-secret-of-ours"}, capture_output=True, text=True,
    )
    assert done.returncode == 0 and "${EDGE_KEY}" in done.stdout and "a-secret-of-ours" not in done.stdout + done.stderr


def test_an_endpoint_works_beside_sources_of_other_kinds(daemon):
    collector = daemon(sources=[
        {"name": "producers", "pattern": "pull", "bind": ["tcp://127.0.0.1:*"]}, source(), source(name="more"),
    ])
    for name in ("web", "more"):
        assert Edge(collector, name).post(EVENT)[0] == 200
    written = Edge(collector).written()
    assert {metadata["source"] for metadata, _ in written} == {"web", "more"}
