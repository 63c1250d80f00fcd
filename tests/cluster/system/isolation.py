"""A place of its own for a node: what runs in it cannot leave anything behind.

Network, mounts and process ids are namespaces that end with their first process, and with them every
container, bridge and mount. What is not part of any namespace, a few settings of the kernel and empty
control groups, is put right afterwards.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import os
from pathlib import Path
import subprocess
import sys

from tests.cluster.errors import MissingError
from tests.cluster.program import need, run

_FOLDERS = ("/run", "/var/lib", "/var/log")
"""Where containerd, kubelet and the network's plugins keep what cannot be kept elsewhere."""

_KUBELET_SETS = (
    "vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
)  # fmt: skip
_GROUPS = Path("/sys/fs/cgroup")


def run_apart(module: str, arguments: Sequence[str | Path]) -> int:
    """Run `python -m module` as the first process of new namespaces, and give its exit code."""
    if os.geteuid() != 0:
        raise MissingError("a node needs root: namespaces, mounts and control groups")
    need("unshare", "setpriv", "mount")
    apart = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", *apart, sys.executable, "-m", module]
    with _kernel_settings_kept(), _groups_removed():
        return subprocess.run([*command, *(str(one) for one in arguments)], check=False).returncode


def hide_folders() -> None:
    """Give this process and its children empty folders where the machine's own are."""
    for folder in _FOLDERS:
        run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder])


@contextmanager
def _kernel_settings_kept() -> Iterator[None]:
    files = [Path("/proc/sys", name) for name in _KUBELET_SETS]
    before = {file: file.read_text() for file in files if file.exists()}
    try:
        yield
    finally:
        for file, value in before.items():
            file.write_text(value)


@contextmanager
def _groups_removed() -> Iterator[None]:
    """Remove the control groups that were not there before, innermost first; all of them are empty."""
    before = set(_groups())
    try:
        yield
    finally:
        for group in sorted(set(_groups()) - before, key=lambda path: len(path.parts), reverse=True):
            if "kubepods" in group.parts:
                group.rmdir()


def _groups() -> Iterator[Path]:
    return (Path(folder) for folder, _, _ in os.walk(_GROUPS))
