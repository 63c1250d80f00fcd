"""`make test-chart`: the chart on a real control plane whose nodes only seem to be there.

Kubernetes' own API server, controllers and scheduler (built once from Go modules, see `binaries.py`) take the
chart as an installation would; kwok plays the nodes, so no container runs. The same API server validates
every object strictly, admits only restricted pods, and knows the kinds of the operators that the chart uses.
"""

from pathlib import Path
import sys
import tempfile

from tests.cluster.chart.charts import Charts, life_values, previous_chart, this_chart, values_files
from tests.cluster.chart.examples import every_example_installs, every_object_is_valid
from tests.cluster.chart.life import live
from tests.cluster.checks import Checks
from tests.cluster.custom_resources import apply_definitions
from tests.cluster.fake_nodes import fake_nodes
from tests.cluster.plane import ControlPlane
from tests.cluster.signals import ended_by_signals


def main() -> int:
    """Try everything, print the table, and give 1 if anything failed."""
    checks = Checks("the chart on a real control plane, nodes by kwok")
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="paybus-plane-") as name:
        checks.attempt(lambda: _try_everything(checks, Path(name)))
    checks.skip("what containers do", "kwok starts none: `make test-cluster` does")
    return checks.report()


def _try_everything(checks: Checks, folder: Path) -> None:
    chart, previous = this_chart(folder), previous_chart(folder)
    with ControlPlane(folder / "plane") as plane, fake_nodes(plane, folder) as nodes:
        client = plane.client
        with checks.check("definitions of operators' kinds are served") as told:
            told(f"{apply_definitions(client)} kinds")
        every_object_is_valid(checks, client, chart, values_files(chart))
        every_example_installs(checks, client, chart, values_files(chart))
        if previous is None:
            checks.skip("upgrade from the previous chart", "history holds no earlier one")
        live(checks, Charts(chart, previous or chart, life_values(chart)), client, nodes)
        plane.check()


if __name__ == "__main__":
    sys.exit(main())
