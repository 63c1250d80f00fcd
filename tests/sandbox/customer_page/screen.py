"""What a person sees: pages in a browser without JavaScript, and the modules of a QR code on the screen."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True}
DESK = {"viewport": {"width": 800, "height": 590}}

_SAMPLE = """async ([picture, size]) => {
  const image = new Image(); image.src = "data:image/png;base64," + picture; await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const step = image.width / size, middles = [...Array(size).keys()].map(n => Math.floor((n + .5) * step));
  return middles.map(y => middles.map(x => canvas.getImageData(x, y, 1, 1).data[0] < 128 ? 1 : 0));
}"""
_FAINT = """() => {
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = node => {
    const color = numbers(getComputedStyle(node).backgroundColor);
    return color.length === 4 && color[3] === 0 ? behind(node.parentElement) : color;
  };
  const ratio = (a, b) => (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  return [...document.body.querySelectorAll("*")]
    .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()))
    .filter(node => ratio(light(numbers(getComputedStyle(node).color)), light(behind(node))) < 4.5)
    .map(node => node.textContent);
}"""


@asynccontextmanager
async def looking(chromium: Browser, screen: dict[str, Any]) -> AsyncIterator[Page]:
    """Open a window without JavaScript; fails if a page made the browser complain."""
    complaints: list[str] = []
    async with await chromium.new_context(**screen, java_script_enabled=False) as context:
        page = await context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        yield page
    assert not complaints, complaints


async def modules_on_screen(page: Page, size: int) -> list[list[int]]:
    """Give the QR code as it is painted, quiet zone included: 1 is dark."""
    picture = b64encode(await page.locator("figure svg").screenshot()).decode()
    async with await page.context.browser.new_context() as context:
        blank = await context.new_page()
        modules: list[list[int]] = await blank.evaluate(_SAMPLE, [picture, size])
        return modules


async def faint_texts(page: Page) -> list[str]:
    """Give the texts whose contrast is below 4.5 to 1, which WCAG AA demands."""
    texts: list[str] = await page.evaluate(_FAINT)
    return texts
