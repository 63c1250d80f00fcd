"""The page that draws dashboards, built by npm and Vite in .cache: nothing of it is kept in the tree."""

from hashlib import sha256
from pathlib import Path
import shutil
import subprocess

SOURCE = Path(__file__).parent
PLACE = Path(__file__).parents[3] / ".cache" / "dashboards-preview"
INSTALL = ("npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund")
"""Grafana's packages ask for peers of other versions than they are used with; nothing of them is run."""
ICONS = Path("node_modules", "@grafana", "ui", "dist", "public", "img", "icons")
MINUTES = 10


def build() -> Path:
    """Give the folder of the built page; packages are fetched when the lock has changed."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "index.html", "vite.config.js", "src"):
        _copy(SOURCE / name, PLACE / name)
    lock = sha256((PLACE / "package-lock.json").read_bytes()).hexdigest()
    stamp = PLACE / "installed"
    if not stamp.exists() or stamp.read_text() != lock:
        _run(*INSTALL)
        stamp.write_text(lock)
    _run("npx", "--no-install", "vite", "build", "--logLevel", "warn")
    built = PLACE / "dist"
    _copy(PLACE / ICONS, built / "public" / "build" / "img" / "icons")
    return built


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        shutil.copy(source, target)
    else:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)


def _run(*command: str) -> None:
    subprocess.run(command, cwd=PLACE, check=True, timeout=60 * MINUTES)
