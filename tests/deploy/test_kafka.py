"""Topics, users and their rights, as the services' own code has them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.deploy.chart import MINIMAL, PRODUCTION, SANDBOX, Thing, environment, of_kind, pods, render

from paybus.contracts.topics import Topics
from paybus.trades.operation import Kind

TOPICS = Topics("paybus")
STRIMZI = {
    "kafka": {
        "securityProtocol": "SASL_SSL",
        "strimzi": {"cluster": "main", "users": {"enabled": True}, "topics": {"enabled": True}},
    }
}
MUTUAL = {
    "kafka": {
        "securityProtocol": "SSL",
        "strimzi": {"cluster": "main", "users": {"enabled": True, "authentication": "tls"}},
    }
}


def topics(things: Sequence[Thing]) -> Mapping[str, Any]:
    """Give the spec of each KafkaTopic by the topic's name."""
    found = [thing["spec"] for thing in things if thing["kind"] == "KafkaTopic"]
    return {spec["topicName"]: spec for spec in found}


def rights(things: Sequence[Thing], user: str) -> set[tuple[str, str, str]]:
    """Give what a user may do: operation, kind of resource, and its whole name."""
    acls = of_kind(things, "KafkaUser")[user]["spec"]["authorization"]["acls"]
    assert {acl["resource"]["patternType"] for acl in acls} == {"literal"}
    assert {acl["type"] for acl in acls} == {"allow"}
    return {
        (operation, acl["resource"]["type"], acl["resource"]["name"])
        for acl in acls
        for operation in acl["operations"]
        if operation != "Describe"
    }


@pytest.mark.parametrize("prefix", ["paybus", "Shop_7"])
def test_the_topics_are_those_of_the_contracts(prefix: str) -> None:
    """Every topic that services use is made, and no other; its object has a name that Kubernetes takes."""
    things = render(PRODUCTION, {"kafka": {"topicPrefix": prefix}})
    assert topics(things).keys() == set(Topics(prefix).all())
    names = {thing["metadata"]["name"] for thing in things if thing["kind"] == "KafkaTopic"}
    assert len(names) == len(Topics(prefix).all())
    assert all(name == name.lower() and "_" not in name for name in names)


def test_records_outlive_a_broker_and_dead_letters_their_commands() -> None:
    """Two of three replicas have a record before it counts; nothing is compacted away."""
    found = topics(render(PRODUCTION))
    for spec in found.values():
        assert 1 < spec["config"]["min.insync.replicas"] < spec["replicas"]
        assert spec["config"]["cleanup.policy"] == "delete"
        assert spec["config"]["compression.type"] == "zstd"
    for kind in Kind:
        commands, letters = found[TOPICS.commands(kind)], found[TOPICS.dead_letters(kind)]
        assert letters["config"]["retention.ms"] > commands["config"]["retention.ms"]
        assert commands["config"]["retention.ms"] == 7 * 86_400_000


def test_topics_outlive_the_release() -> None:
    """Uninstalling must not take commands away that nobody has carried out yet."""
    for thing in render(PRODUCTION):
        if thing["kind"] == "KafkaTopic":
            assert thing["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
            assert thing["metadata"]["labels"]["strimzi.io/cluster"] == "main"


@pytest.mark.parametrize("kind", list(Kind))
def test_a_worker_reads_its_commands_and_writes_what_became_of_them(kind: Kind) -> None:
    """Its topic, its group, its dead letters, the calls: never another worker's commands, never events."""
    commands = TOPICS.commands(kind)
    assert rights(render(PRODUCTION), kind.value) == {
        ("Read", "topic", commands),
        ("Read", "group", commands),
        ("Write", "topic", TOPICS.dead_letters(kind)),
        ("Write", "topic", TOPICS.gateway_calls),
    }


def test_only_the_notifier_writes_events() -> None:
    """Whoever could write them could tell others that money moved."""
    things = render(PRODUCTION)
    users = of_kind(things, "KafkaUser")
    assert users.keys() == {"pay", "refund", "cancel", "notifier", "reconciler", "exporter"}
    event = ("Write", "topic", TOPICS.trade_events)
    assert {name for name in users if event in rights(things, name)} == {"notifier"}
    assert rights(things, "notifier") == {event}
    assert rights(things, "reconciler") == {("Write", "topic", TOPICS.gateway_calls)}


def test_the_exporter_writes_nothing() -> None:
    """It reads calls, letters and backlogs; its one group is a place to note how far it is."""
    found = rights(render(PRODUCTION), "exporter")
    assert {operation for operation, _, _ in found} == {"Read"}
    assert {name for _, kind, name in found if kind == "group"} == {"paybus.exporter"}
    assert {name for _, kind, name in found if kind == "topic"} == {*TOPICS.all()} - {TOPICS.trade_events}


def test_the_test_may_ask_for_a_payment_where_it_pays() -> None:
    """It is a user of its own, on the sandbox only."""
    things = render(SANDBOX, STRIMZI)
    assert rights(things, "test") == {
        ("Write", "topic", TOPICS.commands(Kind.PAY)),
        ("Read", "topic", TOPICS.trade_events),
    }
    assert "sandbox" not in of_kind(things, "KafkaUser")


def test_a_user_of_strimzi_is_who_the_pod_says_it_is() -> None:
    """The name is the KafkaUser's, the password is in the Secret that Strimzi makes for it."""
    things = render(PRODUCTION)
    for name, user in of_kind(things, "KafkaUser").items():
        variables = environment(things, name)
        assert user["spec"]["authentication"]["type"] == "scram-sha-512"
        assert variables["PAYBUS_KAFKA_SASL_USERNAME"] == user["metadata"]["name"]
        assert variables["PAYBUS_KAFKA_SASL_MECHANISM"] == "SCRAM-SHA-512"
        secret = variables["PAYBUS_KAFKA_SASL_PASSWORD"]["secretKeyRef"]
        assert secret == {"name": user["metadata"]["name"], "key": "password"}


def kafka_files(things: Sequence[Thing], name: str) -> dict[str, tuple[str, str]]:
    """Give each file in /etc/paybus/kafka: the Secret and the key that it comes from."""
    volumes = {volume["name"]: volume for volume in pods(things)[name]["spec"]["volumes"]}
    sources = [source["secret"] for source in volumes["kafka"]["projected"]["sources"]]
    return {item["path"]: (one["name"], item["key"]) for one in sources for item in one["items"]}


def test_strimzis_certificates_are_where_the_settings_say() -> None:
    """With mutual TLS each workload has its own certificate, and all know the cluster's authority."""
    things = render(MINIMAL, MUTUAL)
    variables = environment(things, "refund")
    assert variables["PAYBUS_KAFKA_CA_FILE"] == "/etc/paybus/kafka/ca.crt"
    assert variables["PAYBUS_KAFKA_CERTIFICATE_FILE"] == "/etc/paybus/kafka/tls.crt"
    assert variables["PAYBUS_KAFKA_KEY_FILE"] == "/etc/paybus/kafka/tls.key"
    assert kafka_files(things, "refund") == {
        "ca.crt": ("main-cluster-ca-cert", "ca.crt"),
        "tls.crt": ("shop-paybus-refund", "user.crt"),
        "tls.key": ("shop-paybus-refund", "user.key"),
    }
    assert not [name for name in variables if "SASL" in name]


def test_brokers_without_strimzi_take_a_user_from_secrets() -> None:
    """One for all, or one for each workload; the user's name from values or from the Secret."""
    changes = {
        "kafka": {
            "securityProtocol": "SASL_SSL",
            "sasl": {
                "mechanism": "PLAIN",
                "existingSecret": "kafka",
                "usernameKey": "who",
                "passwordKey": "what",
            },
            "tls": {"caSecret": "authority"},
        },
        "workloads": {"pay": {"kafkaSecret": "kafka-pay"}},
    }
    things = render(MINIMAL, changes)
    for name, secret in (("pay", "kafka-pay"), ("refund", "kafka")):
        variables = environment(things, name)
        assert variables["PAYBUS_KAFKA_SASL_USERNAME"]["secretKeyRef"] == {"name": secret, "key": "who"}
        assert variables["PAYBUS_KAFKA_SASL_PASSWORD"]["secretKeyRef"] == {"name": secret, "key": "what"}
        assert kafka_files(things, name) == {"ca.crt": ("authority", "ca.crt")}


def test_a_locked_key_is_opened_by_its_secret() -> None:
    """For the workload, and for KEDA, which connects as the workload does."""
    changes = {
        "kafka": {
            "securityProtocol": "SSL",
            "tls": {"certificateSecret": "own", "privateKeyPasswordKey": "lock"},
        },
        "workloads": {"pay": {"autoscaling": {"kind": "keda"}}},
    }
    things = render(MINIMAL, changes)
    given = environment(things, "pay")["PAYBUS_KAFKA_KEY_PASSWORD"]
    assert given == {"secretKeyRef": {"name": "own", "key": "lock"}}
    told = of_kind(things, "TriggerAuthentication")["pay"]["spec"]["secretTargetRef"]
    assert {one["parameter"]: (one["name"], one["key"]) for one in told} == {
        "cert": ("own", "user.crt"),
        "key": ("own", "user.key"),
        "keyPassword": ("own", "lock"),
    }


def test_plain_brokers_need_nothing() -> None:
    """No volume and no variable of a secret kind is left over."""
    things = render(MINIMAL)
    assert "kafka" not in {volume["name"] for volume in pods(things)["pay"]["spec"]["volumes"]}
    assert {name for name in environment(things, "pay") if "KAFKA" in name} == {
        "PAYBUS_KAFKA_BOOTSTRAP",
        "PAYBUS_KAFKA_SECURITY_PROTOCOL",
    }


def test_keda_sees_the_lag_of_the_workers_own_group() -> None:
    """The group has its topic's name, and KEDA is to the brokers who the worker is."""
    things = render(PRODUCTION)
    for kind in Kind:
        scaled = of_kind(things, "ScaledObject")[kind.value]["spec"]
        kafka, cpu = scaled["triggers"]
        assert scaled["scaleTargetRef"]["name"] == f"shop-paybus-{kind}"
        assert kafka["metadata"]["topic"] == kafka["metadata"]["consumerGroup"] == TOPICS.commands(kind)
        assert (kafka["metadata"]["sasl"], kafka["metadata"]["tls"]) == ("scram_sha512", "enable")
        authentication = of_kind(things, "TriggerAuthentication")[kind.value]
        assert kafka["authenticationRef"]["name"] == authentication["metadata"]["name"]
        given = {one["parameter"]: one["name"] for one in authentication["spec"]["env"]}
        assert (
            given.items()
            <= {
                "username": "PAYBUS_KAFKA_SASL_USERNAME",
                "password": "PAYBUS_KAFKA_SASL_PASSWORD",
            }.items()
        )
        assert set(given.values()) <= environment(things, kind.value).keys()
        assert cpu["type"] == "cpu"
        assert scaled["minReplicaCount"] >= 1


def test_what_is_scaled_has_no_number_of_pods_of_its_own() -> None:
    """An upgrade would set it back while others scale."""
    for name, thing in of_kind(render(PRODUCTION), "Deployment").items():
        scaled = name in {"pay", "refund", "cancel", "notifier"}
        assert ("replicas" in thing["spec"]) is not scaled
    (target,) = of_kind(render(PRODUCTION), "HorizontalPodAutoscaler").values()
    assert target["spec"]["scaleTargetRef"]["name"] == "shop-paybus-notifier"
    assert target["spec"]["minReplicas"] <= target["spec"]["maxReplicas"]
