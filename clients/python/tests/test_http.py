"""HTTP against a server that answers as it is told: what is final, what is resent and when, and what is believed."""

import base64
import socket
import ssl
import subprocess
import threading
import time

import pytest

from checks import assert_each_once
from recording_server import RESET, SILENCE, Reply, committed, to_collector
from touchpoint import _outbox
from waiting import wait_until


def error(status, code, headers=None, **more):
    return Reply(status, {"code": code, "message": "said by the test", **more}, headers or {})


@pytest.fixture
def sender(client, server):
    """A client of the server with lists of what it reports."""

    class Sender:
        committed, rejected, dropped = [], [], []

    Sender.committed, Sender.rejected, Sender.dropped = [], [], []

    def make(**settings):
        return client(
            server.endpoint, on_committed=Sender.committed.extend, on_rejected=Sender.rejected.append,
            on_dropped=Sender.dropped.append, **settings)

    make.seen = Sender
    return make


@pytest.fixture
def quick(monkeypatch):
    """Back-off twenty times as fast."""
    table = {kind: (first / 20, longest / 20) for kind, (first, longest) in _outbox.BACK_OFF.items()}
    monkeypatch.setattr(_outbox, "BACK_OFF", table)


def gaps(server):
    return [after.at - before.at for before, after in zip(server.requests, server.requests[1:])]


def ids(server):
    return [event["messageId"] for event in server.events]


def test_batches_go_to_the_events_path_in_gzip(sender, server):
    one = sender(write_key="k-1")
    made = [one.track("u", "x", {"n": n}) for n in range(250)]
    assert one.flush() and sender.seen.committed == made == ids(server)
    assert [len(request.events) for request in server.requests] == [100, 100, 50]
    for request in server.requests:
        assert request.path == "/v1/events"
        assert request.headers["Content-Encoding"] == "gzip" and request.headers["Content-Type"] == "application/json"
        assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"k-1:").decode()
        assert "X-Write-Key" not in request.headers
    assert len({request.client for request in server.requests}) == 1, "one connection is kept open"


def test_key_in_its_own_header_and_a_path_of_ones_own(client, server):
    one = client(server.endpoint + "/x7/v1/events/", write_key="k-1", write_key_header="x-write-key")
    one.track("u", "x")
    assert one.flush()
    [request] = server.requests
    assert request.path == "/x7/v1/events" and request.headers["X-Write-Key"] == "k-1"
    assert "Authorization" not in request.headers


def test_200_reports_pieces_and_duplicates(sender, server):
    piece = {"index": 2, "offset": 300, "reason": "too_deep", "detail": "byte 301: 65 levels"}
    server.replies = [committed(5, duplicates=1, quarantined=[piece])]
    one = sender()
    made = [one.track("u", "x") for _ in range(5)]
    assert one.flush()
    assert sender.seen.committed == made[:2] + made[3:]
    [refused] = sender.seen.rejected
    assert (refused.message_id, refused.reason, refused.kept) == (made[2], "too_deep", True)
    assert refused.detail == "byte 301: 65 levels"
    assert (one.stats().committed, one.stats().rejected, one.stats().duplicates) == (4, 1, 1)


@pytest.mark.parametrize(("code", "kept"), [("invalid_json", True), ("invalid_json", False), ("too_large", True)])
def test_400_is_final(sender, server, code, kept):
    server.replies = [error(400, code, **({"kept": True} if kept else {}))]
    one = sender()
    made = [one.track("u", "x") for _ in range(3)]
    assert one.flush() and len(server.requests) == 1
    assert [(r.message_id, r.reason, r.detail, r.kept) for r in sender.seen.rejected] == [
        (id, code, "said by the test", kept) for id in made]
    assert not sender.seen.committed
    last = one.track("u", "x")
    assert one.flush() and sender.seen.committed == [last]


@pytest.mark.parametrize("reply", [error(413, "too_large"), error(400, "too_large")])
def test_too_large_is_split_until_only_the_large_event_is_refused(sender, server, reply):
    reply.close = True
    large = {"text": "y" * 3_000}

    def limited(raw, _):
        return committed(raw.count(b"messageId")) if len(raw) < 2_500 else reply

    server.pass_on = limited
    one = sender()
    made = [one.track("u", "x", large if n == 5 else {"n": n}) for n in range(20)]
    assert one.flush()
    assert [refused.message_id for refused in sender.seen.rejected] == [made[5]]
    assert sender.seen.rejected[0].reason == "too_large" and not sender.seen.rejected[0].kept
    assert sorted(sender.seen.committed) == sorted(made[:5] + made[6:])


@pytest.mark.parametrize(("status", "code", "said"), [
    (401, "unauthorized", "check write_key"), (403, "origin", "operator"), (404, "not_found", "/v1/events is no source"),
    (405, "method", "takes no events"), (415, "coding", "changes requests"), (302, "moved", "no answer of a collector")])
def test_what_an_operator_can_mend_loses_nothing(sender, server, caplog, quick, status, code, said):
    server.replies = [error(status, code), error(status, code)]
    one = sender(batch_seconds=0)
    id = one.track("u", "x")
    wait_until("a word about it", lambda: said in one.stats().last_problem)
    assert one.flush() and sender.seen.committed == [id] and not sender.seen.rejected
    assert said in caplog.text and caplog.text.count(said) == 1, "a cause is logged once a minute"


def test_wrong_key_asks_seldom(sender, server):
    server.replies = [error(401, "unauthorized"), error(401, "unauthorized")]
    one = sender(batch_seconds=0)
    one.track("u", "x")
    assert one.flush() and len(sender.seen.committed) == 1
    assert gaps(server)[0] >= 0.5 and gaps(server)[1] >= 1.0


def test_429_waits_as_long_as_it_is_told(sender, server):
    server.replies = [error(429, "quota", {"Retry-After": "2", "X-RateLimit-Reset": "2"})]
    one = sender()
    id = one.track("u", "x")
    assert one.flush() and sender.seen.committed == [id]
    assert 2.0 <= gaps(server)[0] < 6


def test_503_with_a_date(sender, server):
    moment = time.time() + 2
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(moment))
    server.replies = [error(503, "blocked", {"Retry-After": date})]
    one = sender()
    one.track("u", "x")
    assert one.flush() and gaps(server)[0] >= 0.9


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_failing_server_loses_nothing(sender, server, quick, status):
    server.replies = [error(status, "timeout") for _ in range(4)]
    one = sender()
    made = [one.track("u", "x") for _ in range(10)]
    assert one.flush() and sender.seen.committed == made
    assert len(server.requests) == 5 and one.stats().unavailable == 4
    bodies = [request.events for request in server.requests]
    assert all(body == bodies[0] for body in bodies), "the same bytes each time"


@pytest.mark.parametrize("reply", [
    Reply(200, b"<html>Welcome to the hotel</html>", {"Content-Type": "text/html"}), Reply(200, {"success": True}),
    Reply(200, b'{"status":"comm', {"Content-Length": "400"}, close=True), Reply(202, {"status": "committed"}),
    Reply(204, b"", {"Content-Length": "0"}), Reply(200, b"x" * (2 << 20)), Reply(200, [1])])
def test_only_a_collectors_200_is_believed(sender, server, quick, reply):
    server.replies = [reply]
    one = sender()
    id = one.track("u", "x")
    assert one.flush() and sender.seen.committed == [id]
    assert len(server.requests) == 2


def test_resets_and_closed_connections(sender, server):
    one = sender()
    server.replies = [RESET, committed(1)]
    made = [one.track("u", "reset")]
    assert one.flush()
    server.replies = [Reply(200, committed(1).body, close=True)]
    made.append(one.track("u", "closed after the answer, without notice"))
    assert one.flush()
    made.append(one.track("u", "on a new connection, at once"))
    assert one.flush() and sender.seen.committed == made
    assert one.stats().unavailable == 1, "of the reset alone: a connection that was closed while idle is no failure"


def test_reset_of_every_connection_grows_the_pauses(sender, server):
    server.replies = [RESET] * 2
    one = sender()
    one.track("u", "x")
    assert one.flush() and len(sender.seen.committed) == 1
    assert gaps(server)[0] >= 0.25 and gaps(server)[1] >= 0.5
    assert "no answer from 127.0.0.1" in one.stats().last_problem


@pytest.mark.parametrize("reply", [SILENCE, "trickle"])
def test_silent_server_ends_by_the_timeout(client, server, reply):
    """A server that sends a byte now and then is as silent as one that sends nothing."""
    over = threading.Event()
    place = server.endpoint
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if reply == SILENCE:
            server.replies = [SILENCE]
        else:
            place = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def trickle():
            connection, _ = listener.accept()
            with connection:
                while not over.wait(0.1):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle, daemon=True)
        if reply != SILENCE:
            thread.start()
        one = client(place, answer_timeout=0.5, batch_seconds=0)
        begin = time.monotonic()
        one.track("u", "x")
        wait_until("the time-out", lambda: "nothing within 0.5 s" in one.stats().last_problem)
        assert time.monotonic() - begin < 5
        one.shutdown(0)
        over.set()
        if reply != SILENCE:
            thread.join()


def test_shutdown_does_not_wait_for_a_silent_server(client, server):
    server.replies = [SILENCE]
    one = client(server.endpoint, answer_timeout=60, batch_seconds=0)
    one.track("u", "x")
    wait_until("the request", lambda: server.requests)
    begin = time.monotonic()
    assert not one.shutdown(0.2)
    assert time.monotonic() - begin < 5 and not one._life.worker.thread.is_alive()


def test_nobody_listens(client):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    one = client(f"http://127.0.0.1:{port}", batch_seconds=0)
    one.track("u", "x")
    wait_until("a word about it", lambda: "refused" in one.stats().last_problem)
    assert not one.shutdown(0)


def test_exactly_once_through_a_real_collector_that_is_killed(router, client, server, endpoint):
    """The server passes bodies on to a collector; without an answer it says 503, and the client resends."""
    collector = router()
    server.pass_on = to_collector(endpoint, 1.0)
    acknowledged = []
    one = client(server.endpoint, on_committed=acknowledged.extend)
    made = []
    for _ in range(3):
        made += [one.track("u", "x", {"n": n}) for n in range(1_000)]
        wait_until("commits", lambda: len(acknowledged) > len(made) - 900)
        collector.kill()
        made += [one.track("u", "x", {"n": n}) for n in range(200)]
        collector.start()
    assert one.flush() and sorted(acknowledged) == sorted(made)
    assert_each_once(collector, made)


def test_what_compresses_too_well_is_sent_as_it_is(router, client, server, endpoint):
    """The collector takes a small body that inflates to a large one for a bomb."""
    collector = router()
    server.pass_on = to_collector(endpoint, 30.0)
    one = client(server.endpoint)
    made = [one.send({"messageId": f"m-{n}", "timestamp": "2026-11-22T10:00:00Z", "text": "y" * 2_500}) for n in range(100)]
    assert one.flush() and one.stats().committed == 100 and one.stats().rejected == 0
    assert "Content-Encoding" not in server.requests[-1].headers
    assert_each_once(collector, made)


@pytest.fixture
def certificate(tmp_path):
    place = tmp_path / "edge.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "edge.key", "-out", place],
        check=True, capture_output=True)
    return place


def test_https_with_a_certificate_of_ones_own(client, server, certificate, caplog):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    server.encrypt(context)
    place = f"https://localhost:{server.address[1]}"
    one = client(place, ca_file=certificate, write_key="k", batch_seconds=0)
    one.track("u", "x")
    assert one.flush() and len(server.events) == 1
    stranger = client(place, write_key="k", batch_seconds=0)
    stranger.track("u", "x")
    wait_until("a word about the certificate", lambda: "CERTIFICATE_VERIFY_FAILED" in stranger.stats().last_problem)
    assert len(server.events) == 1
    assert "without encryption" not in caplog.text


def test_key_without_encryption_is_reported(client, caplog):
    client("http://collector.example", write_key="k")
    assert "use https" in caplog.text
