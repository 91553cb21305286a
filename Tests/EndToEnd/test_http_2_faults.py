"""Faults over HTTP/2: those of a stream end that stream alone, others their connection."""

import json

import pytest
from hyperframe import frame

from http2_client import Client, plain_block
from http_edge import KEY
from test_http_2 import EVENT, edge  # noqa: F401

OPENING = [(":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", "/v1/events"), ("x-write-key", KEY)]


def raw_request(client, *fields, ends=False):
    """Frames of a request's head, and its stream."""
    stream = client.reserve()
    head = frame.HeadersFrame(stream, plain_block(*OPENING, *fields))
    head.flags.add("END_HEADERS")
    if ends:
        head.flags.add("END_STREAM")
    return stream, head


def data(stream, body, ends=True):
    one = frame.DataFrame(stream, body)
    if ends:
        one.flags.add("END_STREAM")
    return one


def too_long_a_body(client):
    stream, head = raw_request(client, ("content-length", "5"))
    return head, data(stream, EVENT)


def too_short_a_body(client):
    stream, head = raw_request(client, ("content-length", "50"))
    return head, data(stream, EVENT)


def a_capital_letter(client):
    return raw_request(client, ("X-Bad", "1"), ends=True)[1:]


def a_field_of_a_connection(client):
    return raw_request(client, ("connection", "close"), ends=True)[1:]


def no_path(client):
    one = frame.HeadersFrame(client.reserve(), plain_block(*OPENING[:3]))
    for flag in ("END_HEADERS", "END_STREAM"):
        one.flags.add(flag)
    return [one]


def trailers_that_do_not_end(client):
    stream, head = raw_request(client)
    trailers = frame.HeadersFrame(stream, plain_block(("x-more", "1")))
    trailers.flags.add("END_HEADERS")
    return head, data(stream, EVENT, ends=False), trailers


def no_step_of_a_window(client):
    stream, head = raw_request(client)
    return head, frame.WindowUpdateFrame(stream, 0)


def too_large_a_window(client):
    stream, head = raw_request(client)
    return head, frame.WindowUpdateFrame(stream, (1 << 31) - 1)


def data_after_the_end(client):
    stream, head = raw_request(client)
    return head, data(stream, EVENT), data(stream, EVENT)


STREAM_FAULTS = [
    too_long_a_body, too_short_a_body, a_capital_letter, a_field_of_a_connection, no_path, trailers_that_do_not_end,
    no_step_of_a_window, too_large_a_window, data_after_the_end,
]


@pytest.mark.parametrize("fault", STREAM_FAULTS, ids=lambda one: one.__name__)
def test_a_fault_of_a_stream_ends_that_stream_alone(edge, fault):
    web = edge(slow=True)
    with Client(web, KEY) as client:
        before = client.post(b'{"messageId":"before"}')
        unfinished = client.begin()
        client.send(unfinished, b'{"messageId":', ends=False)
        client.send_raw(*fault(client))
        client.send(unfinished, b'"unfinished"}')
        after = client.post(b'{"messageId":"after"}')
        for stream in (before, unfinished, after):
            status, _, body = client.answer(stream)
            assert (status, json.loads(body)["events"]) == (200, 1), body
        assert not client.is_going_away and not client.has_ended
        figures = web.collector.ask("stats")["sources"]["web"]["connections"]
        assert (figures["violations"], figures["connects"] - figures["disconnects"]) == (1, 1)
    ids = [event.get("messageId") for _, event in web.written()]
    assert {"before", "unfinished", "after"} <= set(ids) and len(ids) == len(set(ids))


def test_faults_of_streams_that_come_now_and_then_end_no_connection(edge):
    with Client(edge(), KEY) as client:
        for _ in range(150):
            client.send_raw(*a_capital_letter(client))
        assert client.answer(client.post(EVENT))[0] == 200 and not client.is_going_away
        # More than 200 in half a minute are no accident.
        with pytest.raises((OSError, AssertionError)):
            for _ in range(100):
                client.send_raw(*a_capital_letter(client))
                assert client.answer(client.begin("GET", "/health", ends=True))[0] == 200
        assert client.goodbyes[-1][1] == 11


def too_many_streams(client):
    return [raw_request(client)[1] for _ in range(101)]


def a_stream_of_the_past(client):
    stream, head = raw_request(client, ends=True)
    return head, frame.HeadersFrame(stream - 2, head.data, flags=["END_HEADERS"])


def too_long_a_frame(client):
    stream, head = raw_request(client)
    return head, data(stream, b" " * (16_385 + 9))


def an_unknown_index(client):
    one = frame.HeadersFrame(client.reserve(), b"\xfe")
    for flag in ("END_HEADERS", "END_STREAM"):
        one.flags.add(flag)
    return [one]


@pytest.mark.parametrize("fault", [too_many_streams, a_stream_of_the_past, too_long_a_frame, an_unknown_index],
                         ids=lambda one: one.__name__)
def test_a_fault_that_ends_the_connection_says_so_and_costs_no_event_that_was_taken(edge, fault):
    web = edge()
    with Client(web, KEY) as client:
        assert client.answer(client.post(b'{"messageId":"before"}'))[0] == 200
        client.send_raw(*fault(client))
        while client.receive():
            pass
        assert client.goodbyes and client.goodbyes[-1][1] != 0
    with Client(web, KEY) as other:
        assert other.answer(other.post(b'{"messageId":"after"}'))[0] == 200
    assert {"before", "after"} <= {event.get("messageId") for _, event in web.written()}
