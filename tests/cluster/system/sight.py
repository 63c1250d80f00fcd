"""What is seen of containers from outside: how fast they start, and what they may do."""

from datetime import datetime
from typing import Any
import urllib.request

from tests.cluster.errors import ClusterError
from tests.cluster.release import NAME, Release
from tests.cluster.system.containers import Container, containers, first_log
from tests.cluster.system.names import DOMAIN, address_of

_UID = "10001"
_PAGE_SECONDS = 10.0  # the exporter's page takes the longest, some 100 ms


def service_starts(release: Release) -> str:
    """Say for each service how long it takes from process to started, and from container to ready."""
    ready = {pod["metadata"]["name"]: _ready_seconds(pod) for pod in release.objects("pods") if _runs(pod)}
    slowest: dict[str, tuple[float, float]] = {}
    for one in containers(release):
        if one.component == "sandbox":
            continue  # it is nobody's service, and logs no start
        started = _started_seconds(release, one)
        times = slowest.get(one.component, (0.0, 0.0))
        slowest[one.component] = max(times[0], started), max(times[1], ready[one.pod])
    told = (f"{name} {start:.1f} ({whole:.0f})" for name, (start, whole) in sorted(slowest.items()))
    return f"seconds from process to started (from container to ready): {', '.join(told)}"


def metrics_pages(release: Release) -> str:
    """Read the metrics of each service by its name, as Prometheus would; say how many samples there are."""
    names = sorted({one.component for one in containers(release)} - {"sandbox"})
    return ", ".join(f"{name} {_samples(release, name)}" for name in names)


def _samples(release: Release, name: str) -> int:
    address = address_of(f"{NAME}-{name}.{release.namespace}.svc.{DOMAIN}")
    with urllib.request.urlopen(f"http://{address}:8080/metrics", timeout=_PAGE_SECONDS) as page:
        count: int = sum(line.startswith(b"paybus_") for line in page)
    assert count, f"{name} has no metric of ours"
    return count


def confinement(release: Release) -> str:
    """Hold that no process has a right that it does not need; say what was looked at."""
    found = containers(release)
    for one in found:
        status = one.status()
        assert set(status["Uid"].split()) == {_UID}, f"{one.pod} runs as {status['Uid']}"
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0, f"{one.pod} has capabilities"
        assert status["NoNewPrivs"] == "1", f"{one.pod} may gain privileges"
        assert status["Seccomp"] == "2", f"{one.pod} has no seccomp filter"
        _hold_read_only(release, one)
    return f"{len(found)} processes: uid {_UID}, no capability, seccomp, no new privileges, read-only root"


def _hold_read_only(release: Release, container: Container) -> None:
    write = ("python", "-c", "open('/opt/paybus/written', 'w')")
    try:
        release.client.kubectl("exec", container.pod, "-n", release.namespace, "--", *write)
    except ClusterError as error:
        if "Read-only file system" not in str(error):
            raise
    else:
        raise AssertionError(f"{container.pod} writes to its root")


def _started_seconds(release: Release, container: Container) -> float:
    return first_log(release, container.pod, "service.started") - container.started_at()


def _ready_seconds(pod: Any) -> float:
    """Give the seconds between the container's start and the pod's readiness, which the cluster rounds."""
    (status,) = pod["status"]["containerStatuses"]
    (ready,) = (one["lastTransitionTime"] for one in pod["status"]["conditions"] if one["type"] == "Ready")
    return (_moment(ready) - _moment(status["state"]["running"]["startedAt"])).total_seconds()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _runs(pod: Any) -> bool:
    return bool(pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"])
