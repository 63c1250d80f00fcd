"""What cannot work is refused before anything is installed, in one sentence that says what to write."""

from pathlib import Path
from typing import Any

import pytest
from tests.deploy.chart import MINIMAL, PRODUCTION, SANDBOX, refusal, render

SASL = {"securityProtocol": "SASL_SSL"}


def pay(**own: Any) -> dict[str, Any]:
    """Give values in which the pay workload differs."""
    return {"workloads": {"pay": own}}


REFUSED: list[tuple[Path, dict[str, Any], str]] = [
    (MINIMAL, {"database": {"existingSecret": ""}}, "database.existingSecret is missing"),
    (
        MINIMAL,
        {"database": {"url": "postgresql://x"}},
        "database.url and database.existingSecret are both set",
    ),
    (MINIMAL, {"kafka": {"bootstrap": ""}}, "kafka.bootstrap is missing"),
    (MINIMAL, {"kafka": {"bootstrap": "kafka"}}, "write the brokers as host:port"),
    (MINIMAL, {"merchants": {"existingSecrets": []}}, "merchants.existingSecrets is missing"),
    (MINIMAL, {"merchants": {"files": {"shop.txt": "x"}}}, "merchants.files.shop.txt"),
    (
        MINIMAL,
        {"exporter": {"merchantGroups": {"retail": ["1", "2", "2"], "online": ["3", "1"]}}},
        "exporter.merchantGroups: merchant 1 is in online and in retail",
    ),
    (MINIMAL, {"sandboxMerchant": {"create": True}}, "sandboxMerchant.create is of no use"),
    (MINIMAL, {"profile": {"toml": "x", "existingConfigMap": "y"}}, "profile.toml and"),
    (MINIMAL, {"kafka": SASL | {"sasl": {"username": "x"}}}, "SASL_SSL needs a password"),
    (MINIMAL, {"kafka": SASL | {"sasl": {"existingSecret": "x"}}}, "SASL_SSL needs a user"),
    (
        MINIMAL,
        {"kafka": {"sasl": {"existingSecret": "x"}}},
        "is of no use with kafka.securityProtocol PLAINTEXT",
    ),
    (MINIMAL, {"kafka": {"tls": {"caSecret": "x"}}}, "write SSL or SASL_SSL"),
    (PRODUCTION, {"kafka": {"securityProtocol": "SSL"}}, "must have SASL, with SCRAM-SHA-512"),
    (PRODUCTION, {"kafka": {"strimzi": {"users": {"authentication": "tls"}}}}, "must be SSL"),
    (PRODUCTION, {"kafka": {"strimzi": {"namespace": "kafka"}}}, "pods here cannot read them"),
    (PRODUCTION, {"kafka": {"strimzi": {"cluster": ""}}}, "kafka.strimzi.cluster is missing"),
    (PRODUCTION, {"kafka": {"strimzi": {"topics": {"minInSyncReplicas": 3}}}}, "would stop everything"),
    (
        PRODUCTION,
        {"kafka": {"strimzi": {"topics": {"minInSyncReplicas": 4}}}},
        "nothing could ever be written",
    ),
    (
        PRODUCTION,
        {"kafka": {"strimzi": {"topics": {"deadLetters": {"retentionDays": 7}}}}},
        "a dead letter is looked at later",
    ),
    (PRODUCTION, pay(autoscaling={"maxReplicas": 13}), "the rest would have nothing to read"),
    (MINIMAL, pay(autoscaling={"kind": "hpa", "minReplicas": 7}), "minReplicas is above maxReplicas"),
    (MINIMAL, {"workloads": {"notifier": {"autoscaling": {"kind": "keda"}}}}, "only pay, refund and cancel"),
    (MINIMAL, {"callbacks": {"ingress": {"enabled": True}}}, "callbacks.host is missing"),
    (PRODUCTION, {"callbacks": {"httpRoute": {"parentRefs": []}}}, "parentRefs is missing"),
    (PRODUCTION, {"workloads": {"notifier": {"enabled": False}}}, "set workloads.notifier.enabled"),
    (PRODUCTION, {"monitoring": {"podMonitor": {"enabled": True}}}, "counted twice"),
    (MINIMAL, {"tracing": {"enabled": True}}, "tracing.endpoint is missing"),
    (MINIMAL, {"workloads": {"exporter": {"replicas": 2}}}, "two exporters count everything twice"),
    (MINIMAL, {"workloads": {"exporter": {"replicas": 0}}}, "exactly one pod"),
    (MINIMAL, {"workloads": {"exporter": {"autoscaling": {"kind": "hpa"}}}}, "exactly one pod"),
    (
        MINIMAL,
        {"workloads": {"exporter": {"strategy": {"type": "RollingUpdate"}}}},
        "the old pod has to be gone before the new one starts",
    ),
    (SANDBOX, {"workloads": {"sandbox": {"replicas": 2}}}, "every sandbox has books of its own"),
    (MINIMAL, pay(settings={"grace_seconds": 97}), "grace_seconds is 97, and must be 98 or more"),
    (MINIMAL, {"settings": {"gateway_pay_seconds": 120}}, "must be 128 or more"),
    (MINIMAL, pay(settings={"gateway_engine": "httpcore"}), "must be 101 or more"),
    (
        MINIMAL,
        {"workloads": {"refund": {"settings": {"grace_seconds": 20}}}},
        "workloads.refund: grace_seconds is 20, and must be 23 or more",
    ),
    (MINIMAL, pay(terminationGracePeriodSeconds=119), "is 119, and must be 120 or more"),
    (
        MINIMAL,
        {"workloads": {"notifier": {"terminationGracePeriodSeconds": 120}}},
        "is 120, and must be 125 or more",
    ),
    (MINIMAL, pay(settings={"in_flight": 2000, "max_open": 1999}), "max_open (1999) must not be below"),
    (MINIMAL, {"settings": {"heartbeat_seconds": 4}}, "must grow in this order"),
    (MINIMAL, {"settings": {"lease_seconds": 3.5}}, "must grow in this order"),
    (MINIMAL, pay(readinessProbe={"timeoutSeconds": 2}), "readinessProbe.timeoutSeconds must be 3 or more"),
]


@pytest.mark.parametrize(("values", "changes", "sentence"), REFUSED, ids=[one[2] for one in REFUSED])
def test_what_cannot_work_is_refused(values: Path, changes: dict[str, Any], sentence: str) -> None:
    """Helm ends with our sentence, and nothing was installed."""
    said = refusal(changes, values)
    assert "these values cannot work" in said
    assert sentence in said


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """Whoever mends one thing must not find the next one by trying again."""
    said = refusal(
        {"kafka": {"bootstrap": ""}, "merchants": {"existingSecrets": []}, "tracing": {"enabled": True}}
    )
    assert said.count("\n  - ") == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"grace_seconds": 98}},
        {"settings": {"gateway_pay_seconds": 1, "grace_seconds": 23}},
        pay(terminationGracePeriodSeconds=120),
        {"kafka": {"bootstrap": "[::1]:9092,b:9092"}},
        {"workloads": {"exporter": {"enabled": False}}},
    ],
)
def test_what_just_works_is_not_refused(changes: dict[str, Any]) -> None:
    """The bounds are where they should be, and not a second below."""
    assert render(MINIMAL, changes)
