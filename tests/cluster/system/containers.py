"""The processes of containers as the node sees them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
import json
import os
from pathlib import Path
import time

from tests.cluster.errors import ClusterError
from tests.cluster.release import Release, ready_pods

RESTART_SECONDS = 60.0
"""For a container that ended to be ready again: its start, and a probe every five seconds."""

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class End:
    """How a process ended (its exit code, or 128 and the signal's number), and whether its pod is ready."""

    code: int
    ready: bool


@dataclass(frozen=True, slots=True)
class Container:
    """A pod's only container, and the process that runs in it."""

    pod: str
    component: str
    pid: int

    def status(self) -> dict[str, str]:
        """Give what the kernel says of the process (`/proc/PID/status`)."""
        lines = Path("/proc", str(self.pid), "status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def started_at(self) -> float:
        """Give when the process began, as seconds since the epoch."""
        fields = Path("/proc", str(self.pid), "stat").read_text().rpartition(")")[2].split()
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return time.time() - uptime + int(fields[19]) / _TICKS

    @property
    def runs(self) -> bool:
        """Whether the process is there and no zombie."""
        try:
            return not self.status()["State"].startswith("Z")
        except (FileNotFoundError, ProcessLookupError):
            return False


def containers(release: Release) -> list[Container]:
    """Give the containers of the release's ready pods; raises ClusterError for one without a process."""
    found = []
    for pod in ready_pods(release.objects("pods")):
        component = pod["metadata"]["labels"]["app.kubernetes.io/component"]
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        found.append(Container(name, component, _pid(uid, f"paybus.{component}")))
    if not found:
        raise ClusterError("no pod is ready")
    return found


def last_end(release: Release, pod: str) -> End | None:
    """Give how a pod's only container last ended, as soon as the node has seen it."""
    (status,) = release.client.read("pod", pod, "-n", release.namespace)["status"]["containerStatuses"]
    ended = status["state"].get("terminated") or status["lastState"].get("terminated")
    return End(int(ended["exitCode"]), bool(status["ready"])) if ended else None


def first_log(release: Release, pod: str, event: str) -> float:
    """Give when a pod first logged *event*, as seconds since the epoch; raises ClusterError if it did not."""
    for line in release.client.kubectl("logs", pod, "-n", release.namespace).splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        if entry.get("event") == event:
            return datetime.fromisoformat(entry["time"]).timestamp()
    raise ClusterError(f"{pod} never logged {event}")


def _pid(uid: str, module: str) -> int:
    for process, command in _processes():
        if module in command and uid in Path("/proc", str(process), "cgroup").read_text():
            return process
    raise ClusterError(f"no process runs {module} for pod {uid}")


def _processes() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), folder.joinpath("cmdline").read_text().split("\0")
            except OSError:
                continue  # it has ended
