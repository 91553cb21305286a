"""PUB to sub: the topic frame, and topics that are not subscribed to."""

import json

import zmq

from readback import assert_written, lines_by_zcat, taken_apart
from waiting import wait_until

LAST = b'{"last":true}'


def feed(**keys):
    return {"name": "feed", "pattern": "sub", **keys}


def publish_until_heard(collector, publisher, topic):
    """Publishes markers until one arrives, since subscriptions take time; returns all of them."""
    markers = []

    def is_heard():
        markers.append(b'{"marker":%d}' % len(markers))
        publisher.send_multipart([topic, markers[-1]])
        return collector.ledger()["received"] > 0

    wait_until("the first event of a publisher", is_heard, every=0.05)
    return markers


def written_until_last(collector):
    """Returns the content of the files once the last event is there; a publisher's events keep their order."""

    def originals():
        collector.seal()
        found = [taken_apart(line)[1] for line in lines_by_zcat(collector.data)]
        return found if LAST in found else None

    return wait_until(f"{LAST} in the files", originals, every=0.2)


def test_subscribed_topics_arrive_and_others_do_not(daemon, producer, samples):
    collector = daemon(sources=[feed(bind=["tcp://127.0.0.1:*"], topics=["web.", "app"])])
    publisher = producer(zmq.PUB, collector.endpoint("feed"))
    markers = publish_until_heard(collector, publisher, b"web.marker")
    for index, event in enumerate(samples[:100]):
        publisher.send_multipart([b"other", b'{"unwanted":true}'])
        publisher.send_multipart([b"web.click" if index % 2 else b"app", event])
    publisher.send_multipart([b"app", LAST])
    written = written_until_last(collector)
    heard = [marker for marker in markers if marker in written]
    assert heard == markers[-len(heard):], "once it is subscribed, it hears everything"
    assert_written(collector.data, heard + samples[:100] + [LAST])


def test_collector_connects_to_publishers(daemon, producer, samples):
    collector = daemon(start=False)
    endpoint = f"ipc://{collector.short_folder}/publisher.sock"
    publisher = producer(zmq.PUB, endpoint, bind=True)
    collector.settings["sources"] = [feed(connect=[endpoint])]
    collector.start()
    publish_until_heard(collector, publisher, b"any")
    publisher.send_multipart([b"", b"\n".join(samples[:100])])
    publisher.send_multipart([b"end", LAST])
    written = written_until_last(collector)
    assert set(samples[:100]) <= set(written)


def test_a_topic_can_be_the_channel(daemon, producer):
    collector = daemon(sources=[feed(bind=["tcp://127.0.0.1:*"], topicIsChannel="on", channel="none")])
    publisher = producer(zmq.PUB, collector.endpoint("feed"))
    publish_until_heard(collector, publisher, b"web")
    for number, topic in enumerate([b"app", b"app", "caf\u00e9".encode(), b"\xff", b"", b"t" * 256, b"t" * 255]):
        publisher.send_multipart([topic, b'{"n":%d}' % number])
    publisher.send_multipart([b"app", b'{"n":7,"channel":"own"}\n{"n":8}'])
    publisher.send(b'{"n":9}')
    publisher.send_multipart([b"app", LAST])
    written_until_last(collector)
    collector.drain()
    lines = [json.loads(line) for line in lines_by_zcat(collector.data)]
    channels = {line["n"]: line["_touchpoint"]["channel"] for line in lines if "n" in line}
    assert channels == {0: "app", 1: "app", 2: "caf\u00e9", 3: "none", 4: "none", 5: "none", 6: "t" * 255, 7: "own", 8: "app",
                        9: "none"}
    assert {line["_touchpoint"]["channel"] for line in lines if "marker" in line} == {"web"}
