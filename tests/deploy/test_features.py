"""What is switched off is not there; what is switched on is there once."""

from collections import Counter
import json
from typing import Any

from pydantic import SecretStr
import pytest
from tests.deploy.chart import CHART, MINIMAL, PRODUCTION, SANDBOX, environment, helm, of_kind, pods, render
from tests.deploy.settings import CLASSES
import yaml

from paybus.exporter.settings import ExporterSettings

SERVED = CLASSES.keys() - {"sandbox"}
OTHERS = {"migrations", "test", "toolbox"}
LEAST = {
    "ServiceAccount": 2,
    "ConfigMap": 6,
    "Service": 6,
    "Deployment": 6,
    "PodDisruptionBudget": 5,
    "Job": 1,
    "Pod": 1,
}


def kinds(values: Any = MINIMAL, changes: Any = None) -> Counter[str]:
    """Count the objects of each kind."""
    return Counter(thing["kind"] for thing in render(values, changes))


def test_by_default_there_is_what_is_needed_and_no_more() -> None:
    """No operator has to be there for the least installation."""
    assert kinds() == LEAST


OFF = {
    "PodDisruptionBudget": {"defaults": {"podDisruptionBudget": {"enabled": False}}},
    "Job": {"migrations": {"enabled": False}},
    "Pod": {"tests": {"enabled": False}},
    "ServiceAccount": {"serviceAccount": {"create": False}},
}


@pytest.mark.parametrize("kind", OFF)
def test_what_is_switched_off_is_not_there(kind: str) -> None:
    """Not even a part of it."""
    assert kind not in kinds(MINIMAL, OFF[kind])


def test_a_workload_that_is_off_leaves_nothing_behind() -> None:
    """Deployment, Service, settings, budget, policy, user and scaler go with it."""
    things = render(PRODUCTION, {"workloads": {"cancel": {"enabled": False}}})
    left = [
        f"{thing['kind']}/{thing['metadata']['name']}"
        for thing in things
        if thing["metadata"]["labels"]["app.kubernetes.io/component"] == "cancel"
    ]
    assert left == []
    assert any("cancel" in thing["metadata"]["name"] for thing in things), "its topics stay"


def test_every_service_of_the_package_is_a_workload() -> None:
    """The chart's workloads are the package's deployables but the command line, which is no service."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    deployables = {path.parent.name for path in (CHART.parents[2] / "services/paybus").glob("*/__main__.py")}
    assert values["workloads"].keys() == CLASSES.keys() == deployables - {"cli"}


def test_migrations_come_first_or_beside() -> None:
    """As a hook before every install and upgrade; without hooks as a Job that is a new one if it differs."""
    hook = of_kind(render(), "Job")["migrations"]
    assert hook["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert "before-hook-creation" in hook["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
    without = {"migrations": {"hook": False}}
    plain, newer = (
        of_kind(render(MINIMAL, without | image), "Job")["migrations"]
        for image in ({}, {"image": {"tag": "2"}})
    )
    assert "helm.sh/hook" not in json.dumps(plain)
    assert plain["metadata"]["name"] != newer["metadata"]["name"]
    for job in (hook, plain):
        it = job["spec"]["template"]["spec"]
        assert it["containers"][0]["args"] == ["paybus.cli", "migrate"]
        assert it["restartPolicy"] == "Never"


def test_the_test_pays_on_the_sandbox_only() -> None:
    """Where a real gateway may be called, helm test asks whether services are ready, and nothing else."""
    paying = pods(render(SANDBOX))["test"]["spec"]["containers"][0]
    assert paying["args"][:2] == ["paybus.cli", "pay"]
    assert "--wait" in paying["args"]
    for values in (MINIMAL, PRODUCTION):
        asking = pods(render(values))["test"]["spec"]["containers"][0]
        urls = [text for text in asking["args"] if text.startswith("http")]
        assert len(urls) == 6
        assert all(url.endswith(":8080/ready") for url in urls)
        assert "pay" not in {*asking["args"], *asking["command"]}
        compile(asking["args"][0], "test", "exec")


def test_prometheus_finds_every_service_but_the_sandbox() -> None:
    """By a ServiceMonitor or a PodMonitor, under the job name that the alerts know."""
    things = render(SANDBOX, {"monitoring": {"serviceMonitor": {"enabled": True}}})
    monitor = of_kind(things, "ServiceMonitor")["metrics"]["spec"]
    wanted = monitor["selector"]["matchLabels"].items()
    found = {
        name
        for name, one in of_kind(things, "Service").items()
        if wanted <= one["metadata"]["labels"].items()
    }
    assert found == SERVED
    assert monitor["endpoints"][0]["relabelings"][0]["replacement"] == "paybus-$1"
    pod_monitor = of_kind(render(SANDBOX, {"monitoring": {"podMonitor": {"enabled": True}}}), "PodMonitor")
    (left_out,) = pod_monitor["metrics"]["spec"]["selector"]["matchExpressions"]
    assert (left_out["operator"], set(left_out["values"])) == ("NotIn", {*CLASSES, *OTHERS} - SERVED)


def test_what_belongs_elsewhere_can_be_put_there() -> None:
    """Monitors, rules and dashboards go to the namespace whose operator looks there."""
    elsewhere = {one: {"namespace": "monitoring"} for one in ("serviceMonitor", "rules", "dashboards")}
    things = render(PRODUCTION, {"monitoring": elsewhere})
    for thing in things:
        there = (
            thing["kind"] in {"ServiceMonitor", "PrometheusRule"}
            or "grafana_dashboard" in thing["metadata"]["labels"]
        )
        assert thing["metadata"]["namespace"] == ("monitoring" if there else "payments")
    assert of_kind(things, "ServiceMonitor")["metrics"]["spec"]["namespaceSelector"] == {
        "matchNames": ["payments"]
    }


def test_common_labels_and_annotations_are_on_everything() -> None:
    """So that whoever pays for it, or looks for it, finds all of it."""
    for thing in render(PRODUCTION):
        assert thing["metadata"]["labels"]["team"] == "payments"
        assert thing["metadata"]["annotations"]["example.com/owner"] == "payments"
        assert thing["metadata"]["labels"]["app.kubernetes.io/part-of"] == "paybus"


def test_no_two_objects_have_one_name() -> None:
    """Also where names are long, and where the release is called like the chart."""
    for name in ("paybus", "p", "a-release-with-a-name-of-53-characters-is-the-longest"):
        text = helm("template", name, CHART, "-f", PRODUCTION)
        things = [thing for thing in yaml.safe_load_all(text) if thing]
        names = Counter((thing["kind"], thing["metadata"]["name"]) for thing in things)
        assert set(names.values()) == {1}
        assert all(len(one) <= 63 for kind, one in names if kind != "KafkaTopic")


def test_other_objects_come_along() -> None:
    """Texts and maps, with templates in them."""
    extra = {
        "extraObjects": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-a"}},
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
        ]
    }
    names = {thing["metadata"]["name"] for thing in render(MINIMAL, extra)}
    assert {"shop-a", "b"} <= names


@pytest.mark.parametrize(
    ("values", "told", "not_told"),
    [
        (SANDBOX, ["database.url is kept", "the sandbox runs", "no NetworkPolicy"], ["plain text"]),
        (MINIMAL, ["plain text", "nobody reads the metrics"], ["database.url is kept", "the sandbox runs"]),
        (PRODUCTION, [], ["WARNING"]),
    ],
)
def test_notes_say_what_should_not_be_left_so(values: Any, told: list[str], not_told: list[str]) -> None:
    """After an installation one reads what to do next, and what is good for trying things out only."""
    notes = helm("install", "shop", CHART, "-f", values, "--dry-run=client", "--hide-secret")
    notes = notes[notes.index("NOTES:") :]
    assert "helm -n default test shop" in notes
    for sentence in told:
        assert sentence in notes
    for sentence in not_told:
        assert sentence not in notes


def test_a_profile_is_mounted_where_the_setting_says() -> None:
    """From values or from a ConfigMap that is there, for those who judge the gateway's answers."""
    things = render(MINIMAL, {"profile": {"toml": '[return_codes.X]\npay = "declined"\n'}})
    assert of_kind(things, "ConfigMap")["profile"]["data"]["profile.toml"].startswith("[return_codes.X]")
    for name in ("pay", "refund", "cancel", "reconciler"):
        assert environment(things, name)["PAYBUS_PROFILE"] == "/etc/paybus/profile/profile.toml"
    assert "PAYBUS_PROFILE" not in environment(things, "notifier")


def test_groups_of_merchants_reach_the_exporter_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the text that its settings read; without groups nothing is said."""
    groups = {"retail": ["0010000001", "0010000002"], "online": []}
    things = render(MINIMAL, {"exporter": {"merchantGroups": groups}})
    told = {name: environment(things, name).get("PAYBUS_MERCHANT_GROUPS") for name in SERVED}
    assert [name for name, text in told.items() if text is not None] == ["exporter"]
    monkeypatch.setenv("PAYBUS_MERCHANT_GROUPS", str(told["exporter"]))
    settings = ExporterSettings(
        database_url=SecretStr("postgresql://paybus@database/paybus"), kafka_bootstrap="kafka:9092"
    )
    assert settings.merchant_groups == {name: tuple(members) for name, members in groups.items()}
    assert "PAYBUS_MERCHANT_GROUPS" not in environment(render(MINIMAL), "exporter")
