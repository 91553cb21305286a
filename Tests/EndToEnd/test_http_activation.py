"""Sockets that systemd opens for the collector, and ports below 1024."""

import json
import socket

import pytest

import pages
from bare_root import BootedRoot, make_install
from http_edge import KEY, Edge, source
from test_unit import done, journal, properties, wait_for_state
from waiting import finished, wait_until

EDGE = "docs/EDGE.md"
EVENT = b'{"event":"x"}'


def activated(daemon, *names, bind=("systemd:web",), folder="collector"):
    """A collector that systemd-socket-activate starts at the first connection; returns it, and the sockets' addresses."""
    addresses, reserved = [], []
    for _ in names:
        server = socket.create_server(("127.0.0.1", 0))
        addresses.append(server.getsockname())
        reserved.append(server)
    for server in reserved:
        server.close()
    collector = daemon(start=False, folder=folder, sources=[source(bind=list(bind))])
    listen = [part for address in addresses for part in ("-l", f"{address[0]}:{address[1]}")]
    collector.launcher = ["systemd-socket-activate", *listen, f"--fdname={':'.join(names)}"]
    return collector.launch(), addresses


def request_to(address):
    """A request under way; the connection is made as soon as somebody listens."""
    def connect():
        try:
            return socket.create_connection(address)
        except ConnectionRefusedError:
            return None

    connection = wait_until("systemd-socket-activate to listen", connect)
    head = f"POST /v1/events HTTP/1.1\r\nHost: a\r\nX-Write-Key: {KEY}\r\nContent-Length: {len(EVENT)}\r\n"
    connection.sendall(head.encode() + b"Connection: close\r\n\r\n" + EVENT)
    return connection


def answer_on(connection):
    connection.settimeout(60)
    with connection:
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def wait_until_taken(address):
    """Sends a request until it is taken; until the ids of earlier events are read, the answer is to repeat it."""
    def is_taken():
        answer = answer_on(request_to(address))
        assert b" 200 OK\r\n" in answer or b" 503 " in answer and b"Retry-After: " in answer, answer
        return b" 200 OK\r\n" in answer

    wait_until("the request to be taken", is_taken)


def test_a_request_that_starts_the_collector_is_answered(daemon):
    collector, (address,) = activated(daemon, "web")
    wait_until_taken(address)
    assert collector.endpoint("web") == f"http://{address[0]}:{address[1]}"
    web = Edge(collector)
    assert web.post(EVENT)[1]["events"] == 1 and len(web.written()) == 2
    collector.drain()


def test_a_source_can_have_several_sockets_and_addresses_of_its_own(daemon):
    collector, addresses = activated(daemon, "web", "app", "web", bind=("systemd:web", "127.0.0.1:0"))
    for address in (addresses[0], addresses[2]):
        wait_until_taken(address)
    # Nobody takes the connections of the other one.
    request_to(addresses[1]).close()
    assert {collector.endpoint("web", at) for at in (0, 1)} == {
        f"http://{host}:{port}" for host, port in (addresses[0], addresses[2])
    }
    assert Edge(collector).ask("GET", "/health", key=None)[0] == 200
    collector.drain()


def test_a_socket_that_is_not_passed_prevents_the_start(daemon):
    collector = daemon(start=False, sources=[source(bind=["systemd:web"])]).launch()
    assert collector.wait_for_exit() == 73
    assert "passed no socket named web, only: none" in collector.log and "FileDescriptorName=web" in collector.log
    collector, (address,) = activated(daemon, "app", folder="second")
    request_to(address).close()
    assert collector.wait_for_exit() == 73
    assert "passed no socket named web, only: app" in collector.log


def test_a_file_is_no_socket(daemon):
    collector = daemon(start=False, sources=[source(bind=["systemd:web"])])
    collector.launcher = [
        "sh", "-c", 'exec 3</dev/null; export LISTEN_FDS=1 LISTEN_FDNAMES=web LISTEN_PID=$$; exec "$@"', "sh"]
    collector.launch()
    assert collector.wait_for_exit() == 73
    assert "the socket named web takes no connections" in collector.log


@pytest.mark.parametrize("more,says", [
    ({"bind": ["systemd:"]}, "has no name of a socket"), ({"bind": ["systemd:a/b"]}, "has no name of a socket"),
    ({"bind": ["systemd:web"], "keys": []}, "give the source 'keys'"),
    ({"bind": ["systemd:web", "systemd:web"]}, "already bound"),
])
def test_a_name_that_is_none_prevents_the_start(daemon, more, says):
    collector = daemon(start=False, sources=[source(**more)]).launch()
    assert collector.wait_for_exit() == 78
    assert says in collector.log


def test_a_check_needs_no_socket(daemon):
    collector = daemon(start=False, sources=[source(bind=["systemd:web"])])
    collector.configuration.write_text(json.dumps(collector.settings))
    code, output, errors = finished([collector.programs / "touchpointd", "--config", collector.configuration, "--check"])
    assert code == 0 and '"systemd:web"' in output, errors


def on_loopback(unit):
    """The page's socket, on another port and for this machine only."""
    assert unit.count("ListenStream=443\n") == 1
    return unit.replace("ListenStream=443", "ListenStream=127.0.0.1:80")


@pages.runs(EDGE, "socket of systemd", "sockets of the service", "capability")
@pytest.mark.bare_root
def test_low_ports_under_systemd(touchpoint):
    """Port 80 is systemd's and keeps connections while the collector restarts; 81 is opened with the capability."""
    with BootedRoot() as root:
        code, output = make_install(root.place, f"RELEASE={touchpoint}")
        assert code == 0, output
        units = root.place / "etc/systemd/system"
        (units / "touchpointd.service.d").mkdir(parents=True)
        for name in ("sockets of the service", "capability"):
            (units / f"touchpointd.service.d/{name}.conf").write_text(pages.block(EDGE, name).text)
        (units / "touchpoint-web.socket").write_text(on_loopback(pages.block(EDGE, "socket of systemd").text))
        (units / "sockets.target.wants").mkdir()
        (units / "sockets.target.wants/touchpoint-web.socket").symlink_to("/etc/systemd/system/touchpoint-web.socket")
        configuration = root.place / "etc/touchpoint/touchpointd.yaml"
        settings = {
            "storage": {"directory": "/var/lib/touchpoint"}, "control": {"socket": "/run/touchpoint/control.sock"},
            "sources": [source(bind=["systemd:web", "127.0.0.1:81"])],
        }
        configuration.write_text(json.dumps(settings))
        root.boot()
        wait_until("systemd's answer", lambda: root.inside("systemctl", "show", "touchpointd")[0] == 0)
        wait_for_state(root, ActiveState="active", NRestarts="0")

        def post(port):
            code, output, errors = finished([
                "nsenter", f"--target={root.leader}", "--net", "curl", "-sS", "--fail", "--retry", "5", "-u", f"{KEY}:",
                f"http://127.0.0.1:{port}/v1/events", "-d", EVENT.decode(),
            ], bound=90)
            assert code == 0, f"{errors}{journal(root)}"
            return json.loads(output)["events"]

        assert post(80) == 1 and post(81) == 1
        assert properties(root, "User")["User"] == "touchpoint"
        done(root, "systemctl", "stop", "touchpointd")
        wait_for_state(root, ActiveState="inactive", Result="success")
        # The socket starts it again.
        assert post(80) == 1
        wait_for_state(root, ActiveState="active")
        done(root, "touchpointctl", "seal")
        report = done(root, "touchpointctl", "verify", "/var/lib/touchpoint")
        assert "3 events" in report, report
        assert root.power_off() == 0
