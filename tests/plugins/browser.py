"""A real headless Chromium for tests of pages; skipped with the way to get one where there is none."""

from collections.abc import AsyncIterator
from pathlib import Path
import shutil

from playwright.async_api import Browser, async_playwright
import pytest
import pytest_asyncio
from tests.plugins.evidence import EVIDENCE

NAMES = ("chromium", "chromium-browser", "google-chrome")
ABSENT = "no Chromium on this machine: `make browser` as root installs it"
FLAGS = (
    "--no-sandbox",  # Chromium's own, which root may not use; the pages are ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pictures be kept: those in docs/ are made by the tests that look at the pages."""
    parser.addoption(
        "--pictures", type=Path, metavar="FOLDER", help="write the pictures that tests take there"
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(pytestconfig: pytest.Config) -> AsyncIterator[Browser]:
    """Give the session's Chromium, to tests marked `asyncio(loop_scope="session")`."""
    evidence = pytestconfig.stash[EVIDENCE]
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        evidence.absent["Chromium"] = ABSENT
        pytest.skip(ABSENT)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        evidence.started("Chromium", browser.version, {"chromium"})
        yield browser
        await browser.close()


@pytest.fixture
def pictures(pytestconfig: pytest.Config, tmp_path: Path) -> Path:
    """Give the folder for pictures: that of `--pictures`, else one that nobody looks at."""
    folder: Path = pytestconfig.getoption("pictures") or tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder
