"""`python -m tests.monitoring.preview`: draw every dashboard under an outage, or fail at what shows nothing.

Pictures go to docs/pictures. Needed are npm, Prometheus (`make monitoring`) and Chromium (`make browser`).
"""

from collections.abc import Iterator, Mapping, Sequence
import shutil
import sys
from typing import Any

from deploy.dashboards.__main__ import FOLDER
from tests.monitoring.expressions import RATE_SECONDS
from tests.monitoring.preview.build import build
from tests.monitoring.preview.page import chromium, draw, served
from tests.monitoring.scene import LONG, SILENT, Scene, played

PICTURES = FOLDER.parents[3] / "docs" / "pictures"
STEP_SECONDS = 1
WARM_SECONDS = RATE_SECONDS
"""Left out at the beginning: rates of a window that is not full."""
UNDER_THE_OUTAGE = ("paybus-payments", "paybus-gateway", "paybus-queues")
"""These are drawn as they are in the middle of it; the others when all is over."""


def main() -> int:
    """Build the page, play the scene, take the pictures; gives 1 when a panel shows an error or no data."""
    pages = build()
    shutil.copytree(FOLDER, pages / "dashboards", dirs_exist_ok=True)
    program = shutil.which("prometheus")
    assert program, "no Prometheus on this machine: `make monitoring` as root installs it"
    with played(program, LONG) as scene, served(pages) as address:
        wrong = _draw_all(scene, address)
    for fault in wrong:
        sys.stderr.write(f"{fault}\n")
    return 1 if wrong else 0


def between_ticks(at: float) -> int:
    """Give the second before *at* that lies in the middle between two ticks, so that none is cut off."""
    return int(at - 5) // 10 * 10 + 5


def faults(name: str, drawn: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say which panels of a dashboard show an error, or nothing though they could."""
    for panel in drawn:
        if panel["error"]:
            yield f"{name}: {panel['title']}: {panel['error']}"
        elif not panel["series"] and (name, panel["title"]) not in SILENT:
            yield f"{name}: {panel['title']}: no data"


def _draw_all(scene: Scene, address: str) -> list[str]:
    wrong: list[str] = []
    with chromium() as page:
        for file in sorted(FOLDER.glob("*.json")):
            picture = PICTURES / f"dashboard-{file.stem.removeprefix('paybus-')}.png"
            ended = scene.outage_ended if file.stem in UNDER_THE_OUTAGE else scene.ended
            shown = {"from": between_ticks(scene.begun) + WARM_SECONDS, "to": between_ticks(ended)}
            drawn = draw(
                page, address, picture,
                dashboard=f"/dashboards/{file.name}", prometheus=scene.prometheus.address,
                step=STEP_SECONDS, rateSeconds=RATE_SECONDS, **shown,
            )  # fmt: skip
            wrong += faults(file.stem, drawn)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
