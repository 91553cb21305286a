"""The page that shows what web pages send and hear: `browser_page.html`, opened in a browser beside a collector."""

from pathlib import Path
from urllib.parse import quote

from http_edge import KEY, source
from waiting import wait_until

PAGE = Path(__file__).with_name("browser_page.html")
OTHER = "a-key-of-another-site"


def sources(site):
    """A source whose pages are those of the site, with a key for pages of others beside it."""
    return [source(keys=[
        {"name": "shop-web", "key": KEY, "origins": [site.origin]},
        {"name": "other", "key": OTHER, "origins": ["https://other.example"]},
    ])]


def show(browser, site, url):
    """Opens the page, and waits until it has sent everything; returns its lines."""
    site.files["/page"] = ("text/html", PAGE.read_text(encoding="utf-8"))
    browser.open(f"{site.origin}/page#{quote(' '.join((url, KEY, OTHER)))}")
    wait_until("the page to have sent everything", lambda: browser.run("return document.title") == "done")
    return browser.run("return [...document.querySelectorAll('#rows tr')].map(row => [...row.cells].map(cell => cell.innerText))")
