"""Other libraries and options of producers: CZMQ's sockets, and how libzmq's queues and reconnecting behave."""

import ctypes
import json
import os

import pytest
import zmq
import zmq.auth
from zmq.utils.monitor import recv_monitor_message

from collector import ANY_PORT
from waiting import BOUND_SECONDS, wait_until

COMMITTED = {"status": "committed", "events": 1, "quarantined": []}
EVENT = b'{"event":"x"}'
BOUND_MILLISECONDS = int(BOUND_SECONDS * 1_000)


class Czmq:
    """A few calls of libczmq; a socket is its pointer."""

    def __init__(self):
        # Signals are pytest's.
        os.environ["ZSYS_SIGHANDLER"] = "false"
        self.library = ctypes.CDLL("libczmq.so.4")
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        for name, result, *arguments in [
            ("zsock_new_push", pointer, text),
            ("zsock_new_dealer", pointer, text),
            ("zsock_new", pointer, ctypes.c_int),
            ("zsock_connect", ctypes.c_int, pointer, text),
            ("zsock_destroy", None, ctypes.POINTER(pointer)),
            ("zsock_set_rcvtimeo", None, pointer, ctypes.c_int),
            ("zsock_set_curve_serverkey", None, pointer, text),
            ("zcert_load", pointer, text),
            ("zcert_apply", None, pointer, pointer),
            ("zmsg_new", pointer),
            ("zmsg_addstr", ctypes.c_int, pointer, text),
            ("zmsg_send", ctypes.c_int, ctypes.POINTER(pointer), pointer),
            ("zmsg_recv", pointer, pointer),
            ("zmsg_size", ctypes.c_size_t, pointer),
            ("zmsg_popstr", pointer, pointer),
            ("zmsg_destroy", None, ctypes.POINTER(pointer)),
            ("zstr_free", None, ctypes.POINTER(pointer)),
        ]:
            function = getattr(self.library, name)
            function.restype, function.argtypes = result, list(arguments)
            setattr(self, name, function)
        self.sockets = []

    def open(self, socket):
        assert socket, "CZMQ makes no socket"
        self.zsock_set_rcvtimeo(socket, BOUND_MILLISECONDS)
        self.sockets.append(socket)
        return socket

    def close(self):
        for socket in self.sockets:
            self.zsock_destroy(ctypes.byref(ctypes.c_void_p(socket)))
        self.sockets = []

    def send(self, socket, *frames):
        message = ctypes.c_void_p(self.zmsg_new())
        for frame in frames:
            assert self.zmsg_addstr(message, frame) == 0
        assert self.zmsg_send(ctypes.byref(message), socket) == 0, "not sent"

    def receive(self, socket):
        message = ctypes.c_void_p(self.zmsg_recv(socket))
        assert message, "no answer"
        frames = []
        for _ in range(self.zmsg_size(message)):
            frame = ctypes.c_void_p(self.zmsg_popstr(message))
            frames.append(ctypes.string_at(frame))
            self.zstr_free(ctypes.byref(frame))
        self.zmsg_destroy(ctypes.byref(message))
        return frames


@pytest.fixture
def czmq():
    try:
        library = Czmq()
    except OSError as error:
        pytest.fail(f"{error}: run 'make test', or install libczmq4")
    yield library
    library.close()


def test_czmq_push_loses_nothing(daemon, czmq):
    collector = daemon()
    push = czmq.open(czmq.zsock_new_push(collector.endpoint("producers").encode()))
    for number in range(500):
        czmq.send(push, b'{"event":"pushed","number":%d}' % number)
    ledger = collector.wait_for_received(500)
    assert (ledger["written"], ledger["quarantined"]) == (500, 0)


def test_czmq_dealer_is_answered(daemon, czmq):
    collector = daemon()
    dealer = czmq.open(czmq.zsock_new_dealer(collector.endpoint("reliable").encode()))
    for number in range(100):
        czmq.send(dealer, b"id %d" % number, EVENT)
    answers = [czmq.receive(dealer) for _ in range(100)]
    assert sorted(answer[0] for answer in answers) == sorted(b"id %d" % number for number in range(100))
    assert all(json.loads(text) == COMMITTED for _, text in answers)
    assert collector.ledger()["written"] == 100


def test_czmq_dealer_encrypts(daemon, touchpoint, czmq, tmp_path):
    keys = tmp_path / "producers"
    keys.mkdir()
    server_public, server_secret = zmq.auth.create_certificates(tmp_path, "collector")
    os.chmod(server_secret, 0o600)
    public, secret = zmq.auth.create_certificates(tmp_path, "shop")
    os.rename(public, keys / "shop.key")
    collector = daemon(
        sources=[{
            "name": "reliable", "pattern": "router", "bind": [ANY_PORT], "engine": "native",
            "curve": {"secret": server_secret, "keys": str(keys)},
        }]
    )
    dealer = czmq.open(czmq.zsock_new(zmq.DEALER))
    czmq.zcert_apply(czmq.zcert_load(str(secret).encode()), dealer)
    czmq.zsock_set_curve_serverkey(dealer, zmq.auth.load_certificate(server_public)[0])
    assert czmq.zsock_connect(dealer, collector.endpoint("reliable").encode()) == 0
    czmq.send(dealer, b"1", EVENT)
    echoed, text = czmq.receive(dealer)
    assert (echoed, json.loads(text)) == (b"1", COMMITTED)


# How libzmq's sockets behave


def on_file(daemon, pattern, **settings):
    """A collector whose endpoint is the same after a restart, not started yet; returns it and the endpoint."""
    collector = daemon(start=False, **settings)
    endpoint = f"ipc://{collector.short_folder}/in.sock"
    collector.settings["sources"] = [{"name": "in", "pattern": pattern, "bind": [endpoint]}]
    return collector, endpoint


def connected(kind, endpoint, **options):
    """A socket with options that count only before it connects, its own context, and its monitor."""
    context = zmq.Context()
    socket = context.socket(kind)
    socket.linger = 0
    socket.setsockopt(zmq.RECONNECT_IVL, 20)
    for name, value in options.items():
        socket.setsockopt(getattr(zmq, name), value)
    monitor = socket.get_monitor_socket()
    socket.connect(endpoint)
    return context, socket, monitor


def events_of(monitor):
    names = []
    while monitor.poll(0):
        names.append(recv_monitor_message(monitor)["event"])
    return names


def fill(socket, most=100_000, start=0):
    """Sends until the queue is full; returns how many were taken."""
    for number in range(most):
        try:
            socket.send(b'{"event":"x","number":%d}' % (start + number), zmq.NOBLOCK)
        except zmq.Again:
            return number
    return most


def test_immediate_queues_nothing_for_a_collector_that_is_not_there(daemon):
    collector, endpoint = on_file(daemon, "pull")
    context, push, monitor = connected(zmq.PUSH, endpoint, IMMEDIATE=1)
    with context, push, monitor:
        assert fill(push) == 0
        for run in (1, 2):
            collector.start()
            wait_until("it takes an event", lambda: fill(push, most=1) == 1)
            assert fill(push, most=99) == 99
            ledger = collector.wait_for_received(100 * run)
            assert ledger["written"] == 100 * run
            collector.drain()
            wait_until("it takes none", lambda: push.poll(0, zmq.POLLOUT) == 0)
            assert fill(push) == 0


def test_without_immediate_the_queue_waits_for_the_collector(daemon):
    collector, endpoint = on_file(daemon, "router")
    context, dealer, monitor = connected(zmq.DEALER, endpoint)
    with context, dealer, monitor:
        for number in range(50):
            dealer.send_multipart([b"%d" % number, EVENT])
        collector.start()
        for number in range(50):
            assert dealer.poll(BOUND_MILLISECONDS), "no answer"
            echoed, answer = dealer.recv_multipart()
            assert (echoed, json.loads(answer)) == (b"%d" % number, COMMITTED)
        # And it finds the next one by itself.
        collector.drain()
        dealer.send_multipart([b"next", EVENT])
        collector.start()
        assert dealer.poll(BOUND_MILLISECONDS), "no answer after the restart"
        assert dealer.recv_multipart()[0] == b"next"
    assert collector.ledger()["written"] == 51


@pytest.mark.parametrize("pattern, kind", [("pull", zmq.PUSH), ("router", zmq.DEALER)])
def test_a_handshake_is_answered_at_once_while_intake_is_held(daemon, pattern, kind):
    collector, endpoint = on_file(daemon, pattern)
    collector.start()
    collector.ask("pause in")
    context, socket, monitor = connected(kind, endpoint, HANDSHAKE_IVL=2_000, IMMEDIATE=1)
    with context, socket, monitor:
        seen = []

        def is_connected():
            seen.extend(events_of(monitor))
            return zmq.EVENT_HANDSHAKE_SUCCEEDED in seen

        wait_until("its handshake succeeds", is_connected)
        socket.send(EVENT)
        collector.ask("resume in")
        assert collector.wait_for_received(1)["written"] == 1
        seen += events_of(monitor)
        failures = {zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_DISCONNECTED, zmq.EVENT_CONNECT_RETRIED}
        assert not failures & set(seen)


def test_a_full_queue_of_a_producer_loses_nothing(daemon):
    collector, endpoint = on_file(daemon, "pull")
    collector.start()
    collector.ask("pause in")
    context, push, monitor = connected(zmq.PUSH, endpoint, SNDHWM=10, SNDBUF=4_096, IMMEDIATE=1)
    with context, push, monitor:
        wait_until("it takes an event", lambda: fill(push, most=1) == 1)
        sent = 1
        # The system's buffers and libzmq's are full when it takes nothing for a moment.
        while push.poll(200, zmq.POLLOUT):
            sent += fill(push, start=sent)
        assert 10 <= sent < 100_000
        assert collector.ledger()["received"] == 0
        collector.ask("resume in")
        assert collector.wait_for_received(sent)["written"] == sent
        # It goes on where it was.
        assert push.poll(BOUND_MILLISECONDS, zmq.POLLOUT)
        assert fill(push, most=1) == 1
        assert collector.wait_for_received(sent + 1)["written"] == sent + 1
