"""What EDGE.md gives people to copy: each block is run, with the addresses and keys of a collector of this machine."""

import contextlib
import hmac
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import pages
from browser import Browser, Site
from http_edge import KEY, Edge, source
from waiting import BOUND_SECONDS

EDGE = "docs/EDGE.md"
SDK = Path(sys.prefix) / "sdk" / "segment-analytics-python-2.4.0"
SECRETS = {
    "SHOP_WEB_KEY": KEY, "STRIPE_SECRET": "whsec_stripe", "TWILIO_TOKEN": "of-twilio", "CRM_SECRET": "of-the-crm",
    "LINK_SECRET": "the secret", "SHOPIFY_SECRET": "of-the-shop",
    # A public key of P-256 in DER.
    "SENDGRID_KEY": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"
    "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==",
}
# In place of Segment's program, which cannot be had here: it asks for the settings, and sends to where they lead.
STAND_IN = """
export const AnalyticsBrowser = { load({ writeKey, cdnURL }) {
  const settings = fetch(`${cdnURL}/v1/projects/${writeKey}/settings`).then(answer => answer.json())
  return { async track(event, properties) {
    const { apiHost, protocol } = (await settings).integrations["Segment.io"]
    const headers = { "Content-Type": "text/plain", Authorization: `Basic ${btoa(writeKey + ":")}` }
    const body = JSON.stringify({ event, properties, writeKey, messageId: crypto.randomUUID() })
    await fetch(`${protocol ?? "https"}://${apiHost}/t`, { method: "POST", headers, body })
  } }
} }
"""


def source_text(*names):
    """A configuration's one source, as the page has it, with the settings of other blocks in it."""
    text = pages.block(EDGE, "sources").text
    return text + "".join(textwrap.indent(pages.block(EDGE, name).text, "    ") for name in names)


@pytest.fixture
def served(daemon):
    """Starts a collector with that source. `origin`: the one whose pages may send."""

    def make(*names, origin="https://*.shop.example"):
        collector = daemon(start=False)
        del collector.settings["sources"]
        collector.environment |= SECRETS
        text = source_text(*names).replace("127.0.0.1:8080", "127.0.0.1:0").replace("https://*.shop.example", origin)
        others = "".join(f"{key}: {json.dumps(value)}\n" for key, value in collector.settings.items())
        collector.configuration_text = lambda: text + others
        return Edge(collector.start())

    return make


def run(web, name):
    """Runs a block of the page in a shell; returns what it prints. Options keep curl's figures out."""
    text = pages.block(EDGE, name).text
    assert "http://127.0.0.1:8080/" in text
    text = text.replace("http://127.0.0.1:8080", web.url.rstrip("/")).replace("curl ", "curl -sS ")
    done = subprocess.run(
        ["bash", "-euc", text], cwd=web.collector.folder, env=os.environ | SECRETS, capture_output=True, text=True,
        timeout=BOUND_SECONDS,
    )
    return done.stdout + done.stderr


def assert_shows(web, name):
    [shown] = pages.output(EDGE, name)
    printed = run(web, name)
    assert re.fullmatch(shown, printed.strip()), printed


def only_event(web):
    ((_, event),) = web.written()
    return event


@pages.runs(EDGE, "sources", "first event")
def test_a_first_event(served):
    web = served()
    assert_shows(web, "first event")
    assert only_event(web) == {"event": "Hello", "messageId": "1"}


@pages.runs(EDGE, "as an app")
def test_what_an_app_sends_and_asks(served):
    web = served()
    assert_shows(web, "as an app")
    assert only_event(web) == {"type": "track", "event": "Opened", "messageId": "2"}
    settings = json.loads((web.collector.folder / "settings.json").read_text())
    assert settings["integrations"]["Segment.io"]["apiHost"] == f"{urlsplit(web.url).netloc}/v1"


@pages.runs(EDGE, "mail and shop", "signed by hand")
def test_a_webhook_that_is_signed_by_hand(served):
    web = served("mail and shop")
    assert_shows(web, "signed by hand")
    assert only_event(web) == {"kind": "deal.won"}
    for path in ("/hooks/mail", "/hooks/shop"):
        assert web.post(b"{}", path, key=None)[0] == 401


@pages.runs(EDGE, "webhooks")
def test_each_webhook_of_the_page_has_its_path(served):
    web = served("webhooks")
    for path in ("/hooks/stripe", "/hooks/sms", "/hooks/crm"):
        status, answer = web.post(b"{}", path, key=None)
        assert (status, answer["code"]) == (401, "bad_signature")


@pages.runs(EDGE, "ids of a webhook")
def test_a_webhook_says_where_its_id_name_and_time_are(served):
    web = served("ids of a webhook")
    body = b'{"event":{"uuid":"u-1","kind":"deal.won","at":1764000000}}'
    signature = hmac.new(SECRETS["CRM_SECRET"].encode(), body, "sha256").hexdigest()
    for duplicates in (None, 1):
        headers = {"X-Hub-Signature-256": f"sha256={signature}"}
        status, answer = web.post(body, "/hooks/crm", key=None, headers=headers)
        assert (status, answer.get("duplicates")) == (200, duplicates), answer
    ((metadata, event),) = web.written()
    assert event == json.loads(body)
    assert (metadata["identity"], metadata["name"]) == ("u-1", "crm.deal.won")
    assert metadata["time"] == "2025-11-24T16:00:00.000000Z"


@pages.runs(EDGE, "wishes of browsers")
def test_a_source_obeys_what_browsers_ask_for(served):
    web = served("wishes of browsers")
    for name, headers in (("plain", {}), ("marked", {"DNT": "1"}), ("anonymous", {"Sec-GPC": "1"})):
        body = json.dumps({"event": name}).encode()
        assert web.post(body, headers={"User-Agent": "a-browser", **headers})[0] == 200
    noted = {event["event"]: metadata["http"] for metadata, event in web.written()}
    assert noted["plain"]["ip"] == noted["marked"]["ip"] == "127.0.0.0"
    assert "dnt" not in noted["plain"] and noted["marked"]["dnt"] is True
    assert noted["anonymous"]["anonymous"] is True and not {"ip", "userAgent"} & set(noted["anonymous"])


@pages.runs(EDGE, "redirect", "signed link")
def test_a_signed_link(served):
    web = served("redirect")
    done = subprocess.run(
        [sys.executable, "-c", pages.block(EDGE, "signed link").text], capture_output=True, text=True, check=True,
    )
    link = urlsplit(done.stdout.strip())
    assert link.netloc == "edge.shop.example"
    for query, status in ((link.query, 302), ("u=https%3A%2F%2Fother.example", 400), ("u=https%3A%2F%2Fa.shop.example", 302)):
        assert web.ask("GET", f"{link.path}?{query}", key=None)[0] == status
    assert len(web.written()) == 2
    forged = link.query.replace("spring", "autumn").replace("shop.example", "other.example")
    assert web.ask("GET", f"{link.path}?{forged}", key=None)[0] == 400


@pages.runs(EDGE, "server")
def test_an_sdk_of_a_server(served):
    web = served()
    text = pages.block(EDGE, "server").text
    assert "a-key-of-the-shop" in text and "http://127.0.0.1:8080" in text
    text = text.replace("http://127.0.0.1:8080", web.url.rstrip("/"))
    subprocess.run([sys.executable, "-B", "-c", text], env=os.environ | {"PYTHONPATH": str(SDK)}, check=True, timeout=60)
    assert only_event(web)["event"] == "Order Completed"


@pytest.fixture
def page(served, tmp_path):
    """Opens a page of another site with an element or a script of the page; returns the collector's edge and the browser."""
    with contextlib.ExitStack() as stack:

        def make(name):
            browser = Browser(tmp_path)
            stack.callback(browser.close)
            text = pages.block(EDGE, name).text
            site = stack.enter_context(contextlib.closing(Site()))
            web = served(origin=site.origin)
            assert "https://edge.shop.example" in text and "shop-web-key" in text
            text = text.replace("https://edge.shop.example", web.url.rstrip("/")).replace("shop-web-key", KEY)
            site.files["/js/analytics-next.js"] = ("text/javascript", STAND_IN)
            site.files["/shop"] = ("text/html", text if "<script" in text else f"<script>{text}</script>")
            browser.open(f"{site.origin}/shop")
            return web, browser, site

        yield make


@pages.runs(EDGE, "page with an SDK")
def test_a_page_with_an_sdk(page):
    web, _, _ = page("page with an SDK")
    web.collector.wait_for_received(1)
    event = only_event(web)
    assert (event["type"], event["event"], event["properties"]) == ("track", "Order Completed", {"total": 17.5})


@pages.runs(EDGE, "page without an SDK")
def test_a_page_without_an_sdk(page):
    web, _, _ = page("page without an SDK")
    web.collector.wait_for_received(1)
    assert only_event(web)["event"] == "Hello"


@pages.runs(EDGE, "beacon")
def test_a_page_that_is_left(page):
    web, browser, site = page("beacon")
    assert web.collector.ledger()["received"] == 0
    browser.open(f"{site.origin}/next")
    web.collector.wait_for_received(1)
    assert only_event(web)["event"] == "Page Left"
