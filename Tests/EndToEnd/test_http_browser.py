"""Pages in a real Chromium that send to a collector on another site."""

import contextlib
import json

import pytest

import browser_page
from browser import Browser, Site
from defective_edge import DefectiveEdge
from http_edge import KEY, Edge, source
from waiting import wait_until


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def site():
    with contextlib.closing(Site()) as site:
        yield site


@pytest.fixture
def edge(daemon, site):
    def make(origins=None, rate=0):
        key = {"name": "shop-web", "key": KEY, "origins": [site.origin] if origins is None else origins, "rate": rate}
        return Edge(daemon(sources=[source(keys=[key])]))

    return make


# Requests of a page, with what fetch returns for them.
FETCH = """
    const [url, key] = arguments
    const zip = text => new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).blob()
    const post = async (headers, body, more) => {
        try {
            const answer = await fetch(url + '/v1/t', { method: 'POST', headers, body, ...more })
            return [answer.status, (await answer.json()).events ?? null, answer.headers.get('Retry-After')]
        } catch (error) { return error.name }
    }
    const event = name => JSON.stringify({ event: name, messageId: name, writeKey: key })
"""
FETCHES = {
    "text": "{ 'Content-Type': 'text/plain' }, event('e')",
    "authorization": "{ 'Content-Type': 'text/plain', 'Authorization': 'Basic ' + btoa(key + ':') }, event('e')",
    "retry": "{ 'Authorization': 'Basic ' + btoa(key + ':'), 'X-Retry-Count': '1' }, event('e')",
    "credentials": "{ 'Content-Type': 'application/json', 'SP-Anonymous': '*' }, event('e'), { credentials: 'include' }",
    "gzip": "{ 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' }, await zip(event('e'))",
}


@pytest.mark.parametrize("kind", FETCHES)
def test_a_page_sends_and_reads_its_answer(edge, browser, site, kind):
    web = edge()
    browser.open(site.origin)
    assert browser.run(f"{FETCH} return await post({FETCHES[kind]})", web.url, KEY) == [200, 1, None]
    ((metadata, event),) = web.written()
    assert event == {"type": "track", "event": "e", "messageId": "e"}
    assert metadata["http"]["origin"] == site.origin


@pytest.mark.parametrize("kind", FETCHES)
def test_a_page_that_is_not_listed_stores_nothing(edge, browser, site, kind):
    web = edge(origins=["https://other.example"])
    browser.open(site.origin)
    assert browser.run(f"{FETCH} return await post({FETCHES[kind]})", web.url, KEY) == "TypeError"
    assert web.collector.ledger()["received"] == 0


@pytest.mark.parametrize("type_", ["text/plain", "application/x-www-form-urlencoded", "application/json"])
@pytest.mark.parametrize("key", ["body", "query"])
def test_a_beacon_arrives(edge, browser, site, type_, key):
    web = edge()
    browser.open(site.origin)
    body = {"event": "e"} | ({"writeKey": KEY} if key == "body" else {})
    query = f"?writeKey={KEY}" if key == "query" else ""
    script = "return navigator.sendBeacon(arguments[0], new Blob([arguments[1]], { type: arguments[2] }))"
    assert browser.run(script, f"{web.url}/v1/t{query}", json.dumps(body), type_) is True
    web.collector.wait_for_received(1)
    ((_, event),) = web.written()
    assert event["event"] == "e" and KEY not in json.dumps(event)


def test_what_is_too_large_for_a_page_that_ends_is_not_sent(edge, browser, site):
    web = edge()
    browser.open(site.origin)
    script = f"""{FETCH}
        const large = 'x'.repeat(70_000)
        return [await post({{}}, large, {{ keepalive: true }}), navigator.sendBeacon(url + '/v1/t', large)]"""
    assert browser.run(script, web.url, KEY) == ["TypeError", False]


def test_a_page_that_is_left_still_sends(edge, browser, site):
    web = edge()
    browser.open(site.origin)
    script = """
        const [url, key] = arguments
        const event = name => JSON.stringify({ event: name, messageId: name, writeKey: key })
        addEventListener('pagehide', () => {
            navigator.sendBeacon(url + '/v1/t', event('beacon'))
            fetch(url + '/v1/t', { method: 'POST', keepalive: true, body: event('fetch') })
        })"""
    browser.run(script, web.url, KEY)
    browser.open(f"{site.origin}/next")
    web.collector.wait_for_received(2)
    assert {event["event"] for _, event in web.written()} == {"beacon", "fetch"}


def test_a_page_reads_when_to_repeat(edge, browser, site):
    web = edge(rate=1)
    browser.open(site.origin)
    script = f"""{FETCH}
        for (let at = 0; at < 50; at++) {{
            const answer = await post({{ 'X-Write-Key': key }}, event('e' + at))
            if (answer[0] != 200) return answer
        }}"""
    status, events, after = browser.run(script, web.url, KEY)
    assert (status, events) == (429, None) and int(after) >= 1


def test_a_page_loads_the_settings(edge, browser, site):
    web = edge()
    browser.open(site.origin)
    script = "return (await (await fetch(arguments[0])).json()).integrations['Segment.io'].apiKey"
    assert browser.run(script, f"{web.url}/v1/projects/{KEY}/settings") == KEY
    wait_until("all to be quiet", lambda: web.collector.ledger()["inFlight"] == 0)


DISK = "200: 1 event on the disk"
LINES = [
    ["no", DISK], ["no", "200: it is there already, and not written again"], ["yes", DISK], ["yes", DISK], ["yes", DISK],
    ["yes", DISK], ["no", "handed to the browser"], ["no", "400 invalid_json: kept in quarantine"],
    ["no", "401 unauthorized: nothing is kept"], ["yes", "the browser hides the answer (TypeError)"],
]


def test_a_page_says_in_words_what_it_sends_and_hears(daemon, browser, site):
    """The page of the picture in EDGE.md."""
    asked = []

    def note(headers, body):
        asked.extend([headers["Origin"]] if "Access-Control-Request-Method" in headers else [])
        return headers, body

    web = Edge(daemon(sources=browser_page.sources(site)))
    with DefectiveEdge(web.collector, request=note) as between:
        lines = browser_page.show(browser, site, between.url)
        web.collector.wait_for_received(8)
    assert [line[1:] for line in lines] == LINES
    # What the page says about questions of the browser is so.
    assert asked == [site.origin] * [line[1] for line in lines].count("yes")
    names = [event["event"] for _, event in web.written()]
    assert sorted(names) == ["again", "anonymous", "basic", "beacon", "gzip", "text"]
    ledger = web.collector.ledger()
    assert (ledger["quarantined"], ledger["duplicate"]) == (1, 1)
    picture = browser.picture(920)
    assert picture.startswith(b"\x89PNG") and len(picture) < 150_000
