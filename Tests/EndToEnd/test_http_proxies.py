"""Real proxies in front of the HTTP source: the configurations of EDGE.md, addresses, and connections that are kept."""

import json
import re
import shutil
import socket
import subprocess

import pytest

import pages
from http_edge import KEY, Edge, source
from waiting import wait_until

EVENT = b'{"event":"x"}'


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Proxied(Edge):
    """Requests that pass a proxy."""

    def __init__(self, collector, port):
        super().__init__(collector)
        self.address = ("127.0.0.1", port)


def nginx(folder, port, upstream):
    """The configuration of EDGE.md, without TLS and on other ports."""
    text = (pages.PROJECT / "docs" / "EDGE.md").read_text()
    block = re.search(r"```nginx\n(.*?)```", text, re.S)[1]
    block = block.replace("127.0.0.1:8080", upstream).replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        block = f"{kind}_temp_path {folder}/{kind};\n" + block
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off;\n{block}\n}}\n"
    )
    return ["nginx", "-p", folder, "-c", folder / "nginx.conf"]


def haproxy(folder, port, upstream):
    (folder / "haproxy.cfg").write_text(f"""
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 60s
frontend web
    bind 127.0.0.1:{port}
    option forwardfor
    default_backend touchpoint
backend touchpoint
    option httpchk GET /ready
    server one {upstream} check inter 100ms
""")
    return ["haproxy", "-db", "-f", folder / "haproxy.cfg"]


@pytest.fixture(params=[nginx, haproxy], ids=["nginx", "haproxy"])
def proxied(request, daemon, tmp_path):
    program = request.param.__name__
    assert shutil.which(program) or shutil.which(f"/usr/sbin/{program}"), f"install {program}: make setup"
    started = []

    def make(**more):
        collector = daemon(sources=[source(proxies=["127.0.0.0/8"], **more)])
        host, port = Edge(collector).address
        folder = tmp_path / "proxy"
        folder.mkdir(exist_ok=True)
        own = free_port()
        command = request.param(folder, own, f"{host}:{port}")
        command[0] = shutil.which(program) or f"/usr/sbin/{program}"
        started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        wait_until(f"{program} to listen", lambda: listens(own))
        return Proxied(collector, own)

    yield make
    for process in started:
        process.terminate()
        process.wait()


def test_the_address_is_the_one_that_the_proxy_saw(proxied):
    web = proxied(privacy={"ip": "full"})
    wait_until("the proxy to pass requests", lambda: web.post(EVENT, headers={"X-Forwarded-For": "6.6.6.6"})[0] == 200)
    addresses = {metadata["http"]["ip"] for metadata, _ in web.written()}
    # The proxy is on this machine as the client is, so the client's own claim is the first address outside.
    assert addresses == {"6.6.6.6"}
    outside = Edge(web.collector)
    assert outside.post(EVENT, headers={"X-Forwarded-For": "6.6.6.6, 9.9.9.9, 127.0.0.1"})[0] == 200
    assert {metadata["http"]["ip"] for metadata, _ in web.written()} == {"6.6.6.6", "9.9.9.9"}


def test_no_request_fails_over_connections_that_are_kept(proxied):
    web = proxied()
    wait_until("the proxy to pass requests", lambda: web.ask("GET", "/health")[0] == 200)
    connection = web.connect()
    for _ in range(200):
        connection.request("POST", "/v1/events", EVENT, {"X-Write-Key": KEY})
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["events"]) == (200, 1)
    big = b"[" + b",".join([EVENT] * 100_000) + b"]"
    status, answer = web.post(big)
    assert (status, answer["events"]) == (200, 100_000)


def test_a_proxy_sees_that_the_collector_ends(proxied):
    web = proxied(timeouts={"grace": "2s"})
    wait_until("the proxy to pass requests", lambda: web.ask("GET", "/ready")[0] == 200)
    web.collector.control("drain")
    wait_until("the end to be seen", lambda: web.ask("GET", "/ready")[0] in (502, 503))
    assert web.collector.wait_for_exit() == 0
    web.collector.start()
    web = Edge(web.collector)
    assert web.post(EVENT)[0] == 200
