"""deploy/compose.yaml: every service, in the order in which they need each other, on stores that are real."""

from collections.abc import Mapping
import json
from pathlib import Path
import re
import shutil
import subprocess
from typing import Any

from jsonschema import Draft7Validator
import pytest
from tests.cluster.binaries import module_folder
from tests.cluster.errors import MissingError
from tests.deploy.chart import CHART
from tests.deploy.places import DEPLOY
from tests.deploy.settings import CLASSES, variables
from tests.kafka.jars import kafka_version
import yaml

from paybus.contracts.topics import Topics
from paybus.gateway.merchant import load_merchants
from paybus.runtime.service import STOP_SECONDS
from paybus.runtime.settings import Settings

FILE = DEPLOY / "compose.yaml"
FOLDER = DEPLOY / "compose"
COMPOSE: Mapping[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: Mapping[str, Any] = COMPOSE["services"]
FOREIGN = {"postgresql", "kafka", "topics", "migrations", "prometheus", "alertmanager", "tempo", "grafana"}
OURS = sorted(SERVICES.keys() - FOREIGN)
COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
SPECIFICATION = "github.com/compose-spec/compose-go/v2@v2.9.1"


def test_it_is_a_compose_file() -> None:
    """By the specification's own schema."""
    try:
        folder = module_folder(SPECIFICATION)
    except MissingError as error:
        pytest.skip(str(error))
    schema = json.loads(Path(folder, "schema", "compose-spec.json").read_text())
    Draft7Validator(schema).validate(json.loads(json.dumps(COMPOSE)))


def test_its_services_are_the_deployables() -> None:
    """Each once, run by its own module; what else is there are stores, one-shots and monitoring."""
    assert set(OURS) == CLASSES.keys()
    for name in OURS:
        assert SERVICES[name]["command"] == [f"paybus.{name}"]
        assert SERVICES[name]["image"] == SERVICES["migrations"]["image"]
        assert Path(FILE.parent, SERVICES[name]["build"]["context"], "deploy/Dockerfile").exists()


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_told_what_it_needs_and_nothing_else(name: str) -> None:
    """Every PAYBUS_ variable is one that it reads, and those without a default are all there."""
    given = SERVICES[name]["environment"].keys() - {COLLECTOR}
    assert given <= variables(name)
    required = {one for one, field in CLASSES[name].model_fields.items() if field.is_required()}
    assert {one.removeprefix("PAYBUS_").removeprefix("SANDBOX_").lower() for one in given} >= required


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_hardened_and_stops_in_order(name: str) -> None:
    """A read-only root, no privileges, a probe, and as long to stop as it takes."""
    it = SERVICES[name]
    assert it["read_only"] is True
    assert it["cap_drop"] == ["ALL"]
    assert it["security_opt"] == ["no-new-privileges:true"]
    assert it["tmpfs"] == ["/tmp"]  # noqa: S108
    minutes, seconds = re.fullmatch(r"(\d+)m(\d+)s", it["stop_grace_period"]).groups()  # type: ignore[union-attr]
    grace_seconds = Settings.model_fields["grace_seconds"].default
    assert int(minutes) * 60 + int(seconds) > grace_seconds + STOP_SECONDS
    path = "/admin/health" if name == "sandbox" else "/ready"
    assert f":8080{path}'" in it["healthcheck"]["test"][-1]
    compile(it["healthcheck"]["test"][-1], "healthcheck", "exec")


def test_services_wait_for_what_they_need() -> None:
    """Tables and topics first; those wait until their stores answer."""
    for name in set(OURS) - {"sandbox"}:
        assert {one["condition"] for one in SERVICES[name]["depends_on"].values()} == {
            "service_completed_successfully"
        }
        assert SERVICES[name]["depends_on"].keys() == {"migrations", "topics"}
    for name, store in (("migrations", "postgresql"), ("topics", "kafka")):
        assert SERVICES[name]["depends_on"] == {store: {"condition": "service_healthy"}}
        assert "healthcheck" in SERVICES[store]
        assert SERVICES[name]["restart"] == "no"


def test_every_topic_is_made() -> None:
    """Those of the contracts, and no other: the broker makes none by itself."""
    (script,) = SERVICES["topics"]["command"]
    assert sorted(re.findall(r"paybus\.[a-z.]+v1(?:\.dlq)?", script)) == sorted(Topics().all())
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_the_broker_is_the_one_that_tests_run_on() -> None:
    """The same version of Apache Kafka."""
    assert SERVICES["kafka"]["image"].endswith(f":{kafka_version()}")
    assert SERVICES["topics"]["image"] == SERVICES["kafka"]["image"]


def test_nothing_is_reached_from_other_machines() -> None:
    """Passwords are known to everybody, so ports are open on this machine only."""
    ports = [port for it in SERVICES.values() for port in it.get("ports", [])]
    assert len(ports) == len(set(ports)) == 6
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_merchant_is_made_up_and_can_be_used() -> None:
    """His file is one that services take, and leads to the sandbox alone."""
    (merchant,) = load_merchants(FOLDER / "merchants").values()
    assert merchant.base_url.startswith("http://sandbox:8080/")
    assert "made-up" in merchant.key
    passwords = re.findall(r"(?:PASSWORD: |//\w+:)([a-z][\w-]+)", FILE.read_text())
    assert set(passwords) == {"made-up"}


def test_prometheus_reads_every_service_under_its_job() -> None:
    """And the rules of the chart, with the namespace that its rules ask for."""
    settings = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
    (scrape,) = settings["scrape_configs"]
    (group,) = scrape["static_configs"]
    assert group["targets"] == [
        f"{name}:8080" for name in ("pay", "refund", "cancel", "notifier", "reconciler", "exporter")
    ]
    assert {target.partition(":")[0] for target in group["targets"]} == set(OURS) - {"sandbox"}
    (rename,) = scrape["relabel_configs"]
    renamed = re.sub(rename["regex"], rename["replacement"].replace("$1", r"\1"), group["targets"][0])
    assert renamed == "paybus-pay"


def test_prometheus_takes_its_settings() -> None:
    """Its own promtool has nothing against them."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("there is no promtool on the path")
    command = [promtool, "check", "config", "--syntax-only", str(FOLDER / "prometheus.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr


def test_what_is_mounted_is_there() -> None:
    """A path that does not exist would become an empty folder without a word."""
    mounts = [mount for it in SERVICES.values() for mount in it.get("volumes", [])]
    for mount in mounts:
        source = mount.split(":")[0]
        assert source in COMPOSE["volumes"] or (source.startswith("./") and (DEPLOY / source).exists()), (
            source
        )
        assert source in COMPOSE["volumes"] or mount.endswith(":ro"), mount
    assert "./helm/paybus/rules:/etc/prometheus/rules:ro" in mounts
    assert any(mount.startswith("./helm/paybus/dashboards:") for mount in mounts)
    assert CHART.parent.parent == DEPLOY
