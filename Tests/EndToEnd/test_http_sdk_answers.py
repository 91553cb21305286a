"""What each SDK makes of an answer: the table of EDGE.md, measured with the SDKs and a server that answers as told."""

import concurrent.futures
import json
import os
import re
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

import pages
from answering import Answering
from http_edge import KEY, Edge, source
from test_http_tls import certificate

SDKS = Path(sys.prefix) / "sdk"
HARNESS = Path(pages.PROJECT) / "Tests" / "Harness"
EDGE = "docs/EDGE.md"
NEWER, POSTHOG, SNOWPLOW, MIXPANEL = (
    "segment-analytics-python-2.4.0", "posthog-7.91.1", "snowplow-tracker-1.1.0", "mixpanel-5.4.1",
)
OLDER = ("segment-analytics-python-2.3.4", "analytics-python-1.4.post1", "rudder-sdk-python-2.1.9")
JSON = {"Content-Type": "application/json"}
ERROR = b'{"code":"x","message":"no"}'
CLIENT_ERRORS = {400, 401, 403, 404, 408, 410, 413, 415, 422, 429, 460}
SERVER_ERRORS = {500, 501, 503}
# The errors of HTTP after which an SDK resends; the others are final.
REPEATED = {
    NEWER: {408, 410, 429, 460, 500, 503}, POSTHOG: {408, 429} | SERVER_ERRORS,
    SNOWPLOW: (CLIENT_ERRORS | SERVER_ERRORS) - {400, 401, 403, 410, 422},
} | {package: {429} | SERVER_ERRORS for package in OLDER}
# What is taken as delivered beside 200 with JSON.
WAITS = {NEWER, POSTHOG}
SNOWPLOW_SENDER = """
import sys, time
from urllib.parse import urlsplit
from snowplow_tracker import Emitter, StructuredEvent, Tracker

to = urlsplit(sys.argv[1])
emitter = Emitter(to.hostname, protocol="http", port=to.port, batch_size=1)
Tracker("shop", emitters=emitter, app_id="k", encode_base64=False).track(StructuredEvent(category="a", action="b"))
time.sleep(float(sys.argv[2]))
"""
MIXPANEL_SENDER = """
import sys, mixpanel

consumer = mixpanel.Consumer(events_url=sys.argv[1], verify_cert=False)
try:
    mixpanel.Mixpanel(sys.argv[2], consumer=consumer).track("user-1", "Seen", {"note": "ü€"})
    print("delivered")
except Exception as error:
    print(type(error).__name__)
"""


def run(package, *command):
    folder = SDKS / package
    assert folder.is_dir(), f"{folder} is missing; make it with `make venv`"
    done = subprocess.run(
        [sys.executable, "-B", *map(str, command)], env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True,
        stdin=subprocess.DEVNULL, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def send(package, url, stays=3):
    """Sends one event, and waits for the end of the SDK's work. `stays`: seconds that Snowplow's program goes on."""
    if package == SNOWPLOW:
        run(package, "-c", SNOWPLOW_SENDER, url, stays)
    elif package == POSTHOG:
        run(package, HARNESS / "tracker_sender.py", package, url, KEY, 1, "plain")
    else:
        run(package, HARNESS / "sdk_sender.py", package, "n", url, KEY, 1, "plain")


def requests_after(package, status, headers=JSON, body=ERROR, **more):
    """The methods of the requests for one event, and the seconds between the first two."""
    with Answering(status, headers, body) as server:
        send(package, server.url, **more)
        times = server.times
        return server.methods, times[1] - times[0] if len(times) > 1 else None


@pytest.mark.parametrize("package", REPEATED)
def test_errors_are_final_or_repeated(package):
    codes = sorted(CLIENT_ERRORS | SERVER_ERRORS)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = dict(zip(codes, pool.map(lambda code: requests_after(package, code)[0], codes)))
    assert all(set(methods) == {"POST"} and len(methods) <= 2 for methods in found.values())
    assert {code for code, methods in found.items() if len(methods) == 2} == REPEATED[package]


@pytest.mark.parametrize("package", REPEATED)
def test_which_answers_are_taken_as_delivered(package):
    for status, body in ((200, b"{}"), (200, b""), (200, b'{"status":1}')):
        assert len(requests_after(package, status, JSON, body, stays=2)[0]) == 1
    for status in (202, 204):
        repeats = len(requests_after(package, status, JSON, b"", stays=2)[0]) == 2
        assert repeats == (package not in (NEWER, SNOWPLOW)), status


@pytest.mark.parametrize("package", OLDER)
def test_older_sdks_repeat_what_is_json_without_a_code(package):
    assert len(requests_after(package, 400, JSON, b'{"status":"rejected"}')[0]) == 2
    assert len(requests_after(package, 400, {"Content-Type": "text/plain"}, b"no")[0]) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("package", REPEATED)
def test_who_waits_for_retry_after(package, status):
    pause = requests_after(package, status, JSON | {"Retry-After": "5"}, ERROR, stays=8)[1]
    assert (pause >= 5) == (package in WAITS), pause


@pytest.mark.parametrize("package", REPEATED)
def test_a_redirect_loses_the_event_and_nobody_hears_of_it(package):
    methods, _ = requests_after(package, 302, {"Location": "/other"}, b"", stays=2)
    assert methods == ["POST", "GET"]


def test_a_program_that_ends_loses_what_snowplows_tracker_would_repeat():
    assert len(requests_after(SNOWPLOW, 503, stays=0)[0]) == 1


def mixpanel(url, token=KEY):
    return run(MIXPANEL, "-c", MIXPANEL_SENDER, url, token).strip()


def test_mixpanels_sdk_asks_for_its_own_answer(tmp_path):
    for status, body, outcome in (
        (200, b'{"status":1}', "delivered"), (400, b'{"status":1}', "delivered"), (200, b"1", "TypeError"),
        (200, b'{"success":true}', "KeyError"), (400, ERROR, "KeyError"), (200, b"ok", "MixpanelException"),
        (400, b'{"status":0,"error":"no"}', "MixpanelException"), (503, ERROR, "KeyError"),
    ):
        with Answering(status, JSON, body) as server:
            assert (mixpanel(server.url), len(server.times)) == (outcome, 1), (status, body)
    certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "edge.pem", tmp_path / "edge.key")
    with Answering(503, JSON, ERROR, tls=context) as server:
        # Only over TLS it repeats, and then it gets an answer that is not its own.
        assert (mixpanel(server.url), len(server.times)) == ("KeyError", 2)


def test_mixpanels_sdk_works_with_the_profile_of_posthog(daemon):
    web = Edge(daemon(sources=[source(profiles=["segment", "posthog"])]))
    assert mixpanel(f"{web.url}/track") == "delivered"
    # Its refusals are none of mixpanel's; the event is not stored, and the program hears so.
    assert mixpanel(f"{web.url}/track", "not-a-known-key") == "KeyError"
    assert mixpanel(f"{web.url}/engage") == "KeyError"
    ((metadata, event),) = web.written()
    assert (event["event"], event["properties"]["note"], metadata["http"]["key"]) == ("Seen", "ü€", "shop-web")
    assert KEY not in json.dumps(event) and "identity" not in metadata


def rows():
    text = (Path(pages.PROJECT) / EDGE).read_text()
    table = text.split("### What each SDK does")[1].split("\n\n")[2]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_page_says_what_was_measured():
    """Each status by itself; a range such as 5xx stands for those that were tried."""
    packages = {"segment-analytics-python 2.4.0": [NEWER], "posthog 7.91.1": [POSTHOG], "snowplow-tracker 1.1.0": [SNOWPLOW]}
    shown = {name: again for name, _, again, _ in rows()}
    older = next(name for name in shown if "2.3.4" in name)
    for name, members in (packages | {older: OLDER}).items():
        again = shown[name]
        codes = {int(code) for code in re.findall(r"\b[45]\d\d\b", again.split("but")[0])}
        codes |= SERVER_ERRORS if "5xx" in again else set()
        codes |= CLIENT_ERRORS if "4xx" in again else set()
        codes -= {int(code) for code in re.findall(r"\b[45]\d\d\b", again.partition("but")[2])}
        for member in members:
            assert codes == REPEATED[member], (name, codes)
