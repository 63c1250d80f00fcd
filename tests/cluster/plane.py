"""A control plane: etcd, API server, controllers and scheduler as four processes of one binary."""

from collections.abc import Callable
from contextlib import ExitStack
import json
from pathlib import Path
import secrets
from types import TracebackType
from typing import Self

from tests.cluster.binaries import clients, kubernetes
from tests.cluster.client import Client
from tests.cluster.program import Daemon, need, run
from tests.cluster.waiting import wait_for
from tests.kafka.apache import free_port

READY_SECONDS = 90.0  # six alone; machines are shared
SERVICE_ADDRESSES = "10.96.0.0/16"
_ACCOUNTS = {
    "admin": "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
    "system:node:node1": "system:nodes",
    "system:kube-proxy": "",
}


class ControlPlane:
    """Runs with its data under *folder*; *address* is that of the node, where there is a real one."""

    def __init__(self, folder: Path, *, address: str | None = None) -> None:
        need("setpriv", "openssl")
        self._folder = folder
        self._address = address
        self._ports = {
            name: free_port() for name in ("etcd", "peer", "apiserver", "controllers", "scheduler")
        }
        self._tokens = {name: secrets.token_hex(16) for name in _ACCOUNTS}
        self._stack = ExitStack()
        self._daemons: list[Daemon] = []
        self.client = Client(clients(), self.kubeconfig("admin"))

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()  # in reverse: the API server must have gone before etcd goes

    def kubeconfig(self, account: str) -> Path:
        """Give the file with which *account* finds the API server."""
        return self._folder / f"{account.replace(':', '-')}.kubeconfig"

    def start_part(self, name: str, *arguments: str | Path) -> Daemon:
        """Start one more part of Kubernetes, such as a kubelet; it ends before the rest."""
        log = self._folder / f"{name}.log"
        daemon = self._stack.enter_context(Daemon(name, [kubernetes(), name, *arguments], log))
        self._daemons.append(daemon)
        return daemon

    def check(self) -> None:
        """Raise ClusterError when a part has died."""
        for daemon in self._daemons:
            daemon.check()

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write_accounts()
        self.start_part("etcd", *self._etcd())
        self.start_part("kube-apiserver", *self._apiserver())
        self._wait("the API server", self._answers)
        self.start_part("kube-controller-manager", *self._controllers())
        self.start_part("kube-scheduler", *self._scheduler())
        account = ("get", "serviceaccount", "default", "-n", "default", "-o", "name")
        self._wait("the controllers", lambda: bool(self.client.kubectl(*account)))

    def _wait(self, what: str, look: Callable[[], bool]) -> None:
        wait_for(what, look, seconds=READY_SECONDS, need=self._daemons)

    def _answers(self) -> bool:
        return self.client.kubectl("get", "--raw", "/readyz") == "ok"

    def _write_accounts(self) -> None:
        key = self._folder / "accounts.key"
        run(["openssl", "genrsa", "-out", key, "2048"])
        rows = [f'{self._tokens[name]},{name},{name},"{group}"\n' for name, group in _ACCOUNTS.items()]
        self._write("tokens.csv", "".join(rows))
        for name in _ACCOUNTS:
            self._write(self.kubeconfig(name).name, json.dumps(self._kubeconfig(name)))

    def _write(self, name: str, text: str) -> None:
        file = self._folder / name
        file.touch(mode=0o600)
        file.write_text(text)

    def _kubeconfig(self, account: str) -> dict[str, object]:
        address = f"https://127.0.0.1:{self._ports['apiserver']}"
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": address, "insecure-skip-tls-verify": True}}],
            "users": [{"name": "u", "user": {"token": self._tokens[account]}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }

    def _etcd(self) -> list[str]:
        client, peer = (f"http://127.0.0.1:{self._ports[name]}" for name in ("etcd", "peer"))
        return [
            "--name=test", f"--data-dir={self._folder / 'etcd'}", "--unsafe-no-fsync", "--log-level=warn",
            f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=test={peer}",
        ]  # fmt: skip

    def _apiserver(self) -> list[str]:
        key, certificates = self._folder / "accounts.key", self._folder / "certificates"
        known = [] if self._address is None else [f"--advertise-address={self._address}"]
        return [
            f"--etcd-servers=http://127.0.0.1:{self._ports['etcd']}",
            *known, "--bind-address=127.0.0.1", f"--secure-port={self._ports['apiserver']}",
            f"--cert-dir={certificates}", "--endpoint-reconciler-type=none",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
            "--authorization-mode=Node,RBAC", f"--token-auth-file={self._folder / 'tokens.csv'}",
            f"--service-cluster-ip-range={SERVICE_ADDRESSES}", "--allow-privileged=true",
        ]  # fmt: skip

    def _controllers(self) -> list[str]:
        return [
            *self._follower("system:kube-controller-manager", "controllers"),
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={self._folder / 'accounts.key'}",
        ]

    def _scheduler(self) -> list[str]:
        return self._follower("system:kube-scheduler", "scheduler")

    def _follower(self, account: str, name: str) -> list[str]:
        return [
            f"--kubeconfig={self.kubeconfig(account)}", "--bind-address=127.0.0.1",
            f"--secure-port={self._ports[name]}", f"--cert-dir={self._folder / name}", "--leader-elect=false",
        ]  # fmt: skip
