"""One message for more partitions than may have open files."""

import gzip
import json
import random

import zmq

from readback import sealed_files
from test_dealer import answer_to

CHANNELS, NAMES, EVENTS = 40, 40, 20_000


def test_has_some_files_a_partition_not_one_an_event(daemon, producer):
    collector = daemon(
        writers=2, partition={"path": "channel={channel}/event={event}", "maxValues": 64, "maxOpen": 64}
    )
    dice = random.Random(5)
    events = [
        {"messageId": str(n), "channel": f"c{dice.randrange(CHANNELS)}", "event": f"e{dice.randrange(NAMES)}"}
        for n in range(EVENTS)
    ]
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    payload = gzip.compress("\n".join(map(json.dumps, events)).encode())
    assert answer_to(dealer, b"1", payload) == {"status": "committed", "events": EVENTS, "quarantined": []}
    collector.seal()
    files = len(sealed_files(collector.data))
    assert CHANNELS * NAMES <= files < EVENTS / 2, files
    assert collector.verify()["events"] == EVENTS
