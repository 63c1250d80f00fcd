"""The services of the embedded system, as data: another one is another line here."""

from dataclasses import dataclass, field
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final

from paybus.contracts.topics import Topics
from paybus.trades.operation import Kind

COMMAND_PARTITIONS: Final = 12
"""As an installation would have; the embedded broker keeps 5 MiB of each."""

OTHER_PARTITIONS: Final = 12
LETTER_PARTITIONS: Final = 3  # dead letters are few


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One service as a process, and how one sees that it is ready."""

    name: str
    port_file_variable: str = "PAYBUS_HTTP_PORT_FILE"
    ready_path: str = "/ready"
    settings: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    needed: bool = True
    """Whether the system waits until it is ready; who only looks on may take its time."""

    @property
    def module(self) -> str:
        """What `python -m` runs."""
        return f"paybus.{self.name}"

    @property
    def installed(self) -> bool:
        """Whether this installation has it."""
        try:
            return find_spec(f"{self.module}.__main__") is not None
        except ModuleNotFoundError:
            return False


SANDBOX: Final = Program(
    name="sandbox",
    port_file_variable="PAYBUS_SANDBOX_PORT_FILE",
    ready_path="/admin/health",
    settings=MappingProxyType({"PAYBUS_SANDBOX_PORT": "0"}),
)
NOTIFIER: Final = Program(name="notifier")
"""Started before the workers: the gateway is told its address with every pay."""

WORKERS: Final = (*(Program(name=kind.value) for kind in Kind), Program(name="reconciler"))
WATCHERS: Final = (Program(name="exporter", needed=False),)


def topics_of(topics: Topics) -> dict[str, int]:
    """Give the number of partitions of each topic."""
    commands = dict.fromkeys((topics.commands(kind) for kind in Kind), COMMAND_PARTITIONS)
    letters = dict.fromkeys((topics.dead_letters(kind) for kind in Kind), LETTER_PARTITIONS)
    return {
        **dict.fromkeys(topics.all(), OTHER_PARTITIONS),
        **commands,
        **letters,
    }
