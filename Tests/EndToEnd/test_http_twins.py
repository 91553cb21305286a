"""Whose event it is, where it is from and which page may send it: checks that pass with the collector, and fail with
each of its defective twins."""

import contextlib
import json

import pytest

import defective_edge
from browser import Browser, Site
from defective_edge import DefectiveEdge
from http_edge import KEY, Edge, source

PHONE = {"batch": [{"type": "track", "messageId": str(at)} for at in range(20)], "sentAt": "2026-11-22T10:00:00Z"}
# What a page does: `more` are options of fetch; returns the status, or the name of the error.
FETCH = """
    const [url, key, more] = arguments
    const body = JSON.stringify({ event: 'e', messageId: 'e', writeKey: key })
    try { return (await fetch(url + '/v1/t', { method: 'POST', body, ...more })).status }
    catch (error) { return error.name }
"""
ANONYMOUS = {"credentials": "include", "headers": {"Content-Type": "application/json", "SP-Anonymous": "*"}}


@pytest.fixture
def start(daemon):
    """Starts a collector behind a proxy on this machine, whose clients send full addresses."""

    def make(origins=(), **more):
        keys = [{"name": "shop-web", "key": KEY, "origins": list(origins)}]
        return daemon(sources=[source(keys=keys, proxies=["127.0.0.0/8"], privacy={"ip": "full"})], **more)

    return make


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def site():
    with contextlib.closing(Site()) as site:
        yield site


def check_key_in_body(web):
    """A phone names its key in the body alone: a known one is taken, and nothing of another."""
    status, answer = web.post(json.dumps(PHONE | {"writeKey": KEY}).encode(), "/v1/b", key=None)
    assert (status, answer.get("events")) == (200, 20)
    for body in (PHONE, PHONE | {"writeKey": "other"}):
        status, answer = web.post(json.dumps(body).encode(), "/v1/b", key=None)
        assert (status, answer.get("code")) == (401, "unauthorized")
    written = web.written()
    assert len(written) == 20 and {metadata["http"]["key"] for metadata, _ in written} == {"shop-web"}


def check_address(web):
    """The address is the one that the outermost proxy of ours saw, whatever the client claims."""
    for forwarded in ("6.6.6.6, 9.9.9.9", "6.6.6.6, 9.9.9.9, 127.0.0.1", "127.0.0.1, 9.9.9.9"):
        assert web.post(b'{"event":"e"}', headers={"X-Forwarded-For": forwarded})[0] == 200
    assert [metadata["http"]["ip"] for metadata, _ in web.written()] == ["9.9.9.9"] * 3


def check_listed_page(web, browser, site):
    """A tracker that sends with credentials and a header of its own reads its answer."""
    browser.open(site.origin)
    assert browser.run(FETCH, web.url, KEY, ANONYMOUS) == 200
    assert len(web.written()) == 1


def check_other_page(web, browser, site):
    """A page that is not listed stores nothing, and cannot read the answer."""
    browser.open(site.origin)
    for more in ({}, ANONYMOUS):
        assert browser.run(FETCH, web.url, KEY, more) == "TypeError"
    assert web.collector.ledger()["received"] == 0


def test_a_key_in_the_body_decides(start):
    check_key_in_body(Edge(start()))


@pytest.mark.parametrize("defect", ["ignores_keys_in_bodies", "takes_any_key_in_bodies"])
def test_an_edge_that_does_not_read_keys_in_bodies_is_caught(start, defect):
    with DefectiveEdge(start(), request=getattr(defective_edge, defect)) as web, pytest.raises(AssertionError):
        check_key_in_body(web)


def test_the_address_is_not_the_clients_claim(start):
    check_address(Edge(start()))


def test_an_edge_that_takes_the_leftmost_address_is_caught(start):
    with DefectiveEdge(start(), request=defective_edge.takes_the_leftmost_address) as web:
        with pytest.raises(AssertionError):
            check_address(web)


def test_pages_are_told_apart(start, browser, site):
    check_listed_page(Edge(start([site.origin])), browser, site)


def test_a_page_that_is_not_listed_reads_nothing(start, browser, site):
    check_other_page(Edge(start(["https://other.example"])), browser, site)


def test_an_edge_that_allows_every_page_is_caught(start, browser, site):
    with DefectiveEdge(start([site.origin]), answer=defective_edge.allows_every_page) as web:
        with pytest.raises(AssertionError):
            check_listed_page(web, browser, site)


def test_an_edge_that_lets_every_page_read_is_caught(start, browser, site):
    with DefectiveEdge(start(["https://other.example"]), answer=defective_edge.allows_every_page) as web:
        with pytest.raises(AssertionError):
            check_other_page(web, browser, site)


def test_what_stands_between_gives_no_other_defect(start, browser, site):
    """The checks pass behind it as long as it changes nothing."""
    with DefectiveEdge(start([site.origin])) as web:
        check_listed_page(web, browser, site)
    with DefectiveEdge(start(["https://other.example"], folder="another")) as web:
        check_other_page(web, browser, site)
