"""Small services, written by a test and run as real processes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import json
import os
from pathlib import Path
import subprocess
import sys
from textwrap import dedent
from typing import Any

PRELUDE = """
import asyncio, os, signal, sys
from contextlib import asynccontextmanager
from paybus.runtime.service import Service, run
from paybus.runtime.settings import *

@asynccontextmanager
async def part(name):
    print("start", name, flush=True)
    try:
        yield name
    finally:
        print("stop", name, flush=True)
"""


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Give our environment with exactly these settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PAYBUS_")}
    return {**own, **{f"PAYBUS_{name.upper()}": value for name, value in settings.items()}}


@contextmanager
def program(
    folder: Path, text: str, settings: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run the prelude and *text*; whatever is still running at the end is killed."""
    script = folder / "program.py"
    script.write_text(PRELUDE + dedent(text))
    with subprocess.Popen(
        [sys.executable, "-W", "error", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(settings or {}),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finish(process: subprocess.Popen[str]) -> tuple[int, list[str], str]:
    """Wait for its end; give the exit code, what it printed since, and what it wrote on stderr."""
    printed, complained = process.communicate(timeout=60)
    return process.returncode, printed.splitlines(), complained


def lines(stderr: str) -> list[dict[str, Any]]:
    """Read the log lines."""
    return [json.loads(line) for line in stderr.splitlines()]


def wait_for(process: subprocess.Popen[str], line: str) -> None:
    """Read what it prints up to *line*."""
    assert process.stdout is not None
    for printed in process.stdout:
        if printed.strip() == line:
            return
    raise AssertionError(f"it ended without {line!r}: {process.stderr and process.stderr.read()}")
