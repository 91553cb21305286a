"""A piece that cannot be accepted is kept without the keys that it holds."""

import base64
import gzip
import json
import random
import zlib

import pytest

from http_edge import KEY, Edge, source
from readback import lines_by_zcat

OTHER = "key-of-somebody-else"


@pytest.fixture
def edge(daemon):
    return Edge(daemon(sources=[source(profiles=["segment", "events", "posthog"])]))


def kept(web):
    """The lines of quarantine, none of which has the key in any form; nor does anything else."""
    web.collector.seal()
    lines = [json.loads(line) for line in lines_by_zcat(web.collector.data, "quarantine")]
    written = b"".join(lines_by_zcat(web.collector.data)).decode()
    for line in lines:
        payload = line.get("payload", "").encode()
        if line.get("encoding"):
            payload = base64.b64decode(payload)
        if payload[:2] == b"\x1f\x8b":
            payload = zlib.decompressobj(wbits=31).decompress(payload)
        assert KEY.encode() not in payload and OTHER.encode() not in payload
    everything = written + web.collector.log + json.dumps(lines)
    assert KEY not in everything and OTHER not in everything
    return lines


@pytest.mark.parametrize("piece", [
    f'{{"writeKey":"{KEY}","a":}}', f'{{"a":,"api_key": "{KEY}"}}', f"{{'token':'{KEY}'}}", f'{{"writeKey":"{OTHER}","a":nan}}',
    f'{{"a":1,"writeKey":"{KEY}', f'{{"a":1,"writeKey" : "{OTHER[:-2]}', f'{{"note":"{KEY[:-3]}', f'{{"a":{{"b":"x{KEY}y"}},}}',
    f'"{KEY}"', f'{{"_touchpoint":{{}},"writeKey":"{KEY}"}}', f'{{"a":"\\ud800","token":"{KEY}"}}',
])
def test_a_piece_has_no_key(edge, piece):
    good = '{"event":"x","messageId":"1"}'
    status, answer = edge.post(f"{good}\n{piece}".encode())
    assert status == 200 and len(answer["quarantined"]) == 1
    (line,) = kept(edge)
    assert len(line["payload"].encode()) == len(piece.encode())
    for secret in (KEY, OTHER, OTHER[:-2], KEY[:-3]):
        if secret in piece:
            assert line["payload"] == piece.replace(secret, "*" * len(secret))
            break


def test_without_a_key_a_piece_is_as_it_was_sent(edge):
    piece = '{"token":"coupon-7","api_key":7,"note":"the writeKey is","a":}'
    assert edge.post(piece.encode())[0] == 400
    assert [line["payload"] for line in kept(edge)] == [piece]


def test_a_zipped_message_is_kept_without_keys(edge):
    noise = random.Random(7).randbytes(3_000).hex()
    bad = [f'{{"writeKey":"{KEY}","n":{at},"a":,"x":"{"y" * 500}"}}' for at in range(50)]
    text = "[" + ",".join([*bad, f'{{"messageId":"1","noise":"{noise}","writeKey":"{KEY}"}}']) + "]"
    status, answer = edge.post(gzip.compress(text.encode()))
    assert (status, answer["events"], len(answer["quarantined"])) == (200, 1, 50)
    lines = kept(edge)
    assert len(lines) == 50 and [line["encoding"] for line in lines if "encoding" in line] == ["gzip+base64"]
    (whole,) = [line for line in lines if "encoding" in line]
    inflated = gzip.decompress(base64.b64decode(whole["payload"])).decode()
    assert inflated == text.replace(KEY, "*" * len(KEY))
    # Places of the other pieces are still right.
    for line in lines:
        if "message" in line:
            place = line["message"]
            assert inflated[place["offset"] : place["offset"] + place["bytes"]].startswith('{"writeKey":"*')


def test_a_damaged_stream_is_kept_without_keys(edge):
    stream = gzip.compress(f'{{"writeKey":"{KEY}","a":"{random.Random(7).randbytes(2_000).hex()}"}}'.encode())
    status, answer = edge.post(stream[:-30])
    assert (status, answer["code"]) == (400, "inflate_failed")
    (line,) = kept(edge)
    assert line["payload"].startswith('{"writeKey":"' + "*" * len(KEY))
    # Without a key it is kept as it came.
    plain = gzip.compress(b'{"a":1}')[:-3]
    assert edge.post(plain)[0] == 400
    assert base64.b64decode(kept(edge)[1]["payload"]) == plain
