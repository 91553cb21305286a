"""Sources with keys: who comes in, who does not, and what happens when keys change."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import zmq
import zmq.auth

import pages
from collector import ANY_PORT
from waiting import wait_until

COMMITTED = {"status": "committed", "events": 1, "quarantined": []}
EVENT = b'{"event":"x"}'


class Keys:
    """Certificates that touchpointctl makes, and a folder of those that may connect."""

    def __init__(self, touchpoint, folder):
        self.programs, self.folder = Path(touchpoint), folder
        self.admitted = folder / "producers"
        self.admitted.mkdir(mode=0o755, parents=True)

    def make(self, name, *, admit=False):
        subprocess.run(
            [self.programs / "touchpointctl", "keygen", name, "--folder", self.folder], check=True, capture_output=True
        )
        if admit:
            (self.admitted / f"{name}.key").write_bytes((self.folder / f"{name}.key").read_bytes())
        return self.pair(name)

    def pair(self, name):
        return zmq.auth.load_certificate(self.folder / f"{name}.key_secret")

    @property
    def settings(self):
        return {"keys": str(self.admitted), "secret": str(self.folder / "c1.key_secret")}


@pytest.fixture
def keys(touchpoint, tmp_path):
    keys = Keys(touchpoint, tmp_path / "keys")
    keys.make("c1")
    return keys


def source(keys, pattern="router", name="reliable", **more):
    return {"name": name, "pattern": pattern, "bind": [ANY_PORT], "engine": "native", "curve": keys.settings} | more


@pytest.fixture
def connect(keys):
    """Connects a socket with keys: connect(zmq.DEALER, endpoint, pair, server=...)."""
    context, sockets = zmq.Context(), []

    def make(kind, endpoint, pair=None, server=None, **options):
        made = context.socket(kind)
        made.linger = 0
        if pair:
            made.curve_publickey, made.curve_secretkey = pair
            made.curve_serverkey = server or keys.pair("c1")[0]
        for name, value in options.items():
            setattr(made, name, value)
        made.connect(endpoint)
        sockets.append(made)
        return made

    yield make
    for made in sockets:
        made.close()
    context.term()


def ask(dealer, payload=EVENT, bound=30_000):
    dealer.send_multipart([b"1", payload])
    return json.loads(dealer.recv_multipart()[1]) if dealer.poll(bound) else None


def figures(collector, name="reliable"):
    return collector.ask("stats")["sources"][name]["connections"]


def test_a_known_key_is_served_and_everybody_else_is_not(daemon, keys, connect):
    known, unknown = keys.make("shop-7", admit=True), keys.make("stranger")
    collector = daemon(sources=[source(keys), source(keys, "pull", "producers")])
    endpoint = collector.endpoint("reliable")
    assert ask(connect(zmq.DEALER, endpoint, known)) == COMMITTED
    refused = {
        "unknown key": connect(zmq.DEALER, endpoint, unknown),
        "NULL": connect(zmq.DEALER, endpoint),
        "PLAIN": connect(zmq.DEALER, endpoint, plain_username=b"u", plain_password=b"p"),
        "another server's key": connect(zmq.DEALER, endpoint, known, server=unknown[0]),
        "a secret of another key": connect(zmq.DEALER, endpoint, (known[0], unknown[1])),
    }
    for dealer in refused.values():
        dealer.send_multipart([b"1", EVENT])
    wait_until("all to be refused", lambda: figures(collector)["failedHandshakes"] >= len(refused))
    assert [name for name, dealer in refused.items() if dealer.poll(200)] == []
    # PUSH too: large, of several frames, and many.
    push = connect(zmq.PUSH, collector.endpoint("producers"), known)
    push.send_multipart([b"ignored", EVENT])
    push.send(b'{"event":"%s"}' % (b"x" * 900_000))
    for _ in range(2_000):
        push.send(EVENT)
    assert collector.wait_for_received(2_003)["written"] == 2_003
    log = collector.log_path.read_text()
    assert f"{unknown[0].decode()} is not in the source's folder of keys" in log
    # One line for each kind of refusal.
    assert log.count("its key is not known") == 1 and log.count("handshake failed") == 1


@pytest.mark.parametrize("sent", [b"\x01\x00\x01", b"\xff" + b"\0" * 8 + b"\x7f\x01\x05\0\0\0\x02{}"], ids=["1.0", "2.0"])
def test_older_protocols_have_no_keys(daemon, keys, sent):
    keys.make("shop-7", admit=True)
    collector = daemon(sources=[source(keys)])
    port = int(collector.endpoint("reliable").rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            while raw.recv(4096):
                pass
    assert figures(collector)["failedHandshakes"] == 1
    assert collector.ledger()["received"] == 0


def test_large_windows_of_requests_are_answered(daemon, keys, connect):
    pair = keys.make("shop-7", admit=True)
    collector = daemon(sources=[source(keys)])
    dealer = connect(zmq.DEALER, collector.endpoint("reliable"), pair)
    waiting = {}
    for number in range(3_000):
        waiting[b"%d" % number] = b"\n".join([EVENT] * (1 + number % 50))
        dealer.send_multipart([b"%d" % number, waiting[b"%d" % number]])
    while waiting:
        assert dealer.poll(30_000)
        request, answer = dealer.recv_multipart()
        assert json.loads(answer)["events"] == waiting.pop(request).count(b"{")


def test_a_removed_key_is_cut_off_within_a_second(daemon, keys, connect):
    stays, goes = keys.make("stays", admit=True), keys.make("goes", admit=True)
    collector = daemon(sources=[source(keys)])
    endpoint = collector.endpoint("reliable")
    first, second = connect(zmq.DEALER, endpoint, stays), connect(zmq.DEALER, endpoint, goes)
    assert ask(first) == ask(second) == COMMITTED
    (keys.admitted / "goes.key").unlink()
    collector.ask("reload")
    begun = time.monotonic()
    wait_until("the connection to end", lambda: collector.ask("stats")["sources"]["reliable"]["peers"] == 1)
    assert time.monotonic() - begun < 1
    assert ask(first) == COMMITTED
    assert ask(second, bound=1_000) is None
    assert "its key may not connect any more" in collector.log
    # A new one comes in, without a restart.
    third = connect(zmq.DEALER, endpoint, keys.make("new", admit=True))
    collector.ask("reload")
    assert ask(third) == COMMITTED


def test_a_folder_that_cannot_be_read_changes_nothing(daemon, keys, connect):
    pair = keys.make("shop-7", admit=True)
    collector = daemon(sources=[source(keys)])
    dealer = connect(zmq.DEALER, collector.endpoint("reliable"), pair)
    assert ask(dealer) == COMMITTED
    (keys.admitted / "broken.key").write_text("no certificate\n")
    collector.ask("reload")
    assert "the keys of a source cannot be read, those in force stay" in collector.log
    assert ask(dealer) == COMMITTED
    assert ask(connect(zmq.DEALER, collector.endpoint("reliable"), pair)) == COMMITTED


def checked(touchpoint, folder, sources):
    path = folder / "t.yaml"
    path.write_text(json.dumps({"storage": {"directory": str(folder / "data")}, "sources": sources}))
    return subprocess.run(
        [Path(touchpoint) / "touchpointd", "--config", path, "--check"], capture_output=True, text=True
    )


@pytest.mark.parametrize("bind", ["tcp://*:*", "tcp://0.0.0.0:*", "tcp://[::]:*", "tcp://192.0.2.7:5571"])
def test_strangers_are_refused_unless_they_are_allowed(touchpoint, tmp_path, keys, bind):
    keys.make("shop-7", admit=True)
    plain = {"name": "s", "pattern": "pull", "bind": [bind]}
    refused = checked(touchpoint, tmp_path, [plain])
    assert refused.returncode == 78 and f"'{bind}' can be reached from other machines" in refused.stderr
    assert checked(touchpoint, tmp_path, [plain | {"strangers": "allowed"}]).returncode == 0
    assert checked(touchpoint, tmp_path, [plain | {"curve": keys.settings}]).returncode == 0


def test_key_files_that_protect_nothing_are_refused(touchpoint, tmp_path, keys):
    def why():
        result = checked(touchpoint, tmp_path, [source(keys)])
        return result.returncode, result.stderr

    code, text = why()
    assert code == 78 and "has no certificate, so nobody could connect" in text
    keys.make("shop-7", admit=True)
    assert why()[0] == 0
    secret = keys.folder / "c1.key_secret"
    os.chmod(secret, 0o644)
    code, text = why()
    assert code == 78 and "c1.key_secret" in text and "chmod" in text
    os.chmod(secret, 0o600)
    os.chmod(keys.admitted, 0o777)
    code, text = why()
    assert code == 78 and "producers" in text
    os.chmod(keys.admitted, 0o755)
    (keys.admitted / "c1.key_secret").write_bytes(secret.read_bytes())
    assert why()[0] == 78


def test_the_sender_has_keys(daemon, keys, touchpoint, samples):
    keys.make("shop-7", admit=True)
    collector = daemon(sources=[source(keys)])
    result = subprocess.run(
        [
            Path(touchpoint) / "touchpoint-send", "--pattern", "dealer", "--to", collector.endpoint("reliable"),
            "--curve", keys.folder / "c1.key", "--curve-key", keys.folder / "shop-7.key_secret",
        ],
        input=b"\n".join(samples[:100]), capture_output=True, timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert collector.ledger()["written"] == 100


PROTOCOL = "docs/PROTOCOL.md"


@pages.runs(PROTOCOL, "collector keys", "producer keys", "keys.yaml", "keys.py", "keys.c", "build keys.c")
def test_the_example_of_the_page_runs(touchpoint, tmp_path):
    environment = os.environ | {"PATH": f"{Path(touchpoint).resolve()}:{os.environ['PATH']}"}

    def run(*command):
        return subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True, timeout=60
        ).stdout

    for name in ("keys.py", "keys.c"):
        (tmp_path / name).write_text(pages.block(PROTOCOL, name).text)
    run("sh", "-ec", pages.block(PROTOCOL, "collector keys").text)
    run("sh", "-ec", pages.block(PROTOCOL, "producer keys").text)
    run("sh", "-ec", pages.block(PROTOCOL, "build keys.c").text)
    with tempfile.TemporaryDirectory(prefix="touchpoint-") as short:
        text = pages.block(PROTOCOL, "keys.yaml").text.replace(":5573", ":*").replace("control.sock", f"{short}/s")
        (tmp_path / "keys.yaml").write_text(text)
        daemon = subprocess.Popen(
            ["touchpointd", "--config", "keys.yaml"], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
        )
        try:
            status = wait_until("the daemon to run", lambda: started(f"{short}/s"))
            endpoint = status["sources"][0]["endpoints"][0]
            committed = '{"status":"committed","events":1,"quarantined":[]}\n'
            assert run(sys.executable, "keys.py", endpoint) == committed
            assert run("./order", endpoint) == committed
        finally:
            daemon.terminate()
            assert daemon.wait(60) == 0


def started(path):
    """The daemon's status once it runs."""
    with contextlib.suppress(OSError, json.JSONDecodeError), socket.socket(socket.AF_UNIX) as control:
        control.connect(path)
        control.sendall(b"status\n")
        status = json.loads(control.makefile().readline())
        return status if status.get("state") == "running" else None
