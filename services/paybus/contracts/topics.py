"""The topics, by what travels on them. The key of every record is the trade's CHARGE_CODE."""

from dataclasses import dataclass

from paybus.trades.operation import Kind


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of all topics, behind a configurable prefix."""

    prefix: str = "paybus"

    def commands(self, kind: Kind) -> str:
        """Give the topic on which commands of *kind* are asked for."""
        return f"{self.prefix}.{kind}.commands.v1"

    def dead_letters(self, kind: Kind) -> str:
        """Give the topic of records that could not become commands of *kind*."""
        return f"{self.commands(kind)}.dlq"

    @property
    def trade_events(self) -> str:
        """What became of trades; written by the notifier alone."""
        return f"{self.prefix}.trade.events.v1"

    @property
    def gateway_calls(self) -> str:
        """One record for each HTTP request to the gateway: the audit trail."""
        return f"{self.prefix}.gateway.calls.v1"

    def all(self) -> tuple[str, ...]:
        """List every topic, commands first."""
        commands = [self.commands(kind) for kind in Kind]
        letters = [self.dead_letters(kind) for kind in Kind]
        return (*commands, *letters, self.trade_events, self.gateway_calls)
