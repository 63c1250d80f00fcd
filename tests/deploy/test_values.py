"""Values: each is described, typed and closed, and what is made from them is up to date."""

from pathlib import Path
import tomllib

from jsonschema import Draft7Validator
import pytest
from tests.deploy.chart import MINIMAL, refusal, render
from tests.deploy.generated import drifted
from tests.deploy.places import CHART, EXAMPLES, ROOT
from tests.deploy.schema import values_schema
from tests.deploy.settings import CLASSES, OURS, open_settings
from tests.deploy.values import FILE, read_values
import yaml


def test_what_is_made_from_values_is_up_to_date() -> None:
    """README, schema and the settings that the chart knows are written by `make chart`."""
    assert drifted() == []


def test_every_value_is_described() -> None:
    """What values.yaml holds is a value with a comment, or a section that leads to some."""
    described = {value.path for value in read_values()}

    def undescribed(found: object, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        if path in described:
            return []
        if not isinstance(found, dict) or not found:
            return [path]
        return [bad for key, inner in found.items() for bad in undescribed(inner, (*path, key))]

    assert undescribed(yaml.safe_load(FILE.read_text()), ()) == []
    assert len(described) > 150
    assert all(value.description.endswith(".") for value in read_values())


def test_the_schema_is_one_and_takes_the_defaults() -> None:
    """It is a schema itself, and values.yaml keeps it."""
    Draft7Validator.check_schema(values_schema())
    Draft7Validator(values_schema()).validate(yaml.safe_load(FILE.read_text()))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_keep_the_schema(example: Path) -> None:
    """And so does every example; that it can be rendered is another matter."""
    Draft7Validator(values_schema()).validate(yaml.safe_load(example.read_text()))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"replicas": 3}, "replicas"),
        ({"workloads": {"pay": {"replicaCount": 3}}}, "replicaCount"),
        ({"workloads": {"payout": {"enabled": True}}}, "payout"),
        ({"workloads": {"pay": {"autoscaling": {"enabled": True}}}}, "enabled"),
        ({"settings": {"in_fligth": 10}}, "in_fligth"),
        ({"settings": {"database_url": "postgresql://x"}}, "database_url"),
        ({"workloads": {"sandbox": {"settings": {"in_flight": 10}}}}, "in_flight"),
        ({"settings": {"in_flight": 10_001}}, "in_flight"),
        ({"settings": {"log_level": "chatty"}}, "log_level"),
        ({"settings": {"in_flight": "many"}}, "in_flight"),
        ({"kafka": {"securityProtocol": "TLS"}}, "securityProtocol"),
        ({"image": {"digest": "sha256:abc"}}, "digest"),
        ({"merchants": {"existingSecrets": "paybus-merchants"}}, "existingSecrets"),
        ({"networkPolicy": {"database": {"ports": [70_000]}}}, "ports"),
        ({"exporter": {"merchantGroup": {}}}, "merchantGroup"),
        ({"exporter": {"merchantGroups": {"other": ["0010000001"]}}}, "merchantGroups"),
        ({"exporter": {"merchantGroups": {"Retail": ["0010000001"]}}}, "merchantGroups"),
        ({"exporter": {"merchantGroups": {"retail": [10_000_001]}}}, "merchantGroups"),
        ({"exporter": {"merchantGroups": {f"g{one}": [] for one in range(21)}}}, "merchantGroups"),
        ({"callbacks": {"host": "https://pay.example.com"}}, "host"),
    ],
)
def test_what_is_no_value_is_refused(changes: dict[str, object], word: str) -> None:
    """A mistyped name or a value out of bounds is told before anything is installed, with its place."""
    said = refusal(changes)
    assert "specifications of the schema" in said
    assert word in said


def test_global_values_of_a_chart_around_this_one_are_no_mistake() -> None:
    """A chart that depends on this one has global values of its own, and they come here, too."""
    assert render(MINIMAL, {"global": {"region": "cn-north-1"}}) == render(MINIMAL)


def test_every_setting_of_a_service_is_a_value() -> None:
    """What a service reads can be set by values, or the chart sets it itself."""
    for workload, kind in CLASSES.items():
        ours = {name for name in kind.model_fields if name in OURS or name.startswith("kafka_")}
        assert set(open_settings(workload)) | ours == set(kind.model_fields)


def test_chart_image_and_package_have_one_version() -> None:
    """The chart installs the version of the package that it stands beside."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["appVersion"] == chart["version"] == package["version"]
    assert f"ARG VERSION={package['version']}\n" in (ROOT / "deploy" / "Dockerfile").read_text()
