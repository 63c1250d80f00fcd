"""A real node: containerd and runc run containers, a kubelet asks them to, kube-proxy leads to services."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import shutil

from tests.cluster.plane import ControlPlane
from tests.cluster.program import Daemon, need, run
from tests.cluster.system.images import PAUSE, pause_image
from tests.cluster.system.names import DOMAIN
from tests.cluster.system.network import NODE, PODS
from tests.cluster.waiting import wait_for

NAME = "node1"
_PLUGINS = "/usr/lib/cni"  # where Debian's containernetworking-plugins puts them
_EVICTIONS = ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available")
_READY_SECONDS = 60.0


@contextmanager
def open_node(plane: ControlPlane, folder: Path, image: Path) -> Iterator[None]:
    """Let *plane* have one ready node that holds *image*, while the block lasts."""
    need("containerd", "ctr", "runc", "iptables")
    folder.mkdir()
    socket = folder / "containerd.sock"
    with Daemon("containerd", _containerd(folder, socket), folder / "containerd.log") as runtime:
        wait_for("containerd", lambda: _ctr(socket, "version"), seconds=_READY_SECONDS, need=[runtime])
        for one in (pause_image(), image):
            _ctr(socket, "-n", "k8s.io", "images", "import", one)
        kubelet = plane.start_part("kubelet", *_kubelet(plane, folder, socket))
        plane.start_part("kube-proxy", f"--config={_proxy(plane, folder)}")
        wait_for("the node", lambda: _is_ready(plane), seconds=_READY_SECONDS, need=[kubelet])
        try:
            yield
        finally:
            kubelet.stop()


def _ctr(socket: Path, *arguments: str | Path) -> str:
    return run(["ctr", "-a", socket, *arguments])


def _containerd(folder: Path, socket: Path) -> list[str | Path]:
    """Write containerd's settings, and give the command that starts it."""
    networks = folder / "networks"
    networks.mkdir()
    networks.joinpath("10-bridge.conflist").write_text(json.dumps(_pod_network(folder)))
    file = folder / "containerd.toml"
    file.write_text(
        f"""
version = 2
root = "{folder}/containerd"
state = "{folder}/state"
[grpc]
address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
disable_apparmor = true
tolerate_missing_hugetlb_controller = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{_PLUGINS}"
conf_dir = "{networks}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"""
    )
    return [shutil.which("containerd") or "containerd", "--config", file]


def _pod_network(folder: Path) -> object:
    addresses = {
        "type": "host-local",
        "dataDir": str(folder / "addresses"),
        "ranges": [[{"subnet": PODS}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True, "ipam": addresses}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, ports]}


def _kubelet(plane: ControlPlane, folder: Path, socket: Path) -> list[str]:
    anyone = {"anonymous": {"enabled": True}, "webhook": {"enabled": False}}
    settings = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE,
        "authentication": anyone,
        "authorization": {"mode": "AlwaysAllow"},  # nobody else is in this network
        "containerRuntimeEndpoint": f"unix://{socket}",
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "localStorageCapacityIsolation": False,
        "oomScoreAdj": 0,
        "makeIPTablesUtilChains": False,
        "resolvConf": "/dev/null",
        "clusterDNS": [NODE],
        "clusterDomain": DOMAIN,
        "evictionHard": dict.fromkeys(_EVICTIONS, "0%"),
        "podLogsDir": str(folder / "logs"),
    }
    file = folder / "kubelet.json"
    file.write_text(json.dumps(settings))
    return [
        f"--config={file}", f"--kubeconfig={plane.kubeconfig('system:node:node1')}",
        f"--hostname-override={NAME}", f"--node-ip={NODE}", f"--root-dir={folder / 'kubelet'}",
        f"--cert-dir={folder / 'certificates'}",
    ]  # fmt: skip


def _proxy(plane: ControlPlane, folder: Path) -> Path:
    settings = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": NAME,
        "bindAddress": NODE,
        "clientConnection": {"kubeconfig": str(plane.kubeconfig("system:kube-proxy"))},
        # The limits of the machine's own connection table are not ours to set.
        "conntrack": {
            "maxPerCore": 0, "min": 0, "tcpCloseWaitTimeout": "0s", "tcpEstablishedTimeout": "0s",
        },
    }  # fmt: skip
    file = folder / "proxy.json"
    file.write_text(json.dumps(settings))
    return file


def _is_ready(plane: ControlPlane) -> bool:
    status = plane.client.read("node", NAME)["status"]
    return any(one["type"] == "Ready" and one["status"] == "True" for one in status["conditions"])
