"""The frames before a payload are returned before its answer: REQ in all its forms, and devices."""

import contextlib
import json
import threading

import pytest
import zmq

COMMITTED = {"status": "committed", "events": 1, "quarantined": []}


@contextlib.contextmanager
def devices(count, endpoint):
    """Starts so many ROUTER-DEALER devices in a row; yields the endpoint of the first."""
    context = zmq.Context()
    threads = []
    try:
        for _ in range(count):
            front, back = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
            front.linger = back.linger = 0
            port = front.bind_to_random_port("tcp://127.0.0.1")
            back.connect(endpoint)
            endpoint = f"tcp://127.0.0.1:{port}"

            def run(front=front, back=back):
                with contextlib.suppress(zmq.ContextTerminated):
                    zmq.proxy(front, back)
                front.close()
                back.close()

            threads.append(threading.Thread(target=run))
            threads[-1].start()
        yield endpoint
    finally:
        context.term()
        for thread in threads:
            thread.join(30)


@pytest.mark.parametrize(
    "options",
    [(), (zmq.REQ_RELAXED,), (zmq.REQ_CORRELATE,), (zmq.REQ_RELAXED, zmq.REQ_CORRELATE)],
    ids=["plain", "relaxed", "correlated", "relaxed and correlated"],
)
def test_req_is_answered_however_it_is_set(daemon, producer, options):
    collector = daemon()
    req = producer(zmq.REQ, collector.endpoint("reliable"))
    for option in options:
        req.setsockopt(option, 1)
    for number in range(3):
        req.send(b'{"messageId":"%d"}' % number)
        assert json.loads(req.recv()) == COMMITTED
    assert collector.ledger()["written"] == 3


def test_a_correlated_req_takes_no_late_answer_for_a_new_one(daemon, producer):
    collector = daemon()
    req = producer(zmq.REQ, collector.endpoint("reliable"))
    req.setsockopt(zmq.REQ_RELAXED, 1)
    req.setsockopt(zmq.REQ_CORRELATE, 1)
    req.send(b"[]")
    assert json.loads(req.recv())["events"] == 0
    collector.ask("pause reliable")
    req.send(b'{"event":"first"}')
    assert not req.poll(300)
    req.send(b'[{"event":"second"},{"event":"second"}]')
    collector.ask("resume reliable")
    assert json.loads(req.recv())["events"] == 2


@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_chain_of_devices_may_stand_between(daemon, producer, count):
    collector = daemon()
    with devices(count, collector.endpoint("reliable")) as endpoint:
        req = producer(zmq.REQ, endpoint)
        correlated = producer(zmq.REQ, endpoint)
        correlated.setsockopt(zmq.REQ_CORRELATE, 1)
        dealer, bare = producer(zmq.DEALER, endpoint), producer(zmq.DEALER, endpoint)
        for number in range(3):
            for socket in (req, correlated):
                socket.send(b'{"event":"asked"}')
                assert json.loads(socket.recv()) == COMMITTED
            dealer.send_multipart([b"id %d" % number, b'{"event":"dealt"}'])
            echoed, answer = dealer.recv_multipart()
            assert (echoed, json.loads(answer)) == (b"id %d" % number, COMMITTED)
            bare.send(b'{"event":"bare"}')
            frames = bare.recv_multipart()
            assert [json.loads(frame) for frame in frames] == [COMMITTED]
        for socket in (req, correlated, dealer, bare):
            socket.close()
    ledger = collector.ledger()
    assert (ledger["written"], ledger["quarantined"]) == (12, 0)


@pytest.mark.parametrize("kind", [zmq.DEALER, zmq.REQ], ids=["dealer", "req"])
def test_a_probe_is_no_event(daemon, kind):
    collector = daemon()
    with zmq.Context() as context:
        for number in range(3):
            socket = context.socket(kind)
            socket.linger = 0
            socket.setsockopt(zmq.PROBE_ROUTER, 1)
            socket.connect(collector.endpoint("reliable"))
            socket.send(b'{"event":"after the probe"}')
            assert socket.poll(30_000), "no answer"
            assert json.loads(socket.recv_multipart()[-1]) == COMMITTED
            assert not socket.poll(100), "an answer to the probe"
            socket.close()
    ledger = collector.ledger()
    assert (ledger["written"], ledger["quarantined"]) == (3, 0)
    assert collector.ask("stats")["sources"]["reliable"]["rejected"] == 0


def test_the_longest_routing_id_is_answered(daemon, producer):
    collector = daemon()
    name = bytes(range(1, 256))
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"), identity=name)
    # Another one differs in its last byte.
    other = producer(zmq.DEALER, collector.endpoint("reliable"), identity=name[:-1] + b"x")
    for number in range(3):
        for socket in (dealer, other):
            request = b"%d of %d" % (number, id(socket))
            socket.send_multipart([request, b"{}"])
            echoed, answer = socket.recv_multipart()
            assert (echoed, json.loads(answer)) == (request, COMMITTED)
