"""What is tried on the node, in its order."""

from dataclasses import dataclass
from pathlib import Path
import time

from tests.cluster.checks import Checks, Told
from tests.cluster.release import Release
from tests.cluster.system.containers import containers
from tests.cluster.system.images import BuiltImage
from tests.cluster.system.installation import make_secrets, write_values
from tests.cluster.system.load import Disturbance, pass_through
from tests.cluster.system.sight import confinement, metrics_pages, service_starts
from tests.cluster.system.stopping import stop_each_service
from tests.cluster.system.stores import Stores

from paybus.cli.reconciliation.report import Report
from paybus.cli.run_display import print_report

CHART = Path(__file__).parents[3] / "deploy" / "helm" / "paybus"
_KILLED = 137  # 128 + 9


@dataclass(frozen=True, slots=True)
class Trial:
    """One installation from beginning to end; each step is a check."""

    checks: Checks
    release: Release
    stores: Stores
    folder: Path
    image: BuiltImage

    def run(self) -> None:
        """Try one step after the other; without an installation there are no others."""
        self._look_at_image()
        self._install()
        with self.checks.check("every service starts") as told:
            told(service_starts(self.release))
        with self.checks.check("what a container may do") as told:
            told(confinement(self.release))
        self._load()
        with self.checks.check("metrics, each service by its name") as told:
            told(metrics_pages(self.release))
        with self.checks.check("SIGTERM ends each service in order") as told:
            told(stop_each_service(self.release))
        with self.checks.check("helm test: one payment and its event") as told:
            self._helm_test(told)
        with self.checks.check("uninstall") as told:
            told(self.release.leave())

    def _look_at_image(self) -> None:
        with self.checks.check("image from deploy/Dockerfile") as told:
            image = self.image
            assert image.user not in {"", "0", "root"}, "it runs as root"
            told(
                f"user {image.user}, {image.bytes / 1e6:.0f} MB, {image.own_bytes / 1e6:.0f} MB of them ours"
            )
            told(f"built in {image.build_seconds:.0f} s")

    def _install(self) -> None:
        with self.checks.check("install, waiting until all is ready") as told:
            self.release.make_namespace()
            make_secrets(self.release, self.stores, self.folder / "merchants")
            self.release.install(CHART, "-f", self._values(1))
            told(f"{len(containers(self.release))} pods in a namespace that admits restricted ones only")

    def _values(self, generation: int) -> Path:
        return write_values(self.folder / f"values-{generation}.json", self.stores, generation=generation)

    def _load(self) -> None:
        disturbance = Disturbance(self.release, lambda: self.release.upgrade(CHART, "-f", self._values(2)))
        before = {one.pod for one in containers(self.release) if one.component != "sandbox"}
        with self.checks.check("1 000 commands through the pods") as told:
            begun = time.monotonic()
            report = pass_through(self.release, self.stores, disturbance)
            print_report(report, f"through the pods, {time.monotonic() - begun:.0f} s")
            _judge(report, told)
        with self.checks.check("a pay killed with -9 meanwhile") as told:
            told(_killed(disturbance))
        with self.checks.check("all services replaced meanwhile, one pod after the other") as told:
            upgraded = disturbance.upgraded()
            told(
                f"{upgraded.seconds:.0f} s, from {upgraded.began_at} to {upgraded.ended_at} commands answered"
            )
            stayed = before & {one.pod for one in containers(self.release)}
            assert not stayed, f"not replaced: {', '.join(sorted(stayed))}"
            told(f"{len(before)} pods, revision {self.release.revision()}")

    def _helm_test(self, told: Told) -> None:
        output = self.release.helm("test", "--logs", "--timeout", "120s")
        events = [line for line in output.splitlines() if "paid" in line]
        assert events, output[-600:]
        told(events[0].strip())


def _killed(disturbance: Disturbance) -> str:
    killed, end = disturbance.killed, disturbance.end
    assert killed is not None, "the commands were answered before"
    assert end is not None, "nobody noticed"
    assert end.code == _KILLED, f"it ended with {end.code}"
    return f"{killed.pod}, {disturbance.open_when_killed} pays open"


def _judge(report: Report, told: Told) -> None:
    figures = report.figures
    told(f"{figures.commands} commands, {sum(figures.effects.values())} effects")
    told(f"{figures.double_effects} double, {figures.lost} lost, {sum(figures.open.values())} open")
    broken = [f"{one.invariant} {len(one.violations)} times" for one in report.findings if not one.held]
    assert not broken, f"broken: {', '.join(broken)}"
    assert not figures.open, f"still open: {dict(figures.open)}"
