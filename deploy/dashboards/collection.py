"""All dashboards there are, as the files that Grafana and the chart take."""

from pathlib import Path

from deploy.dashboards.callbacks import callbacks
from deploy.dashboards.gateway import gateway
from deploy.dashboards.payments import payments
from deploy.dashboards.queues import queues
from deploy.dashboards.runtime import runtime
from grafana_foundation_sdk.cog.encoder import JSONEncoder


def texts() -> dict[str, str]:
    """Give the JSON of every dashboard by the name of its file."""
    boards = (payments(), queues(), gateway(), callbacks(), runtime())
    encoder = JSONEncoder(indent=2, ensure_ascii=False)
    return {f"{board.uid}.json": f"{encoder.encode(board)}\n" for board in boards}


def write(folder: Path) -> None:
    """Write every dashboard to *folder*, and take away what is no dashboard any more."""
    folder.mkdir(exist_ok=True)
    wanted = texts()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    for file in folder.glob("*.json"):
        if file.name not in wanted:
            file.unlink()


def drifted(folder: Path) -> list[str]:
    """Name the files in *folder* that are not what `write` would make them."""
    found = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.json")}
    wanted = texts()
    return sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
