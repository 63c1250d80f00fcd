"""The names of services: CoreDNS beside the node, as it would run in the cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import socket
import struct

from tests.cluster.binaries import name_server
from tests.cluster.errors import ClusterError
from tests.cluster.plane import ControlPlane
from tests.cluster.program import Daemon
from tests.cluster.system.network import NODE
from tests.cluster.waiting import wait_for

DOMAIN = "cluster.local"
PORT = 53
_READY_SECONDS = 60.0


@contextmanager
def open_names(plane: ControlPlane, folder: Path) -> Iterator[None]:
    """Let the node's address answer for the names of *plane*'s services, while the block lasts."""
    file = folder / "Corefile"
    account = plane.kubeconfig("admin")
    file.write_text(f".:{PORT} {{\n errors\n kubernetes {DOMAIN} {{\n  kubeconfig {account} x\n }}\n}}\n")
    with Daemon("coredns", [name_server(), "-conf", file], folder / "coredns.log") as daemon:
        name = f"kubernetes.default.svc.{DOMAIN}"
        wait_for("names", lambda: address_of(name), seconds=_READY_SECONDS, need=[daemon])
        yield


def address_of(name: str) -> str:
    """Ask for the IPv4 address of *name*; raises ClusterError when there is none."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    question = struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(2.0)
        try:
            asking.sendto(question, (NODE, PORT))
            answer = asking.recv(512)
        except OSError as error:
            raise ClusterError(f"no answer about {name}: {error}") from error
    if struct.unpack("!H", answer[6:8])[0] == 0:
        raise ClusterError(f"no such name: {name}")
    return socket.inet_ntoa(answer[-4:])
