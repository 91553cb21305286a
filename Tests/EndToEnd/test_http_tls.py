"""The HTTP source with TLS: versions, clients that speak something else, and a certificate that is replaced."""

import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from urllib.parse import urlsplit

import pytest

from http_edge import KEY, Edge, source
from waiting import wait_until

EVENT = b'{"event":"x"}'


def certificate(folder, name="localhost"):
    """Makes a self-signed certificate and its key in PEM; replaces those that are there."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-keyout", folder / "new.key", "-out", folder / "new.pem"],
        check=True, capture_output=True,
    )
    (folder / "new.key").rename(folder / "edge.key")
    (folder / "new.pem").rename(folder / "edge.pem")


@pytest.fixture
def edge(daemon, tmp_path):
    certificate(tmp_path)

    def make(**more):
        tls = {"certificate": str(tmp_path / "edge.pem"), "key": str(tmp_path / "edge.key")}
        return SecureEdge(daemon(sources=[source(tls=tls | more.pop("tls", {}), **more)]), tmp_path)

    return make


class SecureEdge(Edge):
    def __init__(self, collector, folder):
        super().__init__(collector)
        self.folder = folder

    def context(self, **limits):
        context = ssl.create_default_context(cafile=self.folder / "edge.pem")
        for name, value in limits.items():
            setattr(context, name, value)
        return context

    def connect(self, context=None):
        return http.client.HTTPSConnection(*self.address, timeout=30, context=context or self.context())

    def presented(self):
        """The certificate that a new connection gets."""
        return ssl.get_server_certificate(self.address)


def test_events_arrive_over_tls(edge):
    web = edge()
    assert urlsplit(web.url).scheme == "https"
    assert web.post(EVENT) == (200, {"success": True, "status": "committed", "events": 1})
    assert web.post(b" " * (5 << 20))[0] == 413
    settings = json.loads(web.ask("GET", f"/v1/projects/{KEY}/settings")[2])
    assert settings["integrations"]["Segment.io"]["protocol"] == "https"
    assert len(web.written()) == 1


@pytest.mark.parametrize("minimum,version,works", [
    ("1.2", ssl.TLSVersion.TLSv1_2, True), ("1.2", ssl.TLSVersion.TLSv1_3, True),
    ("1.3", ssl.TLSVersion.TLSv1_2, False), ("1.3", ssl.TLSVersion.TLSv1_3, True),
])
def test_versions_are_those_of_the_settings(edge, minimum, version, works):
    web = edge(tls={"minimum": minimum})
    context = web.context(minimum_version=version, maximum_version=version)
    context.set_alpn_protocols(["http/1.1"])
    with contextlib.closing(web.connect(context)) as connection:
        if not works:
            with pytest.raises(ssl.SSLError):
                connection.connect()
            return
        connection.connect()
        assert connection.sock.selected_alpn_protocol() == "http/1.1"
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b"ok\n"


def test_what_is_no_tls_ends_and_is_counted(edge):
    web = edge(timeouts={"header": "1s"})
    with socket.create_connection(web.address) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert not connection.recv(1 << 16).startswith(b"HTTP")
    with socket.create_connection(web.address) as silent:
        # Who never finishes the handshake is let go.
        silent.settimeout(30)
        assert silent.recv(10) == b""
    figures = web.collector.ask("stats")["sources"]["web"]["connections"]
    assert figures["failedHandshakes"] == 2
    assert web.post(EVENT)[0] == 200


def test_a_certificate_is_replaced_without_a_failed_request(edge):
    web = edge()
    before, errors, stop = web.presented(), [], threading.Event()
    context = web.context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def client():
        while not stop.is_set():
            try:
                with contextlib.closing(web.connect(context)) as connection:
                    connection.request("POST", "/v1/events", EVENT, {"X-Write-Key": KEY})
                    response = connection.getresponse()
                    response.read()
                    if response.status != 200:
                        errors.append(response.status)
            except OSError as error:
                errors.append(repr(error))

    clients = [threading.Thread(target=client) for _ in range(4)]
    for thread in clients:
        thread.start()
    kept = web.connect(context)
    kept.request("GET", "/health")
    kept.getresponse().read()
    certificate(web.folder)
    web.collector.control("reload")
    wait_until("the new certificate", lambda: web.presented() != before)
    stop.set()
    for thread in clients:
        thread.join()
    assert errors == []
    # A connection that is open goes on.
    kept.request("GET", "/health")
    assert kept.getresponse().read() == b"ok\n"
    assert web.post(EVENT)[0] == 200


@pytest.mark.parametrize("broken", ["missing", "garbage", "other key"])
def test_a_bad_certificate_changes_nothing(edge, broken):
    web = edge()
    before = web.presented()
    good = (web.folder / "edge.key").read_bytes()
    if broken == "missing":
        (web.folder / "edge.key").unlink()
    elif broken == "garbage":
        (web.folder / "edge.key").write_text("no key")
    else:
        certificate(web.folder)
        (web.folder / "edge.key").write_bytes(good)
    web.collector.control("reload")
    wait_until("an error in the log", lambda: "certificate of a source cannot be used" in web.collector.log)
    assert web.presented() == before


@pytest.mark.parametrize("broken", ["missing", "garbage"])
def test_a_bad_certificate_prevents_the_start(daemon, tmp_path, broken):
    certificate(tmp_path)
    (tmp_path / "edge.pem").write_text("nonsense") if broken == "garbage" else (tmp_path / "edge.pem").unlink()
    tls = {"certificate": str(tmp_path / "edge.pem"), "key": str(tmp_path / "edge.key")}
    collector = daemon(start=False, sources=[source(tls=tls)]).launch()
    assert collector.wait_for_exit() == 78
    assert "source 'web': tls:" in collector.log and "edge.pem" in collector.log


def test_a_drain_ends_tls_connections_properly(edge):
    web = edge()
    connection = web.connect()
    connection.request("POST", "/v1/events", EVENT, {"X-Write-Key": KEY})
    assert connection.getresponse().read()
    begun = time.monotonic()
    web.collector.drain()
    # A client that says no farewell is waited for once, not for each layer.
    assert time.monotonic() - begun < 7
    # The end is announced, not cut: recv returns nothing instead of an error.
    assert connection.sock.recv(10) == b""


# What depends on the certificate of this test, or concerns pages; and the order of ciphers, all of which are good.
UNTOLD = ("cert_", "HSTS", "cipher_order", "engine_problem")


def test_testssl_finds_nothing(edge, tmp_path):
    """Versions, ciphers, and attacks that these leave possible, by runs of testssl.sh at once."""
    web = edge()
    runs = []
    kinds_of_runs = (
        ["--protocols", "--renegotiation", "--crime", "--lucky13"], ["--standard", "--sweet32"],
    )
    for number, kinds in enumerate(kinds_of_runs):
        found = tmp_path / f"found-{number}.json"
        runs.append((found, subprocess.Popen(
            ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1", *kinds,
             "--jsonfile", found, "%s:%d" % web.address],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )))
    findings = []
    for found, process in runs:
        output = process.communicate(timeout=240)[0]
        assert found.exists(), output
        findings += json.loads(found.read_text())
    told = {finding["id"]: finding["severity"] for finding in findings}
    assert told["TLS1_2"] == told["TLS1_3"] == told["SWEET32"] == told["LUCKY13"] == "OK", told
    bad = [f for f in findings if f["severity"] not in ("OK", "INFO") and not f["id"].startswith(UNTOLD)]
    assert bad == []
    assert web.post(EVENT)[0] == 200
