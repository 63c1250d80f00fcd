"""Secrets: they are in Secrets, of the narrowest kind, and nowhere else."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.chart import MINIMAL, PRODUCTION, SANDBOX, environment, of_kind, pods, render
from tests.deploy.places import EXAMPLES

PASSWORD = "hush-hush-7"
KEY = "a-merchants-key-9"
DEMONSTRATION = {
    "database": {"url": f"postgresql://paybus:{PASSWORD}@db:5432/paybus"},
    "merchants": {"files": {"0010000009.toml": f'key = "{KEY}"\n'}},
}


def test_a_secret_value_is_in_secrets_alone() -> None:
    """No variable, ConfigMap, annotation or argument has the password or a merchant's key as text."""
    things = render(SANDBOX, DEMONSTRATION)
    holding = {thing["kind"] for thing in things if PASSWORD in json.dumps(thing) or KEY in json.dumps(thing)}
    assert holding == {"Secret"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_variable_that_is_secret_is_a_reference(example: Path) -> None:
    """What is a password, a key or a URL with a password in it comes from a Secret when the pod starts."""
    things = render(example)
    found = 0
    for name in pods(things):
        for variable, value in environment(things, name).items():
            if variable.endswith(("_PASSWORD", "_DATABASE_URL", "_HEADERS")):
                assert "secretKeyRef" in value, (name, variable)
                found += 1
    assert found > 0


def test_merchants_are_a_directory_that_follows_its_secrets() -> None:
    """Mounted whole, for a subPath would never change again; keys are for the service's group alone."""
    things = render(PRODUCTION)
    for name in ("pay", "refund", "cancel", "notifier", "reconciler"):
        (volume,) = [one for one in pods(things)[name]["spec"]["volumes"] if one["name"] == "merchants"]
        sources = [source["secret"]["name"] for source in volume["projected"]["sources"]]
        assert sources == ["merchant-0010000001", "merchant-0010000002"]
        assert volume["projected"]["defaultMode"] == 0o440
        assert environment(things, name)["PAYBUS_MERCHANTS_DIRECTORY"] == "/etc/paybus/merchants"


def test_who_needs_no_keys_gets_none() -> None:
    """The exporter and the migrations never see a merchant's key."""
    things = render(PRODUCTION)
    for name in ("exporter", "migrations"):
        assert "merchants" not in {volume["name"] for volume in pods(things)[name]["spec"]["volumes"]}


def test_a_changed_merchant_starts_nothing_anew() -> None:
    """Services follow their files: a new key must not cost a restart of every pod."""
    other = {"merchants": {"files": {"0010000009.toml": 'key = "another-key-0"\n'}}}
    before = of_kind(render(SANDBOX, DEMONSTRATION), "Deployment")
    after = of_kind(render(SANDBOX, DEMONSTRATION | other), "Deployment")
    assert before == after


def test_a_changed_database_url_starts_pods_anew() -> None:
    """It is read once, at the start."""
    changed = {"database": {"url": "postgresql://paybus:other@db:5432/paybus"}}
    before = of_kind(render(SANDBOX, DEMONSTRATION), "Deployment")["pay"]["spec"]["template"]
    after = of_kind(render(SANDBOX, DEMONSTRATION | changed), "Deployment")["pay"]["spec"]["template"]
    assert before["spec"] == after["spec"]
    assert before["metadata"]["annotations"] != after["metadata"]["annotations"]


def _database_secret(things: Any, name: str) -> dict[str, str]:
    reference: dict[str, str] = environment(things, name)["PAYBUS_DATABASE_URL"]["secretKeyRef"]
    return reference


def test_each_may_have_a_database_role_of_its_own() -> None:
    """The migrations own the tables, the exporter only reads, the others change rows."""
    things = render(PRODUCTION)
    assert _database_secret(things, "migrations") == {"name": "paybus-database-owner", "key": "url"}
    assert _database_secret(things, "exporter") == {"name": "paybus-database-exporter", "key": "url"}
    assert _database_secret(things, "pay") == {"name": "paybus-database", "key": "url"}


def test_the_sandbox_knows_neither_the_ledger_nor_the_brokers() -> None:
    """It stands for somebody else's computer."""
    things = render(SANDBOX)
    assert not [name for name in environment(things, "sandbox") if "DATABASE" in name or "KAFKA" in name]


def test_an_existing_secret_leaves_nothing_to_be_made() -> None:
    """With names of Secrets only, the release holds no secret at all."""
    for values in (MINIMAL, PRODUCTION):
        assert of_kind(render(values), "Secret") == {}


def test_the_hook_has_what_it_needs_before_the_release_is_there() -> None:
    """Hooks come first: account and Secret of the migrations are hooks themselves, sooner than the Job."""
    things = render(SANDBOX)
    made = [
        thing
        for thing in things
        if thing["metadata"]["labels"]["app.kubernetes.io/component"] == "migrations"
    ]
    weights = {
        thing["kind"]: int(thing["metadata"]["annotations"]["helm.sh/hook-weight"])
        for thing in made
        if thing["kind"] != "NetworkPolicy"
    }
    assert weights.keys() == {"ServiceAccount", "Secret", "Job"}
    assert weights["Job"] > max(weights["Secret"], weights["ServiceAccount"])
    assert _database_secret(things, "migrations")["name"] == f"{made[0]['metadata']['name']}"
    assert pods(things)["migrations"]["spec"]["serviceAccountName"] == made[0]["metadata"]["name"]


def test_whoever_restarts_pods_for_new_secrets_is_told_which() -> None:
    """Those that are read once; merchants and certificates are followed without."""
    annotations = of_kind(render(PRODUCTION), "Deployment")["pay"]["metadata"]["annotations"]
    assert annotations["secret.reloader.stakater.com/reload"] == "paybus-database,shop-paybus-pay"
    assert "secret.reloader.stakater.com/reload" not in json.dumps(render())
