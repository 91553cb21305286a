"""The programs of PROTOCOL.md, as printed there, against real collectors that are killed."""

import contextlib
import json
import subprocess
import sys
import threading
import time

import pytest
import zmq

import pages
from readback import lines_by_zcat
from test_send import free_endpoint
from waiting import BOUND_SECONDS, wait_until

PROTOCOL = "docs/PROTOCOL.md"
JEROMQ = "/usr/share/java/jeromq.jar"
COUNT = 6000
# Debian's JeroMQ speaks ZMTP 2.


@pytest.fixture
def programs(tmp_path):
    """A folder with the page's programs, and a function that starts them; they end with the test."""
    running = []
    folder = tmp_path / "programs"
    folder.mkdir()
    pages.write_programs(folder, "send.py", "worker.py", "request.py", "push.py", "two.py", "Send.java")

    def start(*command, **more):
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, **more,
        )
        running.append(process)
        return process

    start.folder = folder
    yield start
    for process in running:
        process.kill()
        process.communicate()


def python(programs, name, *arguments):
    return programs(sys.executable, "-B", name, *arguments)


def router(daemon, endpoint, folder="collector", **more):
    return daemon(folder=folder, sources=[{"name": "reliable", "pattern": "router", "bind": [endpoint], **more}])


def lines(count, **more):
    return [json.dumps({"messageId": f"m-{n}", "channel": "web", **more}) for n in range(count)]


def finish(process, text="", expect=0):
    output, errors = process.communicate(text, timeout=4 * BOUND_SECONDS)
    assert process.returncode == expect, output + errors
    return output, errors


def feed(process, texts, seconds):
    """Writes lines over a period, so that other actions happen in the middle."""
    for number, text in enumerate(texts):
        process.stdin.write(text + "\n")
        if number % 100 == 99:
            process.stdin.flush()
            time.sleep(seconds * 100 / len(texts))


def while_killed(collector, process, texts):
    """Feeds a program while its collector is killed and restarted, twice."""
    feeder = threading.Thread(target=feed, args=(process, texts, 3.0))
    feeder.start()
    for _ in range(2):
        before = collector.ledger()["written"]
        wait_until("further events", lambda: collector.ledger()["written"] > before)
        collector.kill()
        time.sleep(0.3)
        collector.start()
    feeder.join()


def assert_each_once(collector, count):
    collector.drain()
    ids = sorted(json.loads(line)["messageId"] for line in lines_by_zcat(collector.data))
    assert ids == sorted(f"m-{n}" for n in range(count))


@pages.runs(PROTOCOL, "send.py")
def test_python_client_loses_nothing_over_kills(daemon, programs):
    endpoint = free_endpoint()
    collector = router(daemon, endpoint)
    process = python(programs, "send.py", endpoint)
    while_killed(collector, process, lines(COUNT))
    output, _ = finish(process)
    assert output == f"committed {COUNT} quarantined 0\n"
    assert_each_once(collector, COUNT)


@pages.runs(PROTOCOL, "worker.py")
def test_python_thread_loses_nothing_over_kills(daemon, programs):
    endpoint = free_endpoint()
    collector = router(daemon, endpoint)
    (programs.folder / "main.py").write_text(
        "import json, sys\nfrom worker import Worker\nworker = Worker(sys.argv[1])\n"
        "for line in sys.stdin:\n    worker.put(json.loads(line))\nsys.exit(0 if worker.stop() else 1)\n"
    )
    process = python(programs, "main.py", endpoint)
    while_killed(collector, process, lines(COUNT))
    finish(process)
    assert_each_once(collector, COUNT)


@pages.runs(PROTOCOL, "request.py")
def test_requests_are_repeated_safely(daemon, programs):
    endpoint = free_endpoint()
    collector = router(daemon, endpoint)
    process = python(programs, "request.py", endpoint)
    while_killed(collector, process, lines(600))
    output, _ = finish(process)
    assert output.count("committed") == 600
    assert_each_once(collector, 600)


@pages.runs(PROTOCOL, "two.py")
def test_two_collectors_share_the_events(daemon, programs):
    one, two = free_endpoint(), free_endpoint()
    collectors = [router(daemon, one, "one"), router(daemon, two, "two")]
    process = python(programs, "two.py", one, two)
    finish(process, "\n".join(lines(500) * 2) + "\n")
    found = []
    for collector in collectors:
        collector.drain()
        ids = [json.loads(line)["messageId"] for line in lines_by_zcat(collector.data)]
        assert 100 < len(ids) < 400
        found += ids
    assert len(found) == 500 == len(set(found))


@pages.runs(PROTOCOL, "push.py")
def test_push_waits_until_its_queue_is_out(daemon, programs):
    collector = daemon(start=False)
    endpoint = free_endpoint()
    collector.settings["sources"][0]["bind"] = [endpoint]
    process = python(programs, "push.py", endpoint)
    process.stdin.write("".join(text + "\n" for text in lines(100)))
    process.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(2)
    collector.start()
    collector.wait_for_received(100)
    assert process.wait(BOUND_SECONDS) == 0
    process.stdin = None
    assert_each_once(collector, 100)


@contextlib.contextmanager
def answering(first):
    """Simulates a collector of a later version: answers each message once with that, then with `committed`."""
    seen, done = [], threading.Event()
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        port = socket.bind_to_random_port("tcp://127.0.0.1")

        def serve():
            while not done.is_set():
                if socket.poll(50):
                    peer, request, _ = socket.recv_multipart()
                    text = first if request not in seen else '{"events":1,"quarantined":[],"status":"committed","new":0}'
                    seen.append(request)
                    socket.send_multipart([peer, request, text.encode()])

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{port}"
        finally:
            done.set()
            thread.join()


LATER = ['{"status":"paused"}', '{"reason":"draining","events":0,"status":"unavailable"}']


@pytest.mark.parametrize("answer", LATER)
def test_python_client_sends_later_what_is_not_settled(programs, answer):
    with answering(answer) as endpoint:
        output, _ = finish(python(programs, "send.py", endpoint), '{"messageId":"1"}\n')
    assert output == "committed 1 quarantined 0\n"


@pytest.mark.parametrize("event", ['{"x":NaN}', '{"x":"\\ud83d"}', json.dumps({"x": "y" * (5 << 20)})])
def test_python_client_sends_nothing_that_cannot_arrive(daemon, programs, event):
    collector = daemon()
    _, errors = finish(python(programs, "send.py", collector.endpoint("reliable")), event + "\n", expect=1)
    assert "Error" in errors
    assert collector.ledger()["received"] == 0


def test_python_client_splits_what_is_too_long_together(daemon, programs):
    endpoint = free_endpoint()
    collector = router(daemon, endpoint)
    finish(python(programs, "send.py", endpoint), "\n".join(lines(50, text="y" * 200_000)) + "\n")
    assert_each_once(collector, 50)


@pages.runs(PROTOCOL, "send.py by hand")
def test_python_client_by_hand(daemon, programs, samples):
    collector = daemon()
    text = pages.block(PROTOCOL, "send.py by hand").text
    text = text.replace("python3", sys.executable).replace("tcp://127.0.0.1:5572", collector.endpoint("reliable"))
    (programs.folder / "samples").symlink_to(pages.PROJECT / "samples")
    output, _ = finish(programs("bash", "-ec", text))
    assert output == f"committed {len(samples)} quarantined 0\n"


@pytest.fixture(scope="module")
def java(tmp_path_factory):
    """Compiles Send.java as the page says."""
    folder = tmp_path_factory.mktemp("java")
    pages.write_programs(folder, "Send.java")
    command = pages.block(PROTOCOL, "Send.java by hand").text.splitlines()[0]
    done = subprocess.run(["bash", "-ec", command], cwd=folder, capture_output=True, text=True, timeout=2 * BOUND_SECONDS)
    assert done.returncode == 0, done.stderr
    return ["java", "-cp", f"{JEROMQ}:{folder}", "Send"]


@pages.runs(PROTOCOL, "Send.java")
def test_java_client_loses_nothing_over_kills(daemon, programs, java):
    endpoint = free_endpoint()
    collector = router(daemon, endpoint, engine="native")
    process = programs(*java, endpoint)
    while_killed(collector, process, lines(COUNT))
    output, _ = finish(process)
    assert output == f"committed messages: {COUNT}\n"
    assert_each_once(collector, COUNT)


def test_java_client_sends_each_line_when_it_comes(daemon, programs, java):
    endpoint = free_endpoint()
    collector = router(daemon, endpoint, engine="native")
    process = programs(*java, endpoint)
    process.stdin.write("\n".join(lines(10)) + "\n")
    process.stdin.flush()
    collector.wait_for_received(10)
    output, _ = finish(process)
    assert output == "committed messages: 10\n"
    # Nothing was sent twice, which would happen if the first connection counted as a repeated one.
    assert collector.ledger()["received"] == 10


@pytest.mark.parametrize("answer", LATER)
def test_java_client_sends_later_what_is_not_settled(programs, java, answer):
    with answering(answer) as endpoint:
        output, _ = finish(programs(*java, endpoint), '{"messageId":"1"}\n')
    assert output == "committed messages: 1\n"


@pages.runs(PROTOCOL, "Send.java by hand")
def test_java_client_by_hand(daemon, programs, java, samples):
    endpoint = free_endpoint()
    router(daemon, endpoint, engine="native")
    text = pages.block(PROTOCOL, "Send.java by hand").text.splitlines()[1]
    text = text.replace("jar:.", f"jar:{java[2].split(':')[1]}").replace("tcp://127.0.0.1:5572", endpoint)
    (programs.folder / "samples").symlink_to(pages.PROJECT / "samples")
    output, _ = finish(programs("bash", "-ec", text))
    assert output == f"committed messages: {len(samples)}\n"
