"""The network of a node that has no other network: the caller is alone in a namespace of its own."""

from pathlib import Path

from tests.cluster.plane import SERVICE_ADDRESSES
from tests.cluster.program import need, run

NODE = "10.213.255.1"
"""Where the node, and what runs beside it, is reached from pods."""

PODS = "10.213.0.0/24"
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


def set_up_network() -> None:
    """Give this namespace its loopback, the node's address, and a way to the services."""
    need("ip", "iptables")
    run(["ip", "link", "set", "lo", "up"])
    run(["ip", "link", "add", "node0", "type", "bridge"])
    run(["ip", "address", "add", f"{NODE}/32", "dev", "node0"])
    run(["ip", "link", "set", "node0", "up"])
    run(["ip", "route", "add", SERVICE_ADDRESSES, "dev", "node0"])
    _FORWARDING.write_text("1")
