"""`python -m tests.monitoring.preview`: draw every dashboard under an outage, or fail at what shows nothing.

Pictures go to docs/pictures. Needed are npm, Prometheus (`make monitoring`) and Chromium (`make browser`).
"""

import shutil
import sys

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


def _draw_all(scene: Scene, address: str) -> list[str]:
    wrong: list[str] = []
    with chromium() as page:
        for file in sorted(FOLDER.glob("*.json")):
            name = file.stem
            to = scene.outage_ended if name in UNDER_THE_OUTAGE else scene.ended
            drawn = draw(
                page, address, PICTURES / f"dashboard-{name.removeprefix('paybus-')}.png",
                dashboard=f"/dashboards/{file.name}", prometheus=scene.prometheus.address,
                to=int(to), step=STEP_SECONDS, rateSeconds=RATE_SECONDS,
                **{"from": int(scene.begun) + WARM_SECONDS},
            )  # fmt: skip
            wrong += [f"{name}: {one['title']}: {one['error']}" for one in drawn if one["error"]]
            empty = [
                one["title"] for one in drawn if not one["series"] and (name, one["title"]) not in SILENT
            ]
            wrong += [f"{name}: {title}: no data" for title in empty]
    return wrong


if __name__ == "__main__":
    sys.exit(main())
