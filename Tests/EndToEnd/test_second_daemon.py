"""Two collectors that need the same resource: the second reports it and exits."""

import time

import zmq

from readback import assert_written


def refused(collector, *words):
    begin = time.monotonic()
    collector.launch()
    code = collector.wait_for_exit()
    assert code == 73, f"exit code {code}, not 73\n{collector.log}"
    assert time.monotonic() - begin < 10
    for word in words:
        assert str(word) in collector.log, f"{word} is not in the message\n{collector.log}"


def test_same_data_folder_is_refused(daemon, producer, samples):
    first = daemon()
    second = daemon(start=False, folder="second", storage={"directory": str(first.data)})
    refused(second, first.data)

    push = producer(zmq.PUSH, first.endpoint("producers"))
    push.send(b"\n".join(samples[:50]))
    first.wait_for_received(50)
    first.seal()
    assert_written(first.data, samples[:50])


def test_same_port_is_refused(daemon):
    first = daemon()
    taken = first.endpoint("producers")
    second = daemon(
        start=False, folder="second",
        sources=[{"name": "producers", "pattern": "pull", "bind": [taken]}],
    )
    refused(second, taken)
    assert first.ask("status")["state"] == "running"


def test_same_ipc_endpoint_is_refused_and_not_stolen(daemon, producer, samples):
    probe = daemon(start=False)
    endpoint = f"ipc://{probe.short_folder}/ingest.sock"
    sources = [{"name": "producers", "pattern": "pull", "bind": [endpoint]}]
    probe.settings["sources"] = sources
    first = probe.start()
    second = daemon(start=False, folder="second", sources=sources)
    refused(second, endpoint)

    push = producer(zmq.PUSH, endpoint)
    push.send(b"\n".join(samples[:50]))
    first.wait_for_received(50)
    first.seal()
    assert_written(first.data, samples[:50])


def test_same_control_socket_is_refused(daemon):
    first = daemon()
    second = daemon(start=False, folder="second", control={"socket": str(first.socket)})
    refused(second, first.socket)
    assert first.ask("status")["pid"] == first.process.pid


def test_what_a_killed_collector_leaves_is_no_obstacle(daemon):
    collector = daemon()
    collector.kill()
    collector.start()
    assert collector.ask("ping")["pong"] is True
