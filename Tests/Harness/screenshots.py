"""Makes the pictures of pages in a browser for the documentation: PROGRAMS FOLDER."""

import contextlib
import sys
import tempfile
from pathlib import Path

import browser_page
from browser import Browser, Site
from collector import Collector

WIDTH = 920
BYTES_MAX = 150_000

programs, folder = map(Path, sys.argv[1:])
with contextlib.ExitStack() as stack:
    place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="touchpoint-")))
    site = stack.enter_context(contextlib.closing(Site()))
    collector = Collector(programs.resolve(), place / "collector", sources=browser_page.sources(site))
    stack.callback(collector.remove)
    collector.start()
    browser = stack.enter_context(contextlib.closing(Browser(place)))
    browser_page.show(browser, site, collector.endpoint("web"))
    picture = browser.picture(WIDTH)
    assert len(picture) < BYTES_MAX, f"{len(picture)} bytes are too many for a page"
    (folder / "browser.png").write_bytes(picture)
    collector.drain()
    print(f"made {folder / 'browser.png'}, {len(picture)} bytes")
