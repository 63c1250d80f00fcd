"""Pods: hardened, watched, and never killed while money moves."""

from pathlib import Path

import pytest
from tests.deploy.chart import MINIMAL, PRODUCTION, SANDBOX, container, environment, of_kind, pods, render
from tests.deploy.places import EXAMPLES
from tests.deploy.settings import CLASSES, variables

from paybus.runtime.health import CHECK_SECONDS
from paybus.runtime.service import STOP_SECONDS
from paybus.runtime.settings import WorkerSettings

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
GRACE_SECONDS = WorkerSettings.model_fields["grace_seconds"].default


@each_example
def test_every_pod_is_as_restricted_as_a_namespace_can_ask(example: Path) -> None:
    """Not root, no privileges, a read-only root, no token; and every container has its bounds of memory."""
    for name, pod in pods(render(example)).items():
        spec, it = pod["spec"], container(pod)
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] == 10001, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert it["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert spec["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        assert it["resources"]["requests"].keys() == {"cpu", "memory"}, name
        assert "memory" in it["resources"]["limits"], name
        assert not [volume for volume in spec["volumes"] if "hostPath" in volume], name


@each_example
def test_services_get_no_variables_from_other_services(example: Path) -> None:
    """A Service named `paybus-http` would give every pod a PAYBUS_HTTP_PORT that is no port."""
    assert all(pod["spec"]["enableServiceLinks"] is False for pod in pods(render(example)).values())


@each_example
def test_what_may_be_written_is_in_memory_or_on_the_node(example: Path) -> None:
    """The root is read-only: /tmp is a bounded volume of its own, everything else is mounted read-only."""
    for name, pod in pods(render(example)).items():
        bounded = {volume["name"] for volume in pod["spec"]["volumes"] if volume.get("emptyDir")}
        mounts = {mount["mountPath"]: mount for mount in container(pod)["volumeMounts"]}
        assert mounts["/tmp"]["name"] in bounded, name  # noqa: S108
        ours = [mount for path, mount in mounts.items() if path.startswith("/etc/paybus/")]
        assert all(mount["readOnly"] for mount in ours), name
        assert not [mount for mount in mounts.values() if "subPath" in mount], name


@each_example
def test_every_variable_is_one_that_the_service_reads(example: Path) -> None:
    """No PAYBUS_ variable is set that its service does not know: a mistyped one would be lost in silence."""
    things = render(example)
    for workload in of_kind(things, "Deployment"):
        given = {name for name in environment(things, workload) if name.startswith("PAYBUS_")}
        assert given <= variables(workload), workload
        required = {
            name
            for name, field in CLASSES[workload].model_fields.items()
            if field.is_required() and name != "profile"
        }
        assert {name for name in variables(workload) if _stem(name) in required} <= given, workload


def _stem(variable: str) -> str:
    return variable.removeprefix("PAYBUS_").removeprefix("SANDBOX_").lower()


@each_example
def test_probes_ask_what_the_services_answer(example: Path) -> None:
    """/live and /ready (the sandbox has its own), with more time than /ready itself takes."""
    for name, thing in of_kind(render(example), "Deployment").items():
        it = container(thing["spec"]["template"])
        health = {"sandbox": ("/admin/health", "/admin/health")}.get(name, ("/live", "/ready"))
        assert it["startupProbe"]["httpGet"]["path"] == health[0]
        assert it["livenessProbe"]["httpGet"]["path"] == health[0]
        assert it["readinessProbe"]["httpGet"]["path"] == health[1]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert it[probe]["httpGet"]["port"] == it["ports"][0]["name"]
            assert it[probe]["timeoutSeconds"] >= CHECK_SECONDS + 1
        assert it["ports"][0]["containerPort"] == 8080


@each_example
def test_a_pod_may_end_as_slowly_as_its_service(example: Path) -> None:
    """What the node waits is more than preStop, the grace for calls and the time to settle together."""
    for name, thing in of_kind(render(example), "Deployment").items():
        spec = thing["spec"]["template"]["spec"]
        wait = (
            spec["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        )
        needed = wait + (1 if name == "sandbox" else GRACE_SECONDS + STOP_SECONDS)
        assert spec["terminationGracePeriodSeconds"] > needed, name


def test_the_notifier_serves_until_nobody_sends_to_it() -> None:
    """Between the decision to end a pod and the last router that hears of it, callbacks still come."""
    deployments = of_kind(render(), "Deployment")
    assert container(deployments["notifier"]["spec"]["template"])["lifecycle"]["preStop"]["sleep"]
    assert "lifecycle" not in container(deployments["pay"]["spec"]["template"])


def test_a_longer_grace_makes_a_longer_end() -> None:
    """Who waits longer for the gateway need not work out the rest."""
    changes = {"settings": {"grace_seconds": 200, "gateway_pay_seconds": 150}}
    spec = of_kind(render(MINIMAL, changes), "Deployment")["pay"]["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] == 220


@each_example
def test_each_pod_runs_its_own_module_of_one_image(example: Path) -> None:
    """The image is the same everywhere, and its command names the deployable."""
    things = render(example)
    for name, thing in of_kind(things, "Deployment").items():
        assert container(thing["spec"]["template"])["args"] == [f"paybus.{name}"]
    assert len({container(pod)["image"] for pod in pods(things).values()}) == 1


@pytest.mark.parametrize(
    ("image", "registry", "wanted"),
    [
        ({}, "", "paybus:0.1.0"),
        ({"tag": "2.0.0"}, "", "paybus:2.0.0"),
        ({"registry": "a.example", "repository": "x/paybus"}, "", "a.example/x/paybus:0.1.0"),
        ({"registry": "a.example"}, "b.example", "b.example/paybus:0.1.0"),
        ({"tag": "2.0.0", "digest": f"sha256:{'a' * 64}"}, "", f"paybus@sha256:{'a' * 64}"),
    ],
)
def test_the_image_can_come_from_anywhere(image: dict[str, str], registry: str, wanted: str) -> None:
    """A mirror for everything wins over the registry, a digest over a tag."""
    things = render(MINIMAL, {"image": image, "global": {"imageRegistry": registry}})
    assert {container(pod)["image"] for pod in pods(things).values()} == {wanted}


@each_example
def test_labels_find_what_they_should(example: Path) -> None:
    """Each Deployment, Service and budget selects the pods of one component, and no other's."""
    things = render(example)
    running = {name: thing["spec"]["template"] for name, thing in of_kind(things, "Deployment").items()}
    for kind in ("Deployment", "Service", "PodDisruptionBudget"):
        for name, thing in of_kind(things, kind).items():
            selector = thing["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            assert _selected(running, wanted) == {name}, kind


def _selected(running: dict[str, object], wanted: dict[str, str]) -> set[str]:
    return {
        name
        for name, pod in running.items()
        if wanted.items() <= pod["metadata"]["labels"].items()  # type: ignore[index]
    }


def test_selectors_stay_what_they_are() -> None:
    """A Deployment's selector cannot change: nothing that a user or a version may change is in it."""
    changes = {
        "commonLabels": {"team": "payments", "app.kubernetes.io/component": "mine"},
        "image": {"tag": "9.9.9"},
        "defaults": {"podLabels": {"app.kubernetes.io/instance": "mine"}},
    }
    before, after = (of_kind(render(MINIMAL, one), "Deployment") for one in ({}, changes))
    assert before.keys() == after.keys()
    for name, thing in before.items():
        assert thing["spec"]["selector"] == after[name]["spec"]["selector"]
        labels = after[name]["spec"]["template"]["metadata"]["labels"]
        assert after[name]["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert labels["team"] == "payments"


def test_a_change_of_settings_starts_the_pods_it_concerns_anew() -> None:
    """A service reads its settings once: their checksum is on its pods, and on no others."""
    changes = {"workloads": {"refund": {"settings": {"in_flight": 10}}}}
    before, after = (of_kind(render(MINIMAL, one), "Deployment") for one in ({}, changes))
    differ = {name for name in before if before[name]["spec"]["template"] != after[name]["spec"]["template"]}
    assert differ == {"refund"}


def test_a_new_chart_alone_starts_no_pod_anew() -> None:
    """The chart's version is on every object, but on no pod: only what concerns a pod replaces it."""
    for name, pod in pods(render()).items():
        if name != "test":
            assert "helm.sh/chart" not in pod["metadata"]["labels"]
    assert all(
        "helm.sh/chart" in thing["metadata"]["labels"] for thing in of_kind(render(), "Deployment").values()
    )


def test_updates_take_no_pod_away_before_another_is_ready() -> None:
    """Only the two that must never run twice end before they start."""
    strategies = {
        name: thing["spec"]["strategy"] for name, thing in of_kind(render(SANDBOX), "Deployment").items()
    }
    for name in ("exporter", "sandbox"):
        assert strategies.pop(name) == {"type": "Recreate"}
    assert {one["rollingUpdate"]["maxUnavailable"] for one in strategies.values()} == {0}


def test_a_budget_never_forbids_every_eviction() -> None:
    """A single pod that may not go would stop whoever drains its node for ever."""
    things = render(MINIMAL, {"defaults": {"replicas": 1}})
    budgets = of_kind(things, "PodDisruptionBudget")
    assert budgets.keys() == {"pay", "refund", "cancel", "notifier", "reconciler"}
    for budget in budgets.values():
        assert budget["spec"]["maxUnavailable"] == 1
        assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_a_budget_may_say_what_must_stay() -> None:
    """Instead of what may go: Kubernetes takes one of the two."""
    changes = {"workloads": {"pay": {"podDisruptionBudget": {"minAvailable": "50%"}}}}
    spec = of_kind(render(MINIMAL, changes), "PodDisruptionBudget")["pay"]["spec"]
    assert spec["minAvailable"] == "50%"
    assert "maxUnavailable" not in spec


def test_services_may_have_both_ip_families() -> None:
    """As the cluster's network has them; without a word the cluster decides."""
    both = {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6", "IPv4"]}
    spec = of_kind(render(MINIMAL, {"defaults": {"service": both}}), "Service")["notifier"]["spec"]
    assert both.items() <= spec.items()
    assert not both.keys() & of_kind(render(), "Service")["notifier"]["spec"].keys()


def test_a_workload_may_differ_from_the_defaults() -> None:
    """Maps are merged, lists replaced; nothing and false count, too."""
    changes = {
        "defaults": {
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "a"}],
            "priorityClassName": "high",
        },
        "workloads": {
            "pay": {"nodeSelector": {"cpu": "fast"}, "tolerations": [{"key": "b"}], "minReadySeconds": 0},
            "cancel": {"topologySpread": {"zones": "", "nodes": "DoNotSchedule"}, "replicas": 0},
        },
    }
    deployments = of_kind(render(MINIMAL, changes), "Deployment")
    pay, refund, cancel = (deployments[name]["spec"] for name in ("pay", "refund", "cancel"))
    assert pay["template"]["spec"]["nodeSelector"] == {"disk": "ssd", "cpu": "fast"}
    assert pay["template"]["spec"]["tolerations"] == [{"key": "b"}]
    assert pay["minReadySeconds"] == 0
    assert refund["template"]["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert refund["template"]["spec"]["tolerations"] == [{"key": "a"}]
    assert refund["template"]["spec"]["priorityClassName"] == "high"
    assert cancel["replicas"] == 0
    (only,) = cancel["template"]["spec"]["topologySpreadConstraints"]
    assert (only["topologyKey"], only["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "DoNotSchedule")


def test_pods_of_a_workload_are_spread_among_themselves() -> None:
    """Over zones and nodes, and only pods of the same version count."""
    for name, thing in of_kind(render(), "Deployment").items():
        constraints = thing["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert {one["topologyKey"] for one in constraints} == {
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        }
        for one in constraints:
            assert one["labelSelector"]["matchLabels"] == thing["spec"]["selector"]["matchLabels"], name
            assert one["matchLabelKeys"] == ["pod-template-hash"]


def test_whatever_else_a_pod_needs_can_be_given() -> None:
    """Variables, volumes, containers before and beside it, hosts, DNS, runtime and scheduler."""
    extra = {
        "extraEnv": [{"name": "TZ", "value": "Asia/Shanghai"}],
        "extraEnvFrom": [{"secretRef": {"name": "extra"}}],
        "extraVolumes": [{"name": "extra", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "extra", "mountPath": "/extra"}],
        "extraContainers": [{"name": "beside", "image": "beside:1"}],
        "extraInitContainers": [{"name": "before", "image": "before:1"}],
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["gateway.example"]}],
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["10.0.0.2"]},
        "runtimeClassName": "gvisor",
        "schedulerName": "mine",
        "hostUsers": False,
        "podAnnotations": {"a": "b"},
        "podLabels": {"c": "d"},
    }
    pod = of_kind(render(MINIMAL, {"workloads": {"pay": extra}}), "Deployment")["pay"]["spec"]["template"]
    spec, it = pod["spec"], container(pod)
    for name in ("hostAliases", "dnsPolicy", "dnsConfig", "runtimeClassName", "schedulerName", "hostUsers"):
        assert spec[name] == extra[name]
    assert extra["extraEnv"][0] in it["env"]
    assert extra["extraEnvFrom"][0] in it["envFrom"]
    assert extra["extraVolumes"][0] in spec["volumes"]
    assert extra["extraVolumeMounts"][0] in it["volumeMounts"]
    assert extra["extraContainers"][0] in spec["containers"]
    assert spec["initContainers"] == extra["extraInitContainers"]
    assert pod["metadata"]["annotations"]["a"] == "b"
    assert pod["metadata"]["labels"]["c"] == "d"


def test_numbers_reach_the_service_as_they_were_written() -> None:
    """A million stays 1000000: Helm keeps numbers as floats, and would write 1e+06."""
    changes = {
        "settings": {"in_flight": 10_000, "max_open": 100_000},
        "workloads": {"sandbox": {"settings": {"max_orders": 10_000_000, "latency_ms": 0.5}}},
    }
    things = render(SANDBOX, changes)
    assert environment(things, "pay")["PAYBUS_MAX_OPEN"] == "100000"
    assert environment(things, "sandbox")["PAYBUS_SANDBOX_MAX_ORDERS"] == "10000000"
    assert environment(things, "sandbox")["PAYBUS_SANDBOX_LATENCY_MS"] == "0.5"


def test_a_workloads_setting_wins_over_the_common_one() -> None:
    """Also when it is 0; and nobody gets a setting that is none of his."""
    changes = {
        "settings": {"query_lag_seconds": 5, "log_level": "debug"},
        "workloads": {"pay": {"settings": {"query_lag_seconds": 0}}},
    }
    things = render(SANDBOX, changes)
    assert environment(things, "pay")["PAYBUS_QUERY_LAG_SECONDS"] == "0"
    assert environment(things, "refund")["PAYBUS_QUERY_LAG_SECONDS"] == "5"
    assert "PAYBUS_QUERY_LAG_SECONDS" not in environment(things, "exporter")
    assert environment(things, "exporter")["PAYBUS_LOG_LEVEL"] == "debug"
    assert not [name for name in environment(things, "sandbox") if "LAG" in name or "LOG" in name]


def test_spans_say_which_pod_they_are_of() -> None:
    """Tracing is set by OpenTelemetry's own variables, where it is on."""
    traced = environment(render(PRODUCTION), "pay")
    assert traced["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector.observability:4318"
    assert "k8s.namespace.name=payments,k8s.pod.name=$(K8S_POD_NAME)" in traced["OTEL_RESOURCE_ATTRIBUTES"]
    assert not [name for name in environment(render(), "pay") if name.startswith("OTEL_")]
    headers = environment(render(PRODUCTION, {"tracing": {"headersSecret": "collector"}}), "notifier")
    wanted = {"secretKeyRef": {"name": "collector", "key": "headers"}}
    assert headers["OTEL_EXPORTER_OTLP_HEADERS"] == wanted
