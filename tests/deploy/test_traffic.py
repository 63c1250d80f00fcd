"""NetworkPolicies: denied unless it is needed; and callbacks come in by one path only."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.deploy.chart import MINIMAL, PRODUCTION, SANDBOX, environment, of_kind, pods, render
from tests.deploy.kinds import problems

CALLERS = {"pay", "refund", "cancel", "reconciler"}
DENIED = {"networkPolicy": {"enabled": True}}


def policies(values: Any = PRODUCTION, changes: Any = None) -> Mapping[str, Any]:
    """Give the spec of each policy by its component."""
    found = of_kind(render(values, changes), "NetworkPolicy")
    return {name: policy["spec"] for name, policy in found.items()}


def ways_out(spec: Any, port: int) -> Iterator[Any]:
    """Give the peers that pods of *spec* may reach at *port*; None is anybody."""
    for rule in spec.get("egress", []):
        if any(one["port"] == port for one in rule["ports"]):
            yield from rule.get("to", [None])


def ways_in(spec: Any) -> list[Any]:
    """Give the peers that may reach pods of *spec*; None is anybody."""
    return [peer for rule in spec.get("ingress", []) for peer in rule.get("from", [None])]


def components(peers: list[Any]) -> set[str]:
    """Name the components of this release among *peers*."""
    expressions = [
        one for peer in peers if peer for one in peer.get("podSelector", {}).get("matchExpressions", [])
    ]
    return {name for one in expressions for name in one["values"]}


def test_everything_is_denied_first() -> None:
    """One policy chooses every pod of the release, and allows nothing in and nothing out."""
    denied = policies()["default-deny"]
    assert set(denied["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in denied
    assert "egress" not in denied
    for pod in pods(render(PRODUCTION)).values():
        assert denied["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


def test_every_pod_has_a_policy_of_its_own() -> None:
    """Also the migrations and the test: on an upgrade the denial is there before they are."""
    found = policies()
    assert found.keys() == {*pods(render(PRODUCTION)), "default-deny"}
    for name, spec in found.items():
        assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
        if name != "default-deny":
            assert spec["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == name


def test_the_notifier_alone_is_reached_from_outside() -> None:
    """Everybody else is reached by Prometheus and by the release's own test."""
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    router = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}}
    for name, spec in policies().items():
        others = [peer for peer in ways_in(spec) if not components([peer])]
        if name in {"default-deny", "migrations", "test"}:
            assert others == []
        else:
            assert others == ([router, monitoring] if name == "notifier" else [monitoring]), name


def test_without_a_list_anybody_may_send_callbacks_and_nobody_else_gets_in() -> None:
    """The gateway's addresses are often not known: an empty list opens the notifier, and nothing else."""
    open_to_all = {name for name, spec in policies(MINIMAL, DENIED).items() if None in ways_in(spec)}
    assert open_to_all == {"notifier"}


def test_the_gateway_is_reached_by_those_who_call_it() -> None:
    """The notifier, the exporter and the migrations have no way out to it."""
    gateway = {"ipBlock": {"cidr": "203.0.113.0/24"}}
    reaching = {name for name, spec in policies().items() if gateway in ways_out(spec, 443)}
    assert reaching == CALLERS
    assert {name for name, spec in policies().items() if list(ways_out(spec, 443))} == CALLERS


def test_by_default_the_gateway_is_not_inside() -> None:
    """The way out to 443 leads nowhere in private networks, where other people's services are."""
    (peer,) = ways_out(policies(MINIMAL, DENIED)["pay"], 443)
    assert "10.0.0.0/8" in peer["ipBlock"]["except"]


def test_stores_are_reached_by_those_who_use_them() -> None:
    """The migrations need no broker, and nobody but the services needs PostgreSQL."""
    found = policies()
    services = CALLERS | {"notifier", "exporter"}
    assert {name for name, spec in found.items() if list(ways_out(spec, 5432))} == services | {"migrations"}
    assert {name for name, spec in found.items() if list(ways_out(spec, 9093))} == services


def test_names_can_be_asked_for() -> None:
    """Without DNS nothing works, and by no other port."""
    for name, spec in policies().items():
        if name != "default-deny":
            assert list(ways_out(spec, 53)), name


def test_the_sandbox_is_part_of_the_release_and_no_way_out() -> None:
    """It is reached by those who call the gateway, and reaches the notifier alone."""
    found = policies(SANDBOX, DENIED)
    assert components(ways_in(found["sandbox"])) == CALLERS | {"test"}
    assert components(list(ways_out(found["sandbox"], 8080))) == {"notifier"}
    assert {name for name in CALLERS if "sandbox" in components(list(ways_out(found[name], 8080)))} == CALLERS
    assert not [port for port in (443, 5432, 9092) if list(ways_out(found["sandbox"], port))]


def test_the_brokers_ports_are_those_of_their_addresses() -> None:
    """Whoever changes the address need not remember the policy."""
    changes = DENIED | {"kafka": {"bootstrap": "a:19092,b:19093,c:19092"}}
    found = policies(MINIMAL, changes)["pay"]
    assert list(ways_out(found, 19092))
    assert list(ways_out(found, 19093))
    assert not list(ways_out(found, 9092))


def test_the_gateway_can_be_known_by_its_names() -> None:
    """Its addresses change, its names do not: Cilium's policy takes the place of networks."""
    names = {"networkPolicy": {"gateway": {"names": ["pay.example.com", "*.example.net"]}}}
    things = render(PRODUCTION, names)
    spec = of_kind(things, "CiliumNetworkPolicy")["gateway"]["spec"]
    (chosen,) = spec["endpointSelector"]["matchExpressions"]
    assert set(chosen["values"]) == CALLERS
    asking, calling = spec["egress"]
    assert asking["toPorts"][0]["rules"] == {"dns": [{"matchPattern": "*"}]}
    assert calling["toFQDNs"] == [{"matchName": "pay.example.com"}, {"matchPattern": "*.example.net"}]
    assert calling["toPorts"] == [{"ports": [{"port": "443", "protocol": "TCP"}]}]
    assert not [name for name, spec in policies(PRODUCTION, names).items() if list(ways_out(spec, 443))]
    assert problems([of_kind(things, "CiliumNetworkPolicy")["gateway"]]) == []


@pytest.mark.parametrize("values", [PRODUCTION, SANDBOX])
def test_spans_go_out_where_they_are_sent(values: Any) -> None:
    """The port of the receiver is open exactly where tracing is on."""
    tracing = {name for name, spec in policies(values, DENIED).items() if list(ways_out(spec, 4318))}
    assert tracing == (CALLERS | {"notifier", "exporter"} if values == PRODUCTION else set())


def test_one_path_leads_in() -> None:
    """Ingress and HTTPRoute lead /callbacks of one host to the notifier; /metrics and /ready stay inside."""
    host = {"callbacks": {"host": "pay.example.com", "ingress": {"enabled": True, "tlsSecret": "tls"}}}
    (rule,) = of_kind(render(MINIMAL, host), "Ingress")["notifier"]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (rule["host"], path["path"], path["pathType"]) == ("pay.example.com", "/callbacks", "Prefix")
    assert path["backend"]["service"]["name"] == "shop-paybus-notifier"
    route = of_kind(render(PRODUCTION), "HTTPRoute")["notifier"]["spec"]
    assert route["hostnames"] == ["pay.example.com"]
    ((match,), (backend,)) = route["rules"][0]["matches"], route["rules"][0]["backendRefs"]
    assert match == {"path": {"type": "PathPrefix", "value": "/callbacks"}, "method": "POST"}
    assert backend == {"name": "shop-paybus-notifier", "port": 8080}
    assert len(route["rules"]) == 1


def test_the_gateway_is_told_the_address_that_leads_in() -> None:
    """What goes with every payment is the host of the route, or the URL that was given."""
    assert environment(render(PRODUCTION), "pay")["PAYBUS_NOTIFY_BASE_URL"] == "https://pay.example.com"
    other = render(MINIMAL, {"callbacks": {"baseUrl": "https://other.example/pay", "host": "pay.example"}})
    assert environment(other, "pay")["PAYBUS_NOTIFY_BASE_URL"] == "https://other.example/pay"


def test_services_are_reached_inside_only() -> None:
    """No Service has an address outside the cluster; the exporter's shows also what is not ready."""
    services = of_kind(render(PRODUCTION), "Service")
    assert {service["spec"]["type"] for service in services.values()} == {"ClusterIP"}
    early = {name for name, service in services.items() if service["spec"].get("publishNotReadyAddresses")}
    assert early == {"exporter"}
