"""Operators can reach the daemon and read its answers, whatever producers and other clients do."""

import json
import socket

import zmq

from waiting import finished, wait_until


def acknowledged(client, events):
    """Sends events over DEALER and returns the answer."""
    payload = "\n".join(json.dumps(event) for event in events)
    client.send_multipart([b"1", payload.encode()])
    answer = json.loads(client.recv_multipart()[-1])
    assert answer["status"] == "committed", answer
    return answer


def test_stats_lists_channels_whatever_their_length(daemon, producer):
    collector = daemon()
    client = producer(zmq.DEALER, collector.endpoint("reliable"))
    for letter in "ABC":
        acknowledged(client, [{"event": "x", "channel": letter * 400_000}])
    acknowledged(client, [{"event": "x", "channel": "web"}])

    def listed():
        return collector.ask("stats")["channels"]

    wait_until("four channels", lambda: len(listed()) == 4)
    names = sorted(listed())
    assert [name[:128] for name in names[:3]] == ["A" * 128, "B" * 128, "C" * 128]
    assert len({name[128:] for name in names[:3]}) == 3
    assert all(len(name) == 128 + 17 for name in names[:3]) and names[3] == "web"
    assert "web" in collector.control("stats")


def test_an_answer_of_several_mebibytes_reaches_who_reads(daemon, producer):
    count = 2600
    collector = daemon(
        partition={
            "path": "channel={channel}/event={event}/"
                    "as-it-was-given-by-the-sources-of-the-north-and-of-the-south-and-of-all-others={source}/hour={hour}",
            "maxOpen": 4096, "maxValues": 4096,
        },
        segment={"idle": "1h", "maxAge": "1h"},
        writers=1,
    )
    client = producer(zmq.DEALER, collector.endpoint("reliable"))
    client.setsockopt(zmq.RCVTIMEO, 120_000)
    for first in range(0, count, 200):
        acknowledged(client, [
            {"event": "visited-the-north-entrance-of-the-store-in-berlin", "channel": f"{n:05}-" + "store" * 11}
            for n in range(first, first + 200)
        ])
    assert len(json.dumps(collector.ask("partitions"))) > 1 << 20
    lines = collector.control("partitions").splitlines()
    assert len(lines) == count + 1
    # A path is shown in full, so that it can be passed to 'seal'.
    path = next(line.split()[0] for line in lines if "00007-store" in line)
    assert "sealed 1 segment\n" in collector.control("seal", path)


def test_idle_connections_keep_no_operator_out(daemon):
    collector = daemon()
    idle = []
    for _ in range(64):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(collector.socket))
        idle.append(connection)
    try:
        # A connection is replaced once it has been idle for a moment.
        status = [collector.programs / "touchpointctl", "status", "--socket", collector.socket]
        wait_until("an operator to be served", lambda: finished(status)[0] == 0)
        for _ in range(5):
            assert collector.ask("status")["state"] == "running"
    finally:
        for connection in idle:
            connection.close()


# Characters that control a terminal, change the direction of text, or are invisible.
UNSAFE = "\x1b\x07\x7f\x9b\u200b\u200e\u2028\u202e\u2066\ufeff\U000e0041"


def test_names_from_outside_neither_steer_nor_deceive(daemon, producer):
    collector = daemon()
    dealer = producer(zmq.DEALER, collector.endpoint("reliable"))
    event = {"channel": f"a{UNSAFE}b", "event": UNSAFE, "messageId": UNSAFE}
    for payload in (json.dumps(event), f"no JSON {UNSAFE}"):
        dealer.send_multipart([b"1", payload.encode()])
        assert json.loads(dealer.recv_multipart()[1])["status"] == "committed"
    shown = [collector.control(verb, *form) for verb in ("stats", "partitions", "status") for form in ((), ("--json",))]
    for text in [*shown, collector.log_path.read_text()]:
        assert not set(UNSAFE) & set(text), text
    assert "a???????????b" in shown[0]
    # Escapes do not change the meaning of JSON.
    assert event["channel"] in json.loads(shown[1])["channels"]
