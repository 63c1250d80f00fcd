"""The built page on loopback, and Chromium that takes its picture."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
import shutil
import threading
from typing import Any
import urllib.parse

from playwright.sync_api import Page, sync_playwright
from tests.plugins.browser import ABSENT, FLAGS, NAMES

WIDTH, HEIGHT = 1680, 1050
SHOT_MS = 120_000  # some seconds alone; machines are shared


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, format: str, *_arguments: object) -> None:  # noqa: A002 -- the library's own name
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve *folder* on loopback while the block runs; give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def chromium() -> Iterator[Page]:
    """Give a page of this machine's Chromium while the block runs."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, ABSENT
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        yield page
        browser.close()


def draw(page: Page, address: str, picture: Path, **scene: object) -> list[Mapping[str, Any]]:
    """Draw one dashboard, keep its picture, and give what each panel had to draw."""
    page.goto(f"{address}/?{urllib.parse.urlencode(scene)}")
    page.wait_for_function("window.drawn || window.broken", timeout=SHOT_MS)
    assert not page.evaluate("window.broken"), page.evaluate("window.broken")
    page.wait_for_load_state("networkidle")  # of fonts and icons
    page.screenshot(path=picture, full_page=True, timeout=SHOT_MS)
    drawn: list[Mapping[str, Any]] = page.evaluate("window.drawn")
    return drawn
