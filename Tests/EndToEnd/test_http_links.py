"""Links: a good one is noted and leads on, a bad one leads nowhere."""

import base64
import hashlib
import hmac
import json
from urllib.parse import quote, urlencode

import pytest

from http_edge import KEY, Edge, source

SECRET = "a secret that signs links"
TARGET = "https://other.example/sale?a=1&b=ü"
REDIRECT = {"secrets": ["an-older-one", SECRET], "hosts": ["shop.example", "*.shop.example"]}


@pytest.fixture
def web(daemon):
    return Edge(daemon(sources=[source(redirect=REDIRECT)]))


def signed(query, secret=SECRET):
    code = hmac.new(secret.encode(), query.encode(), hashlib.sha256).digest()
    return f"{query}&s={base64.urlsafe_b64encode(code).decode().rstrip('=')}"


def link(address=TARGET, **more):
    return urlencode({"u": address} | more)


def ask(web, query, method="GET"):
    status, fields, body = web.ask(method, f"/r?{query}", key=None)
    return status, fields.get("Location"), fields, body


def test_a_signed_link_is_noted_and_leads_on(web):
    query = signed(link(**{"campaign": "spring", "properties.at": "top"}))
    status, location, fields, body = ask(web, query)
    assert (status, location) == (302, "https://other.example/sale?a=1&b=%C3%BC") and body == b""
    assert fields["Cache-Control"] == "no-store" and fields["Referrer-Policy"] == "no-referrer"
    # It is on stable storage before the answer.
    web.collector.kill()
    web.collector.start()
    ((metadata, event),) = Edge(web.collector).written()
    assert event == {"event": "Link Clicked", "u": TARGET, "campaign": "spring", "properties": {"at": "top"}}
    assert metadata["http"]["path"] == "/r" and SECRET not in web.collector.log


def test_an_older_secret_and_a_listed_host_are_good(web):
    assert ask(web, signed(link(), "an-older-one"))[:1] == (302,)
    assert ask(web, link("https://shop.example/x"))[:2] == (302, "https://shop.example/x")
    assert ask(web, link("https://a.b.shop.example/"))[0] == 302
    assert ask(web, link("https://shop.example/x", event="Mail Opened"))[0] == 302
    assert [event["event"] for _, event in web.written()] == ["Link Clicked"] * 3 + ["Mail Opened"]


def test_head_leads_on_and_notes_nothing(web):
    assert ask(web, signed(link()), "HEAD")[:2] == (302, "https://other.example/sale?a=1&b=%C3%BC")
    assert ask(web, signed(link()) + "x", "HEAD")[0] == 400
    assert ask(web, signed(link()), "POST")[0] == 405
    assert web.written() == []


@pytest.mark.parametrize("query", [
    "", "u=", link(), signed(link())[:-1], signed(link(), "another secret"), signed(link()) + "&x=1",
    "x=1&" + signed(link()), signed(link()).replace("sale", "sell"), signed(link() + "&" + link()),
    "s=" + signed(link()).rpartition("&s=")[2] + "&" + link(), signed(link("https://shop.example/")) + "A",
    link("http://shop.example/"), link("https://shop.example.evil.example/"), link("https://evilshop.example/"),
    link("https://shop.example:8443/"), link("https://shop.example@evil.example/"), "u=//shop.example/",
    "u=https:shop.example", link("https://evil.example\\@shop.example/"), link("https://shop.example\r\nX: 1"),
    *(signed("u=" + quote(address, safe="")) for address in (
        "javascript:alert(1)", "data:text/html,x", "//other.example", "/x", "https://user@other.example/",
        "https://other.example\\x", "https://oth er.example/", "https:///x", "https://other.example/\r\nSet-Cookie: a=b",
    )),
])
def test_a_bad_link_leads_nowhere(web, query):
    status, location, _, body = ask(web, query)
    assert (status, location) == (400, None) and json.loads(body)["code"] == "bad_link"
    assert web.collector.ledger()["received"] == 0


def test_a_link_leads_on_if_nothing_is_taken_in(web):
    web.collector.control("pause")
    assert ask(web, signed(link()))[:1] == (302,)
    assert web.collector.ask("stats")["sources"]["web"]["rejected"] == 1
    web.collector.control("resume")
    assert web.written() == []


def test_without_secrets_and_hosts_there_are_no_links(daemon):
    web = Edge(daemon(sources=[source()]))
    assert ask(web, signed(link()))[0] == 404


def test_the_prefix_is_in_front_and_keys_are_left_out(daemon):
    web = Edge(daemon(sources=[source(redirect=REDIRECT, prefix="/x7")]))
    assert ask(web, signed(link()))[0] == 404
    query = signed(link(writeKey=KEY))
    assert web.ask("GET", f"/x7/r?{query}", key=None)[0] == 302
    ((_, event),) = web.written()
    assert "writeKey" not in event and KEY not in json.dumps(event)
