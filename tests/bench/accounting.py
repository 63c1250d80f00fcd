"""Processor time of processes, from /proc (Linux): user and system, in seconds."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Give the time the process itself has used, all its threads together."""
    return sum(_times(pid)[:2])


def tree_cpu_seconds(pid: int) -> float:
    """Give the time of a server and its children, those that have ended included (PostgreSQL's backends)."""
    return sum(_times(pid)) + sum(cpu_seconds(child) for child in _children(pid))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _times(pid: int) -> list[float]:
    """Give user, system, and the same of children that were waited for; zeros for a process that has gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return [0.0, 0.0, 0.0, 0.0]
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return [int(field) / _TICKS for field in fields[11:15]]
