"""Real proxies in front of the HTTP source: the configurations of EDGE.md, addresses, and connections that are kept."""

import functools
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
from urllib.parse import urlencode, urlsplit

import pytest

import pages
from http_edge import KEY, Edge, source
from test_http_tls import certificate
from test_http_webhooks import FORM, TWILIO, signed
from waiting import wait_until

EVENT = b'{"event":"x"}'
EDGE = "docs/EDGE.md"
TOKEN = "of-twilio"
PROXIES = ("nginx", "haproxy", "caddy")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Proxied(Edge):
    """Requests that pass a proxy, which speaks TLS."""

    def __init__(self, collector, port):
        super().__init__(collector)
        self.address = ("127.0.0.1", port)

    def connect(self):
        return http.client.HTTPSConnection(*self.address, timeout=30, context=ssl._create_unverified_context())


def printed(name, **other):
    """The configuration of EDGE.md with other addresses and files: each of them must be there."""
    text = pages.block(EDGE, name).text
    for old, new in other.items():
        assert old in text, f"{old} is not in the configuration of {name}"
        text = text.replace(old, new)
    return text


def nginx(folder, port, upstream, more=""):
    block = printed("nginx", **{
        "127.0.0.1:8080": upstream, "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/ssl/edge.": f"{folder}/edge.",
    })
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        block = f"{kind}_temp_path {folder}/{kind};\n" + block
    assert "    location / {" in block
    block = block.replace("    location / {", f"{more}    location / {{")
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off;\n{block}\n}}\n"
    )
    return ["nginx", "-p", folder, "-c", folder / "nginx.conf"]


def haproxy(folder, port, upstream):
    pem = folder / "both.pem"
    pem.write_bytes((folder / "edge.pem").read_bytes() + (folder / "edge.key").read_bytes())
    (folder / "haproxy.cfg").write_text(printed("haproxy", **{
        "127.0.0.1:8080": upstream, "bind :443": f"bind 127.0.0.1:{port}",
        "/etc/haproxy/edge.pem": str(pem),
    }))
    return ["haproxy", "-db", "-f", folder / "haproxy.cfg"]


def caddy(folder, port, upstream):
    site = printed("caddy", **{
        "127.0.0.1:8080": upstream,
        "edge.shop.example {": f"https://127.0.0.1:{port} {{\ntls {folder}/edge.pem {folder}/edge.key",
    })
    # No service to change it at run time, and no certificate from elsewhere.
    (folder / "Caddyfile").write_text(f"{{\nadmin off\nauto_https disable_redirects\n}}\n{site}")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]


@pytest.fixture
def behind(daemon, tmp_path):
    """Starts a proxy by its function, and a collector behind it."""
    started = []

    def make(proxy, *block, **more):
        program = proxy.__name__
        path = shutil.which(program) or shutil.which(f"/usr/sbin/{program}")
        assert path, f"install {program}: make setup"
        collector = daemon(sources=[source(proxies=["127.0.0.0/8"], **more)])
        host, port = Edge(collector).address
        folder = tmp_path / "proxy"
        folder.mkdir(exist_ok=True)
        certificate(folder)
        own = free_port()
        command = proxy(folder, own, f"{host}:{port}", *block)
        with (folder / "output").open("w") as output:
            started.append(subprocess.Popen(
                [path, *command[1:]], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
            ))
        wait_until(f"{program} to listen", lambda: is_listening(own, folder))
        web = Proxied(collector, own)
        wait_until("the proxy to pass requests", lambda: web.ask("GET", "/health")[0] == 200)
        return web

    def is_listening(port, folder):
        assert started[-1].poll() is None, (folder / "output").read_text()
        return listens(port)

    yield make
    for process in started:
        process.terminate()
        process.wait()


@pytest.fixture(params=[nginx, haproxy, caddy], ids=PROXIES)
def proxied(request, behind):
    return functools.partial(behind, request.param)


@pages.runs(EDGE, *PROXIES)
def test_the_address_is_the_one_that_the_proxy_saw(proxied, request):
    web = proxied(privacy={"ip": "full"})
    assert web.post(EVENT, headers={"X-Forwarded-For": "6.6.6.6"})[0] == 200
    addresses = {metadata["http"]["ip"] for metadata, _ in web.written()}
    # The proxy is on this machine as the client is, so the client's own claim is the first address outside. Caddy
    # passes no claims on.
    claimed = "127.0.0.1" if "caddy" in request.node.name else "6.6.6.6"
    assert addresses == {claimed}
    outside = Edge(web.collector)
    assert outside.post(EVENT, headers={"X-Forwarded-For": "6.6.6.6, 9.9.9.9, 127.0.0.1"})[0] == 200
    assert {metadata["http"]["ip"] for metadata, _ in web.written()} == {claimed, "9.9.9.9"}


def test_no_request_fails_over_connections_that_are_kept(proxied):
    web = proxied()
    connection = web.connect()
    for _ in range(200):
        connection.request("POST", "/v1/events", EVENT, {"X-Write-Key": KEY})
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["events"]) == (200, 1)
    big = b"[" + b",".join([EVENT] * 100_000) + b"]"
    status, answer = web.post(big)
    assert (status, answer["events"]) == (200, 100_000)


def test_a_proxy_sees_that_the_collector_ends(proxied):
    web = proxied(timeouts={"grace": "1s"})
    wait_until("the collector to be ready", lambda: web.ask("GET", "/ready")[0] == 200)
    web.collector.control("drain")
    wait_until("the end to be seen", lambda: web.ask("GET", "/ready")[0] in (502, 503))
    assert web.collector.wait_for_exit() == 0
    web.collector.start()
    web = Edge(web.collector)
    assert web.post(EVENT)[0] == 200


@pages.runs(EDGE, "twilio behind nginx", "nginx for twilio")
def test_what_twilio_signs_is_its_own_address_behind_nginx(behind):
    text = pages.block(EDGE, "twilio behind nginx").text
    public = re.search(r'url: "(.*?)"', text)[1]
    inner, path = re.search("path: ([^,]*),", text)[1], urlsplit(public).path
    webhook = {"path": inner, "preset": "twilio", "secrets": [TOKEN], "url": public}
    web = behind(nginx, pages.block(EDGE, "nginx for twilio").text, webhooks=[webhook])
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "Body": "ü & = \"€\""}

    def call(url, fields=fields, sent=None, **more):
        headers = signed(TWILIO, url=url, fields=fields, secret=TOKEN, **more) | FORM
        return web.post(urlencode(sent or fields).encode(), path, key=None, headers=headers)

    assert call(public)[0] == 200
    assert call(public, fields | {"MessageSid": "SM2"}, algorithm="HMAC_SHA256")[0] == 200
    port = public.replace("edge.shop.example", "edge.shop.example:443")
    assert call(port, fields | {"MessageSid": "SM3"})[0] == 200
    body = '[{"type":"a"},{"type":"b"}]'
    headers = signed(TWILIO, url=public, body=body, secret=TOKEN)
    query = headers.pop("query")
    assert web.post(body.encode(), f"{path}?{query}", key=None, headers=headers)[1]["events"] == 2
    # The addresses that the collector itself sees, another path, and another text.
    inside = Edge(web.collector).url
    for url in (f"{inside}/hooks/sms", f"{inside}{path}", public.replace("twilio/sms", "hooks/sms"), public.replace("https", "http")):
        assert call(url, fields | {"MessageSid": "SM4"})[0] == 401, url
    assert call(public, sent=fields | {"MessageStatus": "failed"})[0] == 401
    assert web.post(body.replace("b", "c").encode(), f"{path}?{query}", key=None, headers=headers)[0] == 401
    written = [event for _, event in web.written()]
    assert [event.get("MessageSid") for event in written] == ["SM1", "SM2", "SM3", None, None]
    assert written[0] == fields
